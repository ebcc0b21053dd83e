//! Bodies made of others by the engine: with its own makers, with the filter of JSON in a process of
//! its own, with commands. Real processes, a real peer.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::id::BodyId;
use wirebench::model::recipe::{Derivation, DerivationReport, Recipe, RecipeKind};
use wirebench::model::table_cell::{CellQuery, TableCell};
use wirebench::model::view::{SearchDirection, SearchHit, SearchQuery, ViewMode, ViewPart};

use super::http::{Bench, DEADLINE, Step, peer};

/// An engine that has received this body.
async fn with(body: &[u8]) -> (Bench, BodyId) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let reply = [head.as_bytes(), body].concat();
    let mut bench = Bench::new();
    let outcome = bench.get(&peer(vec![vec![Step::Head, Step::Write(reply)]])).await;
    let body = outcome.exchange().response.as_ref().unwrap().body.id;
    (bench, body)
}

fn order(bench: &Bench, number: u64, body: BodyId, kind: RecipeKind, text: &str) {
    let recipe = Recipe { kind, text: text.to_owned() };
    order_of(bench, number, body, None, recipe);
}

fn order_of(bench: &Bench, number: u64, body: BodyId, content_type: Option<&str>, recipe: Recipe) {
    let part = ViewPart::Decoded;
    let content_type = content_type.map(str::to_owned);
    let order = Derivation { number, body, part, from: 0, content_type, recipe };
    bench.handle.command(Command::Derive(order)).unwrap();
}

async fn report(bench: &mut Bench) -> DerivationReport {
    loop {
        let event = timeout(DEADLINE, bench.events.urgent.recv()).await.unwrap().unwrap();
        if let Event::Derived(report) = event {
            return *report;
        }
    }
}

/// How a derivation ended, and what was made.
async fn made(
    bench: &mut Bench,
    body: BodyId,
    (kind, text): (RecipeKind, &str),
) -> (DerivationReport, String) {
    order(bench, 7, body, kind, text);
    ended(bench).await
}

async fn ended(bench: &mut Bench) -> (DerivationReport, String) {
    let mut last = report(bench).await;
    while last.outcome.is_none() {
        last = report(bench).await;
    }
    let bytes = match last.body {
        Some(made) => bench.bytes(made, ViewPart::Decoded).await,
        None => Vec::new(),
    };
    let text = String::from_utf8(bytes).unwrap_or_else(|no| format!("{:?}", no.as_bytes()));
    (last, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_another_charset_is_read_by_it_and_piped_as_received() {
    let json = "[{\"n\":\"Müller\"},{\"n\":\"ß\"}]";
    let latin: Vec<u8> = json.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let wide: Vec<u8> = json.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [&[0xfe, 0xff][..], &wide].concat();
    let (latin_type, wide_type) =
        ("application/json; charset=iso-8859-1", "application/json; charset=utf-16be");
    for (bytes, content_type) in
        [(latin, Some(latin_type)), (wide, Some(wide_type)), (marked, None)]
    {
        let (mut bench, body) = with(&bytes).await;
        for (kind, text, expected) in [
            (RecipeKind::Jq, "-r .[] | .n", "Müller\nß\n".to_owned()),
            (RecipeKind::Table, "", "Müller\nß\n".to_owned()),
            (RecipeKind::SortKeys, "", format!("{json}\n")),
            (RecipeKind::Recode, "", json.to_owned()),
            (RecipeKind::Pipe, "wc -c", format!("{}\n", bytes.len())),
        ] {
            let recipe = Recipe { kind, text: text.to_owned() };
            order_of(&bench, 3, body, content_type, recipe);
            let (report, text) = ended(&mut bench).await;
            let text: String = text.split(' ').collect();
            assert_eq!((report.outcome, text), (Some(Ok(())), expected), "{kind:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_of_json_gives_its_results_or_says_what_is_wrong() {
    let (mut bench, body) = with(br#"[{"id":1,"n":"a"},{"id":2.50,"n":"b"}]"#).await;
    for (filter, expected) in [
        (".[] | .id", "1\n2.50\n"),
        ("-r .[].n", "a\nb\n"),
        ("map(.id) | add", "3.5\n"),
        ("", "[{\"id\":1,\"n\":\"a\"},{\"id\":2.50,\"n\":\"b\"}]\n"),
        ("-s length", "1\n"),
        ("empty", ""),
        (".[] | .id, halt", "1\n"),
        (".[1].n", "\"b\"\n"),
        (".[0][]", "1\n\"a\"\n"),
    ] {
        let (report, text) = made(&mut bench, body, (RecipeKind::Jq, filter)).await;
        assert_eq!((report.outcome, &*text), (Some(Ok(())), expected), "{filter}");
    }
    for (filter, words) in [
        (".[] | foo", "there is no filter foo, at column 7"),
        (".[", "[ is not closed"),
        (".a", "cannot index"),
        ("input", "there is no filter input"),
        ("import \"x\" as x; .", "import"),
    ] {
        let (report, _) = made(&mut bench, body, (RecipeKind::Jq, filter)).await;
        let why = report.outcome.unwrap().unwrap_err();
        assert!(report.body.is_none() && why.contains(words), "{filter}: {why}");
    }
    // What came before a failure stays, with the failure beside it.
    let failing = "if .id == 1 then .id else error(\"no\") end";
    let filter = format!(".[] | {failing}");
    let (report, text) = made(&mut bench, body, (RecipeKind::Jq, &filter)).await;
    assert_eq!((report.outcome, &*text), (Some(Err("\"no\"".to_owned())), "1\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_a_document_is_filtered_element_by_element_as_a_whole_one_would_be() {
    let documents = "{\"x\":{\"a\":0},\"a\":[1,2]}\n{\"a\":3}\n{}\n{\"a\":[4,\"5\",6]}\n";
    let (mut bench, body) = with(documents.as_bytes()).await;
    for filter in [".a[]", ".a | .[]", ".a[] | .+1", ".a[]?"] {
        let whole = format!(". | {filter}");
        let (expected, expected_text) = made(&mut bench, body, (RecipeKind::Jq, &whole)).await;
        let (report, text) = made(&mut bench, body, (RecipeKind::Jq, filter)).await;
        assert_eq!((report.outcome, text), (expected.outcome, expected_text), "{filter}");
    }
    // What is before a break is there; a name that comes again would have been another value.
    let (mut bench, body) = with(b"{\"a\":[1,2],\"b\":[3],\"a\":[4]}").await;
    let (report, text) = made(&mut bench, body, (RecipeKind::Jq, ".a[]")).await;
    assert_eq!(text, "1\n2\n");
    let why = report.outcome.unwrap().unwrap_err();
    assert!(why.contains("\"a\" is there twice") && why.contains("put `. |`"), "{why}");
    let (_, text) = made(&mut bench, body, (RecipeKind::Jq, ". | .a[]")).await;
    assert_eq!(text, "4\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_string_is_opened_where_it_begins() {
    let body = br#"{"a":1,"a":"{\"x\":[\"y\\n\"]}","b": oops"#;
    let (bench, source) = with(body).await;
    let mut bench = bench;
    for (from, expected) in
        [(7, Ok("{\"x\":[\"y\\n\"]}")), (1, Err("the value under the cursor is no string"))]
    {
        let recipe = Recipe { kind: RecipeKind::Value, text: ".a".into() };
        let (content_type, part) = (None, ViewPart::Decoded);
        let order = Derivation { number: from, body: source, part, from, content_type, recipe };
        bench.handle.command(Command::Derive(order)).unwrap();
        let (report, text) = ended(&mut bench).await;
        let outcome = report.outcome.unwrap();
        assert_eq!(outcome.as_ref().map(|()| &*text).map_err(|why| &**why), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_or_too_deep_is_told_and_nothing_breaks() {
    for (text, words) in [
        ("plain".to_owned(), "not JSON"),
        ("[1,2".to_owned(), "ends in the middle"),
        ("[".repeat(100_000), "too deep"),
    ] {
        let (mut bench, body) = with(text.as_bytes()).await;
        let (report, _) = made(&mut bench, body, (RecipeKind::Jq, ".[]")).await;
        let why = report.outcome.unwrap().unwrap_err();
        assert!(why.contains(words), "{why}");
    }
    let deep = format!("{}{}", "[".repeat(9_000), "]".repeat(9_000));
    let (mut bench, body) = with(deep.as_bytes()).await;
    let (report, text) = made(&mut bench, body, (RecipeKind::Jq, "flatten")).await;
    assert_eq!((report.outcome, &*text), (Some(Ok(())), "[]\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn makers_of_our_own_go_the_same_way() {
    for (body, kind, expected, header) in [
        ("{\"b\":1,\"a\":2}", RecipeKind::SortKeys, "{\"a\":2,\"b\":1}\n", ""),
        ("{\"a\":\"[1]\"}", RecipeKind::Unescape, "{\"a\":[1]}\n", ""),
        ("<a><b/></a>", RecipeKind::Markup, "<a>\n  <b/>\n</a>\n", ""),
        ("x,y\n1,2\n", RecipeKind::Table, "1 │ 2\n", "x │ y"),
    ] {
        let (mut bench, source) = with(body.as_bytes()).await;
        let (report, text) = made(&mut bench, source, (kind, "")).await;
        assert_eq!(report.outcome, Some(Ok(())), "{kind:?}");
        assert_eq!((&*text, &*report.header), (expected, header), "{kind:?}");
    }
    let (mut bench, source) = with(b"nothing of all that").await;
    for kind in [RecipeKind::SortKeys, RecipeKind::Markup, RecipeKind::Table] {
        let (report, _) = made(&mut bench, source, (kind, "")).await;
        assert!(report.body.is_none() && report.outcome.unwrap().is_err(), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reads_the_body_and_its_status_and_errors_are_told() {
    let long = "x".repeat(3 << 20);
    let (mut bench, body) = with(long.as_bytes()).await;
    for (command, expected, remark) in [
        ("wc -c | tr -d ' '", "3145728\n", ""),
        ("head -c 3", "xxx", ""),
        ("cat >/dev/null 2>&1", "", "it printed nothing"),
        ("echo made; echo wrong >&2; exit 3", "made\n", "exit status 3: wrong"),
        ("exec >&- 2>&-; cat >/dev/null; exit 4", "", "exit status 4"),
    ] {
        let (report, text) = made(&mut bench, body, (RecipeKind::Pipe, command)).await;
        assert_eq!((report.outcome, &*text), (Some(Ok(())), expected), "{command}");
        assert_eq!(report.remark, remark, "{command}");
    }
    let (report, _) = made(&mut bench, body, (RecipeKind::Pipe, "no-such-program-here")).await;
    assert!(report.remark.starts_with("exit status 127: "), "{}", report.remark);
}

fn is_there(process: &str) -> bool {
    Path::new("/proc").join(process.trim()).join("status").exists()
        && !std::fs::read_to_string(Path::new("/proc").join(process.trim()).join("status"))
            .unwrap_or_default()
            .contains("State:\tZ")
}

fn wait_until_gone(process: &str) {
    let until = Instant::now() + DEADLINE;
    while is_there(process) {
        assert!(Instant::now() < until, "process {process} lives on");
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_ended_when_it_is_stopped_or_something_else_is_wanted() {
    if !Path::new("/proc/self/status").exists() {
        return;
    }
    let (mut bench, body) = with(b"{}").await;
    let endless = "echo $$; sleep 1000 & echo $!; wait";
    order(&bench, 1, body, RecipeKind::Pipe, endless);
    let begun = report(&mut bench).await;
    let mut text = String::new();
    while text.lines().count() < 2 {
        text =
            String::from_utf8(bench.bytes(begun.body.unwrap(), ViewPart::Decoded).await).unwrap();
    }
    bench.handle.command(Command::StopDeriving).unwrap();
    let ended = report(&mut bench).await;
    assert_eq!(ended.outcome, Some(Err("stopped".to_owned())));
    text.lines().for_each(wait_until_gone);
    assert_eq!(bench.bytes(begun.body.unwrap(), ViewPart::Decoded).await, text.as_bytes());

    // A filter that never ends gives way to the next one.
    order(&bench, 2, body, RecipeKind::Jq, "def f: f; f");
    tokio::time::sleep(Duration::from_millis(100)).await;
    order(&bench, 3, body, RecipeKind::Jq, "1");
    loop {
        let report = report(&mut bench).await;
        assert_eq!(report.number, 3, "the one that was given up says nothing");
        if report.outcome.is_some() {
            break;
        }
    }
    // And nothing outlives the engine.
    order(&bench, 4, body, RecipeKind::Pipe, "echo $$; sleep 1000");
    let begun = report(&mut bench).await;
    let process = bench.bytes(begun.body.unwrap(), ViewPart::Decoded).await;
    bench.handle.shutdown(Duration::from_secs(1)).await;
    wait_until_gone(&String::from_utf8(process).unwrap());
}

/// Filters as they are typed, each key ending the one before: at any pace the last one is told, whole.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_is_ended_by_the_next_one_does_not_end_that_one() {
    let (mut bench, body) = with(br#"{"a":[{"id":1}],"str":"s"}"#).await;
    let filter = ".a[0].id,.str";
    let mut number = 0;
    for pace in [1, 5, 10, 15, 20, 25, 30, 40].into_iter().cycle().take(24) {
        for end in [1, 2, 5, 8, 12, filter.len()] {
            number += 1;
            order(&bench, number, body, RecipeKind::Jq, &filter[..end]);
            tokio::time::sleep(Duration::from_millis(pace)).await;
        }
        // Those before may have been told already, each with its own number.
        let last = loop {
            let report = report(&mut bench).await;
            match report.outcome {
                Some(outcome) if report.number == number => break (outcome, report.body),
                Some(Err(why)) => {
                    assert!(!why.contains("ended") && !why.contains("killed"), "{why}");
                }
                _ => {}
            }
        };
        assert_eq!(last.0, Ok(()), "a key each {pace} ms");
        let text = bench.bytes(last.1.unwrap(), ViewPart::Decoded).await;
        assert_eq!(text, b"1\n\"s\"\n", "a key each {pace} ms");
    }
}

/// What a cell of a table holds.
async fn cell(bench: &mut Bench, query: CellQuery) -> Result<Box<TableCell>, String> {
    bench.handle.command(Command::LookAtCell(query.clone())).unwrap();
    loop {
        match timeout(DEADLINE, bench.events.urgent.recv()).await.unwrap().unwrap() {
            Event::Cell { query: of, outcome } if of == query => return outcome,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_of_a_table_is_read_whole_from_the_body_whatever_its_charset() {
    let long = "ä, \"long\" │ ".repeat(20);
    let quoted = format!("\"{}\"", long.replace('"', "\"\""));
    let rows = (0..40_000).map(|n| format!("{n},{quoted},{}\r\n", n * 2));
    let csv = ["id,text,twice\r\n".to_owned()].into_iter().chain(rows).collect::<Vec<_>>().concat();
    let latin: Vec<u8> = csv.replace('│', "|").chars().map(|c| u8::try_from(c).unwrap()).collect();
    let latin_long = long.replace('│', "|");
    for (bytes, content_type, long) in [
        (csv.clone().into_bytes(), None, &long),
        (latin, Some("text/csv; charset=iso-8859-1"), &latin_long),
    ] {
        let (mut bench, body) = with(&bytes).await;
        let recipe = Recipe { kind: RecipeKind::Table, text: String::new() };
        order_of(&bench, 3, body, content_type, recipe);
        let (report, table) = ended(&mut bench).await;
        let body = report.body.unwrap();
        for row in [0, 1, 999, 20_000, 39_999] {
            let start: usize = table.lines().take(row).map(|line| line.len() + 1).sum();
            let line = table.lines().nth(row).unwrap();
            let second = line.find('│').unwrap() + '│'.len_utf8();
            let query = CellQuery { body, at: (start + second) as u64, rows: 1 };
            let found = cell(&mut bench, query).await.unwrap();
            assert_eq!((&*found.column, found.row), ("text", row as u64));
            assert_eq!(found.value.as_ref(), Some(long), "row {row}");
            assert!(found.text.starts_with(&format!("{row},\"ä, \"\"long\"\"")), "{}", found.text);
            assert!(found.text.ends_with(&format!(",{}", row * 2)), "{}", found.text);
        }
        // It can be opened as a body of its own.
        let second = table.find('│').unwrap() as u64 + 3;
        let recipe = Recipe { kind: RecipeKind::Cell, text: String::new() };
        let (part, content_type) = (ViewPart::Decoded, None);
        let order = Derivation { number: 4, body, part, from: second, content_type, recipe };
        bench.handle.command(Command::Derive(order)).unwrap();
        let (report, opened) = ended(&mut bench).await;
        assert_eq!((report.outcome, &opened), (Some(Ok(())), long));
        let gone = cell(&mut bench, CellQuery { body, at: u64::MAX, rows: 1 }).await;
        assert!(gone.is_err(), "{gone:?}");
    }
}

async fn search(bench: &mut Bench, query: SearchQuery) -> SearchHit {
    bench.handle.command(Command::Search(query.clone())).unwrap();
    loop {
        match timeout(DEADLINE, bench.events.urgent.recv()).await.unwrap().unwrap() {
            Event::Found(hit) if hit.query == query => return hit,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_in_a_table_finds_what_is_cut_and_what_is_drawn_in_order_and_either_way() {
    let long = "x".repeat(80);
    // As many rows as need several blocks, each searched from a mark of its own.
    let rows = (0..8000).map(|n| match n {
        10 | 7990 => format!("{n},{long} needle,z\n"),
        4000 => format!("{n},needle,z\n"),
        _ => format!("{n},{long},z\n"),
    });
    let csv = format!("n,note,end\n{}", rows.collect::<String>());
    let (mut bench, source) = with(csv.as_bytes()).await;
    let (report, table) = made(&mut bench, source, (RecipeKind::Table, "")).await;
    let body = report.body.unwrap();
    let line = |row: usize| table.split_inclusive('\n').take(row).map(str::len).sum::<usize>();
    let at = |row: usize, mark: &str| (line(row) + table[line(row)..].find(mark).unwrap()) as u64;
    let hits =
        [(10, at(10, "…"), true), (4000, at(4000, "needle"), false), (7990, at(7990, "…"), true)];
    let (part, mode, text) = (ViewPart::Decoded, ViewMode::Text, "needle".to_owned());
    for direction in [SearchDirection::Forward, SearchDirection::Backward] {
        let mut from = if direction == SearchDirection::Forward { 0 } else { table.len() as u64 };
        let mut wanted = hits.to_vec();
        if direction == SearchDirection::Backward {
            wanted.reverse();
        }
        for (row, place, behind_cut) in wanted {
            let query = SearchQuery { body, part, mode, text: text.clone(), from, direction };
            let hit = search(&mut bench, query).await;
            assert_eq!(
                (hit.hit, hit.behind_cut),
                (Some((row, place)), behind_cut),
                "{direction:?}"
            );
            assert!(!hit.wrapped);
            from = place;
        }
        let query = SearchQuery { body, part, mode, text: text.clone(), from, direction };
        assert!(search(&mut bench, query).await.wrapped, "round to the other end");
    }
    let query = SearchQuery {
        body,
        part,
        mode,
        text: "nowhere".to_owned(),
        from: 0,
        direction: SearchDirection::Forward,
    };
    assert_eq!(search(&mut bench, query).await.hit, None);
}
