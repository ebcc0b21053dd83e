//! What surrounds a command: shells and their quotes, prompts, pages it was copied from.

use proptest::prelude::*;

use super::curl_tests::{body, header, planned, read_plain, spec, warnings};
use super::*;
use crate::model::http::HttpBody;
use crate::model::plan::PlanBody;

#[test]
fn quotes_escapes_and_line_breaks_are_those_of_a_shell() {
    for (command, expected) in [
        (r#"curl x -d "a\"b\$c\\d""#, "a\"b$c\\d"),
        (r"curl x -d 'a\b'", r"a\b"),
        (r"curl x -d a\ b\'c", "a b'c"),
        (r"curl x -d $'a\tb\x41\101\u00e9\'\n'", "a\tbAAé'\n"),
        ("curl x \\\n  -d a", "a"),
        ("curl x \\  \n  -d a", "a"),
        ("curl x \\\r\n  -d a\r\n", "a"),
        ("curl x\n  -d a", "a"),
        ("curl x -d 'one\ntwo'", "one\ntwo"),
        ("curl x -d a'b'\"c\"", "abc"),
        ("curl x -da", "a"),
        ("curl x `\n -d a", "a"),
        ("# first\n$ curl x -d a # rest", "a"),
        ("FOO=1 sudo curl x -d a > out.txt 2>&1", "a"),
        ("cd /tmp && curl x -d a | jq .", "a"),
        ("curl x -d 'costs $100'", "costs $100"),
        ("curl x -d \"costs $100\"", "costs $100"),
    ] {
        assert_eq!(body(&planned(command)), expected, "{command}");
    }
}

#[test]
fn backticks_in_single_quotes_are_of_the_text() {
    for (command, expected) in [
        ("curl 'http://localhost:1/a' \\\n  -H 'X: `\"`\"'", "`\"`\""),
        ("curl http://localhost:1/a -H 'X: `\"`\"'", "`\"`\""),
        ("curl http://localhost:1/a -H \"X: it's `\"so`\"\"", "it's \"so\""),
    ] {
        let plan = planned(command);
        assert_eq!(plan.url, "http://localhost:1/a", "{command}");
        assert_eq!(header(&plan, "X"), Some(expected), "{command}");
    }
}

#[test]
fn a_command_copied_for_the_windows_prompt_is_read() {
    let command = "curl ^\"http://localhost:1/a?x=1^&y=2^\" ^\r\n  -H ^\"Accept: ^*/^*^\" ^\r\n  \
                   --data-raw ^\"^{^\\^\"a^\\^\": 1^}^\"";
    let plan = planned(command);
    assert_eq!(plan.url, "http://localhost:1/a?x=1&y=2");
    assert_eq!(body(&plan), r#"{"a": 1}"#);
    let older = "curl \"http://localhost:1/\" ^\n -H \"A: b\" ^\n --data-binary \"{\"\"a\"\":1}\" --compressed";
    assert_eq!(body(&planned(older)), r#"{"a":1}"#);
    assert_eq!(header(&planned(older), "A"), Some("b"));
}

#[test]
fn braces_stay_text_and_shell_variables_become_templates() {
    let command = "curl 'http://x/{{id}}' -H 'A: {{a}}' -d '{\"b\": \"{{name}} {{!x}}\"}'";
    let plan = planned(command);
    // The address is normalised on send, as a browser does.
    assert_eq!(spec(command).url, "http://x/{{!id}}");
    assert_eq!(plan.url, "http://x/{{id}}");
    assert_eq!(header(&plan, "A"), Some("{{a}}"));
    assert_eq!(body(&plan), "{\"b\": \"{{name}} {{!x}}\"}");

    let spec = spec("curl \"$BASE/x?a=${B}\" -H \"Authorization: Bearer $TOKEN\" -d '$NOT'");
    assert_eq!(spec.url, "http://{{env.BASE}}/x?a={{env.B}}");
    assert_eq!(spec.headers[0].value, "Bearer {{env.TOKEN}}");
    assert_eq!(spec.body, HttpBody::Text("$NOT".into()));
    assert!(warnings("curl \"$BASE/x\"").contains("$BASE became {{env.BASE}}"));
    assert_eq!(self::spec("curl x -G --data-urlencode \"q=$Q\"").url, "http://x?q={{env.Q}}");
}

#[test]
fn an_unquoted_ampersand_of_a_url_is_kept_with_a_warning() {
    assert_eq!(spec("curl http://x/?a=1&b=2").url, "http://x/?a=1&b=2");
    assert!(warnings("curl http://x/?a=1&b=2").contains("'&'"));
    assert_eq!(spec("curl http://x/?a=1 &").url, "http://x/?a=1");
}

/// The input of the shared corpus of reports.
fn report(name: &str) -> Option<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/own/reports/");
    let text = std::fs::read_to_string(std::path::Path::new(folder).join(name));
    assert!(text.is_ok() || std::env::var_os("CI").is_none(), "{name} is missing");
    text.ok()
}

#[test]
fn texts_of_the_reports_are_understood() {
    if let Some(text) = report("20-curl-cmd-old-chrome-json.txt") {
        assert_eq!(body(&planned(&text)), r#"{"name":"hello world","ids":[]}"#);
    }
    if let Some(text) = report("23-curl-heredoc.txt") {
        // --data-binary keeps the line breaks.
        let expected = "{\"server_id\": \"0\",\n \"shared\": {\"ids\": 1}\n}\n";
        assert_eq!(body(&planned(&text)), expected);
    }
    if let Some(text) = report("24-curl-smart-quotes.txt") {
        let error = read_plain(&text).unwrap_err();
        assert_eq!(error.place(&text), (2, 22), "{error}");
        assert!(error.message.contains('“'), "{error}");
    }
    if let Some(text) = report("25-curl-upload.txt") {
        let plan = planned(&text);
        assert_eq!((plan.method.as_str(), body(&plan).as_str()), ("PUT", "@f.bin"));
        assert_eq!(header(&plan, "content-type"), None);
        assert!(plan.url.ends_with("Signature=ab%2Bc%3D&Expires=1"), "{}", plan.url);
    }
    let Some(text) = report("28-curl-not-first-word.txt") else { return };
    let texts: Vec<&str> = text.split("---\n").collect();
    assert!(texts.iter().all(|text| is_command(text)));
    let plan = planned(texts[0]);
    assert_eq!((plan.method.as_str(), body(&plan).as_str()), ("POST", r#"{"a":1}"#));
    assert_eq!(planned(texts[1]).method, "GET");
    assert!(warnings(texts[2]).contains("$TOKEN became {{env.TOKEN}}"));
    assert_eq!(planned(texts[3]).url, "http://127.0.0.1:8080/x");
    assert_eq!(header(&planned(texts[4]), "a"), Some("b"));
}

#[test]
fn what_stands_before_the_command_is_stepped_over() {
    for text in [
        "#!/bin/bash\n# it's a comment\nset -e\ncurl x -d a",
        "user@host:~/dir$ curl x \\\n> -d a",
        "user@host:~/dir$ curl x \\\n>   -d a\n{\"answer\": \"it's\"}",
        "[root@box etc]# curl x -d a",
        "# curl x -d a",
        "➜  ~ curl x -d a",
        "❯ curl x -d a",
        "curl x \\\n> -d 'a'",
        "sudo -u bob curl x -d a",
        "env A=b curl x -d a",
        "TOKEN=abc; curl x -d a",
        "A=1 B='2 3' curl x -d a",
        "if curl x -d a; then echo it works; fi",
        "while ! curl x -d a; do sleep 1; done",
        "docker exec web curl x -d a",
        "kubectl exec pod -- curl x -d a",
        "ANSWER=$(curl x -d a)\necho \"$ANSWER\"",
        "echo `curl x -d a` | jq .",
        "echo \"$(curl x -d a)\"",
        "(curl x -d a)",
        "apt-get install -y curl jq && curl x -d a",
        "Here's what I've tried — it doesn't work:\n\n    curl x -d a\n\nWhat's wrong?",
        "C:\\Users\\me>curl x -d a",
        "C:\\Users\\me> curl.exe x -d a",
        "PS C:\\Users\\me> curl.exe x -d a",
        "/usr/bin/curl x -d a",
        "timeout=5\n\n\ncurl x -d a",
    ] {
        assert!(is_command(text), "{text}");
        assert_eq!(body(&planned(text)), "a", "{text}");
    }
    assert!(warnings("docker exec web curl x").contains("left out before curl: docker exec web"));
    for text in ["http://x/curl y", "curl", "what is curl", "http://x/?q=1 curl z", "curl.se docs"]
    {
        assert!(!is_command(text), "{text}");
    }
}

#[test]
fn what_the_command_reads_from_standard_input_is_its_data() {
    for (text, expected) in [
        ("echo '{\"a\":1}' | curl x -d @-", "{\"a\":1}"),
        ("echo -n a b | curl x --data-binary @-", "a b"),
        ("echo a  b | curl x --data-binary @-", "a b\n"),
        ("printf '%s' a | curl x -d @-", "a"),
        ("printf abc | sudo curl x -d @-", "abc"),
        ("cat body.json | curl x --data-binary @-", "@body.json"),
        ("curl x --data-binary @- < body.json", "@body.json"),
        ("curl x -d @- <<< '{\"a\":1}'", "{\"a\":1}"),
        ("curl x --data-binary @- <<<text", "text\n"),
        (
            "curl x --json @- <<'EOF'\n{\"a\": \"$HOME \\$\"}\nEOF\necho done",
            "{\"a\": \"$HOME \\$\"}\n",
        ),
        ("curl x --data-binary @- <<EOF\ncosts \\$5 \\\nmore\nEOF\n", "costs $5 more\n"),
        ("curl x --data-binary @- <<-EOF\n\tone\n\t\ttwo\n\tEOF\n", "one\ntwo\n"),
        ("curl --data-binary @- <<EOF x -H 'A: b'\nbody\nEOF", "body\n"),
        ("curl --data-binary @- <<EOF \\\n  x -H 'A: b'\nbody\nEOF", "body\n"),
        ("cat <<EOF | curl x --data-binary @-\nbody\nEOF", "body\n"),
        ("$ curl x --data-binary @- <<EOF\n> body\n> EOF\n", "body\n"),
        ("curl x --data-binary @- <<EOF\r\nbody\r\nEOF\r\n", "body\n"),
        ("curl x --data-urlencode n@- <<< 'a b'", "n=a+b%0A"),
        ("curl x -d a=1 -d @- <<< b=2", "a=1&b=2"),
        ("curl x -d @- -d @- <<< once", "once&"),
        ("curl x -T - <<< put", "put\n"),
    ] {
        assert_eq!(body(&planned(text)), expected, "{text}");
    }
    assert!(body(&planned("curl x -F 'f=<-' <<< part")).contains("\r\n\r\npart\n\r\n--"));
    let file = body(&planned("curl x -F f=@- <<< part"));
    assert!(file.contains("filename=\"-\"") && file.contains("\r\n\r\npart\n\r\n--"), "{file}");
    assert!(warnings("jq -n 1 | curl x -d @-").contains("jq is not run"));
    assert!(warnings("curl x -d @- <<END\na\n").contains("no line 'END'"));
    assert!(warnings("curl x -d @- <<END\n$A\nEND\n").contains("$A became {{env.A}}"));
}

#[test]
fn every_way_browsers_write_for_windows_is_read() {
    for (text, expected) in [
        (r#"curl "http://x/?a=1^&b=^%^20c" -d "a^&b=^%^41""#, "a&b=%41"),
        (r#"curl ^"http://x/^" --data-raw ^"^{^\^"a^\^":^\^"it's^\^"^}^""#, r#"{"a":"it's"}"#),
        (r#"curl ^"http://x/^" -d ^"c:\dir^""#, r"c:\dir"),
        ("curl ^\"http://x/^\" ^\n  -d ^\"one^\n\ntwo^\"", "one\ntwo"),
        (r#"curl "http://x/" -d "^{^\^"a^\^":^\^"1 2^\^"^}" --compressed"#, r#"{"a":"1 2"}"#),
        (r#"curl "http://x/" -d "a^b""#, "a^b"),
        (r#"curl "http://x/" -d "{\"a\":1}""#, r#"{"a":1}"#),
        (r#"curl.exe -d '{\"a\":\"b c\"}' http://x/"#, r#"{"a":"b c"}"#),
        (r#"curl -d '{\"a\":[1,\"b\"]}' http://x/"#, r#"{"a":[1,"b"]}"#),
        ("curl.exe http://x/ `\n  -H 'A: it''s' `\r\n  -d \"a`\"b\"", "a\"b"),
        ("PS C:\\> curl.exe http://x/ -d \"one`ntwo\"\nPS C:\\> dir", "one\ntwo"),
    ] {
        assert_eq!(body(&planned(text)), expected, "{text}");
    }
    let plan = planned(r#"curl "http://x/?a=1^&b=^%^20c" -H "A: b""#);
    assert_eq!(plan.url, "http://x/?a=1&b=%20c");
    // What is JSON as a shell reads it stays.
    assert_eq!(body(&planned(r#"curl x -d '{"a":"\"b\""}'"#)), r#"{"a":"\"b\""}"#);
    let alias = read_plain("PS C:\\> curl -Uri http://x/ -Method POST").unwrap_err();
    assert!(alias.message.contains("Invoke-WebRequest"), "{alias}");
    assert!(warnings("PS C:\\> curl.exe x -d \"$env:HOME\"").contains("{{env.HOME}}"));
}

#[test]
fn typographic_signs_are_refused_with_their_place() {
    for (text, sign, place) in [
        ("curl x -H “A: b”", '“', (1, 11)),
        ("curl x -d ‘a’", '‘', (1, 11)),
        ("curl x \\\n  –data a", '–', (2, 3)),
        ("curl x —H 'A: b'", '—', (1, 8)),
        ("curl x -d \"a”", '”', (1, 11)),
    ] {
        let error = read_plain(text).unwrap_err();
        assert!(error.message.contains(sign), "{text}: {error}");
        assert_eq!(error.place(text), place, "{text}");
        assert!(is_command(text), "{text}");
    }
    assert_eq!(body(&planned("curl x -d 'a “b” – c’s'".replace('’', "`").as_str())), "a “b” – c`s");
    assert_eq!(body(&planned("curl x -d name=O’Brien")), "name=O’Brien");
}

#[test]
fn bytes_that_are_no_text_stay_bytes() {
    let sent = |text: &str| match planned(text).body {
        PlanBody::Bytes(bytes) => bytes.to_vec(),
        other => panic!("{other:?}"),
    };
    assert_eq!(sent(r"curl x --data-binary $'\x89PNG\r\n\xff{{a}}\\'"), b"\x89PNG\r\n\xff{{a}}\\");
    assert_eq!(sent(r"curl x -d $'a=\xff&b=1'"), b"a=\xff&b=1");
    assert_eq!(sent(r"curl x --data-urlencode $'a=\xff\xe9'"), b"a=%FF%E9");
    assert_eq!(sent(r"curl x -d $'\xc3\xa9'"), "é".as_bytes());
    assert_eq!(planned(r"curl $'http://x/\xff?\xfe'").url, "http://x/%FF?%FE");
    assert!(warnings(r"curl x -H $'A: \xff'").contains("not UTF-8"));
    let refused = read_plain("curl x -d '\u{fde1}'").unwrap_err();
    assert!(refused.message.contains("U+FDE1"), "{refused}");
}

#[test]
fn a_command_carried_to_another_shell_or_machine_is_read() {
    for command in [
        "bash -c 'curl -H \"A: b\" http://h/x -d 1'",
        "sh -c \"curl -H 'A: b' http://h/x -d 1\"",
        "sudo -u www /bin/bash -lc 'cd /tmp && curl -H A:\\ b http://h/x -d 1 | jq .'",
        "$ ssh -p 2222 me@host 'curl -H \"A: b\" http://h/x -d 1'",
        "ssh host curl -H '\"A: b\"' http://h/x -d 1",
        r#"ssh a ssh b "curl -H \\\"A: b\\\" http://h/x -d 1""#,
        "docker exec -it web curl -H 'A: b' http://h/x -d 1",
        "docker exec web sh -c 'curl -H \"A: b\" http://h/x -d 1'",
        "kubectl -n x exec pod -c app -- curl -H 'A: b' http://h/x -d 1",
        "kubectl exec pod -- sh -c \"curl -H 'A: b' http://h/x -d 1\"",
        "echo 1 | ssh host 'curl -H \"A: b\" http://h/x -d @-'",
        "watch -n 5 \"curl -H 'A: b' http://h/x -d 1\"",
        "eval 'curl -H \"A: b\" http://h/x -d 1'",
        "while true; do bash -c 'curl -H \"A: b\" http://h/x -d 1'; done",
    ] {
        assert!(is_command(command), "{command}");
        let plan = planned(command);
        assert_eq!((&*plan.url, body(&plan)), ("http://h/x", "1".to_owned()), "{command}");
        assert!(plan.headers.contains(&("A".into(), "b".into())), "{command}");
        assert!(warnings(command).contains("left out before curl"), "{command}");
    }
    assert_eq!(spec("bash -c \"curl $URL\"").url, spec("curl $URL").url);
}

#[test]
fn a_carried_command_that_cannot_be_read_is_refused_with_its_place() {
    for (command, says, place) in [
        ("bash -c 'curl \"http://h'", "the quote \" opened here is never closed", (1, 15)),
        ("ssh host 'curl ftp://h/x'", "only http and https", (1, 16)),
        ("sh -c \"curl \\\"x\"", "never closed", (1, 7)),
    ] {
        assert!(is_command(command), "{command}");
        let error = read_plain(command).unwrap_err();
        assert!(error.message.contains(says), "{command}: {error}");
        assert_eq!(error.place(command), place, "{command}");
    }
    let nested = format!("{}curl x", "ssh h ".repeat(30));
    assert!(read_plain(&nested).unwrap_err().message.contains("more than 8 commands"));
    for command in
        ["bash -c 'ls -l'", "ssh host uptime", "echo bash -c 'curl x'", "ssh curl.host ls"]
    {
        assert!(!is_command(command), "{command}");
    }
}

#[test]
fn a_place_is_never_inside_a_character() {
    // A word is shorter than what is written where quotes and backslashes go.
    for command in ["$ curl\"\"\t-\\“&@", "curl -X\\“", "curl \"\"é'' -\\é", "curl -H \\–“ x"]
    {
        let Err(error) = read_plain(command) else { continue };
        assert!(command.is_char_boundary(error.position), "{command}: {error:?}");
    }
    let error = read_plain("$ curl\"\"\t-\\“&@").unwrap_err();
    assert_eq!(error.message, "the command names no URL");
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn whatever_is_pasted_is_read_or_refused_within_the_text(
        text in "(curl|echo a \\| curl|bash -c \"curl|ssh h 'curl|PS C:\\\\> curl|C:\\\\>curl|\\$ curl)?[ a-zE'\"`$^\\\\|<>&;(){}#%“–é\n\r\t@=-]{0,60}",
    ) {
        let _ = (is_command(&text), super::files(&text));
        if let Err(error) = read_plain(&text) {
            prop_assert!(error.position <= text.len(), "{error:?}");
            prop_assert!(text.is_char_boundary(error.position), "{error:?}");
        }
    }
}

#[test]
fn a_substitution_whose_output_is_known_is_read_and_others_are_said() {
    for (command, url) in [
        ("curl h/`echo abc`", "http://h/abc"),
        ("curl h/$(echo a)/\"$(printf '%s' 'b c')\"", "http://h/a/b c"),
        ("X=`curl h/$(echo a)`", "http://h/a"),
    ] {
        assert_eq!(spec(command).url, url, "{command}");
    }
    for command in [
        "curl h/$(date)",
        "curl h/`cat x`",
        "curl \"h/$(echo $id)\"",
        "curl h/$(echo a b)",
        "curl \"h/$(echo a | tr a b)\"",
    ] {
        let (_, warnings) = parse(command, &CommandFiles::default()).unwrap();
        assert!(warnings.iter().any(|warning| warning.contains("kept as text")), "{command}");
    }
    assert_eq!(files("curl h --url-query @- < $(echo data.txt)"), ["data.txt"]);
}

#[test]
fn a_nul_ends_a_text_of_bash_and_that_is_said() {
    let (spec, warnings) = parse("curl h -d $'a\\0b'c", &CommandFiles::default()).unwrap();
    assert_eq!(spec.body, HttpBody::Text("ac".into()));
    assert!(warnings[0].contains("behind a NUL"), "{warnings:?}");
}
