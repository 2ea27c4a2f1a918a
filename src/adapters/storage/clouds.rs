//! Google's and Azure's storage by OpenDAL (FILE-3), in a program that was built with them: `--features gcs`,
//! `--features azure`. Any other says how to get one. The accounts are there either way, so that the schema
//! is the same.

use opendal::Operator;
use secrecy::SecretString;

use super::StorageError;
use super::transport::Client;

/// A bucket of Google Cloud Storage, and a service account that may use it.
#[derive(Clone, Debug)]
pub struct GcsAccount {
    pub bucket: String,
    /// Below which everything lies.
    pub root: String,
    pub client_email: String,
    /// PEM.
    pub private_key: SecretString,
}

/// A container of Azure's blob storage, and a key of its storage account.
#[derive(Clone, Debug)]
pub struct AzureAccount {
    pub endpoint: String,
    pub container: String,
    /// Below which everything lies.
    pub root: String,
    pub account: String,
    /// Base64, as Azure shows it.
    pub key: SecretString,
}

#[cfg(feature = "gcs")]
pub(super) fn gcs(account: &GcsAccount, client: Client) -> Result<Operator, StorageError> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use secrecy::ExposeSecret as _;

    // Put together here, never taken as it was typed: Google's other kinds of credentials name files,
    // programs and addresses that tokens are fetched from.
    let key = serde_json::json!({
        "type": "service_account",
        "client_email": account.client_email,
        "private_key": account.private_key.expose_secret(),
    });
    // What this machine may do is not the organisation's to use.
    let service = opendal::services::Gcs::default()
        .bucket(&account.bucket)
        .root(&account.root)
        .credential(&STANDARD.encode(key.to_string()))
        .disable_config_load()
        .disable_vm_metadata();
    Ok(Operator::new(service)?.with_context(super::over(client)))
}

#[cfg(not(feature = "gcs"))]
pub(super) fn gcs(_account: &GcsAccount, _client: Client) -> Result<Operator, StorageError> {
    Err(StorageError::NotBuilt { name: "Google Cloud Storage", feature: "gcs" })
}

#[cfg(feature = "azure")]
pub(super) fn azure(account: &AzureAccount, client: Client) -> Result<Operator, StorageError> {
    use secrecy::ExposeSecret as _;

    // Without either of them OpenDAL would try what this machine may do.
    if account.account.is_empty() || account.key.expose_secret().is_empty() {
        return Err(StorageError::Denied);
    }
    let service = opendal::services::Azblob::default()
        .endpoint(&account.endpoint)
        .container(&account.container)
        .root(&account.root)
        .account_name(&account.account)
        .account_key(account.key.expose_secret());
    Ok(Operator::new(service)?.with_context(super::over(client)))
}

#[cfg(not(feature = "azure"))]
pub(super) fn azure(_account: &AzureAccount, _client: Client) -> Result<Operator, StorageError> {
    Err(StorageError::NotBuilt { name: "Azure Blob Storage", feature: "azure" })
}
