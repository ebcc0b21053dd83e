//! Numbers in sentences: a noun stands in the number of what it counts ("1 byte").

use regex::Regex;

use crate::source::{assert_at_most, layer, sources};

/// Floors whose sentences are looked at.
const FLOORS: [&str; 3] = ["engine", "cli", "store"];

#[test]
fn a_number_before_a_plural_is_written_by_counted() {
    let nouns = "bytes|records|lines|requests|connections|messages|entries|datagrams|exchanges|\
                 packets|redirects|presets|files|peers|rules";
    let plural = Regex::new(&format!(r"\{{[a-z_.]*\}} (?:{nouns})\b")).unwrap();
    let mut found = Vec::new();
    for source in sources().iter().filter(|it| FLOORS.contains(&layer(it))) {
        let lines = source.text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        let broken = lines.filter(|line| plural.is_match(line));
        found.extend(broken.map(|line| format!("{}: {line}", source.name)));
    }
    // Those that are left are never one.
    assert_at_most("write `counted(number, \"byte\")` of model::counts", &found, 7);
}
