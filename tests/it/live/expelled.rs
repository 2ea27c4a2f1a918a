//! EVT-5, LINK-4: whose credential ends is told nothing any more. How soon, `script/soak live` measures.

use serde_json::json;

use super::{CLIENT, STAFF, adds_company, changes, record};
use crate::support::TestApp;
use crate::support::live::{EventStream, Instance, Socket};

/// A subscriber that has heard something, so it is there for sure.
async fn client(app: &TestApp, instance: &Instance, session: &str) -> Socket {
    let mut socket = instance.socket(session).await;
    socket.subscribes("1", CLIENT, json!({})).await;
    let record = record(app, app.acme()).await;
    socket.subscribes("2", "{ service { version } }", json!({})).await;
    socket.next("2").await;
    socket.hears().await;
    changes(app, app.acme(), &record, json!({ "clientStatus": app.app.clock.id().to_string() })).await;
    socket.next("1").await;
    socket
}

/// EVT-5, LINK-4
#[tokio::test]
async fn whoever_closes_a_portal_ends_its_subscriptions_on_every_instance() {
    for (what, sql) in [
        ("portal revoked", "update portals set revoked_at = now() where id = '$portal'"),
        (
            "link rotated",
            "update portal_links set generation = generation + 1, token_hash = sha256('x') where portal_id = '$portal'",
        ),
        ("link revoked", "update portal_links set revoked_at = now() where portal_id = '$portal'"),
        ("portal over", "update portals set expires_at = now() where id = '$portal'"),
        ("session ended", "update portal_sessions set ended_at = now()"),
        ("switched off", "update organizations set portal_enabled = false"),
    ] {
        let app = TestApp::world().await;
        let far = Instance::of(&app.another_instance()).await;
        let portal = &app.acme().portals[0];
        let session = app.open(&portal.token).await;
        let mut socket = client(&app, &far, &session).await;
        let mut staying = far.socket(&app.acme().staff_token).await;
        staying.subscribes("1", STAFF, json!({})).await;
        app.arrange(&sql.replace("$portal", &portal.id.to_string())).await;
        assert_eq!(socket.is_closed().await, (4403, "Forbidden".to_owned()), "{what}");
        let company = adds_company(&app, app.acme(), "Still told").await;
        assert_eq!(staying.next("1").await["data"]["staffEvents"]["companyId"], company, "{what}");
    }
}

/// EVT-5: with Redis down.
#[tokio::test]
async fn a_revoked_portal_is_silent_without_redis_too() {
    let app = TestApp::world_with([("REDIS_URL", "redis://127.0.0.1:1")]).await;
    let instance = Instance::of(&app).await;
    let portal = &app.acme().portals[0];
    let session = app.open(&portal.token).await;
    let mut socket = client(&app, &instance, &session).await;
    let revoke =
        "mutation($input: RevokePortalInput!) { staff { revokePortal(input: $input) { portal { id } } } }";
    app.query(&app.acme().staff_token, revoke, json!({ "input": { "id": portal.id } })).await.succeeded();
    assert_eq!(socket.is_closed().await.0, 4403);
}

/// EVT-5: over server-sent events the end says why.
#[tokio::test]
async fn a_stream_of_events_ends_with_the_answer_of_a_dead_link() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let portal = &app.acme().portals[0];
    let session = app.open(&portal.token).await;
    let mut events =
        EventStream::open(instance.address, &session, "subscription { portalEvents { __typename } }", None)
            .await;
    app.arrange(&format!("update portals set revoked_at = now() where id = '{}'", portal.id)).await;
    let last = events.next().await.json();
    assert_eq!(last["errors"][0]["extensions"]["code"], "LINK_INACTIVE", "{last:#}");
    assert_eq!(events.next().await.event, "complete");
}

/// EVT-5: a colleague who leaves, signs out, or may do less.
#[tokio::test]
async fn a_member_who_may_no_longer_is_told_nothing_more() {
    for change in [
        "update members set ended_at = now() where id = '$member'",
        "update staff_sessions set ended_at = now() where member_id = '$member'",
        "update staff_sessions set expires_at = now() where member_id = '$member'",
    ] {
        let app = TestApp::world().await;
        let instance = Instance::of(&app).await;
        let colleague = app.colleague_of(app.acme(), "ADMIN", &[]).await;
        let mut socket = instance.socket(&colleague.token).await;
        socket.subscribes("1", STAFF, json!({})).await;
        app.arrange(&change.replace("$member", &colleague.id.to_string())).await;
        assert_eq!(socket.is_closed().await.0, 4403, "{change}");
    }
}

/// EVT-2: events of colleagues' sign-ins are for owners and administrators.
#[tokio::test]
async fn a_plain_member_hears_nothing_of_colleagues_sign_ins() {
    let app = TestApp::world().await;
    let instance = Instance::of(&app).await;
    let member = app.member_of(app.acme(), &[]).await;
    let mut plain = instance.socket(&member).await;
    let mut owner = instance.socket(&app.acme().staff_token).await;
    for socket in [&mut plain, &mut owner] {
        socket.subscribes("1", STAFF, json!({})).await;
        socket.subscribes("2", "{ service { version } }", json!({})).await;
        socket.next("2").await;
        socket.hears().await;
    }
    let colleague = app.colleague_of(app.acme(), "ADMIN", &[]).await;
    let left = app.query(&colleague.token, "mutation { staff { signOut { sessionId } } }", json!({})).await;
    left.succeeded();
    let company = adds_company(&app, app.acme(), "After").await;
    assert_eq!(owner.next("1").await["data"]["staffEvents"]["__typename"], "StaffSessionEnded");
    assert_eq!(plain.next("1").await["data"]["staffEvents"]["companyId"], company);
}
