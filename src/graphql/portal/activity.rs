//! What happened lately, in the portal root (EVT-8).

use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::PortalMode;
use crate::db::ids::RecordId;
use crate::db::paging::Page;
use crate::domain::activity::shared::{self, Activity};
use crate::domain::events::CursorKey;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{PageInfo, wants_count};

/// One thing that happened.
#[derive(SimpleObject)]
pub struct PortalActivity {
    /// Its id, the same wherever the event is told.
    id: ID,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// What happened, in English.
    text: String,
    /// More of it, plain text; only of what the team or a partner told itself.
    body: Option<String>,
    /// Where there is more, an absolute http or https address; only of what the team or a partner told
    /// itself.
    url: Option<String>,
    /// The record that it is about; null for the company as a whole.
    record_id: Option<RecordId>,
    /// What the record is called.
    record_name: Option<String>,
}

impl From<Activity> for PortalActivity {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.id.into(),
            occurred_at: activity.occurred_at,
            text: activity.text,
            body: activity.body,
            url: activity.url,
            record_id: activity.record_id,
            record_name: activity.record_name,
        }
    }
}

/// A page of what happened, newest first.
#[derive(SimpleObject)]
pub struct PortalActivityConnection {
    /// The page's nodes, each with its cursor.
    edges: Vec<PortalActivityEdge>,
    /// Where the page stands in the list.
    page_info: PageInfo,
    /// How many there are in all, counted up to 10,000; computed only when asked for.
    total_count: Option<i64>,
}

/// One of the things that happened of a page.
#[derive(SimpleObject)]
pub struct PortalActivityEdge {
    /// Where this node stands in the list. Sealed, and of use to this portal only.
    cursor: String,
    /// The node itself.
    node: PortalActivity,
}

/// Reading what happened.
#[derive(Default)]
pub struct ActivityQueries;

#[Object]
impl ActivityQueries {
    /// What happened to what this portal shows, newest first, a page at a time; nothing where the portal
    /// does not show ACTIVITY.
    async fn activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
    ) -> Result<PortalActivityConnection> {
        let request = request(ctx);
        let reading = request.portal().await?;
        let (scope, sealing) = (reading.tx.scope(), &request.app.config.sealing);
        let key = CursorKey::Portal(scope.org_id, scope.portal_id);
        let after = after.map(|cursor| key.open(sealing, &cursor)).transpose().map_err(coded)?;
        let asked: Page<()> = Page::parse(first, None).map_err(coded)?;
        let page = Page { limit: asked.limit, after };
        let rows = shared::list(&reading.tx, &page).await.map_err(coded)?;
        let total_count = match wants_count(ctx) {
            true => Some(shared::count(&reading.tx).await.map_err(coded)?),
            false => None,
        };
        request.shows(PortalMode::Activity);
        let edge = |activity: Activity| PortalActivityEdge {
            cursor: key.seal(sealing, activity.position),
            node: activity.into(),
        };
        let edges: Vec<PortalActivityEdge> = rows.rows.into_iter().map(edge).collect();
        let page_info = PageInfo {
            has_next_page: rows.more,
            has_previous_page: page.after.is_some(),
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Ok(PortalActivityConnection { edges, page_info, total_count })
    }
}
