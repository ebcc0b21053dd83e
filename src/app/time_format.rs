//! How the times of rows are shown.

use jiff::tz::Offset;

use super::format;
use super::shared::Shared;
use crate::model::timing::Stamp;

/// A way to show when something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeFormat {
    /// Time of day with milliseconds.
    #[default]
    Clock,
    Micros,
    /// The same of UTC.
    Utc,
    /// Since the first record.
    Relative,
}

impl TimeFormat {
    /// The one after it, round the end.
    pub(crate) fn next(self) -> Self {
        match self {
            TimeFormat::Clock => TimeFormat::Micros,
            TimeFormat::Micros => TimeFormat::Utc,
            TimeFormat::Utc => TimeFormat::Relative,
            TimeFormat::Relative => TimeFormat::Clock,
        }
    }

    /// What stands above the times.
    pub fn title(self) -> &'static str {
        match self {
            TimeFormat::Clock | TimeFormat::Micros => "time",
            TimeFormat::Utc => "time UTC",
            TimeFormat::Relative => "since start",
        }
    }

    /// Cells of the column.
    pub fn width(self) -> u16 {
        match self {
            TimeFormat::Clock => 13,
            TimeFormat::Micros | TimeFormat::Relative => 16,
            TimeFormat::Utc => 17,
        }
    }

    /// A time as it is shown.
    pub fn show(self, shared: &Shared, at: Stamp) -> String {
        let wall = shared.wall_clock.at(at);
        let micros = |offset| format::local(wall, offset).strftime("%H:%M:%S%.6f").to_string();
        match self {
            TimeFormat::Clock => shared.time_of_day(at),
            TimeFormat::Micros => micros(shared.utc_offset),
            TimeFormat::Utc => micros(Some(Offset::UTC)) + "Z",
            TimeFormat::Relative => {
                let since = at.since(shared.timeline.began.unwrap_or(at));
                format!("{:.6}", since.as_secs_f64())
            }
        }
    }
}
