//! Every letter there is, in every language, written once: its words, and that nothing of anybody's
//! becomes markup.

use chrono::DateTime;
use vestibule::db::enums::Language;
use vestibule::domain::mails::{Budget, House, Letter, MailAddress, MailKind, Reader, Unsubscribe};
use vestibule::letters::{self, Rendered};

fn house() -> House {
    House {
        name: "Studio <b>Acme</b>".into(),
        time_zone: "Europe/Berlin".into(),
        portal_enabled: true,
        accent_color: "#2f5d8a".into(),
        website: Some("https://acme.example".into()),
        support_email: Some("help@acme.example".into()),
        postal_address: Some("Long Lane 5\nTrier".into()),
        language: Language::English,
    }
}

fn letter(kind: MailKind, language: Language) -> Letter {
    let address = MailAddress::parse("ada@client.example").unwrap();
    Letter {
        kind,
        house: house(),
        reader: Reader { address, name: Some("Ada".into()), language },
        facts: Vec::new(),
        button: None,
        quote: None,
        budget: Budget::Free,
        unsubscribe: None,
    }
}

/// A letter of each kind with all that its composer gives it.
fn sample(kind: MailKind, language: Language) -> Letter {
    let letter = letter(kind, language);
    let url = |path: &str| format!("https://portal.example{path}");
    match kind {
        MailKind::Invitation => letter
            .with("inviter", "Kim")
            .with("company", "Client & Sons")
            .with("until", DateTime::from_timestamp(1_796_425_200, 0).unwrap())
            .button(url("/invitation/vi_x")),
        MailKind::MemberInvitation => letter
            .with("inviter", "Kim")
            .with("until", DateTime::from_timestamp(1_796_425_200, 0).unwrap())
            .button(url("/join/vm_x")),
        MailKind::PasswordReset => letter.button(url("/portal/password/vr_x")),
        MailKind::SignInLink => letter.button(url("/portal/sign-in/link/vl_x")),
        MailKind::PortalLink => letter.with("portal", "<i>New site</i>").button(url("/portal/x")),
        MailKind::FreshLink => letter.with("portal", "New site").button(url("/portal/x")),
        MailKind::FirstView => letter.with("portal", "Internal label").with("recipient", "Ada"),
        MailKind::DoorBypass => letter.with("portal", "New site").button(url("/portal/x/bypass/vb_x")),
        MailKind::WebhookParked | MailKind::WebhookGone => {
            letter.with("endpoint", "https://partner.example/hook")
        }
        MailKind::Consent | MailKind::ConsentStands => letter.button(url("/notifications/vn_x")),
        MailKind::StatusNews => news(letter).with("step", "IN_REVIEW").with("text", ""),
        MailKind::News => news(Letter { kind: MailKind::StatusNews, ..letter })
            .with("step", "STAGE")
            .with("text", "Client review"),
        MailKind::ClientDecision => {
            let letter =
                letter.with("sender", "Ada").with("record", "Poster").with("company", "Client & Sons");
            letter.with("verdict", "REVISION_REQUESTED").quoting("A little calmer.".into())
        }
        MailKind::TeamNotice | MailKind::ClientMessage | MailKind::ClientFeedback => {
            let kind = if kind == MailKind::TeamNotice { MailKind::ClientMessage } else { kind };
            let letter = Letter { kind, ..letter }.with("sender", "Ada").with("record", "New site");
            letter.with("company", "Client & Sons").quoting("So & so.\nAnd <i>more</i>.".into())
        }
        MailKind::RepliesNews | MailKind::ReviewsNews | MailKind::InvoicesNews => news(letter),
        MailKind::FileUploaded => {
            letter.with("record", "New site").with("file", "Plan <i>.pdf").with("sender", "Ada")
        }
    }
}

fn news(letter: Letter) -> Letter {
    let page = "https://portal.example/notifications/vn_x".to_owned();
    let one_click = format!("{page}/unsubscribe");
    let letter = letter.button(page.clone()).stopped_by(Unsubscribe { page, one_click });
    letter.with("portal", "Acme's portal").with("record", "New site")
}

fn written(language: Language) -> String {
    let each = MailKind::ALL.iter().map(|kind| {
        let Rendered { subject, text, html } = letters::render(&sample(*kind, language)).unwrap();
        assert!(!html.contains("<b>") && !html.contains("<i>"), "{html}");
        format!("=== {}\n{subject}\n\n{text}", kind.as_str())
    });
    each.collect::<Vec<_>>().join("\n")
}

/// NOTE-4
#[test]
fn every_letter_is_written_in_english() {
    insta::assert_snapshot!(written(Language::English));
}

/// NOTE-4
#[test]
fn every_letter_is_written_in_german() {
    insta::assert_snapshot!(written(Language::German));
}

/// NOTE-4, NOTE-3
#[test]
fn a_letter_as_it_looks() {
    let letter =
        sample(MailKind::PortalLink, Language::English).quoting("So & so.\n<script>alert(1)</script>".into());
    let stop = Unsubscribe {
        page: "https://portal.example/stop/x".into(),
        one_click: "https://portal.example/one/x".into(),
    };
    insta::assert_snapshot!(letters::render(&letter.stopped_by(stop)).unwrap().html);
}
