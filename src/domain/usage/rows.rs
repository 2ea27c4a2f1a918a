//! `portal_usage`, `portal_section_views` and `usage_batches` in Diesel.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use futures::FutureExt as _;
use uuid::Uuid;

use super::{FirstView, LinkTally, ReturnedBrowser};
use crate::db::enums::PortalMode;
use crate::db::ids::{CompanyId, LinkId, OrgId, PortalId, PortalSessionId};
use crate::db::pool::Pools;
use crate::db::prepared::literal;
use crate::db::schema::{staff, system};
use crate::db::scope::{Access, Door, Tx};
use crate::db::settings::app_id;
use crate::domain::callers::Staff;
use crate::error::Result;

diesel::define_sql_function! {
    fn keep_portal_session(
        link: sql_types::Binary,
        session: sql_types::Uuid,
        token: sql_types::Binary,
        expires: sql_types::Timestamptz,
        has_left: sql_types::Bool
    );
}

/// How a link was used.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = staff::portal_usage)]
pub struct LinkUsage {
    #[diesel(select_expression = staff::portal_links::portal_id)]
    pub portal_id: PortalId,
    pub link_id: LinkId,
    pub views: i64,
    pub visits: i64,
    pub visitors: i64,
    pub unconfirmed_views: i64,
    pub bytes_served: i64,
    pub first_viewed_at: Option<DateTime<Utc>>,
    pub last_viewed_at: Option<DateTime<Utc>>,
}

/// The views of one section of a link.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = staff::portal_section_views)]
pub struct SectionViews {
    #[diesel(select_expression = staff::portal_links::portal_id)]
    pub portal_id: PortalId,
    pub link_id: LinkId,
    pub section: PortalMode,
    pub views: i64,
}

/// The worker within an organisation; none if it is gone.
pub(super) async fn enter(pools: &Pools, org: OrgId) -> Result<Option<Tx<OrgId>>> {
    pools
        .enter(Door::Organization(org), Access::Write, |mut connection| {
            async move { diesel::select(app_id("app.org")).get_result(&mut connection).await }.boxed()
        })
        .await
}

/// Whether a batch is ours to apply. Waits for whoever is at it; false once they have committed.
pub(super) async fn claim(tx: &Tx<OrgId>, batch: Uuid, now: DateTime<Utc>) -> Result<bool> {
    use system::usage_batches as batches;
    let row = (batches::org_id.eq(tx.scope()), batches::id.eq(batch), batches::applied_at.eq(now));
    let claimed = diesel::insert_into(batches::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(&mut tx.connection())
        .await?;
    Ok(claimed == 1)
}

pub(super) async fn forget_claims(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    use system::usage_batches as batches;
    diesel::delete(batches::table.filter(batches::applied_at.lt(before)))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// The links that nobody had viewed before. Their rows, made where they are missing, stay locked until
/// the transaction ends, so that of two drains at once one tells.
pub(super) async fn first_views(tx: &Tx<OrgId>, tallies: &[LinkTally]) -> Result<Vec<FirstView>> {
    use system::{portal_links as links, portal_usage as usage, portals};
    let viewed: BTreeMap<LinkId, DateTime<Utc>> =
        tallies.iter().filter_map(|tally| Some((tally.link, tally.first_viewed_at?))).collect();
    let named = links::table.filter(links::id.eq_any(viewed.keys()));
    named
        .select((links::org_id, links::id))
        .insert_into(usage::table)
        .into_columns((usage::org_id, usage::link_id))
        .on_conflict_do_nothing()
        .execute(&mut tx.connection())
        .await?;
    let unseen: Vec<LinkId> = usage::table
        .filter(usage::link_id.eq_any(viewed.keys()).and(usage::first_viewed_at.is_null()))
        .select(usage::link_id)
        .order(usage::link_id)
        .for_update()
        .load(&mut tx.connection())
        .await?;
    let unseen: Vec<(LinkId, PortalId, CompanyId, bool)> = links::table
        .inner_join(portals::table.on(portals::id.eq(links::portal_id)))
        .filter(links::id.eq_any(unseen))
        .select((links::id, links::portal_id, links::company_id, portals::tell_first_view))
        .load(&mut tx.connection())
        .await?;
    let first =
        |(link, portal, company, tells)| FirstView { link, portal, company, at: viewed[&link], tells };
    Ok(unseen.into_iter().map(first).collect())
}

/// Adds to the links that are still there.
pub(super) async fn add(tx: &Tx<OrgId>, tallies: &[LinkTally]) -> Result<()> {
    use system::{portal_links as links, portal_section_views as sections, portal_usage as usage};
    let named: Vec<LinkId> = tallies.iter().map(|tally| tally.link).collect();
    let there: Vec<LinkId> =
        links::table.filter(links::id.eq_any(&named)).select(links::id).load(&mut tx.connection()).await?;
    let tallies: Vec<&LinkTally> = tallies.iter().filter(|tally| there.contains(&tally.link)).collect();
    let rows: Vec<_> = tallies.iter().map(|tally| usage_row(*tx.scope(), tally)).collect();
    diesel::insert_into(usage::table)
        .values(rows)
        .on_conflict((usage::org_id, usage::link_id))
        .do_update()
        .set((
            usage::views.eq(usage::views + excluded(usage::views)),
            usage::visits.eq(usage::visits + excluded(usage::visits)),
            usage::visitors.eq(usage::visitors + excluded(usage::visitors)),
            usage::unconfirmed_views.eq(usage::unconfirmed_views + excluded(usage::unconfirmed_views)),
            usage::bytes_served.eq(usage::bytes_served + excluded(usage::bytes_served)),
            usage::first_viewed_at
                .eq(literal("least(portal_usage.first_viewed_at, excluded.first_viewed_at)")),
            usage::last_viewed_at
                .eq(literal("greatest(portal_usage.last_viewed_at, excluded.last_viewed_at)")),
        ))
        .execute(&mut tx.connection())
        .await?;
    let rows: Vec<_> = tallies.iter().flat_map(|tally| section_rows(*tx.scope(), tally)).collect();
    diesel::insert_into(sections::table)
        .values(rows)
        .on_conflict((sections::org_id, sections::link_id, sections::section))
        .do_update()
        .set(sections::views.eq(sections::views + excluded(sections::views)))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

#[derive(Debug, Insertable)]
#[diesel(table_name = system::portal_usage)]
struct UsageRow {
    org_id: OrgId,
    link_id: LinkId,
    views: i64,
    visits: i64,
    visitors: i64,
    unconfirmed_views: i64,
    bytes_served: i64,
    first_viewed_at: Option<DateTime<Utc>>,
    last_viewed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = system::portal_section_views)]
struct SectionRow {
    org_id: OrgId,
    link_id: LinkId,
    section: PortalMode,
    views: i64,
}

fn usage_row(org_id: OrgId, tally: &LinkTally) -> UsageRow {
    UsageRow {
        org_id,
        link_id: tally.link,
        views: tally.views,
        visits: tally.visits,
        visitors: tally.visitors,
        unconfirmed_views: tally.unconfirmed_views,
        bytes_served: tally.bytes_served,
        first_viewed_at: tally.first_viewed_at,
        last_viewed_at: tally.last_viewed_at,
    }
}

fn section_rows(org_id: OrgId, tally: &LinkTally) -> impl Iterator<Item = SectionRow> + use<> {
    let link_id = tally.link;
    let sections = tally.sections.clone();
    sections.into_iter().map(move |(section, views)| SectionRow { org_id, link_id, section, views })
}

/// Stores a browser's session if its link still opens, and asks no code.
pub(super) async fn keep_session(
    tx: &Tx<OrgId>,
    id: Uuid,
    browser: &ReturnedBrowser,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let id = PortalSessionId(id);
    let (link, session) = (browser.link.to_vec(), browser.session.to_vec());
    let kept = keep_portal_session(link, id, session, expires_at, browser.left);
    diesel::select(kept).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn of_portals(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<LinkUsage>> {
    use staff::{portal_links as links, portal_usage as usage};
    Ok(usage::table
        .inner_join(links::table.on(links::id.eq(usage::link_id)))
        .filter(links::portal_id.eq_any(portals))
        .select(LinkUsage::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn sections_of_portals(tx: &Tx<Staff>, portals: &[PortalId]) -> Result<Vec<SectionViews>> {
    use staff::{portal_links as links, portal_section_views as sections};
    Ok(sections::table
        .inner_join(links::table.on(links::id.eq(sections::link_id)))
        .filter(links::portal_id.eq_any(portals))
        .order(sections::section)
        .select(SectionViews::as_select())
        .load(&mut tx.connection())
        .await?)
}
