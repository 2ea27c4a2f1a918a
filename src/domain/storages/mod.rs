//! Where an organisation keeps its files (FILE-3): the installation's storage, or an account of its own. What
//! was chosen once is kept for as long as bytes rest there. Not here: how an account is spoken to
//! (`crate::adapters::storage`).

mod rows;

pub use rows::Storage;
pub(super) use rows::{account, current};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use super::callers::Staff;
use super::changes::{Change, Write};
use super::validation::Checks;
use crate::db::enums::Permission;
use crate::db::ids::{OrgId, StorageId};
use crate::db::scope::Tx;
use crate::error::{Error, Result};
use crate::sealing::SealingKeys;

const PURPOSE: &[u8] = b"storage secret";

/// Where an account is, and whose; nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Settings {
    /// S3, or what is compatible.
    S3 { endpoint: String, region: String, bucket: String, prefix: String, access_key: String },
    /// An app's right to act for a Dropbox account.
    Dropbox { app_key: String, folder: String },
    /// Google Cloud Storage, through a service account.
    Gcs { bucket: String, prefix: String, client_email: String },
    /// Azure's blob storage.
    Azure { endpoint: String, container: String, prefix: String, account: String },
}

/// What opens an account. Cannot be printed.
#[derive(Clone, Debug)]
pub enum Secret {
    S3 { secret_key: SecretString },
    Dropbox { app_secret: SecretString, refresh_token: SecretString },
    Gcs { private_key: SecretString },
    Azure { account_key: SecretString },
}

/// An account, as files are kept in it.
#[derive(Clone, Debug)]
pub struct Account {
    pub settings: Settings,
    pub secret: Secret,
}

impl Settings {
    /// As the table has it.
    fn kind(&self) -> &'static str {
        match self {
            Self::S3 { .. } => "S3",
            Self::Dropbox { .. } => "DROPBOX",
            Self::Gcs { .. } => "GCS",
            Self::Azure { .. } => "AZURE",
        }
    }
}

impl Secret {
    fn to_text(&self) -> String {
        let parts = match self {
            Self::S3 { secret_key: key }
            | Self::Gcs { private_key: key }
            | Self::Azure { account_key: key } => vec![key.expose_secret()],
            Self::Dropbox { app_secret, refresh_token } => {
                vec![app_secret.expose_secret(), refresh_token.expose_secret()]
            }
        };
        serde_json::to_string(&parts).expect("plain strings")
    }

    fn of_text(settings: &Settings, text: &str) -> Option<Self> {
        let parts: Vec<String> = serde_json::from_str(text).ok()?;
        let mut parts = parts.into_iter().map(SecretString::from);
        Some(match settings {
            Settings::S3 { .. } => Self::S3 { secret_key: parts.next()? },
            Settings::Dropbox { .. } => {
                Self::Dropbox { app_secret: parts.next()?, refresh_token: parts.next()? }
            }
            Settings::Gcs { .. } => Self::Gcs { private_key: parts.next()? },
            Settings::Azure { .. } => Self::Azure { account_key: parts.next()? },
        })
    }
}

impl Account {
    /// The same with everything as it is kept; refuses what makes no sense.
    pub fn checked(self) -> Result<Self> {
        let mut checks = Checks::new();
        let settings = match self.settings {
            Settings::S3 { endpoint, region, bucket, prefix, access_key } => Settings::S3 {
                endpoint: address(&mut checks, "storage.s3.endpoint", &endpoint),
                region: checks.line("storage.s3.region", &region, 60),
                bucket: checks.line("storage.s3.bucket", &bucket, 100),
                prefix: folder(&prefix),
                access_key: checks.line("storage.s3.accessKey", &access_key, 200),
            },
            Settings::Dropbox { app_key, folder: below } => Settings::Dropbox {
                app_key: checks.line("storage.dropbox.appKey", &app_key, 100),
                folder: folder(&below),
            },
            Settings::Gcs { bucket, prefix, client_email } => Settings::Gcs {
                bucket: checks.line("storage.gcs.bucket", &bucket, 100),
                prefix: folder(&prefix),
                client_email: checks.line("storage.gcs.clientEmail", &client_email, 200),
            },
            Settings::Azure { endpoint, container, prefix, account } => Settings::Azure {
                endpoint: address(&mut checks, "storage.azure.endpoint", &endpoint),
                container: checks.line("storage.azure.container", &container, 100),
                prefix: folder(&prefix),
                account: checks.line("storage.azure.account", &account, 100),
            },
        };
        checks.finish()?;
        Ok(Self { settings, ..self })
    }
}

/// An address to which paths are added.
fn address(checks: &mut Checks, path: &str, given: &str) -> String {
    let address = checks.web_address(path, given);
    if Url::parse(&address).is_ok_and(|url| url.query().is_some() || url.fragment().is_some()) {
        checks.problem(path, "This address must end with its path.");
    }
    address
}

/// A path below which everything lies: a slash before it and none after, or nothing.
fn folder(path: &str) -> String {
    let steps = path.split('/').map(str::trim).filter(|step| !matches!(*step, "" | "." | ".."));
    steps.map(|step| format!("/{step}")).collect()
}

/// The account that is chosen now, without its secret; none for the installation's storage.
pub async fn chosen(tx: &Tx<Staff>) -> Result<Option<Storage>> {
    rows::chosen(tx).await
}

/// Chooses an account for what comes from now on; none for the installation's storage. Whether it works
/// the caller has tried.
pub async fn choose(write: &Write, keys: &SealingKeys, account: Option<Account>) -> Result<()> {
    write.scope().require(Permission::SettingsManage)?;
    let org = write.scope().org_id;
    rows::retire(write).await?;
    let id: StorageId = write.id();
    if let Some(account) = account {
        let sealed = keys.seal(PURPOSE, &bound_to(org, id), account.secret.to_text().as_bytes());
        rows::insert(write, id, &account.settings, &sealed).await?;
    }
    write.done(Change::new("storage.chosen", Uuid::from(id)));
    Ok(())
}

fn bound_to(org: OrgId, id: StorageId) -> Vec<u8> {
    [org.0.as_bytes().as_slice(), id.0.as_bytes()].concat()
}

fn opened(keys: &SealingKeys, org: OrgId, row: rows::AccountRow) -> Result<Account> {
    let broken = |what: &'static str| Error::internal(anyhow::anyhow!("a storage account {what}"));
    let sealed = crate::sealing::Sealed { bytes: row.secret, key: row.secret_key };
    let secret = keys
        .open(PURPOSE, &bound_to(org, row.id), &sealed)
        .ok_or_else(|| broken("whose key was taken away"))?;
    let settings: Settings = serde_json::from_value(row.settings).map_err(Error::internal)?;
    let text = std::str::from_utf8(secret.expose_secret()).map_err(Error::internal)?;
    let secret = Secret::of_text(&settings, text).ok_or_else(|| broken("without its secret"))?;
    Ok(Account { settings, secret })
}
