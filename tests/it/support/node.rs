//! Node.js, for what is tested against programs of npm.

use tempfile::TempDir;
use tokio::process::Command;

/// Whether this machine has Node.js 20 or newer, and npm.
pub async fn node_is_there() -> bool {
    let Ok(node) = Command::new("node").arg("--version").output().await else { return false };
    let version = String::from_utf8_lossy(&node.stdout).into_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    let npm = Command::new("npm").arg("--version").output().await;
    major.is_some_and(|major: u32| major >= 20) && npm.is_ok_and(|npm| npm.status.success())
}

pub async fn npm(folder: &TempDir, arguments: &[&str]) {
    let done = Command::new("npm").args(arguments).current_dir(folder).output().await.unwrap();
    let said = [done.stdout, done.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    // If this failed, you probably have no way to npm's registry, or the lock file is not the manifest's.
    assert!(done.status.success(), "npm {}: {}", arguments.join(" "), said.join("\n"));
}
