//! Deletes what logs keep too long (see `domain::retention`), every hour. Instances may do so at once:
//! each finds what the others left.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::pause;
use crate::app::App;
use crate::domain::retention::{self, Keeping};
use crate::error::Result;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(3600);

/// Looks until the service stops.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    while pause(EVERY, &mut stopped).await {
        if let Err(error) = once(&app).await {
            tracing::warn!(%error, "old log entries could not be deleted");
        }
    }
}

/// Looks once.
pub async fn once(app: &App) -> Result<()> {
    let worker = &app.config.worker;
    let keeping = Keeping { events: worker.events_kept, entries: worker.audit_kept };
    retention::forget_old(&app.pools, &app.clock, keeping).await
}
