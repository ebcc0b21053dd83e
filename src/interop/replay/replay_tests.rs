//! Replays of made-up recordings, with a peer and a clock of the test.

use bytes::Bytes;

use super::*;
use crate::model::asked_target::AskedTarget;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::{ConnId, SessionId};
use crate::model::protocol::{Protocol, Side};
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

const SECOND: u64 = 1_000_000_000;

fn info(index: u32, protocol: Protocol, side: Side) -> ConnInfo {
    ConnInfo {
        local: "127.0.0.1:9000".parse().ok(),
        peer: "127.0.0.1:5000".parse().ok(),
        ..ConnInfo::new(SessionId(7).conn(index), protocol, side)
    }
}

fn data(conn: ConnId, at: u64, direction: Direction, bytes: &'static [u8]) -> Record {
    Record::new(Stamp(at), conn, direction, RecordKind::Data, Bytes::from_static(bytes))
}

/// `> said < answered`, a second apart each.
fn script(conn: &ConnInfo, said: &[&'static str]) -> ReplayScript {
    let mut recording = Recording::default();
    take(&mut recording, conn, 0, said);
    recording.finish().unwrap()
}

fn take(recording: &mut Recording, conn: &ConnInfo, from: u64, said: &[&'static str]) {
    for (at, text) in said.iter().enumerate() {
        let is_out = text.starts_with('>') != conn.is_accepted();
        let direction = if is_out { Direction::Sent } else { Direction::Received };
        let record = data(conn.id, from + at as u64 * SECOND, direction, &text.as_bytes()[1..]);
        recording.take(&record, conn, true, false);
    }
}

/// Plays to the end against a peer that answers each message by `answer`, in no time; returns what
/// was sent and when, in milliseconds.
fn play(
    run: &mut ReplayRun,
    answer: impl Fn(usize, &[u8]) -> Option<&'static [u8]>,
) -> Vec<(u64, String)> {
    let (mut now, mut sent) = (Stamp(0), Vec::new());
    for _ in 0..10_000 {
        if run.is_over() {
            return sent;
        }
        let turn = run.turn(now);
        for order in &turn.orders {
            let conn = SessionId(9).conn(1);
            match order {
                ReplayOrder::Open(talk) => run.opened(*talk, now),
                ReplayOrder::Send(talk, bytes) => {
                    sent.push((now.0 / 1_000_000, String::from_utf8_lossy(bytes).into_owned()));
                    let kind = RecordKind::Data;
                    let out = Record::new(now, conn, Direction::Sent, kind, bytes.clone());
                    run.record(*talk, &out, now);
                    if let Some(answer) = answer(*talk, bytes) {
                        run.record(*talk, &data(conn, now.0, Direction::Received, answer), now);
                    }
                }
                ReplayOrder::Finish(_) => {}
                ReplayOrder::Close(talk) | ReplayOrder::Abort(talk) => {
                    run.ended(*talk, Ok("closed"));
                }
            }
        }
        match turn.wake {
            Some(wake) if turn.orders.is_empty() => now = wake.max(now),
            None if turn.orders.is_empty() => {
                assert!(run.step() || run.is_over(), "it stands still");
            }
            Some(_) | None => {}
        }
    }
    panic!("it has no end");
}

fn echoed(_: usize, bytes: &[u8]) -> Option<&'static [u8]> {
    match bytes {
        b"a" => Some(b"A"),
        b"b" => Some(b"B"),
        _ => None,
    }
}

#[test]
fn the_client_of_either_side_is_who_speaks_again() {
    for side in [Side::Client, Side::Listener] {
        let conn = info(1, Protocol::Tcp, side);
        let script = script(&conn, &[">a", "<A", ">b", "<B"]);
        let talk = &script.talks[0];
        assert_eq!((talk.sends(), talk.bytes(), talk.old.joined()), (2, 2, b"AB".to_vec()));
        assert_eq!(talk.steps[1].heard, 1);
        let target = if side.listens() { "127.0.0.1:9000" } else { "127.0.0.1:5000" };
        assert_eq!(talk.address(), target);
        let plan = talk.plan(&ReplayTarget::default()).unwrap();
        assert_eq!((plan.address(), plan.side()), (target.into(), Side::Client));
    }
}

#[test]
fn time_goes_as_it_went_scaled_or_not_at_all() {
    let conn = info(1, Protocol::Tcp, Side::Client);
    let times = |pace| {
        let mut run = ReplayRun::new(script(&conn, &[">a", "<A", ">b", "<B"]).talks, pace);
        let sent = play(&mut run, echoed);
        assert!(run.verdicts()[0].is_same && run.verdicts()[0].is_sent(), "{:?}", run.verdicts());
        sent.into_iter().map(|(at, _)| at).collect::<Vec<_>>()
    };
    assert_eq!(times(ReplayPace::ORIGINAL), [0, 2000]);
    assert_eq!(times(ReplayPace::parse("4x").unwrap()), [0, 500]);
    assert_eq!(times(ReplayPace::parse("max").unwrap()), [0, 0]);
    assert_eq!(times(ReplayPace::Stepwise).len(), 2);
    assert!(ReplayPace::parse("0").is_err() && ReplayPace::parse("fast").is_err());
}

#[test]
fn a_peer_that_says_less_is_waited_for_and_named() {
    let conn = info(1, Protocol::Tcp, Side::Client);
    let script = script(&conn, &[">a", "<A", ">b", "<Bxx"]);
    let mut run = ReplayRun::new(script.talks, ReplayPace::Free);
    let sent = play(&mut run, |_, bytes| (bytes == b"b").then_some(b"B"));
    assert_eq!(
        sent.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        [0, 5000],
        "it waits, then goes on"
    );
    let verdict = &run.verdicts()[0];
    assert!(verdict.is_sent() && !verdict.is_equal && verdict.in_vain > 0, "{verdict:?}");
    assert_eq!(
        verdict.words(),
        "2 of 2 messages sent; the answer differs from byte 0 (0x0) on (4 bytes, now 1)"
    );
}

#[test]
fn what_came_after_something_else_is_said_after_it_again() {
    let (one, two) = (info(1, Protocol::Tcp, Side::Client), info(2, Protocol::Tcp, Side::Client));
    let mut recording = Recording::default();
    take(&mut recording, &one, 0, &[">a", "<A"]);
    take(&mut recording, &two, 5 * SECOND, &[">b", "<B"]);
    let mut run = ReplayRun::new(recording.finish().unwrap().talks, ReplayPace::Free);
    let first = run.turn(Stamp(0));
    assert_eq!(first.orders, [ReplayOrder::Open(0)], "the second waits for the first");
    run.opened(0, Stamp(0));
    run.ended(0, Ok("closed"));
    assert_eq!(run.turn(Stamp(1)).orders, [ReplayOrder::Open(1)]);
    let failed = &run.verdicts()[0];
    assert_eq!(failed.failed.as_deref(), Some("closed"), "it ended before it was said");
}

#[test]
fn answers_of_datagrams_are_compared_one_by_one() {
    let conn = info(1, Protocol::Udp, Side::Client);
    let mut run = ReplayRun::new(script(&conn, &[">a", "<A", ">b", "<B"]).talks, ReplayPace::Free);
    play(&mut run, |_, bytes| Some(if bytes == b"a" { b"A" } else { b"C" }));
    let place = run.verdicts()[0].first.unwrap();
    assert_eq!(place.words(), "datagram 2, byte 0 (0x0)");
}

#[test]
fn a_row_alone_is_answered_by_what_followed_it() {
    let conn = info(1, Protocol::Tcp, Side::Listener);
    let mut recording = Recording::default();
    for (at, (bytes, direction)) in [
        (&b"a"[..], Direction::Received),
        (b"A", Direction::Sent),
        (b"b", Direction::Received),
        (b"B", Direction::Sent),
        (b"c", Direction::Received),
        (b"C", Direction::Sent),
    ]
    .into_iter()
    .enumerate()
    {
        let record = data(conn.id, at as u64, direction, bytes);
        recording.take(&record, &conn, bytes == b"b", false);
    }
    let script = recording.finish().unwrap();
    assert_eq!((script.talks[0].sends(), script.talks[0].old.joined()), (1, b"B".to_vec()));
    assert_eq!(script.talks[0].steps[0].heard, 0);
    assert_eq!(script.talks[0].began, Stamp(2), "nobody waits for what is not said");
}

#[test]
fn what_is_not_whole_is_left_out_and_named() {
    let conn = info(1, Protocol::Tcp, Side::Client);
    let other = info(2, Protocol::Tcp, Side::Client);
    let sent = |conn: &ConnInfo, bytes| data(conn.id, 0, Direction::Sent, bytes);
    let of = |record: Record, is_masked| {
        let mut recording = Recording::default();
        recording.take(&record, &conn, true, is_masked);
        recording.take(&sent(&other, b"whole"), &other, true, false);
        let script = recording.finish().unwrap();
        assert_eq!(script.talks.len(), 1);
        script.left_out.join("")
    };
    let cut = Record { original_len: 9, ..sent(&conn, b"a") };
    assert_eq!(of(cut, false), "1 conversation left out: 8 bytes its client said were not kept");
    assert!(of(sent(&conn, b"a"), true).contains("masked in the file"));
    assert!(of(sent(&conn, b"\x16\x03\x01\x02\x00\x01\x00"), false).contains("nobody decrypted"));
    let mut none = Recording::default();
    none.take(&data(conn.id, 0, Direction::Received, b"x"), &conn, true, false);
    assert!(none.finish().unwrap_err().contains("nothing in it was said by a client"));
}

#[test]
fn the_date_of_an_answer_differs_whatever_the_server_does() {
    let conn = info(1, Protocol::Http, Side::Client);
    let said = [
        ">GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "<HTTP/1.1 200 OK\r\nDate: Sun, 29 Nov 2026 12:00:00 GMT\r\n\r\nhi",
    ];
    let mut run = ReplayRun::new(script(&conn, &said).talks, ReplayPace::Free);
    play(&mut run, |_, _| {
        Some(b"HTTP/1.1 200 OK\r\nDate: Mon, 30 Nov 2026 13:00:01 GMT\r\n\r\nhi")
    });
    let verdict = &run.verdicts()[0];
    assert!(verdict.is_equal && !verdict.is_same, "{verdict:?}");
    assert!(verdict.words().contains("but for its date"), "{}", verdict.words());
}

/// A cookie that the file masks was a difference of every answer, whatever the server said.
#[test]
fn what_the_file_masks_of_an_answer_is_no_difference() {
    let conn = info(1, Protocol::Http, Side::Client);
    let verdict = |answer: &'static [u8]| {
        let mut recording = Recording::default();
        let asked = data(conn.id, 0, Direction::Sent, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        recording.take(&asked, &conn, true, false);
        let said = b"HTTP/1.1 200 OK\r\nSet-Cookie: ********\r\nX: ********\r\n\r\nhi";
        let told = data(conn.id, SECOND, Direction::Received, said);
        recording.take(&Record { original_len: 64, ..told }, &conn, true, true);
        let talks = recording.finish().unwrap().talks;
        let mut run = ReplayRun::new(talks, ReplayPace::Free);
        play(&mut run, |_, _| Some(answer));
        run.verdicts().remove(0)
    };
    let same = verdict(b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=abc; Path=/\r\nX: *\r\n\r\nhi");
    assert!(same.is_equal && !same.is_same, "{same:?}");
    assert!(same.words().contains("what the file masks"), "{}", same.words());
    for other in [
        &b"HTTP/1.1 500 OK\r\nSet-Cookie: sid\r\nX: 1\r\n\r\nhi"[..],
        b"HTTP/1.1 200 OK\r\nSet-Cookie: sid\r\nX: 1\r\n\r\nho",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: sid\r\n\r\nhi",
    ] {
        let other = verdict(other);
        assert!(!other.is_equal, "{other:?}");
        assert!(other.words().contains("the file masks some of it"), "{}", other.words());
    }
}

#[test]
fn a_target_may_be_another_and_must_fit() {
    let tls = ConnInfo { tls: true, ..info(1, Protocol::Http, Side::Client) };
    let said = [">GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "<x"];
    let talk = script(&tls, &said).talks.remove(0);
    let address =
        |text: &str| talk.plan(&ReplayTarget::parse(text).unwrap()).map(|it| it.address());
    assert_eq!(address("b.example:8443").unwrap(), "b.example:8443");
    assert_eq!(address("https://c.example/x").unwrap(), "c.example:443");
    assert!(address("udp://d.example:1").unwrap_err().contains("datagrams"));
    assert!(ReplayTarget::parse("not a target").is_err());
    let plan = format!("{:?}", talk.plan(&ReplayTarget::default()).unwrap());
    assert!(plan.contains("sni: \"a.example\""), "{plan}");
    let plan =
        format!("{:?}", talk.plan(&ReplayTarget::parse("tcp://e.example:1").unwrap()).unwrap());
    assert!(plan.contains("tls: Off"), "{plan}");
}

/// It is of the prefix for documentation, which is asked for nothing.
#[test]
fn where_a_capture_has_an_address_for_a_unix_socket_the_target_is_asked_for() {
    let peer = "[2001:db8:0:1:0:3:0:1]:5000".parse().ok();
    let conn = ConnInfo { peer, ..info(1, Protocol::Tcp, Side::Client) };
    let talk = script(&conn, &[">PING", "<PONG"]).talks.remove(0);
    let why = talk.plan(&ReplayTarget::default()).unwrap_err();
    assert!(why.contains("name the target, such as unix:/path"), "{why}");
    let target = ReplayTarget::parse("unix:/tmp/a.sock").unwrap();
    assert_eq!(talk.plan(&target).unwrap().address(), "unix:/tmp/a.sock");
    let other = ConnInfo { peer: "[2001:db8::7]:5000".parse().ok(), ..conn };
    assert!(script(&other, &[">PING"]).talks[0].plan(&ReplayTarget::default()).is_ok());
}

#[test]
fn a_session_that_cannot_be_opened_is_a_failure_and_stopping_ends_all() {
    let conn = info(1, Protocol::Tcp, Side::Client);
    let script = script(&conn, &[">a", "<A"]);
    let mut run = ReplayRun::new(script.talks.clone(), ReplayPace::Free);
    run.turn(Stamp(0));
    let failure = Failure::new(Stage::Connect, "h:1", FailureKind::Refused, "nobody listens");
    run.ended(0, Err(&failure));
    assert!(run.is_over() && run.verdicts()[0].failed.as_ref().unwrap().contains("nobody listens"));
    let mut run = ReplayRun::new(script.talks, ReplayPace::Free);
    run.turn(Stamp(0));
    assert_eq!(run.stop(), [ReplayOrder::Abort(0)]);
    run.ended(0, Ok("reset by us"));
    assert_eq!(run.verdicts()[0].failed.as_deref(), Some("stopped"));
}

#[test]
fn a_step_that_has_not_left_is_not_over() {
    let conn = info(1, Protocol::Tcp, Side::Client);
    let mut run = ReplayRun::new(script(&conn, &[">a", "<A", ">b"]).talks, ReplayPace::Stepwise);
    run.turn(Stamp(0));
    assert!(run.awaits_step() && run.step());
    run.opened(0, Stamp(1));
    assert_eq!(run.turn(Stamp(1)).orders, [ReplayOrder::Send(0, Bytes::from_static(b"a"))]);
    assert!(!run.awaits_step(), "it is on its way");
    run.record(0, &data(conn.id, 2, Direction::Sent, b"a"), Stamp(2));
    assert!(run.awaits_step());
}

/// What a client said to a relay that leads it where it asks.
fn proxied(conn: &ConnInfo, said: &[&'static str], is_opened: bool) -> Result<ReplayTalk, String> {
    let mut recording = Recording::default();
    for (at, text) in said.iter().enumerate() {
        let direction = if text.starts_with('>') { Direction::Received } else { Direction::Sent };
        let record = data(conn.id, at as u64 * SECOND, direction, &text.as_bytes()[1..]);
        recording.take(&record, conn, true, false);
        if is_opened && text.contains(" 200 Conn") {
            let words = Bytes::from_static(b"TLS is opened here");
            let at = Stamp(at as u64 * SECOND + 1);
            let fact = Record::new(at, conn.id, Direction::Local, RecordKind::Secured, words);
            recording.take(&fact, conn, true, false);
        }
    }
    recording.finish().map(|mut script| script.talks.remove(0))
}

fn said(talk: &ReplayTalk) -> String {
    let sends = talk.steps.iter().filter_map(|step| match &step.act {
        ReplayAct::Send(data) => Some(String::from_utf8_lossy(data).into_owned()),
        ReplayAct::Finish => None,
    });
    sends.collect()
}

#[test]
fn a_client_that_chose_where_to_be_led_is_led_there_again() {
    for (protocol, tls) in [(Protocol::Tcp, false), (Protocol::Tcp, true), (Protocol::Udp, false)] {
        let target = "db.example:5432".parse().unwrap();
        let asked = Some(AskedTarget::by_client(&target, "192.0.2.1:5432".parse().ok(), tls));
        let conn = ConnInfo { asked, ..info(1, protocol, Side::Relay) };
        let talk = script(&conn, &[">a", "<A"]).talks.remove(0);
        let plan = talk.plan(&ReplayTarget::default()).unwrap();
        assert_eq!(plan.address(), "db.example:5432", "not the port of the relay");
        assert_eq!(format!("{plan:?}").contains("tls: On"), tls, "{plan:?}");
    }
    // One that leads all to one target is there for all of them.
    let asked = Some(AskedTarget::new(&"db.example:5432".parse().unwrap(), None));
    let conn = ConnInfo { asked, ..info(1, Protocol::Tcp, Side::Relay) };
    let connects = [">CONNECT a.example:443 HTTP/1.1\r\n\r\n", "<HTTP/1.1 200 OK\r\n\r\n", ">a"];
    let talk = script(&conn, &connects).talks.remove(0);
    assert_eq!((talk.address().as_str(), talk.sends()), ("127.0.0.1:9000", 2));
}

#[test]
fn what_was_said_through_a_connect_is_said_to_its_server() {
    let conn = info(1, Protocol::Http, Side::Relay);
    let connect = ">CONNECT a.example:8443 HTTP/1.1\r\nProxy-Authorization: Basic eA==\r\n\r\n";
    let yes = "<HTTP/1.1 200 Connection Established\r\n\r\n";
    let no = "<HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    let (ask, answer) =
        (">GET / HTTP/1.1\r\nHost: a.example:8443\r\n\r\n", "<HTTP/1.1 200 OK\r\n\r\n");
    for is_opened in [true, false] {
        let talk = proxied(&conn, &[connect, no, connect, yes, ask, answer], is_opened).unwrap();
        assert_eq!(
            (said(&talk), talk.old.joined()),
            (ask.trim_start_matches('>').to_owned(), answer.as_bytes()[1..].to_vec())
        );
        let plan = talk.plan(&ReplayTarget::default()).unwrap();
        assert_eq!(plan.address(), "a.example:8443");
        assert_eq!(format!("{plan:?}").contains("tls: On"), is_opened, "{plan:?}");
    }
    let hello = ">\x16\x03\x01\x02\x00\x01\x00";
    for side in [Side::Relay, Side::Listener] {
        let conn = info(1, Protocol::Http, side);
        let why = proxied(&conn, &[connect, yes, hello], false).unwrap_err();
        assert!(why.contains("TLS that nobody decrypted"), "{why}");
        let why = proxied(&conn, &[connect, yes], false).unwrap_err();
        assert!(why.contains("a CONNECT only asks a proxy for a way"), "{why}");
    }
}

#[test]
fn a_request_that_a_proxy_got_is_said_to_its_server() {
    let conn = info(1, Protocol::Http, Side::Relay);
    let ask = ">GET http://a.example:81/x HTTP/1.1\r\nHost: a.example:81\r\n\r\n";
    let talk = proxied(&conn, &[ask, "<HTTP/1.1 200 OK\r\n\r\n"], false).unwrap();
    assert_eq!(said(&talk), "GET /x HTTP/1.1\r\nHost: a.example:81\r\n\r\n");
    assert_eq!(talk.address(), "a.example:81");
    let other = ">GET http://b.example/ HTTP/1.1\r\n\r\n";
    let why = proxied(&conn, &[ask, "<HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", other], false);
    assert!(why.unwrap_err().contains("more than one server"));
}
