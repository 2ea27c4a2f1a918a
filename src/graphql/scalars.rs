//! Ids on the wire: GraphQL's `ID`, holding a UUID, read straight into the id type of one entity.

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, ID, InputType, InputValueError, InputValueResult, OutputType, Positioned,
    ServerResult, Value,
};
use uuid::Uuid;

use crate::db::ids::{
    ActivityEntryId, ApiKeyId, AuditEntryId, CalendarEventId, CalendarSubscriptionId, CommentId, CompanyId,
    ConsentId, ContactId, DashboardId, DecisionId, DeliverableId, DeliverableVersionId, FieldId, FileId,
    InvitationId, LinkId, MailId, MemberId, MemberInvitationId, MessageId, MetricId, MilestoneId, OrgId,
    PortalId, PortalSessionId, RecordId, RecordTypeId, StaffSessionId, StageId, SuppressionId, TaskId,
    VisitorSessionId, WebhookDeliveryId, WebhookEndpointId, WidgetId,
};

macro_rules! ids_on_the_wire {
    ($($name:ident),* $(,)?) => {$(
        impl InputType for $name {
            type RawValueType = Self;

            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed("ID")
            }

            fn create_type_info(registry: &mut Registry) -> String {
                <ID as InputType>::create_type_info(registry)
            }

            fn parse(value: Option<Value>) -> InputValueResult<Self> {
                parse_id(value).map(Self).ok_or_else(|| {
                    InputValueError::custom("That is not an id of ours.").with_extension("code", "VALIDATION")
                })
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.to_string())
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }
        }

        impl OutputType for $name {
            fn type_name() -> Cow<'static, str> {
                Cow::Borrowed("ID")
            }

            fn create_type_info(registry: &mut Registry) -> String {
                <ID as OutputType>::create_type_info(registry)
            }

            async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
                Ok(Value::String(self.0.to_string()))
            }
        }
    )*};
}

ids_on_the_wire!(
    ActivityEntryId,
    ApiKeyId,
    AuditEntryId,
    CalendarEventId,
    CalendarSubscriptionId,
    CommentId,
    CompanyId,
    ConsentId,
    ContactId,
    DashboardId,
    DecisionId,
    DeliverableId,
    DeliverableVersionId,
    FieldId,
    FileId,
    LinkId,
    MemberId,
    MemberInvitationId,
    MessageId,
    MetricId,
    MilestoneId,
    OrgId,
    PortalId,
    PortalSessionId,
    RecordId,
    InvitationId,
    MailId,
    RecordTypeId,
    StageId,
    StaffSessionId,
    SuppressionId,
    VisitorSessionId,
    TaskId,
    WebhookDeliveryId,
    WebhookEndpointId,
    WidgetId,
);

fn parse_id(value: Option<Value>) -> Option<Uuid> {
    match value {
        Some(Value::String(text)) => Uuid::try_parse(&text).ok(),
        _ => None,
    }
}
