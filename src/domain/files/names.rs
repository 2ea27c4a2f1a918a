//! Names of files: as people read them, and as parts of a path in storage. Whatever a name holds, it
//! leads nowhere but to its own file (FILE-2).

/// The longest name, in characters.
pub(super) const LONGEST: usize = 200;
/// What is said of a name with nothing in it.
pub(super) const NAMELESS: &str = "This is no name for a file.";
/// The longest part of a path, in bytes.
const LONGEST_PART: usize = 120;

/// A name as it is kept: the last part of any path, in one line, without what cannot be seen or turns
/// writing around. None if nothing is left.
pub fn clean_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|character| !is_hidden(*character)).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_matches(['.', ' ']);
    let (stem, ending) = line.rsplit_once('.').map_or((line, ""), |(stem, ending)| (stem, ending));
    let (stem, ending) = (stem.trim_matches(['.', ' ']), ending.trim());
    if stem.is_empty() && ending.is_empty() {
        return None;
    }
    let room = LONGEST.saturating_sub(ending.chars().count() + 1).max(1);
    let stem: String = stem.chars().take(room).collect();
    let name = if ending.is_empty() { stem } else { format!("{stem}.{ending}") };
    Some(name.chars().take(LONGEST).collect())
}

/// What stands after the last dot, in small letters.
pub(super) fn ending(name: &str) -> String {
    name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default()
}

/// A part of a path that people can read in their own storage, and no system takes for anything else.
pub(super) fn part(text: &str) -> String {
    let safe = |character: char| {
        if character.is_alphanumeric() || matches!(character, ' ' | '-' | '_' | '.' | '(' | ')' | '&' | ',') {
            character
        } else {
            '-'
        }
    };
    let mut part: String = text.chars().map(safe).collect();
    while part.len() > LONGEST_PART {
        part.pop();
    }
    let part = part.trim_matches(['.', ' ']);
    if part.is_empty() { "untitled".to_owned() } else { part.to_owned() }
}

/// Control characters, and those that join, split or turn writing around without being seen.
fn is_hidden(character: char) -> bool {
    let invisible = matches!(
        character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    invisible || (character.is_control() && !character.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::{clean_name, part};

    /// FILE-2
    #[test]
    fn whatever_a_name_holds_it_is_the_last_part_of_it() {
        for (given, kept) in [
            ("Plan.pdf", Some("Plan.pdf")),
            ("../../etc/passwd", Some("passwd")),
            ("C:\\Users\\ada\\Plan.pdf", Some("Plan.pdf")),
            ("a/b\\..\\Plan.pdf", Some("Plan.pdf")),
            ("\u{202e}fdp.exe", Some("fdp.exe")),
            ("Plan\0.pdf", Some("Plan.pdf")),
            (" two  words\n.pdf ", Some("two words.pdf")),
            ("..", None),
            ("/", None),
            ("", None),
            (".pdf", Some("pdf")),
        ] {
            assert_eq!(clean_name(given).as_deref(), kept, "{given:?}");
        }
        let long = clean_name(&format!("{}.pdf", "x".repeat(400))).unwrap();
        assert!(long.len() == 200 && long.ends_with(".pdf"));
    }

    /// FILE-2
    #[test]
    fn a_part_of_a_path_is_one_part() {
        for text in ["../up", "a/b", "a\\b", "..", "", "a\0b", "C:"] {
            let part = part(text);
            assert!(!part.contains(['/', '\\', '\0', ':']) && part != ".." && !part.is_empty(), "{part}");
        }
        assert!(part(&"ü".repeat(200)).len() <= 120);
    }
}
