//! Addresses that notifications no longer go to, in the staff root (NOTE-2).

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::SuppressionReason;
use crate::db::ids::SuppressionId;
use crate::db::paging::Page;
use crate::domain::suppressions;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// An address that notifications no longer go to.
#[derive(SimpleObject)]
pub struct Suppression {
    /// Its id.
    id: SuppressionId,
    /// The address.
    email: String,
    /// Why.
    reason: SuppressionReason,
    /// What the other mail server said.
    detail: Option<String>,
    /// When it was reported.
    created_at: DateTime<Utc>,
}

impl From<suppressions::Suppression> for Suppression {
    fn from(suppression: suppressions::Suppression) -> Self {
        Self {
            id: suppression.id,
            email: suppression.email,
            reason: suppression.reason,
            detail: suppression.detail,
            created_at: suppression.created_at,
        }
    }
}

connection!(SuppressionConnection, SuppressionEdge, Suppression, "suppressed addresses");

/// Reading suppressed addresses.
#[derive(Default)]
pub struct SuppressionQueries;

#[Object]
impl SuppressionQueries {
    /// Addresses that notifications no longer go to, newest first, a page at a time.
    async fn suppressions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Option<Result<SuppressionConnection>> {
        Some(list(ctx, first, after).await)
    }
}

async fn list(ctx: &Context<'_>, first: Option<i32>, after: Option<String>) -> Result<SuppressionConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = suppressions::list(&reading.tx, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(suppressions::count(&reading.tx).await.map_err(coded)?),
        false => None,
    };
    Ok(SuppressionConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

/// Which address to mail again.
#[derive(InputObject)]
pub struct LiftSuppressionInput {
    /// The suppression.
    id: SuppressionId,
}

/// The address is mailed again.
#[derive(SimpleObject)]
pub struct LiftSuppressionPayload {
    /// The suppression that was lifted.
    suppression_id: SuppressionId,
}

/// Lifting suppressions.
#[derive(Default)]
pub struct SuppressionMutations;

#[Object]
impl SuppressionMutations {
    /// Lets notifications go to an address again. Needs CLIENTS_INVITE.
    async fn lift_suppression(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: LiftSuppressionInput,
    ) -> Option<Result<LiftSuppressionPayload>> {
        Some(lift(ctx, input.id).await)
    }
}

async fn lift(ctx: &Context<'_>, id: SuppressionId) -> Result<LiftSuppressionPayload> {
    let write = request(ctx).write().await?;
    let lifted = suppressions::lift(&write, id).await;
    write.finish(lifted).await.map_err(coded)?;
    Ok(LiftSuppressionPayload { suppression_id: id })
}
