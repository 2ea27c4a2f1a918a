//! Sign-up: an organisation, its OWNER and what every organisation starts with, in one transaction
//! (ORG-1).

use std::sync::Arc;

use secrecy::SecretString;

use super::rows::{self, Founding};
use crate::db::ids::PersonId;
use crate::domain::changes::{Change, Write};
use crate::domain::origins;
use crate::domain::passwords;
use crate::domain::people::{self, Credentials, Proof, Stranger};
use crate::domain::record_types;
use crate::domain::staff_sessions::{self, SignedIn};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// What a new organisation and its owner are made of. Unchecked.
#[derive(Clone, Debug)]
pub struct SignUp {
    pub organization_name: String,
    pub slug: String,
    pub time_zone: Option<String>,
    /// The owner's.
    pub name: String,
    pub email: String,
    pub password: Arc<SecretString>,
}

/// Founds an organisation and signs its owner in. Who has the address already must give its
/// password; the organisation is then their second.
pub async fn sign_up(stranger: &Stranger<'_>, wanted: SignUp) -> Result<SignedIn> {
    origins::admit_none(stranger.page)?;
    let wanted = parse(wanted)?;
    let (person_id, password_hash) = person(stranger, &wanted).await?;
    let org_id = stranger.clock.id().into();
    let (session, token) = staff_sessions::prepare(stranger, org_id)?;
    let founding = Founding {
        slug: wanted.slug,
        organization_name: wanted.organization_name,
        time_zone: wanted.time_zone.unwrap_or_else(|| "UTC".into()),
        person_id,
        member_id: stranger.clock.id().into(),
        name: wanted.name,
        email: wanted.email,
        password_hash,
        session: session.clone(),
    };
    let taken = || Error::Conflict("Another organisation has this slug. Choose another.".into());
    let tx = rows::found(stranger.pools, founding).await?.ok_or_else(taken)?;
    let write = Write::new(tx, stranger.clock.clone(), stranger.origin.clone());
    let founded = furnish(&write).await;
    let arrived = match founded {
        Ok(()) => staff_sessions::arrive(&write, &session, token).await,
        Err(error) => Err(error),
    };
    write.finish(arrived).await
}

fn parse(wanted: SignUp) -> Result<SignUp> {
    let mut checks = Checks::new();
    passwords::check(&mut checks, "password", &wanted.password);
    let parsed = SignUp {
        organization_name: checks.line("organizationName", &wanted.organization_name, 120),
        slug: checks.slug("slug", &wanted.slug),
        time_zone: wanted.time_zone.map(|v| checks.time_zone("timeZone", &v)),
        name: checks.line("name", &wanted.name, 120),
        email: checks.email("email", &wanted.email),
        password: wanted.password,
    };
    checks.finish()?;
    Ok(parsed)
}

/// Who founds it: a person who proved it, or a new one with the hash to keep.
async fn person(stranger: &Stranger<'_>, wanted: &SignUp) -> Result<(PersonId, Option<String>)> {
    let credentials = Credentials { email: wanted.email.clone(), password: wanted.password.clone() };
    match people::prove(stranger, credentials).await? {
        Proof::Person(id) => Ok((id, None)),
        Proof::Unknown => {
            let hash = passwords::hash_aside(wanted.password.clone()).await?;
            Ok((stranger.clock.id().into(), Some(hash)))
        }
    }
}

async fn furnish(write: &Write) -> Result<()> {
    record_types::defaults::plant(write).await?;
    write.done(Change::new("organization.created", write.scope().org_id));
    Ok(())
}
