//! Receipts (DEL-3): downloadable by both sides, checked by `vestibule verify-receipt`.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::Work;
use crate::support::SEALING_KEYS;

fn verify(receipt: &str, more: &[&str], keys: Option<&str>) -> Output {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), receipt).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.arg("verify-receipt").arg(file.path()).args(more).env_clear();
    if let Some(keys) = keys {
        command.env("SEALING_KEYS", keys);
    }
    command.output().unwrap()
}

async fn receipts(work: &Work) -> (String, String) {
    let session = work.session().await;
    let decided = work
        .decide(&session, &work.version, "REVISION_REQUESTED", Some("Too \"loud\", ä\n."))
        .await
        .succeeded();
    let client = decided.text("/data/portal/decideDeliverable/deliverable/current/decision/receipt");
    let staff = "query($id: ID!) { staff { deliverable(id: $id) { versions { decision { receipt } } } } }";
    let staff = work
        .app
        .query(&work.app.acme().staff_token, staff, json!({ "id": work.deliverable }))
        .await
        .succeeded();
    (client, staff.text("/data/staff/deliverable/versions/0/decision/receipt"))
}

/// DEL-3
#[tokio::test]
async fn both_sides_download_the_same_receipt_and_it_verifies() {
    let work = Work::ready().await;
    let (client, staff) = receipts(&work).await;
    assert_eq!(client, staff);
    let keys =
        work.app.query("", "{ service { receiptKeys { id publicKey } } }", json!({})).await.succeeded();
    let key = keys.text("/data/service/receiptKeys/0/publicKey");
    let receipt: Value = serde_json::from_str(&client).unwrap();
    assert_eq!((&receipt["publicKey"], &receipt["key"]), (&json!(key), &json!("test")));
    assert_eq!(receipt["receipt"]["deliverable"], "Poster");
    for (more, keys) in
        [(vec![], None), (vec![], Some(SEALING_KEYS)), (vec!["--public-key", key.as_str()], None)]
    {
        let checked = verify(&client, &more, keys);
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert!(checked.status.success(), "{checked:?}");
        assert!(
            said.contains("Poster") && said.contains("Ada") && said.contains("REVISION_REQUESTED"),
            "{said}"
        );
        assert_eq!(said.contains("names itself"), more.is_empty() && keys.is_none(), "{said}");
    }
    let compact = serde_json::to_string(&receipt).unwrap();
    assert!(verify(&compact, &[], None).status.success(), "white space and order are no part of it");
}

/// DEL-3
#[tokio::test]
async fn a_receipt_that_was_changed_or_signed_by_somebody_else_does_not_verify() {
    let work = Work::ready().await;
    let (receipt, _) = receipts(&work).await;
    for (from, to) in [
        ("REVISION_REQUESTED", "APPROVED"),
        ("\"Ada\"", "\"Eve\""),
        ("\"version\": 1", "\"version\": 2"),
        ("\"nameVerified\": false", "\"nameVerified\": true"),
    ] {
        assert!(receipt.contains(from), "{receipt}");
        let checked = verify(&receipt.replace(from, to), &[], None);
        assert!(!checked.status.success(), "{from} became {to}");
    }
    let strange = "0000000000000000000000000000000000000000000000000000000000000001";
    assert!(!verify(&receipt, &["--public-key", strange], None).status.success());
    let other = format!("test:{}", "22".repeat(32));
    assert!(!verify(&receipt, &[], Some(&other)).status.success());
    for garbage in ["", "{}", "[1]", "\u{0}"] {
        let checked = verify(garbage, &[], None);
        assert_eq!(checked.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&checked.stderr).contains("no receipt"), "{checked:?}");
    }
}

/// DEL-3: a receipt outlives the key that signed it, and restarts.
#[tokio::test]
async fn a_receipt_is_the_same_after_a_restart_with_another_key() {
    let work = Work::ready().await;
    let (receipt, _) = receipts(&work).await;
    let keys = format!("new:{},{SEALING_KEYS}", "33".repeat(32));
    let restarted = work.app.another_instance_with([("SEALING_KEYS", &keys)]);
    let staff = "query($id: ID!) { staff { deliverable(id: $id) { versions { decision { receipt } } } } }";
    let again = restarted
        .query(&work.app.acme().staff_token, staff, json!({ "id": work.deliverable }))
        .await
        .succeeded();
    assert_eq!(again.text("/data/staff/deliverable/versions/0/decision/receipt"), receipt);
    assert!(verify(&receipt, &[], Some(&keys)).status.success());
    let published = restarted.query("", "{ service { receiptKeys { id } } }", json!({})).await.succeeded();
    assert_eq!(published.at("/data/service/receiptKeys"), json!([{ "id": "new" }, { "id": "test" }]));
}
