//! Replays on the screen: what is chosen, the sessions they open, steps, and what came of them; and two
//! marked rows side by side.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::message::Message;
use wirebench::app::overlay::Overlay;
use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::engine::event::{Batch, Event, Phase};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::field_id::FieldId;
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{Direction, RecordOrigin, RecordRemark};

use crate::harness::app::Driver;
use crate::harness::samples::{
    START, address, answer as answer_of, commands, exchange, info, record, tcp_plan, traffic,
};

/// A listener's conversation in focus: `a` answered by `A`, a second later `b` by `B`.
fn seen(size: (u16, u16)) -> (Driver, SessionId) {
    let mut app = Driver::new(size, START);
    let id = app.open(tcp_plan());
    let conn = id.conn(1);
    let list = vec![
        record(conn, 0, Direction::Received, b"a"),
        record(conn, 1, Direction::Sent, b"A"),
        record(conn, 1000, Direction::Received, b"b"),
        record(conn, 1001, Direction::Sent, b"B"),
    ];
    app.event(traffic(vec![info(conn, Protocol::Tcp, Side::Listener)], list));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    // The row before the last is what the client said.
    app.keys("k");
    (app, id)
}

/// Plays the engine and the clock: connects what is opened, says that what is sent has left, answers
/// it so, and ends what is closed.
fn served(app: &mut Driver, effects: Vec<Effect>, answer: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut queue = std::collections::VecDeque::from(effects);
    let (mut sent, mut answers, mut turns) = (Vec::new(), answer.iter(), 0);
    while let Some(effect) = queue.pop_front() {
        turns += 1;
        assert!(turns < 50_000, "endless");
        match effect {
            Effect::Engine(Command::Open { id, .. }) => {
                let (local, peer) = (address(1), address(2));
                queue.extend(
                    app.phase(id, Phase::Connected { local: local.into(), peer: peer.into() }),
                );
            }
            Effect::Engine(Command::Send { to: Recipient::All(id), data }) => {
                let conn = id.conn(1);
                let mut list = vec![record(conn, 0, Direction::Sent, &data)];
                list.extend(answers.next().map(|it| record(conn, 0, Direction::Received, it)));
                sent.push(data.to_vec());
                queue.extend(
                    app.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], list)),
                );
            }
            Effect::Engine(Command::Close { id, how: CloseMode::Close | CloseMode::Reset }) => {
                queue.extend(
                    app.ended(id, Ok(wirebench::engine::event::Summary::of("closed by us"))),
                );
            }
            Effect::After { timer, delay } if format!("{timer:?}") == "Replay" => {
                app.app.shared.now = app.app.shared.now + delay;
                queue.extend(app.tell(Message::Timer(timer)));
            }
            _ => {}
        }
    }
    sent
}

#[test]
fn the_conversation_of_the_row_is_said_again_where_it_went_and_what_differs_is_shown() {
    let (mut app, _) = seen((120, 40));
    app.keys("r");
    app.assert_shows("Replay");
    app.assert_shows("‹ this row ›");
    app.keys("<Right>");
    app.assert_shows("‹ the conversation ›");
    app.assert_shows("2 messages (2 B) of 1 conversation");
    let effects = app.keys("<Enter>");
    let (_, plan) = Driver::opened(&effects);
    assert_eq!(plan.side(), Side::Client);
    let sent = served(&mut app, effects, &[b"A", b"C"]);
    assert_eq!(sent, [b"a".to_vec(), b"b".to_vec()]);
    app.assert_shows("Replay ─ ");
    app.assert_shows(
        "2 of 2 messages sent; the answer differs from byte 1 (0x1) on (2 bytes, now 2)",
    );
    app.assert_shows("Side by side");
    assert!(matches!(app.overlays.last(), Some(Overlay::Compare(_))));
}

/// The window said "no difference" of an answer that nobody could give, and cut the reason.
#[test]
fn what_could_not_be_said_again_is_no_answer_without_a_difference() {
    let (mut app, _) = seen((80, 24));
    app.keys("r<Right>");
    let effects = app.keys("<Enter>");
    let (id, _) = Driver::opened(&effects);
    let cause = "127.0.0.1:9: connection refused (nobody listens there, so nothing was said)";
    let failure = Failure::new(Stage::Connect, "127.0.0.1:9", FailureKind::Refused, cause);
    app.ended(id, Err(failure));
    app.assert_shows("Replay ─ not all was said");
    app.assert_shows("0 of 2 messages sent");
    app.assert_shows("so nothing was said)");
    // Who went from step to step with it presses it once more.
    app.keys("<Enter>");
    app.assert_shows("Replay ─ not all was said");
}

#[test]
fn a_message_goes_at_its_time_whatever_else_is_waited_for() {
    let (mut app, _) = seen((120, 40));
    app.keys("r<Right>");
    let effects = app.keys("<Enter>");
    let (id, _) = Driver::opened(&effects);
    let (local, peer) = (address(1), address(2));
    let mut effects = app.phase(id, Phase::Connected { local: local.into(), peer: peer.into() });
    let conn = id.conn(1);
    for (way, bytes) in [(Direction::Sent, b"a"), (Direction::Received, b"A")] {
        let list = vec![record(conn, 0, way, bytes)];
        effects.extend(app.event(traffic(vec![info(conn, Protocol::Tcp, Side::Client)], list)));
    }
    let timer = effects.into_iter().find_map(|effect| match effect {
        Effect::After { timer, delay } if format!("{timer:?}") == "Replay" => Some((timer, delay)),
        _ => None,
    });
    let (timer, delay) = timer.unwrap();
    assert!(delay.as_millis() <= 1000, "{delay:?}");
    app.app.shared.now = app.app.shared.now + delay;
    let sent = commands(app.tell(Message::Timer(timer)));
    assert!(matches!(&sent[..], [Command::Send { data, .. }] if &data[..] == b"b"), "{sent:?}");
}

#[test]
fn a_window_that_was_closed_comes_back_with_what_came_of_it() {
    let (mut app, _) = seen((120, 40));
    app.keys("r");
    let effects = app.keys("<Enter>");
    app.keys("<Esc>");
    assert!(app.overlays.is_empty());
    served(&mut app, effects, &[b"B"]);
    assert!(app.overlays.is_empty(), "nothing takes the keys from whoever types");
    app.assert_shows("replay is over: 1 of 1");
    app.keys("r");
    app.assert_shows("the same answer (1 byte)");
    app.keys("<Esc>r");
    app.assert_shows("‹ this row ›");
}

#[test]
fn step_by_step_a_key_sends_a_message_and_another_ends_it() {
    let (mut app, _) = seen((120, 40));
    app.keys("r<Right><Down>");
    app.keys("<Left>");
    app.assert_shows("‹ step by step ›");
    let effects = app.keys("<Enter>");
    assert_eq!(served(&mut app, effects, &[]), Vec::<Vec<u8>>::new(), "nothing without a key");
    app.assert_shows("0 of 2 said");
    app.assert_shows("next: 1 B  a");
    let effects = app.keys("<Enter>");
    assert_eq!(served(&mut app, effects, &[b"A"]), [b"a".to_vec()]);
    app.assert_shows("next: 1 B  b");
    let effects = app.keys("<F8>");
    let ends = commands(effects.clone());
    assert!(matches!(ends[..], [Command::Close { how: CloseMode::Reset, .. }]), "{ends:?}");
    served(&mut app, effects, &[]);
    app.assert_shows("1 of 2 messages sent");
    app.assert_shows("stopped");
}

#[test]
fn another_target_is_typed_and_a_wrong_one_is_named() {
    let (mut app, _) = seen((120, 40));
    app.keys("r<Down><Down><C-u>");
    app.keys("<C-a><C-k>");
    app.paste("udp://127.0.0.1:9");
    app.assert_shows("a target of datagrams takes no streams");
    assert!(commands(app.keys("<Enter>")).is_empty());
    app.keys("<C-a><C-k>");
    app.paste("127.0.0.1:9");
    let effects = app.keys("<Enter>");
    assert_eq!(Driver::opened(&effects).1.address(), "127.0.0.1:9");
}

#[test]
fn secrets_that_a_file_masks_cannot_be_said_again_and_its_comments_come_back() {
    let mut app = Driver::new((120, 40), START);
    let conn = SessionId(0).conn(1);
    let masked = RecordOrigin { is_masked: true, ..RecordOrigin::default() };
    let remarks = vec![
        RecordRemark { of: 0, comment: None, origin: masked },
        RecordRemark { of: 1, comment: Some("look here".into()), ..RecordRemark::default() },
    ];
    let records =
        vec![record(conn, 0, Direction::Sent, b"***"), record(conn, 1, Direction::Received, b"no")];
    let conns = vec![info(conn, Protocol::Tcp, Side::Client)];
    app.event(Event::Traffic(Batch { conns, records, remarks, ..Batch::default() }));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    app.assert_shows("look here");
    app.keys("r<Right><Right>");
    app.assert_shows("secrets its client said are masked");
}

#[test]
fn two_marked_rows_are_compared_as_text_json_or_bytes() {
    for (pair, says) in [
        ([&b"one\ntwo\n"[..], b"one\nTWO\n"], "line 2"),
        ([br#"{"a":1,"b":2}"#, br#"{"b":2,"a":3}"#], ".a"),
        ([&[0, 1, 2], &[0, 1, 3]], "00000000"),
    ] {
        let mut app = Driver::new((140, 44), START);
        let id = app.open(tcp_plan());
        let conn = id.conn(1);
        let list = vec![
            record(conn, 0, Direction::Received, pair[0]),
            record(conn, 1, Direction::Received, pair[1]),
            record(conn, 2, Direction::Received, b"third"),
        ];
        app.event(traffic(vec![info(conn, Protocol::Tcp, Side::Listener)], list));
        app.shared.focus = Pane::Traffic;
        app.shared.zoom = true;
        app.keys("m=");
        app.assert_shows("mark two rows to compare them");
        app.keys("kmkm=");
        app.assert_shows("3 rows are marked, and two are compared; ' goes to them, m unmarks");
        app.keys("Gm=");
        app.assert_shows("Differences");
        app.assert_shows("first difference at byte");
        app.assert_shows(says);
    }
}

#[test]
fn a_mock_of_a_conversation_is_a_draft_that_answers_as_was_seen() {
    let (mut app, _) = seen((140, 44));
    app.keys("M");
    let spec = &app.shared.drafts.current().spec;
    assert_eq!((spec.side(), spec.protocol()), (Side::Listener, Protocol::Tcp));
    app.assert_shows("a mock with 2 rules of the row's conversation");
    let effects = app.keys("<F5>");
    let rules = Driver::opened(&effects).1.tcp_listener().unwrap().rules;
    assert_eq!(rules.len(), 2);
}

#[test]
fn a_mock_of_http_is_made_of_its_bytes_and_of_what_the_filter_lets_through() {
    let mut app = Driver::new((140, 44), START);
    let id = app.open(tcp_plan());
    let (one, two) = (id.conn(1), id.conn(2));
    let said = |conn, at, path: &str, status: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
        [
            record(conn, at, Direction::Received, request.as_bytes()),
            record(conn, at + 1, Direction::Sent, answer.as_bytes()),
        ]
    };
    let list =
        [said(one, 0, "/a", "200 OK"), said(one, 5, "/a", "503 No"), said(two, 9, "/b", "200 OK")];
    let conns = [one, two].map(|conn| info(conn, Protocol::Tcp, Side::Listener));
    app.event(traffic(conns.to_vec(), list.concat()));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    app.keys("/");
    app.paste("data contains \"/a\"");
    app.keys("<Enter>M");
    app.assert_shows("a mock with 2 rules of what the filter lets through");
    let effects = app.keys("<F5>");
    let rules = Driver::opened(&effects).1.http_listener().unwrap().rules;
    let told: Vec<_> = rules.iter().map(|it| (&*it.path, it.answer.status)).collect();
    assert_eq!(told, [("/a", 200), ("/a", 503)]);
}

#[test]
fn the_answer_of_an_exchange_becomes_a_rule_of_a_listener_that_is_chosen() {
    let mut app = Driver::new((140, 44), START);
    let id = app.open(tcp_plan());
    let conn = id.conn(1);
    let answer = b"HTTP/1.1 201 Created\r\nDate: now\r\nX-Id: 7\r\nContent-Length: 2\r\n\r\nok";
    let list = vec![
        record(conn, 0, Direction::Sent, b"GET /users/{{x}}?a=1 HTTP/1.1\r\nHost: h\r\n\r\n"),
        record(conn, 5, Direction::Received, answer),
    ];
    app.event(traffic(vec![info(conn, Protocol::Http, Side::Client)], list));
    app.event(Event::Exchange(Box::new(exchange(id, 0, Some(answer_of(201, 1, 2))))));
    app.shared.focus = Pane::Traffic;
    app.shared.zoom = true;
    app.keys("A");
    app.assert_shows("1 rule added");
    let effects = app.keys("<F5>");
    let rules = Driver::opened(&effects).1.http_listener().unwrap().rules;
    let rule = &rules[0];
    assert_eq!((&*rule.method, &*rule.path, rule.answer.status), ("GET", "/users/{{x}}?a=1", 201));
    let headers: Vec<&str> = rule.answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(headers.contains(&"X-Id") && !headers.contains(&"Date"), "{headers:?}");
    // Now there is one that is open.
    app.shared.focus = Pane::Traffic;
    app.keys("A");
    app.assert_shows("Which listener shall answer so");
    app.assert_shows("a new listener");
    app.keys("<Enter>");
    app.assert_shows("1 rule added");
    let draft = app.shared.drafts.current();
    let rules = wirebench::model::field_access::rows(draft.spec.options(), &FieldId::new("rule"));
    assert_eq!(rules.unwrap().count(), 2);
}
