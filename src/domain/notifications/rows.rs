//! `notifications` in Diesel, and the door functions that know whom to tell.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{BATCH, News};
use crate::db::enums::{ClientPhase, Language, NotificationTopic};
use crate::db::ids::{ConsentId, NotificationId, OrgId};
use crate::db::prepared::Prepare as _;
use crate::db::schema::{staff, system};
use crate::db::scope::Tx;
use crate::domain::changes::Write;
use crate::error::Result;

/// A notification as its mail needs it: shared words only (REC-4).
#[derive(Clone, Debug, QueryableByName)]
pub(super) struct ToSend {
    /// By which consent, for the mail's token.
    #[diesel(sql_type = SqlUuid)]
    pub consent_id: ConsentId,
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = Text)]
    pub language: Language,
    #[diesel(sql_type = Text)]
    pub topic: NotificationTopic,
    #[diesel(sql_type = Text)]
    pub portal_title: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub record_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub phase: Option<ClientPhase>,
    /// Where the type shows stages by name.
    #[diesel(sql_type = Nullable<Text>)]
    pub stage_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub client_status: Option<String>,
}

#[derive(QueryableByName)]
struct Reader {
    #[diesel(sql_type = Text)]
    email: String,
}

/// The addresses to tell: not that of who does it (MSG-2).
pub(super) async fn audience(write: &Write, news: &News) -> Result<Vec<String>> {
    const READERS: &str = "select email from whom_to_notify($1, $2, $3, null)
        where email is distinct from (select m.email from members m where m.id = app_id('app.member'))";
    let readers: Vec<Reader> = diesel::sql_query(READERS)
        .bind::<Text, _>(news.topic)
        .bind::<SqlUuid, _>(news.company)
        .bind::<Nullable<SqlUuid>, _>(news.record)
        .prepared()
        .load(&mut write.connection())
        .await?;
    Ok(readers.into_iter().map(|reader| reader.email).collect())
}

/// Notes whom to tell; returns those who were not told of this change before.
pub(super) async fn insert(write: &Write, news: &News, emails: &[String]) -> Result<Vec<NotificationId>> {
    use staff::notifications;
    let mut new = Vec::with_capacity(emails.len());
    for batch in emails.chunks(BATCH) {
        let rows: Vec<_> = batch
            .iter()
            .map(|email| {
                (
                    notifications::org_id.eq(write.scope().org_id),
                    notifications::id.eq(write.id::<NotificationId>()),
                    notifications::change_id.eq(news.change),
                    notifications::topic.eq(news.topic),
                    notifications::company_id.eq(news.company),
                    notifications::record_id.eq(news.record),
                    notifications::email.eq(email),
                )
            })
            .collect();
        let inserted: Vec<NotificationId> = diesel::insert_into(notifications::table)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(notifications::id)
            .get_results(&mut write.connection())
            .await?;
        new.extend(inserted);
    }
    Ok(new)
}

pub(super) async fn to_send(tx: &Tx<OrgId>, id: NotificationId) -> Result<Option<ToSend>> {
    const NOTIFICATION: &str =
        "select consent_id, email, language, topic, portal_title, record_name, phase, stage_name,
        client_status from notification_to_send($1)";
    Ok(diesel::sql_query(NOTIFICATION)
        .bind::<SqlUuid, _>(id)
        .prepared()
        .get_result(&mut tx.connection())
        .await
        .optional()?)
}

/// Forgets those from before a moment.
pub(super) async fn forget(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    use system::notifications;
    let old = notifications::table.filter(notifications::created_at.lt(before));
    diesel::delete(old).execute(&mut tx.connection()).await?;
    Ok(())
}
