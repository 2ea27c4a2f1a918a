//! The portal root: everything a client can reach is in this one folder. It reads as `app_portal`;
//! nothing of the staff root compiles here.

mod activity;
mod calendar;
mod consents;
mod dashboards;
mod deliverables;
mod doorway;
pub mod events;
mod feedback;
mod files;
mod home;
mod messages;
mod records;
mod sections;
mod visitors;

use async_graphql::{Context, MergedObject};

use crate::domain::prefetch::Prefetch;

/// What of a portal can be read in one round trip with it.
pub fn prefetch(ctx: &Context<'_>) -> Prefetch {
    let portal = ctx.look_ahead();
    Prefetch { home: portal.field("home").exists(), counting: sections::counting_asked_for(&portal) }
}

/// What a portal shows.
#[derive(Default, MergedObject)]
pub struct PortalQuery(
    activity::ActivityQueries,
    calendar::CalendarQueries,
    consents::ConsentQueries,
    dashboards::DashboardQueries,
    deliverables::DeliverableQueries,
    doorway::DoorwayQueries,
    feedback::FeedbackQueries,
    files::FileQueries,
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
    calendar::CalendarMutations,
    consents::ConsentMutations,
    deliverables::DeliverableMutations,
    doorway::DoorwayMutations,
    feedback::FeedbackMutations,
    messages::MessageMutations,
    files::FileMutations,
    visitors::VisitorMutations,
);
