//! LINK-6: what reached Redis counts exactly once, whatever crashes.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use axum::http::StatusCode;
use futures::future::join_all;
use nix::sys::signal::Signal;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use vestibule::app::App;
use vestibule::config::{Config, Env};
use vestibule::db::ids::LinkId;
use vestibule::demo::data::PlantedOrganization;
use vestibule::worker::{Worker, drain_usage, record_usage};

use crate::codes::CODE;
use crate::resilience::assert_shut;
use crate::support::wire::{self, Service};
use crate::support::{Island, Sql, TestApp};
use crate::usage::{Browser, assert_counts, link, portal, usage};

const HOME: &str = "{ portal { home { sections { count } } } }";
const OPEN: &str =
    "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }";
const USAGE: &str = "query($id: ID!) { staff { portal(id: $id) { usage { views visits visitors unconfirmedViews bytesServed } } } }";
/// A drain's steps.
const STEPS: [&str; 5] = ["usage_taken", "usage_read", "usage_applied_one", "usage_applied", "usage_cleared"];

/// Runs a service of which a drain dies of SIGKILL at this step.
async fn dies_at(app: &TestApp, step: &str) {
    // If this failed, you probably built the program without the feature `failpoints` of `fail`.
    assert!(fail::has_failpoints());
    let mut settings = app.settings().to_vec();
    settings.push(("RUST_LOG", "warn".to_owned()));
    settings.push(("USAGE_DRAIN_MS", "10".to_owned()));
    settings.push(("FAILPOINTS", format!("{step}=return")));
    let mut program = tokio::process::Command::from(wire::program(&settings));
    let ended = program.kill_on_drop(true).status();
    let ended = tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it never came there");
    assert_eq!(ended.unwrap().signal(), Some(Signal::SIGKILL as i32), "{step}");
}

/// LINK-6: with SIGKILL between any two steps, and clients going on before the next drain.
#[tokio::test]
async fn a_drain_killed_at_any_step_loses_and_doubles_nothing() {
    let app = TestApp::world().await;
    let (ours, theirs) = (Browser::new(&app, app.acme()).await, Browser::new(&app, app.rival()).await);
    for (round, step) in (1..).zip(STEPS) {
        let before = Browser::new(&app, app.acme()).await;
        before.loads();
        ours.returns();
        theirs.returns();
        record_usage::flush(&app.app).await.unwrap();
        dies_at(&app, step).await;
        before.sends_the_beacon();
        ours.returns();
        record_usage::flush(&app.app).await.unwrap();
        assert_counts(&usage(&app, app.acme()).await, [3 * round, 1 + round, 1 + round, 0]);
        let told = usage(&app, app.rival()).await;
        assert_counts(&told, [round, 1, 1, 0]);
        assert_eq!(told["bytesServed"], 1_000.0 * round as f64, "{step}");
        assert_eq!(told["openSessions"], 1);
        assert!(app.app.redis.take_usage(app.app.clock.id(), 0).await.unwrap().batches.is_empty(), "{step}");
    }
}

/// LINK-6
#[tokio::test]
async fn any_number_of_instances_drain_at_once_and_nothing_doubles() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    for _ in 0..8 {
        (0..150).for_each(|_| browser.returns());
        let drains = join_all((0..4).map(|_| drain_usage::once(&app.app))).await;
        assert!(drains.iter().any(Result::is_ok));
    }
    assert_counts(&usage(&app, app.acme()).await, [1_200, 1, 1, 0]);
}

/// A connection to Redis, and how the names of this test's counts begin.
async fn connect(app: &TestApp) -> (MultiplexedConnection, String) {
    let [_, (_, url), (_, prefix), ..] = app.settings();
    let redis = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    (redis, format!("{prefix}:{{usage}}:"))
}

/// Makes Redis forget all counts, as one without persistence does.
async fn forget(app: &TestApp) {
    let (mut redis, prefix) = connect(app).await;
    let names: Vec<String> =
        redis::cmd("KEYS").arg(format!("{prefix}*")).query_async(&mut redis).await.unwrap();
    let _: () = redis::cmd("DEL").arg(names).query_async(&mut redis).await.unwrap();
}

/// LINK-6: nothing was drained before, and no request comes after.
#[tokio::test]
async fn what_redis_forgets_before_the_first_drain_is_reported_once() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    (0..3).for_each(|_| browser.returns());
    record_usage::flush(&app.app).await.unwrap();
    forget(&app).await;
    for _ in 0..2 {
        assert_counts(&usage(&app, app.acme()).await, [0, 0, 0, 0]);
        assert_eq!(app.app.metrics.usage_lost.get(), 3);
    }
    // What was drained is not lost, whoever forgets it.
    browser.returns();
    assert_counts(&usage(&app, app.acme()).await, [1, 1, 1, 0]);
    forget(&app).await;
    assert_counts(&usage(&app, app.acme()).await, [1, 1, 1, 0]);
    assert_eq!(app.app.metrics.usage_lost.get(), 3);
}

/// LINK-6: Redis comes back from a snapshot that is older than a drain.
#[tokio::test]
async fn counts_that_come_back_after_they_were_drained_are_not_counted_again() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    browser.returns();
    record_usage::flush(&app.app).await.unwrap();
    let (mut redis, prefix) = connect(&app).await;
    let [counts, kept] = ["counts", "kept"].map(|name| format!("{prefix}{name}"));
    let _: () = redis::cmd("COPY").arg(&[&counts, &kept]).query_async(&mut redis).await.unwrap();
    assert_counts(&usage(&app, app.acme()).await, [1, 1, 1, 0]);
    let _: () = redis::cmd("RENAME").arg(&[&kept, &counts]).query_async(&mut redis).await.unwrap();
    assert_counts(&usage(&app, app.acme()).await, [1, 1, 1, 0]);
    browser.returns();
    assert_counts(&usage(&app, app.acme()).await, [2, 1, 1, 0]);
}

/// LINK-6: a batch of counts outlives a database that is away.
#[tokio::test]
async fn counts_wait_in_redis_while_the_database_refuses_them() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    app.arrange("revoke insert on usage_batches from app_system; revoke insert (org_id, id, applied_at) on usage_batches from app_system").await;
    for _ in 0..6 {
        browser.returns();
        drain_usage::once(&app.app).await.unwrap_err();
    }
    assert!(app.app.redis.take_usage(app.app.clock.id(), 0).await.unwrap().batches.len() <= 4);
    app.arrange("grant insert (org_id, id, applied_at) on usage_batches to app_system").await;
    drain_usage::once(&app.app).await.unwrap();
    assert_counts(&usage(&app, app.acme()).await, [6, 1, 1, 0]);
    assert_eq!(app.app.metrics.usage_lost.get(), 0);
}

/// LINK-6: too many batches wait, so a drain leaves what was counted since.
#[tokio::test]
async fn counts_that_a_drain_left_in_redis_are_reported_when_it_forgets_them() {
    let app = TestApp::world().await;
    let browser = Browser::new(&app, app.acme()).await;
    app.arrange("revoke insert on usage_batches from app_system; revoke insert (org_id, id, applied_at) on usage_batches from app_system").await;
    for _ in 0..6 {
        browser.returns();
        drain_usage::once(&app.app).await.unwrap_err();
    }
    app.arrange("grant insert (org_id, id, applied_at) on usage_batches to app_system").await;
    drain_usage::once(&app.app).await.unwrap();
    forget(&app).await;
    assert_counts(&usage(&app, app.acme()).await, [4, 1, 1, 0]);
    // No drain was whole, so all may be lost for all that this instance knows.
    assert_eq!(app.app.metrics.usage_lost.get(), 6);
}

/// LINK-6
#[tokio::test]
async fn a_service_told_to_stop_drains_what_it_counted() {
    let app = TestApp::world().await;
    let session = app.open(&portal(app.acme()).token).await;
    let mut settings = app.settings().to_vec();
    settings.push(("USAGE_DRAIN_MS", "3600000".to_owned()));
    let mut service = Service::start(&settings);
    let answer = wire::read(wire::send(service.address, &session, HOME, json!({})).await).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    service.terminate();
    assert_eq!(service.ended().await.code(), Some(0));
    let link: LinkId = link(&app, app.acme()).await;
    let views = format!("select views from portal_usage where link_id = '{}'", link.0);
    assert_eq!(app.value(&views).await, "1");
}

/// Clients and staff of an island.
struct Clients<'a> {
    island: &'a Island,
    session: String,
}

impl<'a> Clients<'a> {
    async fn of(island: &'a Island) -> Self {
        Self::opening(island, json!({ "token": portal(&island.acme).token })).await
    }

    /// Clients at a door with an access code.
    async fn behind_a_code(island: &'a Island) -> Self {
        let token = island.coded_portal(CODE).await.token;
        Self::opening(island, json!({ "token": token, "accessCode": CODE })).await
    }

    async fn opening(island: &'a Island, input: Value) -> Self {
        let opened = island.query("", OPEN, json!({ "input": input })).await;
        Self { island, session: opened.text("/data/access/openPortal/sessionToken") }
    }

    /// Reads the home so many times at once; every answer is whole.
    async fn read(&self, times: usize) {
        let reading = (0..times).map(|_| self.island.query(&self.session, HOME, json!({})));
        for answer in join_all(reading).await {
            answer.succeeded();
        }
    }

    /// The same behind a code, and how many answers were whole. Each other one says that the door
    /// cannot be asked.
    async fn try_to_read(&self, times: usize) -> u64 {
        let reading = (0..times).map(|_| self.island.query(&self.session, HOME, json!({})));
        let mut whole = 0;
        for answer in join_all(reading).await {
            if answer.status == StatusCode::OK {
                answer.succeeded();
                whole += 1;
            } else {
                assert_shut(&answer);
            }
        }
        whole
    }
}

async fn told(island: &Island, acme: &PlantedOrganization) -> Value {
    let id = json!({ "id": portal(acme).id });
    let told = island.query(&acme.staff_token, USAGE, id).await.succeeded();
    told.at("/data/staff/portal/usage")
}

/// An island whose Redis writes to its disk before it answers.
async fn careful_island() -> Island {
    let island = Island::new().await;
    let mut redis = island.redis().await;
    let _: () =
        redis::cmd("CONFIG").arg(&["SET", "appendfsync", "always"]).query_async(&mut redis).await.unwrap();
    island
}

/// LINK-6
#[tokio::test]
async fn a_redis_that_is_killed_and_keeps_its_memory_loses_and_doubles_no_count() {
    let mut island = careful_island().await;
    let session = {
        let clients = Clients::of(&island).await;
        clients.read(20).await;
        drain_usage::once(&island.app).await.unwrap();
        clients.read(30).await;
        record_usage::flush(&island.app).await.unwrap();
        island.app.redis.take_usage(island.app.clock.id(), 0).await.unwrap();
        clients.read(5).await;
        record_usage::flush(&island.app).await.unwrap();
        clients.session
    };
    island.kill_redis().await;
    island.restart();
    Clients { island: &island, session }.read(1).await;
    drain_usage::once(&island.app).await.unwrap();
    assert_counts(&told(&island, &island.acme).await, [56, 1, 1, 0]);
    assert_eq!(island.app.metrics.usage_uncounted.get(), 0);
    assert_eq!(island.app.metrics.usage_lost.get(), 0);
}

/// Redis's memory on its disk, which grows with each command.
fn memory(island: &Island) -> File {
    let folder = island.folder.path().join("redis/appendonlydir");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let file = files.filter(|path| path.to_string_lossy().ends_with(".incr.aof")).max().unwrap();
    File::options().write(true).open(file).unwrap()
}

/// LINK-6: what comes back was drained meanwhile, and both an instance that had heard more and one that
/// had not count on.
#[tokio::test]
async fn a_redis_with_older_memory_counts_exactly_from_then_on_and_what_it_lost_is_reported() {
    let mut island = careful_island().await;
    let (session, kept) = {
        let clients = Clients::of(&island).await;
        clients.read(20).await;
        record_usage::flush(&island.app).await.unwrap();
        let kept = memory(&island).metadata().unwrap().len();
        clients.read(3).await;
        drain_usage::once(&island.app).await.unwrap();
        clients.read(4).await;
        record_usage::flush(&island.app).await.unwrap();
        (clients.session, kept)
    };
    island.kill_redis().await;
    memory(&island).set_len(kept).unwrap();
    island.restart();
    let newcomer = App::new(Config::read(&Env::of(island.settings.clone())).unwrap()).unwrap();
    let router = std::mem::replace(&mut island.router, vestibule::http::router(newcomer.clone()));
    let clients = Clients { island: &island, session };
    clients.read(5).await;
    record_usage::flush(&newcomer).await.unwrap();
    let session = clients.session;
    island.router = router;
    Clients { island: &island, session }.read(2).await;
    drain_usage::once(&island.app).await.unwrap();
    drain_usage::once(&newcomer).await.unwrap();
    assert_counts(&told(&island, &island.acme).await, [30, 1, 1, 0]);
    // The four after the drain. Redis forgot the three before it too, but Postgres has them.
    assert_eq!(island.app.metrics.usage_lost.get(), 4);
    assert_eq!(newcomer.metrics.usage_lost.get(), 0);
}

/// LINK-6: what was drained stays; what was not is reported.
#[tokio::test]
async fn a_redis_that_forgets_loses_only_what_was_not_drained_and_that_is_reported() {
    let mut island = Island::new().await;
    let session = {
        let clients = Clients::of(&island).await;
        clients.read(20).await;
        drain_usage::once(&island.app).await.unwrap();
        clients.read(7).await;
        record_usage::flush(&island.app).await.unwrap();
        clients.session
    };
    island.kill_redis().await;
    std::fs::remove_dir_all(island.folder.path().join("redis/appendonlydir")).unwrap();
    island.restart();
    Clients { island: &island, session }.read(1).await;
    drain_usage::once(&island.app).await.unwrap();
    let told = told(&island, &island.acme).await;
    assert_eq!(told["views"], 21, "{told:#}");
    let lost = island.app.metrics.usage_lost.get();
    assert_eq!(lost, 7);
    drain_usage::once(&island.app).await.unwrap();
    assert_eq!(island.app.metrics.usage_lost.get(), lost);
}

/// How many requests showed something, over all portals.
async fn counted(island: &Island) -> u64 {
    let sql = Sql::connect(&island.servers.as_ref().unwrap().admin_url("island")).await;
    sql.value("select sum(views + unconfirmed_views) from portal_usage").await.parse().unwrap()
}

/// LINK-6, DOOR-3
#[tokio::test]
async fn with_redis_killed_under_load_only_open_portals_go_on_and_what_is_not_counted_is_reported() {
    let mut island = careful_island().await;
    let worker = Worker::start(island.app.clone());
    let (session, coded, mut whole) = {
        let (clients, coded) = (Clients::of(&island).await, Clients::behind_a_code(&island).await);
        let ((), before) = futures::join!(clients.read(50), coded.try_to_read(20));
        assert_eq!(before, 20);
        let kill = async {
            tokio::task::yield_now().await;
            island.kill_redis().await;
        };
        let ((), meanwhile, ()) = futures::join!(clients.read(100), coded.try_to_read(40), kill);
        let ((), without) = futures::join!(clients.read(50), coded.try_to_read(20));
        assert_eq!(without, 0);
        let path = format!("/portal/{}", portal(&island.acme).token);
        assert_eq!(island.get(&path).await.status, 200);
        (clients.session, coded.session, before + meanwhile)
    };
    island.restart();
    let (clients, coded) =
        (Clients { island: &island, session }, Clients { island: &island, session: coded });
    let ((), again) = futures::join!(clients.read(50), coded.try_to_read(20));
    assert_eq!(again, 20);
    whole += 251 + again;
    worker.stop().await;
    let counted = counted(&island).await;
    let uncounted = island.app.metrics.usage_uncounted.get();
    assert!(counted <= whole, "{counted} of {whole}: none is invented");
    assert!(counted + uncounted >= whole, "{counted} counted and {uncounted} reported, of {whole}");
    assert!(counted >= 50, "{counted} of {whole}");
}
