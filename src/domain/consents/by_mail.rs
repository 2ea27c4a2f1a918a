//! What the reader of a mail does with the links in it, without a session, also after the portal has
//! ended (NOTE-3). A token that is nobody's is LINK_INACTIVE, whatever was to be done with it.

use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Nullable, Text, Uuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;

use super::check_topics;
use crate::clock::Clock;
use crate::db::enums::{ConsentState, NotificationTopic};
use crate::db::pool::Pools;
use crate::db::prepared::Prepare as _;
use crate::db::scope::{Access, CredentialHash, Door};
use crate::domain::callers::hash_token;
use crate::domain::changes::Origin;
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

diesel::define_sql_function! {
    fn confirm_consent(hash: Binary, entry: Uuid, address: Nullable<Text>, request: Text) -> Bool;
}
diesel::define_sql_function! {
    fn change_consent(
        hash: Binary,
        wanted: Array<Text>,
        entry: Uuid,
        address: Nullable<Text>,
        request: Text
    ) -> Bool;
}
diesel::define_sql_function! {
    fn withdraw_consent(hash: Binary, entry: Uuid, address: Nullable<Text>, request: Text) -> Bool;
}
diesel::define_sql_function! {
    fn renew_consent(hash: Binary, entry: Uuid, address: Nullable<Text>, request: Text) -> Bool;
}

/// A consent as the reader of its mails sees it.
#[derive(Clone, Debug, QueryableByName)]
pub struct MailConsent {
    #[diesel(sql_type = Text)]
    pub organization_name: String,
    #[diesel(sql_type = Text)]
    pub accent_color: String,
    #[diesel(sql_type = Text)]
    pub email: String,
    #[diesel(sql_type = Array<Text>)]
    pub topics: Vec<NotificationTopic>,
    /// What can come up in its portal.
    #[diesel(sql_type = Array<Text>)]
    pub offered: Vec<NotificationTopic>,
    #[diesel(sql_type = Text)]
    pub state: ConsentState,
}

/// What is done with it.
#[derive(Clone, Debug)]
pub enum Act {
    /// The reader of the address wants the mails. After 7 days it is too late.
    Confirm,
    /// Other topics. Unchecked.
    Change(Vec<NotificationTopic>),
    /// No mail of the organisation's any more.
    Withdraw,
    /// Mails again.
    Renew,
}

/// What a token is about.
pub async fn find(pools: &Pools, token: &str) -> Result<MailConsent> {
    let hash = hash_token(token);
    let entered = pools
        .enter(Door::Doorstep, Access::Read, |mut connection| {
            async move {
                diesel::sql_query("select organization_name, accent_color, email, topics, offered, state from find_consent($1)")
                    .bind::<Binary, _>(hash.to_vec())
                    .prepared()
                    .get_result::<MailConsent>(&mut connection)
                    .await
                    .optional()
            }
            .boxed()
        })
        .await?;
    let tx = entered.ok_or(Error::LinkInactive)?;
    let consent = tx.scope().clone();
    tx.leave().await?;
    Ok(consent)
}

/// Does something, once or again: what is so already stays so, and is not told of.
pub async fn act(pools: &Pools, clock: &Clock, origin: &Origin, token: &str, act: Act) -> Result<()> {
    let act = match act {
        Act::Change(topics) => {
            let mut checks = Checks::new();
            let topics = check_topics(&mut checks, topics, NotificationTopic::ALL);
            checks.finish()?;
            Act::Change(topics)
        }
        act => act,
    };
    let (hash, entry) = (hash_token(token), clock.id());
    let entered = pools
        .enter(Door::Doorstep, Access::Write, |connection| {
            let (act, origin) = (act.clone(), origin.clone());
            async move { run(connection, hash, act, (entry, origin)).await.map(|found| found.then_some(())) }
                .boxed()
        })
        .await?;
    entered.ok_or(Error::LinkInactive)?.commit().await
}

async fn run(
    mut connection: &AsyncPgConnection,
    hash: CredentialHash,
    act: Act,
    (entry, origin): (uuid::Uuid, Origin),
) -> QueryResult<bool> {
    let (hash, to) = (hash.to_vec(), &mut connection);
    let Origin { address, request_id } = origin;
    match act {
        Act::Confirm => {
            diesel::select(confirm_consent(hash, entry, address, request_id)).get_result(to).await
        }
        Act::Change(topics) => {
            diesel::select(change_consent(hash, topics, entry, address, request_id)).get_result(to).await
        }
        Act::Withdraw => {
            diesel::select(withdraw_consent(hash, entry, address, request_id)).get_result(to).await
        }
        Act::Renew => diesel::select(renew_consent(hash, entry, address, request_id)).get_result(to).await,
    }
}
