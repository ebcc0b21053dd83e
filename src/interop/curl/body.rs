//! `-d` and its kin: pieces of data joined into a body or a query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::command::{replaced, unmarked, variable};
use crate::model::spec::NameValue;
use crate::model::url_text::{QueryPiece, UrlText, form_pieces};

/// What curl's own encoder leaves as it is (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where bytes that are sent come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DataSource {
    Text(String),
    /// A file as it is, by its name in the command; `-` is standard input that is not known.
    File(String),
}

/// One piece of data as the command writes it. What becomes of it once files were read is a
/// [`DataSource`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DataPiece {
    Plain(DataSource),
    /// What is in a file, without its line breaks.
    Joined(String),
    /// What is in a file, percent-encoded behind `name=`.
    Encoded {
        name: String,
        file: String,
    },
}

/// Rows of a form; one that has more stays a text.
const ROWS: usize = 10_000;

/// Data that may name a file with `@`.
pub(super) fn plain(text: String) -> DataSource {
    match text.strip_prefix('@') {
        Some(file) => DataSource::File(file.into()),
        None => DataSource::Text(text),
    }
}

/// Data of `--data-urlencode`: `content`, `=content`, `name=content`, `@file`, `name@file`.
pub(super) fn url_encoded(text: &str) -> DataPiece {
    let (name, sign, content) = match text.find(['=', '@']) {
        Some(at) => {
            let (name, rest) = text.split_at(at);
            let (sign, content) = rest.split_at(1);
            (name, sign, content)
        }
        None => ("", "", text),
    };
    if sign == "@" {
        return DataPiece::Encoded { name: name.into(), file: content.into() };
    }
    DataPiece::Plain(DataSource::Text(url_encoded_text(name, content)))
}

/// A text as `--data-urlencode` sends it behind a name, which may be empty: spaces are `+` there.
pub(super) fn url_encoded_text(name: &str, content: &str) -> String {
    let joint = if name.is_empty() { "" } else { "=" };
    format!("{name}{joint}{}", encode(content).replace("%20", "+"))
}

/// A text as `-d` sends the content of a file.
pub(super) fn joined(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')).collect()
}

/// Percent-encodes all but unreserved characters; shell variables stay for their value.
pub(super) fn encode(text: &str) -> String {
    let encode = |plain: &str| percent_encode(&unmarked(plain), ENCODED).to_string();
    replaced(text, encode, variable)
}

/// The fields of a form body, if writing them out again gives the very same bytes whichever
/// characters an encoder leaves alone.
pub(super) fn form_rows(text: &str) -> Option<Vec<NameValue>> {
    let plain = |text: &str| {
        text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
    };
    let row = |piece: QueryPiece<'_>| {
        let value = piece.value.filter(|value| plain(value) && plain(piece.name))?;
        (!piece.name.is_empty()).then(|| NameValue::new(piece.name, value))
    };
    if memchr::memchr_iter(b'&', text.as_bytes()).nth(ROWS).is_some() {
        return None;
    }
    form_pieces(text).into_iter().map(row).collect()
}

/// Appends to the query of a URL, before its fragment.
pub(super) fn append_query(url: &str, query: &str) -> String {
    let parts = UrlText::literal(url);
    let (before, fragment) = url.split_at(parts.fragment_at);
    format!("{before}{}{query}{fragment}", parts.joint())
}

/// Gives the path of a URL the name of the file that is uploaded, when it ends in none.
pub(super) fn with_file_name(url: &str, name: &str) -> String {
    let UrlText { path, path_at, .. } = UrlText::literal(url);
    let (place, rest) = url.split_at(path_at + path.len());
    let joint = match path.rsplit_once('/') {
        None => "/",
        Some((_, "")) => "",
        Some(_) => return url.into(),
    };
    format!("{place}{joint}{}{rest}", encode(name))
}

/// Takes `.` and `..` out of the path of a URL, as curl does unless told not to (RFC 3986,
/// section 5.2.4).
pub(super) fn without_dots(url: &str) -> String {
    let UrlText { path, path_at, .. } = UrlText::literal(url);
    let (origin, rest) = url.split_at(path_at);
    let (_, rest) = rest.split_at(path.len());
    if !path.contains("/.") {
        return url.into();
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    // A path that ends in dots ends in a slash.
    let slash = if path.ends_with("/.") || path.ends_with("/..") { "/" } else { "" };
    let path = kept.iter().fold(String::new(), |path, segment| path + "/" + segment) + slash;
    format!("{origin}{}{rest}", if path.is_empty() { "/" } else { &path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_without_a_name_gets_that_of_its_file() {
        for (url, expected) in [
            ("http://h", "http://h/a%20b"),
            ("http://h?x=/", "http://h/a%20b?x=/"),
            ("http://h/dir/?x=1#/f", "http://h/dir/a%20b?x=1#/f"),
            ("http://h/dir?x=/", "http://h/dir?x=/"),
            ("http://h/dir#/", "http://h/dir#/"),
        ] {
            assert_eq!(with_file_name(url, "a b"), expected, "{url}");
        }
    }

    #[test]
    fn dots_leave_the_path_and_nothing_else() {
        for (url, expected) in [
            ("http://h/a/../b/./c?x=/../y", "http://h/b/c?x=/../y"),
            ("http://h/../../a/..", "http://h/"),
            ("http://h/a/.", "http://h/a/"),
            ("http://h/.well-known/x..", "http://h/.well-known/x.."),
            ("http://h", "http://h"),
            ("http://h?a/../b", "http://h?a/../b"),
        ] {
            assert_eq!(without_dots(url), expected, "{url}");
        }
    }
}
