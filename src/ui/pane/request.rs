//! Draws the request pane: the form of the draft on screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::focus::Pane;
use crate::app::form::{FieldKind, FormField, FormFieldId, access};
use crate::app::pane::request::{Placed, label_width, tab_strip};
use crate::compose::{Automatic, automatic};
use crate::model::http::AutomaticHeader;
use crate::model::protocol::Side;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::frame::Titles;
use crate::ui::widget::text::{put, put_editor};

/// The name of the region and what is shown; on the right the button that sends.
pub(super) fn titles(app: &App) -> Titles {
    Titles::of(title(app)).and_right(button(app))
}

/// Draws the inside of the pane.
pub(super) fn draw(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let placed = app.request.place(&app.shared, inner);
    for placed in &placed {
        draw_field(app, palette, placed, buffer);
    }
    automatic_headers(app, palette, &placed, buffer);
    issue_line(app, palette, inner, buffer);
}

/// `Request ─ users/create ●`
fn title(app: &App) -> String {
    let draft = app.shared.drafts.current();
    let kind = match draft.spec.side() {
        Side::Client => "client",
        Side::Listener => "listener",
    };
    let name = draft.preset.as_ref().map_or("not saved", |path| path.as_str());
    let mark = if draft.is_modified() { " ●" } else { "" };
    let trust = if draft.spec.trusts_anyone() { " ─ CERTIFICATE NOT VERIFIED" } else { "" };
    let protocol = draft.spec.protocol().title();
    crate::codec::printable::printable_str(&format!(" {protocol} {kind} ─ {name}{mark}{trust} "))
        .into_owned()
}

/// What sending will do.
fn button(app: &App) -> String {
    let draft = app.shared.drafts.current();
    let live =
        draft.session.and_then(|id| app.shared.sessions.get(id)).is_some_and(|s| !s.is_over());
    let can = draft.spec.protocol().capabilities();
    app.keyed(match (draft.spec.side(), live) {
        (Side::Listener, true) => " [send] update answers  [stop] stop ",
        (Side::Listener, false) => " [send] listen ",
        (Side::Client, true) if can.conversation => " [stop] close ",
        (Side::Client, true) => " [send] send again  [interrupt] cancel ",
        (Side::Client, false) if !can.conversation => " [send] send ",
        (Side::Client, false) if can.connections => " [send] connect ",
        (Side::Client, false) => " [send] open ",
    })
}

fn draw_field(app: &App, palette: &ThemeStyles, placed: &Placed, buffer: &mut Buffer) {
    let Placed { field, area } = placed;
    let draft = app.shared.drafts.current();
    let here = app.shared.focus == Pane::Request && draft.at == field.id;
    let wrong = app.request.refused.as_ref().is_some_and(|(id, _)| *id == field.id)
        || draft.issues.iter().any(|issue| issue.field == field.id);
    if field.kind == FieldKind::Tabs {
        draw_tabs(app, palette, *area, buffer);
        return;
    }
    let label = put(buffer, *area, field.label, palette.dim);
    let skip = if label == 0 { 0 } else { label_width(field) };
    let value = Value {
        field,
        area: Rect {
            x: (area.x + skip).min(area.right()),
            width: area.width.saturating_sub(skip),
            ..*area
        },
        style: if wrong { palette.error } else { palette.base },
        here,
    };
    match field.kind {
        FieldKind::Check => check(app, palette, &value, buffer),
        FieldKind::Choice => {
            let text = format!("‹{}›", access::get(&draft.spec, field.id));
            let style = if here { palette.selected } else { value.style };
            put(buffer, Rect { height: 1, ..value.area }, &text, style);
        }
        FieldKind::Button => {
            let style = if here { palette.selected } else { palette.key };
            put(buffer, *area, field.label, style);
        }
        _ => text(app, palette, &value, buffer),
    }
}

/// The part of a field behind its label.
struct Value<'a> {
    field: &'a FormField,
    area: Rect,
    style: Style,
    /// The cursor of the form is on it.
    here: bool,
}

fn check(app: &App, palette: &ThemeStyles, value: &Value<'_>, buffer: &mut Buffer) {
    let Value { field, area, here, .. } = *value;
    let mark = match access::get(&app.shared.drafts.current().spec, field.id).as_str() {
        "on" => "[x]",
        "off" => "[ ]",
        _ => " + ",
    };
    let style = if here { palette.selected } else { palette.dim };
    put(buffer, area, mark, style);
}

fn text(app: &App, palette: &ThemeStyles, value: &Value<'_>, buffer: &mut Buffer) {
    let Value { field, area, style, here } = *value;
    let secret = field.kind == FieldKind::Secret;
    if here
        && let Some((id, editor)) = &app.request.editor
        && *id == field.id
    {
        put_editor(buffer, area, editor);
        if editor.is_empty() {
            let rest =
                Rect { x: area.x + 1, width: area.width.saturating_sub(1), height: 1, ..area };
            put(buffer, rest, field.placeholder, palette.dim);
        }
        return;
    }
    let value = access::get(&app.shared.drafts.current().spec, field.id);
    if value.is_empty() {
        let style = if here { palette.selected } else { palette.dim };
        put(
            buffer,
            Rect { height: 1, ..area },
            if field.placeholder.is_empty() && here { " " } else { field.placeholder },
            style,
        );
        return;
    }
    let off = access::is_off(&app.shared.drafts.current().spec, field.id);
    let style = if off { palette.dim } else { style };
    let value =
        if secret && !value.contains("{{") { "•".repeat(value.chars().count()) } else { value };
    for (row, line) in value.split('\n').take(usize::from(area.height)).enumerate() {
        put(buffer, Rect { y: area.y + row as u16, height: 1, ..area }, line, style);
    }
}

fn draw_tabs(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let draft = app.shared.drafts.current();
    let here = app.shared.focus == Pane::Request && draft.at == FormFieldId::Tabs;
    for (tab, title, start) in tab_strip(&app.shared) {
        let style = match (tab == draft.tab, here) {
            (true, true) => palette.selected,
            (true, false) => palette.active,
            _ => palette.dim,
        };
        let x = area.x.saturating_add(start);
        if x < area.right() {
            put(buffer, Rect { x, width: area.right() - x, ..area }, &title, style);
        }
    }
}

/// What the headers that are sent by themselves say, beside their marks.
fn automatic_headers(app: &App, palette: &ThemeStyles, placed: &[Placed], buffer: &mut Buffer) {
    let is_automatic = |placed: &&Placed| matches!(placed.field.id, FormFieldId::Automatic(_));
    let Some(http) = app.shared.drafts.current().spec.as_http() else { return };
    let mut placed = placed.iter().filter(is_automatic).peekable();
    if placed.peek().is_none() {
        return;
    }
    let known = automatic(http, &app.shared);
    for Placed { field, area } in placed {
        let Some(known) =
            known.iter().find(|known| field.id == FormFieldId::Automatic(known.header))
        else {
            continue;
        };
        let rest =
            Rect { x: area.x + 4.min(area.width), width: area.width.saturating_sub(4), ..*area };
        put(buffer, rest, known.header.into_str(), palette.dim);
        // As wide as the names of the user's own rows below.
        let skip = rest.width.saturating_sub(1) * 2 / 5 + 1;
        let value = Rect {
            x: rest.x + skip.min(rest.width),
            width: rest.width.saturating_sub(skip),
            ..rest
        };
        put(buffer, value, &automatic_value(known), palette.dim);
    }
}

fn automatic_value(known: &Automatic) -> String {
    if known.omitted {
        return "not sent".into();
    }
    match (known.header, &known.value) {
        (AutomaticHeader::Authorization, Some(value)) => {
            let scheme = value.split(' ').next().unwrap_or_default();
            format!("{scheme} ••••••••")
        }
        (_, Some(value)) => crate::codec::printable::printable_str(value).into_owned(),
        (AutomaticHeader::ContentLength, None) => "length of the body".into(),
        (_, None) => "from the address".into(),
    }
}

/// The first complaint, on the last line of the pane.
fn issue_line(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let refused = app.request.refused.as_ref().map(|(_, why)| why.clone());
    let issue = app.shared.drafts.current().issues.first().map(|issue| issue.message.clone());
    let Some(text) = refused.or(issue) else { return };
    if inner.height < 3 {
        return;
    }
    let line = Rect { y: inner.bottom() - 1, height: 1, ..inner };
    buffer.set_style(line, palette.base);
    put(buffer, line, &" ".repeat(usize::from(line.width)), palette.base);
    put(buffer, line, &text, palette.error);
}
