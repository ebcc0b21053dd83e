//! Draws the response region before anything was opened: what to press, and what will appear.

use ratatui::layout::Rect;
use ratatui::widgets::Block;

use crate::app::flow::kept;
use crate::app::focus::Pane;
use crate::app::format::counted;
use crate::model::spec::Spec;
use crate::ui::painter::Painter;
use crate::ui::widget::{frame, lesson};

/// The name of the region.
pub(super) fn border() -> Block<'static> {
    frame::of(Pane::Response, " Response ")
}

/// What to press.
pub(super) fn draw(mut painter: Painter<'_>) {
    let area = painter.area;
    let lines = match &*painter.app.shared.drafts.current().spec {
        Spec::Http(_) => [
            "[send] sends the request",
            "the response appears here, as it came",
            "[show-code] shows the request as curl and as Python",
        ],
        Spec::HttpListener(_) => [
            "[send] starts the listener",
            "every request it receives appears here",
            "[switch-side] composes a client for it",
        ],
        Spec::HttpRelay(_) => [
            "[send] starts the relay",
            "requests and answers appear here; without a target it is a forward proxy",
            "[switch-side] composes a client for it",
        ],
        Spec::Tcp(_) | Spec::Ws(_) => [
            "[send] connects",
            "the conversation appears here, with a line to type into",
            "[switch-side] composes the other end, a listener",
        ],
        Spec::Udp(_) => [
            "[send] opens the socket",
            "datagrams appear here, with a line to type into",
            "[switch-side] composes the other end, a listener",
        ],
        Spec::TcpListener(_) | Spec::WsListener(_) => [
            "[send] starts the listener",
            "its connections appear here; answer one or all of them",
            "[switch-side] composes a client for it",
        ],
        Spec::TcpRelay(_) | Spec::UdpRelay(_) => [
            "[send] starts the relay",
            "what its clients and the server say to each other appears here",
            "[switch-side] composes a client for it",
        ],
        Spec::UdpListener(_) => [
            "[send] starts the listener",
            "its peers and their datagrams appear here",
            "[switch-side] composes a client for it",
        ],
    };
    let count = kept::count(painter.app);
    let told = format!("{} of before: [previous-item] shows the last", counted(count, "answer"));
    let lines = match lines {
        [first, second, _] if count > 0 => [first, second, &*told],
        lines => lines,
    };
    let above = area.height.saturating_sub(3) / 3;
    let below = Rect { y: area.y + above, height: area.height - above, ..area };
    lesson::put(&mut painter.at(below), &lines);
}
