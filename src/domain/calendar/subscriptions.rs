//! Addresses under which visitors' calendar programs read a portal's calendar (CAL-1). Each is made in a
//! session, shown once, kept as a hash, and dead once its session, link or portal is: `enter_calendar` in
//! the database decides that at every reading.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::RunQueryDsl;

use crate::db::ids::CalendarSubscriptionId;
use crate::db::schema::portal::calendar_subscriptions as subscriptions;
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::changes::{Change, Write};
use crate::domain::idempotency::{self, Claim};
use crate::domain::tokens::{Token, TokenKind};
use crate::error::{Error, Result};

/// The most that one session holds.
const MOST: usize = 10;

diesel::define_sql_function! {
    fn subscribe_to_calendar(subscription: sql_types::Uuid, token: sql_types::Binary) -> sql_types::Bool;
}

/// A living subscription of the visitor's own.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = subscriptions)]
pub struct Subscription {
    pub id: CalendarSubscriptionId,
    pub created_at: DateTime<Utc>,
}

/// Makes a subscription, once for each idempotency key. The secret comes with the first call only.
pub async fn create(
    write: &Write<Portal>,
    key: Option<&str>,
) -> Result<(CalendarSubscriptionId, Option<Token>)> {
    let fresh = match idempotency::claim(write, key, "subscription.create", &()).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok((id.into(), None)),
    };
    if own(write).await?.len() >= MOST {
        return Err(Error::Forbidden("You have ten of these addresses. End one that you do not use."));
    }
    let id: CalendarSubscriptionId = write.id();
    let token = Token::new(TokenKind::Calendar)?;
    let made = subscribe_to_calendar(id, token.hash().to_vec());
    if !diesel::select(made).get_result::<bool>(&mut write.connection()).await? {
        return Err(Error::Forbidden("This portal shows no calendar."));
    }
    fresh.settle(write, id).await?;
    write.done(Change::new("subscription.created", id));
    Ok((id, Some(token)))
}

/// Ends one: its address is dead from the commit on. Again is no error.
pub async fn revoke(write: &Write<Portal>, id: CalendarSubscriptionId) -> Result<()> {
    // Row-level security leaves the session's own.
    let own = || subscriptions::table.filter(subscriptions::id.eq(id));
    let living = own().filter(subscriptions::revoked_at.is_null());
    let revoked = diesel::update(living).set(subscriptions::revoked_at.eq(write.at()));
    if revoked.execute(&mut write.connection()).await? == 1 {
        write.done(Change::new("subscription.revoked", id));
        return Ok(());
    }
    let known: i64 = own().count().get_result(&mut write.connection()).await?;
    if known == 0 { Err(Error::NotFound("calendar subscription")) } else { Ok(()) }
}

/// Those of the session that live, the newest first.
pub async fn own(tx: &Tx<Portal>) -> Result<Vec<Subscription>> {
    Ok(subscriptions::table
        .filter(subscriptions::revoked_at.is_null())
        .order(subscriptions::id.desc())
        .select(Subscription::as_select())
        .load(&mut tx.connection())
        .await?)
}
