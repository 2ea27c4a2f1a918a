//! Who the visitor is (MSG-1).

use async_graphql::{Context, InputObject, Object, SimpleObject};

use crate::domain::visitors::{self, Visitor};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};

/// Whoever holds the portal session.
#[derive(SimpleObject)]
pub struct PortalVisitor {
    /// Their name.
    name: String,
    /// Whether they are the recipient of the link they came by; otherwise the name is what they say it is.
    verified: bool,
}

impl From<Visitor> for PortalVisitor {
    fn from(visitor: Visitor) -> Self {
        Self { name: visitor.name, verified: visitor.verified }
    }
}

/// Reading who the visitor is.
#[derive(Default)]
pub struct VisitorQueries;

#[Object]
impl VisitorQueries {
    /// Whoever holds the session; null while nobody has said who they are. Then what they do first takes a
    /// name.
    async fn visitor(&self, ctx: &Context<'_>) -> Result<Option<PortalVisitor>> {
        let reading = request(ctx).portal().await?;
        Ok(visitors::current(&reading.tx).await.map_err(coded)?.map(PortalVisitor::from))
    }
}

/// Saying who one is.
#[derive(Default)]
pub struct VisitorMutations;

/// How a visitor calls themselves.
#[derive(InputObject)]
pub struct IntroduceVisitorInput {
    /// 1 to 120 characters. Ignored where the link has a recipient, or a name was given before.
    name: String,
}

/// A visitor who has a name now.
#[derive(SimpleObject)]
pub struct IntroduceVisitorPayload {
    /// The visitor.
    visitor: PortalVisitor,
}

#[Object]
impl VisitorMutations {
    /// Says who the visitor is. It is kept with the session, once.
    async fn introduce_visitor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name.")] input: IntroduceVisitorInput,
    ) -> Option<Result<IntroduceVisitorPayload>> {
        Some(introduce(ctx, input).await)
    }
}

async fn introduce(ctx: &Context<'_>, input: IntroduceVisitorInput) -> Result<IntroduceVisitorPayload> {
    let write = request(ctx).act().await?;
    let named = visitors::named(&write, Some(&input.name)).await;
    let visitor = write.finish(named).await.map_err(coded)?.into();
    Ok(IntroduceVisitorPayload { visitor })
}
