//! Opening a portal by its link, past its access code if it has one (DOOR-1 to DOOR-3). Our page
//! comes this way too.

use std::time::Duration;

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use crate::adapters::redis::guesses::{CountedGuess, Guesser};
use crate::db::enums::PortalSessionKind;
use crate::db::scope::CredentialHash;
use crate::domain::portals::doors::{self, Door};
use crate::domain::portals::{self, OpenedPortal, Opening};
use crate::domain::tokens::{hash_former_link, hash_link};
use crate::error::Error;
use crate::graphql::context::{RequestContext, request};
use crate::graphql::errors::{Result, coded};

/// What asking for a bypass takes at least: several times what queuing one does.
const EVEN: Duration = Duration::from_millis(10);

/// Coming in as a client.
#[derive(Default)]
pub struct PortalAccess;

/// What opens a portal.
#[derive(InputObject)]
pub struct OpenPortalInput {
    /// The 32 characters that end the link's URL.
    token: String,
    /// The portal's access code, six digits, where it has one. Left out where one is wanted:
    /// CODE_REQUIRED, with the organisation's name and colour in `extensions.door`. A wrong one is
    /// VALIDATION. After five wrong ones the door is LOCKED, for a right one too.
    access_code: Option<String>,
    /// The mailed bypass of a locked door, `vb_…`, good for a day; the code is still asked.
    bypass: Option<String>,
    /// Where the session will be kept.
    #[graphql(default)]
    client: PortalClient,
}

/// Where a portal session is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum PortalClient {
    /// By a program or a page of your own.
    #[default]
    Api,
    /// In the cookie of this service's own page.
    Page,
}

/// A portal session.
#[derive(SimpleObject)]
pub struct OpenPortalPayload {
    /// Send it as `Authorization: Bearer …`. Shown once.
    session_token: String,
    /// From then on it opens nothing; the link's own end may come sooner.
    expires_at: DateTime<Utc>,
}

/// Whose recipient is to be mailed.
#[derive(InputObject)]
pub struct RequestPortalBypassInput {
    /// The 32 characters that end the link's URL.
    token: String,
}

/// Says nothing of whether there is a recipient, or a portal.
#[derive(SimpleObject)]
pub struct RequestPortalBypassPayload {
    /// Always true: if the link has a recipient on record, a mail is on its way to them.
    requested: bool,
}

/// Whose recipient is to be mailed.
#[derive(InputObject)]
pub struct RequestFreshLinkInput {
    /// The 32 characters that end the URL that no longer opens, or the `vn_…` of a mail about its portal.
    token: String,
}

/// Says nothing of whether there is a recipient, or a portal.
#[derive(SimpleObject)]
pub struct RequestFreshLinkPayload {
    /// Always true: if the link has a recipient on record and its portal is open, a mail is on its way.
    requested: bool,
}

#[Object]
impl PortalAccess {
    /// Turns a link's token into a portal session, for those who build their own page.
    async fn open_portal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What opens the portal.")] input: OpenPortalInput,
    ) -> Option<Result<OpenPortalPayload>> {
        Some(open(request(ctx), input).await.map(OpenPortalPayload::from).map_err(coded))
    }

    /// Asks that the link's recipient on record be mailed a way around a locked door, at most once
    /// in 15 minutes. The answer is always the same.
    async fn request_portal_bypass(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose recipient.")] input: RequestPortalBypassInput,
    ) -> Option<Result<RequestPortalBypassPayload>> {
        let request = request(ctx);
        let app = &request.app;
        if let Err(busy) = app.limits.check_mail_request(request.origin.address.as_deref()) {
            return Some(Err(coded(busy)));
        }
        let asked = doors::ask_for_bypass(&app.pools, &app.clock, hash_link(&input.token));
        // Nor does the time of the answer tell whether there was anything to queue (LINK-5).
        let (asked, ()) = futures::join!(asked, tokio::time::sleep(EVEN));
        Some(asked.map(|()| RequestPortalBypassPayload { requested: true }).map_err(coded))
    }

    /// Asks that the recipient on record of a dead link be mailed a fresh one, at most once in 15 minutes.
    /// The answer is always the same.
    async fn request_fresh_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose recipient.")] input: RequestFreshLinkInput,
    ) -> Option<Result<RequestFreshLinkPayload>> {
        let request = request(ctx);
        let app = &request.app;
        if let Err(busy) = app.limits.check_mail_request(request.origin.address.as_deref()) {
            return Some(Err(coded(busy)));
        }
        let asked = doors::ask_for_fresh_link(&app.pools, &app.clock, hash_former_link(&input.token));
        // Nor does the time of the answer tell whether there was anything to queue (LINK-5).
        let (asked, ()) = futures::join!(asked, tokio::time::sleep(EVEN));
        Some(asked.map(|()| RequestFreshLinkPayload { requested: true }).map_err(coded))
    }
}

async fn open(request: &RequestContext, input: OpenPortalInput) -> Result<OpenedPortal, Error> {
    let link = (hash_link(&input.token), None);
    open_by(request, link, (input.access_code, input.bypass), input.client).await
}

/// Opens the door of a link by its hash, past its access code if it has one; for a visitor, if one opens it by
/// their address.
pub(super) async fn open_by(
    request: &RequestContext,
    (link, visitor): (CredentialHash, Option<CredentialHash>),
    (code, bypass): (Option<String>, Option<String>),
    client: PortalClient,
) -> Result<OpenedPortal, Error> {
    let app = &request.app;
    let door = doors::find(&app.pools, link).await?;
    let mut opening =
        Opening { link, kind: client.into(), passed: None, page: request.page(), bypass: None, visitor };
    let Some(mark) = door.mark() else { return portals::open(&app.pools, &app.clock, &opening).await };
    let code = code.ok_or_else(|| Error::CodeRequired(door.face().into()))?;
    opening.bypass = match bypass {
        Some(bypass) => doors::find_bypass_of(&app.pools, door.link_id, &bypass).await?,
        None => None,
    };
    let guess = count_guess(request, &door, opening.bypass).await?;
    if !door.fits(&app.config.sealing, &SecretString::from(code)) {
        return Err(Error::invalid("input.accessCode", "That is not this portal's access code."));
    }
    opening.passed = Some(mark);
    let opened = portals::open(&app.pools, &app.clock, &opening).await?;
    let life = door.ends_at.map_or(opened.expires_at, |end| end.min(opened.expires_at)) - app.clock.now();
    app.redis.pass(&opened.token.hash(), &mark, life).await?;
    app.redis.forgive_guess(door.link_id, &guess).await?;
    Ok(opened)
}

/// Counted before the code is looked at (DOOR-3). Without Redis no code is looked at.
async fn count_guess(
    request: &RequestContext,
    door: &Door,
    bypass: Option<Uuid>,
) -> Result<CountedGuess, Error> {
    let app = &request.app;
    let guesser = match bypass {
        Some(bypass) => Guesser::Bypass(bypass),
        None => Guesser::Network(request.origin.address.as_deref().unwrap_or_default()),
    };
    let counted = app.redis.count_guess(door.link_id, guesser, app.clock.id(), app.clock.now()).await?;
    counted.map_err(|wait| Error::Locked(wait.to_std().unwrap_or_default()))
}

impl From<PortalClient> for PortalSessionKind {
    fn from(client: PortalClient) -> Self {
        match client {
            PortalClient::Api => Self::Api,
            PortalClient::Page => Self::Page,
        }
    }
}

impl From<OpenedPortal> for OpenPortalPayload {
    fn from(opened: OpenedPortal) -> Self {
        Self { session_token: opened.token.reveal(), expires_at: opened.expires_at }
    }
}
