//! What the texts of the repository lead to is there: files, headings and chapters.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The chapters.
fn chapters() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(ROOT).join("docs")).unwrap();
    let mut chapters: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    chapters.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    chapters.sort();
    assert!(chapters.len() >= 10, "{chapters:?}");
    chapters
}

/// All texts that lead somewhere.
fn texts() -> Vec<PathBuf> {
    let more = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "BOUNDS.md", "CHANGELOG.md"];
    let more = more.iter().chain(&["benches/README.md", "assets/daily-jobs.md"]);
    chapters().into_iter().chain(more.map(|name| Path::new(ROOT).join(name))).collect()
}

/// The lines that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// Where a text leads, code left out.
fn targets(text: &str) -> Vec<String> {
    let prose = prose(text).collect::<Vec<_>>().join("\n");
    let prose: Vec<&str> = prose.split('`').step_by(2).collect();
    let prose = prose.join("");
    let ends = prose.split("](").skip(1);
    ends.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The names by which a browser finds the headings of a text: small letters, digits and hyphens, a number behind those
/// that were there before.
fn headings(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in prose(text).filter(|line| line.starts_with('#')) {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let title: String = title
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect();
        let again = (1..).map(|n| format!("{title}-{n}"));
        let name = std::iter::once(title.clone()).chain(again).find(|name| !names.contains(name));
        names.insert(name.unwrap());
    }
    names
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in texts() {
        let text = fs::read_to_string(&file).unwrap();
        for target in targets(&text).into_iter().filter(|target| !target.contains("://")) {
            seen += 1;
            let (path, heading) = target.split_once('#').unwrap_or((&target, ""));
            let there = match path {
                "" => file.clone(),
                path => file.parent().unwrap().join(path),
            };
            let is_there = there.exists()
                && (heading.is_empty()
                    || headings(&fs::read_to_string(&there).unwrap()).contains(heading));
            if !is_there {
                wrong.push(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(seen >= 50, "only {seen} links were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_readme_leads_to_every_chapter() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let targets = targets(&readme);
    for chapter in chapters() {
        let name = format!("docs/{}", chapter.file_name().unwrap().to_str().unwrap());
        assert!(targets.contains(&name), "{name} is not in the README");
    }
}

#[test]
fn the_files_that_readme_and_chapters_name_are_there() {
    let ours = ["assets/", "benches/", "docs/", "src/", "tests/", ".ci/"];
    let readme = Path::new(ROOT).join("README.md");
    let mut seen = 0;
    for file in chapters().into_iter().chain([readme]) {
        let text = fs::read_to_string(&file).unwrap();
        let prose = prose(&text).collect::<Vec<_>>().join("\n");
        for span in prose.split('`').skip(1).step_by(2) {
            if ours.iter().any(|folder| span.starts_with(folder)) {
                seen += 1;
                assert!(Path::new(ROOT).join(span).exists(), "{}: {span}", file.display());
            }
        }
    }
    assert!(seen >= 2, "only {seen} files were found");
}

#[test]
fn headings_are_found_as_browsers_find_them() {
    let text =
        "# The `exec` of it\n## Limits, honestly\n```sh\n# no heading\n```\n## Keys\n### Keys\n";
    let wanted = ["keys", "keys-1", "limits-honestly", "the-exec-of-it"];
    assert_eq!(headings(text).into_iter().collect::<Vec<_>>(), wanted);
    assert_eq!(targets("[a](b.md#c) `[x](y)` [`d`](#e)"), ["b.md#c", "#e"]);
}
