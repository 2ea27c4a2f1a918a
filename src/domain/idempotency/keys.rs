//! Where keys are kept: members' and visitors' in tables of their own, so that neither finds the other's.

use std::future::Future;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::schema::{portal, staff};
use crate::domain::callers::{Portal, Staff};
use crate::domain::changes::{Author, Write};
use crate::error::{Error, Result};

/// What is known of a key.
#[derive(Debug, Queryable)]
pub struct Known {
    pub operation: String,
    pub input_hash: Vec<u8>,
    /// What the work made; none before it is done.
    pub subject_id: Option<Uuid>,
}

/// A caller who may use keys.
pub trait Holder: Author {
    /// The table's retention: whoever claims a key clears the old ones.
    fn forget_old(write: &Write<Self>, before: DateTime<Utc>) -> impl Future<Output = Result<()>> + Send;

    /// Keeps a key that nobody used yet; false if it is known.
    fn keep(write: &Write<Self>, key: &str, new: &Known) -> impl Future<Output = Result<bool>> + Send;

    fn find(write: &Write<Self>, key: &str) -> impl Future<Output = Result<Known>> + Send;

    fn settle(write: &Write<Self>, key: &str, subject: Uuid) -> impl Future<Output = Result<()>> + Send;
}

macro_rules! holders {
    ($($scope:ident keeps in $keys:path, by $column:ident = $who:expr;)*) => {$(
        impl Holder for $scope {
            async fn forget_old(write: &Write<Self>, before: DateTime<Utc>) -> Result<()> {
                use $keys as keys;
                let old = keys::table.filter(keys::created_at.lt(before));
                diesel::delete(old).execute(&mut write.connection()).await?;
                Ok(())
            }

            async fn keep(write: &Write<Self>, key: &str, new: &Known) -> Result<bool> {
                use $keys as keys;
                let row = (
                    keys::org_id.eq(write.scope().org_id),
                    keys::$column.eq($who(write.scope())?),
                    keys::key.eq(key),
                    keys::operation.eq(&new.operation),
                    keys::input_hash.eq(&new.input_hash),
                );
                let kept = diesel::insert_into(keys::table).values(row).on_conflict_do_nothing();
                Ok(kept.execute(&mut write.connection()).await? == 1)
            }

            async fn find(write: &Write<Self>, key: &str) -> Result<Known> {
                use $keys as keys;
                Ok(keys::table
                    .filter(keys::$column.eq($who(write.scope())?))
                    .filter(keys::key.eq(key))
                    .select((keys::operation, keys::input_hash, keys::subject_id))
                    .first(&mut write.connection())
                    .await?)
            }

            async fn settle(write: &Write<Self>, key: &str, subject: Uuid) -> Result<()> {
                use $keys as keys;
                let ours = keys::table.filter(keys::$column.eq($who(write.scope())?)).filter(keys::key.eq(key));
                let settled = diesel::update(ours).set(keys::subject_id.eq(subject));
                settled.execute(&mut write.connection()).await?;
                Ok(())
            }
        }
    )*};
}

holders! {
    Staff keeps in staff::idempotency_keys, by member_id = |staff: &Staff| staff.member().map(|member| member.id);
    Portal keeps in portal::portal_idempotency_keys, by session_id = |portal: &Portal| {
        portal.session_id.ok_or(Error::Unauthenticated)
    };
}
