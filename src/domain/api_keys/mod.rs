//! API keys: what partners' programs present (EVT-6). Made and revoked by OWNER and ADMIN, shown once,
//! and held to their scopes and their company by the policies of `app_partner`. They read, record points of
//! metrics and append to clients' activity.

mod rows;
mod uses;

pub use rows::ApiKey;
pub use uses::{Uses, note_uses};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::callers::Staff;
use super::changes::{Change, Write};
use super::companies;
use super::idempotency::{self, Claim};
use super::tokens::{Token, TokenKind};
use super::validation::Checks;
use crate::db::enums::ApiKeyScope;
use crate::db::ids::{ApiKeyId, CompanyId};
use crate::db::paging::{Page, Rows};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use rows::NewApiKey;

/// What a new key is made of. Unchecked.
#[derive(Clone, Debug, Serialize)]
pub struct ApiKeyDraft {
    pub name: String,
    pub scopes: Vec<ApiKeyScope>,
    pub company_id: Option<CompanyId>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a key, once for each idempotency key. The secret comes with the first call only.
pub async fn create(
    write: &Write,
    draft: ApiKeyDraft,
    idempotency_key: Option<&str>,
) -> Result<(ApiKeyId, Option<Token>)> {
    write.scope().require_admin()?;
    let fresh = match idempotency::claim(write, idempotency_key, "api_key.create", &draft).await? {
        Claim::Fresh(fresh) => fresh,
        Claim::Repeated(id) => return Ok((id.into(), None)),
    };
    let mut checks = Checks::new();
    let name = checks.line("name", &draft.name, 100);
    let mut scopes = draft.scopes;
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        checks.problem("scopes", "Choose at least one.");
    }
    if draft.expires_at.is_some_and(|end| end <= write.at()) {
        checks.problem("expiresAt", "This must be in the future.");
    }
    checks.finish()?;
    if let Some(company) = draft.company_id
        && companies::by_ids(write, &[company]).await?.is_empty()
    {
        return Err(Error::NotFound("company"));
    }
    let token = Token::new(TokenKind::ApiKey)?;
    let new = NewApiKey {
        org_id: write.scope().org_id,
        id: write.id(),
        name,
        token_hash: token.hash().to_vec(),
        hint: token.hint(),
        scopes,
        company_id: draft.company_id,
        created_by: write.scope().member()?.id,
        expires_at: draft.expires_at,
    };
    rows::insert(write, &new).await?;
    fresh.settle(write, new.id).await?;
    write.done(Change::new("api_key.created", new.id));
    Ok((new.id, Some(token)))
}

/// Revokes a key: it opens nothing from the commit on. Again is no error.
pub async fn revoke(write: &Write, id: ApiKeyId) -> Result<()> {
    write.scope().require_admin()?;
    let key = rows::by_ids(write, &[id]).await?.pop().ok_or(Error::NotFound("API key"))?;
    if key.revoked_at.is_none() && rows::revoke(write, id).await? == 1 {
        write.done(Change::new("api_key.revoked", id));
    }
    Ok(())
}

/// The keys of these ids that the organisation has, in any order. For OWNER and ADMIN.
pub async fn by_ids(tx: &Tx<Staff>, ids: &[ApiKeyId]) -> Result<Vec<ApiKey>> {
    tx.scope().require_admin()?;
    rows::by_ids(tx, ids).await
}

/// A page of keys, newest first. For OWNER and ADMIN.
pub async fn list(tx: &Tx<Staff>, revoked: bool, page: &Page<ApiKeyId>) -> Result<Rows<ApiKey>> {
    tx.scope().require_admin()?;
    Ok(page.cut(rows::list(tx, revoked, page).await?))
}

/// How many there are, counted up to [`crate::db::paging::MAX_COUNT`]. For OWNER and ADMIN.
pub async fn count(tx: &Tx<Staff>, revoked: bool) -> Result<i64> {
    tx.scope().require_admin()?;
    rows::count(tx, revoked).await
}
