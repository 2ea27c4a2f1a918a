//! A server that speaks Azure's blob storage: Azurite, which `script/bootstrap --azure` installs.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// The account that Azurite knows, and its key, which is everybody's.
pub const ACCOUNT: &str = "devstoreaccount1";
pub const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Running until it is dropped: it ends with its standard input.
pub struct AzureServer {
    child: Child,
    pub endpoint: String,
}

impl AzureServer {
    /// Starts it on a free port, with one container.
    pub async fn start(container: &str) -> Self {
        let server = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/azure_server.mjs");
        let mut child = Command::new("node")
            .arg(server)
            .arg(container)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("script/bootstrap --azure installs it");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http"), "script/bootstrap --azure installs it");
        Self { child, endpoint: line.trim().to_owned() }
    }
}

impl Drop for AzureServer {
    fn drop(&mut self) {
        // Not killed: what it started would stay.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
