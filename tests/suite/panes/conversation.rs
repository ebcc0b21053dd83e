//! Conversations in the response pane: the input line, what the peer does, its rows.

use bytes::Bytes;
use wirebench::app::flow::focus;
use wirebench::engine::command::{CloseMode, Command, Recipient};
use wirebench::engine::event::{Batch, Event, Phase, Summary};
use wirebench::model::plan::{Plan, TcpListenerPlan, UdpListenerPlan};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, LossTotals, RecordKind};
use wirebench::model::tls::ListenerTls;

use super::connected;
use crate::harness::app::Driver;
use crate::harness::samples::{
    START, address, bind, commands, fact, http_plan, info, record, traffic,
};

#[test]
fn a_line_is_sent_with_its_ending_and_remembered() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    app.assert_shows("220 hello\\r\\n");
    let sent = commands(app.keys("hi\\x21<Enter>"));
    let to = Recipient::Conn(id.conn(1));
    assert_eq!(sent, [Command::Send { to, data: Bytes::from_static(b"hi!\r\n") }]);
    let sent = commands(app.keys("bare<A-Enter>"));
    assert_eq!(sent, [Command::Send { to, data: Bytes::from_static(b"bare") }]);
    app.keys("typed<Up>");
    app.assert_shows("❯ bare");
    app.keys("<Up>");
    app.assert_shows("❯ hi\\x21");
    app.keys("<Down><Down>");
    app.assert_shows("❯ typed");
}

#[test]
fn letters_are_typed_while_writing_and_commands_after_escape() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    app.keys("xdf");
    app.assert_shows("❯ xdf");
    assert!(commands(app.keys("<Esc>")).is_empty());
    let sent = commands(app.keys("f"));
    assert_eq!(sent, [Command::End { conn: id.conn(1), how: CloseMode::HalfClose }]);
    app.keys("x");
    app.assert_shows("32 32 30 20");
    app.keys("iy");
    app.assert_shows("❯ xdfy");
}

#[test]
fn a_reset_asks_first_and_enter_alone_keeps_the_connection() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    assert!(commands(app.keys("<Esc>D<Enter>")).is_empty());
    app.keys("D");
    app.assert_shows("Abort this connection with RST?");
    let sent = commands(app.keys("y"));
    assert_eq!(sent, [Command::End { conn: id.conn(1), how: CloseMode::Reset }]);
}

#[test]
fn a_wrong_escape_is_shown_with_its_column_and_never_sent() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    app.keys("ab\\q");
    app.assert_shows("column 3:");
    assert!(commands(app.keys("<Enter>")).is_empty());
    app.assert_shows("❯ ab\\q");
    app.keys("<Backspace><Backspace>");
    app.assert_shows("2 +2 B");
}

#[test]
fn the_line_ending_is_kept_with_the_preset_and_hex_is_only_a_way_of_typing() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    let before = app.shared.drafts.current().spec.clone();
    app.keys("<A-x>0d 0a");
    app.assert_shows("hex ❯ 0d 0a");
    let sent = commands(app.keys("<Enter>"));
    assert!(matches!(&sent[0], Command::Send { data, .. } if data.as_ref() == b"\r\n"));
    assert_eq!(app.shared.drafts.current().spec, before, "nothing to save");
    app.keys("<A-x>");
    app.assert_shows("❯  \\r\\n");
    app.keys("<A-e>a");
    assert_ne!(app.shared.drafts.current().spec, before);
}

#[test]
fn a_line_sent_before_comes_back_as_text_or_hex_as_it_was_sent() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    app.keys("41<Enter><A-x>41<Enter><A-x>");
    app.keys("typed<Up>");
    app.assert_shows("hex ❯ 41");
    let sent = commands(app.keys("<Enter>"));
    assert!(matches!(&sent[0], Command::Send { data, .. } if data.as_ref() == b"A"));
    app.keys("<Up><Up>");
    app.assert_shows("❯ 41");
    assert!(!app.screen().contains("hex ❯"), "{}", app.screen());
    let sent = commands(app.keys("<Enter>"));
    assert!(matches!(&sent[0], Command::Send { data, .. } if data.as_ref() == b"41\r\n"));
    app.keys("typed<Up><Up><Down><Down>");
    app.assert_shows("❯ typed \\r\\n");
}

#[test]
fn an_unknown_name_is_not_sent_unless_literally() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    assert!(commands(app.keys("say {{x}}<Enter>")).is_empty());
    app.assert_shows("unknown variable 'x'; Alt+I defines it, Alt+L sends it literally");
    let sent = commands(app.keys("<A-l>"));
    let (to, data) = (Recipient::Conn(id.conn(1)), Bytes::from_static(b"say {{x}}\r\n"));
    assert_eq!(sent, [Command::Send { to, data }]);
    assert!(commands(app.keys("say \\q<A-l>")).is_empty());
}

#[test]
fn where_nothing_is_typed_and_the_keys_go_elsewhere_the_hint_stands_alone() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    app.assert_shows("❯  \\r\\n");
    app.keys("<Tab>");
    app.assert_shows("❯ i writes here");
}

#[test]
fn what_the_peer_does_is_said_in_words() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    let conn = id.conn(1);
    app.event(traffic(
        Vec::new(),
        vec![fact(conn, Direction::Received, RecordKind::Finished, "peer finished sending")],
    ));
    app.assert_shows("peer finished sending; our side stays open");
    let summary = Summary::of("closed by us");
    app.ended(id, Ok(summary));
    app.assert_shows("closed by us");
    app.assert_shows("F5 opens it again");
    assert!(commands(app.keys("late<Enter>")).is_empty());
    app.assert_shows("❯ late");
}

#[test]
fn a_listener_answers_the_chosen_one_or_all_but_never_guesses() {
    let mut app = Driver::new((120, 40), START);
    let plan = TcpListenerPlan {
        bind: bind(),
        tls: ListenerTls::Off,
        greeting: Bytes::new(),
        rules: Vec::new(),
        socket: wirebench::model::socket_options::SocketOptions::default(),
    };
    let id = app.open(Plan::TcpListener(plan));
    app.phase(id, Phase::Listening { addresses: vec![address(9000).into()], receive_buffer: None });
    let infos = (1..=3).map(|n| info(id.conn(n), Protocol::Tcp, Side::Listener)).collect();
    let records = (1..=3)
        .map(|n| record(id.conn(n), n.into(), Direction::Received, format!("from {n}").as_bytes()))
        .collect();
    app.event(traffic(infos, records));
    for n in 1..=3 {
        app.assert_shows(&format!("127.0.0.1:{}", 40_000 + n));
    }
    focus::focus_input(&mut app);
    assert!(commands(app.keys("x<Enter>")).is_empty());
    let sent = commands(app.keys("<A-a>"));
    assert!(matches!(&sent[0], Command::Send { to: Recipient::All(to), .. } if *to == id));
    app.keys("<Esc>}}");
    let screen = app.screen();
    let (above, _) = screen.split_once("Traffic").unwrap();
    assert!(above.contains("from 2") && !above.contains("from 3"), "{above}");
    let sent = commands(app.keys("iy<Enter>"));
    assert!(matches!(&sent[0], Command::Send { to: Recipient::Conn(to), .. } if *to == id.conn(2)));
    app.event(traffic(Vec::new(), vec![record(id.conn(2), 100, Direction::Received, b"again")]));
    app.assert_shows("again");
}

/// What is shown goes by what the connection speaks, not by what the session was opened for: an
/// upgrade tells of the connection anew.
#[test]
fn an_upgraded_connection_is_shown_as_what_it_speaks() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(http_plan());
    let conn = id.conn(1);
    let http = info(conn, Protocol::Http, Side::Client);
    app.event(traffic(vec![http.clone()], vec![record(conn, 1, Direction::Sent, b"GET / HTTP")]));
    assert!(!app.screen().contains("Conversation"), "{}", app.screen());
    let tcp = ConnInfo { protocol: Protocol::Tcp, ..http };
    app.event(traffic(vec![tcp], vec![record(conn, 2, Direction::Received, b"upgraded")]));
    app.assert_shows("Conversation");
    focus::focus_input(&mut app);
    let sent = commands(app.keys("hi<Enter>"));
    assert!(matches!(&sent[0], Command::Send { to: Recipient::Conn(to), .. } if *to == conn));
    let screen = app.screen();
    let (above, _) = screen.split_once("Traffic").unwrap();
    assert!(above.contains("upgraded") && !above.contains("GET / HTTP"), "{above}");
}

#[test]
fn lost_datagrams_stay_on_the_screen() {
    let mut app = Driver::new((120, 40), START);
    let id = app.open(Plan::UdpListener(UdpListenerPlan {
        bind: bind(),
        rules: Vec::new(),
        socket: wirebench::model::socket_options::DatagramOptions::default(),
        answer_rate: 9,
    }));
    app.phase(
        id,
        Phase::Listening { addresses: vec![address(9000).into()], receive_buffer: Some(4 << 20) },
    );
    let lost = vec![LossTotals { session: id, by_app: 7, by_kernel: Some(1200) }];
    app.event(Event::Traffic(Batch { lost, ..Batch::default() }));
    app.assert_shows("dropped: 7 by us, 1,200 by the kernel");
    app.assert_shows("buffer 4.0");
}

#[test]
fn a_row_opens_as_text_or_hex() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    app.keys("<Esc><Enter>");
    app.assert_shows("conn 1/1");
    app.keys("x");
    app.assert_shows("|220 hello");
    app.keys("<Esc>");
    assert!(!app.screen().contains("|220 hello"));
}

/// The bytes of what was sent.
fn bytes_sent(effects: Vec<wirebench::app::effect::Effect>) -> Vec<u8> {
    let sent = commands(effects).into_iter().next();
    let Some(Command::Send { data, .. }) = sent else { panic!("nothing was sent: {sent:?}") };
    data.to_vec()
}

#[test]
fn a_line_sent_before_comes_back_with_its_ending_and_only_that_line_has_it() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    let kept = app.shared.drafts.current().spec.clone();
    assert_eq!(bytes_sent(app.keys("bare<A-Enter>")), b"bare");
    app.keys("<Up>");
    app.assert_shows("text NONE");
    assert_eq!(bytes_sent(app.keys("x<Enter>")), b"barex", "changed, it still has its ending");
    assert_eq!(bytes_sent(app.keys("next<Enter>")), b"next\r\n");
    assert_eq!(app.shared.drafts.current().spec, kept, "nothing to save");
    app.keys("typed<Up><Up><Down><Down>");
    app.assert_shows("❯ typed \\r\\n");
    assert_eq!(bytes_sent(app.keys("<Enter>")), b"typed\r\n");
    // LF from here on; the lines before keep theirs.
    assert_eq!(bytes_sent(app.keys("<A-e>lf<Enter>")), b"lf\n");
    assert_eq!(bytes_sent(app.keys("<Up><Up><Enter>")), b"typed\r\n");
    assert_eq!(bytes_sent(app.keys("<Up><Up><Enter>")), b"lf\n");
    assert_eq!(bytes_sent(app.keys("<Up><Up><A-e><Enter>")), b"typed\n", "CRLF, then LF");
}

#[test]
fn hex_has_no_line_ending_to_change() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    let kept = app.shared.drafts.current().spec.clone();
    app.keys("<A-x><A-e>");
    app.assert_shows("hex goes out without a line ending; Alt+X writes text");
    assert_eq!(app.shared.drafts.current().spec, kept);
}

#[test]
fn a_message_that_is_edited_goes_out_with_the_end_it_has() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    let bare = record(id.conn(1), 5000, Direction::Received, b"no end");
    app.event(traffic(Vec::new(), vec![bare]));
    app.keys("<Esc>Gp");
    app.assert_shows("text NONE");
    assert_eq!(bytes_sent(app.keys("<Enter>")), b"no end");
    assert_eq!(bytes_sent(app.keys("x<Enter>")), b"x\r\n");
}

#[test]
fn what_is_pasted_into_the_input_line_is_what_goes_out_and_is_seen() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    app.paste("GET /\r\nA:\tb\r\n\r\n");
    app.assert_shows("line ends: CRLF, as pasted");
    app.assert_shows("GET /\\r\\n");
    assert_eq!(bytes_sent(app.keys("<A-Enter>")), b"GET /\r\nA:\tb\r\n\r\n");
    app.paste("one\ntwo");
    app.assert_shows("one\\n");
    app.assert_shows("line ends: LF");
    assert_eq!(bytes_sent(app.keys("<Enter>")), b"one\ntwo\r\n");
    app.paste(r"C:\temp");
    app.assert_shows("escapes are read: \\t = TAB; \\\\ is a backslash");
    app.keys("x");
    app.assert_shows("\\t = TAB");
    assert_eq!(bytes_sent(app.keys("<A-Enter>")), b"C:\tempx");
    app.keys("<A-x>");
    app.paste("0d\r\n0a");
    assert_eq!(bytes_sent(app.keys("<Enter>")), b"\r\n");
}

#[test]
fn the_line_ending_stands_behind_what_is_shown_by_its_name() {
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    for (text, shown) in [
        ("a\u{200b}b", "a‹U+200B›b \\r\\n"),
        ("❤\u{fe0f}x", "‹U+FE0F›x \\r\\n"),
        ("e\u{301}", "e\u{301} \\r\\n"),
    ] {
        app.paste(text);
        app.assert_shows(shown);
        app.keys("<C-c>");
    }
}

#[test]
fn ctrl_c_clears_the_line_then_asks_and_resets_nothing() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    assert!(commands(app.keys("half typed<C-c>")).is_empty());
    app.assert_shows("the line is cleared; Up brings it back");
    app.keys("<Up>");
    app.assert_shows("❯ half typed");
    assert!(commands(app.keys("<C-c><C-c>")).is_empty());
    app.assert_shows("Close this connection? Ctrl+Q leaves the program.");
    // Neither Enter nor the same key once more means yes.
    assert!(commands(app.keys("<Enter><C-c><C-c><C-c><C-c>")).is_empty());
    assert!(!app.shows("Close this connection?"), "{}", app.screen());
    let sent = commands(app.keys("<C-c>y"));
    assert_eq!(sent, [Command::Close { id, how: CloseMode::Close }]);
    // What is too long to be remembered is one undo away.
    let mut app = Driver::new((120, 40), START);
    connected(&mut app);
    app.paste(&"x".repeat(70_000));
    app.keys("<C-c>");
    app.assert_shows("the line is cleared; Alt+Z brings it back");
    app.keys("<A-z>");
    app.assert_shows("70,000 +2 B");
}

#[test]
fn whoever_types_in_between_does_not_mean_to_leave_any_more() {
    let mut app = Driver::new((120, 40), START);
    let id = connected(&mut app);
    app.done(id);
    app.keys("<C-c>");
    app.assert_shows("again leaves");
    assert!(!app.keys("a<C-c><C-c>").contains(&wirebench::app::effect::Effect::Quit));
    assert!(app.keys("<C-c>").contains(&wirebench::app::effect::Effect::Quit));
}
