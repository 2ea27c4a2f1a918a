//! FILE-3: what every storage has to do, tried on each; and organisations that choose their own.

use axum::Router;
use axum::body::Bytes;
use axum::response::Response;
use futures::stream;
use secrecy::SecretString;
use serde_json::json;
use vestibule::adapters::outbound::Outbound;
use vestibule::adapters::storage::{DropboxAccount, DropboxHosts, Storage, StorageError};
use vestibule::config::{Bucket, Config, Env};

use super::*;
use crate::support::dropbox_server::{APP_KEY, APP_SECRET, DropboxServer, REFRESH_TOKEN};
use crate::support::s3_server::S3Server;
use crate::support::wire;

const SET: &str = "mutation($input: SetStorageInput!) { staff { setStorage(input: $input) { storage { kind endpoint bucket folder key } } } }";
const TEST: &str =
    "mutation($input: TestStorageInput!) { staff { testStorage(input: $input) { works problem } } }";
const PRIVATE: (&str, &str) = ("WEBHOOKS_PRIVATE_NETWORKS", "127.0.0.0/8");

fn settings(pairs: &[(&str, &str)]) -> Config {
    let needed = [
        ("DATABASE_URL", "postgres://x"),
        ("REDIS_URL", "redis://x"),
        ("SEALING_KEYS", crate::support::SEALING_KEYS),
    ];
    let pairs = needed.iter().chain(pairs).map(|(name, value)| (*name, (*value).to_owned()));
    Config::read(&Env::of(pairs)).unwrap()
}

fn bucket(endpoint: &str) -> Bucket {
    Bucket {
        name: "files".into(),
        endpoint: Some(endpoint.into()),
        region: "us-east-1".into(),
        prefix: "/below".into(),
        key: Some(("key".into(), SecretString::from("secret"))),
    }
}

fn dropbox(address: std::net::SocketAddr, secret: &str) -> Storage {
    let hosts: url::Url = format!("http://{address}/").parse().unwrap();
    let account = DropboxAccount {
        app_key: APP_KEY.into(),
        app_secret: SecretString::from(secret),
        refresh_token: SecretString::from(REFRESH_TOKEN),
        root: "/Clients".into(),
    };
    Storage::of_dropbox(account, DropboxHosts::new((hosts.clone(), hosts)).unwrap())
}

/// What every storage has to do.
async fn keeps_the_contract(storage: &Storage, which: &str) {
    // More than one part, and none of them whole.
    let pieces: Vec<Bytes> = (0..45_u8).map(|n| Bytes::from(vec![n; 400_001])).collect();
    let whole = pieces.concat();
    let size = whole.len() as u64;
    let key = "Grüße & Co/Website relaunch/client-uploads/0a1b-Plan (final), 2.pdf";
    let mut sink = storage.write(key).await.unwrap();
    for piece in &pieces {
        sink.write(piece.clone()).await.unwrap();
    }
    sink.close().await.unwrap();
    assert_eq!(storage.read_whole(key, 0..size).await.unwrap(), whole, "{which}");
    for range in [0..1, 399_990..400_010, size - 1..size, 9_000_000..9_100_000] {
        let (start, end) = (range.start as usize, range.end as usize);
        assert_eq!(
            storage.read_whole(key, range).await.unwrap(),
            &whole[start..end],
            "{which}: {start}..{end}"
        );
    }
    // What is begun and given up never was.
    let mut begun = storage.write("never.bin").await.unwrap();
    begun.write(Bytes::from_static(b"half")).await.unwrap();
    begun.abort().await;
    storage.delete("never.bin").await.unwrap();
    assert!(matches!(storage.read_whole("never.bin", 0..1).await, Err(StorageError::Missing)), "{which}");
    // A second time is a new one.
    let mut again = storage.write(key).await.unwrap();
    again.write(Bytes::from_static(b"small")).await.unwrap();
    again.close().await.unwrap();
    assert_eq!(storage.read_whole(key, 0..5).await.unwrap().as_ref(), b"small", "{which}");
    storage.delete(key).await.unwrap();
    storage.delete(key).await.unwrap();
    assert!(matches!(storage.read_whole(key, 0..1).await, Err(StorageError::Missing)), "{which}");
    storage.probe("probe").await.unwrap();
}

/// FILE-3
#[tokio::test]
async fn a_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let config = settings(&[("STORAGE_FOLDER", &folder.path().to_string_lossy())]);
    let storage = Storage::of_installation(&config.storage).unwrap();
    keeps_the_contract(&storage, "a folder").await;
    assert_eq!(paths(&folder.path().to_string_lossy()), Vec::<String>::new());
}

/// FILE-3: a real server that speaks S3, as the installation's storage and as an organisation's.
#[tokio::test]
async fn s3_keeps_the_contract() {
    let server = S3Server::start("files").await;
    let installation = settings(&[
        ("STORAGE_S3_BUCKET", "files"),
        ("STORAGE_S3_ENDPOINT", &server.endpoint),
        ("STORAGE_S3_KEY", "key"),
        ("STORAGE_S3_SECRET", "secret"),
    ]);
    keeps_the_contract(&Storage::of_installation(&installation.storage).unwrap(), "S3").await;
    let outbound = Outbound::new(&settings(&[PRIVATE]).webhooks).unwrap();
    keeps_the_contract(
        &Storage::of_bucket(&bucket(&server.endpoint), &outbound).unwrap(),
        "an organisation's S3",
    )
    .await;
}

/// FILE-3: over a stand-in.
#[tokio::test]
async fn dropbox_keeps_the_contract_in_bounded_pieces() {
    let (server, address) = DropboxServer::start().await;
    keeps_the_contract(&dropbox(address, APP_SECRET), "Dropbox").await;
    assert_eq!(server.paths(), Vec::<String>::new());
    assert!(server.longest_body() <= 8 * 1024 * 1024);
}

/// FILE-3: a test says what is wrong.
#[tokio::test]
async fn what_does_not_work_says_why() {
    let (_server, address) = DropboxServer::start().await;
    let wrong = dropbox(address, "wrong").probe("p").await.unwrap_err().to_string();
    assert!(wrong.contains("app key, its secret or the refresh token"), "{wrong}");
    let nowhere =
        dropbox("127.0.0.1:1".parse().unwrap(), APP_SECRET).probe("p").await.unwrap_err().to_string();
    assert!(nowhere.contains("could not be reached"), "{nowhere}");
    let outbound = Outbound::new(&settings(&[]).webhooks).unwrap();
    let private = Storage::of_bucket(&bucket("https://127.0.0.1:9000"), &outbound).unwrap();
    let private = private.probe("p").await.unwrap_err().to_string();
    assert!(private.contains("private"), "{private}");
}

/// FILE-3: where the service runs on a machine that may do something by itself, that is not the organisation's.
#[tokio::test]
async fn a_bucket_without_a_key_of_the_organisation_is_refused() {
    let outbound = Outbound::new(&settings(&[PRIVATE]).webhooks).unwrap();
    let keys = [None, Some(("key", "")), Some(("", "secret"))];
    for key in keys.map(|key| key.map(|(id, secret)| (id.to_owned(), SecretString::from(secret)))) {
        let keyless = Bucket { key, ..bucket("http://127.0.0.1:1") };
        assert!(matches!(Storage::of_bucket(&keyless, &outbound), Err(StorageError::Denied)));
    }
    Storage::of_bucket(&bucket("http://127.0.0.1:1"), &outbound).unwrap();
}

/// FILE-3: an organisation's server that never stops answering fills no memory.
#[tokio::test]
async fn an_endless_answer_of_storage_is_cut_off() {
    for status in [200_u16, 403] {
        let endless = move || async move {
            let pieces = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 64 * 1024])));
            Response::builder().status(status).body(Body::from_stream(pieces)).unwrap()
        };
        let address = wire::serve(Router::new().fallback(endless)).await;
        let outbound = Outbound::new(&settings(&[PRIVATE]).webhooks).unwrap();
        let storage = Storage::of_bucket(&bucket(&format!("http://{address}")), &outbound).unwrap();
        let read = storage.read_whole("a.pdf", 0..10);
        let read = tokio::time::timeout(std::time::Duration::from_secs(30), read).await;
        read.expect("it is cut off").expect_err("it is not what was asked for");
    }
}

/// FILE-3: a real server that speaks Azure's interface; `script/bootstrap --azure` installs it.
#[cfg(feature = "azure")]
#[tokio::test]
async fn azure_keeps_the_contract() {
    use crate::support::azure_server::{ACCOUNT, AzureServer, KEY};
    use vestibule::adapters::storage::AzureAccount;

    let server = AzureServer::start("files").await;
    let outbound = Outbound::new(&settings(&[PRIVATE]).webhooks).unwrap();
    let account = |endpoint: &str, key: &str| AzureAccount {
        endpoint: endpoint.into(),
        container: "files".into(),
        root: "/below".into(),
        account: ACCOUNT.into(),
        key: SecretString::from(key),
    };
    let storage = Storage::of_azure(&account(&server.endpoint, KEY), &outbound).unwrap();
    keeps_the_contract(&storage, "Azure").await;
    let wrong = Storage::of_azure(&account(&server.endpoint, "d3Jvbmc="), &outbound).unwrap();
    assert!(matches!(wrong.probe("p").await, Err(StorageError::Denied)));
    let outbound = Outbound::new(&settings(&[]).webhooks).unwrap();
    let private = Storage::of_azure(&account("https://127.0.0.1:9000/a", KEY), &outbound).unwrap();
    let private = private.probe("p").await.unwrap_err().to_string();
    assert!(private.contains("private"), "{private}");
}

/// FILE-3: a service that was built without them says how to get them, under the same schema.
#[cfg(not(any(feature = "azure", feature = "gcs")))]
#[tokio::test]
async fn what_the_service_was_built_without_is_refused_with_how_to_get_it() {
    let app = TestApp::world().await;
    let staff = &app.acme().staff_token;
    let google = json!({ "gcs": { "bucket": "ours", "clientEmail": "a@b.example", "privateKey": "hush" } });
    let azure = json!({ "azure": {
        "endpoint": "https://ours.blob.core.windows.net", "container": "files", "account": "ours", "accountKey": "aHVzaA==" } });
    for (storage, feature) in [(google, "gcs"), (azure, "azure")] {
        let input = json!({ "input": { "storage": storage } });
        let how = format!("`--features {feature}`");
        let tried = app.query(staff, TEST, input.clone()).await.succeeded();
        assert_eq!(tried.at("/data/staff/testStorage/works"), false);
        assert!(tried.text("/data/staff/testStorage/problem").contains(&how));
        let set = app.query(staff, SET, input.clone()).await;
        assert!(set.code() == "VALIDATION" && set.body().contains(&how), "{}", set.body());
        let member = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
        assert_eq!(app.query(&member, TEST, input).await.code(), "FORBIDDEN");
    }
    assert_eq!(app.value("select count(*) from storages").await, "0");
}

/// FILE-3: before anything is tried, in every build.
#[tokio::test]
async fn accounts_elsewhere_are_checked_like_any_other() {
    let app = TestApp::world().await;
    let nameless = json!({ "azure": {
        "endpoint": "https://ours.blob.core.windows.net?sig=x", "container": "", "account": "ours", "accountKey": "k" } });
    let set = app.query(&app.acme().staff_token, SET, json!({ "input": { "storage": nameless } })).await;
    assert_eq!(set.code(), "VALIDATION");
    for said in ["input.storage.azure.endpoint", "input.storage.azure.container"] {
        assert!(set.body().contains(said), "{}", set.body());
    }
}

fn s3_input(endpoint: &str, bucket: &str) -> serde_json::Value {
    json!({ "input": { "storage": { "s3": {
        "endpoint": endpoint, "bucket": bucket, "folder": "/clients/", "accessKey": "key", "secretKey": "hush" } } } })
}

/// FILE-3
#[tokio::test]
async fn an_organisation_keeps_its_files_in_its_own_bucket() {
    let server = S3Server::start("ours").await;
    let door = Doorway::with([PRIVATE]).await;
    let app = &door.app;
    let staff = &app.acme().staff_token;
    door.sends(&[("Before.pdf", PDF)]).await;
    let chosen = app.query(staff, SET, s3_input(&server.endpoint, "ours")).await.succeeded();
    assert_eq!(
        chosen.at("/data/staff/setStorage/storage"),
        json!({ "kind": "S3", "endpoint": server.endpoint, "bucket": "ours", "folder": "/clients", "key": "key" })
    );
    assert!(!app.dump().await.contains("hush"), "the secret is sealed");
    door.sends(&[("Large.pdf", &[PDF, &vec![b' '; 1_000_000]].concat())]).await;
    assert_eq!(door.bytes_at_rest().len(), 1, "no byte of it rests here");
    let rival = record_of(app, app.rival().companies[0].id).await;
    let asked = staff_upload(app, &app.rival().staff_token, &rival, "A.pdf", true).await.succeeded();
    assert_eq!(puts(app, &asked.text("/data/staff/requestUpload/url"), PDF.to_vec()).await.status, 201);
    assert_eq!(door.bytes_at_rest().len(), 2, "another organisation's lie where they lay");
    for (name, size) in [("Before.pdf", PDF.len()), ("Large.pdf", PDF.len() + 1_000_000)] {
        let id = app.value(&format!("select id from files where name = '{name}'")).await;
        assert_eq!(door.fetches(&format!("/files/{id}"), &[]).await.body.len(), size, "{name}");
    }
    let all = door.fetches("/files.zip", &[]).await;
    assert!(all.body.len() > 1_000_000);
    // What is refused is taken back there too.
    assert_eq!(door.sends(&[("Bomb.zip", b"PK\x03\x04")]).await.status, 422);
    assert_eq!(app.value("select count(*) from stored_objects where state <> 'KEPT'").await, "0");
    let back = json!({ "input": { "storage": { "installation": true } } });
    app.query(staff, SET, back).await.succeeded();
    door.sends(&[("After.pdf", PDF)]).await;
    assert_eq!(door.bytes_at_rest().len(), 3);
}

/// FILE-3
#[tokio::test]
async fn an_organisation_keeps_its_files_in_its_dropbox() {
    let (server, address) = DropboxServer::start().await;
    let host = format!("http://{address}/");
    let door =
        Doorway::with([("DROPBOX_API_URL", host.as_str()), ("DROPBOX_CONTENT_URL", host.as_str())]).await;
    let staff = &door.app.acme().staff_token;
    let input = |secret: &str| {
        json!({ "input": { "storage": { "dropbox": {
            "appKey": APP_KEY, "appSecret": secret, "refreshToken": REFRESH_TOKEN, "folder": "Portal" } } } })
    };
    let wrong = door.app.query(staff, TEST, input("wrong")).await.succeeded();
    assert_eq!(wrong.at("/data/staff/testStorage/works"), false);
    assert_eq!(door.app.query(staff, SET, input("wrong")).await.code(), "VALIDATION");
    door.app.query(staff, SET, input(APP_SECRET)).await.succeeded();
    door.sends(&[("Plan.pdf", PDF)]).await;
    assert_eq!(door.bytes_at_rest(), Vec::<String>::new());
    let paths = server.paths();
    assert!(
        paths.len() == 1 && paths[0].starts_with("/Portal/") && paths[0].ends_with("-Plan.pdf"),
        "{paths:?}"
    );
    let id = door.file().await;
    assert_eq!(door.fetches(&format!("/files/{id}"), &[]).await.body, PDF);
    let part = door.fetches(&format!("/files/{id}"), &[("range", "bytes=1-3")]).await;
    assert_eq!(part.body(), "PDF");
}

/// FILE-3, ORG-3
#[tokio::test]
async fn only_who_may_change_settings_chooses_storage_and_never_a_private_address() {
    let door = Doorway::new().await;
    let app = &door.app;
    let member = app.member_of(app.acme(), &["RECORDS_WRITE"]).await;
    let input = s3_input("https://127.0.0.1:9000", "ours");
    for document in [SET, TEST] {
        assert_eq!(app.query(&member, document, input.clone()).await.code(), "FORBIDDEN");
    }
    assert_eq!(app.query(&member, "{ staff { storage { kind } } }", json!({})).await.code(), "FORBIDDEN");
    assert_eq!(app.query(&app.acme().staff_token, SET, input.clone()).await.code(), "VALIDATION");
    let tried = app.query(&app.acme().staff_token, TEST, input).await.succeeded();
    assert_eq!(tried.at("/data/staff/testStorage/works"), false);
    assert_eq!(app.value("select count(*) from storages").await, "0");
}
