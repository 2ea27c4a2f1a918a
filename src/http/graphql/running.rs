//! Runs queries and mutations that were prepared.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response as Answer, Value, value};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use futures::FutureExt as _;

use super::respond::refusal;
use crate::config::GraphqlLimits;
use crate::domain::changes::Origin;
use crate::error::Error;
use crate::graphql::context::{Credential, RequestContext};
use crate::graphql::errors::{code, finish};
use crate::graphql::guard::Operation;
use crate::graphql::loaders::{self, Inline};
use crate::http::track::{Tracked, panicked};
use crate::http::{Http, caller};
use crate::usage::Sighting;

/// The step at which answers about dead links leave, so that what was found on the way cannot be
/// timed (invariant 9).
const DEADLINE_STEP: Duration = Duration::from_millis(10);

/// Who asks, and how they came.
#[derive(Clone, Debug)]
pub struct Asker {
    pub tracked: Tracked,
    pub credential: Option<Credential>,
    pub user_agent: Option<String>,
}

impl Asker {
    /// Who sent a request with these headers.
    pub fn of(tracked: &Tracked, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(USER_AGENT).and_then(|v| v.to_str().ok());
        Self {
            tracked: tracked.clone(),
            credential: caller::credential(headers),
            user_agent: user_agent.map(|v| v.chars().take(300).collect()),
        }
    }

    /// The same, with a sighting of its own: what it is shown is counted apart from the request that it
    /// came with, which is answered before.
    pub fn apart(&self) -> Self {
        let mut asker = self.clone();
        asker.tracked.sighting = Sighting::default();
        asker
    }

    /// What resolvers see of the request.
    pub fn context(&self, http: &Http, inline: Inline) -> RequestContext {
        let Tracked { request_id, network, page, .. } = self.tracked.clone();
        let origin = Origin { request_id, address: Some(network.to_string()) };
        RequestContext::new(http.app.clone(), self.credential, origin, self.user_agent.clone(), inline)
            .sent_by(page)
    }
}

/// Runs a query or a mutation.
pub async fn run(http: Http, asker: Asker, operation: Operation, request: Request) -> Answer {
    let timeout = http.app.config.http.timeout;
    let cost = cost(&operation, &http.app.config.graphql);
    let tracked = asker.tracked.clone();
    let run = execute(http, asker, request);
    let mut answer = match operation.kind {
        // On a task of its own: a client that hangs up cannot cut a change in half.
        // Nor can a long answer to it go on for ever: what is not committed then is rolled back.
        OperationType::Mutation => {
            let run = tokio::time::timeout(2 * timeout, shielded(run));
            tokio::spawn(run).await.ok().and_then(Result::ok).unwrap_or_else(broken)
        }
        _ => shielded(run).await,
    };
    answer.extensions.insert("cost".to_owned(), cost);
    if answer.errors.iter().any(|error| code(error) == Some("LINK_INACTIVE")) {
        wait_for_deadline(&tracked).await;
    }
    answer
}

/// Runs a request with a context of its own, and ends its transactions.
pub async fn execute(http: Http, asker: Asker, request: Request) -> Answer {
    let (inline, batches) = loaders::inline();
    let context = Arc::new(asker.context(&http, inline));
    let mut answer = loaders::run(http.schema.execute(request.data(context.clone())), batches).await;
    if let Some(seen) = context.seen() {
        asker.tracked.sighting.note(seen);
    }
    // The client need not wait for COMMIT: what it reads was read, what it changed is committed.
    tokio::spawn(async move { context.finish().await });
    finish(&mut answer, &asker.tracked.request_id);
    answer
}

/// A context for what is no document: it reads without loaders. Whoever takes it ends it.
pub fn plain_context(http: &Http, asker: &Asker) -> RequestContext {
    let (inline, _) = loaders::inline();
    asker.context(http, inline)
}

/// A panic on the way is our defect: logged, and answered as one.
pub async fn shielded(run: impl Future<Output = Answer>) -> Answer {
    match AssertUnwindSafe(run).catch_unwind().await {
        Ok(answer) => answer,
        Err(panic) => {
            panicked(panic);
            broken()
        }
    }
}

/// What is said when the engine broke.
pub fn broken() -> Answer {
    refusal(Error::internal(anyhow::anyhow!("a request's task did not end")))
}

fn cost(operation: &Operation, limits: &GraphqlLimits) -> Value {
    value!({ "requested": operation.cost, "maximum": limits.complexity })
}

/// Sleeps to the next step since the request came in.
pub async fn wait_for_deadline(tracked: &Tracked) {
    let step = DEADLINE_STEP.as_micros();
    let steps = tracked.start.elapsed().as_micros() / step + 1;
    let deadline = Duration::from_micros(u64::try_from(steps * step).unwrap_or(u64::MAX));
    tokio::time::sleep_until(tokio::time::Instant::from_std(tracked.start + deadline)).await;
}
