//! Runs subscriptions. The document runs once to begin: that checks the caller, and finds whose news they
//! are told (`live`). Then it runs once for each of the news: whoever is in the same scope and asks in the
//! same words is sent the same answer.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Request, Response as Answer, Variables};
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use super::running::{Asker, broken, shielded};
use crate::graphql::errors::finish;
use crate::graphql::loaders;
use crate::graphql::subscriptions::ToTell;
use crate::http::Http;
use crate::live::{News, Subscription, Telling, Words};

/// What a subscription says.
pub enum Told {
    /// News.
    Event(Arc<Telling>),
    /// That it could not begin, or could not go on telling; or what another operation came to.
    Answer(Box<Answer>),
}

/// Runs a subscription. It ends when `expel` is cancelled, which happens when the credential opens
/// nothing any more. `last_seen` is the cursor of the event that a reconnecting client saw last.
pub fn subscribe(
    http: &Http,
    asker: &Asker,
    request: Request,
    expel: CancellationToken,
    last_seen: Option<String>,
) -> BoxStream<'static, Told> {
    let teller = Teller::new(http.clone(), asker, &request);
    let begun = begin(http.clone(), asker.clone(), request, expel, last_seen).boxed();
    let told = begun.map(|begun| match begun {
        Ok(subscription) => teller.follow(subscription).left_stream(),
        Err(refused) => stream::iter([Told::Answer(refused)]).right_stream(),
    });
    told.flatten_stream().boxed()
}

async fn begin(
    http: Http,
    asker: Asker,
    request: Request,
    expel: CancellationToken,
    last_seen: Option<String>,
) -> Result<Subscription, Box<Answer>> {
    // A subscription asks no loaders.
    let (inline, _) = loaders::inline();
    let context = Arc::new(asker.context(&http, inline).live(expel, last_seen));
    let mut answers = http.schema.execute_stream(request.data(context.clone()));
    // Who begins is answered nothing yet.
    let mut refused = shielded(async { answers.next().await.unwrap_or_default() }).await;
    context.finish().await;
    match context.take_joined() {
        Some(subscription) if refused.errors.is_empty() => {
            // Whose bytes it will be that are told.
            if let Some(seen) = context.seen() {
                asker.tracked.sighting.note(seen);
            }
            Ok(subscription)
        }
        _ => {
            finish(&mut refused, &asker.tracked.request_id);
            Err(Box::new(refused))
        }
    }
}

/// Puts news into the words of one subscription.
struct Teller {
    http: Http,
    request_id: String,
    document: Arc<ExecutableDocument>,
    operation_name: Option<String>,
    variables: Variables,
    words: Words,
}

impl Teller {
    fn new(http: Http, asker: &Asker, request: &Request) -> Self {
        let document = http.documents.parsed(&request.query).expect("what was prepared parses");
        let variables = selects_by_condition(&document).then_some(&request.variables);
        let said = serde_json::to_vec(&(&request.query, &request.operation_name, variables));
        Self {
            http,
            request_id: asker.tracked.request_id.clone(),
            document,
            operation_name: request.operation_name.clone(),
            variables: request.variables.clone(),
            words: Sha256::digest(said.expect("words are JSON")).into(),
        }
    }

    fn follow(self, subscription: Subscription) -> impl Stream<Item = Told> {
        stream::unfold((self, subscription), |(teller, mut subscription): (Self, _)| async move {
            let news = subscription.next().await?;
            let told = teller.tell(&subscription, news).await;
            Some((told, (teller, subscription)))
        })
    }

    async fn tell(&self, subscription: &Subscription, news: Arc<News>) -> Told {
        if let Some(known) = news.told(&self.words) {
            return Told::Event(known);
        }
        let cursor = subscription.cursors().seal(&self.http.app.config.sealing, news.position);
        let to_tell = ToTell { news: news.clone(), cursor: cursor.clone() };
        let mut answers = self.http.schema.execute_stream(self.request().data(to_tell));
        let mut answer = shielded(async { answers.next().await.unwrap_or_else(broken) }).await;
        if !answer.errors.is_empty() {
            finish(&mut answer, &self.request_id);
            return Told::Answer(Box::new(answer));
        }
        let answer = serde_json::to_string(&answer).expect("an answer is JSON");
        let telling = Arc::new(Telling { answer, cursor });
        news.keep(self.words, telling.clone());
        Told::Event(telling)
    }

    fn request(&self) -> Request {
        // The text is not needed beside what it was parsed to.
        let mut request = Request::new(String::new()).variables(self.variables.clone());
        request.set_parsed_query(self.document.as_ref().clone());
        request.operation_name = self.operation_name.clone();
        request
    }
}

/// Whether what is selected of an event depends on more than the document says, as `@include` does. What
/// the subscription's own field is given says only where to begin, and which events are told at all.
fn selects_by_condition(document: &ExecutableDocument) -> bool {
    let roots =
        document.operations.iter().flat_map(|(_, operation)| &operation.node.selection_set.node.items);
    let events = roots.filter_map(|root| match &root.node {
        Selection::Field(field) => Some(&field.node.selection_set.node),
        _ => None,
    });
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    events.chain(fragments).any(is_conditional)
}

fn is_conditional(set: &SelectionSet) -> bool {
    set.items.iter().any(|item| match &item.node {
        Selection::Field(field) => {
            let field = &field.node;
            !(field.arguments.is_empty() && field.directives.is_empty())
                || is_conditional(&field.selection_set.node)
        }
        Selection::FragmentSpread(spread) => !spread.node.directives.is_empty(),
        Selection::InlineFragment(fragment) => {
            !fragment.node.directives.is_empty() || is_conditional(&fragment.node.selection_set.node)
        }
    })
}
