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
pub fn part(text: &str) -> String {
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
