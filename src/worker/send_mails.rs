//! Sends queued mails (NOTE-4), from any number of instances: each claims rows that are due and sends
//! them beside one another, so that a slow server holds up as little as can be.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use crate::adapters::mail::{Answer, Correspondent, Line, Mail};
use crate::adapters::redis::mail_budgets::{MailBudget, MailPlace, Placing};
use crate::app::App;
use crate::domain::mails::{self, Budget, Claimed, Letter, Outcome};
use crate::error::{Error, Result};
use crate::letters;

/// Mails that one instance sends at once; the mail server's connections are fewer.
const AT_ONCE: usize = 16;
/// Between two looks, unless a mail is done earlier.
const LOOK: Duration = Duration::from_millis(500);
/// How long a mail waits whose budget Redis could not tell.
const RESPITE: TimeDelta = TimeDelta::seconds(10);
/// For one mail, all its steps: well within the time that a claim lasts.
const PATIENCE: Duration = Duration::from_secs(180);

/// Sends until the service stops. What is under way then falls due again.
pub(super) async fn run(app: Arc<App>, mut stopped: watch::Receiver<()>) {
    let mut sending = JoinSet::new();
    loop {
        if let Err(error) = start(&app, &mut sending).await {
            tracing::warn!(%error, "mails wait");
        }
        tokio::select! {
            Some(_) = sending.join_next() => {}
            () = tokio::time::sleep(LOOK) => {}
            _ = stopped.changed() => break,
        }
    }
    sending.join_all().await;
}

/// Sends all that is due now.
pub async fn once(app: &Arc<App>) -> Result<()> {
    let mut sending = JoinSet::new();
    loop {
        start(app, &mut sending).await?;
        if sending.join_next().await.is_none() {
            return Ok(());
        }
    }
}

/// Starts as many as there is room for.
async fn start(app: &Arc<App>, sending: &mut JoinSet<()>) -> Result<()> {
    let room = AT_ONCE.saturating_sub(sending.len());
    if room == 0 {
        return Ok(());
    }
    for claimed in mails::claim(&app.pools, &app.clock, i32::try_from(room).unwrap_or(i32::MAX)).await? {
        let app = app.clone();
        sending.spawn(async move {
            if let Err(error) = handle(&app, &claimed).await {
                tracing::warn!(%error, mail.id = %claimed.id, "a mail waits");
            }
        });
    }
    Ok(())
}

async fn handle(app: &App, claimed: &Claimed) -> Result<()> {
    step("mail_claimed");
    let handled = tokio::time::timeout(PATIENCE, send(app, claimed)).await;
    let outcome =
        handled.unwrap_or_else(|_| Outcome::Failed("The mail server did not answer in time.".into()));
    step("mail_sent");
    mails::settle(&app.pools, &app.clock, claimed, &outcome).await?;
    step("mail_settled");
    Ok(())
}

async fn send(app: &App, claimed: &Claimed) -> Outcome {
    let base_url = app.config.http.base_url.as_str();
    let desk = (base_url, &app.config.sealing);
    let letter = match mails::compose(&app.pools, &app.clock, desk, claimed).await {
        Ok(Some(letter)) => letter,
        Ok(None) => return Outcome::Dropped,
        Err(error) => return failure(claimed, &error),
    };
    step("mail_composed");
    if let Some(until) = no_place_until(app, claimed, &letter).await {
        return Outcome::Deferred(until);
    }
    match write(claimed, &letter) {
        Ok(mail) => match app.mailer.send(mail).await {
            Answer::Taken => Outcome::Sent,
            Answer::Refused(why) => Outcome::Refused(why),
            Answer::Failed(why) => Outcome::Failed(why),
        },
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), mail.id = %claimed.id, "a mail cannot be written");
            Outcome::Refused("The mail could not be written.".into())
        }
    }
}

/// When the reader's address has room for it, over all organisations, if it has none now (INV-4).
async fn no_place_until(app: &App, claimed: &Claimed, letter: &Letter) -> Option<DateTime<Utc>> {
    let budget = match letter.budget {
        Budget::Staff => MailBudget::Staff,
        Budget::Visitor => MailBudget::Visitor,
        Budget::Bypass => MailBudget::Bypass,
        Budget::Free => return None,
    };
    let address = letter.reader.address.to_text();
    let place = MailPlace { budget, org: None, address, id: claimed.id.to_string() };
    let now = app.clock.now();
    match app.redis.take_mail_place(&place, now).await {
        Ok(Placing::Taken | Placing::Held) => None,
        Ok(Placing::Wait(wait)) => Some(now + wait),
        Err(_) => Some(now + RESPITE),
    }
}

/// A letter as the mail that is sent.
fn write(claimed: &Claimed, letter: &Letter) -> anyhow::Result<Mail> {
    let words = letters::render(letter)?;
    let reader = &letter.reader;
    let name = reader.name.as_deref().map(Line::new);
    let to = Correspondent::new(name.as_ref(), reader.address.local(), reader.address.domain());
    let one_click = letter.unsubscribe.as_ref().map(|stop| Url::parse(&stop.one_click)).transpose()?;
    Ok(Mail {
        id: claimed.id.to_string(),
        at: claimed.queued_at().into(),
        sender: Line::new(&letter.house.name),
        to: to.ok_or_else(|| anyhow::anyhow!("not an address that mail can be sent to"))?,
        reply_to: letter.house.support_email.as_deref().and_then(Correspondent::parse),
        subject: Line::new(&words.subject),
        text: words.text,
        html: words.html,
        one_click,
    })
}

fn failure(claimed: &Claimed, error: &Error) -> Outcome {
    if let Error::Internal(cause) = error {
        tracing::error!(error = format!("{cause:#}"), mail.id = %claimed.id, "a letter cannot be composed");
    }
    Outcome::Failed("The service could not write the mail.".into())
}

/// Where tests stop or kill a worker.
fn step(name: &'static str) {
    tracing::trace!(mail.step = name, "sending");
    fail::fail_point!(name);
}
