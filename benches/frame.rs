//! What a frame and a key cost: a full timeline, a long conversation, a window onto a body.
//!
//! `cargo bench --bench frame`. Drawing has to cost what is on the screen, so the figures of an
//! empty and of a full program are compared.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tui_textarea::TextArea;
use wirebench::app::flow::response;
use wirebench::app::focus::Pane;
use wirebench::app::form::{FormTab, access};
use wirebench::app::message::{Input, Message};
use wirebench::app::{App, Startup};
use wirebench::engine::event::{Batch, Event};
use wirebench::model::endpoint::Bind;
use wirebench::model::field_access;
use wirebench::model::id::{ConnId, SessionId};
use wirebench::model::key::Key;
use wirebench::model::plan::{Plan, UdpListenerPlan};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, Record, RecordKind};
use wirebench::model::socket_options::DatagramOptions;
use wirebench::model::spec::Spec;
use wirebench::model::timing::Stamp;
use wirebench::ui;
use wirebench::ui::theme::ThemeStyles;

const SIZE: (u16, u16) = (200, 60);
/// Records of one batch, as the engine sends them.
const BATCH: u64 = 512;
/// What bodies are made of.
const BODIES: [(&str, &str); 5] = [
    ("lines", "{ \"name\": \"Ann\", \"note\": \"costs $100\" },\n"),
    ("one line", "{ \"name\": \"Ann\", \"note\": \"costs $100\" },"),
    ("zero-width characters", "\u{200b}"),
    ("combining marks", "e\u{301}"),
    ("empty lines", "\n"),
];

fn record(conn: ConnId, number: u64) -> Record {
    let data = Bytes::from(format!("sensor={number} temperature=21.4 unit=celsius padding=xxxx"));
    let original_len = data.len() as u64;
    Record {
        frames: bytes::Bytes::new(),
        at: Stamp(1_000_000_000 + number * 10_000),
        conn,
        direction: if number.is_multiple_of(3) { Direction::Sent } else { Direction::Received },
        kind: RecordKind::Data,
        data,
        original_len,
        faults: wirebench::model::fault::FaultMarks::default(),
    }
}

fn batch(session: SessionId, from: u64) -> Message {
    let records =
        (from..from + BATCH).map(|number| record(session.conn(1 + (number % 7) as u32), number));
    Message::Engine(Event::Traffic(Batch { records: records.collect(), ..Batch::default() }))
}

fn udp_listener(records: u64) -> (App, SessionId) {
    let mut app = App::new(Startup { size: SIZE, ..Startup::default() });
    let bind = Bind::Address(SocketAddr::from(([127, 0, 0, 1], 9000)));
    let plan = Plan::UdpListener(UdpListenerPlan {
        bind,
        rules: Vec::new(),
        socket: DatagramOptions::default(),
        answer_rate: 9,
    });
    app.shared.drafts.current_mut().spec = Spec::empty(Protocol::Udp, Side::Listener).into();
    let id = app.shared.sessions.open(plan, "bench".into(), Stamp(0));
    app.shared.drafts.current_mut().session = Some(id);
    response::session_changed(&mut app);
    let conns = (1..=7).map(|index| ConnInfo {
        local: Some(([127, 0, 0, 1], 9000).into()),
        peer: Some(([127, 0, 0, 1], 40_000).into()),
        ..ConnInfo::new(id.conn(index), Protocol::Udp, Side::Listener)
    });
    let conns = Batch { conns: conns.collect(), ..Batch::default() };
    app.update(Message::Engine(Event::Traffic(conns)), Stamp(1));
    for from in (0..records).step_by(BATCH as usize) {
        app.update(batch(id, from), Stamp(1_000_000_000));
    }
    (app, id)
}

fn draw(terminal: &mut Terminal<TestBackend>, styles: &ThemeStyles, app: &App) {
    terminal.draw(|frame| ui::render(app, styles, frame)).unwrap();
}

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    for records in [0, 1_000_000] {
        let (mut app, _) = udp_listener(records);
        for pane in [Pane::Response, Pane::Traffic] {
            app.shared.focus = pane;
            let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
            let styles = ThemeStyles::of(&app.shared.themes);
            let name = format!("{} of {records} records", pane.title());
            group.bench_function(&name, |b| b.iter(|| draw(&mut terminal, &styles, &app)));
        }
    }
    group.finish();
}

fn keys(c: &mut Criterion) {
    let (mut app, _) = udp_listener(1_000_000);
    let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
    let styles = ThemeStyles::of(&app.shared.themes);
    let mut group = c.benchmark_group("key and frame");
    for (pane, run) in [(Pane::Traffic, "k"), (Pane::Traffic, "<PgUp>"), (Pane::Response, "k")] {
        app.shared.focus = pane;
        let key = Key::parse_run(run).unwrap()[0];
        group.bench_function(format!("{} {run}", pane.title()), |b| {
            b.iter(|| {
                app.update(Message::Input(Input::Key(key)), app.shared.now);
                draw(&mut terminal, &styles, &app);
            });
        });
    }
    group.finish();
}

/// A key typed into a body, with its frame: at most 5 ms, wherever the cursor is. The smaller one is
/// the largest that a text area holds.
fn typing(c: &mut Criterion) {
    typing_in(c, "60 KiB", 60 * 1024);
    typing_in(c, "4 MiB", 4 * 1024 * 1024);
}

/// The program with the cursor in a body.
fn in_a_body(text: &str) -> App {
    let mut app = App::new(Startup { size: SIZE, ..Startup::default() });
    let mut spec = Spec::empty(Protocol::Http, Side::Client);
    field_access::assign(spec.options_mut(), "body.text", text).unwrap();
    let draft = app.shared.drafts.current_mut();
    draft.at = access::body_text(&spec).unwrap();
    draft.tab = FormTab::Body;
    draft.spec = spec.into();
    app.shared.focus = Pane::Request;
    app
}

fn typing_in(c: &mut Criterion, size: &str, bytes: usize) {
    let mut group = c.benchmark_group(format!("key and frame in a body of {size}"));
    for (name, part) in BODIES {
        let text = part.repeat(bytes / part.len());
        for (place, way, there, back) in
            [("start", "<C-A-Up>", "<Down>", "<Up>"), ("end", "<C-A-Down>", "<Up>", "<Down>")]
        {
            let keys = [way, "x", "<Backspace>", there, back];
            let keys = keys.map(|run| Key::parse_run(run).unwrap()[0]);
            let mut app = in_a_body(&text);
            let mut terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
            let styles = ThemeStyles::of(&app.shared.themes);
            app.update(Message::Input(Input::Key(keys[0])), app.shared.now);
            let mut press = |key| {
                app.update(Message::Input(Input::Key(key)), app.shared.now);
                draw(&mut terminal, &styles, &app);
            };
            let mut is_typed = false;
            group.bench_function(format!("{name}, at the {place}"), |b| {
                b.iter(|| {
                    is_typed = !is_typed;
                    press(if is_typed { keys[1] } else { keys[2] });
                });
            });
            let mut is_there = false;
            group.bench_function(format!("{name}, by a row from the {place}"), |b| {
                b.iter(|| {
                    is_there = !is_there;
                    press(if is_there { keys[3] } else { keys[4] });
                });
            });
        }
    }
    group.finish();
}

/// A key in a text area by itself, which nothing draws or wraps: why it holds no large texts.
fn text_areas(c: &mut Criterion) {
    for (size, bytes) in [("60 KiB", 60 * 1024), ("4 MiB", 4 * 1024 * 1024)] {
        let mut group = c.benchmark_group(format!("key in a text area of {size}"));
        for (name, part) in BODIES {
            let text = part.repeat(bytes / part.len());
            let mut area: TextArea<'_> = text.split('\n').collect();
            let mut is_typed = false;
            group.bench_function(name, |b| {
                b.iter(|| {
                    is_typed = !is_typed;
                    if is_typed { area.insert_str("x") } else { area.delete_char() }
                });
            });
        }
        group.finish();
    }
}

fn batches(c: &mut Criterion) {
    let mut group = c.benchmark_group("update");
    for (name, filter) in [("512 records", ""), ("512 records, filtered", "/temperature<Enter>")] {
        let (mut app, id) = udp_listener(1_000_000);
        app.shared.focus = Pane::Traffic;
        for key in Key::parse_run(filter).unwrap() {
            app.update(Message::Input(Input::Key(key)), app.shared.now);
        }
        let mut next = 1_000_000;
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    next += BATCH;
                    batch(id, next)
                },
                |message| app.update(message, app.shared.now + Duration::from_millis(5)),
                criterion::BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(Duration::from_secs(2));
    targets = frames, keys, typing, text_areas, batches
}
criterion_main!(benches);
