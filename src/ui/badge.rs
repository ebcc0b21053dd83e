//! Badges of lists: `GET`, `POST`, `TCP`, `UDP`, `SRV`, each in its colour.

use ratatui::style::Style;

use super::theme::ThemeStyles;

/// Cells a badge takes, the space after it included.
pub(super) const WIDTH: u16 = 5;

/// A badge in at most four cells.
pub(super) fn short(badge: &str) -> String {
    if badge.chars().count() <= 4 { badge.to_owned() } else { badge.chars().take(3).collect() }
}

/// Colour of a badge.
pub(super) fn style(badge: &str, palette: &ThemeStyles) -> Style {
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
