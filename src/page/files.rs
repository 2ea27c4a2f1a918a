//! Files on the page: a list with one click to each (FILE-1), and the form by which visitors send some
//! (FILE-2). Both stand on a page of their own and on each record's, a list also with each version of a
//! deliverable.

use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::doorway::{self, Frame};
use super::sections::Here;
use super::{Visit, words};

/// What browsers show in their place, as downloads are sent.
const SHOWN: [&str; 7] =
    ["image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "video/mp4", "video/webm"];

/// What the form held, and what came of it.
#[derive(Clone, Debug, Default)]
pub struct SentFiles {
    /// Id of the record that was chosen.
    pub record: Option<String>,
    /// Who the visitor says they are.
    pub visitor: String,
    /// Names of the files that were taken.
    pub names: Vec<String>,
    /// Why the others were not.
    pub trouble: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    #[serde(flatten)]
    around: doorway::Answer,
    #[serde(flatten)]
    files: FilesAnswer,
}

/// What of an answer a list and a form are made of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FilesAnswer {
    /// Under a name of its own: of several parts of one answer, only the first finds a field.
    sender: Option<VisitorAnswer>,
    file_places: Vec<PlaceAnswer>,
    files: Option<Connection>,
}

#[derive(Debug, Deserialize)]
struct VisitorAnswer {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlaceAnswer {
    record_id: String,
    name: String,
    takes_uploads: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    edges: Vec<Edge>,
    page_info: PageInfo,
}

#[derive(Debug, Deserialize)]
struct Edge {
    node: FileAnswer,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

/// `PortalFile`, as the fragment `File` asks for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileAnswer {
    id: String,
    record_id: String,
    name: String,
    media_type: String,
    byte_size: f64,
    created_at: DateTime<Utc>,
    uploader_type: String,
}

/// A list of files.
#[derive(Debug)]
pub(super) struct FileList {
    pub files: Vec<FileEntry>,
    /// Where the whole list is, or its next page.
    pub more: Option<String>,
    /// Where all of it is in one archive; none for an empty list.
    pub archive: Option<String>,
}

/// A file to click on.
#[derive(Debug)]
pub(super) struct FileEntry {
    pub path: String,
    pub name: String,
    /// "PDF", as the badge says it.
    pub kind: String,
    /// The badge's colour.
    pub family: &'static str,
    /// "PDF, 1.2 MB, 4 December".
    pub about: String,
    /// Where a list holds files of several.
    pub record: Option<String>,
    pub from_client: bool,
    /// Whether browsers show it.
    pub shows: bool,
}

/// The form.
#[derive(Debug)]
pub(super) struct SendForm {
    pub action: String,
    pub places: Vec<Place>,
    /// The visitor's name, if it is known.
    pub visitor: Option<String>,
    pub sent: SentFiles,
}

/// A record that takes files.
#[derive(Debug)]
pub(super) struct Place {
    pub id: String,
    pub name: String,
    pub chosen: bool,
}

impl FilesAnswer {
    /// The list and the form, for one record or for all that the portal shows.
    pub fn show(self, frame: &Frame, record: Option<&str>, sent: SentFiles) -> (FileList, Option<SendForm>) {
        let connection = self.files.unwrap_or(Connection {
            edges: Vec::new(),
            page_info: PageInfo { has_next_page: false, end_cursor: None },
        });
        let several = record.is_none() && self.file_places.len() > 1;
        let name_of = |id: &str| self.file_places.iter().find(|place| place.record_id == id);
        let entry = |Edge { node }: Edge| {
            let record = name_of(&node.record_id).filter(|_| several).map(|place| place.name.clone());
            FileEntry::new(node, frame, record)
        };
        let query = record.map(|id| format!("?record={id}")).unwrap_or_default();
        let cursor = connection.page_info.end_cursor.filter(|_| connection.page_info.has_next_page);
        let more = cursor.map(|cursor| {
            let and = if query.is_empty() { '?' } else { '&' };
            format!("{}/files{query}{and}after={cursor}", frame.home)
        });
        let files: Vec<FileEntry> = connection.edges.into_iter().map(entry).collect();
        let archive = (!files.is_empty()).then(|| format!("{}/files.zip{query}", frame.home));
        let chosen = sent.record.clone().or_else(|| record.map(str::to_owned));
        let places: Vec<Place> = self
            .file_places
            .into_iter()
            .filter(|place| place.takes_uploads && record.is_none_or(|record| record == place.record_id))
            .map(|place| Place {
                chosen: chosen.as_deref() == Some(&place.record_id),
                id: place.record_id,
                name: place.name,
            })
            .collect();
        let takes = !places.is_empty() && frame.inside.is_some();
        let form = takes.then(|| SendForm {
            action: format!("{}/files", frame.home),
            places,
            visitor: self.sender.map(|sender| sender.name),
            sent,
        });
        (FileList { files, more, archive }, form)
    }
}

impl FileList {
    /// The files of one part of a page; none if it has none. Where several such parts stand on a page, an
    /// archive of each would say little, so there is none.
    pub fn part(files: Vec<FileAnswer>, frame: &Frame) -> Option<Self> {
        let files: Vec<FileEntry> = files.into_iter().map(|file| FileEntry::new(file, frame, None)).collect();
        (!files.is_empty()).then_some(Self { files, more: None, archive: None })
    }
}

impl FileEntry {
    fn new(file: FileAnswer, frame: &Frame, record: Option<String>) -> Self {
        let (kind, family) = kind(&file.media_type, &file.name);
        let day = words::day(frame.day_of(file.created_at), frame.today);
        Self {
            path: format!("{}/files/{}", frame.home, file.id),
            about: format!("{kind}, {}, {day}", size(file.byte_size as u64)),
            shows: SHOWN.contains(&file.media_type.as_str()),
            from_client: file.uploader_type == "CLIENT",
            name: file.name,
            kind,
            family,
            record,
        }
    }
}

/// What a badge says, and its colour.
fn kind(media_type: &str, name: &str) -> (String, &'static str) {
    let ending =
        name.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| (2..=4).contains(&ending.len()));
    let ending = ending.map(str::to_uppercase);
    let family = match media_type {
        "application/pdf" => "paper",
        text if text.starts_with("image/") => "image",
        text if text.starts_with("video/") => "video",
        text if text.contains("spreadsheet") => "sheet",
        text if text.contains("document") || text.starts_with("text/") => "text",
        _ => "other",
    };
    (ending.unwrap_or_else(|| "File".to_owned()), family)
}

/// "1.2 MB", as people say it.
pub fn size(bytes: u64) -> String {
    const STEPS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} bytes");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut step = 0;
    while value >= 999.95 && step < STEPS.len() - 1 {
        value /= 1000.0;
        step += 1;
    }
    if value < 10.0 { format!("{value:.1} {}", STEPS[step]) } else { format!("{value:.0} {}", STEPS[step]) }
}

/// How a browser shows it.
enum Way {
    Image,
    Video,
    Pdf,
}

/// One file, shown in its place (DEL-5).
#[derive(Template)]
#[template(path = "view.html")]
pub(super) struct ViewPage {
    frame: Frame,
    file: FileEntry,
    way: Way,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ViewAnswer {
    #[serde(flatten)]
    around: doorway::Answer,
    file_places: Vec<PlaceAnswer>,
    file: Option<FileAnswer>,
}

impl ViewPage {
    /// None for a file that is not there, or that browsers do not show.
    pub fn new(answer: ViewAnswer, visit: &Visit<'_>) -> Option<Self> {
        let file = answer.file.filter(|file| SHOWN.contains(&file.media_type.as_str()))?;
        let way = match file.media_type.as_str() {
            "application/pdf" => Way::Pdf,
            video if video.starts_with("video/") => Way::Video,
            _ => Way::Image,
        };
        let frame = Frame::new(answer.around, Here::Section("FILES"), visit);
        let place = answer.file_places.into_iter().find(|place| place.record_id == file.record_id);
        let file = FileEntry::new(file, &frame, place.map(|place| place.name));
        Some(Self { frame, file, way })
    }
}

/// The page of the section.
#[derive(Template)]
#[template(path = "files.html")]
pub(super) struct FilesPage {
    frame: Frame,
    /// The record that the list is narrowed to.
    record: Option<String>,
    list: FileList,
    form: Option<SendForm>,
    /// Why nothing was taken, where there is no form to say so.
    trouble: Option<String>,
}

impl FilesPage {
    /// None where the portal shows no files.
    pub fn new(
        answer: Answer,
        visit: &Visit<'_>,
        (record, sent): (Option<String>, SentFiles),
    ) -> Option<Self> {
        let frame = Frame::new(answer.around, Here::Section("FILES"), visit);
        if !frame.shows_files {
            return None;
        }
        let place = |id: &String| answer.files.file_places.iter().find(|place| place.record_id == *id);
        let name = record.as_ref().and_then(place).map(|place| place.name.clone());
        let trouble = sent.trouble.clone();
        let (list, form) = answer.files.show(&frame, record.as_deref(), sent);
        let trouble = trouble.filter(|_| form.is_none());
        Some(Self { record: name, list, form, trouble, frame })
    }
}
