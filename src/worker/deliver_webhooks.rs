//! Sends events to webhook endpoints (EVT-7), from any number of instances: each claims endpoints that
//! have something to be sent, and serves every one in a task of its own, so that a slow one holds up
//! nobody else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::domain::webhooks::delivering::{self, Answer, Claimed, Message, Outcome};
use crate::error::Result;

/// Endpoints that one instance serves at once.
const AT_ONCE: usize = 64;
/// Between two looks for endpoints whose time has come. What happens here is noticed at once.
const LOOK: Duration = Duration::from_secs(1);

/// Sends until the service stops. What is under way then is sent again by the next who claims it.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    let mut serving = JoinSet::new();
    loop {
        match claim(&app, AT_ONCE - serving.len()).await {
            Ok(claimed) => claimed.into_iter().for_each(|claimed| {
                serving.spawn(serve_or_say(app.clone(), claimed));
            }),
            Err(error) => tracing::warn!(%error, "webhooks wait"),
        }
        tokio::select! {
            () = app.live.something_to_send() => {}
            () = tokio::time::sleep(LOOK) => {}
            Some(_) = serving.join_next() => {}
            _ = stopped.changed() => return,
        }
    }
}

/// Sends all that is due now.
pub async fn once(app: &Arc<App>) -> Result<()> {
    loop {
        let claimed = claim(app, AT_ONCE).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        join_all(claimed.into_iter().map(|claimed| serve_or_say(app.clone(), claimed))).await;
    }
}

async fn claim(app: &App, free: usize) -> Result<Vec<Claimed>> {
    if free == 0 {
        return Ok(Vec::new());
    }
    delivering::claim(&app.pools, &app.clock, i32::try_from(free).unwrap_or(i32::MAX)).await
}

async fn serve_or_say(app: Arc<App>, claimed: Claimed) {
    if let Err(error) = serve(&app, claimed).await {
        tracing::warn!(%error, webhook.endpoint = %claimed.endpoint, "a webhook endpoint waits");
    }
}

/// Sends one endpoint all that is due.
async fn serve(app: &App, claimed: Claimed) -> Result<()> {
    let mut outcomes = Vec::new();
    loop {
        let keys = &app.config.sealing;
        let messages = delivering::turn(&app.pools, &app.clock, keys, claimed, &outcomes).await?;
        if messages.is_empty() {
            return Ok(());
        }
        outcomes = join_all(messages.iter().map(|message| send(app, message))).await;
    }
}

async fn send(app: &App, message: &Message) -> Outcome {
    let at = app.clock.now();
    #[expect(clippy::disallowed_methods, reason = "measures a duration, decides nothing")]
    let start = Instant::now();
    let answer = match message.headers(at) {
        Ok(headers) => match app.outbound.post(&message.url, &headers, message.body.clone()).await {
            Ok(reply) => {
                Answer::Answered { status: reply.status, retry_after: reply.retry_after, body: reply.body }
            }
            Err(why) => Answer::Failed(why),
        },
        Err(error) => Answer::Failed(error.to_string()),
    };
    message.came_to(at, start.elapsed(), answer)
}
