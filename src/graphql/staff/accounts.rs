//! Ending contacts' portal accounts, in the staff root (INV-1).

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::db::ids::ContactId;
use crate::domain::accounts;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Whose access to end.
#[derive(InputObject)]
pub struct EndContactAccessInput {
    /// The contact.
    contact_id: ContactId,
}

/// The contact's account is no more.
#[derive(SimpleObject)]
pub struct EndContactAccessPayload {
    /// The contact, who can be invited anew.
    contact_id: ContactId,
}

/// Ending accounts.
#[derive(Default)]
pub struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Ends a contact's portal account with every session of it, at once. Links that were shared with the
    /// contact besides stay. Needs CLIENTS_INVITE.
    async fn end_contact_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: EndContactAccessInput,
    ) -> Option<Result<EndContactAccessPayload>> {
        Some(end(ctx, input.contact_id).await)
    }
}

async fn end(ctx: &Context<'_>, contact_id: ContactId) -> Result<EndContactAccessPayload> {
    let write = request(ctx).write().await?;
    let ended = accounts::end_access(&write, contact_id).await;
    write.finish(ended).await.map_err(coded)?;
    Ok(EndContactAccessPayload { contact_id })
}
