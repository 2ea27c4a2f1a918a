//! Where bytes rest (FILE-3): a local folder, or S3 and what is compatible, by OpenDAL, and with their features
//! Google Cloud Storage and Azure; Dropbox by hand. Bytes stream: no call takes or gives a whole file. Not
//! here: which file has which key, and who may have it.

mod clouds;
mod dropbox;
mod transport;

use std::ops::Range;
use std::path::Path;

use axum::body::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use opendal::services::{Fs, S3};
use opendal::{ErrorKind, HttpTransporter, OperationContext, Operator, Writer};
use secrecy::{ExposeSecret as _, SecretString};

pub use self::clouds::{AzureAccount, GcsAccount};
use self::dropbox::{Dropbox, Session};
pub use self::dropbox::{DropboxAccount, DropboxHosts};
use self::transport::Client;
pub(super) use self::transport::builder as client;
use super::outbound::Outbound;
use crate::config::{Bucket, StorageConfig, StoragePlace};
use crate::error::Error;

/// Read from storage at once.
const PIECE: usize = 256 * 1024;
/// S3 takes parts of at least 5 MiB, and at most 10,000 of them; Azure takes 50,000.
const PART: usize = 8 * 1024 * 1024;

/// A place for bytes.
#[derive(Clone, Debug)]
pub struct Storage(Place);

#[derive(Clone, Debug)]
enum Place {
    OpenDal(Operator),
    Dropbox(Dropbox),
}

/// Bytes on their way into storage. Nothing is there before [`Sink::close`]; what was begun and not closed
/// is taken back with [`Sink::abort`].
pub struct Sink(Way);

enum Way {
    OpenDal(Box<Writer>),
    Dropbox(Session),
}

/// Bytes on their way out.
pub type Source = BoxStream<'static, std::io::Result<Bytes>>;

/// Why storage did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error("There are no such bytes, or no such bucket.")]
    Missing,
    #[error("Storage refused the key or its secret, or the key may not do this.")]
    Denied,
    #[error(
        "This installation does not speak to {name}. Its operator gets that by building the service with `--features {feature}`."
    )]
    NotBuilt { name: &'static str, feature: &'static str },
    /// It may name paths.
    #[error("{0}")]
    Failed(String),
}

impl From<opendal::Error> for StorageError {
    fn from(error: opendal::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::PermissionDenied => Self::Denied,
            _ => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
                Self::Failed(format!("{}{}", error.message(), cause.unwrap_or_default()))
            }
        }
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Missing => Self::NotFound("file"),
            error => {
                tracing::error!(storage.error = error.to_string(), "storage failed");
                Self::Unavailable("storage")
            }
        }
    }
}

impl Storage {
    /// The installation's own.
    pub fn of_installation(config: &StorageConfig) -> anyhow::Result<Self> {
        let operator = match &config.place {
            StoragePlace::Folder(folder) => folder_operator(folder)?,
            StoragePlace::Bucket(bucket) => bucket_operator(bucket, Client::unguarded()?)?,
        };
        Ok(Self(Place::OpenDal(operator)))
    }

    /// A bucket that an organisation named: never at a private address.
    pub fn of_bucket(bucket: &Bucket, outbound: &Outbound) -> Result<Self, StorageError> {
        // Without either of them OpenDAL would try what this machine may do.
        let is_whole =
            |(id, secret): &(String, SecretString)| !id.is_empty() && !secret.expose_secret().is_empty();
        if !bucket.key.as_ref().is_some_and(is_whole) {
            return Err(StorageError::Denied);
        }
        let (client, guard) = outbound.streaming();
        let operator = bucket_operator(bucket, Client::guarded(client, guard));
        Ok(Self(Place::OpenDal(operator.map_err(|error| StorageError::Failed(error.to_string()))?)))
    }

    /// A bucket of Google's that an organisation named.
    pub fn of_gcs(account: &GcsAccount, outbound: &Outbound) -> Result<Self, StorageError> {
        let (client, guard) = outbound.streaming();
        Ok(Self(Place::OpenDal(clouds::gcs(account, Client::guarded(client, guard))?)))
    }

    /// A container of Azure's that an organisation named: never at a private address.
    pub fn of_azure(account: &AzureAccount, outbound: &Outbound) -> Result<Self, StorageError> {
        let (client, guard) = outbound.streaming();
        Ok(Self(Place::OpenDal(clouds::azure(account, Client::guarded(client, guard))?)))
    }

    /// An organisation's Dropbox.
    pub fn of_dropbox(account: DropboxAccount, hosts: DropboxHosts) -> Self {
        Self(Place::Dropbox(Dropbox::new(hosts, account)))
    }

    /// Begins to write.
    pub async fn write(&self, key: &str) -> Result<Sink, StorageError> {
        Ok(Sink(match &self.0 {
            Place::OpenDal(operator) => {
                let writer = operator.writer_with(key);
                // A file on a disk takes pieces as they come; whatever is far away, as few as it may.
                let in_parts = operator.info().scheme() != "fs";
                let writer = if in_parts { writer.chunk(PART) } else { writer };
                Way::OpenDal(Box::new(writer.await?))
            }
            Place::Dropbox(dropbox) => Way::Dropbox(dropbox.write(key).await?),
        }))
    }

    /// Reads a part; all of it is there, or the stream ends with an error.
    pub async fn read(&self, key: &str, range: Range<u64>) -> Result<Source, StorageError> {
        match &self.0 {
            Place::OpenDal(operator) => {
                let reader = operator.reader_with(key).chunk(PIECE).concurrent(2).await?;
                Ok(reader.into_bytes_stream(range).await?.boxed())
            }
            Place::Dropbox(dropbox) => dropbox.read(key, range).await,
        }
    }

    /// Reads a short part whole.
    pub async fn read_whole(&self, key: &str, range: Range<u64>) -> Result<Bytes, StorageError> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let pieces: Result<Vec<Bytes>, _> = self.read(key, range).await?.try_collect().await;
        match pieces {
            Ok(pieces) => Ok(pieces.concat().into()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StorageError::Missing),
            Err(error) => Err(StorageError::Failed(error.to_string())),
        }
    }

    /// Deletes; what is not there is fine.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match &self.0 {
            Place::OpenDal(operator) => Ok(operator.delete(key).await?),
            Place::Dropbox(dropbox) => dropbox.delete(key).await,
        }
    }

    /// Writes, reads and deletes something small: whether the account can be used, or what is wrong.
    pub async fn probe(&self, name: &str) -> Result<(), StorageError> {
        let (key, bytes) = (format!(".vestibule-probe/{name}"), Bytes::from_static(b"vestibule"));
        let mut sink = self.write(&key).await?;
        sink.write(bytes.clone()).await?;
        sink.close().await?;
        let read = self.read_whole(&key, 0..bytes.len() as u64).await?;
        self.delete(&key).await?;
        if read == bytes {
            Ok(())
        } else {
            Err(StorageError::Failed("Storage gave back other bytes than were written.".to_owned()))
        }
    }
}

impl Sink {
    /// Takes some bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        match &mut self.0 {
            Way::OpenDal(writer) => Ok(writer.write(bytes).await?),
            Way::Dropbox(session) => session.write(&bytes).await,
        }
    }

    /// All of them are there.
    pub async fn close(&mut self) -> Result<(), StorageError> {
        match &mut self.0 {
            Way::OpenDal(writer) => {
                writer.close().await?;
                Ok(())
            }
            Way::Dropbox(session) => session.close().await,
        }
    }

    /// Gives up. Some places cannot take back by themselves: delete the key as well. A session of Dropbox that
    /// is not finished never shows, and Dropbox forgets it.
    pub async fn abort(&mut self) {
        if let Way::OpenDal(writer) = &mut self.0
            && let Err(error) = writer.abort().await
            && error.kind() != ErrorKind::Unsupported
        {
            tracing::warn!(%error, "an upload to storage could not be taken back");
        }
    }
}

fn folder_operator(folder: &Path) -> anyhow::Result<Operator> {
    Ok(Operator::new(Fs::default().root(&folder.to_string_lossy()))?)
}

fn bucket_operator(bucket: &Bucket, client: Client) -> anyhow::Result<Operator> {
    let mut service = S3::default()
        .bucket(&bucket.name)
        .region(&bucket.region)
        .root(&bucket.prefix)
        .disable_config_load()
        .disable_ec2_metadata();
    if let Some(endpoint) = &bucket.endpoint {
        service = service.endpoint(endpoint);
    }
    if let Some((id, secret)) = &bucket.key {
        service = service.access_key_id(id).secret_access_key(secret.expose_secret());
    }
    Ok(Operator::new(service)?.with_context(over(client)))
}

/// Through our own client.
fn over(client: Client) -> OperationContext {
    OperationContext::new().with_http_transport(HttpTransporter::new(client))
}
