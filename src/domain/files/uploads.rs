//! How a file arrives (FILE-2): who may send what is asked before the first byte, and again as the file
//! is added, when all of them are there and were checked.

use super::content::{Claim, TAKEN};
use super::names::{NAMELESS, clean_name};
use super::objects::{Folder, ObjectId};
use super::{arrived, rows};
use crate::db::enums::Permission;
use crate::db::ids::{FileId, RecordId};
use crate::db::scope::Tx;
use crate::domain::callers::{Portal, Staff};
use crate::domain::changes::Write;
use crate::domain::{companies, records, visitors};
use crate::error::{Error, Result};

/// Where the file's name stands in the input. `input.name` is the visitor's.
const NAME: &str = "input.fileName";

/// A file that may come.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub id: ObjectId,
    pub record: RecordId,
    /// As it will be kept.
    pub name: String,
    /// What it claims to be; none for staff, whose files may be anything.
    pub claim: Option<Claim>,
    pub folder: Folder,
    /// For staff: whether clients see it at once.
    pub shared: bool,
}

/// What came.
#[derive(Clone, Debug)]
pub struct Received {
    /// By content.
    pub media_type: &'static str,
    /// In bytes.
    pub size: u64,
    pub sha256: [u8; 32],
}

/// Whether a member may bring a file of this name to a record.
pub async fn expect_of_staff(
    tx: &Tx<Staff>,
    file: FileId,
    record: RecordId,
    (name, shared): (&str, bool),
) -> Result<Arrival> {
    tx.scope().require(Permission::RecordsWrite)?;
    let record = records::by_ids(tx, &[record]).await?.pop().ok_or(Error::NotFound("record"))?;
    let company = companies::by_ids(tx, &[record.company_id]).await?.pop();
    let name = clean_name(name).ok_or_else(|| Error::invalid(NAME, NAMELESS))?;
    Ok(Arrival {
        id: ObjectId { org: tx.scope().org_id, file },
        record: record.id,
        name,
        claim: None,
        folder: Folder {
            portal: None,
            company: company.map(|company| company.name).unwrap_or_default(),
            record: record.name,
        },
        shared,
    })
}

/// Whether this visitor may send a file of this name to a record. Without a name of their own they say
/// who they are first.
pub async fn expect_of_client(
    write: &Write<Portal>,
    file: FileId,
    record: RecordId,
    (name, visitor): (&str, Option<&str>),
) -> Result<Arrival> {
    let place = place(write, record).await?;
    let name = clean_name(name).ok_or_else(|| Error::invalid(NAME, NAMELESS))?;
    let claim = Claim::of(&name).ok_or_else(|| Error::invalid(NAME, TAKEN))?;
    visitors::named(write, visitor).await?;
    let portal = write.scope();
    Ok(Arrival {
        id: ObjectId { org: portal.org_id, file },
        record,
        name,
        claim: Some(claim),
        folder: Folder {
            portal: Some(portal.portal_id),
            company: portal.company.name.clone(),
            record: place.name,
        },
        shared: true,
    })
}

/// The record, if files can be sent to it now.
async fn place(write: &Write<Portal>, record: RecordId) -> Result<rows::Place> {
    let place = rows::places(write).await?.into_iter().find(|place| place.id == record);
    let place = place.ok_or(Error::NotFound("record"))?;
    if place.takes_uploads { Ok(place) } else { Err(Error::Forbidden("No files can be sent here.")) }
}

/// Adds what a member brought.
pub async fn add_by_staff(write: &Write, arrival: &Arrival, received: &Received) -> Result<FileId> {
    write.scope().require(Permission::RecordsWrite)?;
    let record = records::by_ids(write, &[arrival.record]).await?.pop().ok_or(Error::NotFound("record"))?;
    rows::insert_by_staff(write, arrival, received).await?;
    let change = arrived(arrival.id.file, (&arrival.name, received.media_type, received.size));
    let change = change.company(record.company_id).record(record.id);
    write.done(if arrival.shared { change.client_visible() } else { change });
    Ok(arrival.id.file)
}

/// Adds what a visitor sent, and tells the record's owner and watchers.
pub async fn add_by_client(write: &Write<Portal>, arrival: &Arrival, received: &Received) -> Result<FileId> {
    // A gate may have been shut while the bytes came.
    place(write, arrival.record).await?;
    let visitor = visitors::named(write, None).await?;
    rows::insert_by_client(write, arrival, received, &visitor).await?;
    rows::tell_team(write, arrival.id.file).await?;
    let change = arrived(arrival.id.file, (&arrival.name, received.media_type, received.size));
    write.done(change.record(arrival.record).client_visible());
    Ok(arrival.id.file)
}
