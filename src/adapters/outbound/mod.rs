//! HTTP to addresses that callers chose: never to a private one, however its name resolves, and never
//! further than one answer (EVT-7, ORG-2). Not here: what is sent, and what an answer means.

mod guard;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use url::Url;

use self::guard::Resolver;
pub use self::guard::{Guard, PRIVATE};
use super::storage::client as storage_client;
use crate::config::WebhookConfig;

/// Characters of an answer that are kept.
const KEPT: usize = 1_000;
/// Bytes of an answer that is read whole.
const LONGEST: usize = 1024 * 1024;
/// For the connection alone.
const CONNECTING: Duration = Duration::from_secs(5);
/// How long a connection is kept for the next message. It goes where it was once allowed to go.
const IDLE: Duration = Duration::from_secs(30);

/// Sends.
pub struct Outbound {
    client: reqwest::Client,
    streaming: reqwest::Client,
    guard: Arc<Guard>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// What `Retry-After` says, in seconds.
    pub retry_after: Option<Duration>,
    /// The first characters of the body; bytes that are no text are replaced.
    pub body: String,
}

impl Outbound {
    pub fn new(config: &WebhookConfig) -> anyhow::Result<Self> {
        // Somebody else may have chosen the same already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Arc::new(Guard::new(config.private_networks.clone()));
        let client = reqwest::Client::builder()
            .user_agent(concat!("Vestibule/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECTING)
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(1)
            .dns_resolver(Arc::new(Resolver(guard.clone())))
            .build()?;
        let streaming = storage_client().dns_resolver(Arc::new(Resolver(guard.clone()))).build()?;
        Ok(Self { client, streaming, guard })
    }

    /// For bytes that come and go for longer than an answer takes, with what looks at addresses.
    pub fn streaming(&self) -> (reqwest::Client, Arc<Guard>) {
        (self.streaming.clone(), self.guard.clone())
    }

    /// Why an address may not be sent to, in a sentence for the person who typed it. A name that cannot be
    /// resolved now may be later: it is looked at again at each connection.
    pub async fn objection(&self, address: &str) -> Option<String> {
        let Ok(url) = Url::parse(address) else { return Some("This is not a web address.".into()) };
        if let Err(objection) = self.guard.check(&url) {
            return Some(objection);
        }
        let resolved = self.guard.resolve(url.domain()?).await;
        resolved.err().filter(|objection| objection == guard::PRIVATE)
    }

    /// Posts JSON, and reads the beginning of the answer. The error says why none came.
    pub async fn post(
        &self,
        address: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Reply, String> {
        let url = Url::parse(address).map_err(|_| "This is not a web address.".to_owned())?;
        self.guard.check(&url)?;
        let mut sent = HeaderMap::new();
        sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| "A header cannot be sent.".to_owned())?;
            sent.insert(HeaderName::from_static(name), value);
        }
        let mut response =
            self.client.post(url).headers(sent).body(body).send().await.map_err(|error| explain(&error))?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| value.parse().ok()).map(Duration::from_secs);
        let mut bytes = Vec::new();
        while bytes.len() < 4 * KEPT {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                // The status has been said; what follows is for the log only.
                Ok(None) | Err(_) => break,
            }
        }
        let body = String::from_utf8_lossy(&bytes);
        let body = body.chars().filter(|character| *character != '\0').take(KEPT).collect();
        Ok(Reply { status: response.status().as_u16(), retry_after, body })
    }
}

impl Outbound {
    /// Sends what a library put together, and reads the answer, which must not be long.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, String> {
        let request = reqwest::Request::try_from(request).map_err(|error| explain(&error))?;
        self.guard.check(request.url())?;
        let mut response = self.client.execute(request).await.map_err(|error| explain(&error))?;
        let mut answer = HttpResponse::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
            answer.body_mut().extend_from_slice(&chunk);
            if answer.body().len() > LONGEST {
                return Err("The answer is too long.".to_owned());
            }
        }
        Ok(answer)
    }
}

fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "No answer came in time.".to_owned();
    }
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(std::error::Error::source) {
        cause = Some(deeper);
    }
    match cause {
        Some(cause) => format!("The connection failed: {cause}"),
        None => "The connection failed.".to_owned(),
    }
}
