//! What can be clicked.

use wirebench::app::focus::Pane;
use wirebench::engine::event::Event;
use wirebench::model::id::RecordId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, exchange, http_plan, info, record, traffic};

#[test]
fn tabs_rows_peers_and_the_input_line_can_be_clicked() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
    app.click("Timing");
    app.assert_shows("Wait for first byte");
    let id = connected(&mut app);
    let infos = (2..=3).map(|n| info(id.conn(n), Protocol::Tcp, Side::Client)).collect();
    app.event(traffic(infos, vec![record(id.conn(3), 9, Direction::Sent, b"to three")]));
    app.keys("<Esc>");
    app.click("❯");
    app.keys("typed");
    app.assert_shows("❯ typed");
    app.click("127.0.0.1:40003");
    let screen = app.screen();
    let (above, _) = screen.split_once("Traffic").unwrap();
    assert!(above.contains("to three") && !above.contains("220 hello"), "{above}");
    app.shared.focus = Pane::Traffic;
    app.click("connected to 127");
    assert_eq!(app.traffic.selected(&app.shared), Some(RecordId(0)));
}
