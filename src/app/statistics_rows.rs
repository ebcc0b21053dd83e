//! The rows of statistics: one for each group, in the order of a column. Pure; used by the window that
//! shows them.

use std::cmp::Ordering;
use std::time::Duration;

use super::format;
use super::session_words;
use super::shared::Shared;
use crate::model::id::SessionId;
use crate::timeline::statistics::{StatGroup, StatKind, Statistics};
use crate::timeline::tally::Tally;

/// A column that rows can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatColumn {
    Name,
    Records,
    Sent,
    Received,
    Errors,
    Rate,
    Median,
    Ninety,
    NinetyNine,
    Slowest,
}

impl StatColumn {
    /// Every column, from left to right.
    pub const ALL: [StatColumn; 10] = [
        StatColumn::Name,
        StatColumn::Records,
        StatColumn::Sent,
        StatColumn::Received,
        StatColumn::Errors,
        StatColumn::Rate,
        StatColumn::Median,
        StatColumn::Ninety,
        StatColumn::NinetyNine,
        StatColumn::Slowest,
    ];

    /// What stands above it.
    pub fn title(self) -> &'static str {
        match self {
            StatColumn::Name => "name",
            StatColumn::Records => "records",
            StatColumn::Sent => "▶ bytes",
            StatColumn::Received => "◀ bytes",
            StatColumn::Errors => "errors",
            StatColumn::Rate => "rate",
            StatColumn::Median => "p50",
            StatColumn::Ninety => "p90",
            StatColumn::NinetyNine => "p99",
            StatColumn::Slowest => "max",
        }
    }

    /// What stands above it where cells have no units.
    fn heading(self) -> String {
        match self {
            StatColumn::Rate => "rate/s".into(),
            StatColumn::Median
            | StatColumn::Ninety
            | StatColumn::NinetyNine
            | StatColumn::Slowest => format!("{} ms", self.title()),
            _ => self.title().to_owned(),
        }
    }

    /// The column beside it, round the ends.
    pub(crate) fn beside(self, is_next: bool) -> Self {
        let all = Self::ALL;
        let at = all.iter().position(|it| *it == self).unwrap_or(0);
        let step = if is_next { 1 } else { all.len() - 1 };
        all.get((at + step) % all.len()).copied().unwrap_or(self)
    }
}

/// A group and its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct StatRow {
    pub(crate) group: StatGroup,
    pub name: String,
    /// The second that it is, as filters have it; else empty.
    second: String,
    pub records: u64,
    pub sent: u64,
    pub received: u64,
    pub errors: u64,
    /// Data records a second.
    pub rate: f64,
    pub latencies: StatLatencies,
}

/// How long answers took, as far as there were some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatLatencies {
    pub median: Option<Duration>,
    pub ninety: Option<Duration>,
    pub ninety_nine: Option<Duration>,
    pub slowest: Option<Duration>,
}

impl StatLatencies {
    /// Of a tally.
    pub(crate) fn of(tally: &Tally) -> Self {
        let of = |of_thousand| tally.latencies.quantile(of_thousand);
        StatLatencies { median: of(500), ninety: of(900), ninety_nine: of(990), slowest: of(1_000) }
    }
}

impl StatRow {
    fn new(shared: &Shared, group: StatGroup, tally: &Tally) -> Self {
        StatRow {
            name: name(shared, &group),
            second: second(shared, &group),
            group,
            records: tally.records,
            sent: tally.totals.sent.bytes,
            received: tally.totals.received.bytes,
            errors: tally.errors,
            rate: tally.rate(),
            latencies: StatLatencies::of(tally),
        }
    }

    /// The text of a cell.
    pub fn cell(&self, column: StatColumn) -> String {
        let time = |time: Option<Duration>| time.map_or_else(|| "–".into(), format::duration);
        match column {
            StatColumn::Name => self.name.clone(),
            StatColumn::Records => format::count(self.records),
            StatColumn::Sent => format::size(self.sent),
            StatColumn::Received => format::size(self.received),
            StatColumn::Errors if self.errors == 0 => "–".into(),
            StatColumn::Errors => format::count(self.errors),
            StatColumn::Rate => format::rate(self.rate),
            StatColumn::Median => time(self.latencies.median),
            StatColumn::Ninety => time(self.latencies.ninety),
            StatColumn::NinetyNine => time(self.latencies.ninety_nine),
            StatColumn::Slowest => time(self.latencies.slowest),
        }
    }

    /// The text of a cell for a program: empty where there is nothing.
    fn exactly(&self, column: StatColumn) -> String {
        let millis = |time: Option<Duration>| {
            time.map_or_else(String::new, |time| format!("{:.3}", time.as_secs_f64() * 1e3))
        };
        match column {
            StatColumn::Name => self.name.clone(),
            StatColumn::Records => self.records.to_string(),
            StatColumn::Sent => self.sent.to_string(),
            StatColumn::Received => self.received.to_string(),
            StatColumn::Errors => self.errors.to_string(),
            StatColumn::Rate => format!("{:.3}", self.rate),
            StatColumn::Median => millis(self.latencies.median),
            StatColumn::Ninety => millis(self.latencies.ninety),
            StatColumn::NinetyNine => millis(self.latencies.ninety_nine),
            StatColumn::Slowest => millis(self.latencies.slowest),
        }
    }

    /// Bytes both ways.
    pub fn bytes(&self) -> u64 {
        self.sent.saturating_add(self.received)
    }

    /// The test that lets its records through; `None` of what no filter asks for.
    pub(crate) fn test(&self) -> Option<String> {
        match &self.group {
            StatGroup::Session(id) => Some(format!("session == {id}")),
            StatGroup::Host(ip) => ip.map(|ip| format!("peer == {ip}")),
            StatGroup::Unix => Some("peer == unix:*".to_owned()),
            StatGroup::Server(address) if address.is_unix() => {
                Some(format!("peer == {:?}", address.to_string()))
            }
            StatGroup::Server(address) => Some(format!("peer == {address}")),
            StatGroup::Program(name) => Some(format!("process == {name:?}")),
            StatGroup::Second(_) => Some(format!("time == {}", self.second)),
            StatGroup::NoProgram(_) | StatGroup::Others => None,
        }
    }

    fn compared(&self, other: &StatRow, by: StatColumn) -> Ordering {
        let (one, two) = (&self.latencies, &other.latencies);
        match by {
            StatColumn::Name => self.group.cmp(&other.group),
            StatColumn::Records => self.records.cmp(&other.records),
            StatColumn::Sent => self.sent.cmp(&other.sent),
            StatColumn::Received => self.received.cmp(&other.received),
            StatColumn::Errors => self.errors.cmp(&other.errors),
            StatColumn::Rate => self.rate.total_cmp(&other.rate),
            StatColumn::Median => one.median.cmp(&two.median),
            StatColumn::Ninety => one.ninety.cmp(&two.ninety),
            StatColumn::NinetyNine => one.ninety_nine.cmp(&two.ninety_nine),
            StatColumn::Slowest => one.slowest.cmp(&two.slowest),
        }
    }
}

/// The rows of a kind, sorted; what belongs to no group of its own stands last.
pub(crate) fn rows(
    shared: &Shared,
    statistics: &Statistics,
    kind: StatKind,
    (by, is_rising): (StatColumn, bool),
) -> Vec<StatRow> {
    let groups = statistics.groups(kind).into_iter();
    let mut rows: Vec<StatRow> =
        groups.map(|(group, tally)| StatRow::new(shared, group, &tally)).collect();
    rows.sort_by(|one, other| {
        let is_rest = |row: &StatRow| row.group == StatGroup::Others;
        let order = one.compared(other, by);
        let order = if is_rising { order } else { order.reverse() };
        is_rest(one).cmp(&is_rest(other)).then(order).then_with(|| one.group.cmp(&other.group))
    });
    rows
}

/// A second as filters have it: with its date where that is not today's.
fn second(shared: &Shared, group: &StatGroup) -> String {
    let StatGroup::Second(at) = group else { return String::new() };
    let (then, now) = (shared.local_time(*at), shared.local_time(shared.now));
    let is_today = then.date() == now.date();
    then.strftime(if is_today { "%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S" }).to_string()
}

fn name(shared: &Shared, group: &StatGroup) -> String {
    match group {
        StatGroup::Session(id) => match shared.sessions.get(*id) {
            _ if *id == SessionId::FOREIGN => format!("{id} (recorded)"),
            Some(session) => format!("{id} {}", session_words::name(session)),
            None => format!("{id} (no longer known)"),
        },
        StatGroup::Host(Some(ip)) => ip.to_string(),
        StatGroup::Host(None) => "(no peer)".into(),
        StatGroup::Unix => "Unix sockets".into(),
        StatGroup::Server(address) => address.to_string(),
        StatGroup::Program(name) => name.clone(),
        StatGroup::NoProgram(why) => format!("({why})"),
        StatGroup::Second(at) => {
            let (then, now) = (shared.local_time(*at), shared.local_time(shared.now));
            let written = match (then.date() == now.date(), then.year() == now.year()) {
                (true, _) => "%H:%M:%S",
                (false, true) => "%b %d %H:%M:%S",
                (false, false) => "%Y-%m-%d %H:%M:%S",
            };
            then.strftime(written).to_string()
        }
        StatGroup::Others => "(all others)".into(),
    }
}

/// Rows as a table that programs read: columns with tabs between them, figures exact and without units,
/// times in milliseconds.
pub(crate) fn table(rows: &[StatRow]) -> String {
    let line = |cell: &dyn Fn(StatColumn) -> String| StatColumn::ALL.map(cell).join("\t");
    let heading = line(&|column| column.heading());
    let lines = rows.iter().map(|row| line(&|column| row.exactly(column)));
    std::iter::once(heading).chain(lines).collect::<Vec<_>>().join("\n")
}
