//! Which path of a document a request is for: what is written out goes before what has parameters.

use std::cmp::Reverse;
use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use crate::model::url_text::UrlText;

/// Parameters of one segment that are told apart.
const PARAMETERS: usize = 4;

/// All paths of a document, by how they are found.
#[derive(Debug, Default)]
pub(super) struct PathTable {
    /// Those without parameters, by their text.
    literal: HashMap<String, usize>,
    /// The others by how many segments they have, those that say more first.
    templates: HashMap<usize, Vec<Template>>,
}

#[derive(Debug)]
struct Template {
    segments: Vec<Vec<Piece>>,
    at: usize,
}

/// A part of a segment.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Parameter(String),
}

/// A path that fits, and what its parameters are.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FoundPath {
    /// Its number in the document.
    pub(super) at: usize,
    pub(super) values: Vec<(String, String)>,
}

impl PathTable {
    /// Of these paths, in the order of the document.
    pub(super) fn new<'d>(paths: impl Iterator<Item = &'d str>) -> Self {
        let mut table = PathTable::default();
        for (at, path) in paths.enumerate().filter(|(_, path)| path.starts_with('/')) {
            // A query in a path is not allowed and occurs.
            let whole = format!("http://host{path}");
            let path = UrlText::literal(&whole).path;
            if !path.contains('{') {
                table.literal.entry(path.to_owned()).or_insert(at);
                continue;
            }
            let segments: Vec<Vec<Piece>> = path.split('/').skip(1).map(pieces).collect();
            table.templates.entry(segments.len()).or_default().push(Template { segments, at });
        }
        for templates in table.templates.values_mut() {
            templates.sort_by_cached_key(Template::ranks);
        }
        table
    }

    /// The one that fits a path; several where they say the same in other words.
    pub(super) fn find(&self, path: &str) -> Vec<FoundPath> {
        let known = self.literal.get(path).or_else(|| self.literal.get(&*decoded(path)));
        if let Some(at) = known {
            return vec![FoundPath { at: *at, values: Vec::new() }];
        }
        let Some(behind) = path.strip_prefix('/') else { return Vec::new() };
        let segments: Vec<&str> = behind.split('/').collect();
        let templates = self.templates.get(&segments.len()).map_or(&[][..], Vec::as_slice);
        let mut found: Vec<FoundPath> = Vec::new();
        let mut first = None;
        for template in templates {
            if first.is_some_and(|first: &Template| first.ranks() != template.ranks()) {
                break;
            }
            let mut values = Vec::new();
            let mut all = template.segments.iter().zip(&segments);
            if all.all(|(pieces, text)| fits(pieces, text, &mut values)) {
                first = first.or(Some(template));
                found.push(FoundPath { at: template.at, values });
            }
        }
        found
    }
}

impl Template {
    /// By which those go first that say more.
    fn ranks(&self) -> Vec<(usize, Reverse<usize>)> {
        self.segments.iter().map(|pieces| rank(pieces)).collect()
    }
}

/// What is written out first, then what is partly: with few parameters, and much beside them.
fn rank(pieces: &[Piece]) -> (usize, Reverse<usize>) {
    let (mut parameters, mut written) = (0, 0);
    for piece in pieces {
        match piece {
            Piece::Text(text) => written += text.len(),
            Piece::Parameter(_) => parameters += 1,
        }
    }
    // Beside nothing it says less than several with something between them.
    let is_bare = parameters > 0 && written == 0;
    (if is_bare { usize::MAX } else { parameters }, Reverse(written * parameters.min(1)))
}

fn pieces(segment: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('{')
        && let Some((name, behind)) = after.split_once('}')
    {
        if !before.is_empty() {
            found.push(Piece::Text(before.to_owned()));
        }
        found.push(Piece::Parameter(name.to_owned()));
        rest = behind;
    }
    if !rest.is_empty() || found.is_empty() {
        found.push(Piece::Text(rest.to_owned()));
    }
    let parameters = found.iter().filter(|piece| matches!(piece, Piece::Parameter(_))).count();
    // Each one more multiplies the ways in which a text can fit.
    if parameters > PARAMETERS { vec![Piece::Parameter(String::new())] } else { found }
}

/// Whether a segment is as its pieces say; a parameter takes one character at least, and as little as will do.
fn fits(pieces: &[Piece], text: &str, values: &mut Vec<(String, String)>) -> bool {
    match pieces {
        [] => text.is_empty(),
        [Piece::Text(literal)] => text == literal || decoded(text) == *literal,
        [Piece::Text(literal), rest @ ..] => {
            text.strip_prefix(&**literal).is_some_and(|after| fits(rest, after, values))
        }
        [Piece::Parameter(name)] => {
            values.push((name.clone(), decoded(text)));
            !text.is_empty()
        }
        [Piece::Parameter(name), rest @ ..] => {
            let Some(Piece::Text(next)) = rest.first() else {
                // Two of them side by side: the first has it all.
                values.push((name.clone(), decoded(text)));
                return !text.is_empty();
            };
            let known = values.len();
            for (at, _) in text.match_indices(&**next).filter(|(at, _)| *at > 0) {
                let (value, after) = text.split_at(at);
                values.push((name.clone(), decoded(value)));
                if fits(rest, after, values) {
                    return true;
                }
                values.truncate(known);
            }
            false
        }
    }
}

/// A text without its percent-encoding.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_out_goes_before_what_has_parameters() {
        let paths = [
            "/users/{id}",
            "/users/me",
            "/{any}/me",
            "/users/{id}/files/{name}.{ext}",
            "/users/{id}/files/{name}.json",
            "/a/{x}{y}",
            "/",
            "relative",
            "/q?x=1",
        ];
        let table = PathTable::new(paths.into_iter());
        let found = |path: &str| {
            table.find(path).first().map(|found| {
                let values = found.values.iter().map(|(name, value)| format!("{name}={value}"));
                let values: Vec<String> = values.collect();
                format!("{} {}", paths[found.at], values.join(" ")).trim_end().to_owned()
            })
        };
        for (path, expected) in [
            ("/users/me", Some("/users/me")),
            ("/users/m%65", Some("/users/me")),
            ("/users/7", Some("/users/{id} id=7")),
            ("/users/a%20b", Some("/users/{id} id=a b")),
            ("/x/me", Some("/{any}/me any=x")),
            ("/users/7/files/a.b.json", Some("/users/{id}/files/{name}.json id=7 name=a.b")),
            ("/users/7/files/a.txt", Some("/users/{id}/files/{name}.{ext} id=7 name=a ext=txt")),
            ("/users/", None),
            ("/users/7/", None),
            ("/users/7/files", None),
            ("/", Some("/")),
            ("/q", Some("/q?x=1")),
            ("/a/z", Some("/a/{x}{y} x=z")),
            ("relative", None),
            ("", None),
        ] {
            assert_eq!(found(path).as_deref(), expected, "{path}");
        }
    }
}
