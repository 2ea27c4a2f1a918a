//! What clients are mailed about (NOTE-2, NOTE-3). The links of such a mail open no portal: they lead to
//! a page that says how to get there, and stops the mail.

use super::rows::{self, ToSend};
use crate::db::enums::NotificationTopic;
use crate::db::ids::NotificationId;
use crate::domain::consents;
use crate::domain::mails::{Desk, Letter, MailKind, Unsubscribe};
use crate::error::Result;

/// A notification, if it is still to be sent and says something.
pub async fn news(desk: &Desk<'_>) -> Result<Option<Letter>> {
    let Some(news) = rows::to_send(desk.tx, NotificationId(desk.subject)).await? else { return Ok(None) };
    let Some(letter) = desk.letter(&news.email, None, Some(news.language)) else { return Ok(None) };
    let token = consents::mail_token(desk.tx, desk.keys, news.consent_id).await?;
    let page = desk.url(&format!("/notifications/{}", token.reveal()));
    let one_click = format!("{page}/unsubscribe");
    let letter = letter.button(page.clone()).stopped_by(Unsubscribe { page, one_click });
    let kind = match news.topic {
        NotificationTopic::Status => MailKind::StatusNews,
        NotificationTopic::Replies => MailKind::RepliesNews,
        NotificationTopic::Reviews => MailKind::ReviewsNews,
        NotificationTopic::Invoices => MailKind::InvoicesNews,
    };
    let letter = Letter { kind, ..letter }.with("portal", news.portal_title.clone());
    if news.topic == NotificationTopic::Status {
        return Ok(with_step(letter, &news));
    }
    let about = news.record_name.unwrap_or(news.portal_title);
    Ok(Some(letter.with("record", about)))
}

/// Where a record stands, as its type shows it: a stage by name, a phase, else a status. None where
/// nothing of that is shared any more.
fn with_step(letter: Letter, news: &ToSend) -> Option<Letter> {
    let (step, text) = match (&news.stage_name, news.phase, &news.client_status) {
        (Some(stage), ..) => ("STAGE", stage.as_str()),
        (None, Some(phase), _) => (phase.as_str(), ""),
        (None, None, Some(status)) => ("STATUS", status.as_str()),
        (None, None, None) => return None,
    };
    Some(letter.with("record", news.record_name.clone()?).with("step", step).with("text", text))
}
