//! Draws a conversation: status, peers, rows, the row looked at closely, the input line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::focus::Pane;
use crate::app::pane::conversation::conversation_view::ConversationView;
use crate::app::pane::conversation::input_line::{Check, settings, visible_ending};
use crate::app::pane::conversation::{conns, failure, has_several, prefix};
use crate::app::sessions::{Conn, Session, SessionState};
use crate::app::{App, format, session_words};
use crate::codec::printable::{printable, printable_str};
use crate::engine::event::Phase;
use crate::model::id::ConnId;
use crate::model::payload::{LineEnding, PayloadFormat};
use crate::model::protocol::Side;
use crate::model::record::{Direction, RecordKind};
use crate::timeline::Totals;
use crate::timeline::conversation::{self, FrameEnd, MessageRow};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::bytes::{self, Marks};
use crate::ui::widget::frame::Titles;
use crate::ui::widget::record_view::{self, RecordView};
use crate::ui::widget::row_writer::{RowWriter, cells};
use crate::ui::widget::scrollbar::{self, Extent};
use crate::ui::widget::text::{put, put_editor, put_prompt};

/// Cells of a time of day and of a length.
const TIME: u16 = 13;
const LENGTH: u16 = 8;

/// What is shown, and remarks on it for the lower border.
pub(super) fn titles(app: &App, palette: &ThemeStyles) -> Titles {
    let Some(session) = app.shared.session() else { return Titles::default() };
    let datagrams = session.protocol().capabilities().datagrams;
    let what = match session.side() {
        Side::Client | Side::Listener if datagrams => "Datagrams",
        Side::Listener => "Connections",
        Side::Client => "Conversation",
    };
    Titles::of(format!(" {what} ─ {} ", printable_str(&session.title))).and_foot(foot(app, palette))
}

/// Draws the inside of the pane.
pub(super) fn draw(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let Some(session) = app.shared.session() else { return };
    let parts = app.conversation.areas(&app.shared, inner);
    status(app, palette, session, (parts.status, buffer));
    let why = failure(&app.shared, inner.width);
    for (y, text) in (parts.failure.y..parts.failure.bottom()).zip(why) {
        put(buffer, Rect { y, height: 1, ..parts.failure }, &text, palette.error);
    }
    let Some(view) = app.conversation.view(&app.shared) else { return };
    peers(app, palette, session, (parts.peers, buffer));
    rows(app, palette, (session, view), (parts.rows, buffer));
    if let Some(shown) = &view.detail {
        let pattern = app.shared.search.pattern.as_ref();
        let (title, rows) = (parts.detail_title, parts.detail);
        let record = RecordView { detail: shown, pattern, title, rows };
        record_view::draw(app, palette, &record, buffer);
    }
    if !parts.input.is_empty() {
        input(app, palette, view, (parts.input, buffer));
    }
    if let Some(prompt) = &app.conversation.prompt {
        put_prompt(buffer, parts.prompt, palette, prompt.label(), &prompt.editor);
    }
}

/// `● connected  127.0.0.1:40000 ↔ 127.0.0.1:9000  ▶ 12 B  ◀ 3.4 KiB`
fn status(
    app: &App,
    palette: &ThemeStyles,
    session: &Session,
    (area, buffer): (Rect, &mut Buffer),
) {
    let mut run = RowWriter::new(area, buffer);
    let style = match &session.state {
        SessionState::Live => palette.success,
        SessionState::Over(Err(failure)) if !failure.is_cancelled() => palette.error,
        SessionState::Over(_) => palette.dim,
        _ => palette.active,
    };
    run.put("● ", style);
    run.put(&session_words::state(session), style);
    match &session.state {
        SessionState::Opening => {
            run.put(&format!("  {}", format::took(session.lasted(app.shared.now))), palette.number);
            run.put(&app.keyed("  [interrupt] cancels"), palette.dim);
        }
        SessionState::Over(_) => {
            run.put(
                &format!("  after {}", format::took(session.lasted(app.shared.now))),
                palette.dim,
            );
            run.put(&app.keyed("  [send] opens it again"), palette.key);
        }
        _ => {}
    }
    losses(palette, session, &mut run);
    let totals = app.shared.timeline.session_totals(session.id);
    if totals != Totals::default() {
        run.put(&format!("  ▶ {}", format::size(totals.sent.bytes)), palette.sent);
        run.put(&format!("  ◀ {}", format::size(totals.received.bytes)), palette.received);
    }
    run.put(&ends(session), palette.dim);
}

fn ends(session: &Session) -> String {
    match &session.phase {
        Some((Phase::Connected { local, peer }, _)) => format!("  {local} ↔ {peer}"),
        Some((Phase::Listening { addresses, receive_buffer }, _)) => {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let (open, refused) = session.clients;
            let open = if open > 0 { format!("  {open} open") } else { String::new() };
            let refused = if refused > 0 { format!("  {refused} refused") } else { String::new() };
            let buffer = receive_buffer
                .map(|bytes| format!("  buffer {}", format::size(bytes as u64)))
                .unwrap_or_default();
            format!("  on {}{open}{refused}{buffer}", list.join(", "))
        }
        _ => match conns(session).next().map(|conn| (conn.info.local, conn.info.peer)) {
            Some((Some(local), Some(peer))) => format!("  {local} ↔ {peer}"),
            _ => String::new(),
        },
    }
}

/// Datagrams that were lost are never hidden.
fn losses(palette: &ThemeStyles, session: &Session, run: &mut RowWriter<'_>) {
    let Some(lost) = session.lost else { return };
    let mut parts = Vec::new();
    if lost.by_app > 0 {
        parts.push(format!("{} by us", format::count(lost.by_app)));
    }
    if let Some(count) = lost.by_kernel.filter(|count| *count > 0) {
        parts.push(format!("{} by the kernel", format::count(count)));
    }
    if !parts.is_empty() {
        run.put(&format!("  dropped: {}", parts.join(", ")), palette.error);
    }
    if lost.by_kernel.is_none() {
        run.put("  kernel drops unknown", palette.dim);
    }
}

fn peers(app: &App, palette: &ThemeStyles, session: &Session, (area, buffer): (Rect, &mut Buffer)) {
    if area.is_empty() {
        return;
    }
    let chosen = app.conversation.view(&app.shared).and_then(|view| view.chosen);
    let ids = app.conversation.peer_rows(&app.shared, area.height.into());
    for (y, id) in (area.y..area.bottom()).zip(ids) {
        let row = Rect { y, height: 1, ..area };
        if id == chosen && area.height > 1 {
            buffer.set_style(row, palette.selected_dim);
        }
        let mut run = RowWriter::new(row, buffer);
        if area.height == 1 {
            run.put("{ } ", palette.key);
        }
        match id.and_then(|id| session.conns.get(&id)) {
            Some(conn) => peer(app, palette, conn, &mut run),
            None => all(palette, session, &mut run),
        }
    }
    if area.height > 1 {
        for y in area.y..area.bottom() {
            put(buffer, Rect { x: area.right(), y, width: 1, height: 1 }, "│", palette.border);
        }
    }
}

fn peer(app: &App, palette: &ThemeStyles, conn: &Conn, run: &mut RowWriter<'_>) {
    let (mark, style) = if conn.open { ("● ", palette.success) } else { ("○ ", palette.dim) };
    run.put(mark, style);
    run.put(&format!("{} ", conn.info.id.index), palette.dim);
    // Of a connection that is over and left no record, only its session knows what crossed.
    let bytes =
        app.shared.timeline.conn_totals(conn.info.id).map_or("▶– ◀–".into(), |totals| {
            format!("▶{} ◀{}", short(totals.sent.bytes), short(totals.received.bytes))
        });
    run.right(&bytes, palette.dim);
    let peer = conn.info.peer.map_or_else(|| "?".to_owned(), |peer| peer.to_string());
    run.put(&peer, if conn.open { palette.base } else { palette.dim });
}

/// A size without its unit's last letters: `12`, `3.4K`.
fn short(bytes: u64) -> String {
    let text = format::size(bytes);
    text.trim_end_matches('B').trim_end_matches('i').trim_end().replace(' ', "")
}

fn all(palette: &ThemeStyles, session: &Session, run: &mut RowWriter<'_>) {
    let count = session.conns.len() - usize::from(session.conns.contains_key(&session.id.itself()));
    run.put("all ", palette.base);
    run.put(&format::count(count as u64), palette.dim);
}

fn rows(
    app: &App,
    palette: &ThemeStyles,
    (session, view): (&Session, &ConversationView),
    (area, buffer): (Rect, &mut Buffer),
) {
    let len = view.len(session);
    if len == 0 && area.height > 0 {
        let text = if session.is_over() { "" } else { "nothing was said yet" };
        put(buffer, Rect { height: 1, ..area }, text, palette.dim);
    }
    let labels = has_several(session) && view.chosen.is_none();
    let has_keys = app.shared.focus == Pane::Response && !view.writing;
    for (y, at) in (area.y..area.bottom()).zip(view.cursor.offset..len) {
        let Some(row) = view.row(session, at) else { break };
        let line = Rect { y, height: 1, ..area };
        if at == view.cursor.selected && (has_keys || view.detail.is_some()) {
            buffer.set_style(line, if has_keys { palette.selected } else { palette.selected_dim });
        }
        let hit = view.search.hit.filter(|(number, _)| view.number(session, at) == Some(*number));
        let how = How { labels, as_hex: view.hex, hit: hit.map(|(_, byte)| byte) };
        draw_row(app, palette, (session, row), how, &mut RowWriter::new(line, buffer));
    }
    let extent = Extent { top: view.cursor.offset as u64, total: len as u64 };
    scrollbar::draw(palette, area, extent, buffer);
}

/// What a row shows of its bytes.
#[derive(Clone, Copy)]
struct How {
    /// Which connection it belongs to.
    labels: bool,
    as_hex: bool,
    /// The byte at which the search stands.
    hit: Option<usize>,
}

fn draw_row(
    app: &App,
    palette: &ThemeStyles,
    (session, row): (&Session, &MessageRow),
    how: How,
    run: &mut RowWriter<'_>,
) {
    let none = Style::new();
    run.column(&format::clock(row.at, app.shared.utc_offset), TIME, palette.dim);
    let (glyph, style) = palette.direction(row.direction);
    run.put(glyph, style);
    run.put(" ", none);
    if how.labels {
        run.column_right(&label(row.conn), 4, palette.dim);
        run.skip(1);
    }
    if row.kind != RecordKind::Data {
        content(
            app,
            palette,
            (row, How { as_hex: false, ..how }),
            fact_style(palette, row.kind),
            run,
        );
        let is_open = session.conns.get(&row.conn).is_some_and(|conn| conn.open);
        if is_open && row.kind == RecordKind::Finished && row.direction == Direction::Received {
            let hint = app.keyed("; our side stays open, [half-close] finishes it too");
            run.put(&hint, palette.dim);
        }
        return;
    }
    run.column_right(&format::count(row.len), LENGTH, palette.number);
    run.skip(1);
    if row.count > 1 {
        run.put(&format!("{}× ", row.count), palette.dim);
    }
    match row.end {
        FrameEnd::Whole => {}
        FrameEnd::Open => run.put("incomplete ", palette.warning),
        FrameEnd::Part => run.put("goes on ", palette.dim),
        FrameEnd::Malformed => run.put("length too small ", palette.error),
    }
    if row.len == 0 {
        run.put("(empty datagram)", palette.dim);
        return;
    }
    content(app, palette, (row, how), style, run);
}

/// The bytes of a row as far as they fit; from a little before the hit, if that would be cut off.
fn content(
    app: &App,
    palette: &ThemeStyles,
    (row, how): (&MessageRow, How),
    style: Style,
    run: &mut RowWriter<'_>,
) {
    let width = usize::from(run.area.width);
    let skip = how.hit.map_or(0, |hit| left_out(app, row, (hit, how.as_hex), width));
    let mut bytes = some_bytes(app, row, skip, width * 4);
    let mut skip = skip;
    if skip > 0 && !how.as_hex {
        // Not from the middle of a character.
        let cut = bytes.iter().take(3).take_while(|byte| (0x80..0xc0).contains(*byte)).count();
        bytes.drain(..cut);
        skip += cut;
    }
    if bytes.is_empty() {
        run.put("(no longer kept)", palette.dim);
        return;
    }
    if skip > 0 {
        run.put("…", palette.dim);
    }
    let here = how.hit.map(|hit| hit as u64);
    let marks = Marks { pattern: app.shared.search.pattern.as_ref(), here };
    let hits = marks.hits(skip as u64, &bytes, &(0..bytes.len()));
    if how.as_hex {
        bytes::digits(run, palette, (&bytes, style), &hits);
    } else {
        bytes::text(run, palette, (&bytes, style), (&[], &hits), 0);
    }
}

/// Bytes left out at the beginning of a row, so that a hit and some of what is before it shows.
fn left_out(app: &App, row: &MessageRow, (hit, as_hex): (usize, bool), width: usize) -> usize {
    let before = some_bytes(app, row, 0, hit.min(width * 4));
    let column = if as_hex { hit * 3 } else { cells(&printable(&before)).into() };
    if hit <= width * 4 && column + 12 < width {
        return 0;
    }
    hit.saturating_sub(if as_hex { width / 12 } else { width / 4 })
}

/// So many bytes of a row from `skip` on. Every cell shows at most one byte's worth of text, and
/// invisible ones take more cells, not fewer; a reach of four times the width covers combining
/// marks, which are bounded.
fn some_bytes(app: &App, row: &MessageRow, skip: usize, reach: usize) -> Vec<u8> {
    let mut skip = skip;
    let mut bytes = Vec::new();
    for part in conversation::slices(&app.shared.timeline, row) {
        let start = skip.min(part.len());
        skip -= start;
        let part = part.get(start..).unwrap_or_default();
        bytes.extend_from_slice(part.get(..reach - bytes.len()).unwrap_or(part));
        if bytes.len() >= reach {
            break;
        }
    }
    bytes
}

fn fact_style(palette: &ThemeStyles, kind: RecordKind) -> Style {
    match kind {
        RecordKind::Failed | RecordKind::Reset => palette.error,
        RecordKind::Connected | RecordKind::Accepted | RecordKind::Bound | RecordKind::Secured => {
            palette.success
        }
        RecordKind::Finished => palette.warning,
        _ => palette.dim,
    }
}

fn label(conn: ConnId) -> String {
    if conn.index == 0 { String::new() } else { conn.index.to_string() }
}

/// The line to send, the cursor in it, and what will be added to it.
fn input(
    app: &App,
    palette: &ThemeStyles,
    view: &ConversationView,
    (area, buffer): (Rect, &mut Buffer),
) {
    let has_keys = app.shared.focus == Pane::Response && view.writing;
    let style = if has_keys { palette.key } else { palette.dim };
    let mut run = RowWriter::new(area, buffer);
    run.put(prefix(&app.shared), style);
    let x = run.area.x;
    let text = Rect { x, width: area.right().saturating_sub(x), ..area };
    let editor = &view.input.editor;
    if has_keys {
        put_editor(buffer, text, editor);
    } else {
        let lines = editor.area().lines();
        for (y, line) in (text.y..text.bottom()).zip(lines) {
            put(buffer, Rect { y, height: 1, ..text }, line, palette.base);
        }
        if editor.is_empty() {
            let over = app.shared.session().is_some_and(Session::is_over);
            let hint = if over { String::new() } else { app.keyed("[input-line] writes here") };
            put(buffer, Rect { height: 1, ..text }, &hint, palette.dim);
        }
    }
    ending(app, palette, view, (text, buffer));
}

/// The line ending that is added on send, dimmed, behind the last line.
fn ending(
    app: &App,
    palette: &ThemeStyles,
    view: &ConversationView,
    (area, buffer): (Rect, &mut Buffer),
) {
    let (ending, format) = settings(&app.shared);
    let lines = view.input.editor.area().lines();
    let rows = lines.len().min(area.height.into()) as u16;
    let last = lines.last().map_or(0, |line| cells(line));
    if format == PayloadFormat::Hex || ending == LineEnding::None || rows == 0 {
        return;
    }
    // One cell is left for the cursor.
    let skip = last.saturating_add(1);
    if view.input.editor.is_empty() && !view.writing {
        return;
    }
    if let Some(width) = area.width.checked_sub(skip).filter(|width| *width > 0) {
        let place = Rect { x: area.x + skip, y: area.y + rows - 1, width, height: 1 };
        put(buffer, place, visible_ending(ending), palette.dim);
    }
}

/// What stands on the bottom border: what the text stands for, or what is wrong with it.
fn foot(app: &App, palette: &ThemeStyles) -> Vec<(String, Style)> {
    let Some(view) = app.conversation.view(&app.shared) else { return Vec::new() };
    let (ending, format) = settings(&app.shared);
    let extra = ending.bytes().len();
    let mut parts = Vec::new();
    if view.search.is_running() {
        parts.push(("searching".to_owned(), palette.dim));
    }
    if let Some(frames) = &view.frames {
        let busy = if frames.is_behind(&app.shared.timeline) { "…" } else { "" };
        parts.push((format!("{}{busy}", frames.framing()), palette.active));
    }
    if !view.is_following {
        parts.push((app.keyed("[bottom] follows"), palette.warning));
    }
    let bytes = match &view.input.check {
        Check::Wrong { line: 1, column, message } => {
            return vec![(format!("column {column}: {message}"), palette.error)];
        }
        Check::Wrong { line, column, message } => {
            return vec![(format!("line {line}, column {column}: {message}"), palette.error)];
        }
        Check::Empty if !view.writing => return parts,
        Check::Empty => 0,
        Check::Bytes(bytes) => *bytes,
        Check::Long(bytes) => {
            parts.push((format!("{} of text", format::size(*bytes as u64)), palette.number));
            return parts;
        }
    };
    let added = if extra > 0 { format!(" +{extra}") } else { String::new() };
    parts.push((format!("{}{added} B", format::count(bytes as u64)), palette.number));
    let form = match format {
        PayloadFormat::Text => format!("text {}", ending.into_str().to_uppercase()),
        PayloadFormat::Hex => "hex".to_owned(),
    };
    parts.push((form, palette.dim));
    parts
}
