//! The OpenID Connect provider through which an organisation's members sign in (ORG-2): set by its
//! administrators, its secret kept sealed. Not here: speaking to it; that is [`crate::adapters::openid`].

mod attempts;
mod rows;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

pub use attempts::Attempt;
pub use rows::{SignInProvider, Vouched};

use super::callers::Staff;
use super::changes::{Change, Write, missed_update};
use super::people::Stranger;
use super::staff_sessions::{self, SignedIn};
use super::validation::Checks;
use crate::db::ids::OrgId;
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use crate::sealing::{Sealed, SealingKeys};
use rows::NewProvider;

const PURPOSE: &[u8] = b"sign-in provider secret";

/// What a provider is set with. Unchecked.
#[derive(Clone, Debug)]
pub struct ProviderDraft {
    pub issuer: String,
    pub client_id: String,
    /// None keeps the secret there is.
    pub client_secret: Option<SecretString>,
    pub redirect_url: String,
}

/// A provider on the way in, its secret opened.
#[derive(Clone, Debug)]
pub struct OpenedProvider {
    pub org_id: OrgId,
    pub version: i32,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    pub redirect_url: String,
}

/// The organisation's provider, for OWNER and ADMIN.
pub async fn read(tx: &Tx<Staff>) -> Result<Option<SignInProvider>> {
    tx.scope().require_admin()?;
    rows::read(tx).await
}

/// Sets the provider: the first with no `version`, later one the one that stands at it (API-8). Owners
/// come in through it only if an owner did this.
pub async fn set(
    write: &Write,
    keys: &SealingKeys,
    version: Option<i32>,
    draft: ProviderDraft,
) -> Result<()> {
    write.scope().require_admin()?;
    let mut checks = Checks::new();
    let new = NewProvider {
        issuer: checks.web_address("issuer", &draft.issuer),
        client_id: checks.line("clientId", &draft.client_id, 200),
        redirect_url: checks.web_address("redirectUrl", &draft.redirect_url),
        configured_by: write.scope().member()?.id,
    };
    let before = rows::read(write).await?;
    if before.is_none() && draft.client_secret.is_none() {
        checks.problem("clientSecret", "The first time the secret is needed.");
    }
    if draft.client_secret.as_ref().is_some_and(|secret| !(1..=500).contains(&secret.expose_secret().len())) {
        checks.problem("clientSecret", "A secret has 1 to 500 characters.");
    }
    checks.finish()?;
    let org = write.scope().org_id;
    let sealed = draft
        .client_secret
        .map(|secret| keys.seal(PURPOSE, org.0.as_bytes(), secret.expose_secret().as_bytes()));
    store(write, &before, version, &new, sealed.as_ref()).await?;
    let settings = (
        before.as_ref().map_or(Value::Null, settings),
        json!({ "issuer": new.issuer, "clientId": new.client_id, "redirectUrl": new.redirect_url }),
    );
    write.done(Change::new("sign_in_provider.updated", org).settings(settings.0, settings.1));
    Ok(())
}

async fn store(
    write: &Write,
    before: &Option<SignInProvider>,
    version: Option<i32>,
    new: &NewProvider,
    sealed: Option<&Sealed>,
) -> Result<()> {
    match (before, version, sealed) {
        (None, None, Some(sealed)) => rows::insert(write, new, sealed).await,
        (Some(_), Some(version), sealed) => {
            match rows::update(write, version, new, sealed, write.at()).await? {
                0 => Err(missed_update(true, "sign-in provider")),
                _ => Ok(()),
            }
        }
        (None, ..) => Err(missed_update(false, "sign-in provider")),
        (Some(_), None, _) => {
            Err(Error::Conflict("There is a provider already. Read it, and name its version.".into()))
        }
    }
}

/// Takes the provider away. Who signed in through it stays signed in.
pub async fn remove(write: &Write, version: i32) -> Result<()> {
    write.scope().require_admin()?;
    let before = rows::read(write).await?.ok_or(Error::NotFound("sign-in provider"))?;
    if rows::delete(write, version).await? == 0 {
        return Err(missed_update(true, "sign-in provider"));
    }
    let change = Change::new("sign_in_provider.removed", write.scope().org_id);
    write.done(change.settings(settings(&before), Value::Null));
    Ok(())
}

fn settings(provider: &SignInProvider) -> Value {
    json!({
        "issuer": provider.issuer,
        "clientId": provider.client_id,
        "redirectUrl": provider.redirect_url,
    })
}

/// The provider of an organisation, for who wants in.
pub async fn find(stranger: &Stranger<'_>, keys: &SealingKeys, slug: &str) -> Result<OpenedProvider> {
    let nobody = || Error::invalid("input.organization", "This organisation has no sign-in provider.");
    let found = rows::find(stranger.pools, slug).await?.ok_or_else(nobody)?;
    let sealed = Sealed { bytes: found.client_secret, key: found.client_secret_key };
    let secret = keys.open(PURPOSE, found.org_id.0.as_bytes(), &sealed);
    let secret = secret.and_then(|secret| String::from_utf8(secret.expose_secret().to_vec()).ok());
    let lost = || Error::internal(anyhow::anyhow!("the key of a sign-in provider's secret was taken away"));
    Ok(OpenedProvider {
        org_id: found.org_id,
        version: found.version,
        issuer: found.issuer,
        client_id: found.client_id,
        client_secret: secret.ok_or_else(lost)?.into(),
        redirect_url: found.redirect_url,
    })
}

/// Signs in whom the provider vouched for: who came in as this subject before, else the member whose
/// address the provider verified. Everybody else gets one answer.
pub async fn arrive(stranger: &Stranger<'_>, org: OrgId, vouched: Vouched) -> Result<SignedIn> {
    let (new, token) = staff_sessions::prepare(stranger, org)?;
    let tx = rows::enter_with(stranger.pools, &new, vouched).await?.ok_or(Error::NotVouchedFor)?;
    staff_sessions::admit(stranger, tx, &new, token).await
}
