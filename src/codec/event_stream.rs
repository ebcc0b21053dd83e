//! Streams of Server-Sent Events (WHATWG HTML, section 9.2.6), in pieces as they come. Every block of lines is told, those that
//! browsers pass over too, and what of them means nothing.
//!
//! Bounded: of a line its first MiB is kept, of an event its first four; the rest is passed over and told.

mod deltas;

pub(crate) use deltas::{EventPace, StreamMessage};

use crate::codec::lines::{JsonCheck, LineScanner};
use crate::model::stream_event::StreamEvent;
use crate::model::timing::Stamp;
use crate::model::view::{ViewLine, ViewMode};

/// Bytes of a line that are kept.
const LINE: usize = 1024 * 1024;
/// Bytes of the data of an event that are kept, and of its comments.
const EVENT: usize = 4 * 1024 * 1024;
/// Lines of JSON that are laid out.
const LINES: usize = 10_000;
/// Remarks of an event.
const REMARKS: usize = 5;
/// Characters of a line that a remark quotes.
const QUOTED: usize = 40;

/// Whether a body of this type is such a stream.
pub(crate) fn is_event_stream(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// The lines of JSON that is laid out; `None` = it is none.
pub(crate) fn laid_out(data: &str) -> Option<Vec<String>> {
    if !data.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut check = JsonCheck::default();
    check.push(data.as_bytes());
    if check.flaw().is_some() || check.unfinished().is_some() {
        return None;
    }
    let lines = LineScanner::new(ViewMode::Pretty).format(data.as_bytes(), 0, LINES);
    let line = |line: &ViewLine| {
        let text = String::from_utf8_lossy(&line.bytes);
        format!("{}{text}", " ".repeat(line.indent.into()))
    };
    Some(lines.iter().map(line).collect())
}

/// Reads a stream.
#[derive(Debug, Clone, Default)]
pub struct EventStreamReader {
    /// The line that has not ended.
    line: Vec<u8>,
    /// Bytes of it that are not kept.
    dropped: usize,
    /// A CR ended the line, so that an LF now is of the same end.
    after_cr: bool,
    /// The first line is over: no mark of the byte order can come.
    has_begun: bool,
    event: StreamEvent,
    is_begun_event: bool,
    last_id: String,
    retry: Option<u64>,
}

impl EventStreamReader {
    /// What the stream would be asked to go on behind: the last `id`; empty = none.
    #[must_use]
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    /// How long to wait before it is asked again, as it said last, in milliseconds.
    #[must_use]
    pub fn retry(&self) -> Option<u64> {
        self.retry
    }

    /// Takes the next bytes, which came at this time; the events that end in them.
    pub fn push(&mut self, mut bytes: &[u8], at: Stamp) -> Vec<StreamEvent> {
        let mut found = Vec::new();
        while let Some(first) = bytes.first() {
            if std::mem::take(&mut self.after_cr) && *first == b'\n' {
                bytes = bytes.split_at(1).1;
                continue;
            }
            let Some(end) = memchr::memchr2(b'\r', b'\n', bytes) else {
                self.keep(bytes);
                break;
            };
            let (line, rest) = bytes.split_at(end);
            self.keep(line);
            self.after_cr = rest.starts_with(b"\r");
            bytes = rest.split_at(1).1;
            found.extend(self.line_is_over(at));
        }
        found
    }

    /// The stream is over: what came of an event without the empty line behind it, which a browser drops.
    pub fn finish(&mut self, at: Stamp) -> Option<StreamEvent> {
        if !self.line.is_empty() {
            self.line_is_over(at);
        }
        self.is_begun_event.then(|| self.event_is_over(at, false))
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE.saturating_sub(self.line.len()).min(bytes.len());
        let (kept, dropped) = bytes.split_at(room);
        self.line.extend_from_slice(kept);
        self.dropped += dropped.len();
    }

    fn line_is_over(&mut self, at: Stamp) -> Option<StreamEvent> {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if !std::mem::replace(&mut self.has_begun, true) {
            text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        }
        if std::mem::take(&mut self.dropped) > 0 {
            self.remark("a line of more than 1 MiB is cut".to_owned());
        }
        if text.is_empty() {
            return self.is_begun_event.then(|| self.event_is_over(at, true));
        }
        self.is_begun_event = true;
        let text = String::from_utf8_lossy(text);
        match text.split_once(':') {
            Some(("", comment)) => self.comment(comment),
            Some((field, value)) => self.field(field, value.strip_prefix(' ').unwrap_or(value)),
            None => self.field(&text, ""),
        }
        None
    }

    fn event_is_over(&mut self, at: Stamp, is_whole: bool) -> StreamEvent {
        self.is_begun_event = false;
        let event = std::mem::take(&mut self.event);
        StreamEvent { at, is_whole, ..event }
    }

    fn remark(&mut self, words: String) {
        if self.event.remarks.len() < REMARKS && !self.event.remarks.contains(&words) {
            self.event.remarks.push(words);
        }
    }

    fn comment(&mut self, text: &str) {
        let kept: usize = self.event.comments.iter().map(String::len).sum();
        let text = text.strip_prefix(' ').unwrap_or(text);
        if kept + text.len() > EVENT || self.event.comments.len() >= 1000 {
            return self.remark("further comments are passed over".to_owned());
        }
        self.event.comments.push(text.to_owned());
    }

    fn field(&mut self, field: &str, value: &str) {
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                let data = &mut self.event.data;
                let kept = data.as_ref().map_or(0, String::len);
                if kept + value.len() > EVENT {
                    return self.remark("data of more than 4 MiB is cut".to_owned());
                }
                match data {
                    None => *data = Some(value.to_owned()),
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                }
            }
            "id" if value.contains('\0') => {
                self.remark("an id that holds a NUL is passed over".to_owned());
            }
            "id" => {
                value.clone_into(&mut self.last_id);
                self.event.id = Some(value.to_owned());
            }
            "retry" => match value.parse() {
                Ok(time) if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    self.retry = Some(time);
                    self.event.retry = Some(time);
                }
                _ => self.remark(format!("retry '{}' is no number", quoted(value))),
            },
            other => self.remark(format!("'{}' is no field of an event", quoted(other))),
        }
    }
}

fn quoted(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

#[cfg(test)]
mod event_stream_tests;
