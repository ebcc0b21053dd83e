//! Draws an HTTP exchange: the list of a listener, status, redirect hops, remarks, tabs, content.

mod content;

use ratatui::style::Style;
use ratatui::widgets::Block;

use crate::app::focus::Pane;
use crate::app::pane::exchange::shown_exchange::ExchangeTab;
use crate::app::pane::exchange::tab_lines::Tone;
use crate::app::sessions::{Session, SessionState};
use crate::app::{App, format, kept_answers, session_words};
use crate::codec::printable::{printable, printable_str};
use crate::codec::wrap_words::wrap;
use crate::engine::event::Phase;
use crate::model::end_address::EndAddress;
use crate::model::exchange::{Exchange, ExchangeState, HttpMessage, StartLine};
use crate::model::failure::{FailureKind, Stage};
use crate::model::protocol::Side;
use crate::model::theme::ThemeRole;
use crate::model::unix_name::UnixName;
use crate::ui::painter::{Painter, cells};
use crate::ui::widget::{bytes, fit, frame, state};

/// Said of a response whose request was edited since.
const STALE: &str = "of the request before your changes ─ ";

/// What is shown, and remarks on it for the lower border.
pub(super) fn border(painter: &Painter<'_>) -> Block<'static> {
    let Some(session) = painter.app.shared.session() else { return frame::of(Pane::Response, "") };
    let what = match session.side() {
        Side::Listener | Side::Relay => "Requests",
        Side::Client => "Response",
    };
    let stale = if painter.app.shared.is_response_stale() { STALE } else { "" };
    let kept = kept(painter.app, session);
    let title = format!(" {what} ─ {kept}{stale}{} ", session_words::title(session));
    let title = frame::title(&title, painter.area.width);
    frame::with_foot(frame::of(Pane::Response, title), content::foot(painter), painter.area.width)
}

/// Which of the kept answers it is, when it is an earlier one.
fn kept(app: &App, session: &Session) -> String {
    if !app.shared.is_earlier(session) {
        return String::new();
    }
    let [then, now] = [session.entry, app.shared.wall_clock.at(app.shared.now)]
        .map(|wall| format::local(wall, app.shared.utc_offset));
    let when = kept_answers::when(then, now);
    let place = app.shared.kept.position(session.entry);
    let place = place.map_or(String::new(), |(at, of)| {
        format!("{} of {} · ", format::count(at as u64), format::count(of as u64))
    });
    format!("kept answer {place}{when} ─ ")
}

/// Draws the inside of the pane.
pub(super) fn draw(mut painter: Painter<'_>) {
    let (app, palette, inner) = (painter.app, painter.palette, painter.area);
    let Some(session) = app.shared.session() else { return };
    let parts = app.exchange.areas(&app.shared, inner);
    list(painter.at(parts.list), session);
    status(painter.at(parts.status), session);
    hops(painter.at(parts.hops), session);
    let remarks = app.exchange.remarks(&app.shared, inner.width);
    for (row, (tone, text)) in parts.remarks.rows().zip(remarks) {
        let style = if tone == Tone::Failure { palette.error } else { palette.warning };
        painter.at(row).put(&text, style);
    }
    let current = app.exchange.tab(&app.shared);
    for (tab, title, start) in app.exchange.tab_strip(&app.shared) {
        let style = if tab == current { palette.active } else { palette.inactive };
        painter.at(parts.tabs).put_from(start, &title, style);
    }
    if app.exchange.shown(&app.shared).is_some() {
        content::header(painter.at(parts.header));
        content::draw(painter.at(parts.content));
    } else {
        without_exchange(painter.at(parts.content), session);
    }
    // What other expectations would say of it is not known before it is sent again.
    let is_unchecked =
        current == ExchangeTab::Checks && app.shared.drafts.current().has_other_checks;
    if is_unchecked || app.shared.is_response_stale() {
        for part in [parts.status, parts.hops, parts.remarks, parts.tabs, parts.content] {
            painter.at(part).fade();
        }
    }
    if let Some(line) = &app.exchange.line {
        let trouble =
            fit::lines(app.exchange.making().1, parts.trouble.width, parts.trouble.height);
        painter.at(parts.trouble).lines(trouble, palette.error);
        let mut prompt = painter.at(parts.prompt);
        prompt.prompt(line.label(), &line.editor);
        prompt.put_from(1, line.example(), palette.placeholder);
    } else if let Some(prompt) = &app.exchange.prompt {
        painter.at(parts.prompt).prompt(prompt.label(), &prompt.editor);
    }
}

/// The session ended before there was an exchange, or has none yet.
fn without_exchange(mut painter: Painter<'_>, session: &Session) {
    let (app, palette) = (painter.app, painter.palette);
    let (text, style) = match &session.state {
        // The line above says the stage already.
        SessionState::Over(Err(failure)) => (failure.details(), palette.error),
        SessionState::Over(Ok(_)) => (app.keyed("stopped; [send] starts it again"), palette.dim),
        _ if session.side().listens() => (waiting(session), palette.dim),
        _ => return,
    };
    painter.lines(wrap(&text, painter.area.width), style);
}

fn waiting(session: &Session) -> String {
    if let Some((Phase::Listening { addresses, .. }, _)) = &session.phase
        && let Some(first) = addresses.first()
    {
        let tls = session.conns.get(&session.id.itself()).is_some_and(|conn| conn.info.tls);
        let scheme = if tls { "https" } else { "http" };
        match first {
            EndAddress::Unix(UnixName::Path(path)) => {
                format!("waiting for requests; try curl --unix-socket {path} {scheme}://localhost/")
            }
            EndAddress::Unix(UnixName::Abstract(name)) => {
                format!(
                    "waiting for requests; try curl --abstract-unix-socket {name} {scheme}://localhost/"
                )
            }
            first => format!("waiting for requests; try curl {scheme}://{first}/"),
        }
    } else {
        "waiting for requests".to_owned()
    }
}

fn status(mut painter: Painter<'_>, session: &Session) {
    let app = painter.app;
    let Some(shown) = app.exchange.shown(&app.shared) else { return progress(painter, session) };
    let exchange = shown.exchange;
    let active = exchange.state == ExchangeState::Active;
    match (session.side(), &exchange.response) {
        (Side::Listener | Side::Relay, _) => request_line(painter, exchange),
        (Side::Client, Some(response)) => {
            response_line(&mut painter, exchange, response);
            if active {
                painter.put(&app.keyed("  [cancel] cancels"), painter.palette.dim);
            }
        }
        (Side::Client, None) if active => progress(painter, session),
        (Side::Client, None) => painter.block(ThemeRole::Failed, "no response"),
    }
}

/// What is being done, for how long, and how to stop it.
fn progress(mut painter: Painter<'_>, session: &Session) {
    let (app, palette) = (painter.app, painter.palette);
    state::put(&mut painter, session);
    if !session.is_over() && !session.side().listens() {
        let lasted = format::duration(session.elapsed(app.shared.now));
        painter.put(&format!("  {lasted}"), palette.base);
        painter.put(&app.keyed("  [cancel] cancels"), palette.dim);
    }
}

/// `200 OK  12.4 ms  1.2 KiB  HTTP/1.1  127.0.0.1:8080`
fn response_line(painter: &mut Painter<'_>, exchange: &Exchange, response: &HttpMessage) {
    let (app, palette) = (painter.app, painter.palette);
    let broken = broken(app);
    status_block(painter, response, broken);
    let running = exchange.state == ExchangeState::Active;
    let total =
        if running { app.shared.now.since(exchange.started) } else { exchange.timing.total };
    painter.put(&format!("  {}", format::duration(total)), palette.base);
    painter.put(&format!("   {}", sizes(response, running)), palette.base);
    // First what must not be cut off.
    if let Some(tls) = &exchange.tls {
        let (style, mark) = match (&*tls.unproven, &*tls.unverified) {
            ("", "") => (palette.dim, ""),
            ("", _) => (palette.error, " NOT VERIFIED"),
            _ => (palette.error, " NOT VERIFIED, IDENTITY UNPROVEN"),
        };
        painter.put(&format!("   {}{mark}", tls.version), style);
    }
    if let StartLine::Response { version, .. } = &response.head.start {
        painter.put(&format!("   {}", version.name()), palette.dim);
    }
    if let Some(peer) = &exchange.peer {
        let whose = if exchange.proxy.is_some() { "proxy " } else { "" };
        painter.put(&format!("   {whose}{peer}"), palette.dim);
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

/// Status and reason as a block. What came is no success, whatever it said, when something is broken.
fn status_block(painter: &mut Painter<'_>, message: &HttpMessage, broken: Option<&str>) {
    let StartLine::Response { status, reason, .. } = &message.head.start else {
        return start_line(painter, message);
    };
    let role = broken.map_or_else(|| ThemeRole::of_status(*status), |_| ThemeRole::Failed);
    let style = painter.palette.block(role);
    painter.put(&format!(" {status} "), style);
    let reason = painter.app.shared.disclosure().bytes(reason).into_owned();
    bytes::plain(painter, &reason, style);
    if let Some(why) = broken {
        painter.put(&format!(" ✗ {why}"), style);
    }
    painter.put(" ", style);
}

fn start_line(painter: &mut Painter<'_>, message: &HttpMessage) {
    let palette = painter.palette;
    match &message.head.start {
        StartLine::Request { method, target, .. } => {
            let told = painter.app.shared.disclosure();
            let style = palette.ink(ThemeRole::of_method(method));
            let (method, target) = (told.words(method), told.words(target));
            bytes::plain(painter, method.as_bytes(), style);
            painter.put(" ", palette.base);
            bytes::plain(painter, target.as_bytes(), palette.base);
        }
        StartLine::Response { .. } | StartLine::Unknown => painter.put("not HTTP", palette.error),
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
fn request_line(mut painter: Painter<'_>, exchange: &Exchange) {
    let palette = painter.palette;
    let inside = painter.app.exchange.is_inside(&painter.app.shared);
    painter.put(if inside { "▸ " } else { "  " }, palette.key);
    start_line(&mut painter, &exchange.request);
    let coming = is_coming(exchange);
    painter.put(&format!("   {}", sizes(&exchange.request, coming)), palette.base);
    // What it was answered first: beside the request there is no room for all of it.
    if let Some(status) = exchange.response.as_ref().and_then(|r| r.head.status()) {
        painter.put("   answered ", palette.dim);
        painter.put(&status.to_string(), palette.status(status));
        painter.put(&format!(" in {}", format::duration(exchange.timing.total)), palette.base);
        if let Some(rule) = &exchange.rule {
            let rule = painter.app.shared.disclosure().words(rule);
            painter.put(&format!(" by {rule}"), palette.dim);
        }
    }
    if let Some(peer) = &exchange.peer {
        painter.put(&format!("   from {peer}"), palette.dim);
    }
}

/// Whether the body of a request is not here yet: it is on its way, or held.
fn is_coming(exchange: &Exchange) -> bool {
    exchange.state == ExchangeState::Active && !exchange.request.body.complete
}

/// Cells of the rule that answered a request, in the list.
const RULE: u16 = 24;

/// The requests of a listener, the chosen one among them.
fn list(mut painter: Painter<'_>, session: &Session) {
    let app = painter.app;
    let cursor = app.exchange.list_cursor(&app.shared, painter.area.height.into());
    let has_keys = app.shared.focus == Pane::Response && !app.exchange.is_inside(&app.shared);
    let len = session.exchanges.len();
    painter.list(cursor, len, painter.palette.selection(has_keys), |painter, at| {
        list_row(painter, &session.exchanges[at]);
    });
    painter.scroll_bar(cursor.offset as u64, len as u64);
}

fn list_row(mut painter: Painter<'_>, exchange: &Exchange) {
    let (none, palette) = (Style::new(), painter.palette);
    painter.column_right(&(exchange.number + 1).to_string(), 5, palette.dim);
    painter.skip(1);
    painter.column(&painter.app.shared.time_of_day(exchange.started), 13, palette.dim);
    let (status, style) = match (&exchange.state, &exchange.response) {
        (ExchangeState::Failed(_), None) => ("failed".to_owned(), palette.error),
        (ExchangeState::Failed(_), Some(_)) => ("broken".to_owned(), palette.error),
        (_, Some(response)) => {
            let status = response.head.status().unwrap_or_default();
            (status.to_string(), palette.status(status))
        }
        (_, None) => ("…".to_owned(), palette.dim),
    };
    painter.column(&status, 7, style);
    let StartLine::Request { method, target, .. } = &exchange.request.head.start else {
        return painter.put("not HTTP", palette.error);
    };
    let told = painter.app.shared.disclosure();
    let style = palette.ink(ThemeRole::of_method(method));
    bytes::plain(&mut painter, told.words(method).as_bytes(), style);
    painter.put(" ", none);
    // The target matters most; the peer is told by the selected request as well.
    let body = &exchange.request.body;
    let whole = body.expected.filter(|_| is_coming(exchange)).unwrap_or(body.decoded_len);
    let size = format::size(whole);
    let time = format!(" {:>9}", format::duration(exchange.timing.total));
    let mut size = format!("  {size:>9}");
    let mut peer = exchange.peer.as_ref().map(|peer| format!("  {peer}")).unwrap_or_default();
    let rule = exchange.rule.as_deref().map(|rule| format!("  \u{2190} {}", told.words(rule)));
    let mut rule = rule.map(|rule| fit::start(&rule, RULE).into_owned()).unwrap_or_default();
    let target = printable_str(&told.words(target)).into_owned();
    let target_and_time = cells(&target) + cells(&time) + 1;
    let room = painter.area.width.saturating_sub(target_and_time);
    // What matters least goes first.
    if cells(&rule) + cells(&size) + cells(&peer) >= room {
        peer.clear();
    }
    if cells(&rule) + cells(&size) >= room {
        size.clear();
    }
    if cells(&rule) >= room {
        rule.clear();
    }
    painter.right(&format!("{rule}{size}{time}{peer} "), palette.dim);
    // Of a proxy's the host goes before the path, by which requests are told apart.
    let is_path = target.starts_with('/');
    let room = painter.area.width;
    let target = if is_path { fit::middle(&target, room) } else { fit::address(&target, room) };
    painter.put(&target, none);
}

/// Redirect hops: where each led, the one looked at marked.
fn hops(mut painter: Painter<'_>, session: &Session) {
    let (app, palette) = (painter.app, painter.palette);
    if painter.area.is_empty() {
        return;
    }
    let current = app.exchange.shown(&app.shared).map(|shown| shown.exchange.number);
    let last = session.exchanges.len().saturating_sub(1);
    // From the hop before the chosen one, so that the chosen one is always on screen.
    let chosen = session.exchanges.iter().position(|e| Some(e.number) == current).unwrap_or(0);
    painter.put("{ } ", palette.key);
    for (at, exchange) in session.exchanges.iter().enumerate().skip(chosen.saturating_sub(1)) {
        let status = exchange.response.as_ref().and_then(|r| r.head.status());
        let status = status.map_or("…".into(), |status| status.to_string());
        let style = if at == chosen { palette.active } else { palette.dim };
        painter.put(&format!("{} {status} ", exchange.number + 1), style);
        let url = app.shared.disclosure().words(&exchange.url);
        bytes::plain(&mut painter, url.as_bytes(), style);
        if at < last {
            painter.put(" → ", palette.dim);
        }
    }
}
