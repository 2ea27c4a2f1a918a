//! Lists of records in Diesel, for staff: of the organisation, and of many companies at once.

use std::collections::HashMap;

use async_graphql::Enum;
use chrono::NaiveDate;
use diesel::dsl::{array, count_star};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};

use super::Record;
use crate::db::ids::{CompanyId, MemberId, RecordId, RecordTypeId, StageId};
use crate::db::paging::{MAX_COUNT, Page, contains};
use crate::db::schema::staff::{companies, records};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::error::Result;

/// Which records to list; an absent part does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RecordFilter {
    pub type_id: Option<RecordTypeId>,
    pub company_id: Option<CompanyId>,
    pub stage_id: Option<StageId>,
    pub owner_id: Option<MemberId>,
    pub search: Option<String>,
    pub archived: bool,
    pub order: RecordOrder,
}

/// In which order records are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
pub enum RecordOrder {
    /// By name, as people sort.
    #[default]
    Name,
    /// Newest first.
    Newest,
    /// Due first at the front, without a day at the end.
    Due,
}

/// Where a page of records ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    pub name: String,
    pub due: Option<NaiveDate>,
    pub id: RecordId,
}

impl From<&Record> for RecordKey {
    fn from(record: &Record) -> Self {
        Self { name: record.name.clone(), due: record.due_on, id: record.id }
    }
}

pub(in crate::domain::records) async fn list(
    tx: &Tx<Staff>,
    filter: &RecordFilter,
    page: &Page<RecordKey>,
) -> Result<Vec<Record>> {
    let mut query = filtered(filter).limit(page.fetch());
    if let Some(after) = page.after.clone() {
        query = going_on(query, filter.order, after);
    }
    let query = in_order(query, filter.order);
    Ok(query.select(Record::as_select()).load(&mut tx.connection()).await?)
}

pub(in crate::domain::records) async fn count(tx: &Tx<Staff>, filter: &RecordFilter) -> Result<i64> {
    let ids: Vec<RecordId> =
        filtered(filter).select(records::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

/// Which page of each company's records to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CompanyRecords {
    pub limit: usize,
    pub after: Option<RecordKey>,
    pub archived: bool,
    pub order: RecordOrder,
    /// Whether to count them as well.
    pub counted: bool,
}

/// The ids of each company's page, in order, one more than the page where more follow. A subselect
/// that names its company cannot be boxed, hence an arm for each order.
pub(in crate::domain::records) async fn ids_of_companies(
    tx: &Tx<Staff>,
    asked: &[CompanyId],
    page: &CompanyRecords,
) -> Result<Vec<(CompanyId, Vec<RecordId>)>> {
    let start = page.after.is_none().into_sql::<Bool>();
    let RecordKey { name, due, id } = page.after.clone().unwrap_or_default();
    let dated = due.is_some().into_sql::<Bool>();
    let companies = companies::table.filter(companies::id.eq_any(asked));
    let ids = records::table
        .filter(records::company_id.eq(companies::id))
        .filter(records::archived_at.is_not_null().eq(page.archived))
        .select(records::id)
        .limit(page.limit as i64 + 1);
    let mut connection = tx.connection();
    let pages = match page.order {
        RecordOrder::Name => {
            let beyond = records::name.gt(name.clone()).or(records::name.eq(name).and(records::id.gt(id)));
            let ids = ids.filter(start.or(beyond)).order((records::name.asc(), records::id.asc()));
            companies.select((companies::id, array(ids))).load(&mut connection).await?
        }
        RecordOrder::Newest => {
            let ids = ids.filter(start.or(records::id.lt(id))).order(records::id.desc());
            companies.select((companies::id, array(ids))).load(&mut connection).await?
        }
        RecordOrder::Due => {
            let same = records::due_on.eq(due).and(records::id.gt(id).nullable());
            let undated = records::due_on.is_null().and(dated.or(records::id.gt(id)));
            let beyond = records::due_on.gt(due).or(same).or(undated.nullable());
            let ids = ids
                .filter(start.nullable().or(beyond))
                .order((records::due_on.asc().nulls_last(), records::id.asc()));
            companies.select((companies::id, array(ids))).load(&mut connection).await?
        }
    };
    Ok(pages)
}

/// How many records each company has, if that is asked; none where it has none.
pub(in crate::domain::records) async fn count_of_companies(
    tx: &Tx<Staff>,
    companies: &[CompanyId],
    page: &CompanyRecords,
) -> Result<Option<HashMap<CompanyId, i64>>> {
    if !page.counted {
        return Ok(None);
    }
    let counts: Vec<(CompanyId, i64)> = records::table
        .filter(records::company_id.eq_any(companies))
        .filter(records::archived_at.is_not_null().eq(page.archived))
        .group_by(records::company_id)
        .select((records::company_id, count_star()))
        .load(&mut tx.connection())
        .await?;
    Ok(Some(counts.into_iter().map(|(company, count)| (company, count.min(MAX_COUNT))).collect()))
}

type Query = records::BoxedQuery<'static, Pg>;

fn filtered(filter: &RecordFilter) -> Query {
    let mut query = living(records::table.into_boxed(), filter.archived);
    if let Some(kind) = filter.type_id {
        query = query.filter(records::type_id.eq(kind));
    }
    if let Some(company) = filter.company_id {
        query = query.filter(records::company_id.eq(company));
    }
    if let Some(stage) = filter.stage_id {
        query = query.filter(records::stage_id.eq(stage));
    }
    if let Some(owner) = filter.owner_id {
        query = query.filter(records::owner_id.eq(owner));
    }
    if let Some(search) = &filter.search {
        query = query.filter(records::name.ilike(contains(search)));
    }
    query
}

fn living(query: Query, archived: bool) -> Query {
    match archived {
        true => query.filter(records::archived_at.is_not_null()),
        false => query.filter(records::archived_at.is_null()),
    }
}

fn in_order(query: Query, order: RecordOrder) -> Query {
    match order {
        RecordOrder::Name => query.order((records::name.asc(), records::id.asc())),
        RecordOrder::Newest => query.order(records::id.desc()),
        RecordOrder::Due => query.order((records::due_on.asc().nulls_last(), records::id.asc())),
    }
}

fn going_on(query: Query, order: RecordOrder, after: RecordKey) -> Query {
    let RecordKey { name, due, id } = after;
    match (order, due) {
        (RecordOrder::Name, _) => {
            query.filter(records::name.gt(name.clone()).or(records::name.eq(name).and(records::id.gt(id))))
        }
        (RecordOrder::Newest, _) => query.filter(records::id.lt(id)),
        (RecordOrder::Due, Some(due)) => query.filter(
            records::due_on
                .gt(due)
                .or(records::due_on.eq(due).and(records::id.gt(id).nullable()))
                .or(records::due_on.is_null().nullable()),
        ),
        (RecordOrder::Due, None) => query.filter(records::due_on.is_null().and(records::id.gt(id))),
    }
}
