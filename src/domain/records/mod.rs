//! Records: the things of a type that belong to a company (REC-1), projects among them (REC-8).
//! Not here: what kinds there are ([`super::record_types`]), and what clients read
//! ([`super::shared_records`]).
//!
//! Whoever writes a record holds its type first, then the record: what a type shares cannot
//! change in between. A record's own version is checked under that lock.

pub mod custom;
pub mod milestones;

mod create;
mod rows;
mod update;

pub use create::{RecordDraft, create};
pub use rows::Record;
pub use rows::lists::{CompanyRecords, RecordFilter, RecordKey, RecordOrder};
pub use update::{RecordEdit, archive, move_to, set_watchers, update};

use std::collections::HashMap;

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::members::{self, Member};
use super::record_types::{self, RecordType};
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::{CompanyId, MemberId, RecordId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// The records of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[RecordId]) -> Result<Vec<Record>> {
    rows::by_ids(tx, ids).await
}

/// A page of records.
pub async fn list(tx: &Tx<Staff>, filter: &RecordFilter, page: &Page<RecordKey>) -> Result<Rows<Record>> {
    Ok(page.cut(rows::lists::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &RecordFilter) -> Result<i64> {
    rows::lists::count(tx, filter).await
}

/// The asked page of each company's records, one row longer where more follow, and how many each
/// has if that was asked. As many statements for a hundred companies as for one.
pub async fn of_companies(
    tx: &Tx<Staff>,
    companies: &[CompanyId],
    page: &CompanyRecords,
) -> Result<HashMap<CompanyId, (Vec<Record>, Option<i64>)>> {
    let (pages, counts) = futures::try_join!(
        rows::lists::ids_of_companies(tx, companies, page),
        rows::lists::count_of_companies(tx, companies, page),
    )?;
    let ids: Vec<RecordId> = pages.iter().flat_map(|(_, ids)| ids).copied().collect();
    let mut found: HashMap<RecordId, Record> =
        rows::by_ids(tx, &ids).await?.into_iter().map(|record| (record.id, record)).collect();
    Ok(pages
        .into_iter()
        .map(|(company, ids)| {
            let rows = ids.iter().filter_map(|id| found.remove(id)).collect();
            let count = counts.as_ref().map(|counts| counts.get(&company).copied().unwrap_or(0));
            (company, (rows, count))
        })
        .collect())
}

/// Who watches each of these records, by name.
pub async fn watchers(tx: &Tx<Staff>, ids: &[RecordId]) -> Result<Vec<(RecordId, Member)>> {
    let pairs = rows::watchers(tx, ids).await?;
    let watchers: Vec<MemberId> = pairs.iter().map(|(_, member)| *member).collect();
    let members = members::by_ids(tx, &watchers).await?;
    let members: HashMap<MemberId, Member> = members.into_iter().map(|member| (member.id, member)).collect();
    let mut watching: Vec<(RecordId, Member)> = pairs
        .into_iter()
        .filter_map(|(record, member)| Some((record, members.get(&member)?.clone())))
        .collect();
    watching.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
    Ok(watching)
}

/// A record and its type, held until the transaction ends: the type with others, the record alone.
async fn hold(write: &Write, id: RecordId) -> Result<(RecordType, Record)> {
    let kind = required(write, id).await?.type_id;
    let kind = record_types::hold(write, kind).await?;
    let record = rows::lock(write, id).await?.ok_or(Error::NotFound("record"))?;
    Ok((kind, record))
}

/// [`hold`], for who may write records and has read the record at `version` (API-8).
async fn lock(write: &Write, id: RecordId, version: i32) -> Result<(RecordType, Record)> {
    write.scope().require(Permission::RecordsWrite)?;
    let (kind, record) = hold(write, id).await?;
    if record.version == version { Ok((kind, record)) } else { Err(missed_update(true, "record")) }
}

async fn required(tx: &Tx<Staff>, id: RecordId) -> Result<Record> {
    rows::by_ids(tx, &[id]).await?.pop().ok_or(Error::NotFound("record"))
}

/// A member who is still there, to be named at `path`.
async fn check_member(tx: &Tx<Staff>, checks: &mut Checks, path: &str, member: MemberId) -> Result<MemberId> {
    check_members(tx, checks, path, &[member]).await?;
    Ok(member)
}

/// Members who are still there, each named once at `path`.
async fn check_members(tx: &Tx<Staff>, checks: &mut Checks, path: &str, asked: &[MemberId]) -> Result<()> {
    let found = members::by_ids(tx, asked).await?;
    if found.iter().filter(|member| member.ended_at.is_none()).count() < asked.len() {
        checks.problem(path, "This names nobody, or somebody who has left.");
    }
    Ok(())
}

/// Percentage set by hand, for projects only.
fn check_percent(checks: &mut Checks, kind: &RecordType, percent: i32) -> i16 {
    if !kind.is_project() {
        checks.problem("percentSet", "Only a project has a percentage.");
    }
    if !(0..=100).contains(&percent) {
        checks.problem("percentSet", "A percentage is 0 to 100.");
    }
    i16::try_from(percent).unwrap_or_default()
}

fn change(kind: &'static str, record: &Record) -> Change {
    Change::new(kind, record.id).company(record.company_id).record(record.id)
}
