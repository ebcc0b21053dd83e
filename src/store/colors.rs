//! The user's rules for the colours of rows: `colors.toml` in the configuration folder. Read with the
//! workspace and watched like it.

use std::io::ErrorKind;
use std::path::Path;

use super::atomic;
use super::job::Overwrite;
use super::workspace::{Visit, Watched};
use crate::codec::color_rules;
use crate::model::color_rule::ColorRule;
use crate::model::failure::Failure;
use crate::named_file;

/// What messages call the file.
const NAME: &str = "colors.toml";
/// Longest file of rules, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The rules in the folder, none where there is no file; `visit` is told what has to be watched.
pub(super) fn read(folder: &Path, visit: Visit<'_>) -> Result<Vec<ColorRule>, Failure> {
    visit(Watched::Name(&folder.join(NAME)));
    color_rules::read(&text(folder)?, NAME)
}

fn text(folder: &Path) -> Result<String, Failure> {
    let file = folder.join(NAME);
    match named_file::read_our_text(&file, LONGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| atomic::failure(&file, &error)),
    }
}

/// Writes a rule more, before all others.
pub(super) fn add(folder: &Path, filter: &str, color: &str) -> Result<(), Failure> {
    let text = color_rules::with_rule(&text(folder)?, NAME, filter, color)?;
    atomic::make_folders(folder)?;
    atomic::write(&folder.join(NAME), text.as_bytes(), Overwrite::Replace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_written_into_the_file_and_read_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("config");
        let rules = |folder: &Path| read(folder, &mut |_| {}).unwrap();
        assert_eq!(rules(&folder), []);
        add(&folder, "status >= 500", "error").unwrap();
        add(&folder, "udp", "teal").unwrap();
        let filters: Vec<String> = rules(&folder).into_iter().map(|rule| rule.filter).collect();
        assert_eq!(filters, ["udp", "status >= 500"]);
        std::fs::write(folder.join(NAME), "[[rules]]\ncolor = 5\n").unwrap();
        let told = add(&folder, "tcp", "red").unwrap_err().to_string();
        assert!(told.contains("colors.toml:"), "{told}");
    }
}
