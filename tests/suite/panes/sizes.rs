//! No pane panics at any size.

use wirebench::app::message::{Input, Message, Mouse, MouseKind};
use wirebench::engine::event::Event;
use wirebench::model::exchange::{Exchange, ExchangeState};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, exchange, http_plan, info, record, traffic};

#[test]
fn nothing_panics_at_any_size_with_anything_on_screen() {
    let sizes = (1..=12).flat_map(|w| (1..=12).map(move |h| (w * w, h * h / 3 + 1)));
    for size in sizes {
        let mut list = Vec::new();
        let mut http = Driver::new(size, START);
        let id = http.open(http_plan());
        let failed = Exchange {
            state: ExchangeState::Failed(Box::new(Failure::new(
                Stage::Body,
                "x",
                FailureKind::Reset,
                "é".repeat(200),
            ))),
            warnings: vec!["odd".into(); 9],
            ..exchange(id, 0, Some(answer(200, 1, 500)))
        };
        let effects = http.event(Event::Exchange(Box::new(failed)));
        http.event(Event::Exchange(Box::new(exchange(id, 1, Some(answer(200, 3, 500))))));
        http.serve(&effects, 50);
        list.push(http);
        let mut talk = Driver::new(size, START);
        let id = connected(&mut talk);
        let infos = (1..=9).map(|n| info(id.conn(n), Protocol::Tcp, Side::Client)).collect();
        talk.event(traffic(infos, vec![record(id.conn(2), 3, Direction::Sent, &[0xff; 300])]));
        list.push(talk);
        for app in &mut list {
            for keys_pressed in [
                "",
                "<Esc><Enter>jx",
                "<Enter>GL",
                "LLw",
                "ll/",
                "<Esc>}",
                "<Tab><Enter>/",
                "abc<Esc>z<C-d><C-u>",
                "<Esc><Esc>%LL<Right><Space>GjY",
                "<Esc>",
            ] {
                app.keys(keys_pressed);
                app.screen();
                for (column, row) in [(0, 0), (size.0 / 2, size.1 / 2), (size.0 - 1, size.1 - 1)] {
                    for kind in [MouseKind::Press, MouseKind::ScrollDown] {
                        app.tell(Message::Input(Input::Mouse(Mouse { kind, column, row })));
                    }
                }
                app.screen();
            }
        }
    }
}
