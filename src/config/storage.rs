//! Where files rest, and how large they may be.

use std::num::NonZeroU64;
use std::path::PathBuf;

use anyhow::bail;
use secrecy::SecretString;
use url::Url;

use super::env::{Env, Setting};

const FOLDER: Setting = Setting {
    name: "STORAGE_FOLDER",
    unit: "a folder",
    default: Some("files"),
    about: "Without STORAGE_S3_BUCKET: where the bytes of files rest. Every instance has to see the same folder.",
};
const BUCKET: Setting = Setting {
    name: "STORAGE_S3_BUCKET",
    unit: "a bucket's name",
    default: None,
    about: "Keeps the bytes of files in S3, or in what is compatible. Give it a lifecycle rule that ends incomplete multipart uploads after a day.",
};
const ENDPOINT: Setting = Setting {
    name: "STORAGE_S3_ENDPOINT",
    unit: "an absolute http or https address",
    default: None,
    about: "Where S3 is, for what is compatible. Amazon's own if absent.",
};
const REGION: Setting = Setting {
    name: "STORAGE_S3_REGION",
    unit: "a region's name",
    default: Some("us-east-1"),
    about: "What requests are signed for.",
};
const PREFIX: Setting = Setting {
    name: "STORAGE_S3_PREFIX",
    unit: "a path",
    default: Some("/"),
    about: "Below which everything lies in the bucket.",
};
const KEY: Setting = Setting {
    name: "STORAGE_S3_KEY",
    unit: "an access key's id",
    default: None,
    about: "Whose bucket it is.",
};
const SECRET: Setting = Setting {
    name: "STORAGE_S3_SECRET",
    unit: "an access key's secret, or STORAGE_S3_SECRET_FILE",
    default: None,
    about: "Signs requests to S3.",
};
const CLIENT_BYTES: Setting = Setting {
    name: "UPLOAD_CLIENT_BYTES",
    unit: "bytes",
    default: Some("52428800"),
    about: "The largest file that clients may send. Larger fills storage faster.",
};
const STAFF_BYTES: Setting = Setting {
    name: "UPLOAD_STAFF_BYTES",
    unit: "bytes",
    default: Some("10737418240"),
    about: "The largest file that members may bring; memory does not grow with it.",
};
const SILENCE: Setting = Setting {
    name: "UPLOAD_SILENCE_MS",
    unit: "milliseconds",
    default: Some("30000"),
    about: "How long an upload may stand still before it is given up; so is one that brings less than 16 KiB in as long. Too short fails people on bad lines; too long lets idle ones hold on.",
};
const DROPBOX_API: Setting = Setting {
    name: "DROPBOX_API_URL",
    unit: "an absolute http or https address that ends with a slash",
    default: Some("https://api.dropboxapi.com/"),
    about: "Where organisations' Dropbox accounts are spoken to.",
};
const DROPBOX_CONTENT: Setting = Setting {
    name: "DROPBOX_CONTENT_URL",
    unit: "an absolute http or https address that ends with a slash",
    default: Some("https://content.dropboxapi.com/"),
    about: "Where the bytes of their files go.",
};
pub(super) const SETTINGS: &[Setting] = &[
    FOLDER,
    BUCKET,
    ENDPOINT,
    REGION,
    PREFIX,
    KEY,
    SECRET,
    CLIENT_BYTES,
    STAFF_BYTES,
    SILENCE,
    DROPBOX_API,
    DROPBOX_CONTENT,
];

/// Files.
#[derive(Clone, Debug)]
pub struct StorageConfig {
    pub place: StoragePlace,
    /// Bytes of the largest file from clients.
    pub client_bytes: u64,
    /// Bytes of the largest file from staff.
    pub staff_bytes: u64,
    pub silence: std::time::Duration,
    /// Dropbox's two addresses: for calls, and for content.
    pub dropbox: (Url, Url),
}

/// Where they rest.
#[derive(Clone, Debug)]
pub enum StoragePlace {
    Folder(PathBuf),
    Bucket(Bucket),
}

/// A bucket of S3, or of what is compatible.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub name: String,
    pub endpoint: Option<String>,
    pub region: String,
    pub prefix: String,
    /// Id and secret.
    pub key: Option<(String, SecretString)>,
}

impl StorageConfig {
    pub(super) fn read(env: &Env) -> anyhow::Result<Self> {
        let bytes = |setting| env.parse::<NonZeroU64>(setting).map(NonZeroU64::get);
        let place = match env.text(&BUCKET)? {
            None => StoragePlace::Folder(env.parse(&FOLDER)?),
            Some(name) => StoragePlace::Bucket(Bucket {
                name,
                endpoint: env.text(&ENDPOINT)?,
                region: env.parse(&REGION)?,
                prefix: env.parse(&PREFIX)?,
                key: match (env.text(&KEY)?, env.secret(&SECRET)?) {
                    (Some(id), Some(secret)) => Some((id, secret)),
                    (None, None) => None,
                    _ => bail!("STORAGE_S3_KEY and STORAGE_S3_SECRET belong together"),
                },
            }),
        };
        Ok(Self {
            place,
            client_bytes: bytes(&CLIENT_BYTES)?,
            staff_bytes: bytes(&STAFF_BYTES)?,
            silence: std::time::Duration::from_millis(bytes(&SILENCE)?),
            dropbox: (env.parse(&DROPBOX_API)?, env.parse(&DROPBOX_CONTENT)?),
        })
    }
}
