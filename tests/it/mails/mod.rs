//! NOTE-4 and NOTE-5: mails, from the change that queues them to the server that takes them.

mod budgets;
mod fresh_links;
mod letters;
mod scanners;
mod sending;
mod smtp;

use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

pub const SHARE: &str =
    "mutation($input: SharePortalInput!) { staff { sharePortal(input: $input) { url link { id } } } }";

/// Acme's first company: its open portal, and a contact there.
pub struct Shared {
    pub app: TestApp,
    pub portal: String,
    pub contact: String,
    pub email: String,
}

impl Shared {
    pub async fn new() -> Self {
        Self::of(TestApp::world().await).await
    }

    pub async fn of(app: TestApp) -> Self {
        let portal = app.acme().portals[0].id.to_string();
        let of_company = format!(
            "from contacts where company_id = (select company_id from portals where id = '{portal}')"
        );
        let contact = app.value(&format!("select id {of_company} order by id limit 1")).await;
        let email = app.value(&format!("select email from contacts where id = '{contact}'")).await;
        Self { app, portal, contact, email }
    }

    /// Shares the portal with the contact, by mail.
    pub async fn shares(&self) -> Answer {
        let input = json!({ "portalId": self.portal, "contactId": self.contact, "delivery": "EMAIL" });
        self.staff(SHARE, input).await
    }

    pub async fn staff(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }
}
