//! `team_notices`, for the worker.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::ids::OrgId;
use crate::db::prepared::Prepare as _;
use crate::db::schema::system::team_notices;
use crate::db::scope::Tx;
use crate::error::Result;

/// A notice as its mail needs it.
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct Notice {
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Text)]
    pub about: String,
    #[diesel(sql_type = Text)]
    pub company_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub record_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub sender_name: Option<String>,
    /// The client's own; of an upload, the file's name.
    #[diesel(sql_type = Nullable<Text>)]
    pub words: Option<String>,
}

pub(super) async fn to_send(tx: &Tx<OrgId>, id: Uuid) -> Result<Option<Notice>> {
    const NOTICE: &str = "select email, name, about, company_name, record_name, sender_name, words from team_notice_to_send($1)";
    Ok(diesel::sql_query(NOTICE)
        .bind::<SqlUuid, _>(id)
        .prepared()
        .get_result(&mut tx.connection())
        .await
        .optional()?)
}

/// Forgets those from before a moment.
pub(super) async fn forget(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    let old = team_notices::table.filter(team_notices::created_at.lt(before));
    diesel::delete(old).execute(&mut tx.connection()).await?;
    Ok(())
}
