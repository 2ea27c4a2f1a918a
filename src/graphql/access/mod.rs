//! What an anonymous caller may do: sign up, sign in, open a portal, accept an invitation, follow a
//! mailed link. One file a feature.

mod accounts;
mod address_proofs;
mod consents;
mod member_invitations;
mod organizations;
mod portals;
mod sign_in_providers;
mod staff_sessions;
mod visitor_sessions;

use async_graphql::MergedObject;

/// Needs no caller.
#[derive(Default, MergedObject)]
pub struct AccessQuery(consents::ConsentAccessQueries);

/// Needs no caller. Its fields run one after another.
#[derive(Default, MergedObject)]
#[graphql(serial)]
pub struct AccessMutation(
    organizations::OrganizationAccess,
    staff_sessions::StaffAccess,
    sign_in_providers::ProviderAccess,
    member_invitations::MemberInvitationAccess,
    address_proofs::AddressProofAccess,
    accounts::AccountAccess,
    visitor_sessions::VisitorSessionAccess,
    portals::PortalAccess,
    consents::ConsentAccess,
);
