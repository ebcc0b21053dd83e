//! The rules of the house, checked: who may import whom, how large things may be, and that each
//! dangerous thing is done in one place only. The map itself stands in `src/lib.rs`.
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a failed check panics"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A longer file has more than one concern.
const FILE_LINES: usize = 600;
/// Lines of a function, signature and braces not counted.
const FUNCTION_LINES: usize = 60;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file without its tests and comments.
struct Source {
    /// Below `src`: `tui/terminal.rs`.
    name: String,
    code: String,
    lines: usize,
    header: bool,
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let folder = root().join("src");
    files(&folder, "rs")
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
            Source {
                lines: text.lines().count(),
                header: text.starts_with("//!"),
                code: production(&text),
                name,
            }
        })
        // A test module in a file of its own.
        .filter(|source| !source.name.ends_with("tests.rs") && !source.name.contains("/tests/"))
        .collect()
}

/// The text without test modules, comments and the contents of string literals. What counts as a
/// test module is an item after `#[cfg(test)]`, up to its closing brace.
fn production(text: &str) -> String {
    let mut code = String::new();
    let mut skipping: Option<usize> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(at) = skipping {
            let closes = line.trim_end() == format!("{}}}", " ".repeat(at));
            if closes || (line.trim_end().ends_with(';') && indent == at) {
                skipping = None;
            }
            continue;
        }
        if line.trim() == "#[cfg(test)]" {
            skipping = Some(indent);
            continue;
        }
        code.push_str(&without_text(line));
        code.push('\n');
    }
    code
}

/// A line without its comment and without what stands in its string literals.
fn without_text(line: &str) -> String {
    let mut out = String::new();
    let mut chars = line.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '\\') => {
                chars.next();
            }
            (_, '"') => {
                quoted = !quoted;
                out.push(c);
            }
            (true, _) => {}
            (false, '\'') if chars.peek() == Some(&'"') => {
                chars.next();
            }
            (false, '/') if chars.peek() == Some(&'/') => break,
            (false, _) => out.push(c),
        }
    }
    out
}

/// First part of a source's name: its layer.
fn layer(source: &Source) -> &str {
    let end = source.name.find(['/', '.']).unwrap_or(source.name.len());
    &source.name[..end]
}

/// Names after `crate::` in the code, two levels deep.
fn imports(code: &str) -> BTreeSet<String> {
    let word = |c: char| !(c.is_alphanumeric() || c == '_');
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            panic!("write one path per use, not crate::{{{}", &group[..group.len().min(40)]);
        }
        let first = rest.split(word).next().unwrap_or_default();
        let tail = rest[first.len()..].strip_prefix("::").unwrap_or_default();
        let seconds: Vec<&str> = match tail.strip_prefix('{') {
            Some(group) => group
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .map(|part| part.trim().split(word).next().unwrap_or_default())
                .collect(),
            None => vec![tail.split(word).next().unwrap_or_default()],
        };
        found.extend(seconds.iter().map(|second| format!("{first}::{second}")));
    }
    found
}

fn assert_none(what: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{what}:\n  {}", broken.join("\n  "));
}

/// Plain data of engine and store that the pure layers may know.
const PLAIN_DATA: [&str; 3] = ["engine::command", "engine::event", "store::job"];

/// What a layer may import besides itself: a name per word, `x` = all of it, `x::y` = that part.
const LAYERS: &[(&str, &str)] = &[
    ("model", ""),
    ("codec", "model"),
    ("query", "model codec"),
    ("compose", "model codec query"),
    // Code snippets and requests made of traffic are written from plans, so they compose one.
    ("interop", "model codec query compose"),
    ("timeline", "model codec query"),
    ("app", "model codec query compose interop timeline"),
    ("ui", "app model codec query compose interop timeline"),
    ("engine", "model codec query"),
    ("store", "model codec compose interop"),
    ("tui", "app ui engine store model codec timeline interop"),
    ("cli", "args engine store model codec query compose interop timeline"),
    ("args", "model"),
    ("logging", "model codec"),
    ("run", "app args cli engine logging model store tui codec"),
    ("main", "run"),
    ("lib", ""),
];

#[test]
fn layers_import_only_what_lies_below_them() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = LAYERS
        .iter()
        .map(|(layer, below)| {
            let plain = PLAIN_DATA.iter().filter(|_| ["app", "ui"].contains(layer)).copied();
            (*layer, below.split_whitespace().chain(plain).collect())
        })
        .collect();
    let mut broken = Vec::new();
    for source in sources() {
        let own = layer(&source);
        let allowed = allowed.get(own).unwrap_or_else(|| panic!("{own} is no known layer"));
        for import in imports(&source.code) {
            let first = import.split("::").next().unwrap_or_default();
            let fine =
                first == own || allowed.contains(&first) || allowed.contains(&import.as_str());
            if !fine {
                broken.push(format!("{} imports crate::{import}", source.name));
            }
        }
    }
    assert_none("imports against the layers", &broken);
}

/// Where a piece of code may stand, and why nowhere else.
struct OnlyIn {
    what: &'static str,
    code: &'static [&'static str],
    places: &'static [&'static str],
}

const ONLY_IN: &[OnlyIn] = &[
    OnlyIn {
        what: "only the terminal shell knows crossterm",
        code: &["crossterm::"],
        places: &["tui"],
    },
    OnlyIn {
        what: "only shells print",
        code: &["println!", "print!(", "io::stdout()", "io::stderr()"],
        places: &["tui", "cli"],
    },
    OnlyIn {
        what: "pure layers have no runtime",
        code: &["tokio::"],
        places: &["engine", "tui", "cli", "run", "store.rs", "store/worker.rs", "store/tests"],
    },
    OnlyIn {
        what: "pure layers have no clock",
        code: &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"],
        places: &["engine", "tui", "cli", "store"],
    },
    OnlyIn {
        what: "pure layers do not look at the environment",
        code: &["std::env::", "env::var"],
        places: &[
            "run",
            "tui.rs",
            "tui/external.rs",
            "tui/event_loop.rs",
            "store/paths.rs",
            "store/atomic",
        ],
    },
    OnlyIn {
        what: "files are created in one place per kind",
        code: &[
            "File::create",
            "OpenOptions",
            "fs::write",
            "fs::rename",
            "fs::copy",
            "NamedTempFile",
            "tempfile::",
        ],
        places: &[
            "store/atomic",    // everything stored
            "store/lock.rs",   // one writer at a time
            "store/history",   // SQLite wants its file made with the right mode
            "engine/body",     // bodies in temporary files, and bodies saved by the user
            "tui/external.rs", // the text an editor works on
            "logging.rs",      // the log
        ],
    },
    OnlyIn {
        what: "sockets belong to the engine",
        code: &["TcpStream", "TcpListener::bind", "UdpSocket"],
        places: &["engine"],
    },
    OnlyIn {
        what: "programs are started in one place, the editor",
        code: &["process::Command", "Command::new("],
        places: &["tui/external.rs"],
    },
    OnlyIn { what: "only main ends the process", code: &["process::exit"], places: &["main.rs"] },
    OnlyIn {
        what: "tasks are started through the tracker",
        code: &["tokio::spawn", "unbounded_channel"],
        places: &[],
    },
];

#[test]
fn dangerous_things_are_done_in_one_place() {
    let sources = sources();
    for rule in ONLY_IN {
        let broken: Vec<String> = sources
            .iter()
            .filter(|source| !rule.places.iter().any(|place| source.name.starts_with(place)))
            .flat_map(|source| {
                let found = rule.code.iter().filter(|code| source.code.contains(**code));
                found.map(|code| format!("{}: {code}", source.name))
            })
            .collect();
        assert_none(rule.what, &broken);
    }
}

/// Text of others reaches a screen cell only through these calls; each must stand in a file that
/// also calls `printable`, or get text that can only be ours.
#[test]
fn terminal_text_is_made_printable() {
    let sinks = ["set_stringn(", "set_string(", "set_symbol(", "Span::raw(", "Paragraph::new("];
    // Draw glyphs of their own and nothing else.
    let glyphs_only = ["ui/widget/scrollbar.rs"];
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| layer(source) == "ui" && !glyphs_only.contains(&source.name.as_str()))
        .filter(|source| sinks.iter().any(|sink| source.code.contains(sink)))
        .filter(|source| !source.code.contains("printable"))
        .map(|source| source.name.clone())
        .collect();
    assert_none("text is drawn without codec::printable", &broken);
}

#[test]
fn files_and_functions_stay_small_and_say_what_they_are_for() {
    let mut broken = Vec::new();
    for source in sources() {
        if source.lines > FILE_LINES {
            broken.push(format!("{} has {} lines", source.name, source.lines));
        }
        if !source.header {
            broken.push(format!("{} has no header", source.name));
        }
        for (name, lines) in functions(&source.code) {
            if lines > FUNCTION_LINES {
                broken.push(format!("{}: fn {name} has {lines} lines", source.name));
            }
        }
        if source.name.ends_with("mod.rs") {
            broken.push(format!("{}: foo.rs and foo/, no mod.rs", source.name));
        }
        for word in ["utils", "helpers", "common", "manager"] {
            if Path::new(&source.name).file_stem().is_some_and(|stem| stem == word) {
                broken.push(format!("{}: what is it for?", source.name));
            }
        }
    }
    assert_none("too large or unexplained", &broken);
}

/// Names of functions with the lines between their braces, blank ones not counted.
fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut open: Vec<(String, usize, usize, bool)> = Vec::new();
    for line in code.lines().filter(|line| !line.trim().is_empty()) {
        let indent = line.len() - line.trim_start().len();
        let mut words = line.split_whitespace().skip_while(|word| *word != "fn");
        if let (Some(_), Some(name)) = (words.next(), words.next()) {
            let name = name.split(['(', '<']).next().unwrap_or_default().to_owned();
            if !line.trim_end().ends_with(';') && !line.trim_end().ends_with('}') {
                open.push((name, indent, 0, line.trim_end().ends_with('{')));
                continue;
            }
        }
        if let Some((name, at, lines, inside)) = open.last_mut() {
            if indent == *at && line.trim_start().starts_with('}') {
                found.push((std::mem::take(name), *lines));
                open.pop();
            } else if !*inside {
                // Still in the signature.
                *inside = line.trim_end().ends_with('{');
            } else {
                *lines += 1;
            }
        }
    }
    found
}

#[test]
fn the_lock_file_holds_one_of_each_and_no_ring_is_built() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for name in ["ratatui", "ratatui-core", "crossterm", "rustls", "tokio", "rusqlite"] {
        let count = lock.matches(&format!("name = \"{name}\"\n")).count();
        assert_eq!(count, 1, "{name} in Cargo.lock");
    }
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal,build", "--prefix", "none"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    assert!(tree.contains("aws-lc-rs v"), "the tree is of this program");
    assert!(!tree.lines().any(|line| line.starts_with("ring v")), "ring is built");
}

#[test]
fn every_asset_parses() {
    let assets = root().join("assets");
    for path in files(&assets, "toml") {
        let text = fs::read_to_string(&path).unwrap();
        if let Err(error) = text.parse::<toml::Table>() {
            panic!("{}: {error}", path.display());
        }
    }
    for path in files(&assets, "json") {
        let text = fs::read_to_string(&path).unwrap();
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&text) {
            panic!("{}: {error}", path.display());
        }
    }
    let starter = files(&assets.join("starter"), "toml");
    assert!(starter.len() >= 6, "the tutorial's six programs");
    let folder = assets.join("starter");
    for path in starter {
        let name = path.strip_prefix(&folder).unwrap().with_extension("");
        let name = name.to_string_lossy();
        if name.starts_with("env/") || name.ends_with("_defaults") {
            continue;
        }
        let preset = wirebench::model::preset::PresetPath::parse(&name).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        if let Err(failure) = wirebench::store::preset::read(&text, &preset) {
            panic!("{}: {failure}", path.display());
        }
    }
}

#[test]
fn no_path_of_a_machine_stands_in_the_repository() {
    let mut broken = Vec::new();
    for folder in ["src", "tests", "benches", "assets", ".ci"] {
        for extension in ["rs", "toml", "py", "md", "sh"] {
            for path in files(&root().join(folder), extension) {
                let text = fs::read_to_string(&path).unwrap_or_default();
                // Written in two pieces, or this line would find itself.
                for prefix in [concat!("/", "work/"), concat!("/", "root/")] {
                    let starts = |at: usize| {
                        let before = text[..at].chars().next_back();
                        before.is_none_or(|c| !c.is_alphanumeric() && !"._-".contains(c))
                    };
                    if text.match_indices(prefix).any(|(at, _)| starts(at)) {
                        broken.push(format!("{}: {prefix}", path.display()));
                    }
                }
            }
        }
    }
    assert_none("paths of a machine", &broken);
}

#[test]
fn the_checks_of_this_file_can_fail() {
    let code = production(
        "//! x\nuse crate::ui::theme; // crate::tui\nconst A: &str = \"crate::cli::x\";\n\
         #[cfg(test)]\nmod tests {\n    use crate::store::x;\n}\nuse crate::engine::{command, event};\n",
    );
    let found: Vec<String> = imports(&code).into_iter().collect();
    assert_eq!(found, ["engine::command", "engine::event", "ui::theme"]);
    let sized =
        functions("fn a(\n    b: u8,\n) {\n    one();\n    two();\n}\nfn c() {\n    d();\n}\n");
    assert_eq!(sized, [("a".to_owned(), 2), ("c".to_owned(), 1)]);
}
