//! What kinds of records an organisation keeps: types, their ordered stages and custom fields
//! (REC-2), and what of each clients see (REC-3). Not here: the records themselves, and how a
//! shared value reaches what clients read; that is the database's, by trigger (REC-4).

pub mod defaults;
