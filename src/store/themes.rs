//! The user's theme files: `themes/NAME.toml` in the configuration folder.
//!
//! Read with the workspace and watched like it. A file that cannot be read is told with its place;
//! the others are as good as without it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::atomic;
use super::workspace::{Visit, Watched};
use crate::codec::theme_file;
use crate::model::name_order::by_name;
use crate::model::theme::StoredTheme;
use crate::named_file;

/// Themes that are looked at, by name; nobody has so many.
const MOST: usize = 200;
/// Longest theme, in bytes; one that names every role has 2 KB.
const LONGEST: u64 = 64 * 1024;

/// The themes in the folder, sorted by name; `visit` is told what has to be watched.
pub(super) fn scan(folder: &Path, visit: Visit<'_>) -> Vec<StoredTheme> {
    visit(Watched::Name(folder));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let content = Err(atomic::failure(folder, &error));
            return vec![StoredTheme { name: String::new(), content }];
        }
    };
    visit(Watched::Folder(folder));
    let mut files: Vec<(String, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_suffix(".toml")?;
            (!name.starts_with('.')).then(|| (name.to_owned(), entry.path()))
        })
        .collect();
    files.sort_by(|one, other| by_name(&one.0, &other.0));
    files.truncate(MOST);
    files.into_iter().map(|(name, path)| read(name, &path, visit)).collect()
}

fn read(name: String, path: &Path, visit: Visit<'_>) -> StoredTheme {
    if path.is_symlink() {
        visit(Watched::Name(path));
    }
    let content = named_file::read_our_text(path, LONGEST)
        .map_err(|error| atomic::failure(path, &error))
        .and_then(|text| theme_file::read(&text, &format!("themes/{name}.toml")));
    StoredTheme { name, content }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn themes_are_read_by_name_and_a_broken_one_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let themes = folder.path().join("themes");
        let mut watched = 0;
        assert_eq!(scan(&themes, &mut |_| watched += 1), []);
        assert_eq!(watched, 1, "it may come");
        fs::create_dir(&themes).unwrap();
        for (name, text) in [
            ("b.toml", "[roles]\ntext = 15\n"),
            ("a.toml", "[roles]\n\ntxt = 15\n"),
            (".swp.toml", "x"),
            ("notes.txt", "x"),
        ] {
            fs::write(themes.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink("b.toml", themes.join("c.toml")).unwrap();
        let found = scan(&themes, &mut |_| {});
        let names: Vec<&str> = found.iter().map(|theme| theme.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let broken = found[0].content.as_ref().unwrap_err().to_string();
        assert!(broken.contains("themes/a.toml:3") && broken.contains("'text'"), "{broken}");
        assert_eq!(found[1].content, found[2].content);
    }
}
