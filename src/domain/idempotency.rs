//! Mutations that must not happen twice (API-8): the same key and input within 24 hours give what
//! the first call made. The claim is a row of the mutation's own transaction, so of two calls at
//! once the second waits for the first.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::changes::Write;
use crate::db::ids::MemberId;
use crate::db::schema::staff::idempotency_keys as keys;
use crate::error::{Error, Result};

/// How long a key is remembered.
const MEMORY: TimeDelta = TimeDelta::hours(24);

/// What a key turned out to be.
#[derive(Debug)]
pub enum Claim {
    /// Nobody used it yet, or none was given: do the work, then [`Fresh::settle`].
    Fresh(Fresh),
    /// The work was done before and made this.
    Repeated(Uuid),
}

/// A key that is ours until the transaction ends.
#[derive(Debug)]
pub struct Fresh(Option<String>);

#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
struct Known {
    operation: String,
    input_hash: Vec<u8>,
    subject_id: Option<Uuid>,
}

/// Claims `key` for `operation` on `input`. Without a key every call is fresh.
pub async fn claim(
    write: &Write,
    key: Option<&str>,
    operation: &'static str,
    input: &impl Serialize,
) -> Result<Claim> {
    let Some(key) = key else { return Ok(Claim::Fresh(Fresh(None))) };
    if key.is_empty() || key.chars().count() > 200 || key.contains('\0') {
        return Err(Error::invalid("input.idempotencyKey", "A key has 1 to 200 characters."));
    }
    let hash = Sha256::digest(serde_json::to_vec(input).map_err(Error::internal)?).to_vec();
    let member = write.scope().member()?.id;
    forget_old(write, write.at() - MEMORY).await?;
    let new = (
        keys::org_id.eq(write.scope().org_id),
        keys::member_id.eq(member),
        keys::key.eq(key),
        keys::operation.eq(operation),
        keys::input_hash.eq(&hash),
    );
    let claimed = diesel::insert_into(keys::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(&mut write.connection())
        .await?;
    if claimed == 1 {
        return Ok(Claim::Fresh(Fresh(Some(key.to_owned()))));
    }
    let known = find(write, member, key).await?;
    match known.subject_id {
        Some(subject) if known.operation == operation && known.input_hash == hash => {
            Ok(Claim::Repeated(subject))
        }
        _ => Err(Error::Conflict(
            "This idempotency key was used for something else in the last 24 hours.".into(),
        )),
    }
}

impl Fresh {
    /// Remembers what the work made.
    pub async fn settle(self, write: &Write, subject: impl Into<Uuid>) -> Result<()> {
        let Some(key) = self.0 else { return Ok(()) };
        let member = write.scope().member()?.id;
        diesel::update(keys::table.filter(keys::member_id.eq(member)).filter(keys::key.eq(key)))
            .set(keys::subject_id.eq(subject.into()))
            .execute(&mut write.connection())
            .await?;
        Ok(())
    }
}

async fn find(write: &Write, member: MemberId, key: &str) -> Result<Known> {
    Ok(keys::table
        .filter(keys::member_id.eq(member))
        .filter(keys::key.eq(key))
        .select(Known::as_select())
        .first(&mut write.connection())
        .await?)
}

/// This table's retention: whoever claims a key clears the organisation's old ones.
async fn forget_old(write: &Write, before: DateTime<Utc>) -> Result<()> {
    diesel::delete(keys::table.filter(keys::created_at.lt(before))).execute(&mut write.connection()).await?;
    Ok(())
}
