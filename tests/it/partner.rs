//! EVT-2, EVT-3: a partner's consumer, `examples/partner`, built and run as a partner does, and either
//! side killed on the way. Not here: what else subscribers are told; that is `live`.

use std::cell::Cell;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use std::{fs, process};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::live::adds_company;
use crate::support::TestApp;
use crate::support::node::{node_is_there, npm};
use crate::support::wire::Service;

/// Longer than anything here takes, the consumer's waits between attempts included; a test that waits
/// for it has failed.
const PATIENCE: Duration = Duration::from_secs(60);
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/partner");

/// EVT-2, EVT-3: over both transports; built once.
#[tokio::test]
async fn a_partners_consumer_misses_nothing_whichever_side_is_killed() {
    if !node_is_there().await {
        eprintln!("skipped: no Node.js 20 or newer");
        return;
    }
    let program = build().await;
    for transport in ["ws", "sse"] {
        let mut partner = Partner::new(transport, program.path()).await;
        let service = partner.service();
        partner.is_refused_without_the_scope().await;
        partner.is_killed_while_events_come().await;
        let consumer = partner.stops_and_comes_back().await;
        partner.outlives(service, consumer).await;
    }
}

/// The example, built in a folder of its own.
async fn build() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    let sources = fs::read_dir(format!("{EXAMPLE}/src")).unwrap();
    let sources = sources.map(|file| Path::new("src").join(file.unwrap().file_name()));
    let others = ["package.json", "package-lock.json", "tsconfig.json"].map(PathBuf::from);
    for file in sources.chain(others) {
        fs::copy(Path::new(EXAMPLE).join(&file), folder.path().join(&file)).unwrap();
    }
    npm(&folder, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).await;
    npm(&folder, &["run", "build"]).await;
    folder
}

/// An API key.
struct Key {
    id: String,
    secret: String,
}

async fn make_key(app: &TestApp, scope: &str) -> Key {
    let document = "mutation($input: CreateApiKeyInput!) { staff { createApiKey(input: $input) { secret apiKey { id } } } }";
    let input = json!({ "name": "A partner", "scopes": [scope] });
    let made = app.query(&app.acme().staff_token, document, json!({ "input": input })).await;
    Key {
        id: made.text("/data/staff/createApiKey/apiKey/id"),
        secret: made.text("/data/staff/createApiKey/secret"),
    }
}

/// A partner of an organisation, and what its consumers printed so far.
struct Partner<'a> {
    app: TestApp,
    address: SocketAddr,
    key: Key,
    transport: &'static str,
    program: &'a Path,
    /// Where the consumers keep their cursor.
    folder: TempDir,
    seen: Vec<String>,
}

impl<'a> Partner<'a> {
    async fn new(transport: &'static str, program: &'a Path) -> Self {
        let app = TestApp::world().await;
        let key = make_key(&app, "EVENTS_READ").await;
        let folder = tempfile::tempdir().unwrap();
        Self { app, address: address_to_come_back_to(), key, transport, program, folder, seen: Vec::new() }
    }

    /// The service, always at the same address.
    fn service(&self) -> Service {
        let mut settings = self.app.settings().to_vec();
        settings.push(("LISTEN", self.address.to_string()));
        Service::start(&settings)
    }

    /// A consumer that goes on where the last one was; `repeats` it may say once more.
    fn starts(&self, repeats: Option<String>) -> Consumer {
        let mut command = Command::new("node");
        command.arg("dist/main.js").current_dir(self.program);
        command.env("VESTIBULE_URL", format!("http://{}/graphql", self.address));
        command.env("VESTIBULE_API_KEY", &self.key.secret).env("TRANSPORT", self.transport);
        command.env("CURSOR_FILE", self.folder.path().join("cursor.txt"));
        Consumer::start(command, repeats)
    }

    async fn adds(&self, companies: usize) {
        for _ in 0..companies {
            adds_company(&self.app, self.app.acme(), "One more").await;
        }
    }

    /// Ids of the log, from the first that a consumer heard.
    async fn log(&self) -> Vec<String> {
        let org = self.app.acme().id;
        let log = format!(
            "select string_agg(id::text, ' ' order by seq) from events where org_id = '{org}' and kind = 'company.created'
             and seq >= (select seq from events where id = '{}')",
            self.seen[0]
        );
        self.app.value(&log).await.split(' ').map(str::to_owned).collect()
    }

    /// Hears what is in the log: all of it, in order, nothing twice.
    async fn catches_up(&mut self, consumer: &mut Consumer) {
        let log = self.log().await;
        while self.seen.len() < log.len() {
            self.seen.push(consumer.hears().await.expect("the consumer has ended"));
        }
        assert_eq!(self.seen, log, "{}", self.transport);
    }

    /// Whoever will never be let in is told so, and does not try for ever.
    async fn is_refused_without_the_scope(&mut self) {
        let other = make_key(&self.app, "RECORDS_READ").await;
        let key = std::mem::replace(&mut self.key, other);
        let (code, said) = self.starts(None).ended().await;
        assert_eq!(code, Some(1), "{}: {said}", self.transport);
        assert!(said.ends_with("The API key lacks the scope EVENTS_READ.\n"), "{}: {said}", self.transport);
        self.key = key;
    }

    /// A consumer that is killed once it has printed an event, and one once it has stored a cursor. More
    /// is added while none is there.
    async fn is_killed_while_events_come(&mut self) {
        let mut consumer = self.starts(None);
        // It hears what happens once it listens; when that is, only its hearing tells.
        while self.seen.is_empty() {
            self.adds(1).await;
            self.seen.extend(timeout(Duration::from_millis(100), consumer.hears()).await.ok().flatten());
        }
        self.kills(consumer, async {}).await;
        let consumer = self.starts(self.seen.last().cloned());
        let file = self.folder.path().join("cursor.txt");
        let stored = async {
            let before = fs::read_to_string(&file).unwrap();
            while fs::read_to_string(&file).unwrap() == before {
                tokio::task::yield_now().await;
            }
        };
        self.kills(consumer, stored).await;
        self.adds(3).await;
    }

    /// Kills a consumer while companies are added: after some events, at a moment that the caller knows.
    async fn kills(&mut self, mut consumer: Consumer, moment: impl Future<Output = ()>) {
        let killed = Cell::new(false);
        let adding = async {
            while !killed.get() {
                self.adds(1).await;
            }
        };
        let killing = async {
            let mut heard = Vec::new();
            while heard.len() < 10 {
                heard.push(consumer.hears().await.expect("the consumer has ended"));
            }
            moment.await;
            consumer.child.kill().await.unwrap();
            killed.set(true);
            while let Some(id) = consumer.hears().await {
                heard.push(id);
            }
            heard
        };
        let ((), heard) = futures::join!(adding, killing);
        self.seen.extend(heard);
    }

    /// A third consumer, which is told to stop, and a fourth.
    async fn stops_and_comes_back(&mut self) -> Consumer {
        // Printed, and killed before the cursor was stored: that is said once more.
        let mut third = self.starts(self.seen.last().cloned());
        self.catches_up(&mut third).await;
        third.is_told_to_stop();
        let (code, said) = third.ended().await;
        assert_eq!(code, Some(0), "{}: {said}", self.transport);
        self.adds(3).await;
        let mut fourth = self.starts(None);
        self.catches_up(&mut fourth).await;
        fourth
    }

    /// The service is killed, then stopped, and comes back each time; at last the key is revoked.
    async fn outlives(&mut self, service: Service, mut consumer: Consumer) {
        drop(service);
        self.adds(3).await;
        let mut service = self.service();
        self.adds(3).await;
        self.catches_up(&mut consumer).await;
        service.terminate();
        assert_eq!(service.ended().await.code(), Some(0));
        self.adds(3).await;
        let _service = self.service();
        self.catches_up(&mut consumer).await;
        let revoke = "mutation($input: RevokeApiKeyInput!) { staff { revokeApiKey(input: $input) { apiKey { id } } } }";
        let input = json!({ "input": { "id": self.key.id } });
        self.app.query(&self.app.acme().staff_token, revoke, input).await.succeeded();
        let (code, said) = consumer.ended().await;
        assert_eq!(code, Some(1), "{}: {said}", self.transport);
        let sentence = "The API key opens nothing: it is unknown, revoked or over.\n";
        assert!(said.ends_with(sentence), "{}: {said}", self.transport);
        assert!(!said.contains(&self.key.secret), "the key stands in the log");
    }
}

/// A free address that nobody is given who asks for any: systems take those from higher ports.
fn address_to_come_back_to() -> SocketAddr {
    let first = 20_000 + u16::try_from(process::id() % 10_000).unwrap();
    let mut addresses = (first..32_000).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}

/// A consumer under way.
struct Consumer {
    child: Child,
    /// What it printed and nobody heard yet.
    events: UnboundedReceiver<String>,
    /// What it says on stderr, once it has ended.
    said: JoinHandle<String>,
    repeats: Option<String>,
}

impl Consumer {
    fn start(mut command: Command, repeats: Option<String>) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, events) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let _ = sender.send(line);
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let said = tokio::spawn(async move {
            let mut said = String::new();
            stderr.read_to_string(&mut said).await.unwrap();
            said
        });
        Self { child, events, said, repeats }
    }

    /// Id of the next event that it prints; none once it has ended.
    async fn hears(&mut self) -> Option<String> {
        let mut id = self.prints().await?;
        if self.repeats.take().is_some_and(|repeated| repeated == id) {
            id = self.prints().await?;
        }
        Some(id)
    }

    async fn prints(&mut self) -> Option<String> {
        let line = timeout(PATIENCE, self.events.recv()).await.expect("the consumer prints nothing")?;
        let event: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&event["type"], &event["recordId"]), (&json!("CompanyCreated"), &Value::Null), "{event}");
        assert!(event["companyId"].is_string(), "{event}");
        Some(event["id"].as_str().unwrap().to_owned())
    }

    fn is_told_to_stop(&self) {
        let id = self.child.id().expect("it runs").cast_signed();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
    }

    /// Its exit code, and what it said on stderr.
    async fn ended(mut self) -> (Option<i32>, String) {
        let status = timeout(PATIENCE, self.child.wait()).await.expect("the consumer never ended").unwrap();
        assert_eq!(self.events.recv().await, None, "printed and not heard");
        (status.code(), self.said.await.unwrap())
    }
}
