//! Circles of files: who imports whom, parents and children counted, and that panes and overlays
//! know nothing of each other.
//!
//! A file imports what it names by a path: in a `use`, behind `crate::`, `super::` or `self::`, or
//! as a child module. Of a path counts the deepest file it leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use crate::source::{assert_at_most, sources, split_commas};

/// Files of the largest circle.
const LARGEST: usize = 6;
/// Imports of one pane by another, of one overlay by another, and of a flow by an overlay that are
/// left: may only fall.
const SIDEWAYS: usize = 0;

/// A file as a path of modules: `["ui", "pane"]`; `main` is one of its own, the library has none.
type Module = Vec<String>;

static USE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\buse\s+([^;]+);").unwrap());
static ANCHORED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:crate|super|self)(?:::\w+)+").unwrap());
static PAIR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([a-z_]\w*)::(\w+)").unwrap());

/// For every file those it imports.
fn graph() -> BTreeMap<Module, BTreeSet<Module>> {
    let module = |name: &str| -> Module {
        let path = name.trim_end_matches(".rs");
        if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
    };
    let files: BTreeSet<Module> = sources().iter().map(|source| module(&source.name)).collect();
    sources()
        .iter()
        .map(|source| {
            let own = module(&source.name);
            let found = paths(&source.code)
                .iter()
                .filter_map(|path| resolve(&own, path, &files))
                .filter(|file| *file != own)
                .collect();
            (own, found)
        })
        .collect()
}

/// Every path the code names.
fn paths(code: &str) -> Vec<Module> {
    let mut found = Vec::new();
    for tree in USE.captures_iter(code) {
        expand(&[], &tree[1], &mut found);
    }
    let rest = USE.replace_all(code, "");
    let words = |text: &str| text.split("::").map(|word| word.trim().to_owned()).collect();
    found.extend(ANCHORED.find_iter(&rest).map(|path| words(path.as_str())));
    found.extend(PAIR.find_iter(&rest).map(|path| words(path.as_str())));
    found
}

/// The paths of a use tree.
fn expand(before: &[String], tree: &str, found: &mut Vec<Module>) {
    let tree = tree.trim();
    if let (Some(open), true) = (tree.find('{'), tree.ends_with('}')) {
        let mut path = before.to_vec();
        path.extend(
            tree[..open].split("::").map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned),
        );
        for part in split_commas(&tree[open + 1..tree.len() - 1]) {
            expand(&path, part, found);
        }
        return;
    }
    let tree = tree.split(" as ").next().unwrap_or_default();
    let words = tree.split("::").map(|word| word.trim().to_owned());
    found.push(before.iter().cloned().chain(words).collect());
}

/// The file a path leads to.
fn resolve(own: &[String], path: &[String], files: &BTreeSet<Module>) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let full: Module = match first.as_str() {
        "crate" => rest.to_vec(),
        "self" => [own, rest].concat(),
        "super" => {
            let ups = path.iter().take_while(|word| *word == "super").count();
            [&own[..own.len().saturating_sub(ups)], &path[ups..]].concat()
        }
        _ => {
            let child = [own, std::slice::from_ref(first)].concat();
            if !files.contains(&child) {
                return None;
            }
            [own, path].concat()
        }
    };
    (1..=full.len()).rev().map(|n| &full[..n]).find(|path| files.contains(*path)).map(<[_]>::to_vec)
}

/// Groups of files that import each other, round about or straight, the largest first.
fn circles(graph: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Vec<&Module>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        graph.keys().map(|file| (file, reached(graph, file))).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (file, reached) in &reach {
        if seen.contains(file) || !reached.contains(file) {
            continue;
        }
        let circle: Vec<&Module> =
            reached.iter().copied().filter(|other| reach[other].contains(file)).collect();
        seen.extend(circle.iter().copied());
        found.push(circle);
    }
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

fn reached<'a>(
    graph: &'a BTreeMap<Module, BTreeSet<Module>>,
    from: &Module,
) -> BTreeSet<&'a Module> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&Module> = graph[from].iter().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(&graph[file]);
        }
    }
    found
}

#[test]
fn files_do_not_import_each_other_in_large_circles() {
    let graph = graph();
    let circles = circles(&graph);
    let sizes: Vec<usize> = circles.iter().map(Vec::len).collect();
    let Some(largest) = circles.first() else { return };
    let files: Vec<String> = largest.iter().map(|file| file.join("/")).collect();
    assert_at_most(&format!("circles of {sizes:?} files, the largest"), &files, LARGEST);
}

#[test]
fn panes_and_overlays_know_neither_each_other_nor_a_flow() {
    let mut broken = Vec::new();
    for (file, imports) in &graph() {
        for import in imports {
            let same = |kind: &str| {
                let of =
                    |path: &Module| (path.len() > 2 && path[1] == kind).then(|| path[2].clone());
                matches!((of(file), of(import)), (Some(a), Some(b)) if a != b)
            };
            let is = |path: &Module, kind: &str| path.len() > 1 && path[1] == kind;
            let mixed = is(file, "overlay") && (is(import, "flow") || is(import, "pane"))
                || is(file, "pane") && (is(import, "flow") || is(import, "overlay"));
            if file[0] == import[0] && (same("pane") || same("overlay") || mixed) {
                broken.push(format!("{} imports {}", file.join("/"), import.join("/")));
            }
        }
    }
    assert_at_most("imports from side to side", &broken, SIDEWAYS);
}

#[test]
fn the_check_of_circles_can_fail() {
    let module = |path: &str| -> Module { path.split('/').map(str::to_owned).collect() };
    let set =
        |names: &[&str]| -> BTreeSet<String> { names.iter().map(ToString::to_string).collect() };
    let files: BTreeSet<Module> = ["a", "a/b", "a/c", "d"].map(module).into();
    let found = |own: &str, code: &str| -> BTreeSet<String> {
        let own = module(own);
        let paths = paths(code);
        let files = paths.iter().filter_map(|path| resolve(&own, path, &files));
        files.map(|file| file.join("/")).collect()
    };
    assert_eq!(found("a/b", "use super::{Thing, c::Other};"), set(&["a", "a/c"]));
    assert_eq!(found("a", "fn x() { b::run(); crate::d::y(); std::mem::z() }"), set(&["d", "a/b"]));
    let edges = [("a", "a/b"), ("a/b", "a"), ("a/c", "a"), ("d", "a")];
    let mut graph: BTreeMap<Module, BTreeSet<Module>> =
        files.iter().map(|file| (file.clone(), BTreeSet::new())).collect();
    for (from, to) in edges {
        graph.get_mut(&module(from)).unwrap().insert(module(to));
    }
    let sizes: Vec<usize> = circles(&graph).iter().map(Vec::len).collect();
    assert_eq!(sizes, [2]);
}
