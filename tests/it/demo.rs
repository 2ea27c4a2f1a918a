//! `vestibule demo`: from an empty folder to a client looking at a live portal, and again.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long a demo may take to be there, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

fn demo(folder: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.args(["demo", "--companies", "2", "--projects", "2", "--data-dir"]).arg(folder).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Starts a demo and fetches its first portal as soon as it is told of.
async fn open(folder: &Path, port: &str) -> (Demo, Value, String) {
    let demo = Demo(demo(folder, &["--port", port]).spawn().unwrap());
    let page = async {
        loop {
            let told = std::fs::read(folder.join("demo.json")).unwrap_or_default();
            let told: Value = serde_json::from_slice(&told).unwrap_or_default();
            if let Some(url) = told["organizations"][0]["portals"][0]["url"].as_str()
                && let Some(page) = fetch(url, port).await
            {
                return (told, page);
            }
            tokio::task::yield_now().await;
        }
    };
    let (told, page) = tokio::time::timeout(PATIENCE, page).await.expect("the demo never opened");
    (demo, told, page)
}

async fn fetch(url: &str, port: &str) -> Option<String> {
    let path = url.strip_prefix(&format!("http://127.0.0.1:{port}"))?;
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).await.ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).await.ok()?;
    Some(page)
}

fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test]
async fn a_newcomer_opens_a_portal_and_finds_it_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let data = folder.path().join("data");
    let (first, told, page) = open(&data, &free_port()).await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let org = &told["organizations"][1];
    for key in ["id", "slug", "name", "staffToken", "owner", "companies", "portals", "apiKeys"] {
        assert!(!org[key].is_null(), "{key} in {org:#}");
    }
    let taken = demo(&data, &["--fresh", "--port", &free_port()]).stderr(Stdio::piped()).output().unwrap();
    assert!(String::from_utf8_lossy(&taken.stderr).contains("a demo is still running"), "{taken:?}");
    drop(first);
    std::fs::remove_file(data.join("demo.json.new")).unwrap_err();
    let (_second, again, page) = open(&data, &free_port()).await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert_eq!(
        told["organizations"][0]["portals"][0]["token"],
        again["organizations"][0]["portals"][0]["token"]
    );
}

#[test]
fn a_taken_port_is_one_sentence_with_what_mends_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let refused = demo(folder.path(), &["--port", &port]).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("--port") && said.lines().count() == 1, "{said}");
}
