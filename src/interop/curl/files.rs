//! What is in the files that a command takes texts from.

use std::collections::BTreeMap;

use super::command::variable;

/// A name as it was written where the shell puts the user's home.
pub(super) fn place(name: &str) -> String {
    let rest = name.strip_prefix(&variable("HOME")).filter(|rest| rest.starts_with('/'));
    rest.map_or_else(|| name.to_owned(), |rest| format!("~{rest}"))
}

/// The contents of the files of [`files`](super::files()), or why they cannot be told.
#[derive(Debug, Clone, Default)]
pub struct CommandFiles {
    /// By their names in the command; a byte that is no UTF-8 has become U+FFFD.
    pub contents: BTreeMap<String, Result<String, String>>,
    /// Seconds since 1970, after which cookies may have expired.
    pub now: i64,
}

impl CommandFiles {
    /// What was found in a file; `None` when it was not looked for.
    pub(super) fn content(&self, file: &str) -> Option<&Result<String, String>> {
        self.contents.get(&place(file))
    }

    /// The exact text of a file; `None` when it was not read or is no text.
    pub(super) fn text(&self, file: &str) -> Option<&str> {
        let content = self.content(file)?.as_ref().ok()?;
        (!content.contains(char::REPLACEMENT_CHARACTER)).then_some(content.as_str())
    }
}
