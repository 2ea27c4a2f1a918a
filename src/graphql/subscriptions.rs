//! The subscription root (EVT-2, EVT-3): what happens, as it happens, to whoever may read it. A
//! subscription's document runs many times: first to begin, which checks the caller and says whose news
//! they are told; then once for each of the news (`http::graphql::subscribing`).

use std::sync::Arc;

use async_graphql::{Context, Subscription as Streams};
use futures::{Stream, stream};

use super::context::{RequestContext, request};
use super::errors::{Result, coded};
use super::portal::events::{self as portal, PortalEvent};
use super::staff::events::{self as staff, StaffEvent, StaffEventFilter};
use crate::db::enums::ApiKeyScope;
use crate::db::scope::Tx;
use crate::domain::callers::Actor;
use crate::domain::events::{self, EventFilter};
use crate::live::{Caller, News, Pass, ScopeKey, Subscription as Live};

/// Being told. A subscription ends when the caller's credential opens nothing any more.
#[derive(async_graphql::Description)]
pub struct Subscription;

/// In the data of a request that is to tell of news: the news, and the cursor of where their reader then stands.
/// Such a request has no [`RequestContext`]: what is told of an event stands in the event.
pub struct ToTell {
    pub news: Arc<News>,
    pub cursor: String,
}

#[Streams(use_type_description)]
impl Subscription {
    /// What happens in the organisation, for its members and for API keys with EVENTS_READ: each event once, in order. With `after` first
    /// what was missed since; a cursor older than what is kept is answered by one event `Resync`.
    async fn staff_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<String>,
        #[graphql(desc = "Which events.")] filter: Option<StaffEventFilter>,
    ) -> Result<impl Stream<Item = StaffEvent> + use<>> {
        let event = told(ctx, staff::told);
        if event.is_none() {
            begin_staff(request(ctx), after, filter.unwrap_or_default().into()).await?;
        }
        Ok(stream::iter(event))
    }

    /// What changes of what a portal shows, for whoever holds its link or session: each event once, in
    /// order. With `after` first what was missed since. One `PortalResyncEvent` says that all is to be
    /// read anew: when what the portal shows has grown or shrunk, or the cursor is too old.
    async fn portal_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event that was seen.")] after: Option<String>,
    ) -> Result<impl Stream<Item = PortalEvent> + use<>> {
        let event = told(ctx, portal::told);
        if event.is_none() {
            begin_portal(request(ctx), after).await?;
        }
        Ok(stream::iter(event))
    }
}

/// The event that the request tells of, if it is to tell of one.
fn told<E>(ctx: &Context<'_>, tell: fn(&News, String) -> E) -> Option<E> {
    let to_tell = ctx.data_opt::<ToTell>()?;
    Some(tell(&to_tell.news, to_tell.cursor.clone()))
}

async fn begin_staff(request: &RequestContext, after: Option<String>, filter: EventFilter) -> Result<()> {
    let reading = request.staff_for(ApiKeyScope::EventsRead).await?;
    let staff = reading.tx.scope();
    let (scope, member) = match &staff.actor {
        Actor::Member(member) => (ScopeKey::Staff(staff.org_id, member.role), Some(member.id)),
        Actor::Key(key) => (ScopeKey::Key(staff.org_id, key.company_id), None),
    };
    let caller =
        Caller { scope, pass: Pass::Staff(request.staff_pass()?), member, expel: request.expel.clone() };
    begin(request, caller, after, filter, &reading.tx).await
}

async fn begin_portal(request: &RequestContext, after: Option<String>) -> Result<()> {
    let pass = request.portal_pass().await?;
    let reading = request.portal().await?;
    let scope = reading.tx.scope();
    let caller = Caller {
        scope: ScopeKey::Portal(scope.org_id, scope.portal_id),
        pass: Pass::Portal(pass),
        member: None,
        expel: request.expel.clone(),
    };
    begin(request, caller, after, EventFilter::default(), &reading.tx).await
}

/// Joins the caller's scope. Where a reconnecting client says which event it saw last, that counts, and
/// not the `after` that its query was written with.
async fn begin<S>(
    request: &RequestContext,
    caller: Caller,
    after: Option<String>,
    filter: EventFilter,
    tx: &Tx<S>,
) -> Result<()> {
    let after = request.last_seen.clone().or(after);
    let key = caller.scope.cursors();
    let after = after.map(|cursor| key.open(&request.app.config.sealing, &cursor));
    let after = after.transpose().map_err(coded)?;
    let horizon = events::horizon(tx).await.map_err(coded)?;
    request.join(Live::begin(&request.app, caller, filter, after, horizon.newest));
    Ok(())
}
