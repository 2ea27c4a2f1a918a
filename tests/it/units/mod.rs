//! What one function promises by itself, without a database. Not beside the function: the crate would be
//! compiled once more for that.

mod files;
mod graphql;
mod http;
mod mail_reports;
mod mails;
mod page;
mod pictures;
mod portals;
mod shown;
mod sign_ins;
mod webhooks;
