//! INV-4: what staff mail and what visitors ask for are counted apart.

use chrono::TimeDelta;
use serde_json::json;

use super::Shared;
use crate::support::TestApp;

const ASK: &str =
    "mutation($input: RequestSignInLinkInput!) { access { requestSignInLink(input: $input) { ask } } }";

/// How many mails of a kind were sent.
async fn sent(shared: &Shared, kind: &str) -> String {
    shared.app.mails().await;
    shared.app.value(&format!("select count(*) from outbox where kind = '{kind}' and state = 'SENT'")).await
}

/// INV-4
#[tokio::test]
async fn what_visitors_ask_for_takes_no_place_of_staffs_and_has_an_end_of_its_own() {
    let free = [("RATE_SIGN_INS_PER_EMAIL", "100"), ("RATE_SIGN_INS_PER_ADDRESS", "100")];
    let shared = Shared::of(TestApp::world_with(free).await).await;
    let asks = async || {
        let input = json!({ "input": { "email": shared.email } });
        shared.app.query("", ASK, input).await.succeeded();
    };
    shared.shares().await.succeeded();
    asks().await;
    assert_eq!(sent(&shared, "mail.portal_link").await, "1");
    assert_eq!(sent(&shared, "mail.sign_in_link").await, "1", "within the minute after staff's");
    for number in ["2", "3", "4", "5", "5", "5"] {
        shared.app.app.clock.advance(TimeDelta::minutes(2));
        asks().await;
        assert_eq!(sent(&shared, "mail.sign_in_link").await, number);
    }
    shared.shares().await.succeeded();
    assert_eq!(sent(&shared, "mail.portal_link").await, "2", "visitors have not used staff's budget up");
}
