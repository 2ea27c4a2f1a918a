//! What happened, in people's words: all of them stand here.

/// Kinds of events that clients read of, and what each says. `{}` is the name of what it is about, `<>`
/// that of the record. A kind that is not here is not told.
const WORDS: &[(&str, &str, &str)] = &[
    ("record.created", "<> was added", ""),
    ("record.updated", "<> was updated", ""),
    ("record.moved", "<> has moved on", ""),
    ("record.restored", "<> is back", ""),
    ("record.portal_enabled", "<> is now shared with you", ""),
    ("record.shared", "<> is now shared with you", ""),
    ("milestone.created", "“{}” is a new milestone of <>", "<> has a new milestone"),
    ("milestone.updated", "The milestone “{}” of <> changed", "A milestone of <> changed"),
    ("milestone.completed", "The milestone “{}” of <> was reached", "A milestone of <> was reached"),
    ("milestone.reopened", "The milestone “{}” of <> is open again", "A milestone of <> is open again"),
    ("milestone.archived", "A milestone of <> was dropped", "A milestone of <> was dropped"),
    ("milestone.restored", "“{}” is a milestone of <> again", "A milestone of <> is back"),
    ("message.posted", "{} wrote on <>", "Somebody wrote on <>"),
    ("file.uploaded", "“{}” was added to the files of <>", "A file was added to <>"),
    ("file.shared", "“{}” of <> is now shared with you", "A file of <> is now shared with you"),
    ("deliverable.created", "“{}” is being made for <>", "Something is being made for <>"),
    ("deliverable.updated", "“{}” of <> changed", "A deliverable of <> changed"),
    ("deliverable.archived", "A deliverable of <> was withdrawn", ""),
    ("deliverable.restored", "“{}” of <> is back", "A deliverable of <> is back"),
    ("deliverable.ready", "“{}” of <> waits for your word", "Something of <> waits for your word"),
    ("deliverable.approved", "“{}” of <> was approved", "A deliverable of <> was approved"),
    (
        "deliverable.revision_requested",
        "Changes to “{}” of <> were asked for",
        "Changes to a deliverable of <> were asked for",
    ),
    ("deliverable.rejected", "“{}” of <> was rejected", "A deliverable of <> was rejected"),
    ("activity.appended", "{}", ""),
];

/// The kinds that are told.
pub(super) fn kinds() -> Vec<&'static str> {
    WORDS.iter().map(|(kind, ..)| *kind).collect()
}

/// What an event says. None where it has no words: its kind is unknown, or what it is about is gone and
/// there is nothing to say without.
pub fn text(kind: &str, subject: Option<&str>, record: Option<&str>) -> Option<String> {
    let (_, named, unnamed) = WORDS.iter().find(|(known, ..)| *known == kind)?;
    let words = match subject {
        Some(_) => named,
        None if named.contains("{}") => unnamed,
        None => named,
    };
    if words.is_empty() || (words.contains("<>") && record.is_none()) {
        return None;
    }
    Some(fill(words, subject.unwrap_or_default(), record.unwrap_or_default()))
}

/// Fills in both names at once: a name that looks like a place stays a name.
fn fill(words: &str, subject: &str, record: &str) -> String {
    let mut text = String::new();
    let mut rest = words;
    while let Some(place) = rest.find(['{', '<']) {
        text.push_str(&rest[..place]);
        text.push_str(if rest[place..].starts_with("{}") { subject } else { record });
        rest = &rest[place + 2..];
    }
    text + rest
}
