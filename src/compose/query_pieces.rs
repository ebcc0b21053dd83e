//! The query of a URL as pieces that are read and written one by one, where they lie in its text.
//!
//! Called by the form, whose Params are rows over them. Invariants: what is not written anew keeps its
//! bytes; a piece that was written reads as what was written; `{{names}}` stay as they are and part
//! nothing. In a query `+` is read as a space, as forms write it; a space is written `%20`.

use std::ops::Range;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::address::UNSENDABLE;
use super::template::{Mode, Template, TemplatePart};
use crate::model::braces;
use crate::model::url_text::{QueryPiece, UrlText, parts_query};

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
pub(crate) enum PiecePart {
    Name,
    Value,
}

/// One of the two texts of a piece as it is written.
fn written<'a>(piece: &QueryPiece<'a>, part: PiecePart) -> &'a str {
    match part {
        PiecePart::Name => piece.name,
        PiecePart::Value => piece.value.unwrap_or(""),
    }
}

/// One of the two texts of a piece as it is meant.
pub(crate) fn meant(piece: &QueryPiece<'_>, part: PiecePart) -> String {
    characters(written(piece, part)).into_iter().map(|(c, _)| c).collect()
}

/// One of the two texts of a piece as it goes out: what no request line can hold is encoded.
pub(crate) fn sent(piece: &QueryPiece<'_>, part: PiecePart) -> String {
    around_names(written(piece, part), UNSENDABLE)
}

/// The pieces of the query of a URL, in order; empty ones are none.
pub(crate) fn pieces(url: &str) -> Vec<QueryPiece<'_>> {
    if url.len() > READ {
        return Vec::new();
    }
    let pieces = UrlText::of(url).pieces().into_iter().filter(|piece| !piece.whole.is_empty());
    pieces.take(MOST).collect()
}

/// The URL with one text of a piece written anew; `None` = there is no such piece. Of a text only what
/// differs is written, the rest keeps its bytes.
pub(crate) fn with_text(url: &str, at: usize, part: PiecePart, text: &str) -> Option<String> {
    let piece = pieces(url).into_iter().nth(at)?;
    let written = rewritten(written(&piece, part), text, part);
    let behind_name = piece.at + piece.name.len();
    let (place, sign) = match (part, piece.value) {
        // A piece of nothing would be gone while it is typed.
        (PiecePart::Name, None) if written.is_empty() => (piece.at..behind_name, "="),
        (PiecePart::Name, _) => (piece.at..behind_name, ""),
        (PiecePart::Value, Some(value)) => (piece.end() - value.len()..piece.end(), ""),
        (PiecePart::Value, None) if text.is_empty() => return Some(url.to_owned()),
        (PiecePart::Value, None) => (behind_name..behind_name, "="),
    };
    Some(with(url, place, &format!("{sign}{written}")))
}

/// A text with something else at a place.
fn with(text: &str, place: Range<usize>, new: &str) -> String {
    let (before, behind) = (text.split_at(place.start).0, text.split_at(place.end).1);
    format!("{before}{new}{behind}")
}

/// The URL without a piece; `None` = there is no such piece.
pub(crate) fn without(url: &str, at: usize) -> Option<String> {
    let piece = pieces(url).into_iter().nth(at)?;
    let place = if piece.end() < UrlText::of(url).fragment_at {
        piece.at..piece.end() + "&".len()
    } else {
        // The sign before it, be it `&` or the `?` of a query that is empty then.
        piece.at - "&".len()..piece.end()
    };
    Some(with(url, place, ""))
}

/// The URL with a piece, as it is written, before the one that is at this place, or at the end.
pub(crate) fn with_piece(url: &str, at: usize, piece: &str) -> String {
    if let Some(next) = pieces(url).get(at) {
        return with(url, next.at..next.at, &format!("{piece}&"));
    }
    let parts = UrlText::of(url);
    with(url, parts.fragment_at..parts.fragment_at, &format!("{}{piece}", parts.joint()))
}

/// The URL with two pieces in each other's place; `None` = there are no such two.
pub(crate) fn with_swapped(url: &str, one: usize, other: usize) -> Option<String> {
    let pieces = pieces(url);
    let (first, second) = (pieces.get(one.min(other))?, pieces.get(one.max(other))?);
    let swapped = with(url, second.at..second.end(), first.whole);
    (one != other).then(|| with(&swapped, first.at..first.end(), second.whole))
}

/// The characters a text means, each with the bytes it is written in. What is no UTF-8 stays as it is
/// written.
fn characters(raw: &str) -> Vec<(char, Range<usize>)> {
    let names: Vec<_> = braces::spans(raw).map(|(span, _)| span).collect();
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
    let written = with(raw, start..end, &encoded(&middle, part));
    let reads = |written: &str| characters(written).iter().map(|(c, _)| *c).eq(new.iter().copied());
    // What is new may make something else of what is beside it: `%2` and `0`, `{{a` and `}}`.
    let is_whole = !parts_query(&written, part == PiecePart::Name);
    if reads(&written) && is_whole { written } else { encoded(text, part) }
}

/// A text as a piece holds it.
pub(crate) fn encoded(text: &str, part: PiecePart) -> String {
    match part {
        PiecePart::Name => around_names(text, IN_NAME),
        PiecePart::Value => around_names(text, IN_VALUE),
    }
}

/// Encodes a text and leaves its names as they are.
fn around_names(text: &str, set: &'static AsciiSet) -> String {
    let mut written = String::new();
    let mut at = 0;
    for (name, _) in braces::spans(text) {
        written.extend(utf8_percent_encode(text.split_at(name.start).0.split_at(at).1, set));
        written.push_str(text.split_at(name.end).0.split_at(name.start).1);
        at = name.end;
    }
    written.extend(utf8_percent_encode(text.split_at(at).1, set));
    written
}

/// A text of a row as it goes out when the row is added to a URL, its names as they are.
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
        pieces(url).iter().map(|it| (meant(it, Name), meant(it, Value))).collect()
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

        /// Whatever braces hold: as it is written a text parts where it parts as it is sent.
        #[test]
        fn a_text_parts_as_what_becomes_of_it(text in "([a{}!:/?#@&=\n\" .]|\\{\\{!?|\\}\\}){0,16}") {
            let template = Template::parse(&text, Mode::Text).unwrap();
            let sent = template.expand_with(&|_| Ok(b"N".to_vec())).unwrap();
            let sent = String::from_utf8(sent).unwrap();
            // As long as the text, so that the parts are at the same places.
            let mut plain = text.clone();
            for (span, _) in braces::spans(&text) {
                plain.replace_range(span.clone(), &"N".repeat(span.len()));
            }
            let (typed, plain) = (UrlText::of(&text), UrlText::literal(&plain));
            let parts = |url: UrlText<'_>| {
                let piece = |it: QueryPiece<'_>| (it.at, it.name.len(), it.value.map(str::len));
                let places = [url.host_at, url.path_at, url.query_at, url.fragment_at];
                (places, url.pieces().into_iter().map(piece).collect::<Vec<_>>())
            };
            prop_assert_eq!(parts(typed), parts(plain));
            prop_assert_eq!(typed.pieces().len(), UrlText::literal(&sent).pieces().len());
        }

        #[test]
        fn what_is_not_touched_keeps_its_bytes(url in url()) {
            for (at, piece) in pieces(&url).iter().enumerate() {
                for part in [Name, Value] {
                    let same = with_text(&url, at, part, &meant(piece, part));
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
                let back = with_piece(&rest, at, piece.whole);
                prop_assert_eq!(rows(&back), rows(&url));
            }
        }
    }
}
