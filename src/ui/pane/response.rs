//! Draws the response pane: an HTTP exchange, or a conversation.

mod content;
mod exchange;
mod talk;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

use crate::app::App;
use crate::app::pane::response::prompt::PromptPurpose;
use crate::app::pane::response::{ResponseKind, kind, session};
use crate::codec::printable::printable_str;
use crate::model::protocol::{Protocol, Side};
use crate::model::spec::Spec;
use crate::ui::theme::ThemeStyles;
use crate::ui::widget::run::RowWriter;
use crate::ui::{put, put_editor};

pub(super) fn draw(
    app: &App,
    palette: &ThemeStyles,
    block: Block<'_>,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let inner = crate::app::layout::inner(area);
    let kind = kind(app);
    let mut block = block.title(title(app, kind));
    for part in foot(app, kind, palette) {
        block = block.title_bottom(part);
    }
    block.render(area, frame.buffer_mut());
    match kind {
        ResponseKind::Nothing => nothing(app, palette, inner, frame),
        ResponseKind::Client | ResponseKind::Listener => exchange::draw(app, palette, inner, frame),
        ResponseKind::Conversation => talk::draw(app, palette, inner, frame),
    }
}

fn title(app: &App, kind: ResponseKind) -> String {
    let Some(session) = session(app) else { return " Response ".into() };
    let what = match kind {
        ResponseKind::Listener => "Requests",
        ResponseKind::Conversation if session.protocol() == Protocol::Udp => "Datagrams",
        ResponseKind::Conversation if session.side() == Side::Listener => "Connections",
        ResponseKind::Conversation => "Conversation",
        _ => "Response",
    };
    format!(" {what} ─ {} ", printable_str(&session.title))
}

/// What stands on the bottom border.
fn foot<'a>(app: &App, kind: ResponseKind, palette: &ThemeStyles) -> Vec<Line<'a>> {
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

/// The line that asks what to search for, or where to save.
fn prompt(app: &App, palette: &ThemeStyles, area: Rect, buffer: &mut Buffer) {
    let Some(prompt) = &app.response.prompt else { return };
    if area.height == 0 {
        return;
    }
    let label = match prompt.purpose {
        PromptPurpose::Search => "search: ",
        PromptPurpose::Save(..) | PromptPurpose::SaveBytes(_) => "save to: ",
    };
    let mut run = RowWriter::new(area, buffer);
    run.put(label, palette.key);
    let rest = run.area;
    put_editor(buffer, rest, &prompt.editor);
}

/// Before anything was opened: what to press.
fn nothing(app: &App, palette: &ThemeStyles, inner: Rect, frame: &mut Frame<'_>) {
    let draft = app.shared.drafts.current();
    let lines = match &draft.spec {
        Spec::Http(_) => {
            ["[send] or Enter in the address line sends the request.", "The response appears here."]
        }
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
        put(
            frame.buffer_mut(),
            Rect { y, height: 1, ..inner },
            &app.keyed(&format!(" {text}")),
            palette.dim,
        );
    }
}
