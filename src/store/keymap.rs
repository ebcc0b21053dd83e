//! The user's keymap file: `keymap.toml` in the configuration directory.
//!
//! Read once at start by the composition root; compiled by `app::keymap`. One table per context,
//! `"<C-g>" = "send"` per binding; an empty action unbinds the key.

use std::io::ErrorKind;

use super::paths::Paths;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::named_file;

/// Longest keymap; one with every action bound ten times has 60 KB.
const LIMIT: u64 = 1024 * 1024;

/// One line of the file: context, keys, name of the action.
pub type Binding = (String, String, String);

/// Reads the file; one that is not there binds nothing.
pub fn load(paths: &Paths) -> Result<Vec<Binding>, Failure> {
    let file = paths.config.join("keymap.toml");
    match named_file::read_our_text(&file, LIMIT) {
        Ok(text) => read(&text, &file.to_string_lossy()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(broken(&file.to_string_lossy(), &error.to_string())),
    }
}

fn broken(file: &str, cause: &str) -> Failure {
    Failure::new(Stage::Storage, file, FailureKind::Usage, cause)
        .hint("the keys of the program's own table are used")
}

fn read(text: &str, file: &str) -> Result<Vec<Binding>, Failure> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| broken(file, &error.to_string()))?;
    let mut bindings = Vec::new();
    for (context, keys) in table {
        let keys = keys
            .as_table()
            .ok_or_else(|| broken(file, &format!("'{context}' is not a table of keys")))?;
        for (key, action) in keys {
            let action = action
                .as_str()
                .ok_or_else(|| broken(file, &format!("{context}.{key} is not an action's name")))?;
            bindings.push((context.clone(), key.clone(), action.to_owned()));
        }
    }
    Ok(bindings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keymap_is_a_table_per_context() {
        let text = "[everywhere]\n\"<C-g>\" = \"send\"\n[\"outside text\"]\ng = \"\"\n";
        let bindings = read(text, "keymap.toml").unwrap();
        assert_eq!(bindings[0], ("everywhere".into(), "<C-g>".into(), "send".into()));
        assert_eq!(bindings[1].2, "");
    }

    #[test]
    fn a_broken_keymap_names_the_file_and_the_place() {
        let failure = read("[everywhere\n", "keymap.toml").unwrap_err();
        assert_eq!(failure.target, "keymap.toml");
        assert!(read("x = 1", "keymap.toml").unwrap_err().cause.contains("'x'"));
    }
}
