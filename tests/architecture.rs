//! The rules of the house, checked. This file holds the two tables people change most: who may
//! import whom, and which dangerous thing is done where. The map itself stands in `src/lib.rs` and
//! ARCHITECTURE.md.
//!
//! A rule that does not hold everywhere yet has a number that may only fall, beside the rule.
#![allow(missing_docs, reason = "tests")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    reason = "a failed check panics"
)]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/counts.rs"]
mod counts;
#[path = "architecture/dependencies.rs"]
mod dependencies;
#[path = "architecture/files.rs"]
mod files;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/options.rs"]
mod options;
#[path = "architecture/protocols.rs"]
mod protocols;
#[path = "architecture/sizes.rs"]
mod sizes;
#[path = "architecture/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use source::{assert_none, imports, layer, sources};

/// Plain data of engine and store that the pure layers may know.
const PLAIN_DATA: [&str; 3] = ["engine::command", "engine::event", "store::job"];

/// What a layer may import besides itself: a name per word, `x` = all of it, `x::y` = that part.
const LAYERS: &[(&str, &str)] = &[
    ("model", ""),
    ("codec", "model"),
    ("query", "model codec"),
    ("check", "model codec query json_schema"),
    ("compose", "model codec query check"),
    // OpenAPI documents that exchanges are held against.
    ("json_schema", ""),
    ("contract", "model codec json_schema"),
    // Which presets run when, and what came of them: pure, for both shells.
    ("runner", "model codec query check compose engine::command engine::event store::job"),
    // Code snippets and requests made of traffic are written from plans, so they compose one.
    // Examples of OpenAPI documents are made by contracts, for imports too.
    ("interop", "model codec query check compose runner contract"),
    ("timeline", "model codec query"),
    ("app", "model codec query check compose runner interop timeline"),
    ("ui", "app model codec query check compose runner interop timeline"),
    // Opening files that a user names, printing, signals: leaves that the floors with a system share.
    ("named_file", ""),
    ("whole_file", ""),
    ("value_command", "model"),
    ("console", "codec os"),
    ("os", ""),
    // This program as a filter of JSON, in a process of its own.
    ("jq", "model codec"),
    ("ending", "os"),
    ("engine", "model codec query contract named_file whole_file os"),
    ("store", "model codec query check compose interop named_file whole_file os"),
    (
        "tui",
        "app ui engine store model codec check runner timeline interop named_file whole_file value_command console ending os",
    ),
    (
        "cli",
        "args engine store model codec query check compose runner interop timeline named_file whole_file value_command console ending jq os",
    ),
    ("args", "model codec"),
    ("logging", "model codec named_file"),
    ("run", "app args cli engine interop logging model store tui codec console ending jq"),
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
        let own = layer(source);
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
        what: "printing never waits and never panics",
        code: &["println!", "print!(", "io::stdout()", "io::stderr()", "stdio::stderr"],
        // The terminal of the screen has a way of its own that does not wait either.
        // A filter in a process of its own has nothing else to do than to print.
        places: &["console.rs", "tui/terminal_output.rs", "jq.rs"],
    },
    OnlyIn {
        what: "pure layers have no runtime",
        code: &["tokio::"],
        places: &[
            "engine",
            "tui",
            "cli",
            "run",
            "store.rs",
            "store/worker",
            "store/tests",
            "console.rs",
            "os",
            "value_command/keyring.rs", // D-Bus, behind a feature
        ],
    },
    OnlyIn {
        what: "pure layers have no clock",
        code: &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"],
        places: &["engine", "tui", "cli", "store", "console.rs", "ending.rs", "os", "jq.rs"],
    },
    OnlyIn {
        what: "the wall clock is read in one place; stamps are for order and ages",
        code: &["SystemTime", "UNIX_EPOCH", "Timestamp::now", "Zoned::now"],
        places: &["engine/clock.rs"],
    },
    OnlyIn {
        what: "a stamp becomes a time of day through the wall clock's steps",
        code: &["format::clock("],
        places: &["app/shared.rs"],
    },
    OnlyIn {
        what: "pure layers do not look at the environment",
        code: &["std::env::", "env::var"],
        places: &[
            "run",
            "tui.rs",
            "tui/external.rs",
            "tui/outside.rs",
            "tui/clipboard.rs",
            "tui/event_loop.rs",
            "store/paths.rs",
            "store/atomic",
            "os/other.rs", // where this program lies
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
            "whole_file.rs",             // what appears whole or not at all
            "store/atomic",              // files and folders of our own
            "store/lock.rs",             // one writer at a time
            "store/history",             // SQLite wants its file made with the right mode
            "engine/body",               // bodies in temporary files
            "tui/external.rs",           // the text an editor works on
            "tui/outside.rs",            // a body that another program opens
            "cli/stdin.rs",              // a body that is piped in and too large for memory
            "cli/captures/capture_file", // what grows while it is read
            "cli/output_file",           // a device or pipe that takes what was received
            "cli/download.rs", // what was received, by a name of its own, to be gone on with
            "named_file.rs",   // opens for reading alone
            "logging.rs",      // the log
            "engine/tls/key_log.rs", // keys of TLS, appended
        ],
    },
    OnlyIn {
        what: "what a user names is opened in one place, checked and bounded",
        code: &["fs::read(", "fs::read_to_string(", "File::open(", "pem_file"],
        places: &[
            "named_file.rs",
            "os",              // tables of the kernel
            "whole_file.rs",   // a folder, to be synced, and left-overs, to be removed
            "store/atomic.rs", // files of our own
            "store/lock.rs",   // a folder, to be locked
        ],
    },
    OnlyIn {
        what: "sockets belong to the engine",
        code: &["TcpStream", "TcpListener::bind", "UdpSocket"],
        places: &["engine", "os"],
    },
    OnlyIn {
        what: "what only one system has stands in one place, with a fallback beside it",
        code: &["MSG_ERRQUEUE", "4RecvErr", "6RecvErr", "target_os", "os::linux"],
        places: &["os"],
    },
    OnlyIn {
        what: "programs are started in one place each: the editor, tmux, what makes bodies, `exec`'s",
        code: &["process::Command", "Command::new("],
        places: &[
            "tui/external.rs",
            "tui/outside.rs",
            "tui/exporting.rs", // what traffic is piped into
            "tui/clipboard.rs",
            "engine/body/derive",
            "engine/check_help.rs", // a filter of jq that is asked of an answer
            "cli/exec.rs",
            "value_command.rs", // what gives the value of a variable
        ],
    },
    OnlyIn { what: "only main ends the process", code: &["process::exit"], places: &["main.rs"] },
    OnlyIn {
        what: "tasks are started through the tracker",
        code: &["tokio::spawn", "unbounded_channel"],
        places: &[],
    },
];

const COPIES_OF_THE_ENVIRONMENT: OnlyIn = OnlyIn {
    what: "drawing and keys look names up and copy no environment, nor does what they call",
    code: &[".scope()", "scope_in(", "..Scope::default()", ".os.clone()", "variables.clone()"],
    places: &[
        "app/shared.rs",               // makes it
        "app/flow/send.rs",            // sends
        "app/flow/unknown_names.rs",   // a key asks what would keep it from being sent
        "app/flow/outside.rs",         // a file of it is opened in an editor
        "app/overlay/code.rs",         // code is made when its window opens
        "app/exported_code.rs",        // the same of a folder
        "app/flow/runs/beginning.rs",  // runs presets
        "app/flow/runs/sent_first.rs", // what is sent needs some first
        "cli/target.rs",               // the same outside the screen
        "store/job.rs",                // for that
    ],
};

#[test]
fn dangerous_things_are_done_in_one_place() {
    for rule in ONLY_IN {
        assert_none(rule.what, &elsewhere(rule));
    }
}

/// With a thousand variables every frame would copy a thousand; `no_frame_and_no_key_clones_the_environment`
/// counts what the one maker of copies is asked for.
#[test]
fn drawing_and_keys_clone_no_environment() {
    let rule = COPIES_OF_THE_ENVIRONMENT;
    assert_none(rule.what, &elsewhere(&rule));
    let makers = OnlyIn { places: &[], ..rule };
    let found = elsewhere(&makers);
    let of_maker = found.iter().filter(|found| found.starts_with("app/shared.rs: ")).count();
    assert_eq!(of_maker, 4, "what the maker does is what is looked for: {found:?}");
}

/// Where the code of a rule stands against it.
fn elsewhere(rule: &OnlyIn) -> Vec<String> {
    sources()
        .iter()
        .filter(|source| !rule.places.iter().any(|place| source.name.starts_with(place)))
        .flat_map(|source| {
            let found = rule.code.iter().filter(|code| source.code.contains(**code));
            found.map(|code| format!("{}: {code}", source.name))
        })
        .collect()
}

/// Ranges that may honestly lie outside what is there, by file: how many, and why.
const MAY_BE_ABSENT: &[(&str, usize, &str)] = &[
    ("codec/recipe/markup/tokens.rs", 1, "a token may be shorter than what is looked for"),
    ("codec/recipe/walk.rs", 1, "a bracket alone has no inside"),
    ("interop/curl/command.rs", 1, "a command may end before"),
    ("model/secrets.rs", 2, "were parts out of order, less would be told and never more"),
    ("app/editor/text_check.rs", 1, "the text may have become shorter between two steps"),
    ("app/pane/exchange/body_fetch.rs", 1, "the bytes may not be here yet"),
    ("engine/body/index.rs", 1, "what cannot be read has no first byte"),
];

static EMPTIED: LazyLock<Regex> = LazyLock::new(|| {
    let inside = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*";
    let ends = r"\)\s*\.unwrap_or(?:_default\(\)|\((?:&\[\]|\x22)|_else)";
    Regex::new(&format!(r"\.get\({inside}\.\.{inside}{ends}")).unwrap()
});

/// A range that is always there by what came before is asked for plainly: made empty it would hide, as
/// text or bytes that are left out, that the reasoning is wrong.
#[test]
fn a_range_that_must_be_there_is_not_made_empty() {
    for (code, is_one) in [
        ("text.get(at..).unwrap_or_default()", true),
        ("text\n.get(f(a)..g(b(c)))\n    .unwrap_or_default()", true),
        ("bytes.get(..16).unwrap_or(bytes)", false),
        ("bytes.get(at).unwrap_or_default()", false),
        ("bytes.get(a..b)?.first().unwrap_or_default()", false),
    ] {
        assert_eq!(EMPTIED.is_match(code), is_one, "{code}");
    }
    let known = |name: &str| MAY_BE_ABSENT.iter().find(|known| known.0 == name);
    let broken: Vec<String> = sources()
        .iter()
        .map(|source| (&source.name, EMPTIED.find_iter(&source.code).count()))
        .filter(|(name, count)| *count != known(name).map_or(0, |known| known.1))
        .map(|(name, count)| format!("{name}: {count}"))
        .collect();
    assert_none("ranges made empty where they are not there", &broken);
}

/// A key that is written into a window has no line in the table, no hint, and cannot be bound anew.
#[test]
fn windows_know_actions_and_no_keys() {
    let windows = sources().iter().filter(|source| source.name.starts_with("app/overlay"));
    let broken: Vec<&str> = windows
        .filter(|source| source.code.contains("KeyCode"))
        .map(|source| source.name.as_str())
        .collect();
    assert!(broken.is_empty(), "keys in the code of windows: {broken:?}");
}

/// Paths stand in literals, which the table above does not see.
#[test]
fn the_tables_of_the_kernel_are_read_in_one_place() {
    let is_read = |line: &str| line.contains("\"/proc") && !line.trim_start().starts_with("//");
    let elsewhere = sources().iter().filter(|source| layer(source) != "os");
    let broken: Vec<String> = elsewhere
        .filter(|source| source.text.lines().any(is_read))
        .map(|source| source.name.clone())
        .collect();
    assert_none("/proc outside os", &broken);
}

/// Calls that look for a sign.
const LOOKS: &[&str] =
    &["split", "split_once", "splitn", "split_terminator", "find", "position", "memchr"];

/// Whether a URL, a query or a form is taken apart here: the call that does it.
fn parting(text: &str) -> Option<String> {
    let library = "form_urlencoded::parse";
    if text.contains(library) {
        return Some(library.to_owned());
    }
    text.match_indices('(').find_map(|(at, _)| {
        let (before, argument) = (&text[..at], &text[at + 1..]);
        let argument = &argument[..argument.find(')').unwrap_or(argument.len())];
        let call = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        let is_look = LOOKS.iter().any(|look| call.trim_start_matches('r') == *look);
        let has_sign = ["'?'", "'&'", "'#'", "\"://\""].iter().any(|sign| argument.contains(sign));
        (is_look && has_sign).then(|| format!("{call}({argument})"))
    })
}

/// Taken apart in two places a URL has two users and two hosts, and a query two readings. What is looked
/// for are literals, which the table above does not see.
#[test]
fn urls_are_taken_apart_in_one_place() {
    for (code, is_one) in [
        ("text.split_once('?')", true),
        ("text.rsplit('&')", true),
        ("text.find(['/', '?', '#'])", true),
        ("bytes.iter().position(|byte| *byte == b'&')", true),
        ("memchr(b'#', bytes)", true),
        ("url.split_once(\"://\")", true),
        ("text.contains('#') || text.split_once('=').is_some()", false),
    ] {
        assert_eq!(parting(code).is_some(), is_one, "{code}");
    }
    let elsewhere = sources().iter().filter(|source| source.name != "model/url_text.rs");
    let broken: Vec<String> = elsewhere
        .filter_map(|source| Some(format!("{}: {}", source.name, parting(&source.text)?)))
        .collect();
    assert_none("URLs and queries taken apart outside model/url_text.rs", &broken);
}

/// Text of others reaches a screen cell only through these calls; each must stand in a file that
/// also calls `printable`, or get text that can only be ours.
#[test]
fn terminal_text_is_made_printable() {
    let sinks = ["set_stringn(", "set_string(", "set_symbol(", "Span::raw(", "Paragraph::new("];
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| layer(source) == "ui")
        .filter(|source| sinks.iter().any(|sink| source.code.contains(sink)))
        .filter(|source| !source.code.contains("printable"))
        .map(|source| source.name.clone())
        .collect();
    assert_none("text is drawn without codec::printable", &broken);
}
