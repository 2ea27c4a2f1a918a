//! The event log in the staff root (EVT-1 to EVT-3): one type for each kind of event, all of one
//! interface. `events` pages through what is kept; the subscription `staffEvents` goes on from there.

use async_graphql::{Context, Enum, ID, InputObject, Interface, Object, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::db::enums::ApiKeyScope;
use crate::db::ids::{CompanyId, MemberId, PortalSessionId, RecordId};
use crate::db::paging::Page;
use crate::domain::events::{self, CursorKey, Event, EventFilter, Position};
use crate::graphql::context::request;
use crate::graphql::errors::{Result, coded};
use crate::graphql::paging::PageInfo;
use crate::live::{News, What};

/// An event, and the cursor of where its reader then stands.
pub struct Entry {
    cursor: String,
    event: Event,
}

impl Entry {
    fn named(&self, key: &str) -> Option<ID> {
        self.event.payload.get(key)?.as_str().map(ID::from)
    }
}

macro_rules! staff_events {
    ($($kind:literal $name:ident { $($field:ident $key:literal $about:literal)* } $doc:literal)*) => {
        $(
            #[doc = $doc]
            #[derive(async_graphql::Description)]
            pub struct $name(Entry);

            #[Object(use_type_description)]
            impl $name {
                /// Where the log stands after this event: pass it as `after` to go on from here. Sealed,
                /// and of use to this organisation's staff only.
                async fn cursor(&self) -> &str {
                    &self.0.cursor
                }

                /// The event's id, the same wherever the event is told.
                async fn id(&self) -> ID {
                    self.0.event.id.into()
                }

                /// When it happened.
                async fn occurred_at(&self) -> DateTime<Utc> {
                    self.0.event.occurred_at
                }

                /// The member who did it; null for clients, API keys and the service itself.
                async fn actor_id(&self) -> Option<MemberId> {
                    self.0.event.actor_member_id
                }

                /// The portal session whose holder did it; null for staff and the service itself.
                async fn actor_session_id(&self) -> Option<PortalSessionId> {
                    self.0.event.actor_session_id
                }

                /// The company it concerns.
                async fn company_id(&self) -> Option<CompanyId> {
                    self.0.event.company_id
                }

                /// The record it concerns.
                async fn record_id(&self) -> Option<RecordId> {
                    self.0.event.record_id
                }

                /// Whether clients who see the record are told of it too.
                async fn client_visible(&self) -> bool {
                    self.0.event.client_visible
                }

                $(
                    #[doc = $about]
                    async fn $field(&self) -> Option<ID> {
                        self.0.named($key)
                    }
                )*
            }
        )*

        /// One thing that happened in the organisation.
        #[derive(Interface)]
        #[graphql(
            field(name = "cursor", ty = "&str", desc = "Where the log stands after this event: pass it as `after` to go on from here."),
            field(name = "id", ty = "ID", desc = "The event's id, the same wherever the event is told."),
            field(name = "occurred_at", ty = "DateTime<Utc>", desc = "When it happened."),
            field(name = "actor_id", ty = "Option<MemberId>", desc = "The member who did it; null for clients, API keys and the service itself."),
            field(name = "actor_session_id", ty = "Option<PortalSessionId>", desc = "The portal session whose holder did it; null for staff and the service itself."),
            field(name = "company_id", ty = "Option<CompanyId>", desc = "The company it concerns."),
            field(name = "record_id", ty = "Option<RecordId>", desc = "The record it concerns."),
            field(name = "client_visible", ty = "bool", desc = "Whether clients who see the record are told of it too."),
        )]
        pub enum StaffEvent {
            $($name($name),)*
        }

        /// Kinds of events.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
        pub enum StaffEventType {
            $(#[doc = $doc] $name,)*
        }

        impl StaffEventType {
            /// Of a kind as the log writes it.
            pub fn of(kind: &str) -> Self {
                match kind {
                    $($kind => Self::$name,)*
                    _ => Self::OtherEvent,
                }
            }

            /// As the log writes it.
            pub fn kind(self) -> &'static str {
                match self {
                    $(Self::$name => $kind,)*
                }
            }
        }

        impl From<Entry> for StaffEvent {
            fn from(entry: Entry) -> Self {
                match entry.event.kind.as_str() {
                    $($kind => Self::$name($name(entry)),)*
                    _ => Self::OtherEvent(OtherEvent(entry)),
                }
            }
        }
    };
}

staff_events! {
    "resync" Resync {} "Read anew what you keep: what was missed is not kept any more. Events go on from here."
    "other" OtherEvent {} "Something that only a newer release of the service knows."
    "organization.created" OrganizationCreated {} "The organisation was founded."
    "organization.updated" OrganizationUpdated {} "Settings of the organisation changed."
    "member.joined" MemberJoined { member_id "id" "The member." } "An invited colleague joined."
    "member_invitation.created" MemberInvitationCreated { invitation_id "id" "The invitation." } "A colleague was invited."
    "member_invitation.resent" MemberInvitationResent { invitation_id "id" "The invitation." } "A colleague's invitation was sent again."
    "member_invitation.revoked" MemberInvitationRevoked { invitation_id "id" "The invitation." } "A colleague's invitation was taken back."
    "member.updated" MemberUpdated { member_id "id" "The member." } "A member's name, role or permissions changed."
    "member.ended" MemberEnded { member_id "id" "The member." } "A member left."
    "staff_session.started" StaffSessionStarted { session_id "id" "The session." } "A member signed in. Told to OWNER and ADMIN only."
    "staff_session.ended" StaffSessionEnded { session_id "id" "The session." } "A member's session ended. Told to OWNER and ADMIN only."
    "api_key.created" ApiKeyCreated { key_id "id" "The key." } "An API key was made. Told to OWNER and ADMIN only."
    "api_key.revoked" ApiKeyRevoked { key_id "id" "The key." } "An API key was revoked. Told to OWNER and ADMIN only."
    "webhook_endpoint.created" WebhookEndpointCreated { endpoint_id "id" "The endpoint." } "A webhook endpoint was made. Told to OWNER and ADMIN only."
    "webhook_endpoint.updated" WebhookEndpointUpdated { endpoint_id "id" "The endpoint." } "A webhook endpoint changed. Told to OWNER and ADMIN only."
    "webhook_endpoint.rotated" WebhookEndpointRotated { endpoint_id "id" "The endpoint." } "A webhook endpoint got a new secret. Told to OWNER and ADMIN only."
    "webhook_endpoint.replayed" WebhookEndpointReplayed { endpoint_id "id" "The endpoint." } "Events were sent to a webhook endpoint once more. Told to OWNER and ADMIN only."
    "webhook_endpoint.disabled" WebhookEndpointDisabled { endpoint_id "id" "The endpoint." } "A webhook endpoint said that it is gone, and was switched off. Told to OWNER and ADMIN only."
    "webhook_endpoint.deleted" WebhookEndpointDeleted { endpoint_id "id" "The endpoint." } "A webhook endpoint was deleted. Told to OWNER and ADMIN only."
    "webhook_delivery.parked" WebhookDeliveryParked { delivery_id "id" "The delivery." endpoint_id "endpointId" "Its endpoint." } "An event could not be delivered, and was given up. Told to OWNER and ADMIN only."
    "webhook_delivery.replayed" WebhookDeliveryReplayed { delivery_id "id" "The delivery." } "An event was sent once more. Told to OWNER and ADMIN only."
    "sign_in_provider.updated" SignInProviderUpdated {} "Members sign in through another provider, or its settings changed."
    "sign_in_provider.removed" SignInProviderRemoved {} "Members no longer sign in through a provider."
    "company.created" CompanyCreated {} "A company was added."
    "company.updated" CompanyUpdated {} "A company changed."
    "company.archived" CompanyArchived {} "A company was archived."
    "company.restored" CompanyRestored {} "An archived company was brought back."
    "contact.created" ContactCreated { contact_id "id" "The contact." } "A contact was added."
    "contact.updated" ContactUpdated { contact_id "id" "The contact." } "A contact changed."
    "contact.access_ended" ContactAccessEnded { contact_id "id" "The contact." } "A contact's portal account was ended."
    "contact.archived" ContactArchived { contact_id "id" "The contact." } "A contact was archived."
    "contact.restored" ContactRestored { contact_id "id" "The contact." } "An archived contact was brought back."
    "record_type.created" RecordTypeCreated { type_id "id" "The record type." } "A record type was added."
    "record_type.updated" RecordTypeUpdated { type_id "id" "The record type." } "A record type, or what it shares, changed."
    "record_type.archived" RecordTypeArchived { type_id "id" "The record type." } "A record type was archived."
    "record_type.restored" RecordTypeRestored { type_id "id" "The record type." } "An archived record type was brought back."
    "stage.created" StageCreated { stage_id "id" "The stage." } "A stage was added to a pipeline."
    "stage.updated" StageUpdated { stage_id "id" "The stage." } "A stage, or its place in the pipeline, changed."
    "stage.archived" StageArchived { stage_id "id" "The stage." } "A stage was archived."
    "stage.restored" StageRestored { stage_id "id" "The stage." } "An archived stage was brought back."
    "field.created" FieldCreated { field_id "id" "The field." } "A custom field was added to a record type."
    "field.updated" FieldUpdated { field_id "id" "The field." } "A custom field changed."
    "field.archived" FieldArchived { field_id "id" "The field." } "A custom field was archived."
    "field.restored" FieldRestored { field_id "id" "The field." } "An archived custom field was brought back."
    "record.created" RecordCreated {} "A record was added."
    "record.updated" RecordUpdated {} "A record changed."
    "record.moved" RecordMoved {} "A record moved to another stage."
    "record.archived" RecordArchived {} "A record was archived."
    "record.restored" RecordRestored {} "An archived record was brought back."
    "record.shared" RecordShared {} "The first portal of a record switched its sharing on."
    "record.portal_enabled" RecordPortalEnabled {} "A record was switched on for clients."
    "record.portal_disabled" RecordPortalDisabled {} "A record was switched off for clients."
    "record.watchers_set" RecordWatchersSet {} "A record's watchers changed."
    "milestone.created" MilestoneCreated { milestone_id "id" "The milestone." } "A milestone was added to a project."
    "milestone.updated" MilestoneUpdated { milestone_id "id" "The milestone." } "A milestone changed."
    "milestone.completed" MilestoneCompleted { milestone_id "id" "The milestone." } "A milestone was reached."
    "milestone.reopened" MilestoneReopened { milestone_id "id" "The milestone." } "A milestone is open again."
    "milestone.archived" MilestoneArchived { milestone_id "id" "The milestone." } "A milestone was archived."
    "milestone.restored" MilestoneRestored { milestone_id "id" "The milestone." } "An archived milestone was brought back."
    "message.posted" MessagePosted { message_id "id" "The message." } "Somebody wrote in the thread of a record."
    "comment.posted" CommentPosted { comment_id "id" "The comment." } "A member wrote a comment that no client sees."
    "feedback.given" FeedbackGiven { task_id "id" "The task that it became." } "A client gave feedback."
    "task.assigned" TaskAssigned { task_id "id" "The task." } "A task went to another inbox."
    "task.closed" TaskClosed { task_id "id" "The task." } "A task was closed."
    "task.reopened" TaskReopened { task_id "id" "The task." } "A closed task is open again."
    "file.uploaded" FileUploaded { file_id "id" "The file." } "A file was added to a record."
    "file.shared" FileShared { file_id "id" "The file." } "A file was shared with clients."
    "file.unshared" FileUnshared { file_id "id" "The file." } "A file is no longer shared with clients."
    "file.renamed" FileRenamed { file_id "id" "The file." } "A file got another name."
    "file.archived" FileArchived { file_id "id" "The file." } "A file was archived."
    "file.restored" FileRestored { file_id "id" "The file." } "An archived file was brought back."
    "storage.chosen" StorageChosen {} "New files rest elsewhere from now on."
    "deliverable.created" DeliverableCreated { deliverable_id "id" "The deliverable." } "A deliverable was added to a record."
    "deliverable.updated" DeliverableUpdated { deliverable_id "id" "The deliverable." } "A deliverable changed."
    "deliverable.archived" DeliverableArchived { deliverable_id "id" "The deliverable." } "A deliverable was archived."
    "deliverable.restored" DeliverableRestored { deliverable_id "id" "The deliverable." } "An archived deliverable was brought back."
    "deliverable.version_added" DeliverableVersionAdded { deliverable_id "id" "The deliverable." } "Another version of a deliverable was begun."
    "deliverable.file_added" DeliverableFileAdded { deliverable_id "id" "The deliverable." } "A file came to a version of a deliverable."
    "deliverable.file_removed" DeliverableFileRemoved { deliverable_id "id" "The deliverable." } "A file left a version of a deliverable."
    "deliverable.ready" DeliverableReady { deliverable_id "id" "The deliverable." } "A version of a deliverable is ready for review."
    "deliverable.approved" DeliverableApproved { deliverable_id "id" "The deliverable." version_id "versionId" "The version." decision_id "decisionId" "The decision." } "A client approved a version of a deliverable."
    "deliverable.revision_requested" DeliverableRevisionRequested { deliverable_id "id" "The deliverable." version_id "versionId" "The version." decision_id "decisionId" "The decision." } "A client asked for another version of a deliverable."
    "deliverable.rejected" DeliverableRejected { deliverable_id "id" "The deliverable." version_id "versionId" "The version." decision_id "decisionId" "The decision." } "A client rejected a version of a deliverable."
    "activity.appended" ActivityAppended { entry_id "id" "The entry." key_id "keyId" "The API key that told it; null: a member did." } "Staff or a partner told clients of something."
    "portal.created" PortalCreated { portal_id "id" "The portal." } "A portal was made."
    "portal.updated" PortalUpdated { portal_id "id" "The portal." } "A portal changed."
    "portal.rotated" PortalRotated { portal_id "id" "The portal." } "A portal's links all got new URLs."
    "portal.revoked" PortalRevoked { portal_id "id" "The portal." } "A portal was closed for good."
    "portal.previewed" PortalPreviewed { portal_id "id" "The portal." } "A member looked through a portal's eyes."
    "portal_link.created" PortalLinkCreated { link_id "id" "The link." portal_id "portalId" "Its portal." } "A portal got another link."
    "portal_link.updated" PortalLinkUpdated { link_id "id" "The link." portal_id "portalId" "Its portal." } "A link changed."
    "portal_link.rotated" PortalLinkRotated { link_id "id" "The link." portal_id "portalId" "Its portal." } "A link got a new URL."
    "portal_link.revoked" PortalLinkRevoked { link_id "id" "The link." portal_id "portalId" "Its portal." } "A link was closed for good."
    "portal_link.shared" PortalLinkShared { link_id "id" "The link." portal_id "portalId" "Its portal." } "A link was shared with its recipient."
    "portal_link.unlocked" PortalLinkUnlocked { link_id "id" "The link." portal_id "portalId" "Its portal." } "Guesses at a link's access code were forgotten."
    "portal_link.first_viewed" PortalLinkFirstViewed { link_id "id" "The link." portal_id "portalId" "Its portal." } "A link was viewed for the first time."
    "invitation.created" InvitationCreated { invitation_id "id" "The invitation." contact_id "contactId" "Who is invited." } "A contact was invited."
    "invitation.resent" InvitationResent { invitation_id "id" "The invitation." contact_id "contactId" "Who is invited." } "A pending invitation was sent again."
    "invitation.accepted" InvitationAccepted { invitation_id "id" "The invitation." contact_id "contactId" "Who accepted." } "A contact accepted an invitation, and has a portal account."
    "invitation.revoked" InvitationRevoked { invitation_id "id" "The invitation." contact_id "contactId" "Who was invited." } "A pending invitation was taken back."
    "mail.retried" MailRetried { mail_id "id" "The mail." } "A mail that was given up is tried again."
    "consent.requested" ConsentRequested { consent_id "id" "The consent." } "A visitor asked for notifications to an address."
    "consent.confirmed" ConsentConfirmed { consent_id "id" "The consent." } "The reader of an address confirmed that notifications are wanted."
    "consent.changed" ConsentChanged { consent_id "id" "The consent." } "Whoever gets notifications chose other topics."
    "consent.withdrawn" ConsentWithdrawn { consent_id "id" "The consent." } "Whoever got notifications stopped them."
    "consent.renewed" ConsentRenewed { consent_id "id" "The consent." } "Whoever had stopped notifications wants them again."
    "suppression.added" SuppressionAdded { suppression_id "id" "The suppression." } "Notifications no longer go to an address, since a mail came back from it."
    "suppression.lifted" SuppressionLifted { suppression_id "id" "The suppression, which is no more." } "Notifications go to an address again."
    "calendar_event.created" CalendarEventCreated { event_id "id" "The calendar's event." } "Something was planned with a company."
    "calendar_event.updated" CalendarEventUpdated { event_id "id" "The calendar's event." } "Something planned with a company changed."
    "calendar_event.archived" CalendarEventArchived { event_id "id" "The calendar's event." } "Something planned with a company was taken out of the calendar."
    "calendar_event.restored" CalendarEventRestored { event_id "id" "The calendar's event." } "Something was put back into the calendar."
    "subscription.created" SubscriptionCreated { subscription_id "id" "The subscription." } "A visitor subscribed to a portal's calendar."
    "subscription.revoked" SubscriptionRevoked { subscription_id "id" "The subscription." } "A visitor ended a subscription to a portal's calendar."
    "metric.created" MetricCreated { metric_id "id" "The metric." } "A metric was made."
    "metric.updated" MetricUpdated { metric_id "id" "The metric." } "A metric changed."
    "metric.archived" MetricArchived { metric_id "id" "The metric." } "A metric was archived."
    "metric.restored" MetricRestored { metric_id "id" "The metric." } "An archived metric was brought back."
    "metric.recorded" MetricRecorded { metric_id "id" "The metric." key_id "keyId" "The API key that recorded; null: a member did." } "Points of a metric were recorded."
    "dashboard.created" DashboardCreated { dashboard_id "id" "The dashboard." } "A dashboard was put together."
    "dashboard.updated" DashboardUpdated { dashboard_id "id" "The dashboard." } "A dashboard changed."
    "dashboard.archived" DashboardArchived { dashboard_id "id" "The dashboard." } "A dashboard was archived."
    "dashboard.restored" DashboardRestored { dashboard_id "id" "The dashboard." } "An archived dashboard was brought back."
    "portal_session.ended" PortalSessionEnded { session_id "id" "The session." link_id "linkId" "Its link." portal_id "portalId" "Its portal." } "Staff ended a visitor's session."
    "portal_session.named" PortalSessionNamed { session_id "id" "The session." } "A visitor said who they are."
}

/// Which events; a part left out does not narrow.
#[derive(Clone, Debug, Default, InputObject)]
pub struct StaffEventFilter {
    /// Events of these kinds.
    types: Option<Vec<StaffEventType>>,
    /// Events that concern this record.
    record_id: Option<RecordId>,
    /// Events that concern this company.
    company_id: Option<CompanyId>,
}

impl From<StaffEventFilter> for EventFilter {
    fn from(filter: StaffEventFilter) -> Self {
        let kinds = filter.types.map(|types| types.into_iter().map(|kind| kind.kind().to_owned()).collect());
        Self { kinds, record: filter.record_id, company: filter.company_id }
    }
}

/// News as staff are told of it.
pub fn told(news: &News, cursor: String) -> StaffEvent {
    let event = match &news.what {
        What::Event(event) => event.clone(),
        What::Resync { id, at } => Event {
            position: news.position,
            id: *id,
            kind: "resync".to_owned(),
            actor_member_id: None,
            actor_session_id: None,
            company_id: None,
            record_id: None,
            client_visible: false,
            payload: Value::Null,
            occurred_at: *at,
        },
        What::Shared(_) => unreachable!("staff read their own log"),
    };
    Entry { cursor, event }.into()
}

/// A page of the organisation's events, oldest first.
#[derive(SimpleObject)]
pub struct StaffEventConnection {
    /// The page's events, each with its cursor.
    edges: Vec<StaffEventEdge>,
    /// Where the page stands in the log.
    page_info: PageInfo,
}

/// One of the events of a page.
#[derive(SimpleObject)]
pub struct StaffEventEdge {
    /// Where the log stands after this event.
    cursor: String,
    /// The event itself.
    node: StaffEvent,
}

impl StaffEventConnection {
    fn of(events: Vec<(String, StaffEvent)>, has_next_page: bool, has_previous_page: bool) -> Self {
        let page_info = PageInfo {
            has_next_page,
            has_previous_page,
            start_cursor: events.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: events.last().map(|(cursor, _)| cursor.clone()),
        };
        Self {
            edges: events.into_iter().map(|(cursor, node)| StaffEventEdge { cursor, node }).collect(),
            page_info,
        }
    }
}

/// Reading the log.
#[derive(Default)]
pub struct EventQueries;

#[Object]
impl EventQueries {
    /// The cursor of the newest event that the caller may read. Who subscribes with it as `after` misses nothing that happens from
    /// now on, however long connecting takes.
    async fn event_cursor(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        Some(newest_cursor(ctx).await)
    }

    /// What happened, oldest first, for as long as events are kept. Without `after` from the oldest
    /// event that is kept; a cursor older than that is answered by one event `Resync`.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many at most, 1 to 100; 25 if left out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the event to go on after.")] after: Option<String>,
        #[graphql(desc = "Which events.")] filter: Option<StaffEventFilter>,
    ) -> Result<StaffEventConnection> {
        let reading = request(ctx).staff_for(ApiKeyScope::EventsRead).await?;
        let (tx, sealing) = (&reading.tx, &request(ctx).app.config.sealing);
        let key = CursorKey::Staff(tx.scope().org_id);
        let page: Page<()> = Page::parse(first, None).map_err(coded)?;
        let after = after.map(|cursor| key.open(sealing, &cursor)).transpose().map_err(coded)?;
        let filter = EventFilter::from(filter.unwrap_or_default());
        let horizon = events::horizon(tx).await.map_err(coded)?;
        let staff_event = |news: &News| {
            let cursor = key.seal(sealing, news.position);
            (cursor.clone(), told(news, cursor))
        };
        if after.is_some_and(|after| after < horizon.before_oldest) {
            let resync = News::resync(&request(ctx).app.clock, horizon.before_oldest);
            return Ok(StaffEventConnection::of(vec![staff_event(&resync)], true, true));
        }
        let position = after.unwrap_or(Position(0)).max(horizon.before_oldest);
        let found = events::after(tx, position, &filter, page.fetch()).await.map_err(coded)?;
        let rows = page.cut(found);
        let found = rows.rows.into_iter();
        let found = found.map(|event| staff_event(&News::of(event.position, What::Event(event))));
        Ok(StaffEventConnection::of(found.collect(), rows.more, after.is_some()))
    }
}

async fn newest_cursor(ctx: &Context<'_>) -> Result<String> {
    let reading = request(ctx).staff_for(ApiKeyScope::EventsRead).await?;
    let newest = events::newest_seen(&reading.tx).await.map_err(coded)?;
    let key = CursorKey::Staff(reading.tx.scope().org_id);
    Ok(key.seal(&request(ctx).app.config.sealing, newest))
}
