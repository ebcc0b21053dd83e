//! Tests of how JSON is cut into values and elements.

use super::*;

/// The pieces of a text that comes in parts of this length, and how it ended.
fn pieces(text: &str, by_element: bool, part: usize) -> (Vec<String>, Result<(), String>) {
    cut(text, by_element.then(Vec::new), part)
}

fn cut(text: &str, path: Option<Vec<WayStep>>, part: usize) -> (Vec<String>, Result<(), String>) {
    let mut found = Vec::new();
    let mut cutter = JsonPieces::new(path, 1 << 20);
    let mut take = |piece: JsonPiece<'_>| {
        found.push(match piece {
            JsonPiece::Value(bytes, 0) => format!("v{}", String::from_utf8_lossy(bytes)),
            JsonPiece::Value(bytes, steps) => {
                format!("v{steps}:{}", String::from_utf8_lossy(bytes))
            }
            JsonPiece::Passed(bytes) => format!("p{}", String::from_utf8_lossy(bytes)),
            JsonPiece::Element(bytes, _) => format!("e{}", String::from_utf8_lossy(bytes)),
            JsonPiece::End => "end".to_owned(),
        });
        Ok(())
    };
    let parts = text.as_bytes().chunks(part);
    let mut ended = Ok(());
    for part in parts {
        ended = ended.and_then(|()| cutter.push(part, &mut take));
    }
    ended = ended.and_then(|()| cutter.finish(&mut take));
    (found, ended)
}

#[test]
fn values_and_elements_are_cut_wherever_the_parts_end() {
    let text = "[1, {\"a\":[2,\"],\\\"\"]} ,\"x,y\"] 5 \"s\"{}\n[] true";
    for part in [1, 2, 3, 7, 100] {
        let (found, ended) = pieces(text, true, part);
        let expected =
            ["e1", "e{\"a\":[2,\"],\\\"\"]} ", "e\"x,y\"", "end", "v5", "v\"s\"", "v{}", "end"];
        assert_eq!(ended, Ok(()));
        assert_eq!(found[..8], expected, "{part}");
        assert_eq!(found[8..], ["vtrue"]);
        let (found, ended) = pieces(text, false, part);
        assert_eq!(ended, Ok(()));
        assert_eq!(found.len(), 6, "{found:?}");
        assert!(found[0].starts_with("v[1, ") && found[0].ends_with("y\"]"), "{found:?}");
    }
}

#[test]
fn what_ends_early_or_has_no_value_is_told_with_its_place() {
    for (text, words) in [
        ("[1,,2]", "a value is expected, at byte 4"),
        ("[1,]", "a value is expected, at byte 4"),
        ("[1", "ends in the middle"),
        ("\"abc", "ends in the middle"),
        ("{\"a\":", "ends in the middle"),
        ("]", "a value is expected, at byte 1"),
    ] {
        let why = pieces(text, true, 2).1.unwrap_err();
        assert!(why.contains(words), "{text}: {why}");
    }
    let deep = "[".repeat(20_000);
    assert!(pieces(&deep, false, 999).1.unwrap_err().contains("too deep"));
}

#[test]
fn a_value_that_is_too_long_is_refused() {
    let mut cutter = JsonPieces::new(Some(Vec::new()), 1 << 20);
    let long = format!("[1,\"{}\"]", "x".repeat(1 << 21));
    let why = cutter.push(long.as_bytes(), &mut |_| Ok(())).unwrap_err();
    assert!(why.contains("more than 1 MiB, at byte 4"), "{why}");
}

#[test]
fn lists_at_the_end_of_a_path_are_cut_and_what_is_beside_it_is_passed() {
    let name = |name: &str| WayStep::Name(name.to_owned());
    for (text, expected) in [
        (
            r#"{"x":[1],"\u0061":[{"b":0},{"b":[1,{"c":2}]},7]}"#,
            &["p[1]", "p{\"b\":0}", "e1", "e{\"c\":2}", "p7", "end"][..],
        ),
        ("{}", &["v1:null", "end"]),
        (r#"{"a":[1]}"#, &["p1", "v2:null", "end"]),
        (r#"{"a":[1, {"b":null , "c": "}"}]} 5"#, &["p1", "v3:null ", "p\"}\"", "end", "v5"]),
        (r#"{"a":{"b":1}}"#, &["v1:{\"b\":1}", "end"]),
        ("[1]", &["v[1]"]),
    ] {
        for part in [1, 3, 100] {
            let path = vec![name("a"), WayStep::Index(1), name("b")];
            let (found, ended) = cut(text, Some(path), part);
            assert_eq!(
                (found, ended),
                (expected.iter().map(|it| (*it).to_owned()).collect(), Ok(())),
                "{text}"
            );
        }
    }
    for (text, words) in [
        (r#"{"a":[],"a":[]}"#, "\"a\" is there twice, and the last one counts, at byte 9"),
        (r#"{"a":}"#, "a value is expected, at byte 6"),
        (r#"{"a":[1],}"#, "a name is expected, at byte 10"),
        (r#"{"a" 1}"#, "a colon is expected"),
        (r#"{"a":[] 1}"#, "a comma is expected"),
        (r#"{"a":[1"#, "ends in the middle"),
    ] {
        let why = cut(text, Some(vec![name("a")]), 2).1.unwrap_err();
        assert!(why.contains(words), "{text}: {why}");
    }
}

#[test]
fn what_is_passed_is_not_kept_however_long_it_is() {
    let mut cutter = JsonPieces::new(Some(vec![WayStep::Name("a".into())]), 2 << 20);
    let mut found = Vec::new();
    let mut take = |piece: JsonPiece<'_>| {
        found.push(format!("{piece:?}").len());
        Ok(())
    };
    cutter.push(b"{\"b\":\"", &mut take).unwrap();
    for _ in 0..64 {
        cutter.push(&vec![b'x'; 256 * 1024], &mut take).unwrap();
        assert!(cutter.buffer.len() < 2 << 20);
    }
    cutter.push(b"\",\"a\":[1]}", &mut take).unwrap();
    cutter.finish(&mut take).unwrap();
    assert_eq!(found.len(), 2, "the element and the end of the list");
}
