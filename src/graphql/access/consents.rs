//! The links of notifications and of the question before them (NOTE-1, NOTE-3): who holds one reads the
//! address, and needs no session for what follows. Our page comes this way too.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::db::enums::{ConsentState, NotificationTopic};
use crate::domain::consents::by_mail::{self, Act, MailConsent};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// A consent to be mailed, as the reader of its mails sees it. It says nothing of the portal.
#[derive(SimpleObject)]
#[graphql(name = "MailConsent")]
pub struct Consent {
    /// The organisation that mails.
    organization_name: String,
    /// Its colour, `#rrggbb`.
    accent_color: String,
    /// The address that is mailed.
    email: String,
    /// What it is mailed about.
    topics: Vec<NotificationTopic>,
    /// What it can be mailed about.
    offered_topics: Vec<NotificationTopic>,
    /// How far it has come.
    state: ConsentState,
}

impl From<MailConsent> for Consent {
    fn from(consent: MailConsent) -> Self {
        Self {
            organization_name: consent.organization_name,
            accent_color: consent.accent_color,
            email: consent.email,
            topics: consent.topics,
            offered_topics: consent.offered,
            state: consent.state,
        }
    }
}

/// Reading what a mailed link is about.
#[derive(Default)]
pub struct ConsentAccessQueries;

#[Object]
impl ConsentAccessQueries {
    /// What a mailed link is about; LINK_INACTIVE if it is nobody's. Reading it decides nothing.
    async fn consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `vn_…` in the link's URL.")] token: String,
    ) -> Option<Result<Consent>> {
        Some(load(ctx, &token).await)
    }
}

async fn load(ctx: &Context<'_>, token: &str) -> Result<Consent> {
    by_mail::find(&request(ctx).app.pools, token).await.map(Consent::from).map_err(coded)
}

/// Which consent to confirm.
#[derive(InputObject)]
pub struct ConfirmConsentInput {
    /// The `vn_…` in the link's URL.
    token: String,
}

/// What to change of a consent.
#[derive(InputObject)]
pub struct ChangeConsentInput {
    /// The `vn_…` in the link's URL.
    token: String,
    /// What to be mailed about from now on, at least one.
    topics: Vec<NotificationTopic>,
}

/// Whose mail to stop.
#[derive(InputObject)]
pub struct WithdrawConsentInput {
    /// The `vn_…` in the link's URL.
    token: String,
}

/// Which consent to take up again.
#[derive(InputObject)]
pub struct RenewConsentInput {
    /// The `vn_…` in the link's URL.
    token: String,
}

/// The consent as it now is.
#[derive(SimpleObject)]
pub struct ConfirmConsentPayload {
    /// Confirmed, or LAPSED if it was asked for more than 7 days ago.
    consent: Consent,
}

/// The consent as it was changed.
#[derive(SimpleObject)]
pub struct ChangeConsentPayload {
    /// The consent; one that does not stand has stayed as it was.
    consent: Consent,
}

/// The consent as it was withdrawn.
#[derive(SimpleObject)]
pub struct WithdrawConsentPayload {
    /// The withdrawn consent.
    consent: Consent,
}

/// The consent as it was renewed.
#[derive(SimpleObject)]
pub struct RenewConsentPayload {
    /// The renewed consent.
    consent: Consent,
}

/// Answering mails.
#[derive(Default)]
pub struct ConsentAccess;

#[Object]
impl ConsentAccess {
    /// Says that the reader of an address wants the notifications that were asked for with it.
    async fn confirm_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ConfirmConsentInput,
    ) -> Option<Result<ConfirmConsentPayload>> {
        let done = act(ctx, &input.token, Act::Confirm).await;
        Some(done.map(|consent| ConfirmConsentPayload { consent }))
    }

    /// Chooses other topics.
    async fn change_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: ChangeConsentInput,
    ) -> Option<Result<ChangeConsentPayload>> {
        let done = act(ctx, &input.token, Act::Change(input.topics)).await;
        Some(done.map(|consent| ChangeConsentPayload { consent }))
    }

    /// Stops every notification of the organisation to the address.
    async fn withdraw_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: WithdrawConsentInput,
    ) -> Option<Result<WithdrawConsentPayload>> {
        let done = act(ctx, &input.token, Act::Withdraw).await;
        Some(done.map(|consent| WithdrawConsentPayload { consent }))
    }

    /// Takes a withdrawal back.
    async fn renew_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: RenewConsentInput,
    ) -> Option<Result<RenewConsentPayload>> {
        let done = act(ctx, &input.token, Act::Renew).await;
        Some(done.map(|consent| RenewConsentPayload { consent }))
    }
}

async fn act(ctx: &Context<'_>, token: &str, act: Act) -> Result<Consent> {
    let request = request(ctx);
    let app = &request.app;
    by_mail::act(&app.pools, &app.clock, &request.origin, token, act).await.map_err(coded)?;
    load(ctx, token).await
}
