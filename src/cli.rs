//! The subcommands, each a few calls into the library.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret as _;

use crate::app::App;
use crate::config::{self, Config, Env};
use crate::db::bootstrap;
use crate::db::migrate::{self, SchemaState};
use crate::db::pool::Login;
use crate::demo::{self, DemoOptions};
use crate::domain::deliverables::receipts;
use crate::http::serve;
use crate::worker::Worker;

/// A self-hosted client portal.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve requests until SIGTERM. Reads its settings from the environment: see `config`.
    Serve,
    /// Make the database roles and the database; once per cluster, as a superuser.
    Bootstrap {
        /// Address of any database of the cluster, with a superuser's login.
        #[arg(long, env = "ADMIN_DATABASE_URL", hide_env_values = true)]
        admin_url: String,
        /// The database to make.
        #[arg(long, default_value = "vestibule")]
        database: String,
    },
    /// Try it out: a private Postgres and Redis, demo data, and the service, in one folder.
    Demo(DemoOptions),
    /// Bring the database to this program's schema.
    Migrate,
    /// Print the GraphQL schema.
    Schema,
    /// Print every setting with its unit and default.
    Config,
    /// Check a receipt of a client's decision (DEL-3). With SEALING_KEYS or --public-key it has to be signed
    /// by who holds that key.
    VerifyReceipt {
        /// The downloaded file.
        file: std::path::PathBuf,
        /// The organisation's key, in hexadecimal, as `service { receiptKeys }` publishes it.
        #[arg(long)]
        public_key: Option<String>,
    },
}

/// Runs a subcommand.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vestibule: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let env = Env::of_process();
    match command {
        Command::Schema => print_schema(),
        Command::Config => print_config(),
        Command::Demo(options) => {
            start_logging("warn");
            block_on(demo::run(options))
        }
        Command::Serve => {
            let _points = fail::has_failpoints().then(fail::FailScenario::setup);
            block_on(serve_requests(&env))
        }
        Command::Bootstrap { admin_url, database } => {
            let passwords = config::Passwords::read(&env)?;
            block_on(bootstrap::run(&admin_url, &database, |login| passwords.of(login).cloned()))?;
            println!("The roles and the database {database} are there. Next: vestibule migrate");
            Ok(())
        }
        Command::Migrate => block_on(run_migrations(&env)),
        Command::VerifyReceipt { file, public_key } => verify_receipt(&env, &file, public_key.as_deref()),
    }
}

fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}

async fn serve_requests(env: &Env) -> anyhow::Result<()> {
    start_logging("info");
    let app = App::new(Config::read(env)?)?;
    match migrate::state(&app.pools).await {
        Ok(SchemaState::Ready) => {}
        Ok(SchemaState::Behind(missing)) => {
            bail!(
                "the database lacks {} of this program's migrations: run `vestibule migrate` first",
                missing.len()
            )
        }
        Err(_) => tracing::warn!("the database does not answer yet; requests get 503 until it does"),
    }
    let listener = serve::listen(app.config.http.listen).await?;
    tracing::info!(address = %listener.local_addr()?, "serving");
    let worker = Worker::start(app.clone());
    let served = serve::run(app, listener).await;
    worker.stop().await;
    served
}

async fn run_migrations(env: &Env) -> anyhow::Result<()> {
    let database = config::DatabaseConfig::read(env)?;
    let ran = migrate::run(database.url(Login::Migrate).expose_secret()).await?;
    match ran.as_slice() {
        [] => println!("The schema is up to date."),
        ran => ran.iter().for_each(|name| println!("ran {name}")),
    }
    Ok(())
}

fn print_schema() -> anyhow::Result<()> {
    let limits = config::GraphqlLimits::read(&Env::default()).context("the defaults are wrong")?;
    print!("{}", crate::graphql::sdl(&limits));
    Ok(())
}

fn verify_receipt(env: &Env, file: &std::path::Path, public_key: Option<&str>) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let given = public_key.map(|key| {
        let bytes = hex::decode(key).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.context("a public key is 32 bytes in hexadecimal")
    });
    let own = config::sealing_keys(env)?;
    let trusted: Vec<[u8; 32]> = match (given.transpose()?, &own) {
        (Some(key), _) => vec![key],
        (None, Some(keys)) => receipts::public_keys(keys).into_iter().map(|(_, key)| key).collect(),
        (None, None) => Vec::new(),
    };
    let (receipt, key) = receipts::verify(&text, &trusted)?;
    println!("The signature is good.\n");
    println!("{}", serde_json::to_string_pretty(&receipt)?);
    println!("\nSigned with {}", hex::encode(key));
    if trusted.is_empty() {
        println!(
            "That is the key that the receipt names itself: compare it with the organisation's, or pass --public-key."
        );
    }
    Ok(())
}

fn print_config() -> anyhow::Result<()> {
    let mut current = "";
    for (section, setting) in config::settings() {
        if section != current {
            println!("# {section}");
            current = section;
        }
        println!("{}={}", setting.name, setting.default.unwrap_or("(must be set)"));
        println!("    {}\n    Unit: {}.", setting.about, setting.unit);
    }
    Ok(())
}

/// JSON lines on standard error; `RUST_LOG` chooses how much, `level` where it is silent.
fn start_logging(level: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
