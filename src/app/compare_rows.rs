//! The rows that say what differs between two answers. Pure; used by the window that shows them.

use std::time::Duration;

use crate::app::format;
use crate::app::replaying::RunningReplay;
use crate::codec::beside;
use crate::codec::compare::{self, Change, ChangeKind, ComparedAs, Comparison, Excerpt};
use crate::codec::printable::printable;
use crate::codec::wrap_words::wrap;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage};
use crate::model::protocol::Side;
use crate::model::view::CompareQuery;

/// Characters of both values of a change that still stand in one row.
const ONE_ROW: usize = 72;
/// Bytes of messages that are compared by structure or lines between two keys; of longer ones the bytes are.
const LINED_UP: usize = 256 * 1024;
/// Rows side by side, and columns of the window that are not of a side.
const BESIDE: usize = 64;
const AROUND: u16 = 20;
/// Columns of the window at most, and those that are no words in it: borders, the sign, the scroll bar.
pub(crate) const MOST_COLUMNS: u16 = 140;
const BORDERS: u16 = 6;
/// Columns of a side, and of a window, at most.
const SIDE: u16 = 60;
/// Lines of a text that are shown of one change.
const LINES: usize = 200;

/// One of the two.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedAnswer {
    pub exchange: Exchange,
    pub side: Side,
    /// When it was and what it is, for people.
    pub title: String,
}

/// What is known of the bodies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BodyDifference {
    /// Not both have one.
    None,
    /// The engine compares them.
    Asked(CompareQuery),
    Found(Box<Comparison>),
    /// Cannot be said, in words.
    Unknown(String),
}

/// What a row is, for its sign and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowTone {
    Heading,
    Plain,
    /// What nobody has to read.
    Quiet,
    Removed,
    Added,
    Changed,
    /// Both are the same.
    Equal,
    Warning,
}

/// One row; its texts are printable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompareRow {
    pub tone: RowTone,
    pub label: String,
    pub text: String,
    /// First row of a difference.
    pub is_start: bool,
    /// Which difference it belongs to.
    pub(crate) change: Option<usize>,
}

impl CompareRow {
    /// What stands before it.
    pub fn sign(&self) -> &'static str {
        match self.tone {
            RowTone::Removed => "- ",
            RowTone::Added => "+ ",
            RowTone::Changed => "~ ",
            RowTone::Heading => "",
            RowTone::Plain | RowTone::Quiet | RowTone::Equal | RowTone::Warning => "  ",
        }
    }
}

impl ComparedAnswer {
    /// The message that is compared: what came from the peer.
    fn message(&self, side: Side) -> Option<&HttpMessage> {
        match side {
            Side::Listener => Some(&self.exchange.request),
            Side::Client | Side::Relay => self.exchange.response.as_ref(),
        }
    }
}

/// Of two listeners the requests, else the responses.
fn side(answers: &[ComparedAnswer; 2]) -> Side {
    if answers.iter().all(|answer| answer.side.listens()) { Side::Listener } else { Side::Client }
}

impl BodyDifference {
    /// What there is to be compared.
    pub(crate) fn of(answers: &[ComparedAnswer; 2]) -> Self {
        let side = side(answers);
        let [old, new] = answers.each_ref().map(|answer| answer.message(side));
        let (Some(old), Some(new)) = (old, new) else { return BodyDifference::None };
        if [old, new].iter().all(|message| message.body.framing.is_empty()) {
            return BodyDifference::None;
        }
        BodyDifference::Asked(CompareQuery { old: old.body.id, new: new.body.id })
    }
}

/// All rows.
pub(crate) fn rows(answers: &[ComparedAnswer; 2], body: &BodyDifference) -> Vec<CompareRow> {
    let mut list = Differing::default();
    list.start_line(answers);
    list.fields(answers);
    list.body(answers, body);
    list.timing(answers);
    let verdict = list.verdict(body);
    let [old, new] = answers.each_ref().map(|answer| answer.title.clone());
    let head = [
        row(RowTone::Removed, "older", old),
        row(RowTone::Added, "newer", new),
        verdict,
        row(RowTone::Plain, "", ""),
    ];
    head.into_iter().chain(list.rows).collect()
}

/// Two messages, by what they hold and byte beside byte, on a screen of so many columns.
pub(crate) fn of_messages(
    titles: [String; 2],
    [old, new]: [&[u8]; 2],
    columns: u16,
) -> Vec<CompareRow> {
    let mut list = Differing::default();
    list.bytes("Message", [old, new], columns);
    let [was, is] = titles;
    let verdict = match list.count {
        0 => row(RowTone::Equal, "equal, byte for byte", ""),
        _ => row(RowTone::Plain, &first_difference(old, new), ""),
    };
    let head = [
        row(RowTone::Removed, "older", was),
        row(RowTone::Added, "newer", is),
        verdict,
        row(RowTone::Plain, "", ""),
    ];
    head.into_iter().chain(list.rows).collect()
}

/// What came of a replay: of each conversation a line, and where its answers differ.
pub(crate) fn of_replay(replay: &RunningReplay, columns: u16) -> Vec<CompareRow> {
    let mut list = Differing::default();
    for words in &replay.left_out {
        list.words(RowTone::Warning, words, columns);
    }
    for (at, verdict) in replay.run.verdicts().iter().enumerate() {
        let Some(talk) = replay.run.talk(at) else { continue };
        let title = format!("{} to {}", talk.conn.id, replay.place(at));
        list.heading(&title, "");
        let tone = match (verdict.is_sent(), verdict.is_equal) {
            (false, _) => RowTone::Warning,
            (true, true) => RowTone::Equal,
            (true, false) => RowTone::Plain,
        };
        list.words(tone, &verdict.words(), columns);
        let Some([old, new]) = replay.run.answers(at).filter(|_| verdict.lens[1] > 0) else {
            continue;
        };
        if !verdict.is_same {
            list.bytes("Answer", [&old.joined(), &new.joined()], columns);
        }
    }
    list.rows
}

/// `first difference at byte 12 (0xc); 40 bytes, now 41`.
fn first_difference(old: &[u8], new: &[u8]) -> String {
    let at = compare::first_difference(old, new).unwrap_or_default();
    let lens = [old, new].map(|bytes| bytes.len() as u64);
    let [was, is] = [format::counted(lens[0], "byte"), format::count(lens[1])];
    format!("first difference at byte {} (0x{at:x}); {was}, now {is}", format::count(at))
}

/// Rows as text for the clipboard.
pub(crate) fn text(rows: &[CompareRow]) -> String {
    let line = |row: &CompareRow| {
        let gap = if row.label.is_empty() || row.text.is_empty() { "" } else { "  " };
        format!("{}{}{gap}{}", row.sign(), row.label, row.text).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(tone: RowTone, label: &str, text: impl Into<String>) -> CompareRow {
    let (label, text) = (label.to_owned(), text.into());
    CompareRow { tone, label, text, is_start: false, change: None }
}

#[derive(Default)]
struct Differing {
    rows: Vec<CompareRow>,
    /// Differences so far.
    count: u64,
    changes: usize,
}

impl Differing {
    fn heading(&mut self, title: &str, text: impl Into<String>) {
        if !self.rows.is_empty() {
            self.rows.push(row(RowTone::Plain, "", ""));
        }
        self.rows.push(row(RowTone::Heading, title, text));
    }

    /// Sentences, in as many rows as they need: why something failed is read to its end.
    fn words(&mut self, tone: RowTone, words: &str, columns: u16) {
        let width = columns.min(MOST_COLUMNS).saturating_sub(BORDERS).max(20);
        let lines = wrap(&printable(words.as_bytes()), width);
        self.rows.extend(lines.into_iter().map(|line| row(tone, "", line)));
    }

    fn start_line(&mut self, answers: &[ComparedAnswer; 2]) {
        let side = side(answers);
        let title = if side.listens() { "Request" } else { "Status" };
        self.heading(title, "");
        let [old, new] = answers.each_ref().map(|answer| told(answer, side));
        if old == new {
            return self.rows.push(row(RowTone::Equal, "the same", old));
        }
        self.count += 1;
        let [old, new] = [old, new].map(|text| Excerpt::of(text.as_bytes()));
        let kind = ChangeKind::Changed;
        self.change(
            ComparedAs::Fields,
            &Change { kind, place: String::new(), old: Some(old), new: Some(new) },
        );
    }

    fn fields(&mut self, answers: &[ComparedAnswer; 2]) {
        let side = side(answers);
        let [old, new] = answers.each_ref().map(|answer| answer.message(side));
        let (Some(old), Some(new)) = (old, new) else { return };
        let found = compare::fields(&old.head.fields, &new.head.fields);
        self.section("Headers", &found);
        let trailers = [&old.body.trailers, &new.body.trailers];
        if trailers.iter().any(|trailers| !trailers.is_empty()) {
            self.section("Trailers", &compare::fields(trailers[0], trailers[1]));
        }
    }

    fn body(&mut self, answers: &[ComparedAnswer; 2], body: &BodyDifference) {
        match body {
            BodyDifference::None => self.only_body(answers),
            BodyDifference::Asked(_) => self.heading("Body", "comparing…"),
            BodyDifference::Unknown(why) => {
                self.heading("Body", "");
                self.rows.push(row(RowTone::Warning, why, ""));
            }
            BodyDifference::Found(found) => self.section("Body", found),
        }
    }

    /// That there is no body, or that the one there is has none beside it: nothing came of the other.
    fn only_body(&mut self, answers: &[ComparedAnswer; 2]) {
        let side = side(answers);
        let lens = answers
            .each_ref()
            .map(|answer| answer.message(side).map_or(0, |message| message.body.decoded_len));
        if lens == [0, 0] {
            return self.heading("Body", "none");
        }
        self.heading("Body", "of one alone");
        self.count += 1;
        let [old, new] = lens.map(|len| {
            let told = if len == 0 { "none".to_owned() } else { format::size(len) };
            Some(Excerpt::of(told.as_bytes()))
        });
        let (kind, place) = (ChangeKind::Changed, String::new());
        self.change(ComparedAs::Fields, &Change { kind, place, old, new });
    }

    /// A part with its changes, or that there are none.
    fn section(&mut self, title: &str, found: &Comparison) {
        let count = found.count();
        let words = match (found.how, count) {
            (ComparedAs::Fields, 0) => String::new(),
            (ComparedAs::Fields, count) => format::counted(count, "difference"),
            (how, 0) => how.into_str().to_owned(),
            (how, count) => {
                format!("{}, {}", how.into_str(), format::counted(count, "difference"))
            }
        };
        self.heading(title, words);
        if count == 0 {
            self.rows.push(row(RowTone::Equal, "the same", ""));
        }
        if let Some(note) = &found.note {
            self.rows.push(row(RowTone::Quiet, &printable(note.as_bytes()), ""));
        }
        self.count += count;
        for change in &found.changes {
            self.change(found.how, change);
        }
        if found.left_out > 0 {
            let more = format!("and {} more, which are not listed", format::count(found.left_out));
            self.rows.push(row(RowTone::Warning, &more, ""));
        }
    }

    fn change(&mut self, how: ComparedAs, change: &Change) {
        let place = printable(change.place.as_bytes());
        let tone = match change.kind {
            ChangeKind::Added => RowTone::Added,
            ChangeKind::Removed => RowTone::Removed,
            ChangeKind::Changed | ChangeKind::Moved => RowTone::Changed,
            ChangeKind::Reordered => {
                let said = if how == ComparedAs::Json { "names in another order" } else { "" };
                return self.rows.push(row(RowTone::Quiet, &place, said));
            }
            ChangeKind::Respelled => RowTone::Quiet,
        };
        let (from, first) = (self.rows.len(), !change.kind.is_quiet());
        let [old, new] = [&change.old, &change.new].map(|part| lines(how, part.as_ref()));
        let cells = |lines: &[String]| lines.iter().map(|line| line.chars().count()).sum::<usize>();
        match (&*old, &*new) {
            ([old], [new]) if old.chars().count() + new.chars().count() <= ONE_ROW => {
                let said = match change.kind {
                    ChangeKind::Moved => format!("moved from {old}"),
                    ChangeKind::Respelled => format!("{old} → {new}, the same written otherwise"),
                    _ => format!("{old} → {new}"),
                };
                self.rows.push(row(tone, &place, said));
            }
            ([one], []) | ([], [one]) if cells(std::slice::from_ref(one)) <= ONE_ROW => {
                self.rows.push(row(tone, &place, one.as_str()));
            }
            _ => {
                self.rows.push(row(tone, &place, ""));
                let rows = |tone, lines: Vec<String>| {
                    lines.into_iter().map(move |line| row(tone, "", format!("  {line}")))
                };
                self.rows.extend(rows(RowTone::Removed, old));
                self.rows.extend(rows(RowTone::Added, new));
            }
        }
        let number = self.changes;
        self.changes += 1;
        for (at, row) in self.rows.iter_mut().skip(from).enumerate() {
            row.change = Some(number);
            row.is_start = at == 0 && first;
        }
    }

    /// By structure, lines or bytes; then side by side.
    fn bytes(&mut self, title: &str, [old, new]: [&[u8]; 2], columns: u16) {
        let is_short = [old, new].iter().all(|bytes| bytes.len() <= LINED_UP);
        let found = if is_short {
            compare::bodies(old, new, None)
        } else {
            let first = compare::first_difference(old, new);
            let there = |bytes: &'_ [u8]| first.map_or(0, |at| (at as usize).min(bytes.len()));
            let lens = [old.len() as u64, new.len() as u64];
            compare::bytes(lens, first, [&old[there(old)..], &new[there(new)..]])
        };
        self.section(title, &found);
        let beside = beside::rows(old, new, BESIDE);
        if beside.is_empty() {
            return;
        }
        self.heading("Side by side", "from the first difference on, then | now");
        let side = (columns.saturating_sub(AROUND) / 2).clamp(24, SIDE).into();
        for line in beside {
            let tone = if line.is_same { RowTone::Quiet } else { RowTone::Changed };
            self.rows.push(row(tone, "", line.words(side)));
        }
    }

    /// Never the same, so it is told last and not counted.
    fn timing(&mut self, answers: &[ComparedAnswer; 2]) {
        self.heading("Timing", "");
        let [old, new] = answers.each_ref().map(|answer| answer.exchange.timing);
        let phases = [
            ("Name lookup", old.lookup, new.lookup),
            ("Connect", old.connect, new.connect),
            ("Proxy", old.tunnel, new.tunnel),
            ("TLS handshake", old.tls, new.tls),
            ("Send request", old.send, new.send),
            ("First byte", old.first_byte, new.first_byte),
            ("Transfer", old.transfer, new.transfer),
            ("Total", Some(old.total), Some(new.total)),
        ];
        for (label, old, new) in phases {
            if old.is_some() || new.is_some() {
                let label = format!("{label:<14}");
                self.rows.push(row(RowTone::Plain, &label, spans(old, new)));
            }
        }
    }

    fn verdict(&self, body: &BodyDifference) -> CompareRow {
        match (self.count, body) {
            (0, BodyDifference::Asked(_)) => {
                row(RowTone::Quiet, "status and headers are equal", "")
            }
            (0, BodyDifference::Unknown(_)) => {
                row(RowTone::Warning, "status and headers are equal, the bodies are unknown", "")
            }
            (0, BodyDifference::None) => row(RowTone::Equal, "equal: status and headers", ""),
            (0, BodyDifference::Found(_)) => {
                row(RowTone::Equal, "equal: status, headers and body", "")
            }
            (count, _) => row(RowTone::Plain, &format::counted(count, "difference"), ""),
        }
    }
}

/// `12.4 ms → 20.1 ms  +7.7 ms`
fn spans(old: Option<Duration>, new: Option<Duration>) -> String {
    let text = |span: Option<Duration>| span.map_or("–".to_owned(), format::duration);
    let (Some(before), Some(now)) = (old, new) else {
        return format!("{:>9} → {:>9}", text(old), text(new));
    };
    let sign = if now >= before { "+" } else { "-" };
    let apart = format::duration(now.abs_diff(before));
    format!("{:>9} → {:>9}  {sign}{apart}", text(old), text(new))
}

/// The start line, and what went wrong.
fn told(answer: &ComparedAnswer, side: Side) -> String {
    let line = answer.message(side).map(|message| {
        let line = message.head.raw.split(|byte| *byte == b'\n').next().unwrap_or_default();
        printable(line.strip_suffix(b"\r").unwrap_or(line))
    });
    let failed = match &answer.exchange.state {
        ExchangeState::Failed(failure) => Some(printable(failure.cause.as_bytes())),
        ExchangeState::Active if line.is_none() => Some("no response yet".into()),
        ExchangeState::Active | ExchangeState::Complete => None,
    };
    match (line, failed) {
        (Some(line), Some(failed)) => format!("{line} ({failed})"),
        (line, failed) => line.or(failed).unwrap_or_else(|| "no response".into()),
    }
}

/// A value as lines, its ends marked where it is cut.
fn lines(how: ComparedAs, part: Option<&Excerpt>) -> Vec<String> {
    let Some(part) = part else { return Vec::new() };
    let mut lines: Vec<String> = match how {
        ComparedAs::Bytes if part.bytes.is_empty() => vec!["nothing more".into()],
        ComparedAs::Bytes => {
            let digits = part.bytes.iter().map(|byte| format!("{byte:02x}"));
            vec![digits.collect::<Vec<_>>().join(" ")]
        }
        ComparedAs::Text => text_lines(part),
        ComparedAs::Fields | ComparedAs::Json => vec![printable(&part.bytes)],
    };
    if let Some(first) = lines.first_mut().filter(|_| part.before > 0) {
        *first = format!("…{first}");
    }
    if part.after > 0
        && let Some(last) = lines.last_mut()
    {
        *last = format!("{last}… and {} more", format::counted(part.after as u64, "byte"));
    }
    lines
}

/// Lines without their ends; an end that is not there is said.
fn text_lines(part: &Excerpt) -> Vec<String> {
    let is_whole = part.after > 0 || part.bytes.ends_with(b"\n");
    let text = part.bytes.strip_suffix(b"\n").unwrap_or(&part.bytes);
    let all = text.split(|byte| *byte == b'\n');
    let mut lines: Vec<String> = all.clone().take(LINES).map(printable).collect();
    let left = all.count().saturating_sub(LINES);
    if left > 0 {
        lines.push(format!("and {} more lines", format::count(left as u64)));
    } else if !is_whole && let Some(last) = lines.last_mut() {
        last.push_str("  (without a line end)");
    }
    lines
}
