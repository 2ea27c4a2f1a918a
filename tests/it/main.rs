//! The integration tests: one binary, real Postgres, real Redis, one database a test.

mod catalogue;
mod companies;
mod home;
mod portal_records;
mod support;
