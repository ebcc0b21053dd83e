//! A curl command split into words: what the readers of shells hand to the reader of options.

/// Why a text is not a curl command we can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ImportError {
    /// Byte of the text where the trouble begins.
    pub position: usize,
    pub message: String,
}

/// Whether a text looks like a curl command, so that pasting it should fill the form.
#[must_use]
pub fn is_command(text: &str) -> bool {
    let text = text.trim_start().trim_start_matches(['$', '%', '>']).trim_start();
    let mut words = text.split_ascii_whitespace();
    words.next().is_some_and(is_curl) && words.next().is_some()
}

/// Whether a word names the program.
pub(super) fn is_curl(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    (name == "curl" || name.eq_ignore_ascii_case("curl.exe")) && !word.contains("://")
}

/// A command split into words, and what was odd about it.
#[derive(Debug, Default)]
pub(super) struct CurlCommand {
    /// After the name of the program.
    pub(super) words: Vec<Word>,
    pub(super) warnings: Vec<String>,
}

/// One argument. A shell variable stands in `text` between [`VARIABLE`] marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Byte of the pasted text where it begins.
    pub(super) position: usize,
}

/// Marks around the name of a shell variable inside a word: noncharacters of Unicode, refused in
/// pasted text, so nothing else can look like one.
pub(super) const VARIABLE: (char, char) = ('\u{fdd0}', '\u{fdd1}');

/// The text with what stands between variables, and the names of variables, replaced.
pub(super) fn replaced(
    text: &str,
    plain: impl Fn(&str) -> String,
    variable: impl Fn(&str) -> String,
) -> String {
    // Marks come in pairs, so every second piece is a name.
    let pieces = text.split([VARIABLE.0, VARIABLE.1]).enumerate();
    pieces.map(|(at, piece)| if at % 2 == 0 { plain(piece) } else { variable(piece) }).collect()
}
