//! INV-5 at the database: an internal mark, and what clients would reach a company through, each uncommitted
//! while the other is tried. What races by chance is in `invitations`.

use vestibule::domain::callers::hash_token;

use crate::support::{Sql, TestApp};

const MARK: &str = "update companies set internal = true where id = '$company'";
const INVITE: &str = "insert into invitations (org_id, id, company_id, contact_id, invited_by, mail_id, expires_at)
    values ('$org', gen_random_uuid(), '$company', '$contact', '$member', gen_random_uuid(), now() + interval '1 day')";
const SHARE: &str = "insert into portals (org_id, id, label, title, company_id, modes, created_by)
    values ('$org', gen_random_uuid(), 'Racing', 'Racing', '$company', '{RECORDS}', '$member')";

/// A staff transaction under way.
async fn at_work(app: &TestApp) -> Sql {
    let staff = app.sql("app_staff").await;
    let hash = hex::encode(hash_token(&app.acme().staff_token));
    staff.rows(&format!("begin; select enter_staff('\\x{hash}')")).await;
    staff
}

/// A statement about the first organisation's first company, which clients cannot reach yet.
async fn about(app: &TestApp, statement: &str) -> String {
    let (org, company) = (app.acme().id, app.acme().companies[0].id);
    let contact = app.value(&format!("select id from contacts where company_id = '{company}' limit 1")).await;
    let owner = format!("select id from members where org_id = '{org}' and role = 'OWNER' limit 1");
    let member = app.value(&owner).await;
    let names = [
        ("$org", org.to_string()),
        ("$company", company.to_string()),
        ("$contact", contact),
        ("$member", member),
    ];
    names.iter().fold(statement.to_owned(), |statement, (name, id)| statement.replace(name, id))
}

/// Commits once another statement of this database waits for a lock.
async fn commits_once_awaited(app: &TestApp, one: &Sql) {
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let admin = app.sql("postgres").await;
    let awaited = async {
        while admin.value(waiting).await == "0" {
            tokio::task::yield_now().await;
        }
    };
    // If this failed, you probably took the lock on the company's row away, and both would be committed.
    tokio::time::timeout(std::time::Duration::from_secs(20), awaited).await.expect("nobody waited");
    one.rows("commit").await;
}

/// INV-5: whichever comes first, the other waits for it and is refused.
#[tokio::test]
async fn an_internal_mark_and_what_clients_would_reach_wait_for_each_other() {
    for (first, second) in [(MARK, INVITE), (INVITE, MARK), (MARK, SHARE), (SHARE, MARK)] {
        let app = TestApp::world().await;
        app.arrange("update portals set revoked_at = now()").await;
        let (one, two) = (at_work(&app).await, at_work(&app).await);
        one.rows(&about(&app, first).await).await;
        let second = about(&app, second).await;
        let (outcome, ()) = futures::join!(two.attempt(&second), commits_once_awaited(&app, &one));
        assert_eq!(outcome.unwrap_err().0, "23514", "{second}");
        // The twin: what was not committed hinders nobody.
        let app = TestApp::world().await;
        app.arrange("update portals set revoked_at = now()").await;
        let (one, two) = (at_work(&app).await, at_work(&app).await);
        one.rows(&about(&app, first).await).await;
        one.rows("rollback").await;
        two.rows(&about(&app, &second_of(first)).await).await;
    }
}

/// The statement that a first one races with.
fn second_of(first: &str) -> String {
    if first == MARK { SHARE.to_owned() } else { MARK.to_owned() }
}
