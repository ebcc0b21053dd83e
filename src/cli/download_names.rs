//! Names of downloads: what the answer or the URL calls a file, which of them is free, and what lies
//! beside it as long as it is not whole. Called by `download`; looks at no disk itself.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::codec::disposition;
use crate::compose::address::UrlParts;
use crate::model::exchange::Head;
use crate::model::file_name::safe_file_name;
use crate::model::url_text::UrlText;

/// Names that are tried for a file whose own is taken.
pub(super) const NAMES: u32 = 1000;

/// The first of the numbered names that is free, and has no beginning of a file.
pub(super) fn free_name(wanted: &str, is_free: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let names = (0..NAMES).map(|number| numbered(Path::new(wanted), number));
    names.into_iter().find(|name| is_free(name) && is_free(&part_of(name)))
}

/// `report.pdf`, `report-1.pdf`, ...
pub(super) fn numbered(name: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return name.to_owned();
    }
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let end = name.extension().map(|end| format!(".{}", end.to_string_lossy()));
    name.with_file_name(format!("{stem}-{number}{}", end.unwrap_or_default()))
}

/// Where a file is as long as it is not whole.
pub(super) fn part_of(name: &Path) -> PathBuf {
    let mut part = name.to_owned().into_os_string();
    part.push(".part");
    part.into()
}

/// Where it stands of what a beginning is the beginning.
pub(super) fn validator_of(part: &Path) -> PathBuf {
    let mut place = part.to_owned().into_os_string();
    place.push(".etag");
    place.into()
}

/// What the answer or the URL calls it, as one safe part of a path.
pub(super) fn wanted_name(head: &Head, url_name: &str) -> String {
    let proposed =
        head.field("content-disposition").and_then(|value| disposition::file_name(value));
    if let Some(name) = proposed {
        // Of a path its last part (RFC 6266, section 4.3).
        return safe_file_name(name.rsplit(['/', '\\']).next().unwrap_or_default());
    }
    let kind = head.field("content-type").map(|value| String::from_utf8_lossy(value).into_owned());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let end = match kind.split(';').next().unwrap_or_default().trim() {
        _ if url_name.contains('.') => "",
        "text/html" => ".html",
        "text/plain" => ".txt",
        "text/csv" => ".csv",
        "application/json" => ".json",
        "application/xml" | "text/xml" => ".xml",
        "application/pdf" => ".pdf",
        "application/zip" => ".zip",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        "image/gif" => ".gif",
        "image/svg+xml" => ".svg",
        _ => "",
    };
    format!("{url_name}{end}")
}

/// The last part of the path of a URL.
pub(super) fn name_of_url(url: &str) -> String {
    let target = UrlParts::parse(url).map_or(String::new(), |parts| parts.target);
    let path = UrlText::literal(&target).path;
    let last = path.rsplit('/').next().unwrap_or_default();
    let name = percent_decode_str(last).decode_utf8_lossy();
    if name.is_empty() { "index".to_owned() } else { safe_file_name(&name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange::FieldLine;

    fn head(fields: &[(&str, &str)]) -> Head {
        let fields = fields.iter().map(|(name, value)| FieldLine {
            name: bytes::Bytes::copy_from_slice(name.as_bytes()),
            value: bytes::Bytes::copy_from_slice(value.as_bytes()),
        });
        Head { fields: fields.collect(), ..Head::default() }
    }

    #[test]
    fn the_url_names_a_file() {
        for (url, name) in [
            ("http://a/x/report.pdf?y=/z", "report.pdf"),
            ("http://a/", "index"),
            ("http://a/x/", "index"),
            ("http://a/%2e%2e%2fetc%2fpasswd", "_etc_passwd"),
            ("http://a/.bashrc", "bashrc"),
            ("http://a/a%20b.txt", "a b.txt"),
        ] {
            assert_eq!(name_of_url(url), name, "{url}");
        }
    }

    #[test]
    fn the_answer_names_it_before_the_url() {
        for (fields, name) in [
            (&[("Content-Disposition", "attachment; filename=\"../../x.sh\"")][..], "x.sh"),
            (&[("Content-Type", "application/json; charset=utf-8")], "users.json"),
            (&[("Content-Type", "application/octet-stream")], "users"),
            (&[("Content-Disposition", "inline"), ("content-type", "text/html")], "users.html"),
        ] {
            assert_eq!(wanted_name(&head(fields), "users"), name);
        }
        assert_eq!(wanted_name(&head(&[("Content-Type", "text/html")]), "a.txt"), "a.txt");
    }

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = ["a.tar", "a-1.tar", "a-2.tar.part"];
        let is_free = |name: &Path| !taken.contains(&&*name.display().to_string());
        assert_eq!(free_name("a.tar", is_free), Some("a-3.tar".into()));
        assert_eq!(free_name("b", is_free), Some("b".into()));
        assert_eq!(numbered(Path::new("x/b"), 2), Path::new("x/b-2"));
        assert_eq!(free_name("c", |_| false), None);
    }
}
