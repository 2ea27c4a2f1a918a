//! Who is behind a portal session (MSG-1): the recipient of its link, or who a visitor says they are.
//! Somebody unnamed gives a name before they first do something; it is kept with the session, and
//! stays marked as verified by nobody.

mod rows;

use crate::db::ids::{ContactId, PortalSessionId};
use crate::db::scope::Tx;
use crate::domain::callers::Portal;
use crate::domain::changes::{Change, Write};
use crate::domain::validation::Checks;
use crate::error::{Error, Result};

/// Who holds the portal session that the request carries.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub session_id: PortalSessionId,
    /// The link's recipient.
    pub contact_id: Option<ContactId>,
    pub name: String,
    /// Whether the name is the recipient's, as staff wrote it down.
    pub verified: bool,
}

/// The visitor, once there is a name to them. None for a preview, a bare link, and somebody unnamed.
pub async fn current(tx: &Tx<Portal>) -> Result<Option<Visitor>> {
    Ok(rows::visitor(tx).await?.and_then(rows::VisitorRow::named))
}

/// Who does something. `given` is how they call themselves; it counts once, and only where nobody else
/// knows a name. Every verb of clients that speaks for somebody begins with this.
pub async fn named(write: &Write<Portal>, given: Option<&str>) -> Result<Visitor> {
    let row = rows::visitor(write).await?.ok_or(Error::Unauthenticated)?;
    if let Some(visitor) = row.clone().named() {
        return Ok(visitor);
    }
    let mut checks = Checks::new();
    let name = match given {
        Some(given) if !given.trim().is_empty() => checks.line("name", given, 120),
        _ => return Err(Error::invalid("input.name", "Please say who you are.")),
    };
    checks.finish()?;
    rows::keep_name(write, &name).await?;
    write.done(Change::new("portal_session.named", row.session_id));
    Ok(Visitor { session_id: row.session_id, contact_id: None, name, verified: false })
}
