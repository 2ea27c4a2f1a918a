//! Invitations in the staff root (INV).

mod mutations;

pub use mutations::InvitationMutations;

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};

use super::contacts::Contact;
use super::mails::Mail;
use super::members::Member;
use super::records::Record;
use crate::db::ids::{ContactId, InvitationId, RecordId};
use crate::domain::callers::Staff;
use crate::domain::invitations;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};

/// How an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum InvitationState {
    /// It can be accepted.
    Pending,
    /// Nobody accepted it in time. The contact can be invited again.
    Expired,
    /// The contact has an account.
    Accepted,
    /// Staff took it back.
    Revoked,
}

/// A contact's invitation to a portal account.
#[derive(async_graphql::Description)]
pub struct Invitation(pub(super) invitations::Invitation);

#[Object(use_type_description)]
impl Invitation {
    /// Its id.
    async fn id(&self) -> InvitationId {
        self.0.id
    }

    /// Who is invited.
    async fn contact(&self, ctx: &Context<'_>) -> Option<Result<Contact>> {
        Some(contact(ctx, self.0.contact_id).await)
    }

    /// How it stands now.
    async fn state(&self, ctx: &Context<'_>) -> InvitationState {
        match (self.0.accepted_at, self.0.revoked_at) {
            (Some(_), _) => InvitationState::Accepted,
            (_, Some(_)) => InvitationState::Revoked,
            _ if self.0.expires_at <= request(ctx).app.clock.now() => InvitationState::Expired,
            _ => InvitationState::Pending,
        }
    }

    /// The records that it gives access to; null is everything that the company's clients see.
    async fn records(&self, ctx: &Context<'_>) -> Option<Result<Vec<Record>>> {
        match self.0.limited {
            true => Some(records(ctx, self.0.id).await),
            false => None,
        }
    }

    /// When the access ends that it gives; null is never.
    async fn access_ends_at(&self) -> Option<DateTime<Utc>> {
        self.0.access_ends_at
    }

    /// Whether what it opens will ask for an access code.
    async fn has_access_code(&self) -> bool {
        self.0.has_code
    }

    /// The member who invited; null if they are gone.
    async fn invited_by(&self, ctx: &Context<'_>) -> Option<Result<Member>> {
        request(ctx)
            .staff()
            .await
            .ok()?
            .loaders
            .one(self.0.invited_by)
            .await
            .transpose()
            .map(|m| m.map(Member::from))
    }

    /// The newest mail about it, and how far that has come; null once it is no longer kept.
    async fn mail(&self, ctx: &Context<'_>) -> Option<Result<Mail>> {
        request(ctx)
            .staff()
            .await
            .ok()?
            .loaders
            .one(self.0.mail_id)
            .await
            .transpose()
            .map(|m| m.map(Mail::from))
    }

    /// When the contact was invited.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// From then on it cannot be accepted.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }

    /// When it was accepted.
    async fn accepted_at(&self) -> Option<DateTime<Utc>> {
        self.0.accepted_at
    }

    /// When staff took it back.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }
}

async fn contact(ctx: &Context<'_>, id: ContactId) -> Result<Contact> {
    request(ctx).staff().await?.loaders.required(id, "contact").await.map(Contact::from)
}

async fn records(ctx: &Context<'_>, id: InvitationId) -> Result<Vec<Record>> {
    let loaders = &request(ctx).staff().await?.loaders;
    let ids: Vec<RecordId> = loaders.many(RecordsOf(id)).await?;
    let records = futures::future::try_join_all(ids.iter().map(|id| loaders.one(*id))).await?;
    Ok(records.into_iter().flatten().map(Record::from).collect())
}

/// Key of the records that an invitation is limited to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct RecordsOf(InvitationId);

impl Loader<RecordsOf> for Batch<Staff> {
    type Value = Vec<RecordId>;
    type Error = Error;

    async fn load(&self, keys: &[RecordsOf]) -> Result<HashMap<RecordsOf, Vec<RecordId>>, Error> {
        let ids: Vec<InvitationId> = keys.iter().map(|key| key.0).collect();
        let limits = gathered(invitations::records_of(&self.0, &ids).await?, |(id, _)| RecordsOf(*id));
        Ok(limits
            .into_iter()
            .map(|(key, rows)| (key, rows.into_iter().map(|(_, record)| record).collect()))
            .collect())
    }
}

/// Key of a contact's newest invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct NewestOf(ContactId);

impl Loader<NewestOf> for Batch<Staff> {
    type Value = invitations::Invitation;
    type Error = Error;

    async fn load(&self, keys: &[NewestOf]) -> Result<HashMap<NewestOf, invitations::Invitation>, Error> {
        let ids: Vec<ContactId> = keys.iter().map(|key| key.0).collect();
        Ok(keyed(invitations::newest_of(&self.0, &ids).await?, |invitation| NewestOf(invitation.contact_id)))
    }
}

/// The newest invitation of a contact, batched over siblings.
pub(super) async fn of_contact(ctx: &Context<'_>, contact: ContactId) -> Result<Option<Invitation>> {
    let loaders = &request(ctx).staff().await?.loaders;
    Ok(loaders.one(NewestOf(contact)).await?.map(Invitation))
}

/// Reading invitations.
#[derive(Default)]
pub struct InvitationQueries;

#[Object]
impl InvitationQueries {
    /// An invitation by its id.
    async fn invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The invitation's id.")] id: InvitationId,
    ) -> Option<Result<Invitation>> {
        Some(load(ctx, id).await)
    }
}

async fn load(ctx: &Context<'_>, id: InvitationId) -> Result<Invitation> {
    let reading = request(ctx).staff().await?;
    let found = invitations::by_ids(&reading.tx, &[id]).await.map_err(coded)?.pop();
    found.map(Invitation).ok_or_else(|| coded(Error::NotFound("invitation")))
}
