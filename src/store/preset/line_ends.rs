//! The line ends of a hand-written file: CRLF where its own lines end in it, whatever the texts in it
//! hold.
//!
//! Called by `merge`, which knows LF alone. A line break inside a text of many lines belongs to the
//! text and stays what it is.

/// Whether all lines end in CRLF, but those inside texts.
pub(super) fn is_windows(text: &str) -> bool {
    let mut ends = breaks(text).peekable();
    ends.peek().is_some() && ends.all(|at| text.get(..at).is_some_and(|it| it.ends_with('\r')))
}

/// The text with CRLF at the end of every line; inside texts, too, unless one would become another.
pub(super) fn with_carriage_returns(text: &str) -> String {
    let windows = text.replace("\r\n", "\n").replace('\n', "\r\n");
    let read = |text: &str| toml::from_str::<toml::Table>(text).ok();
    if read(&windows) == read(text) {
        return windows;
    }
    let (mut out, mut start) = (String::with_capacity(windows.len()), 0);
    for at in breaks(text) {
        let line = text.get(start..at).unwrap_or_default();
        out.push_str(line.strip_suffix('\r').unwrap_or(line));
        out.push_str("\r\n");
        start = at + 1;
    }
    out.push_str(text.get(start..).unwrap_or_default());
    if read(&out) == read(text) { out } else { text.to_owned() }
}

/// Where a break ends a line of the file and stands in no text (TOML, section "String").
fn breaks(text: &str) -> impl Iterator<Item = usize> {
    const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];
    let mut at = 0;
    let mut inside: Option<&str> = None;
    std::iter::from_fn(move || {
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let step = rest.chars().next().map_or(1, char::len_utf8);
            match inside {
                // To the end of the line.
                Some("#") if rest.starts_with('\n') => inside = None,
                Some(quote) if quote.starts_with('"') && rest.starts_with('\\') => {
                    at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
                }
                Some(quote) if quote != "#" && rest.starts_with(quote) => {
                    at += quote.len();
                    // Up to two quotes more belong to the text before.
                    while quote.len() == 3
                        && text
                            .get(at..)
                            .is_some_and(|it| it.chars().next() == quote.chars().next())
                    {
                        at += 1;
                    }
                    inside = None;
                }
                Some(_) => at += step,
                None if rest.starts_with('\n') => {
                    at += 1;
                    return Some(at - 1);
                }
                None if rest.starts_with('#') => inside = Some("#"),
                None => {
                    inside = QUOTES.into_iter().find(|quote| rest.starts_with(quote));
                    at += inside.map_or(step, str::len);
                }
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_of_the_file_end_in_crlf() {
        let text = "a = 1 # it's\nb = \"\"\"x\\r\ny\\\"\"\"\"\"\nc = '''l1\r\nl2'''\nd = \"'''\"\n";
        let windows = with_carriage_returns(text);
        assert_eq!(breaks(text).count(), 4);
        assert!(is_windows(&windows) && !is_windows(text) && !is_windows("a = 1"), "{windows:?}");
        let read = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
        assert_eq!(read(&windows), read(text));
        assert_eq!(with_carriage_returns(&windows), windows);
    }
}
