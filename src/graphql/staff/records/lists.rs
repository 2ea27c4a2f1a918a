//! Finding records in the staff root: one, lists of them, and those of a company.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, Object};

use super::{Record, load};
use crate::db::enums::ApiKeyScope;
use crate::db::ids::{CompanyId, MemberId, RecordId, RecordTypeId, StageId};
use crate::db::paging::{Page, Rows};
use crate::domain::callers::Staff;
use crate::domain::records::{self, CompanyRecords, RecordFilter, RecordKey, RecordOrder};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::Batch;
use crate::graphql::paging::{connection, wants_count};

connection!(RecordConnection, RecordEdge, Record, "records");

/// Which records to list. Absent fields do not narrow.
#[derive(Default, InputObject)]
pub struct RecordFilterInput {
    /// Only those of this type.
    type_id: Option<RecordTypeId>,
    /// Only those of this company.
    company_id: Option<CompanyId>,
    /// Only those at this stage.
    stage_id: Option<StageId>,
    /// Only those that this member is responsible for.
    owner_id: Option<MemberId>,
    /// Only those whose name contains this.
    search: Option<String>,
    /// The archived ones instead of the others.
    archived: Option<bool>,
}

/// Reading records.
#[derive(Default)]
pub struct StaffRecordQueries;

#[Object]
impl StaffRecordQueries {
    /// A record by its id.
    async fn record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The record's id.")] id: RecordId,
    ) -> Option<Result<Record>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's records, a page at a time.
    async fn records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Which ones; all that are not archived if absent.")] filter: Option<
            RecordFilterInput,
        >,
        #[graphql(desc = "The order; by name if absent.")] order_by: Option<RecordOrder>,
    ) -> Result<RecordConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = filter.unwrap_or_default();
        let filter = RecordFilter {
            type_id: filter.type_id,
            company_id: filter.company_id,
            stage_id: filter.stage_id,
            owner_id: filter.owner_id,
            search: filter.search,
            archived: filter.archived.unwrap_or_default(),
            order: order_by.unwrap_or_default(),
        };
        let reading = request(ctx).staff_for(ApiKeyScope::RecordsRead).await?;
        let rows = records::list(&reading.tx, &filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(records::count(&reading.tx, &filter).await.map_err(coded)?),
            false => None,
        };
        Ok(RecordConnection::new(rows, |row| RecordKey::from(row), page.after.is_some(), count))
    }
}

/// Key of a page of one company's records. Companies that are asked for the same page are read
/// together, in as many statements as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordsOf {
    pub company: CompanyId,
    pub page: CompanyRecords,
}

impl Loader<RecordsOf> for Batch<Staff> {
    type Value = (Vec<records::Record>, Option<i64>);
    type Error = Error;

    async fn load(
        &self,
        keys: &[RecordsOf],
    ) -> Result<HashMap<RecordsOf, (Vec<records::Record>, Option<i64>)>, Error> {
        let mut pages: HashMap<&CompanyRecords, Vec<CompanyId>> = HashMap::new();
        for key in keys {
            pages.entry(&key.page).or_default().push(key.company);
        }
        let mut found = HashMap::new();
        for (page, companies) in pages {
            for (company, rows) in records::of_companies(&self.0, &companies, page).await? {
                found.insert(RecordsOf { company, page: page.clone() }, rows);
            }
        }
        Ok(found)
    }
}

/// A page of a company's records.
pub async fn of_company(
    ctx: &Context<'_>,
    company: CompanyId,
    (first, after): (Option<i32>, Option<String>),
    archived: Option<bool>,
    order: Option<RecordOrder>,
) -> Result<RecordConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let asked = CompanyRecords {
        limit: page.limit,
        after: page.after.clone(),
        archived: archived.unwrap_or_default(),
        order: order.unwrap_or_default(),
        counted: wants_count(ctx),
    };
    let key = RecordsOf { company, page: asked };
    let (rows, count) =
        request(ctx).staff_for(ApiKeyScope::RecordsRead).await?.loaders.one(key).await?.unwrap_or_default();
    let rows: Rows<records::Record> = page.cut(rows);
    Ok(RecordConnection::new(rows, |row| RecordKey::from(row), page.after.is_some(), count))
}
