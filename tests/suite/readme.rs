//! The README's key list is generated from the action table.
//!
//! `UPDATE_README=1 cargo test readme` writes it anew.

use std::fmt::Write as _;
use std::fs;

use wirebench::app::action::{Category, TABLE};
use wirebench::app::keymap::show;
use wirebench::model::key::Key;

const OPEN: &str = "<!-- keys: generated from the action table, checked by a test -->\n";
const CLOSE: &str = "<!-- /keys -->";

fn key_list() -> String {
    let mut text = String::new();
    for category in Category::ALL {
        let _ =
            write!(text, "\n**{}**\n\n| keys | where | what |\n|---|---|---|\n", category.title());
        for row in TABLE.iter().filter(|row| row.category == category && !row.keys.is_empty()) {
            let mut by_context: Vec<(&str, Vec<String>)> = Vec::new();
            for (context, keys) in row.keys {
                let keys =
                    format!("`{}`", show(&Key::parse_run(keys).unwrap()).replace('|', "\\|"));
                match by_context.iter_mut().find(|(name, _)| *name == context.name()) {
                    Some((_, list)) => list.push(keys),
                    None => by_context.push((context.name(), vec![keys])),
                }
            }
            for (context, keys) in by_context {
                let _ = writeln!(text, "| {} | {context} | {} |", keys.join(" "), row.help);
            }
        }
    }
    text.push('\n');
    text
}

#[test]
fn the_readme_lists_the_keys_of_the_action_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(path).unwrap();
    let start = readme.find(OPEN).expect("the README has a key list") + OPEN.len();
    let end = readme[start..].find(CLOSE).expect("the key list ends") + start;
    let wanted = key_list();
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(path, format!("{}{wanted}{}", &readme[..start], &readme[end..])).unwrap();
    } else {
        assert!(readme[start..end] == wanted, "run: UPDATE_README=1 cargo test readme");
    }
}
