//! The portal's sections with their counts (NAV-1), for a page's navigation.

use async_graphql::{Context, Lookahead, Object, SimpleObject, Value};

use crate::db::enums::PortalMode;
use crate::domain::sections::{self, Counting, Tally, TypeTally};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// A section of the portal, and how much it holds.
#[derive(async_graphql::Description)]
pub struct PortalTally(Tally);

#[Object(use_type_description)]
impl PortalTally {
    /// The section.
    async fn mode(&self) -> PortalMode {
        self.0.mode
    }

    /// How much it holds, of ACTIVITY 99 at most, and beside the home 1 at most. Null where it was not to be counted, or a number would say nothing.
    async fn count(&self) -> Option<i64> {
        self.0.count
    }

    /// Whether the visitor can add to it: then it is of use even while it is empty.
    async fn can_add(&self) -> bool {
        self.0.can_add
    }

    /// For RECORDS: the types that have visible records. Empty for every other section.
    async fn types(&self, ctx: &Context<'_>) -> Result<Vec<PortalTypeTally>> {
        if self.0.mode != PortalMode::Records {
            return Ok(Vec::new());
        }
        let reading = request(ctx).portal().await?;
        let types = sections::types(&reading.tx).await.map_err(coded)?;
        Ok(types.into_iter().map(PortalTypeTally::from).collect())
    }
}

/// A record type, and how many of its records show.
#[derive(SimpleObject)]
pub struct PortalTypeTally {
    /// The type's stable key, `project` for projects.
    key: String,
    /// The type's name in the plural.
    name_plural: String,
    /// How many.
    count: i64,
}

impl From<TypeTally> for PortalTypeTally {
    fn from(TypeTally { key, name_plural, count }: TypeTally) -> Self {
        Self { key, name_plural, count }
    }
}

/// Reading the sections.
#[derive(Default)]
pub struct SectionQueries;

#[Object]
impl SectionQueries {
    /// The portal's sections, in the order of its modes.
    async fn sections(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            default,
            desc = "True where the home is read as well: RECORDS, FILES and MESSAGES, which add up from a home with records, are not counted again."
        )]
        beside_home: bool,
    ) -> Result<Vec<PortalTally>> {
        let reading = request(ctx).portal().await?;
        let counts = request(ctx).section_counts(&reading.tx, counting(beside_home)).await?;
        Ok(sections::tallies(reading.tx.scope(), &counts).into_iter().map(PortalTally).collect())
    }
}

fn counting(beside_home: bool) -> Counting {
    if beside_home { Counting::BesideTheHome } else { Counting::Everything }
}

/// How the sections will be counted, if a reader of the portal asks for them.
pub(super) fn counting_asked_for(portal: &Lookahead<'_>) -> Option<Counting> {
    let field = portal.field("sections").selection_fields().into_iter().next()?;
    let arguments = field.arguments().ok()?;
    Some(counting(
        arguments.iter().any(|(name, value)| name == "besideHome" && *value == Value::Boolean(true)),
    ))
}
