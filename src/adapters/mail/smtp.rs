//! The way to a mail server. What it says decides whether a mail is tried again: a refusal of the mail
//! itself (5xx) is for good, everything else may be over by the next try. Whether a connection that
//! broke after the mail was sent took it, nobody knows; then it is sent again under the same id.

use std::error::Error as _;

use lettre::message::Message;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error, PoolConfig};
use lettre::{AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;

use super::Answer;
use crate::config::{Relay, RelayTls};

/// Codes that speak of our login, not of the mail: somebody will mend it.
const ABOUT_US: [u16; 4] = [530, 534, 535, 538];

pub(super) fn transport(relay: &Relay) -> anyhow::Result<AsyncSmtpTransport<Tokio1Executor>> {
    let tls = match relay.tls {
        RelayTls::None => Tls::None,
        RelayTls::StartTls => Tls::Required(parameters(relay)?),
        RelayTls::Wrapped => Tls::Wrapper(parameters(relay)?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&relay.host)
        .port(relay.port)
        .tls(tls)
        .timeout(Some(relay.timeout))
        .pool_config(PoolConfig::new().max_size(relay.connections));
    if let Some((user, password)) = &relay.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    Ok(builder.build())
}

fn parameters(relay: &Relay) -> anyhow::Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(relay.host.clone());
    if let Some(authority) = &relay.authority {
        parameters = parameters.add_root_certificate(Certificate::from_pem(authority)?);
    }
    Ok(parameters.build_rustls()?)
}

pub(super) async fn send(transport: &AsyncSmtpTransport<Tokio1Executor>, message: Message) -> Answer {
    match transport.send(message).await {
        Ok(_) => Answer::Taken,
        Err(error) => judge(&error),
    }
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
