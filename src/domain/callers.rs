//! Who is asking, read under the scope that the credential entered. A caller exists only while
//! its transaction does: look-ups are never cached, so an ended session is ended at once.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};

use super::portals::doors;
use super::prefetch::{self, Prefetch, Prefetched};
use crate::db::enums::{ApiKeyScope, Permission, PortalMode, Role};
use crate::db::ids::{
    ApiKeyId, CompanyId, LinkId, MemberId, OrgId, PortalId, PortalSessionId, RecordId, StaffSessionId,
};
use crate::db::pool::Pools;
use crate::db::prepared::{Literal, literal};
use crate::db::scope::{Access, CredentialHash, Door, PortalPass, Tx};
use crate::db::settings::{app_id, app_may_upload};
use crate::error::{Error, Result};

/// The hash that stands for a secret everywhere but in its holder's hands (invariant 14).
/// Tokens hold at least 190 random bits, so a plain hash suffices.
pub fn hash_token(token: &str) -> CredentialHash {
    Sha256::digest(token.as_bytes()).into()
}

/// What staff present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffPass {
    /// Of a member's session.
    Session(CredentialHash),
    /// Of an API key.
    Key(CredentialHash),
}

/// Who is at work in one organisation.
#[derive(Clone, Debug)]
pub struct Staff {
    pub org_id: OrgId,
    pub actor: Actor,
    time_zone: String,
}

/// A person, or a program.
#[derive(Clone, Debug)]
pub enum Actor {
    Member(MemberAtWork),
    Key(KeyAtWork),
}

/// A member with a session.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::staff::members)]
pub struct MemberAtWork {
    pub id: MemberId,
    pub role: Role,
    pub permissions: Vec<Permission>,
    #[diesel(select_expression = app_id("app.session").assume_not_null())]
    #[diesel(select_expression_type = diesel::helper_types::AssumeNotNull<app_id<&'static str>>)]
    pub session_id: StaffSessionId,
}

/// A partner's program with an API key (EVT-6).
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::staff::api_keys)]
pub struct KeyAtWork {
    pub id: ApiKeyId,
    pub scopes: Vec<ApiKeyScope>,
    /// The one company that the key is about; none is all.
    pub company_id: Option<CompanyId>,
}

/// What of the organisation decides how staff requests are read.
type Place = (OrgId, String);

impl Staff {
    fn of(actor: Actor, (org_id, time_zone): Place) -> Self {
        Self { org_id, actor, time_zone }
    }

    /// The member; refuses a key.
    pub fn member(&self) -> Result<&MemberAtWork> {
        match &self.actor {
            Actor::Member(member) => Ok(member),
            Actor::Key(_) => Err(Error::Forbidden("This is for members; an API key cannot do it.")),
        }
    }

    /// Whether the caller may do it (ORG-3): the one place where that is decided.
    pub fn may(&self, permission: Permission) -> bool {
        match &self.actor {
            Actor::Member(MemberAtWork { role: Role::Owner | Role::Admin, .. }) => true,
            Actor::Member(member) => {
                permission != Permission::PortalsManage && member.permissions.contains(&permission)
            }
            Actor::Key(_) => false,
        }
    }

    /// Refuses a caller who may not.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.may(permission) {
            return Ok(());
        }
        self.member()?;
        Err(Error::Forbidden(match permission {
            Permission::PortalsManage => "Only an owner or an administrator manages portals.",
            Permission::ClientsInvite => "You need the permission CLIENTS_INVITE for this.",
            Permission::BillingManage => "You need the permission BILLING_MANAGE for this.",
            Permission::SettingsManage => "You need the permission SETTINGS_MANAGE for this.",
            Permission::RecordsWrite => "You need the permission RECORDS_WRITE for this.",
        }))
    }

    /// Refuses everyone but OWNER and ADMIN.
    pub fn require_admin(&self) -> Result<()> {
        match self.member()?.role {
            Role::Owner | Role::Admin => Ok(()),
            Role::Member => Err(Error::Forbidden("Only an owner or an administrator may do this.")),
        }
    }

    /// Refuses a key that was not made for it. Members read everything.
    pub fn require_scope(&self, scope: ApiKeyScope) -> Result<()> {
        match &self.actor {
            Actor::Key(key) if !key.scopes.contains(&scope) => Err(Error::Forbidden(match scope {
                ApiKeyScope::EventsRead => "This API key needs the scope EVENTS_READ for this.",
                ApiKeyScope::RecordsRead => "This API key needs the scope RECORDS_READ for this.",
                ApiKeyScope::MetricsWrite => "This API key needs the scope METRICS_WRITE for this.",
                ApiKeyScope::ActivityWrite => "This API key needs the scope ACTIVITY_WRITE for this.",
            })),
            _ => Ok(()),
        }
    }

    /// Refuses a member without the permission, and a key that was not made for it.
    pub fn require_either(&self, permission: Permission, scope: ApiKeyScope) -> Result<()> {
        match &self.actor {
            Actor::Member(_) => self.require(permission),
            Actor::Key(_) => self.require_scope(scope),
        }
    }

    /// The API key, if that is who is at work.
    pub fn key(&self) -> Option<ApiKeyId> {
        match &self.actor {
            Actor::Key(key) => Some(key.id),
            Actor::Member(_) => None,
        }
    }

    /// Where the organisation's days end.
    pub fn time_zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }
}

/// Enters an organisation with a member's session or an API key.
pub async fn enter_staff(pools: &Pools, pass: StaffPass, access: Access) -> Result<Tx<Staff>> {
    let entered = match pass {
        StaffPass::Session(hash) => {
            pools.enter(Door::Staff(hash), access, |connection| read_staff(connection).boxed()).await?
        }
        StaffPass::Key(hash) => {
            pools.enter(Door::Key(hash), access, |connection| read_key(connection).boxed()).await?
        }
    };
    entered.ok_or(Error::Unauthenticated)
}

/// The member whose context the transaction has, if any.
pub(super) async fn read_staff(mut connection: &AsyncPgConnection) -> QueryResult<Option<Staff>> {
    use crate::db::schema::staff::{members, organizations};
    let found: Option<(MemberAtWork, Place)> = members::table
        .inner_join(organizations::table.on(organizations::org_id.eq(members::org_id)))
        .filter(members::id.nullable().eq(app_id("app.member")))
        .select((MemberAtWork::as_select(), (organizations::org_id, organizations::time_zone)))
        .first(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|(member, place)| Staff::of(Actor::Member(member), place)))
}

/// The key whose context the transaction has, if any.
async fn read_key(mut connection: &AsyncPgConnection) -> QueryResult<Option<Staff>> {
    use crate::db::schema::staff::{api_keys, organizations};
    let found: Option<(KeyAtWork, Place)> = api_keys::table
        .inner_join(organizations::table.on(organizations::org_id.eq(api_keys::org_id)))
        .filter(api_keys::id.nullable().eq(app_id("app.key")))
        .select((KeyAtWork::as_select(), (organizations::org_id, organizations::time_zone)))
        .first(&mut connection)
        .await
        .optional()?;
    Ok(found.map(|(key, place)| Staff::of(Actor::Key(key), place)))
}

/// A visitor behind a portal's door, and what the door says.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::portal::portals)]
pub struct Portal {
    pub org_id: OrgId,
    #[diesel(column_name = id)]
    pub portal_id: PortalId,
    pub title: String,
    pub company_id: CompanyId,
    /// The one record of a record portal; none for a company portal.
    pub record_id: Option<RecordId>,
    pub modes: Vec<PortalMode>,
    /// Whether visitors can be mailed; a link may say otherwise for itself.
    pub notifications: bool,
    pub attribution: Option<String>,
    #[diesel(embed)]
    pub organization: Host,
    #[diesel(embed)]
    pub company: Guest,
    /// The link that was opened; none for a preview.
    #[diesel(select_expression = app_id("app.link"))]
    #[diesel(select_expression_type = app_id<&'static str>)]
    pub link_id: Option<LinkId>,
    #[diesel(select_expression = app_id("app.session"))]
    #[diesel(select_expression_type = app_id<&'static str>)]
    pub session_id: Option<PortalSessionId>,
    /// Whether it shows a record with a thread to write in.
    #[diesel(select_expression = literal("(cardinality(app_ids('app.message_records')) > 0)"))]
    #[diesel(select_expression_type = Literal<Bool>)]
    pub has_threads: bool,
    /// Whether some record takes files from its visitors (FILE-2).
    #[diesel(select_expression = app_may_upload())]
    #[diesel(select_expression_type = app_may_upload)]
    pub takes_uploads: bool,
}

impl Portal {
    /// The day it is where the organisation is.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.time_zone()).date_naive()
    }

    /// Where the organisation's days end.
    pub fn time_zone(&self) -> Tz {
        self.organization.time_zone.parse().unwrap_or(Tz::UTC)
    }
}

/// The organisation as its clients see it (BRAND-1).
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::portal::organizations)]
pub struct Host {
    pub name: String,
    pub time_zone: String,
    pub accent_color: String,
    pub welcome_message: Option<String>,
    pub website: Option<String>,
    pub support_email: Option<String>,
}

/// The company whose doorway it is.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = crate::db::schema::portal::companies)]
pub struct Guest {
    pub name: String,
}

/// Enters what a link or portal session opens. What opens nothing wants its access code, or is dead.
pub async fn enter_portal(pools: &Pools, pass: PortalPass, access: Access) -> Result<Tx<Portal>> {
    match pools.enter(Door::Portal(pass), access, |connection| read_portal(connection).boxed()).await? {
        Some(tx) => Ok(tx),
        None => Err(doors::refusal(pools, pass.hash).await),
    }
}

/// The same to read, and reads what will be wanted in the same round trip.
pub async fn enter_portal_prefetching(
    pools: &Pools,
    pass: PortalPass,
    wanted: Prefetch,
) -> Result<(Tx<Portal>, Prefetched)> {
    let entered = pools.enter(Door::Portal(pass), Access::Read, |connection| {
        let read = async move {
            let (portal, prefetched) =
                futures::try_join!(read_portal(connection), prefetch::read(connection, wanted))?;
            Ok(portal.map(|portal| (portal, prefetched)))
        };
        read.boxed()
    });
    match entered.await? {
        Some(tx) => Ok(tx.split()),
        None => Err(doors::refusal(pools, pass.hash).await),
    }
}

/// Enters what a link or portal session opens, to do something there. That takes a session, which is
/// stored now if the browser comes with its cookie for the first time. `session` is a new id for it.
/// A cookie whose session is over never opens one again: who holds the link comes with a new cookie.
pub async fn act_in_portal(pools: &Pools, pass: PortalPass, session: PortalSessionId) -> Result<Tx<Portal>> {
    let door = Door::Acting(pass, session.0);
    let entered = pools.enter(door, Access::Write, |connection| read_portal(connection).boxed()).await?;
    let Some(tx) = entered else { return Err(doors::refusal(pools, pass.hash).await) };
    if tx.scope().session_id.is_some() {
        return Ok(tx);
    }
    tx.rollback().await?;
    if pass.visit.is_some() {
        return Err(Error::SessionOver);
    }
    Err(Error::Forbidden(
        "Your browser kept no cookie of this page, and without one nothing can be sent. Allow cookies, open the link again and repeat it.",
    ))
}

/// Enters what a portal's holder sees, for staff with a preview: to read, never to write (LINK-9).
pub async fn enter_preview(pools: &Pools, hash: CredentialHash) -> Result<Tx<Portal>> {
    pools
        .enter(Door::Preview(hash), Access::Read, |connection| read_portal(connection).boxed())
        .await?
        .ok_or(Error::LinkInactive)
}

/// Enters what a calendar subscription shows: the calendar, and nothing else of its portal (CAL-1).
pub async fn enter_calendar(pools: &Pools, hash: CredentialHash) -> Result<Tx<Portal>> {
    pools
        .enter(Door::Calendar(hash), Access::Read, |connection| read_portal(connection).boxed())
        .await?
        .ok_or(Error::LinkInactive)
}

/// The portal whose context the transaction has, if any.
pub(super) async fn read_portal(mut connection: &AsyncPgConnection) -> QueryResult<Option<Portal>> {
    use crate::db::schema::portal::{companies, organizations, portals};
    portals::table
        .inner_join(organizations::table.on(organizations::org_id.eq(portals::org_id)))
        .inner_join(companies::table.on(companies::id.eq(portals::company_id)))
        .select(Portal::as_select())
        .first(&mut connection)
        .await
        .optional()
}
