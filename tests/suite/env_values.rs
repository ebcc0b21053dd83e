//! Environments and templates end to end, without a screen: values as JSON, environments that extend others, and
//! `wirebench env`.

use std::fs;
use std::path::Path;

use crate::harness::program::{command, text, told};

/// Writes files of a workspace.
fn write(home: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let file = home.join("presets").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, content).unwrap();
    }
}

/// Runs it: exit status, what it printed, what it said.
fn run(home: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let home = home.to_string_lossy();
    let ended = command(&[words, &["--home", &*home]].concat()).output().unwrap();
    let (status, said) = told(&ended);
    (status, text(&ended.stdout), said)
}

#[test]
fn a_value_goes_into_json_escaped_and_one_that_breaks_it_is_not_sent() {
    let home = tempfile::tempdir().unwrap();
    write(
        home.path(),
        &[
            (
                "ok.toml",
                "[http]\nurl = \"http://127.0.0.1:1/\"\nbody.json = '{\"a\": \"x {{json said}}\", \"b\": {{json said}}, \"c\": {{json secret.pin}}}'\n",
            ),
            (
                "bad.toml",
                "[http]\nurl = \"http://127.0.0.1:1/\"\nbody.json = '{\"a\": \"{{said}}\"}'\n",
            ),
            (
                "odd.toml",
                "[http]\nurl = \"http://127.0.0.1:1/\"\nbody.json = '{\"a\": \"{{json nope}} {{json a b}}\"}'\n",
            ),
            ("env/lab.toml", "said = 'say \"hi\"\\'\n"),
            ("env/lab.secret.toml", "pin = \"1\\n2\"\n"),
        ],
    );
    let send = |preset| run(home.path(), &["send", preset, "--env", "lab", "--offline"]);
    let (status, printed, said) = send("ok");
    assert_eq!(status, Some(0), "{said}");
    let body = r#"{"a": "x say \"hi\"\\", "b": "say \"hi\"\\", "c": "1\n2"}"#;
    assert!(printed.ends_with(body), "{printed}");
    let (status, printed, said) = send("bad");
    assert_eq!((status, &*printed), (Some(2), ""), "{said}");
    assert!(
        said.contains("body.json at byte 7") && said.contains("{{json said}} escapes it"),
        "{said}"
    );
    let (status, printed, said) = send("odd");
    assert_eq!((status, &*printed), (Some(2), ""), "{said}");
    assert!(said.contains("unknown variable 'nope'"), "{said}");
    assert!(said.contains("takes the name of one variable"), "{said}");
}

const LAYERS: [(&str, &str); 7] = [
    ("_defaults.toml", "[vars]\nhost = \"folder\"\ntop = \"folder\"\n"),
    ("get.toml", "[http]\nurl = \"http://{{host}}:{{port}}/{{top}}?k={{secret.key}}\"\n"),
    ("env/base.toml", "color = \"red\"\nhost = \"base.example\"\nport = 80\n"),
    ("env/base.secret.toml", "key = \"canary-base\"\n"),
    ("env/eu.toml", "extends = \"base\"\nhost = \"eu.example\"\n"),
    ("env/lab.toml", "# the lab\nextends = \"eu\"\nport = 8080\n"),
    ("env/loop.toml", "extends = \"pool\"\n"),
];

#[test]
fn an_environment_has_the_values_of_those_it_extends() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &LAYERS);
    let sent = |name| {
        let words = ["send", "get", "--offline", "--with-secrets", "--env", name];
        run(home.path(), &words).1.lines().take(2).collect::<Vec<_>>().join(" ")
    };
    assert!(sent("base").contains("/folder?k=canary-base"), "{}", sent("base"));
    assert!(sent("base").contains("base.example\r") || sent("base").ends_with("base.example"));
    assert!(sent("lab").contains("eu.example:8080"), "{}", sent("lab"));
    assert!(sent("lab").contains("k=canary-base"), "{}", sent("lab"));
    let (status, _, said) = run(home.path(), &["send", "get", "--offline", "--env", "loop"]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("extends the environment 'pool', which is not there"), "{said}");
    write(home.path(), &[("env/pool.toml", "extends = \"loop\"\n")]);
    let (status, printed, said) = run(home.path(), &["send", "get", "--offline", "--env", "loop"]);
    assert_eq!((status, &*printed), (Some(2), ""), "{said}");
    assert!(said.contains("loop extends pool extends loop"), "{said}");
}

#[test]
fn values_are_listed_with_their_files_and_two_are_compared() {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &LAYERS);
    let (status, printed, said) = run(home.path(), &["env"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(printed.contains("lab extends eu: 1 variable, 0 secrets"), "{printed}");
    assert!(printed.contains("loop extends pool: 0 variables, 0 secrets; it extends"), "{printed}");
    let (status, printed, said) = run(home.path(), &["env", "lab", "--for", "get"]);
    assert_eq!(status, Some(0), "{said}");
    let row = |name: &str, file: &str| {
        let is_it = |line: &&str| line.starts_with(name) && line.contains(file);
        printed.lines().find(is_it).unwrap_or_else(|| panic!("{name} {file}: {printed}"))
    };
    assert!(row("host ", "env/eu.toml").contains("eu.example"));
    assert!(row("host ", "env/base.toml").ends_with("(hidden)"));
    assert!(row("host ", "_defaults.toml").ends_with("(hidden)"));
    assert!(row("top ", "_defaults.toml").ends_with("_defaults.toml"));
    assert!(row("secret.key ", "env/base.secret.toml").contains("********"));
    assert!(!printed.contains("canary"), "{printed}");
    let (_, printed, _) = run(home.path(), &["env", "lab", "--json", "--with-secrets"]);
    let lines: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let key = lines.iter().find(|line| line["name"] == "secret.key").unwrap();
    assert_eq!((&key["value"], &key["masked"]), (&"canary-base".into(), &false.into()));
    assert_eq!(key["file"], "env/base.secret.toml");
    let (status, printed, said) = run(home.path(), &["env", "base", "lab"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(printed.contains("host\n- base: base.example\n+ lab: eu.example\n"), "{printed}");
    assert!(!printed.contains("secret.key") && !printed.contains("extends"), "{printed}");
    assert_eq!(run(home.path(), &["env", "base", "lab", "--check"]).0, Some(1));
    let (status, printed, _) = run(home.path(), &["env", "lab", "lab", "--check"]);
    assert_eq!((status, &*printed), (Some(0), "nothing differs between lab and lab\n"));
    assert_eq!(run(home.path(), &["env", "nope"]).0, Some(2));
}

#[test]
fn a_program_gives_a_value_and_what_is_asked_for_is_given_on_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    write(
        home.path(),
        &[
            (
                "get.toml",
                "[http]\nurl = 'http://127.0.0.1:1/{{prompt \"OTP code\"}}/{{choose \"Region\" eu us}}'\nheaders = [\"X-A: {{token}}\", \"X-B: {{secret.pin}}\", \"X-C: {{host}}\"]\n",
            ),
            (
                "env/lab.toml",
                "token = { command = [\"sh\", \"-c\", \"echo canary-$PPID | cut -c1-7; echo {{host}}\"] }\nhost = { command = [\"sh\", \"-c\", \"echo h; echo >> runs\"], secret = false }\nname = \"{{host}}\"\n",
            ),
            ("env/lab.secret.toml", "pin = { command = [\"printf\", \"canary-pin\"] }\n"),
            ("env/bad.secret.toml", "pin = 1\n"),
            (
                "env/bad.toml",
                "token = { command = [\"sh\", \"-c\", \"echo 'no \\u001B[31mkey' >&2; exit 3\"] }\nhost = \"\"\n",
            ),
        ],
    );
    let send = |environment: &str, more: &[&str]| {
        run(home.path(), &[&["send", "get", "--offline", "--env", environment], more].concat())
    };
    let given = ["--var", "OTP code=77", "--var", "Region=us"];
    let (status, printed, said) = send("lab", &[&given[..], &["--with-secrets"]].concat());
    assert_eq!(status, Some(2), "a line break in a header: {printed}{said}");
    assert!(said.contains("is not allowed here; it comes from {{token}}"), "{said}");
    write(
        home.path(),
        &[(
            "env/lab.toml",
            "token = { command = [\"printf\", \"canary-{{host}}\"] }\nhost = { command = [\"sh\", \"-c\", \"echo h; echo >> runs\"], secret = false }\n",
        )],
    );
    let (status, printed, said) = send("lab", &[&given[..], &["--with-secrets"]].concat());
    assert_eq!(status, Some(0), "{said}");
    for line in ["GET /77/us HTTP/1.1", "X-A: canary-{{host}}", "X-B: canary-pin", "X-C: h"] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    let (_, printed, _) = send("lab", &given);
    assert!(!printed.contains("canary") && printed.contains("X-C: h"), "{printed}");
    let runs = fs::read_to_string(home.path().join("presets/runs")).unwrap();
    assert_eq!(runs.len(), 3, "it ran once a command, in the folder of the workspace");
    let (status, _, said) = send("lab", &given[..2]);
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("Region") && said.contains("--var"), "{said}");
    let (status, _, said) = send("lab", &["--var", "OTP code=1", "--var", "Region=asia"]);
    assert!(status == Some(2) && said.contains("is one of: eu, us"), "{said}");
    let (status, printed, said) = send("bad", &given);
    assert_eq!((status, &*printed), (Some(2), ""), "{said}");
    assert!(said.contains("status 3: no ") && !said.contains('\x1b'), "{said}");
}

#[test]
fn a_project_runs_a_program_only_when_its_user_said_so() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("shop/.wirebench");
    fs::create_dir_all(project.join("env")).unwrap();
    let preset = "[http]\nurl = 'http://127.0.0.1:1/{{token}}'\n";
    fs::write(project.join("get.toml"), preset).unwrap();
    let program = |words: &str| {
        let text = format!("token = {{ command = [\"sh\", \"-c\", \"{words}\"] }}\n");
        fs::write(project.join("env/lab.toml"), text).unwrap();
    };
    program("pwd > ran; echo value");
    let folder = home.path().join("shop");
    let send = |more: &[&str]| {
        let words =
            [&["send", "get", "--offline", "--env", "lab", "--with-secrets"], more].concat();
        let ended = command(&words)
            .env_remove("WIREBENCH_HOME")
            .env("HOME", home.path())
            .env_remove("XDG_STATE_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .current_dir(&folder)
            .output()
            .unwrap();
        let (status, said) = told(&ended);
        (status, text(&ended.stdout), said)
    };
    let (status, printed, said) = send(&[]);
    assert_eq!((status, &*printed), (Some(2), ""), "{said}");
    assert!(said.contains("run a program") && said.contains("--trust-project"), "{said}");
    assert!(!folder.join("ran").exists(), "nothing ran");
    assert_eq!(send(&["--var", "token=own"]).0, Some(0));
    let (status, printed, said) = send(&["--trust-project"]);
    assert!(status == Some(0) && printed.contains("GET /value "), "{said}");
    assert!(folder.join("ran").exists(), "it runs in the folder of the project");
    assert_eq!(send(&[]).0, Some(0), "remembered");
    program("echo other");
    let (status, _, said) = send(&[]);
    assert!(status == Some(2) && said.contains("echo other"), "another program: {said}");
}

#[test]
#[cfg(not(feature = "keyring"))]
fn without_the_keyring_it_is_said_where_it_is_wanted_and_how_to_build_with_it() {
    let home = tempfile::tempdir().unwrap();
    let entry = "token = { keyring = { service = \"git.example\", user = \"me\" } }\n";
    let url = "url = \"http://127.0.0.1:1/\"\n";
    write(
        home.path(),
        &[
            ("a.toml", &format!("[http]\n{url}auth.bearer = \"{{{{token}}}}\"\n")),
            ("b.toml", &format!("[http]\n{url}auth.bearer = \"{{{{secret.token}}}}\"\n")),
            ("env/lab.toml", entry),
            ("env/lab.secret.toml", entry),
            ("env/bad.toml", "x = 1\ntoken = { keyring = { service = \"x\", usr = \"y\" } }\n"),
        ],
    );
    for (preset, name, file) in
        [("a", "token", "env/lab.toml"), ("b", "secret.token", "env/lab.secret.toml")]
    {
        let words = ["send", preset, "--env", "lab", "--offline"];
        let (status, printed, said) = run(home.path(), &words);
        assert_eq!((status, &*printed), (Some(2), ""), "{said}");
        let place = format!("{name} in {file} (keyring git.example me)");
        assert!(said.contains(&place) && said.contains("--features keyring"), "{said}");
        let var = format!("{name}=canary");
        let given = run(home.path(), &[&words[..], &["--var", &var]].concat());
        assert_eq!(given.0, Some(i32::from(preset == "b") * 2), "{given:?}");
    }
    let (status, printed, said) = run(home.path(), &["env", "lab"]);
    assert_eq!(status, Some(0), "{said}");
    for file in ["env/lab.toml", "env/lab.secret.toml"] {
        let row = |line: &str| line.contains("keyring git.example me") && line.contains(file);
        assert!(printed.lines().any(row), "{printed}");
    }
    let (_, _, said) = run(home.path(), &["env", "bad"]);
    assert!(said.contains("env/bad.toml:2") && said.contains("usr"), "{said}");
}

#[test]
fn values_that_use_others_are_shown_with_theirs_and_an_unknown_name_is_told() {
    let home = tempfile::tempdir().unwrap();
    write(
        home.path(),
        &[
            ("_defaults.toml", "[vars]\npath = \"v1\"\n"),
            ("shop/_defaults.toml", "[vars]\nlist = \"{{base}}/list\"\n"),
            ("shop/get.toml", "[http]\nurl = \"{{list}}\"\n"),
            (
                "env/lab.toml",
                "host = \"h\"\nbase = \"http://{{host}}/{{path}}\"\nall = \"{{base}}?k={{secret.key}}\"\nlost = \"{{base}}/{{nowhere}}\"\nround = \"{{round}}\"\n",
            ),
            ("env/lab.secret.toml", "key = \"canary-{{host}}\"\n"),
        ],
    );
    let (status, printed, said) = run(home.path(), &["env", "lab", "--for", "shop/get"]);
    assert_eq!(status, Some(0), "{said}");
    let row = |printed: &str, name: &str| {
        let found = printed.lines().find(|line| line.starts_with(&format!("{name} ")));
        found.unwrap_or_else(|| panic!("{name}: {printed}")).to_owned()
    };
    assert!(row(&printed, "base").contains("http://h/v1 "), "{printed}");
    assert!(row(&printed, "list").contains("http://h/v1/list "), "{printed}");
    assert!(row(&printed, "all").contains("http://h/v1?k=********"), "{printed}");
    let lost = row(&printed, "lost");
    assert!(lost.contains("{{base}}/{{nowhere}}") && lost.contains("'nowhere'"), "{printed}");
    assert!(row(&printed, "round").contains("round uses round"), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
    let (_, raw, _) = run(home.path(), &["env", "lab", "--raw"]);
    assert!(row(&raw, "base").contains("http://{{host}}/{{path}}"), "{raw}");
    assert!(!raw.contains("unknown"), "{raw}");
    let (_, printed, _) = run(home.path(), &["env", "lab", "--json", "--with-secrets"]);
    let lines: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| lines.iter().find(|line| line["name"] == name).unwrap();
    assert_eq!(of("base")["value"], "http://{{host}}/{{path}}");
    assert_eq!(of("all")["resolved"], "http://h/v1?k=canary-{{host}}", "a secret is a value");
    assert!(of("lost")["error"].as_str().unwrap().contains("'nowhere'"), "{printed}");
    assert!(of("host").get("resolved").is_none(), "{printed}");
}
