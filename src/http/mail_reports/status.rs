//! Delivery status notifications (RFC 3464): which mail came back from whom, and whether for good. They
//! are mails, so anybody can write one, and of any form.

use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};

use crate::db::enums::SuppressionReason;
use crate::domain::suppressions::Report;

/// Recipients of one notification that are looked at.
const MOST: usize = 20;

/// The recipients from whom a mail of ours came back for good; none if it says no such thing.
pub fn read(bytes: &[u8]) -> Vec<Report> {
    let Some(notification) = MessageParser::new().parse(bytes) else { return Vec::new() };
    let Some(about) = original(&notification) else { return Vec::new() };
    let status = notification.parts.iter().find(|part| is(part, "message", "delivery-status"));
    let text = status.map(|part| String::from_utf8_lossy(part.contents()).replace("\r\n", "\n"));
    let groups = text.as_deref().unwrap_or_default().split("\n\n").take(MOST + 1);
    groups.filter_map(|group| failed(group, &about)).collect()
}

/// The `Message-ID` of the mail that came back: from the copy of it, or of its head.
fn original(notification: &Message<'_>) -> Option<String> {
    let mut copies = notification.parts.iter().filter_map(|part| match &part.body {
        PartType::Message(copy) => copy.message_id().map(str::to_owned),
        _ if is(part, "text", "rfc822-headers") => {
            let head = MessageParser::new().parse_headers(part.contents())?;
            head.message_id().map(str::to_owned)
        }
        _ => None,
    });
    copies.next_back()
}

/// The report of one recipient, whose fields stand like the head of a mail.
fn failed(group: &str, about: &str) -> Option<Report> {
    let group = format!("{}\n\n", group.trim_matches('\n'));
    let fields = MessageParser::new().parse_headers(group.as_bytes())?;
    let field = |name: &'static str| fields.header_raw(name).map(str::trim);
    if !field("Action")?.eq_ignore_ascii_case("failed") || !is_for_good(field("Status")?) {
        return None;
    }
    let recipient = field("Original-Recipient").or_else(|| field("Final-Recipient"))?;
    let (_, recipient) = recipient.split_once(';')?;
    let recipient = recipient.trim().trim_matches(['<', '>']);
    Report::new(about, recipient, SuppressionReason::Bounce, field("Diagnostic-Code"))
}

/// Class 5 of RFC 3463, but for what is not the address's fault: a full mailbox, a mail that is too long,
/// and what the other side's system or policy did not like.
fn is_for_good(status: &str) -> bool {
    let code = status.split_whitespace().next().unwrap_or_default();
    let passes_by =
        ["5.2.2", "5.2.3"].contains(&code) || code.starts_with("5.3.") || code.starts_with("5.7.");
    code.starts_with("5.") && !passes_by
}

fn is(part: &mail_parser::MessagePart<'_>, kind: &str, subtype: &str) -> bool {
    part.content_type().is_some_and(|found| {
        found.ctype().eq_ignore_ascii_case(kind)
            && found.subtype().is_some_and(|found| found.eq_ignore_ascii_case(subtype))
    })
}
