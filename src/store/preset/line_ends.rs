//! Line ends of TOML: those between keys and values are layout, those inside a string are its value.
//!
//! Used by `merge`, so that a file that was written on Windows stays one.

/// Where in a TOML text a byte stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TomlPart {
    Layout,
    Comment,
    /// In a string that ends with this; a backslash escapes in it or does not.
    Text {
        end: &'static str,
        escapes: bool,
    },
}

const STRINGS: [(&str, bool); 4] = [("\"\"\"", true), ("'''", false), ("\"", true), ("'", false)];

/// Whether the layout has CRLF at the end of every line.
pub(super) fn is_of_windows(text: &str) -> bool {
    text.contains("\r\n") && of_windows(text) == text
}

/// The same values with CRLF at the end of every line, but where LF is in a value.
pub(super) fn of_windows(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let (mut part, mut rest) = (TomlPart::Layout, text);
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match part {
            TomlPart::Text { escapes: true, .. } if c == '\\' => {
                taken = rest.char_indices().nth(2).map_or(rest.len(), |(at, _)| at);
                // A CRLF that was spelled with an escape is one in the text, too.
                if rest.starts_with("\\r\n") {
                    out.push_str("\r\n");
                    rest = rest.split_at("\\r\n".len()).1;
                    continue;
                }
            }
            TomlPart::Text { end, .. } => {
                if rest.starts_with(end) {
                    // Quotes at the end of a text stand before those that end it.
                    let quote = end.split_at(1).0;
                    let more = rest.split_at(end.len()).1;
                    let is_more = end.len() > 1 && more.starts_with(quote);
                    if !is_more {
                        taken = end.len();
                        part = TomlPart::Layout;
                    }
                }
            }
            TomlPart::Layout | TomlPart::Comment if c == '\n' => {
                part = TomlPart::Layout;
                if !out.ends_with('\r') {
                    out.push('\r');
                }
            }
            TomlPart::Layout if c == '#' => part = TomlPart::Comment,
            TomlPart::Layout => {
                let found = STRINGS.iter().find(|(quotes, _)| rest.starts_with(quotes));
                if let Some((end, escapes)) = found {
                    part = TomlPart::Text { end, escapes: *escapes };
                    taken = end.len();
                    let (quotes, text) = rest.split_at(taken);
                    // The line break behind the first quotes is no part of the value.
                    if end.len() > 1 && text.starts_with('\n') {
                        out.push_str(quotes);
                        out.push_str("\r\n");
                        rest = text.split_at(1).1;
                        continue;
                    }
                }
            }
            TomlPart::Comment => {}
        }
        let (same, after) = rest.split_at(taken);
        out.push_str(same);
        rest = after;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_gets_crlf_and_values_stay() {
        for (text, windows) in [
            ("a = 1\n# b 'c\nd = [\n  1,\n]\n", "a = 1\r\n# b 'c\r\nd = [\r\n  1,\r\n]\r\n"),
            ("a = 1\r\n\r\nb = 2\n", "a = 1\r\n\r\nb = 2\r\n"),
            ("a = '''\nx\ny'''\nb = 1\n", "a = '''\r\nx\ny'''\r\nb = 1\r\n"),
            ("a = \"\"\"\nx\\r\ny\\r\n\"\"\"\n", "a = \"\"\"\r\nx\r\ny\r\n\"\"\"\r\n"),
            ("a = \"\"\"\nx\\\\r\ny\\\n  z\"\"\"\n", "a = \"\"\"\r\nx\\\\r\ny\\\n  z\"\"\"\r\n"),
            ("a = \"#'\" # \"\nb = '\\'\nc = '#'\n", "a = \"#'\" # \"\r\nb = '\\'\r\nc = '#'\r\n"),
            ("a = ''''x'''''\nb = ''\nc = \"\"\n", "a = ''''x'''''\r\nb = ''\r\nc = \"\"\r\n"),
            (
                "a = \"\\\"\\\\\"\nb = \"\"\"\\\"\"\"\"\"\n",
                "a = \"\\\"\\\\\"\r\nb = \"\"\"\\\"\"\"\"\"\r\n",
            ),
        ] {
            assert_eq!(of_windows(text), windows);
            assert_eq!(of_windows(windows), windows, "nothing is left to do");
            let read = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
            assert_eq!(read(text), read(windows));
            assert!(is_of_windows(windows) && !is_of_windows(text));
        }
    }
}
