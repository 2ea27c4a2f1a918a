//! The database functions that queries call.

use diesel::sql_types;

diesel::define_sql_function! {
    /// A transaction-local id: `app.org`, `app.member`, `app.portal`, ….
    fn app_id(name: sql_types::Text) -> sql_types::Nullable<sql_types::Uuid>;
}

diesel::define_sql_function! {
    /// Appends events in commit order; the last statement before COMMIT.
    fn append_events(entries: sql_types::Jsonb);
}

diesel::define_sql_function! {
    /// Whether the organisation that was entered lists an origin; on the street, whether any does.
    fn origin_is_listed(origin: sql_types::Text) -> sql_types::Bool;
}

diesel::define_sql_function! {
    /// Whether the portal that was entered takes files for any record.
    fn app_may_upload() -> sql_types::Bool;
}
