//! Composing and sending: what is sent is what was seen, and never anything else.

use wirebench::app::effect::Effect;
use wirebench::app::focus::Pane;
use wirebench::app::form::{FormFieldId, FormTab, rows};
use wirebench::app::message::Message;
use wirebench::engine::event::{Event, Phase};
use wirebench::model::failure::{Failure, FailureKind, Stage};
use wirebench::model::field_id::FieldId;
use wirebench::model::plan::{PartContent, Plan, PlanBody, StepPlan, WhenPlan};
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::timing::Stamp;
use wirebench::model::tls::{ClientTls, ListenerTls};
use wirebench::model::trust::{Sha256, Verify};
use wirebench::store::job::{Job, Reply};

use crate::harness::app::Driver;
use crate::harness::store::workspace;

const WIDE: (u16, u16) = (120, 40);

fn body(plan: &Plan) -> String {
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    let PlanBody::Bytes(bytes) = &plan.body else { panic!("{:?}", plan.body) };
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_first_start_without_configuration_or_environment_sends() {
    let mut driver = Driver::bare(WIDE);
    assert!(driver.shows("no presets yet"), "{}", driver.screen());
    driver.keys("<F7>E<Esc>");
    let (_, plan) = Driver::opened(&driver.keys("<C-l>:8080/hello<Enter>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.url, "http://localhost:8080/hello");
}

#[test]
fn nothing_composed_is_refused_and_says_what_is_missing() {
    let mut driver = Driver::bare(WIDE);
    let effects = driver.keys("<C-l><F5>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))));
    assert!(driver.app.notice.is_some());
}

#[test]
fn what_is_typed_right_after_send_does_not_change_what_is_being_sent() {
    let mut driver = Driver::bare(WIDE);
    let (id, sent) = Driver::opened(&driver.keys("<C-l>http://127.0.0.1:9/a<F5>"));
    let later = driver.keys("XYZ");
    assert!(later.iter().all(|effect| !matches!(effect, Effect::Engine(_))), "{later:?}");
    assert!(driver.app.shared.drafts.current().spec.address().ends_with("/aXYZ"));
    assert_eq!(driver.app.shared.sessions.get(id).unwrap().plan, sent);
}

#[test]
fn dollars_and_escaped_braces_in_a_body_are_sent_as_they_stand() {
    let file = "[http]\nmethod='POST'\nurl='http://127.0.0.1:9/'\n\
                body.json='''{ \"note\": \"costs $100, keep {{!pod}} literal\" }'''\n";
    let mut driver = Driver::with(WIDE, workspace(&[("note", file)]));
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(body(&plan), "{ \"note\": \"costs $100, keep {{pod}} literal\" }");
}

#[test]
fn an_unknown_name_blocks_the_send_shows_where_and_one_key_sends_it_literally() {
    let file = "[http]\nmethod='POST'\nurl='http://127.0.0.1:9/'\nbody.text='hi {{nobody}}'\n";
    let mut driver = Driver::with(WIDE, workspace(&[("greet", file)]));
    let effects = driver.keys("<F5>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))), "{effects:?}");
    assert_eq!(driver.app.shared.focus, Pane::Request);
    assert!(driver.shows("nobody"), "{}", driver.screen());
    let (_, plan) = Driver::opened(&driver.keys("<A-l>"));
    assert_eq!(body(&plan), "hi {{nobody}}");
}

#[test]
fn environments_switch_with_one_key_and_by_picking() {
    let mut found = workspace(&[("get", "[http]\nurl='http://{{host}}:1/'\n")]);
    for (name, host) in [("dev", "dev.test"), ("prod", "prod.test")] {
        found.environments.push(wirebench::model::preset::Environment {
            name: name.into(),
            variables: [("host".to_owned(), host.to_owned())].into(),
            ..Default::default()
        });
    }
    let mut driver = Driver::with(WIDE, found);
    let url = |driver: &mut Driver| {
        driver.app.shared.focus = Pane::Presets;
        let (_, plan) = Driver::opened(&driver.keys("<F5>"));
        let Plan::Http(plan) = plan else { panic!("{plan:?}") };
        plan.url
    };
    assert_eq!(driver.app.shared.environment.as_deref(), Some("dev"));
    assert_eq!(url(&mut driver), "http://dev.test:1/");
    driver.keys("<F7>");
    assert_eq!(url(&mut driver), "http://prod.test:1/");
    driver.app.shared.focus = Pane::Presets;
    driver.keys("Edev<Enter>");
    assert_eq!(driver.app.shared.environment.as_deref(), Some("dev"));
    driver.keys("<C-p>environment none<Enter>");
    assert_eq!(driver.app.shared.environment, None);
    let effects = driver.keys("<F5>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))));
}

#[test]
fn every_protocol_and_side_is_one_or_two_keys_away_and_nothing_composed_is_lost() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://h/kept<F3>");
    let spec = |driver: &Driver| {
        let spec = &driver.app.shared.drafts.current().spec;
        (spec.protocol(), spec.side())
    };
    assert_eq!(spec(&driver), (Protocol::Tcp, Side::Client));
    driver.keys("<F6>");
    assert_eq!(spec(&driver), (Protocol::Tcp, Side::Listener));
    driver.keys("<F4>");
    assert_eq!(spec(&driver), (Protocol::Udp, Side::Client));
    driver.keys("<F6><F2>");
    assert_eq!(spec(&driver), (Protocol::Http, Side::Client));
    // Always something new: what was composed first is beside it, not in it.
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://localhost/");
    let kept = |driver: &Driver| {
        let addresses = driver.app.shared.drafts.iter().map(|draft| draft.spec.address());
        addresses.filter(|address| *address == "http://h/kept").count()
    };
    assert_eq!(kept(&driver), 1);
    driver.keys("<C-n>http://other/<F6><F6><F6><C-n><F3>");
    assert_eq!(kept(&driver), 1);
    driver.app.shared.focus = Pane::Presets;
    driver.keys("/kept<Enter><Enter>");
    assert_eq!(driver.app.shared.drafts.current().spec.address(), "http://h/kept");
}

/// The addresses of all drafts, and what the one on screen is.
fn composed(driver: &Driver) -> (Vec<String>, Protocol, Side, String) {
    let drafts = &driver.app.shared.drafts;
    let spec = &drafts.current().spec;
    let all = drafts.iter().map(|draft| draft.spec.address().to_owned()).collect();
    (all, spec.protocol(), spec.side(), spec.address().to_owned())
}

#[test]
fn the_other_end_of_the_wire_has_the_port_and_the_tls_of_this_one() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>https://api.test:8443/users<F6>");
    let (all, protocol, side, address) = composed(&driver);
    assert_eq!((protocol, side, &*address), (Protocol::Http, Side::Listener, ":8443"));
    assert_eq!(all, ["https://api.test:8443/users", ":8443"]);
    let (id, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::HttpListener(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.tls, ListenerTls::Generated);
    driver.done(id);
    driver.keys("<F6>");
    assert_eq!(composed(&driver).3, "https://localhost:8443/");
    // Typing replaces what was carried over; a draft nobody typed in leaves nothing behind.
    driver.keys("<F3><C-n>tls://h:4433<F6>");
    let (all, protocol, side, address) = composed(&driver);
    assert_eq!((protocol, side, &*address), (Protocol::Tcp, Side::Listener, ":4433"));
    assert_eq!(all, ["https://api.test:8443/users", ":8443", "h:4433", ":4433"]);
    let (_, plan) = Driver::opened(&driver.keys("<C-n><F5>"));
    let Plan::Tcp(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.endpoint.to_string(), "localhost:4433");
    assert_eq!(plan.tls, ClientTls::verified());
}

#[test]
fn tls_that_came_along_is_seen_and_goes_when_the_address_is_typed_anew() {
    let tls = |driver: &Driver| driver.app.shared.drafts.current().spec.badge().to_owned();
    for (keys, before, after) in [
        // Typed over, cleared first, and taken away letter by letter.
        ("<C-l>https://h:4433/<F6>", "SRV+TLS", "SRV"),
        ("<F3><C-n>tls://h:4433<F6>", "SRV+TLS", "SRV"),
        ("<F3><C-n>tls://h:4433<F6><F6>", "TLS", "TCP"),
        ("<F3><C-n>tls://h:4433<Tab>", "TLS", "TCP"),
        ("<F3><C-n>tls://h:44<C-n><F6>", "SRV+TLS", "SRV"),
    ] {
        for clear in ["<C-l>", "<C-l><C-u>", "<C-l><End><BS:60>"] {
            let mut driver = Driver::bare(WIDE);
            driver.keys(keys);
            driver.assert_shows(&format!(" {before} "));
            assert_eq!(tls(&driver), before, "{keys}");
            let clear = clear.replace("<BS:60>", &"<Backspace>".repeat(60));
            driver.keys(&format!("{clear}127.0.0.1:9000<Tab>"));
            assert_eq!(tls(&driver), after, "{keys}{clear}: {}", driver.screen());
            driver.assert_shows(&format!(" {after} "));
        }
    }
    // What the user switched on stays, and so does what a change of the address leaves.
    let mut driver = Driver::bare(WIDE);
    driver.keys("<F3><C-n>h:1");
    let draft = driver.app.shared.drafts.current_mut();
    (draft.tab, draft.at) = (FormTab::Options, FormFieldId::key("tls"));
    driver.keys("<Space><C-l><C-u>other:2<Tab>");
    assert_eq!(tls(&driver), "TLS", "{}", driver.screen());
    let mut driver = Driver::bare(WIDE);
    driver.keys("<F3><C-n>tls://h:1<Tab><C-l><End>1<Tab>");
    assert_eq!(tls(&driver), "TLS");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Tcp(plan) = plan else { panic!("{plan:?}") };
    assert_eq!((plan.endpoint.to_string(), plan.tls), ("h:11".to_owned(), ClientTls::verified()));
}

#[test]
fn composing_anew_loses_no_text_that_is_no_value_yet() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://h:1/");
    let draft = driver.app.shared.drafts.current_mut();
    (draft.tab, draft.at) = (FormTab::Options, FormFieldId::key("timeout"));
    driver.keys("<End>x");
    for key in ["<F6>", "<C-n>", "<F3>"] {
        driver.keys(key);
        assert!(driver.shows("not taken yet"), "{key}: {}", driver.screen());
        assert!(driver.shows("30sx"), "{key}: {}", driver.screen());
        assert_eq!(composed(&driver).0, ["http://h:1/"], "{key}");
    }
    driver.keys("<Backspace><F6>");
    assert_eq!(composed(&driver).0, ["http://h:1/", ":1"]);
}

#[test]
fn an_address_edited_while_it_listens_is_marked_and_never_taken_for_the_sockets() {
    for (kind, client) in [("<F6>", "http://127.0.0.1:40123/"), ("<F3><F6>", "127.0.0.1:40123")] {
        let mut driver = Driver::bare(WIDE);
        let (id, plan) = Driver::opened(&driver.keys(&format!("{kind}:0<F5>")));
        let addresses = vec!["127.0.0.1:40123".parse().unwrap()];
        driver.phase(id, Phase::Listening { addresses, receive_buffer: None });
        assert!(!driver.shows("still"), "{}", driver.screen());
        driver.keys("<C-l>:9999");
        driver.assert_shows("it listens on 127.0.0.1:40123 still");
        // Twice, as it was forgotten after the first time.
        for _ in 0..2 {
            let effects = driver.keys("<F5>");
            assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))));
            driver.assert_shows("it listens on 127.0.0.1:40123 still; address, TLS and");
            assert_eq!(driver.app.shared.sessions.get(id).unwrap().plan, plan);
        }
        driver.keys("<C-l>:99999<F5>");
        driver.assert_shows("'99999' is not a port");
        driver.assert_shows("it listens on 127.0.0.1:40123 still");
        assert!(!driver.shows("not listening"), "{}", driver.screen());
        driver.keys("<F6>");
        assert_eq!(composed(&driver).3, client, "where it really listens");
    }
    let mut driver = Driver::bare(WIDE);
    let (id, _) = Driver::opened(&driver.keys("<F3>h:1<F5>"));
    let (local, peer) = ("127.0.0.1:5".parse().unwrap(), "127.0.0.1:1".parse().unwrap());
    driver.phase(id, Phase::Connected { local, peer });
    driver.keys("<C-l>h:2");
    driver.assert_shows("it is connected to h:1 still");
}

#[test]
fn what_was_told_to_close_does_not_come_back_by_what_was_on_its_way() {
    let mut driver = Driver::bare(WIDE);
    let (first, _) = Driver::opened(&driver.keys("<F3><F6>:9000<F5>"));
    driver.keys("<F8>");
    let addresses = vec!["127.0.0.1:9000".parse().unwrap()];
    driver.phase(first, Phase::Listening { addresses, receive_buffer: None });
    assert!(!driver.shows("1 listening"), "{}", driver.screen());
    let (second, _) = Driver::opened(&driver.keys("<F5>"));
    assert_ne!(first, second);
}

#[test]
fn a_listener_that_others_can_reach_is_warned_of_as_long_as_it_listens() {
    let mut driver = Driver::bare(WIDE);
    let (id, _) = Driver::opened(&driver.keys("<F3><F6>*:9000<F5>"));
    let addresses = vec!["0.0.0.0:9000".parse().unwrap(), "[::]:9000".parse().unwrap()];
    driver.phase(id, Phase::Listening { addresses, receive_buffer: None });
    let shown = |driver: &Driver| driver.shows("OTHER MACHINES CAN REACH IT");
    assert!(shown(&driver) && driver.shows("1 listening (public)"), "{}", driver.screen());
    driver.phase(id, Phase::Clients { open: 1, refused: 0 });
    driver.keys("<C-l>:9000");
    assert!(shown(&driver), "also when the address is edited: {}", driver.screen());
    driver.keys("<C-n>");
    driver.assert_shows("1 listening (public)");
    driver.done(id);
    assert!(!driver.shows("public") && !shown(&driver), "{}", driver.screen());
}

#[test]
fn what_keeps_a_listener_from_listening_does_not_say_send() {
    for (typed, says) in [("h:x", "not listening: "), ("{{nobody}}:1", "listens with it as it is")]
    {
        let mut driver = Driver::bare(WIDE);
        driver.keys(&format!("<F3><F6>{typed}<F5>"));
        let notice = driver.app.notice.as_ref().unwrap().text.clone();
        assert!(notice.contains(says) && !notice.contains("sen"), "{notice}");
    }
}

#[test]
fn something_new_is_a_client_whatever_was_on_screen() {
    let mut driver = Driver::starter(WIDE);
    driver.keys("<Enter>");
    assert_eq!(driver.app.shared.drafts.current().spec.side(), Side::Listener);
    let (_, plan) = Driver::opened(&driver.keys("<C-n>:8765/a.json<Enter>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.url, "http://localhost:8765/a.json");
}

#[test]
fn a_url_with_a_path_typed_over_a_listeners_address_is_asked_for_and_the_listener_stays() {
    let mut driver = Driver::starter(WIDE);
    assert_eq!(driver.app.shared.drafts.current().spec.side(), Side::Listener);
    let (_, plan) = Driver::opened(&driver.keys("<Enter><C-l>:8765/a.json<Enter>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.url, "http://localhost:8765/a.json");
    let presets = driver.app.shared.drafts.iter().filter(|draft| draft.preset.is_some());
    assert!(presets.into_iter().all(|draft| !draft.is_modified()));
}

#[test]
fn a_refused_certificate_is_accepted_with_one_key_and_only_after_it_was_refused() {
    let mut driver = Driver::bare(WIDE);
    let (id, plan) = Driver::opened(&driver.keys("<C-l>tls://127.0.0.1:9<Enter>"));
    let Plan::Tcp(plan) = plan else { panic!("{plan:?}") };
    assert!(matches!(plan.tls, ClientTls::On { verify: Verify::On, .. }));
    assert!(driver.keys("<A-v>").iter().all(|effect| !matches!(effect, Effect::Engine(_))));
    let leaf = Sha256([7; 32]);
    let kind = FailureKind::Distrusted(leaf);
    let outcome = Err(Failure::new(Stage::Tls, "127.0.0.1:9", kind, "not trusted"));
    driver.send(Message::Engine(Event::Done { id, outcome, at: Stamp::default() }));
    let (_, plan) = Driver::opened(&driver.keys("<A-v>"));
    let Plan::Tcp(plan) = plan else { panic!("{plan:?}") };
    let ClientTls::On { verify: Verify::On, trust, .. } = plan.tls else { panic!("{plan:?}") };
    assert_eq!(trust.to_string(), format!("sha256:{leaf}"), "this one, and no other");
    assert!(driver.shows("CERTIFICATE ACCEPTED BY HASH"), "{}", driver.screen());
}

#[test]
fn rows_of_headers_are_added_switched_off_and_the_last_one_deleted() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://127.0.0.1:9/<A-Right><Down><Down>X-One<Enter>1<Enter>x-one<Enter>2");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Http(sent) = plan else { panic!("{plan:?}") };
    let ours = |headers: &[(String, String)]| -> Vec<(String, String)> {
        headers.iter().filter(|(n, _)| n.to_lowercase() == "x-one").cloned().collect()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(ours(&sent.headers), [pair("X-One", "1"), pair("x-one", "2")]);
    driver.keys("<C-t>");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Http(sent) = plan else { panic!("{plan:?}") };
    assert_eq!(ours(&sent.headers), [pair("X-One", "1")]);
    driver.keys("<C-x><C-x><C-x><C-x><Up><C-x><C-x>");
    assert!(!driver.screen().is_empty());
}

#[test]
fn a_pasted_curl_command_fills_the_form() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>");
    driver.paste("curl -X PUT 'http://127.0.0.1:9/x' -H 'X-A: 1' --data-raw '{\"a\":1}'");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Http(sent) = &plan else { panic!("{plan:?}") };
    assert_eq!((sent.method.as_str(), sent.url.as_str()), ("PUT", "http://127.0.0.1:9/x"));
    assert!(sent.headers.contains(&("X-A".into(), "1".into())));
    assert_eq!(body(&plan), "{\"a\":1}");
}

#[test]
fn a_pasted_request_fills_the_form() {
    let text = "post http://127.0.0.1:9/x\rX-A: 1\r\r{\"a\":1}\rHTTP 200\r";
    for keys in ["<C-l>", "<Esc><A-1>"] {
        let mut driver = Driver::bare(WIDE);
        driver.keys(keys);
        driver.paste(text);
        driver.assert_shows("filled from the request; 'HTTP 200' and what follows it was left out");
        let (_, plan) = Driver::opened(&driver.keys("<F5>"));
        let Plan::Http(sent) = &plan else { panic!("{plan:?}") };
        assert_eq!((sent.method.as_str(), sent.url.as_str()), ("POST", "http://127.0.0.1:9/x"));
        assert!(sent.headers.contains(&("X-A".into(), "1".into())));
        assert_eq!(body(&plan), "{\"a\":1}");
    }
}

#[test]
fn a_header_that_is_sent_by_itself_is_seen_and_switched_off() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://127.0.0.1:9/<A-Right>");
    let screen = driver.screen();
    for shown in ["[x] Host", "127.0.0.1:9", "[x] User-Agent", "wirebench/", "[x] Accept-Encoding"]
    {
        assert!(screen.contains(shown), "{shown}\n{screen}");
    }
    let names = |driver: &mut Driver| {
        let (_, plan) = Driver::opened(&driver.keys("<F5>"));
        let Plan::Http(plan) = plan else { panic!("{plan:?}") };
        plan.headers.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut driver), ["Host", "User-Agent", "Accept", "Accept-Encoding"]);
    // Tabs, the row to add one, Host, User-Agent.
    driver.keys("<Down><Down><Down><Down><Space>");
    let screen = driver.screen();
    assert!(screen.contains("[ ] User-Agent") && screen.contains("not sent"), "{screen}");
    assert_eq!(names(&mut driver), ["Host", "Accept", "Accept-Encoding"]);
    driver.keys("<C-t>");
    assert_eq!(names(&mut driver).len(), 4);
}

#[test]
fn a_body_of_bytes_is_typed_as_hex_or_with_escapes() {
    let mut driver = Driver::bare(WIDE);
    let bytes = |driver: &mut Driver| {
        let (_, plan) = Driver::opened(&driver.keys("<F5>"));
        let Plan::Http(plan) = plan else { panic!("{plan:?}") };
        match plan.body {
            PlanBody::Bytes(bytes) => bytes.to_vec(),
            other => panic!("{other:?}"),
        }
    };
    // The kinds in a circle: none, escaped, hex, ...
    driver.keys("<C-l>http://127.0.0.1:9/<A-Right><A-Right><A-Right><Down><Down><Left><Left>");
    driver.keys("<Down>de ad 00");
    assert_eq!(bytes(&mut driver), b"\xde\xad\x00");
    driver.keys("x");
    let effects = driver.keys("<F5>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))), "{effects:?}");
    assert!(driver.screen().contains("body"), "{}", driver.screen());
    driver.keys("<C-l><Down><Down><Right>");
    assert!(driver.screen().contains("escaped"), "{}", driver.screen());
    driver.keys("<Down><C-End>\\x07\\n");
    assert_eq!(bytes(&mut driver), b"de ad 00x\x07\n");
}

#[test]
fn parts_of_a_form_are_typed_and_switched_to_files() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>http://127.0.0.1:9/<A-Right><A-Right><A-Right><Down><Down>");
    driver.keys("<Right><Right><Right><Right>");
    assert!(driver.screen().contains("multipart"), "{}", driver.screen());
    driver.keys("<Down><Right>note<Enter>hi<Enter>photo<Enter><Left><Space><Right>/tmp/a.png");
    let screen = driver.screen();
    assert!(screen.contains("by extension"), "{screen}");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    let PlanBody::Multipart { parts, .. } = plan.body else { panic!("{:?}", plan.body) };
    assert_eq!(parts.len(), 2, "{parts:?}\n{screen}");
    assert_eq!(parts[0].content, PartContent::Bytes("hi".into()));
    assert_eq!(parts[1].content, PartContent::File("/tmp/a.png".into()));
    assert_eq!(parts[1].content_type.as_deref(), Some("image/png"));
}

#[test]
fn arrows_reach_every_cell_of_rules_and_steps() {
    for (kind, tab) in
        [("<F3>", FormTab::Steps), ("<F3><F6>", FormTab::Rules), ("<F2><F6>", FormTab::Answers)]
    {
        let mut driver = Driver::bare(WIDE);
        driver.keys(kind);
        let draft = driver.app.shared.drafts.current_mut();
        draft.tab = tab;
        driver.keys("<A-n>");
        let draft = driver.app.shared.drafts.current();
        let form = rows::rows(&draft.spec, tab);
        for line in form.iter().skip(2).filter(|line| line.fields.len() > 1) {
            driver.app.shared.drafts.current_mut().at = line.fields[0].id;
            let there = |driver: &Driver| driver.app.shared.drafts.current().at;
            for field in &line.fields[1..] {
                driver.keys("<End><Right>");
                assert_eq!(there(&driver), field.id, "{}", driver.screen());
            }
            driver.keys(&"<Home><Left>".repeat(line.fields.len() - 1));
            assert_eq!(there(&driver), line.fields[0].id, "{}", driver.screen());
        }
    }
}

#[test]
fn a_pasted_curl_command_brings_the_cookies_of_its_file() {
    let mut driver = Driver::bare(WIDE);
    driver.keys("<C-l>");
    driver.paste("curl http://127.0.0.1:9/x -b jar.txt -b 'b=2' -b missing");
    let asked = driver.store.jobs.iter().find_map(|job| match job {
        Job::ReadTexts { files } => Some(files.clone()),
        _ => None,
    });
    let names = ["jar.txt", "missing"];
    assert_eq!(asked.unwrap(), names.map(|name| (name.to_owned(), name.into())));
    let jar = "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1\nother\tFALSE\t/\tFALSE\t0\tc\t3\n";
    let files =
        [("jar.txt".to_owned(), Ok(jar.to_owned())), ("missing".into(), Err("gone".into()))];
    driver.send(Message::Store(Reply::TextsRead { files: files.into() }));
    assert!(driver.shows("missing cannot be read: gone"), "{}", driver.screen());
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Http(sent) = &plan else { panic!("{plan:?}") };
    assert!(sent.headers.contains(&("Cookie".into(), "a=1; b=2".into())), "{:?}", sent.headers);
}

/// The cursor is in this field of this preset.
fn in_field(file: &str, tab: FormTab, field: FieldId) -> Driver {
    let mut driver = Driver::with(WIDE, workspace(&[("it", file)]));
    driver.keys("<Enter>");
    driver.app.shared.focus = Pane::Request;
    let draft = driver.app.shared.drafts.current_mut();
    (draft.tab, draft.at) = (tab, FormFieldId::Field(field));
    driver
}

#[test]
fn line_ends_of_a_pasted_body_stay_and_are_seen() {
    let file = "[http]\nmethod='POST'\nurl='http://127.0.0.1:9/'\nbody.text='x'\n";
    let text = FieldId::new("body").then("text");
    let mut driver = in_field(file, FormTab::Body, text);
    driver.paste("a\r\nb\r\nc\n");
    driver.assert_shows("2 line ends: CRLF, as pasted");
    driver.assert_shows("a\\r");
    driver.assert_shows("1 LF, 2 CRLF");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(body(&plan), "a\r\nb\r\nc\nx");
    // What a terminal made of line ends that it does not tell apart.
    let mut driver = in_field(file, FormTab::Body, text);
    driver.paste("a\nb\n");
    driver.assert_shows("2 LF");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(body(&plan), "a\nb\nx");
}

#[test]
fn control_characters_pasted_into_a_plain_body_stay_what_they_are() {
    let file = "[http]\nmethod='POST'\nurl='http://127.0.0.1:9/'\nbody.text='x'\n";
    let mut driver = in_field(file, FormTab::Body, FieldId::new("body").then("text"));
    driver.paste("a\rb\u{1b}[1m\0\r\n\u{85}\\r\n");
    driver.assert_shows("4 control characters kept, shown as escapes; 1 line end: CRLF, as pasted");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(body(&plan), "a\rb\u{1b}[1m\0\r\n\u{85}\\r\nx");
}

#[test]
fn a_value_with_line_breaks_is_seen_in_its_cell_and_never_joined_in_silence() {
    let file = "[http]\nmethod='POST'\nurl='http://127.0.0.1:9/'\n\
                body.multipart=[{ name = 'n', value = \"l1\\r\\nl2\" }]\n";
    let value = FieldId::new("body").then("multipart").row(0).then("value");
    let mut driver =
        in_field(file, FormTab::Body, FieldId::new("body").then("multipart").row(0).then("name"));
    driver.assert_shows("l1\\r\\nl2");
    driver.assert_shows("2 lines");
    let mut driver_in = in_field(file, FormTab::Body, value);
    for keys in ["x", "<Backspace>"] {
        driver_in.keys(keys);
        driver_in.assert_shows("has line breaks, which one line cannot hold");
    }
    driver_in.paste("y");
    driver_in.assert_shows("has line breaks");
    let (_, plan) = Driver::opened(&driver_in.keys("<F5>"));
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    let PlanBody::Multipart { parts, .. } = plan.body else { panic!("{:?}", plan.body) };
    assert_eq!(parts[0].content, PartContent::Bytes("l1\r\nl2".into()));
    driver.keys("z");
}

#[test]
fn a_curl_command_that_is_typed_fills_the_form_and_sends_nothing_yet() {
    let mut driver = Driver::bare(WIDE);
    let effects = driver.keys("<C-l>curl -d a=1 http://127.0.0.1:9/x<Enter>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))));
    driver.assert_shows("filled from the curl command");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    assert_eq!(body(&plan), "a=1");
    // The first line of one that goes on.
    let mut driver = Driver::bare(WIDE);
    let effects = driver.keys("<C-l>curl http://127.0.0.1:9/x \\<Enter>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Engine(_))));
    driver.assert_shows("goes on in another line");
}

#[test]
fn what_is_pasted_into_a_step_is_what_it_sends() {
    let file = "[tcp]\naddress='127.0.0.1:9'\nstep = [{ send = '' }]\n";
    let step = FieldId::new("step").row(0).then("send");
    let mut driver = in_field(file, FormTab::Steps, step);
    driver.paste("a\r\n\tb\n");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::Tcp(plan) = plan else { panic!("{plan:?}") };
    let [StepPlan::Send(data)] = &plan.steps[..] else { panic!("{:?}", plan.steps) };
    assert_eq!(data.as_ref(), b"a\r\n\tb\n");
    let mut driver = in_field(file, FormTab::Steps, step);
    driver.paste(r"C:\temp");
    driver.assert_shows("escapes are read: \\t = TAB; \\\\ is a backslash");
    driver.keys("x");
    driver.assert_shows("\\t = TAB");
}

#[test]
fn what_is_pasted_into_a_condition_is_what_it_looks_for() {
    let file = "[tcp-listener]\nbind='127.0.0.1:0'\nrule=[{ when=\"contains 'x'\", send='y' }]\n";
    let text = FieldId::new("rule").row(0).then("when").then("text");
    let mut driver = in_field(file, FormTab::Rules, text);
    driver.paste("\r\n");
    let (_, plan) = Driver::opened(&driver.keys("<F5>"));
    let Plan::TcpListener(plan) = plan else { panic!("{plan:?}") };
    assert_eq!(plan.rules[0].when, WhenPlan::Contains(b"x\r\n".as_slice().into()));
}

#[test]
fn line_breaks_that_a_single_line_cannot_hold_are_said() {
    let file = "[http]\nurl=''\n";
    let mut driver = Driver::with(WIDE, workspace(&[("it", file)]));
    driver.keys("<Enter><C-l>");
    driver.paste("http://127.0.0.1:9/a\r\nb");
    driver.assert_shows("1 line break replaced by spaces");
    driver.keys("<C-l>");
    driver.paste("http://127.0.0.1:9/\u{1b}b");
    driver.assert_shows("1 control character left out");
}

#[test]
fn a_name_nobody_knows_is_sent_literally_in_json_as_promised() {
    let file = "[http]\nmethod='POST'\nurl='http://127.0.0.1:9/'\n\
                body.json = '{\"x\": {{num}}, \"y\": {{2fa}}, \"z\": \"{{z}}\"}'\n";
    let mut driver = in_field(file, FormTab::Body, FieldId::new("body").then("json"));
    driver.keys("<F5>");
    driver.assert_shows("Alt+L sends it literally");
    let (_, plan) = Driver::opened(&driver.keys("<A-l>"));
    assert_eq!(body(&plan), r#"{"x": {{num}}, "y": {{2fa}}, "z": "{{z}}"}"#);
}

#[test]
fn braces_that_are_no_name_are_said_before_sending_in_every_field() {
    let file = "[http]\nmethod='POST'\nurl='http://127.0.0.1:9/{{.}}'\nquery=['a={{env.}}']\n\
                headers=['X: {{}}']\nbody.text='{{#if x}}'\n";
    let mut driver = in_field(file, FormTab::Body, FieldId::new("body").then("text"));
    for (address, said) in [
        ("http://127.0.0.1:9/{{.}}", "{{.}} is no name of a variable; Alt+L sends it literally"),
        ("http://127.0.0.1:9/{{a}b", "{{a} is no variable without }} behind its name; Alt+L"),
        ("http://127.0.0.1:9/", "{{env.}} is no name of a variable; Alt+L sends it literally"),
    ] {
        driver.keys("<C-l>");
        driver.paste(address);
        let effects = driver.keys("<F5>");
        assert!(effects.iter().all(|effect| !matches!(effect, Effect::Engine(_))), "{effects:?}");
        driver.assert_shows(said);
    }
    let (_, plan) = Driver::opened(&driver.keys("<A-l>"));
    assert_eq!(body(&plan), "{{#if x}}");
    let Plan::Http(plan) = plan else { panic!("{plan:?}") };
    assert!(plan.url.as_str().ends_with("?a=%7B%7Benv.%7D%7D"), "{}", plan.url);
    assert!(plan.headers.contains(&("X".into(), "{{}}".into())), "{:?}", plan.headers);
}

#[test]
fn no_remark_lies_on_what_a_window_says_and_no_key_is_named_that_it_does_not_take() {
    let command = "curl -s --cert c.pem --http2 --proxy http://p:3128 --ciphers ECDHE --retry 3 \
                   --resolve a:1:127.0.0.1 --dns-servers 1.1.1.1 --netrc http://127.0.0.1:9/x";
    for size in [(40, 15), (60, 20), (80, 24), (120, 40)] {
        let mut driver = Driver::bare(size);
        driver.keys("<F2><C-n><C-l><C-u>");
        driver.paste(command);
        driver.assert_shows("What is different");
        let window = driver.app.overlays.last().unwrap().area(&driver.app.shared);
        let screen = driver.screen();
        let row = screen.lines().position(|line| line.contains("✓ filled from the")).unwrap();
        let (first, last) = (usize::from(window.top()), usize::from(window.bottom()) - 1);
        assert!(row < first || row >= last, "row {row} of {window:?}:\n{screen}");
        assert!(!driver.shows("F5 Send"), "{size:?}:\n{}", driver.screen());
        driver.keys("<Esc>");
        driver.assert_shows("Send");
    }
}
