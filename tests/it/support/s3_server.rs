//! A server that speaks S3: moto's, from a virtual environment that `script/bootstrap --tests` makes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Running until it is dropped.
pub struct S3Server {
    child: Child,
    pub endpoint: String,
}

impl S3Server {
    /// Starts it on a free port, with one bucket.
    pub async fn start(bucket: &str) -> Self {
        let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moto/bin/python");
        let server = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/s3_server.py");
        let mut child = Command::new(python)
            .arg(server)
            .arg(bucket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("script/bootstrap --tests installs it");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, endpoint: line.trim().to_owned() }
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
