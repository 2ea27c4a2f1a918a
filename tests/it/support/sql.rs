//! Plain SQL as one login of the database: for what is proved about the database itself, where the
//! service's own queries would prove too little.

use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A connection as one login.
pub struct Sql {
    client: Client,
    _driver: JoinHandle<()>,
}

/// A row as text; null is none.
pub type Row = Vec<Option<String>>;

impl Sql {
    /// Logs in.
    pub async fn connect(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let driver = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self { client, _driver: driver }
    }

    /// The rows of the last statement, or the refusal: SQLSTATE and message.
    pub async fn attempt(&self, sql: &str) -> Result<Vec<Row>, (String, String)> {
        let messages = self.client.simple_query(sql).await.map_err(|error| {
            let refused = error.as_db_error().unwrap_or_else(|| panic!("{sql}: {error}"));
            (refused.code().code().to_owned(), refused.message().to_owned())
        })?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|n| row.get(n).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// How many rows a statement changed, or the SQLSTATE of the refusal.
    pub async fn changes(&self, sql: &str) -> Result<u64, String> {
        let messages = self.client.simple_query(sql).await.map_err(|error| {
            error.code().map_or_else(|| panic!("{sql}: {error}"), |code| code.code().to_owned())
        })?;
        let counts = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::CommandComplete(count) => Some(count),
            _ => None,
        });
        Ok(counts.last().unwrap_or(0))
    }

    /// The rows of a statement that must succeed.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> impl Future<Output = Vec<Row>> {
        let caller = std::panic::Location::caller();
        let sql = sql.to_owned();
        async move {
            self.attempt(&sql).await.unwrap_or_else(|(code, text)| panic!("{caller}: {code} {text} in {sql}"))
        }
    }

    /// The first column of a statement that must succeed; null is empty text.
    pub async fn column(&self, sql: &str) -> Vec<String> {
        let rows = self.rows(sql).await;
        rows.into_iter().map(|row| row.into_iter().next().flatten().unwrap_or_default()).collect()
    }

    /// The only value of a statement that must succeed.
    pub async fn value(&self, sql: &str) -> String {
        self.column(sql).await.into_iter().next().unwrap_or_else(|| panic!("no row: {sql}"))
    }

    /// The SQLSTATE with which a statement is refused; fails the test if it is not.
    pub async fn refusal(&self, sql: &str) -> String {
        match self.attempt(sql).await {
            Err((code, _)) => code,
            Ok(rows) => panic!("not refused, but answered with {} rows: {sql}", rows.len()),
        }
    }
}
