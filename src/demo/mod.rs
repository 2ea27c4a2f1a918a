//! A newcomer's whole installation in one folder: private Postgres and Redis from the machine's own
//! binaries, two organisations that look alike, and the service. Not here: anything that `serve`
//! needs; a real installation brings its own servers.

pub mod data;
pub mod servers;
