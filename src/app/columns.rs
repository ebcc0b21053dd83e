//! The table of columns of Traffic: what each shows of a record, how wide it is, which field of the filter
//! it is of. The list, the window of columns, sorting, and the filters that a row suggests are loops over it.
//!
//! A column more is a row here.

use std::time::Duration;

use strum::VariantArray;

use super::format;
use super::shared::Shared;
use super::time_format::TimeFormat;
use crate::codec::web_socket::told;
use crate::model::end_address::EndAddress;
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::id::{ConnId, RecordId};
use crate::model::peer_owner::peer_cell;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::secrets::Disclosure;
use crate::model::theme::ThemeRole;
use crate::model::timing::Stamp;

/// Where the text of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnSide {
    Left,
    Right,
}

/// Whether a column is shown unless the user says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnDefault {
    Shown,
    /// In a pane of that many cells or more.
    From(u16),
    Hidden,
}

/// One row of the table.
#[derive(Debug)]
pub struct TrafficColumnInfo {
    /// By which it is kept and chosen.
    pub name: &'static str,
    /// What stands above it.
    pub title: &'static str,
    /// Cells, with one of air.
    pub width: u16,
    pub side: ColumnSide,
    pub(crate) default: ColumnDefault,
    /// The colour of what stands in it.
    pub role: ThemeRole,
    /// The beginning of a test for what stands in it; empty = no field of the filter is like it.
    pub(crate) test: &'static str,
    /// What it shows, in a few words.
    pub about: &'static str,
    pub(crate) value: fn(&CellFacts<'_>) -> CellValue,
}

/// A record whose cells are asked for.
#[derive(Debug, Clone, Copy)]
pub struct CellFacts<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) id: RecordId,
    pub(crate) record: &'a Record,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CellValue {
    Nothing,
    /// The number of the record.
    Record(RecordId),
    Time(Stamp),
    Conn(ConnId),
    Way(Direction),
    Number(u64),
    Status(u16),
    Lapse(Duration),
    Word(&'static str),
    Text(String),
}

macro_rules! columns {
    ($($column:ident $name:literal $title:literal $width:literal $side:ident $default:expr, $role:ident $test:literal $about:literal $value:expr;)*) => {
        /// A column of Traffic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, VariantArray)]
        pub enum TrafficColumn { $(#[doc = $about] $column,)* }

        /// Every column, in the order in which they stand unless the user says so.
        pub const COLUMNS: &[TrafficColumnInfo] = &[$(TrafficColumnInfo {
            name: $name,
            title: $title,
            width: $width,
            side: ColumnSide::$side,
            default: $default,
            role: ThemeRole::$role,
            test: $test,
            about: $about,
            value: $value,
        },)*];
    };
}

use ColumnDefault::{From, Hidden, Shown};

columns! {
    Number "number" "#" 8 Right Shown, Hint ""
        "number of the record, and its mark" |it| CellValue::Record(it.id);
    Time "time" "time" 13 Left Shown, Hint "time == "
        "when it crossed; a key changes how that is written" |it| CellValue::Time(it.record.at);
    Conn "conn" "conn" 17 Left Shown, Text "conn == "
        "protocol, port, session and connection" |it| CellValue::Conn(it.record.conn);
    Peer "peer" "peer" 22 Left Hidden, Text "peer == "
        "address of the other end" |it| it.address(|info| info.peer.as_ref());
    Local "local" "local" 22 Left Hidden, Text "local == "
        "address of our own end" |it| it.address(|info| info.local.as_ref());
    Process "process" "process" 20 Left Hidden, Text ""
        "program at the other end, if it is on this machine" |it| it.process();
    Protocol "protocol" "proto" 6 Left Hidden, Hint "proto == "
        "protocol of the connection" |it| it.of_conn(|info| info.protocol.into_str());
    Side "side" "side" 10 Left Hidden, Hint "side == "
        "which end of the wire we are" |it| it.of_conn(|info| info.side.into_str());
    Session "session" "session" 8 Right Hidden, Hint "session == "
        "number of the session" |it| CellValue::Number(it.record.conn.session.0);
    Way "direction" "" 3 Left Shown, Text "dir == "
        "received, sent, or a fact about our own end" |it| CellValue::Way(it.record.direction);
    Kind "kind" "kind" 10 Left From(90), Hint "kind == "
        "what happened" |it| CellValue::Word(it.kind_word());
    Length "length" "len" 9 Right Shown, Text "len == "
        "bytes that crossed" |it| it.length();
    Delta "delta" "Δms" 9 Right From(90), Hint "delta >= "
        "milliseconds since its connection's record before" |it| it.lapse(false);
    Latency "latency" "answer ms" 10 Right Hidden, Warning "latency >= "
        "milliseconds from what it answers to these bytes" |it| it.lapse(true);
    Status "status" "status" 7 Right Hidden, Text "status == "
        "status of the exchange" |it| it.status();
    Method "method" "method" 8 Left Hidden, Text "method == "
        "method of the exchange" |it| it.exchange_text(|exchange| exchange.method());
    Path "path" "path" 24 Left Hidden, Text "path == "
        "path of the exchange with its query" |it| it.exchange_text(|exchange| exchange.path());
    Host "host" "host" 20 Left Hidden, Text "host == "
        "host the request of the exchange is for, or that a relay leads to" |it| it.host();
    Contract "contract" "contract" 24 Left Hidden, Warning "contract == "
        "how the exchange stands to its OpenAPI file" |it| it.contract();
    Comment "comment" "comment" 20 Left Hidden, Warning "comment == "
        "what you wrote about it" |it| it.comment();
}

impl TrafficColumn {
    /// The column's row.
    #[must_use]
    pub fn row(self) -> &'static TrafficColumnInfo {
        &COLUMNS[self as usize]
    }

    /// The column of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let named = |column: &&TrafficColumn| column.row().name == name;
        TrafficColumn::VARIANTS.iter().find(named).copied()
    }
}

impl CellFacts<'_> {
    fn info(&self) -> Option<&ConnInfo> {
        self.shared.timeline.conn(self.record.conn)
    }

    fn exchange(&self) -> Option<&ExchangeFacts> {
        self.shared.timeline.exchange_of(self.record)
    }

    fn of_conn(&self, word: fn(&ConnInfo) -> &'static str) -> CellValue {
        self.info().map_or(CellValue::Nothing, |info| CellValue::Word(word(info)))
    }

    fn address(&self, end: fn(&ConnInfo) -> Option<&EndAddress>) -> CellValue {
        let end = self.info().and_then(end);
        end.map_or(CellValue::Nothing, |end| CellValue::Text(end.to_string()))
    }

    fn process(&self) -> CellValue {
        let owner = self.shared.timeline.owner(self.record.conn).map(AsRef::as_ref);
        match peer_cell(self.info(), owner) {
            told if told.is_empty() => CellValue::Nothing,
            told => CellValue::Text(told),
        }
    }

    /// What happened; of a message of WebSocket what it is.
    fn kind_word(&self) -> &'static str {
        told::kind(&self.record.frames).unwrap_or_else(|| self.record.kind.into_str())
    }

    fn length(&self) -> CellValue {
        let is_data = self.record.kind == RecordKind::Data;
        if is_data { CellValue::Number(self.record.original_len) } else { CellValue::Nothing }
    }

    fn lapse(&self, is_latency: bool) -> CellValue {
        let gaps = self.shared.timeline.gaps(self.id);
        let lapse = if is_latency { gaps.latency } else { gaps.delta };
        lapse.get().map_or(CellValue::Nothing, CellValue::Lapse)
    }

    fn status(&self) -> CellValue {
        let status = self.exchange().and_then(|exchange| exchange.status);
        status.map_or(CellValue::Nothing, CellValue::Status)
    }

    fn exchange_text(&self, text: fn(&ExchangeFacts) -> &str) -> CellValue {
        let text = self.exchange().map(text).filter(|text| !text.is_empty());
        text.map_or(CellValue::Nothing, |text| CellValue::Text(text.to_owned()))
    }

    fn host(&self) -> CellValue {
        let of_exchange = self.exchange_text(|exchange| exchange.host());
        if of_exchange != CellValue::Nothing {
            return of_exchange;
        }
        let conn = self.shared.timeline.conn(self.record.conn);
        let asked = conn.and_then(|conn| conn.asked.as_ref());
        asked.map_or(CellValue::Nothing, |asked| CellValue::Text(asked.host()))
    }

    fn contract(&self) -> CellValue {
        let contract = self.exchange().and_then(|exchange| exchange.contract.as_deref());
        let first = contract.and_then(|contract| contract.told().next());
        first.map_or(CellValue::Nothing, |text| CellValue::Text(text.to_owned()))
    }

    fn comment(&self) -> CellValue {
        let comment = self.shared.timeline.comment(self.id);
        comment.map_or(CellValue::Nothing, |text| CellValue::Text(text.to_owned()))
    }

    /// What stands in this column of it, as text.
    pub(crate) fn text(&self, column: TrafficColumn, times: TimeFormat) -> String {
        self.told(column, times, &self.shared.disclosure())
    }

    /// The same as it may be told.
    pub(crate) fn told(
        &self,
        column: TrafficColumn,
        times: TimeFormat,
        told: &Disclosure,
    ) -> String {
        match (column.row().value)(self) {
            CellValue::Nothing | CellValue::Way(_) => String::new(),
            CellValue::Record(id) => id.0.to_string(),
            CellValue::Time(at) => times.show(self.shared, self.id, at),
            CellValue::Conn(id) => ConnInfo::label(self.info(), id),
            CellValue::Number(number) => format::count(number),
            CellValue::Status(status) => status.to_string(),
            CellValue::Lapse(lapse) => millis(lapse),
            CellValue::Word(word) => word.to_owned(),
            // A list shows no secret.
            CellValue::Text(text) => told.words(&text),
        }
    }

    /// A test that finds the records that have the same in this column; `None` = there is none, or a list
    /// may not show it.
    pub(crate) fn test(&self, column: TrafficColumn) -> Option<String> {
        let begins = Some(column.row().test).filter(|test| !test.is_empty())?;
        let value = match (column.row().value)(self) {
            CellValue::Nothing | CellValue::Record(_) => return None,
            CellValue::Time(at) => self.shared.time_of_day(at),
            CellValue::Conn(id) => id.to_string(),
            CellValue::Way(way) => way.into_str().to_owned(),
            CellValue::Number(number) => number.to_string(),
            CellValue::Status(status) => status.to_string(),
            CellValue::Lapse(lapse) => format!("{}us", lapse.as_micros()),
            CellValue::Word(word) => word.to_owned(),
            CellValue::Text(text) if self.shared.disclosure().words(&text) != *text => return None,
            CellValue::Text(text) if text.parse::<std::net::SocketAddr>().is_ok() => text,
            CellValue::Text(text) => format!("{text:?}"),
        };
        Some(format!("{begins}{value}"))
    }
}

/// Milliseconds, in as many digits as say something.
fn millis(lapse: Duration) -> String {
    let millis = lapse.as_secs_f64() * 1000.0;
    match millis {
        m if m < 0.05 => "0".into(),
        m if m < 1000.0 => format!("{m:.1}"),
        m => format!("{m:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::FIELDS;

    #[test]
    fn every_column_stands_at_its_row_and_its_field_is_one_of_the_filter() {
        assert_eq!(TrafficColumn::VARIANTS.len(), COLUMNS.len());
        for column in TrafficColumn::VARIANTS {
            let row = column.row();
            assert_eq!(TrafficColumn::named(row.name), Some(*column));
            assert!(row.width > 2 && row.about.len() > 5, "{}", row.name);
            let field = row.test.split(' ').next().unwrap_or_default();
            let is_known = FIELDS.iter().any(|known| known.name == field);
            assert!(field.is_empty() || is_known, "{}", row.name);
        }
    }

    #[test]
    fn what_is_exported_of_a_row_besides_are_columns_of_the_list() {
        for name in crate::interop::export::FURTHER_CELLS {
            assert!(TrafficColumn::named(name).is_some(), "{name}");
        }
    }
}
