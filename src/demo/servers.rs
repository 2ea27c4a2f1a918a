//! Starts a private Postgres and a private Redis in a folder, on Unix sockets only, and stops them
//! when it is dropped. As root it drops to an unprivileged user, because initdb refuses root.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// Sockets have paths of at most 107 bytes.
const LONGEST_SOCKET: usize = 107;

/// The running servers.
pub struct Servers {
    postgres: Child,
    redis: Child,
    watchdog: Child,
    sockets: PathBuf,
}

/// Whether the folder held a database already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Data,
}

/// How careful Postgres is with the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the machine loses nothing.
    Safe,
    /// For tests, whose data nobody misses.
    Careless,
}

impl Servers {
    /// Starts both in `folder`, making a new cluster if there is none.
    pub fn start(folder: &Path, durability: Durability) -> anyhow::Result<(Self, Found)> {
        let account = Account::choose()?;
        let binaries = Binaries::find()?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let folder = folder.canonicalize()?;
        let sockets = socket_folder(&folder)?;
        account.check_reach(&folder)?;
        for path in [&folder.join("postgres"), &folder.join("redis"), &sockets] {
            account.own_folder(path)?;
        }
        let cluster = folder.join("postgres");
        let found = if cluster.join("PG_VERSION").exists() { Found::Data } else { Found::Nothing };
        if found == Found::Nothing {
            init_cluster(&binaries, &account, &cluster)?;
        }
        let redis = start_redis(&binaries, &account, &folder.join("redis"), &sockets)?;
        let postgres = start_postgres(&binaries, &account, &cluster, &sockets, durability)?;
        let watchdog = watch(&postgres, &redis)?;
        let mut servers = Self { postgres, redis, watchdog, sockets };
        servers.wait_until_ready(&cluster, &folder.join("redis"))?;
        Ok((servers, found))
    }

    /// A superuser's address of a database.
    pub fn admin_url(&self, database: &str) -> String {
        format!("{}&user=postgres", self.database_url(database))
    }

    /// A database's address, for [`crate::config`] to put a login into.
    pub fn database_url(&self, database: &str) -> String {
        let sockets: String =
            url::form_urlencoded::byte_serialize(self.sockets.as_os_str().as_encoded_bytes()).collect();
        format!("postgres:///{database}?host={sockets}")
    }

    /// Redis's address.
    pub fn redis_url(&self) -> String {
        format!("redis+unix://{}", self.sockets.join("redis.sock").display())
    }

    fn wait_until_ready(&mut self, cluster: &Path, redis: &Path) -> anyhow::Result<()> {
        let start = now();
        loop {
            if let Some(status) = self.postgres.try_wait()? {
                bail!(
                    "Postgres ended with {status}; is another demo using this folder? Its log ends: {}",
                    last_line(&cluster.join("server.log"))
                );
            }
            if let Some(status) = self.redis.try_wait()? {
                bail!("Redis ended with {status}: {}", last_line(&redis.join("server.log")));
            }
            if self.postgres_is_ready(cluster) && UnixStream::connect(self.sockets.join("redis.sock")).is_ok()
            {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("the private Postgres and Redis did not start within {} seconds", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The last line of postmaster.pid says `ready` once connections are taken.
    fn postgres_is_ready(&self, cluster: &Path) -> bool {
        let ours = self.postgres.id().to_string();
        fs::read_to_string(cluster.join("postmaster.pid")).is_ok_and(|text| {
            text.lines().next() == Some(&ours)
                && text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
        })
    }
}

/// Whether a Postgres still runs in a demo's folder.
pub fn is_running(folder: &Path) -> bool {
    let pid_file = fs::read_to_string(folder.join("postgres/postmaster.pid")).unwrap_or_default();
    let pid = pid_file.lines().next().and_then(|line| line.trim().parse().ok()).map(Pid::from_raw);
    pid.is_some_and(|pid| kill(pid, None).is_ok())
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _ = self.watchdog.kill();
        let _ = self.watchdog.wait();
        // SIGINT is Postgres's fast shutdown: clients are disconnected, nothing is lost.
        stop(&mut self.postgres, Signal::SIGINT);
        stop(&mut self.redis, Signal::SIGTERM);
    }
}

/// A shell that waits for our end of its pipe to close, however we end, and then stops the servers.
fn watch(postgres: &Child, redis: &Child) -> anyhow::Result<Child> {
    Command::new("sh")
        .args(["-c", "cat >/dev/null; kill -INT \"$1\"; kill -TERM \"$2\"", "watchdog"])
        .args([postgres.id().to_string(), redis.id().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("cannot start the watchdog")
}

fn stop(server: &mut Child, signal: Signal) {
    let pid = i32::try_from(server.id()).map(Pid::from_raw);
    if pid.is_ok_and(|pid| kill(pid, signal).is_ok()) {
        let start = now();
        while start.elapsed() < PATIENCE {
            if matches!(server.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    let _ = server.kill();
    let _ = server.wait();
}

/// Who the servers run as.
struct Account(Option<User>);

impl Account {
    fn choose() -> anyhow::Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self(None));
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Self(Some(user)));
            }
        }
        bail!(
            "initdb refuses to run as root, and this machine has neither a user postgres nor nobody: run this as another user"
        )
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some(user) = &self.0 {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A group of its own: ctrl-c reaches the service, which then stops the servers in order.
        command.process_group(0);
        command.env_remove("PGDATA").env("LC_ALL", "C.UTF-8").current_dir("/");
        command
    }

    /// The servers' user has to be able to walk to the folder.
    fn check_reach(&self, folder: &Path) -> anyhow::Result<()> {
        let Some(user) = &self.0 else { return Ok(()) };
        let closed = folder.ancestors().skip(1).find(|parent| {
            let Ok(about) = fs::metadata(parent) else { return false };
            about.uid() != user.uid.as_raw() && about.mode() & 0o001 == 0
        });
        if let Some(parent) = closed {
            bail!(
                "the private servers run as the user {}, who cannot enter {}: choose another folder, for instance `--data-dir /var/tmp/vestibule`",
                user.name,
                parent.display()
            );
        }
        Ok(())
    }

    fn own_folder(&self, path: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(path).with_context(|| format!("cannot make the folder {}", path.display()))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        if let Some(user) = &self.0 {
            chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        Ok(())
    }
}

struct Binaries {
    initdb: PathBuf,
    postgres: PathBuf,
    redis: PathBuf,
}

impl Binaries {
    fn find() -> anyhow::Result<Self> {
        let postgres = find_postgres().context(
            "there is no Postgres 15 or newer on this machine: run `script/bootstrap`, or install it yourself with `apt-get install postgresql`",
        )?;
        let redis = ["valkey-server", "redis-server"].iter().filter_map(|name| on_path(name)).find(|path| is_new_enough(path)).context(
            "there is no Redis 7 or newer on this machine: run `script/bootstrap`, or install it yourself with `apt-get install redis-server`",
        )?;
        Ok(Self { initdb: postgres.join("initdb"), postgres: postgres.join("postgres"), redis })
    }
}

/// The folder of the newest Postgres of version 15 or above.
fn find_postgres() -> Option<PathBuf> {
    let versioned =
        fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten().flatten().filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        });
    let newest = versioned.filter(|(version, bin)| *version >= 15 && bin.join("initdb").exists()).max();
    newest
        .map(|(_, bin)| bin)
        .or_else(|| on_path("initdb")?.canonicalize().ok()?.parent().map(Path::to_owned))
}

/// Whether a Redis says of itself that it is version 7 or above.
fn is_new_enough(redis: &Path) -> bool {
    let said = Command::new(redis).arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    let said = String::from_utf8_lossy(&said).into_owned();
    let major = said.split_once("v=").and_then(|(_, version)| version.split('.').next()?.parse::<u32>().ok());
    major.is_some_and(|major| major >= 7)
}

fn on_path(program: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "PATH is where programs are, not a setting")]
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// Inside the folder, unless its path is too long for a socket.
fn socket_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    let inside = folder.join("run");
    if inside.as_os_str().len() + ".s.PGSQL.5432.lock".len() < LONGEST_SOCKET {
        return Ok(inside);
    }
    let name = hex::encode(&crate::domain::callers::hash_token(&folder.to_string_lossy())[..8]);
    Ok(std::env::temp_dir().join(format!("vestibule-{name}")))
}

fn init_cluster(binaries: &Binaries, account: &Account, cluster: &Path) -> anyhow::Result<()> {
    let mut child = account
        .command(&binaries.initdb)
        .args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--pgdata",
        ])
        .arg(cluster)
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run initdb")?;
    let mut problem = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut problem)?;
    }
    if !child.wait()?.success() {
        bail!("initdb failed: {}", problem.lines().last().unwrap_or("it said nothing"));
    }
    Ok(())
}

fn start_postgres(
    binaries: &Binaries,
    account: &Account,
    cluster: &Path,
    sockets: &Path,
    durability: Durability,
) -> anyhow::Result<Child> {
    let mut command = account.command(&binaries.postgres);
    command.arg("-D").arg(cluster).args(["-c", "listen_addresses=", "-c", "max_connections=200"]);
    command.arg("-c").arg(format!("unix_socket_directories={}", sockets.display()));
    if durability == Durability::Careless {
        command.args(["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
        // Hundreds of databases, each gone before tidying up could help it.
        command.args(["-c", "autovacuum=off"]);
    }
    let log = fs::File::create(cluster.join("server.log"))?;
    command.stderr(log).spawn().context("cannot start Postgres")
}

fn start_redis(
    binaries: &Binaries,
    account: &Account,
    folder: &Path,
    sockets: &Path,
) -> anyhow::Result<Child> {
    let socket = sockets.join("redis.sock");
    let _ = fs::remove_file(&socket);
    account
        .command(&binaries.redis)
        .args(["--port", "0", "--save", "", "--appendonly", "yes", "--dir"])
        .arg(folder)
        .arg("--unixsocket")
        .arg(&socket)
        .stdout(fs::File::create(folder.join("server.log"))?)
        .spawn()
        .context("cannot start Redis")
}

fn last_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("its log is empty").to_owned()
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "measures a duration, decides nothing")]
    Instant::now()
}
