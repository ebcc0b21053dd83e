//! What is in the files that a command takes texts from.

use std::collections::BTreeMap;

/// The contents of the files of [`files`](super::files()), or why they cannot be told.
#[derive(Debug, Clone, Default)]
pub struct CommandFiles {
    /// By their names in the command; a byte that is no UTF-8 has become U+FFFD.
    pub contents: BTreeMap<String, Result<String, String>>,
    /// Seconds since 1970, after which cookies may have expired.
    pub now: i64,
}

impl CommandFiles {
    /// The exact text of a file; `None` when it was not read or is no text.
    pub(super) fn text(&self, file: &str) -> Option<&str> {
        let content = self.contents.get(file)?.as_ref().ok()?;
        (!content.contains(char::REPLACEMENT_CHARACTER)).then_some(content.as_str())
    }
}
