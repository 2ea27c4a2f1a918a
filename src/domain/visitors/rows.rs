//! The database's word on who a visitor is, and their given name.

use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use super::Visitor;
use crate::db::ids::{ContactId, PortalSessionId};
use crate::db::prepared::Prepare as _;
use crate::db::schema::portal::portal_sessions as sessions;
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::error::Result;

#[derive(Clone, Debug, QueryableByName)]
pub(super) struct VisitorRow {
    #[diesel(sql_type = sql_types::Uuid)]
    pub session_id: PortalSessionId,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    pub contact_id: Option<ContactId>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub name: Option<String>,
    #[diesel(sql_type = sql_types::Bool)]
    pub verified: bool,
}

impl VisitorRow {
    pub fn named(self) -> Option<Visitor> {
        let Self { session_id, contact_id, name, verified } = self;
        name.map(|name| Visitor { session_id, contact_id, name, verified })
    }
}

pub(super) async fn visitor(tx: &Tx<Portal>) -> Result<Option<VisitorRow>> {
    let visitor =
        diesel::sql_query("select session_id, contact_id, name, verified from visitor()").prepared();
    Ok(visitor.get_result(&mut tx.connection()).await.optional()?)
}

pub(super) async fn keep_name(tx: &Tx<Portal>, name: &str) -> Result<()> {
    // Row-level security leaves the caller's own session.
    diesel::update(sessions::table).set(sessions::given_name.eq(name)).execute(&mut tx.connection()).await?;
    Ok(())
}
