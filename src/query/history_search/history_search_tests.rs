//! What a search of the history lets through, what it refuses, and what completes it.

use proptest::prelude::*;

use super::*;

/// On a day of 2026.
const CLOCK: AskersClock =
    AskersClock { now: Stamp(1_796_000_000_000_000_000), offset: Offset::UTC };

/// An entry of which is asked.
struct Entry(&'static str, &'static str, SessionOutcome);

impl Entry {
    fn new(summary: &'static str, preset: &'static str, code: Option<u16>) -> Self {
        let status = |code| SessionOutcome::Status { code, took: None };
        Entry(summary, preset, code.map_or(SessionOutcome::Unknown, status))
    }

    fn is_found(&self, search: &HistorySearch) -> bool {
        let preset = PresetPath::parse(self.1).ok();
        search.lets_through(HistorySubject {
            at: Stamp(1),
            summary: self.0,
            outcome: &self.2,
            preset: preset.as_ref(),
            is_pinned: self.1 == "pin",
        })
    }
}

fn read(text: &str) -> Result<HistorySearch, QueryError> {
    HistorySearch::read(text, CLOCK)
}

#[test]
fn tests_hold_of_entries() {
    let created =
        Entry::new("POST https://ann:x@Api.Example:8443/users?a=1", "users/create", Some(201));
    let failed = Entry::new("GET http://api.example/x", "users/list", Some(503));
    let talk = Entry::new("tcp 127.0.0.1:9000", "pin", None);
    let mock = Entry::new("listen http 127.0.0.1:8080", "mock", None);
    for (text, expected) in [
        ("status >= 400", [false, true, false, false]),
        ("status<300", [true, false, false, false]),
        ("status = 201", [true, false, false, false]),
        ("Status EQ 201", [true, false, false, false]),
        ("status == 5xx", [false, true, false, false]),
        ("status == 200..299", [true, false, false, false]),
        ("status != 5xx", [true, false, false, false]),
        ("status > 2xx", [false, true, false, false]),
        ("status:>300", [false, true, false, false]),
        ("host == api.example", [true, true, false, false]),
        ("host:127.0.0.1", [false, false, true, true]),
        ("host contains api and method == POST", [true, false, false, false]),
        ("host contains api and", [true, true, false, false]),
        ("method != POST", [false, true, false, false]),
        ("url contains /users", [true, false, false, false]),
        ("url:8443", [true, false, false, false]),
        ("proto == http", [true, true, false, true]),
        ("proto != http", [false, false, true, false]),
        ("preset == users", [true, true, false, false]),
        ("preset == users/create", [true, false, false, false]),
        ("preset != users", [false, false, true, true]),
        ("preset contains 'LIST'", [false, true, false, false]),
        ("pinned", [false, false, true, false]),
        ("", [true, true, true, true]),
    ] {
        let search = read(text).unwrap();
        assert!(search.words.is_empty(), "{text}: {search:?}");
        let found = [&created, &failed, &talk, &mock].map(|entry| entry.is_found(&search));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn anything_else_is_a_word() {
    for (text, words, tests) in [
        ("login status >= 400 users", vec!["login", "users"], 1),
        ("status", vec!["status"], 0),
        ("host", vec!["host"], 0),
        ("salt and pepper", vec!["salt", "and", "pepper"], 0),
        ("this or that", vec!["this", "or", "that"], 0),
        ("not here", vec!["not", "here"], 0),
        ("and", vec!["and"], 0),
        ("status == 200 and pepper", vec!["pepper"], 1),
        ("pepper and status == 200", vec!["pepper"], 1),
        ("pinned-down", vec!["pinned-down"], 0),
        ("preset == 'a b' c", vec!["c"], 1),
        ("\"not found\" x", vec!["not found", "x"], 0),
        (r#""name":"a b""#, vec![r#""name":"a"#, "b\""], 0),
        (r#""name""#, vec![r#""name""#], 0),
        (r#""stat==404" "status >= 400""#, vec!["stat==404", "status >= 400"], 0),
        ("answer contains 'a b' request:c", vec!["a b", "c"], 0),
        (
            "http://h/a?b=c sensor=7 aGk== -> (x)",
            vec!["http://h/a?b=c", "sensor=7", "aGk==", "->", "(x)"],
            0,
        ),
        ("salt contains pepper", vec!["salt", "contains", "pepper"], 0),
    ] {
        let search = read(text).unwrap();
        let found: Vec<&str> = search.words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!((found, search.tests.len()), (words, tests), "{text}");
    }
}

#[test]
fn what_was_meant_as_a_test_and_is_none_is_said_with_its_column() {
    for (text, column, said) in [
        ("status >= many", 11, "'many' is no status; write 404, 4xx or 400..499".to_owned()),
        ("status == 499..400", 11, "'499..400' is no status; write 404, 4xx or 400..499".into()),
        ("a status ==", 12, "a value is missing; write status >= 400".into()),
        ("status contains 4", 1, "status takes ==, !=, <, <=, >, >=; write status >= 400".into()),
        ("pinned == yes", 1, "pinned stands alone; write pinned".into()),
        ("answer < 3", 1, "answer takes contains; write answer contains \"no such user\"".into()),
        ("age > old", 7, "'old' is no age; write 30m, 2h, 3d or 2w".into()),
        ("proto == ftp", 10, "'ftp' is no protocol; ".into()),
        ("preset == 'a b", 11, "this text does not end; write ' at its end".into()),
        ("hosts == a", 1, "there is no field 'hosts'; did you mean 'host'?".into()),
        ("stat==404", 1, "there is no field 'stat'; ".into()),
        ("x statuss>=404", 3, "there is no field 'statuss'; did you mean 'status'?".into()),
        (
            "zzz == 1",
            1,
            "there is no field 'zzz'; put it in quotes to find it; fields are status, ".into(),
        ),
        ("path contains /x", 1, "'path' is called url here; write url contains /users".into()),
        ("code == 404", 1, "'code' is called status here; write status >= 400".into()),
        ("== 5", 1, "no field stands before ==; write a test, such as status >= 400".into()),
        ("status == 1 or age < 2h", 13, "'or' is not known here: all of it has to hold".into()),
        ("a || status == 1", 3, "'||' is not known here: all of it has to hold".into()),
        ("not status == 1", 1, "'not' is not known here; write !=, as in status != 200".into()),
        ("(status == 1)", 1, "parentheses are not known here: all of it has to hold".into()),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.message.starts_with(&said), "{text}: {error}");
        assert_eq!(error.column, column, "{text}: {error}");
    }
    for (text, before) in [
        ("a status ==", "a "),
        ("status == 1 or age < 2h", "status == 1 "),
        ("\u{e9} status < 300 and hosts == b", "\u{e9} status < 300 and "),
        ("hosts == a", ""),
        ("a status < 3", "a status < 3"),
    ] {
        assert_eq!(HistorySearch::before_error(text, CLOCK), before, "{text}");
        assert!(read(before).is_ok(), "{text}");
    }
    let time = read("time == never").unwrap_err();
    assert_eq!(time.column, 9);
    assert!(time.message.contains("write 14:02, 2026-11-29, "), "{time}");
}

/// What is offered at the end of a text, and what of it is begun.
fn offered(text: &str) -> (String, Vec<String>) {
    let Some(place) = HistoryPlace::at_end_of(text, CLOCK) else {
        return (String::new(), Vec::new());
    };
    let offers = place.offers().into_iter().map(|offer| offer.text).collect();
    (place.begun().to_owned(), offers)
}

#[test]
fn what_can_stand_at_the_end_is_offered() {
    let names: Vec<String> = HISTORY_FIELDS.iter().map(|field| field.name.to_owned()).collect();
    assert_eq!(offered(""), (String::new(), names.clone()));
    assert_eq!(offered("status >= 400 "), (String::new(), names.clone()));
    assert_eq!(offered("status >= 400 and "), (String::new(), names));
    for (text, begun, expected) in [
        ("st", "st", &["status", "pinned"][..]),
        ("login ST", "ST", &["status", "pinned"]),
        ("respon", "respon", &["status", "answer"]),
        ("age", "age", &["age < ", "age <= ", "age > ", "age >= "]),
        ("preset ", "", &["== ", "!= ", "contains "]),
        ("preset con", "con", &["contains "]),
        ("status !", "!", &["!= "]),
        ("status >= ", "", &["2xx", "4xx", "5xx"]),
        ("status >= 4", "4", &["4xx"]),
        ("time == to", "to", &["today"]),
        ("proto:", "", &["http", "tcp", "udp", "ws"]),
        ("a proto == t", "t", &["tcp"]),
        ("preset == 'a b'", "", &[]),
        ("pinn", "pinn", &["pinned"]),
        ("pinned", "pinned", &[]),
        ("time == yesterday age", "age", &["age < ", "age <= ", "age > ", "age >= "]),
        ("nothing", "nothing", &[]),
        ("preset == \"a", "\"a", &[]),
    ] {
        let found = offered(text);
        assert_eq!(
            (found.0.as_str(), found.1),
            (begun, expected.iter().map(|it| (*it).to_owned()).collect()),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn whatever_is_typed_is_read_or_refused_within_it(
        text in r#"(status|host|preset|pinned|and|or|not|time|age|answer|[<>=!:'"( é4x.-]|contains){0,12}"#
    ) {
        match read(&text) {
            Ok(search) => {
                let _ = Entry::new("GET http://h/", "a", Some(200)).is_found(&search);
            }
            Err(error) => {
                prop_assert!((1..=text.chars().count() + 1).contains(&error.column));
                prop_assert!(read(HistorySearch::before_error(&text, CLOCK)).is_ok());
            }
        }
        // What is offered goes on with the text.
        if let Some(place) = HistoryPlace::at_end_of(&text, CLOCK) {
            prop_assert!(text.ends_with(place.begun()));
        }
    }
}
