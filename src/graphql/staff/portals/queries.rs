//! Reading portals.

use async_graphql::{Context, Object};

use super::{Portal, PortalConnection};
use crate::db::ids::{CompanyId, PortalId, RecordId};
use crate::db::paging::Page;
use crate::domain::portals::{self, PortalFilter};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::wants_count;

/// Reading portals.
#[derive(Default)]
pub struct PortalQueries;

#[Object]
impl PortalQueries {
    /// A portal by its id.
    async fn portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The portal's id.")] id: PortalId,
    ) -> Option<Result<Portal>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's portals, newest first, a page at a time.
    async fn portals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only this company's, record portals included.")] company_id: Option<CompanyId>,
        #[graphql(desc = "Only those of this one record.")] record_id: Option<RecordId>,
        #[graphql(desc = "Only the revoked ones, or only the others.")] revoked: Option<bool>,
    ) -> Result<PortalConnection> {
        let filter = PortalFilter { company: company_id, record: record_id, revoked, live: false };
        page_of(ctx, &filter, (first, after)).await
    }

    /// The inventory of all that is exposed: the portals whose door opens now, newest first, a page at
    /// a time. How much each shows and how it breaks the sharing policy is in the portal's fields.
    async fn exposed_portals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only this company's, record portals included.")] company_id: Option<CompanyId>,
    ) -> Result<PortalConnection> {
        let filter = PortalFilter { company: company_id, live: true, ..PortalFilter::default() };
        page_of(ctx, &filter, (first, after)).await
    }
}

async fn page_of(
    ctx: &Context<'_>,
    filter: &PortalFilter,
    (first, after): (Option<i32>, Option<String>),
) -> Result<PortalConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = portals::list(&reading.tx, filter, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(portals::count(&reading.tx, filter).await.map_err(coded)?),
        false => None,
    };
    Ok(PortalConnection::new(rows, |row| row.id, page.after.is_some(), count))
}

/// A portal, read anew.
pub(super) async fn load(ctx: &Context<'_>, id: PortalId) -> Result<Portal> {
    let portal: portals::Portal = request(ctx).staff().await?.loaders.required(id, "portal").await?;
    Ok(Portal(portal))
}
