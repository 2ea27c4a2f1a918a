//! The integration tests: one binary, real Postgres, real Redis, one database a test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod audit;
mod browser;
mod catalogue;
mod codes;
mod companies;
mod contacts;
mod cors;
mod demo;
mod descriptions;
mod door_page;
mod exposure;
mod generated;
mod health;
mod home;
mod isolation;
mod limits;
mod members;
mod migrations;
mod organizations;
mod page;
mod plans;
mod policy;
mod portal_records;
mod portals;
mod previews;
mod projects;
mod record_types;
mod records;
mod resilience;
mod sharing;
mod sharing_links;
mod statements;
mod support;
mod transport;
mod usage;
