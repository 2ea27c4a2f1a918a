//! Listens, and on SIGTERM or ctrl-c lets what is under way finish.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;

/// Binds an address. A taken port is said in one sentence with what mends it.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let port = address.port();
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}; if the port is taken, choose another: `vestibule demo --port {}`, or LISTEN for `vestibule serve`",
            port.saturating_add(1)
        )
    })
}

/// Serves until a signal says stop, then drains.
pub async fn run(app: Arc<App>, listener: TcpListener) -> anyhow::Result<()> {
    let drain = app.config.http.drain;
    let live = app.live.clone();
    let router = super::router(app).into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::watch::channel(());
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop_signal().await;
        live.close();
        drop(stop);
    });
    let overdue = async move {
        let mut stopped = stopped;
        let _ = stopped.changed().await;
        tracing::info!("stopping: requests may finish");
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        ended = server => ended.context("the server ended"),
        () = overdue => {
            tracing::warn!("requests were still running when time was up");
            Ok(())
        }
    }
}

async fn stop_signal() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be listened to");
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be listened to");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
