//! The staff root: one file a feature. Everything here reads and writes as `app_staff`.

pub mod accounts;
pub mod activity;
pub mod api_keys;
pub mod audit;
pub mod calendar;
pub mod comments;
pub mod companies;
pub mod consents;
pub mod contacts;
pub mod dashboards;
pub mod deliverables;
pub mod events;
pub mod files;
pub mod invitations;
mod mail_places;
pub mod mails;
pub mod member_invitations;
pub mod members;
pub mod messages;
pub mod metrics;
pub mod organizations;
pub mod portals;
pub mod record_types;
pub mod records;
pub mod sign_in_providers;
pub mod staff_sessions;
pub mod storages;
mod subjects;
pub mod suppressions;
pub mod tasks;
pub mod webhooks;

use async_graphql::MergedObject;

/// What members of an organisation read. Of it, API keys with EVENTS_READ read `events`; with
/// RECORDS_READ companies, record types and records, and what these hold but people.
#[derive(Default, MergedObject)]
pub struct StaffQuery(
    api_keys::ApiKeyQueries,
    audit::AuditQueries,
    calendar::StaffCalendarQueries,
    comments::CommentQueries,
    companies::CompanyQueries,
    consents::StaffConsentQueries,
    contacts::ContactQueries,
    dashboards::StaffDashboardQueries,
    deliverables::StaffDeliverableQueries,
    events::EventQueries,
    files::StaffFileQueries,
    invitations::InvitationQueries,
    mails::MailQueries,
    member_invitations::MemberInvitationQueries,
    members::MemberQueries,
    messages::StaffMessageQueries,
    metrics::MetricQueries,
    organizations::OrganizationQueries,
    portals::PortalQueries,
    portals::ExposureQueries,
    portals::PortalSessionQueries,
    record_types::RecordTypeQueries,
    records::StaffRecordQueries,
    sign_in_providers::SignInProviderQueries,
    staff_sessions::StaffSessionQueries,
    storages::StorageQueries,
    suppressions::SuppressionQueries,
    tasks::TaskQueries,
    webhooks::WebhookQueries,
);

/// What members of an organisation change. Its fields run one after another. Of it, API keys with
/// METRICS_WRITE call `recordMetricPoints`, and with ACTIVITY_WRITE `appendActivity`.
#[derive(Default, MergedObject)]
#[graphql(serial)]
pub struct StaffMutation(
    accounts::AccountMutations,
    activity::ActivityMutations,
    api_keys::ApiKeyMutations,
    calendar::StaffCalendarMutations,
    comments::CommentMutations,
    companies::CompanyMutations,
    contacts::ContactMutations,
    dashboards::DashboardMutations,
    files::StaffFileMutations,
    deliverables::StaffDeliverableMutations,
    invitations::InvitationMutations,
    mails::MailMutations,
    member_invitations::MemberInvitationMutations,
    members::MemberMutations,
    messages::StaffMessageMutations,
    metrics::MetricMutations,
    organizations::OrganizationMutations,
    portals::PortalMutations,
    portals::PortalSessionMutations,
    portals::PreviewMutations,
    portals::SharingMutations,
    record_types::RecordTypeMutations,
    record_types::StageMutations,
    record_types::FieldMutations,
    records::RecordMutations,
    records::MilestoneMutations,
    sign_in_providers::SignInProviderMutations,
    staff_sessions::StaffSessionMutations,
    storages::StorageMutations,
    suppressions::SuppressionMutations,
    tasks::TaskMutations,
    webhooks::WebhookMutations,
);
