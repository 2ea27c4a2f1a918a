//! Counts a document's tokens and brackets before it is parsed: the parser calls itself for each
//! bracket, so a deep enough document would end the process instead of the request (API-5).

use crate::config::GraphqlLimits;
use crate::error::{Error, Result};

/// Brackets within brackets. Far above what `GRAPHQL_DEPTH` lets pass, far below what hurts.
const NESTING: usize = 64;

/// Refuses a document that is too long or too deep to be parsed at all.
pub fn check(document: &str, limits: &GraphqlLimits) -> Result<()> {
    if document.len() > limits.characters {
        return Err(too_complex(format!("A query may be at most {} bytes long.", limits.characters)));
    }
    let mut scanner = Scanner { rest: document.as_bytes(), tokens: 0, nesting: 0 };
    while scanner.step()? {
        if scanner.tokens > limits.tokens {
            return Err(too_complex(format!("A query may hold at most {} tokens.", limits.tokens)));
        }
        if scanner.nesting > NESTING {
            return Err(too_complex(format!("A query may nest at most {NESTING} brackets.")));
        }
    }
    Ok(())
}

fn too_complex(message: String) -> Error {
    Error::QueryTooComplex(message)
}

struct Scanner<'a> {
    rest: &'a [u8],
    tokens: usize,
    nesting: usize,
}

impl Scanner<'_> {
    /// Passes one token, or one stretch of what is none. False at the end.
    fn step(&mut self) -> Result<bool> {
        let Some(&first) = self.rest.first() else { return Ok(false) };
        match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => self.pass(1),
            b'#' => self.pass_while(|byte| !matches!(byte, b'\r' | b'\n')),
            b'"' => return self.pass_string().map(|()| true),
            b'{' | b'[' | b'(' => {
                self.nesting += 1;
                self.pass_token(1);
            }
            b'}' | b']' | b')' => {
                self.nesting = self.nesting.saturating_sub(1);
                self.pass_token(1);
            }
            _ if is_word(first) => {
                self.tokens += 1;
                self.pass_while(is_word);
            }
            _ => self.pass_token(1),
        }
        Ok(true)
    }

    fn pass(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn pass_token(&mut self, bytes: usize) {
        self.tokens += 1;
        self.pass(bytes);
    }

    fn pass_while(&mut self, belongs: impl Fn(u8) -> bool) {
        let length = self.rest.iter().position(|byte| !belongs(*byte)).unwrap_or(self.rest.len());
        self.pass(length);
    }

    /// A string without an end is refused here: the parser would go back and read on inside it.
    fn pass_string(&mut self) -> Result<()> {
        let length = match self.rest.strip_prefix(b"\"\"\"") {
            Some(inside) => end_of_block(inside).map(|end| end + 6),
            None => end_of_string(&self.rest[1..]).map(|end| end + 2),
        };
        let length = length.ok_or_else(|| Error::invalid("query", "A string in the document has no end."))?;
        self.pass_token(length);
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Length of a block string's inside; `\"""` does not end it.
fn end_of_block(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < inside.len() {
        if inside[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if inside[at..].starts_with(b"\"\"\"") {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

fn end_of_string(inside: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = inside.get(at) {
        match byte {
            b'"' => return Some(at),
            b'\\' => at += 2,
            b'\r' | b'\n' => return None,
            _ => at += 1,
        }
    }
    None
}
