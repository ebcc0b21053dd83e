use bytes::Bytes;

use super::*;
use crate::model::exchange::FieldLine;

/// Changes as lines: kind, place, old, new.
fn told(found: &Comparison) -> Vec<String> {
    let text = |part: &Option<Excerpt>| {
        part.as_ref().map_or("-".into(), |part| String::from_utf8_lossy(&part.bytes).into_owned())
    };
    let line = |change: &Change| {
        format!("{:?} {} {} {}", change.kind, change.place, text(&change.old), text(&change.new))
    };
    found.changes.iter().map(line).collect()
}

fn differing(old: &str, new: &str) -> Vec<String> {
    told(&bodies(old.as_bytes(), new.as_bytes(), None))
}

#[test]
fn equal_bodies_are_called_what_they_are() {
    for (body, how) in [
        (r#"{"a": 1}"#, ComparedAs::Json),
        ("plain\n", ComparedAs::Text),
        ("{\"a\": ", ComparedAs::Text),
        ("\0\u{1}", ComparedAs::Bytes),
    ] {
        let found = bodies(body.as_bytes(), body.as_bytes(), None);
        assert_eq!((found.how, found.count()), (how, 0), "{body}");
    }
}

#[test]
fn json_differs_by_path() {
    let old = r#"{"user":{"name":"Ann","age":3,"x y":1},"gone":[1]}"#;
    let new = r#"{"user":{"name":"Bob","age":3,"x y":2},"come":null}"#;
    let expected = [
        r#"Changed .user.name "Ann" "Bob""#,
        r#"Changed .user["x y"] 1 2"#,
        "Added .come - null",
        "Removed .gone [1] -",
    ];
    assert_eq!(differing(old, new), expected);
    assert_eq!(differing("[1]", "[2]"), ["Changed [0] 1 2"]);
    assert_eq!(differing(r#"{"1a":1}"#, r#"{"1a":2}"#), [r#"Changed .["1a"] 1 2"#]);
    assert_eq!(differing("{}", "[]"), ["Changed . {} []"]);
}

#[test]
fn numbers_and_duplicates_stay_as_they_came() {
    let found = differing(
        r#"{"n":1.0,"big":12345678901234567890}"#,
        r#"{"n":1.00,"big":12345678901234567891}"#,
    );
    let big = "Changed .big 12345678901234567890 12345678901234567891";
    assert_eq!(found, ["Changed .n 1.0 1.00", big]);
    assert_eq!(differing(r#"{"a":1,"a":2}"#, r#"{"a":1,"a":3}"#), ["Changed .a 2 3"]);
    assert_eq!(differing(r#"{"a":1,"a":2}"#, r#"{"a":1}"#), ["Removed .a 2 -"]);
}

#[test]
fn layout_is_no_difference_and_order_and_spelling_are_quiet() {
    let found = bodies(b"{\"a\":1,\"b\":[1,2]}", b"{ \"a\": 1,\n \"b\": [1, 2] }\n", None);
    assert_eq!((found.how, found.changes.len()), (ComparedAs::Json, 0));
    let found = bodies(b"{\"o\":{\"a\":1,\"b\":2}}", b"{\"o\":{\"b\":2,\"a\":1}}", None);
    assert_eq!((told(&found), found.count()), (vec!["Reordered .o - -".into()], 0));
    let found = bodies(br#"{"a":"\u0041"}"#, br#"{"a":"A"}"#, None);
    assert_eq!((told(&found), found.count()), (vec![r#"Respelled .a "\u0041" "A""#.into()], 0));
    let found = differing(r#"{"a":1,"b":2,"c":3}"#, r#"{"c":3,"n":0,"a":1}"#);
    assert_eq!(found, ["Added .n - 0", "Removed .b 2 -", "Reordered . - -"]);
}

#[test]
fn elements_of_lists_are_moved_changed_added_or_removed() {
    assert_eq!(differing("[1,2,3]", "[1,9,2,3]"), ["Added [1] - 9"]);
    assert_eq!(differing("[1,2,3]", "[1,3]"), ["Removed [1] 2 -"]);
    assert_eq!(differing("[1,2,3,4]", "[4,1,2,3]"), ["Moved [0] [3] [0]"]);
    let old = r#"[{"id":1,"n":"a"},{"id":2,"n":"b"},{"id":3,"n":"c"}]"#;
    let new = r#"[{"id":3,"n":"c"},{"id":2,"n":"B"}]"#;
    let expected = [r#"Removed [0] {"id":1,"n":"a"} -"#, r#"Removed [1] {"id":2,"n":"b"} -"#];
    let found = differing(old, new);
    assert!(found.contains(&r#"Changed [1].n "b" "B""#.to_owned()), "{found:?}");
    assert!(found.contains(&expected[0].to_owned()), "{found:?}");
    assert!(!found.contains(&expected[1].to_owned()), "{found:?}");
    // A list with an order of names within: neither moved nor changed.
    let found = bodies(br#"[{"a":1,"b":2},0]"#, br#"[{"b":2,"a":1},0]"#, None);
    assert_eq!(told(&found), ["Reordered [0] - -"]);
}

#[test]
fn what_is_no_json_is_compared_by_lines() {
    let found = bodies(b"a\nb\nc\n", b"a\nB\nc\nd\n", None);
    assert_eq!(found.how, ComparedAs::Text);
    assert_eq!(told(&found), ["Changed line 2 b\n B\n", "Added line 4 - d\n"]);
    assert_eq!(differing("a\r\n", "a\n"), ["Changed line 1 a\r\n a\n"]);
    assert_eq!(differing("a\n", "a"), ["Changed line 1 a\n a"]);
    assert_eq!(differing("", "a"), ["Added line 1 - a"]);
    assert_eq!(differing("{\"a\":1", "{\"a\":2}").len(), 1, "cut JSON is text");
    assert_eq!(differing("[01]", "[1]"), ["Changed line 1 [01] [1]"]);
    let deep = |end: &str| format!("{}{end}{}", "[".repeat(300), "]".repeat(300));
    assert_eq!(bodies(deep("1").as_bytes(), deep("2").as_bytes(), None).how, ComparedAs::Text);
}

#[test]
fn a_long_value_is_told_from_where_it_differs() {
    let [old, new] = ["x", "y"].map(|end| format!("{}{end}{}", "é".repeat(500), "z".repeat(9000)));
    let found = bodies(old.as_bytes(), new.as_bytes(), None);
    let part = found.changes[0].old.as_ref().unwrap();
    assert!(part.before > 900 && part.bytes.len() == 4096 && part.after > 4000, "{part:?}");
    assert!(String::from_utf8_lossy(&part.bytes).starts_with("éé"), "no half character");
}

#[test]
fn what_is_no_text_is_compared_by_length_and_first_byte() {
    let found = bodies(b"\x00\x01\x02", b"\x00\x01\x03\x04", None);
    assert_eq!((found.how, found.changes[0].place.as_str()), (ComparedAs::Bytes, "byte 2 (0x2)"));
    assert_eq!(found.note.as_deref(), Some("3 bytes, now 4"));
    let found = bodies(b"\xff", b"\xff\x00", None);
    assert_eq!(found.changes[0].place, "byte 1 (0x1)");
    assert_eq!(found.changes[0].old.as_ref().unwrap().bytes, b"");
    assert_eq!(bodies(b"\x00", b"\x00", None).count(), 0);
}

#[test]
fn many_changes_are_counted_and_a_deadline_in_the_past_gives_the_whole() {
    let [old, new] = ["a", "b"].map(|word| {
        let lines: Vec<String> = (0..3000).map(|at| format!("same {at}\n{word} {at}\n")).collect();
        lines.concat()
    });
    let found = bodies(old.as_bytes(), new.as_bytes(), None);
    assert_eq!((found.changes.len(), found.left_out, found.count()), (2_000, 1_000, 3_000));
    let long_ago = Instant::now();
    let found = bodies(old.as_bytes(), new.as_bytes(), Some(long_ago));
    assert!(found.count() >= 1, "less exact, but never called equal");
}

fn field(name: &str, value: &str) -> FieldLine {
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    FieldLine { name: bytes(name), value: bytes(value) }
}

#[test]
fn headers_are_sets_and_their_order_is_quiet() {
    let old =
        [field("A", "1"), field("B", "2"), field("Set-Cookie", "x"), field("Set-Cookie", "y")];
    let same =
        [field("B", "2"), field("A", "1"), field("Set-Cookie", "y"), field("Set-Cookie", "x")];
    let found = fields(&old, &same);
    assert_eq!((found.count(), found.changes.len()), (0, 1));
    assert_eq!(found.changes[0].kind, ChangeKind::Reordered);
    let new = [field("a", "1"), field("B", "3"), field("Set-Cookie", "y"), field("C", "")];
    let expected = ["Respelled name A a", "Changed B 2 3", "Added C - ", "Removed Set-Cookie x -"];
    assert_eq!(told(&fields(&old, &new)), expected);
    assert_eq!(told(&fields(&old, &old)), Vec::<String>::new());
}

proptest::proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_bytes_are_compared_and_only_equal_ones_are_called_so(
        old in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
        new in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
    ) {
        let found = bodies(&old, &new, None);
        proptest::prop_assert_eq!(found.changes.is_empty() , old == new);
        proptest::prop_assert!(bodies(&old, &old, None).changes.is_empty());
    }

    #[test]
    fn a_list_of_numbers_told_of_by_changes_has_as_many_as_differ(
        old in proptest::collection::vec(0u8..6, 0..30),
        new in proptest::collection::vec(0u8..6, 0..30),
    ) {
        let [a, b] = [&old, &new].map(|list| serde_json::to_vec(list).unwrap());
        let found = bodies(&a, &b, None);
        proptest::prop_assert_eq!(found.count() == 0, old == new);
        let of = |kind| found.changes.iter().filter(|it| it.kind == kind).count();
        let grown = old.len() + of(ChangeKind::Added);
        proptest::prop_assert_eq!(grown, new.len() + of(ChangeKind::Removed));
    }
}
