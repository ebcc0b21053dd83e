//! How large things may be, that they say what they are for, and how much of all is tests.

use std::fs;
use std::path::Path;

use crate::source::{assert_none, below, code_lines, functions, is_test_file, root, sources};

/// A longer file has more than one concern. Production lines, without comments and blank ones.
const FILE_LINES: usize = 500;
/// Half of the files are shorter.
const MEDIAN_LINES: usize = 150;
/// Lines of a function, signature and braces not counted.
const FUNCTION_LINES: usize = 60;
/// Tests among all lines of code, in percent.
const TESTS_PERCENT: usize = 33;

#[test]
fn files_and_functions_stay_small_and_say_what_they_are_for() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines = source.lines();
        if lines > FILE_LINES {
            broken.push(format!("{} has {lines} lines", source.name));
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

#[test]
fn half_of_the_files_are_short() {
    let mut lines: Vec<usize> = sources().iter().map(crate::source::Source::lines).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= MEDIAN_LINES, "the median file has {median} lines");
}

#[test]
fn a_third_of_the_code_is_tests() {
    let production: usize = sources().iter().map(crate::source::Source::lines).sum();
    let beside: usize = sources().iter().map(|source| source.test_lines).sum();
    let lines = |path| code_lines(&fs::read_to_string(path).unwrap());
    let own = below(&root().join("src"), "rs")
        .into_iter()
        .filter(|path| is_test_file(&path.to_string_lossy()))
        .chain(below(&root().join("tests"), "rs"))
        .map(lines)
        .sum::<usize>();
    let tests = beside + own;
    let percent = tests * 100 / (tests + production);
    assert!(
        percent >= TESTS_PERCENT,
        "{tests} lines of tests for {production} of production are {percent} %"
    );
}
