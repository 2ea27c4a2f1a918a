//! The way to a mail server. What it says decides whether a mail is tried again: a refusal of the mail
//! itself (5xx) is for good, everything else may be over by the next try. Whether a connection that
//! broke after the mail was sent took it, nobody knows; then it is sent again under the same id.
//! Not lettre's own transport: its time-out ends with the connecting, and its pool takes back a
//! connection whose mail was given up half way, so that the next mail would read the last one's answer.

use std::error::Error as _;
use std::sync::Mutex;

use lettre::message::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Answer;
use crate::config::{Relay, RelayTls};

/// Codes that speak of our login, not of the mail: somebody will mend it.
const ABOUT_US: [u16; 4] = [530, 534, 535, 538];
const TOO_SLOW: &str = "The mail server did not answer in time.";

/// The mail server, and the connections to it.
pub(super) struct Smtp {
    relay: Relay,
    tls: TlsParameters,
    /// As many as may be open.
    places: Semaphore,
    /// Connections that have done with their mail.
    waiting: Mutex<Vec<AsyncSmtpConnection>>,
}

impl Smtp {
    /// Connects nothing yet.
    pub(super) fn new(relay: &Relay) -> anyhow::Result<Self> {
        let tls = parameters(relay)?;
        let places = Semaphore::new(relay.connections.try_into()?);
        Ok(Self { relay: relay.clone(), tls, places, waiting: Mutex::default() })
    }

    /// Sends one mail, once. Given up, also by dropping the future, it closes its connection.
    pub(super) async fn send(&self, message: &Message) -> Answer {
        let Ok(_place) = self.places.acquire().await else { return Answer::Failed(TOO_SLOW.into()) };
        match timeout(self.relay.timeout, self.deliver(message)).await {
            Ok(Ok(())) => Answer::Taken,
            Ok(Err(error)) => judge(&error),
            Err(_) => {
                tracing::warn!("the mail server did not answer in time");
                Answer::Failed(TOO_SLOW.into())
            }
        }
    }

    async fn deliver(&self, message: &Message) -> Result<(), Error> {
        let mut connection = self.connection().await?;
        connection.send(message.envelope(), &message.formatted()).await?;
        self.waiting.lock().expect("no panic while held").push(connection);
        Ok(())
    }

    /// One that waits and still lives, or a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Error> {
        while let Some(mut connection) = self.next_waiting() {
            if connection.test_connected().await {
                return Ok(connection);
            }
        }
        let Relay { host, port, tls, login, timeout, .. } = &self.relay;
        let (server, us) = ((host.as_str(), *port), ClientId::default());
        let wrapped = (*tls == RelayTls::Wrapped).then(|| self.tls.clone());
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(*timeout), &us, wrapped, None).await?;
        if *tls == RelayTls::StartTls {
            connection.starttls(self.tls.clone(), &us).await?;
        }
        if let Some((user, password)) = login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    fn next_waiting(&self) -> Option<AsyncSmtpConnection> {
        self.waiting.lock().expect("no panic while held").pop()
    }
}

fn parameters(relay: &Relay) -> anyhow::Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(relay.host.clone());
    if let Some(authority) = &relay.authority {
        parameters = parameters.add_root_certificate(Certificate::from_pem(authority)?);
    }
    Ok(parameters.build_rustls()?)
}

fn judge(error: &Error) -> Answer {
    let Some(code) = error.status() else {
        tracing::warn!(error = %chain(error), "the mail server could not be reached");
        let said = if error.is_timeout() { "did not answer in time" } else { "could not be reached" };
        return Answer::Failed(format!("The mail server {said}."));
    };
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let why = format!("The mail server answered {code}: {said}");
    let about_us = code.to_string().parse().is_ok_and(|code: u16| ABOUT_US.contains(&code));
    if about_us {
        tracing::error!(smtp.code = %code, "the mail server does not let us in: check SMTP_URL");
        return Answer::Failed(format!("The mail server refused our login ({code})."));
    }
    if error.is_permanent() { Answer::Refused(why) } else { Answer::Failed(why) }
}

fn chain(error: &Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        chain = format!("{chain}: {next}");
        cause = next.source();
    }
    chain
}
