//! Badges of lists: `GET`, `POST`, `TCP`, `UDP`, `SRV`, each in its colour.

use ratatui::style::Style;

use super::row_writer::RowWriter;
use crate::ui::theme::ThemeStyles;

/// Cells a badge takes, the space after it included.
const WIDTH: u16 = 5;

/// A badge in at most four cells, filled up to its width.
fn padded(badge: &str) -> String {
    let fits = badge.chars().count() <= 4;
    let short: String = badge.chars().take(if fits { 4 } else { 3 }).collect();
    format!("{short:<0$}", usize::from(WIDTH))
}

/// Writes a badge in its colour.
pub(crate) fn put(row: &mut RowWriter<'_>, badge: &str, palette: &ThemeStyles) {
    row.put(&padded(badge), style(badge, palette));
}

/// Colour of a badge.
fn style(badge: &str, palette: &ThemeStyles) -> Style {
    match badge {
        "GET" | "HEAD" | "OPTIONS" => palette.success,
        "POST" | "PUT" | "PATCH" => palette.warning,
        "DELETE" => palette.error,
        "TCP" => palette.json_key,
        "UDP" => palette.literal,
        "SRV" => palette.received,
        _ => palette.base,
    }
}
