//! Consents in Diesel, for visitors, staff and the worker.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::enums::{ConsentState, Language, NotificationTopic};
use crate::db::ids::{ConsentId, OrgId, PortalId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::db::schema::{portal, staff, system};
use crate::db::scope::Tx;
use crate::domain::callers::{Portal, Staff};
use crate::domain::changes::Write;
use crate::error::Result;

diesel::define_sql_function! {
    fn portal_topics() -> Array<Text>;
}
diesel::define_sql_function! {
    fn request_notifications(
        consent: diesel::sql_types::Uuid,
        entry: diesel::sql_types::Uuid,
        address: Text,
        wanted: Array<Text>,
        tongue: Text
    ) -> Nullable<diesel::sql_types::Uuid>;
}
diesel::define_sql_function! {
    fn consent_state(
        requested: Timestamptz,
        confirmed: Nullable<Timestamptz>,
        withdrawn: Nullable<Timestamptz>
    ) -> Text;
}

/// A consent as its visitor sees it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = portal::consents)]
pub struct OwnConsent {
    pub id: ConsentId,
    pub email: String,
    pub topics: Vec<NotificationTopic>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

/// A consent as staff see it.
#[derive(Clone, Debug, Queryable)]
pub struct Consent {
    pub id: ConsentId,
    pub portal_id: PortalId,
    pub email: String,
    pub language: Language,
    pub topics: Vec<NotificationTopic>,
    pub requested_at: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub state: ConsentState,
}

/// Which consents to list.
#[derive(Clone, Debug, Default)]
pub struct ConsentFilter {
    pub portal: Option<PortalId>,
    /// Exactly this address, lower-cased.
    pub email: Option<String>,
}

/// What the mail about a consent says, and to whom.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub email: String,
    pub language: Language,
    /// False: it stands already.
    pub is_open: bool,
}

pub(super) async fn topics(tx: &Tx<Portal>) -> Result<Vec<NotificationTopic>> {
    Ok(diesel::select(portal_topics()).get_result(&mut tx.connection()).await?)
}

/// None if the portal sends no notifications.
pub(super) async fn request(
    write: &Write<Portal>,
    (email, topics, language): (String, &[NotificationTopic], Language),
) -> Result<Option<ConsentId>> {
    let asked =
        request_notifications(write.id::<Uuid>(), write.id::<Uuid>(), email, topics.to_vec(), language);
    Ok(diesel::select(asked).get_result(&mut write.connection()).await?)
}

pub(super) async fn own(tx: &Tx<Portal>) -> Result<Vec<OwnConsent>> {
    use portal::consents;
    let newest = consents::table.order(consents::id.desc());
    Ok(newest.select(OwnConsent::as_select()).load(&mut tx.connection()).await?)
}

/// The policy lets it touch the visitor's own only.
pub(super) async fn change(
    write: &Write<Portal>,
    id: ConsentId,
    topics: &[NotificationTopic],
) -> Result<usize> {
    use portal::consents;
    let own = consents::table.filter(consents::id.eq(id));
    Ok(diesel::update(own).set(consents::topics.eq(topics)).execute(&mut write.connection()).await?)
}

pub(super) async fn withdraw(write: &Write<Portal>, id: ConsentId) -> Result<usize> {
    use portal::consents;
    let own = consents::table.filter(consents::id.eq(id));
    let withdrawn = consents::withdrawn_at.eq(write.at());
    Ok(diesel::update(own).set(withdrawn).execute(&mut write.connection()).await?)
}

pub(super) async fn list(
    tx: &Tx<Staff>,
    filter: &ConsentFilter,
    page: &Page<ConsentId>,
) -> Result<Vec<Consent>> {
    use staff::consents;
    let mut query = filtered(filter).order(consents::id.desc()).limit(page.fetch());
    if let Some(after) = page.after {
        query = query.filter(consents::id.lt(after));
    }
    let state = consent_state(consents::requested_at, consents::confirmed_at, consents::withdrawn_at);
    let columns = (
        consents::id,
        consents::portal_id,
        consents::email,
        consents::language,
        consents::topics,
        consents::requested_at,
        consents::confirmed_at,
        consents::withdrawn_at,
        state,
    );
    Ok(query.select(columns).load(&mut tx.connection()).await?)
}

pub(super) async fn count(tx: &Tx<Staff>, filter: &ConsentFilter) -> Result<i64> {
    use staff::consents;
    let ids: Vec<ConsentId> =
        filtered(filter).select(consents::id).limit(MAX_COUNT).load(&mut tx.connection()).await?;
    Ok(ids.len() as i64)
}

fn filtered(filter: &ConsentFilter) -> staff::consents::BoxedQuery<'_, Pg> {
    use staff::consents;
    let mut query = consents::table.into_boxed();
    if let Some(portal) = filter.portal {
        query = query.filter(consents::portal_id.eq(portal));
    }
    if let Some(email) = &filter.email {
        query = query.filter(consents::email.eq(email));
    }
    query
}

/// None if there is nothing left to ask, or mail to the address came back.
pub(super) async fn question(tx: &Tx<OrgId>, id: ConsentId) -> Result<Option<Question>> {
    use system::{consents, suppressions};
    let suppressed =
        suppressions::table.filter(suppressions::email.eq(consents::email)).select(suppressions::email);
    let state = consent_state(consents::requested_at, consents::confirmed_at, consents::withdrawn_at);
    let row: Option<(String, Language, ConsentState)> = consents::table
        .filter(consents::id.eq(id))
        .filter(diesel::dsl::not(diesel::dsl::exists(suppressed)))
        .select((consents::email, consents::language, state))
        .first(&mut tx.connection())
        .await
        .optional()?;
    Ok(row.and_then(|(email, language, state)| match state {
        ConsentState::Requested => Some(Question { email, language, is_open: true }),
        ConsentState::Confirmed => Some(Question { email, language, is_open: false }),
        ConsentState::Withdrawn | ConsentState::Lapsed => None,
    }))
}

/// Forgets requests from before a moment that nobody confirmed.
pub(super) async fn forget_unconfirmed(tx: &Tx<OrgId>, before: DateTime<Utc>) -> Result<()> {
    use system::consents;
    let old = consents::table
        .filter(consents::confirmed_at.is_null())
        .filter(consents::withdrawn_at.is_null())
        .filter(consents::requested_at.lt(before));
    diesel::delete(old).execute(&mut tx.connection()).await?;
    Ok(())
}
