//! Deliverables (DEL-1 to DEL-4): made by staff, seen by clients as far as they are marked visible, and
//! decided of for good.

mod deciding;
mod files;
mod locked;
mod page;
mod receipts;
mod withdrawn;

use serde_json::{Value, json};

use crate::messages::record;
use crate::support::{Answer, TestApp};

const CREATE: &str = "mutation($input: CreateDeliverableInput!) { staff { createDeliverable(input: $input) {
    deliverable { id version versions { id number approval } } } } }";
const UPDATE: &str = "mutation($input: UpdateDeliverableInput!) { staff { updateDeliverable(input: $input) {
    deliverable { title format visible version } } } }";
const ARCHIVE: &str =
    "mutation($input: ArchiveDeliverableInput!) { staff { archiveDeliverable(input: $input) {
    deliverable { version archivedAt } } } }";
const ADD_VERSION: &str =
    "mutation($input: AddDeliverableVersionInput!) { staff { addDeliverableVersion(input: $input) {
    version { id number } } } }";
const ADD_FILE: &str =
    "mutation($input: AddDeliverableFileInput!) { staff { addDeliverableFile(input: $input) {
    version { files { id } } } } }";
const REMOVE_FILE: &str =
    "mutation($input: RemoveDeliverableFileInput!) { staff { removeDeliverableFile(input: $input) {
    version { files { id } } } } }";
const READY: &str =
    "mutation($input: MarkDeliverableReadyInput!) { staff { markDeliverableReady(input: $input) {
    version { readyAt } } } }";
const DECIDE: &str = "mutation($input: PortalDecideDeliverableInput!) { portal { decideDeliverable(input: $input) {
    deliverable { current { number approval decision { id verdict reason decidedBy nameVerified receipt } } } } } }";
const SEEN: &str = "query($id: ID!) { portal { deliverable(id: $id) { title type format status recordName
    current { number approval files { name } } versions { number approval } } } }";

/// A deliverable of the first record of the first company, with a shared file, before any review.
pub struct Work {
    pub app: TestApp,
    pub record: String,
    pub deliverable: String,
    pub version: String,
    pub file: String,
}

impl Work {
    pub async fn new() -> Self {
        let app = TestApp::world().await;
        let record = record(&app, app.acme(), 0).await;
        let input = json!({ "input": {
            "recordId": record, "title": "Poster", "type": "Design", "format": "PDF", "visible": true,
            "internalStatus": "margin at risk", "clientStatus": "For your eyes",
        } });
        let made = app.query(&app.acme().staff_token, CREATE, input).await.succeeded();
        let deliverable = made.text("/data/staff/createDeliverable/deliverable/id");
        let version = made.text("/data/staff/createDeliverable/deliverable/versions/0/id");
        let file = app
            .value(&format!(
                "select id from files where record_id = '{record}' and shared order by id limit 1"
            ))
            .await;
        let work = Self { app, record, deliverable, version, file };
        work.add_file(&work.version, &work.file).await.succeeded();
        work
    }

    /// The same, ready for review.
    pub async fn ready() -> Self {
        let work = Self::new().await;
        work.mark_ready(&work.version).await.succeeded();
        work
    }

    pub async fn staff(&self, document: &str, input: Value) -> Answer {
        self.app.query(&self.app.acme().staff_token, document, json!({ "input": input })).await
    }

    pub async fn add_file(&self, version: &str, file: &str) -> Answer {
        self.staff(ADD_FILE, json!({ "versionId": version, "fileId": file })).await
    }

    pub async fn mark_ready(&self, version: &str) -> Answer {
        self.staff(READY, json!({ "versionId": version })).await
    }

    pub async fn add_version(&self) -> String {
        let added = self.staff(ADD_VERSION, json!({ "deliverableId": self.deliverable })).await.succeeded();
        added.text("/data/staff/addDeliverableVersion/version/id")
    }

    /// A session of the company's portal.
    pub async fn session(&self) -> String {
        self.app.open(&self.app.acme().portals[0].token).await
    }

    pub async fn decide(&self, session: &str, version: &str, verdict: &str, reason: Option<&str>) -> Answer {
        let input =
            json!({ "input": { "versionId": version, "verdict": verdict, "reason": reason, "name": "Ada" } });
        self.app.query(session, DECIDE, input).await
    }

    pub async fn seen(&self, session: &str) -> Answer {
        self.app.query(session, SEEN, json!({ "id": self.deliverable })).await
    }
}

/// DEL-1, API-8, ORG-3
#[tokio::test]
async fn staff_make_a_deliverable_with_versions_and_files() {
    let work = Work::new().await;
    let staff = "query($id: ID!) { staff { deliverable(id: $id) { title type format internalStatus clientStatus visible version
        versions { number approval readyAt files { name shared } decision { id } } record { id } } } }";
    let read = work
        .app
        .query(&work.app.acme().staff_token, staff, json!({ "id": work.deliverable }))
        .await
        .succeeded();
    let read = read.at("/data/staff/deliverable");
    assert_eq!(
        (&read["title"], &read["type"], &read["format"]),
        (&json!("Poster"), &json!("Design"), &json!("PDF"))
    );
    assert_eq!(
        (&read["internalStatus"], &read["clientStatus"]),
        (&json!("margin at risk"), &json!("For your eyes"))
    );
    assert_eq!(read["versions"][0]["approval"], "PENDING");
    assert_eq!(read["versions"][0]["files"].as_array().unwrap().len(), 1);
    let input = json!({ "id": work.deliverable, "version": 1, "title": "Big poster", "format": null });
    let updated = work.staff(UPDATE, input.clone()).await.succeeded();
    assert_eq!(updated.at("/data/staff/updateDeliverable/deliverable/format"), Value::Null);
    assert_eq!(work.staff(UPDATE, input).await.code(), "CONFLICT");
    let second = work.add_version().await;
    let numbers = format!(
        "select string_agg(number::text, ',' order by number) from deliverable_versions where deliverable_id = '{}'",
        work.deliverable
    );
    assert_eq!(work.app.value(&numbers).await, "1,2");
    for (organization, company, code) in
        [(work.app.acme(), 1, "VALIDATION"), (work.app.rival(), 0, "NOT_FOUND")]
    {
        let company = organization.companies[company].id;
        let file = "select f.id from files f join records r on r.org_id = f.org_id and r.id = f.record_id";
        let file = format!("{file} where r.company_id = '{company}' and f.archived_at is null limit 1");
        let file = work.app.value(&file).await;
        assert_eq!(work.add_file(&second, &file).await.code(), code);
    }
    let reader = work.app.member_of(work.app.acme(), &[]).await;
    let list = "query($id: ID!) { staff { deliverables(recordId: $id) { id } } }";
    let listed = work.app.query(&reader, list, json!({ "id": work.record })).await.succeeded();
    assert_eq!(listed.at("/data/staff/deliverables").as_array().unwrap().len(), 1);
    let denied = json!({ "input": { "versionId": work.version } });
    assert_eq!(work.app.query(&reader, READY, denied.clone()).await.code(), "FORBIDDEN");
    assert_eq!(work.app.query(&work.app.rival().staff_token, READY, denied).await.code(), "NOT_FOUND");
    for wrong in [json!({ "title": "" }), json!({ "type": " " })] {
        let mut input = json!({ "recordId": work.record, "title": "x", "type": "x" });
        input.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        assert_eq!(work.staff(CREATE, input).await.code(), "VALIDATION");
    }
}

/// DEL-1: archived ones do not count, and none comes back where there is no room.
#[tokio::test]
async fn a_record_has_at_most_200_deliverables_that_live() {
    let work = Work::new().await;
    let archive = json!({ "id": work.deliverable, "version": 1 });
    work.staff(ARCHIVE, archive).await.succeeded();
    let fill = format!(
        "insert into deliverables (org_id, id, record_id, title, kind)
         select org_id, gen_random_uuid(), id, 'Another', 'Design' from records, generate_series(1, 200)
         where id = '{}'",
        work.record
    );
    work.app.arrange(&fill).await;
    let restore = json!({ "id": work.deliverable, "version": 2, "archived": false });
    assert_eq!(work.staff(ARCHIVE, restore.clone()).await.code(), "VALIDATION");
    let another = json!({ "recordId": work.record, "title": "One too many", "type": "Design" });
    assert_eq!(work.staff(CREATE, another.clone()).await.code(), "VALIDATION");
    let make_room = "update deliverables set archived_at = now()
        where id = (select id from deliverables where title = 'Another' limit 1)";
    work.app.arrange(make_room).await;
    work.staff(ARCHIVE, restore).await.succeeded();
    assert_eq!(work.staff(CREATE, another).await.code(), "VALIDATION");
}

/// DEL-2
#[tokio::test]
async fn clients_see_of_a_deliverable_what_is_marked_visible_and_ready() {
    let work = Work::new().await;
    let session = work.session().await;
    let before = work.seen(&session).await.succeeded();
    assert_eq!(before.text("/data/portal/deliverable/title"), "Poster");
    assert_eq!(before.at("/data/portal/deliverable/current"), Value::Null, "the team still works on it");
    assert!(!before.body().contains("margin at risk"));
    work.mark_ready(&work.version).await.succeeded();
    let ready = work.seen(&session).await.succeeded();
    let current = ready.at("/data/portal/deliverable/current");
    assert_eq!((&current["number"], &current["approval"]), (&json!(1), &json!("PENDING")));
    assert_eq!(current["files"].as_array().unwrap().len(), 1);
    work.app.arrange(&format!("update files set shared = false where id = '{}'", work.file)).await;
    let hidden = work.seen(&session).await.succeeded();
    assert_eq!(hidden.at("/data/portal/deliverable/current/files"), json!([]), "the file's own mark");
    work.add_version().await;
    let draft = work.seen(&session).await.succeeded();
    assert_eq!(
        draft.at("/data/portal/deliverable/current/number"),
        1,
        "a version in the making does not show"
    );
}

/// DEL-2, REC-6, REC-10: each gate alone.
#[tokio::test]
async fn a_deliverable_shows_through_every_gate_only() {
    let work = Work::ready().await;
    let session = work.session().await;
    let neighbour =
        work.app.acme().portals.iter().find(|portal| portal.title == work.app.acme().companies[1].name);
    let neighbour = work.app.open(&neighbour.unwrap().token).await;
    assert_eq!(work.seen(&neighbour).await.code(), "NOT_FOUND");
    for (shut, open) in [
        ("update deliverables set visible = false", "update deliverables set visible = true"),
        ("update deliverables set archived_at = now()", "update deliverables set archived_at = null"),
        ("update portals set modes = '{FILES,MESSAGES}'", "update portals set modes = '{RECORDS,FILES}'"),
        ("update records set portal_enabled = false", "update records set portal_enabled = true"),
        ("update record_types set shared = false", "update record_types set shared = true"),
    ] {
        work.app.arrange(shut).await;
        assert_eq!(work.seen(&session).await.code(), "NOT_FOUND", "{shut}");
        let decided = work.decide(&session, &work.version, "APPROVED", None).await;
        assert_eq!(decided.code(), "NOT_FOUND", "{shut}");
        work.app.arrange(open).await;
        work.seen(&session).await.succeeded();
    }
    assert_eq!(work.app.value("select count(*) from deliverable_decisions").await, "0");
    work.decide(&session, &work.version, "APPROVED", None).await.succeeded();
}

/// DEL-2, NOTE-1, NOTE-2
#[tokio::test]
async fn marking_a_version_ready_mails_the_clients_who_asked_for_reviews() {
    let work = Work::new().await;
    let door = crate::consents::portal(work.app.acme());
    crate::consents::subscribed(&work.app, &door.token, door.id, "ada@client.example", &["REVIEWS"]).await;
    crate::consents::subscribed(&work.app, &door.token, door.id, "bela@client.example", &["STATUS"]).await;
    let before = work.app.mails().await.len();
    work.staff(UPDATE, json!({ "id": work.deliverable, "version": 1, "visible": false })).await.succeeded();
    assert_eq!(
        work.mark_ready(&work.version).await.code(),
        "VALIDATION",
        "nobody is told of what does not show"
    );
    work.staff(UPDATE, json!({ "id": work.deliverable, "version": 2, "visible": true })).await.succeeded();
    for _ in 0..2 {
        work.mark_ready(&work.version).await.succeeded();
    }
    let mails = work.app.mails().await;
    let told: Vec<&str> = mails[before..].iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(told, ["ada@client.example"]);
}
