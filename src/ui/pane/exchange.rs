//! Draws an HTTP exchange: the list of a listener, status, redirect hops, remarks, tabs, content.

mod content;

use ratatui::style::{Modifier, Style};
use ratatui::widgets::Block;

use crate::app::focus::Pane;
use crate::app::pane::exchange::tab_lines::Tone;
use crate::app::sessions::{Session, SessionState};
use crate::app::{App, format, session_words};
use crate::codec::printable::printable;
use crate::codec::wrap_words::wrap;
use crate::engine::event::Phase;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, HttpVersion, StartLine};
use crate::model::failure::{FailureKind, Stage};
use crate::model::protocol::Side;
use crate::ui::pen::{Pen, cells};
use crate::ui::widget::{bytes, frame};

/// What is shown, and remarks on it for the lower border.
pub(super) fn border(pen: &Pen<'_>) -> Block<'static> {
    let Some(session) = pen.app.shared.session() else { return Block::bordered() };
    let what = match session.side() {
        Side::Listener => "Requests",
        Side::Client => "Response",
    };
    let title = format!(" {what} ─ {} ", session_words::title(session));
    let title = frame::title(&title, pen.area.width);
    frame::with_foot(Block::bordered().title(title), content::foot(pen))
}

/// Draws the inside of the pane.
pub(super) fn draw(mut pen: Pen<'_>) {
    let (app, palette, inner) = (pen.app, pen.palette, pen.area);
    let Some(session) = app.shared.session() else { return };
    let parts = app.exchange.areas(&app.shared, inner);
    list(pen.at(parts.list), session);
    status(pen.at(parts.status), session);
    hops(pen.at(parts.hops), session);
    let remarks = app.exchange.remarks(&app.shared, inner.width);
    for (row, (tone, text)) in parts.remarks.rows().zip(remarks) {
        let style = if tone == Tone::Failure { palette.error } else { palette.warning };
        pen.at(row).put(&text, style);
    }
    let current = app.exchange.tab(&app.shared);
    for (tab, title, start) in app.exchange.tab_strip(&app.shared) {
        let style = if tab == current { palette.active } else { palette.dim };
        pen.at(parts.tabs).put_from(start, &title, style);
    }
    if app.exchange.shown(&app.shared).is_some() {
        content::draw(pen.at(parts.content));
    } else {
        without_exchange(pen.at(parts.content), session);
    }
    if let Some(prompt) = &app.exchange.prompt {
        pen.at(parts.prompt).prompt(prompt.label(), &prompt.editor);
    }
}

/// The session ended before there was an exchange, or has none yet.
fn without_exchange(mut pen: Pen<'_>, session: &Session) {
    let (app, palette) = (pen.app, pen.palette);
    let (text, style) = match &session.state {
        // The line above says the stage already.
        SessionState::Over(Err(failure)) => (failure.details(), palette.error),
        SessionState::Over(Ok(_)) => (app.keyed("stopped; [send] starts it again"), palette.dim),
        _ if session.side().listens() => (waiting(session), palette.dim),
        _ => return,
    };
    pen.lines(wrap(&text, pen.area.width), style);
}

fn waiting(session: &Session) -> String {
    match &session.phase {
        Some((Phase::Listening { addresses, .. }, _)) => {
            let first = addresses.first().map(ToString::to_string).unwrap_or_default();
            let tls = session.conns.get(&session.id.itself()).is_some_and(|conn| conn.info.tls);
            let scheme = if tls { "https" } else { "http" };
            format!("waiting for requests; try  curl {scheme}://{first}/")
        }
        _ => "waiting for requests".to_owned(),
    }
}

fn status(mut pen: Pen<'_>, session: &Session) {
    let app = pen.app;
    let Some(shown) = app.exchange.shown(&app.shared) else { return progress(pen, session) };
    let exchange = shown.exchange;
    let active = exchange.state == ExchangeState::Active;
    match (session.side(), &exchange.response) {
        (Side::Listener, _) => request_line(pen, exchange),
        (Side::Client, Some(response)) => {
            response_line(&mut pen, exchange, response);
            if active {
                pen.put(&app.keyed("  [cancel] cancels"), pen.palette.dim);
            }
        }
        (Side::Client, None) if active => progress(pen, session),
        (Side::Client, None) => pen.put("no response", pen.palette.error),
    }
}

/// What is being done, for how long, and how to stop it.
fn progress(mut pen: Pen<'_>, session: &Session) {
    let (app, palette) = (pen.app, pen.palette);
    if session.is_over() {
        let failed = matches!(session.state, SessionState::Over(Err(_)));
        let style = if failed { palette.error } else { palette.dim };
        pen.put(&session_words::state(session), style);
    } else if session.side().listens() {
        pen.put("● ", palette.success);
        pen.put(&session_words::state(session), palette.base);
    } else {
        pen.put("◌ ", palette.active);
        pen.put(&session_words::phase(session), palette.base);
        pen.put(&format!("  {}", format::took(session.lasted(app.shared.now))), palette.number);
        pen.put(&app.keyed("  [cancel] cancels"), palette.dim);
    }
}

/// `200 OK  12.4 ms  1.2 KiB  HTTP/1.1  127.0.0.1:8080`
fn response_line(pen: &mut Pen<'_>, exchange: &Exchange, response: &HttpMessage) {
    let (app, palette) = (pen.app, pen.palette);
    let broken = broken(app);
    // What came is no success, whatever its first line said.
    start_line(pen, response, broken.map(|_| palette.error));
    if let Some(why) = broken {
        pen.put(&format!(" ✗ {why}"), palette.error.add_modifier(Modifier::BOLD));
    }
    let running = exchange.state == ExchangeState::Active;
    let total =
        if running { app.shared.now.since(exchange.started) } else { exchange.timing.total };
    pen.put(&format!("   {}", format::took(total)), palette.number);
    pen.put(&format!("   {}", sizes(response, running)), palette.base);
    if let StartLine::Response { version, .. } = &response.head.start {
        let version = match version {
            HttpVersion::Http10 => "   HTTP/1.0",
            HttpVersion::Http11 => "   HTTP/1.1",
        };
        pen.put(version, palette.dim);
    }
    if let Some(tls) = &exchange.tls {
        let (style, mark) = match (&*tls.unproven, &*tls.unverified) {
            ("", "") => (palette.dim, ""),
            ("", _) => (palette.error, " NOT VERIFIED"),
            _ => (palette.error, " NOT VERIFIED, IDENTITY UNPROVEN"),
        };
        pen.put(&format!("   {}{mark}", tls.version), style);
    }
    if let Some(peer) = exchange.peer {
        pen.put(&format!("   {peer}"), palette.dim);
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
            FailureKind::Internal => "failed",
            _ if failure.stage == Stage::Session => "redirect not followed",
            _ => "failed",
        });
    }
    let message = app.exchange.shown(&app.shared)?.message()?;
    message.body.decode_error.as_ref().map(|_| "not decoded")
}

fn start_line(pen: &mut Pen<'_>, message: &HttpMessage, instead: Option<Style>) {
    let palette = pen.palette;
    match &message.head.start {
        StartLine::Response { status, reason, .. } => {
            let style = instead.unwrap_or_else(|| palette.status(*status));
            let style = style.add_modifier(Modifier::BOLD);
            pen.put(&format!("{status} "), style);
            let reason = pen.app.shared.told().bytes(reason).into_owned();
            bytes::plain(pen, &reason, style);
        }
        StartLine::Request { method, target, .. } => {
            let told = pen.app.shared.told();
            let (method, target) = (told.words(method), told.words(target));
            bytes::plain(pen, method.as_bytes(), palette.title);
            pen.put(" ", palette.base);
            bytes::plain(pen, target.as_bytes(), palette.base);
        }
        StartLine::Unknown => pen.put("not HTTP", palette.error),
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

/// A listener's exchange: the request, and what was answered.
fn request_line(mut pen: Pen<'_>, exchange: &Exchange) {
    let palette = pen.palette;
    let inside = pen.app.exchange.is_inside(&pen.app.shared);
    pen.put(if inside { "▸ " } else { "  " }, palette.key);
    start_line(&mut pen, &exchange.request, None);
    pen.put(&format!("   {}", sizes(&exchange.request, false)), palette.base);
    if let Some(peer) = exchange.peer {
        pen.put(&format!("   from {peer}"), palette.dim);
    }
    if let Some(status) = exchange.response.as_ref().and_then(|r| r.head.status()) {
        pen.put("   answered ", palette.dim);
        pen.put(&status.to_string(), palette.status(status));
        pen.put(&format!(" in {}", format::took(exchange.timing.total)), palette.number);
    }
}

/// The requests of a listener, the chosen one among them.
fn list(mut pen: Pen<'_>, session: &Session) {
    let app = pen.app;
    let cursor = app.exchange.list_cursor(&app.shared, pen.area.height.into());
    let has_keys = app.shared.focus == Pane::Response && !app.exchange.is_inside(&app.shared);
    let len = session.exchanges.len();
    pen.list(cursor, len, pen.palette.selection(has_keys), |pen, at| {
        list_row(pen, &session.exchanges[at]);
    });
    pen.scroll_bar(cursor.offset as u64, len as u64);
}

fn list_row(mut pen: Pen<'_>, exchange: &Exchange) {
    let (none, palette) = (Style::new(), pen.palette);
    pen.column_right(&(exchange.number + 1).to_string(), 5, palette.dim);
    pen.skip(1);
    pen.column(&pen.app.shared.time_of_day(exchange.started), 13, palette.dim);
    let (status, style) = match (&exchange.state, &exchange.response) {
        (ExchangeState::Failed(_), None) => ("failed".to_owned(), palette.error),
        (ExchangeState::Failed(_), Some(_)) => ("broken".to_owned(), palette.error),
        (_, Some(response)) => {
            let status = response.head.status().unwrap_or_default();
            (status.to_string(), palette.status(status))
        }
        (_, None) => ("…".to_owned(), palette.dim),
    };
    pen.column(&status, 7, style);
    let StartLine::Request { method, target, .. } = &exchange.request.head.start else {
        return pen.put("not HTTP", palette.error);
    };
    let told = pen.app.shared.told();
    bytes::plain(&mut pen, told.words(method).as_bytes(), palette.key);
    pen.put(" ", none);
    // The target matters most; the peer is told by the selected request as well.
    let size = format::size(exchange.request.body.decoded_len);
    let facts = format!("  {size:>9} {:>9}", format::took(exchange.timing.total));
    let mut peer = exchange.peer.map(|peer| format!("  {peer}")).unwrap_or_default();
    let target = told.words(target);
    let target = target.as_bytes();
    if cells(&printable(target)) + cells(&facts) + cells(&peer) >= pen.area.width {
        peer.clear();
    }
    pen.right(&format!("{facts}{peer} "), palette.dim);
    bytes::plain(&mut pen, target, none);
}

/// Redirect hops: where each led, the one looked at marked.
fn hops(mut pen: Pen<'_>, session: &Session) {
    let (app, palette) = (pen.app, pen.palette);
    if pen.area.is_empty() {
        return;
    }
    let current = app.exchange.shown(&app.shared).map(|shown| shown.exchange.number);
    let last = session.exchanges.len().saturating_sub(1);
    // From the hop before the chosen one, so that the chosen one is always on screen.
    let chosen = session.exchanges.iter().position(|e| Some(e.number) == current).unwrap_or(0);
    pen.put("{ } ", palette.key);
    for (at, exchange) in session.exchanges.iter().enumerate().skip(chosen.saturating_sub(1)) {
        let status = exchange.response.as_ref().and_then(|r| r.head.status());
        let status = status.map_or("…".into(), |status| status.to_string());
        let style = if at == chosen { palette.active } else { palette.dim };
        pen.put(&format!("{} {status} ", exchange.number + 1), style);
        let url = app.shared.told().words(&exchange.url);
        bytes::plain(&mut pen, url.as_bytes(), style);
        if at < last {
            pen.put(" → ", palette.dim);
        }
    }
}
