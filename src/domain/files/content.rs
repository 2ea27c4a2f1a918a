//! What a file is, by its content (FILE-2): the name only says what it claims to be. The first bytes tell
//! most; an archive's directory tells documents of offices from other archives, and archives from bombs.

use rc_zip::fsm::{ArchiveFsm, FsmResult};
use rc_zip::parse::{Archive, EntryKind};

use super::names::ending;

/// So many of the first bytes tell what it is.
pub const HEAD: usize = 8 * 1024;
/// Bytes of an archive's directory that are looked at.
const DIRECTORY: u64 = 4 * 1024 * 1024;
/// What the files of a client's archive may come to, and how much more than the archive itself.
const UNPACKED: u64 = 2 * 1024 * 1024 * 1024;
const SWELLING: u64 = 200;
/// Archives below this may swell as they like.
const HARMLESS: u64 = 10 * 1024 * 1024;

/// What is said of any other kind.
pub const TAKEN: &str = "We take PDF, PNG, JPG, DOCX, XLSX and ZIP files.";
const OCTETS: &str = "application/octet-stream";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const ZIP: &str = "application/zip";

/// What a name claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Pdf,
    Png,
    Jpeg,
    Docx,
    Xlsx,
    Zip,
}

impl Claim {
    /// What a client's file may claim to be.
    pub fn of(name: &str) -> Option<Self> {
        Some(match ending(name).as_str() {
            "pdf" => Self::Pdf,
            "png" => Self::Png,
            "jpg" | "jpeg" => Self::Jpeg,
            "docx" => Self::Docx,
            "xlsx" => Self::Xlsx,
            "zip" => Self::Zip,
            _ => return None,
        })
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Docx => DOCX,
            Self::Xlsx => XLSX,
            Self::Zip => ZIP,
        }
    }

    /// Whether its directory has to be looked at.
    pub fn is_archive(self) -> bool {
        matches!(self, Self::Docx | Self::Xlsx | Self::Zip)
    }
}

/// What the first bytes say, of whatever staff bring.
pub fn media_type(head: &[u8], name: &str) -> &'static str {
    match (infer::get(head).map(|kind| kind.mime_type()), ending(name).as_str()) {
        (Some(ZIP | DOCX), "docx") => DOCX,
        (Some(ZIP | XLSX), "xlsx") => XLSX,
        (Some(ZIP | PPTX), "pptx") => PPTX,
        (Some(DOCX | XLSX | PPTX), _) => ZIP,
        (Some(known), _) => known,
        (None, "txt" | "md" | "csv" | "log") if is_text(head) => "text/plain; charset=utf-8",
        (None, _) => OCTETS,
    }
}

/// Whether it is UTF-8, as far as it goes: the first bytes may end within a character.
fn is_text(head: &[u8]) -> bool {
    std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// The media type of what claims to be something, or why it is not that.
pub fn check_head(claim: Claim, head: &[u8]) -> Result<&'static str, String> {
    let found = infer::get(head).map(|kind| kind.mime_type());
    let fits = match claim {
        Claim::Docx | Claim::Xlsx | Claim::Zip => {
            head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
        }
        // Readers look for the mark further in as well, and so what stands before it would be taken.
        Claim::Pdf => head.trim_ascii_start().starts_with(b"%PDF-"),
        Claim::Png | Claim::Jpeg => found == Some(claim.media_type()),
    };
    if fits {
        return Ok(claim.media_type());
    }
    Err(match found {
        Some(found) => format!("This is not what its name says: its content is {found}. {TAKEN}"),
        None => format!("This is not what its name says. {TAKEN}"),
    })
}

/// Reads an archive's directory, piece by piece, from wherever its bytes are.
pub struct Directory {
    machine: Option<ArchiveFsm>,
    claim: Claim,
    size: u64,
    read: u64,
}

const DAMAGED: &str = "This archive is damaged, or not an archive.";

impl Directory {
    pub fn new(claim: Claim, size: u64) -> Self {
        Self { machine: Some(ArchiveFsm::new(size)), claim, size, read: 0 }
    }

    /// From which place on bytes are wanted, and how many at most; none once it is known to be what it
    /// claims to be.
    pub fn wants(&mut self) -> Option<(u64, u64)> {
        let machine = self.machine.as_mut()?;
        let offset = machine.wants_read().unwrap_or(self.size);
        let most = machine.space().len().min(64 * 1024) as u64;
        Some((offset, most.min(self.size.saturating_sub(offset))))
    }

    /// Takes the bytes that were asked for.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.read += bytes.len() as u64;
        if self.read > DIRECTORY {
            return Err("This archive holds too many files.".to_owned());
        }
        let mut machine = self.machine.take().ok_or(DAMAGED)?;
        let fits = bytes.len().min(machine.space().len());
        if fits == 0 {
            return Err(DAMAGED.to_owned());
        }
        machine.space()[..fits].copy_from_slice(&bytes[..fits]);
        machine.fill(fits);
        match machine.process().map_err(|_| DAMAGED)? {
            FsmResult::Continue(more) => self.machine = Some(more),
            FsmResult::Done(archive) => judge(self.claim, &archive, self.size)?,
        }
        Ok(())
    }
}

fn judge(claim: Claim, archive: &Archive, size: u64) -> Result<(), String> {
    let mut unpacked = 0_u64;
    for entry in archive.entries() {
        unpacked = unpacked.saturating_add(entry.uncompressed_size);
        let escapes = entry.name.split(['/', '\\']).any(|part| part == "..");
        if escapes
            || entry.name.starts_with(['/', '\\'])
            || entry.name.contains('\0')
            || entry.name.get(1..2) == Some(":")
        {
            return Err("This archive holds files that would be unpacked outside of it.".to_owned());
        }
        if entry.kind() == EntryKind::Symlink {
            return Err("This archive holds links to other places.".to_owned());
        }
        if claim != Claim::Zip && entry.name.to_lowercase().ends_with("vbaproject.bin") {
            return Err("This document holds macros, which we do not take.".to_owned());
        }
    }
    if unpacked > UNPACKED || (unpacked > HARMLESS && unpacked / SWELLING > size) {
        return Err("This archive would unpack to far more than it should.".to_owned());
    }
    let main = match claim {
        Claim::Docx => "word/document.xml",
        Claim::Xlsx => "xl/workbook.xml",
        _ => return Ok(()),
    };
    if archive.by_name("[Content_Types].xml").is_some() && archive.by_name(main).is_some() {
        return Ok(());
    }
    Err(format!("This is an archive, but not the document that its name says. {TAKEN}"))
}
