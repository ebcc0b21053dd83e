//! Draws a conversation: status, peers, rows, the row looked at closely, the input line.

use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Block;

use crate::app::focus::Pane;
use crate::app::pane::conversation::conversation_view::ConversationView;
use crate::app::pane::conversation::input_line::Check;
use crate::app::pane::conversation::{conns, failure, has_several, prefix};
use crate::app::record_view::is_text;
use crate::app::sessions::{Conn, Session, SessionState};
use crate::app::{App, decoded_view, format, session_words};
use crate::codec::escape::{escape, letters};
use crate::codec::printable::{printable, printable_str};
use crate::codec::web_socket::told;
use crate::engine::event::Phase;
use crate::model::payload::{InputMode, PayloadFormat};
use crate::model::protocol::Side;
use crate::model::record::{Direction, RecordKind};
use crate::model::secrets::masked;
use crate::timeline::Totals;
use crate::timeline::conversation::{self, FrameEnd, MessageRow};
use crate::timeline::stream_tail;
use crate::ui::painter::{Painter, cells};
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::bytes::{self, Marks};
use crate::ui::widget::{frame, lesson, record_view, state};

/// Cells of a time of day and of a length.
const TIME: u16 = 13;
const LENGTH: u16 = 8;
/// Bytes of a row that are looked at to tell it in words.
const WORDS_OF: usize = 4096;
/// Cells of who sent what a relay passes on.
const SENDER: u16 = 7;

/// What is shown, and remarks on it for the lower border.
pub(super) fn border(painter: &Painter<'_>) -> Block<'static> {
    let Some(session) = painter.app.shared.session() else { return frame::of(Pane::Response, "") };
    let datagrams = session.capabilities().datagrams;
    let what = match session.side() {
        Side::Client | Side::Listener | Side::Relay if datagrams => "Datagrams",
        Side::Listener | Side::Relay => "Connections",
        Side::Client => "Conversation",
    };
    let title = format!(" {what} ─ {} ", session_words::title(session));
    let title = frame::title(&title, painter.area.width);
    frame::with_foot(frame::of(Pane::Response, title), foot(painter), painter.area.width)
}

/// Draws the inside of the pane.
pub(super) fn draw(mut painter: Painter<'_>) {
    let (app, palette, inner) = (painter.app, painter.palette, painter.area);
    let Some(session) = app.shared.session() else { return };
    let parts = app.conversation.areas(&app.shared, inner);
    status(painter.at(parts.status), session);
    painter.at(parts.failure).lines(failure(&app.shared, inner.width), palette.error);
    let Some(view) = app.conversation.view(&app.shared) else { return };
    peers(painter.at(parts.peers), session, view);
    rows(painter.at(parts.rows), session, view);
    if let Some(detail) = &view.detail {
        let pattern = app.shared.search.pattern.as_ref();
        record_view::draw(&mut painter, detail, pattern, (parts.detail_title, parts.detail));
    }
    if !parts.input.is_empty() {
        input(painter.at(parts.input), view);
    }
    if let Some(prompt) = &app.conversation.prompt {
        painter.at(parts.prompt).prompt(prompt.label(), &prompt.editor);
    }
}

/// `● connected  127.0.0.1:40000 ↔ 127.0.0.1:9000  ▶ 12 B  ◀ 3.4 KiB`
fn status(mut painter: Painter<'_>, session: &Session) {
    let (app, palette) = (painter.app, painter.palette);
    state::put(&mut painter, session);
    let lasted = format::duration(session.elapsed(app.shared.now));
    match &session.state {
        SessionState::Opening => {
            painter.put(&format!("  {lasted}"), palette.base);
            painter.put(&app.keyed("  [cancel] cancels"), palette.dim);
        }
        SessionState::Over(_) if session.is_past => {}
        SessionState::Over(_) => {
            painter.put(&format!("  after {lasted}"), palette.dim);
            painter.put(&app.keyed("  [send] opens it again"), palette.key);
        }
        _ => {}
    }
    losses(&mut painter, session);
    let totals = if session.is_past {
        let of_conn = |id: &_| app.shared.timeline.conn_totals(*id);
        session.conns.keys().find_map(of_conn).unwrap_or_default()
    } else {
        app.shared.timeline.session_totals(session.id)
    };
    if totals != Totals::default() {
        painter.put(&format!("  ▶ {}", format::size(totals.sent.bytes)), palette.sent);
        painter.put(&format!("  ◀ {}", format::size(totals.received.bytes)), palette.received);
    }
    painter.put(&ends(session), palette.dim);
    painter.put(&whose(app, session), palette.dim);
}

/// `  peer curl (pid 4711, user ann)`: of the connection that is looked at, or the only one.
fn whose(app: &App, session: &Session) -> String {
    let chosen = app.conversation.view(&app.shared).and_then(|view| view.chosen);
    let only = conns(session).next().filter(|_| !has_several(session)).map(|conn| conn.info.id);
    let told = chosen.or(only).and_then(|id| Some(app.shared.timeline.owner(id)?.told()));
    told.map_or_else(String::new, |told| format!("  peer {}", printable_str(&told)))
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
            let target = session.plan.leads_to();
            let target = target.map(|target| format!(" → {target}")).unwrap_or_default();
            format!(" on {}{target}{open}{refused}{buffer}", list.join(", "))
        }
        _ => match conns(session).next().map(|conn| (&conn.info.local, &conn.info.peer)) {
            Some((Some(local), Some(peer))) => format!("  {local} ↔ {peer}"),
            _ => String::new(),
        },
    }
}

/// Datagrams that were lost are never hidden.
fn losses(painter: &mut Painter<'_>, session: &Session) {
    let Some(lost) = session.lost else { return };
    let mut parts = Vec::new();
    if lost.by_app > 0 {
        parts.push(format!("{} by us", format::count(lost.by_app)));
    }
    if let Some(count) = lost.by_kernel.filter(|count| *count > 0) {
        parts.push(format!("{} by the kernel", format::count(count)));
    }
    if !parts.is_empty() {
        painter.put(&format!(" dropped: {}", parts.join(", ")), painter.palette.error);
    }
    if lost.by_kernel.is_none() {
        painter.put("  kernel drops unknown", painter.palette.dim);
    }
}

fn peers(mut painter: Painter<'_>, session: &Session, view: &ConversationView) {
    let (app, palette, area) = (painter.app, painter.palette, painter.area);
    let is_list = area.height > 1;
    let ids = app.conversation.peer_rows(&app.shared, area.height.into());
    for (row, id) in area.rows().zip(ids) {
        let mut painter = painter.at(row);
        if id == view.chosen && is_list {
            painter.fill(palette.selected_dim);
        }
        if !is_list {
            painter.put("{ } ", palette.key);
        }
        if let Some(conn) = id.and_then(|id| session.conns.get(&id)) {
            peer(painter, conn);
        } else if let Some(id) = id {
            painter.put(&format!("○ {} over", id.index), palette.dim);
        } else {
            painter.put("all ", palette.base);
            painter.put(&format::count(session.conns_met), palette.dim);
        }
    }
    if is_list {
        let edge = Rect { x: area.right(), width: 1, ..area };
        painter.at(edge).lines(std::iter::repeat("│"), palette.border);
    }
}

fn peer(mut painter: Painter<'_>, conn: &Conn) {
    let palette = painter.palette;
    let (mark, style) = if conn.open { ("● ", palette.success) } else { ("○ ", palette.dim) };
    painter.put(mark, style);
    painter.put(&format!("{} ", conn.info.id.index), palette.dim);
    // Of a connection that is over and left no record, only its session knows what crossed.
    let totals = painter.app.shared.timeline.conn_totals(conn.info.id);
    let bytes = totals.map_or("▶– ◀–".into(), |totals| {
        format!("▶{} ◀{}", short(totals.sent.bytes), short(totals.received.bytes))
    });
    painter.right(&bytes, palette.dim);
    let peer = conn.info.peer.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
    painter.put(&peer, if conn.open { palette.base } else { palette.dim });
    let owner = painter.app.shared.timeline.owner(conn.info.id).and_then(|owner| owner.process());
    if let Some(process) = owner {
        painter.put(&format!("  {}", printable_str(&process.program)), palette.dim);
    }
}

/// A size without its unit's last letters: `12`, `3.4K`.
fn short(bytes: u64) -> String {
    let text = format::size(bytes);
    text.trim_end_matches('B').trim_end_matches('i').trim_end().replace(' ', "")
}

fn rows(mut painter: Painter<'_>, session: &Session, view: &ConversationView) {
    let (app, palette) = (painter.app, painter.palette);
    let len = view.len(session);
    if len == 0 && !session.is_over() {
        let lines = if !session.capabilities().input {
            [
                "nothing was said yet",
                "who connects is connected on to the target",
                "what both say appears here",
            ]
        } else if session.side().listens() && !has_several(session) {
            ["nothing was said yet", "who connects is listed here", "[input-line] writes to it"]
        } else {
            [
                "nothing was said yet",
                "[send-line] sends the line below",
                "[payload-format] writes it as hex",
            ]
        };
        lesson::put(&mut painter, &lines);
    }
    let labels = has_several(session) && view.chosen.is_none();
    let has_keys = app.shared.focus == Pane::Response && !view.writing;
    let is_marked = has_keys || view.detail.is_some();
    let selected = if is_marked { palette.selection(has_keys) } else { Style::new() };
    painter.list(view.cursor, len, selected, |mut painter, at| {
        let Some(row) = view.row(session, at) else { return };
        let hit = view.search.hit.filter(|(number, _)| view.number(session, at) == Some(*number));
        painter.column(&app.shared.time_of_day(row.at), TIME, palette.dim);
        let (glyph, style) = palette.direction(row.direction);
        painter.put(glyph, style);
        painter.skip(1);
        if labels {
            let index = session.told_under(row.conn).index;
            let label = if index == 0 { String::new() } else { index.to_string() };
            painter.column_right(&label, 4, palette.dim);
            painter.skip(1);
        }
        if session.passes_on() {
            let conn = session.conns.get(&row.conn);
            // Of bytes who sent them, of a fact whose half it is about.
            let who = conn.and_then(|conn| match row.kind {
                RecordKind::Data => conn.info.sender(row.direction),
                _ => conn.info.half(),
            });
            painter.column(who.unwrap_or_default(), SENDER, palette.dim);
        }
        let hit = hit.map(|(_, byte)| byte);
        if row.kind == RecordKind::Data {
            message(painter, row, style, view.hex, hit);
        } else {
            fact(painter, session, row, hit);
        }
    });
    painter.scroll_bar(view.cursor.offset as u64, len as u64);
}

/// What happened to a connection, in our words.
fn fact(mut painter: Painter<'_>, session: &Session, row: &MessageRow, hit: Option<usize>) {
    let style = fact_style(painter.palette, row.kind);
    let width = painter.area.width;
    let words = some_bytes(painter.app, row, 0, usize::from(width) * 4);
    if hit.is_none() && cells(&printable(&words)) > width {
        painter.area.width = width.saturating_sub(1);
        let last = Rect { x: painter.area.right(), width: 1, ..painter.area };
        painter.at(last).put("…", style);
    }
    content(&mut painter, row, style, false, hit);
    let is_open = session.conns.get(&row.conn).is_some_and(|conn| conn.open);
    let can = session.capabilities();
    let can_finish = is_open && can.input && !can.messages;
    if can_finish && row.kind == RecordKind::Finished && row.direction == Direction::Received {
        let more = painter.app.keyed("; our side stays open, [finish-sending] finishes it too");
        painter.put(&more, painter.palette.dim);
    }
}

/// What crossed the socket.
fn message(
    mut painter: Painter<'_>,
    row: &MessageRow,
    style: Style,
    as_hex: bool,
    hit: Option<usize>,
) {
    let palette = painter.palette;
    painter.column_right(&format::count(row.len), LENGTH, palette.base);
    painter.skip(1);
    if row.count > 1 {
        painter.put(&format!("{}× ", format::count(row.count.into())), palette.dim);
    }
    let first = painter.app.shared.timeline.head(row.first);
    if first.and_then(|first| told::kind(&first.frames)) == Some("binary") {
        painter.put("binary ", palette.dim);
    }
    match row.end {
        FrameEnd::Whole => {}
        FrameEnd::Open => painter.put("incomplete ", palette.warning),
        FrameEnd::Part => painter.put("goes on ", palette.dim),
        FrameEnd::Malformed => painter.put("length too small ", palette.error),
    }
    let first = painter.app.shared.timeline.get(row.first);
    if let Some(faults) = first.map(|first| first.faults).filter(|faults| !faults.is_empty()) {
        painter.put(&format!("[{faults}] "), palette.warning);
    }
    if row.len == 0 {
        painter.put("(empty datagram)", palette.dim);
    } else {
        content(&mut painter, row, style, as_hex, hit);
    }
}

/// The bytes of a row as far as they fit, as hex if asked for; from a little before the byte the
/// search stands on, if that would be cut off.
fn content(
    painter: &mut Painter<'_>,
    row: &MessageRow,
    style: Style,
    as_hex: bool,
    hit: Option<usize>,
) {
    let app = painter.app;
    let width = usize::from(painter.area.width);
    let mut skip = hit.map_or(0, |hit| left_out(app, row, as_hex, hit, width));
    let told = app.shared.disclosure();
    // A secret that is cut would not be known for one.
    let mut bytes = some_bytes(app, row, skip, width * 4 + told.reach());
    if skip > 0 && !as_hex {
        // Not from the middle of a character.
        let cut = bytes.iter().take(3).take_while(|byte| (0x80..0xc0).contains(*byte)).count();
        bytes.drain(..cut);
        skip += cut;
    }
    let before = bytes_before(app, row, skip, told.reach_of_stream());
    let hidden = told.hidden_of_stream(&before, &bytes);
    if !as_hex {
        bytes = masked(&bytes, &hidden);
    }
    bytes.truncate(width * 4);
    if bytes.is_empty() {
        painter.put("(no longer kept)", painter.palette.dim);
        return;
    }
    if skip > 0 {
        painter.put("…", painter.palette.dim);
    }
    let here = hit.map(|hit| hit as u64);
    let marks = Marks { pattern: app.shared.search.pattern.as_ref(), here };
    let hits = marks.hits(skip as u64, &bytes, &(0..bytes.len()));
    let is_plain = !as_hex && skip == 0 && hit.is_none() && hidden.is_empty() && hits.is_empty();
    if let Some(line) = is_plain.then(|| in_words(app, row, &bytes)).flatten() {
        painter.put(&line, style);
    } else if as_hex {
        bytes::digits(painter, &bytes, style, &hits, &hidden);
    } else {
        bytes::text(painter, &bytes, style, &[], &hits, 0);
    }
}

/// Bytes left out at the beginning of a row, so that a hit and some of what is before it shows.
fn left_out(app: &App, row: &MessageRow, as_hex: bool, hit: usize, width: usize) -> usize {
    let before = some_bytes(app, row, 0, hit.min(width * 4));
    let column = if as_hex { hit * 3 } else { cells(&printable(&before)).into() };
    if hit <= width * 4 && column + 12 < width {
        return 0;
    }
    hit.saturating_sub(if as_hex { width / 12 } else { width / 4 })
}

/// What a row says whose bytes are no text; `begins` are its first.
fn in_words(app: &App, row: &MessageRow, begins: &[u8]) -> Option<String> {
    if is_text(begins) {
        return None;
    }
    let first = app.shared.timeline.get(row.first)?;
    decoded_view::line(&app.shared, &first, &some_bytes(app, row, 0, WORDS_OF))
}

/// So many bytes of the stream before the byte `skip` of a row: a secret that began there goes on.
fn bytes_before(app: &App, row: &MessageRow, skip: usize, reach: usize) -> Vec<u8> {
    let from = skip.saturating_sub(reach);
    let mut bytes = some_bytes(app, row, from, skip - from);
    let timeline = &app.shared.timeline;
    if reach > skip
        && let Some(first) = timeline.get(row.first)
    {
        let cut = first.data.iter().take(row.skip as usize);
        bytes.splice(
            ..0,
            stream_tail::before(timeline, row.first, &first, reach).into_iter().chain(cut.copied()),
        );
    }
    bytes
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
        let (_, part) = part.split_at(start);
        let room = (reach - bytes.len()).min(part.len());
        bytes.extend_from_slice(part.split_at(room).0);
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

/// The line to send, the cursor in it, and what will be added to it.
fn input(mut painter: Painter<'_>, view: &ConversationView) {
    let (app, palette) = (painter.app, painter.palette);
    let has_keys = app.shared.focus == Pane::Response && view.writing;
    painter.put(
        prefix(view.input.mode(&app.shared)),
        if has_keys { palette.key } else { palette.dim },
    );
    let editor = &view.input.editor;
    painter.text_field(editor, has_keys);
    if !has_keys && editor.is_empty() && !app.shared.session().is_some_and(Session::is_over) {
        painter.put_from(0, &app.keyed("[input-line] writes here"), palette.dim);
    }
    if has_keys || !editor.is_empty() {
        // The line ending that is added on send.
        let ending = escape(view.input.mode(&app.shared).ending.bytes());
        painter.area = painter.behind(editor);
        painter.put(&ending, palette.dim);
    }
}

/// What stands on the bottom border: what the text stands for, or what is wrong with it.
fn foot(painter: &Painter<'_>) -> Vec<(String, Style)> {
    let (app, palette) = (painter.app, painter.palette);
    let Some(view) = app.conversation.view(&app.shared) else { return Vec::new() };
    let InputMode { format, ending } = view.input.mode(&app.shared);
    let extra = ending.bytes().len();
    let mut parts = Vec::new();
    if view.search.is_running() {
        parts.push(("searching".to_owned(), palette.dim));
    }
    if let Some(frames) = &view.frames {
        let busy = if frames.is_behind(&app.shared.timeline) { "…" } else { "" };
        parts.push((format!("{}{busy}", frames.framing()), palette.active));
    }
    if view.is_held {
        parts.push((app.keyed("[bottom] follows"), palette.warning));
    }
    let bytes = match &view.input.check {
        Check::Wrong { line: 1, column, message } => {
            return vec![(format!("column {column}: {message}"), palette.error)];
        }
        Check::Wrong { line, column, message } => {
            return vec![(format!("line {line}, column {column}: {message}"), palette.error)];
        }
        Check::Wanted(words, _) => {
            parts.push((words.clone(), palette.dim));
            return parts;
        }
        Check::Empty if !view.writing => return parts,
        Check::Empty => 0,
        Check::Bytes(bytes) => *bytes,
        Check::Long(bytes) => {
            parts.push((format!("{} of text", format::size(*bytes as u64)), palette.base));
            return parts;
        }
    };
    let added = if extra > 0 { format!(" +{extra}") } else { String::new() };
    parts.push((format!("{}{added} B", format::count(bytes as u64)), palette.base));
    let typed = view.input.editor.text();
    if format == PayloadFormat::Text {
        parts.push((letters(&typed).join("  "), palette.warning));
    }
    let form = match format {
        PayloadFormat::Text => format!("text {}", ending.into_str().to_uppercase()),
        PayloadFormat::Hex => "hex".to_owned(),
    };
    parts.push((form, palette.dim));
    parts
}
