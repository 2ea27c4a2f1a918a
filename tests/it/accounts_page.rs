//! DOOR-6, DOOR-7, LINK-3 in a browser's terms: accept, sign in, switch, leave. Forms are sent as browsers
//! send them; what mails lead to by GET uses nothing up.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE};
use axum::http::{Request, StatusCode};
use vestibule::domain::callers::hash_token;

use crate::support::{Answer, TestApp};

const GUEST: &str = "guest@client.example";

/// A browser with its cookies.
pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: Vec<(String, String)>,
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: Vec::new() }
    }

    pub async fn opens(&mut self, path: &str) -> Answer {
        let request = Request::get(path).header(COOKIE, self.jar());
        self.keep(self.app.send(request.body(Body::empty()).unwrap()).await)
    }

    pub async fn sends(&mut self, path: &str, form: &str) -> Answer {
        self.sends_from("same-origin", path, form).await
    }

    pub async fn sends_from(&mut self, site: &str, path: &str, form: &str) -> Answer {
        let request = Request::post(path)
            .header(COOKIE, self.jar())
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
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }
}

/// A world where the first company's portal of each organisation is meant for the guest.
async fn shared() -> TestApp {
    let app = TestApp::world().await;
    for org in [app.acme(), app.rival()] {
        let company = org.companies[0].id;
        app.arrange(&format!(
            "update portal_links l set recipient_contact_id = null, recipient_email = '{GUEST}' from portals p
             where p.org_id = l.org_id and p.id = l.portal_id and p.company_id = '{company}' and p.record_id is null and p.code_hash is null"
        ))
        .await;
    }
    app
}

/// What the worker mails for the newest thing that was asked for.
async fn mailed(app: &TestApp) -> String {
    let token = format!("vl_{}", app.app.clock.id().simple());
    let hash = hex::encode(hash_token(&token));
    app.arrange(&format!(
        "update address_proofs set token_hash = '\\x{hash}' where id = (select id from address_proofs order by id desc limit 1)"
    ))
    .await;
    token
}

/// The doors that a page lists.
pub fn doors(page: &Answer) -> Vec<String> {
    let forms = page.body().split("action=\"/portal/doors/").skip(1);
    let ids = forms.map(|form| form[..form.find('"').unwrap()].to_owned());
    ids.filter(|id| id != "sign-out" && !id.starts_with("sessions/")).collect()
}

/// DOOR-6, DOOR-7
#[tokio::test]
async fn a_visitor_signs_in_with_a_mailed_link_and_switches_between_organisations() {
    let app = shared().await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.opens("/portal/doors").await.header("location"), "/portal/sign-in");
    let sent = browser.sends("/portal/sign-in/link", "email=guest%40client.example").await;
    let link = format!("/portal/sign-in/link/{}", mailed(&app).await);
    let unknown = Browser::new(&app).sends("/portal/sign-in/link", "email=nobody%40client.example").await;
    assert_eq!((sent.status, sent.body()), (unknown.status, unknown.body()));
    // A scanner, and the reader in another browser.
    let mut other = Browser::new(&app);
    let before = app.dump().await;
    assert_eq!(other.opens(&link).await.status, StatusCode::OK);
    assert_eq!(app.dump().await, before);
    assert_eq!(other.sends(&link, "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.sends_from("cross-site", &link, "").await.status, StatusCode::FORBIDDEN);
    let came = browser.sends(&link, "").await;
    assert_eq!((came.status, came.header("location")), (StatusCode::SEE_OTHER, "/portal/doors"));
    let page = browser.opens("/portal/doors").await;
    for org in [app.acme(), app.rival()] {
        assert!(page.body().contains(&org.name), "{}", page.body());
    }
    for door in doors(&page) {
        let opened = browser.sends(&format!("/portal/doors/{door}"), "").await;
        assert_eq!(opened.header("location"), format!("/portal/door/{door}"));
        let home = browser.opens(opened.header("location")).await;
        assert_eq!(home.status, StatusCode::OK);
        assert!(home.body().contains("Signed in"), "{}", home.body());
    }
    // A door is nothing to who has not opened it, nor a page to who has left it.
    let door = format!("/portal/door/{}", doors(&page)[0]);
    assert_eq!(other.opens(&door).await.header("location"), "/portal/doors");
    assert_eq!(browser.sends(&format!("{door}/sign-out"), "").await.header("location"), "/portal/doors");
    assert_eq!(browser.opens(&door).await.header("location"), "/portal/doors");
    assert_eq!(browser.sends("/portal/doors/sign-out", "").await.header("location"), "/portal/sign-in");
    assert_eq!(browser.opens("/portal/doors").await.header("location"), "/portal/sign-in");
}

/// ORG-2, LINK-3: pages that mails lead to change nothing until their form is sent.
#[tokio::test]
async fn a_forgotten_password_is_replaced_on_the_page() {
    let app = TestApp::world().await;
    let owner = &app.acme().owner.email;
    let mut browser = Browser::new(&app);
    assert!(browser.opens("/portal/sign-in").await.body().contains("/portal/password"));
    assert_eq!(browser.opens("/portal/password").await.status, StatusCode::OK);
    browser.sends("/portal/password", &format!("email={owner}")).await;
    let page = format!("/portal/password/{}", mailed(&app).await);
    let before = app.dump().await;
    assert_eq!(browser.opens(&page).await.status, StatusCode::OK);
    assert_eq!(app.dump().await, before);
    assert_eq!(browser.sends(&page, "password=short").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        browser.sends_from("same-site", &page, "password=a+second+password").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        browser.sends(&page, "password=a+second+password").await.header("location"),
        "/portal/sign-in"
    );
    let wrong = browser.sends("/portal/sign-in", &format!("email={owner}&password=the+first+password")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let came = browser.sends("/portal/sign-in", &format!("email={owner}&password=a+second+password")).await;
    assert_eq!(came.header("location"), "/portal/doors");
}

/// LINK-7
#[tokio::test]
async fn the_pages_before_the_doors_are_kept_from_caches_and_searches() {
    let app = TestApp::world().await;
    for path in
        ["/portal/sign-in", "/portal/password", "/join/vm_x", "/invitation/vi_x", "/portal/sign-in/link/vl_x"]
    {
        let page = app.get(path).await;
        assert_eq!(page.header("cache-control"), "private, no-store", "{path}");
        assert_eq!(page.header("x-robots-tag"), "noindex, nofollow", "{path}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
    }
}
