//! The colours of rows in Traffic: rules of the user's file, as filters. The first that lets a row through
//! decides. Asked for the rows on the screen alone, and for none of them where there are no rules.

use crate::model::color_rule::{ColorRule, RowColor};
use crate::model::id::RecordId;
use crate::model::record::Record;
use crate::query::Filter;
use crate::timeline::Timeline;

/// The rules in force.
#[derive(Debug, Default)]
pub struct ColorRules(Vec<(Filter, RowColor)>);

impl ColorRules {
    /// Makes filters of what was read, and says of the first that is none what is wrong with it; times of day
    /// are by a clock so far ahead of stamps.
    pub(crate) fn new(rules: Vec<ColorRule>, ahead: i64) -> (Self, Option<String>) {
        let (mut known, mut wrong) = (Vec::new(), None);
        for ColorRule { filter, color, line } in rules {
            match Filter::parse_at(&filter, ahead) {
                Ok(filter) => known.push((filter, color)),
                Err(error) => {
                    let (message, column) = (&error.message, error.column);
                    let told =
                        format!("colors.toml:{line}: {message} (column {column} of the filter)");
                    wrong.get_or_insert(told);
                }
            }
        }
        (ColorRules(known), wrong)
    }

    /// The colour of a row; `None` = that which it has by itself.
    pub(crate) fn of(
        &self,
        timeline: &Timeline,
        id: RecordId,
        record: &Record,
    ) -> Option<&RowColor> {
        let lets_through = |(filter, _): &&(Filter, RowColor)| timeline.matches(filter, id, record);
        self.0.iter().find(lets_through).map(|(_, color)| color)
    }
}
