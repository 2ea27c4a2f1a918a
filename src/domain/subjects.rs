//! What staff and partners speak of when they record a measurement or tell of something: a company as a
//! whole, or one of its records. A key that writes need not read either, so a door of the database finds them.

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use super::callers::Staff;
use crate::db::ids::{CompanyId, RecordId};
use crate::db::prepared::Prepare as _;
use crate::db::scope::Tx;
use crate::error::{Error, Result};

/// What something is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Subject {
    /// A company as a whole.
    Company(CompanyId),
    /// One record of a company.
    Record(RecordId),
}

/// Those that the caller may speak of.
pub struct Subjects(Vec<Row>);

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    company_id: CompanyId,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    record_id: Option<RecordId>,
}

/// Looks them up, all at once.
pub async fn find(tx: &Tx<Staff>, subjects: &[Subject]) -> Result<Subjects> {
    let (mut companies, mut records): (Vec<Uuid>, Vec<Uuid>) = (Vec::new(), Vec::new());
    for subject in subjects {
        match subject {
            Subject::Company(id) => companies.push(id.0),
            Subject::Record(id) => records.push(id.0),
        }
    }
    let found = diesel::sql_query("select company_id, record_id from find_subjects($1, $2)")
        .bind::<Array<SqlUuid>, _>(companies)
        .bind::<Array<SqlUuid>, _>(records)
        .prepared();
    Ok(Subjects(found.load(&mut tx.connection()).await?))
}

impl Subjects {
    /// The company and, if there is one, the record; what is not among them is not found.
    pub fn place(&self, subject: Subject) -> Result<(CompanyId, Option<RecordId>)> {
        let same = |row: &&Row| match subject {
            Subject::Company(id) => row.record_id.is_none() && row.company_id == id,
            Subject::Record(id) => row.record_id == Some(id),
        };
        self.0.iter().find(same).map(|row| (row.company_id, row.record_id)).ok_or(match subject {
            Subject::Company(_) => Error::NotFound("company"),
            Subject::Record(_) => Error::NotFound("record"),
        })
    }
}
