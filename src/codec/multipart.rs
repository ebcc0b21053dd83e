//! Bodies of `multipart/form-data` (RFC 7578), written as curl and browsers write them.
//!
//! `compose` makes the parts and the boundary, the engine streams the [`pieces`]. A name, file
//! name or type cannot end its header line: quotes and line breaks are percent-encoded (as the
//! HTML standard says) and other control characters too, and types with line breaks never get into a plan.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::charset::parameter;
use crate::model::plan::{PartContent, PartPlan};

/// Longest text searched for a boundary; a longer one holds a given random-looking line by a
/// chance nobody meets.
const SEARCHED: usize = 16 * 1024 * 1024;

/// Types told for files by their extension: those curl tells, too, and others.
const TYPES: [(&str, &str); 40] = [
    ("gif", "image/gif"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("pdf", "application/pdf"),
    ("xml", "application/xml"),
    ("json", "application/json"),
    ("jsonl", "application/x-ndjson"),
    ("ndjson", "application/x-ndjson"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("md", "text/markdown"),
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("mjs", "text/javascript"),
    ("ics", "text/calendar"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("wasm", "application/wasm"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
    ("tgz", "application/gzip"),
    ("tar", "application/x-tar"),
    ("rtf", "application/rtf"),
    ("webp", "image/webp"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("ico", "image/vnd.microsoft.icon"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("mp3", "audio/mpeg"),
    ("wav", "audio/wav"),
    ("ogg", "audio/ogg"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mpeg", "video/mpeg"),
];

/// How many of them curl tells.
const OF_CURL: usize = 10;

/// Type of a file whose extension says nothing.
pub(crate) const ANY_TYPE: &str = "application/octet-stream";

/// Type of a text that has a file name, when its extension says nothing.
pub(crate) const PLAIN: &str = "text/plain";

/// The type the extension of a file says.
#[must_use]
pub(crate) fn type_of(file_name: &str) -> Option<&'static str> {
    type_among(&TYPES, file_name)
}

/// The same as curl has it, which knows fewer.
#[must_use]
pub(crate) fn curl_type_of(file_name: &str) -> Option<&'static str> {
    type_among(&TYPES[..OF_CURL], file_name)
}

fn type_among(types: &[(&'static str, &'static str)], file_name: &str) -> Option<&'static str> {
    let (_, extension) = file_name.rsplit_once('.')?;
    let known = types.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known));
    known.map(|(_, kind)| *kind)
}

/// A boundary that follows from the parts, so the same form always gives the same request, and
/// that occurs in none of their texts. Files are not read here; that one of them holds it is as
/// likely as guessing 64 bits.
#[must_use]
pub fn boundary(parts: &[PartPlan]) -> String {
    let mut hash = DefaultHasher::new();
    for part in parts {
        (&part.name, &part.file_name, &part.content_type).hash(&mut hash);
        match &part.content {
            PartContent::Bytes(bytes) => bytes.hash(&mut hash),
            PartContent::File(path) => path.hash(&mut hash),
        }
    }
    loop {
        let boundary = format!("------------------------{:016x}", hash.finish());
        if !parts.iter().any(|part| holds(part, &boundary)) {
            return boundary;
        }
        boundary.hash(&mut hash);
    }
}

fn holds(part: &PartPlan, boundary: &str) -> bool {
    let searched = match &part.content {
        PartContent::Bytes(bytes) => &bytes[..bytes.len().min(SEARCHED)],
        PartContent::File(_) => b"",
    };
    memchr::memmem::find(searched, boundary.as_bytes()).is_some()
        || part.name.contains(boundary)
        || part.file_name.as_ref().is_some_and(|name| name.contains(boundary))
}

/// The value of the `boundary` parameter of a `Content-Type`, if it can stand between parts.
#[must_use]
pub fn boundary_of(content_type: &str) -> Option<String> {
    let value = parameter(content_type, "boundary")?;
    let value = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value);
    (!value.is_empty() && value.chars().all(|c| c.is_ascii_graphic() || c == ' '))
        .then(|| value.to_owned())
}

/// The name of a part, as the value of its `Content-Disposition` says.
#[must_use]
pub(crate) fn disposition_name(value: &str) -> Option<String> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once(';') {
        let (label, after) = after.split_once('=')?;
        let text = after.trim_start();
        let (found, behind) = if let Some(inner) = text.strip_prefix('"') {
            let is_end = |(at, _): &(usize, &str)| !inner.split_at(*at).0.ends_with('\\');
            let end = inner.match_indices('"').find(is_end);
            let (found, behind) = inner.split_at(end.map_or(inner.len(), |(at, _)| at));
            (found.replace("\\\"", "\""), behind)
        } else {
            let (found, behind) = text.split_at(text.find(';').unwrap_or(text.len()));
            (found.trim_end().to_owned(), behind)
        };
        if label.trim().eq_ignore_ascii_case("name") {
            // As browsers write it (HTML standard, section 4.10.21.8).
            return Some(found.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n"));
        }
        rest = behind;
    }
    None
}

/// What goes out for these parts, in order.
#[must_use]
pub fn pieces(boundary: &str, parts: &[PartPlan]) -> Vec<PartContent> {
    let mut pieces = Vec::new();
    let mut open: Vec<u8> = Vec::new();
    for part in parts {
        open.extend_from_slice(head(boundary, part).as_bytes());
        match &part.content {
            PartContent::Bytes(bytes) => open.extend_from_slice(bytes),
            PartContent::File(path) => {
                pieces.push(PartContent::Bytes(std::mem::take(&mut open).into()));
                pieces.push(PartContent::File(path.clone()));
            }
        }
        open.extend_from_slice(b"\r\n");
    }
    open.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    pieces.push(PartContent::Bytes(open.into()));
    pieces
}

/// The delimiter and the header fields of a part, with the empty line.
fn head(boundary: &str, part: &PartPlan) -> String {
    let mut head =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escaped(&part.name));
    if let Some(file_name) = &part.file_name {
        let _ = write!(head, "; filename=\"{}\"", escaped(file_name));
    }
    if let Some(content_type) = &part.content_type {
        let _ = write!(head, "\r\nContent-Type: {content_type}");
    }
    head.push_str("\r\n\r\n");
    head
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '"' || c.is_ascii_control() {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{:02X}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, value: &str) -> PartPlan {
        let content = PartContent::Bytes(value.to_owned().into());
        PartPlan { name: name.into(), content, file_name: None, content_type: None }
    }

    fn file(name: &str, path: &str) -> PartPlan {
        let content = PartContent::File(path.into());
        let file_name = Some("p\"\r\n\0\u{7f}\t.png".into());
        let content_type = Some("image/png".into());
        PartPlan { name: name.into(), content, file_name, content_type }
    }

    #[test]
    fn parts_are_laid_out_with_files_in_between() {
        let pieces = pieces("B", &[text("a", "1"), file("f", "/x"), text("b", "2")]);
        let expected = [
            PartContent::Bytes(
                "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\n\
                 Content-Disposition: form-data; name=\"f\"; filename=\"p%22%0D%0A%00%7F%09.png\"\r\n\
                 Content-Type: image/png\r\n\r\n"
                    .into(),
            ),
            PartContent::File("/x".into()),
            PartContent::Bytes(
                "\r\n--B\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n2\r\n--B--\r\n"
                    .into(),
            ),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn the_boundary_occurs_in_no_text() {
        let first = boundary(&[text("a", "")]);
        assert_eq!(first, boundary(&[text("a", "")]));
        let parts = [text("a", &first)];
        assert!(!String::from_utf8_lossy(parts[0].name.as_bytes()).contains(&boundary(&parts)));
        assert_ne!(boundary(&parts), first);
    }

    #[test]
    fn a_boundary_is_found_in_a_type() {
        assert_eq!(boundary_of("multipart/form-data; boundary=\"a b\""), Some("a b".into()));
        assert_eq!(boundary_of("multipart/mixed; charset=x; Boundary=a"), Some("a".into()));
        assert_eq!(boundary_of("multipart/form-data"), None);
        assert_eq!(boundary_of("multipart/form-data; boundary=é"), None);
    }

    #[test]
    fn a_file_tells_its_type_by_its_extension() {
        assert_eq!(type_of("a.PNG"), Some("image/png"));
        assert_eq!(type_of("png"), None);
        assert_eq!((type_of("a.json"), curl_type_of("a.json")), (Some("application/json"), None));
        assert_eq!(curl_type_of("a.b.xml"), Some("application/xml"));
    }
}
