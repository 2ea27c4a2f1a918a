//! The door itself: who shares what with whom, and leaving.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use crate::db::enums::PortalMode;
use crate::db::ids::PortalId;
use crate::domain::portals;
use crate::error::Error;
use crate::graphql::context::{PortalReading, request};
use crate::graphql::errors::{Result, coded};

/// A doorway as its visitors see it.
#[derive(async_graphql::Description)]
pub struct PortalDoorway(Arc<PortalReading>);

#[Object(use_type_description)]
impl PortalDoorway {
    /// Its id.
    async fn id(&self) -> PortalId {
        self.0.tx.scope().portal_id
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.0.tx.scope().title
    }

    /// The sections it shows.
    async fn modes(&self) -> &[PortalMode] {
        &self.0.tx.scope().modes
    }

    /// Whether the portal mails those who ask for it. A link may have that off for itself:
    /// `notificationTopics` knows.
    async fn notifications(&self) -> bool {
        self.0.tx.scope().notifications
    }

    /// A line such as "Managed by Example", where staff set one.
    async fn attribution(&self) -> Option<&str> {
        self.0.tx.scope().attribution.as_deref()
    }

    /// The name of the company whose doorway it is.
    async fn company_name(&self) -> &str {
        &self.0.tx.scope().company.name
    }

    /// The organisation that shares.
    async fn organization(&self) -> PortalOrganization {
        let host = self.0.tx.scope().organization.clone();
        PortalOrganization {
            name: host.name,
            accent_color: host.accent_color,
            welcome_message: host.welcome_message,
            website: host.website,
            support_email: host.support_email,
            time_zone: host.time_zone,
        }
    }
}

/// The organisation as its clients see it.
#[derive(SimpleObject)]
pub struct PortalOrganization {
    /// Its name.
    name: String,
    /// Its colour, `#rrggbb`.
    accent_color: String,
    /// Plain text to greet visitors with.
    welcome_message: Option<String>,
    /// Its website.
    website: Option<String>,
    /// Where clients write for help.
    support_email: Option<String>,
    /// IANA name of the zone its days are in.
    time_zone: String,
}

/// Reading the door.
#[derive(Default)]
pub struct DoorwayQueries;

#[Object]
impl DoorwayQueries {
    /// The doorway itself.
    async fn doorway(&self, ctx: &Context<'_>) -> Result<PortalDoorway> {
        Ok(PortalDoorway(request(ctx).portal().await?))
    }
}

/// Leaving through the door.
#[derive(Default)]
pub struct DoorwayMutations;

/// The session is over.
#[derive(SimpleObject)]
pub struct PortalEndSessionPayload {
    /// Whether there was a session to end; a bare link has none.
    ended: bool,
}

#[Object]
impl DoorwayMutations {
    /// Ends the portal session that the request carries.
    async fn end_session(&self, ctx: &Context<'_>) -> Option<Result<PortalEndSessionPayload>> {
        Some(end_session(ctx).await)
    }
}

/// Who leaves need not show that they passed the access code; while Redis is away nobody can.
async fn end_session(ctx: &Context<'_>) -> Result<PortalEndSessionPayload> {
    let request = request(ctx);
    let pools = &request.app.pools;
    let left = match request.present().await {
        Ok(pass) => portals::end_session(pools, pass).await,
        Err(refused) => Err(refused),
    };
    let left = match (left, request.visit()) {
        (Err(Error::CodeRequired(_) | Error::Unavailable(_)), Some(session)) => {
            portals::end_session_of(pools, session).await
        }
        (left, _) => left,
    };
    let ended = left.map_err(coded)?;
    request.leaves();
    Ok(PortalEndSessionPayload { ended })
}
