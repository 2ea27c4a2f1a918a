//! Being mailed about what a portal shows (NOTE-1): asked for here, confirmed by mail, changed and
//! stopped here by who asked.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::db::enums::{Language, NotificationTopic};
use crate::db::ids::ConsentId;
use crate::domain::consents::{self, OwnConsent, Wish};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// A confirmed consent that was asked for in this session.
#[derive(SimpleObject)]
pub struct PortalConsent {
    /// Its id.
    id: ConsentId,
    /// The address that is mailed.
    email: String,
    /// What it is mailed about.
    topics: Vec<NotificationTopic>,
    /// Whether the mail has been stopped.
    withdrawn: bool,
}

impl From<OwnConsent> for PortalConsent {
    fn from(consent: OwnConsent) -> Self {
        Self {
            id: consent.id,
            email: consent.email,
            topics: consent.topics,
            withdrawn: consent.withdrawn_at.is_some(),
        }
    }
}

/// Reading consents.
#[derive(Default)]
pub struct ConsentQueries;

#[Object]
impl ConsentQueries {
    /// What a visitor can ask to be mailed about; nothing where notifications are off.
    async fn notification_topics(&self, ctx: &Context<'_>) -> Result<Vec<NotificationTopic>> {
        let reading = request(ctx).portal().await?;
        consents::topics(&reading.tx).await.map_err(coded)
    }

    /// The consents that were asked for in this session and have been confirmed since, the newest first.
    async fn consents(&self, ctx: &Context<'_>) -> Result<Vec<PortalConsent>> {
        let reading = request(ctx).portal().await?;
        let own = consents::own(&reading.tx).await.map_err(coded)?;
        Ok(own.into_iter().map(PortalConsent::from).collect())
    }
}

/// What a visitor asks to be mailed about.
#[derive(InputObject)]
pub struct PortalRequestNotificationsInput {
    /// The address to mail.
    email: String,
    /// What about: at least one of `notificationTopics`.
    topics: Vec<NotificationTopic>,
    /// What the visitor reads.
    #[graphql(default_with = "Language::English")]
    language: Language,
}

/// Says nothing of whether the address is mailed already.
#[derive(SimpleObject)]
pub struct PortalRequestNotificationsPayload {
    /// Always true: a mail to the address asks its reader, or shows them what they get already.
    requested: bool,
}

/// What to change of a consent.
#[derive(InputObject)]
pub struct PortalChangeConsentInput {
    /// Which one.
    id: ConsentId,
    /// What to be mailed about from now on, at least one.
    topics: Vec<NotificationTopic>,
}

/// The consent as it was changed.
#[derive(SimpleObject)]
pub struct PortalChangeConsentPayload {
    /// The changed consent.
    consent: PortalConsent,
}

/// Whose mail to stop.
#[derive(InputObject)]
pub struct PortalWithdrawConsentInput {
    /// Which one.
    id: ConsentId,
}

/// The consent as it was withdrawn.
#[derive(SimpleObject)]
pub struct PortalWithdrawConsentPayload {
    /// The withdrawn consent.
    consent: PortalConsent,
}

/// Asking for notifications, and stopping them.
#[derive(Default)]
pub struct ConsentMutations;

#[Object]
impl ConsentMutations {
    /// Asks an address whether it wants to be mailed about this portal. Nothing else is mailed until its
    /// reader confirms, within 7 days. FORBIDDEN where notifications are off.
    async fn request_notifications(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to be mailed about, and where.")] input: PortalRequestNotificationsInput,
    ) -> Option<Result<PortalRequestNotificationsPayload>> {
        Some(ask(ctx, input).await)
    }

    /// Chooses other topics for a consent of this session.
    async fn change_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: PortalChangeConsentInput,
    ) -> Option<Result<PortalChangeConsentPayload>> {
        Some(change(ctx, input).await)
    }

    /// Stops the mail of a consent of this session. To get it again, ask again.
    async fn withdraw_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: PortalWithdrawConsentInput,
    ) -> Option<Result<PortalWithdrawConsentPayload>> {
        Some(withdraw(ctx, input.id).await)
    }
}

async fn ask(
    ctx: &Context<'_>,
    input: PortalRequestNotificationsInput,
) -> Result<PortalRequestNotificationsPayload> {
    let request = request(ctx);
    let app = &request.app;
    // Apart from attempts to sign in with the address, which a stranger could use up otherwise.
    let counted = format!("notifications to {}", input.email);
    app.limits.check_sign_in(request.origin.address.as_deref(), &counted).map_err(coded)?;
    let wish = Wish { email: input.email, topics: input.topics, language: input.language };
    let write = request.act().await?;
    let asked = consents::request(&write, wish).await;
    write.finish(asked).await.map_err(coded)?;
    Ok(PortalRequestNotificationsPayload { requested: true })
}

async fn change(ctx: &Context<'_>, input: PortalChangeConsentInput) -> Result<PortalChangeConsentPayload> {
    let write = request(ctx).act().await?;
    let changed = consents::change(&write, input.id, input.topics).await;
    write.finish(changed).await.map_err(coded)?;
    Ok(PortalChangeConsentPayload { consent: load(ctx, input.id).await? })
}

async fn withdraw(ctx: &Context<'_>, id: ConsentId) -> Result<PortalWithdrawConsentPayload> {
    let write = request(ctx).act().await?;
    let withdrawn = consents::withdraw(&write, id).await;
    write.finish(withdrawn).await.map_err(coded)?;
    Ok(PortalWithdrawConsentPayload { consent: load(ctx, id).await? })
}

async fn load(ctx: &Context<'_>, id: ConsentId) -> Result<PortalConsent> {
    let reading = request(ctx).portal().await?;
    let own = consents::own(&reading.tx).await.map_err(coded)?;
    let found = own.into_iter().find(|consent| consent.id == id);
    found.map(PortalConsent::from).ok_or_else(|| coded(Error::NotFound("consent")))
}
