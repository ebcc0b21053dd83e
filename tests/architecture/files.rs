//! What lies in the repository besides code: the lock file, the assets, the texts, no path of a
//! machine.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;

use crate::source::{Source, assert_none, below, root, sources};

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
    for path in below(&assets, "toml") {
        let text = fs::read_to_string(&path).unwrap();
        if let Err(error) = text.parse::<toml::Table>() {
            panic!("{}: {error}", path.display());
        }
    }
    for path in below(&assets, "json") {
        let text = fs::read_to_string(&path).unwrap();
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&text) {
            panic!("{}: {error}", path.display());
        }
    }
    let starter = below(&assets.join("starter"), "toml");
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
            for path in below(&root().join(folder), extension) {
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

/// A case that failed once is tried again for ever; where it is kept is set by each block.
#[test]
fn property_tests_keep_their_failures_below_tests() {
    let mut broken = Vec::new();
    for path in ["src", "tests"].iter().flat_map(|folder| below(&root().join(folder), "rs")) {
        let text = fs::read_to_string(&path).unwrap();
        // Written in two pieces, or this line would find itself.
        let blocks = text.split(concat!("proptest!", " {")).skip(1);
        let unset = |block: &&str| {
            !block.trim_start().starts_with("#![proptest_config(crate::property_tests::")
        };
        broken.extend(blocks.filter(unset).map(|_| path.display().to_string()));
    }
    assert_none("property tests without crate::property_tests", &broken);
    assert!(!root().join("proptest-regressions").exists(), "they are kept below tests/");
}

/// What the texts for the next engineer name: paths, types with what belongs to them, tests.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<path>\b\w+(?:/\w+)*/(?:\w+|\{\w+(?:,\w+)*\})\.(?:rs|py|toml))\b|",
        r"\b(?P<type>[A-Z][a-z]+(?:[A-Z][a-z]+)*)::(?P<part>\w+)|",
        r"\b(?P<alone>[A-Z][a-z]+(?:[A-Z][a-z]+)+)\b|",
        r"`(?P<test>[a-z]+(?:_[a-z]+){2,})`"
    ))
    .unwrap()
});

/// `a/{b,c}.rs` = `a/b.rs` and `a/c.rs`.
fn spelled_out(path: &str) -> Vec<String> {
    match path.split_once('{').zip(path.split_once('}')) {
        Some(((before, _), (inside, after))) => {
            let names = inside[before.len() + 1..].split(',');
            names.map(|name| format!("{before}{name}{after}")).collect()
        }
        None => vec![path.to_owned()],
    }
}

#[test]
fn what_the_texts_for_engineers_name_is_there() {
    // Of the protocol that is only an example.
    let example = ["src/engine/client/discard.rs", "Discard"];
    let code: Vec<String> = ["src", "tests"]
        .iter()
        .flat_map(|folder| below(&root().join(folder), "rs"))
        .map(|path| fs::read_to_string(path).unwrap_or_default())
        .collect();
    let word = Regex::new(r"\w+").unwrap();
    let words: BTreeSet<&str> =
        code.iter().flat_map(|text| word.find_iter(text)).map(|found| found.as_str()).collect();
    let mut broken = Vec::new();
    for name in ["ARCHITECTURE.md", "BOUNDS.md", "CONTRIBUTING.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        for found in NAMED.captures_iter(&text) {
            if let Some(path) = found.name("path") {
                let is_there = |path: &String| {
                    root().join(path).exists() || root().join("src").join(path).exists()
                };
                let missing = spelled_out(path.as_str()).into_iter().filter(|it| !is_there(it));
                broken.extend(missing.map(|path| (name, path)));
            }
            let named = ["type", "part", "alone", "test"].map(|group| found.name(group));
            let missing = named.into_iter().flatten().filter(|it| !words.contains(it.as_str()));
            broken.extend(missing.map(|it| (name, it.as_str().to_owned())));
        }
    }
    let broken: Vec<String> = broken
        .into_iter()
        .filter(|(_, what)| !example.contains(&what.as_str()))
        .map(|(name, what)| format!("{name}: {what}"))
        .collect();
    assert_none("names that are not there", &broken);
}

/// Crates, and errors of the standard library as everybody calls them.
const NOT_OURS: [&str; 9] =
    ["std", "io", "fmt", "tokio", "regex", "rustls", "rustix", "url", "ratatui"];

/// What comments that describe code name of it: files, and what stands in which module.
#[test]
fn what_comments_name_is_there() {
    let named = Regex::new(
        r"(?P<path>\b(?:\w+/)+\w+\.rs)|`(?P<module>[a-z_0-9]+(?:::[a-z_0-9]+)*)::(?P<part>\w+)[`(]",
    );
    let named = named.unwrap();
    let sources = sources();
    let mut broken = Vec::new();
    for source in sources {
        let comments = source.text.lines().map(str::trim_start);
        let comments = comments.filter(|line| line.starts_with("//!") || line.starts_with("///"));
        for found in comments.flat_map(|line| named.captures_iter(line)) {
            let whole = found[0].to_owned();
            let is_there = if let Some((module, part)) =
                found.name("module").zip(found.name("part"))
            {
                let first = module.as_str().split("::").next().unwrap_or_default();
                NOT_OURS.contains(&first) || holds(sources, module.as_str(), part.as_str())
            } else {
                // A file may be named from the folder it is in.
                let is_it =
                    |source: &Source| format!("/{}", source.name).ends_with(&format!("/{whole}"));
                root().join(&whole).exists() || sources.iter().any(is_it)
            };
            if !is_there {
                broken.push(format!("{}: {whole}", source.name));
            }
        }
    }
    assert_none("comments name what is not there", &broken);
}

/// Whether a file that is this module, or one below it, has this word.
fn holds(sources: &[Source], module: &str, part: &str) -> bool {
    let path = format!("/{}", module.replace("::", "/"));
    let word = Regex::new(&format!(r"\b{part}\b")).unwrap();
    sources.iter().any(|source| {
        let own = format!("/{}", source.name.trim_end_matches(".rs"));
        let is_of_module = own.ends_with(&path) || own.contains(&format!("{path}/"));
        is_of_module && (word.is_match(&source.code) || own.ends_with(&format!("{path}/{part}")))
    })
}
