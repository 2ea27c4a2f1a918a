//! Giving feedback, as a portal's visitor (MSG-3). The database makes the task and finds its inbox:
//! clients' login may not even look at tasks.

use serde::Serialize;

use super::rows;
use crate::db::ids::{RecordId, TaskId};
use crate::domain::callers::Portal;
use crate::domain::changes::{Change, Write};
use crate::domain::idempotency::{self, Claim};
use crate::domain::validation::Checks;
use crate::domain::visitors;
use crate::error::{Error, Result};

/// What the visitor has to say. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct Feedback {
    /// None is the company as a whole; in a portal of one record that record.
    pub record_id: Option<RecordId>,
    pub body: String,
    /// How the visitor calls themselves, if nobody knows yet.
    pub name: Option<String>,
}

/// Gives it, once for each idempotency key.
pub async fn give(write: &Write<Portal>, feedback: Feedback, key: Option<&str>) -> Result<()> {
    let fresh = match idempotency::claim(write, key, "feedback.give", &feedback).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(_) => return Ok(()),
    };
    let record = feedback.record_id.or(write.scope().record_id);
    if !rows::takes_feedback(write, record).await? {
        return Err(Error::NotFound("record"));
    }
    let mut checks = Checks::new();
    let body = checks.text("body", &feedback.body, 10_000);
    checks.finish()?;
    visitors::named(write, feedback.name.as_deref()).await?;
    let id: TaskId = write.id();
    rows::give(write, (id, record), &body).await?;
    fresh.settle(write, id).await?;
    let change = Change::new("feedback.given", id);
    write.done(match record {
        Some(record) => change.record(record),
        None => change,
    });
    Ok(())
}
