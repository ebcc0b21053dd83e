//! How the times of rows are shown.

use jiff::tz::Offset;

use super::format;
use super::shared::Shared;
use crate::model::id::RecordId;
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
    /// Since the marked row before; above the first of them since the first record.
    SinceMark,
    /// Date and time of day with milliseconds.
    Date,
}

impl TimeFormat {
    /// The one after it, round the end.
    pub(crate) fn next(self) -> Self {
        match self {
            TimeFormat::Clock => TimeFormat::Micros,
            TimeFormat::Micros => TimeFormat::Utc,
            TimeFormat::Utc => TimeFormat::Relative,
            TimeFormat::Relative => TimeFormat::SinceMark,
            TimeFormat::SinceMark => TimeFormat::Date,
            TimeFormat::Date => TimeFormat::Clock,
        }
    }

    /// The word it is kept by.
    pub(crate) fn word(self) -> &'static str {
        match self {
            TimeFormat::Clock => "clock",
            TimeFormat::Micros => "micros",
            TimeFormat::Utc => "utc",
            TimeFormat::Relative => "start",
            TimeFormat::SinceMark => "mark",
            TimeFormat::Date => "date",
        }
    }

    /// What a word stands for.
    pub(crate) fn named(word: &str) -> Option<Self> {
        let mut format = TimeFormat::default();
        while format.word() != word {
            format = format.next();
            if format == TimeFormat::default() {
                return None;
            }
        }
        Some(format)
    }

    /// What stands above the times.
    pub fn title(self) -> &'static str {
        match self {
            TimeFormat::Clock | TimeFormat::Micros => "time",
            TimeFormat::Utc => "time UTC",
            TimeFormat::Relative => "since start",
            TimeFormat::SinceMark => "since mark",
            TimeFormat::Date => "date and time",
        }
    }

    /// Cells of the column.
    pub fn width(self) -> u16 {
        match self {
            TimeFormat::Clock => 13,
            TimeFormat::Micros | TimeFormat::Relative | TimeFormat::SinceMark => 16,
            TimeFormat::Utc => 17,
            TimeFormat::Date => 24,
        }
    }

    /// The time of a record as it is shown.
    pub(crate) fn show(self, shared: &Shared, id: RecordId, at: Stamp) -> String {
        let seconds = |from: Stamp| format!("{:.6}", at.since(from).as_secs_f64());
        let began = shared.timeline.began.unwrap_or(at);
        let wall = shared.wall_clock.at(at);
        let micros = |offset| format::local(wall, offset).strftime("%H:%M:%S%.6f").to_string();
        match self {
            TimeFormat::Clock => shared.time_of_day(at),
            TimeFormat::Micros => micros(shared.utc_offset),
            TimeFormat::Utc => micros(Some(Offset::UTC)) + "Z",
            TimeFormat::Date => {
                let local = format::local(wall, shared.utc_offset);
                local.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
            }
            TimeFormat::Relative => seconds(began),
            TimeFormat::SinceMark => {
                seconds(shared.timeline.marked_before(id).map_or(began, |(_, at)| at))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_show_times_is_kept_by_its_word_and_comes_in_turn() {
        let mut format = TimeFormat::default();
        for _ in 0..6 {
            assert_eq!(TimeFormat::named(format.word()), Some(format));
            format = format.next();
        }
        assert_eq!(format, TimeFormat::default());
        assert_eq!(TimeFormat::named("sundial"), None);
    }
}
