//! Draws the request pane: the form of the draft on screen.

mod address;
mod answer_table;
mod text_area;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::Block;

use crate::app::editor::{Editor, TextFlaw};
use crate::app::flow::hints;
use crate::app::focus::Pane;
use crate::app::form::access::TextSpelling;
use crate::app::form::{FieldKind, FormField, FormFieldId, access};
use crate::app::format;
use crate::app::pane::request::{FormPlace, PlacedField, tab_strip};
use crate::app::typed_expression::expression_verdict;
use crate::app::{App, layout};
use crate::codec::escape::letters;
use crate::codec::printable::printable_str;
use crate::compose::{Automatic, automatic};
use crate::model::http::AutomaticHeader;
use crate::model::protocol::Side;
use crate::ui::painter::{Painter, cells};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::{bytes, fit, frame};

/// The name of the region and what is shown; on the right the button that sends.
pub(super) fn border(painter: &Painter<'_>) -> Block<'static> {
    let button: String = hints::buttons(painter.app).into_iter().map(|(_, text)| text).collect();
    let title = title(painter.app);
    let title = frame::title(&title, painter.area.width.saturating_sub(cells(&button)));
    let inner = layout::pane_inner(painter.area);
    let place = painter.app.request.form_place(&painter.app.shared, inner);
    let foot = foot(painter, &place);
    // What stands on the right of the border, and the corners.
    let taken: u16 = foot.iter().map(|(text, _)| cells(text).saturating_add(3)).sum();
    let room = painter.area.width.saturating_sub(taken.saturating_add(4));
    let (text, style) = left_foot(painter, &place, room);
    let block = frame::of(Pane::Request, title)
        .title(Line::from(button).right_aligned())
        .title_bottom(Line::styled(text, style.remove_modifier(Modifier::BOLD)));
    frame::with_foot(block, foot, painter.area.width)
}

/// On the left of the lower border what has no row inside: what is wrong, or what the address stands for.
fn left_foot(painter: &Painter<'_>, place: &FormPlace, room: u16) -> (String, Style) {
    let (app, palette) = (painter.app, painter.palette);
    let has_row = place.room != layout::pane_inner(painter.area);
    if let Some((text, is_wrong)) = app.request.complaint(&app.shared).filter(|_| !has_row) {
        let text = fit::start(&printable_str(&text), room.saturating_sub(2)).into_owned();
        return (format!(" {text} "), if is_wrong { palette.error } else { palette.warning });
    }
    (address::foot(place, room).unwrap_or_default(), palette.dim)
}

/// Longest text that is looked through at every frame, in bytes.
const READ: usize = 1024 * 1024;

/// What goes out of the text the cursor is in and is not seen in it: its line ends, and what escapes
/// in it stand for; what of the answers is not live; and where the form is scrolled to.
fn foot(painter: &Painter<'_>, place: &FormPlace) -> Vec<(String, Style)> {
    let mut foot = written(painter);
    foot.extend(from(painter));
    foot.extend(answer_table::remark(painter));
    let (rows, top, all) = scrolled(place);
    foot.push((frame::read_to(top, all, rows.height), painter.palette.dim));
    foot.retain(|(text, _)| !text.is_empty());
    foot
}

fn written(painter: &Painter<'_>) -> Vec<(String, Style)> {
    let (app, palette) = (painter.app, painter.palette);
    let Some((at, editor)) = &app.request.editor else { return Vec::new() };
    if app.shared.focus != Pane::Request {
        return Vec::new();
    }
    let verdict = verdict(palette, editor);
    let text = editor.text();
    if text.len() > READ {
        return verdict;
    }
    let of_text = match access::spelling(&app.shared.drafts.current().spec, *at) {
        TextSpelling::Escapes => vec![(letters(&text).join("  "), palette.warning)],
        TextSpelling::Plain => vec![(format::line_ends(&text), palette.dim)],
        TextSpelling::Hex => Vec::new(),
    };
    let spec = &app.shared.drafts.current().spec;
    let expression = match expression_verdict(spec, *at, &text) {
        Some(Ok(())) => vec![("✓ filter".to_owned(), palette.success)],
        Some(Err(why)) => vec![(format!("✗ {}", printable_str(&why)), palette.error)],
        None => Vec::new(),
    };
    let verdict = [verdict, expression].concat();
    let sent = app.shared.drafts.current().sent_as(*at);
    let sent = sent.map(|sent| (format!("sent as {}", printable_str(&sent)), palette.dim));
    of_text.into_iter().chain(verdict).chain(sent).collect()
}

/// Where the value under the cursor is from, if a folder gives it.
fn from(painter: &Painter<'_>) -> Option<(String, Style)> {
    let shared = &painter.app.shared;
    let at = shared.drafts.current().at;
    let file = shared.giver(at).filter(|_| shared.focus == Pane::Request)?;
    Some((format!("from {}", printable_str(&file)), painter.palette.dim))
}

/// Whether a text that is to be JSON is, and where it is not.
fn verdict(palette: &ThemeStyles, editor: &Editor) -> Vec<(String, Style)> {
    match editor.flaw() {
        Some(TextFlaw { line, column, why }) => {
            vec![(format!("✗ {line}:{column} {why}"), palette.error)]
        }
        None if editor.is_checked() && !editor.is_empty() => {
            vec![("✓ JSON".to_owned(), palette.success)]
        }
        None => Vec::new(),
    }
}

/// Draws the inside of the pane.
pub(super) fn draw(mut painter: Painter<'_>) {
    let palette = painter.palette;
    let place = painter.app.request.form_place(&painter.app.shared, painter.area);
    address::around(&mut painter, &place);
    let placed = place.fields();
    for PlacedField { field, area, heading } in &placed {
        if !heading.is_empty() {
            // One that is longer than its column is cut by the next.
            let width = painter.area.right().saturating_sub(area.x);
            let above = Rect { y: area.y - 1, height: 1, width, ..*area };
            painter.at(above).put(heading, palette.label);
        }
        draw_field(painter.at(*area), field);
    }
    answer_table::draw(&mut painter, &placed);
    automatic_headers(&mut painter, &placed);
    let (rows, top, all) = scrolled(&place);
    painter.at(rows).scroll_bar(top as u64, all as u64);
    issue_line(painter, place.room);
}

/// `Request ─ users/create ●`
fn title(app: &App) -> String {
    let draft = app.shared.drafts.current();
    let kind = match draft.spec.side() {
        Side::Client => "client",
        Side::Listener => "listener",
        Side::Relay => "relay",
    };
    let name = draft.preset.as_ref().map_or("not saved", |path| path.as_str());
    let mark = if draft.is_modified() { " ●" } else { "" };
    let trust = match (draft.spec.trusts_anyone(), draft.spec.trusts_by_hash()) {
        (true, _) => " ─ CERTIFICATE NOT VERIFIED",
        (_, true) => " ─ CERTIFICATE ACCEPTED BY HASH",
        _ => "",
    };
    let protocol = draft.spec.protocol().title();
    printable_str(&format!(" {protocol} {kind} ─ {name}{mark}{trust} ")).into_owned()
}

fn draw_field(mut painter: Painter<'_>, field: &FormField) {
    let (app, palette) = (painter.app, painter.palette);
    let draft = app.shared.drafts.current();
    let here = app.shared.focus == Pane::Request && draft.at == field.id;
    let wrong = app.request.refused.as_ref().is_some_and(|(id, _)| *id == field.id)
        || draft.issues.iter().any(|issue| issue.field == field.id);
    if !field.label.is_empty() && !matches!(field.kind, FieldKind::Tabs | FieldKind::Button) {
        painter.put(field.label, palette.label);
        painter.skip(1);
    }
    let giver = app.shared.giver(field.id);
    let value = match (wrong, &giver) {
        (true, _) => palette.error,
        (false, Some(_)) => palette.dim,
        (false, None) => palette.base,
    };
    let unless_here = |style| if here { palette.selected } else { style };
    match field.kind {
        FieldKind::Tabs => draw_tabs(&mut painter, here),
        FieldKind::Check => {
            let mark = match &*draft.text(field.id) {
                "on" => "[x]",
                "off" => "[ ]",
                _ => " + ",
            };
            painter.put(mark, unless_here(palette.dim));
        }
        FieldKind::Choice => {
            let text = format!("‹{}›", draft.text(field.id));
            painter.put(&text, unless_here(value));
            from_beside(&mut painter, giver.as_deref(), 0);
        }
        FieldKind::Button => painter.put(field.label, unless_here(palette.key)),
        FieldKind::Area => {
            let editor = app.request.editor.as_ref().filter(|(id, _)| here && *id == field.id);
            let area = painter.area;
            text_area::draw(painter.at(area), field, editor.map(|(_, editor)| editor));
            let last = Rect { y: area.bottom().saturating_sub(1), height: 1, ..area };
            from_beside(&mut painter.at(last), giver.as_deref().filter(|_| !here), 0);
        }
        FieldKind::Line | FieldKind::Secret => text(painter, field, value, here, giver.as_deref()),
    }
}

/// A field of text: its editor while the cursor is on it, else its value.
fn text(
    mut painter: Painter<'_>,
    field: &FormField,
    style: Style,
    here: bool,
    giver: Option<&str>,
) {
    let (app, palette) = (painter.app, painter.palette);
    let draft = app.shared.drafts.current();
    let spec = &draft.spec;
    let is_method = field.id == FormFieldId::key("method");
    let ground = if is_method { address::method(palette, spec.badge()) } else { palette.field };
    painter.fill(ground);
    if here
        && let Some((id, editor)) = &app.request.editor
        && *id == field.id
    {
        let text = editor.text();
        let spans = match expression_verdict(spec, field.id, &text) {
            Some(Ok(())) => vec![(0..text.len(), palette.success)],
            Some(Err(_)) => vec![(0..text.len(), palette.error)],
            None => address::spans(&painter, field, &text, style),
        };
        from_beside(&mut painter, giver, cells(&text));
        painter.editor_with(editor, &spans);
        if editor.is_empty() {
            // What is sent instead, which the folder gives.
            let instead = giver.map(|_| draft.text(field.id));
            let instead = instead.filter(|_| field.kind != FieldKind::Secret);
            painter.put_from(
                1,
                instead.as_deref().unwrap_or(field.placeholder),
                palette.placeholder,
            );
        }
        return;
    }
    let value = draft.text(field.id);
    if value.is_empty() {
        let text = if field.placeholder.is_empty() && here { " " } else { field.placeholder };
        painter.put(text, if here { palette.selected } else { palette.placeholder });
        return;
    }
    let is_off = access::is_off(spec, field.id);
    let style = if is_off {
        palette.off
    } else if is_method {
        ground
    } else {
        style
    };
    let is_hidden = field.kind == FieldKind::Secret && !value.contains("{{");
    let width = usize::from(painter.area.width);
    let value =
        if is_hidden { "•".repeat(value.chars().take(width).count()).into() } else { value };
    let breaks = value.matches('\n').count();
    if breaks > 0 {
        painter.right(&format!(" {} lines", format::count(breaks as u64 + 1)), palette.dim);
    }
    sent_beside(&mut painter, field, &value);
    from_beside(&mut painter, giver, cells(&value));
    let spans = address::spans(&painter, field, &value, style);
    if is_off || spans.is_empty() {
        painter.put(&value, style);
    } else {
        bytes::text(&mut painter, value.as_bytes(), style, &spans, &[], 0);
    }
}

/// Where an inherited value is from, behind it, where there is room for it beside so many cells.
fn from_beside(painter: &mut Painter<'_>, giver: Option<&str>, value: u16) {
    let Some(file) = giver else { return };
    // With the cursor on it the border says the file.
    let ways = [format!(" from {}", printable_str(file)), " inherited".to_owned()];
    let fits = |way: &&String| value.saturating_add(cells(way)) < painter.area.width;
    if let Some(way) = ways.iter().find(fits) {
        painter.right(way, painter.palette.dim);
    }
}

/// How a cell of the query goes out, where that differs and there is room for it.
fn sent_beside(painter: &mut Painter<'_>, field: &FormField, value: &str) {
    let Some(sent) = painter.app.shared.drafts.current().sent_as(field.id) else {
        return;
    };
    let sent = format!(" {}", printable_str(&sent));
    if cells(value).saturating_add(cells(&sent)) < painter.area.width {
        painter.right(&sent, painter.palette.dim);
    }
}

fn draw_tabs(painter: &mut Painter<'_>, here: bool) {
    let (palette, shared) = (painter.palette, &painter.app.shared);
    for (tab, title, start) in tab_strip(shared) {
        let style = match (tab == shared.drafts.current().tab, here) {
            (true, true) => palette.selected,
            (true, false) => palette.active,
            _ => palette.inactive,
        };
        painter.put_from(start, &title, style);
    }
}

/// What the headers that are sent by themselves say, beside their marks.
fn automatic_headers(painter: &mut Painter<'_>, placed: &[PlacedField]) {
    let is_automatic = |placed: &&PlacedField| matches!(placed.field.id, FormFieldId::Automatic(_));
    let Some(http) = painter.app.shared.drafts.current().spec.as_http() else { return };
    let mut placed = placed.iter().filter(is_automatic).peekable();
    if placed.peek().is_none() {
        return;
    }
    let (known, palette) = (automatic(http, &painter.app.shared), painter.palette);
    for PlacedField { field, area, .. } in placed {
        let known = known.iter().find(|it| field.id == FormFieldId::Automatic(it.header));
        let Some(known) = known else { continue };
        let mut painter = painter.at(*area);
        painter.skip(4);
        // As wide as the names of the user's own rows below.
        let value = painter.area.width.saturating_sub(1) * 2 / 5 + 1;
        let style = if known.omitted { palette.off } else { palette.automatic };
        painter.put_from(0, known.header.into_str(), style);
        painter.put_from(value, &automatic_value(known), style);
    }
}

fn automatic_value(known: &Automatic) -> String {
    if known.omitted {
        let missed = known.header.missed().map_or(String::new(), |missed| format!(": {missed}"));
        return format!("not sent{missed}");
    }
    match (known.header, &known.value) {
        (AutomaticHeader::Authorization, Some(value)) => {
            let scheme = value.split(' ').next().unwrap_or_default();
            format!("{scheme} ••••••••")
        }
        (_, Some(value)) => printable_str(value).into_owned(),
        (AutomaticHeader::ContentLength, None) => "length of the body".into(),
        (_, None) => "from the address".into(),
    }
}

/// The first complaint, on the last line of the pane, or what runs elsewhere than the address says.
fn issue_line(mut painter: Painter<'_>, room: Rect) {
    let (app, palette, area) = (painter.app, painter.palette, painter.area);
    let rest = Rect { y: room.bottom(), height: area.height - room.height, ..area };
    if let Some((text, is_wrong)) = app.request.complaint(&app.shared).filter(|_| !rest.is_empty())
    {
        painter.area = rest;
        painter.put(&text, if is_wrong { palette.error } else { palette.warning });
    }
}

/// Where the form is in what is longer than its room: the rows it has, how many are above, and all.
/// A text of many lines tells its own.
fn scrolled(place: &FormPlace) -> (Rect, usize, usize) {
    let has_text = place.fields().iter().any(|placed| placed.field.kind == FieldKind::Area);
    let (area, top, all) = place.extent();
    (area, top, if has_text { 0 } else { all })
}
