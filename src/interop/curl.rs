//! curl commands: read a pasted one into a request, write a request as one.
//!
//! ```text
//!   pasted text ──shell / windows──> words ──options──> meanings ──request, body──> HttpSpec
//! ```
//!
//! Reading follows curl 8 and keeps every byte curl would send, except its `User-Agent`. What a
//! command asks for and wirebench does not do is named in a warning, never dropped in silence.
//! Files named by a command are not read here: those of cookies are handed in ([`parse_with`]), the
//! others stay paths. `{{` in a pasted text stays literal; a `$NAME` the
//! shell would expand becomes `{{env.NAME}}`.

mod body;
mod cookies;
mod form;
mod options;
mod request;
mod shell;
mod spec;
mod windows;
mod write;

pub use write::{can_write, write};

use std::collections::BTreeMap;

use crate::model::http::HttpSpec;

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

/// Reads the first curl command of a text. The second value lists what was ignored or changed.
pub fn parse(text: &str) -> Result<(HttpSpec, Vec<String>), ImportError> {
    parse_with(text, &CookieFiles::default())
}

/// As [`parse`], with the content of the files it reads cookies from.
pub fn parse_with(text: &str, files: &CookieFiles) -> Result<(HttpSpec, Vec<String>), ImportError> {
    let outcome = read(text).and_then(|(request, end)| request.finish(end, files));
    // A word is longer than its text where a variable stood in it; places end with the text.
    outcome.map_err(|error| ImportError { position: error.position.min(text.len()), ..error })
}

/// The files a command reads cookies from, as written (`-b cookies.txt`).
#[must_use]
pub fn cookie_files(text: &str) -> Vec<String> {
    let mut names = read(text).map(|(request, _)| request.cookie_files).unwrap_or_default();
    names.retain(|name| !name.contains([VARIABLE.0, VARIABLE.1]));
    names.dedup();
    names
}

/// What is in the files of [`cookie_files`], or why that cannot be told.
#[derive(Debug, Clone, Default)]
pub struct CookieFiles {
    pub contents: BTreeMap<String, Result<String, String>>,
    /// Seconds since 1970, after which cookies may have expired.
    pub now: i64,
}

fn read(text: &str) -> Result<(request::CurlRequest, usize), ImportError> {
    let command =
        if windows::is_cmd(text) { windows::words(text)? } else { shell::first_curl(text)? };
    let end = command.words.last().map_or(text.len(), |word| word.position + word.text.len());
    Ok((request::read(command)?, end))
}

/// Whether a word names the program.
fn is_curl(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    (name == "curl" || name.eq_ignore_ascii_case("curl.exe")) && !word.contains("://")
}

/// A command split into words, and what was odd about it.
#[derive(Debug, Default)]
struct CurlCommand {
    /// After the name of the program.
    words: Vec<Word>,
    warnings: Vec<String>,
}

/// One argument. A shell variable stands in `text` between [`VARIABLE`] marks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    text: String,
    /// Byte of the pasted text where it begins.
    position: usize,
}

/// Marks around the name of a shell variable inside a word: noncharacters of Unicode, refused in
/// pasted text, so nothing else can look like one.
const VARIABLE: (char, char) = ('\u{fdd0}', '\u{fdd1}');

#[cfg(test)]
mod curl_tests;
