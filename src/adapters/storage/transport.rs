//! OpenDAL's HTTP over our own client, so that addresses are guarded in one place and one TLS library is
//! enough.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response};
use futures::Stream;
use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport, Result};
use reqwest::header::CONTENT_LENGTH;
use reqwest::redirect::Policy;
use url::Url;

use crate::adapters::outbound::Guard;

/// For the connection alone.
const CONNECTING: Duration = Duration::from_secs(5);
/// Between two pieces of an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes of an answer. Files are read in far smaller pieces, and what else storage says is short; OpenDAL keeps it
/// whole, and an organisation may name a server that never stops.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Speaks HTTP to storage.
#[derive(Clone)]
pub struct Client {
    client: reqwest::Client,
    guard: Option<Arc<Guard>>,
}

impl Client {
    /// For what the operator chose.
    pub fn unguarded() -> anyhow::Result<Self> {
        Ok(Self { client: builder().build()?, guard: None })
    }

    /// For what an organisation chose.
    pub fn guarded(client: reqwest::Client, guard: Arc<Guard>) -> Self {
        Self { client, guard: Some(guard) }
    }
}

/// What every client of storage has in common; whoever guards addresses adds a resolver.
pub fn builder() -> reqwest::ClientBuilder {
    // Somebody else may have chosen the same already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("Vestibule/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECTING)
        .read_timeout(SILENCE)
}

impl HttpTransport for Client {
    async fn fetch(&self, request: Request<Buffer>) -> Result<Response<HttpBody>> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string())
            .map_err(|_| Error::new(ErrorKind::Unexpected, "storage has no web address"))?;
        if let Some(guard) = &self.guard {
            guard.check(&url).map_err(|why| Error::new(ErrorKind::ConfigInvalid, why))?;
        }
        let sent = self.client.request(parts.method, url).headers(parts.headers).body(body.to_bytes());
        let response = sent.send().await.map_err(failure)?;
        let length =
            response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let mut answer = Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = response.headers().clone();
        }
        let body = HttpBody::new(
            Body { pieces: Mutex::new(Box::pin(response.bytes_stream())), left: LONGEST },
            length,
        );
        answer.body(body).map_err(|_| Error::new(ErrorKind::Unexpected, "storage's answer makes no sense"))
    }
}

type Pieces = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// A body that threads may share, as OpenDAL asks for: nobody does, so the lock is never taken.
struct Body {
    pieces: Mutex<Pieces>,
    /// Bytes that may still come.
    left: u64,
}

impl Stream for Body {
    type Item = Result<Buffer>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let pieces = self.pieces.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Poll::Ready(piece) = pieces.as_mut().poll_next(context) else { return Poll::Pending };
        if let Some(Ok(bytes)) = &piece {
            match self.left.checked_sub(bytes.len() as u64) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err(endless()))),
            }
        }
        Poll::Ready(piece.map(|piece| piece.map(Buffer::from).map_err(failure)))
    }
}

fn endless() -> Error {
    Error::new(ErrorKind::Unexpected, "storage answered with more than was asked for")
}

fn failure(error: reqwest::Error) -> Error {
    // Never with the address: it is signed.
    let error = error.without_url();
    Error::new(ErrorKind::Unexpected, "storage could not be reached").set_temporary().set_source(error)
}
