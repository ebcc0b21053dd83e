//! Draws the response pane: an HTTP exchange, or a conversation.

mod content;
mod exchange;
mod prompt;
mod talk;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::app::App;
use crate::app::action::Action;
use crate::app::keymap::Context;
use crate::app::pane::response::{ResponseKind, kind, session};
use crate::codec::printable::printable_str;
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::frame::Titles;
use crate::ui::widget::text::put;

pub(super) fn titles(app: &App, palette: &ThemeStyles) -> Titles {
    let kind = kind(app);
    Titles { top: vec![title(app, kind).into()], bottom: foot(app, kind, palette) }
}

pub(super) fn draw(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    match kind(app) {
        ResponseKind::Nothing => nothing(app, palette, inner, buffer),
        ResponseKind::Client | ResponseKind::Listener => {
            exchange::draw(app, palette, inner, buffer);
        }
        ResponseKind::Conversation => talk::draw(app, palette, inner, buffer),
    }
}

fn title(app: &App, kind: ResponseKind) -> String {
    let Some(session) = session(app) else { return " Response ".into() };
    let what = match kind {
        ResponseKind::Listener => "Requests",
        ResponseKind::Conversation if session.protocol().capabilities().datagrams => "Datagrams",
        ResponseKind::Conversation if session.side() == Side::Listener => "Connections",
        ResponseKind::Conversation => "Conversation",
        _ => "Response",
    };
    format!(" {what} ─ {} ", printable_str(&session.title))
}

/// What stands on the bottom border.
fn foot(app: &App, kind: ResponseKind, palette: &ThemeStyles) -> Vec<Line<'static>> {
    let parts = match kind {
        ResponseKind::Nothing => Vec::new(),
        ResponseKind::Client | ResponseKind::Listener => content::foot(app, palette),
        ResponseKind::Conversation => talk::foot(app, palette),
    };
    parts
        .into_iter()
        .filter(|(text, _)| !text.is_empty())
        .map(|(text, style)| {
            Line::from(Span::styled(format!(" {text} "), style.remove_modifier(Modifier::BOLD)))
                .right_aligned()
        })
        .collect()
}

/// Before anything was opened: what to press.
fn nothing(app: &App, palette: &ThemeStyles, inner: Rect, buffer: &mut Buffer) {
    let draft = app.shared.drafts.current();
    let in_address = app.shared.keymap.hint(&[Context::Address], Action::Send);
    let in_address =
        in_address.map_or_else(String::new, |key| format!(" or {key} in the address line"));
    let request = format!("[send]{in_address} sends the request.");
    let lines = match &draft.spec {
        Spec::Http(_) => [request.as_str(), "The response appears here."],
        Spec::HttpListener(_) => {
            ["[send] starts the listener.", "Every request it receives appears here."]
        }
        Spec::Tcp(_) => ["[send] connects.", "The conversation appears here, with an input line."],
        Spec::Udp(_) => ["[send] opens the socket.", "Datagrams appear here, with an input line."],
        Spec::TcpListener(_) => [
            "[send] starts the listener.",
            "Its connections appear here; answer one or all of them.",
        ],
        Spec::UdpListener(_) => {
            ["[send] starts the listener.", "Its peers and their datagrams appear here."]
        }
    };
    let top = inner.y + inner.height.saturating_sub(2) / 3;
    for (y, text) in (top..inner.bottom()).zip(lines) {
        put(buffer, Rect { y, height: 1, ..inner }, &app.keyed(&format!(" {text}")), palette.dim);
    }
}
