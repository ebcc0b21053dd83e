//! curl commands: read a pasted one into a request, write a request as one.
//!
//! ```text
//!   pasted text ──shell / windows──> words ──options──> meanings ──request, body──> HttpSpec
//! ```
//!
//! Reading follows curl 8 and keeps every byte curl would send, except its `User-Agent`. What a
//! command asks for and wirebench does not do is named in a warning, never dropped in silence.
//! Files named by a command are not read here: those of cookies are handed in ([`parse`]), the
//! others stay paths. `{{` in a pasted text stays literal; a `$NAME` the
//! shell would expand becomes `{{env.NAME}}`.

mod body;
mod command;
mod cookies;
mod form;
mod options;
mod quote;
mod request;
mod shell;
mod spec;
mod windows;
mod write;

pub use command::{ImportError, is_command};
pub use cookies::CookieFiles;
pub use write::{can_write, write};

use crate::model::http::HttpSpec;
use command::VARIABLE;

/// Reads the first curl command of a text; `files` has what it reads cookies from. The second value
/// lists what was ignored or changed.
pub fn parse(text: &str, files: &CookieFiles) -> Result<(HttpSpec, Vec<String>), ImportError> {
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

fn read(text: &str) -> Result<(request::CurlRequest, usize), ImportError> {
    if let Some(position) = text.find([VARIABLE.0, VARIABLE.1]) {
        let message = "the text holds U+FDD0 or U+FDD1, which are no characters".into();
        return Err(ImportError { position, message });
    }
    let command =
        if windows::is_cmd(text) { windows::words(text)? } else { shell::first_curl(text)? };
    let end = command.words.last().map_or(text.len(), |word| word.position + word.text.len());
    Ok((request::read(command)?, end))
}

#[cfg(test)]
mod curl_tests;
