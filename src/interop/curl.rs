//! curl commands: read a pasted one into a request, write a request as one.
//!
//! ```text
//!   pasted text ─script─> shell, cmd or powershell ──> words, input ─options─> meanings
//!                                                                 ─request, body─> HttpSpec
//! ```
//!
//! Reading follows curl 8 and keeps every byte curl would send, except its `User-Agent`. What a
//! command asks for and wirebench does not do is named in a warning, never dropped in silence.
//! Files named by a command are not read here: those it takes texts from are handed in ([`parse`]),
//! others stay paths. `{{` in a pasted text stays literal; a `$NAME` the
//! shell would expand becomes `{{env.NAME}}`.

mod ansi;
mod body;
mod carried;
mod cmd;
mod command;
mod cookies;
mod differences;
mod document;
mod expansion;
mod files;
mod form;
mod options;
mod output;
mod plain;
mod powershell;
mod quote;
mod request;
mod script;
mod shell;
mod spec;
mod typographic;
mod warnings;
mod write;

pub use command::ImportError;
pub use files::CommandFiles;
pub(crate) use plain::{LineInput, ShellLine, shell_lines};
pub(super) use quote::{printf, word};
pub(crate) use script::is_command;
pub use write::write;

use crate::model::http::HttpSpec;
use command::{VARIABLE, find_mark};

/// Reads the first curl command of a text; `files` has what is in the files it takes texts from. The second value
/// lists what was ignored or changed.
pub fn parse(text: &str, files: &CommandFiles) -> Result<(HttpSpec, Vec<String>), ImportError> {
    let (mut request, others, end) = read(text)?;
    if others > 0 {
        request.warnings.push("only the request before --next was read".into());
    }
    request.finish(end, files)
}

/// Reads all curl commands of a text, of each the requests for all of its URLs and those behind `--next`, `most`
/// at most. The second value is what of a request was ignored or changed.
///
/// # Errors
/// Where the first command cannot be read.
pub(crate) fn parse_all(
    text: &str,
    files: &CommandFiles,
    most: usize,
) -> Result<Vec<(HttpSpec, Vec<String>)>, ImportError> {
    refuse_marks(text)?;
    let (mut found, mut left) = (Vec::new(), request::ALL);
    for command in script::find_all(text, most)? {
        let end = command.words.last().map_or(text.len(), |word| word.end_in(text));
        for request in request::read(command, most)? {
            for one in request.each_url(most - found.len(), &mut left)? {
                found.push(one.finish(end, files)?);
            }
            if found.len() >= most {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// The files a command takes texts from, as written (`-b cookies.txt`, `-d @data`, `-H @headers`).
#[must_use]
pub fn files(text: &str) -> Vec<String> {
    let mut names = read(text).map(|(request, ..)| request.files()).unwrap_or_default();
    names.sort();
    names.retain(|name| !name.contains([VARIABLE.0, VARIABLE.1]));
    names.dedup();
    names
}

/// The first request, how many stand behind it, and where the command ends.
fn read(text: &str) -> Result<(request::CurlRequest, usize, usize), ImportError> {
    refuse_marks(text)?;
    let command = script::find(text)?;
    let end = command.words.last().map_or(text.len(), |word| word.end_in(text));
    let mut requests = request::read(command, 2)?;
    let others = requests.len() - 1;
    Ok((requests.swap_remove(0), others, end))
}

/// What stands for something else in words is none of a pasted text.
fn refuse_marks(text: &str) -> Result<(), ImportError> {
    if let Some((position, mark)) = find_mark(text) {
        let message = format!("the text holds U+{:04X}, which is no character", u32::from(mark));
        return Err(ImportError { position, message });
    }
    Ok(())
}

#[cfg(test)]
mod curl_tests;
#[cfg(test)]
mod shell_tests;
