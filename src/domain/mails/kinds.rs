//! Every kind of mail there is. A new one gets a name here, a composer in its feature, words in
//! `src/letters/words`, and a sample in the test of all letters.

use async_graphql::Enum;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a mail is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Enum)]
        pub enum MailKind {
            $($(#[$doc])* $name,)*
        }

        impl MailKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As the outbox has it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// An invitation to a portal account (INV-3), to the contact.
    Invitation = "mail.invitation",
    /// An invitation of a colleague (ORG-3), to them.
    MemberInvitation = "mail.member_invitation",
    /// A way to a new password (ORG-2), to who has the address.
    PasswordReset = "mail.password_reset",
    /// A way in for the browser that asked (DOOR-6, DOOR-7), to who has the address.
    SignInLink = "mail.sign_in_link",
    /// A portal's link, shared by staff (LINK-8), to the contact.
    PortalLink = "mail.portal_link",
    /// A fresh link for who held a dead one (LINK-10), to its recipient.
    FreshLink = "mail.fresh_link",
    /// A link was viewed for the first time (LINK-6), to the portal's maker.
    FirstView = "mail.first_view",
    /// A way around a door that strangers have locked (DOOR-3), to the link's recipient.
    DoorBypass = "mail.door_bypass",
    /// A delivery to a webhook endpoint was given up (EVT-7), to the owners.
    WebhookParked = "mail.webhook_parked",
    /// A webhook endpoint is gone and was switched off (EVT-7), to the owners.
    WebhookGone = "mail.webhook_gone",
    /// A visitor asked to be notified at an address (NOTE-1), to that address.
    Consent = "mail.consent",
    /// A visitor asked for an address that gets notifications already. Queued as `CONSENT`.
    ConsentStands = "mail.consent_stands",
    /// A notification (NOTE-2), to whoever asked for it: what of, its composer finds.
    News = "mail.notification",
    /// A record stands elsewhere. Queued as `NEWS`.
    StatusNews = "mail.status_news",
    /// Staff wrote in a record's thread. Queued as `NEWS`.
    RepliesNews = "mail.replies_news",
    /// Something waits for the client's word. Queued as `NEWS`.
    ReviewsNews = "mail.reviews_news",
    /// An invoice was sent, or is due. Queued as `NEWS`.
    InvoicesNews = "mail.invoices_news",
    /// A client did something (MSG-2), to members: what, its composer finds.
    TeamNotice = "mail.team_notice",
    /// A client wrote in a record's thread. Queued as `TEAM_NOTICE`.
    ClientMessage = "mail.client_message",
    /// A client gave feedback (MSG-3). Queued as `TEAM_NOTICE`.
    ClientFeedback = "mail.client_feedback",
    /// A client sent a file (FILE-2), to the owner and the watchers of its record. Queued as `TEAM_NOTICE`.
    FileUploaded = "mail.file_uploaded",
    /// A client decided of a deliverable (DEL-3). Queued as `TEAM_NOTICE`.
    ClientDecision = "mail.client_decision",
}

impl MailKind {
    /// The kind of an outbox row.
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// Kinds as the outbox has them. Rows of other kinds are for workers that know them: those of
    /// the next release, while both run.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|kind| kind.as_str()).collect()
    }
}
