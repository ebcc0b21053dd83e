//! Draws an HTTP exchange: the list of a listener, status, redirect hops, remarks, tabs, content.

mod content;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::app::cursor::Cursor;
use crate::app::focus::Pane;
use crate::app::sessions::{Session, SessionState};
use crate::app::wrap_words::wrap;
use crate::app::{App, format, session_words};
use crate::codec::printable::{printable, printable_str};
use crate::engine::event::Phase;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, HttpVersion, StartLine};
use crate::model::failure::{FailureKind, Stage};
use crate::model::protocol::Side;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::bytes;
use crate::ui::widget::frame::Titles;
use crate::ui::widget::row_writer::{RowWriter, cells};
use crate::ui::widget::scrollbar::{self, Extent};
use crate::ui::widget::text::{put, put_prompt};

/// What is shown, and remarks on it for the lower border.
pub(super) fn titles(app: &App, palette: &ThemeStyles) -> Titles {
    let Some(session) = app.shared.session() else { return Titles::default() };
    let what = match session.side() {
        Side::Listener => "Requests",
        Side::Client => "Response",
    };
    Titles::of(format!(" {what} ─ {} ", printable_str(&session.title)))
        .and_foot(content::foot(app, palette))
}

/// Draws the inside of the pane.
pub(super) fn draw(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let Some(session) = app.shared.session() else { return };
    let parts = app.exchange.areas(&app.shared, inner);
    list(app, palette, session, (parts.list, buffer));
    status(app, palette, session, (parts.status, buffer));
    hops(app, palette, session, (parts.hops, buffer));
    let remarks = app.exchange.remarks(&app.shared, inner.width);
    for (y, remark) in (parts.remarks.y..parts.remarks.bottom()).zip(remarks) {
        let style = if remark.is_failure { palette.error } else { palette.warning };
        put(buffer, Rect { y, height: 1, ..parts.remarks }, &remark.text, style);
    }
    tabs(app, palette, parts.tabs, buffer);
    if app.exchange.shown(&app.shared).is_some() {
        content::draw(app, palette, parts.content, buffer);
    } else {
        without_exchange(app, palette, session, parts.content, buffer);
    }
    if let Some(prompt) = &app.exchange.prompt {
        put_prompt(buffer, parts.prompt, palette, prompt.label(), &prompt.editor);
    }
}

/// The session ended before there was an exchange, or has none yet.
fn without_exchange(
    app: &App,
    palette: &ThemeStyles,
    session: &Session,
    area: Rect,
    buffer: &mut Buffer,
) {
    let (text, style) = match &session.state {
        // The line above says the stage already.
        SessionState::Over(Err(failure)) => (failure.details(), palette.error),
        SessionState::Over(Ok(_)) => (app.keyed("stopped; [send] starts it again"), palette.dim),
        _ if session.side().listens() => (waiting(session), palette.dim),
        _ => return,
    };
    for (y, text) in (area.y..area.bottom()).zip(wrap(&text, area.width)) {
        put(buffer, Rect { y, height: 1, ..area }, &text, style);
    }
}

fn waiting(session: &Session) -> String {
    match &session.phase {
        Some((Phase::Listening { addresses, .. }, _)) => {
            let first = addresses.first().map(ToString::to_string).unwrap_or_default();
            format!("waiting for requests; try  curl http://{first}/")
        }
        _ => "waiting for requests".to_owned(),
    }
}

fn status(
    app: &App,
    palette: &ThemeStyles,
    session: &Session,
    (area, buffer): (Rect, &mut Buffer),
) {
    let mut run = RowWriter::new(area, buffer);
    let Some(shown) = app.exchange.shown(&app.shared) else {
        progress(app, palette, session, &mut run);
        return;
    };
    let exchange = shown.exchange;
    match session.side() {
        Side::Listener => request_line(app, palette, exchange, &mut run),
        Side::Client => {
            let active = exchange.state == ExchangeState::Active;
            match &exchange.response {
                Some(response) => response_line(app, palette, (exchange, response), &mut run),
                None if active => progress(app, palette, session, &mut run),
                None => run.put("no response", palette.error),
            }
            if active && exchange.response.is_some() {
                run.put(&app.keyed("  [interrupt] cancels"), palette.dim);
            }
        }
    }
}

/// What is being done, for how long, and how to stop it.
fn progress(app: &App, palette: &ThemeStyles, session: &Session, run: &mut RowWriter<'_>) {
    if session.is_over() {
        let failed = matches!(session.state, SessionState::Over(Err(_)));
        let style = if failed { palette.error } else { palette.dim };
        run.put(&session_words::state(session), style);
        return;
    }
    if session.side().listens() {
        run.put("● ", palette.success);
        run.put(&session_words::state(session), palette.base);
        return;
    }
    run.put("◌ ", palette.active);
    run.put(&session_words::phase(session), palette.base);
    run.put(&format!("  {}", format::took(session.lasted(app.shared.now))), palette.number);
    run.put(&app.keyed("  [interrupt] cancels"), palette.dim);
}

/// `200 OK  12.4 ms  1.2 KiB  HTTP/1.1  127.0.0.1:8080`
fn response_line(
    app: &App,
    palette: &ThemeStyles,
    (exchange, response): (&Exchange, &HttpMessage),
    run: &mut RowWriter<'_>,
) {
    let broken = broken(app);
    // What came is no success, whatever its first line said.
    start_line(palette, response, broken.map(|_| palette.error), run);
    if let Some(why) = broken {
        run.put(&format!(" ✗ {why}"), palette.error.add_modifier(Modifier::BOLD));
    }
    let running = exchange.state == ExchangeState::Active;
    let total =
        if running { app.shared.now.since(exchange.started) } else { exchange.timing.total };
    run.put(&format!("   {}", format::took(total)), palette.number);
    run.put(&format!("   {}", sizes(response, running)), palette.base);
    if let StartLine::Response { version, .. } = &response.head.start {
        run.put(&format!("   {}", version_name(*version)), palette.dim);
    }
    if let Some(tls) = &exchange.tls {
        let style = if tls.unverified.is_empty() { palette.dim } else { palette.error };
        let mark = if tls.unverified.is_empty() { "" } else { " NOT VERIFIED" };
        run.put(&format!("   {}{mark}", tls.version), style);
    }
    if let Some(peer) = exchange.peer {
        run.put(&format!("   {peer}"), palette.dim);
    }
}

/// In a word or two, why the exchange shown is not a good answer to the end.
fn broken(app: &App) -> Option<&'static str> {
    if let Some(failure) = app.exchange.failure(&app.shared) {
        return Some(match failure.kind {
            FailureKind::Cancelled => "cancelled",
            FailureKind::Truncated => "cut off",
            FailureKind::Reset => "reset",
            FailureKind::Timeout(_) => "timed out",
            FailureKind::Malformed => "malformed",
            _ if failure.stage == Stage::Session => "redirect not followed",
            _ => "failed",
        });
    }
    let message = app.exchange.shown(&app.shared)?.message()?;
    message.body.decode_error.as_ref().map(|_| "not decoded")
}

fn start_line(
    palette: &ThemeStyles,
    message: &HttpMessage,
    instead: Option<Style>,
    run: &mut RowWriter<'_>,
) {
    match &message.head.start {
        StartLine::Response { status, reason, .. } => {
            let style = instead.unwrap_or_else(|| palette.status(*status));
            let style = style.add_modifier(Modifier::BOLD);
            run.put(&format!("{status} "), style);
            bytes::plain(run, palette, reason, style);
        }
        StartLine::Request { method, target, .. } => {
            bytes::plain(run, palette, method.as_bytes(), palette.title);
            run.put(" ", palette.base);
            bytes::plain(run, palette, target.as_bytes(), palette.base);
        }
        StartLine::Unknown => run.put("not HTTP", palette.error),
    }
}

/// `1.2 KiB`, `1.2 KiB (gzip 310 B)`, `1.0 MiB of 10 MiB (10 %)`.
fn sizes(message: &HttpMessage, running: bool) -> String {
    let body = &message.body;
    let decoded = format::size(body.decoded_len);
    match body.expected.filter(|expected| running && *expected > 0) {
        Some(expected) => {
            let percent = (u128::from(body.encoded_len) * 100 / u128::from(expected)).min(100);
            let encoded = format::size(body.encoded_len);
            format!("{encoded} of {} ({percent} %)", format::size(expected))
        }
        None if body.codings.is_empty() => decoded,
        None => {
            let codings = printable(body.codings.join(", ").as_bytes());
            format!("{decoded} ({codings} {})", format::size(body.encoded_len))
        }
    }
}

fn version_name(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
    }
}

/// A listener's exchange: the request, and what was answered.
fn request_line(app: &App, palette: &ThemeStyles, exchange: &Exchange, run: &mut RowWriter<'_>) {
    let inside = app.exchange.is_inside(&app.shared);
    run.put(if inside { "▸ " } else { "  " }, palette.key);
    start_line(palette, &exchange.request, None, run);
    run.put(&format!("   {}", sizes(&exchange.request, false)), palette.base);
    if let Some(peer) = exchange.peer {
        run.put(&format!("   from {peer}"), palette.dim);
    }
    if let Some(status) = exchange.response.as_ref().and_then(|r| r.head.status()) {
        run.put("   answered ", palette.dim);
        run.put(&status.to_string(), palette.status(status));
        run.put(&format!(" in {}", format::took(exchange.timing.total)), palette.number);
    }
}

/// The requests of a listener, the chosen one among them.
fn list(app: &App, palette: &ThemeStyles, session: &Session, (area, buffer): (Rect, &mut Buffer)) {
    if area.height == 0 {
        return;
    }
    let Cursor { selected, offset } = app.exchange.list_cursor(&app.shared, area.height.into());
    let has_keys = app.shared.focus == Pane::Response && !app.exchange.is_inside(&app.shared);
    let rows = session.exchanges.iter().enumerate().skip(offset);
    for (y, (at, exchange)) in (area.y..area.bottom()).zip(rows) {
        let row = Rect { y, height: 1, ..area };
        if at == selected {
            buffer.set_style(row, if has_keys { palette.selected } else { palette.selected_dim });
        }
        list_row(app, palette, exchange, &mut RowWriter::new(row, buffer));
    }
    let extent = Extent { top: offset as u64, total: session.exchanges.len() as u64 };
    scrollbar::draw(palette, area, extent, buffer);
}

fn list_row(app: &App, palette: &ThemeStyles, exchange: &Exchange, run: &mut RowWriter<'_>) {
    let none = Style::new();
    run.column_right(&(exchange.number + 1).to_string(), 5, palette.dim);
    run.skip(1);
    run.column(&format::clock(exchange.started, app.shared.utc_offset), 13, palette.dim);
    let (status, style) = match (&exchange.state, &exchange.response) {
        (ExchangeState::Failed(_), None) => ("failed".to_owned(), palette.error),
        (ExchangeState::Failed(_), Some(_)) => ("broken".to_owned(), palette.error),
        (_, Some(response)) => {
            let status = response.head.status().unwrap_or_default();
            (status.to_string(), palette.status(status))
        }
        (_, None) => ("…".to_owned(), palette.dim),
    };
    run.column(&status, 7, style);
    if let StartLine::Request { method, target, .. } = &exchange.request.head.start {
        bytes::plain(run, palette, method.as_bytes(), palette.key);
        run.put(" ", none);
        let shown = target.as_bytes();
        let target = printable(shown);
        let peer = exchange.peer.map(|peer| format!("  {peer}")).unwrap_or_default();
        let size = format::size(exchange.request.body.decoded_len);
        let took = format::took(exchange.timing.total);
        // The target matters most; the peer is told by the selected request as well.
        let facts = format!("  {size:>9} {took:>9}");
        let peer =
            if cells(&target) + cells(&facts) + cells(&peer) < run.area.width { &peer } else { "" };
        run.right(&format!("{facts}{peer} "), palette.dim);
        bytes::plain(run, palette, shown, none);
    } else {
        run.put("not HTTP", palette.error);
    }
}

/// Redirect hops: where each led, the one looked at marked.
fn hops(app: &App, palette: &ThemeStyles, session: &Session, (area, buffer): (Rect, &mut Buffer)) {
    if area.height == 0 {
        return;
    }
    let mut run = RowWriter::new(area, buffer);
    let current = app.exchange.shown(&app.shared).map(|shown| shown.exchange.number);
    let last = session.exchanges.len().saturating_sub(1);
    // From the hop before the chosen one, so that the chosen one is always on screen.
    let chosen = session.exchanges.iter().position(|e| Some(e.number) == current).unwrap_or(0);
    run.put("{ } ", palette.key);
    for (at, exchange) in session.exchanges.iter().enumerate().skip(chosen.saturating_sub(1)) {
        let status = exchange.response.as_ref().and_then(|r| r.head.status());
        let text =
            format!("{} {} ", exchange.number + 1, status.map_or("…".into(), |s| s.to_string()));
        let is_here = Some(exchange.number) == current;
        let style = if is_here { palette.active } else { palette.dim };
        run.put(&text, style);
        bytes::plain(&mut run, palette, exchange.url.as_bytes(), style);
        if at < last {
            run.put(" → ", palette.dim);
        }
        if run.area.width == 0 {
            return;
        }
    }
}

fn tabs(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let current = app.exchange.tab(&app.shared);
    for (tab, title, start) in app.exchange.tab_strip(&app.shared) {
        let x = area.x.saturating_add(start);
        if x < area.right() && area.height > 0 {
            let style = if tab == current { palette.active } else { palette.dim };
            put(buffer, Rect { x, width: area.right() - x, ..area }, &title, style);
        }
    }
}
