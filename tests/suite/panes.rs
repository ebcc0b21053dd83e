//! The response and traffic panes: messages in, effects and screens out.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use wirebench::app::effect::Effect;
use wirebench::app::flow::response;
use wirebench::app::focus::Pane;
use wirebench::app::message::{Input, Message, Mouse, MouseKind, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::app::overlay::jump::JumpTarget;
use wirebench::app::{App, Startup};
use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::engine::event::{Batch, Event, Phase, Summary};
use wirebench::model::endpoint::{Bind, Endpoint};
use wirebench::model::exchange::{
    BodyFacts, Exchange, ExchangeState, FieldLine, Head, HttpMessage, HttpVersion, MessageFraming,
    StartLine,
};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::id::{BodyId, ConnId, RecordId, SessionId};
use wirebench::model::key::Key;
use wirebench::model::plan::{
    AnswerPlan, HttpListenerPlan, HttpPlan, LengthHeader, Plan, PlanBody, TcpListenerPlan, TcpPlan,
    UdpListenerPlan,
};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, Lost, Record, RecordKind};
use wirebench::model::spec::Spec;
use wirebench::model::timing::{Stamp, Timing};
use wirebench::model::tls::{ClientTls, ListenerTls, Verify};
use wirebench::model::view::{SearchHit, View, ViewLine, ViewMode, ViewPart, ViewQuery, Wide};
use wirebench::ui;

const MS: u64 = 1_000_000;

#[path = "panes/answers.rs"]
mod answers;

fn app(size: (u16, u16)) -> App {
    App::new(Startup { size, now: Stamp(1_000_000 * MS), ..Startup::default() })
}

fn send(app: &mut App, message: Message) -> Vec<Effect> {
    let now = app.shared.now + Duration::from_millis(1);
    app.update(message, now)
}

fn keys(app: &mut App, run: &str) -> Vec<Effect> {
    let keys = Key::parse_run(run).unwrap();
    keys.into_iter().flat_map(|key| send(app, Message::Input(Input::Key(key)))).collect()
}

fn phase(app: &mut App, id: SessionId, phase: Phase) -> Vec<Effect> {
    let at = app.shared.now;
    event(app, Event::Phase { id, phase, at })
}

fn done(app: &mut App, id: SessionId, outcome: Result<Summary, Failure>) -> Vec<Effect> {
    let at = app.shared.now;
    event(app, Event::Done { id, outcome, at })
}

fn event(app: &mut App, event: Event) -> Vec<Effect> {
    send(app, Message::Engine(event))
}

fn screen(app: &App) -> String {
    let mut terminal =
        Terminal::new(TestBackend::new(app.shared.size.0, app.shared.size.1)).unwrap();
    terminal.draw(|frame| ui::render(app, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    (0..app.shared.size.1)
        .map(|y| {
            let row: String = (0..app.shared.size.0)
                .filter_map(|x| buffer.cell((x, y)))
                .map(ratatui::buffer::Cell::symbol)
                .collect();
            row.trim_end().to_owned() + "\n"
        })
        .collect()
}

fn shows(app: &App, text: &str) {
    let screen = screen(app);
    assert!(screen.contains(text), "'{text}' is not on the screen:\n{screen}");
}

fn queries(effects: &[Effect]) -> Vec<ViewQuery> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::View(query) => Some(query.clone()),
            _ => None,
        })
        .collect()
}

fn commands(effects: Vec<Effect>) -> Vec<Command> {
    effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Engine(command) => Some(command),
            _ => None,
        })
        .collect()
}

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

fn http_plan() -> Plan {
    Plan::Http(HttpPlan {
        method: "GET".into(),
        url: "http://127.0.0.1:8080/data.json".into(),
        headers: Vec::new(),
        body: PlanBody::Bytes(Bytes::new()),
        length: LengthHeader::Added,
        head_timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(10),
        verify: Verify::On,
        redirects: 10,
        notes: Vec::new(),
    })
}

fn tcp_plan() -> Plan {
    Plan::Tcp(TcpPlan {
        endpoint: Endpoint { host: "127.0.0.1".into(), port: 9000 },
        tls: ClientTls::Off,
        steps: Vec::new(),
        connect_timeout: Duration::from_secs(10),
    })
}

fn bind() -> Bind {
    Bind::Address(address(9000))
}

fn open(app: &mut App, plan: Plan) -> SessionId {
    app.shared.drafts.current_mut().spec = Spec::empty(plan.protocol(), plan.side());
    let id = app.shared.sessions.open(plan, "a title".into(), app.shared.now);
    app.shared.drafts.current_mut().session = Some(id);
    response::session_changed(app);
    app.shared.focus = Pane::Response;
    id
}

fn facts(id: u64, len: u64, framing: MessageFraming) -> BodyFacts {
    BodyFacts {
        id: BodyId(id),
        framing,
        codings: Vec::new(),
        encoded_len: len,
        decoded_len: len,
        expected: None,
        trailers: Vec::new(),
        complete: true,
        decode_error: None,
    }
}

fn head(start: StartLine, fields: &[(&str, &str)]) -> Head {
    let first = match &start {
        StartLine::Response { status, .. } => format!("HTTP/1.1 {status} OK\r\n"),
        StartLine::Request { method, target, .. } => format!("{method} {target} HTTP/1.1\r\n"),
        StartLine::Unknown => String::new(),
    };
    let field = |(name, value): &(&str, &str)| FieldLine {
        name: Bytes::copy_from_slice(name.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    };
    Head { raw: Bytes::from(first), start, fields: fields.iter().map(field).collect() }
}

fn request(target: &str, body: u64) -> HttpMessage {
    let start = StartLine::Request {
        method: "GET".into(),
        target: target.into(),
        version: HttpVersion::Http11,
    };
    HttpMessage { head: head(start, &[("Host", "x")]), body: facts(body, 0, MessageFraming::None) }
}

fn answer(status: u16, body: u64, len: u64) -> HttpMessage {
    let start = StartLine::Response {
        version: HttpVersion::Http11,
        status,
        reason: Bytes::from_static(b"OK \x1b[31mred"),
    };
    HttpMessage {
        head: head(start, &[("Content-Type", "application/json"), ("X-Case", "Kept")]),
        body: facts(body, len, MessageFraming::Length(len)),
    }
}

fn exchange(id: SessionId, number: u32, response: Option<HttpMessage>) -> Exchange {
    let body = u64::from(number) * 10 + 100;
    Exchange {
        conn: id.conn(1),
        number,
        side: Side::Client,
        url: format!("http://127.0.0.1:8080/{number}"),
        started: Stamp(1_000_000 * MS),
        local: Some(address(50_000)),
        peer: Some(address(8080)),
        request: request(&format!("/{number}"), body),
        response,
        interim: Vec::new(),
        timing: Timing {
            connect: Some(Duration::from_millis(2)),
            first_byte: Some(Duration::from_millis(5)),
            total: Duration::from_millis(8),
            ..Timing::default()
        },
        tls: None,
        state: ExchangeState::Complete,
        warnings: Vec::new(),
    }
}

/// Plays the engine: answers a question about a body of lines.
fn window(query: &ViewQuery, total: u64) -> Event {
    let top = query.top.min(total.saturating_sub(u64::from(query.rows)));
    let end = (top + u64::from(query.rows)).min(total);
    let line = |n: u64| ViewLine {
        offset: n * 10,
        bytes: Bytes::from(format!("\"line {n}\"")),
        indent: 0,
        continued: false,
    };
    Event::View(Box::new(View {
        query: query.clone(),
        top,
        lines: (top..end).map(line).collect(),
        total_lines: total,
        total_bytes: total * 10,
        complete: true,
        note: None,
    }))
}

fn serve(app: &mut App, effects: &[Effect], total: u64) -> usize {
    let mut waiting = queries(effects);
    let mut answered = 0;
    while let Some(query) = waiting.pop() {
        answered += 1;
        assert!(answered < 10, "asks without end");
        let more = event(app, window(&query, total));
        waiting.extend(queries(&more));
    }
    answered
}

fn record(conn: ConnId, millis: u64, direction: Direction, data: &[u8]) -> Record {
    Record {
        at: Stamp((1_000_000 + millis) * MS),
        conn,
        direction,
        kind: RecordKind::Data,
        data: Bytes::copy_from_slice(data),
        original_len: data.len() as u64,
    }
}

fn fact(conn: ConnId, direction: Direction, kind: RecordKind, text: &str) -> Record {
    Record { kind, ..record(conn, 0, direction, text.as_bytes()) }
}

fn info(id: ConnId, protocol: Protocol, side: Side) -> ConnInfo {
    let peer = Some(address(40_000 + id.index as u16));
    ConnInfo { id, protocol, side, local: Some(address(9000)), peer, tls: false }
}

fn traffic(conns: Vec<ConnInfo>, records: Vec<Record>) -> Event {
    Event::Traffic(Batch { conns, records, lost: Vec::new() })
}

fn connected(app: &mut App) -> SessionId {
    let id = open(app, tcp_plan());
    phase(app, id, Phase::Connected { local: address(50_000), peer: address(9000) });
    let conn = id.conn(1);
    event(
        app,
        traffic(
            vec![info(conn, Protocol::Tcp, Side::Client)],
            vec![
                fact(conn, Direction::Local, RecordKind::Connected, "connected to 127.0.0.1:9000"),
                record(conn, 1, Direction::Received, b"220 hello\r\n"),
            ],
        ),
    );
    response::focus_input(app);
    id
}

mod http {
    use super::*;

    #[test]
    fn a_body_is_asked_for_through_a_window_and_never_twice() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let effects =
            event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000))))));
        let asked = queries(&effects);
        assert_eq!(asked.len(), 1);
        assert_eq!(
            (asked[0].body, asked[0].part, asked[0].mode),
            (BodyId(1), ViewPart::Decoded, ViewMode::Pretty)
        );
        serve(&mut app, &effects, 500);
        shows(&app, "\"line 0\"");
        shows(&app, "200 OK \\e[31mred");
        shows(&app, "line 1 of 500");
        assert!(queries(&keys(&mut app, "j")).is_empty(), "inside of the window");
        shows(&app, "line 2 of 500");
        let effects = keys(&mut app, "G");
        assert_eq!(queries(&effects).len(), 1);
        shows(&app, "line 2 of 500");
        serve(&mut app, &effects, 500);
        shows(&app, "\"line 499\"");
        assert!(queries(&keys(&mut app, "G")).is_empty());
        assert!(
            queries(&event(
                &mut app,
                Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000)))))
            ))
            .is_empty()
        );
    }

    #[test]
    fn only_a_window_that_makes_a_body_whole_is_urgent() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let shown = Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000)))));
        let asked = queries(&event(&mut app, shown)).remove(0);
        let seen = |complete| {
            let Event::View(mut view) = window(&asked, 500) else { panic!("a window") };
            view.complete = complete;
            Message::Engine(Event::View(view))
        };
        assert!(!app.is_urgent(&seen(true)), "nothing was seen of it yet");
        send(&mut app, seen(false));
        assert!(!app.is_urgent(&seen(false)) && app.is_urgent(&seen(true)));
        send(&mut app, seen(true));
        assert!(!app.is_urgent(&seen(true)), "it was whole before");
        assert!(!app.is_urgent(&Message::Timer(Timer::ResponseClock)));
    }

    #[test]
    fn what_is_searched_for_in_a_body_is_searched_for_in_a_conversation_too() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let shown = Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000)))));
        let effects = event(&mut app, shown);
        serve(&mut app, &effects, 500);
        let sent = commands(keys(&mut app, "/220 hello<Enter>"));
        assert!(matches!(&sent[0], Command::Search(query) if query.text == "220 hello"));
        connected(&mut app);
        keys(&mut app, "<Esc>kn");
        assert!(!screen(&app).contains("was not found"), "{}", screen(&app));
        // What was typed is said as it was typed, even if it looks like the name of an action.
        keys(&mut app, "/[send]<Enter>");
        shows(&app, "'[send]' was not found");
    }

    #[test]
    fn while_it_runs_the_phase_is_said_and_the_clock_ticks_only_then() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let effects = phase(&mut app, id, Phase::Waiting);
        assert!(queries(&effects).is_empty());
        shows(&app, "waiting for the response");
        shows(&app, "Ctrl+C cancels");
        let clock = Timer::ResponseClock;
        let tick = send(&mut app, Message::Timer(clock));
        assert!(
            tick.iter().any(|e| matches!(e, Effect::After { timer: due, .. } if *due == clock))
        );
        let outcome = Err(Failure::new(
            Stage::Connect,
            "127.0.0.1:8080",
            FailureKind::Refused,
            "connection refused",
        )
        .hint("is a server listening there?"));
        done(&mut app, id, outcome);
        let tick = send(&mut app, Message::Timer(clock));
        assert!(tick.is_empty(), "{tick:?}");
        shows(&app, "cannot connect");
        shows(&app, "127.0.0.1:8080: connection refused (is a server listening there?)");
    }

    #[test]
    fn a_broken_body_shows_the_failure_and_what_arrived() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let failure = Failure::new(
            Stage::Body,
            "127.0.0.1:8080",
            FailureKind::Truncated,
            "closed after 500 of 5,000 bytes",
        );
        let broken = Exchange {
            state: ExchangeState::Failed(failure),
            warnings: vec!["two Content-Length fields".into()],
            ..exchange(id, 0, Some(answer(200, 1, 500)))
        };
        let effects = event(&mut app, Event::Exchange(Box::new(broken)));
        serve(&mut app, &effects, 50);
        shows(&app, "closed after 500 of 5,000 bytes");
        shows(&app, "500 B of the body arrived");
        shows(&app, "two Content-Length fields");
        shows(&app, "\"line 0\"");
    }

    #[test]
    fn tabs_show_headers_as_received_timings_and_exact_bytes_of_both_messages() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let effects =
            event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
        serve(&mut app, &effects, 50);
        keys(&mut app, "L");
        shows(&app, "X-Case");
        keys(&mut app, "L");
        shows(&app, "Wait for first byte");
        let effects = keys(&mut app, "L");
        assert_eq!(queries(&effects)[0].part, ViewPart::Raw);
        assert_eq!(queries(&effects)[0].body, BodyId(1));
        let effects = keys(&mut app, "L");
        assert_eq!(queries(&effects)[0].body, BodyId(100), "the request");
        let effects = keys(&mut app, "L");
        assert!(queries(&effects).is_empty(), "the window of the body is still here");
        shows(&app, "\"line 0\"");
    }

    #[test]
    fn hex_and_text_are_one_key_away_and_the_choice_stays_for_the_next_answer() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
        let effects = keys(&mut app, "x");
        assert_eq!(queries(&effects)[0].mode, ViewMode::Hex);
        let effects = keys(&mut app, "v");
        assert_eq!(queries(&effects)[0].mode, ViewMode::Pretty);
        keys(&mut app, "x");
        let id = open(&mut app, http_plan());
        let effects =
            event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 2, 500))))));
        assert_eq!(queries(&effects)[0].mode, ViewMode::Hex);
    }

    #[test]
    fn json_without_a_type_is_found_out_by_its_first_bytes() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let mut untyped = answer(200, 1, 500);
        untyped.head.fields.clear();
        let effects = event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(untyped)))));
        let query = queries(&effects).remove(0);
        assert_eq!(query.mode, ViewMode::Text);
        let line = ViewLine {
            offset: 0,
            bytes: Bytes::from_static(b"{\"a\": 1}"),
            indent: 0,
            continued: false,
        };
        let view = View {
            query,
            top: 0,
            lines: vec![line],
            total_lines: 1,
            total_bytes: 8,
            complete: true,
            note: None,
        };
        let effects = event(&mut app, Event::View(Box::new(view)));
        assert_eq!(queries(&effects)[0].mode, ViewMode::Pretty);
    }

    #[test]
    fn a_search_goes_to_the_engine_and_its_hit_is_scrolled_to() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let effects =
            event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 5000))))));
        serve(&mut app, &effects, 500);
        let sent = commands(keys(&mut app, "/line 400<Enter>"));
        let Some(Command::Search(query)) = sent.first() else { panic!("{sent:?}") };
        assert_eq!((query.text.as_str(), query.from), ("line 400", 0));
        let hit = SearchHit { query: query.clone(), hit: Some((400, 4001)), wrapped: false };
        let effects = event(&mut app, Event::Found(hit));
        serve(&mut app, &effects, 500);
        shows(&app, "\"line 400\"");
        let sent = commands(keys(&mut app, "n"));
        let Some(Command::Search(query)) = sent.first() else { panic!("{sent:?}") };
        assert_eq!(query.from, 4001);
        let none = SearchHit { query: query.clone(), hit: None, wrapped: false };
        event(&mut app, Event::Found(none));
        shows(&app, "'line 400' was not found");
    }

    #[test]
    fn hits_are_marked_in_hex_across_the_ends_of_rows() {
        let mut app = app((120, 40));
        app.shared.theme = wirebench::app::Theme::Sixteen;
        let id = open(&mut app, http_plan());
        let effects =
            event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 64))))));
        serve(&mut app, &effects, 5);
        let effects = keys(&mut app, "x");
        let query = queries(&effects).pop().unwrap();
        let text =
            Bytes::from_static(b"0123456789 needle and another NEEDLE of the body, that is all...");
        let line = |n: usize| ViewLine {
            offset: n as u64 * 16,
            bytes: text.slice(n * 16..(n + 1) * 16),
            indent: 0,
            continued: false,
        };
        let lines = (0..4).map(line).collect();
        let (top, total_lines, total_bytes) = (0, 4, 64);
        let view = View { query, top, lines, total_lines, total_bytes, complete: true, note: None };
        event(&mut app, Event::View(Box::new(view)));
        let sent = commands(keys(&mut app, "/needle<Enter>"));
        let Some(Command::Search(query)) = sent.first() else { panic!("{sent:?}") };
        let hit = SearchHit { query: query.clone(), hit: Some((0, 11)), wrapped: false };
        event(&mut app, Event::Found(hit));
        let marked = |color| -> Vec<String> {
            let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
            terminal.draw(|frame| ui::render(&app, frame)).unwrap();
            let buffer = terminal.backend().buffer().clone();
            let row = |y| (0..120).map(move |x| (x, y));
            let text = |y| {
                let cells = row(y).filter_map(|at| buffer.cell(at));
                cells
                    .filter(|cell| cell.bg == color)
                    .map(ratatui::buffer::Cell::symbol)
                    .collect::<String>()
            };
            (0..40).map(text).filter(|text| !text.is_empty()).collect()
        };
        assert_eq!(marked(ratatui::style::Color::Cyan), ["6e 65 65 64 6cneedl", "65e"]);
        assert_eq!(marked(ratatui::style::Color::Yellow), ["4e 45NE", "45 44 4c 45EDLE"]);
    }

    #[test]
    fn redirect_hops_are_listed_and_stepped_through() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(302, 1, 0))))));
        event(&mut app, Event::Exchange(Box::new(exchange(id, 1, Some(answer(200, 2, 500))))));
        shows(&app, "1 302 http://127.0.0.1:8080/0 → 2 200 http://127.0.0.1:8080/1");
        shows(&app, "200 OK");
        keys(&mut app, "{");
        shows(&app, "302 OK");
        keys(&mut app, "}");
        shows(&app, "200 OK");
    }

    #[test]
    fn a_body_is_saved_where_the_user_says() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
        keys(&mut app, "s");
        shows(&app, "save to: 0");
        let sent = commands(keys(&mut app, "<C-u>/tmp/x<Enter>"));
        assert!(matches!(sent.as_slice(), [Command::SaveBody { body: BodyId(1), .. }]), "{sent:?}");
    }

    #[test]
    fn a_listener_lists_requests_and_follows_the_newest_until_one_is_chosen() {
        let mut app = app((120, 40));
        let answer_plan = AnswerPlan {
            status: 200,
            headers: Vec::new(),
            body: PlanBody::Bytes(Bytes::new()),
            delay: Duration::ZERO,
        };
        let plan = HttpListenerPlan {
            bind: bind(),
            tls: ListenerTls::Off,
            rules: Vec::new(),
            answer: answer_plan,
        };
        let id = open(&mut app, Plan::HttpListener(plan));
        phase(
            &mut app,
            id,
            Phase::Listening { addresses: vec![address(8080)], receive_buffer: None },
        );
        shows(&app, "waiting for requests; try  curl http://127.0.0.1:8080/");
        for number in 0..20 {
            event(
                &mut app,
                Event::Exchange(Box::new(exchange(id, number, Some(answer(404, 2, 0))))),
            );
        }
        shows(&app, "GET /19   0 B");
        keys(&mut app, "kk");
        shows(&app, "GET /17   0 B");
        event(&mut app, Event::Exchange(Box::new(exchange(id, 20, None))));
        shows(&app, "GET /17   0 B");
        keys(&mut app, "G");
        event(&mut app, Event::Exchange(Box::new(exchange(id, 21, None))));
        shows(&app, "GET /21   0 B");
        // The letters of jump reach the list, a capital the request itself.
        app.shared.focus = Pane::Request;
        keys(&mut app, "<C-o>");
        let Some(Overlay::Jump(jump)) = app.overlays.last() else { panic!() };
        let mut rows = jump.marks.iter().filter(|mark| matches!(mark.target, JumpTarget::Row(..)));
        let label = rows.next().unwrap().label.to_uppercase();
        assert!(rows.count() > 2);
        keys(&mut app, &label);
        assert_eq!(app.shared.focus, Pane::Response);
        shows(&app, "▸ GET /17   0 B");
    }
}

mod conversation {
    use super::*;

    #[test]
    fn a_line_is_sent_with_its_ending_and_remembered() {
        let mut app = app((120, 40));
        let id = connected(&mut app);
        shows(&app, "220 hello\\r\\n");
        let sent = commands(keys(&mut app, "hi\\x21<Enter>"));
        let to = Recipient::Conn(id.conn(1));
        assert_eq!(sent, [Command::Send { to, data: Bytes::from_static(b"hi!\r\n") }]);
        let sent = commands(keys(&mut app, "bare<A-Enter>"));
        assert_eq!(sent, [Command::Send { to, data: Bytes::from_static(b"bare") }]);
        keys(&mut app, "typed<Up>");
        shows(&app, "❯ bare");
        keys(&mut app, "<Up>");
        shows(&app, "❯ hi\\x21");
        keys(&mut app, "<Down><Down>");
        shows(&app, "❯ typed");
    }

    #[test]
    fn letters_are_typed_while_writing_and_commands_after_escape() {
        let mut app = app((120, 40));
        let id = connected(&mut app);
        keys(&mut app, "xdf");
        shows(&app, "❯ xdf");
        assert!(commands(keys(&mut app, "<Esc>")).is_empty());
        let sent = commands(keys(&mut app, "f"));
        assert_eq!(sent, [Command::End { conn: id.conn(1), how: CloseMode::HalfClose }]);
        keys(&mut app, "x");
        shows(&app, "32 32 30 20");
        keys(&mut app, "iy");
        shows(&app, "❯ xdfy");
    }

    #[test]
    fn a_wrong_escape_is_shown_with_its_column_and_never_sent() {
        let mut app = app((120, 40));
        connected(&mut app);
        keys(&mut app, "ab\\q");
        shows(&app, "column 3:");
        assert!(commands(keys(&mut app, "<Enter>")).is_empty());
        shows(&app, "❯ ab\\q");
        keys(&mut app, "<Backspace><Backspace>");
        shows(&app, "2 +2 B");
    }

    #[test]
    fn the_line_ending_is_kept_with_the_preset_and_hex_is_only_a_way_of_typing() {
        let mut app = app((120, 40));
        connected(&mut app);
        let before = app.shared.drafts.current().spec.clone();
        keys(&mut app, "<A-x>0d 0a");
        shows(&app, "hex ❯ 0d 0a");
        let sent = commands(keys(&mut app, "<Enter>"));
        assert!(matches!(&sent[0], Command::Send { data, .. } if data.as_ref() == b"\r\n"));
        assert_eq!(app.shared.drafts.current().spec, before, "nothing to save");
        keys(&mut app, "<A-x>");
        shows(&app, "❯  \\r\\n");
        keys(&mut app, "<A-e>a");
        assert_ne!(app.shared.drafts.current().spec, before);
    }

    #[test]
    fn what_the_peer_does_is_said_in_words() {
        let mut app = app((120, 40));
        let id = connected(&mut app);
        let conn = id.conn(1);
        event(
            &mut app,
            traffic(
                Vec::new(),
                vec![fact(
                    conn,
                    Direction::Received,
                    RecordKind::Finished,
                    "peer finished sending",
                )],
            ),
        );
        shows(&app, "peer finished sending; our side stays open");
        let summary = Summary::of("closed by us");
        done(&mut app, id, Ok(summary));
        shows(&app, "closed by us");
        shows(&app, "F5 opens it again");
        assert!(commands(keys(&mut app, "late<Enter>")).is_empty());
        shows(&app, "❯ late");
    }

    #[test]
    fn a_listener_answers_the_chosen_one_or_all_but_never_guesses() {
        let mut app = app((120, 40));
        let plan = TcpListenerPlan {
            bind: bind(),
            tls: ListenerTls::Off,
            greeting: Bytes::new(),
            rules: Vec::new(),
        };
        let id = open(&mut app, Plan::TcpListener(plan));
        phase(
            &mut app,
            id,
            Phase::Listening { addresses: vec![address(9000)], receive_buffer: None },
        );
        let infos = (1..=3).map(|n| info(id.conn(n), Protocol::Tcp, Side::Listener)).collect();
        let records = (1..=3)
            .map(|n| {
                record(id.conn(n), n.into(), Direction::Received, format!("from {n}").as_bytes())
            })
            .collect();
        event(&mut app, traffic(infos, records));
        for n in 1..=3 {
            shows(&app, &format!("127.0.0.1:{}", 40_000 + n));
        }
        response::focus_input(&mut app);
        assert!(commands(keys(&mut app, "x<Enter>")).is_empty());
        let sent = commands(keys(&mut app, "<A-a>"));
        assert!(matches!(&sent[0], Command::Send { to: Recipient::All(to), .. } if *to == id));
        keys(&mut app, "<Esc>}}");
        let screen = screen(&app);
        let (above, _) = screen.split_once("Traffic").unwrap();
        assert!(above.contains("from 2") && !above.contains("from 3"), "{above}");
        let sent = commands(keys(&mut app, "iy<Enter>"));
        assert!(
            matches!(&sent[0], Command::Send { to: Recipient::Conn(to), .. } if *to == id.conn(2))
        );
        event(
            &mut app,
            traffic(Vec::new(), vec![record(id.conn(2), 100, Direction::Received, b"again")]),
        );
        shows(&app, "again");
    }

    #[test]
    fn lost_datagrams_stay_on_the_screen() {
        let mut app = app((120, 40));
        let id =
            open(&mut app, Plan::UdpListener(UdpListenerPlan { bind: bind(), rules: Vec::new() }));
        phase(
            &mut app,
            id,
            Phase::Listening { addresses: vec![address(9000)], receive_buffer: Some(4 << 20) },
        );
        let lost = vec![Lost { session: id, by_app: 7, by_kernel: Some(1200) }];
        event(&mut app, Event::Traffic(Batch { lost, ..Batch::default() }));
        shows(&app, "dropped: 7 by us, 1,200 by the kernel");
        shows(&app, "buffer 4.0 MiB");
    }

    #[test]
    fn a_row_opens_as_text_or_hex() {
        let mut app = app((120, 40));
        connected(&mut app);
        keys(&mut app, "<Esc><Enter>");
        shows(&app, "conn 1/1");
        keys(&mut app, "x");
        shows(&app, "|220 hello");
        keys(&mut app, "<Esc>");
        assert!(!screen(&app).contains("|220 hello"));
    }
}

mod traffic_list {
    use super::*;

    fn filled(size: (u16, u16), records: u64) -> (App, SessionId) {
        let mut app = app(size);
        let id = open(&mut app, tcp_plan());
        let conn = id.conn(1);
        let infos = vec![info(conn, Protocol::Tcp, Side::Listener)];
        let list = (0..records)
            .map(|n| record(conn, n, Direction::Received, format!("message {n}").as_bytes()));
        event(&mut app, traffic(infos, list.collect()));
        app.shared.focus = Pane::Traffic;
        app.shared.zoom = true;
        (app, id)
    }

    fn more(app: &mut App, id: SessionId, text: &str) -> Vec<Effect> {
        event(
            app,
            traffic(Vec::new(), vec![record(id.conn(1), 9999, Direction::Sent, text.as_bytes())]),
        )
    }

    #[test]
    fn the_list_follows_until_scrolled_up_and_g_follows_again() {
        let (mut app, id) = filled((120, 30), 200);
        shows(&app, "message 199");
        shows(&app, "tcp:9000 1/1");
        keys(&mut app, "k");
        more(&mut app, id, "newest");
        assert!(!screen(&app).contains("newest"));
        shows(&app, "G follows");
        keys(&mut app, "G");
        shows(&app, "newest");
        more(&mut app, id, "even newer");
        shows(&app, "even newer");
    }

    #[test]
    fn a_pause_freezes_what_is_seen_and_counts() {
        let (mut app, id) = filled((120, 30), 200);
        keys(&mut app, "<Space>");
        more(&mut app, id, "hidden");
        shows(&app, "paused +1");
        assert!(!screen(&app).contains("hidden"));
        keys(&mut app, "<Space>");
        shows(&app, "hidden");
    }

    #[test]
    fn a_filter_applies_while_typed_and_escape_restores() {
        let (mut app, id) = filled((120, 30), 200);
        more(&mut app, id, "needle");
        keys(&mut app, "/dir == out");
        let filtered = screen(&app);
        assert!(filtered.contains("needle") && !filtered.contains("message 1"), "{filtered}");
        keys(&mut app, "<Esc>");
        shows(&app, "message 199");
        keys(&mut app, "/port ==");
        shows(&app, "column");
        keys(&mut app, " 9000<Enter>");
        shows(&app, "filter: port == 9000");
    }

    #[test]
    fn a_long_timeline_is_filtered_in_steps() {
        let (mut app, _) = filled((120, 30), 200_000);
        let effects = keys(&mut app, "/9");
        let timer = Timer::FilterRebuild;
        let again = |effects: &[Effect]| {
            effects.iter().any(|e| matches!(e, Effect::After { timer: due, .. } if *due == timer))
        };
        assert!(again(&effects));
        let mut steps = 0;
        while again(&send(&mut app, Message::Timer(timer))) {
            steps += 1;
            assert!(steps < 1000);
        }
        assert!(steps > 1);
        assert!(app.traffic.listing.is_complete());
        shows(&app, "message 199999");
    }

    #[test]
    fn the_detail_follows_the_cursor_and_scrolls_on_its_own() {
        let (mut app, _) = filled((120, 30), 200);
        keys(&mut app, "k<Enter>");
        shows(&app, "#198");
        keys(&mut app, "kx");
        shows(&app, "#197");
        shows(&app, "|message 197");
        keys(&mut app, "<Enter>j<Esc><Esc>");
        assert!(!screen(&app).contains("|message 197"));
    }

    #[test]
    fn marks_survive_eviction_and_clear_says_how_many_went() {
        let mut app =
            App::new(Startup { size: (120, 30), timeline_bytes: 30_000, ..Startup::default() });
        let id = open(&mut app, tcp_plan());
        app.shared.focus = Pane::Traffic;
        app.shared.zoom = true;
        event(
            &mut app,
            traffic(
                vec![info(id.conn(1), Protocol::Tcp, Side::Client)],
                vec![record(id.conn(1), 0, Direction::Sent, b"keep me")],
            ),
        );
        keys(&mut app, "m");
        for n in 0..1000 {
            more(&mut app, id, &format!("n {n}"));
        }
        shows(&app, "evicted");
        keys(&mut app, "g");
        shows(&app, "keep me");
        shows(&app, "◆");
        keys(&mut app, "C");
        shows(&app, "records forgotten");
        assert_eq!(app.shared.timeline.len(), 0);
    }

    #[test]
    fn the_place_stays_when_older_rows_are_evicted() {
        let mut app =
            App::new(Startup { size: (120, 30), timeline_bytes: 60_000, ..Startup::default() });
        let id = open(&mut app, tcp_plan());
        app.shared.focus = Pane::Traffic;
        app.shared.zoom = true;
        event(&mut app, traffic(vec![info(id.conn(1), Protocol::Tcp, Side::Client)], Vec::new()));
        for n in 0..600 {
            more(&mut app, id, &format!("n {n}."));
        }
        keys(&mut app, "kkk");
        let before = app.traffic.selected(&app.shared);
        assert_eq!(before, Some(RecordId(596)));
        for n in 600..700 {
            more(&mut app, id, &format!("n {n}."));
        }
        assert_eq!(app.traffic.selected(&app.shared), before);
        shows(&app, "n 596.");
    }
}

mod turned_around {
    use super::*;

    /// A request with a body of so many bytes, answered in hex windows of 1024 lines.
    fn hex_window(query: &ViewQuery, body: &[u8]) -> Event {
        let rows = body.chunks(16).enumerate().skip(query.top as usize);
        let lines = rows.take(query.rows.into()).map(|(n, bytes)| ViewLine {
            offset: n as u64 * 16,
            bytes: Bytes::copy_from_slice(bytes),
            indent: 0,
            continued: false,
        });
        Event::View(Box::new(View {
            query: query.clone(),
            top: query.top,
            lines: lines.collect(),
            total_lines: body.len().div_ceil(16) as u64,
            total_bytes: body.len() as u64,
            complete: true,
            note: None,
        }))
    }

    #[test]
    fn a_request_becomes_a_draft_with_its_whole_body() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        let body = "0123456789abcde\n".repeat(3000);
        let mut seen = exchange(id, 0, Some(answer(200, 1, 500)));
        seen.request.body.decoded_len = body.len() as u64;
        seen.request.body.framing = MessageFraming::Length(body.len() as u64);
        event(&mut app, Event::Exchange(Box::new(seen)));
        let mut asked = queries(&keys(&mut app, "t"));
        let mut windows = 0;
        while let Some(query) = asked.pop() {
            windows += 1;
            assert_eq!((query.body, query.mode), (BodyId(100), ViewMode::Hex));
            let effects = event(&mut app, hex_window(&query, body.as_bytes()));
            asked = queries(&effects).into_iter().filter(|q| q.body == BodyId(100)).collect();
        }
        assert_eq!(windows, 3);
        let Spec::Http(http) = &app.shared.drafts.current().spec else { panic!("no HTTP draft") };
        assert!(
            matches!(&http.body, wirebench::model::http::HttpBody::Text(text) if *text == body)
        );
        assert_eq!(app.shared.focus, Pane::Request);
    }

    #[test]
    fn a_row_of_a_conversation_and_a_record_become_drafts() {
        for pane in [Pane::Response, Pane::Traffic] {
            let mut app = app((120, 40));
            connected(&mut app);
            keys(&mut app, "<Esc>");
            app.shared.focus = pane;
            keys(&mut app, "t");
            let Spec::Tcp(tcp) = &app.shared.drafts.current().spec else { panic!("no TCP draft") };
            assert!(tcp.steps.iter().any(|step| format!("{step:?}").contains("220 hello")));
        }
    }

    #[test]
    fn facts_are_not_turned_around() {
        let mut app = app((120, 40));
        connected(&mut app);
        keys(&mut app, "<Esc>gt");
        shows(&app, "choose a row with data");
        assert!(app.shared.drafts.current().session.is_some());
    }
}

mod mouse {
    use super::*;

    fn click(app: &mut App, text: &str) -> Vec<Effect> {
        let screen = screen(app);
        let (row, line) = screen.lines().enumerate().find(|(_, l)| l.contains(text)).unwrap();
        let column = line.split(text).next().unwrap().chars().count() as u16;
        let mouse = Mouse { kind: MouseKind::Press, column, row: row as u16 };
        send(app, Message::Input(Input::Mouse(mouse)))
    }

    #[test]
    fn tabs_rows_peers_and_the_input_line_can_be_clicked() {
        let mut app = app((120, 40));
        let id = open(&mut app, http_plan());
        event(&mut app, Event::Exchange(Box::new(exchange(id, 0, Some(answer(200, 1, 500))))));
        click(&mut app, "Timing");
        shows(&app, "Wait for first byte");
        let id = connected(&mut app);
        let infos = (2..=3).map(|n| info(id.conn(n), Protocol::Tcp, Side::Client)).collect();
        event(&mut app, traffic(infos, vec![record(id.conn(3), 9, Direction::Sent, b"to three")]));
        keys(&mut app, "<Esc>");
        click(&mut app, "❯");
        keys(&mut app, "typed");
        shows(&app, "❯ typed");
        click(&mut app, "127.0.0.1:40003");
        let screen = screen(&app);
        let (above, _) = screen.split_once("Traffic").unwrap();
        assert!(above.contains("to three") && !above.contains("220 hello"), "{above}");
        app.shared.focus = Pane::Traffic;
        click(&mut app, "connected to 127");
        assert_eq!(app.traffic.selected(&app.shared), Some(RecordId(0)));
    }
}

#[test]
fn nothing_panics_at_any_size_with_anything_on_screen() {
    let sizes = (1..=12).flat_map(|w| (1..=12).map(move |h| (w * w, h * h / 3 + 1)));
    for size in sizes {
        let mut list = Vec::new();
        let mut http = app(size);
        let id = open(&mut http, http_plan());
        let failed = Exchange {
            state: ExchangeState::Failed(Failure::new(
                Stage::Body,
                "x",
                FailureKind::Reset,
                "é".repeat(200),
            )),
            warnings: vec!["odd".into(); 9],
            ..exchange(id, 0, Some(answer(200, 1, 500)))
        };
        let effects = event(&mut http, Event::Exchange(Box::new(failed)));
        event(&mut http, Event::Exchange(Box::new(exchange(id, 1, Some(answer(200, 3, 500))))));
        serve(&mut http, &effects, 50);
        list.push(http);
        let mut talk = app(size);
        let id = connected(&mut talk);
        let infos = (1..=9).map(|n| info(id.conn(n), Protocol::Tcp, Side::Client)).collect();
        event(
            &mut talk,
            traffic(infos, vec![record(id.conn(2), 3, Direction::Sent, &[0xff; 300])]),
        );
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
            ] {
                keys(app, keys_pressed);
                screen(app);
                for (column, row) in [(0, 0), (size.0 / 2, size.1 / 2), (size.0 - 1, size.1 - 1)] {
                    for kind in [MouseKind::Press, MouseKind::ScrollDown] {
                        send(app, Message::Input(Input::Mouse(Mouse { kind, column, row })));
                    }
                }
                screen(app);
            }
        }
    }
}
