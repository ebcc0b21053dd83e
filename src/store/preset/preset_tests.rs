//! Presets as a person writes them: what is read, what a save leaves as it was, what is refused.

use std::time::Duration;

use super::*;
use crate::model::awaited::{Awaited, AwaitedFormat};
use crate::model::client::{InputSpec, ScriptStep, TcpSpec, UdpSpec};
use crate::model::http::{Auth, HttpBody, HttpRule, HttpSpec, PartSource};
use crate::model::listener::{Rule, TcpListenerSpec, When, WhenKind};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::spec::NameValue;

fn path() -> PresetPath {
    PresetPath::parse("users/create").unwrap()
}

fn get(text: &str) -> Preset {
    read(text, &path()).unwrap()
}

fn http(text: &str) -> HttpSpec {
    match get(text).spec {
        Spec::Http(spec) => spec,
        other => panic!("not http: {other:?}"),
    }
}

fn refusal(text: &str) -> String {
    read(text, &path()).unwrap_err().to_string()
}

const CREATE: &str = r#"# users/create.toml     comments and order survive a save from the program
about = "Create a user"

[http]
method = "POST"
url = "{{base}}/users"
headers = [
  "Accept: application/json",     # a list of lines keeps order, case and duplicates
  "~X-Debug: 1",                  # leading ~ = switched off
]
query = ["welcome=true"]
auth.bearer = "{{secret.api_token}}"
body.json = '''
{ "name": "Ann", "note": "costs $100, keep {{!pod}} literal" }
'''

[capture]
user_id = "json .id"

[expect]
status = 201
total = "<= 500ms"
"#;

#[test]
fn the_documented_http_preset_reads() {
    let preset = get(CREATE);
    assert_eq!(preset.about, "Create a user");
    let spec = http(CREATE);
    assert_eq!(spec.method, "POST");
    assert_eq!(spec.headers[0], NameValue::new("Accept", "application/json"));
    assert!(!spec.headers[1].enabled);
    assert_eq!(spec.query, [NameValue::new("welcome", "true")]);
    assert_eq!(spec.auth, Auth::Bearer("{{secret.api_token}}".into()));
    let json = "{ \"name\": \"Ann\", \"note\": \"costs $100, keep {{!pod}} literal\" }\n";
    assert_eq!(spec.body, HttpBody::Json(json.into()));
    assert_eq!(spec.timeout, Duration::from_secs(30));
}

#[test]
fn the_documented_tcp_presets_read() {
    let ping = "[tcp]\naddress = \"{{host}}:7\"\nstep = [\n  { send = \"PING\\r\\n\" },\n  { expect = \"PING\", within = \"1s\" },\n]\n";
    let Spec::Tcp(spec) = get(ping).spec else { panic!() };
    assert_eq!(spec.steps[0], ScriptStep::Send(Payload::text("PING\r\n")));
    let within = Duration::from_secs(1);
    assert_eq!(spec.steps[1], ScriptStep::Expect { awaited: Awaited::text("PING"), within });
    let server = "[tcp-listener]\nbind = \"127.0.0.1:7000\"\nrule = [{ when = \"contains 'PING'\", send = \"{{match}}\" }]\n";
    let Spec::TcpListener(spec) = get(server).spec else { panic!() };
    assert_eq!(spec.rules[0].when, When { kind: WhenKind::Contains, text: "PING".into() });
}

#[test]
fn steps_wait_for_what_is_written_in_any_way() {
    let text = "[tcp]\naddress = \"localhost:7\"\nstep = [\n  { expect = { hex = \"01 ?? 03\" } },\n  { expect = { matches = \"^2\\\\d\\\\d \" }, within = \"1s\" },\n  { expect = { length = 12 } },\n  { expect = { json = '{\"ok\":true}' } },\n]\n";
    let Spec::Tcp(spec) = get(text).spec else { panic!() };
    let found: Vec<(AwaitedFormat, &str)> = spec
        .steps
        .iter()
        .map(|step| match step {
            ScriptStep::Expect { awaited, .. } => (awaited.format, &*awaited.text),
            ScriptStep::Send(_) => panic!("sends"),
        })
        .collect();
    let wanted = [
        (AwaitedFormat::Hex, "01 ?? 03"),
        (AwaitedFormat::Matches, r"^2\d\d "),
        (AwaitedFormat::Length, "12"),
        (AwaitedFormat::Json, r#"{"ok":true}"#),
    ];
    assert_eq!(found, wanted);
    let written = write_spec(&Spec::Tcp(spec.clone()));
    assert!(written.contains("{ expect.length = 12 }"), "{written}");
    assert_eq!(get(&written).spec, Spec::Tcp(spec));
    for (step, why) in [
        ("expect = 7", "'expect' must be a table, not a number"),
        (
            "expect = {}",
            "must be a text or { hex = \"...\" } or { matches = \"...\" } or { length = 12 }",
        ),
        ("expect = { hex = \"01\", length = 1 }", "must be a text or"),
        ("expect = { regex = \"a\" }", "unknown key 'regex' in 'expect'"),
        ("expect = { length = -1 }", "'length' must be a number of bytes"),
        ("send = { matches = \"a\" }", "unknown key 'matches' in 'send'"),
    ] {
        let found = refusal(&format!("[tcp]\naddress = \"h:7\"\nstep = [{{ {step} }}]\n"));
        assert!(found.contains(why), "{step}: {found}");
    }
}

#[test]
fn a_save_changes_only_the_line_that_changed() {
    let mut preset = get(CREATE);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.method = "PUT".into();
    assert_eq!(write(&preset, Some(CREATE)), CREATE.replace("\"POST\"", "\"PUT\""));
}

#[test]
fn a_save_without_a_change_keeps_every_byte() {
    let odd = "about='x'\n\n\n[http]   # here\nurl   =    \"a\"\nmethod=\"GET\" # the default\n";
    assert_eq!(write(&get(odd), Some(odd)), odd);
}

#[test]
fn comments_stay_with_their_header_when_rows_change() {
    let mut preset = get(CREATE);
    let change = |preset: &mut Preset, edit: fn(&mut Vec<NameValue>)| {
        let Spec::Http(spec) = &mut preset.spec else { panic!() };
        edit(&mut spec.headers);
    };
    change(&mut preset, |rows| {
        rows.remove(0);
        rows.push(NameValue::new("X-New", "1"));
    });
    let text = write(&preset, Some(CREATE));
    assert!(!text.contains("a list of lines"), "{text}");
    assert!(
        text.contains(
            "\"~X-Debug: 1\",                  # leading ~ = switched off\n  \"X-New: 1\",\n]"
        ),
        "{text}"
    );
    change(&mut preset, |rows| rows.insert(1, NameValue::new("Second", "2")));
    let again = write(&preset, Some(&text));
    assert!(
        again.contains("# leading ~ = switched off\n  \"Second: 2\",\n  \"X-New: 1\",\n]"),
        "{again}"
    );
    change(&mut preset, Vec::clear);
    let none = write(&preset, Some(&again));
    assert!(!none.contains("headers"), "{none}");
    assert!(none.contains("[capture]\nuser_id") && none.contains("# users/create.toml"), "{none}");
}

#[test]
fn a_changed_element_keeps_its_comment() {
    let text = "[http]\nurl = \"a\"\nheaders = [ # all\n  \"A: 1\", # one\n  # about b\n  \"B: 2\" # two\n]\n";
    let mut preset = get(text);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.headers[1].value = "3".into();
    let merged = write(&preset, Some(text));
    assert!(
        merged.contains("# all\n  \"A: 1\", # one\n  # about b\n  \"B: 3\", # two\n]"),
        "{merged}"
    );
}

#[test]
fn body_kind_can_change_in_place() {
    let mut preset = get(CREATE);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.body = HttpBody::Form(vec![NameValue::new("a", "1")]);
    let text = write(&preset, Some(CREATE));
    assert!(text.contains("body.form = [\"a=1\"]") && !text.contains("body.json"), "{text}");
}

#[test]
fn parts_of_a_form_keep_their_comments() {
    let text = "[http]\nurl = \"a\"\nbody.multipart = [\n  \"note=x\", # what it is\n  { name = \"p\", file = \"a.png\" }, # the photo\n  \"~off=1\",\n]\n";
    let mut preset = get(text);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    let HttpBody::Multipart(parts) = &mut spec.body else { panic!("{:?}", spec.body) };
    assert!(!parts[2].enabled);
    assert_eq!((parts[1].source, &*parts[1].value), (PartSource::File, "a.png"));
    parts[1].content_type = "image/x".into();
    parts[0].value = "y".into();
    let merged = write(&preset, Some(text));
    assert_eq!(get(&merged), preset, "{merged}");
    assert!(merged.contains("\"note=y\", # what it is"), "{merged}");
    let photo = "{ name = \"p\", file = \"a.png\" , type = \"image/x\" }, # the photo";
    assert!(merged.replace(" ,", ",").contains(&photo.replace(" ,", ",")), "{merged}");
    let twice = "[http]\nbody.multipart = [{ value = \"a\", file = \"b\" }]\n";
    let failure = read(twice, &path()).unwrap_err().to_string();
    assert!(failure.contains("not several"), "{failure}");
}

#[test]
fn bytes_are_written_as_hex_or_with_escapes() {
    let text = "[http]\nurl = \"a\"\nbody.hex = \"de ad\" # two bytes\n";
    let mut preset = get(text);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    let payload = Payload { text: "de ad".into(), format: PayloadFormat::Hex };
    assert_eq!(spec.body, HttpBody::Payload(payload));
    spec.body = HttpBody::Payload(Payload { text: "be ef".into(), format: PayloadFormat::Hex });
    assert!(write(&preset, Some(text)).contains("body.hex = \"be ef\" # two bytes"));
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.body = HttpBody::Payload(Payload::text(r"a\x00"));
    assert!(write(&preset, Some(text)).contains(r"body.escaped = 'a\x00'"));
}

#[test]
fn rules_merge_as_inline_tables_and_as_headed_tables() {
    let inline = "[http-listener]\nrule = [{ path = \"/a\" }, { path = \"/b\" }] # rules\n";
    let headed = "[http-listener]\n\n# first\n[[http-listener.rule]]\npath = \"/a\" # a\n\n# second\n[[http-listener.rule]]\npath = \"/b\"\n\n[expect]\nstatus = 201\ncalled = 2\n";
    for (text, keeps) in [(inline, "# rules"), (headed, "path = \"/a\" # a")] {
        let mut preset = get(text);
        let Spec::HttpListener(spec) = &mut preset.spec else { panic!() };
        spec.rules[1].answer.status = 404;
        spec.rules[1].answer.body = HttpBody::Json("{\n}\n".into());
        let added = HttpRule { method: "GET".into(), path: "/c".into(), ..HttpRule::default() };
        spec.rules.push(added);
        let merged = write(&preset, Some(text));
        assert!(merged.contains(keeps), "{merged}");
        assert_eq!(get(&merged), preset, "{merged}");
    }
}

#[test]
fn another_section_takes_the_place_of_the_old_one() {
    let mut preset = get(CREATE);
    preset.spec = Spec::Tcp(TcpSpec { address: "a:1".into(), ..TcpSpec::default() });
    let text = write(&preset, Some(CREATE));
    assert!(
        text.contains("[tcp]") && !text.contains("[http]") && !text.contains("[expect]"),
        "{text}"
    );
    assert_eq!(get(&text), preset);
}

#[test]
fn a_file_with_carriage_returns_keeps_them() {
    let text = CREATE.replace('\n', "\r\n");
    let mut preset = get(&text);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.method = "PUT".into();
    assert_eq!(write(&preset, Some(&text)), text.replace("POST", "PUT"));
    // A text with CRLF of its own, which is spelled over lines.
    let text = "# mine\r\n[http]\r\nmethod = \"POST\"\r\nurl = \"a\" # it's\r\nbody.text = \"l1\\r\\nl2\"\r\n";
    let mut preset = get(text);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    for more in ["x", "y"] {
        let HttpBody::Text(body) = &mut spec.body else { panic!() };
        body.push_str(more);
    }
    let first = write(&preset, Some(text));
    assert_eq!(get(&first), preset);
    assert!(
        first.starts_with("# mine\r\n[http]\r\nmethod = \"POST\"\r\nurl = \"a\" # it's\r\n"),
        "{first:?}"
    );
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.method = "PUT".into();
    assert_eq!(write(&preset, Some(&first)), first.replace("POST", "PUT"));
}

#[test]
fn a_file_with_carriage_returns_keeps_them_when_a_text_of_many_lines_is_edited() {
    let head = "# top\r\n[http]\r\nmethod = \"POST\" # c\r\nurl = \"http://a/\"\r\n";
    for spelled in [r#""l1\r\nl2""#, "'''\r\nl1\r\nl2'''", "\"\"\"\r\nl1\r\nl2\"\"\""] {
        let text = format!("{head}body.text = {spelled} # b\r\n");
        for (body, written) in [
            ("l1\r\nl2Z", "\"\"\"\r\nl1\r\nl2Z\"\"\""),
            ("l1\nl2\nl3", "'''\r\nl1\nl2\nl3'''"),
            ("one", "\"one\""),
        ] {
            let mut preset = get(&text);
            let Spec::Http(spec) = &mut preset.spec else { panic!() };
            assert_eq!(spec.body, HttpBody::Text("l1\r\nl2".into()));
            spec.body = HttpBody::Text(body.into());
            let saved = write(&preset, Some(&text));
            assert_eq!(saved, format!("{head}body.text = {written} # b\r\n"));
            assert_eq!(get(&saved), preset);
            preset.about = "more".into();
            let again = write(&preset, Some(&saved));
            let is_windows = again.contains("about = \"more\"\r\n") && again.ends_with(" # b\r\n");
            assert!(is_windows, "{again}");
            assert_eq!(get(&again), preset);
        }
    }
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    let text = format!("\u{feff}{CREATE}");
    let mut preset = get(&text);
    assert_eq!(preset.spec, get(CREATE).spec);
    preset.about = "Other".into();
    let written = write(&preset, Some(&text));
    assert_eq!(get(&written), preset);
    assert_eq!(written.matches('\u{feff}').count(), 1, "and stays where it is");
    assert!(written.starts_with('\u{feff}'), "{written}");
}

#[test]
fn a_default_written_out_stays_and_can_change() {
    let text = "[http] # section\nmethod = \"GET\" # why not\nurl = \"a\"\nheaders = [] # none\n";
    let mut preset = get(text);
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.url = "b".into();
    let merged = write(&preset, Some(text));
    assert_eq!(merged, text.replace("\"a\"", "\"b\""));
    let Spec::Http(spec) = &mut preset.spec else { panic!() };
    spec.method = "PUT".into();
    spec.headers.push(NameValue::new("A", "1"));
    let merged = write(&preset, Some(&merged));
    let expected =
        "[http] # section\nmethod = \"PUT\" # why not\nurl = \"b\"\nheaders = [\"A: 1\"] # none\n";
    assert_eq!(merged, expected);
}

#[test]
fn dotted_and_nested_spellings_mean_the_same_and_survive() {
    let spellings = [
        "http.url = \"a\"\nhttp.body.json = \"1\" # kept\n",
        "http = { url = \"a\", body = { json = \"1\" } } # kept\n",
        "[http]\nurl = \"a\"\n[http.body] # kept\njson = \"1\"\n",
        "[http.body] # kept\njson = \"1\"\n[http]\nurl = \"a\"\n",
    ];
    for text in spellings {
        let mut preset = get(text);
        let Spec::Http(spec) = &mut preset.spec else { panic!() };
        assert_eq!((spec.url.as_str(), &spec.body), ("a", &HttpBody::Json("1".into())));
        spec.url = "b".into();
        spec.body = HttpBody::Json("2".into());
        spec.auth = Auth::Bearer("t".into());
        spec.headers = vec![NameValue::new("A", "1"), NameValue::new("B", "2")];
        let merged = write(&preset, Some(text));
        assert_eq!(get(&merged), preset, "{merged}");
        assert!(merged.contains("# kept"), "{merged}");
    }
}

#[test]
fn refusals_name_file_line_and_the_word_that_was_meant() {
    assert_eq!(
        refusal("about = \"x\"\n\n[http]\nmetod = \"GET\"\n"),
        "cannot be read: users/create.toml:4:1: unknown key 'metod' in 'http' (did you mean 'method'?)"
    );
    assert!(refusal("[htpp]\n").contains("did you mean 'http'?"), "{}", refusal("[htpp]\n"));
    assert!(
        refusal("[tcp]\nconnect_timeout = \"1s\"\n").contains("did you mean 'connect-timeout'?")
    );
    assert!(refusal("").contains("add one of [http]"));
    assert!(refusal("[http]\n[tcp]\n").contains("create.toml:2:2: 'tcp' is a second section"));
    assert!(refusal("[http]\nurl = \"\n").contains("create.toml:2:8: not TOML"));
    assert!(refusal("[http]\ntimeout = 30\n").contains("\"500ms\", \"30s\""));
    assert!(refusal("[http]\nurl = 1\n").contains("'url' must be a text in quotes, not a number"));
    assert!(
        refusal("[http]\nheaders = [\n  \"A: 1\",\n  \"B\"]\n")
            .contains(":4:3: 'headers 2' has no colon")
    );
    assert!(
        refusal("[tcp-listener]\nrule = [{ when = \"contain 'x'\", send = \"\" }]\n")
            .contains("did you mean 'contains'?")
    );
    assert!(
        refusal("[tcp]\nstep = [{ send = \"a\", within = \"1s\" }]")
            .contains("belongs to 'expect'")
    );
    assert!(refusal("[http]\nbody = { json = \"\", text = \"\" }").contains("not several"));
}

#[test]
fn all_unknown_keys_of_a_file_are_told_each_with_its_place_and_what_was_meant() {
    let text = "[http]\nurl = \"a\"\nmetod = \"GET\"\nheaders = [{ nam = \"A\", value = \"1\" }]\n\
                \n[http.tls]\ntrst = \"x\"\n\n[capure]\na = \"json .a\"\n";
    assert_eq!(
        refusal(text),
        "cannot be read: users/create.toml:3:1: unknown key 'metod' in 'http' (did you mean 'method'?); \
         users/create.toml:4:14: unknown key 'nam' in 'headers 1' (did you mean 'name'?); \
         users/create.toml:7:1: unknown key 'trst' in 'tls' (did you mean 'trust'?); \
         users/create.toml:9:2: unknown key 'capure' at the top of the file (did you mean 'capture'?)"
    );
    // Beside something that is wrong because of one, it is the key that is told.
    let step = refusal("[tcp]\naddres = \"h:1\"\nstep = [{ expect = { regx = \"a\" } }]\n");
    assert!(step.contains("unknown key 'regx' in 'expect'"), "{step}");
    let checked = "[http]\nurl = \"a\"\n\n[expect]\nstatsu = 200\ntotl = \"< 1s\"\n\n[capture]\nx = \"hedaer.a\"\n";
    let checked = refusal(checked);
    for place in
        [":5:1: 'statsu' in 'expect'", ":6:1: 'totl' in 'expect'", ":9:1: 'x' in 'capture'"]
    {
        assert!(checked.contains(place), "{checked}");
    }
    let many: Vec<String> = (0..40).map(|at| format!("k{at} = 1\n")).collect();
    let many = many.concat();
    let many = refusal(&format!("[http]\nurl = \"a\"\n{many}"));
    assert!(many.contains("unknown key 'k19'") && !many.contains("'k20'"), "{many}");
    assert!(many.ends_with("; and 20 more"), "{many}");
}

#[test]
fn all_that_is_wrong_in_a_file_is_told_at_once() {
    let text = "about = 5\n[http]\nurl = \"a\"\nmetod = \"GET\"\ntimeout = 5\nheaders = [\"a\", { name = 1 }]\n\
                redirects = \"x\"\n\n[expect]\nstatsu = 200\n\n[capture]\nx = \"hedaer.a\"\n";
    let told = refusal(text);
    for place in [
        ":1:1: 'about' must be a text",
        ":4:1: unknown key 'metod'",
        ":5:1: 'timeout' is not a duration",
        "'headers 1' has no colon",
        "'name' must be a text",
        ":7:1: 'redirects' must be a number",
        ":10:1: 'statsu' in 'expect'",
        ":13:1: 'x' in 'capture'",
    ] {
        assert!(told.contains(place), "{place}: {told}");
    }
    let missing = refusal(
        "[tcp]\naddress = \"h:1\"\nstep = [{ within = \"1s\" }]\n\n[expect]\nstatsu = 200\n",
    );
    assert!(missing.contains("needs '") && missing.contains("'statsu'"), "{missing}");
    // What comes of an unknown key is not told beside it, nor anything twice.
    let step = refusal("[tcp]\naddress = \"h:1\"\nstep = [{ expect = { regx = \"a\" } }]\n");
    assert!(!step.contains("must be a text or"), "{step}");
    let once = refusal("[http]\nurl = 5\n\n[capture]\nx = \"hedaer.a\"\n");
    assert_eq!(once.matches("'x' in 'capture'").count(), 1, "{once}");
    let held =
        refusal("[tcp-relay]\nbind = \":1\"\ntarget = \"h:1\"\nhold = \"no ==\"\nholt = 1\n");
    assert!(held.contains("'holt'") && held.contains("'hold'"), "{held}");
}

#[test]
fn what_is_written_from_nothing_is_minimal_and_readable() {
    let spec = HttpSpec {
        method: "POST".into(),
        url: "http://localhost/".into(),
        headers: vec![
            NameValue::new("A", "1"),
            NameValue { enabled: false, ..NameValue::new("B", "") },
        ],
        body: HttpBody::Json("{\n  \"a\": 1\n}".into()),
        ..HttpSpec::default()
    };
    let expected = "[http]\nmethod = \"POST\"\nurl = \"http://localhost/\"\nheaders = [\n  \"A: 1\",\n  \"~B:\",\n]\nbody.json = '''\n{\n  \"a\": 1\n}'''\n";
    assert_eq!(write_spec(&Spec::Http(spec)), expected);
    let echo = TcpListenerSpec { rules: vec![Rule::default()], ..TcpListenerSpec::default() };
    let expected =
        "[tcp-listener]\nbind = \"127.0.0.1:9000\"\nrule = [{ send = \"{{message}}\" }]\n";
    assert_eq!(write_spec(&Spec::TcpListener(echo)), expected);
}

#[test]
fn a_part_of_a_spec_begins_with_what_its_spec_begins_with() {
    let ended = |line_ending| InputSpec { line_ending, ..InputSpec::default() };
    let tcp = |line_ending| Spec::Tcp(TcpSpec { input: ended(line_ending), ..TcpSpec::default() });
    let udp = |line_ending| Spec::Udp(UdpSpec { input: ended(line_ending), ..UdpSpec::default() });
    let written = |spec| write_spec(&spec).lines().skip(2).collect::<String>();
    assert_eq!(written(tcp(LineEnding::CrLf)), "");
    assert_eq!(written(tcp(LineEnding::None)), "line-ending = \"none\"");
    assert_eq!(written(udp(LineEnding::CrLf)), "line-ending = \"crlf\"");
    assert_eq!(written(udp(LineEnding::None)), "");
}

#[test]
fn nesting_and_size_do_not_break_the_reader() {
    let deep = format!("[http]\nurl = {}", "[".repeat(100_000));
    assert!(refusal(&deep).contains("not TOML"));
}

const CHECKED: &str = "[http]\nurl = \"http://h/\"\n\n[capture]\n# of the login\ntoken = \"json .token\" # short\n\n\
    [expect]\nstatus = 201 # made\n\"~total\" = \"<= 500ms\" # not yet\n\"json .id\" = \"42\"\n\"json .n\" = 1.50\n\
    \"json .tags\" = [\"a\", 2]\n\"json .user\" = { id = 1 }\n";

#[test]
fn what_is_expected_reads_as_it_is_written() {
    let preset = get(CHECKED);
    let (expect, capture) = preset.spec.checks().unwrap();
    let rows: Vec<(bool, &str, &str)> =
        expect.rows.iter().map(|row| (row.enabled, &*row.name, &*row.value)).collect();
    assert_eq!(
        rows,
        [
            (true, "status", "201"),
            (false, "total", "<= 500ms"),
            (true, "json .id", "'42'"),
            (true, "json .n", "1.5"),
            (true, "json .tags", "[\"a\",2]"),
            (true, "json .user", "{\"id\":1}"),
        ]
    );
    assert_eq!(capture.rows, [NameValue::new("token", "json .token")]);
    assert!(preset.unused.is_empty());
    assert_eq!(write(&preset, Some(CHECKED)), CHECKED);
    assert_eq!(get(&write(&preset, None)), preset);
}

#[test]
fn a_changed_expectation_leaves_the_others_and_their_comments() {
    let mut preset = get(CHECKED);
    let (expect, _) = preset.spec.checks_mut().unwrap();
    expect.rows[0].value = "2xx".into();
    expect.rows[1].enabled = true;
    expect.rows.insert(1, NameValue::new("size", "< 4k"));
    let text = write(&preset, Some(CHECKED));
    assert!(text.contains("# of the login\ntoken = \"json .token\" # short"), "{text}");
    assert!(
        text.contains("[expect]\nstatus = \"2xx\" # made\nsize = \"< 4k\"\ntotal = \"<= 500ms\"\n\"json .id\" = \"42\"\n"),
        "{text}"
    );
    assert_eq!(get(&text), preset);
    let (expect, capture) = preset.spec.checks_mut().unwrap();
    expect.rows.clear();
    capture.rows.clear();
    let text = write(&preset, Some(CHECKED));
    assert_eq!(get(&text), preset);
    assert!(!text.contains("[expect]") && !text.contains("[capture]"), "{text}");
}

#[test]
fn what_is_not_known_to_be_expected_is_refused_with_its_line() {
    let read = |text: &str| super::read(text, &PresetPath::parse("it").unwrap());
    let failure = read(&CHECKED.replace("status", "statsu")).unwrap_err();
    assert_eq!(failure.target, "it.toml:9:1");
    assert!(failure.cause.contains("did you mean 'status'?"), "{failure}");
    // A draft is what somebody is writing.
    let draft = read_spec(&CHECKED.replace("status", "statsu"), "draft").unwrap();
    assert_eq!(draft.checks().unwrap().0.rows[0].name, "statsu");
    let twice = "[http]\nurl = \"a\"\nexpect = { status = 1 }\n";
    assert!(read(twice).unwrap_err().cause.contains("unknown key 'expect'"));
}

/// As every other key is: with its line and the word that was meant.
#[test]
fn a_condition_that_cannot_be_read_is_refused_at_its_line_unless_it_is_off() {
    let relay = |text: &str| refusal(&format!("[http-relay]\nbind = \":1\"\n{text}\n"));
    for (text, said) in [
        ("hold = \"pth contains x\"", "did you mean 'path'"),
        ("hold = \"delta > 1s\"", "delta is not known before it is passed on"),
        ("fault = [{ delay = \"1s\", when = \"contain 'x'\" }]", "did you mean 'contains'?"),
        ("fault = [{ delay = \"1s\" }, { rate = \"1k\", when = \"pth == x\" }]", "of fault 2"),
        ("rewrite = [{ set-status = 503, when = \"fault == delay\" }]", "of rewrite 1"),
    ] {
        let why = relay(text);
        assert!(why.contains(said) && why.contains(":3:"), "{text}: {why}");
    }
    for text in [
        "fault = [{ off = true, delay = \"1s\", when = \"pth == x\" }]",
        "fault = [{ jitter = \"1s\", when = \"path == {{path}}\" }]",
        "fault = [{ rate = \"8Mbit/s\", when = \"contains 'x'\" }, { drop = 1, when = \"\" }]",
    ] {
        let file = format!("[http-relay]\nbind = \":1\"\n{text}\n");
        let preset = read(&file, &PresetPath::parse("a").unwrap());
        let preset = preset.unwrap_or_else(|failure| panic!("{text}: {failure}"));
        assert_eq!(write(&preset, Some(&file)), file, "written as it was");
    }
    assert!(relay("fault = [{ from = \"client\" }]").contains("'delay' or 'rate'"));
}
