//! DOOR-1 to DOOR-3: access codes, and guesses at them.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp};

const CREATE: &str = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url portal { \
    id version hasAccessCode links { id version } } } } }";
const UPDATE: &str = "mutation($input: UpdatePortalInput!) { staff { updatePortal(input: $input) { portal { version hasAccessCode } } } }";
const UPDATE_LINK: &str = "mutation($input: UpdatePortalLinkInput!) { staff { updatePortalLink(input: $input) { link { \
    version hasOwnAccessCode } } } }";
const ROTATE: &str =
    "mutation($input: RotatePortalInput!) { staff { rotatePortal(input: $input) { urls { url } } } }";
const UNLOCK: &str = "mutation($input: UnlockPortalLinkInput!) { staff { unlockPortalLink(input: $input) { link { \
    door { attempts lockedUntil } } } } }";
const WATCH: &str =
    "query($id: ID!) { staff { portal(id: $id) { links { door { attempts lockedUntil } } } } }";
const OPEN: &str =
    "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }";
const HOME: &str = "{ portal { doorway { title } home { sections { count } } } }";

pub const CODE: &str = "480216";
pub const WRONG: &str = "000000";
pub const AT_HOME: &str = "203.0.113.9";
pub const ELSEWHERE: &str = "198.51.100.4";

/// A portal of the first company that asks for [`CODE`].
pub struct Coded {
    pub app: TestApp,
    portal: String,
    pub link: String,
    pub token: String,
}

impl Coded {
    pub async fn new() -> Self {
        Self::with(json!({})).await
    }

    pub async fn with(link: Value) -> Self {
        let app = TestApp::world().await;
        let company = app.acme().companies[0].id;
        let input =
            json!({ "label": "Coded", "scope": { "companyId": company }, "accessCode": CODE, "link": link });
        let made = app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await.succeeded();
        assert_eq!(made.at("/data/staff/createPortal/portal/hasAccessCode"), true);
        Self {
            portal: made.text("/data/staff/createPortal/portal/id"),
            link: made.text("/data/staff/createPortal/portal/links/0/id"),
            token: token_in(&made.text("/data/staff/createPortal/url")),
            app,
        }
    }

    /// Makes another portal of the same company, with the same code; its link's token.
    pub async fn twin(&self) -> String {
        let scope = json!({ "companyId": self.app.acme().companies[0].id });
        let input = json!({ "label": "Twin", "scope": scope, "accessCode": CODE });
        token_in(&self.staff(CREATE, input).await.succeeded().text("/data/staff/createPortal/url"))
    }

    async fn staff(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }

    pub async fn tries(&self, code: &str, network: &str) -> Answer {
        self.opens(network, json!({ "token": self.token, "accessCode": code })).await
    }

    pub async fn opens(&self, network: &str, input: Value) -> Answer {
        let peer = ConnectInfo(SocketAddr::new(network.parse().unwrap(), 4_711));
        let body = json!({ "query": OPEN, "variables": { "input": input } }).to_string();
        let request = Request::post("/graphql").header(CONTENT_TYPE, "application/json").extension(peer);
        self.app.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Passes the code and returns the session's token.
    async fn passes(&self) -> String {
        self.tries(CODE, AT_HOME).await.succeeded().text("/data/access/openPortal/sessionToken")
    }

    async fn is_outside(&self, session: &str) -> bool {
        let answer = self.app.query(session, HOME, json!({})).await;
        match answer.json().get("errors") {
            None => false,
            Some(_) => {
                assert!(["CODE_REQUIRED", "LINK_INACTIVE"].contains(&answer.code().as_str()));
                assert_eq!(answer.at("/data/portal"), Value::Null);
                true
            }
        }
    }

    async fn door(&self) -> (i64, Value) {
        let answer = self.app.query(&self.app.acme().staff_token, WATCH, json!({ "id": self.portal })).await;
        let door = answer.succeeded().at("/data/staff/portal/links/0/door");
        (door["attempts"].as_i64().unwrap(), door["lockedUntil"].clone())
    }

    async fn is_locked_out(&self, network: &str) {
        for _ in 0..5 {
            assert_eq!(self.tries(WRONG, network).await.code(), "VALIDATION");
        }
        assert_eq!(self.tries(WRONG, network).await.code(), "LOCKED");
    }
}

pub fn token_in(url: &str) -> String {
    url.rsplit('/').next().unwrap().to_owned()
}

/// An answer without what differs from request to request.
fn told(answer: &Answer) -> Value {
    json!([answer.status.as_u16(), answer.at("/errors/0/message"), answer.at("/errors/0/extensions")])
}

/// DOOR-1
#[tokio::test]
async fn a_coded_portal_shows_whose_it_is_and_nothing_more_until_the_code_is_given() {
    let coded = Coded::new().await;
    let asked = coded.opens(AT_HOME, json!({ "token": coded.token })).await;
    assert_eq!(asked.code(), "CODE_REQUIRED");
    let door = json!({ "organization": coded.app.acme().name, "accentColor": "#2f5d8a" });
    assert_eq!(asked.at("/errors/0/extensions"), json!({ "code": "CODE_REQUIRED", "door": door }));
    let wrong = coded.tries(WRONG, AT_HOME).await;
    assert_eq!(wrong.text("/errors/0/extensions/fields/0/path"), "input.accessCode");
    assert_eq!(
        coded
            .app
            .value(
                "select count(*) from portal_sessions where link_id = '{}'"
                    .replace("{}", &coded.link)
                    .as_str()
            )
            .await,
        "0"
    );
    let session = coded.passes().await;
    assert!(session.starts_with("vp_code_"), "only a session that passed a code asks Redis");
    assert!(!coded.is_outside(&session).await);
}

/// DOOR-1: what a code says is not in the database, nor what would tell it without the key.
#[tokio::test]
async fn a_code_is_kept_as_a_keyed_hash_of_its_own() {
    let coded = Coded::new().await;
    coded.twin().await;
    let hashes =
        "select count(*) || ' ' || count(distinct code_hash) from portals where code_hash is not null";
    // The world holds one more in each organisation, both with one code.
    assert_eq!(coded.app.value(hashes).await, "4 4", "the same code of two portals");
    let dump = coded.app.dump().await;
    assert!(!dump.contains(CODE));
    let plain = hex::encode(vestibule::domain::callers::hash_token(CODE));
    assert!(!dump.contains(&plain));
    for malformed in ["12345", "1234567", "12345a", "", "１２３４５６"] {
        let refused =
            coded.staff(UPDATE, json!({ "id": coded.portal, "version": 1, "accessCode": malformed })).await;
        assert_eq!(refused.text("/errors/0/extensions/fields/0/path"), "input.accessCode", "{malformed}");
    }
}

/// DOOR-2, LINK-4
#[tokio::test]
async fn a_new_code_a_rotation_and_signing_out_end_what_the_code_opened() {
    let coded = Coded::new().await;
    let [first, second] = [coded.passes().await, coded.passes().await];
    coded.app.query(&first, "mutation { portal { endSession { ended } } }", json!({})).await.succeeded();
    assert!(coded.is_outside(&first).await);
    assert!(!coded.is_outside(&second).await);
    let changed =
        coded.staff(UPDATE, json!({ "id": coded.portal, "version": 1, "accessCode": "135790" })).await;
    changed.succeeded();
    assert!(coded.is_outside(&second).await);
    assert_eq!(coded.tries(CODE, AT_HOME).await.code(), "VALIDATION");
    let third = coded.tries("135790", AT_HOME).await.text("/data/access/openPortal/sessionToken");
    assert!(!coded.is_outside(&third).await);
    coded.staff(ROTATE, json!({ "id": coded.portal })).await.succeeded();
    assert!(coded.is_outside(&third).await);
}

/// DOOR-2: who came in before there was a code is asked as well; without one nobody is.
#[tokio::test]
async fn a_code_that_is_set_later_asks_those_who_are_inside() {
    let coded = Coded::new().await;
    coded.staff(UPDATE, json!({ "id": coded.portal, "version": 1, "accessCode": null })).await.succeeded();
    let early = coded.opens(AT_HOME, json!({ "token": coded.token })).await;
    let early = early.succeeded().text("/data/access/openPortal/sessionToken");
    assert!(!coded.is_outside(&early).await);
    coded.staff(UPDATE, json!({ "id": coded.portal, "version": 2, "accessCode": CODE })).await.succeeded();
    assert!(coded.is_outside(&early).await);
}

/// LINK-1, DOOR-2: a link's own code opens its own door only.
#[tokio::test]
async fn a_link_can_have_a_code_of_its_own() {
    let coded = Coded::with(json!({ "accessCode": "777777" })).await;
    assert_eq!(coded.tries(CODE, AT_HOME).await.code(), "VALIDATION");
    let own = coded.tries("777777", AT_HOME).await.text("/data/access/openPortal/sessionToken");
    assert!(!coded.is_outside(&own).await);
    let back = coded.staff(UPDATE_LINK, json!({ "id": coded.link, "version": 1, "accessCode": null })).await;
    assert_eq!(back.succeeded().at("/data/staff/updatePortalLink/link/hasOwnAccessCode"), false);
    assert!(coded.is_outside(&own).await);
    coded.passes().await;
}

/// DOOR-2: codes of different portals are strangers to each other.
#[tokio::test]
async fn who_passed_one_portals_code_has_not_passed_anothers() {
    let coded = Coded::new().await;
    let session = coded.passes().await;
    let mark =
        coded.app.app.redis.passed(&vestibule::domain::callers::hash_token(&session)).await.unwrap().unwrap();
    let twin = coded.twin().await;
    let twin = coded.opens(AT_HOME, json!({ "token": twin, "accessCode": CODE })).await;
    let twin = twin.text("/data/access/openPortal/sessionToken");
    let hash = vestibule::domain::callers::hash_token(&twin);
    coded.app.app.redis.pass(&hash, &mark, TimeDelta::days(1)).await.unwrap();
    assert!(coded.is_outside(&twin).await, "the mark of another door");
    assert!(!coded.is_outside(&session).await);
}

/// DOOR-3
#[tokio::test]
async fn after_five_wrong_codes_a_network_waits_and_longer_each_time() {
    let coded = Coded::new().await;
    coded.is_locked_out(AT_HOME).await;
    let locked = coded.tries(WRONG, AT_HOME).await;
    assert!((895..=900).contains(&locked.at("/errors/0/extensions/retryAfter").as_i64().unwrap()));
    // A locked door answers the same for a right and a wrong code.
    let right = coded.tries(CODE, AT_HOME).await;
    assert_eq!(told(&right)[1], told(&locked)[1]);
    assert_eq!(right.code(), "LOCKED");
    coded.app.app.clock.advance(TimeDelta::minutes(15));
    coded.is_locked_out(AT_HOME).await;
    let longer = coded.tries(WRONG, AT_HOME).await.at("/errors/0/extensions/retryAfter");
    assert!((1795..=1800).contains(&longer.as_i64().unwrap()), "{longer}");
    coded.tries(CODE, ELSEWHERE).await.succeeded();
}

/// DOOR-3
#[tokio::test]
async fn an_ipv6_network_guesses_as_one() {
    let coded = Coded::new().await;
    for host in 1..=5 {
        coded.tries(WRONG, &format!("2001:db8:1:1::{host}")).await;
    }
    assert_eq!(coded.tries(CODE, "2001:db8:1:1::9").await.code(), "LOCKED");
    coded.tries(CODE, "2001:db8:1:2::9").await.succeeded();
}

/// DOOR-3
#[tokio::test]
async fn twenty_guesses_an_hour_are_checked_wherever_they_come_from() {
    let coded = Coded::new().await;
    for network in 1..=20 {
        assert_eq!(coded.tries(WRONG, &format!("192.0.2.{network}")).await.code(), "VALIDATION");
    }
    assert_eq!(coded.tries(CODE, "192.0.2.99").await.code(), "LOCKED");
    coded.app.app.clock.advance(TimeDelta::minutes(59));
    assert_eq!(coded.tries(CODE, "192.0.2.99").await.code(), "LOCKED");
    coded.app.app.clock.advance(TimeDelta::minutes(1));
    coded.tries(CODE, "192.0.2.99").await.succeeded();
}

/// DOOR-3: counted before they are checked.
#[tokio::test]
async fn fifty_guesses_at_once_count_as_fifty_and_five_are_checked() {
    let coded = Coded::new().await;
    let answers = join_all((0..50).map(|_| coded.tries(WRONG, AT_HOME))).await;
    let codes: Vec<String> = answers.iter().map(Answer::code).collect();
    assert_eq!(codes.iter().filter(|code| *code == "VALIDATION").count(), 5);
    assert_eq!(codes.iter().filter(|code| *code == "LOCKED").count(), 45);
    assert_eq!(coded.door().await.0, 50);
}

/// DOOR-3: a right code is no guess against anybody.
#[tokio::test]
async fn a_right_code_takes_its_guess_back() {
    let coded = Coded::new().await;
    for _ in 0..30 {
        coded.tries(WRONG, AT_HOME).await;
        coded.passes().await;
        coded.app.app.clock.advance(TimeDelta::minutes(4));
    }
}

/// DOOR-3
#[tokio::test]
async fn staff_see_guesses_and_unlock_the_door() {
    let coded = Coded::new().await;
    assert_eq!(coded.door().await, (0, Value::Null));
    coded.is_locked_out(AT_HOME).await;
    let (attempts, until) = coded.door().await;
    assert_eq!(attempts, 6);
    assert!(until.is_string());
    let unlock = json!({ "input": { "id": coded.link } });
    let clerk = coded.app.member_of(coded.app.acme(), &["RECORDS_WRITE"]).await;
    assert_eq!(coded.app.query(&clerk, UNLOCK, unlock.clone()).await.code(), "FORBIDDEN");
    assert_eq!(coded.app.query(&coded.app.rival().staff_token, UNLOCK, unlock).await.code(), "NOT_FOUND");
    assert_eq!(coded.tries(CODE, AT_HOME).await.code(), "LOCKED");
    coded.staff(UNLOCK, json!({ "id": coded.link })).await.succeeded();
    assert_eq!(coded.door().await, (0, Value::Null));
    coded.passes().await;
}

/// DOOR-2: a mark is worth nothing to a session that staff ended.
#[tokio::test]
async fn an_ended_session_is_outside_whatever_it_passed() {
    let coded = Coded::new().await;
    let session = coded.passes().await;
    coded.app.arrange("update portal_sessions set ended_at = now()").await;
    assert!(coded.is_outside(&session).await);
}

/// LINK-4, DOOR-2: on every instance; nothing is remembered of a caller between two requests.
#[tokio::test]
async fn what_one_instance_ends_another_refuses_at_once() {
    let coded = Coded::new().await;
    let other = coded.app.another_instance();
    let inside =
        async |session: &str| other.query(session, HOME, json!({})).await.json().get("errors").is_none();
    let [left, code] = [coded.passes().await, coded.passes().await];
    for session in [&left, &code] {
        assert!(inside(session).await);
    }
    coded.app.query(&left, "mutation { portal { endSession { ended } } }", json!({})).await.succeeded();
    assert!(!inside(&left).await);
    assert!(inside(&code).await);
    coded
        .staff(UPDATE, json!({ "id": coded.portal, "version": 1, "accessCode": "135790" }))
        .await
        .succeeded();
    assert!(!inside(&code).await);
    let again = coded.tries("135790", AT_HOME).await.text("/data/access/openPortal/sessionToken");
    assert!(inside(&again).await);
    let rotated = coded.staff(ROTATE, json!({ "id": coded.portal })).await.succeeded();
    assert!(!inside(&again).await);
    let token = token_in(&rotated.text("/data/staff/rotatePortal/urls/0/url"));
    let last = coded.opens(AT_HOME, json!({ "token": token, "accessCode": "135790" })).await;
    let last = last.text("/data/access/openPortal/sessionToken");
    assert!(inside(&last).await);
    let revoke =
        "mutation($input: RevokePortalInput!) { staff { revokePortal(input: $input) { portal { state } } } }";
    coded.staff(revoke, json!({ "id": coded.portal })).await.succeeded();
    assert_eq!(other.query(&last, HOME, json!({})).await.code(), "LINK_INACTIVE");
}
