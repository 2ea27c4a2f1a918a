//! The organisation and its settings in the staff root.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use crate::db::enums::{Language, Plan};
use crate::db::ids::OrgId;
use crate::domain::organizations::{self, OrganizationEdit, SharingPolicyEdit};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// The organisation, with its settings.
#[derive(async_graphql::Description)]
pub struct Organization(organizations::Organization);

#[Object(use_type_description)]
impl Organization {
    /// Its id.
    async fn id(&self) -> OrgId {
        self.0.org_id
    }

    /// Its name in addresses and at sign-in.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name that staff and clients read.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// IANA name of the zone its days are in.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// Its plan.
    async fn plan(&self) -> Plan {
        self.0.plan
    }

    /// Whether its portals are open at all.
    async fn portal_enabled(&self) -> bool {
        self.0.portal_enabled
    }

    /// The colour of its portals, `#rrggbb`.
    async fn accent_color(&self) -> &str {
        &self.0.accent_color
    }

    /// Plain text that greets visitors of its portals.
    async fn welcome_message(&self) -> Option<&str> {
        self.0.welcome_message.as_deref()
    }

    /// Its website, an absolute http or https address.
    async fn website(&self) -> Option<&str> {
        self.0.website.as_deref()
    }

    /// Where clients write for help.
    async fn support_email(&self) -> Option<&str> {
        self.0.support_email.as_deref()
    }

    /// Its postal address: stands below every mail.
    async fn postal_address(&self) -> Option<&str> {
        self.0.postal_address.as_deref()
    }

    /// The language of mails to people whose own is not known.
    async fn language(&self) -> Language {
        self.0.language
    }

    /// Origins whose pages may call the API with a bearer token of the organisation.
    async fn allowed_origins(&self) -> &[String] {
        &self.0.allowed_origins
    }

    /// How many days from now a portal may stay open at most; null is no limit.
    async fn longest_expiry_days(&self) -> Option<i32> {
        self.0.policy.longest_expiry_days
    }

    /// Whether every portal has to ask for an access code.
    async fn code_required(&self) -> bool {
        self.0.policy.code_required
    }

    /// Domains that the addresses of links' recipients may have; none is any.
    async fn allowed_email_domains(&self) -> &[String] {
        &self.0.policy.allowed_email_domains
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it signed up.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl From<organizations::Organization> for Organization {
    fn from(organization: organizations::Organization) -> Self {
        Self(organization)
    }
}

/// Reading the organisation.
#[derive(Default)]
pub struct OrganizationQueries;

#[Object]
impl OrganizationQueries {
    /// The organisation that the session names.
    async fn organization(&self, ctx: &Context<'_>) -> Option<Result<Organization>> {
        Some(load(ctx).await)
    }
}

async fn load(ctx: &Context<'_>) -> Result<Organization> {
    let reading = request(ctx).staff().await?;
    organizations::read(&reading.tx).await.map(Organization).map_err(coded)
}

/// What to change of the settings. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateOrganizationInput {
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 120 characters.
    name: Option<String>,
    /// IANA name of the zone its days are in.
    time_zone: Option<String>,
    /// False closes every portal, with the answer of a dead link; true opens them again.
    portal_enabled: Option<bool>,
    /// `#rrggbb`.
    accent_color: Option<String>,
    /// Plain text of up to 2,000 characters; null empties it.
    welcome_message: MaybeUndefined<String>,
    /// An absolute http or https address; null empties it.
    website: MaybeUndefined<String>,
    /// Where clients write for help; null empties it.
    support_email: MaybeUndefined<String>,
    /// Where letters on paper reach it, up to 500 characters; null empties it. Stands below every mail.
    postal_address: MaybeUndefined<String>,
    /// The language of mails to people whose own is not known.
    language: Option<Language>,
    /// Origins such as `https://portal.example.com`, at most 20, whose pages may call the API with a
    /// bearer token of the organisation; http only for localhost. Replaces the whole list.
    allowed_origins: Option<Vec<String>>,
    /// How many days from now a portal may stay open at most, 1 to 3650; null is no limit. Portals
    /// that stand stay as they are; `breaksPolicy` tells which break it.
    longest_expiry_days: MaybeUndefined<i32>,
    /// Whether every portal made or changed from now on has to ask for an access code.
    code_required: Option<bool>,
    /// Domains such as `example.com`, at most 50, that the addresses of links' recipients may have,
    /// each meant exactly; none is any. Replaces the whole list.
    allowed_email_domains: Option<Vec<String>>,
}

/// The organisation as it was changed.
#[derive(SimpleObject)]
pub struct UpdateOrganizationPayload {
    /// The changed organisation.
    organization: Organization,
}

/// Changing the organisation.
#[derive(Default)]
pub struct OrganizationMutations;

#[Object]
impl OrganizationMutations {
    /// Changes the organisation's settings. Needs SETTINGS_MANAGE.
    async fn update_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateOrganizationInput,
    ) -> Option<Result<UpdateOrganizationPayload>> {
        Some(update(ctx, input).await)
    }
}

async fn update(ctx: &Context<'_>, input: UpdateOrganizationInput) -> Result<UpdateOrganizationPayload> {
    let edit = OrganizationEdit {
        name: input.name,
        time_zone: input.time_zone,
        portal_enabled: input.portal_enabled,
        accent_color: input.accent_color,
        welcome_message: input.welcome_message.into(),
        website: input.website.into(),
        support_email: input.support_email.into(),
        postal_address: input.postal_address.into(),
        language: input.language,
        allowed_origins: input.allowed_origins,
        policy: SharingPolicyEdit {
            longest_expiry_days: input.longest_expiry_days.into(),
            code_required: input.code_required,
            allowed_email_domains: input.allowed_email_domains,
        },
    };
    let write = request(ctx).write().await?;
    let updated = organizations::update(&write, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateOrganizationPayload { organization: load(ctx).await? })
}
