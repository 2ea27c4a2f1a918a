//! Where keys are kept: members', visitors' and programs' in tables of their own, so that none finds another's.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::ids::{ApiKeyId, MemberId, PortalSessionId};
use crate::db::schema::{partner, portal, staff};
use crate::domain::callers::{Actor, Portal, Staff};
use crate::domain::changes::{Author, Write};
use crate::error::{Error, Result};

/// What is known of a key.
#[derive(Debug, Queryable)]
pub(super) struct Known {
    pub operation: String,
    pub input_hash: Vec<u8>,
    /// What the work made; none before it is done.
    pub subject_id: Option<Uuid>,
}

/// Whose keys they are.
#[derive(Clone, Copy, Debug)]
pub enum Owner {
    Member(MemberId),
    Visitor(PortalSessionId),
    /// A partner's, by its API key.
    Program(ApiKeyId),
}

/// A caller who may use keys.
pub trait Holder: Author {
    fn owner(&self) -> Result<Owner>;
}

impl Holder for Staff {
    fn owner(&self) -> Result<Owner> {
        Ok(match &self.actor {
            Actor::Member(member) => Owner::Member(member.id),
            Actor::Key(key) => Owner::Program(key.id),
        })
    }
}

impl Holder for Portal {
    fn owner(&self) -> Result<Owner> {
        self.session_id.map(Owner::Visitor).ok_or(Error::Unauthenticated)
    }
}

/// Works on the table and the column that an owner's keys are found by.
macro_rules! in_table_of {
    ($owner:expr, |$keys:ident, $holder:ident, $id:ident| $work:expr) => {
        match $owner {
            Owner::Member($id) => {
                use staff::idempotency_keys as $keys;
                let $holder = $keys::member_id;
                $work
            }
            Owner::Visitor($id) => {
                use portal::portal_idempotency_keys as $keys;
                let $holder = $keys::session_id;
                $work
            }
            Owner::Program($id) => {
                use partner::partner_idempotency_keys as $keys;
                let $holder = $keys::api_key_id;
                $work
            }
        }
    };
}

/// The tables' retention: whoever claims a key clears the old ones that they may, a member all of the
/// organisation's, so that nobody who left leaves theirs behind.
pub(super) async fn forget_old<S: Holder>(write: &Write<S>, before: DateTime<Utc>) -> Result<()> {
    in_table_of!(write.scope().owner()?, |keys, _holder, _id| {
        let old = keys::table.filter(keys::created_at.lt(before));
        diesel::delete(old).execute(&mut write.connection()).await?;
    });
    Ok(())
}

/// Keeps a key that nobody used yet; false if it is known.
pub(super) async fn keep<S: Holder>(write: &Write<S>, key: &str, new: &Known) -> Result<bool> {
    let kept = in_table_of!(write.scope().owner()?, |keys, holder, id| {
        let row = (
            keys::org_id.eq(write.scope().org()),
            holder.eq(id),
            keys::key.eq(key),
            keys::operation.eq(&new.operation),
            keys::input_hash.eq(&new.input_hash),
        );
        let kept = diesel::insert_into(keys::table).values(row).on_conflict_do_nothing();
        kept.execute(&mut write.connection()).await?
    });
    Ok(kept == 1)
}

pub(super) async fn find<S: Holder>(write: &Write<S>, key: &str) -> Result<Known> {
    Ok(in_table_of!(write.scope().owner()?, |keys, holder, id| {
        let known = keys::table.filter(holder.eq(id)).filter(keys::key.eq(key));
        let known = known.select((keys::operation, keys::input_hash, keys::subject_id));
        known.first(&mut write.connection()).await?
    }))
}

pub(super) async fn settle<S: Holder>(write: &Write<S>, key: &str, subject: Uuid) -> Result<()> {
    in_table_of!(write.scope().owner()?, |keys, holder, id| {
        let ours = keys::table.filter(holder.eq(id)).filter(keys::key.eq(key));
        let settled = diesel::update(ours).set(keys::subject_id.eq(subject));
        settled.execute(&mut write.connection()).await?;
    });
    Ok(())
}
