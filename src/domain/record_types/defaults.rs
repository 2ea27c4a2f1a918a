//! The built-in record type that an organisation starts with (REC-2).
