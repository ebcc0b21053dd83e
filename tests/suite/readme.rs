//! What the README and its chapters (`docs/`) say is so: their lists are generated from the tables of actions, text fields,
//! roles, fields and facets, their commands run, their examples parse, the files they name are there.
//!
//! `UPDATE_README=1 cargo test readme` writes the lists anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use strum::VariantArray;
use wirebench::app::action::{Category, TABLE};
use wirebench::app::editor::TEXT_KEYS;
use wirebench::app::keymap::{Context, Keymap, Override, show};
use wirebench::codec::{color_rules, theme_file};
use wirebench::compose::plan;
use wirebench::model::export_kind::PRESET_EXPORTS;
use wirebench::model::key::Key;
use wirebench::model::preset::{PresetPath, Scope};
use wirebench::model::theme::ROLES;
use wirebench::query::{FACETS, FIELDS, Filter, HISTORY_FIELDS};
use wirebench::store::preset;

use crate::harness::peers::{echo_peer, http_peer};
use crate::harness::program::{command, finished, listening};
use crate::harness::terminal::starter_with_free_ports;
use crate::harness::wait::PATIENCE;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const OPEN: &str = "<!-- keys: generated from the action table, checked by a test -->\n";
const CLOSE: &str = "<!-- /keys -->";
const OPEN_ROLES: &str = "<!-- roles: generated from the table of roles, checked by a test -->\n";
const CLOSE_ROLES: &str = "<!-- /roles -->";
const OPEN_FIELDS: &str =
    "<!-- fields: generated from the table of fields, checked by a test -->\n";
const CLOSE_FIELDS: &str = "<!-- /fields -->";
const OPEN_FACETS: &str =
    "<!-- facets: generated from the table of facets, checked by a test -->\n";
const CLOSE_FACETS: &str = "<!-- /facets -->";
const OPEN_SEARCHES: &str =
    "<!-- searches: generated from the table of searches, checked by a test -->\n";
const CLOSE_SEARCHES: &str = "<!-- /searches -->";
const OPEN_KINDS: &str = "<!-- kinds: generated from the table of kinds, checked by a test -->\n";
const CLOSE_KINDS: &str = "<!-- /kinds -->";

fn key_list() -> String {
    let mut text = String::new();
    for category in Category::VARIANTS {
        let _ = write!(
            text,
            "\n## {}\n\n| keys | where | what | name |\n|---|---|---|---|\n",
            category.into_str()
        );
        for row in TABLE.iter().filter(|row| row.category == *category && !row.keys.is_empty()) {
            let mut by_context: Vec<(&str, Vec<String>)> = Vec::new();
            for (context, keys) in row.keys {
                let keys =
                    format!("`{}`", show(&Key::parse_run(keys).unwrap()).replace('|', "\\|"));
                match by_context.iter_mut().find(|(name, _)| *name == context.into_str()) {
                    Some((_, list)) => list.push(keys),
                    None => by_context.push((context.into_str(), vec![keys])),
                }
            }
            // Places with the same keys share a line.
            let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
            for (context, keys) in by_context {
                let keys = keys.join(" ");
                match lines.iter_mut().find(|(known, _)| *known == keys) {
                    Some((_, places)) => places.push(context),
                    None => lines.push((keys, vec![context])),
                }
            }
            for (keys, places) in lines {
                let _ = writeln!(
                    text,
                    "| {keys} | {} | {} | `{}` |",
                    places.join(", "),
                    row.help,
                    row.name
                );
            }
        }
    }
    text.push_str("\n## In text fields\n\nFixed; with `Shift` the cursor selects.\n\n| keys | what |\n|---|---|\n");
    for (keys, what) in TEXT_KEYS {
        // What an action has everywhere, it has in text fields.
        let keys = Key::parse_run(keys).unwrap().into_iter().filter(|key| !is_taken(*key));
        let keys: Vec<String> = keys.map(|key| format!("`{}`", show(&[key]))).collect();
        if !keys.is_empty() {
            let _ = writeln!(text, "| {} | {what} |", keys.join(" "));
        }
    }
    text.push('\n');
    text
}

/// Whether an action has this key everywhere.
fn is_taken(key: Key) -> bool {
    let mut bound = TABLE.iter().flat_map(|row| row.keys);
    bound.any(|(context, keys)| {
        *context == Context::Global && Key::parse_run(keys).unwrap() == [key]
    })
}

fn role_list() -> String {
    let mut text = String::from("\n| role | what has its colour |\n|---|---|\n");
    for row in ROLES {
        let _ = writeln!(text, "| `{}` | {} |", row.key, row.about);
    }
    text.push('\n');
    text
}

#[test]
fn the_chapters_list_the_keys_of_the_action_table_the_roles_of_themes_and_the_fields_of_filters() {
    for (file, open, close, wanted) in [
        ("docs/keys.md", OPEN, CLOSE, key_list()),
        ("docs/themes.md", OPEN_ROLES, CLOSE_ROLES, role_list()),
        ("docs/traffic.md", OPEN_FIELDS, CLOSE_FIELDS, field_list()),
        ("docs/expect-and-capture.md", OPEN_FACETS, CLOSE_FACETS, facet_list()),
        ("docs/presets.md", OPEN_SEARCHES, CLOSE_SEARCHES, search_list()),
        ("docs/export.md", OPEN_KINDS, CLOSE_KINDS, kind_list()),
    ] {
        let path = Path::new(ROOT).join(file);
        let chapter = fs::read_to_string(&path).unwrap();
        let start = chapter.find(open).expect("the chapter has the list") + open.len();
        let end = chapter[start..].find(close).expect("the list ends") + start;
        if std::env::var_os("UPDATE_README").is_some() {
            fs::write(path, format!("{}{wanted}{}", &chapter[..start], &chapter[end..])).unwrap();
        } else {
            assert!(
                chapter[start..end] == wanted,
                "{file}: run: UPDATE_README=1 cargo test readme"
            );
        }
    }
}

fn field_list() -> String {
    let mut text = String::from("\n| field | operators | what | example |\n|---|---|---|---|\n");
    for field in FIELDS {
        let operators = field.value.operators().join(" ").replace('|', "\\|");
        let (title, help, example) = (field.title(), field.help, field.example);
        let operators = if operators.is_empty() { String::new() } else { format!("`{operators}`") };
        let _ = writeln!(text, "| `{title}` | {operators} | {help} | `{example}` |");
    }
    text.push('\n');
    text
}

fn search_list() -> String {
    let mut text = String::from("\n| field | operators | what | example |\n|---|---|---|---|\n");
    for field in HISTORY_FIELDS {
        let (name, help, example) = (field.name, field.help, field.example);
        let operators = field.operators().join(" ");
        let operators = if operators.is_empty() { String::new() } else { format!("`{operators}`") };
        let _ = writeln!(text, "| `{name}` | {operators} | {help} | `{example}` |");
    }
    text.push('\n');
    text
}

fn facet_list() -> String {
    let mut text = String::from("\n| field | operators | what | example |\n|---|---|---|---|\n");
    for facet in FACETS {
        let (title, operators) = (facet.title(), facet.operators().join(" "));
        let help = facet.help.replace('|', "\\|");
        let example = facet.example.replace('|', "\\|");
        let _ = writeln!(text, "| `{title}` | `{operators}` | {help} | `{example}` |");
    }
    text.push('\n');
    text
}

fn kind_list() -> String {
    let mut text = String::from("\n| kind | is | file |\n|---|---|---|\n");
    for row in PRESET_EXPORTS {
        let name = row.kind.into_str();
        let _ = writeln!(text, "| `{name}` | {}: {} | `.{}` |", row.title, row.help, row.extension);
    }
    text.push('\n');
    text
}

/// The README.
fn readme() -> String {
    fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap()
}

/// The README and its chapters, one behind the other.
fn everything() -> String {
    let mut chapters: Vec<PathBuf> = fs::read_dir(Path::new(ROOT).join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    chapters.sort();
    chapters.iter().fold(readme(), |text, path| text + &fs::read_to_string(path).unwrap())
}

/// The code blocks of a language.
fn blocks<'a>(readme: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    let starts = readme.split(open.as_str()).skip(1);
    starts.map(|rest| rest.split_once("```").expect("a block ends").0).collect()
}

/// The words of a command line: single quotes, a comment, and a pipe to something else.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| word == "#" || word == "|").unwrap_or(words.len());
    words.truncate(end);
    words
}

/// Runs `send` against a peer that takes the place of the one in the command.
fn send(words: &[String], home: &Path) {
    let http = http_peer(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n").port();
    let tcp = echo_peer().port();
    let words: Vec<String> = words
        .iter()
        .map(|word| word.replace(":8080", &format!(":{http}")).replace(":9000", &format!(":{tcp}")))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = command(&words);
    command.env("WIREBENCH_HOME", home).current_dir(home);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let output = finished(command.spawn());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {said}");
    if words.contains(&r"PING\r\n") {
        assert_eq!(output.stdout, b"PING\r\n", "{words:?}");
    } else {
        let lines = String::from_utf8(output.stdout).unwrap();
        assert!(
            lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
            "{lines}"
        );
    }
}

/// Runs `listen`, or `relay` to an echo, on a free port and sends it something.
fn listen(words: &[String], folder: &Path) {
    let echo = echo_peer().to_string();
    let own = |word: &String| {
        word.replace(":8080", ":0")
            .replace(":9000", ":0")
            .replace("db:5432", &echo)
            .replace("unix:/run/docker.sock", &echo)
    };
    let mut words: Vec<String> = words.iter().map(own).collect();
    if !words.contains(&"--count".into()) {
        // There and back.
        let count = if words[0] == "relay" { "2" } else { "1" };
        words.extend(["--count".into(), count.into()]);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let listening = listening(command(&words).current_dir(folder));
    let mut stream = TcpStream::connect(("127.0.0.1", listening.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).unwrap();
    assert!([b"GET /", b"HTTP/"].contains(&&answer), "{answer:?}");
    let (status, lines) = listening.finish();
    assert_eq!(status, Some(0), "{words:?}");
    assert!(!lines.is_empty(), "{words:?}");
}

/// Runs `open` on what a command before it wrote.
fn open(words: &[String], folder: &Path) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = command(&words);
    let command = command.current_dir(folder);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let output = finished(command.spawn());
    assert!(output.status.success(), "{words:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("GET / HTTP/1.1"), "{words:?}");
}

/// Runs `replay` with what a command before it wrote, to an echo.
fn replay(words: &[String], folder: &Path) {
    let echo = echo_peer().to_string();
    let words: Vec<String> =
        words.iter().map(|word| word.replace("127.0.0.1:9000", &echo)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = command(&words);
    let command = command.current_dir(folder);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let output = finished(command.spawn());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{words:?}: {said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(r#""sent":1,"#), "{words:?}");
}

#[test]
fn the_commands_in_the_readme_do_what_they_say() {
    let home = tempfile::tempdir().unwrap();
    starter_with_free_ports(&home);
    let home_folder = home.path().join("home");
    // A folder of somebody's own.
    let presets = home_folder.join("presets");
    fs::create_dir(presets.join("smoke")).unwrap();
    fs::copy(presets.join("tutorial/http-client.toml"), presets.join("smoke/hello.toml")).unwrap();
    let mut server = command(&["listen", "tutorial/http-server"]);
    let _server = listening(server.env("WIREBENCH_HOME", &home_folder));
    let readme = readme();
    let mut run = 0;
    for line in blocks(&readme, "console").iter().flat_map(|block| block.lines()) {
        let words = words(line.strip_prefix("$ ").expect(line));
        match words.iter().map(String::as_str).take(2).collect::<Vec<_>>()[..] {
            ["wirebench", "send" | "run"] => send(&words[1..], &home_folder),
            ["wirebench", "listen" | "relay"] => listen(&words[1..], &home_folder),
            ["wirebench", "open"] => open(&words[1..], &home_folder),
            ["wirebench", "replay"] => replay(&words[1..], &home_folder),
            // This is one of them.
            ["cargo", "run" | "test"] => continue,
            _ => panic!("not known here: {line}"),
        }
        run += 1;
    }
    assert!(run >= 5, "only {run} commands were found");
}

#[test]
fn the_filters_in_the_chapter_about_traffic_are_some() {
    let chapter = fs::read_to_string(Path::new(ROOT).join("docs/traffic.md")).unwrap();
    let filters: Vec<&str> =
        blocks(&chapter, "text").iter().flat_map(|text| text.lines()).collect();
    assert!(filters.len() >= 5, "{filters:?}");
    for filter in filters {
        assert!(Filter::parse_at(filter, 0).is_ok(), "{filter}");
    }
}

/// Reads a keymap as the program does.
fn keymap(text: &str) {
    let table: toml::Table = text.parse().expect(text);
    let lines = table.iter().flat_map(|(context, keys)| {
        keys.as_table().unwrap().iter().map(|(keys, action)| Override {
            context: context.clone(),
            keys: keys.clone(),
            action: action.as_str().unwrap().to_owned(),
        })
    });
    let lines: Vec<Override> = lines.collect();
    assert_eq!(Keymap::default().apply(&lines), Vec::<String>::new(), "{text}");
}

#[test]
fn the_examples_in_the_chapters_are_presets_that_can_be_sent() {
    let everything = everything();
    let examples = blocks(&everything, "toml");
    assert!(examples.len() >= 10);
    let mut scope = Scope::default();
    scope.variables.insert("base".into(), "http://localhost:8080".into());
    for name in ["api_token", "aws_key", "aws_secret", "proxy"] {
        scope.secrets.insert(name.into(), "t".into());
    }
    for text in examples {
        let name =
            text.strip_prefix("# ").and_then(|rest| rest.split_once(".toml\n")).expect(text).0;
        if name.starts_with("themes/") {
            theme_file::read(text, name).expect(text);
            continue;
        }
        if name == "keymap" {
            keymap(text);
            continue;
        }
        if name == "colors" {
            color_rules::read(text, "colors.toml").expect(text);
            continue;
        }
        let preset = preset::read(text, &PresetPath::parse(name).unwrap()).expect(text);
        assert!(plan(&preset.spec, &scope).is_ok(), "{text}: {:?}", plan(&preset.spec, &scope));
        assert_eq!(preset::write(&preset, Some(text)), text);
    }
}

/// What the chapters start without the README's words: ports are free ones, paths those of the folder, and nobody comes.
fn started(words: &[String], folder: &Path) -> String {
    let own = |word: &String| {
        let word =
            word.replace("127.0.0.1:8080", "127.0.0.1:1").replace("127.0.0.1:9000", "127.0.0.1:1");
        let word = word.replace(":8080", ":0").replace(":9000", ":0").replace(":9443", ":0");
        let word = word.replace("socks5://:1080", "socks5://:0").replace("db:5432", "127.0.0.1:1");
        word.replace("/tmp/", &format!("{}/", folder.display()))
    };
    let mut words: Vec<String> = words.iter().map(own).collect();
    words.extend(["--for".into(), "1ms".into()]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = command(&words);
    command.current_dir(folder).stdin(std::process::Stdio::null());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let output = finished(command.spawn());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{words:?}: {said}");
    said
}

#[test]
fn the_listeners_and_relays_of_the_chapters_start() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("site")).unwrap();
    let everything = everything();
    let mut run = 0;
    for line in blocks(&everything, "sh").iter().flat_map(|block| block.lines()) {
        let words = words(line);
        if !["listen", "relay"].contains(&words[1].as_str())
            // Files of somebody's own, and standard output.
            || words.iter().any(|word| word == "--cert" || word == "-")
        {
            continue;
        }
        let said = started(&words[1..], folder.path());
        assert!(said.contains("listening"), "{line}: {said}");
        run += 1;
    }
    assert!(run >= 20, "only {run} were found");
}
