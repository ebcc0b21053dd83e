//! Streams of Server-Sent Events end to end: rows, lines of JSON and bytes without the screen, going on behind the last event, and
//! listeners that drip; peers are Python's http.server and scripted ones.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use wirebench::engine::event::Event;
use wirebench::model::exchange::ExchangeState;
use wirebench::model::stream_event::StreamEvent;

use super::harness::app::Driver;
use super::harness::peers::{read_head, tcp_peer};
use super::harness::program::{command, listening, run, told};
use super::harness::samples::{self, START};

const STREAM: &str = "
import http.server, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Transfer-Encoding', 'chunked')
        self.end_headers()
        text = ': hello\\n\\nid: 1\\nevent: add\\ndata: {\"a\": 1}\\n\\ndata: two\\r\\ndata: lines\\r\\n\\r\\ndata: lost'
        for at in range(0, len(text), 7):
            piece = text[at:at + 7].encode()
            self.wfile.write(b'%x\\r\\n%s\\r\\n' % (len(piece), piece))
            self.wfile.flush()
            time.sleep(0.005)
        self.wfile.write(b'0\\r\\n\\r\\n')
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
print(s.server_port, flush=True)
s.serve_forever()
";

/// Ends a server when the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn python() -> Option<(Server, String)> {
    let server = Command::new("python3").args(["-c", STREAM]).stdout(Stdio::piped()).spawn();
    let Ok(mut server) = server else {
        assert!(std::env::var_os("CI").is_none(), "there is no python3");
        println!("skipped: there is no python3 here");
        return None;
    };
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut port).unwrap();
    Some((Server(server), format!("http://127.0.0.1:{}/", port.trim())))
}

#[test]
fn events_are_rows_lines_of_json_or_the_body_as_it_came() {
    let Some((_server, url)) = python() else { return };
    let out = |more: &[&str]| {
        let ended = run(&[&["send", &url], more].concat());
        assert_eq!(told(&ended).0, Some(0), "{ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    };
    let body = out(&[]);
    assert!(
        body.starts_with(": hello\n\nid: 1\n") && body.ends_with("\r\n\r\ndata: lost"),
        "{body:?}"
    );
    let rows = out(&["--events"]);
    let rows: Vec<_> = rows.lines().map(|row| row.split_once(" s  ").unwrap().1).collect();
    assert_eq!(
        rows,
        [
            ": hello",
            "add  #1  {\"a\": 1}",
            "message  two\\nlines",
            "message  lost  (the stream ended before the empty line behind it)",
        ]
    );
    let lines = out(&["--json"]);
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events: Vec<_> = lines.iter().filter(|line| line["type"] == "event").collect();
    assert_eq!((events.len(), lines.last().unwrap()["type"].as_str()), (4, Some("exchange")));
    assert_eq!(
        (&events[1]["event"], &events[1]["id"], &events[1]["json"]["a"]),
        (&"add".into(), &"1".into(), &1.into())
    );
    assert_eq!(
        (&events[0]["comments"][0], &events[3]["unfinished"]),
        (&"hello".into(), &true.into())
    );
    // What is waited for comes while it comes.
    let began = Instant::now();
    let ended = run(&["send", "tcp://127.0.0.1:9", "--events"]);
    assert!(told(&ended).1.contains("--events means nothing to tcp"), "{ended:?}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_stream_is_gone_on_with_behind_its_last_event() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let peer = tcp_peer(move |mut stream| {
        let Some(head) = read_head(&mut stream) else { return };
        let head = String::from_utf8_lossy(&head).into_owned();
        let id = head.lines().find_map(|line| line.strip_prefix("Last-Event-ID: ")).unwrap_or("");
        kept.lock().unwrap().push(id.to_owned());
        let turn = kept.lock().unwrap().len();
        let answer = if turn < 3 {
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 10\nid: {turn}\ndata: n{turn}\n\n"
            )
        } else {
            "HTTP/1.1 204 No Content\r\n\r\n".to_owned()
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    let url = format!("http://{peer}/");
    let ended = run(&["send", &url, "--events", "--set", "reconnect=true"]);
    assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(out.contains("#1") && out.contains("n1") && out.contains("n2"), "{out}");
    assert_eq!(*seen.lock().unwrap(), ["", "1", "2"]);
    assert!(
        told(&ended).1.contains("is asked for again after 10 milliseconds, behind event 2"),
        "{ended:?}"
    );
    seen.lock().unwrap().clear();
    run(&["send", &url]);
    assert_eq!(seen.lock().unwrap().len(), 1, "only where it is asked for");
}

#[test]
fn a_listener_drips_events_and_lines() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("presets")).unwrap();
    let text = "[http-listener]\nbind = \"127.0.0.1:0\"\n\n[[http-listener.rule]]\npath = \"/events\"\nevery = \"80ms\"\n\
                headers = [\"Content-Type: text/event-stream\"]\nbody.text = \"data: a\\ndata: b\\n\\ndata: c\\n\\ndata: d\\n\\n\"\n\n\
                [[http-listener.rule]]\npath = \"/lines\"\nevery = \"80ms\"\nheaders = [\"Transfer-Encoding: chunked\"]\nbody.text = \"1\\n2\\n3\"\n";
    std::fs::write(home.path().join("presets/feed.toml"), text).unwrap();
    let listener =
        listening(&mut command(&["--home", home.path().to_str().unwrap(), "listen", "feed"]));
    let address = ("127.0.0.1", listener.port);
    let pieces = |path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let (mut reads, mut buffer) = (Vec::new(), [0; 4096]);
        let began = Instant::now();
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            reads.push(String::from_utf8_lossy(&buffer[..read]).into_owned());
        }
        (reads.concat(), began.elapsed())
    };
    let (all, took) = pieces("/events");
    assert!(all.ends_with("\r\n\r\ndata: a\ndata: b\n\ndata: c\n\ndata: d\n\n"), "{all}");
    assert!(took >= Duration::from_millis(150), "{took:?}");
    let (all, took) = pieces("/lines");
    assert!(all.ends_with("2\r\n1\n\r\n2\r\n2\n\r\n1\r\n3\r\n0\r\n\r\n"), "{all}");
    assert!(took >= Duration::from_millis(150), "{took:?}");
}

fn event(at: u64, data: &str) -> StreamEvent {
    let at = START + Duration::from_millis(at);
    StreamEvent { at, data: Some(data.into()), is_whole: true, ..StreamEvent::default() }
}

#[test]
fn events_are_rows_on_the_screen_that_are_followed_and_opened() {
    let mut driver = Driver::bare((120, 40));
    let id = driver.open(samples::http_plan());
    let mut shown = samples::exchange(id, 0, Some(samples::answer(200, 5, 100)));
    shown.state = ExchangeState::Active;
    driver.event(Event::Exchange(Box::new(shown)));
    let piece = |text: &str| format!("{{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}");
    let came = |events| Event::StreamEvents { id, number: 0, events };
    driver.event(came(vec![event(250, &piece("Hel")), event(1250, &piece("lo"))]));
    driver.assert_shows("Events");
    driver.assert_shows("2, 1.0 a second, the first after 250");
    driver.assert_shows("Hello");
    driver.assert_shows("message  {\"choices\"");
    // The last one is followed.
    driver.event(came((0..100).map(|at| event(2000 + at, &format!("n{at}"))).collect()));
    driver.assert_shows("message  n99");
    driver.keys("k");
    driver.event(came(vec![event(3000, "later")]));
    assert!(!driver.shows("message  later"), "{}", driver.screen());
    driver.keys("G");
    driver.event(came(vec![event(3100, "{\"deep\":{\"er\":[1]}}")]));
    driver.assert_shows("message  {\"deep\"");
    driver.keys("<Enter>G");
    driver.assert_shows("\"er\": [");
    driver.keys("kkkkkkk<Enter>");
}
