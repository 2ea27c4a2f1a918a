//! Dropbox over its HTTP interface: upload sessions in bounded pieces, ranges, and access tokens that are
//! fetched with the account's refresh token. Written by hand, since OpenDAL's has fixed addresses and writes
//! at one go.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Bytes;
use futures::StreamExt as _;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RANGE};
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{Source, StorageError};

/// Sent at once: Dropbox asks for multiples of 4 MiB.
const PIECE: usize = 8 * 1024 * 1024;

/// Where Dropbox is, and the connections to it, which all accounts share.
#[derive(Clone, Debug)]
pub struct DropboxHosts {
    client: reqwest::Client,
    api: Url,
    content: Url,
}

impl DropboxHosts {
    /// Connects nothing yet.
    pub fn new((api, content): (Url, Url)) -> Result<Self, StorageError> {
        let client = super::client().build().map_err(|error| failed(&error.to_string()))?;
        Ok(Self { client, api, content })
    }
}

/// An account's app and the right to act for it.
#[derive(Clone, Debug)]
pub struct DropboxAccount {
    pub app_key: String,
    pub app_secret: SecretString,
    pub refresh_token: SecretString,
    /// Below which everything lies, with a slash before and none after; may be empty.
    pub root: String,
}

/// An account in use.
#[derive(Clone, Debug)]
pub struct Dropbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    hosts: DropboxHosts,
    account: DropboxAccount,
    token: tokio::sync::OnceCell<SecretString>,
}

impl Dropbox {
    pub fn new(hosts: DropboxHosts, account: DropboxAccount) -> Self {
        Self(Arc::new(Inner { hosts, account, token: tokio::sync::OnceCell::new() }))
    }

    /// Begins to write. Nothing shows before the session is finished.
    pub async fn write(&self, key: &str) -> Result<Session, StorageError> {
        let started =
            self.send("files/upload_session/start", &json!({ "close": false }), Some(Bytes::new())).await?;
        let answer = json_of(started).await?;
        let id = answer["session_id"].as_str().ok_or_else(|| failed("an upload session without an id"))?;
        Ok(Session {
            dropbox: self.clone(),
            path: self.path(key),
            id: id.to_owned(),
            offset: 0,
            waiting: Vec::new(),
        })
    }

    /// Reads a part.
    pub async fn read(&self, key: &str, range: Range<u64>) -> Result<Source, StorageError> {
        if range.is_empty() {
            return Ok(futures::stream::empty().boxed());
        }
        let asked = self.request("files/download", &json!({ "path": self.path(key) })).await?;
        let asked = asked.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
        let answer = checked(asked.send().await.map_err(failure)?).await?;
        if answer.status() != StatusCode::PARTIAL_CONTENT && range.start > 0 {
            return Err(failed("Dropbox sent another part than the one asked for"));
        }
        Ok(answer
            .bytes_stream()
            .map(|piece| piece.map_err(|error| std::io::Error::other(error.without_url())))
            .boxed())
    }

    /// Deletes; what is not there is fine.
    pub async fn delete(&self, key: &str) -> Result<(), StorageError> {
        match self.call("files/delete_v2", &json!({ "path": self.path(key) })).await {
            Ok(_) | Err(StorageError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn path(&self, key: &str) -> String {
        format!("{}/{key}", self.0.account.root)
    }

    /// An access token, fetched once.
    async fn token(&self) -> Result<&SecretString, StorageError> {
        let Inner { hosts, account, token } = self.0.as_ref();
        token
            .get_or_try_init(|| async {
                let url = hosts.api.join("oauth2/token").map_err(|_| failed("no address for Dropbox"))?;
                let form = [
                    ("grant_type", "refresh_token"),
                    ("refresh_token", account.refresh_token.expose_secret()),
                    ("client_id", account.app_key.as_str()),
                    ("client_secret", account.app_secret.expose_secret()),
                ];
                let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
                let sent = hosts
                    .client
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(body);
                let answer = sent.send().await.map_err(failure)?;
                if !answer.status().is_success() {
                    return Err(failed("Dropbox refused the app key, its secret or the refresh token"));
                }
                let answer = json_of(answer).await?;
                let token =
                    answer["access_token"].as_str().ok_or_else(|| failed("Dropbox gave no access token"))?;
                Ok(SecretString::from(token))
            })
            .await
    }

    /// A request to where content goes.
    async fn request(&self, verb: &str, argument: &Value) -> Result<reqwest::RequestBuilder, StorageError> {
        let url =
            self.0.hosts.content.join(&format!("2/{verb}")).map_err(|_| failed("no address for Dropbox"))?;
        let argument = HeaderValue::from_str(&ascii(&argument.to_string()))
            .map_err(|_| failed("a path that cannot be sent"))?;
        let token = format!("Bearer {}", self.token().await?.expose_secret());
        Ok(self.0.hosts.client.post(url).header(AUTHORIZATION, token).header("dropbox-api-arg", argument))
    }

    async fn send(
        &self,
        verb: &str,
        argument: &Value,
        body: Option<Bytes>,
    ) -> Result<Response, StorageError> {
        let request = self.request(verb, argument).await?;
        let request = match body {
            Some(body) => request.header(CONTENT_TYPE, "application/octet-stream").body(body),
            None => request,
        };
        checked(request.send().await.map_err(failure)?).await
    }

    /// A call that carries no content.
    async fn call(&self, verb: &str, argument: &Value) -> Result<Response, StorageError> {
        let url =
            self.0.hosts.api.join(&format!("2/{verb}")).map_err(|_| failed("no address for Dropbox"))?;
        let token = format!("Bearer {}", self.token().await?.expose_secret());
        let sent = self
            .0
            .hosts
            .client
            .post(url)
            .header(AUTHORIZATION, token)
            .header(CONTENT_TYPE, "application/json");
        checked(sent.body(argument.to_string()).send().await.map_err(failure)?).await
    }
}

/// An upload under way.
pub struct Session {
    dropbox: Dropbox,
    path: String,
    id: String,
    offset: u64,
    waiting: Vec<u8>,
}

impl Session {
    /// Takes some bytes.
    pub async fn write(&mut self, bytes: &Bytes) -> Result<(), StorageError> {
        let mut rest: &[u8] = bytes;
        while !rest.is_empty() {
            let more = rest.len().min(PIECE - self.waiting.len());
            self.waiting.extend_from_slice(&rest[..more]);
            rest = &rest[more..];
            if self.waiting.len() == PIECE {
                let argument = json!({ "cursor": self.cursor(), "close": false });
                let piece: Bytes = std::mem::take(&mut self.waiting).into();
                let length = piece.len() as u64;
                self.dropbox.send("files/upload_session/append_v2", &argument, Some(piece)).await?;
                self.offset += length;
            }
        }
        Ok(())
    }

    /// All of them are there.
    pub async fn close(&mut self) -> Result<(), StorageError> {
        let commit = json!({ "path": self.path, "mode": "overwrite", "autorename": false, "mute": true });
        let argument = json!({ "cursor": self.cursor(), "commit": commit });
        let piece: Bytes = std::mem::take(&mut self.waiting).into();
        self.dropbox.send("files/upload_session/finish", &argument, Some(piece)).await?;
        Ok(())
    }

    fn cursor(&self) -> Value {
        json!({ "session_id": self.id, "offset": self.offset })
    }
}

/// The answer, unless it is a refusal.
async fn checked(answer: Response) -> Result<Response, StorageError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let said = json_of(answer).await.unwrap_or_default();
    let summary = said["error_summary"].as_str().unwrap_or_default();
    if status == StatusCode::CONFLICT && summary.contains("not_found") {
        return Err(StorageError::Missing);
    }
    let summary: String = summary.chars().take(100).collect();
    Err(StorageError::Failed(format!("Dropbox answered {}: {summary}", status.as_u16())))
}

async fn json_of(answer: Response) -> Result<Value, StorageError> {
    let bytes = answer.bytes().await.map_err(failure)?;
    serde_json::from_slice(&bytes).map_err(|_| failed("Dropbox answered something else than JSON"))
}

/// JSON as a header carries it: everything beyond ASCII escaped.
fn ascii(json: &str) -> String {
    let mut text = String::new();
    for character in json.chars() {
        if character.is_ascii() && character != '\u{7f}' {
            text.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

fn failed(why: &str) -> StorageError {
    StorageError::Failed(why.to_owned())
}

fn failure(error: reqwest::Error) -> StorageError {
    let error = error.without_url();
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    StorageError::Failed(format!("storage could not be reached: {error}{cause}"))
}
