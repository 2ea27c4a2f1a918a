//! Who is mailed about portals in the staff root (NOTE-1): to look at. A consent is its holder's, so staff
//! make and change none.

use async_graphql::{Context, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::{ConsentState, Language, NotificationTopic};
use crate::db::ids::{ConsentId, PortalId};
use crate::db::paging::Page;
use crate::domain::consents::{self, ConsentFilter};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::{connection, wants_count};

/// An address that is mailed about a portal, or was asked whether it wants to be.
#[derive(SimpleObject)]
pub struct Consent {
    /// Its id.
    id: ConsentId,
    /// The portal it was asked for in.
    portal_id: PortalId,
    /// The address.
    email: String,
    /// What its mails are written in.
    language: Language,
    /// What it is mailed about.
    topics: Vec<NotificationTopic>,
    /// How far it has come.
    state: ConsentState,
    /// When it was last asked for.
    requested_at: DateTime<Utc>,
    /// When the reader of the address confirmed.
    confirmed_at: Option<DateTime<Utc>>,
    /// When its reader stopped the mail.
    withdrawn_at: Option<DateTime<Utc>>,
}

impl From<consents::Consent> for Consent {
    fn from(consent: consents::Consent) -> Self {
        Self {
            id: consent.id,
            portal_id: consent.portal_id,
            email: consent.email,
            language: consent.language,
            topics: consent.topics,
            state: consent.state,
            requested_at: consent.requested_at,
            confirmed_at: consent.confirmed_at,
            withdrawn_at: consent.withdrawn_at,
        }
    }
}

connection!(ConsentConnection, ConsentEdge, Consent, "consents");

/// Reading consents.
#[derive(Default)]
pub struct StaffConsentQueries;

#[Object]
impl StaffConsentQueries {
    /// Who is mailed about portals, or was asked, newest first, a page at a time.
    async fn consents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those of this portal.")] portal_id: Option<PortalId>,
        #[graphql(desc = "Only those of this address.")] email: Option<String>,
    ) -> Option<Result<ConsentConnection>> {
        let filter =
            ConsentFilter { portal: portal_id, email: email.map(|email| email.trim().to_lowercase()) };
        Some(list(ctx, first, after, filter).await)
    }
}

async fn list(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<String>,
    filter: ConsentFilter,
) -> Result<ConsentConnection> {
    let page = Page::parse(first, after.as_deref()).map_err(coded)?;
    let reading = request(ctx).staff().await?;
    let rows = consents::list(&reading.tx, &filter, &page).await.map_err(coded)?;
    let count = match wants_count(ctx) {
        true => Some(consents::count(&reading.tx, &filter).await.map_err(coded)?),
        false => None,
    };
    Ok(ConsentConnection::new(rows, |row| row.id, page.after.is_some(), count))
}
