use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::client::{
    ClientSpec, DatagramSpec, InputSpec, ScriptStep, SocketSpec, TcpSpec, UdpSpec,
};
use crate::model::endpoint::Endpoint;
use crate::model::http::{
    Auth, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule, HttpSpec, PartSource,
};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When, WhenKind};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::spec::NameValue;
use crate::model::tls::{ClientTls, ListenerTls};
use crate::model::trust::{Sha256, TrustedCertificate, TrustedCertificates, Verify};

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
    assert_eq!(spec.steps[1], ScriptStep::Expect { payload: Payload::text("PING"), within });
    let server = "[tcp-listener]\nbind = \"127.0.0.1:7000\"\nrule = [{ when = \"contains 'PING'\", send = \"{{match}}\" }]\n";
    let Spec::TcpListener(spec) = get(server).spec else { panic!() };
    assert_eq!(spec.rules[0].when, When { kind: WhenKind::Contains, text: "PING".into() });
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
    let headed = "[http-listener]\n\n# first\n[[http-listener.rule]]\npath = \"/a\" # a\n\n# second\n[[http-listener.rule]]\npath = \"/b\"\n\n[expect]\nstatus = 1\n";
    for (text, keeps) in [(inline, "# rules"), (headed, "path = \"/a\" # a")] {
        let mut preset = get(text);
        let Spec::HttpListener(spec) = &mut preset.spec else { panic!() };
        spec.rules[1].answer.status = 404;
        spec.rules[1].answer.body = HttpBody::Json("{\n}\n".into());
        let added =
            HttpRule { method: "GET".into(), path: "/c".into(), answer: HttpAnswer::default() };
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
        text.contains("[tcp]") && !text.contains("[http]") && text.contains("[expect]"),
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
    assert_eq!(get(&write(&preset, Some(&text))), preset);
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
        "storage failed: users/create.toml:4: unknown key 'metod' in 'http' (did you mean 'method'?)"
    );
    assert!(refusal("[htpp]\n").contains("did you mean 'http'?"), "{}", refusal("[htpp]\n"));
    assert!(
        refusal("[tcp]\nconnect_timeout = \"1s\"\n").contains("did you mean 'connect-timeout'?")
    );
    assert!(refusal("").contains("add one of [http]"));
    assert!(refusal("[http]\n[tcp]\n").contains("create.toml:2: 'tcp' is a second section"));
    assert!(refusal("[http]\nurl = \"\n").contains("create.toml:2: not TOML"));
    assert!(refusal("[http]\ntimeout = 30\n").contains("\"500ms\", \"30s\""));
    assert!(refusal("[http]\nurl = 1\n").contains("'url' must be a text in quotes, not a number"));
    assert!(
        refusal("[http]\nheaders = [\n  \"A: 1\",\n  \"B\"]\n")
            .contains(":4: 'headers 2' has no colon")
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

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,12}",
        2 => "[a'\"\\\\\n\r\t#=:~{} ]{0,12}",
        1 => "\\PC{0,6}",
        1 => any::<String>().prop_map(|s| s.chars().take(8).collect()),
    ]
}

fn row() -> impl Strategy<Value = NameValue> {
    (any::<bool>(), text(), text()).prop_map(|(enabled, name, value)| NameValue {
        enabled,
        name,
        value,
    })
}

fn rows() -> impl Strategy<Value = Vec<NameValue>> {
    prop::collection::vec(row(), 0..4)
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0u64..100).prop_map(Duration::from_secs),
        (0u64..86_400_000_000_000).prop_map(Duration::from_nanos)
    ]
}

fn body() -> impl Strategy<Value = HttpBody> {
    prop_oneof![
        Just(HttpBody::None),
        text().prop_map(HttpBody::Text),
        text().prop_map(HttpBody::Json),
        rows().prop_map(HttpBody::Form),
        prop::collection::vec(part(), 0..4).prop_map(HttpBody::Multipart),
        payload().prop_map(HttpBody::Payload),
        text().prop_map(HttpBody::File),
    ]
}

fn part() -> impl Strategy<Value = FormPart> {
    let sources =
        prop_oneof![Just(PartSource::Text), Just(PartSource::File), Just(PartSource::FileText)];
    let rare = || prop_oneof![Just(String::new()), text()];
    (any::<bool>(), text(), sources, text(), rare(), rare()).prop_map(
        |(enabled, name, source, value, file_name, content_type)| FormPart {
            enabled,
            name,
            source,
            value,
            file_name,
            content_type,
        },
    )
}

fn payload() -> impl Strategy<Value = Payload> {
    let format = prop_oneof![Just(PayloadFormat::Text), Just(PayloadFormat::Hex)];
    (text(), format).prop_map(|(text, format)| Payload { text, format })
}

fn verify() -> impl Strategy<Value = Verify> {
    prop_oneof![Just(Verify::On), Just(Verify::Off)]
}

fn trust() -> impl Strategy<Value = TrustedCertificates> {
    let at = prop_oneof![Just(None), Just(Some(Endpoint::new("h", 1)))];
    let one = (any::<[u8; 32]>(), at)
        .prop_map(|(hash, at)| TrustedCertificate { sha256: Sha256(hash), at });
    prop::collection::vec(one, 0..3).prop_map(TrustedCertificates)
}

fn client_tls() -> impl Strategy<Value = ClientTls> {
    let sni = prop_oneof![Just(String::new()), text()];
    prop_oneof![
        Just(ClientTls::Off),
        (verify(), trust(), sni).prop_map(|(verify, trust, sni)| ClientTls::On {
            verify,
            trust,
            sni
        })
    ]
}

fn listener_tls() -> impl Strategy<Value = ListenerTls> {
    prop_oneof![
        Just(ListenerTls::Off),
        Just(ListenerTls::Generated),
        (text(), text()).prop_map(|(certificate, key)| ListenerTls::Files { certificate, key })
    ]
}

fn rare() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), text()]
}

fn socket() -> impl Strategy<Value = SocketSpec> {
    prop::option::of(duration()).prop_map(|keep_alive| SocketSpec { keep_alive })
}

fn client() -> impl Strategy<Value = ClientSpec> {
    rare().prop_map(|source| ClientSpec { source })
}

fn datagrams() -> impl Strategy<Value = DatagramSpec> {
    prop::option::of(1..=u8::MAX).prop_map(|ttl| DatagramSpec { ttl })
}

fn steps() -> impl Strategy<Value = Vec<ScriptStep>> {
    let step = prop_oneof![
        payload().prop_map(ScriptStep::Send),
        (payload(), duration())
            .prop_map(|(payload, within)| ScriptStep::Expect { payload, within })
    ];
    prop::collection::vec(step, 0..4)
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let kinds = vec![WhenKind::Contains, WhenKind::Equals, WhenKind::StartsWith, WhenKind::Matches];
    let when = prop_oneof![
        Just(When::default()),
        (prop::sample::select(kinds), text()).prop_map(|(kind, text)| When { kind, text }),
    ];
    let rule =
        (when, payload(), duration()).prop_map(|(when, send, delay)| Rule { when, send, delay });
    prop::collection::vec(rule, 0..4)
}

fn input() -> impl Strategy<Value = InputSpec> {
    use LineEnding::{Cr, CrLf, Lf, None};
    let format = prop_oneof![Just(PayloadFormat::Text), Just(PayloadFormat::Hex)];
    (prop::sample::select(vec![None, Lf, CrLf, Cr]), format)
        .prop_map(|(line_ending, format)| InputSpec { line_ending, format })
}

fn http_spec() -> BoxedStrategy<Spec> {
    let auth = prop_oneof![
        Just(Auth::None),
        text().prop_map(Auth::Bearer),
        (text(), text()).prop_map(|(user, password)| Auth::Basic { user, password })
    ];
    let socket = (socket(), client());
    let more = (verify(), any::<u8>(), trust());
    (text(), text(), rows(), rows(), auth, body(), duration(), more, socket)
        .prop_map(|(method, url, query, headers, auth, body, timeout, more, socket)| {
            let ((verify, redirects, trust), (socket, client)) = (more, socket);
            Spec::Http(HttpSpec {
                method,
                url,
                query,
                headers,
                auth,
                body,
                timeout,
                verify,
                trust,
                redirects,
                socket,
                client,
            })
        })
        .boxed()
}

fn answer() -> BoxedStrategy<HttpAnswer> {
    (any::<u16>(), rows(), body(), duration())
        .prop_map(|(status, headers, body, delay)| HttpAnswer { status, headers, body, delay })
        .boxed()
}

fn http_listener() -> BoxedStrategy<Spec> {
    let rule = (text(), text(), answer()).prop_map(|(method, path, answer)| HttpRule {
        method,
        path,
        answer,
    });
    (text(), listener_tls(), socket(), prop::collection::vec(rule, 0..4), answer())
        .prop_map(|(bind, tls, socket, rules, answer)| {
            Spec::HttpListener(HttpListenerSpec { bind, tls, socket, rules, answer })
        })
        .boxed()
}

fn spec() -> BoxedStrategy<Spec> {
    let tcp = (text(), client_tls(), steps(), input(), duration(), socket(), client()).prop_map(
        |(address, tls, steps, input, connect_timeout, socket, client)| {
            Spec::Tcp(TcpSpec { address, tls, steps, input, connect_timeout, socket, client })
        },
    );
    let udp = (text(), client(), datagrams(), any::<bool>(), steps(), input()).prop_map(
        |(address, client, socket, any_peer, steps, input)| {
            Spec::Udp(UdpSpec { address, client, socket, any_peer, steps, input })
        },
    );
    let tcp_listener = (text(), listener_tls(), socket(), payload(), rules(), input()).prop_map(
        |(bind, tls, socket, greeting, rules, input)| {
            Spec::TcpListener(TcpListenerSpec { bind, tls, socket, greeting, rules, input })
        },
    );
    let udp_listener = (text(), datagrams(), rules(), 1_u32..=1_000_000, input()).prop_map(
        |(bind, socket, rules, answer_rate, input)| {
            Spec::UdpListener(UdpListenerSpec { bind, socket, rules, answer_rate, input })
        },
    );
    let listeners = prop_oneof![tcp_listener.boxed(), udp_listener.boxed()].boxed();
    let clients = prop_oneof![tcp.boxed(), udp.boxed()].boxed();
    prop_oneof![http_spec(), http_listener(), clients, listeners].boxed()
}

/// Puts a comment on every line that can carry one.
fn commented(text: &str) -> String {
    if text.contains("'''") || text.contains("\"\"\"") {
        return format!("# first\n{text}# last\n");
    }
    text.replace('\n', " # kept\n")
}

proptest! {
    #![proptest_config(crate::property_tests::cases(2000))]

    #[test]
    fn every_preset_reads_back_as_written(about in text(), spec in spec()) {
        let preset = Preset { path: path(), about, spec, unused: Vec::new() };
        let text = write(&preset, None);
        prop_assert_eq!(read(&text, &path()).map_err(|f| format!("{f}\n{text}")), Ok(preset));
    }

    #[test]
    fn a_save_over_any_other_preset_means_the_new_one(
        old in (text(), spec()), new in (text(), spec()), is_windows: bool,
    ) {
        let old = Preset { path: path(), about: old.0, spec: old.1, unused: Vec::new() };
        let new = Preset { path: path(), about: new.0, spec: new.1, unused: Vec::new() };
        let before = commented(&write(&old, None));
        let before = if is_windows { before.replace('\n', "\r\n") } else { before };
        let found = read(&before, &path()).map_err(|f| format!("{f}\n{before}")).unwrap();
        prop_assert!(is_windows || found == old);
        let old = found;
        let base = tree::preset(&old.about, &old.spec);
        let mine = tree::preset(&new.about, &new.spec);
        let merged = merge::update(&before, before.parse().unwrap(), &base, &mine).unwrap();
        prop_assert_eq!(read(&merged, &path()).map_err(|f| format!("{f}\n{merged}")), Ok(new));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let _ = read(&text, &path());
    }
}
