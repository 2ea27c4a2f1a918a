//! DOOR-1 to DOOR-5 in a browser's terms: the prompt for the code, the cookie, leaving, several
//! portals beside each other. The forms are sent as browsers send them.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use axum::http::{Request, StatusCode};
use serde_json::json;

use crate::support::{Answer, TestApp};

const CREATE: &str = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url } } }";
const CODE: &str = "480216";

/// A browser with its cookies.
struct Browser<'a> {
    app: &'a TestApp,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: Vec::new() }
    }

    async fn opens(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(COOKIE, self.jar());
        self.keep(self.app.send(request.body(Body::empty()).unwrap()).await)
    }

    async fn sends(&mut self, path: &str, form: &str) -> Answer {
        self.sends_from("same-origin", path, form).await
    }

    async fn sends_from(&mut self, site: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(COOKIE, self.jar())
            .header(ORIGIN, "null")
            .header("sec-fetch-site", site)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.keep(self.app.send(request.body(Body::from(form.to_owned())).unwrap()).await)
    }

    fn jar(&self) -> String {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    fn keep(&mut self, answer: Answer) -> Answer {
        for cookie in answer.headers.get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().unwrap().split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            for wanted in ["HttpOnly", "SameSite=Lax", "Path=/portal"] {
                assert!(attributes.contains(wanted), "{attributes}");
            }
            self.cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                assert!(attributes.contains("Max-Age=2592000"), "30 days: {attributes}");
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}

/// The path of a portal of the first company that asks for [`CODE`].
async fn coded_portal(app: &TestApp) -> String {
    let scope = json!({ "companyId": app.acme().companies[0].id });
    let input = json!({ "label": "Coded", "scope": scope, "accessCode": CODE });
    let made = app.query(&app.acme().staff_token, CREATE, json!({ "input": input })).await.succeeded();
    let url = made.text("/data/staff/createPortal/url");
    url[url.find("/portal/").unwrap()..].to_owned()
}

fn is_prompt(page: &Answer) -> bool {
    page.body().contains("Enter your access code")
}

/// DOOR-1
#[tokio::test]
async fn the_prompt_says_whose_door_it_is_and_nothing_behind_it() {
    let app = TestApp::world().await;
    let home = coded_portal(&app).await;
    let id = app.value("select id from records order by id limit 1").await;
    for path in
        [home.clone(), format!("{home}/records/{id}"), format!("{home}/code"), format!("{home}/nowhere")]
    {
        let prompt = app.get(&path).await;
        assert_eq!(prompt.status, StatusCode::OK);
        assert!(is_prompt(&prompt) && prompt.body().contains("Northlight Studio"));
        assert_eq!(prompt.header("set-cookie"), "", "nobody is inside");
        for hidden in ["Coded", "Alder", "Welcome", "support", "/records/"] {
            assert!(!prompt.body().contains(hidden), "{path} shows {hidden}");
        }
    }
}

/// DOOR-2, DOOR-4
#[tokio::test]
async fn the_code_opens_the_page_until_the_visitor_leaves() {
    let app = TestApp::world().await;
    let home = coded_portal(&app).await;
    let mut kim = Browser::new(&app);
    let wrong = kim.sends(&format!("{home}/code"), "code=000000").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        is_prompt(&wrong) && wrong.body().contains("That is not this portal&#39;s access code."),
        "{}",
        wrong.body()
    );
    let passed = kim.sends(&format!("{home}/code"), &format!("code={CODE}")).await;
    assert_eq!((passed.status, passed.header("location")), (StatusCode::SEE_OTHER, home.as_str()));
    let page = kim.opens(&home).await;
    assert!(page.body().contains("Opened with the access code") && !is_prompt(&page));
    assert_eq!(page.header("set-cookie"), "", "the browser has one");
    let stranger = Browser::new(&app).opens(&home).await;
    assert!(is_prompt(&stranger));
    let stolen = kim.cookies.clone();
    let left = kim.sends(&format!("{home}/sign-out"), "").await;
    assert_eq!((left.status, left.header("location")), (StatusCode::SEE_OTHER, "/portal/signed-out"));
    assert!(kim.cookies.is_empty());
    assert!(
        is_prompt(&Browser { app: &app, cookies: stolen }.opens(&home).await),
        "the session is over everywhere"
    );
    assert!(kim.opens("/portal/signed-out").await.body().contains("You have signed out"));
}

/// DOOR-3
#[tokio::test]
async fn a_locked_door_says_for_how_long_and_offers_the_recipient_a_way_in() {
    let app = TestApp::world().await;
    let home = coded_portal(&app).await;
    let mut guesser = Browser::new(&app);
    for _ in 0..5 {
        guesser.sends(&format!("{home}/code"), "code=000000").await;
    }
    let right = guesser.sends(&format!("{home}/code"), &format!("code={CODE}")).await;
    assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(right.body().contains("Try again in 15 minutes."), "{}", right.body());
    assert_eq!(right.header("set-cookie"), "");
    let wrong = guesser.sends(&format!("{home}/code"), "code=000000").await;
    assert_eq!((wrong.status, wrong.body()), (right.status, right.body()));
    assert!(right.body().contains("Email me a way in"));
    let mailed = guesser.sends(&format!("{home}/bypass"), "").await;
    assert!(mailed.body().contains("If this link was made for somebody"));
}

/// LINK-3, DOOR-3: what a mail's address shows is the field, and opening it uses nothing up.
#[tokio::test]
async fn the_address_of_a_bypass_asks_for_the_code_like_any_other() {
    let app = TestApp::world().await;
    let home = coded_portal(&app).await;
    let before = app.dump().await;
    let page = app.get(&format!("{home}/bypass/vb_%22%3E%3Cscript%3E")).await;
    assert!(is_prompt(&page) && !page.body().contains("<script>"));
    assert!(page.body().contains("name=\"bypass\""));
    assert_eq!(app.dump().await, before);
}

/// DOOR-5
#[tokio::test]
async fn several_portals_in_one_browser_know_nothing_of_each_other() {
    let app = TestApp::world().await;
    let mut kim = Browser::new(&app);
    let (coded, other) = (coded_portal(&app).await, coded_portal(&app).await);
    let plain = format!("/portal/{}", app.rival().portals[0].token);
    kim.opens(&plain).await;
    kim.sends(&format!("{coded}/code"), &format!("code={CODE}")).await;
    assert_eq!(kim.cookies.len(), 2);
    assert!(is_prompt(&kim.opens(&other).await), "one code opens one door");
    kim.sends(&format!("{plain}/sign-out"), "").await;
    assert!(!is_prompt(&kim.opens(&coded).await), "leaving one portal leaves the other open");
    let link = vestibule::domain::tokens::hash_link(other.rsplit('/').next().unwrap());
    let name = format!("vestibule_{}", hex::encode(&link[..8]));
    let moved = kim.cookies.iter().map(|(_, value)| (name.clone(), value.clone())).collect();
    assert!(
        is_prompt(&Browser { app: &app, cookies: moved }.opens(&other).await),
        "a cookie is worth nothing elsewhere"
    );
}

/// DOOR-4, DOOR-5: a session that is over stays so, and who holds the link comes in with another.
#[tokio::test]
async fn who_sends_something_after_their_session_is_over_is_told_and_comes_in_again() {
    let app = TestApp::world().await;
    let company = app.acme().companies[0].id;
    let record = app
        .value(&format!(
            "select id from records where company_id = '{company}' and portal_enabled order by id limit 1"
        ))
        .await;
    let home = format!("/portal/{}", app.acme().portals[0].token);
    let form = format!("{home}/messages/{record}");
    let mut kim = Browser::new(&app);
    kim.opens(&format!("/portal/{}", app.rival().portals[0].token)).await;
    let elsewhere = kim.cookies.clone();
    kim.opens(&home).await;
    for (turn, over) in
        ["ended by staff", "run out, at the end that the portal had before"].iter().enumerate()
    {
        let sent = kim.sends(&form, &format!("name=Kim&body=Before+{turn}")).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body());
        let kept = kim.cookies.clone();
        if turn == 0 {
            end_the_open_session(&app).await;
        } else {
            app.arrange(
                "update portal_sessions set expires_at = now() where ended_at is null;
                 update portals set expires_at = now() + interval '1 day'",
            )
            .await;
        }
        assert_eq!(kim.opens(&form).await.status, StatusCode::OK, "reading takes the link only");
        let refused = kim.sends(&form, &format!("name=Kim&body=Meanwhile+{turn}")).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{over}");
        assert!(refused.body().contains("Your session at this portal is over"), "{}", refused.body());
        assert!(refused.body().contains(&format!("Meanwhile {turn}")), "what was typed stands there still");
        assert_eq!(kim.opens(&form).await.header("set-cookie"), "", "the browser has another already");
        let again = kim.sends(&form, &format!("name=Kim&body=Afterwards+{turn}")).await;
        assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body());
        let old = Browser { app: &app, cookies: kept }.sends(&form, "name=Kim&body=Never").await;
        assert_eq!(
            old.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "a session that is over opens nothing again"
        );
    }
    assert!(kim.cookies.contains(&elsewhere[0]), "other portals' sessions are left alone");
    let written = "select string_agg(body, ',' order by body) from messages where sender_name = 'Kim'";
    assert_eq!(app.value(written).await, "Afterwards 0,Afterwards 1,Before 0,Before 1");
    app.arrange("update portals set revoked_at = now()").await;
    let dead = kim.sends(&form, "name=Kim&body=Never").await;
    assert_eq!((dead.status, dead.header("set-cookie")), (StatusCode::NOT_FOUND, ""), "LINK-5");
}

/// As staff do it.
async fn end_the_open_session(app: &TestApp) {
    let end = "mutation($input: EndPortalSessionInput!) { staff { endPortalSession(input: $input) { sessionId } } }";
    let id = app.value("select id from portal_sessions where ended_at is null").await;
    app.query(&app.acme().staff_token, end, json!({ "input": { "id": id } })).await.succeeded();
}

/// API-7: a cookie alone decides nothing.
#[tokio::test]
async fn a_form_that_another_site_sends_is_refused() {
    let app = TestApp::world().await;
    let home = coded_portal(&app).await;
    let mut kim = Browser::new(&app);
    kim.sends(&format!("{home}/code"), &format!("code={CODE}")).await;
    for site in ["cross-site", "same-site", "none"] {
        for path in ["sign-out", "code", "bypass"] {
            let refused = kim.sends_from(site, &format!("{home}/{path}"), "code=000000").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{site} {path}");
        }
    }
    assert!(!is_prompt(&kim.opens(&home).await));
    let silent = Request::post(format!("{home}/sign-out")).header(COOKIE, kim.jar());
    assert_eq!(app.send(silent.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
    let old = Request::post(format!("{home}/sign-out"))
        .header(COOKIE, kim.jar())
        .header(ORIGIN, "http://127.0.0.1:8080");
    assert_eq!(app.send(old.body(Body::empty()).unwrap()).await.status, StatusCode::SEE_OTHER);
}

/// LINK-5: what is sent to a dead link is answered as what asks for it.
#[tokio::test]
async fn a_dead_link_answers_forms_as_it_answers_everything() {
    let app = TestApp::world().await;
    let home = coded_portal(&app).await;
    app.arrange("update portals set revoked_at = now() where code_hash is not null").await;
    let unknown = app.get("/portal/unknown").await;
    let mut kim = Browser::new(&app);
    for token in [home.as_str(), "/portal/unknown"] {
        for path in ["code", "sign-out", "beacon"] {
            let answer = kim.sends(&format!("{token}/{path}"), &format!("code={CODE}")).await;
            let mut headers = answer.headers.clone();
            headers.remove("x-request-id");
            let mut wanted = unknown.headers.clone();
            wanted.remove("x-request-id");
            assert_eq!(
                (answer.status, &headers, answer.body()),
                (unknown.status, &wanted, unknown.body()),
                "{token} {path}"
            );
        }
    }
}

/// DOOR-2: https keeps the cookie to https.
#[tokio::test]
async fn behind_https_the_cookie_is_secure() {
    let app = TestApp::world_with([("BASE_URL", "https://portal.example.com")]).await;
    let page = app.get(&format!("/portal/{}", app.acme().portals[0].token)).await;
    assert!(page.header("set-cookie").contains("; Secure"));
}
