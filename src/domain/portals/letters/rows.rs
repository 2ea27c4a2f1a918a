//! Links and their recipients in Diesel, for the worker.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::enums::Language;
use crate::db::ids::{LinkId, OrgId};
use crate::db::schema::system::{companies, contacts, members, portal_links as links, portals};
use crate::db::scope::{CredentialHash, Tx};
use crate::error::Result;

/// A link as a letter needs it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = links)]
pub(super) struct LinkToMail {
    #[diesel(select_expression = portals::title)]
    pub title: String,
    #[diesel(select_expression = portals::revoked_at)]
    portal_revoked_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = portals::expires_at)]
    portal_expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = companies::internal)]
    internal: bool,
    #[diesel(select_expression = companies::archived_at)]
    company_archived_at: Option<DateTime<Utc>>,
    recipient_email: Option<String>,
    #[diesel(embed)]
    contact: Option<Recipient>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = contacts)]
pub(super) struct Recipient {
    name: String,
    email: String,
    language: Option<Language>,
    archived_at: Option<DateTime<Utc>>,
}

impl LinkToMail {
    /// Whether it opens, or will once its start has come.
    pub(super) fn is_open(&self, now: DateTime<Utc>) -> bool {
        let ends = [self.portal_expires_at, self.expires_at];
        self.portal_revoked_at.is_none()
            && self.revoked_at.is_none()
            && ends.into_iter().flatten().all(|end| end > now)
            && !self.internal
            && self.company_archived_at.is_none()
    }

    /// The recipient on record: address, name and language.
    pub(super) fn recipient(&self) -> Option<(String, Option<String>, Option<Language>)> {
        match &self.contact {
            Some(contact) if contact.archived_at.is_none() => {
                Some((contact.email.clone(), Some(contact.name.clone()), contact.language))
            }
            Some(_) => None,
            None => Some((self.recipient_email.clone()?, None, None)),
        }
    }
}

pub(super) async fn find(tx: &Tx<OrgId>, id: LinkId) -> Result<Option<LinkToMail>> {
    Ok(links::table
        .inner_join(portals::table.on(portals::id.eq(links::portal_id)))
        .inner_join(companies::table.on(companies::id.eq(links::company_id)))
        .left_join(contacts::table.on(contacts::id.nullable().eq(links::recipient_contact_id)))
        .filter(links::id.eq(id))
        .select(LinkToMail::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

pub(super) async fn give_token(tx: &Tx<OrgId>, id: LinkId, hash: CredentialHash) -> Result<()> {
    diesel::update(links::table.filter(links::id.eq(id)))
        .set(links::token_hash.eq(hash.to_vec()))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// Who is told of a portal: the member who made it, while they are one.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = members)]
pub(super) struct Maker {
    pub name: String,
    pub email: String,
    #[diesel(select_expression = portals::label)]
    pub label: String,
}

pub(super) async fn maker_of(tx: &Tx<OrgId>, id: LinkId) -> Result<Option<Maker>> {
    Ok(links::table
        .inner_join(portals::table.on(portals::id.eq(links::portal_id)))
        .inner_join(members::table.on(members::id.eq(portals::created_by)))
        .filter(links::id.eq(id))
        .filter(members::ended_at.is_null())
        .select(Maker::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}
