//! What is built into the program: under which licences, and what of it twice.

use std::collections::BTreeMap;
use std::process::Command;

use crate::source::{assert_none, root};

/// Licences that a program under the MIT licence may carry without conditions on its own source.
/// Of `OR` one has to stand here, of `AND` all.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates under another licence, each with the reason why it may stay.
const OTHER_LICENCES: &[(&str, &str)] =
    &[("nucleo-matcher", "MPL-2.0 asks that changes to its own files are published; we make none")];

/// Crates of which two versions are built, each with the reason.
const TWICE: &[(&str, &str)] = &[
    ("base64", "0.22 for the clipboard of crossterm, 0.23 for PEM files and for us"),
    ("foldhash", "0.1 for jaq, 0.2 for the maps of hashbrown"),
    ("getrandom", "0.3 for the hashes of jsonschema, 0.4 for tempfile"),
    ("syn", "2 for the macros of strum and asn1-rs, 3 for those of serde and clap"),
    ("synstructure", "0.13 for the macros of asn1-rs, 0.14 for those of ICU, which url needs"),
];

/// Name, version and licence of every crate that is built on this system, with these features.
fn built(features: &[&str]) -> Vec<[String; 3]> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges", "normal,build", "--prefix", "none"])
        .args(["--no-dedupe", "--format", "{p}|{l}"])
        .args(features)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    let mut crates: Vec<[String; 3]> = tree
        .lines()
        .filter_map(|line| {
            let (package, licence) = line.split_once('|')?;
            let mut words = package.split(' ');
            Some([words.next()?, words.next()?, licence].map(str::to_owned))
        })
        .collect();
    crates.sort();
    crates.dedup();
    crates
}

fn is_fine(licence: &str) -> bool {
    let plain = licence.replace(['(', ')'], "").replace('/', " OR ");
    let known = |name: &str| {
        let name = name.split(" WITH ").next().unwrap_or_default();
        LICENCES.contains(&name.trim())
    };
    plain.split(" AND ").all(|all| all.split(" OR ").any(known))
}

#[test]
fn every_licence_is_one_we_may_ship() {
    let crates = built(&["--all-features"]);
    assert!(crates.iter().any(|[name, ..]| name == "rustls"), "the tree is of this program");
    let other = |name: &str| OTHER_LICENCES.iter().any(|(known, _)| *known == name);
    let broken: Vec<String> = crates
        .iter()
        .filter(|[name, _, licence]| !is_fine(licence) && !other(name))
        .map(|[name, _, licence]| format!("{name}: '{licence}'"))
        .collect();
    assert_none("licences that are not on the list", &broken);
    for (name, _) in OTHER_LICENCES {
        assert!(crates.iter().any(|[built, ..]| built == name), "{name} is built no more");
    }
}

#[test]
fn no_crate_is_built_in_two_versions_without_a_reason() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for [name, version, _] in built(&[]) {
        versions.entry(name).or_default().push(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let broken: Vec<String> = versions
        .iter()
        .filter(|(name, _)| !TWICE.iter().any(|(known, _)| known == name))
        .map(|(name, versions)| format!("{name}: {}", versions.join(", ")))
        .collect();
    assert_none("crates in two versions", &broken);
    for (name, _) in TWICE {
        assert!(versions.contains_key(*name), "{name} is built once now: take it off the list");
    }
}

#[test]
fn what_a_feature_brings_is_built_with_it_alone() {
    let has = |features: &[&str]| built(features).iter().any(|[name, ..]| name == "zbus");
    assert!(!has(&[]), "the keyring is asked for");
    assert!(has(&["--features", "keyring"]));
}

#[test]
fn licences_are_read_as_they_are_written() {
    for fine in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "Apache-2.0 WITH LLVM-exception"] {
        assert!(is_fine(fine), "{fine}");
    }
    for other in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-2.0 OR GPL-3.0) AND MIT"] {
        assert!(!is_fine(other), "{other}");
    }
}
