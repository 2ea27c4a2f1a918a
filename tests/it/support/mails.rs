//! The mails that a test's service wrote into its folder.

use vestibule::adapters::mail::Written;
use vestibule::worker::send_mails;

use super::TestApp;

impl TestApp {
    /// Sends what is due, and reads all that was ever sent, the newest last.
    pub async fn mails(&self) -> Vec<Written> {
        send_mails::once(&self.app).await.unwrap();
        self.written_mails().await
    }

    /// Reads all that was ever sent, the newest last.
    pub async fn written_mails(&self) -> Vec<Written> {
        let mut mails = self.app.mailer.folder().unwrap().list().await.unwrap();
        mails.reverse();
        mails
    }

    /// What became of every queued mail, oldest first: `WAITING`, `SENT`, `DROPPED`, `PARKED`.
    pub async fn mail_states(&self) -> Vec<String> {
        self.sql("postgres").await.column("select state from outbox order by id").await
    }
}

/// Where a mail's button leads: the same in text and in HTML.
pub fn button_of(mail: &Written) -> String {
    let url = mail.text.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("{mail:?}"));
    assert!(mail.html.contains(&format!("href=\"{url}\"")), "{}", mail.html);
    url.to_owned()
}

/// The path of an address of ours.
pub fn path_of(url: &str) -> String {
    url::Url::parse(url).unwrap().path().to_owned()
}
