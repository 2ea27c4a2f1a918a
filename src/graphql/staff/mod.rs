//! The staff root: one file a feature. Everything here reads and writes as `app_staff`.

pub mod companies;
pub mod portals;

use async_graphql::MergedObject;

/// What members of an organisation read.
#[derive(Default, MergedObject)]
pub struct StaffQuery(companies::CompanyQueries, portals::PortalQueries);

/// What members of an organisation change. Its fields run one after another.
#[derive(Default, MergedObject)]
#[graphql(serial)]
pub struct StaffMutation(companies::CompanyMutations, portals::PortalMutations);
