//! The world with something to hide in every corner, and the ways into it.

use vestibule::demo::data::PlantedOrganization;

use crate::support::{Sql, TestApp};

/// Our tables, and whether rows of both organisations are in each.
const TABLES: &str = "select relname::text from pg_class where relnamespace = 'public'::regnamespace
    and relkind = 'r' and relname not like '\\_\\_diesel%' order by relname";

/// What stands above organisations; only door functions reach it.
pub const ABOVE: [&str; 2] = ["people", "visitor_sessions"];

/// A world where every table has rows of both organisations.
pub async fn crowd() -> TestApp {
    crowd_with([]).await
}

/// The same, with settings of the test's own.
pub async fn crowd_with<const N: usize>(settings: [(&str, &str); N]) -> TestApp {
    let app = TestApp::world_with(settings).await;
    app.arrange(include_str!("crowd.sql")).await;
    let admin = app.sql("postgres").await;
    for table in tables(&admin).await.iter().filter(|table| !ABOVE.contains(&table.as_str())) {
        let organizations = admin.value(&format!("select count(distinct org_id) from {table}")).await;
        // If this failed, you probably added a table: plant a row of it in crowd.sql, or nothing here
        // proves that it is isolated.
        assert_eq!(organizations, "2", "{table} has no rows of both organisations to keep apart");
    }
    app
}

/// The names of our tables.
pub async fn tables(admin: &Sql) -> Vec<String> {
    admin.column(TABLES).await
}

/// The token of a portal session of the organisation's first company that lives.
pub fn live_session(organization: &PlantedOrganization) -> String {
    format!("vp_live{}", organization.id)
}

/// The token of a portal session that has been ended.
pub fn ended_session(organization: &PlantedOrganization) -> String {
    format!("vp_ended{}", organization.id)
}

/// The token of a link whose door asks for an access code.
pub fn coded_link(organization: &PlantedOrganization) -> String {
    format!("coded{}", organization.id)
}

/// The token of a live preview of the first company's portal.
pub fn preview(organization: &PlantedOrganization) -> String {
    format!("vw_live{}", organization.id)
}

/// The token of a staff session that has been ended.
pub fn ended_staff(organization: &PlantedOrganization) -> String {
    format!("vs_ended{}", organization.id)
}

/// The token of a staff session that a CLIENT member should not have and has.
pub fn client_member(organization: &PlantedOrganization) -> String {
    format!("vs_client{}", organization.id)
}

/// The token of a visitor who proved the address of that member.
pub fn visitor(organization: &PlantedOrganization) -> String {
    format!("va_live{}", organization.id)
}

/// An API key: `all`, `events` of the first company, or `revoked`.
pub fn api_key(organization: &PlantedOrganization, which: &str) -> String {
    format!("vk_{which}{}", organization.id)
}

/// The token of a calendar subscription made in that live session.
pub fn calendar(organization: &PlantedOrganization) -> String {
    format!("vc_live{}", organization.id)
}

/// The token of the link to a single record of the first company.
pub fn record_link(organization: &PlantedOrganization) -> &str {
    &organization.portals.iter().find(|portal| portal.scope == "RECORD").unwrap().token
}

/// Enters a scope as the service does, on a connection of a login; ends what was open before.
pub async fn enter(session: &Sql, door: &str, token: &str) {
    let hash = hex::encode(vestibule::domain::callers::hash_token(token));
    session.rows(&format!("rollback; begin; select {door}('\\x{hash}')")).await;
}
