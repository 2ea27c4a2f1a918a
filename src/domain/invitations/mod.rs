//! Invitations of contacts to a portal account (INV): what staff do, and the letter. Accepting one is not
//! here.

pub(in crate::domain) mod access_codes;
pub mod letters;
mod manage;
mod rows;

pub use manage::{
    Invited, MOST_AT_ONCE, Terms, addresses, by_ids, contact_of, invite, invite_many, newest_of, records_of,
    resend, revoke, take_back_from,
};
pub use rows::Invitation;
