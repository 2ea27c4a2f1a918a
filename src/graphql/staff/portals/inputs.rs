//! What the portal mutations take.

use async_graphql::{InputObject, MaybeUndefined, OneofObject};
use chrono::{DateTime, NaiveDate, Utc};
use secrecy::SecretString;

use crate::db::enums::PortalMode;
use crate::db::ids::{CompanyId, ContactId, DashboardId, LinkId, PortalId, RecordId};
use crate::domain::portals::{Expiry, LinkDraft, LinkEdit, PortalDraft, PortalEdit, PortalScope, Recipient};

/// When a portal or link ends: exactly one of these.
#[derive(OneofObject)]
pub enum ExpiryInput {
    /// True: not by itself.
    Never(bool),
    /// So many times 24 hours from now, 1 to 3650. Usual are 7, 14, 30, 60 and 90.
    Days(i32),
    /// At the end of this day in the organisation's time zone.
    Until(NaiveDate),
}

impl From<ExpiryInput> for Expiry {
    fn from(input: ExpiryInput) -> Self {
        match input {
            ExpiryInput::Never(_) => Self::Never,
            ExpiryInput::Days(days) => Self::Days(days),
            ExpiryInput::Until(day) => Self::Until(day),
        }
    }
}

/// What a portal opens: exactly one of these.
#[derive(OneofObject)]
pub enum PortalScopeInput {
    /// Every shared record of this company.
    CompanyId(CompanyId),
    /// This record only.
    RecordId(RecordId),
}

impl From<PortalScopeInput> for PortalScope {
    fn from(input: PortalScopeInput) -> Self {
        match input {
            PortalScopeInput::CompanyId(id) => Self::Company(id),
            PortalScopeInput::RecordId(id) => Self::Record(id),
        }
    }
}

/// Whom a link is meant for: exactly one of these.
#[derive(OneofObject)]
pub enum RecipientInput {
    /// A contact of the portal's company.
    ContactId(ContactId),
    /// An address without a contact.
    Email(String),
}

impl From<RecipientInput> for Recipient {
    fn from(input: RecipientInput) -> Self {
        match input {
            RecipientInput::ContactId(id) => Self::Contact(id),
            RecipientInput::Email(email) => Self::Email(email),
        }
    }
}

/// What a link has of its own. Absent fields are the portal's.
#[derive(Default, InputObject)]
pub struct PortalLinkInput {
    /// Whom it is meant for.
    recipient: Option<RecipientInput>,
    /// When it opens; null is at once, whatever the portal says.
    starts_at: MaybeUndefined<DateTime<Utc>>,
    /// When it ends, never after its portal.
    expiry: Option<ExpiryInput>,
    /// Whether clients can be mailed about it.
    notifications: Option<bool>,
    /// An access code of its own, six digits; kept as a keyed hash only.
    access_code: Option<String>,
}

impl From<PortalLinkInput> for LinkDraft {
    fn from(input: PortalLinkInput) -> Self {
        Self {
            recipient: input.recipient.map(Recipient::from),
            starts_at: input.starts_at.into(),
            expiry: input.expiry.map(Expiry::from),
            notifications: input.notifications,
            code: input.access_code.map(SecretString::from),
        }
    }
}

/// What a new portal is made of.
#[derive(InputObject)]
pub struct CreatePortalInput {
    /// The name that staff read, 1 to 120 characters.
    label: String,
    /// The name that clients read, 1 to 120 characters; the label if absent.
    title: Option<String>,
    /// What it opens.
    scope: PortalScopeInput,
    /// The sections it shows.
    #[graphql(default_with = "vec![PortalMode::Records, PortalMode::Files, PortalMode::Messages]")]
    modes: Vec<PortalMode>,
    /// When it opens; at once if absent.
    starts_at: Option<DateTime<Utc>>,
    /// When it ends; never by itself if absent.
    expiry: Option<ExpiryInput>,
    /// Whether clients can be mailed about it.
    #[graphql(default = true)]
    notifications: bool,
    /// Whether you are mailed when one of its links is viewed for the first time.
    #[graphql(default)]
    tell_first_view: bool,
    /// A line such as "Managed by Example", up to 200 characters.
    attribution: Option<String>,
    /// An access code that visitors are asked for, six digits; kept as a keyed hash only.
    access_code: Option<String>,
    /// The dashboards it shows where its modes have DASHBOARD, in this order.
    #[graphql(default)]
    dashboard_ids: Vec<DashboardId>,
    /// What its first link has of its own.
    #[graphql(default)]
    link: PortalLinkInput,
    /// The same key and input within 24 hours create one portal only.
    pub idempotency_key: Option<String>,
}

impl From<CreatePortalInput> for PortalDraft {
    fn from(input: CreatePortalInput) -> Self {
        Self {
            title: input.title.unwrap_or_else(|| input.label.clone()),
            label: input.label,
            scope: input.scope.into(),
            modes: input.modes,
            starts_at: input.starts_at,
            expiry: input.expiry.map_or(Expiry::Never, Expiry::from),
            notifications: input.notifications,
            tell_first_view: input.tell_first_view,
            attribution: input.attribution,
            code: input.access_code.map(SecretString::from),
            link: input.link.into(),
            dashboards: input.dashboard_ids,
        }
    }
}

/// What to change of a portal. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdatePortalInput {
    /// The portal.
    pub id: PortalId,
    /// The version that was read; CONFLICT if it has moved on.
    pub version: i32,
    /// The name that staff read, 1 to 120 characters.
    label: Option<String>,
    /// The name that clients read, 1 to 120 characters.
    title: Option<String>,
    /// The sections it shows.
    modes: Option<Vec<PortalMode>>,
    /// When it opens; null is at once.
    starts_at: MaybeUndefined<DateTime<Utc>>,
    /// When it ends.
    expiry: Option<ExpiryInput>,
    /// Whether clients can be mailed about it.
    notifications: Option<bool>,
    /// Whether who made it is mailed when one of its links is viewed for the first time.
    tell_first_view: Option<bool>,
    /// A line such as "Managed by Example"; null removes it.
    attribution: MaybeUndefined<String>,
    /// Below which folder of the organisation's storage clients' files land, up to 200 characters, its steps
    /// parted by slashes; null for the company's name.
    upload_folder: MaybeUndefined<String>,
    /// A new access code, six digits; null asks for none any more. Whoever passed the former one is
    /// asked again.
    access_code: MaybeUndefined<String>,
    /// All dashboards that it shows where its modes have DASHBOARD, in this order.
    dashboard_ids: Option<Vec<DashboardId>>,
}

impl From<UpdatePortalInput> for PortalEdit {
    fn from(input: UpdatePortalInput) -> Self {
        Self {
            label: input.label,
            title: input.title,
            modes: input.modes,
            starts_at: input.starts_at.into(),
            expiry: input.expiry.map(Expiry::from),
            notifications: input.notifications,
            tell_first_view: input.tell_first_view,
            attribution: input.attribution.into(),
            dashboards: input.dashboard_ids,
            upload_folder: input.upload_folder.into(),
            code: secret(input.access_code),
        }
    }
}

/// Which portal to give new URLs.
#[derive(InputObject)]
pub struct RotatePortalInput {
    /// The portal.
    pub id: PortalId,
}

/// Which portal to close for good.
#[derive(InputObject)]
pub struct RevokePortalInput {
    /// The portal.
    pub id: PortalId,
}

/// A further link of a portal.
#[derive(InputObject)]
pub struct CreatePortalLinkInput {
    /// The portal it opens.
    pub portal_id: PortalId,
    /// What it has of its own.
    #[graphql(default)]
    pub link: PortalLinkInput,
    /// The same key and input within 24 hours create one link only.
    pub idempotency_key: Option<String>,
}

/// What to change of a link. Absent fields stay; null goes back to the portal's.
#[derive(InputObject)]
pub struct UpdatePortalLinkInput {
    /// The link.
    pub id: LinkId,
    /// The version that was read; CONFLICT if it has moved on.
    pub version: i32,
    /// When it opens.
    starts_at: MaybeUndefined<DateTime<Utc>>,
    /// When it ends, never after its portal.
    expiry: MaybeUndefined<ExpiryInput>,
    /// Whether clients can be mailed about it.
    notifications: MaybeUndefined<bool>,
    /// A new access code of its own, six digits. Whoever passed the former one is asked again.
    access_code: MaybeUndefined<String>,
}

impl From<UpdatePortalLinkInput> for LinkEdit {
    fn from(input: UpdatePortalLinkInput) -> Self {
        let expiry: Option<Option<ExpiryInput>> = input.expiry.into();
        Self {
            starts_at: input.starts_at.into(),
            expiry: expiry.map(|expiry| expiry.map(Expiry::from)),
            notifications: input.notifications.into(),
            code: secret(input.access_code),
        }
    }
}

fn secret(input: MaybeUndefined<String>) -> Option<Option<SecretString>> {
    let code: Option<Option<String>> = input.into();
    code.map(|code| code.map(SecretString::from))
}

/// Which link's door to open again.
#[derive(InputObject)]
pub struct UnlockPortalLinkInput {
    /// The link.
    pub id: LinkId,
}

/// Which link to give a new URL.
#[derive(InputObject)]
pub struct RotatePortalLinkInput {
    /// The link.
    pub id: LinkId,
}

/// Which link to close for good.
#[derive(InputObject)]
pub struct RevokePortalLinkInput {
    /// The link.
    pub id: LinkId,
}
