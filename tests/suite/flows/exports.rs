//! Exports from Traffic: the window, what goes to the shell piece by piece, and its end.

use wirebench::app::effect::Effect;
use wirebench::app::exporting::{ExportReport, ExportStep, ExportTarget};
use wirebench::app::focus::Pane;
use wirebench::app::message::Message;
use wirebench::app::overlay::Overlay;
use wirebench::engine::event::Event;
use wirebench::interop::export::{ExportFormat, ExportPiece};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::Direction;
use wirebench::model::secrets::Disclosure;
use wirebench::store::job::{FolderEntry, FolderListing, Overwrite, Reply};

use crate::harness::app::Driver;
use crate::harness::samples::{
    START, answer, exchange, http_plan, info, record, tcp_plan, traffic,
};

/// Traffic with so many records, in focus.
fn filled(size: (u16, u16), records: u64) -> (Driver, SessionId) {
    let mut app = Driver::new(size, START);
    let id = app.open(tcp_plan());
    more(&mut app, id, records);
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    (app, id)
}

fn more(app: &mut Driver, id: SessionId, records: u64) -> Vec<Effect> {
    let conn = id.conn(1);
    let infos = vec![info(conn, Protocol::Tcp, Side::Listener)];
    let list =
        (0..records).map(|n| record(conn, n, Direction::Received, format!("m {n}").as_bytes()));
    app.event(traffic(infos, list.collect()))
}

/// Tells that each piece is written until there is nothing more to write; all steps there were.
fn served(app: &mut Driver, effects: Vec<Effect>) -> Vec<ExportStep> {
    let (mut steps, mut queue) = (Vec::new(), std::collections::VecDeque::from(effects));
    let mut served = 0;
    while let Some(effect) = queue.pop_front() {
        match effect {
            Effect::Export(id, step) => {
                served += 1;
                assert!(served < 1000, "endless");
                if matches!(step, ExportStep::Piece(_)) {
                    queue.extend(app.tell(Message::Export(id, ExportReport::Took)));
                }
                steps.push(step);
            }
            Effect::After { timer, .. } if format!("{timer:?}") == "Export" => {
                queue.extend(app.tell(Message::Timer(timer)));
            }
            _ => {}
        }
    }
    steps
}

fn piece(step: &ExportStep) -> Option<&ExportPiece> {
    match step {
        ExportStep::Piece(piece) => Some(piece),
        _ => None,
    }
}

fn pieces(steps: &[ExportStep]) -> Vec<&ExportPiece> {
    steps.iter().filter_map(piece).collect()
}

fn id_of(effects: &[Effect]) -> wirebench::app::exporting::ExportId {
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Export(id, _) => Some(*id),
        _ => None,
    });
    id.unwrap()
}

#[test]
fn the_window_asks_what_as_what_and_where_to_and_the_records_go_in_pieces() {
    let (mut app, _) = filled((120, 30), 10_000);
    app.keys("X");
    app.assert_shows("Export");
    app.assert_shows("10,000 records");
    app.assert_shows(".pcapng");
    app.keys("<Down><Right><Right>");
    app.assert_shows("‹ JSON Lines ›");
    app.assert_shows(".jsonl");
    let effects = app.keys("<Down><Down><C-u>/tmp/x/all.jsonl<Enter>");
    let begun = effects.iter().find_map(|effect| match effect {
        Effect::Export(_, ExportStep::Begin(order)) => Some((**order).clone()),
        _ => None,
    });
    let order = begun.unwrap();
    assert_eq!(order.format, ExportFormat::JsonLines);
    let (path, overwrite) = ("/tmp/x/all.jsonl".into(), Overwrite::Refuse);
    assert_eq!(order.target, ExportTarget::File { path, overwrite });
    assert!(matches!(order.told, Disclosure::Hiding(_)), "secrets are masked unless chosen");
    app.assert_shows("exporting");
    let id = id_of(&effects);
    let steps = served(&mut app, effects);
    let pieces = pieces(&steps);
    assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.records.len() <= 4096));
    let all = pieces.iter().flat_map(|piece| &piece.records).map(|it| it.id.0);
    assert!(all.eq(0..10_000));
    assert_eq!(steps.last(), Some(&ExportStep::Finish));
    app.tell(Message::Export(id, ExportReport::Ended(Ok("10,000 records written".into()))));
    app.assert_shows("10,000 records written");
    assert!(!app.screen().contains("exporting"));
}

#[test]
fn what_the_filter_lets_through_is_exported_with_the_others_to_look_at_for_secrets() {
    let (mut app, _) = filled((120, 30), 100);
    app.keys("/\"m 7\"<Enter>X");
    app.assert_shows("those the filter lets through");
    app.assert_shows("11 records");
    let effects = app.keys("<Enter>");
    let steps = served(&mut app, effects);
    let pieces = pieces(&steps);
    let chosen = |is_chosen| {
        let records = pieces.iter().flat_map(|it| &it.records);
        records.filter(|it| it.is_chosen == is_chosen).count()
    };
    assert_eq!((chosen(true), chosen(false)), (11, 89));
    app.keys("X<Down><Down><Right>");
    assert!(app.screen().contains("Cancel it?"), "one file at a time: {}", app.screen());
}

#[test]
fn marked_rows_alone_are_exported_and_none_is_refused() {
    let (mut app, _) = filled((120, 30), 100);
    app.keys("X<Left>");
    app.assert_shows("‹ marked ›");
    app.assert_shows("there is no such record");
    assert!(app.keys("<Enter>").iter().all(|it| !matches!(it, Effect::Export(..))));
    app.keys("<Esc>gmX<Left><Down><Down><Space>");
    app.assert_shows("‹ written ›");
    let effects = app.keys("<Enter>");
    let steps = served(&mut app, effects);
    let ExportStep::Begin(order) = &steps[0] else { panic!("{steps:?}") };
    assert_eq!(order.told, Disclosure::Everything);
    let found: Vec<u64> =
        pieces(&steps).iter().flat_map(|it| &it.records).map(|it| it.id.0).collect();
    assert_eq!(found, [0]);
}

#[test]
fn names_are_completed_and_what_is_there_is_asked_about() {
    let (mut app, _) = filled((120, 30), 3);
    app.keys("X<Down><Down><Down><C-u>/d/");
    let entry = |name: &str, is_folder| FolderEntry { name: name.into(), is_folder, size: None };
    let entries =
        vec![entry("notes", true), entry("there.pcapng", false), entry("there.txt", false)];
    let listing = FolderListing { entries, is_cut: false };
    for folder in [".", "/d/"] {
        let (folder, listing) = (folder.into(), listing.clone());
        app.tell(Message::Store(Reply::FolderListed { folder, listing }));
    }
    app.assert_shows("notes/");
    app.keys("th<Tab>");
    app.assert_shows("/d/there.");
    app.keys("p<Tab>");
    app.assert_shows("/d/there.pcapng is there");
    app.keys("<Enter>");
    app.assert_shows("Replace it?");
    let effects = app.keys("y");
    let steps = served(&mut app, effects);
    let ExportStep::Begin(order) = &steps[0] else { panic!("{steps:?}") };
    let (path, overwrite) = ("/d/there.pcapng".into(), Overwrite::Replace);
    assert_eq!(order.target, ExportTarget::File { path, overwrite });
}

#[test]
fn a_file_that_came_meanwhile_is_asked_about_too() {
    let (mut app, _) = filled((120, 30), 3);
    let effects = app.keys("X<Down><Down><Down><C-u>/d/x.pcapng<Enter>");
    let id = id_of(&effects);
    app.tell(Message::Export(id, ExportReport::NameTaken("/d/x.pcapng".into())));
    app.assert_shows("/d/x.pcapng is there already");
    let effects = app.keys("y");
    assert!(effects.iter().any(|it| matches!(it, Effect::Export(_, ExportStep::Begin(order))
        if matches!(order.target, ExportTarget::File { overwrite: Overwrite::Replace, .. }))));
}

#[test]
fn an_export_is_bounded_on_its_way_and_cancelled_by_its_key() {
    let (mut app, _) = filled((120, 30), 20_000);
    let mut effects = app.keys("X<Enter>");
    let id = id_of(&effects);
    // Nobody writes: a few pieces are on their way, and no more.
    for _ in 0..20 {
        let timer = wirebench::app::message::Timer::Export;
        effects.extend(app.tell(Message::Timer(timer)));
    }
    let sent = effects.iter().filter(|it| matches!(it, Effect::Export(_, ExportStep::Piece(_))));
    assert_eq!(sent.count(), 3);
    app.keys("X");
    app.assert_shows("Cancel it?");
    let effects = app.keys("y");
    assert!(effects.contains(&Effect::Export(id, ExportStep::Cancel)));
    app.assert_shows("cancelled");
    let late = app.tell(Message::Export(id, ExportReport::Took));
    assert!(late.iter().all(|it| !matches!(it, Effect::Export(..))));
}

#[test]
fn exchanges_go_along_where_the_format_has_them_once_each() {
    let mut app = Driver::new((120, 30), START);
    let id = app.open(http_plan());
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5))))));
    let conn = exchange(id, 0, None).conn;
    let at = exchange(id, 0, None).started.0.saturating_sub(START.0) / 1_000_000;
    let infos = vec![info(conn, Protocol::Http, Side::Client)];
    let list = [b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r"];
    let list = list.map(|data| record(conn, at, Direction::Sent, data)).to_vec();
    app.event(traffic(infos, list));
    app.shared.focus = Pane::Traffic;
    let effects = app.keys("X<Down><Right>");
    assert!(effects.iter().all(|it| !matches!(it, Effect::Export(..))));
    app.assert_shows("‹ HAR 1.2 ›");
    let effects = app.keys("<Enter>");
    let steps = served(&mut app, effects);
    let exchanges: usize = pieces(&steps).iter().map(|it| it.exchanges.len()).sum();
    assert_eq!(exchanges, 1, "{steps:?}");
}

#[test]
fn a_pipe_goes_on_with_what_comes_and_its_end_is_told() {
    let (mut app, id) = filled((120, 30), 5);
    app.keys("|");
    app.assert_shows("pipe pcapng into: wireshark -k -i -");
    let effects = app.keys("<C-u>cat<Enter>");
    let export = id_of(&effects);
    let steps = served(&mut app, effects);
    assert_eq!(pieces(&steps).iter().map(|it| it.records.len()).sum::<usize>(), 5);
    assert!(!steps.contains(&ExportStep::Finish), "it has no end");
    let effects = more(&mut app, id, 2);
    let steps = served(&mut app, effects);
    assert_eq!(pieces(&steps).iter().map(|it| it.records.len()).sum::<usize>(), 2);
    app.assert_shows("piping live");
    let failure =
        Failure::new(Stage::Program, "cat", FailureKind::NotFound, "the program was not found");
    app.tell(Message::Export(export, ExportReport::Ended(Err(failure))));
    app.assert_shows("the program was not found");
    // The command is remembered, and the key begins anew.
    app.keys("|");
    app.assert_shows("pipe pcapng into: cat");
    let effects = app.keys("<Enter>");
    let export = id_of(&effects);
    let effects = app.keys("|");
    assert!(effects.contains(&Effect::Export(export, ExportStep::Cancel)), "{effects:?}");
    assert!(!app.screen().contains("piping live"));
}

#[test]
fn the_window_fits_every_size() {
    for size in [(20, 5), (40, 12), (80, 24), (160, 48)] {
        let (mut app, _) = filled(size, 10);
        app.keys("X");
        assert!(matches!(app.overlays.last(), Some(Overlay::Export(_))));
        for key in ["<Down>", "<Right>", "<Down>", "<Left>", "<Down>", "x", "<Tab>", "<Up>"] {
            app.keys(key);
            app.screen();
        }
    }
}

#[test]
fn a_file_that_is_read_says_how_far_it_is_until_it_is_read() {
    let (mut app, _) = filled((120, 30), 10);
    app.event(Event::CaptureProgress { percent: 45 });
    app.assert_shows("reading 45 %");
    app.event(Event::CaptureRead(Ok("a.pcapng: 10 records of 30 packets".into())));
    app.assert_shows("a.pcapng: 10 records");
    assert!(!app.screen().contains("reading"));
}
