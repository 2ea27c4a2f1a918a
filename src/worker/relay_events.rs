//! Keeps subscribers of all instances awake (EVT-4): tells Redis which logs have grown by what this
//! instance did, and hears from Redis which have grown elsewhere. Without Redis, [`super::watch_events`]
//! notices.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::watch;

use super::pause;
use crate::app::App;

/// How long Redis is left alone after it did not answer.
const RESPITE: Duration = Duration::from_millis(500);

/// Tells the other instances until the service stops.
pub(super) async fn tell(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    loop {
        let grown = tokio::select! {
            grown = app.live.grown() => grown,
            _ = stopped.changed() => return,
        };
        // What cannot be told is noticed by those who look.
        let _ = app.redis.announce(&grown).await;
    }
}

/// Hears the other instances until the service stops.
pub(super) async fn hear(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    loop {
        if let Ok(mut announcements) = app.redis.announcements().await.map(Box::pin) {
            // Something may have been said while nobody listened.
            app.live.wake_all();
            loop {
                tokio::select! {
                    heard = announcements.next() => match heard {
                        Some(org) => app.live.wake(org),
                        None => break,
                    },
                    _ = stopped.changed() => return,
                }
            }
        }
        if !pause(RESPITE, &mut stopped).await {
            return;
        }
    }
}
