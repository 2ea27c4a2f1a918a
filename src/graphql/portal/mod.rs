//! The portal root: everything a client can reach is in this one folder. It reads as `app_portal`;
//! nothing of the staff root compiles here.

mod activity;
mod consents;
mod deliverables;
mod doorway;
pub mod events;
mod feedback;
mod home;
mod messages;
mod records;
mod sections;
mod visitors;

use async_graphql::MergedObject;

/// What a portal shows.
#[derive(Default, MergedObject)]
pub struct PortalQuery(
    activity::ActivityQueries,
    consents::ConsentQueries,
    deliverables::DeliverableQueries,
    doorway::DoorwayQueries,
    feedback::FeedbackQueries,
    home::HomeQueries,
    messages::MessageQueries,
    records::RecordQueries,
    sections::SectionQueries,
    visitors::VisitorQueries,
);

/// What a portal's visitor may do. Its fields run one after another.
#[derive(Default, MergedObject)]
#[graphql(serial)]
pub struct PortalMutation(
    consents::ConsentMutations,
    deliverables::DeliverableMutations,
    doorway::DoorwayMutations,
    feedback::FeedbackMutations,
    messages::MessageMutations,
    visitors::VisitorMutations,
);
