//! Draws the response region before anything was opened: what to press, and what will appear.

use ratatui::layout::Rect;
use ratatui::widgets::Block;

use crate::app::action::Action;
use crate::app::focus::Pane;
use crate::app::keymap::Context;
use crate::model::spec::Spec;
use crate::ui::painter::Painter;
use crate::ui::widget::frame;

/// The name of the region.
pub(super) fn border() -> Block<'static> {
    frame::of(Pane::Response, " Response ")
}

/// What to press.
pub(super) fn draw(mut painter: Painter<'_>) {
    let (app, palette, area) = (painter.app, painter.palette, painter.area);
    let draft = app.shared.drafts.current();
    let in_address = app.shared.keymap.hint(&[Context::Address], Action::Send);
    let in_address =
        in_address.map_or_else(String::new, |key| format!(" or {key} in the address line"));
    let request = format!("[send]{in_address} sends the request.");
    let lines = match &*draft.spec {
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
    let above = area.height.saturating_sub(2) / 3;
    let below = Rect { y: area.y + above, height: area.height - above, ..area };
    painter.at(below).lines(lines.map(|text| app.keyed(&format!(" {text}"))), palette.dim);
}
