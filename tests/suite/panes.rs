//! The response and traffic panes, and the input line: events of the engine in, effects and the screen
//! out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "failing is how a test speaks")]

#[path = "panes/answers.rs"]
mod answers;
#[path = "panes/conversation.rs"]
mod conversation;
#[path = "panes/http.rs"]
mod http;
#[path = "panes/mouse.rs"]
mod mouse;
#[path = "panes/record_bytes.rs"]
mod record_bytes;
#[path = "panes/record_decoded.rs"]
mod record_decoded;
#[path = "panes/requests_of_rows.rs"]
mod requests_of_rows;
#[path = "panes/sizes.rs"]
mod sizes;
#[path = "panes/traffic.rs"]
mod traffic;
#[path = "panes/traffic_columns.rs"]
mod traffic_columns;
#[path = "panes/traffic_filter.rs"]
mod traffic_filter;
#[path = "panes/traffic_find.rs"]
mod traffic_find;
#[path = "panes/traffic_strip.rs"]
mod traffic_strip;
#[path = "panes/turned_around.rs"]
mod turned_around;
#[path = "panes/windows_beside.rs"]
mod windows_beside;

use wirebench::app::flow::focus;
use wirebench::engine::event::Phase;
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordKind};

use crate::harness::app::Driver;
use crate::harness::samples::{address, fact, info, record, tcp_plan, traffic};

/// A TCP client that is connected and was greeted; the keys go to its input line.
fn connected(app: &mut Driver) -> SessionId {
    let id = app.open(tcp_plan());
    app.phase(id, Phase::Connected { local: address(50_000).into(), peer: address(9000).into() });
    let conn = id.conn(1);
    app.event(traffic(
        vec![info(conn, Protocol::Tcp, Side::Client)],
        vec![
            fact(conn, Direction::Local, RecordKind::Connected, "connected to 127.0.0.1:9000"),
            record(conn, 1, Direction::Received, b"220 hello\r\n"),
        ],
    ));
    focus::focus_input(app);
    id
}
