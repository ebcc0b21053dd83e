//! Rows of a list in a pasted text: lines of `Name: value` or `name=value`, a message, what curl tells of
//! one, the query of a URL, a flat JSON object, headers as a program's source has them. What of its lines is no row is left out and counted. Pure;
//! a text without rows stays a text.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::app::format;
use crate::codec::http1::fields::is_token;
use crate::compose::query_pieces::{PiecePart, meant};
use crate::model::field::{Options as _, Spelling};
use crate::model::name_value::NameValue;
use crate::model::url_text::{QueryPiece, UrlText};

/// Rows taken at once.
const MOST: usize = 1_000;
/// Characters of a line that are quoted.
const QUOTED: usize = 24;

/// What a text is as rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PastedRows {
    pub(crate) rows: Vec<NameValue>,
    left_out: Vec<OddLine>,
    /// Lines that went on with the value of the line before.
    joined: u64,
}

/// A line that is no row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum OddLine {
    RequestLine,
    StatusLine,
    /// `:authority: x`, which HTTP/2 makes of the address.
    Pseudo,
    Comment,
    /// What curl says about the connection.
    Remark,
    /// Of the message that went the other way, or of another one.
    Other,
    Body,
    Unreadable(String),
    /// More rows than are taken at once.
    Beyond,
}

/// Whose headers a list has: of what curl told of an exchange these are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderSide {
    Request,
    Response,
}

/// The rows a text means where a list is spelled so; `None` = it means none.
pub(crate) fn rows(text: &str, spelling: Spelling, side: HeaderSide) -> Option<PastedRows> {
    let whole = |rows| PastedRows { rows, ..PastedRows::default() };
    let mut pasted = match spelling {
        Spelling::Header => match header_object(text) {
            Some(rows) => whole(rows),
            None => headers(text, side),
        },
        Spelling::Pair => {
            let text = text.trim();
            let one = object(text).or_else(|| query(text)).map(whole);
            one.or_else(|| pairs(text))?
        }
        Spelling::Table | Spelling::Headed | Spelling::Entries => return None,
    };
    let beyond = pasted.rows.len().saturating_sub(MOST);
    pasted.rows.truncate(MOST);
    pasted.left_out.extend(std::iter::repeat_n(OddLine::Beyond, beyond));
    (!pasted.rows.is_empty()).then_some(pasted)
}

impl PastedRows {
    fn take(&mut self, row: Option<NameValue>, line: &str) {
        match row {
            Some(row) => self.rows.push(row),
            None => self.left_out.push(OddLine::Unreadable(line.trim().to_owned())),
        }
    }

    /// What was left out or joined, and why; empty when every line is a row.
    pub(crate) fn remark(&self) -> String {
        let mut odd = self.left_out.clone();
        odd.sort();
        let kind = |line: &OddLine| std::mem::discriminant(line);
        let groups = odd.chunk_by(|one, other| kind(one) == kind(other));
        let words: Vec<String> = groups.filter_map(words).collect();
        let mut said = String::new();
        if !words.is_empty() {
            let _ = write!(said, "; left out: {}", words.join(", "));
        }
        if self.joined > 0 {
            let lines = format::counted(self.joined, "folded line");
            let _ = write!(said, "; {lines} joined with the one before");
        }
        said
    }
}

/// The words for lines of one kind.
fn words(lines: &[OddLine]) -> Option<String> {
    let number = lines.len() as u64;
    Some(match lines.first()? {
        OddLine::RequestLine => "the request line".into(),
        OddLine::StatusLine => "the status line".into(),
        OddLine::Pseudo => {
            format!("{} (made of the address)", format::counted(number, "pseudo header"))
        }
        OddLine::Comment => format::counted(number, "comment"),
        OddLine::Remark => format!("{} of curl", format::counted(number, "remark")),
        OddLine::Other => format!("{} of another message", format::counted(number, "line")),
        OddLine::Body => "the body".into(),
        OddLine::Unreadable(first) => {
            let cut: String = first.chars().take(QUOTED).collect();
            let dots = if cut.len() < first.len() { "\u{2026}" } else { "" };
            let more = match number - 1 {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("\u{201c}{cut}{dots}\u{201d}{more} (no name with a value)")
        }
        OddLine::Beyond => format!("{} beyond {MOST}", format::counted(number, "row")),
    })
}

/// Headers, one a line; around them may stand a whole message, or what `curl -v` tells.
fn headers(text: &str, side: HeaderSide) -> PastedRows {
    let mut pasted = PastedRows::default();
    let told = told(text, side, &mut pasted);
    let paired = paired(&told);
    let mut is_message = false;
    let mut is_body = false;
    let mut is_row = false;
    for line in paired.as_ref().unwrap_or(&told) {
        let bare = line.trim();
        if bare.is_empty() {
            is_body |= is_message && !pasted.rows.is_empty();
            is_row = false;
            continue;
        }
        let odd = if is_body { Some(OddLine::Body) } else { odd_line(bare) };
        if let Some(odd) = odd {
            is_message |= matches!(odd, OddLine::RequestLine | OddLine::StatusLine);
            pasted.left_out.push(odd);
            is_row = false;
            continue;
        }
        let row = header(bare);
        let is_folded = row.is_none() && line.starts_with([' ', '\t']);
        if let Some(before) = pasted.rows.last_mut().filter(|_| is_folded && is_row) {
            let gap = if before.value.is_empty() { "" } else { " " };
            before.value = format!("{}{gap}{bare}", before.value);
            pasted.joined += 1;
            continue;
        }
        is_row = row.is_some();
        pasted.take(row, bare);
    }
    pasted
}

fn header(line: &str) -> Option<NameValue> {
    let row = NameValue::from_line(&bare_header(line), Spelling::Header)?;
    let (name, value) = (row.name.trim_end().to_owned(), row.value.trim().to_owned());
    // `http://h` is an address.
    let is_header = is_token(name.as_bytes()) && !row.value.starts_with("//");
    if is_header { Some(NameValue { name, value, ..row }) } else { None }
}

/// A line of a header without what a program's source has around it: curl's option, the quotes of a
/// string, those of a name and a value, a comma.
fn bare_header(line: &str) -> Cow<'_, str> {
    let line = line.strip_suffix('\\').map_or(line, str::trim_end);
    let option = ["-H", "--header"].into_iter().find_map(|option| line.strip_prefix(option));
    let option = option.map(|rest| rest.trim_start_matches('=').trim_start());
    let quoted = |text: &str, quote: char| -> Option<String> {
        let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inner.contains(quote)).then(|| inner.to_owned())
    };
    let any = |text: &str| ['"', '\''].into_iter().find_map(|quote| quoted(text.trim(), quote));
    let line = option.unwrap_or(line);
    let item = if option.is_some() { line } else { line.strip_suffix(',').unwrap_or(line) };
    if let Some(inner) = any(item) {
        return inner.into();
    }
    let pair = item.split_once(':').and_then(|(name, value)| Some((any(name)?, any(value)?)));
    pair.map_or(line.into(), |(name, value)| format!("{name}: {value}").into())
}

/// A JSON object whose names can be those of headers and whose values are texts.
fn header_object(text: &str) -> Option<Vec<NameValue>> {
    let text = text.trim();
    let values: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let is_header = |(name, value): (&String, &serde_json::Value)| {
        is_token(name.as_bytes()) && value.is_string()
    };
    if !values.iter().all(is_header) {
        return None;
    }
    object(text)
}

/// A line of which is known why it is no header.
fn odd_line(line: &str) -> Option<OddLine> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match words.as_slice() {
        [version, ..] if version.starts_with("HTTP/") => Some(OddLine::StatusLine),
        [method, _, version] if version.starts_with("HTTP/") && is_token(method.as_bytes()) => {
            Some(OddLine::RequestLine)
        }
        [first, ..] if first.starts_with(':') => Some(OddLine::Pseudo),
        [first, ..] if first.starts_with('#') || first.starts_with("//") => Some(OddLine::Comment),
        _ => None,
    }
}

/// Of what `curl -v` tells the lines of the message whose headers are wanted, without the mark before
/// them; of any other text all lines.
fn told(text: &str, side: HeaderSide, pasted: &mut PastedRows) -> Vec<String> {
    let marks = match side {
        HeaderSide::Request => ['>', '<'],
        HeaderSide::Response => ['<', '>'],
    };
    let has = |mark: &char| text.lines().any(|line| behind(line, *mark).is_some());
    let Some(wanted) = marks.into_iter().find(has) else {
        return text.lines().map(str::to_owned).collect();
    };
    let mut lines: Vec<String> = Vec::new();
    let mut is_over = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let told = marks.into_iter().find_map(|mark| Some((mark, behind(line, mark)?)));
        let odd = match told {
            Some((mark, "")) => {
                is_over |= mark == wanted && !lines.is_empty();
                continue;
            }
            Some((mark, line)) if mark == wanted && !is_over => {
                lines.push(line.to_owned());
                continue;
            }
            Some(_) => OddLine::Other,
            None if is_remark(line) => OddLine::Remark,
            None => OddLine::Body,
        };
        pasted.left_out.push(odd);
    }
    lines
}

/// What curl says itself: remarks, and how many bytes went where.
fn is_remark(line: &str) -> bool {
    ["* ", "{ [", "} ["].into_iter().any(|mark| line.starts_with(mark))
}

/// What stands behind the mark of a line.
fn behind(line: &str, mark: char) -> Option<&str> {
    let rest = line.trim_start().strip_prefix(mark)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
}

/// A name with its colon on one line and its value on the next, as some browsers copy them: each two
/// lines as one. `None` = the text is not of that kind.
fn paired(lines: &[String]) -> Option<Vec<String>> {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    let is_name = |line: &str| {
        let name = line.strip_suffix(':').map(|name| name.strip_prefix(':').unwrap_or(name));
        name.is_some_and(|name| is_token(name.as_bytes()))
    };
    let (pairs, rest) = lines.as_chunks::<2>();
    let is_pair = |[name, value]: &[&str; 2]| is_name(name) && !is_name(value) && !value.is_empty();
    let is_paired = rest.is_empty() && !pairs.is_empty() && pairs.iter().all(is_pair);
    is_paired.then(|| pairs.iter().map(|[name, value]| format!("{name} {value}")).collect())
}

/// `a=1&b=2`, also behind `?` and in a URL. What is encoded there is read.
fn query(text: &str) -> Option<Vec<NameValue>> {
    if text.contains(char::is_whitespace) {
        return None;
    }
    let is_url = text.contains("://") || text.starts_with('?');
    let url = if is_url { Cow::Borrowed(text) } else { Cow::Owned(format!("?{text}")) };
    let pieces = UrlText::of(&url).pieces();
    if pieces.is_empty() || !is_url && (pieces.len() == 1 || !pieces.iter().any(has_value)) {
        return None;
    }
    let row = |piece| NameValue::new(meant(piece, PiecePart::Name), meant(piece, PiecePart::Value));
    Some(pieces.iter().filter(|piece| !piece.whole.is_empty()).map(row).collect())
}

fn has_value(piece: &QueryPiece<'_>) -> bool {
    piece.value.is_some()
}

/// Lines of `name=value` or `name: value`, or columns of a table, when there are several lines.
fn pairs(text: &str) -> Option<PastedRows> {
    let row = |line: &str| {
        let (enabled, line) = line.strip_prefix('~').map_or((true, line), |line| (false, line));
        let at = line.find(['=', ':', '\t'])?;
        let (name, value) = line.split_at(at);
        let is_name = !name.trim().is_empty() && !name.trim().contains(char::is_whitespace);
        let value = value.split_at(1).1.trim();
        is_name.then(|| NameValue { enabled, ..NameValue::new(name.trim(), value) })
    };
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut pasted = PastedRows::default();
    for line in &lines {
        match odd_line(line.trim()) {
            Some(odd) => pasted.left_out.push(odd),
            None => pasted.take(row(line.trim_start()), line),
        }
    }
    (lines.len() > 1).then_some(pasted)
}

/// A JSON object; values that are no texts are spelled as JSON.
fn object(text: &str) -> Option<Vec<NameValue>> {
    if !text.starts_with('{') || text.starts_with("{{") {
        return None;
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let value = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Some(object.into_iter().map(|(name, it)| NameValue::new(name, value(it))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, spelling: Spelling) -> Option<Vec<(String, String, bool)>> {
        let rows = rows(text, spelling, HeaderSide::Request)?.rows;
        Some(rows.into_iter().map(|row| (row.name, row.value, row.enabled)).collect())
    }

    fn row(name: &str, value: &str) -> (String, String, bool) {
        (name.into(), value.into(), true)
    }

    #[test]
    fn headers_are_read_from_lines_and_messages() {
        let read = |text| read(text, Spelling::Header);
        let two = vec![row("Accept", "a, b"), row("X-Id", "1:2")];
        assert_eq!(read("Accept: a, b\r\n\r\n  X-Id:1:2 \n"), Some(two.clone()));
        assert_eq!(read("GET /x HTTP/1.1\nAccept: a, b\nX-Id: 1:2"), Some(two.clone()));
        assert_eq!(read("X: {{v}}"), Some(vec![row("X", "{{v}}")]));
        assert_eq!(read("~X: 1\nY:"), Some(vec![("X".into(), "1".into(), false), row("Y", "")]));
        for source in [
            "{\"Accept\": \"a, b\", \"X-Id\": \"1:2\"}",
            "headers = {\n  \"Accept\": \"a, b\",\n  'X-Id': '1:2'\n}",
            "  -H 'Accept: a, b' \\\n  --header \"X-Id: 1:2\"",
            "\"Accept: a, b\",\n\"X-Id: 1:2\",",
            "Accept : a, b\nX-Id : 1:2",
        ] {
            assert_eq!(read(source), Some(two.clone()), "{source}");
        }
        assert_eq!(read("ETag: \"a\""), Some(vec![row("ETag", "\"a\"")]), "its own quotes");
        for text in ["Accept", "", "http://h/", "a b: c", "one\ntwo", "{\"a\": 1}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn pairs_are_read_from_lines_queries_urls_and_objects() {
        let read = |text| read(text, Spelling::Pair);
        let two = vec![row("a", "1 2"), row("b", "")];
        for text in
            ["a=1+2&b=", "?a=1%202&b", "http://h/x?a=1+2&b#top", "a=1 2\nb=", "a: 1 2\n\nb:"]
        {
            assert_eq!(read(text), Some(two.clone()), "{text}");
        }
        assert_eq!(
            read("{\"a\": \"x\", \"b\": [1, true], \"c\": null}"),
            Some(vec![row("a", "x"), row("b", "[1,true]"), row("c", "null")])
        );
        assert_eq!(read("a=1&a=1"), Some(vec![row("a", "1"), row("a", "1")]));
        for text in ["a", "a=1", "two words\nhere", "{{a}}", "http://h/x", "{\"a\": ", ""] {
            assert_eq!(read(text), None, "{text}");
        }
        let many = "a=1\n".repeat(1_002);
        let many = rows(&many, Spelling::Pair, HeaderSide::Request).unwrap();
        assert_eq!(
            (many.rows.len(), many.remark()),
            (1_000, "; left out: 2 rows beyond 1000".into())
        );
        assert_eq!(read("a\t1 2\n# of b\nb\t\nodd"), Some(two), "columns of a table");
    }

    const TRACE: &str = "* Connected to h\n> GET /a HTTP/1.1\r\n> Host: h\r\n> Accept: */*\r\n>\r\n\
        * done\n< HTTP/1.1 200 OK\n< Server: s\n<\n{\"a\": 1}\n";

    #[test]
    fn lines_that_are_no_headers_are_left_out_and_said() {
        let read = |text, side| {
            let pasted = rows(text, Spelling::Header, side).unwrap_or_default();
            let names = pasted.rows.iter().map(|row| format!("{}={}", row.name, row.value));
            (names.collect::<Vec<_>>().join(" "), pasted.remark())
        };
        for (text, rows, remark) in [
            (
                "A: 1\nfoo bar\nB: 2",
                "A=1 B=2",
                "; left out: \u{201c}foo bar\u{201d} (no name with a value)",
            ),
            (
                "one\nA: 1\ntwo",
                "A=1",
                "; left out: \u{201c}one\u{201d} and 1 more (no name with a value)",
            ),
            ("A: 1\n# B: 2\n\n// no\nC: 3", "A=1 C=3", "; left out: 2 comments"),
            (
                ":authority: x\n:path: /\nA: 1",
                "A=1",
                "; left out: 2 pseudo headers (made of the address)",
            ),
            (
                ":authority:\nh\naccept:\n*/*\nhost:\nh:8080",
                "accept=*/* host=h:8080",
                "; left out: 1 pseudo header (made of the address)",
            ),
            ("A: 1;\n\tx=2\nB: 2", "A=1; x=2 B=2", "; 1 folded line joined with the one before"),
            ("  A: 1\n  B: 2", "A=1 B=2", ""),
            (
                "POST /x HTTP/2\nA: 1\n\n{\"b\": 2}\nC: 3",
                "A=1",
                "; left out: the request line, the body",
            ),
            (
                TRACE,
                "Host=h Accept=*/*",
                "; left out: the request line, 2 remarks of curl, 2 lines of another message, the body",
            ),
            ("< HTTP/1.1 200 OK\n< A: 1\n<", "A=1", "; left out: the status line"),
        ] {
            assert_eq!(
                read(text, HeaderSide::Request),
                (rows.to_owned(), remark.to_owned()),
                "{text}"
            );
        }
        assert_eq!(read(TRACE, HeaderSide::Response).0, "Server=s");
    }
}
