//! FILE-2: kill -9 at every step of an upload; whatever it leaves is swept.

use chrono::TimeDelta;
use vestibule::worker::sweep_uploads;

use super::*;
use crate::support::wire::Service;

/// FILE-2
#[tokio::test]
async fn an_instance_killed_at_any_step_of_an_upload_leaves_no_orphan() {
    for (step, kept) in [("upload_piece", false), ("upload_closed", false), ("upload_added", true)] {
        let door = Doorway::new().await;
        let app = &door.app;
        let session = app.open(&door.token).await;
        let asked = client_upload(app, &session, &door.record, "Plan.pdf").await.succeeded();
        let url = asked.text("/data/portal/requestUpload/url");
        let mut settings = app.settings().to_vec();
        settings.push(("RUST_LOG", "info,vestibule=trace".to_owned()));
        settings.push(("FAILPOINTS", format!("{step}=pause")));
        let service = Service::start(&settings);
        let path = url.strip_prefix("http://127.0.0.1:8080").unwrap();
        let body = String::from_utf8_lossy(b"%PDF-1.4 ").into_owned() + &" ".repeat(600_000);
        let head = format!("PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", body.len());
        let connection = crate::support::wire::send_raw(service.address, &format!("{head}{body}")).await;
        stands_at(&service, step).await;
        // Dropping it is SIGKILL.
        drop((service, connection));
        assert_eq!(
            app.value("select string_agg(state, ',') from stored_objects").await,
            "RECEIVING",
            "{step}"
        );
        assert_eq!(door.bytes_at_rest().len(), 1, "{step}");
        sweep_uploads::once(&app.app).await.unwrap();
        assert_eq!(door.bytes_at_rest().len(), 1, "{step}: it might still be at work");
        app.app.clock.advance(TimeDelta::minutes(3));
        sweep_uploads::once(&app.app).await.unwrap();
        if kept {
            assert_eq!(
                app.value("select string_agg(state, ',') from stored_objects").await,
                "KEPT",
                "{step}"
            );
            let got = door.fetches(&format!("/files/{}", door.file().await), &[]).await;
            assert_eq!(got.body.len(), body.len(), "{step}");
        } else {
            door.nothing_is_left(step).await;
        }
    }
}

/// FILE-2: whether a commit that failed happened nobody can know at once, so bytes are not taken from under a
/// file that might be there.
#[tokio::test]
async fn bytes_whose_file_may_have_been_added_wait_for_the_sweeper() {
    let door = Doorway::new().await;
    let app = &door.app;
    app.arrange(
        "create function give_up() returns trigger language plpgsql as $$ begin raise 'given up'; end $$;
         create constraint trigger give_up after insert on files deferrable initially deferred
         for each row execute function give_up()",
    )
    .await;
    let session = app.open(&door.token).await;
    let asked = client_upload(app, &session, &door.record, "Plan.pdf").await.succeeded();
    let put = puts(app, &asked.text("/data/portal/requestUpload/url"), PDF.to_vec()).await;
    assert_eq!((put.status.as_u16(), put.code().as_str()), (500, "INTERNAL"));
    assert_eq!(app.value("select string_agg(state, ',') from stored_objects").await, "RECEIVING");
    assert_eq!(door.bytes_at_rest().len(), 1);
    app.app.clock.advance(TimeDelta::minutes(3));
    sweep_uploads::once(&app.app).await.unwrap();
    door.nothing_is_left("no file came of it").await;
}

/// FILE-2: storage was away as it was swept.
#[tokio::test]
async fn what_could_not_be_swept_waits() {
    let door = Doorway::new().await;
    let app = &door.app;
    let folder = std::path::PathBuf::from(app.storage_folder());
    std::fs::create_dir_all(folder.join("a/b")).unwrap();
    // A folder where a file should be cannot be deleted as one.
    app.arrange(&format!(
        "insert into stored_objects (org_id, id, storage_key, state, seen_at)
         values ('{}', gen_random_uuid(), 'a', 'DROPPED', now() - interval '1 hour')",
        app.acme().id
    ))
    .await;
    sweep_uploads::once(&app.app).await.unwrap();
    assert_eq!(app.value("select state from stored_objects").await, "DROPPED");
    std::fs::remove_dir_all(folder.join("a")).unwrap();
    app.app.clock.advance(TimeDelta::minutes(3));
    sweep_uploads::once(&app.app).await.unwrap();
    door.nothing_is_left("swept").await;
}

/// FILE-2, ORG-4: what is in the way of one organisation's leftovers is in nobody else's.
#[tokio::test]
async fn an_account_that_no_longer_opens_keeps_no_other_leftover_waiting() {
    let door = Doorway::new().await;
    let app = &door.app;
    let folder = std::path::PathBuf::from(app.storage_folder());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("left.pdf"), PDF).unwrap();
    app.arrange(&format!(
        "with account as (
            insert into storages (org_id, id, kind, settings, secret, secret_key, current)
            values ('{}', gen_random_uuid(), 'DROPBOX', '{{\"kind\": \"DROPBOX\", \"app_key\": \"k\", \"folder\": \"\"}}', 's', 'gone', false)
            returning org_id, id)
         insert into stored_objects (org_id, id, storage_id, storage_key, state, seen_at)
         select org_id, gen_random_uuid(), id, 'elsewhere/' || n, 'DROPPED', now() - interval '2 hours'
         from account, generate_series(1, 100) n;
         insert into stored_objects (org_id, id, storage_key, state, seen_at)
         values ('{}', gen_random_uuid(), 'left.pdf', 'DROPPED', now() - interval '1 hour')",
        app.acme().id,
        app.rival().id
    ))
    .await;
    sweep_uploads::once(&app.app).await.unwrap();
    sweep_uploads::once(&app.app).await.unwrap();
    assert_eq!(door.bytes_at_rest(), Vec::<String>::new());
    assert_eq!(app.value("select count(*) from stored_objects").await, "100");
}

async fn stands_at(service: &Service, step: &str) {
    let standing = format!("\"upload.step\":\"{step}\"");
    let stands = async {
        while !service.log().contains(&standing) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), stands).await.expect("it never came there");
}
