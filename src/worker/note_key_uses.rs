//! Writes when API keys were last used (EVT-6), every so often for all of them at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::pause;
use crate::app::App;
use crate::domain::api_keys;
use crate::error::Result;

/// Between two writings: how far a key's last use may lag behind.
const GATHERING: Duration = Duration::from_secs(30);

/// Writes until the service stops.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    loop {
        let goes_on = pause(GATHERING, &mut stopped).await;
        if let Err(error) = once(&app).await {
            tracing::warn!(%error, "when API keys were last used could not be written");
        }
        if !goes_on {
            return;
        }
    }
}

/// Writes once.
pub async fn once(app: &App) -> Result<()> {
    api_keys::note_uses(&app.pools, &app.key_uses).await
}
