//! A line of a body that goes on beyond the screen, in pieces: what is copied of it.

use wirebench::app::effect::Effect;
use wirebench::engine::event::Event;
use wirebench::model::view::{LINE_PIECE, View, ViewLine, ViewMode, ViewQuery};

use crate::harness::app::Driver;
use crate::harness::samples::{START, answer, exchange, http_plan, queries};

#[test]
fn a_line_that_goes_on_beyond_the_screen_is_copied_whole_or_not_at_all() {
    for (pieces, is_copied) in [(17_u64, true), (60, false)] {
        let mut app = Driver::new((80, 24), START);
        let id = app.open(http_plan());
        let answer = answer(200, 1, pieces * LINE_PIECE as u64);
        let effects = app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer)))));
        // One line in pieces, after a short one.
        let window = |query: &ViewQuery| {
            let first = query.top.saturating_sub(query.above.into()).min(pieces);
            let last = (first + u64::from(query.rows)).min(pieces + 1);
            let line = |number: u64| ViewLine {
                number,
                offset: number * LINE_PIECE as u64,
                bytes: if number == 0 { "short".into() } else { vec![b'x'; LINE_PIECE].into() },
                continued: number > 1,
                ..ViewLine::default()
            };
            Event::View(Box::new(View {
                query: query.clone(),
                cut: ViewMode::Text,
                top: first,
                lines: (first..last).map(line).collect(),
                enclosing: Vec::new(),
                total_lines: pieces + 1,
                total_bytes: pieces * LINE_PIECE as u64,
                complete: true,
                note: None,
            }))
        };
        let serve = |app: &mut Driver, effects: &[Effect]| {
            let (mut waiting, mut last) = (queries(effects), Vec::new());
            while let Some(query) = waiting.pop() {
                last = app.event(window(&query));
                waiting.extend(queries(&last));
            }
            last
        };
        serve(&mut app, &effects);
        let effects = app.keys("vj");
        serve(&mut app, &effects);
        let effects = app.keys("y");
        let copied = serve(&mut app, &effects).into_iter().chain(effects).find_map(|it| match it {
            Effect::Copy { text, .. } => Some(text.len()),
            _ => None,
        });
        let whole = usize::try_from(pieces).unwrap() * LINE_PIECE;
        assert_eq!(copied, is_copied.then_some(whole), "{}", app.screen());
        assert_eq!(app.shows("longer than a terminal's clipboard"), !is_copied);
    }
}
