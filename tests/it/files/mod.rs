//! Files (FILE-1 to FILE-4): sent by clients and by staff, fetched by those who may, and nothing left
//! behind by those who may not.

mod crashes;
mod downloads;
mod expelled;
mod hostile;
mod sending;
mod staff;
mod storages;

use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, TestApp};

pub const PDF: &[u8] = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n";
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";

const STAFF_UPLOAD: &str =
    "mutation($input: RequestUploadInput!) { staff { requestUpload(input: $input) { url maxBytes } } }";
const CLIENT_UPLOAD: &str = "mutation($input: PortalRequestUploadInput!) { portal { requestUpload(input: $input) { url maxBytes } } }";

/// A portal whose projects take files from clients, and a browser that has opened it.
pub struct Doorway {
    pub app: TestApp,
    pub token: String,
    pub record: String,
    pub cookie: String,
}

impl Doorway {
    pub async fn new() -> Self {
        Self::with([]).await
    }

    pub async fn with<const N: usize>(settings: [(&str, &str); N]) -> Self {
        let app = TestApp::world_with(settings).await;
        app.arrange("update record_types set allow_uploads = true where key = 'project'; delete from files")
            .await;
        let portal = &app.acme().portals[0];
        let token = portal.token.clone();
        let record = record_of(&app, app.acme().companies[0].id).await;
        let opened = app.get(&format!("/portal/{token}")).await;
        let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
        Self { app, token, record, cookie }
    }

    /// Sends the form of the page, as a browser does.
    pub async fn sends(&self, files: &[(&str, &[u8])]) -> Answer {
        self.sends_as(&self.record, "Ada", files).await
    }

    pub async fn sends_as(&self, record: &str, name: &str, files: &[(&str, &[u8])]) -> Answer {
        let body = form(record, name, files);
        self.app.send(self.post(body)).await
    }

    pub fn post(&self, body: impl Into<Body>) -> Request<Body> {
        Request::post(format!("/portal/{}/files", self.token))
            .header(CONTENT_TYPE, "multipart/form-data; boundary=limit")
            .header(COOKIE, &self.cookie)
            .header(ORIGIN, "http://127.0.0.1:8080")
            .body(body.into())
            .unwrap()
    }

    /// Fetches below the portal's address.
    pub async fn fetches(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(format!("/portal/{}{path}", self.token)).header(COOKIE, &self.cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.app.send(request.body(Body::empty()).unwrap()).await
    }

    /// Neither rows nor bytes.
    pub async fn nothing_is_left(&self, why: &str) {
        assert_eq!(self.app.value("select count(*) from files").await, "0", "{why}");
        assert_eq!(self.app.value("select count(*) from stored_objects").await, "0", "{why}");
        assert_eq!(self.bytes_at_rest(), Vec::<String>::new(), "{why}");
    }

    /// Paths in storage.
    pub fn bytes_at_rest(&self) -> Vec<String> {
        paths(&self.app.storage_folder())
    }

    /// Id of the only file.
    pub async fn file(&self) -> String {
        self.app.value("select id from files").await
    }
}

/// Every file below a folder, seen from there.
pub fn paths(folder: &str) -> Vec<String> {
    let mut waiting = vec![std::path::PathBuf::from(folder)];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        for entry in std::fs::read_dir(&path).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                waiting.push(entry.path());
            } else {
                let path = entry.path();
                found.push(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found
}

pub async fn record_of(app: &TestApp, company: Uuid) -> String {
    app.value(&format!("select id from records where company_id = '{company}' order by id limit 1")).await
}

/// The body of the page's form.
pub fn form(record: &str, name: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in [("record", record), ("name", name)] {
        let part = format!("--limit\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (name, bytes) in files {
        let name = name.replace('"', "%22").replace(['\r', '\n'], "%0A");
        let head = format!(
            "--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--limit--\r\n");
    body
}

/// An archive of these files.
pub async fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipFileWriter::new(Vec::new());
    for (name, bytes) in files {
        let entry = ZipEntryBuilder::new((*name).to_owned().into(), Compression::Stored);
        archive.write_entry_whole(entry, bytes).await.unwrap();
    }
    archive.close().await.unwrap()
}

pub async fn docx() -> Vec<u8> {
    zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")]).await
}

pub async fn xlsx() -> Vec<u8> {
    zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")]).await
}

/// Sends bytes to the address that a mutation gave.
pub async fn puts(app: &TestApp, url: &str, bytes: impl Into<Body>) -> Answer {
    let path = url.strip_prefix("http://127.0.0.1:8080").unwrap();
    app.send(Request::put(path).body(bytes.into()).unwrap()).await
}

/// Fetches with a bearer token.
pub async fn fetches(app: &TestApp, token: &str, path: &str) -> Answer {
    let request = Request::get(path).header(AUTHORIZATION, format!("Bearer {token}"));
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Asks for the address of an upload, as staff.
pub async fn staff_upload(app: &TestApp, token: &str, record: &str, name: &str, shared: bool) -> Answer {
    let input = json!({ "recordId": record, "fileName": name, "shared": shared });
    app.query(token, STAFF_UPLOAD, json!({ "input": input })).await
}

/// The same, as a portal's visitor.
pub async fn client_upload(app: &TestApp, session: &str, record: &str, name: &str) -> Answer {
    let input = json!({ "recordId": record, "fileName": name, "visitorName": "Ada" });
    app.query(session, CLIENT_UPLOAD, json!({ "input": input })).await
}

/// A file that staff brought, and its id.
pub async fn brought(app: &TestApp, record: &str, name: &str, bytes: &[u8], shared: bool) -> String {
    let asked = staff_upload(app, &app.acme().staff_token, record, name, shared).await.succeeded();
    let put = puts(app, &asked.text("/data/staff/requestUpload/url"), bytes.to_vec()).await;
    assert_eq!(put.status, 201, "{}", put.body());
    put.text("/id")
}

/// Whoever is mailed: kinds of waiting mails.
pub async fn mails(app: &TestApp) -> Value {
    let kinds = "select coalesce(json_agg(kind || ' ' || m.name order by m.name), '[]') from outbox o
        join team_notices n on n.org_id = o.org_id and n.id = o.subject_id
        join members m on m.org_id = n.org_id and m.id = n.member_id";
    serde_json::from_str(&app.value(kinds).await).unwrap()
}
