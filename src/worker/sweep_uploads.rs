//! Sweeps what uploads left behind that ended with their instance (FILE-2): bytes that nobody has been heard
//! of since, and then the rows that told of them. Instances may do so at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::pause;
use crate::app::App;
use crate::domain::files::objects;
use crate::error::Result;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(30);

/// Looks until the service stops.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    loop {
        if let Err(error) = once(&app).await {
            tracing::warn!(%error, "leftovers of uploads could not be swept");
        }
        if !pause(EVERY, &mut stopped).await {
            return;
        }
    }
}

/// Looks once.
pub async fn once(app: &App) -> Result<()> {
    for leftover in objects::leftovers(&app.pools, &app.clock, &app.config.sealing).await? {
        if let Err(error) = delete(app, &leftover.location).await {
            tracing::warn!(%error, "bytes of an upload could not be deleted, and wait");
            continue;
        }
        if let Err(error) = objects::forget(&app.pools, leftover.id).await {
            tracing::warn!(%error, "an upload that was swept could not be forgotten, and waits");
        }
    }
    Ok(())
}

async fn delete(app: &App, location: &objects::Location) -> Result<()> {
    Ok(app.store(location.account.as_ref())?.delete(&location.key).await?)
}
