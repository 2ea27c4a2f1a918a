//! A newcomer's whole installation in one folder: private Postgres and Redis from the machine's own
//! binaries, two organisations that look alike, and the service. Not here: anything that `serve`
//! needs; a real installation brings its own servers.

pub mod data;
mod files;
pub mod servers;
mod work;

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;
use diesel_async::{AsyncConnection as _, AsyncPgConnection, SimpleAsyncConnection as _};
use rand::TryRng as _;
use rand::rngs::SysRng;
use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::config::{Config, Env};
use crate::db::pool::Login;
use crate::db::{bootstrap, migrate};
use crate::http::serve;
use crate::worker::Worker;
use data::{Amount, Planted};
use servers::{Durability, Found, Servers};

const DATABASE: &str = "vestibule";
/// All that a demo writes into its folder.
const OURS: [&str; 9] = [
    "postgres",
    "redis",
    "run",
    "mails",
    "files",
    "demo.json",
    "demo.json.new",
    "sealing.keys",
    "sealing.keys.new",
];

/// What `vestibule demo` can be told.
#[derive(Args, Clone, Debug)]
pub struct DemoOptions {
    /// The loopback port to serve on.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Where the demo keeps its database and demo.json.
    #[arg(long, default_value = ".vestibule")]
    pub data_dir: PathBuf,
    /// Forget the folder's data and plant anew.
    #[arg(long)]
    pub fresh: bool,
    /// Companies in each organisation.
    #[arg(long, default_value_t = Amount::default().companies)]
    pub companies: i32,
    /// Projects of each company.
    #[arg(long, default_value_t = Amount::default().projects)]
    pub projects: i32,
    /// Files of each project.
    #[arg(long, default_value_t = Amount::default().files)]
    pub files: i32,
    /// Messages of each project.
    #[arg(long, default_value_t = Amount::default().messages)]
    pub messages: i32,
}

impl DemoOptions {
    fn amount(&self) -> Amount {
        Amount {
            companies: self.companies,
            projects: self.projects,
            files: self.files,
            messages: self.messages,
        }
    }

    fn handover(&self) -> PathBuf {
        self.data_dir.join("demo.json")
    }
}

/// Starts the demo and serves until a signal. Prints what to open as soon as it is open.
pub async fn run(options: DemoOptions) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "measures a duration, decides nothing")]
    let start = Instant::now();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let listener = serve::listen(address).await?;
    if options.fresh {
        forget(&options.data_dir)?;
    }
    let (servers, found) = Servers::start(&options.data_dir, Durability::Safe)?;
    let port = listener.local_addr()?.port();
    let app = App::new(config(&servers, port, &options.data_dir)?)?;
    let mut planted = match (found, read(&options.handover())) {
        (Found::Data, Some(planted)) => planted,
        _ => plant(&app, &servers, options.amount()).await?,
    };
    make_ready(&app, &servers).await?;
    address_urls(&app, &mut planted);
    write(&options.handover(), &planted)?;
    tell(&planted, &options.handover(), start);
    let worker = Worker::start(app.clone());
    let served = serve::run(app, listener).await;
    worker.stop().await;
    drop(servers);
    served
}

/// Where things are is the demo's to say; every other setting is the environment's.
fn config(servers: &Servers, port: u16, folder: &Path) -> anyhow::Result<Config> {
    let mut config = Config::read(&Env::of_process().with([
        ("DATABASE_URL", servers.database_url(DATABASE)),
        ("REDIS_URL", servers.redis_url()),
        ("SEALING_KEYS", sealing_keys(folder)?),
        ("LISTEN", format!("127.0.0.1:{port}")),
        ("BASE_URL", format!("http://127.0.0.1:{port}")),
        ("MAIL_FOLDER", folder.join("mails").to_string_lossy().into_owned()),
        ("STORAGE_FOLDER", folder.join("files").to_string_lossy().into_owned()),
    ]))?;
    config.mail.shown = true;
    Ok(config)
}

/// The folder's own key, made at the first start.
fn sealing_keys(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join("sealing.keys");
    if let Ok(keys) = fs::read_to_string(&path) {
        return Ok(keys);
    }
    let mut key = [0u8; 32];
    SysRng.try_fill_bytes(&mut key)?;
    let keys = format!("demo:{}", hex::encode(key));
    write_secret(&path, |file| Ok(file.write_all(keys.as_bytes())?))?;
    Ok(keys)
}

/// Makes what this release needs of roles, and its schema.
async fn make_ready(app: &App, servers: &Servers) -> anyhow::Result<()> {
    bootstrap::run(&servers.admin_url("postgres"), DATABASE, |_| None).await?;
    migrate::run(app.config.database.url(Login::Migrate).expose_secret()).await?;
    Ok(())
}

/// Makes the database anew and fills it. What an interrupted start left half done is dropped.
async fn plant(app: &App, servers: &Servers, amount: Amount) -> anyhow::Result<Planted> {
    let mut cluster = AsyncPgConnection::establish(&servers.admin_url("postgres")).await?;
    cluster.batch_execute(&format!("drop database if exists {DATABASE} with (force)")).await?;
    make_ready(app, servers).await?;
    let url = app.config.database.url(Login::Migrate);
    let told = |step: &str| eprintln!("  {step}");
    let organizations =
        data::plant(url.expose_secret(), amount, &app.clock, &app.config.sealing, told).await?;
    data::show_everything(url.expose_secret()).await?;
    let mut owner = AsyncPgConnection::establish(url.expose_secret()).await?;
    owner.batch_execute("set role owner").await?;
    files::plant(app, &mut owner).await?;
    work::plant(url.expose_secret(), &organizations, &app.clock, &app.config.sealing).await?;
    Ok(Planted { base_url: String::new(), graphql_url: String::new(), organizations })
}

/// The port may differ from the one that the data was planted under.
fn address_urls(app: &App, planted: &mut Planted) {
    planted.base_url = app.config.http.base_url.as_str().trim_end_matches('/').to_owned();
    planted.graphql_url = format!("{}/graphql", planted.base_url);
    for portal in planted.organizations.iter_mut().flat_map(|org| &mut org.portals) {
        portal.url = app.config.http.portal_url(&portal.token);
    }
}

fn tell(planted: &Planted, handover: &Path, start: Instant) {
    println!("\nVestibule is open ({:.1} s after its start).\n", start.elapsed().as_secs_f64());
    for org in &planted.organizations {
        println!("{}", org.name);
        let (coded, open): (Vec<_>, Vec<_>) =
            org.portals.iter().partition(|portal| portal.access_code.is_some());
        for portal in open.iter().take(3) {
            println!("  portal   {}  ({})", portal.url, portal.title);
        }
        for portal in coded {
            let code = portal.access_code.as_deref().unwrap_or_default();
            println!("  portal   {}  ({}, access code {code})", portal.url, portal.title);
        }
        println!("  staff    {}  password {}", org.owner.email, org.owner.password);
        println!("  token    {}", org.staff_token);
        println!("  API key  {}\n", org.api_keys.join(", "));
    }
    println!(
        "GraphiQL   {}/graphiql  (send the token as {{\"Authorization\": \"Bearer vs_…\"}})",
        planted.base_url
    );
    println!("Mails      {}/mails", planted.base_url);
    println!("For scripts, all of it: {}", handover.display());
    println!("Stop with ctrl-c.\n");
}

fn read(handover: &Path) -> Option<Planted> {
    serde_json::from_slice(&fs::read(handover).ok()?).ok()
}

/// Holds secrets: for the owner's eyes only, and never half written.
fn write(handover: &Path, planted: &Planted) -> anyhow::Result<()> {
    write_secret(handover, |file| Ok(serde_json::to_writer_pretty(file, planted)?))
}

fn write_secret(path: &Path, write: impl FnOnce(&mut fs::File) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let half = path.with_added_extension("new");
    let mut file = fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&half)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    write(&mut file)?;
    fs::rename(&half, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Deletes what a demo wrote, and nothing of a folder that is not a demo's.
fn forget(folder: &Path) -> anyhow::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let foreign = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.file_name())
        .find(|name| !OURS.iter().any(|ours| name == ours));
    if let Some(name) = foreign {
        bail!(
            "{} holds {}, which no demo wrote: choose another folder with --data-dir",
            folder.display(),
            name.display()
        );
    }
    if servers::is_running(folder) {
        bail!(
            "a demo is still running in {}: stop it first, or choose another folder with --data-dir",
            folder.display()
        );
    }
    fs::remove_dir_all(folder).with_context(|| format!("cannot delete {}", folder.display()))
}
