//! Sharing a portal with a contact, and sharing it again (LINK-8). Each time a fresh link: earlier
//! ones live on unless staff end them, and nobody else's is touched.

use std::collections::HashMap;

use async_graphql::Enum;
use serde::Serialize;

use super::links::{self, LinkDraft, NewUrl, Recipient};
use super::manage::live;
use super::rows;
use crate::db::enums::Permission;
use crate::db::ids::{ContactId, LinkId, PortalId};
use crate::db::scope::Tx;
use crate::domain::callers::Staff;
use crate::domain::changes::Write;
use crate::domain::contacts;
use crate::domain::idempotency::{self, Claim};
use crate::domain::mails::{MailAddress, MailKind};
use crate::domain::outbox;
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

/// How a link reaches its recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, Serialize)]
pub enum Delivery {
    /// A mail to the contact. Its link is made as it is sent, so that nobody else ever holds it.
    Email,
    /// The URL is in the answer, once, for staff to pass on.
    Copy,
}

/// What becomes of the links that the contact had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Earlier {
    /// They live on.
    Kept,
    /// They are revoked.
    Invalidated,
}

/// Whom to share a portal with, and how.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Share {
    pub portal: PortalId,
    pub contact: ContactId,
    pub delivery: Delivery,
    pub earlier: Earlier,
}

/// The contact's address, for who asks whether it may be mailed; refuses callers who may not share.
pub async fn address_to_share_with(
    tx: &Tx<Staff>,
    contact: ContactId,
) -> Result<HashMap<ContactId, MailAddress>> {
    tx.scope().require(Permission::PortalsManage)?;
    let contacts = contacts::by_ids(tx, &[contact]).await?;
    let address = |contact: &contacts::Contact| Some((contact.id, MailAddress::parse(&contact.email)?));
    Ok(contacts.iter().filter_map(address).collect())
}

/// Makes a fresh link of a portal for a contact, once for each idempotency key. The secret is there
/// for [`Delivery::Copy`] only; a mailed link's stored hash is of a token that nobody holds until
/// the worker makes the one it sends (LINK-2).
pub async fn share(
    write: &Write,
    keys: &SealingKeys,
    share: Share,
    key: Option<&str>,
) -> Result<(LinkId, Option<NewUrl>)> {
    write.scope().require(Permission::PortalsManage)?;
    let fresh = match idempotency::claim(write, key, "portal.share", &share).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok((id.into(), None)),
    };
    let portal = live(write, share.portal).await?;
    if rows::contact_email(write, share.contact, portal.company_id).await?.is_none() {
        let message = "This is not a contact of the portal's company, or it is archived.";
        return Err(Error::invalid("input.contactId", message));
    }
    if share.earlier == Earlier::Invalidated {
        for link in rows::revoke_links_of(write, portal.id, share.contact, write.at()).await? {
            links::tell(write, "portal_link.revoked", &portal, link);
        }
    }
    links::leave_room(write, portal.id).await?;
    let draft = LinkDraft { recipient: Some(Recipient::Contact(share.contact)), ..LinkDraft::default() };
    let url = links::insert(write, keys, &portal, (draft, &links::SHARED)).await?;
    fresh.settle(write, url.link).await?;
    links::tell(write, "portal_link.shared", &portal, url.link);
    match share.delivery {
        Delivery::Copy => Ok((url.link, Some(url))),
        Delivery::Email => {
            outbox::queue(write, write.id(), MailKind::PortalLink, url.link).await?;
            Ok((url.link, None))
        }
    }
}
