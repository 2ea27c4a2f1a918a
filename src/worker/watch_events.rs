//! Looks in Postgres, for all subscribers of this instance at once, whether their logs have grown and
//! whether their credentials still open anything (EVT-5): whatever Redis forgot, and what no event
//! says, such as the end of a portal's time.

use std::sync::Arc;

use tokio::sync::watch;

use super::pause;
use crate::app::App;
use crate::error::Result;

/// Looks until the service stops.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    while pause(app.config.live.poll, &mut stopped).await {
        if let Err(error) = once(&app).await {
            tracing::warn!(%error, "subscribers could not be looked after");
        }
    }
}

/// Looks once.
pub async fn once(app: &App) -> Result<()> {
    futures::try_join!(app.live.catch_up(app), app.live.expel_the_dead(app)).map(drop)
}
