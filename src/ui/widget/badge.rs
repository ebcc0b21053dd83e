//! Badges of lists: `GET`, `POST`, `TCP`, `UDP`, `SRV`, each in its colour.

use crate::ui::painter::Painter;

/// Cells a badge takes, the space after it included.
const WIDTH: u16 = 5;

/// Writes a badge in its colour, in at most four cells.
pub(crate) fn put(painter: &mut Painter<'_>, badge: &str) {
    let palette = painter.palette;
    let style = match badge {
        "GET" | "HEAD" | "OPTIONS" => palette.success,
        "POST" | "PUT" | "PATCH" => palette.warning,
        "DELETE" => palette.error,
        "TCP" => palette.json_key,
        "UDP" => palette.literal,
        "SRV" => palette.received,
        _ => palette.base,
    };
    let fits = badge.chars().count() <= 4;
    let short: String = badge.chars().take(if fits { 4 } else { 3 }).collect();
    painter.put(&format!("{short:<0$}", usize::from(WIDTH)), style);
}
