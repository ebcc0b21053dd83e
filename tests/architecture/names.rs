//! One name per type, no tuples for parameters, a sentence for what others use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::source::{Source, assert_none, closing, sources, split_commas};

static TYPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*(pub(?:\([^)]*\))? )?(?:struct|enum|trait|type|union) (\w+)").unwrap()
});
static ITEM: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*pub(?:\([^)]*\))? (?:const |async )*(?:fn|struct|enum|trait|type|union) (\w+)")
        .unwrap()
});
static FUNCTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bfn (\w+)").unwrap());
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[A-Za-z_]\w*").unwrap());

#[test]
fn no_public_type_name_means_two_things() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources() {
        for found in TYPE.captures_iter(&source.code).filter(|found| found.get(1).is_some()) {
            places.entry(found[2].to_owned()).or_default().push(source.name.clone());
        }
    }
    let twice: Vec<String> = places
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect();
    assert_none("types of one name", &twice);
}

/// What a group of three means is a struct with three names.
#[test]
fn no_parameter_is_a_tuple_of_three() {
    let broken: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            wide_tuples(&source.code).into_iter().map(|name| format!("{}: fn {name}", source.name))
        })
        .collect();
    assert_none("parameters that are tuples of three or more", &broken);
}

/// Names of functions with a parameter that is a tuple of three or more.
fn wide_tuples(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for function in FUNCTION.captures_iter(code) {
        let rest = &code[function.get(0).unwrap().end()..];
        let Some(open) = rest.find('(') else { continue };
        let Some(close) = closing(&rest[open..]) else { continue };
        let parameters = split_commas(&rest[open + 1..open + close]);
        let wide = |parameter: &&str| {
            let kind = split_pattern(parameter).trim_start_matches(['&', ' ']);
            let kind = kind.strip_prefix("mut ").unwrap_or(kind);
            kind.starts_with('(')
                && closing(kind).is_some_and(|end| split_commas(&kind[1..end]).len() > 2)
        };
        if parameters.iter().any(wide) {
            found.push(function[1].to_owned());
        }
    }
    found
}

/// The type of a parameter: what follows the colon after its pattern.
fn split_pattern(parameter: &str) -> &str {
    let start = if parameter.starts_with('(') { closing(parameter).unwrap_or(0) } else { 0 };
    parameter[start..].split_once(": ").map_or("", |(_, kind)| kind)
}

#[test]
fn what_others_use_has_its_sentence() {
    let words: Vec<BTreeSet<&str>> = sources()
        .iter()
        .map(|source| WORD.find_iter(&source.code).map(|word| word.as_str()).collect())
        .collect();
    let mut broken = Vec::new();
    for (at, source) in sources().iter().enumerate() {
        for name in without_sentence(source) {
            let used = words
                .iter()
                .enumerate()
                .any(|(other, words)| other != at && words.contains(name.as_str()));
            if used {
                broken.push(format!("{}: {name}", source.name));
            }
        }
    }
    assert_none("without a sentence", &broken);
}

/// Items for others with no `///` above them; attributes may stand between.
fn without_sentence(source: &Source) -> Vec<String> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(item) = ITEM.captures(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let above = lines[..at].iter().rev().find(|above| {
            let trimmed = above.trim_start();
            let is_attribute = trimmed.starts_with("#[")
                || trimmed.starts_with(")]")
                || above.len() - trimmed.len() > indent;
            !is_attribute
        });
        if !above.is_some_and(|above| above.trim_start().starts_with("///")) {
            found.push(item[1].to_owned());
        }
    }
    found
}

#[test]
fn the_checks_of_names_can_fail() {
    let code = "fn a(x: (u8, u8)) {}\nfn b((p, q, r): (u8, Vec<(u8, u8)>, &mut [u8])) {}\n\
                fn c(f: impl Fn(u8, u8, u8) -> (u8, u8, u8)) {}\nfn d(\n    x: &(A, B, C),\n) {}\n";
    assert_eq!(wide_tuples(code), ["b", "d"]);
    let text =
        "/// Yes.\n#[derive(Debug)]\npub struct A;\npub(crate) fn b() {}\n    pub fn c() {}\n";
    let source = Source {
        name: String::new(),
        text: text.to_owned(),
        code: String::new(),
        test_lines: 0,
        header: false,
    };
    assert_eq!(without_sentence(&source), ["b", "c"]);
}
