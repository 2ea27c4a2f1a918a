//! Listens, and on SIGTERM or ctrl-c lets what is under way finish. Each connection is served by hyper
//! itself, with bounds that `axum::serve` does not offer.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::app::App;

/// What is read from a connection at once, and so the most that the head of a request may come to: hyper
/// would let the buffer of each upload grow to 400 KB.
const READ_AT_ONCE: usize = 64 * 1024;
/// How long the head of a request may take, and how long a connection may wait for its next one. Longer than
/// proxies keep theirs, so that it is they who end them.
const PATIENCE: Duration = Duration::from_secs(75);
/// After a connection could not be accepted, as when there are no more descriptors.
const BREATH: Duration = Duration::from_millis(100);

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
    let door = Door::new(super::router(app));
    let mut stopped = pin!(stop_signal());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(guest) => door.admit(guest),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                }
            },
            () = &mut stopped => break,
        }
    }
    drop(listener);
    live.close();
    tracing::info!("stopping: requests may finish");
    if tokio::time::timeout(drain, door.close()).await.is_err() {
        tracing::warn!("requests were still running when time was up");
    }
    Ok(())
}

/// Where connections come in.
struct Door {
    router: Router,
    http: Builder,
    connections: TaskTracker,
    closing: CancellationToken,
}

impl Door {
    fn new(router: Router) -> Self {
        let mut http = Builder::new();
        http.max_buf_size(READ_AT_ONCE).timer(TokioTimer::new()).header_read_timeout(PATIENCE);
        Self { router, http, connections: TaskTracker::new(), closing: CancellationToken::new() }
    }

    /// Serves a connection on a task of its own.
    fn admit(&self, (stream, peer): (TcpStream, SocketAddr)) {
        let router = self.router.clone().map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request
        });
        let service = TowerToHyperService::new(router);
        let connection = self.http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let closing = self.closing.clone();
        self.connections.spawn(async move {
            let mut connection = pin!(connection);
            let served = tokio::select! {
                served = connection.as_mut() => served,
                () = closing.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = served {
                tracing::trace!(%error, "a connection ended early");
            }
        });
    }

    /// Lets every connection finish what it is at.
    async fn close(&self) {
        self.closing.cancel();
        self.connections.close();
        self.connections.wait().await;
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
