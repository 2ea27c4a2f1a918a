//! `companies` in Diesel, for staff.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::ids::{CompanyId, OrgId};
use crate::db::paging::{MAX_COUNT, Page, contains};
use crate::db::schema::staff::companies;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// A company as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = companies)]
pub struct Company {
    pub id: CompanyId,
    pub name: String,
    pub website: Option<String>,
    pub notes: Option<String>,
    pub internal: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = companies)]
pub(super) struct NewCompany {
    pub org_id: OrgId,
    pub id: CompanyId,
    pub name: String,
    pub website: Option<String>,
    pub notes: Option<String>,
    pub internal: bool,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = companies)]
pub(super) struct CompanyPatch {
    pub name: Option<String>,
    pub website: Option<Option<String>>,
    pub notes: Option<Option<String>>,
    pub internal: Option<bool>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

/// Which companies to list.
#[derive(Clone, Debug, Default)]
pub struct CompanyFilter {
    pub search: Option<String>,
    pub archived: bool,
    pub order: CompanyOrder,
}

/// In which order companies are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum CompanyOrder {
    /// By name, as people sort.
    #[default]
    Name,
    /// Newest first.
    Newest,
}

/// Where a page of companies ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompanyKey {
    pub name: String,
    pub id: CompanyId,
}

impl From<&Company> for CompanyKey {
    fn from(company: &Company) -> Self {
        Self { name: company.name.clone(), id: company.id }
    }
}

pub(super) async fn insert(tx: &Tx<Staff>, new: &NewCompany) -> Result<()> {
    diesel::insert_into(companies::table).values(new).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn update(
    tx: &Tx<Staff>,
    id: CompanyId,
    version: i32,
    patch: &CompanyPatch,
) -> Result<usize> {
    let row = companies::table.filter(companies::id.eq(id)).filter(companies::version.eq(version));
    let touched = (companies::version.eq(companies::version + 1), companies::updated_at.eq(now));
    Ok(diesel::update(row).set((patch, touched)).execute(&mut tx.connection()).await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[CompanyId]) -> Result<Vec<Company>> {
    Ok(companies::table
        .filter(companies::id.eq_any(ids))
        .select(Company::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &CompanyFilter,
    page: &Page<CompanyKey>,
) -> Result<Vec<Company>> {
    let mut query = filtered(filter).limit(page.fetch());
    if let Some(CompanyKey { name, id }) = page.after.clone() {
        query = match filter.order {
            CompanyOrder::Name => query.filter(
                companies::name.gt(name.clone()).or(companies::name.eq(name).and(companies::id.gt(id))),
            ),
            CompanyOrder::Newest => query.filter(companies::id.lt(id)),
        };
    }
    query = match filter.order {
        CompanyOrder::Name => query.order((companies::name.asc(), companies::id.asc())),
        CompanyOrder::Newest => query.order(companies::id.desc()),
    };
    Ok(query.select(Company::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &CompanyFilter) -> Result<i64> {
    let ids: Vec<CompanyId> =
        filtered(filter).select(companies::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &CompanyFilter) -> companies::BoxedQuery<'static, Pg> {
    let mut query = companies::table.into_boxed();
    query = match filter.archived {
        true => query.filter(companies::archived_at.is_not_null()),
        false => query.filter(companies::archived_at.is_null()),
    };
    if let Some(search) = &filter.search {
        query = query.filter(companies::name.ilike(contains(search)));
    }
    query
}
