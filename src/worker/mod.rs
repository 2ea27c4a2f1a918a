//! What happens after the fact: jobs that run beside the requests, on every instance, and end with
//! them. Each job can also be run once by itself, which is what tests do. Not here: any rule.

pub mod deliver_webhooks;
pub mod drain_usage;
pub mod forget_old;
pub mod note_key_uses;
pub mod record_usage;
mod relay_events;
pub mod send_mails;
pub mod sweep_uploads;
pub mod watch_events;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;

/// How long the last work may take when the service stops.
const FAREWELL: Duration = Duration::from_secs(5);

/// The running jobs. Dropped without [`Worker::stop`], they end where they stand.
pub struct Worker {
    app: Arc<App>,
    stop: watch::Sender<()>,
    jobs: JoinSet<()>,
}

impl Worker {
    /// Starts every job.
    pub fn start(app: Arc<App>) -> Self {
        let (stop, stopped) = watch::channel(());
        let mut jobs = JoinSet::new();
        jobs.spawn(record_usage::run(app.clone(), stopped.clone()));
        jobs.spawn(relay_events::tell(app.clone(), stopped.clone()));
        jobs.spawn(relay_events::hear(app.clone(), stopped.clone()));
        jobs.spawn(deliver_webhooks::run(app.clone(), stopped.clone()));
        jobs.spawn(send_mails::run(app.clone(), stopped.clone()));
        jobs.spawn(note_key_uses::run(app.clone(), stopped.clone()));
        jobs.spawn(forget_old::run(app.clone(), stopped.clone()));
        jobs.spawn(sweep_uploads::run(app.clone(), stopped.clone()));
        jobs.spawn(watch_events::run(app.clone(), stopped.clone()));
        jobs.spawn(drain_usage::run(app.clone(), stopped));
        Self { app, stop, jobs }
    }

    /// Lets every job finish what it is at, and drains once more. What cannot be drained in time
    /// waits in Redis for the next instance.
    pub async fn stop(self) {
        drop(self.stop);
        let farewell = async {
            self.jobs.join_all().await;
            drain_usage::once(&self.app).await
        };
        match tokio::time::timeout(FAREWELL, farewell).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => tracing::warn!("stopping with counts that are not drained yet"),
        }
    }
}

/// Waits for so long; false if the service stops meanwhile.
async fn pause(time: Duration, stopped: &mut watch::Receiver<()>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        _ = stopped.changed() => false,
    }
}
