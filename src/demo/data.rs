//! Plants two organisations that look alike, as `owner`, and tells how to get in. Also the world
//! of the tests and of the benchmarks.

use diesel::sql_types::{Binary, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection as _, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection as _};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Clock;
use crate::domain::codes::CodeHash;
use crate::domain::passwords;
use crate::domain::tokens::{Token, TokenKind};
use crate::domain::validation::Checks;
use crate::sealing::SealingKeys;

/// How much to plant in each organisation.
#[derive(Clone, Copy, Debug)]
pub struct Amount {
    pub companies: i32,
    /// Projects of each company.
    pub projects: i32,
    /// Files of each project.
    pub files: i32,
    /// Messages of each project.
    pub messages: i32,
}

impl Default for Amount {
    fn default() -> Self {
        Self { companies: 6, projects: 8, files: 10, messages: 12 }
    }
}

/// What was planted and how to get in: `demo.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Planted {
    pub base_url: String,
    pub graphql_url: String,
    pub organizations: Vec<PlantedOrganization>,
}

/// One organisation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlantedOrganization {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub staff_token: String,
    pub owner: PlantedOwner,
    pub companies: Vec<PlantedCompany>,
    pub portals: Vec<PlantedPortal>,
    pub api_keys: Vec<String>,
}

/// Who signs in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlantedOwner {
    pub email: String,
    pub password: String,
}

/// A company.
#[derive(Clone, Debug, Serialize, Deserialize, diesel::QueryableByName)]
pub struct PlantedCompany {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub name: String,
}

/// A portal with one link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlantedPortal {
    pub id: Uuid,
    pub title: String,
    /// `COMPANY` or `RECORD`.
    pub scope: String,
    pub url: String,
    pub token: String,
    pub access_code: Option<String>,
}

const ORGANIZATIONS: [(&str, &str, &str); 2] =
    [("northlight", "Northlight Studio", "#2f5d8a"), ("southlight", "Southlight Studio", "#8a4b2f")];

/// The code of the portals that have one.
const ACCESS_CODE: &str = "204816";

/// Plants both organisations. `url` logs in as `app_migrate`; `keys` are the service's; `told` hears
/// of each step.
pub async fn plant(
    url: &str,
    amount: Amount,
    clock: &Clock,
    keys: &SealingKeys,
    told: impl Fn(&str),
) -> anyhow::Result<Vec<PlantedOrganization>> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    connection.batch_execute("set role owner").await?;
    connection.batch_execute(include_str!("data.sql")).await?;
    let mut planted = Vec::new();
    for (slug, name, color) in ORGANIZATIONS {
        told(&format!("planting {name}"));
        planted.push(
            plant_organization(&mut connection, (slug, name, color), amount, (clock, keys), &told).await?,
        );
    }
    told("tidying up and gathering statistics for the planner");
    connection.batch_execute("vacuum analyze").await?;
    Ok(planted)
}

/// What the demo's portals show besides what tests and benchmarks start from. A feature with a section of
/// its own adds its mode.
const SHOWN_TO_NEWCOMERS: &[&str] = &["DASHBOARD", "CALENDAR", "ACTIVITY", "FEEDBACK"];

/// Lets every portal show all that there is to look at.
pub async fn show_everything(url: &str) -> anyhow::Result<()> {
    let mut connection = AsyncPgConnection::establish(url).await?;
    connection.batch_execute("set role owner").await?;
    diesel::sql_query(
        "update portals set modes = modes || array(select m from unnest($1::text[]) m where m <> all (modes))",
    )
    .bind::<diesel::sql_types::Array<Text>, _>(SHOWN_TO_NEWCOMERS)
    .execute(&mut connection)
    .await?;
    let choose = "insert into portal_dashboards (org_id, portal_id, dashboard_id, position)
        select p.org_id, p.id, d.id, 0 from portals p join dashboards d on d.org_id = p.org_id";
    diesel::sql_query(choose).execute(&mut connection).await?;
    Ok(())
}

async fn plant_organization(
    connection: &mut AsyncPgConnection,
    (slug, name, color): (&str, &str, &str),
    amount: Amount,
    (clock, keys): (&Clock, &SealingKeys),
    told: &impl Fn(&str),
) -> anyhow::Result<PlantedOrganization> {
    let (org, member) = (clock.id(), clock.id());
    let owner = PlantedOwner {
        email: format!("owner@{slug}.example"),
        password: Token::new(TokenKind::Link)?.reveal(),
    };
    let staff = Token::new(TokenKind::StaffSession)?;
    let key = Token::new(TokenKind::ApiKey)?;
    diesel::sql_query(
        "with o as (insert into organizations (org_id, slug, name, time_zone, accent_color, welcome_message, website, support_email)
            values ($1, $2, $3, 'Europe/Berlin', $4, 'Welcome. Here you see where your projects stand, day and night.',
                'https://' || $2 || '.example', 'hello@' || $2 || '.example')),
         p as (insert into people (id, email, password_hash) values ($5, $6, $7)),
         m as (insert into members (org_id, id, person_id, role, name, email) values ($1, $8, $5, 'OWNER', 'Robin Hale', $6)),
         s as (insert into staff_sessions (org_id, id, member_id, token_hash, user_agent, expires_at)
            values ($1, $9, $8, $10, 'vestibule demo', now() + interval '365 days')),
         k as (insert into api_keys (org_id, id, name, token_hash, hint, scopes, created_by)
            values ($1, $11, 'Demo partner', $12, $13, '{EVENTS_READ,RECORDS_READ,METRICS_WRITE}', $8))
         insert into event_counters (org_id) values ($1)",
    )
    .bind::<SqlUuid, _>(org)
    .bind::<Text, _>(slug)
    .bind::<Text, _>(name)
    .bind::<Text, _>(color)
    .bind::<SqlUuid, _>(clock.id())
    .bind::<Text, _>(&owner.email)
    .bind::<Text, _>(passwords::hash(&owner.password)?)
    .bind::<SqlUuid, _>(member)
    .bind::<SqlUuid, _>(clock.id())
    .bind::<Binary, _>(staff.hash().to_vec())
    .bind::<SqlUuid, _>(clock.id())
    .bind::<Binary, _>(key.hash().to_vec())
    .bind::<Text, _>(key.hint())
    .execute(connection)
    .await?;
    plant_work(connection, org, member, amount, told).await?;
    let companies: Vec<PlantedCompany> =
        diesel::sql_query("select id, name from companies where org_id = $1 order by id limit 50")
            .bind::<SqlUuid, _>(org)
            .load(connection)
            .await?;
    let doors = Doors { org, member, clock, keys };
    let portals = doors.plant(connection, &companies).await?;
    Ok(PlantedOrganization {
        id: org,
        slug: slug.into(),
        name: name.into(),
        staff_token: staff.reveal(),
        owner,
        companies,
        portals,
        api_keys: vec![key.reveal()],
    })
}

/// Plants in batches of companies, so that a large amount shows progress.
async fn plant_work(
    connection: &mut AsyncPgConnection,
    org: Uuid,
    member: Uuid,
    amount: Amount,
    told: &impl Fn(&str),
) -> anyhow::Result<()> {
    const BATCH: i32 = 250;
    diesel::sql_query("select pg_temp.plant_types($1)").bind::<SqlUuid, _>(org).execute(connection).await?;
    let mut first = 0;
    while first < amount.companies {
        let last = (first + BATCH).min(amount.companies) - 1;
        diesel::sql_query("select pg_temp.plant_companies($1, $2, $3)")
            .bind::<SqlUuid, _>(org)
            .bind::<Integer, _>(first)
            .bind::<Integer, _>(last)
            .execute(connection)
            .await?;
        diesel::sql_query("select pg_temp.plant_projects($1, $2, $3)")
            .bind::<SqlUuid, _>(org)
            .bind::<SqlUuid, _>(member)
            .bind::<Integer, _>(amount.projects)
            .execute(connection)
            .await?;
        diesel::sql_query("select pg_temp.plant_threads($1, $2, $3, $4)")
            .bind::<SqlUuid, _>(org)
            .bind::<SqlUuid, _>(member)
            .bind::<Integer, _>(amount.files)
            .bind::<Integer, _>(amount.messages)
            .execute(connection)
            .await?;
        diesel::sql_query("select pg_temp.plant_calendar($1, $2)")
            .bind::<SqlUuid, _>(org)
            .bind::<SqlUuid, _>(member)
            .execute(connection)
            .await?;
        first = last + 1;
        if amount.companies > BATCH {
            told(&format!("{first} of {} companies", amount.companies));
        }
    }
    diesel::sql_query("select pg_temp.plant_dashboards($1, $2)")
        .bind::<SqlUuid, _>(org)
        .bind::<SqlUuid, _>(member)
        .execute(connection)
        .await?;
    Ok(())
}

/// What every portal of an organisation is planted with.
struct Doors<'a> {
    org: Uuid,
    member: Uuid,
    clock: &'a Clock,
    keys: &'a SealingKeys,
}

impl Doors<'_> {
    /// One portal for each company listed, and two more of the first: one for a single project, and
    /// one with an access code.
    async fn plant(
        &self,
        connection: &mut AsyncPgConnection,
        companies: &[PlantedCompany],
    ) -> anyhow::Result<Vec<PlantedPortal>> {
        let mut portals = Vec::new();
        for company in companies {
            portals.push(self.plant_one(connection, company, None, None).await?);
        }
        let Some(company) = companies.first() else { return Ok(portals) };
        let record: Option<FirstRecord> = diesel::sql_query(
            "select id, name from records where org_id = $1 and company_id = $2 order by id limit 1",
        )
        .bind::<SqlUuid, _>(self.org)
        .bind::<SqlUuid, _>(company.id)
        .load(connection)
        .await?
        .pop();
        if record.is_some() {
            portals.push(self.plant_one(connection, company, record, None).await?);
        }
        portals.push(self.plant_one(connection, company, None, Some(ACCESS_CODE)).await?);
        Ok(portals)
    }

    async fn plant_one(
        &self,
        connection: &mut AsyncPgConnection,
        company: &PlantedCompany,
        record: Option<FirstRecord>,
        code: Option<&str>,
    ) -> anyhow::Result<PlantedPortal> {
        let token = Token::new(TokenKind::Link)?;
        let id = self.clock.id();
        let title = record.as_ref().map_or_else(|| company.name.clone(), |record| record.name.clone());
        let label = if code.is_some() { format!("{title}, with a code") } else { title.clone() };
        let kept = code.map(|code| CodeHash::of(&mut Checks::new(), self.keys, id, &code.into()));
        let (code_key, code_hash) = kept.map(|kept| (kept.key, kept.hash)).unzip();
        diesel::sql_query(
            "with p as (insert into portals (org_id, id, label, title, company_id, record_id, modes, attribution,
                    created_by, code_key, code_hash)
                values ($1, $2, $3, $4, $5, $6, '{RECORDS,FILES,MESSAGES}', 'Managed by Robin Hale', $7, $8, $9))
             insert into portal_links (org_id, id, portal_id, company_id, token_hash) values ($1, $10, $2, $5, $11)",
        )
        .bind::<SqlUuid, _>(self.org)
        .bind::<SqlUuid, _>(id)
        .bind::<Text, _>(&label)
        .bind::<Text, _>(&title)
        .bind::<SqlUuid, _>(company.id)
        .bind::<Nullable<SqlUuid>, _>(record.as_ref().map(|record| record.id))
        .bind::<SqlUuid, _>(self.member)
        .bind::<Nullable<Text>, _>(code_key)
        .bind::<Nullable<Binary>, _>(code_hash)
        .bind::<SqlUuid, _>(self.clock.id())
        .bind::<Binary, _>(token.hash().to_vec())
        .execute(connection)
        .await?;
        let scope = if record.is_some() { "RECORD" } else { "COMPANY" };
        Ok(PlantedPortal {
            id,
            title,
            scope: scope.into(),
            url: String::new(),
            token: token.reveal(),
            access_code: code.map(str::to_owned),
        })
    }
}

type FirstRecord = PlantedCompany;
