//! The command lines that help, README and chapters show are ones the program reads.

use std::fs;
use std::path::Path;

use super::*;

/// The words of a command line up to its comment or pipe: single and double quotes as in a shell.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => words.push(String::new()),
            (c, _) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| ["#", "|", "<"].contains(&word.as_str()));
    words.truncate(end.unwrap_or(words.len()));
    words
}

/// The command lines in the blocks of the README and its chapters that are shell.
fn of_the_chapters() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chapters = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut lines = Vec::new();
    for path in chapters.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&path).unwrap();
        for open in ["```sh\n", "```console\n"] {
            let blocks = text.split(open).skip(1).map(|rest| rest.split_once("```").unwrap().0);
            let all = blocks.flat_map(str::lines).map(|line| line.trim_start_matches("$ "));
            lines.extend(all.filter(|line| !line.starts_with("cargo ")).map(str::to_owned));
        }
    }
    lines
}

#[test]
fn the_command_lines_in_the_chapters_are_read() {
    let lines = of_the_chapters();
    assert!(lines.len() >= 50, "{lines:?}");
    for line in lines {
        let words = words(&line);
        assert_eq!(words[0], "wirebench", "{line}");
        let read = Arguments::try_parse_from(&words);
        assert!(read.is_ok_and(|read| read.command.is_some()), "{line}");
    }
}

#[test]
fn words_are_those_of_a_shell() {
    let line = r#"wirebench relay :1 a:2 --fault 'delay=1s when="path contains /x"' # why"#;
    let wanted =
        ["wirebench", "relay", ":1", "a:2", "--fault", r#"delay=1s when="path contains /x""#];
    assert_eq!(words(line), wanted);
}
