//! What stands outside: leaves, called by edges and the worker, never inside a transaction.

pub mod redis;
