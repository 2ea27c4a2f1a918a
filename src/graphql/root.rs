//! The two guarded roots, and what needs no caller at all. A root that the caller may not enter is
//! null with a coded error.

use std::sync::Arc;

use async_graphql::{Context, Object, SDLExportOptions, SimpleObject};

use super::access::{AccessMutation, AccessQuery};
use super::context::request;
use super::errors::{Result, is_for_now};
use super::portal::{self, PortalMutation, PortalQuery};
use super::staff::{StaffMutation, StaffQuery};
use super::subscriptions::Subscription;
use crate::app::App;
use crate::config::GraphqlLimits;
use crate::domain::deliverables::receipts;

/// The schema with its roots.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// Builds the schema. What a document may hold is `guard`'s to check (API-5); the engine's own
/// limits stay as a second wall for what is executed without it.
pub fn build(limits: &GraphqlLimits) -> Schema {
    let schema = Schema::build(Query, Mutation, Subscription)
        .limit_depth(limits.depth)
        .limit_recursive_depth(limits.depth * 2)
        .disable_suggestions();
    if limits.introspection { schema.finish() } else { schema.disable_introspection().finish() }
}

/// The schema to read types from, not to execute.
pub(super) fn bare() -> Schema {
    Schema::build(Query, Mutation, Subscription).finish()
}

/// The contract as text, for `schema.graphql` (API-1).
pub fn sdl(limits: &GraphqlLimits) -> String {
    let options =
        SDLExportOptions::new().sorted_enum_items().sorted_fields().prefer_single_line_descriptions();
    build(limits).sdl_with_options(options)
}

/// Reading. An operation enters one of the guarded roots, never both.
#[derive(async_graphql::Description)]
pub struct Query;

#[Object(use_type_description)]
impl Query {
    /// About this installation; open to everyone.
    async fn service(&self) -> Service {
        Service
    }

    /// What an anonymous caller may read: what a mailed link is about.
    async fn access(&self) -> AccessQuery {
        AccessQuery::default()
    }

    /// The organisation, for its members, and for API keys as far as their scopes go. Null with a coded error for everyone else.
    async fn staff(&self, ctx: &Context<'_>) -> Option<Result<StaffQuery>> {
        Some(request(ctx).organization().await.map(|_| StaffQuery::default()))
    }

    /// What a portal shows, for whoever holds its link or session. Null with a coded error for
    /// everyone else.
    async fn portal(&self, ctx: &Context<'_>) -> Option<Result<PortalQuery>> {
        Some(request(ctx).portal_for(portal::prefetch(ctx)).await.map(|_| PortalQuery::default()))
    }
}

/// What API keys call of the staff's changes, as far as their scopes go.
const FOR_KEYS: [&str; 2] = ["recordMetricPoints", "appendActivity"];
/// What decides by itself whom it lets leave, also while nobody can be let in.
const FOR_LEAVING: [&str; 1] = ["endSession"];

/// Changing. The fields inside a root run one after another, each in a transaction of its own.
#[derive(async_graphql::Description)]
pub struct Mutation;

#[Object(use_type_description)]
impl Mutation {
    /// What an anonymous caller may do: sign up, sign in, open a portal, follow a mailed link.
    async fn access(&self) -> AccessMutation {
        AccessMutation::default()
    }

    /// Changes to the organisation, by its members; API keys with METRICS_WRITE record points of
    /// metrics, those with ACTIVITY_WRITE append to clients' activity.
    async fn staff(&self, ctx: &Context<'_>) -> Option<Result<StaffMutation>> {
        Some(request(ctx).prepare_write(asks_only(ctx, &FOR_KEYS)).await.map(|()| StaffMutation::default()))
    }

    /// What a portal's visitor may do.
    async fn portal(&self, ctx: &Context<'_>) -> Option<Result<PortalMutation>> {
        Some(enter_portal(ctx).await)
    }
}

/// Whether all that is asked for is among these.
fn asks_only(ctx: &Context<'_>, names: &[&str]) -> bool {
    let field = ctx.field();
    let mut asked = field.selection_set().peekable();
    asked.peek().is_some() && asked.all(|field| names.contains(&field.name()))
}

/// A preview is refused here: it reads (LINK-9).
async fn enter_portal(ctx: &Context<'_>) -> Result<PortalMutation> {
    let entered = match request(ctx).portal_pass().await {
        Ok(_) => request(ctx).portal().await.map(drop),
        Err(refused) => Err(refused),
    };
    match entered {
        Err(refused) if !(is_for_now(&refused) && asks_only(ctx, &FOR_LEAVING)) => Err(refused),
        _ => Ok(PortalMutation::default()),
    }
}

/// This installation.
#[derive(async_graphql::Description)]
struct Service;

#[Object(use_type_description)]
impl Service {
    /// Version of the service.
    async fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// What receipts of decisions are signed with, the key in use first.
    async fn receipt_keys(&self, ctx: &Context<'_>) -> Vec<ReceiptKey> {
        let keys = receipts::public_keys(&request(ctx).app.config.sealing);
        keys.into_iter().map(|(id, key)| ReceiptKey { id, public_key: hex::encode(key) }).collect()
    }
}

/// A key that receipts are signed with.
#[derive(SimpleObject)]
struct ReceiptKey {
    /// What receipts name it by.
    id: String,
    /// Ed25519, in hexadecimal.
    public_key: String,
}

/// Puts the application where resolvers find it.
pub fn app(ctx: &Context<'_>) -> Arc<App> {
    request(ctx).app.clone()
}
