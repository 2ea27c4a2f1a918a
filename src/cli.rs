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
