//! A service with servers of its own, for what happens when they go away.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use vestibule::app::App;
use vestibule::clock::Clock;
use vestibule::config::{Config, Env};
use vestibule::db::{bootstrap, migrate};
use vestibule::demo::data::{self, PlantedOrganization};
use vestibule::demo::servers::{Durability, Servers};

use super::cluster::AMOUNT;
use super::{Answer, SEALING_KEYS, sealing_keys};

/// A service with a Postgres and a Redis that the test may stop.
pub struct Island {
    pub folder: tempfile::TempDir,
    pub servers: Option<Servers>,
    pub settings: Vec<(&'static str, String)>,
    pub app: Arc<App>,
    pub router: Router,
    pub acme: PlantedOrganization,
}

/// A portal that asks for a code.
pub struct CodedPortal {
    pub id: String,
    /// Of its link.
    pub token: String,
}

impl Island {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let servers = start(folder.path());
        bootstrap::run(&servers.admin_url("postgres"), "island", |_| None).await.unwrap();
        let migrator = format!("{}&user=app_migrate", servers.database_url("island"));
        migrate::run(&migrator).await.unwrap();
        let mut world =
            data::plant(&migrator, AMOUNT, &Clock::default(), &sealing_keys(), |_| {}).await.unwrap();
        let settings = vec![
            ("DATABASE_URL", servers.database_url("island")),
            ("DATABASE_CONNECTIONS", "3".to_owned()),
            ("REDIS_URL", servers.redis_url()),
            ("SEALING_KEYS", SEALING_KEYS.to_owned()),
        ];
        let app = App::new(Config::read(&Env::of(settings.clone())).unwrap()).unwrap();
        let router = vestibule::http::router(app.clone());
        Self { folder, servers: Some(servers), settings, app, router, acme: world.swap_remove(0) }
    }

    /// Kills Postgres where it stands, as a crash would.
    pub fn kill_postgres(&self) {
        let file = std::fs::read_to_string(self.folder.path().join("postgres/postmaster.pid")).unwrap();
        let pid: i32 = file.lines().next().unwrap().parse().unwrap();
        kill(Pid::from_raw(pid), Signal::SIGQUIT).unwrap();
    }

    pub async fn shut_redis_down(&self) {
        let mut connection = self.redis().await;
        let _ = redis::cmd("SHUTDOWN").arg("NOSAVE").query_async::<()>(&mut connection).await;
    }

    /// Kills Redis where it stands.
    pub async fn kill_redis(&self) {
        let mut redis = self.redis().await;
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut redis).await.unwrap();
        let pid = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
        kill(Pid::from_raw(pid.parse().unwrap()), Signal::SIGKILL).unwrap();
        while redis::cmd("PING").query_async::<String>(&mut redis).await.is_ok() {}
    }

    /// A connection to Redis.
    pub async fn redis(&self) -> MultiplexedConnection {
        let redis = redis::Client::open(self.servers.as_ref().unwrap().redis_url()).unwrap();
        redis.get_multiplexed_async_connection().await.unwrap()
    }

    /// Both servers, as they were.
    pub fn restart(&mut self) {
        self.servers = None;
        self.servers = Some(start(self.folder.path()));
    }

    /// Makes a portal of the first company that asks for this code.
    pub async fn coded_portal(&self, code: &str) -> CodedPortal {
        let create = "mutation($input: CreatePortalInput!) { staff { createPortal(input: $input) { url portal { id } } } }";
        let scope = json!({ "companyId": self.acme.companies[0].id });
        let input = json!({ "input": { "label": "Coded", "scope": scope, "accessCode": code } });
        let made = self.query(&self.acme.staff_token, create, input).await;
        let url = made.text("/data/staff/createPortal/url");
        CodedPortal {
            id: made.text("/data/staff/createPortal/portal/id"),
            token: url.rsplit('/').next().unwrap().to_owned(),
        }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn query(&self, token: &str, document: &str, variables: Value) -> Answer {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let request = Request::post("/graphql")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}

fn start(folder: &Path) -> Servers {
    Servers::start(folder, Durability::Safe).unwrap().0
}
