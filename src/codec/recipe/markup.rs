//! XML and HTML with one element a line, indented; entities, attributes and text stay as they are, only
//! white space between tags is ours. Tags that are wrong inside each other are laid out all the same and
//! marked at the end of their line.

mod tokens;

use super::maker::BodyMaker;
use crate::model::view::ViewMode;
use tokens::{MarkupToken, Tokenizer};

/// Spaces of one level.
const INDENT: usize = 2;
/// Widest indent in spaces.
const WIDEST: usize = 64;
/// Elements inside each other that are remembered.
const DEEPEST: usize = 4096;
/// Longest text that stands on one line with the tags round it, in bytes.
const SHORT: usize = 120;
/// What a text may begin with that says it is UTF-8.
const MARK_OF_ORDER: &[u8] = b"\xef\xbb\xbf";
/// Stands before what is wrong with a line.
const MARK: &str = "  ✗ ";

/// Elements of HTML that have no end.
const VOID: [&str; 13] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr",
];
/// Elements of HTML whose end may be left out.
const OPTIONAL: [&str; 18] = [
    "html", "head", "body", "p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot",
    "option", "optgroup", "colgroup", "rt", "rp",
];
/// Elements that end one of their own kind: the first of each row ends with any of them.
const ENDS: [&[&str]; 6] = [
    &["li"],
    &["td", "th"],
    &["tr", "tbody", "tfoot", "thead"],
    &["dt", "dd"],
    &["option", "optgroup"],
    &["p", "div", "ul", "ol", "table", "section", "h1", "h2", "h3", "h4", "pre", "form"],
];

/// Lays XML and HTML out.
#[derive(Debug, Default)]
pub(super) struct MarkupLayout {
    tokenizer: Tokenizer,
    open: Vec<OpenElement>,
    /// The line that is not over, without its indent.
    line: Vec<u8>,
    /// What the line has so far.
    stage: Stage,
    tags: usize,
    flaws: usize,
}

#[derive(Debug)]
struct OpenElement {
    name: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Empty,
    /// A start tag.
    Start,
    /// A start tag and the text behind it.
    Text,
}

impl BodyMaker for MarkupLayout {
    fn push(&mut self, bytes: &[u8], made: &mut Vec<u8>) -> Result<(), String> {
        self.tokenizer.push(bytes)?;
        self.lay_out(false, made)
    }

    fn finish(&mut self, made: &mut Vec<u8>) -> Result<(), String> {
        self.lay_out(true, made)?;
        self.end_line(made);
        if self.tags == 0 {
            return Err("there is no tag here: this is neither XML nor HTML".to_owned());
        }
        let is_html = self.tokenizer.is_html();
        self.flaws += self.open.iter().filter(|it| !is_optional(&it.name, is_html)).count();
        Ok(())
    }

    fn mode(&self) -> ViewMode {
        ViewMode::Text
    }

    fn remark(&self) -> String {
        let said = "white space changed";
        match self.flaws {
            0 => said.to_owned(),
            1 => format!("1 tag has no partner; {said}"),
            flaws => format!("{flaws} tags have no partner; {said}"),
        }
    }

    fn warns(&self) -> bool {
        self.flaws > 0
    }
}

/// Lays a text out whose tags are right inside each other.
///
/// # Errors
/// A sentence: it is no markup, or what is wrong with its tags.
pub(crate) fn laid_out(text: &str) -> Result<String, String> {
    let (mut layout, mut made) = (MarkupLayout::default(), Vec::new());
    layout.push(text.as_bytes(), &mut made)?;
    layout.finish(&mut made)?;
    let made = String::from_utf8_lossy(&made).into_owned();
    if layout.flaws == 0 {
        return Ok(made);
    }
    let marked = made.lines().find_map(|line| line.split_once(MARK));
    Err(marked.map_or_else(
        || format!("{} has no end", layout.unended()),
        |(tag, why)| format!("{} {why}", tag.trim()),
    ))
}

impl MarkupLayout {
    /// The innermost element that is open, as it began.
    fn unended(&self) -> String {
        let name = self.open.last().map_or(&b""[..], |open| &open.name);
        format!("<{}>", String::from_utf8_lossy(name))
    }

    fn lay_out(&mut self, is_last: bool, made: &mut Vec<u8>) -> Result<(), String> {
        let mut tokenizer = std::mem::take(&mut self.tokenizer);
        while let Some((token, is_html)) = tokenizer.next(is_last) {
            if let MarkupToken::Text(text) = token
                && self.tags == 0
                && !text.trim_ascii().is_empty()
                && text != MARK_OF_ORDER
            {
                return Err("this does not begin with a tag".to_owned());
            }
            self.take(&token, is_html, made);
        }
        tokenizer.forget();
        self.tokenizer = tokenizer;
        Ok(())
    }

    fn take(&mut self, token: &MarkupToken<'_>, is_html: bool, made: &mut Vec<u8>) {
        self.tags += usize::from(!matches!(token, MarkupToken::Text(_)));
        match *token {
            MarkupToken::Start { tag, name, is_closed } => {
                self.end_line(made);
                if is_html {
                    self.end_others(name);
                }
                self.begin_line(tag, made);
                let is_void = is_html && VOID.iter().any(|void| is(name, void));
                if is_closed || is_void || self.open.len() >= DEEPEST {
                    return self.end_line(made);
                }
                self.open.push(OpenElement { name: name.to_vec() });
                self.stage = Stage::Start;
            }
            MarkupToken::End { tag, name } => self.end(tag, name, is_html, made),
            MarkupToken::Text(text) => self.text(text, made),
            MarkupToken::Other(bytes) => {
                self.end_line(made);
                self.begin_line(bytes, made);
                self.end_line(made);
            }
        }
    }

    /// Elements that end where this one begins.
    fn end_others(&mut self, name: &[u8]) {
        let is_in = |row: &[&str], name: &[u8]| row.iter().any(|other| is(name, other));
        while let Some(last) = self.open.last() {
            let ends = ENDS.iter().any(|row| {
                let ended = if is(row.first().map_or(b"", |it| it.as_bytes()), "p") {
                    is(&last.name, "p")
                } else {
                    is_in(row, &last.name)
                };
                ended && is_in(row, name)
            });
            // A row ends its last cell, too.
            let is_cell = is(&last.name, "td") || is(&last.name, "th");
            let ends_row = is_cell && is_in(ENDS[2], name);
            if !(ends || ends_row) {
                return;
            }
            self.open.pop();
        }
    }

    fn end(&mut self, tag: &[u8], name: &[u8], is_html: bool, made: &mut Vec<u8>) {
        let is_same = |open: &OpenElement| {
            if is_html { open.name.eq_ignore_ascii_case(name) } else { open.name == name }
        };
        let Some(at) = self.open.iter().rposition(is_same) else {
            self.end_line(made);
            self.begin_line(tag, made);
            self.flaws += 1;
            self.line.extend_from_slice(format!("{MARK}ends nothing that is open").as_bytes());
            return self.end_line(made);
        };
        let is_innermost = at + 1 == self.open.len();
        let missed = self.open.split_off(at + 1);
        self.open.pop();
        let missed: Vec<_> =
            missed.into_iter().filter(|it| !is_optional(&it.name, is_html)).collect();
        if self.stage == Stage::Empty || !is_innermost {
            self.end_line(made);
            self.begin_line(tag, made);
        } else {
            self.line.extend_from_slice(tag);
        }
        if let Some(first) = missed.first() {
            self.flaws += missed.len();
            let name = String::from_utf8_lossy(&first.name);
            self.line.extend_from_slice(format!("{MARK}<{name}> is not ended").as_bytes());
        }
        self.end_line(made);
    }

    fn text(&mut self, text: &[u8], made: &mut Vec<u8>) {
        let is_verbatim = self.open.last().is_some_and(|last| tokens::is_verbatim(&last.name));
        let trimmed = text.trim_ascii();
        if trimmed.is_empty() {
            return;
        }
        if self.stage == Stage::Start && text.len() <= SHORT && !text.contains(&b'\n') {
            self.line.extend_from_slice(text);
            self.stage = Stage::Text;
            return;
        }
        self.end_line(made);
        if is_verbatim {
            made.extend_from_slice(text.strip_prefix(b"\n").unwrap_or(text).trim_ascii_end());
            made.push(b'\n');
            return;
        }
        for line in trimmed.split(|byte| *byte == b'\n') {
            let line = line.trim_ascii();
            if !line.is_empty() {
                self.begin_line(line, made);
                self.end_line(made);
            }
        }
    }

    fn begin_line(&mut self, bytes: &[u8], made: &mut Vec<u8>) {
        let indent = (self.open.len() * INDENT).min(WIDEST);
        made.resize(made.len() + indent, b' ');
        self.line.extend_from_slice(bytes);
    }

    fn end_line(&mut self, made: &mut Vec<u8>) {
        if !self.line.is_empty() {
            made.append(&mut self.line);
            made.push(b'\n');
        }
        self.stage = Stage::Empty;
    }
}

fn is(name: &[u8], other: &str) -> bool {
    name.eq_ignore_ascii_case(other.as_bytes())
}

fn is_optional(name: &[u8], is_html: bool) -> bool {
    is_html && OPTIONAL.iter().any(|optional| is(name, optional))
}

#[cfg(test)]
mod tests {
    use super::super::maker::made_of;
    use super::*;

    fn laid_out(text: &str) -> String {
        let whole = made_of::<MarkupLayout>(text, 10_000).unwrap();
        for part in [1, 5] {
            assert_eq!(made_of::<MarkupLayout>(text, part).unwrap(), whole);
        }
        whole
    }

    #[test]
    fn xml_is_laid_out_and_its_text_untouched() {
        let text = "<?xml version=\"1.0\"?><a x='1 > 0'><b>t &amp; u</b><!-- c --><c/>\
            <d><![CDATA[ <x> ]]></d> tail </a>";
        let expected = "<?xml version=\"1.0\"?>\n<a x='1 > 0'>\n  <b>t &amp; u</b>\n  <!-- c -->\n  \
            <c/>\n  <d>\n    <![CDATA[ <x> ]]>\n  </d>\n  tail\n</a>\n";
        assert_eq!(laid_out(text), expected);
    }

    #[test]
    fn html_has_elements_without_end_and_scripts_as_they_are() {
        let text = "<!DOCTYPE html><html><body><br><p>One<p>Two <b>x</b><ul><li>a<li>b</ul>\
            <script>if (a < b) {\n  c();\n}</script><table><tr><td>1<td>2<tr><td>3</table></body></html>";
        let made = laid_out(text);
        for line in
            ["    <br>", "    <p>One", "    <p>Two ", "    <ul>", "      <li>a", "      <li>b"]
        {
            assert!(made.lines().any(|it| it == line), "{line}\n{made}");
        }
        assert!(made.contains("if (a < b) {\n  c();\n}\n"), "{made}");
        assert!(!made.contains('✗') && made.ends_with("</html>\n"), "{made}");
    }

    #[test]
    fn wrong_nesting_is_marked_and_laid_out() {
        let made = laid_out("<a><b>x</a></c>");
        assert!(made.contains("</a>  ✗ <b> is not ended\n"), "{made}");
        assert!(made.contains("</c>  ✗ ends nothing that is open\n"), "{made}");
        let mut maker = MarkupLayout::default();
        let mut made = Vec::new();
        maker.push(b"<a><b>", &mut made).unwrap();
        maker.finish(&mut made).unwrap();
        assert!(maker.remark().starts_with("2 tags have no partner"), "{}", maker.remark());
    }

    #[test]
    fn what_is_no_markup_is_refused() {
        for text in ["plain", "{\"a\":1}", " ", "a<b>"] {
            made_of::<MarkupLayout>(text, 100).unwrap_err();
        }
        // Odd bytes end somewhere and are all there.
        for text in ["<", "<a", "<a b='", "<!--", "<a>&<", "<![CDATA[x", "</", "<a><script>x"] {
            let _ = made_of::<MarkupLayout>(text, 1);
        }
    }
}
