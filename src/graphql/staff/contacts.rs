//! Contacts in the staff root (REC-1).

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, InputObject, MaybeUndefined, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::companies::Company;
use super::invitations::{self, Invitation};
use crate::db::enums::{ContactStatus, Language};
use crate::db::ids::{CompanyId, ContactId};
use crate::db::paging::{MAX_COUNT, Page};
use crate::domain::callers::Staff;
use crate::domain::companies::Archival;
use crate::domain::contacts::{
    self, CompanyContacts, ContactDraft, ContactEdit, ContactFilter, ContactKey, ContactOrder,
};
use crate::error::Error;
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::loaders::{Batch, gathered, keyed};
use crate::graphql::paging::{connection, wants_count};

/// A person at a company.
#[derive(async_graphql::Description)]
pub struct Contact(contacts::Contact);

#[Object(use_type_description)]
impl Contact {
    /// Its id.
    async fn id(&self) -> ContactId {
        self.0.id
    }

    /// Where the person works.
    async fn company(&self, ctx: &Context<'_>) -> Option<Result<Company>> {
        Some(company(ctx, self.0.company_id).await)
    }

    /// The person's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The person's address, unique in the company.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// The person's telephone number, as staff wrote it.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// How far the person has come on the way to a portal account.
    async fn status(&self) -> ContactStatus {
        self.0.status
    }

    /// The newest invitation of the person, if there ever was one.
    async fn invitation(&self, ctx: &Context<'_>) -> Option<Result<Invitation>> {
        invitations::of_contact(ctx, self.0.id).await.transpose()
    }

    /// Which language the person reads in mails; null is the organisation's.
    async fn language(&self) -> Option<Language> {
        self.0.language
    }

    /// Raised by every change; an update names the one it read.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When the person was added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When the person was last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }

    /// When the person was archived, if they are.
    async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.archived_at
    }
}

async fn company(ctx: &Context<'_>, id: CompanyId) -> Result<Company> {
    request(ctx).staff().await?.loaders.required(id, "company").await.map(Company::from)
}

impl From<contacts::Contact> for Contact {
    fn from(contact: contacts::Contact) -> Self {
        Self(contact)
    }
}

connection!(ContactConnection, ContactEdge, Contact, "contacts");

impl Loader<ContactId> for Batch<Staff> {
    type Value = contacts::Contact;
    type Error = Error;

    async fn load(&self, ids: &[ContactId]) -> Result<HashMap<ContactId, contacts::Contact>, Error> {
        Ok(keyed(contacts::by_ids(&self.0, ids).await?, |contact| contact.id))
    }
}

/// A page of one company's contacts. Siblings ask for the same page, and share a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PageOf(CompanyId, CompanyContacts);

impl Loader<PageOf> for Batch<Staff> {
    type Value = Vec<contacts::Contact>;
    type Error = Error;

    async fn load(&self, keys: &[PageOf]) -> Result<HashMap<PageOf, Vec<contacts::Contact>>, Error> {
        let mut loaded = HashMap::new();
        for (wanted, companies) in gathered(keys.to_vec(), |key| key.1.clone()) {
            let companies: Vec<CompanyId> = companies.into_iter().map(|key| key.0).collect();
            let rows = contacts::of_companies(&self.0, &companies, &wanted).await?;
            let pages = gathered(rows, |contact| contact.company_id);
            loaded.extend(pages.into_iter().map(|(id, rows)| (PageOf(id, wanted.clone()), rows)));
        }
        Ok(loaded)
    }
}

/// How many contacts a company has, archived or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct CountOf(CompanyId, bool);

impl Loader<CountOf> for Batch<Staff> {
    type Value = i64;
    type Error = Error;

    async fn load(&self, keys: &[CountOf]) -> Result<HashMap<CountOf, i64>, Error> {
        let mut loaded = HashMap::new();
        for (archived, companies) in gathered(keys.to_vec(), |key| key.1) {
            let companies: Vec<CompanyId> = companies.into_iter().map(|key| key.0).collect();
            let counts = contacts::counts_of_companies(&self.0, &companies, archived).await?;
            loaded.extend(counts.into_iter().map(|(id, count)| (CountOf(id, archived), count)));
        }
        Ok(loaded)
    }
}

/// A page of a company's contacts, by name, batched over sibling companies.
pub(super) async fn of_company(
    ctx: &Context<'_>,
    company: CompanyId,
    archived: bool,
    page: Page<ContactKey>,
) -> Result<ContactConnection> {
    let reading = request(ctx).staff().await?;
    let wanted = CompanyContacts { archived, after: page.after.clone(), fetch: page.fetch() };
    let rows = reading.loaders.many(PageOf(company, wanted)).await?;
    let count = match wants_count(ctx) {
        true => {
            Some(reading.loaders.one(CountOf(company, archived)).await?.unwrap_or_default().min(MAX_COUNT))
        }
        false => None,
    };
    Ok(ContactConnection::new(page.cut(rows), |row| ContactKey::from(row), page.after.is_some(), count))
}

/// Reading contacts.
#[derive(Default)]
pub struct ContactQueries;

#[Object]
impl ContactQueries {
    /// A contact by their id.
    async fn contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The contact's id.")] id: ContactId,
    ) -> Option<Result<Contact>> {
        Some(load(ctx, id).await)
    }

    /// The organisation's contacts, a page at a time.
    #[expect(clippy::too_many_arguments, reason = "each is an argument of the GraphQL field")]
    async fn contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 25 if absent.")] first: Option<i32>,
        #[graphql(desc = "Go on after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those of this company.")] company_id: Option<CompanyId>,
        #[graphql(desc = "Only those whose name or address contains this.")] search: Option<String>,
        #[graphql(desc = "True: the archived ones instead of the others.")] archived: Option<bool>,
        #[graphql(desc = "The order; NAME if absent.")] order_by: Option<ContactOrder>,
    ) -> Result<ContactConnection> {
        let page = Page::parse(first, after.as_deref()).map_err(coded)?;
        let filter = ContactFilter {
            company: company_id,
            search,
            archived: archived.unwrap_or_default(),
            order: order_by.unwrap_or_default(),
        };
        let reading = request(ctx).staff().await?;
        let rows = contacts::list(&reading.tx, &filter, &page).await.map_err(coded)?;
        let count = match wants_count(ctx) {
            true => Some(contacts::count(&reading.tx, &filter).await.map_err(coded)?),
            false => None,
        };
        Ok(ContactConnection::new(rows, |row| ContactKey::from(row), page.after.is_some(), count))
    }
}

async fn load(ctx: &Context<'_>, id: ContactId) -> Result<Contact> {
    request(ctx).staff().await?.loaders.required(id, "contact").await.map(Contact)
}

/// Many contacts, read together.
pub(super) async fn by_ids(ctx: &Context<'_>, ids: &[ContactId]) -> Result<HashMap<ContactId, Contact>> {
    let reading = request(ctx).staff().await?;
    let found = contacts::by_ids(&reading.tx, ids).await.map_err(coded)?;
    Ok(found.into_iter().map(|contact| (contact.id, Contact(contact))).collect())
}

/// What a new contact is made of.
#[derive(InputObject)]
pub struct CreateContactInput {
    /// Where the person works.
    company_id: CompanyId,
    /// 1 to 120 characters.
    name: String,
    /// The person's address; CONFLICT if the company has a contact with it.
    email: String,
    /// The person's telephone number, up to 50 characters.
    phone: Option<String>,
    /// Which language the person reads in mails; absent is the organisation's.
    language: Option<Language>,
    /// The same key and input within 24 hours create one contact only.
    idempotency_key: Option<String>,
}

/// What to change of a contact. Absent fields stay as they are.
#[derive(InputObject)]
pub struct UpdateContactInput {
    /// The contact.
    id: ContactId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// 1 to 120 characters.
    name: Option<String>,
    /// The person's address; CONFLICT if the company has a contact with it.
    email: Option<String>,
    /// The person's telephone number, up to 50 characters; null empties it.
    phone: MaybeUndefined<String>,
    /// Which language the person reads in mails; null is the organisation's.
    language: MaybeUndefined<Language>,
}

/// Which contact to archive, or to bring back.
#[derive(InputObject)]
pub struct ArchiveContactInput {
    /// The contact.
    id: ContactId,
    /// The version that was read; CONFLICT if it has moved on.
    version: i32,
    /// False brings the person back.
    #[graphql(default = true)]
    archived: bool,
}

/// The contact as they were created.
#[derive(SimpleObject)]
pub struct CreateContactPayload {
    /// The new contact.
    contact: Contact,
}

/// The contact as they were changed.
#[derive(SimpleObject)]
pub struct UpdateContactPayload {
    /// The changed contact.
    contact: Contact,
}

/// The contact as they were archived or brought back.
#[derive(SimpleObject)]
pub struct ArchiveContactPayload {
    /// The contact.
    contact: Contact,
}

/// Changing contacts.
#[derive(Default)]
pub struct ContactMutations;

#[Object]
impl ContactMutations {
    /// Adds a contact to a company. Needs RECORDS_WRITE.
    async fn create_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is made of.")] input: CreateContactInput,
    ) -> Option<Result<CreateContactPayload>> {
        Some(create(ctx, input).await)
    }

    /// Changes a contact. Needs RECORDS_WRITE.
    async fn update_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateContactInput,
    ) -> Option<Result<UpdateContactPayload>> {
        Some(update(ctx, input).await)
    }

    /// Hides a contact from lists, or brings them back. Needs RECORDS_WRITE.
    async fn archive_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: ArchiveContactInput,
    ) -> Option<Result<ArchiveContactPayload>> {
        Some(archive(ctx, input).await)
    }
}

async fn create(ctx: &Context<'_>, input: CreateContactInput) -> Result<CreateContactPayload> {
    let draft = ContactDraft {
        company_id: input.company_id,
        name: input.name,
        email: input.email,
        phone: input.phone,
        language: input.language,
    };
    let write = request(ctx).write().await?;
    let created = contacts::create(&write, draft, input.idempotency_key.as_deref()).await;
    let id = write.finish(created).await.map_err(coded)?;
    Ok(CreateContactPayload { contact: load(ctx, id).await? })
}

async fn update(ctx: &Context<'_>, input: UpdateContactInput) -> Result<UpdateContactPayload> {
    let edit = ContactEdit {
        name: input.name,
        email: input.email,
        phone: input.phone.into(),
        language: input.language.into(),
    };
    let write = request(ctx).write().await?;
    let updated = contacts::update(&write, input.id, input.version, edit).await;
    write.finish(updated).await.map_err(coded)?;
    Ok(UpdateContactPayload { contact: load(ctx, input.id).await? })
}

async fn archive(ctx: &Context<'_>, input: ArchiveContactInput) -> Result<ArchiveContactPayload> {
    let archival = if input.archived { Archival::Archive } else { Archival::Restore };
    let write = request(ctx).write().await?;
    let archived = contacts::archive(&write, input.id, input.version, archival).await;
    write.finish(archived).await.map_err(coded)?;
    Ok(ArchiveContactPayload { contact: load(ctx, input.id).await? })
}
