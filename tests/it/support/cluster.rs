//! One Postgres and one Redis for the whole run, stopped with it; a template database with the
//! schema and the demo world, from which each test's own is copied in a tenth of a second.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use tokio::sync::OnceCell;
use vestibule::clock::Clock;
use vestibule::db::{bootstrap, migrate};
use vestibule::demo::data::{self, Amount, PlantedOrganization};
use vestibule::demo::servers::{Durability, Servers};

use super::sealing_keys;

/// The servers, and the world in the template.
pub struct Cluster {
    servers: Servers,
    folder: PathBuf,
    /// Its input stays open until we end, however that happens.
    _sweeper: Child,
    /// What the template holds.
    pub world: Vec<PlantedOrganization>,
}

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The world of a test: small, but more than one of everything.
pub const AMOUNT: Amount = Amount { companies: 3, projects: 4, files: 3, messages: 2 };

/// The running cluster; the first test starts it.
pub async fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(start).await
}

async fn start() -> Cluster {
    let folder = tempfile::tempdir().unwrap().keep();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (servers, _) = Servers::start(&folder, Durability::Careless).unwrap();
    let sweeper = remove_when_we_end(&folder);
    for database in ["empty", "world"] {
        bootstrap::run(&servers.admin_url("postgres"), database, |_| None).await.unwrap();
        migrate::run(&login_url(&servers, database, "app_migrate")).await.unwrap();
    }
    let world = data::plant(
        &login_url(&servers, "world", "app_migrate"),
        AMOUNT,
        &Clock::default(),
        &sealing_keys(),
        |_| {},
    )
    .await
    .unwrap();
    Cluster { servers, folder, world, _sweeper: sweeper }
}

/// A static is never dropped, so a shell outlives us: it notices the end of this process by its own
/// standard input, waits until Postgres has stopped, and removes the folder, which may hold gigabytes.
fn remove_when_we_end(folder: &Path) -> Child {
    const SCRIPT: &str = r#"cat >/dev/null
        pid=$(head -n 1 "$1/postgres/postmaster.pid" 2>/dev/null)
        for n in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
        rm -rf "$1""#;
    let mut sweeper = Command::new("sh");
    sweeper.args(["-c", SCRIPT, "sweeper"]).arg(folder).stdin(Stdio::piped()).process_group(0);
    sweeper.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn login_url(servers: &Servers, database: &str, login: &str) -> String {
    format!("{}&user={login}", servers.database_url(database))
}

impl Cluster {
    /// A new database, copied from the template `empty` or `world`.
    pub async fn database(&self, template: &str) -> String {
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = AsyncPgConnection::establish(&self.servers.admin_url("postgres")).await.unwrap();
        admin
            .batch_execute(&format!(
                "create database {name} template {template} strategy file_copy owner owner"
            ))
            .await
            .unwrap();
        // A copy does not inherit the database's own grants.
        let mut copy = AsyncPgConnection::establish(&self.servers.admin_url(&name)).await.unwrap();
        copy.batch_execute(include_str!("../../../src/db/bootstrap_database.sql")).await.unwrap();
        name
    }

    /// Address of a database for the service's configuration.
    pub fn database_url(&self, database: &str) -> String {
        self.servers.database_url(database)
    }

    /// Address of a database for one login.
    pub fn login_url(&self, database: &str, login: &str) -> String {
        login_url(&self.servers, database, login)
    }

    /// Where the mails of a database's service are written.
    pub fn mail_folder(&self, database: &str) -> String {
        self.folder.join("mails").join(database).to_string_lossy().into_owned()
    }

    /// Where the bytes of a database's files rest.
    pub fn storage_folder(&self, database: &str) -> String {
        self.folder.join("files").join(database).to_string_lossy().into_owned()
    }

    /// Where Postgres writes its log.
    pub fn server_log(&self) -> std::path::PathBuf {
        self.folder.join("postgres/server.log")
    }

    /// Redis's address.
    pub fn redis_url(&self) -> String {
        self.servers.redis_url()
    }
}
