//! Draws the request pane: the form of the draft on screen.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Widget};

use crate::app::App;
use crate::app::focus::Pane;
use crate::app::form::{Field, FieldId, Kind, access};
use crate::app::pane::request::{Placed, label_width, place, tab_strip};
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use crate::ui::theme::Palette;
use crate::ui::{put, put_editor};

pub(super) fn draw(
    app: &App,
    palette: &Palette,
    block: Block<'_>,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let block =
        block.title(title(app)).title_top(ratatui::text::Line::from(button(app)).right_aligned());
    let inner = block.inner(area);
    block.render(area, frame.buffer_mut());
    for placed in place(app, inner) {
        draw_field(app, palette, &placed, frame.buffer_mut());
    }
    issue_line(app, palette, inner, frame.buffer_mut());
}

/// `Request ─ users/create ●`
fn title(app: &App) -> String {
    let draft = app.drafts.current();
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

/// What F5 will do.
fn button(app: &App) -> &'static str {
    let draft = app.drafts.current();
    let live = draft.session.and_then(|id| app.sessions.get(id)).is_some_and(|s| !s.is_over());
    match (&draft.spec, live) {
        (Spec::Http(_), true) => " F5 send again  Ctrl+C cancel ",
        (Spec::Http(_), false) => " F5 send ",
        (Spec::HttpListener(_), true) => " F5 update answers  F8 stop ",
        (spec, true) if spec.side() == Side::Listener => " F5 update answers  F8 stop ",
        (spec, false) if spec.side() == Side::Listener => " F5 listen ",
        (Spec::Tcp(_), false) => " F5 connect ",
        (Spec::Udp(_), false) => " F5 open ",
        _ => " F8 close ",
    }
}

fn draw_field(app: &App, palette: &Palette, placed: &Placed, buffer: &mut Buffer) {
    let Placed { field, area } = placed;
    let draft = app.drafts.current();
    let here = app.focus == Pane::Request && draft.at == field.id;
    let wrong = app.request.refused.as_ref().is_some_and(|(id, _)| *id == field.id)
        || draft.issues.iter().any(|issue| issue.field == field.id);
    if field.kind == Kind::Tabs {
        draw_tabs(app, palette, *area, buffer);
        return;
    }
    let label = put(buffer, *area, field.label, palette.dim);
    let skip = if label == 0 { 0 } else { label_width(field) };
    let value = Rect {
        x: (area.x + skip).min(area.right()),
        width: area.width.saturating_sub(skip),
        ..*area
    };
    let style = if wrong { palette.error } else { palette.base };
    match field.kind {
        Kind::Check => check(app, palette, field, (value, here), buffer),
        Kind::Choice => {
            let text = format!("‹{}›", access::get(&draft.spec, field.id));
            let style = if here { palette.selected } else { style };
            put(buffer, Rect { height: 1, ..value }, &text, style);
        }
        Kind::Button => {
            let style = if here { palette.selected } else { palette.key };
            put(buffer, *area, field.label, style);
        }
        _ => text(app, palette, field, (value, style, here), buffer),
    }
}

fn check(app: &App, palette: &Palette, field: &Field, at: (Rect, bool), buffer: &mut Buffer) {
    let (area, here) = at;
    let mark = match access::get(&app.drafts.current().spec, field.id).as_str() {
        "on" => "[x]",
        "off" => "[ ]",
        _ => " + ",
    };
    let style = if here { palette.selected } else { palette.dim };
    put(buffer, area, mark, style);
}

fn text(app: &App, palette: &Palette, field: &Field, at: (Rect, Style, bool), buffer: &mut Buffer) {
    let (area, style, here) = at;
    let secret = field.kind == Kind::Secret;
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
    let value = access::get(&app.drafts.current().spec, field.id);
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
    let off = matches!(field.id, FieldId::Cell(list, at, _)
        if access::list(&app.drafts.current().spec, list).and_then(|rows| rows.get(at)).is_some_and(|row| !row.enabled));
    let style = if off { palette.dim } else { style };
    let value =
        if secret && !value.contains("{{") { "•".repeat(value.chars().count()) } else { value };
    for (row, line) in value.split('\n').take(usize::from(area.height)).enumerate() {
        put(buffer, Rect { y: area.y + row as u16, height: 1, ..area }, line, style);
    }
}

fn draw_tabs(app: &App, palette: &Palette, area: Rect, buffer: &mut Buffer) {
    let draft = app.drafts.current();
    let here = app.focus == Pane::Request && draft.at == FieldId::Tabs;
    for (tab, title, start) in tab_strip(app) {
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

/// The first complaint, on the last line of the pane.
fn issue_line(app: &App, palette: &Palette, inner: Rect, buffer: &mut Buffer) {
    let refused = app.request.refused.as_ref().map(|(_, why)| why.clone());
    let issue = app.drafts.current().issues.first().map(|issue| issue.message.clone());
    let Some(text) = refused.or(issue) else { return };
    if inner.height < 3 {
        return;
    }
    let line = Rect { y: inner.bottom() - 1, height: 1, ..inner };
    buffer.set_style(line, palette.base);
    put(buffer, line, &" ".repeat(usize::from(line.width)), palette.base);
    put(buffer, line, &text, palette.error);
}
