//! What stands outside: leaves, called by edges and the worker, never inside a transaction.

pub mod mail;
pub mod openid;
pub mod outbound;
pub mod redis;
pub mod storage;
