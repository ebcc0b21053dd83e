//! What is said when a filter lets nothing through: what was searched, and what would find some.

use crate::app::filter_words::values;
use crate::app::format;
use crate::app::shared::Shared;
use crate::query::{Filter, QueryPlace};

/// Records that each part of the filter is tried on, the newest.
const TRIED: usize = 20_000;
/// Values named of those that were seen.
const NAMED: usize = 5;

/// Lines for the empty list.
pub(super) fn words(shared: &Shared, text: &str) -> Vec<String> {
    let timeline = &shared.timeline;
    if timeline.is_empty() {
        return vec!["no record is there yet; the filter waits for them".into()];
    }
    let mut lines = vec![match timeline.len() {
        1 => "the one record there is does not match".into(),
        all => format!("none of {} matches", format::counted(all as u64, "record")),
    }];
    let parts = Filter::parts(text);
    let is_one = parts.len() < 2;
    for part in parts {
        let Ok(filter) = Filter::parse_at(&part, shared.clock_ahead()) else { continue };
        let (found, tried) = timeline.count_of(&filter, TRIED);
        let of = if tried < timeline.len() {
            format!(" of the newest {}", format::count(tried as u64))
        } else {
            String::new()
        };
        match (found, seen(shared, &part)) {
            (0, Some(seen)) => lines.push(format!("{part}  finds none; {seen}")),
            (0, None) if is_one => {}
            (0, None) => lines.push(format!("{part}  finds none")),
            (found, _) => {
                let found = format::count(found as u64);
                lines.push(format!("{part}  alone finds {found}{of}"));
            }
        }
    }
    lines
}

/// Values that were seen of the field that a test asks about.
fn seen(shared: &Shared, part: &str) -> Option<String> {
    let QueryPlace::Value(field, _) = QueryPlace::at_end_of(part)? else { return None };
    let mut values = values(shared, field.name);
    if values.is_empty() && field.is_optional {
        return Some(format!("no record here has a {}", field.title()));
    }
    values.sort();
    values.dedup();
    let more = values.len().saturating_sub(NAMED);
    values.truncate(NAMED);
    if values.is_empty() {
        return None;
    }
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("seen are {}{more}", values.join(", ")))
}
