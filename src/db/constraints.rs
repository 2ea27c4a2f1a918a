//! From a violated unique constraint to the input field that holds the duplicate.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Error;

/// A unique constraint or index, and what its violation means to a caller.
pub struct Unique {
    /// Its name in the schema.
    pub constraint: &'static str,
    /// Path of the input field that holds the duplicate.
    pub path: &'static str,
    /// A sentence the person who typed it can act on.
    pub message: &'static str,
}

/// Turns a violation of one of the known constraints into VALIDATION; every other error goes the
/// usual way. The transaction is lost either way: give it up.
pub fn duplicate(known: &'static [Unique]) -> impl Fn(DieselError) -> Error {
    move |error| {
        let violated = match &error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                known.iter().find(|unique| info.constraint_name() == Some(unique.constraint))
            }
            _ => None,
        };
        violated.map_or_else(|| error.into(), |unique| Error::invalid(unique.path, unique.message))
    }
}
