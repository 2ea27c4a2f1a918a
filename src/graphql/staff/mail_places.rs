//! Places in the budgets of addresses (INV-4), for verbs of staff that mail somebody: taken before the
//! verb's transaction begins, so that no transaction waits for Redis, and given back if the verb refuses.

use std::collections::HashMap;
use std::time::Duration;

use async_graphql::Context;

use super::mails::Problem;
use crate::adapters::redis::mail_budgets::{MailBudget, MailPlace, Placing};
use crate::db::ids::{ContactId, OrgId};
use crate::domain::changes::Write;
use crate::domain::mails::MailAddress;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// What was asked for, and what came of it.
pub struct MailPlaces {
    /// Those that an earlier call took are not in it: what they were for was queued.
    taken: HashMap<ContactId, MailPlace>,
    /// For whom there is no place, and how long.
    pub refused: HashMap<ContactId, Error>,
}

impl MailPlaces {
    /// Nobody is mailed.
    pub fn none() -> Self {
        Self { taken: HashMap::new(), refused: HashMap::new() }
    }

    /// Takes places for the addresses that a look into the organisation found, once that has ended. `key`
    /// is the call's idempotency key.
    pub async fn after(
        ctx: &Context<'_>,
        look: Write,
        addresses: Result<HashMap<ContactId, MailAddress>, Error>,
        key: Option<&str>,
    ) -> Result<Self> {
        let (org, member) = (look.scope().org_id, look.scope().member().map(|member| member.id));
        look.abandon().await;
        let (addresses, member) = (addresses.map_err(coded)?, member.map_err(coded)?);
        Self::take(ctx, org, &addresses, key.map(|key| format!("{member} {key}"))).await
    }

    /// Takes a place for each address. `key` names a call that may be repeated: then its places are the
    /// ones it took the first time.
    async fn take(
        ctx: &Context<'_>,
        org: OrgId,
        addresses: &HashMap<ContactId, MailAddress>,
        key: Option<String>,
    ) -> Result<Self> {
        let app = &request(ctx).app;
        let call = key.unwrap_or_else(|| app.clock.id().to_string());
        let (contacts, places): (Vec<ContactId>, Vec<MailPlace>) = addresses
            .iter()
            .map(|(contact, address)| {
                let id = format!("{call} {contact}");
                let place =
                    MailPlace { budget: MailBudget::Staff, org: Some(org), address: address.to_text(), id };
                (*contact, place)
            })
            .unzip();
        let placings = app.redis.take_mail_places(&places, app.clock.now()).await.map_err(coded)?;
        let mut outcome = Self::none();
        for ((contact, place), placing) in contacts.into_iter().zip(places).zip(placings) {
            match placing {
                Placing::Taken => drop(outcome.taken.insert(contact, place)),
                Placing::Held => {}
                Placing::Wait(wait) => {
                    // Whole seconds: who comes back then is not too early.
                    let seconds = wait.num_milliseconds().unsigned_abs().div_ceil(1_000);
                    outcome.refused.insert(contact, Error::RateLimited(Duration::from_secs(seconds)));
                }
            }
        }
        Ok(outcome)
    }

    /// Refuses if there was no place for anybody.
    pub fn whole(&self) -> Result<()> {
        match self.refused.values().next() {
            Some(refused) => Err(coded(refused.clone())),
            None => Ok(()),
        }
    }

    /// Hands a verb's outcome on, and gives every place back if it refused.
    pub async fn unless_refused<T>(&self, ctx: &Context<'_>, outcome: Result<T, Error>) -> Result<T> {
        if outcome.is_err() {
            let all: Vec<ContactId> = self.taken.keys().copied().collect();
            self.give_back(ctx, &all).await;
        }
        outcome.map_err(coded)
    }

    /// Gives the places of these contacts back. One that cannot be given back lapses by itself.
    pub async fn give_back(&self, ctx: &Context<'_>, contacts: &[ContactId]) {
        let places: Vec<MailPlace> = contacts.iter().filter_map(|id| self.taken.get(id).cloned()).collect();
        if !places.is_empty() {
            let _ = request(ctx).app.redis.give_back_mail_places(&places).await;
        }
    }
}

/// An error as one of many results carries it.
pub fn problem(error: &Error) -> Problem {
    if let Error::Internal(cause) = error {
        tracing::error!(error = format!("{cause:#}"), "one of many failed");
    }
    Problem {
        code: error.code(),
        message: error.to_string(),
        retry_after: error.retry_after().map(|wait| i32::try_from(wait.as_secs().max(1)).unwrap_or(i32::MAX)),
    }
}
