//! Draws the window of cookies.

use jiff::Timestamp;

use super::painter::Painter;
use super::widget::fit;
use super::widget::frame::{position, window};
use crate::app::format;
use crate::app::keymap::Context;
use crate::app::layout::window_inner;
use crate::app::overlay::cookies::CookieWindow;
use crate::codec::printable::{printable, printable_str};
use crate::model::cookie::{Cookie, SameSite};
use crate::model::secrets::MASK;

/// Cells of the last column, and the most that others get of a hundred.
const UNTIL: u16 = 19;
const DOMAIN: u16 = 28;
const PATH: u16 = 14;
const NAME: u16 = 22;

/// The window with a row for each cookie.
pub(super) fn draw(painter: Painter<'_>, it: &CookieWindow, hint: &str) {
    let shared = &painter.app.shared;
    let (list, detail, line) = CookieWindow::parts(window_inner(painter.area));
    let cursor = it.cursor(list.height);
    let of = it.environment.as_deref().unwrap_or("no environment");
    let title = format!(" Cookies ─ {} ", printable_str(of));
    let position = position(cursor.selected, it.keys.len(), list.height);
    let mut painter = window(painter, &title, hint, &position);
    let palette = painter.palette;
    let has_keys = it.editor.is_none();
    if it.keys.is_empty() {
        let text = "no cookies: those that answers set stand here, and go along with what is sent";
        painter.at(list).put(&fit::start(text, list.width), palette.dim);
    }
    painter.at(list).list(cursor, it.keys.len(), palette.selection(has_keys), |mut row, at| {
        let Some(cookie) = it.row(shared, at) else { return };
        let before = at.checked_sub(1).and_then(|before| it.keys.get(before));
        let is_first =
            at == cursor.offset || before.is_none_or(|before| before.place() != cookie.key.place());
        let share = |percent: u16| list.width.saturating_sub(UNTIL) * percent / 100;
        let place = if is_first { cookie.key.place() } else { String::new() };
        column(&mut row, &printable_str(&place), share(DOMAIN), palette.title);
        column(&mut row, &printable(&cookie.key.path), share(PATH), palette.dim);
        column(&mut row, &printable(&cookie.key.name), share(NAME), palette.base);
        let value = if it.is_shown(&cookie.key) { printable(&cookie.value) } else { MASK.into() };
        let width = row.area.width.saturating_sub(UNTIL);
        column(&mut row, &value, width, palette.base);
        row.put(&fit::start(&until(shared, &cookie), UNTIL), palette.dim);
    });
    painter.at(list).scroll_bar(cursor.offset as u64, it.keys.len() as u64);
    let Some(cookie) = it.row(shared, cursor.selected) else { return };
    let words = shared.keymap.keyed(&[Context::Cookies], &about(&cookie));
    painter.at(detail).put(&fit::start(&words, detail.width), palette.dim);
    if let Some(editor) = &it.editor {
        painter.at(line).fill(palette.field);
        let name = format!("{} = ", printable(&cookie.key.name));
        painter.at(line).prompt(&name, editor);
    }
}

fn column(painter: &mut Painter<'_>, text: &str, width: u16, style: ratatui::style::Style) {
    let text = fit::start(text, width.saturating_sub(1)).into_owned();
    painter.column(&text, width, style);
}

/// Until when it is kept.
fn until(shared: &crate::app::shared::Shared, cookie: &Cookie) -> String {
    let at = cookie.expires.and_then(|at| Timestamp::from_second(at).ok());
    let offset = shared.utc_offset.unwrap_or(jiff::tz::Offset::UTC);
    at.map_or_else(
        || "session".to_owned(),
        |at| offset.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}

/// What else is known of a cookie.
fn about(cookie: &Cookie) -> String {
    let to = if cookie.key.is_host_only { "to this host alone" } else { "to hosts below, too" };
    let same_site = match cookie.same_site {
        SameSite::Unset => String::new(),
        other => format!("SameSite={}", <&str>::from(other)),
    };
    let flag = |is: bool, name: &str| if is { name.to_owned() } else { String::new() };
    let bytes = format::counted(cookie.value.len() as u64, "byte");
    let words = [
        to.to_owned(),
        flag(cookie.is_secure, "Secure: https and this machine alone"),
        flag(cookie.is_http_only, "HttpOnly"),
        same_site,
        bytes,
    ];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" · ")
}
