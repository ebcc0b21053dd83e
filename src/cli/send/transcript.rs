//! A conversation as `send -v` prints it: what happened when, what was sent (▶) and what came (◀), in order.
//!
//! ```text
//! · +0.00 ms   connected to 127.0.0.1:7000 from 127.0.0.1:50412 in 0.1 ms
//! ▶ +0.21 ms   PING\r\n
//! ◀ +1.02 ms   +PONG\r\n
//! ```
//! Text is told line by line, anything else as hex digits beside its text.

use crate::codec::printable::printable;
use crate::engine::event::STEPS_DONE;
use crate::model::counts::{count, counted};
use crate::model::record::{Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Bytes on a line of hex digits.
const ROW: usize = 16;

/// Knows when it began.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    began: Option<Stamp>,
}

impl Transcript {
    /// The lines of a record; `told` is what may be told of its bytes.
    pub(super) fn lines(&mut self, record: &Record, told: &[u8]) -> Vec<String> {
        let began = *self.began.get_or_insert(record.at);
        if record.data == STEPS_DONE.as_bytes() && record.kind == RecordKind::Note {
            return Vec::new();
        }
        let arrow = match record.direction {
            Direction::Sent => '▶',
            Direction::Received => '◀',
            Direction::Local => '·',
        };
        let millis = record.at.since(began).as_secs_f64() * 1000.0;
        let time = format!("+{millis:.2} ms");
        let rows = match record.kind {
            RecordKind::Data => rows(told, record.original_len),
            kind if told.is_empty() => vec![<&str>::from(kind).to_owned()],
            _ => String::from_utf8_lossy(told)
                .lines()
                .map(|line| printable(line.as_bytes()))
                .collect(),
        };
        let line = |(at, row): (usize, String)| {
            let time = if at == 0 { &*time } else { "" };
            format!("{arrow} {time:<10} {row}")
        };
        rows.into_iter().enumerate().map(line).collect()
    }
}

fn rows(bytes: &[u8], length: u64) -> Vec<String> {
    let is_text = |text: &str| text.chars().all(|c| !c.is_control() || "\r\n\t".contains(c));
    let mut rows: Vec<String> = match std::str::from_utf8(bytes) {
        _ if bytes.is_empty() => vec!["nothing, 0 bytes".to_owned()],
        Ok(text) if is_text(text) => {
            text.split_inclusive('\n').map(|line| printable(line.as_bytes())).collect()
        }
        _ => (0_usize..).zip(bytes.chunks(ROW)).map(|(at, row)| hex(at * ROW, row)).collect(),
    };
    let kept = bytes.len() as u64;
    if kept < length {
        rows.push(format!("… {} of {}", count(kept), counted(length, "byte")));
    }
    rows
}

fn hex(at: usize, row: &[u8]) -> String {
    let digits: Vec<String> = row.iter().map(|byte| format!("{byte:02x}")).collect();
    let shown =
        |byte: &u8| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' };
    let text: String = row.iter().map(shown).collect();
    format!("{at:04x}  {:<47}  {text}", digits.join(" "))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::id::SessionId;

    fn record(at: u64, direction: Direction, kind: RecordKind, data: &'static [u8]) -> Record {
        let (at, data) = (Stamp(at * 1000), Bytes::from_static(data));
        Record::new(at, SessionId(1).conn(1), direction, kind, data)
    }

    #[test]
    fn what_is_said_stands_with_its_direction_and_time_text_by_line_and_bytes_as_hex() {
        let mut transcript = Transcript::default();
        let mut lines = Vec::new();
        for record in [
            record(5, Direction::Local, RecordKind::Connected, b"connected to it"),
            record(215, Direction::Sent, RecordKind::Data, b"a\r\nb\x1bc"),
            record(220, Direction::Sent, RecordKind::Data, b"HELO\r\nQUIT\r\n"),
            record(300, Direction::Local, RecordKind::Note, STEPS_DONE.as_bytes()),
            record(1005, Direction::Received, RecordKind::Finished, b""),
        ] {
            lines.extend(transcript.lines(&record, &record.data));
        }
        assert_eq!(
            lines,
            [
                "· +0.00 ms   connected to it",
                "▶ +0.21 ms   0000  61 0d 0a 62 1b 63                                a..b.c",
                "▶ +0.21 ms   HELO\\r\\n",
                "▶            QUIT\\r\\n",
                "◀ +1.00 ms   finished",
            ]
        );
    }
}
