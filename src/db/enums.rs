//! The closed sets of the schema: text with a check in Postgres, an enum here and in GraphQL.
//! One declaration serves all three; its comments are the GraphQL descriptions.

use async_graphql::Enum;
use diesel::deserialize::FromSqlRow;
use diesel::deserialize::{self, FromSql};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::Text;
use std::io::Write;

macro_rules! text_enums {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, AsExpression, FromSqlRow)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[diesel(sql_type = Text)]
        pub enum $name {
            $($(#[$value_doc])* #[serde(rename = $text)] #[graphql(name = $text)] $value,)*
        }

        impl $name {
            /// Every value, in the order people expect.
            pub const ALL: &'static [Self] = &[$(Self::$value),*];

            /// The value as Postgres and GraphQL write it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.as_str().as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl FromSql<Text, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                match value.as_bytes() {
                    $(bytes if bytes == $text.as_bytes() => Ok(Self::$value),)*
                    _ => Err(concat!("not a ", stringify!($name)).into()),
                }
            }
        }
    )*};
}

text_enums! {
    /// A member's role (ORG-3).
    Role {
        /// Holds every permission and owns the organisation.
        Owner = "OWNER",
        /// Holds every permission.
        Admin = "ADMIN",
        /// Holds the permissions that were granted.
        Member = "MEMBER",
    }
    /// What a member may do (ORG-3). OWNER and ADMIN hold all of them.
    Permission {
        /// Make, change, rotate and revoke portals. Cannot be granted to a MEMBER.
        PortalsManage = "PORTALS_MANAGE",
        /// Invite contacts.
        ClientsInvite = "CLIENTS_INVITE",
        /// Make and send invoices.
        BillingManage = "BILLING_MANAGE",
        /// Change the organisation's settings, record types, stages and fields.
        SettingsManage = "SETTINGS_MANAGE",
        /// Make and change companies, contacts and records.
        RecordsWrite = "RECORDS_WRITE",
    }
    /// What an API key may do (EVT-6).
    ApiKeyScope {
        /// Read the event log, and be told of what is added to it.
        EventsRead = "EVENTS_READ",
        /// Read companies, record types and records with their milestones.
        RecordsRead = "RECORDS_READ",
        /// Record points of metrics.
        MetricsWrite = "METRICS_WRITE",
        /// Tell clients of things in their activity.
        ActivityWrite = "ACTIVITY_WRITE",
    }
    /// How far an event has come on its way to a webhook endpoint (EVT-7).
    WebhookDeliveryState {
        /// On its way, or waiting for the next try.
        Pending = "PENDING",
        /// Taken: answered with a 2xx.
        Delivered = "DELIVERED",
        /// Given up.
        Parked = "PARKED",
    }
    /// Why a webhook endpoint is off.
    WebhookDisabledFor {
        /// Staff switched it off.
        Staff = "STAFF",
        /// It answered 410.
        Gone = "GONE",
    }
    /// What became of a mail (NOTE-4).
    MailState {
        /// Waits for its turn, or for the next try.
        Waiting = "WAITING",
        /// Handed over to the mail server.
        Sent = "SENT",
        /// When its turn came, there was nothing to send any more.
        Dropped = "DROPPED",
        /// Given up.
        Parked = "PARKED",
    }
    /// What clients can be mailed about (NOTE-1).
    NotificationTopic {
        /// A record has moved to another stage, or its client-facing status has changed.
        Status = "STATUS",
        /// Staff have written in a record's thread.
        Replies = "REPLIES",
        /// A deliverable waits for the client's word.
        Reviews = "REVIEWS",
        /// An invoice was sent, or is overdue.
        Invoices = "INVOICES",
    }
    /// How far a consent to be mailed has come (NOTE-1).
    ConsentState {
        /// The address was asked, and has not answered.
        Requested = "REQUESTED",
        /// Its reader has confirmed.
        Confirmed = "CONFIRMED",
        /// Its reader has stopped the mail.
        Withdrawn = "WITHDRAWN",
        /// It was not confirmed within 7 days.
        Lapsed = "LAPSED",
    }
    /// Why notifications no longer go to an address (NOTE-2).
    SuppressionReason {
        /// A mail to it came back for good.
        Bounce = "BOUNCE",
        /// Its reader called a mail spam.
        Complaint = "COMPLAINT",
    }
    /// A language that mails are written in.
    Language {
        /// English.
        English = "EN",
        /// German.
        German = "DE",
    }
    /// An organisation's plan (PLAN-1).
    Plan {
        /// Progress, read-only approvals, payments, logo and colour.
        Starter = "STARTER",
        /// Interactive approvals, custom domain, full branding, feedback.
        Growth = "GROWTH",
        /// Everything.
        Scale = "SCALE",
    }
    /// How far a contact has come on the way to a portal account (INV-1).
    ContactStatus {
        /// Has no account and no pending invitation.
        NotInvited = "NOT_INVITED",
        /// Has a pending invitation.
        Invited = "INVITED",
        /// Has an account.
        Onboarded = "ONBOARDED",
    }
    /// What clients see of a stage (REC-7).
    ClientPhase {
        /// Being planned.
        Planning = "PLANNING",
        /// Planned and dated.
        Scheduled = "SCHEDULED",
        /// Being worked on.
        InProgress = "IN_PROGRESS",
        /// Waiting for the client's word.
        InReview = "IN_REVIEW",
        /// Done and handed over.
        Delivered = "DELIVERED",
    }
    /// Which values a custom field takes (REC-2).
    FieldKind {
        /// Up to 2,000 characters.
        Text = "TEXT",
        /// A number.
        Number = "NUMBER",
        /// An amount and a currency: `{"amount": "12.50", "currency": "EUR"}`.
        Money = "MONEY",
        /// A day: `2026-11-22`.
        Date = "DATE",
        /// True or false.
        Boolean = "BOOLEAN",
        /// One of the definition's options.
        Select = "SELECT",
        /// An absolute http or https address.
        Url = "URL",
    }
    /// A built-in field that a record type can share with clients (REC-3). The name always shows.
    SharedField {
        /// The client phase, or the stage where the type shows stage names.
        Phase = "PHASE",
        /// The client-facing status.
        Status = "STATUS",
        /// The description.
        Description = "DESCRIPTION",
        /// The percentage done.
        Progress = "PROGRESS",
        /// The milestones with their completion.
        Milestones = "MILESTONES",
        /// First and last day, and the milestones' days.
        Deadlines = "DEADLINES",
    }
    /// Which side a message comes from (MSG-1).
    SenderType {
        /// A member of the organisation.
        Staff = "STAFF",
        /// A client, through a portal.
        Client = "CLIENT",
    }
    /// What became of a version of a deliverable (DEL-1).
    Approval {
        /// Nobody has decided yet.
        Pending = "PENDING",
        /// The client approved it.
        Approved = "APPROVED",
        /// The client wants another version.
        RevisionRequested = "REVISION_REQUESTED",
        /// The client does not want it.
        Rejected = "REJECTED",
    }
    /// What a client decides of a version (DEL-3).
    Verdict {
        /// It is good.
        Approved = "APPROVED",
        /// There is to be another version.
        RevisionRequested = "REVISION_REQUESTED",
        /// It is not wanted.
        Rejected = "REJECTED",
    }
    /// How a portal session was opened (DOOR-4).
    PortalSessionKind {
        /// With `access.openPortal`, by who builds their own page.
        Api = "API",
        /// In a browser, which keeps it in a cookie.
        Page = "PAGE",
    }
    /// What a widget of a dashboard looks like (DASH-2).
    WidgetKind {
        /// One number, large.
        Number = "NUMBER",
        /// How much of a target is reached.
        Progress = "PROGRESS",
        /// Values over time, as a line.
        Line = "LINE",
        /// Values beside each other, as bars.
        Bar = "BAR",
        /// Values in rows.
        Table = "TABLE",
        /// Plain text.
        Text = "TEXT",
    }
    /// What the service knows by itself, for widgets (DASH-2).
    BuiltInMetric {
        /// How many shared records stand at each stage, or in each phase. For BAR and TABLE.
        RecordsByStage = "RECORDS_BY_STAGE",
        /// How many shared records are not delivered yet. For NUMBER.
        ActiveRecords = "ACTIVE_RECORDS",
        /// Of the milestones reached that had a day, how many of a hundred were reached by it. For NUMBER
        /// and PROGRESS.
        OnTimeMilestones = "ON_TIME_MILESTONES",
        /// How many visible deliverables wait for the client's word, and of how many the client approved,
        /// asked for changes or rejected: each by its current version. For BAR and TABLE.
        Approvals = "APPROVALS",
    }
    /// Which side brought a file.
    UploaderType {
        /// A member of the organisation.
        Staff = "STAFF",
        /// A visitor of a portal.
        Client = "CLIENT",
    }
    /// A section that a portal can show (LINK-1).
    PortalMode {
        /// Dashboards that staff built.
        Dashboard = "DASHBOARD",
        /// Files marked shared.
        Files = "FILES",
        /// What happened lately.
        Activity = "ACTIVITY",
        /// Records and their deliverables.
        Records = "RECORDS",
        /// The thread of each record.
        Messages = "MESSAGES",
        /// Invoices, proposals and tickets.
        Billing = "BILLING",
        /// Events and milestones by day.
        Calendar = "CALENDAR",
        /// Feedback that becomes a task.
        Feedback = "FEEDBACK",
    }
}

impl Language {
    /// Its code in HTML and in headers.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}
