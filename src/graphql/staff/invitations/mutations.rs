//! Inviting contacts (INV-1 to INV-4). Each verb asks Redis for a place in the address's budget before
//! its transaction begins, and gives it back if nothing came of it.

use std::collections::HashMap;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::NaiveDate;
use secrecy::SecretString;

use super::{Invitation, load};
use crate::db::ids::{ContactId, InvitationId, RecordId};
use crate::domain::invitations::{self, MOST_AT_ONCE, Terms};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::staff::contacts::{self, Contact};
use crate::graphql::staff::mail_places::{MailPlaces, problem};
use crate::graphql::staff::mails::Problem;

/// Whom to invite, and to what.
#[derive(InputObject)]
pub struct InviteContactInput {
    /// A contact who is not archived, at a company that is not internal.
    contact_id: ContactId,
    /// The last day of the access that it gives, where the organisation is; absent is without end. The
    /// sharing policy may want one.
    access_ends_on: Option<NaiveDate>,
    /// Only these 1 to 100 records of the contact's company; absent is all that its clients see.
    record_ids: Option<Vec<RecordId>>,
    /// Six digits that its portals ask for, besides who comes in; the sharing policy may want them. The mail
    /// does not say them: tell the contact yourself.
    access_code: Option<String>,
    /// The same key and input within 24 hours invite once only.
    idempotency_key: Option<String>,
}

/// Whom to invite together.
#[derive(InputObject)]
pub struct InviteContactsInput {
    /// 1 to 1,000 contacts.
    contact_ids: Vec<ContactId>,
    /// The last day of the access that they get, where the organisation is; absent is without end. The
    /// sharing policy may want one.
    access_ends_on: Option<NaiveDate>,
    /// Only these 1 to 100 records of the contacts' company; absent is all that its clients see.
    record_ids: Option<Vec<RecordId>>,
    /// Six digits that their portals ask for, besides who comes in; the sharing policy may want them. The mails
    /// do not say them: tell the contacts yourself.
    access_code: Option<String>,
    /// The same key and input within 24 hours invite once only.
    idempotency_key: Option<String>,
}

/// Which invitation to send again.
#[derive(InputObject)]
pub struct ResendInvitationInput {
    /// A pending invitation, expired or not.
    id: InvitationId,
}

/// Which invitation to take back.
#[derive(InputObject)]
pub struct RevokeInvitationInput {
    /// An invitation that was not accepted.
    id: InvitationId,
}

/// The invitation as it was made.
#[derive(SimpleObject)]
pub struct InviteContactPayload {
    /// The new invitation. Its mail is on its way.
    invitation: Invitation,
}

/// What became of each contact.
#[derive(SimpleObject)]
pub struct InviteContactsPayload {
    /// Each contact once, in the order they were named.
    results: Vec<ContactInvitation>,
}

/// One of many contacts who were to be invited.
#[derive(SimpleObject)]
pub struct ContactInvitation {
    /// The contact that was named.
    contact_id: ContactId,
    /// The contact; null if there is none with this id.
    contact: Option<Contact>,
    /// The invitation; null if there is an error.
    invitation: Option<Invitation>,
    /// Why the contact was not invited.
    error: Option<Problem>,
}

/// The invitation as it was sent again.
#[derive(SimpleObject)]
pub struct ResendInvitationPayload {
    /// The invitation.
    invitation: Invitation,
}

/// The invitation as it was taken back.
#[derive(SimpleObject)]
pub struct RevokeInvitationPayload {
    /// The invitation.
    invitation: Invitation,
}

/// Inviting contacts.
#[derive(Default)]
pub struct InvitationMutations;

#[Object]
impl InvitationMutations {
    /// Invites a contact to a portal account by mail. RATE_LIMITED after five mails to the address in
    /// 24 hours, or within a minute of the last. Needs CLIENTS_INVITE.
    async fn invite_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to invite.")] input: InviteContactInput,
    ) -> Option<Result<InviteContactPayload>> {
        Some(invite(ctx, input).await)
    }

    /// Invites many contacts in one step, each with its own result; NOT_FOUND if there is none of them. Their mails leave one after another;
    /// each invitation's `mail` tells how far it has come. Needs CLIENTS_INVITE.
    async fn invite_contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to invite.")] input: InviteContactsInput,
    ) -> Option<Result<InviteContactsPayload>> {
        Some(invite_many(ctx, input).await)
    }

    /// Sends a pending invitation again, good for another 14 days; what was mailed before no longer is.
    /// Limited like inviting. Needs CLIENTS_INVITE.
    async fn resend_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ResendInvitationInput,
    ) -> Option<Result<ResendInvitationPayload>> {
        Some(resend(ctx, input.id).await)
    }

    /// Takes a pending invitation back: its mail accepts nothing any more. Needs CLIENTS_INVITE.
    async fn revoke_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RevokeInvitationInput,
    ) -> Option<Result<RevokeInvitationPayload>> {
        Some(revoke(ctx, input.id).await)
    }
}

fn terms(ends_on: Option<NaiveDate>, records: Option<Vec<RecordId>>, code: Option<String>) -> Terms {
    Terms { access_ends_on: ends_on, records, code: code.map(SecretString::from) }
}

async fn invite(ctx: &Context<'_>, input: InviteContactInput) -> Result<InviteContactPayload> {
    let keys = &request(ctx).app.config.sealing;
    let key = input.idempotency_key.as_deref();
    let places = places_for(ctx, &[input.contact_id], key).await?;
    places.whole()?;
    let terms = terms(input.access_ends_on, input.record_ids, input.access_code);
    let write = request(ctx).write().await?;
    let invited = invitations::invite(&write, keys, input.contact_id, terms, key).await;
    let id = places.unless_refused(ctx, write.finish(invited).await).await?;
    Ok(InviteContactPayload { invitation: load(ctx, id).await? })
}

async fn invite_many(ctx: &Context<'_>, input: InviteContactsInput) -> Result<InviteContactsPayload> {
    let ids = input.contact_ids;
    if ids.is_empty() || ids.len() > MOST_AT_ONCE {
        let message = format!("Name 1 to {MOST_AT_ONCE} contacts.");
        return Err(coded(Error::invalid("input.contactIds", message)));
    }
    let key = input.idempotency_key.as_deref();
    let places = places_for(ctx, &ids, key).await?;
    let admitted: Vec<ContactId> =
        ids.iter().copied().filter(|id| !places.refused.contains_key(id)).collect();
    let terms = terms(input.access_ends_on, input.record_ids, input.access_code);
    let keys = &request(ctx).app.config.sealing;
    let write = request(ctx).write().await?;
    let named = (ids.as_slice(), admitted.as_slice());
    let invited = invitations::invite_many(&write, keys, named, terms, key).await;
    let invited = places.unless_refused(ctx, write.finish(invited).await).await?;
    let refused: Vec<ContactId> =
        invited.iter().filter(|(_, outcome)| outcome.is_err()).map(|(id, _)| *id).collect();
    places.give_back(ctx, &refused).await;
    let mut outcomes: HashMap<_, _> = invited.into_iter().collect();
    for (id, wait) in places.refused {
        outcomes.entry(id).or_insert(Err(wait));
    }
    results(ctx, &ids, outcomes).await
}

/// Every contact once, in the order of `ids`, read anew together.
async fn results(
    ctx: &Context<'_>,
    ids: &[ContactId],
    mut outcomes: HashMap<ContactId, Result<InvitationId, Error>>,
) -> Result<InviteContactsPayload> {
    let reading = request(ctx).staff().await?;
    let made: Vec<InvitationId> =
        outcomes.values().filter_map(|outcome| outcome.as_ref().ok().copied()).collect();
    let invitations = invitations::by_ids(&reading.tx, &made).await.map_err(coded)?;
    let mut invitations: HashMap<_, _> = invitations.into_iter().map(|made| (made.id, made)).collect();
    let mut contacts = contacts::by_ids(ctx, ids).await?;
    let mut results = Vec::with_capacity(ids.len());
    for contact_id in ids {
        let Some(outcome) = outcomes.remove(contact_id) else { continue };
        let contact = contacts.remove(contact_id);
        let (invitation, error) = match outcome {
            Ok(id) => (invitations.remove(&id).map(Invitation), None),
            Err(error) => (None, Some(problem(&error))),
        };
        results.push(ContactInvitation { contact_id: *contact_id, contact, invitation, error });
    }
    Ok(InviteContactsPayload { results })
}

async fn resend(ctx: &Context<'_>, id: InvitationId) -> Result<ResendInvitationPayload> {
    let look = request(ctx).write().await?;
    let contact = invitations::contact_of(&look, id).await;
    look.abandon().await;
    let contact = contact.map_err(coded)?;
    let places = places_for(ctx, &[contact], None).await?;
    places.whole()?;
    let write = request(ctx).write().await?;
    let resent = invitations::resend(&write, id).await;
    places.unless_refused(ctx, write.finish(resent).await).await?;
    Ok(ResendInvitationPayload { invitation: load(ctx, id).await? })
}

async fn revoke(ctx: &Context<'_>, id: InvitationId) -> Result<RevokeInvitationPayload> {
    let write = request(ctx).write().await?;
    let revoked = invitations::revoke(&write, id).await;
    write.finish(revoked).await.map_err(coded)?;
    Ok(RevokeInvitationPayload { invitation: load(ctx, id).await? })
}

/// A place for each contact's address. Whether they may be invited at all the domain says first.
async fn places_for(ctx: &Context<'_>, ids: &[ContactId], key: Option<&str>) -> Result<MailPlaces> {
    let look = request(ctx).write().await?;
    let addresses = invitations::addresses(&look, ids).await;
    MailPlaces::after(ctx, look, addresses, key).await
}
