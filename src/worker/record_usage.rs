//! Sends what requests showed to Redis (LINK-6), as many at a time as have gathered.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::pause;
use crate::app::App;
use crate::error::Result;

/// Requests that one script counts: it keeps Redis busy for well under a millisecond.
const AT_ONCE: usize = 100;
/// How long requests gather after some were sent, so that a busy instance asks Redis 200 times a
/// second and not for every request.
const GATHERING: Duration = Duration::from_millis(5);
/// How long Redis is left alone after it did not answer; what comes in meanwhile waits its turn.
const RESPITE: Duration = Duration::from_secs(1);

/// Sends until the service stops.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    loop {
        tokio::select! {
            () = app.usage.awaits() => {}
            _ = stopped.changed() => return,
        }
        let rest = if flush(&app).await.is_ok() { GATHERING } else { RESPITE };
        if !pause(rest, &mut stopped).await {
            return;
        }
    }
}

/// Sends what has gathered. Ends at the first refusal, and reports what was in it.
pub async fn flush(app: &App) -> Result<()> {
    loop {
        let mut memory = app.usage.memory().await;
        let seen = app.usage.take(AT_ONCE);
        if seen.is_empty() {
            return Ok(());
        }
        match app.redis.count_usage(&seen, app.clock.id(), memory.told()).await {
            Ok(remembered) => memory.hear(remembered),
            Err(refused) => {
                app.usage.missed(seen.len(), app.clock.now());
                return Err(refused);
            }
        }
    }
}
