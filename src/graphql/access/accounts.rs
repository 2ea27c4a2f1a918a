//! Coming in as a client by one's address (DOOR-6, DOOR-7): with an account, or with a mailed link. What
//! was proved opens nothing by itself; it shows the doors that are meant for the address.

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::portals::{OpenPortalPayload, PortalClient, open_by};
use super::staff_sessions::stranger;
use crate::db::ids::LinkId;
use crate::domain::accounts::{self, AddressedDoor, Arrived};
use crate::domain::callers::hash_token;
use crate::domain::people::Credentials;
use crate::error::Error;
use crate::graphql::context::{RequestContext, request};
use crate::graphql::errors::{Result, coded};

/// Who comes in with a password.
#[derive(InputObject)]
pub struct SignInToPortalsInput {
    /// The person's address.
    email: String,
    /// The person's password.
    password: String,
}

/// Who comes in with a mailed link.
#[derive(InputObject)]
pub struct FinishSignInLinkInput {
    /// What `requestSignInLink` answered, kept by this browser.
    ask: String,
    /// What was mailed, `vl_…`.
    token: String,
}

/// What accepts an invitation.
#[derive(InputObject)]
pub struct AcceptInvitationInput {
    /// What was mailed, `vi_…`.
    token: String,
    /// 12 to 200 characters, to sign in with from now on; left out, mailed links do. Whose
    /// `readInvitation.hasPassword` is true keeps the one they have.
    password: Option<String>,
}

/// Which invitation is looked at.
#[derive(InputObject)]
pub struct ReadInvitationInput {
    /// What was mailed, `vi_…`.
    token: String,
}

/// An invitation as who holds it reads it. Nothing is used up.
#[derive(SimpleObject)]
pub struct ReadInvitationPayload {
    /// The organisation that invites.
    organization_name: String,
    /// Its colour, `#rrggbb`.
    accent_color: String,
    /// The company whose portal it is.
    company_name: String,
    /// The address that is invited.
    email: String,
    /// Whether the person of the address has a password that they keep. One that was only signed up with
    /// does not count.
    has_password: bool,
}

/// A visitor, by what they were given.
#[derive(InputObject)]
pub struct ReadDoorsInput {
    /// The visitor's token, `va_…`.
    visitor_token: String,
}

/// Which door to open.
#[derive(InputObject)]
pub struct OpenDoorInput {
    /// The visitor's token, `va_…`.
    visitor_token: String,
    /// The door, as it was listed.
    door: LinkId,
    /// The door's own access code, where it has one: CODE_REQUIRED without.
    access_code: Option<String>,
    /// Where the session will be kept.
    #[graphql(default)]
    client: PortalClient,
}

/// Who signs out.
#[derive(InputObject)]
pub struct SignOutOfPortalsInput {
    /// The visitor's token, `va_…`.
    visitor_token: String,
}

/// A portal that is meant for the visitor's address.
#[derive(SimpleObject)]
pub struct VisitorDoor {
    /// Names the door to `openDoor`.
    id: LinkId,
    /// The organisation behind it.
    organization_name: String,
    /// Its colour, `#rrggbb`.
    accent_color: String,
    /// The portal's title.
    title: String,
    /// Whether it asks for an access code.
    code_required: bool,
    /// When it closes by itself, if it does.
    ends_at: Option<DateTime<Utc>>,
}

/// A visitor who proved their address.
#[derive(SimpleObject)]
pub struct VisitorPayload {
    /// Shows the doors that are meant for the address, and opens them. Shown once.
    visitor_token: String,
    /// From then on it shows nothing.
    expires_at: DateTime<Utc>,
    /// The doors, in every organisation, at most 100.
    doors: Vec<VisitorDoor>,
}

/// What is meant for the visitor now.
#[derive(SimpleObject)]
pub struct ReadDoorsPayload {
    /// The doors, in every organisation, at most 100.
    doors: Vec<VisitorDoor>,
}

/// The visitor is signed out.
#[derive(SimpleObject)]
pub struct SignOutOfPortalsPayload {
    /// Always true, also for who was not signed in.
    signed_out: bool,
}

impl From<AddressedDoor> for VisitorDoor {
    fn from(door: AddressedDoor) -> Self {
        Self {
            id: door.link_id,
            organization_name: door.organization_name,
            accent_color: door.accent_color,
            title: door.title,
            code_required: door.coded,
            ends_at: door.ends_at,
        }
    }
}

impl From<Arrived> for VisitorPayload {
    fn from(arrived: Arrived) -> Self {
        Self {
            visitor_token: arrived.token.reveal(),
            expires_at: arrived.expires_at,
            doors: arrived.doors.into_iter().map(VisitorDoor::from).collect(),
        }
    }
}

/// Coming in by address.
#[derive(Default)]
pub struct AccountAccess;

#[Object]
impl AccountAccess {
    /// Signs a person in with their password. An unknown address, a wrong password, and one that was signed
    /// up with and never proved by mail get the same answer: `requestSignInLink` and
    /// `requestPasswordReset` help all three.
    async fn sign_in_to_portals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: SignInToPortalsInput,
    ) -> Option<Result<VisitorPayload>> {
        Some(sign_in(request(ctx), input).await.map_err(coded))
    }

    /// Signs a person in with a mailed link, which is used up, in the browser that asked for it.
    async fn finish_sign_in_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was mailed, and what the browser kept.")] input: FinishSignInLinkInput,
    ) -> Option<Result<VisitorPayload>> {
        Some(finish_link(request(ctx), input).await.map_err(coded))
    }

    /// Reads an invitation, for the page that asks whether to accept it. Uses nothing up.
    async fn read_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ReadInvitationInput,
    ) -> Option<Result<ReadInvitationPayload>> {
        Some(read_invitation(request(ctx), input).await.map_err(coded))
    }

    /// Accepts an invitation, which is used up: the contact has an account from then on, and is signed in.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was mailed.")] input: AcceptInvitationInput,
    ) -> Option<Result<VisitorPayload>> {
        Some(accept(request(ctx), input).await.map_err(coded))
    }

    /// Reads the doors that are meant for a visitor now. Who proved no address sees none.
    async fn read_doors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: ReadDoorsInput,
    ) -> Option<Result<ReadDoorsPayload>> {
        let doors = accounts::doors(&stranger(request(ctx)), &input.visitor_token).await;
        let doors = doors.map(|doors| doors.into_iter().map(VisitorDoor::from).collect());
        Some(doors.map(|doors| ReadDoorsPayload { doors }).map_err(coded))
    }

    /// Opens a door that is meant for a visitor: a portal session, as `openPortal` gives it.
    async fn open_door(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: OpenDoorInput,
    ) -> Option<Result<OpenPortalPayload>> {
        Some(open_door(request(ctx), input).await.map_err(coded))
    }

    /// Signs a visitor out, and closes the portals that they opened.
    async fn sign_out_of_portals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: SignOutOfPortalsInput,
    ) -> Option<Result<SignOutOfPortalsPayload>> {
        let ended = accounts::sign_out(&stranger(request(ctx)), &input.visitor_token).await;
        Some(ended.map(|()| SignOutOfPortalsPayload { signed_out: true }).map_err(coded))
    }
}

fn count_network(request: &RequestContext) -> Result<(), Error> {
    request.app.limits.check_sign_in_network(request.origin.address.as_deref())
}

async fn sign_in(request: &RequestContext, input: SignInToPortalsInput) -> Result<VisitorPayload, Error> {
    request.app.limits.check_sign_in(request.origin.address.as_deref(), &input.email)?;
    let credentials = Credentials { email: input.email, password: Arc::new(input.password.into()) };
    accounts::sign_in(&stranger(request), credentials).await.map(VisitorPayload::from)
}

async fn finish_link(
    request: &RequestContext,
    input: FinishSignInLinkInput,
) -> Result<VisitorPayload, Error> {
    count_network(request)?;
    accounts::sign_in_by_link(&stranger(request), &input.ask, &input.token).await.map(VisitorPayload::from)
}

async fn read_invitation(
    request: &RequestContext,
    input: ReadInvitationInput,
) -> Result<ReadInvitationPayload, Error> {
    count_network(request)?;
    let face = accounts::invitation(&stranger(request), &input.token).await?;
    Ok(ReadInvitationPayload {
        organization_name: face.organization_name,
        accent_color: face.accent_color,
        company_name: face.company_name,
        email: face.email,
        has_password: face.known,
    })
}

async fn accept(request: &RequestContext, input: AcceptInvitationInput) -> Result<VisitorPayload, Error> {
    count_network(request)?;
    let password = input.password.map(|password| Arc::new(password.into()));
    let keys = &request.app.config.sealing;
    accounts::accept(&stranger(request), keys, &input.token, password).await.map(VisitorPayload::from)
}

async fn open_door(request: &RequestContext, input: OpenDoorInput) -> Result<OpenPortalPayload, Error> {
    let link = accounts::link(&stranger(request), &input.visitor_token, input.door).await?;
    let link = (link, Some(hash_token(&input.visitor_token)));
    open_by(request, link, (input.access_code, None), input.client).await.map(OpenPortalPayload::from)
}
