//! What staff do with invitations (INV-1, INV-2). How often an address may be mailed (INV-4) is Redis's
//! to say; the edge asks it before it calls these verbs.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::access_codes;
use super::rows::{self, Invitation, NewInvitation};
use crate::db::enums::{ContactStatus, Permission};
use crate::db::ids::{CompanyId, ContactId, InvitationId, MailId, RecordId};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::{Change, Write};
use crate::domain::contacts::{self, Contact};
use crate::domain::idempotency::{self, Claim};
use crate::domain::mails::{MailAddress, MailKind};
use crate::domain::portals::{self, Paths, Policy, end_of_day};
use crate::domain::validation::Checks;
use crate::domain::{companies, outbox, records};
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

/// How long an invitation can be accepted.
const LIFE: TimeDelta = TimeDelta::days(14);
/// Contacts that one call invites.
pub const MOST_AT_ONCE: usize = 1_000;
/// Records that an invitation is limited to.
const MOST_RECORDS: usize = 100;
/// Where an invitation is mended that breaks the sharing policy. Whose address is not allowed is each
/// contact's own outcome.
const POLICY_PATHS: Paths = Paths { expiry: "accessEndsOn", code: "accessCode", recipient: "" };

/// What an invitation gives. Unchecked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Terms {
    /// The last day of the access, in the organisation's time zone; none is without end.
    pub access_ends_on: Option<NaiveDate>,
    /// Only these records; none is the whole company.
    pub records: Option<Vec<RecordId>>,
    /// Six digits that what it opens will ask for (DOOR-1). Not part of what an idempotency key is compared
    /// with.
    #[serde(skip)]
    pub code: Option<SecretString>,
}

/// What became of one contact of many.
pub type Invited = (ContactId, Result<InvitationId>);

/// The contacts that could be mailed, with their addresses; refuses callers who may not invite, and if
/// there is none of them. An id that is no contact's is missing.
pub async fn addresses(tx: &Tx<Staff>, ids: &[ContactId]) -> Result<HashMap<ContactId, MailAddress>> {
    tx.scope().require(Permission::ClientsInvite)?;
    let contacts = contacts::by_ids(tx, ids).await?;
    if contacts.is_empty() {
        return Err(Error::NotFound("contact"));
    }
    let address = |contact: &Contact| Some((contact.id, MailAddress::parse(&contact.email)?));
    Ok(contacts.iter().filter_map(address).collect())
}

/// Invites a contact, once for each idempotency key.
pub async fn invite(
    write: &Write,
    keys: &SealingKeys,
    contact: ContactId,
    terms: Terms,
    key: Option<&str>,
) -> Result<InvitationId> {
    write.scope().require(Permission::ClientsInvite)?;
    let fresh = match idempotency::claim(write, key, "invitation.create", &(contact, &terms)).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok(id.into()),
    };
    let mut invited = create(write, keys, &[contact], terms).await?;
    let (_, outcome) = invited.pop().ok_or(Error::NotFound("contact"))?;
    let id = outcome?;
    fresh.settle(write, id).await?;
    Ok(id)
}

/// Invites many contacts in one transaction, each with its own outcome: of those that were named, the
/// ones that may be mailed now. A repeated idempotency key answers with the invitations that are there.
pub async fn invite_many(
    write: &Write,
    keys: &SealingKeys,
    (named, admitted): (&[ContactId], &[ContactId]),
    terms: Terms,
    key: Option<&str>,
) -> Result<Vec<Invited>> {
    write.scope().require(Permission::ClientsInvite)?;
    match idempotency::claim(write, key, "invitation.create_many", &(named, &terms)).await? {
        Claim::Fresh(fresh) => {
            let invited = create(write, keys, admitted, terms).await?;
            fresh.settle(write, write.id::<Uuid>()).await?;
            Ok(invited)
        }
        Claim::Repeated(_) => {
            let pending: HashMap<_, _> =
                rows::pending_of(write, named).await?.into_iter().map(|i| (i.contact_id, i.id)).collect();
            let missing = || {
                Error::Conflict(
                    "The first call with this idempotency key did not invite this contact.".into(),
                )
            };
            let outcome = |id: &ContactId| (*id, pending.get(id).copied().ok_or_else(missing));
            Ok(named.iter().map(outcome).collect())
        }
    }
}

/// Sends a pending invitation again, for another 14 days; what was mailed before is of no use any more. One
/// that would be accepted against the policy by now is not sent.
pub async fn resend(write: &Write, id: InvitationId) -> Result<()> {
    write.scope().require(Permission::ClientsInvite)?;
    let invitation = find_pending(write, id).await?;
    keep_to_policy(write, &invitation).await?;
    let mail: MailId = write.id();
    rows::renew(write, &invitation, mail, write.at() + LIFE).await?;
    outbox::queue(write, mail.into(), MailKind::Invitation, id).await?;
    tell(write, "invitation.resent", &invitation);
    Ok(())
}

/// Takes a pending invitation back (INV-1). Again is no error.
pub async fn revoke(write: &Write, id: InvitationId) -> Result<()> {
    write.scope().require(Permission::ClientsInvite)?;
    let invitation = rows::held(write, id).await?.ok_or(Error::NotFound("invitation"))?;
    if invitation.accepted_at.is_some() {
        return Err(Error::Conflict(
            "This invitation was accepted: end the contact's access instead.".into(),
        ));
    }
    if invitation.revoked_at.is_none() {
        end(write, &[invitation]).await?;
    }
    Ok(())
}

/// Takes back what is pending for a contact whose address changes: what was mailed is somebody else's.
pub async fn take_back_from(write: &Write, contact: ContactId) -> Result<()> {
    let pending = rows::pending_of(write, &[contact]).await?;
    if pending.is_empty() { Ok(()) } else { end(write, &pending).await }
}

/// The invitations of these ids that the organisation has, in any order.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[InvitationId]) -> Result<Vec<Invitation>> {
    rows::by_ids(tx, ids).await
}

/// The newest invitation of each of these contacts that ever had one.
pub async fn newest_of(tx: &Tx<Staff>, contacts: &[ContactId]) -> Result<Vec<Invitation>> {
    rows::newest_of(tx, contacts).await
}

/// The records that these invitations are limited to.
pub async fn records_of(tx: &Tx<Staff>, ids: &[InvitationId]) -> Result<Vec<(InvitationId, RecordId)>> {
    rows::records_of(tx, ids).await
}

/// Whom an invitation is for.
pub async fn contact_of(tx: &Tx<Staff>, id: InvitationId) -> Result<ContactId> {
    tx.scope().require(Permission::ClientsInvite)?;
    let found = rows::by_ids(tx, &[id]).await?.pop();
    Ok(found.ok_or(Error::NotFound("invitation"))?.contact_id)
}

async fn end(write: &Write, invitations: &[Invitation]) -> Result<()> {
    let ids: Vec<InvitationId> = invitations.iter().map(|invitation| invitation.id).collect();
    let contacts: Vec<ContactId> = invitations.iter().map(|invitation| invitation.contact_id).collect();
    rows::revoke(write, &ids, write.at()).await?;
    rows::set_status(write, &contacts, ContactStatus::NotInvited).await?;
    invitations.iter().for_each(|invitation| tell(write, "invitation.revoked", invitation));
    Ok(())
}

async fn find_pending(write: &Write, id: InvitationId) -> Result<Invitation> {
    let invitation = rows::held(write, id).await?.ok_or(Error::NotFound("invitation"))?;
    match (invitation.accepted_at, invitation.revoked_at) {
        (None, None) => Ok(invitation),
        _ => Err(Error::Conflict("This invitation is no longer pending. Invite the contact anew.".into())),
    }
}

/// Makes the invitations, each contact once, in the order they were named.
async fn create(write: &Write, keys: &SealingKeys, ids: &[ContactId], terms: Terms) -> Result<Vec<Invited>> {
    let wave = Wave::gather(write, ids, terms).await?;
    let mut seen = HashSet::new();
    let mut outcomes = Vec::with_capacity(ids.len());
    let (mut new, mut stale) = (Vec::new(), Vec::new());
    for id in ids.iter().copied().filter(|id| seen.insert(*id)) {
        let outcome = wave.judge(id, write.at()).map(|contact| {
            stale.extend(wave.pending.get(&id).map(|expired| expired.id));
            let invitation = wave.invitation(write, keys, contact);
            let id = invitation.id;
            new.push(invitation);
            id
        });
        outcomes.push((id, outcome));
    }
    rows::revoke(write, &stale, write.at()).await?;
    rows::insert(write, &new, wave.records.as_deref().unwrap_or_default()).await?;
    let mails = new.iter().map(|invitation| (invitation.mail_id.into(), invitation.id.into()));
    outbox::queue_all(write, MailKind::Invitation, mails).await?;
    let invited: Vec<ContactId> = new.iter().map(|invitation| invitation.contact_id).collect();
    rows::set_status(write, &invited, ContactStatus::Invited).await?;
    for invitation in &new {
        tell_of(write, "invitation.created", invitation.id, (invitation.contact_id, invitation.company_id));
    }
    Ok(outcomes)
}

/// What is known of the contacts that are to be invited together.
struct Wave {
    contacts: HashMap<ContactId, Contact>,
    /// Companies that clients may reach.
    companies: HashMap<CompanyId, bool>,
    pending: HashMap<ContactId, Invitation>,
    access_ends_at: Option<DateTime<Utc>>,
    records: Option<Vec<RecordId>>,
    code: Option<SecretString>,
    policy: Policy,
    /// The one company of the records, if the invitations are limited to some.
    company_of_records: Option<CompanyId>,
}

impl Wave {
    async fn gather(write: &Write, ids: &[ContactId], terms: Terms) -> Result<Self> {
        let policy = Policy::read(write, write.at()).await?;
        let access_ends_at = check_terms(write, &policy, &terms)?;
        let company_of_records = match &terms.records {
            Some(records) => Some(company_of(write, records).await?),
            None => None,
        };
        let contacts: HashMap<_, _> =
            contacts::by_ids(write, ids).await?.into_iter().map(|contact| (contact.id, contact)).collect();
        let company_ids: HashSet<CompanyId> = contacts.values().map(|contact| contact.company_id).collect();
        let companies = companies::by_ids(write, &company_ids.into_iter().collect::<Vec<_>>()).await?;
        let reachable = |company: &companies::Company| !company.internal && company.archived_at.is_none();
        let pending = rows::pending_of(write, ids).await?;
        Ok(Self {
            companies: companies.iter().map(|company| (company.id, reachable(company))).collect(),
            pending: pending.into_iter().map(|invitation| (invitation.contact_id, invitation)).collect(),
            contacts,
            access_ends_at,
            records: terms.records,
            code: terms.code,
            policy,
            company_of_records,
        })
    }

    /// The contact, if it can be invited now.
    fn judge(&self, id: ContactId, now: DateTime<Utc>) -> Result<&Contact> {
        let contact = self.contacts.get(&id).ok_or(Error::NotFound("contact"))?;
        let refuse = |why: &str| Err(Error::Conflict(why.into()));
        if contact.archived_at.is_some() {
            return refuse("This contact is archived. Bring the person back first.");
        }
        if !self.companies.get(&contact.company_id).copied().unwrap_or_default() {
            return refuse("This contact's company is internal or archived: nothing of it can be shared.");
        }
        if self.company_of_records.is_some_and(|company| company != contact.company_id) {
            return Err(Error::invalid("input.recordIds", "These records belong to another company."));
        }
        if MailAddress::parse(&contact.email).is_none() {
            return refuse("This contact's address cannot be mailed.");
        }
        if !self.policy.breaches(&self.terms_for(contact)).is_empty() {
            return refuse("Your organisation's sharing policy does not allow this contact's address.");
        }
        if contact.status == ContactStatus::Onboarded {
            return refuse("This contact has an account already.");
        }
        match self.pending.get(&id) {
            Some(pending) if pending.expires_at > now => {
                refuse("This contact has a pending invitation. Send it again, or revoke it first.")
            }
            _ => Ok(contact),
        }
    }

    fn terms_for(&self, contact: &Contact) -> portals::Terms {
        portals::Terms {
            ends_at: self.access_ends_at,
            has_code: self.code.is_some(),
            email: Some(contact.email.clone()),
        }
    }

    fn invitation(&self, write: &Write, keys: &SealingKeys, contact: &Contact) -> NewInvitation {
        let id: InvitationId = write.id();
        let sealed = self.code.as_ref().map(|code| access_codes::seal(keys, id, code));
        let (code_key, code_sealed) = sealed.map(|sealed| (sealed.key, sealed.bytes)).unzip();
        NewInvitation {
            org_id: write.scope().org_id,
            id,
            code_key,
            code_sealed,
            company_id: contact.company_id,
            contact_id: contact.id,
            limited: self.records.is_some(),
            access_ends_at: self.access_ends_at,
            invited_by: write.scope().member().map(|member| member.id).unwrap_or_default(),
            mail_id: write.id(),
            expires_at: write.at() + LIFE,
        }
    }
}

/// Checks what an invitation gives: when its access ends, and that it keeps to the policy (LINK-11).
fn check_terms(write: &Write, policy: &Policy, terms: &Terms) -> Result<Option<DateTime<Utc>>> {
    let mut checks = Checks::new();
    let zone = write.scope().time_zone();
    let end = terms.access_ends_on.and_then(|day| end_of_day(checks.day("accessEndsOn", day), zone));
    if terms.access_ends_on.is_some() && end.is_none_or(|end| end <= write.at()) {
        checks.problem("accessEndsOn", "Choose today or a later day.");
    }
    if let Some(code) = &terms.code {
        access_codes::check(&mut checks, code);
    }
    let given = portals::Terms { ends_at: end, has_code: terms.code.is_some(), email: None };
    policy.check(&mut checks, &POLICY_PATHS, &given);
    checks.finish()?;
    Ok(end)
}

/// The door refuses to accept what breaks the policy by then.
async fn keep_to_policy(write: &Write, invitation: &Invitation) -> Result<()> {
    let contact = contacts::by_ids(write, &[invitation.contact_id]).await?.pop();
    let terms = portals::Terms {
        ends_at: invitation.access_ends_at,
        has_code: invitation.has_code,
        email: contact.map(|contact| contact.email),
    };
    if Policy::read(write, write.at()).await?.breaches(&terms).is_empty() {
        return Ok(());
    }
    let message =
        "It no longer keeps to your organisation's sharing policy. Revoke it, and invite the contact anew.";
    Err(Error::Conflict(message.into()))
}

/// The company that all of these records belong to.
async fn company_of(write: &Write, ids: &[RecordId]) -> Result<CompanyId> {
    let distinct: HashSet<RecordId> = ids.iter().copied().collect();
    if ids.is_empty() || ids.len() > MOST_RECORDS || distinct.len() != ids.len() {
        let message = format!("Name 1 to {MOST_RECORDS} records, each once.");
        return Err(Error::invalid("input.recordIds", message));
    }
    let found = records::by_ids(write, ids).await?;
    if found.len() != ids.len() {
        return Err(Error::NotFound("record"));
    }
    let companies: HashSet<CompanyId> = found.iter().map(|record| record.company_id).collect();
    match Vec::from_iter(companies).as_slice() {
        [company] => Ok(*company),
        _ => Err(Error::invalid("input.recordIds", "These records belong to more than one company.")),
    }
}

fn tell(write: &Write, kind: &'static str, invitation: &Invitation) {
    tell_of(write, kind, invitation.id, (invitation.contact_id, invitation.company_id));
}

fn tell_of(write: &Write, kind: &'static str, id: InvitationId, (contact, company): (ContactId, CompanyId)) {
    write.done(Change::new(kind, id).company(company).payload(json!({ "contactId": contact })));
}
