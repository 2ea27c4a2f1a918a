//! What tests speak with: an application of their own, and a world of two organisations that look
//! alike.

pub mod actors;
pub mod answer;
pub mod app;
#[cfg(feature = "azure")]
pub mod azure_server;
pub mod cluster;
pub mod documents;
pub mod dropbox_server;
pub mod forms;
pub mod island;
pub mod live;
pub mod mails;
pub mod node;
pub mod receiver;
pub mod s3_server;
pub mod sdl;
pub mod server_log;
pub mod smtp;
pub mod sql;
pub mod wire;

pub use answer::Answer;
pub use app::{SEALING_KEYS, TestApp, sealing_keys};
pub use island::Island;
pub use sql::Sql;
