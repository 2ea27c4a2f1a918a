//! An application with a database of its own, driven through its router.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl as _, SimpleAsyncConnection as _};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use vestibule::app::App;
use vestibule::config::{Config, Env};
use vestibule::demo::data::PlantedOrganization;
use vestibule::sealing::SealingKeys;

use super::cluster::{Cluster, cluster};
use super::{Answer, Sql};

/// What access codes are hashed with.
pub const SEALING_KEYS: &str = "test:1111111111111111111111111111111111111111111111111111111111111111";

/// The same, as demo data is planted with it.
pub fn sealing_keys() -> SealingKeys {
    SealingKeys::parse(&SEALING_KEYS.into()).unwrap()
}

/// The service under test.
pub struct TestApp {
    pub app: Arc<App>,
    pub router: Router,
    pub database: String,
    cluster: &'static Cluster,
}

impl TestApp {
    /// With the schema and nothing in it.
    pub async fn empty() -> Self {
        Self::from_template("empty", []).await
    }

    /// With two organisations that look alike.
    pub async fn world() -> Self {
        Self::from_template("world", []).await
    }

    /// The world, with settings of the test's own.
    pub async fn world_with<const N: usize>(settings: [(&str, &str); N]) -> Self {
        Self::from_template("world", settings).await
    }

    async fn from_template<const N: usize>(template: &str, settings: [(&str, &str); N]) -> Self {
        let cluster = cluster().await;
        let database = cluster.database(template).await;
        let mut env = vec![
            ("DATABASE_URL", cluster.database_url(&database)),
            ("DATABASE_CONNECTIONS", "4".to_owned()),
            ("REDIS_URL", cluster.redis_url()),
            ("REDIS_PREFIX", database.clone()),
            ("SEALING_KEYS", SEALING_KEYS.to_owned()),
            ("MAIL_FOLDER", cluster.mail_folder(&database)),
            ("STORAGE_FOLDER", cluster.storage_folder(&database)),
            ("RATE_PER_ADDRESS", "100000".to_owned()),
            ("RATE_PER_CALLER", "100000".to_owned()),
            ("RATE_SIGN_INS_PER_ADDRESS", "100000".to_owned()),
            ("RATE_SIGN_INS_PER_EMAIL", "100000".to_owned()),
        ];
        env.retain(|(name, _)| settings.iter().all(|(own, _)| own != name));
        env.extend(settings.map(|(name, value)| (name, value.to_owned())));
        let app = App::new(Config::read(&Env::of(env)).unwrap()).unwrap();
        Self { router: vestibule::http::router(app.clone()), app, database, cluster }
    }

    /// The service started a second time, on the same database and Redis.
    pub fn another_instance(&self) -> Self {
        self.another_instance_with([])
    }

    /// The same, with settings of its own.
    pub fn another_instance_with<const N: usize>(&self, own: [(&'static str, &str); N]) -> Self {
        let own = own.map(|(name, value)| (name, value.to_owned()));
        let settings =
            self.settings().into_iter().chain([("RATE_PER_CALLER", "100000".to_owned())]).chain(own);
        let app = App::new(Config::read(&Env::of(settings)).unwrap()).unwrap();
        let router = vestibule::http::router(app.clone());
        Self { app, router, database: self.database.clone(), cluster: self.cluster }
    }

    /// The service started a second time, with the demo's page of mails.
    pub fn showing_mails(&self) -> Self {
        let mut config = Config::read(&Env::of(self.settings())).unwrap();
        config.mail.shown = true;
        let app = App::new(config).unwrap();
        let router = vestibule::http::router(app.clone());
        Self { app, router, database: self.database.clone(), cluster: self.cluster }
    }

    /// The first organisation of the world.
    pub fn acme(&self) -> &'static PlantedOrganization {
        &self.cluster.world[0]
    }

    /// Its look-alike.
    pub fn rival(&self) -> &'static PlantedOrganization {
        &self.cluster.world[1]
    }

    /// A connection as one of the database's logins, or as `postgres`.
    pub async fn login(&self, login: &str) -> AsyncPgConnection {
        AsyncPgConnection::establish(&self.cluster.login_url(&self.database, login)).await.unwrap()
    }

    /// Address of this test's database for one login.
    pub fn login_url(&self, login: &str) -> String {
        self.cluster.login_url(&self.database, login)
    }

    /// Address of this test's database for the superuser.
    pub fn admin_url(&self) -> String {
        self.login_url("postgres")
    }

    /// Where the bytes of files rest.
    pub fn storage_folder(&self) -> String {
        self.cluster.storage_folder(&self.database)
    }

    /// Where Postgres writes its log.
    pub fn server_log(&self) -> std::path::PathBuf {
        self.cluster.server_log()
    }

    /// What a process of the service's own needs to find this test's database and Redis.
    pub fn settings(&self) -> [(&'static str, String); 6] {
        [
            ("DATABASE_URL", self.cluster.database_url(&self.database)),
            ("REDIS_URL", self.cluster.redis_url()),
            ("REDIS_PREFIX", self.database.clone()),
            ("SEALING_KEYS", SEALING_KEYS.to_owned()),
            ("MAIL_FOLDER", self.cluster.mail_folder(&self.database)),
            ("STORAGE_FOLDER", self.cluster.storage_folder(&self.database)),
        ]
    }

    /// Plain SQL as one of the database's logins, or as `postgres`.
    pub async fn sql(&self, login: &str) -> Sql {
        Sql::connect(&self.login_url(login)).await
    }

    /// Runs SQL as the superuser, past every policy: to arrange what no verb arranges.
    pub async fn arrange(&self, sql: &str) {
        self.login("postgres").await.batch_execute(sql).await.unwrap();
    }

    /// The one text that a query of the superuser yields.
    pub async fn value(&self, sql: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        let sql = format!("select coalesce(({sql})::text, '') as value");
        let row: Row = diesel::sql_query(sql).get_result(&mut self.login("postgres").await).await.unwrap();
        row.value
    }

    /// Every row of every table as text.
    pub async fn dump(&self) -> String {
        let tables = self.value("select string_agg(relname, ' ') from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'").await;
        let mut dump = String::new();
        for table in tables.split(' ') {
            dump += &self.value(&format!("select string_agg(t::text, chr(10)) from {table} t")).await;
        }
        dump
    }

    /// Sends a request through the router.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// GETs a path without any credential.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Runs a GraphQL document; an empty token is no credential.
    pub async fn query(&self, token: &str, document: &str, variables: Value) -> Answer {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let mut request = Request::post("/graphql").header(CONTENT_TYPE, "application/json");
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Opens a portal's link and returns the session's token.
    pub async fn open(&self, link_token: &str) -> String {
        self.open_with(link_token, None).await
    }

    /// The same, with the portal's access code.
    pub async fn open_with(&self, link_token: &str, code: Option<&str>) -> String {
        let opened = self
            .query(
                "",
                "mutation($input: OpenPortalInput!) { access { openPortal(input: $input) { sessionToken } } }",
                json!({ "input": { "token": link_token, "accessCode": code } }),
            )
            .await;
        opened.text("/data/access/openPortal/sessionToken")
    }
}
