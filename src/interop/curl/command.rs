//! A curl command split into words: what the readers of shells hand to the reader of options.

use super::warnings::CurlWarnings;

/// Words of one command.
const WORDS: usize = 200_000;

/// Why a text is not a curl command we can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ImportError {
    /// Byte of the text where the trouble begins.
    pub position: usize,
    pub message: String,
}

impl ImportError {
    /// At this byte of the text.
    pub(super) fn new(position: usize, message: impl Into<String>) -> Self {
        ImportError { position, message: message.into() }
    }

    /// The same in a text that has so many bytes more before it.
    pub(super) fn behind(self, start: usize) -> Self {
        ImportError { position: self.position + start, ..self }
    }

    /// Line and column of the text, both from 1.
    #[must_use]
    pub fn place(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.position).unwrap_or(text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }
}

/// Whether a word names the program.
pub(super) fn is_curl(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    (name == "curl" || name.eq_ignore_ascii_case("curl.exe")) && !word.contains("://")
}

/// The text from a byte on; nothing where it ends before.
pub(super) fn behind(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or("")
}

/// A command split into words, and what was odd about it.
#[derive(Debug, Default)]
pub(super) struct CurlCommand {
    /// After the name of the program.
    pub(super) words: Vec<Word>,
    pub(super) stdin: Option<Stdin>,
    pub(super) warnings: CurlWarnings,
    /// Byte of the text where another command may begin, if it was read as one of a script.
    pub(super) behind: Option<usize>,
}

/// One command of a script.
#[derive(Debug, Default)]
pub(super) struct ShellCommand {
    pub(super) words: Vec<Word>,
    /// What a redirection gives it to read.
    pub(super) stdin: Option<Stdin>,
    pub(super) end: CommandEnd,
}

/// What comes behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum CommandEnd {
    /// Another one, which reads what this one writes.
    Pipe,
    #[default]
    Other,
}

/// What a command reads from standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stdin {
    Text(String),
    /// A file, as written.
    File(String),
    /// What a program writes, which is not run here.
    Program(String),
}

/// One argument. A shell variable stands in `text` between [`VARIABLE`] marks, a byte that is no part
/// of UTF-8 as two [`NIBBLE`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Byte of the pasted text where it begins.
    pub(super) position: usize,
}

impl Word {
    /// Byte of the pasted text where it ends; the end of the text if it is not written as it reads.
    pub(super) fn end_in(&self, pasted: &str) -> usize {
        let is_plain = behind(pasted, self.position).starts_with(&self.text);
        if is_plain { self.position + self.text.len() } else { pasted.len() }
    }
}

/// Marks around the name of a shell variable inside a word: noncharacters of Unicode, refused in
/// pasted text, so nothing else can look like one.
pub(super) const VARIABLE: (char, char) = ('\u{fdd0}', '\u{fdd1}');
/// The first byte of every mark in UTF-8.
const MARK: u8 = 0xef;
/// The first of sixteen noncharacters, each half of a byte.
const NIBBLE: u32 = 0xfde0;

/// Where a pasted text holds what is a mark here, and which one.
pub(super) fn find_mark(text: &str) -> Option<(usize, char)> {
    // All of them begin with this byte, which few texts have at all.
    let begins = memchr::memchr_iter(MARK, text.as_bytes());
    let mut found = begins.filter_map(|at| Some((at, behind(text, at).chars().next()?)));
    found.find(|(_, c)| is_mark(*c))
}

/// Whether a character of a word stands for something else.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}')
}

/// Adds a word to those of a command.
///
/// # Errors
/// Where there are too many.
pub(super) fn add(words: &mut Vec<Word>, word: Word) -> Result<(), ImportError> {
    if words.len() >= WORDS {
        return Err(ImportError::new(
            word.position,
            format!("more than {WORDS} words in a command"),
        ));
    }
    words.push(word);
    Ok(())
}

/// A name between [`VARIABLE`] marks.
pub(super) fn variable(name: &str) -> String {
    format!("{}{name}{}", VARIABLE.0, VARIABLE.1)
}

/// Bytes as the text of a word.
pub(super) fn marked(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let nibbles = [byte >> 4, byte & 15].map(|half| NIBBLE + u32::from(half));
            text.extend(nibbles.into_iter().filter_map(char::from_u32));
        }
    }
    text
}

/// The bytes a text without variables stands for.
pub(super) fn unmarked(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut high = None;
    for c in text.chars() {
        let half = u32::from(c).checked_sub(NIBBLE).and_then(|half| u8::try_from(half).ok());
        match (half.filter(|half| *half < 16), high.take()) {
            (Some(low), Some(high)) => bytes.push(high << 4 | low),
            (Some(half), None) => high = Some(half),
            (None, _) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Whether a text holds bytes that are no UTF-8.
pub(super) fn has_bytes(text: &str) -> bool {
    find_mark(text).is_some() && text.contains(|c| matches!(c, '\u{fde0}'..='\u{fdef}'))
}

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
