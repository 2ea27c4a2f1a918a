//! `organizations` in Diesel, for staff, and the door function that founds one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::FutureExt as _;

use super::policy::{SharingPolicy, SharingPolicyPatch};
use crate::db::enums::{Language, Plan, Role};
use crate::db::ids::{MemberId, OrgId, PersonId};
use crate::db::pool::Pools;
use crate::db::schema::staff::{event_counters, members, organizations};
use crate::db::scope::{Access, Door, Tx};
use crate::domain::callers::Staff;
use crate::domain::people;
use crate::domain::staff_sessions::{self, NewSession};
use crate::error::Result;

/// An organisation as its members see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = organizations)]
pub struct Organization {
    pub org_id: OrgId,
    pub slug: String,
    pub name: String,
    pub time_zone: String,
    pub plan: Plan,
    pub portal_enabled: bool,
    pub accent_color: String,
    pub welcome_message: Option<String>,
    pub website: Option<String>,
    pub support_email: Option<String>,
    pub postal_address: Option<String>,
    pub language: Language,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub allowed_origins: Vec<String>,
    #[diesel(embed)]
    pub policy: SharingPolicy,
}

#[derive(Debug, Default, AsChangeset)]
#[diesel(table_name = organizations)]
pub(super) struct OrganizationPatch {
    pub name: Option<String>,
    pub time_zone: Option<String>,
    pub portal_enabled: Option<bool>,
    pub accent_color: Option<String>,
    pub welcome_message: Option<Option<String>>,
    pub website: Option<Option<String>>,
    pub support_email: Option<Option<String>>,
    pub postal_address: Option<Option<String>>,
    pub language: Option<Language>,
    pub allowed_origins: Option<Vec<String>>,
    #[diesel(embed)]
    pub policy: SharingPolicyPatch,
}

/// A checked sign-up.
#[derive(Debug)]
pub(super) struct Founding {
    pub slug: String,
    pub organization_name: String,
    pub time_zone: String,
    pub person_id: PersonId,
    pub member_id: MemberId,
    pub name: String,
    pub email: String,
    /// Of a person who is new.
    pub password_hash: Option<String>,
    pub session: NewSession,
}

diesel::define_sql_function! {
    /// Enters an organisation that does not exist yet.
    fn found_organization(org: sql_types::Uuid);
}

/// Founds an organisation and enters it as its owner; none if the slug is taken.
pub(super) async fn found(pools: &Pools, founding: Founding) -> Result<Option<Tx<Staff>>> {
    let founding = Arc::new(founding);
    pools
        .enter(Door::Street, Access::Write, |connection| {
            let founding = founding.clone();
            async move { write_founding(connection, &founding).await }.boxed()
        })
        .await
}

async fn write_founding(
    mut connection: &AsyncPgConnection,
    founding: &Founding,
) -> QueryResult<Option<Staff>> {
    let (org, person) = (founding.session.org_id, founding.person_id);
    if let Some(hash) = &founding.password_hash {
        people::register(connection, person, &founding.email, hash).await?;
    }
    diesel::select(found_organization(org)).execute(&mut connection).await?;
    let organization = (
        organizations::org_id.eq(org),
        organizations::slug.eq(&founding.slug),
        organizations::name.eq(&founding.organization_name),
        organizations::time_zone.eq(&founding.time_zone),
    );
    let founded = diesel::insert_into(organizations::table)
        .values(organization)
        .on_conflict_do_nothing()
        .execute(&mut connection)
        .await?;
    if founded == 0 {
        return Ok(None);
    }
    diesel::insert_into(event_counters::table)
        .values(event_counters::org_id.eq(org))
        .execute(&mut connection)
        .await?;
    let owner = (
        members::org_id.eq(org),
        members::id.eq(founding.member_id),
        members::person_id.eq(person),
        members::role.eq(Role::Owner),
        members::name.eq(&founding.name),
        members::email.eq(&founding.email),
    );
    diesel::insert_into(members::table).values(owner).execute(&mut connection).await?;
    staff_sessions::start(connection, &founding.session, person).await
}

pub(super) async fn read(tx: &Tx<Staff>) -> Result<Organization> {
    Ok(organizations::table.select(Organization::as_select()).first(&mut tx.connection()).await?)
}

/// The policy lets an update touch the caller's own organisation only.
pub(super) async fn update(tx: &Tx<Staff>, version: i32, patch: &OrganizationPatch) -> Result<usize> {
    let row = organizations::table.filter(organizations::version.eq(version));
    Ok(diesel::update(row)
        .set((patch, organizations::version.eq(version + 1)))
        .execute(&mut tx.connection())
        .await?)
}
