//! Suppressed addresses (NOTE-2): those that mail came back from for good, or whose readers called it
//! spam. Notifications of the organisation no longer go there, until staff lift it. Not here: the forms
//! that reports come in; those are `http::mail_reports`'.

mod rows;

pub use rows::Suppression;

use uuid::Uuid;

use super::callers::Staff;
use super::changes::{Change, Write};
use crate::clock::Clock;
use crate::db::enums::{Permission, SuppressionReason};
use crate::db::ids::SuppressionId;
use crate::db::paging::{Page, Rows};
use crate::db::pool::Pools;
use crate::db::scope::{Access, Door, Tx};
use crate::domain::changes;
use crate::error::{Error, Result};

/// What another mail server says of a mail of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The row of the queue, from the mail's `Message-ID`.
    pub mail: Uuid,
    /// Lower-cased.
    pub email: String,
    pub reason: SuppressionReason,
    /// At most 500 characters.
    pub detail: Option<String>,
}

impl Report {
    /// A report; none if `message_id` is not of the form that our mails have.
    pub fn new(
        message_id: &str,
        recipient: &str,
        reason: SuppressionReason,
        detail: Option<&str>,
    ) -> Option<Self> {
        let (id, _) = message_id.trim().trim_matches(['<', '>']).split_once('@')?;
        let detail = detail.map(|text| {
            text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(500).collect::<String>()
        });
        Some(Self {
            mail: Uuid::try_parse(id).ok()?,
            email: recipient.trim().to_lowercase(),
            reason,
            detail: detail.filter(|text| !text.is_empty()),
        })
    }
}

/// A page of suppressed addresses for staff, the newest first.
pub async fn list(tx: &Tx<Staff>, page: &Page<SuppressionId>) -> Result<Rows<Suppression>> {
    Ok(page.cut(rows::list(tx, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>) -> Result<i64> {
    rows::count(tx).await
}

/// Lets notifications go to an address again.
pub async fn lift(write: &Write, id: SuppressionId) -> Result<()> {
    write.scope().require(Permission::ClientsInvite)?;
    if rows::delete(write, id).await? == 0 {
        return Err(Error::NotFound("suppression"));
    }
    write.done(Change::new("suppression.lifted", id));
    Ok(())
}

/// Takes a report of another mail server about a mail of ours. One that is about no mail of ours, or about
/// an address that the mail did not go to, changes nothing: reports are mails, and anybody can write those.
pub async fn take(pools: &Pools, clock: &Clock, report: &Report) -> Result<()> {
    let Some(org) = rows::organization_of(pools, report.mail).await? else { return Ok(()) };
    let entered = pools.enter(Door::Organization(org), Access::Write, rows::entered).await?;
    let Some(tx) = entered else { return Ok(()) };
    let id = SuppressionId(clock.id());
    let is_new =
        rows::went_to(&tx, report.mail, &report.email).await? && rows::insert(&tx, id, report).await?;
    if is_new {
        let change = Change::new("suppression.added", id);
        changes::announce(&tx, clock, &[(change, clock.now())]).await?;
    }
    tx.commit().await
}
