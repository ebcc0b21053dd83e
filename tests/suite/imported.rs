//! `wirebench import` end to end: what is written where, what is said, and what somebody put into a file to do
//! harm.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use wirebench::store::job::{ImportDone, ImportSource, ImportTask, Job, Reply};

use crate::harness::program::{
    command, is_debug_build, peak_memory, run_with_input, spawned, text, told,
};
use crate::store::Desk;

/// Longest and most that a hostile file may cost; a debug build is slower.
const PATIENCE: Duration = Duration::from_secs(2);
const MEMORY: u64 = 200 << 20;
/// How often its memory is looked at.
const LOOK: Duration = Duration::from_millis(2);

const SHOP: &str = r#"{"info":{"name":"Shop","schema":"https://schema.getpostman.com/json/collection/v2.1.0/"},
  "variable":[{"key":"base","value":"http://127.0.0.1:1"},{"key":"api_token","value":"canary-7"}],
  "item":[{"name":"Users","item":[{"name":"List","request":{"method":"GET","url":"{{base}}/users",
     "header":[{"key":"Authorization","value":"Bearer canary-8"}]},
     "event":[{"listen":"test","script":{"exec":["pm.test()"]}}]}]},
    {"name":"Add","request":{"method":"POST","url":"{{base}}/users?t={{api_token}}",
     "body":{"mode":"raw","raw":"{\"a\":1}","options":{"raw":{"language":"json"}}}}}]}"#;

fn import(home: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let home = home.to_string_lossy();
    let words = [&["import", "--home", &*home], words].concat();
    let ended = command(&words).output().unwrap();
    let (status, said) = told(&ended);
    (status, text(&ended.stdout), said)
}

#[test]
fn a_collection_is_imported_sent_and_imported_again_beside_itself() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("shop.json");
    fs::write(&file, SHOP).unwrap();
    let file = file.to_string_lossy().into_owned();
    let (status, printed, said) = import(home.path(), &[&file, "--dry-run"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(printed.contains("nothing is written") && printed.contains("2 presets"), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
    assert!(!home.path().join("presets/Shop").exists());
    let (status, printed, said) = import(home.path(), &[&file]);
    assert_eq!(status, Some(0), "{said}");
    for part in
        ["2 presets", "env/local.secret.toml", "scripts, kept as comments", "Shop/Users/List"]
    {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let read = |name: &str| fs::read_to_string(home.path().join("presets").join(name)).unwrap();
    let list = read("Shop/Users/List.toml");
    assert!(list.contains("Bearer {{secret.token}}") && list.contains("# pm.test()"), "{list}");
    assert!(read("Shop/Add.toml").contains("t={{secret.api_token}}"));
    assert!(read("env/local.secret.toml").contains("canary-8"));
    // It is a preset like any other: what it needs comes from the environment.
    let home_name = home.path().to_string_lossy().into_owned();
    let words =
        ["send", "Shop/Add", "--env", "local", "--offline", "--with-secrets", "--home", &home_name];
    let ended = command(&words).output().unwrap();
    let shown = text(&ended.stdout);
    assert!(shown.starts_with("POST /users?t=canary-7 HTTP/1.1"), "{shown} {ended:?}");
    let (status, printed, _) = import(home.path(), &[&file]);
    assert!(status == Some(0) && printed.contains("Shop/ -> Shop-2/"), "{printed}");
    assert!(home.path().join("presets/Shop-2/Users/List.toml").exists());
}

#[test]
fn what_is_piped_in_is_imported_where_it_is_told_to() {
    let home = tempfile::tempdir().unwrap();
    let home_name = home.path().to_string_lossy().into_owned();
    let words =
        ["import", "-", "--as", "curl", "--into", "api/v1", "--env", "prod", "--home", &home_name];
    let curl = b"curl -u ann:canary-9 http://127.0.0.1:1/a\ncurl -d x=1 http://127.0.0.1:1/b\n";
    let ended = run_with_input(&words, curl);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let presets = home.path().join("presets/api/v1");
    assert_eq!(fs::read_dir(presets).unwrap().count(), 3, "two presets and their order");
    let secret = fs::read_to_string(home.path().join("presets/env/prod.secret.toml")).unwrap();
    assert!(secret.contains("canary-9"), "{secret}");
    let broken = run_with_input(&["import", "-", "--home", &home_name], b"{\n  \"item\": [,]\n}");
    let (status, said) = told(&broken);
    assert_eq!(status, Some(2));
    assert!(said.contains("standard input") && said.contains("line 2, column 12"), "{said}");
    let nothing = run_with_input(&["import", "-", "--home", &home_name], b"hello\n");
    assert!(told(&nothing).1.contains("none of the formats"), "{nothing:?}");
}

/// Runs an import of bytes, and gives what it said and what it took.
fn hostile(bytes: &[u8], name: &str) -> (Option<i32>, String) {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(name);
    fs::write(&file, bytes).unwrap();
    let (file, home_name) = (file.to_string_lossy(), home.path().to_string_lossy());
    let started = Instant::now();
    let child = spawned(&["import", &file, "--home", &home_name]);
    let (id, mut peak) = (child.id(), 0);
    let (sender, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    let ended = loop {
        peak = peak.max(peak_memory(id).unwrap_or(0));
        match ended.recv_timeout(LOOK) {
            Ok(ended) => break ended,
            Err(_) => assert!(started.elapsed() < 20 * PATIENCE, "{name}: no end"),
        }
    };
    let took = started.elapsed();
    let patience = if is_debug_build() { 10 * PATIENCE } else { PATIENCE };
    assert!(took < patience, "{name}: {took:?}");
    assert!(peak < MEMORY, "{name}: {} MiB", peak >> 20);
    let climbed = home.path().parent().unwrap().join("climbed.toml");
    assert!(!climbed.exists());
    let (status, said) = told(&ended);
    (status, format!("{}{said}", text(&ended.stdout)))
}

#[test]
fn hostile_files_are_refused_with_their_place_in_time_and_memory() {
    let mut laughs =
        String::from("openapi: 3.1.0\nv0: &v0 [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n");
    for at in 1..40 {
        let alias = format!("*v{},", at - 1).repeat(9);
        let values = alias.trim_end_matches(',');
        let line = format!("v{at}: &v{at} [{values}]\n");
        laughs.push_str(&line);
    }
    let many = format!("{{\"item\":[{}0]}}", "0,".repeat(8 << 20));
    let maps = format!("[{}0]", "{\"a\":{}},".repeat(1 << 20));
    for (name, bytes, place) in [
        ("laughs.yaml", laughs.into_bytes(), "line 8"),
        ("deep.json", "[".repeat(1 << 20).into_bytes(), "column 10"),
        ("deep.yaml", ("a: ".to_owned() + &"[".repeat(1 << 20)).into_bytes(), "line 1, column"),
        ("dashes.yaml", ("a:\n".to_owned() + &" -".repeat(1 << 18)).into_bytes(), "line 2, column"),
        ("many.json", many.into_bytes(), "more values"),
        ("maps.json", maps.into_bytes(), "more values"),
        ("large.json", vec![b' '; 100 << 20], "MiB"),
        ("nul.json", b"{\"item\": \"\0\"}".to_vec(), "line 1, column 11"),
        ("latin.bru", b"meta {\n  name: \xff\n}\n".to_vec(), "line 2, column 9"),
        ("open.bru", b"meta {\n  name: x\n".to_vec(), "line 1"),
    ] {
        let (status, said) = hostile(&bytes, name);
        assert!(status == Some(2) && said.contains(place), "{name}: {status:?} {said}");
    }
}

#[test]
fn references_in_circles_come_to_an_end() {
    let circle = r##"{"openapi":"3.0.0","info":{"title":"c"},"paths":{"/a":{"$ref":"#/paths/~1b"},"/b":{"$ref":"#/paths/~1a"},
      "/c":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}}}}},
      "components":{"schemas":{"A":{"type":"object","properties":{"b":{"$ref":"#/components/schemas/B"},"c":{"$ref":"#/components/schemas/B"}}},
      "B":{"type":"array","items":{"$ref":"#/components/schemas/A"}}}}}"##;
    let (status, said) = hostile(circle.as_bytes(), "circle.json");
    assert!(status == Some(0) && said.contains("1 preset"), "{said}");
    assert!(said.contains("circle"), "{said}");
    // Schemas that double at every step, without a circle.
    let mut schemas = String::new();
    for at in 0..60 {
        let next = format!("{{\"$ref\":\"#/components/schemas/S{}\"}}", at + 1);
        let schema = format!(
            "\"S{at}\":{{\"type\":\"object\",\"properties\":{{\"a\":{next},\"b\":{next},\"c\":{next}}}}},"
        );
        schemas.push_str(&schema);
    }
    let doubling = format!(
        "{{\"openapi\":\"3.0.0\",\"info\":{{\"title\":\"d\"}},\"paths\":{{\"/x\":{{\"post\":{{\"requestBody\":{{\"content\":{{\"application/json\":\
         {{\"schema\":{{\"$ref\":\"#/components/schemas/S0\"}}}}}}}}}}}}}},\"components\":{{\"schemas\":{{{schemas}\"S60\":{{\"type\":\"string\"}}}}}}}}"
    );
    let (status, said) = hostile(doubling.as_bytes(), "doubling.json");
    assert!(status == Some(0), "{said}");
}

#[test]
fn names_are_no_paths_whatever_they_say() {
    let long = "n".repeat(300);
    let names = [
        "../../climbed",
        "..",
        "/etc/passwd",
        "a\\u0000b",
        "CON",
        "nul.txt",
        "_defaults",
        ".hidden",
        "env",
        &long,
        "Same",
        "same",
        "SAME",
        "\\u001b]0;title\\u0007",
        "$(touch climbed)",
        "x\\u202egnp",
    ];
    let items: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                "{{\"name\":\"{name}\",\"item\":[{{\"name\":\"{name}\",\"request\":{{\"url\":\"http://h/\",\"body\":\
                 {{\"mode\":\"file\",\"file\":{{\"src\":\"/etc/shadow\"}}}}}}}}]}}"
            )
        })
        .collect();
    let deep = "{\"name\":\"d\",\"item\":[".repeat(30)
        + "{\"name\":\"x\",\"request\":\"http://h\"}"
        + &"]}".repeat(30);
    let collection =
        format!("{{\"info\":{{\"name\":\"../../out\"}},\"item\":[{},{deep}]}}", items.join(","));
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("c.json");
    fs::write(&file, &collection).unwrap();
    let (status, printed, said) = import(home.path(), &[&file.to_string_lossy()]);
    assert_eq!(status, Some(0), "{said}");
    assert!(!printed.contains('\u{1b}'), "{printed}");
    let root = home.path().join("presets");
    let mut folders = vec![root.join("out")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            assert!(name.len() < 120 && !name.contains(['\u{1b}', '\0', '\u{202e}']), "{name}");
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files += 1;
            }
        }
    }
    assert!(files > names.len(), "{files}");
    assert!(!home.path().join("climbed.toml").exists() && !root.join("climbed").exists());
    let (status, printed, said) = import(home.path(), &["/nowhere/x.json"]);
    assert!(status == Some(2) && said.contains("/nowhere/x.json"), "{printed}{said}");
}

#[test]
fn the_store_looks_at_an_import_writes_it_and_takes_it_back() {
    let home = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(home.path());
    let file = home.path().join("shop.json");
    fs::write(&file, SHOP).unwrap();
    let look = |desk: &mut Desk, asked, source| {
        let task = ImportTask::Look { asked, source, into: None };
        match desk.ask(Job::Import(task)) {
            Reply::Import(done) => match *done {
                ImportDone::Looked { asked: answered, found } if answered == asked => found,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let named = look(&mut desk, 1, ImportSource::Named(file)).unwrap();
    let pasted = look(&mut desk, 2, ImportSource::Pasted(SHOP.to_owned())).unwrap();
    assert_eq!(named.summary, pasted.summary);
    assert_eq!((named.summary.presets, &*named.summary.folder), (2, "Shop"));
    assert!(!home.path().join("presets").exists(), "nothing is written");
    let broken = look(&mut desk, 3, ImportSource::Pasted("{\n  \"info\": ,\n}".to_owned()));
    let told = broken.unwrap_err().to_string();
    assert!(told.contains("what was pasted") && told.contains("line 2"), "{told}");
    let missing = look(&mut desk, 4, ImportSource::Named(home.path().join("none.json")));
    assert!(missing.unwrap_err().to_string().contains("none.json"));
    let write = ImportTask::Write { trees: named.trees, into: None };
    let Reply::Import(done) = desk.ask(Job::Import(write)) else { panic!("not written") };
    let ImportDone::Written { presets, summary, trace } = *done else { panic!("not written") };
    assert_eq!(summary, named.summary, "what was seen is what was written");
    assert_eq!(presets.len(), 2);
    let add = home.path().join("presets/Shop/Add.toml");
    assert!(add.exists());
    let Reply::Import(done) = desk.ask(Job::Import(ImportTask::TakeBack(trace))) else {
        panic!("not taken back")
    };
    let ImportDone::TakenBack { gone, left, .. } = *done else { panic!("not taken back") };
    assert_eq!((gone, left), (presets, Vec::new()));
    assert!(!home.path().join("presets/Shop").exists());
}

#[test]
fn files_that_belong_to_what_is_named_are_read_with_it() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = home.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write("secret.yaml", "X: {type: string, example: CANARY}\n");
    write(
        "api/openapi.yaml",
        "openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths:\n  /a: {post: {operationId: a, requestBody: {content: \
         {application/json: {schema: {$ref: 'schemas/pet.yaml#/Pet'}}}}, responses: {}}}\n",
    );
    write(
        "api/schemas/pet.yaml",
        "Pet: {type: object, properties: {kind: {type: string, example: cat}, out: {$ref: '../../secret.yaml#/X'}}}\n",
    );
    let read = |name: &str| fs::read_to_string(home.path().join("presets").join(name)).unwrap();
    let file = home.path().join("api/openapi.yaml").display().to_string();
    let (status, printed, said) = import(home.path(), &[&file]);
    assert_eq!(status, Some(0), "{said}");
    assert!(printed.contains("outside of the folder"), "{printed}");
    let preset = read("Pets/a.toml");
    assert!(preset.contains("cat") && !preset.contains("CANARY"), "{preset}");
    // The same of a folder, whose parts are no imports of their own.
    let folder = home.path().join("api").display().to_string();
    let (status, printed, said) = import(home.path(), &[&folder, "--into", "again"]);
    assert_eq!(status, Some(0), "{said}");
    assert!(!printed.contains("none of those"), "{printed}");
    assert!(read("again/a.toml").contains("cat"));

    write("posting/get.posting.yaml", "name: Get\nmethod: GET\nurl: $BASE/x\n");
    write("posting/posting.env", "BASE=http://127.0.0.1:1\n");
    let folder = home.path().join("posting").display().to_string();
    let (status, printed, said) = import(home.path(), &[&folder]);
    assert_eq!(status, Some(0), "{said}");
    assert!(printed.contains("env/posting.toml"), "{printed}");
    assert!(read("env/posting.toml").contains("BASE = \"http://127.0.0.1:1\""));
}
