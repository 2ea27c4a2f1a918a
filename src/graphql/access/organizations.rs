//! Founding an organisation (ORG-1).

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::staff_sessions::{count_attempt, stranger};
use crate::domain::organizations::{self, SignUp};
use crate::domain::staff_sessions::SignedIn;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::staff::members::Member;
use crate::graphql::staff::organizations::Organization;

/// What a new organisation and its owner are made of.
#[derive(InputObject)]
pub struct SignUpInput {
    /// Name of the organisation, 1 to 120 characters.
    organization_name: String,
    /// Its name in addresses and at sign-in: 1 to 63 of a-z, 0-9 and hyphens.
    slug: String,
    /// IANA name of the zone its days are in; UTC if absent.
    time_zone: Option<String>,
    /// The owner's name, 1 to 120 characters.
    name: String,
    /// The owner's address.
    email: String,
    /// 12 to 200 characters. Who has signed up with this address before gives the password they
    /// have.
    password: String,
}

/// The organisation, with its owner signed in.
#[derive(SimpleObject)]
pub struct SignUpPayload {
    /// Send it as `Authorization: Bearer …`. Shown once.
    session_token: String,
    /// From then on the token opens nothing.
    expires_at: DateTime<Utc>,
    /// The new organisation.
    organization: Organization,
    /// Its owner.
    member: Member,
}

/// Coming in as a founder.
#[derive(Default)]
pub struct OrganizationAccess;

#[Object]
impl OrganizationAccess {
    /// Founds an organisation, makes the caller its owner and signs them in.
    async fn sign_up(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: SignUpInput,
    ) -> Option<Result<SignUpPayload>> {
        Some(sign_up(ctx, input).await)
    }
}

async fn sign_up(ctx: &Context<'_>, input: SignUpInput) -> Result<SignUpPayload> {
    count_attempt(request(ctx), &input.email)?;
    let wanted = SignUp {
        organization_name: input.organization_name,
        slug: input.slug,
        time_zone: input.time_zone,
        name: input.name,
        email: input.email,
        password: Arc::new(input.password.into()),
    };
    let signed_in = organizations::sign_up(&stranger(request(ctx)), wanted).await.map_err(coded)?;
    Ok(signed_in.into())
}

impl From<SignedIn> for SignUpPayload {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            session_token: signed_in.token.reveal(),
            expires_at: signed_in.expires_at,
            organization: signed_in.organization.into(),
            member: signed_in.member.into(),
        }
    }
}
