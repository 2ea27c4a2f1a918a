//! Where the organisation keeps its files, in the staff root (FILE-3).

use async_graphql::{Context, Enum, InputObject, Object, OneofObject, SimpleObject};
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::db::enums::Permission;
use crate::domain::storages::{self, Account, Secret, Settings};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Which interface storage speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum StorageKind {
    /// The installation's own: nothing was chosen.
    Installation,
    /// S3, or what is compatible.
    S3,
    /// Dropbox.
    Dropbox,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

/// Where new files rest. Those that came before stay where they are.
#[derive(SimpleObject)]
pub struct StorageChoice {
    /// Which interface it speaks.
    kind: StorageKind,
    /// For S3 and Azure: its address.
    endpoint: Option<String>,
    /// For S3: its region.
    region: Option<String>,
    /// For S3 and Google: the bucket; for Azure: the container.
    bucket: Option<String>,
    /// Below which folder everything lies.
    folder: Option<String>,
    /// The access key's id, the app's key, the service account's address, or the storage account's name. Secrets
    /// are never shown.
    key: Option<String>,
    /// When it was chosen.
    configured_at: Option<DateTime<Utc>>,
}

impl From<Option<storages::Storage>> for StorageChoice {
    fn from(storage: Option<storages::Storage>) -> Self {
        let nothing = Self {
            kind: StorageKind::Installation,
            endpoint: None,
            region: None,
            bucket: None,
            folder: None,
            key: None,
            configured_at: None,
        };
        let Some(storage) = storage else { return nothing };
        let configured_at = Some(storage.created_at);
        match storage.settings {
            Settings::S3 { endpoint, region, bucket, prefix, access_key } => Self {
                kind: StorageKind::S3,
                endpoint: Some(endpoint),
                region: Some(region),
                bucket: Some(bucket),
                folder: Some(prefix),
                key: Some(access_key),
                configured_at,
            },
            Settings::Dropbox { app_key, folder } => Self {
                kind: StorageKind::Dropbox,
                folder: Some(folder),
                key: Some(app_key),
                configured_at,
                ..nothing
            },
            Settings::Gcs { bucket, prefix, client_email } => Self {
                kind: StorageKind::Gcs,
                bucket: Some(bucket),
                folder: Some(prefix),
                key: Some(client_email),
                configured_at,
                ..nothing
            },
            Settings::Azure { endpoint, container, prefix, account } => Self {
                kind: StorageKind::Azure,
                endpoint: Some(endpoint),
                bucket: Some(container),
                folder: Some(prefix),
                key: Some(account),
                configured_at,
                ..nothing
            },
        }
    }
}

/// Which storage: exactly one of these.
#[derive(OneofObject)]
pub enum StorageInput {
    /// True: the installation's own.
    Installation(bool),
    /// A bucket of the organisation's.
    S3(S3StorageInput),
    /// A Dropbox account of the organisation's.
    Dropbox(DropboxStorageInput),
    /// A bucket of the organisation's at Google; VALIDATION where the service was built without it.
    Gcs(GcsStorageInput),
    /// A container of the organisation's at Azure; VALIDATION where the service was built without it.
    Azure(AzureStorageInput),
}

/// A bucket in S3, or in what is compatible.
#[derive(InputObject)]
pub struct S3StorageInput {
    /// Where it is, `https://…`. Private addresses are refused unless the operator allows them.
    endpoint: String,
    /// What requests are signed for.
    #[graphql(default_with = "\"us-east-1\".to_owned()")]
    region: String,
    /// The bucket.
    bucket: String,
    /// Below which folder everything lies; the bucket's root if empty.
    #[graphql(default)]
    folder: String,
    /// The access key's id.
    access_key: String,
    /// Its secret; kept sealed, and never shown again.
    secret_key: String,
}

/// A Dropbox account, through an app that may read and write files.
#[derive(InputObject)]
pub struct DropboxStorageInput {
    /// The app's key.
    app_key: String,
    /// The app's secret; kept sealed, and never shown again.
    app_secret: String,
    /// The right to act for the account, from an authorisation with `token_access_type=offline`; kept sealed.
    refresh_token: String,
    /// Below which folder everything lies; the account's root if empty.
    #[graphql(default)]
    folder: String,
}

/// A bucket in Google Cloud Storage, through a service account that may read, write and delete objects in it.
#[derive(InputObject)]
pub struct GcsStorageInput {
    /// The bucket.
    bucket: String,
    /// Below which folder everything lies; the bucket's root if empty.
    #[graphql(default)]
    folder: String,
    /// The service account's address: `client_email` in its key's file.
    client_email: String,
    /// Its key: `private_key` in that file; kept sealed, and never shown again.
    private_key: String,
}

/// A container in Azure Blob Storage.
#[derive(InputObject)]
pub struct AzureStorageInput {
    /// Where it is, `https://{account}.blob.core.windows.net`. Private addresses are refused unless the operator
    /// allows them.
    endpoint: String,
    /// The container.
    container: String,
    /// Below which folder everything lies; the container's root if empty.
    #[graphql(default)]
    folder: String,
    /// The storage account's name.
    account: String,
    /// One of its keys; kept sealed, and never shown again.
    account_key: String,
}

impl From<StorageInput> for Option<Account> {
    fn from(input: StorageInput) -> Self {
        match input {
            StorageInput::Installation(_) => None,
            StorageInput::S3(s3) => Some(Account {
                settings: Settings::S3 {
                    endpoint: s3.endpoint,
                    region: s3.region,
                    bucket: s3.bucket,
                    prefix: s3.folder,
                    access_key: s3.access_key,
                },
                secret: Secret::S3 { secret_key: SecretString::from(s3.secret_key) },
            }),
            StorageInput::Dropbox(dropbox) => Some(Account {
                settings: Settings::Dropbox { app_key: dropbox.app_key, folder: dropbox.folder },
                secret: Secret::Dropbox {
                    app_secret: SecretString::from(dropbox.app_secret),
                    refresh_token: SecretString::from(dropbox.refresh_token),
                },
            }),
            StorageInput::Gcs(gcs) => Some(Account {
                settings: Settings::Gcs {
                    bucket: gcs.bucket,
                    prefix: gcs.folder,
                    client_email: gcs.client_email,
                },
                secret: Secret::Gcs { private_key: SecretString::from(gcs.private_key) },
            }),
            StorageInput::Azure(azure) => Some(Account {
                settings: Settings::Azure {
                    endpoint: azure.endpoint,
                    container: azure.container,
                    prefix: azure.folder,
                    account: azure.account,
                },
                secret: Secret::Azure { account_key: SecretString::from(azure.account_key) },
            }),
        }
    }
}

/// Reading where files rest.
#[derive(Default)]
pub struct StorageQueries;

#[Object]
impl StorageQueries {
    /// Where new files rest. Needs SETTINGS_MANAGE.
    async fn storage(&self, ctx: &Context<'_>) -> Option<Result<StorageChoice>> {
        Some(load(ctx).await)
    }
}

/// Where new files are to rest.
#[derive(InputObject)]
pub struct SetStorageInput {
    /// Which storage.
    storage: StorageInput,
}

/// The storage as it was chosen.
#[derive(SimpleObject)]
pub struct SetStoragePayload {
    /// Where new files rest.
    storage: StorageChoice,
}

/// What to try.
#[derive(InputObject)]
pub struct TestStorageInput {
    /// Which storage. It is not kept.
    storage: StorageInput,
}

/// What came of it.
#[derive(SimpleObject)]
pub struct TestStoragePayload {
    /// Whether something could be written, read and deleted there.
    works: bool,
    /// What is wrong, if it does not work.
    problem: Option<String>,
}

/// Choosing storage.
#[derive(Default)]
pub struct StorageMutations;

#[Object]
impl StorageMutations {
    /// Chooses where new files rest, once it was tried that they can. VALIDATION says what is wrong otherwise.
    /// Needs SETTINGS_MANAGE.
    async fn set_storage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which storage.")] input: SetStorageInput,
    ) -> Option<Result<SetStoragePayload>> {
        Some(set(ctx, input).await)
    }

    /// Tries a storage, and says what is wrong. Nothing is kept. Needs SETTINGS_MANAGE.
    async fn test_storage(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which storage.")] input: TestStorageInput,
    ) -> Option<Result<TestStoragePayload>> {
        Some(test(ctx, input).await)
    }
}

async fn load(ctx: &Context<'_>) -> Result<StorageChoice> {
    let reading = request(ctx).staff().await?;
    reading.tx.scope().require(Permission::SettingsManage).map_err(coded)?;
    Ok(storages::chosen(&reading.tx).await.map_err(coded)?.into())
}

async fn set(ctx: &Context<'_>, input: SetStorageInput) -> Result<SetStoragePayload> {
    let account = allowed(ctx, input.storage).await?;
    if let Some(problem) = tried(ctx, account.as_ref()).await {
        return Err(coded(Error::invalid("input.storage", problem)));
    }
    let write = request(ctx).write().await?;
    let chosen = storages::choose(&write, &request(ctx).app.config.sealing, account).await;
    write.finish(chosen).await.map_err(coded)?;
    Ok(SetStoragePayload { storage: load(ctx).await? })
}

async fn test(ctx: &Context<'_>, input: TestStorageInput) -> Result<TestStoragePayload> {
    let account = allowed(ctx, input.storage).await?;
    let problem = tried(ctx, account.as_ref()).await;
    Ok(TestStoragePayload { works: problem.is_none(), problem })
}

/// The account as it would be kept, for who may choose one. The transaction is over before anything is tried.
async fn allowed(ctx: &Context<'_>, input: StorageInput) -> Result<Option<Account>> {
    let write = request(ctx).write().await?;
    let may = write.scope().require(Permission::SettingsManage);
    write.abandon().await;
    may.map_err(coded)?;
    let account: Option<Account> = input.into();
    account.map(Account::checked).transpose().map_err(coded)
}

/// What is wrong with it.
async fn tried(ctx: &Context<'_>, account: Option<&Account>) -> Option<String> {
    let app = &request(ctx).app;
    let name = app.clock.id().simple().to_string();
    let storage = match app.store(account) {
        Ok(storage) => storage,
        Err(error) => return Some(error.to_string()),
    };
    storage.probe(&name).await.err().map(|error| error.to_string())
}
