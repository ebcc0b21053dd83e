//! Badges of lists: `GET`, `POST`, `TCP`, `TLS`, `UDP`, `SRV`, `SRV+`, each in its colour.

use crate::model::protocol::Protocol;
use crate::ui::painter::Painter;

/// Cells a badge takes, the space after it included.
const WIDTH: u16 = 5;

/// Writes a badge in its colour, in at most four cells.
pub(crate) fn put(painter: &mut Painter<'_>, badge: &str) {
    let style = painter.palette.ink(Protocol::role_of_badge(badge));
    let fits = badge.chars().count() <= 4 || badge.contains('+');
    let short: String = badge.chars().take(if fits { 4 } else { 3 }).collect();
    painter.put(&format!("{short:<0$}", usize::from(WIDTH)), style);
}
