//! `contacts` in Diesel.

use async_graphql::Enum;
use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, now};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use crate::db::enums::{ContactStatus, Language};
use crate::db::ids::{CompanyId, ContactId, OrgId};
use crate::db::paging::{MAX_COUNT, Page, contains};
use crate::db::schema::staff::contacts;
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// A contact as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = contacts)]
pub struct Contact {
    pub id: ContactId,
    pub company_id: CompanyId,
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub language: Option<Language>,
    pub status: ContactStatus,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub archived_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = contacts)]
pub(super) struct NewContact {
    pub org_id: OrgId,
    pub id: ContactId,
    pub company_id: CompanyId,
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    pub language: Option<Language>,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = contacts)]
pub(super) struct ContactPatch {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<Option<String>>,
    pub language: Option<Option<Language>>,
    pub archived_at: Option<Option<DateTime<Utc>>>,
}

/// Which contacts to list.
#[derive(Clone, Debug, Default)]
pub struct ContactFilter {
    pub company: Option<CompanyId>,
    pub search: Option<String>,
    pub archived: bool,
    pub order: ContactOrder,
}

/// In which order contacts are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum ContactOrder {
    /// By name, as people sort.
    #[default]
    Name,
    /// Newest first.
    Newest,
}

/// Where a page of contacts ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContactKey {
    pub name: String,
    pub id: ContactId,
}

impl From<&Contact> for ContactKey {
    fn from(contact: &Contact) -> Self {
        Self { name: contact.name.clone(), id: contact.id }
    }
}

/// The same page of many companies' contacts, by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CompanyContacts {
    pub archived: bool,
    pub after: Option<ContactKey>,
    /// Rows of each company, at most.
    pub fetch: i64,
}

/// How many rows were inserted: none if the company has a contact with that address.
pub(super) async fn insert(tx: &Tx<Staff>, new: &NewContact) -> Result<usize> {
    Ok(diesel::insert_into(contacts::table)
        .values(new)
        .on_conflict((contacts::org_id, contacts::company_id, contacts::email))
        .do_nothing()
        .execute(&mut tx.connection())
        .await?)
}

pub(super) async fn update(
    tx: &Tx<Staff>,
    id: ContactId,
    version: i32,
    patch: &ContactPatch,
) -> Result<usize> {
    let row = contacts::table.filter(contacts::id.eq(id)).filter(contacts::version.eq(version));
    let touched = (contacts::version.eq(version + 1), contacts::updated_at.eq(now));
    Ok(diesel::update(row).set((patch, touched)).execute(&mut tx.connection()).await?)
}

pub(super) async fn by_address(tx: &Tx<Staff>, company: CompanyId, email: &str) -> Result<Option<ContactId>> {
    Ok(contacts::table
        .filter(contacts::company_id.eq(company))
        .filter(contacts::email.eq(email))
        .select(contacts::id)
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[ContactId]) -> Result<Vec<Contact>> {
    Ok(contacts::table
        .filter(contacts::id.eq_any(ids))
        .select(Contact::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &ContactFilter,
    page: &Page<ContactKey>,
) -> Result<Vec<Contact>> {
    let mut query = filtered(filter).limit(page.fetch());
    if let Some(ContactKey { name, id }) = page.after.clone() {
        query = match filter.order {
            ContactOrder::Name => query
                .filter(contacts::name.gt(name.clone()).or(contacts::name.eq(name).and(contacts::id.gt(id)))),
            ContactOrder::Newest => query.filter(contacts::id.lt(id)),
        };
    }
    query = match filter.order {
        ContactOrder::Name => query.order((contacts::name.asc(), contacts::id.asc())),
        ContactOrder::Newest => query.order(contacts::id.desc()),
    };
    Ok(query.select(Contact::as_select()).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &ContactFilter) -> Result<i64> {
    let ids: Vec<ContactId> =
        filtered(filter).select(contacts::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &ContactFilter) -> contacts::BoxedQuery<'static, Pg> {
    let mut query = contacts::table.into_boxed();
    query = match filter.archived {
        true => query.filter(contacts::archived_at.is_not_null()),
        false => query.filter(contacts::archived_at.is_null()),
    };
    if let Some(company) = filter.company {
        query = query.filter(contacts::company_id.eq(company));
    }
    if let Some(search) = &filter.search {
        let pattern = contains(search);
        query = query.filter(contacts::name.ilike(pattern.clone()).or(contacts::email.ilike(pattern)));
    }
    query
}

/// A limit for each company, not for all: a sub-query a row picks the page of the row's company.
/// It costs a company's contacts squared, in the worst case, and those are few.
pub(super) async fn of_companies(
    tx: &Tx<Staff>,
    companies: &[CompanyId],
    wanted: &CompanyContacts,
) -> Result<Vec<Contact>> {
    let peers = diesel::alias!(contacts as peers);
    let peer = |archived: bool| {
        peers
            .filter(peers.field(contacts::company_id).eq(contacts::company_id))
            .filter(peers.field(contacts::archived_at).is_not_null().eq(archived))
    };
    let after = wanted.after.clone();
    let (name, id) = after.map(|key| (key.name, key.id)).unzip();
    let (peer_name, peer_id) = (peers.field(contacts::name), peers.field(contacts::id));
    let behind = peer_name
        .nullable()
        .gt(name.clone())
        .or(peer_name.nullable().eq(name).and(peer_id.nullable().gt(id)))
        .or(wanted.after.is_none().into_sql::<diesel::sql_types::Bool>());
    let page = peer(wanted.archived)
        .filter(behind)
        .order((peer_name.asc(), peer_id.asc()))
        .limit(wanted.fetch)
        .select(peer_id);
    Ok(contacts::table
        .filter(contacts::company_id.eq_any(companies))
        .filter(contacts::id.eq_any(page))
        .order((contacts::company_id, contacts::name.asc(), contacts::id.asc()))
        .select(Contact::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn counts_of_companies(
    tx: &Tx<Staff>,
    companies: &[CompanyId],
    archived: bool,
) -> Result<Vec<(CompanyId, i64)>> {
    Ok(contacts::table
        .filter(contacts::company_id.eq_any(companies))
        .filter(contacts::archived_at.is_not_null().eq(archived))
        .group_by(contacts::company_id)
        .select((contacts::company_id, count_star()))
        .load(&mut tx.connection())
        .await?)
}
