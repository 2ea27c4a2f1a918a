//! One type an entity, so that a company's id is never taken for a contact's.

use diesel::deserialize::FromSqlRow;
use diesel::deserialize::{self, FromSql};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, AsExpression, FromSqlRow)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[diesel(sql_type = sql_types::Uuid)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ToSql<sql_types::Uuid, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <Uuid as ToSql<sql_types::Uuid, Pg>>::to_sql(&self.0, out)
            }
        }

        impl FromSql<sql_types::Uuid, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                <Uuid as FromSql<sql_types::Uuid, Pg>>::from_sql(value).map(Self)
            }
        }
    )*};
}

ids! {
    /// An organisation, the tenant.
    OrgId,
    /// A person, across organisations.
    PersonId,
    /// A person's membership in one organisation.
    MemberId,
    /// An invitation of a colleague.
    MemberInvitationId,
    /// A staff session.
    StaffSessionId,
    /// An API key.
    ApiKeyId,
    /// A company.
    CompanyId,
    /// A contact.
    ContactId,
    /// A record type.
    RecordTypeId,
    /// A stage of a type's pipeline.
    StageId,
    /// A custom field's definition.
    FieldId,
    /// A record, projects included.
    RecordId,
    /// A milestone of a project.
    MilestoneId,
    /// A message in a record's thread.
    MessageId,
    /// A comment of staff's.
    CommentId,
    /// A task.
    TaskId,
    /// A deliverable.
    DeliverableId,
    /// A version of a deliverable.
    DeliverableVersionId,
    /// What a client decided of a version.
    DecisionId,
    /// What clients were told in their activity.
    ActivityEntryId,
    /// A file.
    FileId,
    /// An organisation's own storage.
    StorageId,
    /// A mail on its way: a row of the outbox.
    MailId,
    /// An invitation of a contact.
    InvitationId,
    /// A portal.
    PortalId,
    /// A portal's link.
    LinkId,
    /// A portal session.
    PortalSessionId,
    /// Somebody who proved an address, in one browser.
    VisitorSessionId,
    /// A webhook endpoint.
    WebhookEndpointId,
    /// An event on its way to a webhook endpoint.
    WebhookDeliveryId,
    /// A consent to be mailed.
    ConsentId,
    /// What one person is to be told of one change.
    NotificationId,
    /// An address that notifications no longer go to.
    SuppressionId,
    /// An audit entry.
    AuditEntryId,
    /// Something planned with a company.
    CalendarEventId,
    /// An address under which a portal's calendar is read.
    CalendarSubscriptionId,
    /// Widgets that staff put together.
    DashboardId,
    /// A picture, number or text of a dashboard.
    WidgetId,
    /// Something that is measured.
    MetricId,
    /// One measurement.
    MetricPointId,
}
