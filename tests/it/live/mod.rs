//! EVT-2 to EVT-5: being told what happens, as it happens.

mod counted;
mod expelled;
mod protocol;
mod slow;
mod told;
mod words;

use serde_json::json;
use vestibule::demo::data::PlantedOrganization;

use crate::support::TestApp;

pub const STAFF: &str =
    "subscription($after: String, $filter: StaffEventFilter) { staffEvents(after: $after, filter: $filter) {
    __typename cursor id companyId recordId } }";
pub const CLIENT: &str = "subscription($after: String) { portalEvents(after: $after) {
    __typename cursor id ... on PortalRecordEvent { recordId change } ... on PortalMilestonesEvent { recordId } } }";

/// Adds a company, and gives its id.
pub async fn adds_company(app: &TestApp, org: &PlantedOrganization, name: &str) -> String {
    let document =
        "mutation($input: CreateCompanyInput!) { staff { createCompany(input: $input) { company { id } } } }";
    let made = app.query(&org.staff_token, document, json!({ "input": { "name": name } })).await;
    made.text("/data/staff/createCompany/company/id")
}

/// The first record that the first company's clients see.
pub async fn record(app: &TestApp, org: &PlantedOrganization) -> String {
    let company = org.companies[0].id;
    app.value(&format!("select id from records where company_id = '{company}' order by id limit 1")).await
}

/// Changes a record as staff do.
pub async fn changes(app: &TestApp, org: &PlantedOrganization, record: &str, change: serde_json::Value) {
    let version: i64 =
        app.value(&format!("select version from records where id = '{record}'")).await.parse().unwrap();
    let mut input = json!({ "id": record, "version": version });
    input.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let document =
        "mutation($input: UpdateRecordInput!) { staff { updateRecord(input: $input) { record { id } } } }";
    app.query(&org.staff_token, document, json!({ "input": input })).await.succeeded();
}
