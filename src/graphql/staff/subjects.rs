//! What staff and partners speak of, as an input.

use async_graphql::OneofObject;

use crate::db::ids::{CompanyId, RecordId};
use crate::domain::subjects::Subject;

/// What something is about: exactly one of these.
#[derive(OneofObject)]
pub enum SubjectInput {
    /// A company as a whole: what is told of it shows in portals of the company, not in those of one record.
    CompanyId(CompanyId),
    /// One record: what is told of it shows wherever the record does.
    RecordId(RecordId),
}

impl From<SubjectInput> for Subject {
    fn from(input: SubjectInput) -> Self {
        match input {
            SubjectInput::CompanyId(id) => Self::Company(id),
            SubjectInput::RecordId(id) => Self::Record(id),
        }
    }
}
