//! The store through its own door: written by a task, looked at through events.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::codec::lines::LineScanner;
use crate::model::folds::Folds;
use crate::model::view::{SearchDirection, SearchHit, View, ViewLine, ViewMode};

const DEADLINE: Duration = Duration::from_secs(10);

struct Bench {
    store: BodyStore,
    events: mpsc::Receiver<Event>,
}

impl Bench {
    fn new() -> Self {
        let (sender, events) = mpsc::channel(64);
        Bench { store: BodyStore::start(None, Budget::of(1024), sender), events }
    }

    fn bounded(memory: usize, disk: u64) -> Self {
        let (sender, events) = mpsc::channel(64);
        let usage = Usage::bounded(memory, disk, Budget::of(1024));
        Bench { store: BodyStore::with(usage, sender), events }
    }

    async fn event(&mut self) -> Event {
        tokio::time::timeout(DEADLINE, self.events.recv()).await.unwrap().unwrap()
    }

    async fn next_view(&mut self) -> View {
        loop {
            if let Event::View(view) = self.event().await {
                return *view;
            }
        }
    }

    /// The first answer, and then what comes unasked until the body is indexed.
    async fn view(&mut self, query: ViewQuery) -> View {
        self.store.view(query).unwrap();
        loop {
            let view = self.next_view().await;
            if view.complete {
                return view;
            }
        }
    }

    async fn search(&mut self, query: SearchQuery) -> SearchHit {
        self.store.search(query);
        loop {
            if let Event::Found(hit) = self.event().await {
                return hit;
            }
        }
    }

    async fn keep(&self, parts: &[&[u8]]) -> BodyId {
        let writer = self.store.create();
        writer.body_starts(0);
        for part in parts {
            writer.wire(Bytes::copy_from_slice(part)).await.unwrap();
        }
        let id = writer.id();
        writer.finish().await.unwrap();
        id
    }
}

fn query(body: BodyId, mode: ViewMode, top: u64, rows: u16) -> ViewQuery {
    ViewQuery::new(body, ViewPart::Decoded, mode, top, rows)
}

fn texts(view: &View) -> Vec<String> {
    let text = |line: &ViewLine| {
        let indent = " ".repeat(line.indent.into());
        format!("{indent}{}", String::from_utf8_lossy(&line.bytes))
    };
    view.lines.iter().map(text).collect()
}

#[tokio::test]
async fn json_is_laid_out_and_other_bytes_fall_back_to_text_with_a_note() {
    let mut bench = Bench::new();
    let id = bench.keep(&[b"{\"a\":[1,", b"2]}"]).await;
    let view = bench.view(query(id, ViewMode::Pretty, 1, 3)).await;
    assert_eq!(texts(&view), ["  \"a\": [", "    1,", "    2"]);
    assert_eq!((view.top, view.total_lines, view.total_bytes), (1, 6, 11));
    assert_eq!(view.note, None);
    let id = bench.keep(&[b"one\ntwo\nthree"]).await;
    let view = bench.view(query(id, ViewMode::Pretty, 0, 2)).await;
    assert_eq!((texts(&view), view.total_lines), (vec!["one".into(), "two".into()], 3));
    assert!(view.note.unwrap().starts_with("not JSON"), "{:?}", view.lines);
}

#[tokio::test]
async fn a_slip_far_into_json_is_told_when_all_lines_are_there() {
    let mut bench = Bench::new();
    let numbers = b"0,\n".repeat(200_000);
    let id = bench.keep(&[b"[", &numbers, b"01,\n", &numbers, b"]"]).await;
    let view = bench.view(query(id, ViewMode::Pretty, u64::MAX, 1)).await;
    assert_eq!((view.total_lines, texts(&view)), (400_003, vec!["]".to_owned()]));
    let note = match view.note {
        Some(note) => note,
        None => bench.next_view().await.note.unwrap(),
    };
    assert_eq!(note, "not JSON: a number that begins with 0 at byte 600002");
}

#[tokio::test]
async fn what_pauses_is_checked_as_far_as_it_came() {
    let mut bench = Bench::new();
    let writer = bench.store.create();
    writer.body_starts(0);
    writer.wire(Bytes::from_static(b"[nan,\n")).await.unwrap();
    bench.store.view(query(writer.id(), ViewMode::Pretty, 0, 5)).unwrap();
    let view = loop {
        let view = bench.next_view().await;
        if view.note.is_some() {
            break view;
        }
    };
    assert_eq!(view.note.unwrap(), "not JSON: 'a' makes it neither true, false nor null at byte 2");
    assert!(!view.complete);
    writer.wire(Bytes::from_static(b"0]")).await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(texts(&bench.view(query(view.query.body, ViewMode::Pretty, 0, 5)).await).len(), 4);
}

#[tokio::test]
async fn past_the_end_are_the_last_lines() {
    let mut bench = Bench::new();
    let id = bench.keep(&[&[b'x'; 100]]).await;
    let view = bench.view(query(id, ViewMode::Hex, u64::MAX, 2)).await;
    assert_eq!((view.top, view.total_lines, view.lines[1].bytes.len()), (5, 7, 4));
    let id = bench.keep(&[b"1\n2\n3\n"]).await;
    let view = bench.view(query(id, ViewMode::Text, 99, 2)).await;
    assert_eq!(texts(&view)[0], "2");
}

#[tokio::test]
async fn a_window_onto_a_growing_body_is_renewed_unasked() {
    let mut bench = Bench::new();
    let writer = bench.store.create();
    let id = writer.id();
    writer.body_starts(0);
    bench.store.view(query(id, ViewMode::Text, 0, 5)).unwrap();
    assert_eq!(bench.next_view().await.lines, []);
    for (count, line) in ["a\n", "b\n", "c\n"].into_iter().enumerate() {
        let written = Instant::now();
        writer.wire(line.into()).await.unwrap();
        let view = bench.next_view().await;
        assert_eq!((view.total_lines, view.complete), (count as u64 + 1, false));
        assert!(written.elapsed() < Duration::from_millis(500));
    }
    drop(writer);
    let last = bench.next_view().await;
    assert!(last.complete && last.lines.len() == 3);
}

#[tokio::test]
async fn a_body_on_disk_reads_like_one_in_memory() {
    let mut bench = Bench::new();
    let line = b"0123456789abcdef0123456789abcde\n";
    let writer = bench.store.create();
    writer.body_starts(0);
    let part = Bytes::from(line.repeat(1000));
    for _ in 0..200 {
        writer.wire(part.clone()).await.unwrap();
    }
    let id = writer.id();
    writer.finish().await.unwrap();
    for top in [0, 1, 32_767, 32_768, 100_000, 199_990] {
        let view = bench.view(query(id, ViewMode::Text, top, 10)).await;
        assert_eq!((view.total_lines, view.lines.len()), (200_000, 10));
        assert_eq!(view.lines[0].offset, top * 32);
        assert!(view.lines.iter().all(|shown| shown.bytes == line[..31]));
    }
}

#[tokio::test]
async fn a_search_goes_both_ways_round_the_ends_and_over_block_borders() {
    let mut bench = Bench::new();
    let block = 1024 * 1024;
    let mut bytes = vec![b'.'; 3 * block];
    for at in [10, block - 2, 3 * block - 6] {
        bytes[at..at + 6].copy_from_slice(b"Needle");
    }
    let id = bench.keep(&[&bytes]).await;
    let ask = |text: &str, from: usize, direction| SearchQuery {
        body: id,
        part: ViewPart::Decoded,
        mode: ViewMode::Hex,
        text: text.into(),
        from: from as u64,
        direction,
    };
    for (text, from, direction, hit, wrapped) in [
        ("needle", 0, SearchDirection::Forward, 10, false),
        ("needle", 10, SearchDirection::Forward, block - 2, false),
        ("needle", block - 2, SearchDirection::Forward, 3 * block - 6, false),
        ("Needle", 3 * block - 6, SearchDirection::Forward, 3 * block - 6, false),
        ("Needle", 3 * block - 6, SearchDirection::Forward, 10, true),
        ("Needle", 10, SearchDirection::Backward, 3 * block - 6, true),
        ("Needle", 3 * block - 6, SearchDirection::Backward, block - 2, false),
    ] {
        let found = bench.search(ask(text, from, direction)).await;
        let place = Some((hit as u64 / 16, hit as u64));
        assert_eq!((found.hit, found.wrapped), (place, wrapped), "{text} {from} {direction:?}");
    }
    assert_eq!(bench.search(ask("NEEDLE", 0, SearchDirection::Forward)).await.hit, None);
    assert_eq!(bench.search(ask("", 0, SearchDirection::Forward)).await.hit, None);
}

#[tokio::test]
async fn a_hit_is_mapped_to_its_display_line() {
    let mut bench = Bench::new();
    let json = format!("[{}\"needle\"]", "1,".repeat(100_000));
    let id = bench.keep(&[json.as_bytes()]).await;
    let (part, mode, text) = (ViewPart::Decoded, ViewMode::Pretty, "needle".to_owned());
    let query =
        SearchQuery { body: id, part, mode, text, from: 0, direction: SearchDirection::Forward };
    let found = bench.search(query).await;
    assert_eq!(found.hit, Some((100_001, 200_002)));
}

#[tokio::test]
async fn saving_never_replaces_a_file_and_keeps_it_private() {
    let mut bench = Bench::new();
    let id = bench.keep(&[b"secret"]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("body");
    for expected in [Ok(6), Err(FailureKind::Io)] {
        bench.store.save(id, ViewPart::Raw, path.clone());
        let Event::BodySaved { outcome, .. } = bench.event().await else { panic!() };
        assert_eq!(outcome.map_err(|failure| failure.kind), expected);
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"secret");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    bench.store.save(id, ViewPart::Raw, folder.path().join("no/such/folder"));
    let Event::BodySaved { outcome, .. } = bench.event().await else { panic!() };
    assert_eq!(outcome.unwrap_err().cause, "the folder does not exist");
}

#[tokio::test]
async fn the_oldest_bodies_go_when_memory_is_full_and_say_so() {
    let bound = 16 << 20;
    let mut bench = Bench::bounded(bound, 1 << 30);
    let first = bench.keep(&[b"first"]).await;
    let megabyte = vec![b'x'; 1024 * 1024];
    for _ in 0..bound / megabyte.len() + 2 {
        bench.keep(&[&megabyte]).await;
    }
    let last = bench.keep(&[b"last"]).await;
    let view = bench.view(query(first, ViewMode::Text, 0, 1)).await;
    assert!(view.note.unwrap().contains("no longer kept"));
    assert_eq!(texts(&bench.view(query(last, ViewMode::Text, 0, 1)).await), ["last"]);
    bench.store.release(vec![last]);
    assert!(bench.view(query(last, ViewMode::Text, 0, 1)).await.note.is_some());
    assert!(bench.store.0.usage.memory.load(Ordering::Relaxed) <= bound);
    // Not more went than had to.
    assert!(bench.store.0.usage.memory.load(Ordering::Relaxed) >= bound / 2);
}

#[tokio::test]
async fn a_full_disk_takes_back_finished_bodies_before_it_refuses_a_new_one() {
    let bench = Bench::bounded(1 << 20, 10 << 20);
    let four = vec![b'x'; 4 << 20];
    for _ in 0..5 {
        bench.keep(&[&four]).await;
    }
    assert!(bench.store.0.usage.disk.load(Ordering::Relaxed) <= 10 << 20);
    let writer = bench.store.create();
    let mut refused = None;
    for _ in 0..40 {
        let kept = writer.wire(Bytes::from(vec![b'y'; 1 << 20])).await;
        refused = refused.or(kept.err());
    }
    assert!(writer.finish().await.is_err());
    assert!(refused.unwrap().contains("of disk for all bodies are used up"));
    // One that is complete is given back again.
    bench.keep(&[&four]).await;
}

fn some_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof!["[a-z\n]{0,40}", "[\\[\\]{},:1\" \n]{0,40}", "x{3000,9000}"];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(crate::property_tests::cases(64))]
    #[test]
    fn any_window_shows_what_one_scan_of_everything_shows(
        bytes in some_bytes(),
        top in 0u64..200,
        rows in 1u16..40,
        split in 1usize..30_000,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new();
            let parts: Vec<&[u8]> = bytes.chunks(split).collect();
            let id = bench.keep(&parts).await;
            for mode in [ViewMode::Text, ViewMode::Hex] {
                let all = LineScanner::new(mode).format(&bytes, 0, usize::MAX);
                let view = bench.view(query(id, mode, top, rows)).await;
                prop_assert_eq!(view.total_lines, all.len() as u64);
                let shown = all.iter().zip(0..).skip(view.top as usize).take(rows.into());
                let shown = shown.map(|(line, number)| ViewLine { number, ..line.clone() });
                prop_assert_eq!(view.lines, shown.collect::<Vec<_>>());
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn two_bodies_are_compared_by_what_they_hold_and_long_ones_by_their_bytes() {
    use crate::codec::compare::{COMPARED, ComparedAs, Comparison};
    async fn compare(bench: &mut Bench, old: BodyId, new: BodyId) -> Result<Comparison, String> {
        bench.store.compare(CompareQuery { old, new });
        loop {
            if let Event::Compared { query, found } = bench.event().await {
                assert_eq!(query, CompareQuery { old, new });
                return found.map(|found| *found);
            }
        }
    }
    let mut bench = Bench::new();
    let old = bench.keep(&[br#"{"a":1,"b":[2]}"#]).await;
    let new = bench.keep(&[br#"{"b":[3],"a":1}"#]).await;
    let found = compare(&mut bench, old, new).await.unwrap();
    assert_eq!((found.how, found.count()), (ComparedAs::Json, 1), "{found:?}");
    assert_eq!(found.changes[0].place, ".b[0]");
    assert_eq!(compare(&mut bench, old, old).await.unwrap().count(), 0);
    let wide: Vec<u8> =
        "\u{feff}{\"a\":1,\"b\":[3]}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = bench.keep(&[&wide]).await;
    let found = compare(&mut bench, old, wide).await.unwrap();
    assert_eq!((found.how, found.changes[0].place.as_str()), (ComparedAs::Json, ".b[0]"));
    let same: Vec<u8> = r#"{"a":1,"b":[2]}"#.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let same = bench.keep(&[&same]).await;
    let found = compare(&mut bench, old, same).await.unwrap();
    assert_eq!(
        (found.count(), found.note.as_deref()),
        (0, Some("the same text in another encoding"))
    );
    let same = vec![b'x'; 2 * 1024 * 1024];
    let long = bench.keep(&[&same, &same, b"end"]).await;
    let other = bench.keep(&[&same, &same, b"enD."]).await;
    let found = compare(&mut bench, long, other).await.unwrap();
    let at = COMPARED + 2;
    assert_eq!(found.changes[0].place, format!("byte {at} (0x{at:x})"));
    assert_eq!(found.changes[0].new.as_ref().unwrap().bytes, b"D.");
    assert!(found.note.unwrap().contains("longer than 4.0 MiB"));
    assert_eq!(compare(&mut bench, long, long).await.unwrap().count(), 0);
    bench.store.release([new]);
    assert!(compare(&mut bench, old, new).await.unwrap_err().contains("no longer kept"));
}

#[tokio::test]
async fn an_answer_comes_back_from_its_file_as_it_was_and_a_damaged_one_is_said() {
    async fn kept(bench: &mut Bench, id: Option<BodyId>, path: &std::path::Path) {
        bench.store.keep_answer(id, Bytes::from_static(b"text"), path.to_owned());
        let Event::AnswerKept { outcome, .. } = bench.event().await else { panic!("another") };
        outcome.unwrap();
    }
    async fn opened(bench: &mut Bench, path: &std::path::Path) -> Result<(Bytes, BodyId), Failure> {
        bench.store.open_answer(path.to_owned());
        loop {
            if let Event::AnswerOpened { outcome, .. } = bench.event().await {
                return outcome;
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers/key/1.answer");
    let mut bench = Bench::new();
    let writer = bench.store.create();
    writer.wire(Bytes::from_static(b"HEAD")).await.unwrap();
    writer.body_starts(4);
    let long = Bytes::from(vec![b'x'; 3 * 1024 * 1024]);
    writer.wire(long.clone()).await.unwrap();
    writer.body_ends();
    writer.wire(Bytes::from_static(b"after")).await.unwrap();
    let id = writer.id();
    writer.finish().await.unwrap();
    kept(&mut bench, Some(id), &file).await;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let (text, body) = opened(&mut bench, &file).await.unwrap();
    assert_eq!(&text[..], b"text");
    let all = long.len() + 100;
    let read = |bench: &Bench, part| bench.store.read(body, part, 0, all).unwrap();
    assert!(read(&bench, ViewPart::Decoded) == long);
    assert!(read(&bench, ViewPart::Raw).starts_with(b"HEADx"));
    let writer = bench.store.create();
    writer.wire(Bytes::from_static(b"HEADgz")).await.unwrap();
    writer.separate();
    writer.decoded(Bytes::from_static(b"plain")).await.unwrap();
    let id = writer.id();
    writer.finish().await.unwrap();
    kept(&mut bench, Some(id), &file).await;
    let (_, body) = opened(&mut bench, &file).await.unwrap();
    assert_eq!(bench.store.read(body, ViewPart::Decoded, 0, 10).unwrap(), b"plain");
    kept(&mut bench, None, &file).await;
    assert_eq!(&opened(&mut bench, &file).await.unwrap().0[..], b"text");
    for damage in [
        &b""[..],
        b"wirebench-answer 1 4 0 0 0 -\ntex",
        b"wirebench-answer 2 4 0 0 0 -\ntext",
        b"wirebench-answer 1 9999999999999 0 0 0 -\n",
        &[b'w'; 300],
        b"\x00\xff\n",
    ] {
        std::fs::write(&file, damage).unwrap();
        let why = opened(&mut bench, &file).await.unwrap_err();
        assert!(why.cause.contains("cannot be read"), "{why}");
    }
    std::fs::remove_file(&file).unwrap();
    assert!(opened(&mut bench, &file).await.unwrap_err().cause.contains("this answer is gone"));
}

/// What is to be seen of JSON with some of it folded: numbers and texts of lines, members folded.
fn folded(json: &[u8], folds: &Folds) -> Vec<(u64, String, Option<u64>)> {
    let lines = LineScanner::new(ViewMode::Pretty).format(json, 0, usize::MAX);
    let text = |line: &ViewLine| String::from_utf8_lossy(&line.bytes).into_owned();
    let (mut seen, mut at) = (Vec::new(), 0);
    while let Some(line) = lines.get(at) {
        let depth = line.place.depth;
        let ends = |other: &ViewLine| other.place.depth <= depth && !other.continued;
        let end = lines[at + 1..].iter().position(ends).map(|end| at + 1 + end);
        let close = end.filter(|end| lines[*end].place.closes && lines[*end].place.depth == depth);
        let is_folded = !line.place.closes && folds.holds(depth, line.offset);
        let close = close.filter(|_| is_folded);
        seen.push((at as u64, text(line), close.map(|close| lines[close].place.member)));
        at = close.unwrap_or(at) + 1;
    }
    seen
}

/// Objects in lists in objects, longer than a few blocks of the index.
fn nested_json() -> Vec<u8> {
    let row = |n: u32| {
        let tags = (0..n % 40).map(|tag| format!("{{\"t\":{tag}}}")).collect::<Vec<_>>().join(",");
        format!("{{\"id\":{n},\"a b\":{{\"tags\":[{tags}],\"none\":{{}}}}}}")
    };
    let rows = (0..700).map(row).collect::<Vec<_>>().join(",");
    format!("{{\"first\":[[1,2],[]],\"rows\":[{rows}],\"last\":true}}").into_bytes()
}

#[tokio::test]
async fn what_is_folded_is_hidden_and_counted_wherever_one_looks() {
    let json = nested_json();
    let mut bench = Bench::new();
    let id = bench.keep(&[&json]).await;
    let lines = LineScanner::new(ViewMode::Pretty).format(&json, 0, usize::MAX);
    let row = |n: usize| {
        let rows = lines.iter().filter(|line| line.place.depth == 2 && !line.place.closes);
        rows.skip(n).map(|line| line.offset).next().unwrap()
    };
    let single = |level: Option<u32>, rows: &[usize]| {
        let mut folds = Folds { level, ..Folds::default() };
        for n in rows {
            folds.toggle(row(*n));
        }
        folds
    };
    let all = [
        single(None, &[300]),
        single(None, &[0, 3, 5, 699]),
        single(Some(0), &[]),
        single(Some(1), &[]),
        single(Some(2), &[]),
        single(Some(2), &[3, 400]),
        single(Some(4), &[100]),
    ];
    for folds in all {
        let expected = folded(&json, &folds);
        let places = [0, 7, expected.len() / 2, expected.len() - 1];
        for place in places.into_iter().filter(|place| *place < expected.len()) {
            let top = expected[place].0;
            let asked = ViewQuery {
                above: 5,
                folds: folds.clone(),
                ..query(id, ViewMode::Pretty, top, 20)
            };
            let view = bench.view(asked).await;
            let first = place.saturating_sub(5);
            let got = view.lines.iter().map(|line| {
                let text = String::from_utf8_lossy(&line.bytes).into_owned();
                (line.number, text, line.folded.map(|folded| folded.members))
            });
            let got: Vec<_> = got.collect();
            assert_eq!(
                got,
                expected[first..expected.len().min(first + 20)],
                "{folds:?} at {place}"
            );
        }
        let end = ViewQuery { folds: folds.clone(), ..query(id, ViewMode::Pretty, u64::MAX, 3) };
        let view = bench.view(end).await;
        assert_eq!(view.lines.last().map(ViewLine::next), Some(view.total_lines), "{folds:?}");
        assert_eq!(view.lines.len(), expected.len().min(3), "{folds:?}");
    }
}

#[tokio::test]
async fn a_window_tells_what_encloses_it() {
    let json = nested_json();
    let mut bench = Bench::new();
    let id = bench.keep(&[&json]).await;
    let at = json.windows(9).position(|bytes| bytes == b"\"id\":555,").unwrap() as u64;
    let lines = LineScanner::new(ViewMode::Pretty).format(&json, 0, usize::MAX);
    let number = lines.iter().position(|line| line.offset == at).unwrap() as u64;
    let view = bench.view(query(id, ViewMode::Pretty, number + 3, 3)).await;
    let mut path = String::new();
    for outer in &view.enclosing {
        outer.step.extend(&mut path);
    }
    assert_eq!(path, ".rows[555][\"a b\"].tags");
    assert_eq!(view.enclosing[2].number, number - 1);
    let text = "\"id\":555,".to_owned();
    let (mode, part, direction) = (ViewMode::Pretty, ViewPart::Decoded, SearchDirection::Forward);
    let found = bench.search(SearchQuery { body: id, part, mode, text, from: 0, direction }).await;
    assert_eq!(found.hit, Some((number, at)));
    assert_eq!(found.inside.last(), Some(&(at - 1)));
}

#[tokio::test]
async fn brackets_that_do_not_end_and_texts_are_not_folded() {
    let mut bench = Bench::new();
    let folds = Folds { level: Some(0), ..Folds::default() };
    for body in [&b"{\"a\":[1,2"[..], b"just text", b"[1,,]x"] {
        let id = bench.keep(&[body]).await;
        let mut deeper = folds.clone();
        deeper.toggle(3);
        for folds in [folds.clone(), deeper] {
            let asked = ViewQuery { folds, ..query(id, ViewMode::Pretty, 0, 9) };
            let view = bench.view(asked).await;
            assert_eq!(view.lines.len() as u64, view.total_lines, "{body:?}");
            assert!(view.lines.iter().all(|line| line.folded.is_none()), "{body:?}");
        }
    }
}
