//! Companies in the staff root (REC-1).

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::contacts::{self, ContactConnection};
use super::records::{self, RecordConnection};
use crate::db::enums::ApiKeyScope;
use crate::db::ids::CompanyId;
use crate::db::paging::Page;
use crate::domain::callers::Staff;
use crate::domain::companies::{
    self, Archival, CompanyDraft, CompanyEdit, CompanyFilter, CompanyKey, CompanyOrder,
};
use crate::domain::records::RecordOrder;
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, keyed};
use crate::graphql::paging::{connection, wants_count};

/// A customer of the organisation.
#[derive(async_graphql::Description)]
pub struct Company(companies::Company);

#[Object(use_type_description)]
impl Company {
    /// Its id.
    async fn id(&self) -> CompanyId {
        self.0.id
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its website, an absolute http or https address.
    async fn website(&self) -> Option<&str> {
        self.0.website.as_deref()
    }

    /// Notes for staff only.
    async fn notes(&self) -> Option<&str> {
        self.0.notes.as_deref()
    }

    /// Whether it is internal: nothing of it can be shared.
    async fn internal(&self) -> bool {
        self.0.internal
    }

    /// Its records, a page at a time.
    async fn records(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "The archived ones instead of the others.")] archived: Option<bool>,
        #[graphql(desc = "The order; by name if absent.")] order_by: Option<RecordOrder>,
    ) -> Result<RecordConnection> {
        records::of_company(ctx, self.0.id, (first, after), archived, order_by).await
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// When it was archived, if it is.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }

    /// The people there by name, a page at a time.
    async fn contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "True: the archived ones instead of the others.")] archived: Option<bool>,
    ) -> Result<ContactConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        contacts::of_company(ctx, self.0.id, archived.unwrap_or_default(), page).await
    }
}

impl From<companies::Company> for Company {
    fn from(company: companies::Company) -> Self {
        Self(company)
    }
}

connection!(CompanyConnection, CompanyEdge, Company, "companies");

impl Loader<CompanyId> for Batch<Staff> {
    type Value = companies::Company;
    type Error = Error;

    async fn load(&self, ids: &[CompanyId]) -> Result<HashMap<CompanyId, companies::Company>, Error> {
        Ok(keyed(companies::by_ids(&self.0, ids).await?, |company| company.id))
    }
}

/// Reading companies.
#[derive(Default)]
pub struct CompanyQueries;

#[Object]
impl CompanyQueries {
    /// A company by its id.
    async fn company(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The company's id.")] id: CompanyId,
    ) -> Option<Result<Company>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's companies, a page at a time.
    async fn companies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those whose name contains this.")] search: Option<String>,
        #[graphql(desc = "True: the archived ones instead of the others.")] archived: Option<bool>,
        #[graphql(desc = "The order; NAME if absent.")] order_by: Option<CompanyOrder>,
    ) -> Result<CompanyConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = CompanyFilter {
            search,
            archived: archived.unwrap_or_default(),
            order: order_by.unwrap_or_default(),
        };
        let reading = request(ctx).staff_for(ApiKeyScope::RecordsRead).await?;
        let rows = companies::list(&reading.tx, &filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(companies::count(&reading.tx, &filter).await.map_err(coded)?),
            false => None,
        };
        Ok(CompanyConnection::new(rows, |row| CompanyKey::from(row), page.after.is_some(), count))
    }
}

async fn load(ctx: &Context<'_>, id: CompanyId) -> Result<Company> {
    request(ctx).staff_for(ApiKeyScope::RecordsRead).await?.loaders.required(id, "company").await.map(Company)
}

/// What a new company is made of.
#[derive(InputObject)]
pub struct CreateCompanyInput {
    /// 1 to 200 characters.
    name: String,
    /// An absolute http or https address.
    website: Option<String>,
    /// For staff only, up to 10,000 characters.
    notes: Option<String>,
    /// Whether nothing of it can be shared.
    #[graphql(default)]
    internal: bool,
    /// The same key and input within 24 hours create one company only.
    idempotency_key: Option<String>,
}

/// What to change of a company. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateCompanyInput {
    /// The company.
    id: CompanyId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 200 characters.
    name: Option<String>,
    /// An absolute http or https address; null empties it.
    website: MaybeUndefined<String>,
    /// For staff only, up to 10,000 characters; null empties it.
    notes: MaybeUndefined<String>,
    /// Whether nothing of it can be shared.
    internal: Option<bool>,
}

/// Which company to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveCompanyInput {
    /// The company.
    id: CompanyId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings it back.
    #[graphql(default = true)]
    archived: bool,
}

/// The company as it was created.
#[derive(SimpleObject)]
pub struct CreateCompanyPayload {
    /// The new company.
    company: Company,
}

/// The company as it was changed.
#[derive(SimpleObject)]
pub struct UpdateCompanyPayload {
    /// The changed company.
    company: Company,
}

/// The company as it was archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveCompanyPayload {
    /// The company.
    company: Company,
}

/// Changing companies.
#[derive(Default)]
pub struct CompanyMutations;

#[Object]
impl CompanyMutations {
    /// Adds a company. Needs RECORDS_WRITE.
    async fn create_company(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateCompanyInput,
    ) -> Option<Result<CreateCompanyPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a company. Needs RECORDS_WRITE.
    async fn update_company(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateCompanyInput,
    ) -> Option<Result<UpdateCompanyPayload>> {
        Some(update(ctx, input).await)
    }

    /// Hides a company from lists and closes its portals, or brings it back. Needs RECORDS_WRITE.
    async fn archive_company(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveCompanyInput,
    ) -> Option<Result<ArchiveCompanyPayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateCompanyInput) -> Result<CreateCompanyPayload> {
    let draft = CompanyDraft {
        name: input.name,
        website: input.website,
        notes: input.notes,
        internal: input.internal,
    };
    let write = request(ctx).write().await?;
    let created = companies::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateCompanyPayload { company: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateCompanyInput) -> Result<UpdateCompanyPayload> {
    let edit = CompanyEdit {
        name: input.name,
        website: input.website.into(),
        notes: input.notes.into(),
        internal: input.internal,
    };
    let write = request(ctx).write().await?;
    let updated = companies::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateCompanyPayload { company: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveCompanyInput) -> Result<ArchiveCompanyPayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = companies::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveCompanyPayload { company: load(ctx, input.id).await? })
}
