//! The tab Events: what a stream of Server-Sent Events comes to, and a row for each event; the opened one with all it says.

use std::time::Duration;

use super::tab_lines::{TextLine, Tone};
use crate::app::format;
use crate::app::stream_log::StreamLog;
use crate::codec::event_stream::laid_out;
use crate::codec::printable::marked;
use crate::model::exchange::Exchange;
use crate::model::stream_event::StreamEvent;

/// Lines of a message that are shown.
const MESSAGE: usize = 100;

/// The tab.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventLines<'a> {
    pub(super) log: &'a StreamLog,
    pub(super) exchange: &'a Exchange,
    /// The event that is opened, counted from the first there was.
    pub(super) opened: Option<u64>,
}

impl EventLines<'_> {
    /// Number of lines.
    pub(super) fn count(self) -> usize {
        let opened = self.opened_at().map_or(0, |at| self.said(at).len());
        self.head().len() + self.log.events().len() + opened
    }

    fn opened_at(self) -> Option<usize> {
        let at = usize::try_from(self.opened?.checked_sub(self.log.forgotten())?).ok()?;
        (at < self.log.events().len()).then_some(at)
    }

    /// So many lines, after the first `skip`; values are cut after `reach` bytes.
    pub(super) fn some(self, skip: usize, take: usize, reach: usize) -> Vec<TextLine> {
        let head = self.head();
        let rows = skip.saturating_sub(head.len());
        let lines = head.into_iter().skip(skip).take(take);
        let mut lines: Vec<TextLine> = lines.collect();
        let opened = self.opened_at();
        // What is opened stands between the rows.
        let said = opened.map(|at| self.said(at)).unwrap_or_default();
        let (mut number, mut at) = (0, rows);
        if let Some(opened) = opened.filter(|opened| rows > *opened) {
            let behind = rows - opened - 1;
            let rest = said.iter().skip(behind).take(take.saturating_sub(lines.len()));
            lines.extend(rest.cloned());
            at = opened + 1 + behind.saturating_sub(said.len());
            number = opened + 1;
        }
        for event in self.log.events().iter().skip(at) {
            if lines.len() >= take {
                break;
            }
            lines.push(self.row(event, reach));
            if opened == Some(at) && number == 0 {
                lines.extend(said.iter().take(take - lines.len()).cloned());
            }
            at += 1;
        }
        lines
    }

    /// The event on a line, counted from the first there was.
    pub(super) fn event_at(self, line: usize) -> Option<u64> {
        let row = line.checked_sub(self.head().len())?;
        let at = match self.opened_at() {
            Some(opened) if row > opened => opened.max(row.saturating_sub(self.said(opened).len())),
            _ => row,
        };
        (at < self.log.events().len()).then(|| self.log.forgotten() + at as u64)
    }

    fn since(self, event: &StreamEvent) -> Duration {
        event.at.since(self.exchange.started)
    }

    fn row(self, event: &StreamEvent, reach: usize) -> TextLine {
        let mut text = Vec::new();
        let mut put = |part: &str, with: &str| {
            for piece in [part, with] {
                text.extend_from_slice(piece.as_bytes());
            }
        };
        if event.data.is_some() || !event.name.is_empty() {
            put(event.kind(), "  ");
        }
        if let Some(id) = &event.id {
            put("#", id);
            put("", "  ");
        }
        if let Some(retry) = event.retry {
            put("retry ", &format!("{retry} ms  "));
        }
        for comment in &event.comments {
            put(": ", comment);
            put("", "  ");
        }
        put(event.data.as_deref().unwrap_or_default(), "");
        let tone = match event {
            _ if !event.is_whole || !event.remarks.is_empty() => Tone::Warning,
            StreamEvent { data: None, .. } => Tone::Dim,
            _ => Tone::Pair,
        };
        let label = format!("+{}", format::duration(self.since(event)));
        TextLine::new(tone, label, marked(text.get(..reach).unwrap_or(&text)))
    }

    /// All that an event says.
    fn said(self, at: usize) -> Vec<TextLine> {
        let Some(event) = self.log.events().get(at) else { return Vec::new() };
        let line =
            |tone, text: &str| TextLine::new(tone, "", marked(format!("  {text}").as_bytes()));
        let first = match &event.data {
            Some(_) => format!("event {}", event.kind()),
            None => "without data, so browsers pass it over".to_owned(),
        };
        let mut lines = vec![line(Tone::Dim, &first)];
        lines.extend(event.id.iter().map(|id| line(Tone::Dim, &format!("id {id}"))));
        lines.extend(event.retry.iter().map(|it| line(Tone::Dim, &format!("retry {it} ms"))));
        lines.extend(event.comments.iter().map(|text| line(Tone::Dim, &format!(": {text}"))));
        let data = event.data.as_deref().unwrap_or_default();
        let data = laid_out(data).unwrap_or_else(|| data.lines().map(str::to_owned).collect());
        lines.extend(data.iter().map(|text| line(Tone::Pair, text)));
        lines.extend(event.remarks.iter().map(|text| line(Tone::Warning, text)));
        if !event.is_whole {
            let text = "the stream ended before the empty line behind it: a browser drops it";
            lines.push(line(Tone::Warning, text));
        }
        lines
    }

    /// How many came, what they come to, and how they followed each other.
    fn head(self) -> Vec<TextLine> {
        let log = self.log;
        let all = log.forgotten() + log.events().len() as u64;
        let forgotten = match log.forgotten() {
            0 => String::new(),
            forgotten => format!(", the first {} are not kept", format::count(forgotten)),
        };
        let mut lines =
            vec![TextLine::pair("Events", format!("{}{forgotten}", format::count(all)))];
        lines.extend(self.message());
        let bins = log.pace.bins();
        if !bins.is_empty() {
            let bins: Vec<_> = bins
                .iter()
                .map(|(name, count)| format!("{name}: {}", format::count(*count)))
                .collect();
            let longest = format::duration(log.pace.longest());
            let text = format!("{}; the longest {longest}", bins.join(" · "));
            lines.push(TextLine::pair("Gaps", text));
        }
        lines.push(TextLine::new(Tone::Dim, "", ""));
        lines
    }

    /// The message of a language model, if it is one.
    fn message(self) -> Vec<TextLine> {
        let message = &self.log.assembled;
        let Some(first) = message.first else { return Vec::new() };
        let mut lines = Vec::new();
        let rate =
            message.per_second().map_or(String::new(), |rate| format!(", {rate:.1} a second"));
        let after = format::duration(first.since(self.exchange.started));
        let pieces = format::count(message.chunks);
        let tokens =
            message.tokens.map_or(String::new(), |it| format!(", {} tokens", format::count(it)));
        let text = format!("{pieces}{rate}, the first after {after}{tokens}");
        lines.push(TextLine::pair("Pieces of a message", text));
        for (label, text) in [("Model", &message.model), ("Ended by", &message.stop)] {
            lines.extend(text.iter().map(|text| TextLine::pair(label, marked(text.as_bytes()))));
        }
        let texts = message.text.lines();
        let skipped = texts.clone().count().saturating_sub(MESSAGE);
        for (at, text) in texts.skip(skipped).enumerate() {
            let label = if at == 0 { "Message" } else { "" };
            lines.push(TextLine::pair(label, marked(text.as_bytes())));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::exchange::HttpMessage;
    use crate::model::id::SessionId;
    use crate::model::protocol::Side;
    use crate::model::timing::Stamp;

    #[test]
    fn windows_onto_the_lines_are_parts_of_all_of_them_whichever_is_opened() {
        let mut log = StreamLog::default();
        let event = |at: u64| StreamEvent {
            at: Stamp(at * 1_000_000),
            data: Some(format!("{{\"a\":{at},\"b\":[1,2]}}")),
            is_whole: true,
            ..StreamEvent::default()
        };
        log.extend((0..6).map(event).collect());
        let conn = SessionId(1).conn(1);
        let exchange = Exchange::begun(Side::Client, conn, 0, HttpMessage::default(), Stamp(0));
        for opened in [None, Some(0), Some(3), Some(5), Some(9)] {
            let lines = EventLines { log: &log, exchange: &exchange, opened };
            let all = lines.some(0, usize::MAX, usize::MAX);
            assert_eq!(all.len(), lines.count(), "{opened:?}");
            for skip in 0..=all.len() {
                for take in [0, 1, 3, 100] {
                    let part: Vec<_> = all.iter().skip(skip).take(take).cloned().collect();
                    assert_eq!(
                        lines.some(skip, take, usize::MAX),
                        part,
                        "{opened:?} {skip} {take}"
                    );
                }
            }
            let head =
                all.len() - 6 - opened.filter(|at| *at < 6).map_or(0, |_| lines.said(0).len());
            assert_eq!(lines.event_at(head), Some(0));
            assert_eq!(lines.event_at(all.len() - 1), Some(5));
            assert_eq!((lines.event_at(0), lines.event_at(all.len())), (None, None));
        }
    }
}
