//! A real mail server, with a certificate of its own authority: `smtp_server.py`, run by whichever
//! Python has aiosmtpd (`script/bootstrap --tests` sees to one).

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use mail_parser::MessageParser;

/// A running mail server, ended with the test.
pub struct SmtpServer {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

/// A mail that it took.
#[derive(Clone, Debug)]
pub struct Taken {
    pub message_id: String,
    pub text: String,
    pub raw: String,
}

impl SmtpServer {
    /// Starts one that does as the plan says: `take`, `later`, `never`, `hang`, `die`.
    pub fn start(plan: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .arg("-out")
            .arg(&certificate)
            .arg("-keyout")
            .arg(&key)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        let mut server = Command::new(python());
        server.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/smtp_server.py"));
        server.arg(certificate).arg(key).arg(taken).args(plan);
        let mut child = server.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        said.read_line(&mut port).unwrap();
        // Read on, or the server would wait for us once the pipe is full.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, port: port.trim().parse().expect("the mail server did not start"), folder }
    }

    /// What the service needs to know of it.
    pub fn settings(&self) -> [(&'static str, String); 4] {
        let authority = std::fs::read_to_string(self.folder.path().join("certificate.pem")).unwrap();
        [
            ("SMTP_URL", format!("smtp://localhost:{}", self.port)),
            ("SMTP_CA", authority),
            ("SMTP_TIMEOUT_MS", "2000".to_owned()),
            ("MAIL_FROM", "portal@vestibule.example".to_owned()),
        ]
    }

    /// How often it was connected to.
    pub fn connections(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("connections")).unwrap_or_default().len()
    }

    /// What it took so far, in order.
    pub fn taken(&self) -> Vec<Taken> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.folder.path().join("taken"))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        files.iter().map(|file| read(&std::fs::read(file).unwrap())).collect()
    }
}

fn read(bytes: &[u8]) -> Taken {
    let message = MessageParser::default().parse(bytes).unwrap();
    Taken {
        message_id: message.message_id().unwrap().to_owned(),
        text: message.body_text(0).unwrap().into_owned(),
        raw: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

/// A Python that has aiosmtpd. Debian's package is for Debian's Python, which need not be the first.
fn python() -> &'static str {
    let has = |python: &&str| {
        let asked = Command::new(python).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    // If this failed, you probably have not run `script/bootstrap --tests`.
    ["python3", "/usr/bin/python3"].into_iter().find(has).expect("no Python with aiosmtpd")
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
