//! Mails as staff see them: what waits, what was sent, what was given up and why; and trying again.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::kinds::MailKind;
use crate::db::enums::MailState;
use crate::db::ids::MailId;
use crate::db::paging::{MAX_COUNT, Page, Rows};
use crate::db::schema::staff::{mail_attempts, outbox};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write};
use crate::error::{Error, Result};

/// A mail on its way, or at its end.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outbox)]
pub struct Mail {
    pub id: MailId,
    kind: String,
    pub subject_id: Option<Uuid>,
    pub state: MailState,
    pub attempts: i32,
    pub due_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Mail {
    /// None for a kind of another release.
    pub fn kind(&self) -> Option<MailKind> {
        MailKind::of(&self.kind)
    }
}

/// A try that did not succeed.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = mail_attempts)]
pub struct MailFailure {
    pub mail_id: MailId,
    pub attempted_at: DateTime<Utc>,
    pub failure: String,
}

/// Which mails to list; an absent part does not narrow.
#[derive(Clone, Copy, Debug, Default)]
pub struct MailFilter {
    pub state: Option<MailState>,
    pub kind: Option<MailKind>,
}

fn filtered(filter: &MailFilter) -> outbox::BoxedQuery<'static, Pg> {
    let mut query = outbox::table.into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(outbox::state.eq(state));
    }
    match filter.kind {
        Some(kind) => query.filter(outbox::kind.eq(kind.as_str())),
        None => query.filter(outbox::kind.like("mail.%")),
    }
}

/// A page of mails, the newest first. For those who may read of everything that leaves: OWNER and ADMIN.
pub async fn list(tx: &Tx<Staff>, filter: &MailFilter, page: &Page<MailId>) -> Result<Rows<Mail>> {
    tx.scope().require_admin()?;
    let mut query = filtered(filter).order(outbox::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(outbox::id.lt(after));
    }
    Ok(page.cut(query.select(Mail::as_select()).load(&mut tx.connection()).await?))
}

/// How many there are, counted up to [`MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &MailFilter) -> Result<i64> {
    tx.scope().require_admin()?;
    let ids: Vec<MailId> =
        filtered(filter).select(outbox::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

/// The mails of these ids that are still kept, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[MailId]) -> Result<Vec<Mail>> {
    Ok(outbox::table
        .filter(outbox::id.eq_any(ids))
        .select(Mail::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// The failed tries of mails, in order.
pub async fn failures(tx: &Tx<Staff>, ids: &[MailId]) -> Result<Vec<MailFailure>> {
    Ok(mail_attempts::table
        .filter(mail_attempts::mail_id.eq_any(ids))
        .order((mail_attempts::mail_id, mail_attempts::id))
        .select(MailFailure::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// Tries a mail again that was given up, from the first attempt on.
pub async fn retry(write: &Write, id: MailId) -> Result<()> {
    write.scope().require_admin()?;
    let parked = outbox::table.filter(outbox::id.eq(id)).filter(outbox::state.eq(MailState::Parked));
    let tried = diesel::update(parked)
        .set((
            outbox::state.eq(MailState::Waiting),
            outbox::ended_at.eq(None::<DateTime<Utc>>),
            outbox::due_at.eq(write.at()),
        ))
        .execute(&mut write.connection())
        .await?;
    match (tried, by_ids(write, &[id]).await?.is_empty()) {
        (0, true) => Err(Error::NotFound("mail")),
        (0, false) => Err(Error::Conflict("Only a mail that was given up can be tried again.".into())),
        _ => {
            write.done(Change::new("mail.retried", id));
            Ok(())
        }
    }
}
