//! What `send` says to do about a name nobody knows is right wherever the name stands: what it
//! advises to write is sent as braces.

use std::io::{Read as _, Write as _};
use std::sync::mpsc;

use crate::harness::peers::tcp_peer;
use crate::harness::program::{command, run, told};

/// A peer that tells what it got and answers as HTTP does.
fn recorder() -> (String, mpsc::Receiver<Vec<u8>>) {
    let (sender, got) = mpsc::channel();
    let peer = tcp_peer(move |mut stream| {
        let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            all.extend_from_slice(&buffer[..read]);
            if String::from_utf8_lossy(&all).contains("finis") {
                break;
            }
        }
        let _ = stream.write_all(b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n");
        let _ = sender.send(all);
    });
    (peer.to_string(), got)
}

#[test]
fn what_is_advised_for_an_unknown_name_or_none_sends_its_braces() {
    let (peer, got) = recorder();
    let (http, tcp) = (format!("http://{peer}/"), format!("tcp://{peer}"));
    let json = "{\"a\":\"@@\",\"z\":\"finis\"}";
    let cases: [&[&str]; 8] = [
        &[&http, "a=@@", "z=finis"],
        &[&http, "-f", "a=@@", "z=finis"],
        &[&http, "X-A:@@", "z=finis"],
        &[&http, "q==@@", "z=finis"],
        &[&http, "-d", json],
        &[&http, "--set", "body.text=@@ finis"],
        &[&tcp, "--data", "@@ finis"],
        &[&http, "--set", "auth.bearer=@@", "z=finis"],
    ];
    for case in cases {
        let with = |text: &str| -> Vec<String> {
            let words = case.iter().map(|word| word.replace("@@", text));
            ["send".to_owned()].into_iter().chain(words).collect()
        };
        for (braces, why) in [
            ("{{no.such}}", "unknown variable 'no.such'"),
            ("{{env.}}", "{{env.}} is no name of a variable"),
            ("{{no}x}}", "{{no} is no variable without }} behind its name"),
        ] {
            let tried = with(braces);
            let (status, said) = told(&run(&tried.iter().map(String::as_str).collect::<Vec<_>>()));
            assert!(status == Some(2) && said.contains(why), "{case:?}: {said}");
            let advised = said.split(" write ").nth(1).and_then(|rest| rest.split(')').next());
            let written = braces.replacen(&advised.unwrap().replace('!', ""), advised.unwrap(), 1);
            let again = with(&written);
            let (status, said) = told(&run(&again.iter().map(String::as_str).collect::<Vec<_>>()));
            assert_eq!(status, Some(0), "{case:?}: {said}");
            let got = String::from_utf8(got.recv().unwrap()).unwrap();
            let sent = got.replace("%7B", "{").replace("%7D", "}");
            assert!(sent.contains(braces), "{case:?}: {got}");
            assert!(!got.contains("{{!"), "{case:?}: {got}");
        }
    }
}

#[test]
fn each_kind_of_name_has_its_own_place() {
    for (name, advice) in [
        ("x", "define x in an environment and name it with --env, or write {{!x}}"),
        ("2fa", "define 2fa in an environment"),
        ("env.NO_SUCH_ONE", "set NO_SUCH_ONE for the program"),
        ("secret.key", "define key in env/NAME.secret.toml"),
        ("now +1h", "is json, prompt or choose, or write {{!now +1h}}"),
    ] {
        let item = format!("a={{{{{name}}}}}");
        let (status, said) = told(&run(&["send", "http://127.0.0.1:9/", &item]));
        assert!(status == Some(2) && said.contains(advice), "{name}: {said}");
    }
}

#[test]
fn a_name_that_a_preset_captures_names_that_and_one_an_environment_lacks_that() {
    let home = tempfile::tempdir().unwrap();
    let presets = home.path().join("presets");
    std::fs::create_dir_all(presets.join("env")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(presets.join(name), text).unwrap();
    write(
        "login.toml",
        "[http]\nurl = \"http://127.0.0.1:9/\"\n\n[capture]\ntoken = \"json .token\"\n",
    );
    write("me.toml", "[http]\nurl = \"http://127.0.0.1:9/{{token}}\"\n");
    write("other.toml", "[http]\nurl = \"http://127.0.0.1:9/{{base_ur}}\"\n");
    write("env/dev.toml", "base_url = \"x\"\n");
    let home = home.path().to_str().unwrap().to_owned();
    let said = |words: &[&str]| {
        let words: Vec<&str> = ["--home", &home].iter().chain(words).copied().collect();
        told(&run(&words))
    };
    let (status, sent) = said(&["send", "me"]);
    assert!(status == Some(2) && sent.contains("unknown variable 'token'"), "{sent}");
    assert!(
        sent.contains(
            "login captures token: write needs = [\"login\"] into me, which sends it before, or use wirebench run \
             login me"
        ),
        "{sent}"
    );
    let (_, url) = said(&["send", "http://127.0.0.1:9/{{token}}", "--env", "dev"]);
    assert!(url.contains("login captures token") && url.contains("--var token=VALUE"), "{url}");
    let (status, lacking) = said(&["send", "other", "--env", "dev"]);
    assert!(
        status == Some(2)
            && lacking.contains(
                "environment dev has no variable 'base_ur'; did you mean 'base_url'? Otherwise add it to env/dev.toml"
            ),
        "{lacking}"
    );
    assert!(!lacking.contains("name it with --env"), "{lacking}");
    let (_, secret) = said(&[
        "send",
        "other",
        "--env",
        "dev",
        "X:{{secret.key}}",
        "--set",
        "url=http://127.0.0.1:9/",
    ]);
    assert!(secret.contains("no secret 'key'; add it to env/dev.secret.toml"), "{secret}");
    let (status, _) = said(&["run", "me", "--dry-run"]);
    assert_eq!(status, Some(2));
    let dry = run(&["--home", &home, "run", "me", "--dry-run"]);
    let dry = String::from_utf8_lossy(&dry.stdout).into_owned();
    assert!(
        dry.contains(
            "{{token}} has no value; login captures token: needs = [\"login\"] in me sends it before"
        ),
        "{dry}"
    );
}

#[test]
fn a_value_stays_in_its_json_text_and_braces_that_are_no_name_are_said() {
    let home = tempfile::tempdir().unwrap();
    let env = home.path().join("presets/env");
    std::fs::create_dir_all(&env).unwrap();
    let values = "inj = 'a\",\"admin\":true,\"x\":\"b'\nbs = 'C:\\new'\n\
         two = '41'\nline = \"a\\nb\"\nmore = '1, \"x\": 2'\nouter = 'a{{.a}}'\n";
    std::fs::write(env.join("local.toml"), values).unwrap();
    std::fs::write(env.join("local.secret.toml"), "q = 'a{{z}}b'\n").unwrap();
    let (peer, got) = recorder();
    let (url, home) = (format!("http://{peer}/"), home.path().to_str().unwrap().to_owned());
    let ends = "'\"' in the value of {{inj}} ends the string it stands in";
    let cases: [(&[&str], Option<i32>, &str); 12] = [
        (&["a={{inj}}"], Some(2), ends),
        (&[r#"b:={"k":"{{inj}}"}"#], Some(2), ends),
        (&["-d", r#"{"k":"{{inj}}"}"#], Some(2), ends),
        (&["a={{bs}}", "z=finis"], Some(2), "'\\' in the value of {{bs}} begins an escape"),
        (&["-d", r#"["\u00{{two}}"]"#], Some(2), "the backslash before {{two}} takes"),
        (&["-d", r#"["{{line}}"]"#], Some(2), "'\\n' in the value of {{line}} may not stand"),
        (&["-d", r#"{"a": {{more}}}"#], Some(2), "{{more}} is not one JSON value"),
        (&["X:{{env.}}"], Some(2), "headers.1.value: {{env.}} is no name of a variable"),
        (&["z=finis{{}}"], Some(2), "to send {{}} as text write {{!}}"),
        (&["q=={{.}}"], Some(2), "{{.}} is no name"),
        (&["X:{{outer}}"], Some(2), "{{.a}} is no name of a variable (used by 'outer')"),
        (&["X:{{secret.q}}", "z=finis"], Some(0), "the value of {{secret.q}} holds braces"),
    ];
    for (items, ends_with, words) in cases {
        let mut sending = command(&["--home", &home, "send", &url, "--env", "local"]);
        let (status, said) = told(&sending.args(items).output().unwrap());
        assert!(status == ends_with && said.contains(words), "{items:?}: {status:?} {said}");
        if status == Some(0) {
            got.recv().unwrap();
        }
    }
}
