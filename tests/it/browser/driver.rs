//! A headless Chromium behind chromedriver, and the service on a loopback port for it to open.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::Stdio;
use std::time::Duration;

use axum::http::Method;
use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder, Locator};
use futures::FutureExt as _;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use url::{ParseError, Url};

use crate::support::TestApp;

/// How long the browser may take for one step before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A person's browser.
pub struct Browser {
    client: Client,
    base: String,
}

/// Serves the application and lets `walk` use a browser of its own, which ends with the walk, also
/// when that fails. A page that complained on the console fails it.
pub async fn browse(app: &TestApp, walk: impl AsyncFnOnce(&Browser)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let service = app.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    let server = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    let profile = tempfile::tempdir().unwrap();
    let (driver, address) = start_driver().await;
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities(profile.path().to_str().unwrap()))
        .connect(&address)
        .await
        .unwrap();
    let browser = Browser { client: client.clone(), base };
    let walked = AssertUnwindSafe(walk(&browser)).catch_unwind().await;
    let complaints = client.issue_cmd(ConsoleLog).await;
    client.close().await.unwrap();
    drop(driver);
    server.abort();
    if let Err(failure) = walked {
        resume_unwind(failure);
    }
    assert_eq!(complaints.unwrap(), json!([]), "the page complained on the console");
}

/// Starts chromedriver on a port that it chooses.
async fn start_driver() -> (Child, String) {
    let mut driver = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("chromedriver does not start ({error}): run script/bootstrap"));
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.trim_end_matches('.').rsplit_once(" on port ")
            && line.contains("started successfully")
        {
            let address = format!("http://127.0.0.1:{port}");
            // Read on, or the driver stops at a full pipe.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (driver, address);
        }
    }
    panic!("chromedriver ended at once: run script/bootstrap");
}

/// A fresh profile, nothing that calls home, and every line of the console kept.
fn capabilities(profile: &str) -> Capabilities {
    let profile = format!("--user-data-dir={profile}");
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,800",
        &profile,
    ];
    let capabilities = json!({
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    match capabilities {
        Value::Object(capabilities) => capabilities,
        _ => unreachable!("an object was just written"),
    }
}

impl Browser {
    /// Opens a path of the service.
    pub async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// The path that is open.
    pub async fn path(&self) -> String {
        self.client.current_url().await.unwrap().path().to_owned()
    }

    /// Presses a key.
    pub async fn press(&self, key: Key) {
        let value = key.into();
        let keys =
            KeyActions::new("keys".to_owned()).then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Tabs on until the focus is on something whose attribute holds `text`.
    pub async fn tab_to(&self, attribute: &str, text: &str) {
        for _ in 0..40 {
            self.press(Key::Tab).await;
            let focused = self.client.active_element().await.unwrap();
            if focused.attr(attribute).await.unwrap().is_some_and(|value| value.contains(text)) {
                return;
            }
        }
        panic!("no key leads to anything whose {attribute} holds {text}");
    }

    /// Waits for an element.
    pub async fn sees(&self, xpath: &str) {
        self.client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::XPath(xpath))
            .await
            .unwrap_or_else(|error| panic!("there is no {xpath}: {error}"));
    }

    /// Waits for an element and clicks it.
    pub async fn clicks(&self, xpath: &str) {
        self.sees(xpath).await;
        self.client.find(Locator::XPath(xpath)).await.unwrap().click().await.unwrap();
    }

    /// What a script answers.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Looks through a window of another size.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": true });
        self.client.issue_cmd(DevTools("Emulation.setDeviceMetricsOverride", metrics)).await.unwrap();
    }
}

/// Chromedriver's own command for what the page logged.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// Chromedriver's own command for the browser's developer tools.
#[derive(Debug)]
struct DevTools(&'static str, Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}
