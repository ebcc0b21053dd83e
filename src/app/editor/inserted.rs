//! What becomes of a text that is put into a field: pasted, or brought from elsewhere.
//!
//! Used by `editor`. Nothing becomes another text, and nothing invisible gets into a field, without
//! being counted, so that whoever asked for it can say so.

use crate::app::format::counted;
use crate::codec::escape;

/// What became another text while it was put into a field, or reads as another one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inserted {
    /// Control characters that are written in letters now.
    pub controls: usize,
    /// Control characters that stay what they are, and are shown as escapes.
    pub kept: usize,
    /// Control characters that are left out, where there is one line.
    pub dropped: usize,
    /// Line breaks that became spaces.
    pub joined: usize,
    /// Line ends that are CR and LF.
    pub crlf: usize,
    /// Line ends that are LF.
    pub lf: usize,
    /// Line ends mean something to whoever gets the text.
    pub has_ends: bool,
    /// What escapes in it stand for, where escapes are read.
    pub escapes: Vec<&'static str>,
}

impl Inserted {
    /// What there is to say about it, if anything.
    pub(crate) fn remark(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.controls > 0 {
            let what = counted(self.controls as u64, "control character");
            parts.push(format!("{what} written as escapes"));
        }
        if self.kept > 0 {
            let what = counted(self.kept as u64, "control character");
            parts.push(format!("{what} kept, shown as escapes"));
        }
        if self.dropped > 0 {
            let what = counted(self.dropped as u64, "control character");
            parts.push(format!("{what} left out"));
        }
        if self.joined > 0 {
            let what = counted(self.joined as u64, "line break");
            parts.push(format!("{what} replaced by spaces"));
        }
        if self.crlf > 0 {
            let (all, some) = (self.lf == 0, counted(self.crlf as u64, "line end"));
            let which = if all { "line ends".to_owned() } else { some };
            parts.push(format!("{which}: CRLF, as pasted"));
        } else if self.lf > 0 && self.has_ends {
            parts.push("line ends: LF, also where terminals paste CR for them".to_owned());
        }
        if !self.escapes.is_empty() {
            let list = self.escapes.join(", ");
            parts.push(format!("escapes are read: {list}; \\\\ is a backslash"));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// What becomes of a control character.
#[derive(Clone, Copy)]
enum Control {
    Spelled,
    Kept,
    Dropped,
}

/// A text on one line, without the line break at its end. What cannot be seen is left out: no escapes
/// are read there.
pub(super) fn joined(text: &str) -> (String, Inserted) {
    let unix = text.replace("\r\n", "\n").replace('\r', "\n");
    let unix = unix.trim_end();
    let joined = memchr::memchr_iter(b'\n', unix.as_bytes()).count();
    let inserted = Inserted { joined, ..Inserted::default() };
    each(unix, inserted, Control::Dropped, |c, _| (c == '\n').then_some(" "))
}

/// A text with its line ends and whatever else it holds: no escapes are read there.
pub(super) fn with_breaks(text: &str) -> (String, Inserted) {
    each(text, ends(text), Control::Kept, |c, next| match (c, next) {
        ('\n', _) => Some("\n"),
        ('\r', Some('\n')) => Some("\r"),
        _ => None,
    })
}

/// A text as it is written where escapes are read. What was a line break in it stays one where there
/// are many lines.
pub(super) fn spelled(text: &str, is_line: bool) -> (String, Inserted) {
    let inserted = Inserted { escapes: escape::letters(text), has_ends: true, ..ends(text) };
    each(text, inserted, Control::Spelled, |c, _| match c {
        '\n' if !is_line => Some("\n"),
        '\r' => Some("\\r"),
        '\n' => Some("\\n"),
        '\t' => Some("\\t"),
        _ => None,
    })
}

fn ends(text: &str) -> Inserted {
    let crlf = memchr::memmem::find_iter(text.as_bytes(), b"\r\n").count();
    let lf = memchr::memchr_iter(b'\n', text.as_bytes()).count() - crlf;
    Inserted { crlf, lf, ..Inserted::default() }
}

/// The characters of a text, some of them written in another way; tabs stay, and other control
/// characters are counted.
fn each(
    text: &str,
    mut inserted: Inserted,
    control: Control,
    written: impl Fn(char, Option<char>) -> Option<&'static str>,
) -> (String, Inserted) {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match written(c, chars.peek().copied()) {
            Some(written) => clean.push_str(written),
            None if c == '\t' || !c.is_control() => clean.push(c),
            None => match control {
                Control::Spelled => {
                    inserted.controls += 1;
                    clean.push_str(&escape::escape(c.encode_utf8(&mut [0; 4]).as_bytes()));
                }
                Control::Kept => {
                    inserted.kept += 1;
                    clean.push(c);
                }
                Control::Dropped => inserted.dropped += 1,
            },
        }
    }
    (clean, inserted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_what_was_pasted_is_said() {
        let said = |(text, inserted): (String, Inserted)| (text, inserted.remark());
        assert_eq!(said(joined("http://h/\r\n")), ("http://h/".into(), None));
        let space = Some("1 line break replaced by spaces".into());
        assert_eq!(said(joined("a\rb\n")), ("a b".into(), space));
        assert_eq!(said(with_breaks("a\nb\n")), ("a\nb\n".into(), None));
        let crlf = Some("line ends: CRLF, as pasted".into());
        assert_eq!(said(with_breaks("a\r\nb\r\n")), ("a\r\nb\r\n".into(), crlf.clone()));
        let lone = said(with_breaks("a\rb\nc\r\n"));
        let remark = "1 control character kept, shown as escapes; 1 line end: CRLF, as pasted";
        assert_eq!(lone, ("a\rb\nc\r\n".into(), Some(remark.into())));
        let left_out = Some("2 control characters left out".into());
        assert_eq!(said(joined("a\u{1b}b\0c\td")), ("abc\td".into(), left_out));
        let lf = Some("line ends: LF, also where terminals paste CR for them".into());
        assert_eq!(said(spelled("a\nb", false)), ("a\nb".into(), lf));
        assert_eq!(said(spelled("a\r\nb", false)), ("a\\r\nb".into(), crlf.clone()));
        assert_eq!(said(spelled("a\r\n\tb", true)), ("a\\r\\n\\tb".into(), crlf));
        let path = "escapes are read: \\t = TAB; \\\\ is a backslash";
        assert_eq!(said(spelled(r"C:\temp", true)), (r"C:\temp".into(), Some(path.into())));
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn what_is_pasted_without_a_backslash_is_what_goes_out(
            text in "[a-c é\r\n\t\u{1b}\u{0}\u{7f}\u{85}\u{2028}]{0,20}", is_line: bool,
        ) {
            let (written, _) = spelled(&text, is_line);
            prop_assert_eq!(escape::unescape(&written).unwrap(), text.as_bytes());
            prop_assert_eq!(with_breaks(&text).0, text);
        }
    }
}
