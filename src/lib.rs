//! Vestibule: a self-hosted, multi-tenant client portal.
//!
//! ```text
//! bytes - http - graphql - domain - db - Postgres
//!          |- page -|         |- events rows - worker
//! ```
//! A module may use what stands to its right, never what stands to its left.

// Whether the roots may cross threads is asked of every feature merged into them, one within another.
#![recursion_limit = "256"]

pub mod adapters;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod demo;
pub mod domain;
pub mod error;
pub mod graphql;
pub mod http;
pub mod letters;
pub mod limits;
pub mod live;
pub mod metrics;
pub mod page;
pub mod sealing;
pub mod usage;
pub mod worker;
