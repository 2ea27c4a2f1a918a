//! ORG-2: who sets an organisation's sign-in provider, and what is kept of it.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use serde_json::{Value, json};

use super::{SET, START, set, world};
use crate::support::{TestApp, wire};

const READ: &str = "{ staff { signInProvider { issuer clientId redirectUrl version } } }";
const REMOVE: &str = "mutation($input: RemoveSignInProviderInput!) { staff { removeSignInProvider(input: $input) { removed } } }";

/// What describes itself as a provider, and is none.
async fn description() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let description = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/auth"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    let described = description.to_string();
    let router = Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(async move || ([(CONTENT_TYPE, "application/json")], described)),
        )
        .route("/jwks", get(async || ([(CONTENT_TYPE, "application/json")], r#"{"keys":[]}"#)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    issuer
}

/// ORG-2, ORG-3
#[tokio::test]
async fn an_administrator_sets_the_provider_and_a_member_does_not() {
    let app = world().await;
    let issuer = description().await;
    let admin = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    let member = app.colleague_of(app.acme(), "MEMBER", &["SETTINGS_MANAGE"]).await;
    assert_eq!(set(&app, &member.token, None, &issuer).await.code(), "FORBIDDEN");
    let made = set(&app, &admin.token, None, &issuer).await.succeeded();
    assert_eq!(made.text("/data/staff/setSignInProvider/provider/configuredBy/id"), admin.id.to_string());
    assert_eq!(app.query(&member.token, READ, json!({})).await.code(), "FORBIDDEN");
    let read = app.query(&admin.token, READ, json!({})).await.succeeded();
    assert_eq!(read.text("/data/staff/signInProvider/issuer"), issuer);
    let theirs = app.query(&app.rival().staff_token, READ, json!({})).await.succeeded();
    assert_eq!(theirs.at("/data/staff/signInProvider"), Value::Null);
    let remove = json!({ "input": { "version": 1 } });
    assert_eq!(app.query(&member.token, REMOVE, remove.clone()).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.rival().staff_token, REMOVE, remove.clone()).await.code(), "NOT_FOUND");
    app.query(&admin.token, REMOVE, remove).await.succeeded();
    let start = json!({ "input": { "organization": app.acme().slug } });
    assert_eq!(app.query("", START, start).await.code(), "VALIDATION");
}

/// API-8, ORG-2: a change keeps the secret unless it brings another.
#[tokio::test]
async fn a_provider_is_changed_at_the_version_that_was_read() {
    let app = world().await;
    let token = &app.acme().staff_token;
    let issuer = description().await;
    assert_eq!(set(&app, token, Some(1), &issuer).await.code(), "NOT_FOUND");
    set(&app, token, None, &issuer).await.succeeded();
    assert_eq!(set(&app, token, None, &issuer).await.code(), "CONFLICT");
    let sealed = "select client_secret from sign_in_providers";
    let before = app.value(sealed).await;
    let input =
        json!({ "version": 1, "issuer": issuer, "clientId": "other", "redirectUrl": "https://a.example/" });
    app.query(token, SET, json!({ "input": input })).await.succeeded();
    assert_eq!(app.value(sealed).await, before);
    assert_eq!(app.query(token, SET, json!({ "input": input })).await.code(), "CONFLICT");
}

/// ORG-2, ORG-5: the secret is in no answer, no log, and not in the database as it is.
#[tokio::test]
async fn the_clients_secret_is_kept_sealed_and_told_to_nobody() {
    let app = world().await;
    let token = &app.acme().staff_token;
    let made = set(&app, token, None, &description().await).await.succeeded();
    assert!(!made.body().contains(super::CLIENT_SECRET));
    let dump = app.dump().await;
    assert!(!dump.contains(super::CLIENT_SECRET) && !dump.contains(&hex::encode(super::CLIENT_SECRET)));
    assert!(dump.contains("sign_in_provider.updated"));
    let staff = app.sql("app_staff").await;
    let select = "select client_secret from sign_in_providers";
    assert_eq!(staff.refusal(select).await, "42501");
}

/// EVT-7, ORG-2: nor is what stands behind the firewall asked for its description.
#[tokio::test]
async fn a_provider_at_a_private_address_is_not_asked() {
    let app = TestApp::world().await;
    let refused = set(&app, &app.acme().staff_token, None, &description().await).await;
    assert_eq!(refused.code(), "VALIDATION");
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.issuer");
}

/// ORG-2
#[tokio::test]
async fn an_address_that_describes_no_provider_is_refused() {
    let app = world().await;
    let address = wire::serve(Router::new()).await;
    let refused = set(&app, &app.acme().staff_token, None, &format!("http://{address}")).await;
    assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.issuer");
}
