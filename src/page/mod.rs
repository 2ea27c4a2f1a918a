//! The portal page: from answers of the portal root to HTML. It holds its own GraphQL documents and
//! turns what they answer into words and markup; it has no privilege that a visitor's own client
//! would not have, and no way to the domain or the database. Not here: routes, headers and how the
//! documents are run; that is `http::portal`.

pub mod accent;
pub mod accounts;
mod activity;
pub mod assets;
mod calendar;
pub mod charts;
mod consents;
mod dashboards;
mod deliverables;
mod door;
mod doorway;
mod feedback;
pub mod files;
mod home;
mod mails;
mod messages;
mod record;
mod sections;
pub mod words;

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use crate::error::{DoorFace, Error, LINK_INACTIVE, Result};
pub use accent::readable_on;
pub use calendar::{Subscribing, Wanted as WantedMonth};
pub use consents::Asked;
pub use door::Prompt;
use doorway::Frame;
pub use feedback::Given;
pub use files::SentFiles;
pub use mails::{WrittenMail, mail, mails};
pub use messages::Typed;
use sections::Here;

/// The fragment `Doorway`, for documents that ask for it.
macro_rules! doorway {
    () => {
        include_str!("documents/fragments/doorway.graphql")
    };
}

/// The fragment `Around`: what every page of a portal asks for besides its own.
macro_rules! around {
    () => {
        concat!(include_str!("documents/fragments/around.graphql"), doorway!())
    };
}

/// The fragment `Message`, for documents that ask for it.
macro_rules! message {
    () => {
        include_str!("documents/fragments/thread.graphql")
    };
}

/// The fragment `File`, for documents that ask for files one by one.
macro_rules! one_file {
    () => {
        include_str!("documents/fragments/file.graphql")
    };
}

/// The fragment `Files`: a page of them.
macro_rules! files {
    () => {
        concat!(include_str!("documents/fragments/files.graphql"), one_file!())
    };
}

/// Reads what the home shows.
pub const HOME: &str = concat!(include_str!("documents/home.graphql"), doorway!());
/// Reads what a record's page shows; takes `$id`.
pub const RECORD: &str = concat!(include_str!("documents/record.graphql"), message!(), around!(), files!());
/// Reads files, and where visitors can send some; takes `$recordId` and `$after`, or neither.
pub const FILES: &str = concat!(include_str!("documents/files.graphql"), around!(), files!());
/// Reads what stands around every page of a portal.
pub const AROUND: &str = concat!(include_str!("documents/page.graphql"), around!());
/// Reads whose door it is, and nothing behind it.
pub const DOORWAY: &str = concat!(include_str!("documents/doorway.graphql"), doorway!());

/// Reads the list of threads; takes `$after`.
pub const THREADS: &str = concat!(include_str!("documents/threads.graphql"), message!(), around!());
/// Reads a thread; takes `$id` and `$after`.
pub const THREAD: &str = concat!(include_str!("documents/thread.graphql"), message!(), around!());
/// Writes in a thread; takes `$input`.
pub const POST_MESSAGE: &str = include_str!("documents/message-post.graphql");
/// Reads what the page of a deliverable shows; takes `$id`.
pub const DELIVERABLE: &str = concat!(include_str!("documents/deliverable.graphql"), one_file!(), around!());
/// Decides of a version; takes `$input`.
pub const DECIDE_DELIVERABLE: &str = include_str!("documents/deliverable-decide.graphql");
/// Reads a decision with its receipt; takes `$id`.
pub const RECEIPT: &str = concat!(include_str!("documents/receipt.graphql"), around!());
/// Reads what happened lately; takes `$after`.
pub const ACTIVITY: &str = concat!(include_str!("documents/activity.graphql"), around!());
/// Reads what feedback can be about.
pub const FEEDBACK: &str = concat!(include_str!("documents/feedback.graphql"), around!());
/// Gives feedback; takes `$input`.
pub const GIVE_FEEDBACK: &str = include_str!("documents/feedback-give.graphql");
/// Reads one file; takes `$id`.
pub const FILE: &str = concat!(include_str!("documents/file.graphql"), one_file!(), around!());

/// Says that something changed of what the portal shows.
pub const EVENTS: &str = include_str!("documents/events.graphql");

/// Opens the door; takes `$input`.
pub const OPEN: &str = include_str!("documents/open.graphql");
/// Asks for a way around a locked door; takes `$input`.
pub const BYPASS: &str = include_str!("documents/bypass.graphql");
/// Asks for a fresh link; takes `$input`.
pub const FRESH: &str = include_str!("documents/fresh.graphql");
/// Reads what can be asked for by mail, and what was.
pub const NOTIFICATIONS: &str = concat!(include_str!("documents/notifications.graphql"), around!());
/// Asks for notifications; takes `$input`, as the two below do.
pub const REQUEST_NOTIFICATIONS: &str = include_str!("documents/notifications-request.graphql");
/// Changes the topics of a consent of this visitor's.
pub const CHANGE_NOTIFICATIONS: &str = include_str!("documents/notifications-change.graphql");
/// Stops the mail of a consent of this visitor's.
pub const WITHDRAW_NOTIFICATIONS: &str = include_str!("documents/notifications-withdraw.graphql");

/// Reads the dashboards.
pub const DASHBOARDS: &str = concat!(include_str!("documents/dashboards.graphql"), around!());
/// Reads a month; takes `$from` and `$to`.
pub const CALENDAR: &str = concat!(include_str!("documents/calendar.graphql"), around!());
/// Makes an address for calendar programs.
pub const SUBSCRIBE_TO_CALENDAR: &str = include_str!("documents/calendar-subscribe.graphql");
/// Ends one of this visitor's; takes `$input`.
pub const UNSUBSCRIBE_FROM_CALENDAR: &str = include_str!("documents/calendar-unsubscribe.graphql");

/// Reads what a mailed link is about; takes `$token`.
pub const CONSENT: &str = include_str!("documents/consent.graphql");
/// Says yes to notifications; takes `$input`, as the three below do.
pub const CONFIRM_CONSENT: &str = include_str!("documents/consent-confirm.graphql");
/// Chooses other topics.
pub const CHANGE_CONSENT: &str = include_str!("documents/consent-change.graphql");
/// Stops every notification of the organisation.
pub const WITHDRAW_CONSENT: &str = include_str!("documents/consent-withdraw.graphql");
/// Takes that back.
pub const RENEW_CONSENT: &str = include_str!("documents/consent-renew.graphql");

/// Ends the visitor's session.
pub const LEAVE: &str = include_str!("documents/leave.graphql");

/// Where and when a page is read.
#[derive(Clone, Debug)]
pub struct Visit<'a> {
    /// What stands before the token in addresses: `/portal`, or `/preview` for staff.
    pub entrance: &'a str,
    /// The link's token: pages of the portal link to each other with it.
    pub token: &'a str,
    /// The present moment.
    pub now: DateTime<Utc>,
    /// How the visitor came in; none for a preview, which has no session to leave.
    pub inside: Option<Inside>,
}

/// How a visitor came in, for the line that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// The link was enough.
    ByLink,
    /// With its access code.
    ByCode,
    /// As who they proved to be (DOOR-6).
    ByAddress,
}

impl Inside {
    fn words(self) -> &'static str {
        match self {
            Self::ByLink => "Opened by link",
            Self::ByCode => "Opened with the access code",
            Self::ByAddress => "Signed in",
        }
    }

    /// Whether there is a list of doors to go back to (DOOR-7).
    fn switches(self) -> bool {
        self == Self::ByAddress
    }
}

impl Visit<'_> {
    /// Path of the home.
    fn home(&self) -> String {
        format!("{}/{}", self.entrance, self.token)
    }
}

/// What stands before a door with an access code.
pub fn door(face: &DoorFace, visit: &Visit<'_>, prompt: Prompt) -> Result<String> {
    write(&door::DoorPage::new(face, visit, prompt))
}

/// The home, from the answer to [`HOME`].
pub fn home(data: Value, visit: &Visit<'_>) -> Result<String> {
    let Root { portal } = read::<Root<home::Answer>>(data)?;
    write(&home::HomePage::new(portal, visit))
}

/// A record's page, from the answer to [`RECORD`], with what was typed into the form of its thread; none if
/// the portal shows no such record.
pub fn record(data: Value, visit: &Visit<'_>, typed: Typed) -> Result<Option<String>> {
    let Root { portal } = read::<Root<record::Answer>>(data)?;
    record::RecordPage::new(portal, visit, typed).map(|page| write(&page)).transpose()
}

/// The list of threads, from the answer to [`THREADS`].
pub fn threads(data: Value, visit: &Visit<'_>) -> Result<String> {
    let Root { portal } = read::<Root<messages::ThreadsAnswer>>(data)?;
    write(&messages::ThreadsPage::new(portal, visit))
}

/// A thread, from the answer to [`THREAD`]; none if the portal shows no such thread.
pub fn thread(data: Value, visit: &Visit<'_>, typed: Typed) -> Result<Option<String>> {
    let Root { portal } = read::<Root<messages::ThreadPageAnswer>>(data)?;
    messages::ThreadPage::new(portal, visit, typed).map(|page| write(&page)).transpose()
}

/// The page of a deliverable, from the answer to [`DELIVERABLE`]; none if the portal shows no such one.
pub fn deliverable(data: Value, visit: &Visit<'_>, typed: Typed) -> Result<Option<String>> {
    let Root { portal } = read::<Root<deliverables::Answer>>(data)?;
    deliverables::DeliverablePage::new(portal, visit, typed).map(|page| write(&page)).transpose()
}

/// A receipt to print, from the answer to [`RECEIPT`]; none if the portal shows no such decision.
pub fn receipt(data: Value, visit: &Visit<'_>) -> Result<Option<String>> {
    let Root { portal } = read::<Root<deliverables::ReceiptAnswer>>(data)?;
    deliverables::ReceiptPage::new(portal, visit).map(|page| write(&page)).transpose()
}

/// What happened lately, from the answer to [`ACTIVITY`]; none where the portal does not show it.
pub fn activity(data: Value, visit: &Visit<'_>) -> Result<Option<String>> {
    let Root { portal } = read::<Root<activity::Answer>>(data)?;
    activity::ActivityPage::new(portal, visit).map(|page| write(&page)).transpose()
}

/// The form of feedback, from the answer to [`FEEDBACK`]; none where the portal takes none.
pub fn feedback(data: Value, visit: &Visit<'_>, given: Given) -> Result<Option<String>> {
    let Root { portal } = read::<Root<feedback::Answer>>(data)?;
    feedback::FeedbackPage::new(portal, visit, given).map(|page| write(&page)).transpose()
}

/// The files, from the answer to [`FILES`]; none where the portal shows no files. `asked` is the record
/// that they are narrowed to, and what the form held.
pub fn files(data: Value, visit: &Visit<'_>, asked: (Option<String>, SentFiles)) -> Result<Option<String>> {
    let Root { portal } = read::<Root<files::Answer>>(data)?;
    files::FilesPage::new(portal, visit, asked).map(|page| write(&page)).transpose()
}

/// One file in its place, from the answer to [`FILE`]; none if there is none, or browsers do not show it.
pub fn file(data: Value, visit: &Visit<'_>) -> Result<Option<String>> {
    let Root { portal } = read::<Root<files::ViewAnswer>>(data)?;
    files::ViewPage::new(portal, visit).map(|page| write(&page)).transpose()
}

/// Notifications within the portal, from the answer to [`NOTIFICATIONS`].
pub fn notifications(data: Value, visit: &Visit<'_>, asked: Asked) -> Result<String> {
    let Root { portal } = read::<Root<consents::Answer>>(data)?;
    write(&consents::NotificationsPage::new(portal, visit, asked))
}

/// The dashboards, from the answer to [`DASHBOARDS`]; none if the portal shows none.
pub fn dashboards(data: Value, visit: &Visit<'_>) -> Result<Option<String>> {
    let Root { portal } = read::<Root<dashboards::Answer>>(data)?;
    dashboards::DashboardsPage::new(portal, visit)?.map(|page| write(&page)).transpose()
}

/// The calendar, from the answer to [`CALENDAR`]; none if the portal shows none.
pub fn calendar(
    data: Value,
    visit: &Visit<'_>,
    wanted: WantedMonth,
    subscribing: Subscribing,
) -> Result<Option<String>> {
    let Root { portal } = read::<Root<calendar::Answer>>(data)?;
    calendar::CalendarPage::new(portal, visit, wanted, subscribing).map(|page| write(&page)).transpose()
}

/// What a mailed link leads to, from the answer to [`CONSENT`].
pub fn consent(
    data: Value,
    token: &str,
    told: Option<&'static str>,
    trouble: Option<String>,
) -> Result<String> {
    let ConsentAnswer { access: Consents { consent } } = read(data)?;
    let here = format!("/notifications/{token}");
    write(&consents::ConsentPage::new(consent, here, told, trouble))
}

/// "Nothing here", in the portal's look, from the answer to [`AROUND`] or another page's.
pub fn missing(data: Value, visit: &Visit<'_>) -> Result<String> {
    let Root { portal } = read::<Root<doorway::Answer>>(data)?;
    write(&MissingPage { frame: Frame::new(portal, Here::Elsewhere, visit) })
}

/// A page before any door.
pub fn account(step: accounts::Step, trouble: Option<String>) -> Result<String> {
    write(&accounts::AccountPage::new(step, trouble))
}

/// The invitation, from the answer to [`accounts::INVITATION`].
pub fn invitation(mut data: Value) -> Result<accounts::Invitation> {
    read(data["access"]["readInvitation"].take())
}

/// The doors, from the answer to [`accounts::DOORS`].
pub fn doors(mut data: Value, now: DateTime<Utc>) -> Result<accounts::Step> {
    let doors: Vec<accounts::Door> = read(data["access"]["readDoors"]["doors"].take())?;
    let sessions = read(data["access"]["readVisitorSessions"]["sessions"].take())?;
    Ok(accounts::Step::Doors { hosts: accounts::Host::each(doors), sessions, now })
}

/// The one answer of LINK-5. It wears nobody's look, so that it tells nothing, and offers everybody a
/// fresh link (LINK-10).
pub fn inactive() -> Result<String> {
    write(&InactivePage { text: LINK_INACTIVE, version: assets::version() })
}

/// Somebody asked for a fresh link; says the same whatever there is (LINK-10).
pub fn fresh_link_asked() -> Result<String> {
    write(&NoticePage {
        title: "Look into your mail",
        heading: "Look into your mail",
        text: "If this link was made for somebody and its portal is still open, a fresh one is on its way to \
               their address. If no mail comes, contact the organisation that shared it with you.",
        version: assets::version(),
    })
}

/// The session is over, and nothing of the portal shows any more (DOOR-4).
pub fn signed_out() -> Result<String> {
    write(&NoticePage {
        title: "Signed out",
        heading: "You have signed out",
        text: "To come back, open the link that was shared with you.",
        version: assets::version(),
    })
}

/// A form that another site sent.
pub fn foreign() -> Result<String> {
    write(&NoticePage {
        title: "Not sent from here",
        heading: "That did not come from this page",
        text: "Open the link that was shared with you, and try again there.",
        version: assets::version(),
    })
}

/// The service cannot answer now.
pub fn unavailable() -> Result<String> {
    write(&NoticePage {
        title: "One moment please",
        heading: "One moment please",
        text: "We cannot show this page right now. Please try again in a few seconds; nothing is lost.",
        version: assets::version(),
    })
}

/// A defect of ours.
pub fn broken() -> Result<String> {
    write(&NoticePage {
        title: "Something went wrong",
        heading: "Something went wrong on our side",
        text: "Please try again in a little while. If it happens again, tell the organisation that shared the link with you.",
        version: assets::version(),
    })
}

#[derive(serde::Deserialize)]
struct Root<T> {
    portal: T,
}

#[derive(serde::Deserialize)]
struct ConsentAnswer {
    access: Consents,
}

#[derive(serde::Deserialize)]
struct Consents {
    consent: consents::Consent,
}

/// A sentence on a neutral page.
#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage {
    title: &'static str,
    heading: &'static str,
    text: &'static str,
    version: &'static str,
}

/// A door that is closed.
#[derive(Template)]
#[template(path = "inactive.html")]
struct InactivePage {
    text: &'static str,
    version: &'static str,
}

/// What is not, or not for this portal, in its look.
#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage {
    frame: Frame,
}

fn read<T: serde::de::DeserializeOwned>(data: Value) -> Result<T> {
    serde_json::from_value(data).map_err(Error::internal)
}

fn write(page: &impl Template) -> Result<String> {
    page.render().map_err(Error::internal)
}

/// "3 files", "1 file".
fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A day with its words.
#[derive(Debug)]
struct Day {
    /// For machines.
    iso: String,
    /// For people: "4 December".
    text: String,
    /// Seen from today, where that helps: "in 5 days".
    away: Option<String>,
}

impl Day {
    fn new(date: NaiveDate, today: NaiveDate) -> Self {
        Self { iso: date.to_string(), text: words::day(date, today), away: words::away(date, today) }
    }
}
