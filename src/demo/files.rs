//! Bytes for the demo's files: a few small ones, made for it, which all rows of one type share. Tests and
//! benchmarks plant rows only.

use diesel::sql_types::{BigInt, Binary, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use sha2::{Digest as _, Sha256};

use crate::app::App;

/// By the media types that `data.sql` plants.
const FILES: [(&str, &str, &[u8]); 4] = [
    ("application/pdf", "Concept.pdf", include_bytes!("files/Concept.pdf")),
    ("image/png", "Wireframes.png", include_bytes!("files/Wireframes.png")),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "Offer.docx",
        include_bytes!("files/Offer.docx"),
    ),
    ("video/mp4", "Walkthrough.mp4", include_bytes!("files/Walkthrough.mp4")),
];

/// Puts the bytes into storage, and lets clients send files of their own. `connection` is the owner's.
pub async fn plant(app: &App, connection: &mut AsyncPgConnection) -> anyhow::Result<()> {
    for (media_type, name, bytes) in FILES {
        let key = format!("demo/{name}");
        let mut sink = app.storage.write(&key).await?;
        sink.write(bytes.into()).await?;
        sink.close().await?;
        diesel::sql_query("update files set byte_size = $2, sha256 = $3 where media_type = $1")
            .bind::<Text, _>(media_type)
            .bind::<BigInt, _>(i64::try_from(bytes.len())?)
            .bind::<Binary, _>(Sha256::digest(bytes).to_vec())
            .execute(connection)
            .await?;
        diesel::sql_query(
            "insert into stored_objects (org_id, id, storage_key, state, seen_at)
             select org_id, id, $2, 'KEPT', now() from files where media_type = $1",
        )
        .bind::<Text, _>(media_type)
        .bind::<Text, _>(key)
        .execute(connection)
        .await?;
    }
    connection.batch_execute("update record_types set allow_uploads = true where key = 'project'").await?;
    Ok(())
}
