//! `StreamEvent`: one event of a stream of Server-Sent Events, with all that its lines said.

use super::timing::Stamp;

/// An event, or a block of lines that is none for a browser: comments, an id or a time to wait alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamEvent {
    /// When its last line came.
    pub at: Stamp,
    /// What `event` called it; empty = `message`.
    pub name: String,
    /// What `id` said in it.
    pub id: Option<String>,
    /// Its `data` lines, joined by line breaks; `None` = it has none, so browsers pass it over.
    pub data: Option<String>,
    /// What `retry` said, in milliseconds.
    pub retry: Option<u64>,
    pub comments: Vec<String>,
    /// What of its lines means nothing, in words.
    pub remarks: Vec<String>,
    /// The empty line behind it came; a browser drops what lacks it.
    pub is_whole: bool,
}

impl StreamEvent {
    /// What browsers call it.
    #[must_use]
    pub fn kind(&self) -> &str {
        if self.name.is_empty() { "message" } else { &self.name }
    }

    /// Bytes of its texts, for who bounds a list of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let data = self.data.as_ref().map_or(0, String::len);
        let id = self.id.as_ref().map_or(0, String::len);
        let comments = self.comments.iter().chain(&self.remarks).map(String::len);
        self.name.len() + id + data + comments.sum::<usize>() + size_of::<StreamEvent>()
    }
}
