//! The operations of one connection, side by side.

use std::collections::HashMap;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Answer, Value};
use futures::stream::{BoxStream, SelectAll};
use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use super::messages;
use crate::error::Error;
use crate::graphql::errors::finish;
use crate::http::Http;
use crate::http::graphql::parameters::Parameters;
use crate::http::graphql::respond::{refusal, succeeds};
use crate::http::graphql::running::{self, Asker};
use crate::http::graphql::subscribing::{Told, subscribe};
use crate::http::graphql::{Refusal, prepare};
use crate::usage::{Recorder, Serving, Sighting};

/// Operations that a connection runs at once.
const MOST: usize = 100;

/// What an operation says: a result, or that it has ended.
pub struct Said {
    id: String,
    serial: u64,
    told: Option<Told>,
    /// What it showed, if it answers once.
    once: Option<Sighting>,
}

/// Those under way.
#[derive(Default)]
pub struct Operations {
    running: SelectAll<BoxStream<'static, Said>>,
    stops: HashMap<String, (u64, CancellationToken)>,
    serial: u64,
}

impl Operations {
    /// Whether an operation of this id is under way.
    pub fn holds(&self, id: &str) -> bool {
        self.stops.contains_key(id)
    }

    /// Ends an operation that the client wants no more of.
    pub fn stop(&mut self, id: &str) {
        if let Some((_, stop)) = self.stops.remove(id) {
            stop.cancel();
        }
    }

    /// What the next operation says that has something to say; none while none is under way.
    pub async fn next(&mut self) -> Option<Said> {
        self.running.next().await
    }

    /// The message that says it, which is counted; none if the client stopped the operation meanwhile.
    pub fn message(&mut self, said: Said, usage: &Recorder, serving: &mut Serving) -> Option<String> {
        let Said { id, serial, told, once } = said;
        if self.stops.get(&id).is_none_or(|(known, _)| *known != serial) {
            return None;
        }
        let answer = match told {
            Some(Told::Event(telling)) => {
                let message = messages::event(&id, &telling.answer);
                serving.sent(message.len());
                return Some(message);
            }
            Some(Told::Answer(answer)) => answer,
            None => {
                self.stop(&id);
                return Some(messages::complete(&id));
            }
        };
        let refused = is_refused(&answer, once.is_some());
        let message =
            if refused { messages::error(&id, &answer.errors) } else { messages::next(&id, &answer) };
        match once {
            Some(sighting) => {
                if let Some(seen) = sighting.answered(message.len() as u64, succeeds(&answer)) {
                    usage.record(seen);
                }
            }
            // What is refused was of no portal yet.
            None if refused => (),
            None => serving.sent(message.len()),
        }
        if refused {
            self.stop(&id);
        }
        Some(message)
    }

    /// Starts an operation, or says why not.
    pub fn start(
        &mut self,
        http: &Http,
        asker: &Asker,
        id: String,
        parameters: Parameters,
        expel: CancellationToken,
    ) -> Option<String> {
        let refused = |error| {
            let mut answer = refusal(error);
            finish(&mut answer, &asker.tracked.request_id);
            Some(messages::error(&id, &answer.errors))
        };
        if self.stops.len() >= MOST {
            return refused(Error::QueryTooComplex(format!("A connection runs {MOST} operations at once.")));
        }
        if let Err(error) =
            http.app.limits.check_request(asker.tracked.network, asker.credential.map(|c| c.hash()))
        {
            return refused(error);
        }
        let (operation, request) = match prepare(http, parameters) {
            Ok(prepared) => prepared,
            Err(Refusal::Malformed(error)) => return refused(error),
            Err(Refusal::Document(mut answer)) => {
                finish(&mut answer, &asker.tracked.request_id);
                return Some(messages::error(&id, &answer.errors));
            }
        };
        if operation.kind == OperationType::Subscription {
            self.follow(id, subscribe(http, asker, request, expel, None), None);
        } else {
            let asker = asker.apart();
            let sighting = asker.tracked.sighting.clone();
            let answer = running::run(http.clone(), asker, operation, request);
            let told = stream::once(async move { Told::Answer(Box::new(answer.await)) }).boxed();
            self.follow(id, told, Some(sighting));
        }
        None
    }

    fn follow(&mut self, id: String, told: BoxStream<'static, Told>, once: Option<Sighting>) {
        self.serial += 1;
        let (serial, stop) = (self.serial, CancellationToken::new());
        let ended = stream::once(async { None });
        let said = {
            let id = id.clone();
            told.map(Some).chain(ended).map(move |told| Said {
                id: id.clone(),
                serial,
                told,
                once: once.clone(),
            })
        };
        let said = said.take_until(stop.clone().cancelled_owned()).boxed();
        self.running.push(said);
        self.stops.insert(id, (serial, stop));
    }
}

/// Whether nothing was run: the document does not hold, or a subscription could not begin.
fn is_refused(answer: &Answer, once: bool) -> bool {
    answer.data == Value::Null
        && !answer.errors.is_empty()
        && (!once || answer.errors.iter().all(|error| error.path.is_empty()))
}
