//! Cookies end to end: the shared corpus, servers that are not ours, curl with the same file, runs, and what the screen does.
//! What is not installed is skipped with a printed reason, except in CI.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use wirebench::app::effect::Effect;
use wirebench::app::message::Message;
use wirebench::codec::cookies::{RequestPlace, matching, take};
use wirebench::engine::command::Command as Order;
use wirebench::engine::event::Event;
use wirebench::model::cookie::CookieChange;
use wirebench::model::cookie_jar::CookieJar;
use wirebench::model::plan::Plan;
use wirebench::store::job::Reply;

use super::harness::app::{Driver, NOON};
use super::harness::peers::{read_head, tcp_peer};
use super::harness::program::{run, told};

/// Cases of the corpus that are of RFC 6265 and end otherwise by RFC 6265bis, which browsers follow.
const OTHERWISE: [(&str, &str, &str); 21] = [
    ("0004", "foo", NAMELESS),
    ("0021", "a=b; x; c=d", NAMELESS),
    ("0023", "foo", NAMELESS),
    ("0024", "foo", NAMELESS),
    ("0025", "foo", NAMELESS),
    ("0026", "foo", NAMELESS),
    ("0028", "foo", NAMELESS),
    ("CHROMIUM0010", "\"BLA\\\"HHH\"", NAMELESS),
    ("CHROMIUM0012", "ABC", NAMELESS),
    ("DISABLED_CHROMIUM0023", "", "a line with a control character is dropped whole"),
    ("MOZILLA0012", "test=\"fubar! = foo; five", NAMELESS),
    ("MOZILLA0014", "six", NAMELESS),
    ("MOZILLA0016", "eight", NAMELESS),
    ("MOZILLA0017", "eight; test=six", NAMELESS),
    ("NAME0017", "a=bar", NAMELESS),
    ("NAME0023", "foo", NAMELESS),
    ("NAME0025", "==a=bar", NAMELESS),
    ("NAME0028", "a", NAMELESS),
    ("NAME0032", "\"foo\\\"bar", NAMELESS),
    ("NAME0033", "aaa", NAMELESS),
    (
        "OPTIONAL_DOMAIN0042",
        "foo=bar",
        "of several Domain the last one counts, and an empty one is none",
    ),
];
/// Why most of them do.
const NAMELESS: &str = "a cookie without a name is taken, and goes as its value alone";

/// Where the cases of the corpus were received.
const HOST: &str = "http://home.example.org:8888/cookie-parser";
/// When, in seconds; the dates of the corpus are far away from it.
const NOW: i64 = 1_800_000_000;
/// Noon of the application that is driven.
const NOON_SECONDS: i64 = 1_722_340_800;

fn sent(case: &Value) -> (String, String) {
    let name = case["test"].as_str().unwrap();
    let query = format!("{HOST}?{}", name.to_lowercase());
    let mut jar = CookieJar::default();
    for line in case["received"].as_array().unwrap() {
        take(&mut jar, line.as_str().unwrap().as_bytes(), &RequestPlace::of(&query), NOW);
    }
    let to = match case["sent-to"].as_str() {
        Some(path) if path.starts_with('/') => format!("http://home.example.org:8888{path}"),
        Some(url) => url.to_owned(),
        None => format!("http://home.example.org:8888/cookie-parser-result?{name}"),
    };
    let found = matching(&jar, &RequestPlace::of(&to), NOW);
    let found: Vec<_> =
        found.iter().map(|it| String::from_utf8_lossy(&it.pair()).into_owned()).collect();
    let pair =
        |it: &Value| format!("{}={}", it["name"].as_str().unwrap(), it["value"].as_str().unwrap());
    let expected: Vec<_> = case["sent"].as_array().unwrap().iter().map(pair).collect();
    (found.join("; "), expected.join("; "))
}

#[test]
fn the_corpus_ends_as_it_says_but_for_what_is_listed() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/cookies/http-state.json");
    let Ok(text) = std::fs::read(path) else {
        assert!(std::env::var_os("CI").is_none(), "the corpora are not here");
        println!("skipped: {path} is not here");
        return;
    };
    let cases: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let mut listed: BTreeMap<&str, &str> =
        OTHERWISE.iter().map(|(name, ours, _)| (*name, *ours)).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["test"].as_str().unwrap();
        let (ours, theirs) = sent(case);
        match listed.remove(name) {
            Some(known) if ours == known && ours != theirs => {}
            None if ours == theirs => {}
            _ => wrong.push(format!("{name}: ours '{ours}', theirs '{theirs}'")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(listed.is_empty() && cases.len() >= 131, "{listed:?}");
}

/// A server that answers by the path, and keeps the cookies it gets with it: `PATH COOKIES`.
fn server(
    answer: impl Fn(&str) -> String + Send + Sync + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let address = tcp_peer(move |mut stream| {
        while let Some(head) = read_head(&mut stream) {
            let head = String::from_utf8_lossy(&head).into_owned();
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let line = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("cookie").then(|| value.to_owned())
            });
            kept.lock().unwrap().push(format!("{path} {}", line.unwrap_or_default()));
            if stream.write_all(answer(&path).as_bytes()).is_err() {
                return;
            }
        }
    });
    (address, seen)
}

fn answer(status: &str, lines: &[&str]) -> String {
    let lines = lines.iter().fold(String::new(), |all, line| format!("{all}{line}\r\n"));
    format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n{lines}\r\nok")
}

#[test]
fn a_login_that_sets_a_cookie_and_redirects_ends_logged_in() {
    let (peer, seen) = server(|path| match path {
        "/login" => {
            answer("302 Found", &["Set-Cookie: sid=1; Path=/; HttpOnly", "Location: /home"])
        }
        // It comes back to itself once the cookie is there.
        "/check" => answer("302 Found", &["Set-Cookie: seen=1", "Location: /check/"]),
        _ => answer("200 OK", &[]),
    });
    let ended = run(&["send", &format!("http://{peer}/login")]);
    assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    run(&["send", &format!("http://{peer}/check")]);
    run(&["send", &format!("http://{peer}/login"), "--set", "cookies=false"]);
    let seen = seen.lock().unwrap();
    assert_eq!(*seen, ["/login ", "/home sid=1", "/check ", "/check/ seen=1", "/login ", "/home "]);
}

#[test]
fn a_place_that_leads_to_itself_until_its_cookie_comes_is_followed() {
    let count = Arc::new(Mutex::new(0));
    let (peer, seen) = server(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        if *count == 1 {
            return answer("307 Temporary Redirect", &["Set-Cookie: been=1", "Location: /"]);
        }
        answer("200 OK", &[])
    });
    let ended = run(&["send", &format!("http://{peer}/")]);
    assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    assert_eq!(*seen.lock().unwrap(), ["/ ", "/ been=1"]);
}

#[test]
fn cookies_do_not_go_to_another_host_and_ones_own_go_first() {
    let (other, at_other) = server(|_| answer("200 OK", &[]));
    let there = format!("Location: http://localhost:{}/", other.port());
    let (peer, seen) = server(move |_| answer("302 Found", &["Set-Cookie: sid=1", &there]));
    let home = tempfile::tempdir().unwrap();
    let jar = home.path().join("jar");
    std::fs::write(
        &jar,
        "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tjar\n127.0.0.1\tFALSE\t/\tFALSE\t0\tb\tjar\n",
    )
    .unwrap();
    let url = format!("http://{peer}/");
    let ended = run(&["send", &url, "--cookie-jar", jar.to_str().unwrap(), "--cookie", "a=mine"]);
    assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    assert_eq!(*seen.lock().unwrap(), ["/ a=mine; b=jar"]);
    assert_eq!(*at_other.lock().unwrap(), ["/ "]);
    let said = told(&run(&[
        "send",
        &url,
        "--cookie-jar",
        jar.to_str().unwrap(),
        "--cookie",
        "a=mine",
        "--max-redirects",
        "0",
    ]))
    .1;
    assert!(said.contains("the cookie a of the jar stays there"), "{said}");
    let text = std::fs::read_to_string(&jar).unwrap();
    assert!(text.contains("\tsid\t1\n") && text.contains("\ta\tjar\n"), "{text}");
}

#[test]
fn what_is_not_taken_is_said() {
    let (peer, _) = server(|_| answer("200 OK", &["Set-Cookie: x=1; Domain=example.org"]));
    let (_, said) = told(&run(&["send", &format!("http://{peer}/")]));
    assert!(
        said.contains("the cookie x is not taken: 127.0.0.1 is not within its Domain example.org"),
        "{said}"
    );
}

fn has_curl() -> bool {
    let works = Command::new("curl").arg("--version").output().is_ok_and(|it| it.status.success());
    if !works {
        assert!(std::env::var_os("CI").is_none(), "there is no curl");
        println!("skipped: there is no curl here");
    }
    works
}

fn curl(arguments: &[&str]) {
    let ended = Command::new("curl")
        .args(["-sS", "-q", "-o", "/dev/null"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
}

/// Lines that a server sets, below /set/.
const LINES: [&str; 9] = [
    "Set-Cookie: plain=1",
    "Set-Cookie: root=2; Path=/",
    "Set-Cookie: deep=3; Path=/set/deep",
    "Set-Cookie: late=4; Max-Age=3600; Path=/",
    "Set-Cookie: dated=5; Expires=Fri, 01 Jan 2038 00:00:00 GMT; Path=/",
    "Set-Cookie: gone=6; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Path=/",
    "Set-Cookie: hidden=7; HttpOnly; Path=/",
    "Set-Cookie: quoted=\"8 9\"; Path=/",
    "Set-Cookie: elsewhere=9; Domain=example.org; Path=/",
];
const PLACES: [&str; 4] = ["/", "/set/x", "/set/deep/x", "/settle"];

/// What was sent to the places, the cookies of each in the order of their names: which of two equal ones comes first, nobody says.
fn told_places(seen: &Mutex<Vec<String>>) -> Vec<String> {
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let sorted = |line: &String| {
        let (path, cookies) = line.split_once(' ').unwrap();
        let mut cookies: Vec<_> = cookies.split("; ").collect();
        cookies.sort_unstable();
        format!("{path} {}", cookies.join("; "))
    };
    seen.iter().map(sorted).collect()
}

#[test]
fn curl_and_we_read_the_files_of_each_other() {
    if !has_curl() {
        return;
    }
    let (peer, seen) =
        server(
            |path| {
                if path == "/set/here" { answer("200 OK", &LINES) } else { answer("200 OK", &[]) }
            },
        );
    let home = tempfile::tempdir().unwrap();
    let [ours, theirs] =
        ["ours", "theirs"].map(|name| home.path().join(name).display().to_string());
    let set = format!("http://{peer}/set/here");
    curl(&[&set, "-c", &theirs]);
    assert_eq!(told(&run(&["send", &set, "--cookie-jar", &ours])).0, Some(0));
    seen.lock().unwrap().clear();
    let mut all = Vec::new();
    for file in [&ours, &theirs] {
        for place in PLACES {
            curl(&[&format!("http://{peer}{place}"), "-b", file]);
        }
        all.push(told_places(&seen));
        for place in PLACES {
            run(&["send", &format!("http://{peer}{place}"), "--cookie", file]);
        }
        all.push(told_places(&seen));
    }
    let [by_curl_ours, by_us_ours, by_curl_theirs, by_us_theirs] = all.as_slice() else { panic!() };
    assert_eq!(
        by_curl_ours[2],
        "/set/deep/x dated=5; deep=3; hidden=7; late=4; plain=1; quoted=\"8 9\"; root=2"
    );
    assert_eq!(by_curl_ours, by_us_ours, "our file");
    assert_eq!(by_curl_theirs, by_us_theirs, "curl's file");
    assert_eq!(by_curl_ours, by_curl_theirs, "both files");
    // What one of them adds to the file of the other stays beside what was there.
    curl(&[&format!("http://{peer}/set/here"), "-b", &ours, "-c", &ours]);
    assert_eq!(told(&run(&["send", &format!("http://{peer}/"), "--cookie-jar", &ours])).0, Some(0));
    assert!(told_places(&seen).last().unwrap().contains("dated=5; hidden=7; late=4"));
}

fn presets(home: &Path, files: &[(&str, String)]) {
    std::fs::create_dir_all(home.join("presets")).unwrap();
    for (name, text) in files {
        std::fs::write(home.join("presets").join(name), text).unwrap();
    }
}

#[test]
fn a_run_has_a_jar_of_its_own_and_each_round_begins_without_cookies() {
    let (peer, seen) = server(|path| match path.strip_prefix("/login/") {
        Some(user) => answer("200 OK", &[&format!("Set-Cookie: user={user}; Path=/")]),
        None => answer("200 OK", &[]),
    });
    let home = tempfile::tempdir().unwrap();
    presets(
        home.path(),
        &[
            ("a-login.toml", format!("[http]\nurl = \"http://{peer}/login/{{{{name}}}}\"\n")),
            (
                "b-look.toml",
                format!("[http]\nurl = \"http://{peer}/look\"\nneeds = [\"a-login\"]\n"),
            ),
            ("c-off.toml", format!("[http]\nurl = \"http://{peer}/off\"\ncookies = false\n")),
        ],
    );
    std::fs::write(home.path().join("rows.csv"), "name\nann\nbob\n").unwrap();
    let at = home.path().to_str().unwrap();
    let rows = home.path().join("rows.csv").display().to_string();
    let ended = run(&["--home", at, "run", "a-login", "b-look", "c-off", "--data", &rows]);
    assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    let mut told_all = std::mem::take(&mut *seen.lock().unwrap());
    told_all.sort();
    assert_eq!(
        told_all,
        ["/login/ann ", "/login/bob ", "/look user=ann", "/look user=bob", "/off ", "/off "]
    );
    // What a preset needs goes before it, and logs it in.
    let ended = run(&["--home", at, "send", "b-look", "--var", "name=eve"]);
    assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    assert_eq!(*seen.lock().unwrap(), ["/login/eve ", "/look user=eve"]);
}

#[test]
fn the_jar_of_an_environment_is_used_when_it_is_asked_for() {
    let (peer, seen) = server(|path| match path {
        "/set" => answer("200 OK", &["Set-Cookie: kept=1; Max-Age=600; Path=/"]),
        _ => answer("200 OK", &[]),
    });
    let home = tempfile::tempdir().unwrap();
    let at = home.path().to_str().unwrap();
    let send = |path: &str, more: &[&str]| {
        let url = format!("http://{peer}{path}");
        let ended = run(&[&["--home", at, "send", &url], more].concat());
        assert_eq!(told(&ended).0, Some(0), "{ended:?}");
    };
    send("/set", &["--environment-cookies"]);
    send("/a", &["--environment-cookies"]);
    send("/b", &[]);
    send("/c", &["--environment-cookies", "--offline"]);
    assert_eq!(*seen.lock().unwrap(), ["/set ", "/a kept=1", "/b "]);
    let both = run(&["send", "http://127.0.0.1:9/", "--environment-cookies", "--cookie-jar", "x"]);
    assert_eq!(told(&both).0, Some(2), "{both:?}");
    let wrong = run(&["send", "tcp://127.0.0.1:9", "--cookie-jar", "x"]);
    assert!(told(&wrong).1.contains("--cookie-jar means nothing to tcp"), "{wrong:?}");
}

/// A cookie as an answer of 127.0.0.1 sets it.
fn set(line: &str) -> CookieChange {
    let place = RequestPlace::of("http://127.0.0.1:9/");
    take(&mut CookieJar::default(), line.as_bytes(), &place, NOON_SECONDS).changes.remove(0)
}

/// The cookies that go along with what is sent with these effects.
fn along(effects: &[Effect]) -> Vec<String> {
    let (_, plan) = Driver::opened(effects);
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    plan.cookies.jar.iter().map(|it| String::from_utf8_lossy(&it.pair()).into_owned()).collect()
}

/// The application with a request on screen that was sent and answered so.
fn answered(lines: &[&str]) -> Driver {
    let mut driver = Driver::bare((120, 40));
    driver.keys("<F2><C-l>");
    driver.paste("http://127.0.0.1:9/");
    let (id, _) = Driver::opened(&driver.keys("<F5>"));
    let changes = lines.iter().map(|line| set(line)).collect();
    driver.event(Event::Cookies { id, changes });
    driver.done(id);
    driver
}

#[test]
fn what_an_answer_sets_goes_with_what_is_sent_next_and_to_the_disk() {
    let mut driver = answered(&["sid=s3cret", "kept=1; Max-Age=600"]);
    assert_eq!(along(&driver.keys("<F5>")), ["sid=s3cret", "kept=1"]);
    let kept = &driver.store.cookies[&None];
    assert_eq!(kept.iter().map(|it| it.key.name.clone()).collect::<Vec<_>>(), ["kept"]);
    // Another environment has others.
    driver.app.shared.environment = Some("lab".into());
    assert_eq!(along(&driver.keys("<F5>")), [""; 0]);
}

/// What the disk has of what is sent without an environment.
fn kept(driver: &Driver) -> Vec<String> {
    let jar = &driver.store.cookies[&None];
    jar.iter().map(|it| String::from_utf8_lossy(&it.pair()).into_owned()).collect()
}

#[test]
fn the_window_of_cookies_masks_shows_changes_deletes_and_takes_back() {
    let mut driver = answered(&["sid=s3cret; Max-Age=600", "theme=dark; Path=/x; Max-Age=600"]);
    driver.keys("<A-k>");
    driver.assert_shows("Cookies ─ no environment");
    driver.assert_shows("127.0.0.1");
    assert!(!driver.shows("s3cret"), "{}", driver.screen());
    driver.keys("s");
    driver.assert_shows("s3cret");
    driver.keys("j");
    assert!(!driver.shows("s3cret") && !driver.shows("dark"), "hidden again");
    driver.keys("k<Enter>");
    driver.paste("-2");
    driver.keys("<Enter>");
    assert_eq!(kept(&driver), ["sid=s3cret-2", "theme=dark"]);
    driver.keys("d");
    driver.assert_shows("1 cookie deleted");
    driver.keys("D");
    driver.assert_shows("no cookies: those that answers set stand here");
    driver.keys("uu");
    assert_eq!(kept(&driver), ["theme=dark", "sid=s3cret-2"]);
    driver.keys("u");
    assert_eq!(kept(&driver), ["theme=dark", "sid=s3cret"]);
    driver.keys("C");
    driver.keys("<Enter>");
    driver.assert_shows("there is no cookie here yet");
    driver.keys("<Esc>");
    assert!(!driver.shows("Cookies ─"));
}

#[test]
fn a_value_that_no_cookie_can_have_is_refused() {
    let mut driver = answered(&["sid=1"]);
    driver.keys("<A-k><Enter>");
    driver.paste(";x");
    driver.keys("<Enter>");
    driver.assert_shows("a value of a cookie cannot hold ';'");
    driver.keys("<Esc>");
    driver.assert_shows("Cookies ─");
    driver.keys("<Esc>");
    assert_eq!(along(&driver.keys("<F5>")), ["sid=1"]);
}

#[test]
fn what_is_sent_waits_for_cookies_that_are_being_read() {
    let mut driver = Driver::new((120, 40), NOON);
    driver.store.held = Some(VecDeque::new());
    driver.app.begin();
    driver.send(Message::Store(Reply::Workspace(Box::default())));
    driver.send(Message::Store(Reply::Restored(None)));
    driver.keys("<F2><C-l>");
    driver.paste("http://127.0.0.1:9/");
    let effects = driver.keys("<F5>");
    assert!(
        !effects.iter().any(|it| matches!(it, Effect::Engine(Order::Open { .. }))),
        "{effects:?}"
    );
    let mut jar = CookieJar::default();
    jar.apply(&[set("kept=1; Max-Age=600")], NOON_SECONDS);
    let reply = Reply::Cookies { environment: None, jar: Box::new(jar) };
    assert_eq!(along(&driver.tell(Message::Store(reply))), ["kept=1"]);
}
