//! Pitfalls seen in other programs of this kind, each on the real program in a terminal:
//!
//! | pitfall | test |
//! |---|---|
//! | typing right behind a send changes the request | `what_is_typed_right_behind_a_send_is_not_in_the_request_on_the_wire` |
//! | keys typed during a freeze run blind | `keys_typed_while_it_was_frozen_do_nothing_afterwards` |
//! | `$100` or `{{!pod}}` breaks the send | `dollars_and_marked_braces_reach_the_wire_as_text` |
//! | a first start without configuration fails | `a_first_start_with_nothing_there_sends_a_request` |
//! | deleting the last row crashes | `deleting_the_last_row_of_everything_leaves_a_working_program` |
//! | terminals of 1x1 and 20x5 crash | `the_smallest_terminals_can_be_worked_in` |
//! | the editor leaves stray keys | `pty::what_is_typed_for_the_editor_does_not_reach_us_afterwards` |
//! | a body of invalid UTF-8 or cut off crashes | `bodies_that_are_no_text_or_cut_off_are_shown` |
//! | the read-only configuration directory | `it_works_where_nothing_can_be_written` |
//! | the server answers once and closes | `a_server_answers_every_message_and_not_the_first_alone` |
//! | a second UDP sender is never seen | `a_second_sender_of_datagrams_is_seen_and_told_apart` |

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::peers::{free_port, http_peer, read_head, tcp_peer};
use crate::harness::terminal::Launch;
use crate::harness::wait::{PATIENCE, wait_until};

#[test]
fn what_is_typed_right_behind_a_send_is_not_in_the_request_on_the_wire() {
    let (sender, requests) = channel();
    let sender = Mutex::new(sender);
    let peer = tcp_peer(move |mut stream| {
        if let Some(request) = read_head(&mut stream) {
            let _ = sender.lock().unwrap().send(String::from_utf8_lossy(&request).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
    let mut tui = Launch::default().preset("a", &preset).start();
    tui.wait_for("─ a ");
    // One write: the program finds all of it at once.
    tui.keys("<C-l><End>sent<F5>later");
    let request = requests.recv_timeout(PATIENCE).expect("a request");
    assert!(request.starts_with("GET /sent HTTP/1.1\r\n"), "{request}");
    tui.wait_for("204 No Content");
    tui.wait_for("/sentlater");
    tui.quit();
}

#[test]
fn dollars_and_marked_braces_reach_the_wire_as_text() {
    let (sender, requests) = channel();
    let sender = Mutex::new(sender);
    let peer = tcp_peer(move |mut stream| {
        if let Some(request) = read_head(&mut stream) {
            let _ = sender.lock().unwrap().send(String::from_utf8_lossy(&request).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
    });
    // The mark says that no name is meant; it is not sent.
    let body = "costs $100 ${x} {{!pod}} 100% {}";
    let preset =
        format!("[http]\nmethod = \"POST\"\nurl = \"http://{peer}/\"\nbody.text = '{body}'\n");
    let mut tui = Launch::default().preset("a", &preset).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    let request = requests.recv_timeout(PATIENCE).expect("a request");
    assert!(request.ends_with("costs $100 ${x} {{pod}} 100% {}"), "{request}");
    tui.quit();
}

#[test]
fn keys_typed_while_it_was_frozen_do_nothing_afterwards() {
    let mut tui = Launch::default().preset("a", "[http]\nurl = \"http://127.0.0.1:1/\"\n").start();
    tui.wait_for("─ a ");
    tui.wait_quiet(Duration::from_millis(50));
    tui.signal(Signal::STOP);
    wait_until("the program is frozen", || tui.process_state() == 'T');
    let before = tui.raw().len();
    tui.keys("<F5>d<Enter><C-q>");
    tui.signal(Signal::CONT);
    wait_until("a new frame", || tui.raw().len() > before);
    tui.keys("<F1>");
    tui.wait_for("Help ─");
    tui.keys("<F1>");
    tui.wait_for("nothing sent yet");
    assert!(tui.home.path().join("home/presets/a.toml").exists());
    tui.quit();
}

#[test]
fn it_works_where_nothing_can_be_written() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let launch = Launch::default().size(120, 40);
    // A file where a folder must be: nothing can be made in it, whoever runs this.
    let in_the_way = launch.home.path().join("home");
    std::fs::write(&in_the_way, "").unwrap();
    let mut tui = launch.start();
    tui.wait_for("wirebench");
    tui.keys("<F2><C-l><C-u>");
    tui.bytes(format!("http://{peer}/\r").as_bytes());
    tui.wait_for("hello");
    tui.wait_for("a file stands where a folder is needed");
    tui.keys("<C-q>");
    tui.wait_for("Not left: the drafts cannot be kept");
    tui.keys("y");
    tui.wait_exit();
    tui.assert_restored();
}

/// Everything is sent back.
const RULE: &str = "rule = [{ when = \"always\", send = \"{{message}}\" }]";

#[test]
fn a_server_answers_every_message_and_not_the_first_alone() {
    let port = free_port();
    let preset = format!("[tcp-listener]\nbind = \"127.0.0.1:{port}\"\n{RULE}\n");
    let mut tui = Launch::default().preset("a", &preset).size(120, 40).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    tui.wait_for("1 listening");
    let mut first = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut second = TcpStream::connect(("127.0.0.1", port)).unwrap();
    for round in 0..5 {
        for client in [&mut first, &mut second] {
            let message = format!("message {round}\n");
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client.write_all(message.as_bytes()).unwrap();
            let mut answer = vec![0; message.len()];
            client.read_exact(&mut answer).expect("an answer");
            assert_eq!(answer, message.as_bytes());
        }
    }
    tui.wait_for("message 4");
    tui.quit();
}

#[test]
fn a_second_sender_of_datagrams_is_seen_and_told_apart() {
    let (client, other) =
        (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let preset = format!(
        "[udp]\naddress = \"{}\"\nstep = [{{ send = \"hello\" }}]\n",
        client.local_addr().unwrap()
    );
    let mut tui = Launch::default().preset("a", &preset).size(160, 40).start();
    tui.wait_for("─ a ");
    tui.keys("<F5>");
    let (_, program) = client.recv_from(&mut [0; 64]).expect("the first datagram");
    client.send_to(b"from the first", program).unwrap();
    other.send_to(b"from another", program).unwrap();
    tui.wait_for("from the first");
    tui.wait_for("from another");
    tui.wait_for(&other.local_addr().unwrap().port().to_string());
    tui.quit();
}

#[test]
fn a_first_start_with_nothing_there_sends_a_request() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let launch = Launch::default().size(120, 40);
    // No preset, no environment, no configuration; only the folder is there.
    std::fs::create_dir_all(launch.home.path().join("home/presets")).unwrap();
    let mut tui = launch.start();
    tui.wait_for("env none");
    tui.keys("<F2><C-l><C-u>");
    tui.bytes(format!("http://{peer}/\r").as_bytes());
    tui.wait_for("200 OK");
    tui.wait_for("hello");
    tui.quit();
}

#[test]
fn deleting_the_last_row_of_everything_leaves_a_working_program() {
    let peer = http_peer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    let preset = format!("[http]\nurl = \"http://{peer}/\"\nquery = [\"only=row\"]\n");
    let mut tui = Launch::default().preset("a", &preset).size(120, 40).start();
    tui.wait_for("─ a ");
    // The only row of a table in the form, and once more where there is none.
    tui.wait_for("only");
    tui.keys("<C-l><Down><Down>");
    tui.keys("<C-x><C-x><C-x>");
    tui.wait_for_screen("no row", |screen| !screen.contains("only"));
    // The only preset, and again where there is none.
    tui.keys("<C-o>a");
    tui.keys("d");
    tui.wait_for("Delete a?");
    tui.keys("y");
    let file = tui.home.path().join("home/presets/a.toml");
    wait_until("the file is gone", || !file.exists());
    tui.wait_for_screen("an empty list", |screen| !screen.contains("GET  a"));
    tui.keys("dydjkGg<Enter><Space>ru<Esc>");
    tui.keys("<F2><C-l><C-u>");
    tui.bytes(format!("http://{peer}/\r").as_bytes());
    tui.wait_for("hello");
    tui.quit();
}

#[test]
fn the_smallest_terminals_can_be_worked_in() {
    let (sender, requests) = channel();
    let sender = Mutex::new(sender);
    let peer = tcp_peer(move |mut stream| {
        let _ = read_head(&mut stream).map(|_| sender.lock().unwrap().send(()));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    });
    let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
    for (columns, rows) in [(1, 1), (20, 5), (1, 24), (80, 1)] {
        let mut tui = Launch::default().preset("a", &preset).size(columns, rows).start();
        wait_until("a first frame", || tui.raw().windows(8).any(|w| w == b"\x1b[?2026l"));
        tui.keys("<F5><Tab><Tab>z<C-p><Esc><F1><F1>zG<Tab>");
        // Those keys may have come before the presets; nothing tells on so small a screen.
        tui.resize(120, 40);
        tui.keys("<A-1>");
        tui.wait_for("GET  a");
        while requests.try_recv().is_ok() {}
        tui.resize(columns, rows);
        tui.keys("<F5><Tab><Tab>z<C-p><Esc><F1><F1>zG<Tab>");
        requests.recv_timeout(PATIENCE).expect("a request from a small terminal");
        tui.resize(1, 1);
        tui.keys("<F5>");
        tui.resize(120, 40);
        // Whichever pane those keys left in front.
        tui.keys("<A-4>");
        tui.wait_for("hello");
        tui.quit();
    }
}

#[test]
fn bodies_that_are_no_text_or_cut_off_are_shown() {
    for (answer, wanted) in [
        // Said to be JSON and text, but neither: as the bytes they are.
        (
            &b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\xff\xc3\":\xe2\x82"[..],
            &["\\xff", "\\xc3"][..],
        ),
        // Cut inside a character and inside a string of JSON.
        (
            &b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"kept\": \"caf\xc3"[..],
            &["kept", "caf", "of 99"][..],
        ),
    ] {
        let peer = http_peer(answer);
        let preset = format!("[http]\nurl = \"http://{peer}/\"\n");
        let mut tui = Launch::default().preset("a", &preset).size(120, 40).start();
        tui.wait_for("─ a ");
        tui.keys("<F5>");
        for text in wanted {
            tui.wait_for(text);
        }
        // Every way to show it works.
        tui.keys("<Tab><Tab><Tab>vvvxxwG");
        tui.wait_quiet(Duration::from_millis(50));
        tui.quit();
    }
}
