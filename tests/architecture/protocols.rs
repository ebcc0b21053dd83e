//! Capabilities decide: outside `model` and `compose` nobody compares a protocol or a side, picks
//! one kind of spec or plan out of all, or matches them with an arm for the rest.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use regex::Regex;

use crate::source::{assert_none, chapter, closing, file_names, layer, root, sources};

/// Where two protocols or sides are compared because that is what is asked, and why.
const ASKED: [(&str, &str); 9] = [
    ("query/expr.rs", "conn.protocol =="), // A filter names a protocol.
    ("query/expr.rs", "conn.side =="),     // A filter names a side.
    ("cli/target.rs", "spec.side() =="),   // `send` and `listen` want presets of their side.
    ("args.rs", "spec.side() =="),         // The help of either lists the options of its side.
    ("ui/header_footer.rs", "protocol =="), // The mode of the draft is marked among all.
    // Only a request is shown instead of sent, is a download, or takes the body that is piped in.
    ("cli/send.rs", "match plan.as_http()"),
    ("cli/send.rs", "if let (Some(_), Some(request)) = (&download, spec.as_http_mut()"),
    ("cli/send.rs", "if let (Some(download), Some(plan)) = (download, plan.as_http_mut()"),
    (
        "cli/send.rs",
        "if let (Some(StdinBody::Bytes(bytes)), Some(request)) = (raw, spec.as_http_mut()",
    ),
];

static COMPARISON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"[!=]= *&?(?:\w+::)*(?:Protocol|Side)::\w+|\b(?:Protocol|Side)::\w+ *[!=]=|",
        r"(?:\w+\.)?\b(?:protocol|side)(?:\(\))? *[!=]=|",
        r"\blet [^=;{]*\b(?:Spec|Plan|Protocol|Side)::[A-Z]\w+\b[^=;]*=|",
        r"\bmatches!\((?:[^()]|\([^()]*\))*?\b(?:Spec|Plan|Protocol|Side)::\w+|",
        // A comparison in other words.
        r"as_http(?:_listener|_mut)?\(\)\.is_(?:some|none)\w*\(|",
        r"\bmatch [^;{]*\bas_http(?:_listener|_mut)?\(\)|",
        r"(?:\b(?:if|while)|&&|\|\|) let [^;{]*\bas_http(?:_listener|_mut)?\(\)"
    ))
    .unwrap()
});
static KIND: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:Spec|Plan|Protocol)::[A-Z]").unwrap());
static SIDE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bSide::[A-Z]").unwrap());
static MATCH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bmatch\b").unwrap());
/// A pattern that takes whatever is left.
static REST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b_\b|^\(?[a-z]\w*\b(?: *[,)]|$)|\b(?:Some|Ok)\([a-z_]\w*\)").unwrap()
});

#[test]
fn nobody_compares_a_protocol() {
    let mut broken =
        outside(|code| COMPARISON.find_iter(code).map(|found| found.as_str().to_owned()).collect());
    for (file, what) in ASKED {
        assert!(broken.contains(&format!("{file}: {what}")), "{file} asks no more: {what}");
    }
    broken.retain(|found| !ASKED.iter().any(|(file, what)| *found == format!("{file}: {what}")));
    assert_none("comparisons with a protocol or a side", &broken);
}

#[test]
fn nobody_matches_a_protocol_with_an_arm_for_the_rest() {
    assert_none("matches with an arm for the rest", &outside(|code| wildcards(code, &KIND)));
}

/// So that a side that is added is asked about wherever sides are told apart.
#[test]
fn nobody_matches_a_side_with_an_arm_for_the_rest() {
    assert_none("matches with an arm for other sides", &outside(|code| wildcards(code, &SIDE)));
}

/// What is found in the files outside `model` and `compose`.
fn outside(find: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let files = sources().iter().filter(|source| !["model", "compose"].contains(&layer(source)));
    files
        .flat_map(|source| {
            let found = find(&source.code).into_iter();
            found.map(|code| {
                let line: Vec<&str> = code.split_whitespace().collect();
                format!("{}: {}", source.name, line.join(" "))
            })
        })
        .collect()
}

/// Matches that name what `named` finds in one arm and take the rest in another.
fn wildcards(code: &str, named: &Regex) -> Vec<String> {
    let mut found = Vec::new();
    for start in MATCH.find_iter(code).map(|found| found.start()) {
        let Some(arms) = arms(&code[start..]) else { continue };
        let (kinds, others): (Vec<&str>, Vec<&str>) =
            arms.into_iter().partition(|pattern| named.is_match(pattern));
        if let (Some(kind), Some(rest)) =
            (kinds.first(), others.iter().find(|other| REST.is_match(other)))
        {
            found.push(format!("{kind} … {rest} =>"));
        }
    }
    found
}

/// The patterns of a match's arms, without their guards.
fn arms(code: &str) -> Option<Vec<&str>> {
    let open = code.find('{')?;
    let body = &code[open + 1..open + closing(&code[open..])?];
    let mut patterns = Vec::new();
    let mut rest = body;
    while let Some(arrow) = at_top(rest, "=>") {
        let pattern = rest[..arrow].trim();
        patterns.push(pattern.split(" if ").next().unwrap_or_default().trim());
        rest = rest[arrow + 2..].trim_start();
        rest = if rest.starts_with('{') {
            let end = closing(rest)?;
            rest[end + 1..].trim_start().trim_start_matches(',')
        } else {
            at_top(rest, ",").map_or("", |end| &rest[end + 1..])
        };
    }
    Some(patterns)
}

/// The first place of a mark that stands in no bracket.
fn at_top(text: &str, mark: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        if depth == 0 && text[at..].starts_with(mark) {
            return Some(at);
        }
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Whether a match has an arm for every kind: the compiler names it when there is one more.
fn names_every_kind(code: &str) -> bool {
    MATCH.find_iter(code).filter_map(|found| arms(&code[found.start()..])).any(|arms| {
        let (kinds, others): (Vec<&str>, Vec<&str>) =
            arms.into_iter().partition(|pattern| KIND.is_match(pattern));
        // `Plan::Udp(UdpPlan { .. })` takes all of its kind, `(Plan::Udp(_), other)` is one of many.
        !kinds.is_empty() && !others.iter().any(|other| REST.is_match(other))
    })
}

/// Most production files that a protocol may cost.
const MOST: usize = 20;
static MARKED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"• `([\w/]+\.rs)`").unwrap());

/// The table of ARCHITECTURE.md has every file that the compiler names for a new protocol, marked,
/// and the recipe in CONTRIBUTING.md leads through all of the table.
#[test]
fn the_files_of_a_protocol_are_those_of_the_table() {
    let table = chapter("ARCHITECTURE.md", "A protocol, file by file");
    // A listener's file stands behind the word: the count is that of a client.
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with('|')).collect();
    let all: BTreeSet<String> =
        rows.iter().flat_map(|row| file_names(row.split('|').nth(1).unwrap_or_default())).collect();
    let marked: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| MARKED.captures_iter(row))
        .map(|found| found[1].to_owned())
        .collect();
    let named: BTreeSet<String> = sources()
        .iter()
        .filter(|source| names_every_kind(&source.code))
        .map(|source| source.name.clone())
        .collect();
    assert_eq!(named, marked, "files with a match over all kinds, and those marked in the table");
    // Its own file in `engine/client/` has no name yet.
    assert!(all.len() < MOST, "{} files and its own: {all:?}", all.len());
    let recipe = chapter("CONTRIBUTING.md", "Add a protocol");
    let missing: Vec<_> =
        all.iter().filter(|file| !recipe.contains(&format!("src/{file}"))).collect();
    assert!(missing.is_empty(), "not in the recipe of CONTRIBUTING.md: {missing:?}");
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let (_, list) = map.split_once("A protocol stands in").unwrap();
    let (list, _) = list.split_once("What it is to each").unwrap();
    assert_eq!(file_names(list), all, "the files of lib.rs, and those of the table");
}

#[test]
fn the_checks_of_protocols_can_fail() {
    let code = "match spec { Spec::Http(a) if a => { x(), y } Spec::Tcp(_) => f(1, 2), _ => 3 }";
    assert_eq!(wildcards(code, &KIND).len(), 1);
    let all = "match spec { Some(Spec::Http(_) | Spec::Tcp(_)) => 1, None => 2 }";
    assert_eq!(wildcards(all, &KIND).len(), 0);
    assert!(names_every_kind(all) && !names_every_kind(code));
    let pair = "match (spec, live) { (Spec::Http(_), true) => 1, (spec, true) => 2 }";
    assert_eq!(wildcards(pair, &KIND).len(), 1);
    let side = "match (side, shown) { (_, None) => 1, (Side::Client, Some(_)) => 2 }";
    assert_eq!(wildcards(side, &SIDE).len(), 1);
    for compared in [
        "if a == Protocol::Tcp {}",
        "if let Spec::Http(x) = y {}",
        "let Some(Spec::Http(x)) = y else {};",
        "matches!(x, Spec::Http(_))",
        "if session.side() == Side::Client {}",
        "if one.protocol() == other.protocol() {}",
        "if spec.as_http().is_none() {}",
        "spec.as_http_listener().is_some()",
        "plan.as_http().is_some_and(|plan| f(plan))",
        "match (spec.as_http(), spec.side().listens()) {}",
        "if let (Some(a), Some(b)) = (a.as_http_listener(), b.as_http_listener()) {}",
        "if a && let Some(http) = spec.as_http_mut() {}",
    ] {
        assert!(COMPARISON.is_match(compared), "{compared}");
    }
}
