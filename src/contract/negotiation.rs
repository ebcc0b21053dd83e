//! What a client would like of an answer: its content type (`Accept`), and what it prefers (`Prefer`).

use super::media;
use crate::codec::data_tree::DataNode;
use crate::model::exchange::Head;

/// What a client would like (`Prefer: code=404, example=none`; RFC 7240).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Preferred {
    pub(super) code: Option<u16>,
    pub(super) example: Option<String>,
}

impl Preferred {
    /// What a head says of it.
    pub(super) fn of(head: &Head) -> Self {
        let mut preferred = Preferred::default();
        for line in head.all("prefer") {
            let line = String::from_utf8_lossy(line).into_owned();
            for word in line.split([',', ';', ' ']) {
                let (name, value) = word.trim().split_once('=').unwrap_or_default();
                let value = value.trim_matches('"');
                match name.to_ascii_lowercase().as_str() {
                    "code" | "status" => preferred.code = value.parse().ok(),
                    "example" => preferred.example = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        preferred
    }
}

/// Types a client takes, each with how much it would like it, in thousandths (RFC 9110, section 12.5.1).
pub(super) fn taken(head: &Head) -> Vec<(String, u16)> {
    let lines = head.all("accept").map(|it| String::from_utf8_lossy(it).into_owned());
    let lines: Vec<String> = lines.collect();
    let mut taken = Vec::new();
    for range in lines.iter().flat_map(|line| line.split(',')) {
        let mut weight = 1_000;
        for parameter in range.split(';').skip(1) {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                weight = thousandths(value.trim());
            }
        }
        let kind = media::essence(range);
        if !kind.is_empty() {
            taken.push((kind, weight));
        }
    }
    taken
}

fn thousandths(weight: &str) -> u16 {
    let (whole, part) = weight.split_once('.').unwrap_or((weight, ""));
    if whole != "0" {
        return 1_000;
    }
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    digits.parse().unwrap_or(1_000)
}

/// The one of these types that a client would like most; of several JSON, or the first. `None` = it takes none.
pub(super) fn accepted<'n>(names: &[&'n str], taken: &[(String, u16)]) -> Option<&'n str> {
    let weight = |name: &str| -> u16 {
        if taken.is_empty() {
            return 1_000;
        }
        // What is said most exactly counts.
        let ranges: Vec<(Box<str>, DataNode)> =
            taken.iter().map(|(kind, _)| (kind.as_str().into(), DataNode::Null)).collect();
        let found = media::fitting(&ranges, name).map(|(kind, _)| &**kind);
        let of = |kind: &str| taken.iter().find(|(own, _)| own == kind).map(|(_, it)| *it);
        let found = found.and_then(of);
        // A document may name ranges, too.
        let around = [((*name).into(), DataNode::Null)];
        let inside = || {
            let inside = taken.iter().filter(|(kind, _)| media::fitting(&around, kind).is_some());
            inside.map(|(_, weight)| *weight).max()
        };
        found.or_else(inside).unwrap_or(0)
    };
    let best = names.iter().map(|name| weight(name)).max().filter(|best| *best > 0)?;
    let mut liked = names.iter().copied().filter(|name| weight(name) == best);
    let json = liked.clone().find(|name| media::is_json(name));
    json.or_else(|| liked.next())
}

/// The type itself where a document names a range: the one that a client asks for, else JSON.
pub(super) fn exact(name: &str, taken: &[(String, u16)]) -> String {
    if !name.contains('*') {
        return name.to_owned();
    }
    let around = [(name.into(), DataNode::Null)];
    let asked = taken.iter().filter(|(kind, weight)| *weight > 0 && !kind.contains('*'));
    let mut asked = asked.filter(|(kind, _)| media::fitting(&around, kind).is_some());
    asked.next().map_or_else(|| "application/json".to_owned(), |(kind, _)| kind.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::contract_tests::asked;

    #[test]
    fn the_type_that_is_liked_most_is_answered() {
        let names = ["text/csv", "application/json", "application/xml"];
        for (accept, expected) in [
            ("", Some("application/json")),
            ("*/*", Some("application/json")),
            (
                "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
                Some("application/xml"),
            ),
            ("application/json;q=0.1, text/*", Some("text/csv")),
            ("application/*, application/json;q=0", Some("application/xml")),
            ("TEXT/CSV; charset=utf-8", Some("text/csv")),
            ("image/png", None),
            ("application/json;q=0", None),
        ] {
            let head = asked("GET", &[("Accept", accept)]);
            assert_eq!(accepted(&names, &taken(&head)), expected, "{accept}");
        }
        let png = taken(&asked("GET", &[("Accept", "image/png")]));
        assert_eq!(accepted(&["image/*"], &png), Some("image/*"));
        assert_eq!(exact("image/*", &png), "image/png");
    }
}
