//! The provider, and a browser that goes there.

use std::collections::BTreeMap;
use std::process::Stdio;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use url::Url;

use super::npm;

/// A page of the organisation's own. The browser of the test does not go there.
pub const REDIRECT: &str = "https://staff.example/back";
pub const CLIENT_SECRET: &str = "a secret between two";
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/openid/provider");

/// Its program, in a folder of its own.
pub async fn install() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["package.json", "package-lock.json", "server.js"] {
        std::fs::copy(format!("{SOURCE}/{file}"), folder.path().join(file)).unwrap();
    }
    npm(&folder, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).await;
    folder
}

/// A running provider; ends with the test.
pub struct Provider {
    pub issuer: String,
    _child: Child,
    /// It ends when nobody listens to it any more.
    _says: Lines<BufReader<ChildStdout>>,
}

impl Provider {
    /// With the address in the ID token, or only where it is asked for.
    pub async fn start(program: &TempDir, in_id_token: bool) -> Self {
        let mut command = Command::new("node");
        command.args(["server.js", REDIRECT, &in_id_token.to_string()]).current_dir(program.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap().expect("the provider has ended");
            if line.starts_with("http://127.0.0.1:") {
                return Self { issuer: line, _child: child, _says: lines };
            }
        }
    }

    /// Does what `server.js` knows by this name.
    pub async fn is_told(&self, what: &str) {
        let answer = reqwest::Client::new().post(format!("{}/{what}", self.issuer)).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// Goes where the service sends, as who `hint` names, until the provider sends back: state and code.
    pub async fn visit(&self, url: &str, hint: &str) -> (String, String) {
        let client = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        let mut url = Url::parse(url).unwrap();
        url.query_pairs_mut().append_pair("login_hint", hint);
        let mut jar = BTreeMap::new();
        while !url.as_str().starts_with(REDIRECT) {
            let cookies: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let answer = client.get(url.clone()).header(COOKIE, cookies.join("; ")).send().await.unwrap();
            for cookie in answer.headers().get_all(SET_COOKIE) {
                let (name, value) =
                    cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                jar.insert(name.to_owned(), value.to_owned());
            }
            let Some(next) = answer.headers().get(LOCATION).cloned() else {
                panic!("the provider stays at {url}: {}", answer.text().await.unwrap());
            };
            url = url.join(next.to_str().unwrap()).unwrap();
        }
        let query: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert!(query.contains_key("code"), "{url}");
        (query["state"].clone(), query["code"].clone())
    }
}
