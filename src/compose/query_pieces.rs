//! The query of a URL as pieces that are read and written one by one, where they lie in its text.
//!
//! Called by the form, whose Params are rows over them. Invariants: what is not written anew keeps its
//! bytes; a piece that was written reads as what was written; `{{names}}` stay as they are and part
//! nothing. In a query `+` is read as a space, as forms write it; a space is written `%20`.

use std::ops::Range;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::address::UNSENDABLE;
use super::template::{Mode, Template, TemplatePart};

/// Longest URL that is taken apart, in bytes.
const READ: usize = 64 * 1024;
/// Pieces that are told apart; the others stay as they are.
const MOST: usize = 1_000;

/// What a value cannot hold as it is: it would part or end the query, or be read as something else.
const IN_VALUE: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'&').add(b'#').add(b'+');
/// In a name the first `=` would end it.
const IN_NAME: &AsciiSet = &IN_VALUE.add(b'=');
/// Everything but the unreserved characters (RFC 3986, section 2.3): how rows of a list go out.
pub(crate) const COMPONENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One of the two texts of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PiecePart {
    Name,
    Value,
}

/// `name=value` between two `&`, in bytes of the URL; an empty one is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryPiece {
    name: Range<usize>,
    /// `None` = it has no `=`.
    value: Option<Range<usize>>,
}

impl QueryPiece {
    fn end(&self) -> usize {
        self.value.as_ref().map_or(self.name.end, |value| value.end)
    }

    /// The piece as it is written.
    #[must_use]
    pub fn whole<'a>(&self, url: &'a str) -> &'a str {
        url.get(self.name.start..self.end()).unwrap_or_default()
    }

    /// One of its texts as it is written.
    #[must_use]
    pub fn written<'a>(&self, url: &'a str, part: PiecePart) -> &'a str {
        let place = match part {
            PiecePart::Name => Some(&self.name),
            PiecePart::Value => self.value.as_ref(),
        };
        place.and_then(|place| url.get(place.clone())).unwrap_or_default()
    }

    /// One of its texts as it is meant.
    #[must_use]
    pub fn meant(&self, url: &str, part: PiecePart) -> String {
        characters(self.written(url, part)).into_iter().map(|(c, _)| c).collect()
    }
}

/// The stretches of a text that are `{{names}}`.
fn names(text: &str) -> Vec<Range<usize>> {
    let Ok(template) = Template::parse(text, Mode::Text) else { return Vec::new() };
    template.names().map(|name| name.span.clone()).collect()
}

/// Where one of these signs is that stands in no name.
fn find(text: &str, names: &[Range<usize>], place: Range<usize>, signs: &[u8]) -> Option<usize> {
    let mut at = place.start;
    while at < place.end {
        let next = names.partition_point(|name| name.end <= at);
        if let Some(name) = names.get(next).filter(|name| name.start <= at) {
            at = name.end;
        } else if text.as_bytes().get(at).is_some_and(|byte| signs.contains(byte)) {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

/// Where the query of a URL is, without its `?`, and whether it has one; else where it would begin.
fn query(url: &str, names: &[Range<usize>]) -> (Range<usize>, bool) {
    let end = find(url, names, 0..url.len(), b"#").unwrap_or(url.len());
    match find(url, names, 0..end, b"?") {
        Some(mark) => (mark + 1..end, true),
        None => (end..end, false),
    }
}

/// The pieces of the query of a URL, in order.
#[must_use]
pub fn pieces(url: &str) -> Vec<QueryPiece> {
    let mut found = Vec::new();
    if url.len() > READ || !url.contains('?') {
        return found;
    }
    let names = names(url);
    let (query, _) = query(url, &names);
    let mut at = query.start;
    while at < query.end && found.len() < MOST {
        let end = find(url, &names, at..query.end, b"&").unwrap_or(query.end);
        let equals = find(url, &names, at..end, b"=");
        if at < end {
            let name = at..equals.unwrap_or(end);
            found.push(QueryPiece { name, value: equals.map(|equals| equals + 1..end) });
        }
        at = end + 1;
    }
    found
}

/// The URL with one text of a piece written anew; `None` = there is no such piece. Of a text only what
/// differs is written, the rest keeps its bytes.
#[must_use]
pub fn with_text(url: &str, at: usize, part: PiecePart, text: &str) -> Option<String> {
    let piece = pieces(url).into_iter().nth(at)?;
    let written = rewritten(piece.written(url, part), text, part);
    let (place, sign) = match (part, &piece.value) {
        // A piece of nothing would be gone while it is typed.
        (PiecePart::Name, None) if written.is_empty() => (piece.name, "="),
        (PiecePart::Name, _) => (piece.name, ""),
        (PiecePart::Value, Some(value)) => (value.clone(), ""),
        (PiecePart::Value, None) if text.is_empty() => return Some(url.to_owned()),
        (PiecePart::Value, None) => (piece.name.end..piece.name.end, "="),
    };
    let (before, behind) = (url.get(..place.start)?, url.get(place.end..)?);
    Some(format!("{before}{sign}{written}{behind}"))
}

/// The URL without a piece; `None` = there is no such piece.
#[must_use]
pub fn without(url: &str, at: usize) -> Option<String> {
    let piece = pieces(url).into_iter().nth(at)?;
    let (mut start, mut end) = (piece.name.start, piece.end());
    let (query, _) = query(url, &names(url));
    if url.as_bytes().get(end) == Some(&b'&') && end < query.end {
        end += 1;
    } else {
        // The sign before it, be it `&` or the `?` of a query that is empty then.
        start -= 1;
    }
    let (before, behind) = (url.get(..start)?, url.get(end..)?);
    Some(format!("{before}{behind}"))
}

/// The URL with a piece, as it is written, before the one that is at this place, or at the end.
#[must_use]
pub fn with_piece(url: &str, at: usize, piece: &str) -> String {
    let next = pieces(url).into_iter().nth(at);
    let (place, before, behind) = if let Some(next) = next {
        (next.name.start, "", "&")
    } else {
        let (query, has_query) = query(url, &names(url));
        let text = url.get(query.clone()).unwrap_or_default();
        let sign = match (has_query, text.is_empty() || text.ends_with('&')) {
            (false, _) => "?",
            (true, true) => "",
            (true, false) => "&",
        };
        (query.end, sign, "")
    };
    let (first, last) = url.split_at(place);
    format!("{first}{before}{piece}{behind}{last}")
}

/// The URL with two pieces in each other's place; `None` = there are no such two.
#[must_use]
pub fn with_swapped(url: &str, one: usize, other: usize) -> Option<String> {
    let pieces = pieces(url);
    let (first, second) = (pieces.get(one.min(other))?, pieces.get(one.max(other))?);
    let between = url.get(first.end()..second.name.start).filter(|_| one != other)?;
    let (before, behind) = (url.get(..first.name.start)?, url.get(second.end()..)?);
    Some(format!("{before}{}{between}{}{behind}", second.whole(url), first.whole(url)))
}

/// The characters a text means, each with the bytes it is written in. What is no UTF-8 stays as it is
/// written.
fn characters(raw: &str) -> Vec<(char, Range<usize>)> {
    let names = names(raw);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(written) = raw.get(at..).and_then(|rest| rest.chars().next()) {
        let next = names.partition_point(|name| name.end <= at);
        let is_name = names.get(next).is_some_and(|name| name.start <= at);
        let plain = (written, at + written.len_utf8());
        let (c, end) = match written {
            '%' if !is_name => escaped(raw.as_bytes(), at).unwrap_or(plain),
            '+' if !is_name => (' ', at + 1),
            _ => plain,
        };
        found.push((c, at..end));
        at = end;
    }
    found
}

/// The character that is percent-encoded here, and where its escapes end.
fn escaped(raw: &[u8], at: usize) -> Option<(char, usize)> {
    let mut bytes = Vec::new();
    let mut end = at;
    while bytes.len() < 4 {
        let [b'%', high, low] = raw.get(end..end + 3)? else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
        end += 3;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            return text.chars().next().map(|c| (c, end));
        }
    }
    None
}

/// A text as it is written in place of another: only what differs is encoded.
fn rewritten(raw: &str, text: &str, part: PiecePart) -> String {
    let old = characters(raw);
    let new: Vec<char> = text.chars().collect();
    let same = |pairs: &mut dyn Iterator<Item = bool>| pairs.take_while(|same| *same).count();
    let first = same(&mut old.iter().zip(&new).map(|((a, _), b)| a == b));
    let (behind, rest) = (old.split_at(first).1, new.split_at(first).1);
    let last = same(&mut behind.iter().rev().zip(rest.iter().rev()).map(|((a, _), b)| a == b));
    let start = behind.first().map_or(raw.len(), |(_, place)| place.start);
    let end = behind.get(behind.len() - last).map_or(raw.len(), |(_, place)| place.start);
    let middle: String = rest.iter().take(rest.len() - last).collect();
    let (before, after) =
        (raw.get(..start).unwrap_or_default(), raw.get(end..).unwrap_or_default());
    let written = format!("{before}{}{after}", encoded(&middle, part));
    let reads = |written: &str| characters(written).iter().map(|(c, _)| *c).eq(new.iter().copied());
    // What is new may make something else of what is beside it: `%2` and `0`, `{{a` and `}}`.
    if reads(&written) && !parts(&written, part) { written } else { encoded(text, part) }
}

/// Whether a text would end its part of the piece.
fn parts(written: &str, part: PiecePart) -> bool {
    let signs: &[u8] = match part {
        PiecePart::Name => b"&#=",
        PiecePart::Value => b"&#",
    };
    find(written, &names(written), 0..written.len(), signs).is_some()
}

/// A text as a piece holds it.
#[must_use]
pub(crate) fn encoded(text: &str, part: PiecePart) -> String {
    match part {
        PiecePart::Name => around_names(text, IN_NAME),
        PiecePart::Value => around_names(text, IN_VALUE),
    }
}

/// A text of a URL as it goes out: what no request line can hold is encoded.
#[must_use]
pub(crate) fn sendable(written: &str) -> String {
    around_names(written, UNSENDABLE)
}

/// Encodes a text and leaves its names as they are.
fn around_names(text: &str, set: &'static AsciiSet) -> String {
    let mut written = String::new();
    let mut at = 0;
    for name in names(text).into_iter().chain(std::iter::once(text.len()..text.len())) {
        let plain = text.get(at..name.start).unwrap_or_default();
        written.extend(utf8_percent_encode(plain, set));
        written.push_str(text.get(name.clone()).unwrap_or_default());
        at = name.end;
    }
    written
}

/// A text of a row as it goes out when the row is added to a URL, its names as they are.
#[must_use]
pub(crate) fn as_component(text: &str) -> String {
    let Ok(template) = Template::parse(text, Mode::Text) else { return text.to_owned() };
    let mut written = String::new();
    for part in &template.parts {
        match part {
            TemplatePart::Literal(bytes) => {
                written.extend(percent_encoding::percent_encode(bytes, COMPONENT));
            }
            TemplatePart::Name(name) => written.push_str(&name.source),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use PiecePart::{Name, Value};
    use proptest::prelude::*;

    fn rows(url: &str) -> Vec<(String, String)> {
        pieces(url).iter().map(|it| (it.meant(url, Name), it.meant(url, Value))).collect()
    }

    fn row(name: &str, value: &str) -> (String, String) {
        (name.into(), value.into())
    }

    #[test]
    fn the_query_of_a_url_is_rows_of_what_it_means() {
        for (url, expected) in [
            ("http://h/x?a=1&b=2", vec![row("a", "1"), row("b", "2")]),
            ("?a&b=&&=c&", vec![row("a", ""), row("b", ""), row("", "c")]),
            ("h?a=1+2%20%C3%A9%2B&a=1=2", vec![row("a", "1 2 é+"), row("a", "1=2")]),
            ("h?q=%zz%f&r=%ff%c3", vec![row("q", "%zz%f"), row("r", "%ff%c3")]),
            ("h?a={{v}}%20{{x&y=1}}#?b=2", vec![row("a", "{{v}} {{x&y=1}}")]),
            ("h?a=1?b=2", vec![row("a", "1?b=2")]),
            ("http://h/x#?a=1", vec![]),
            ("h?", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(rows(url), expected, "{url}");
        }
    }

    #[test]
    fn a_text_is_written_where_it_lies_and_nothing_else_changes() {
        let url = "http://h/x?a+b=%7e%C3%A9&&flag&q={{v}}+%zz#end";
        let write = |at, part, text: &str| with_text(url, at, part, text).unwrap();
        let made = |piece: &str| url.replace("a+b=%7e%C3%A9", piece);
        assert_eq!(write(0, Value, "~é"), url, "the same text");
        assert_eq!(write(0, Value, "~éx"), made("a+b=%7e%C3%A9x"));
        assert_eq!(write(0, Value, "& #é"), made("a+b=%26%20%23%C3%A9"));
        assert_eq!(write(0, Name, "a b="), made("a+b%3D=%7e%C3%A9"));
        assert_eq!(write(1, Value, "1"), url.replace("flag", "flag=1"));
        assert_eq!(write(1, Value, ""), url);
        assert_eq!(write(1, Name, ""), url.replace("flag", "="));
        assert_eq!(write(2, Value, "{{v}} %zz {{w}}"), url.replace("%zz", "%zz%20{{w}}"));
        assert_eq!(with_text(url, 3, Value, ""), None);
        // What is beside it would make an escape of it.
        assert_eq!(with_text("h?a=%2", 0, Value, "%20").unwrap(), "h?a=%2520");
        assert_eq!(with_text("h?a={{n%20x", 0, Value, "{{n x}}").unwrap(), "h?a={{n x}}");
        assert_eq!(with_text("h?a=%", 0, Value, "%41").unwrap(), "h?a=%2541");
    }

    #[test]
    fn pieces_go_and_come_and_change_places() {
        for (url, at, rest) in [
            ("h?a=1&b=2#f", 0, "h?b=2#f"),
            ("h?a=1&b=2#f", 1, "h?a=1#f"),
            ("h?a=1#f", 0, "h#f"),
            ("h/?a", 0, "h/"),
            ("h?a&&b", 0, "h?&b"),
            ("h?a&&b", 1, "h?a&"),
        ] {
            assert_eq!(without(url, at).as_deref(), Some(rest), "{url}");
        }
        assert_eq!(without("h?a", 1), None);
        for (url, at, whole) in [
            ("h?b#f", 0, "h?a=1&b#f"),
            ("h?b#f", 1, "h?b&a=1#f"),
            ("h?b&", 7, "h?b&a=1"),
            ("h#f", 0, "h?a=1#f"),
            ("h?", 0, "h?a=1"),
        ] {
            assert_eq!(with_piece(url, at, "a=1"), whole, "{url}");
        }
        assert_eq!(with_swapped("h?a=1&&b#f", 1, 0).as_deref(), Some("h?b&&a=1#f"));
        assert_eq!(with_swapped("h?a", 0, 1), None);
    }

    fn url() -> impl Strategy<Value = String> {
        "(http://h/x|\\{\\{b\\}\\}|)\\?[a=&+%20zé{}#. ]{0,24}"
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn what_is_not_touched_keeps_its_bytes(url in url()) {
            for (at, piece) in pieces(&url).iter().enumerate() {
                for part in [Name, Value] {
                    let same = with_text(&url, at, part, &piece.meant(&url, part));
                    prop_assert_eq!(same.as_deref(), Some(&*url));
                }
            }
        }

        #[test]
        fn a_row_that_is_written_is_the_row_that_is_read(
            url in "h\\?a=[a+%20z]{0,6}&b[+%2z]{0,4}(=[c%]{0,3})?(#f)?",
            at in 0_usize..2,
            is_name in any::<bool>(),
            text in "[a=&+%20z?#é/ ]{0,8}",
        ) {
            let part = if is_name { Name } else { Value };
            let before = rows(&url);
            let written = with_text(&url, at, part, &text).unwrap();
            let after = rows(&written);
            prop_assert_eq!(after.len(), before.len());
            for (row, (old, new)) in before.iter().zip(&after).enumerate() {
                let expected = match (row == at, is_name) {
                    (true, true) => (text.clone(), old.1.clone()),
                    (true, false) => (old.0.clone(), text.clone()),
                    (false, _) => old.clone(),
                };
                prop_assert_eq!(new, &expected);
            }
        }

        #[test]
        fn a_piece_that_went_comes_back(url in url(), at in 0_usize..4) {
            if let (Some(piece), Some(rest)) = (pieces(&url).get(at), without(&url, at)) {
                let back = with_piece(&rest, at, piece.whole(&url));
                prop_assert_eq!(rows(&back), rows(&url));
            }
        }
    }
}
