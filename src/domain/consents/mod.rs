//! Consents (NOTE-1): which addresses are mailed about what a portal shows, and on which topics. A
//! visitor asks from within the portal, the reader of the address confirms by a mailed link; either can
//! change it and stop it. Staff look on. Not here: what there is to be told ([`super::notifications`]).

pub mod by_mail;
pub mod letters;
mod rows;
mod tokens;

pub use by_mail::MailConsent;
pub use rows::{Consent, ConsentFilter, OwnConsent};
pub use tokens::mail_token;

use chrono::{DateTime, Utc};

use super::callers::{Portal, Staff};
use super::changes::{Change, Write};
use super::validation::Checks;
use crate::db::enums::{Language, NotificationTopic};
use crate::db::ids::{ConsentId, OrgId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// What a visitor asks to be mailed about. Unchecked.
#[derive(Clone, Debug)]
pub struct Wish {
    pub email: String,
    pub topics: Vec<NotificationTopic>,
    /// What the visitor reads.
    pub language: Language,
}

/// The topics that can come up in the portal; none where notifications are off.
pub async fn topics(tx: &Tx<Portal>) -> Result<Vec<NotificationTopic>> {
    rows::topics(tx).await
}

/// Asks an address whether it wants to be mailed (NOTE-1): whatever it already gets, the visitor learns
/// nothing of it.
pub async fn request(write: &Write<Portal>, wish: Wish) -> Result<()> {
    let offered = rows::topics(write).await?;
    let mut checks = Checks::new();
    let email = checks.email("email", &wish.email);
    let topics = check_topics(&mut checks, wish.topics, &offered);
    checks.finish()?;
    let asked = rows::request(write, (email, &topics, wish.language)).await?;
    let id = asked.ok_or(Error::Forbidden("This portal sends no notifications."))?;
    write.done(Change::new("consent.requested", id));
    Ok(())
}

/// What the visitor asked for in this session and has been confirmed since.
pub async fn own(tx: &Tx<Portal>) -> Result<Vec<OwnConsent>> {
    rows::own(tx).await
}

/// Changes the topics of the visitor's own.
pub async fn change(write: &Write<Portal>, id: ConsentId, topics: Vec<NotificationTopic>) -> Result<()> {
    let mut checks = Checks::new();
    let topics = check_topics(&mut checks, topics, NotificationTopic::ALL);
    checks.finish()?;
    done(write, id, rows::change(write, id, &topics).await?, "consent.changed")
}

/// Stops the mail of the visitor's own.
pub async fn withdraw(write: &Write<Portal>, id: ConsentId) -> Result<()> {
    done(write, id, rows::withdraw(write, id).await?, "consent.withdrawn")
}

fn done(write: &Write<Portal>, id: ConsentId, rows: usize, kind: &'static str) -> Result<()> {
    if rows == 0 {
        return Err(Error::NotFound("consent"));
    }
    write.done(Change::new(kind, id));
    Ok(())
}

/// At least one, each once, and of those that are offered.
fn check_topics(
    checks: &mut Checks,
    topics: Vec<NotificationTopic>,
    offered: &[NotificationTopic],
) -> Vec<NotificationTopic> {
    let wanted: Vec<_> =
        NotificationTopic::ALL.iter().copied().filter(|topic| topics.contains(topic)).collect();
    if wanted.is_empty() {
        checks.problem("topics", "Choose at least one topic.");
    }
    if !offered.is_empty() && !wanted.iter().all(|topic| offered.contains(topic)) {
        checks.problem("topics", "This portal has nothing on one of these topics.");
    }
    wanted
}

/// A page of consents for staff, the newest first.
pub async fn list(tx: &Tx<Staff>, filter: &ConsentFilter, page: &Page<ConsentId>) -> Result<Rows<Consent>> {
    Ok(page.cut(rows::list(tx, filter, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`].
pub async fn count(tx: &Tx<Staff>, filter: &ConsentFilter) -> Result<i64> {
    rows::count(tx, filter).await
}

/// Forgets what was asked for before a moment and never confirmed.
pub async fn forget_unconfirmed(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    rows::forget_unconfirmed(tx, before).await
}
