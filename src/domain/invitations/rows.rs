//! `invitations` in Diesel.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::db::enums::{ContactStatus, Language};
use crate::db::ids::{CompanyId, ContactId, InvitationId, MailId, MemberId, OrgId, RecordId};
use crate::db::schema::{staff, system};
use crate::db::scope::{CredentialHash, Tx};
use crate::domain::callers::Staff;
use crate::error::{Error, Result};

/// An invitation as its letter needs it.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = system::invitations)]
pub(super) struct InvitationToMail {
    pub round: i32,
    pub expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = system::members::name)]
    pub inviter: String,
    #[diesel(select_expression = system::companies::name)]
    pub company: String,
    #[diesel(select_expression = system::companies::archived_at)]
    company_archived_at: Option<DateTime<Utc>>,
    #[diesel(select_expression = system::contacts::name)]
    pub name: String,
    #[diesel(select_expression = system::contacts::email)]
    pub email: String,
    #[diesel(select_expression = system::contacts::language)]
    pub language: Option<Language>,
    #[diesel(select_expression = system::contacts::archived_at)]
    contact_archived_at: Option<DateTime<Utc>>,
}

impl InvitationToMail {
    /// Whether it can still be accepted.
    pub(super) fn is_open(&self, now: DateTime<Utc>) -> bool {
        let ends = [self.accepted_at, self.revoked_at, self.company_archived_at, self.contact_archived_at];
        self.expires_at > now && ends.iter().all(Option::is_none)
    }
}

pub(super) async fn to_mail(tx: &Tx<OrgId>, id: InvitationId) -> Result<Option<InvitationToMail>> {
    use system::{companies, contacts, invitations, members};
    Ok(invitations::table
        .inner_join(members::table.on(members::id.eq(invitations::invited_by)))
        .inner_join(companies::table.on(companies::id.eq(invitations::company_id)))
        .inner_join(contacts::table.on(contacts::id.eq(invitations::contact_id)))
        .filter(invitations::id.eq(id))
        .select(InvitationToMail::as_select())
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// One more token that accepts an invitation in its present round.
pub(super) async fn add_token(
    tx: &Tx<OrgId>,
    (invitation, round): (InvitationId, i32),
    hash: CredentialHash,
) -> Result<()> {
    use system::invitation_tokens as tokens;
    let row = (
        tokens::org_id.eq(*tx.scope()),
        tokens::token_hash.eq(hash.to_vec()),
        tokens::invitation_id.eq(invitation),
        tokens::round.eq(round),
    );
    diesel::insert_into(tokens::table).values(row).execute(&mut tx.connection()).await?;
    Ok(())
}

/// An invitation as staff see it.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = staff::invitations)]
pub struct Invitation {
    pub id: InvitationId,
    pub company_id: CompanyId,
    pub contact_id: ContactId,
    pub round: i32,
    pub limited: bool,
    pub has_code: bool,
    pub access_ends_at: Option<DateTime<Utc>>,
    pub invited_by: MemberId,
    pub mail_id: MailId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Insertable)]
#[diesel(table_name = staff::invitations)]
pub(super) struct NewInvitation {
    pub org_id: OrgId,
    pub id: InvitationId,
    pub company_id: CompanyId,
    pub contact_id: ContactId,
    pub limited: bool,
    pub code_key: Option<String>,
    pub code_sealed: Option<Vec<u8>>,
    pub access_ends_at: Option<DateTime<Utc>>,
    pub invited_by: MemberId,
    pub mail_id: MailId,
    pub expires_at: DateTime<Utc>,
}

/// Inserts invitations, each limited to the same records. Of two that take a contact at once, the
/// database refuses the second.
pub(super) async fn insert(tx: &Tx<Staff>, new: &[NewInvitation], records: &[RecordId]) -> Result<()> {
    use staff::{invitation_records, invitations};
    diesel::insert_into(invitations::table)
        .values(new)
        .execute(&mut tx.connection())
        .await
        .map_err(refused)?;
    let limits = new.iter().flat_map(|invitation| {
        records.iter().map(|record| {
            (
                invitation_records::org_id.eq(invitation.org_id),
                invitation_records::invitation_id.eq(invitation.id),
                invitation_records::record_id.eq(*record),
            )
        })
    });
    let limits: Vec<_> = limits.collect();
    diesel::insert_into(invitation_records::table).values(limits).execute(&mut tx.connection()).await?;
    Ok(())
}

pub(super) async fn renew(
    tx: &Tx<Staff>,
    invitation: &Invitation,
    mail: MailId,
    until: DateTime<Utc>,
) -> Result<()> {
    use staff::invitations;
    let row = invitations::table.filter(invitations::id.eq(invitation.id));
    diesel::update(row)
        .set((
            invitations::round.eq(invitations::round + 1),
            invitations::mail_id.eq(mail),
            invitations::expires_at.eq(until),
        ))
        .execute(&mut tx.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn revoke(tx: &Tx<Staff>, ids: &[InvitationId], at: DateTime<Utc>) -> Result<()> {
    use staff::invitations;
    let pending =
        invitations::table.filter(invitations::id.eq_any(ids)).filter(invitations::accepted_at.is_null());
    diesel::update(pending).set(invitations::revoked_at.eq(at)).execute(&mut tx.connection()).await?;
    Ok(())
}

/// What is neither accepted nor revoked, expired or not.
pub(super) async fn pending_of(tx: &Tx<Staff>, contacts: &[ContactId]) -> Result<Vec<Invitation>> {
    use staff::invitations;
    Ok(invitations::table
        .filter(invitations::contact_id.eq_any(contacts))
        .filter(invitations::accepted_at.is_null())
        .filter(invitations::revoked_at.is_null())
        .select(Invitation::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn by_ids(tx: &Tx<Staff>, ids: &[InvitationId]) -> Result<Vec<Invitation>> {
    use staff::invitations;
    Ok(invitations::table
        .filter(invitations::id.eq_any(ids))
        .select(Invitation::as_select())
        .load(&mut tx.connection())
        .await?)
}

pub(super) async fn newest_of(tx: &Tx<Staff>, contacts: &[ContactId]) -> Result<Vec<Invitation>> {
    use staff::invitations;
    Ok(invitations::table
        .filter(invitations::contact_id.eq_any(contacts))
        .distinct_on(invitations::contact_id)
        .order((invitations::contact_id, invitations::id.desc()))
        .select(Invitation::as_select())
        .load(&mut tx.connection())
        .await?)
}

/// An invitation, held until the transaction ends: nobody accepts it meanwhile.
pub(super) async fn held(tx: &Tx<Staff>, id: InvitationId) -> Result<Option<Invitation>> {
    use staff::invitations;
    Ok(invitations::table
        .filter(invitations::id.eq(id))
        .select(Invitation::as_select())
        .for_no_key_update()
        .first(&mut tx.connection())
        .await
        .optional()?)
}

/// The records that invitations are limited to.
pub(super) async fn records_of(
    tx: &Tx<Staff>,
    ids: &[InvitationId],
) -> Result<Vec<(InvitationId, RecordId)>> {
    use staff::invitation_records as limits;
    Ok(limits::table
        .filter(limits::invitation_id.eq_any(ids))
        .order((limits::invitation_id, limits::record_id))
        .select((limits::invitation_id, limits::record_id))
        .load(&mut tx.connection())
        .await?)
}

/// How far contacts have come (INV-1). Leaves their version: nobody edited them.
pub(super) async fn set_status(tx: &Tx<Staff>, ids: &[ContactId], status: ContactStatus) -> Result<()> {
    use staff::contacts;
    diesel::update(contacts::table.filter(contacts::id.eq_any(ids)))
        .set(contacts::status.eq(status))
        .execute(&mut tx.connection())
        .await?;
    Ok(())
}

/// What the database refuses although the verb found nothing in the way: somebody was faster.
fn refused(error: diesel::result::Error) -> Error {
    use diesel::result::{DatabaseErrorKind, Error as Diesel};
    match &error {
        Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
            Error::Conflict("Somebody else invited this contact at the same time.".into())
        }
        _ => error.into(),
    }
}
