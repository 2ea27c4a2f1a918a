//! What Postgres itself says of one test's connections, read from the server's log: statements are
//! counted and plans judged as they were run, not as a test imagines them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{Sql, TestApp, wire};

/// The log from a moment on, of one login's connections to one test's database.
pub struct ServerLog {
    path: PathBuf,
    from: usize,
}

impl ServerLog {
    /// From now on.
    pub fn start(app: &TestApp) -> Self {
        let path = app.server_log();
        let from = std::fs::metadata(&path).unwrap().len();
        Self { path, from: usize::try_from(from).unwrap() }
    }

    /// The messages of a login's connections to this test's database since, each with its
    /// continuation lines. COMMIT of what was only read follows the answer, so it is waited for; the
    /// server writes a message before it answers, so no other is late.
    pub async fn messages(&self, admin: &Sql, login: &str) -> Vec<String> {
        let finished = format!(
            "select count(*) = 0 from pg_stat_activity where datname = current_database()
             and usename = '{login}' and state <> 'idle'"
        );
        wire::until(admin, &finished).await;
        let processes = format!(
            "select pid from pg_stat_activity where datname = current_database() and usename = '{login}'"
        );
        let processes: BTreeSet<String> = admin.column(&processes).await.into_iter().collect();
        let text = std::fs::read(&self.path).unwrap();
        let text = String::from_utf8_lossy(&text[self.from..]).into_owned();
        let mut messages: Vec<(bool, String)> = Vec::new();
        for line in text.lines() {
            match (line.starts_with('\t'), messages.last_mut()) {
                (true, Some((_, message))) => {
                    message.push('\n');
                    message.push_str(line);
                }
                _ => {
                    let process = line.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
                    let ours = process.is_some_and(|(process, _)| processes.contains(process));
                    messages.push((ours, line.to_owned()));
                }
            }
        }
        messages.into_iter().filter(|(ours, _)| *ours).map(|(_, message)| message).collect()
    }
}
