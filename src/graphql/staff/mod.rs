//! The staff root: one file a feature. Everything here reads and writes as `app_staff`.

pub mod companies;
pub mod portals;
pub mod record_types;

use async_graphql::MergedObject;

/// What members of an organisation read.
#[derive(Default, MergedObject)]
pub struct StaffQuery(companies::CompanyQueries, portals::PortalQueries, record_types::RecordTypeQueries);

/// What members of an organisation change. Its fields run one after another.
#[derive(Default, MergedObject)]
#[graphql(serial)]
pub struct StaffMutation(
    companies::CompanyMutations,
    portals::PortalMutations,
    record_types::RecordTypeMutations,
    record_types::StageMutations,
    record_types::FieldMutations,
);
