//! TCP and UDP conversations and the traffic list: searching, looking closely, taking out.

use std::net::SocketAddr;

use bytes::Bytes;
use ratatui::style::Color;
use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::intent::Intent;
use wirebench::app::message::{Message, Timer};
use wirebench::app::overlay::Overlay;
use wirebench::app::overlay::jump::JumpLabel;
use wirebench::app::themes::Themes;
use wirebench::engine::command::{Command, Recipient};
use wirebench::engine::event::{Batch, Event, Phase};
use wirebench::model::id::{ConnId, SessionId};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, Record, RecordKind};
use wirebench::model::theme::ColorDepth;
use wirebench::model::timing::Stamp;
use wirebench::store::job::{Job, Overwrite};
use wirebench::timeline::{Timeline, conversation};

use crate::harness::app::{Driver, NOON};

pub const WIDE: (u16, u16) = (120, 40);

pub fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

pub fn record(conn: ConnId, millis: u64, direction: Direction, data: &[u8]) -> Record {
    Record {
        frames: bytes::Bytes::new(),
        at: Stamp(NOON.0 + millis * 1_000_000),
        conn,
        direction,
        kind: RecordKind::Data,
        data: Bytes::copy_from_slice(data),
        original_len: data.len() as u64,
        faults: wirebench::model::fault::FaultMarks::default(),
    }
}

/// A TCP client that is connected; the keys go to its rows.
pub fn talking(size: (u16, u16)) -> (Driver, ConnId) {
    let mut driver = Driver::bare(size);
    let (id, _) = Driver::opened(&driver.keys("<F3><C-l>127.0.0.1:9000<F5>"));
    let phase = Phase::Connected { local: address(50_000).into(), peer: address(9000).into() };
    driver.send(Message::Engine(Event::Phase { id, phase, at: NOON }));
    let conn = id.conn(1);
    arrive(&mut driver, vec![client(conn)], Vec::new());
    driver.keys("<Esc>");
    (driver, conn)
}

fn client(id: ConnId) -> ConnInfo {
    ConnInfo {
        local: Some(address(50_000).into()),
        peer: Some(address(9000).into()),
        ..ConnInfo::new(id, Protocol::Tcp, Side::Client)
    }
}

/// A TCP listener with this many peers; each said who it is.
pub fn serving(size: (u16, u16), peers: u32) -> (Driver, SessionId) {
    let mut driver = Driver::bare(size);
    let (id, _) = Driver::opened(&driver.keys("<F3><F6><C-l>:9000<F5>"));
    driver.listening(id);
    let conns = (1..=peers)
        .map(|n| ConnInfo {
            side: Side::Listener,
            local: Some(address(9000).into()),
            peer: Some(address(40_000 + n as u16).into()),
            ..client(id.conn(n))
        })
        .collect();
    let records = (1..=peers).map(|n| {
        let text = format!("from {n}");
        record(id.conn(n), u64::from(n), Direction::Received, text.as_bytes())
    });
    arrive(&mut driver, conns, records.collect());
    driver.app.shared.focus = Pane::Response;
    (driver, id)
}

pub fn arrive(driver: &mut Driver, conns: Vec<ConnInfo>, records: Vec<Record>) {
    let batch = Batch { conns, records, ..Batch::default() };
    driver.send(Message::Engine(Event::Traffic(batch)));
}

/// Messages of the peer, each far enough from the one before to be a row of its own.
pub fn hear(driver: &mut Driver, conn: ConnId, messages: &[&[u8]]) {
    let before = driver.app.shared.timeline.len() as u64;
    let records = messages
        .iter()
        .enumerate()
        .map(|(at, data)| record(conn, (before + at as u64) * 100, Direction::Received, data));
    arrive(driver, Vec::new(), records.collect());
}

/// Presses keys and keeps the timers they started.
fn press(driver: &mut Driver, run: &str) {
    let effects = driver.keys(run);
    driver.effects.extend(effects);
}

/// Lets timers go off until none of this pane's is left; tells how many there were.
fn let_timers_go(driver: &mut Driver) -> usize {
    let mut count = 0;
    loop {
        let due: Vec<_> = driver
            .effects
            .extract_if(.., |effect| matches!(effect, Effect::After { .. }))
            .filter_map(|effect| match effect {
                Effect::After { delay, timer } if delay.as_millis() < 50 => Some(timer),
                _ => None,
            })
            .collect();
        if due.is_empty() {
            return count;
        }
        count += due.len();
        for token in due {
            driver.send(Message::Timer(token));
        }
    }
}

/// The cells of the screen with this background, as text row by row.
fn with_background(driver: &Driver, color: Color) -> Vec<String> {
    let buffer = driver.buffer();
    (0..buffer.area.height)
        .map(|y| {
            let cells = (0..buffer.area.width).map(|x| &buffer[(x, y)]);
            cells.filter(|cell| cell.bg == color).map(ratatui::buffer::Cell::symbol).collect()
        })
        .filter(|row: &String| !row.is_empty())
        .collect()
}

/// Backgrounds of hits and of the hit stood on, in the theme of tests.
fn hits(driver: &mut Driver) -> (Vec<String>, Vec<String>) {
    driver.app.shared.themes = Themes::new(ColorDepth::Sixteen);
    (with_background(driver, Color::LightGreen), with_background(driver, Color::LightCyan))
}

#[test]
fn a_session_that_is_over_lets_go_of_its_connections_with_their_records() {
    let (mut driver, id) = serving((80, 24), 3);
    driver.done(id);
    let known = |timeline: &Timeline| {
        (0..10).filter(|index| timeline.conn(id.conn(*index)).is_some()).count()
    };
    driver.app.shared.focus = Pane::Traffic;
    driver.keys("C");
    assert_eq!(known(&driver.app.shared.timeline), 3, "they may come back");
    driver.send(Message::Timer(Timer::Forget));
    let timeline = &driver.app.shared.timeline;
    assert_eq!(known(timeline), 0);
    assert_eq!(timeline.session_totals(id).received.records, 3, "what crossed is still known");
}

#[test]
fn a_search_goes_from_hit_to_hit_over_the_rows_and_round_the_end() {
    let (mut driver, conn) = talking(WIDE);
    hear(&mut driver, conn, &[b"alpha ping ping", b"beta", b"PING gamma", b"delta"]);
    driver.keys("g/ping<Enter>");
    let (others, here) = hits(&mut driver);
    assert_eq!(here, ["ping"], "{}", driver.screen());
    assert_eq!(others, ["ping", "PING"]);
    driver.keys("n");
    assert!(driver.shows("alpha ping ping"));
    driver.keys("n");
    assert_eq!(hits(&mut driver).1, ["PING"]);
    driver.keys("n");
    assert!(driver.shows("the search went on from the top"), "{}", driver.screen());
    driver.keys("N");
    assert!(driver.shows("the search went on from the bottom"));
    assert_eq!(hits(&mut driver).1, ["PING"]);
    driver.keys("/absent<Enter>");
    assert!(driver.shows("'absent' was not found"));
}

#[test]
fn what_is_searched_may_be_escapes_or_hex_and_is_marked_in_text_and_in_hex() {
    let (mut driver, conn) = talking(WIDE);
    hear(&mut driver, conn, &[b"one\r\n", b"\x01\xff\x02", b"two\r\n"]);
    driver.keys("g/0xff02<Enter>");
    assert_eq!(hits(&mut driver).1, [r"\xff\x02"], "{}", driver.screen());
    driver.keys("x");
    assert_eq!(hits(&mut driver).1, ["ff 02"], "{}", driver.screen());
    driver.keys("x/two\\r\\n<Enter>");
    assert_eq!(hits(&mut driver).1, [r"two\r\n"], "{}", driver.screen());
    driver.keys("<Enter>x");
    let (_, here) = hits(&mut driver);
    assert_eq!(here, [r"two\r\n", "74 77 6f 0d 0atwo.."], "{}", driver.screen());
}

#[test]
fn a_hit_far_into_a_long_row_is_brought_into_sight() {
    let (mut driver, conn) = talking(WIDE);
    let long = [vec![b'x'; 30_000], "é needle é".as_bytes().to_vec(), vec![b'y'; 30_000]].concat();
    hear(&mut driver, conn, &[b"first", &long, b"last"]);
    driver.keys("g/needle<Enter>");
    assert_eq!(hits(&mut driver).1, ["needle"], "{}", driver.screen());
    driver.keys("x");
    assert_eq!(hits(&mut driver).1, ["6e 65 65 64 6c 65"], "{}", driver.screen());
    driver.keys("x<Enter>n");
    assert_eq!(hits(&mut driver).1, ["needle", "needle"], "{}", driver.screen());
    driver.keys("x");
    assert!(driver.shows("00007530"), "{}", driver.screen());
}

#[test]
fn a_search_in_a_large_conversation_takes_steps_and_can_be_replaced() {
    let (mut driver, conn) = talking(WIDE);
    let filler = vec![b'.'; 256 * 1024];
    for _ in 0..64 {
        hear(&mut driver, conn, &[&filler]);
    }
    hear(&mut driver, conn, &[b"the needle"]);
    let_timers_go(&mut driver);
    press(&mut driver, "g/needle<Enter>");
    assert!(driver.shows("searching"), "{}", driver.screen());
    let steps = let_timers_go(&mut driver);
    assert!((4..40).contains(&steps), "16 MiB in {steps} steps");
    assert_eq!(hits(&mut driver).1, ["needle"]);
    assert!(!driver.shows("searching"));
    press(&mut driver, "g/nowhere<Enter>/needle<Enter>");
    let_timers_go(&mut driver);
    assert_eq!(hits(&mut driver).1, ["needle"]);
    press(&mut driver, "g/nowhere<Enter>");
    let_timers_go(&mut driver);
    assert!(driver.shows("'nowhere' was not found"), "{}", driver.screen());
}

#[test]
fn a_search_keeps_to_the_peer_looked_at() {
    let (mut driver, _) = serving(WIDE, 3);
    driver.keys("}}g/from<Enter>");
    assert!(driver.shows("from 2"), "{}", driver.screen());
    assert_eq!(hits(&mut driver).1, ["from"]);
    driver.keys("n");
    assert!(driver.shows("the search went on from the top"));
    driver.keys("/3<Enter>");
    assert!(driver.shows("'3' was not found"));
}

#[test]
fn a_search_that_is_typed_can_be_given_up_and_leaves_the_input_line_as_it_was() {
    let (mut driver, conn) = talking((80, 24));
    hear(&mut driver, conn, &[b"one"]);
    driver.keys("ityped<Esc>/on");
    assert!(driver.shows("search: on"), "{}", driver.screen());
    assert!(!driver.shows("❯ typed"));
    driver.keys("<Esc>");
    assert!(driver.shows("❯ typed") && !driver.shows("search:"), "{}", driver.screen());
}

#[test]
fn an_open_traffic_record_shows_what_the_filter_or_a_search_of_its_own_finds() {
    let (mut driver, conn) = talking((120, 60));
    hear(&mut driver, conn, &[b"alpha \x00\x01 beta alpha", b"nothing"]);
    driver.app.shared.focus = Pane::Traffic;
    press(&mut driver, "/beta<Enter>g<Enter>");
    let_timers_go(&mut driver);
    let (marked, _) = hits(&mut driver);
    assert_eq!(marked, ["beta", "62 65 74 61beta"], "{}", driver.screen());
    driver.keys("<Enter>/alpha<Enter>");
    let (_, here) = hits(&mut driver);
    // Its first byte is under the cursor.
    assert_eq!(here, [" 6c 70 68 61lpha"], "{}", driver.screen());
    driver.keys("n");
    let (others, here) = hits(&mut driver);
    assert_eq!(here, [" 6cl", "70 68 61pha"], "{others:?}\n{}", driver.screen());
}

/// Jumps to the first target that is so, with a capital letter if the row is to be opened.
fn jump(driver: &mut Driver, open: bool, is: impl Fn(&JumpLabel) -> bool) {
    driver.keys("<C-o>");
    let Some(Overlay::Jump(jump)) = driver.app.overlays.last() else { panic!("no jump") };
    let mark = jump.marks.iter().find(|mark| is(mark));
    let label = mark.unwrap_or_else(|| panic!("{}", driver.screen())).label.clone();
    driver.keys(&if open { label.to_uppercase() } else { label });
    assert!(driver.app.overlays.is_empty());
}

/// Whether going there is a click on the cell of the mark that opens nothing.
fn is_click(mark: &JumpLabel) -> bool {
    !mark.is_row && mark.intents == [Intent::Press(mark.column, mark.row)]
}

/// Row of the screen that shows a text at or right of a column.
fn row_of(driver: &Driver, text: &str, from: usize) -> u16 {
    let screen = driver.screen();
    let shows = |line: &str| line.chars().skip(from).collect::<String>().contains(text);
    screen.lines().position(shows).unwrap_or_else(|| panic!("no {text}:\n{screen}")) as u16
}

#[test]
fn jump_reaches_rows_peers_and_the_input_line_of_a_conversation() {
    let (mut driver, id) = serving(WIDE, 3);
    driver.app.shared.focus = Pane::Request;
    let row = row_of(&driver, "from 2", 40);
    jump(&mut driver, false, |mark| mark.is_row && mark.row == row);
    assert_eq!(driver.app.shared.focus, Pane::Response);
    let (_, copied) = copied(&driver.keys("y"));
    assert_eq!(copied, "from 2");
    jump(&mut driver, true, |mark| mark.is_row && mark.row == row);
    assert!(driver.shows("#1  12:00:00.002  conn 1/2"), "{}", driver.screen());
    driver.keys("<Esc><Esc>");
    let peer = row_of(&driver, "127.0.0.1:40003", 0);
    jump(&mut driver, false, |mark| is_click(mark) && mark.row == peer);
    let view = driver.app.conversation.view(&driver.app.shared).unwrap();
    assert_eq!(view.chosen, Some(id.conn(3)));
    let input = row_of(&driver, "i writes here", 0);
    jump(&mut driver, false, |mark| is_click(mark) && mark.row == input);
    driver.keys("typed");
    assert!(driver.shows("❯ typed"), "{}", driver.screen());
}

fn copied(effects: &[Effect]) -> (usize, String) {
    let texts: Vec<&String> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Copy { text, .. } => Some(text),
            _ => None,
        })
        .collect();
    (texts.len(), texts.last().map_or_else(String::new, |text| (*text).clone()))
}

#[test]
fn switching_the_input_line_to_hex_rewrites_what_is_typed_and_changes_no_preset() {
    let files = [("dev", "[tcp]\naddress = '127.0.0.1:9000'\n")];
    let mut driver = Driver::with(WIDE, crate::harness::store::workspace(&files));
    driver.keys("<F5>");
    driver.keys("on\\x21<A-x>");
    assert!(driver.shows("hex ❯ 6f 6e 21"), "{}", driver.screen());
    assert!(!driver.app.shared.drafts.current().is_modified());
    assert!(!driver.shows("dev ●"));
    driver.keys("<A-x>");
    assert!(driver.shows("❯ on!"), "{}", driver.screen());
    driver.keys("{{name}}<A-x>");
    assert!(driver.shows("hex ❯ on!{{name}}"), "a template stays: {}", driver.screen());
    driver.keys("<Esc>x<C-o><Esc>wv}");
    assert!(!driver.app.shared.drafts.current().is_modified(), "nothing of this is in the file");
}

#[test]
fn a_message_is_copied_as_text_as_hex_and_with_escapes() {
    let (mut driver, conn) = talking(WIDE);
    hear(&mut driver, conn, &[b"ok \\ \xff\r\n"]);
    assert_eq!(copied(&driver.keys("Y")).1, "6f 6b 20 5c 20 ff 0d 0a");
    assert_eq!(copied(&driver.keys("<A-y>")).1, r"ok \\ \xff\r\n");
    assert!(driver.shows("copied message as text with escapes, 14 B"), "{}", driver.screen());
    driver.app.shared.focus = Pane::Traffic;
    assert_eq!(copied(&driver.keys("GY")).1, "6f 6b 20 5c 20 ff 0d 0a");
    assert_eq!(copied(&driver.keys("<A-y>")).1, r"ok \\ \xff\r\n");
}

fn sent(effects: &[Effect]) -> Vec<(Recipient, Vec<u8>)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Engine(Command::Send { to, data }) => Some((*to, data.to_vec())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_message_is_sent_again_or_taken_into_the_input_line_and_changed() {
    let (mut driver, conn) = talking(WIDE);
    hear(&mut driver, conn, &[b"PING 1\r\n", b"\x00\xff"]);
    assert_eq!(sent(&driver.keys("kr")), [(Recipient::Conn(conn), b"PING 1\r\n".to_vec())]);
    driver.keys("ihalf typed<Esc>p");
    assert!(driver.shows("❯ PING 1 \\r\\n"), "the ending is added on sending: {}", driver.screen());
    let effects = driver.keys("<Backspace>2<Enter>");
    assert_eq!(sent(&effects), [(Recipient::Conn(conn), b"PING 2\r\n".to_vec())]);
    driver.keys("<Up><Up>");
    assert!(driver.shows("❯ half typed"), "nothing typed is lost: {}", driver.screen());
    driver.keys("<Esc>G<A-x>p");
    assert!(driver.shows("hex ❯ 00 ff"), "{}", driver.screen());
    let (mut driver, id) = serving(WIDE, 3);
    assert_eq!(sent(&driver.keys("gjr")), [(Recipient::Conn(id.conn(2)), b"from 2".to_vec())]);
    driver.done(id);
    assert!(sent(&driver.keys("r")).is_empty());
    assert!(driver.shows("not sent: this session is over"), "{}", driver.screen());
}

#[test]
fn a_message_is_saved_to_a_file_that_is_named() {
    let (mut driver, conn) = talking(WIDE);
    hear(&mut driver, conn, &[b"one", b"two"]);
    driver.keys("s");
    assert!(driver.shows("save to: message-2.bin"), "{}", driver.screen());
    // What comes meanwhile is not what was asked for.
    hear(&mut driver, conn, &[b"three"]);
    driver.keys("<C-u>/tmp/x.bin<Enter>");
    let job = driver.store.jobs.iter().rev().find_map(|job| match job {
        Job::WriteFile { path, bytes, overwrite } => {
            Some((path.clone(), bytes.clone(), *overwrite))
        }
        _ => None,
    });
    let (path, bytes, overwrite) = job.unwrap();
    assert_eq!((path.to_str(), &bytes[..]), (Some("/tmp/x.bin"), &b"two"[..]));
    assert_eq!(overwrite, Overwrite::Refuse);
}

/// The texts of the rows of the conversation.
fn texts(driver: &Driver) -> Vec<String> {
    let view = driver.app.conversation.view(&driver.app.shared).unwrap();
    let session = driver.app.shared.session().unwrap();
    (0..view.len(session))
        .filter_map(|at| view.row(session, at))
        .map(|row| conversation::bytes(&driver.app.shared.timeline, row).escape_ascii().to_string())
        .collect()
}

#[test]
fn what_was_received_is_cut_anew_into_messages_and_back() {
    let (mut driver, conn) = talking(WIDE);
    hear(&mut driver, conn, &[b"one\ntw", b"o\nthree\nfo"]);
    driver.keys("F");
    assert!(driver.shows("as received") && driver.shows("in force"), "{}", driver.screen());
    driver.keys("lines<Enter>");
    assert_eq!(texts(&driver), [r"one\n", r"two\n", r"three\n", "fo"]);
    assert!(driver.shows("incomplete fo") && driver.shows("2× two\\n"), "{}", driver.screen());
    hear(&mut driver, conn, &[b"ur\n"]);
    assert_eq!(texts(&driver), [r"one\n", r"two\n", r"three\n", r"four\n"]);
    assert!(!driver.app.shared.drafts.current().spec.address().is_empty());
    driver.keys("Fdelimiter e<Enter>");
    assert_eq!(texts(&driver), ["one", r"\ntwo\nthre", "e", r"\nfour\n"]);
    driver.keys("Ffixed 5<Enter>g");
    assert_eq!(texts(&driver)[0], r"one\nt");
    driver.keys("/wo<Enter>");
    assert_eq!(hits(&mut driver).1, ["wo"], "{}", driver.screen());
    assert_eq!(copied(&driver.keys("Y")).1, "77 6f 0a 74 68");
    driver.keys("Fas rec<Enter>");
    assert_eq!(texts(&driver), [r"one\ntw", r"o\nthree\nfo", r"ur\n"]);
    driver.keys("Fnonsense<Enter>");
    assert!(driver.shows("nothing matches") && driver.shows("lines, delimiter BYTES"));
}

#[test]
fn a_large_conversation_is_cut_anew_in_steps_and_the_place_is_kept() {
    let (mut driver, conn) = talking(WIDE);
    let block: Vec<u8> = [vec![b'.'; 999], b"\n".to_vec()].concat().repeat(256);
    for _ in 0..32 {
        hear(&mut driver, conn, &[&block]);
    }
    hear(&mut driver, conn, &[b"here\n", b"last\n"]);
    driver.keys("k");
    press(&mut driver, "Flines<Enter>");
    assert!(driver.shows("lines…"), "{}", driver.screen());
    let steps = let_timers_go(&mut driver);
    assert!((3..30).contains(&steps), "8 MB in {steps} steps");
    assert_eq!(texts(&driver).len(), 32 * 256 + 2);
    assert_eq!(copied(&driver.keys("y")).1, "here\n");
    // It holds when the same is opened again, and datagrams have boundaries of their own.
    let session = driver.app.shared.session().unwrap().id;
    driver.done(session);
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    arrive(&mut driver, vec![client(id.conn(1))], Vec::new());
    hear(&mut driver, id.conn(1), &[b"a\nb\n"]);
    assert_eq!(texts(&driver), [r"a\n", r"b\n"]);
    driver.keys("<F4><C-l>127.0.0.1:9<F5><Esc>F");
    assert!(driver.shows("each row is a message already"), "{}", driver.screen());
}

#[test]
fn frames_of_one_peer_are_looked_at_alone() {
    let (mut driver, id) = serving(WIDE, 2);
    driver.keys("Flines<Enter>}}");
    hear(&mut driver, id.conn(1), &[b" more\n"]);
    hear(&mut driver, id.conn(2), &[b"\nx\ny"]);
    assert_eq!(texts(&driver), [r"from 2\n", r"x\n", "y"]);
    driver.keys("{{");
    assert_eq!(texts(&driver), [r"from 1 more\n", r"from 2\n", r"x\n", "y"]);
}

#[test]
fn the_mark_of_the_line_ending_stands_behind_what_is_drawn() {
    for (line, shown) in [
        ("a", "a"),
        ("a\u{200b}b", "a‹U+200B›b"),
        ("\u{feff}x\u{ad}", "‹U+FEFF›x‹U+00AD›"),
        ("❤\u{fe0f}x", "❤‹U+FE0F›x"),
        ("خ\u{200c}م", "خ‹U+200C›م"),
        ("a\u{200d}", "a‹U+200D›"),
        ("日", "日"),
        ("e\u{301}", "e\u{301}"),
        ("one\n\u{200b}", "‹U+200B›"),
    ] {
        for keys in ["", "<Esc>"] {
            let (mut driver, _) = talking(WIDE);
            driver.keys("i");
            driver.paste(line);
            driver.keys(keys);
            let screen = driver.screen();
            let is_there = |gap: &str| screen.contains(&format!("{shown}{gap}\\r\\n"));
            // A wide character's second cell is a space in this dump.
            assert!(is_there(" ") || is_there("  "), "{line:?} {keys:?}: {screen}");
        }
    }
}
