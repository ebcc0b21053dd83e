//! Writing what was imported: presets, what folders say of them, environments with their secrets.
//!
//! Everything is planned before the first file is written, and nothing that is there is replaced. Called by
//! the command line on a thread that may wait.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use toml_edit::{DocumentMut, Item, Table};

use super::job::{Overwrite, Workspace};
use super::preset_files::{file_of, locked};
use super::{atomic, environment_files, folders, inside, preset, workspace};
use crate::interop::import::{
    ImportPlace, ImportPlan, ImportTree, PlannedFolder, PlannedPreset, plan,
};
use crate::model::counts::counted_were;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::PresetPath;

/// Where an import goes, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportChoice {
    /// The folder; `None` = one of its own.
    pub into: Option<PresetPath>,
    /// The environment that takes credentials.
    pub environment: Option<String>,
    /// Plans and writes nothing.
    pub is_dry: bool,
}

/// Writes what was read of other tools' files into the workspace.
///
/// # Errors
/// What stood in the way, and how much had been written by then.
pub(crate) fn take_in(
    root: &Path,
    trees: Vec<ImportTree>,
    choice: &ImportChoice,
) -> Result<ImportPlan, Failure> {
    let _lock = if choice.is_dry { None } else { Some(locked(root)?) };
    let place = place(&workspace::scan(root), choice);
    let planned = plan(trees, &place).map_err(|cause| {
        Failure::new(Stage::Compose, "--into", FailureKind::Usage, cause)
            .hint("choose a folder with a shorter name, nearer to the root")
    })?;
    if choice.is_dry {
        return Ok(planned);
    }
    for (count, imported) in planned.presets.iter().enumerate() {
        write_preset(root, imported).map_err(|failure| match count {
            0 => failure,
            count => failure.hint(format!(
                "{} written before it, and stay",
                counted_were(count as u64, "preset")
            )),
        })?;
    }
    for folder in &planned.folders {
        write_folder(root, folder)?;
    }
    for it in &planned.environments {
        environment_files::take_in(root, &it.name, &it.variables, &it.secrets)?;
    }
    Ok(planned)
}

/// What is there already.
fn place(workspace: &Workspace, choice: &ImportChoice) -> ImportPlace {
    let environments = workspace.environments.iter();
    let secrets = |secrets: &BTreeMap<String, String>| secrets.clone();
    let folders = workspace.folders.iter().cloned();
    let defaults = workspace.defaults.iter().map(|it| it.folder.clone());
    ImportPlace {
        into: choice.into.clone(),
        environment: choice.environment.clone(),
        presets: workspace.presets.iter().map(|stored| stored.path.clone()).collect(),
        folders: folders.chain(defaults).filter(|folder| !folder.is_empty()).collect(),
        environments: environments.map(|it| (it.name.clone(), secrets(&it.secrets))).collect(),
    }
}

fn write_preset(root: &Path, imported: &PlannedPreset) -> Result<(), Failure> {
    let PlannedPreset { preset, notes } = imported;
    let text = with_notes(preset::write(preset, None), notes);
    if text.len() as u64 > preset::PRESET_LIMIT {
        return Err(workspace::too_large(preset.path.as_str(), preset::PRESET_LIMIT));
    }
    // What could not be read again is none of the user's trouble to find.
    preset::read(&text, &preset.path)?;
    let file = inside::target(root, &file_of(root, &preset.path))?;
    atomic::make_folders(file.parent().unwrap_or(root))?;
    atomic::write(&file, text.as_bytes(), Overwrite::Refuse)
}

/// A text with comments behind it.
fn with_notes(mut text: String, notes: &[String]) -> String {
    for note in notes {
        if !text.is_empty() {
            text.push('\n');
        }
        for line in note.lines() {
            // A comment holds no control character but a tab.
            let line = line.replace(|c: char| c.is_control() && c != '\t', " ");
            let _ = writeln!(text, "# {line}");
        }
    }
    text
}

/// Adds variables, an order and comments to what the file of a folder says, and changes nothing of it.
fn write_folder(root: &Path, planned: &PlannedFolder) -> Result<(), Failure> {
    let (file, before) = folders::read(root, &planned.folder)?;
    let name = folders::name_of(&planned.folder);
    let mut order = super::environment::defaults(&before, &name)?.order;
    let had_order = !order.is_empty() || before.is_empty();
    let malformed = |error: toml_edit::TomlError| {
        atomic::refusal(&name, FailureKind::Malformed, error.message().to_owned())
    };
    let mut document: DocumentMut = before.parse().map_err(malformed)?;
    if had_order && planned.order.len() > 1 {
        for entry in &planned.order {
            if !order.contains(entry) {
                order.push(entry.clone());
            }
        }
        document["order"] = toml_edit::value(folders::array(&order));
    }
    if !planned.variables.is_empty() {
        let vars = document.entry("vars").or_insert(Item::Table(Table::new()));
        if let Some(vars) = vars.as_table_like_mut() {
            for (name, value) in &planned.variables {
                if !vars.contains_key(name) {
                    vars.insert(name, toml_edit::value(value.as_str()));
                }
            }
        }
    }
    let text = preset::with_line_ends_of(&before, with_notes(document.to_string(), &planned.notes));
    super::environment::defaults(&text, &name)?;
    if text.trim().is_empty() || text == before {
        return Ok(());
    }
    atomic::make_folders(file.parent().unwrap_or(root))?;
    atomic::write(&file, text.as_bytes(), Overwrite::Replace)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::interop::import::{ImportFile, import};
    use crate::store::store_tests::with;

    fn trees(text: &str) -> Vec<ImportTree> {
        let file = ImportFile { name: "x.json".into(), inside: None, bytes: text.into() };
        import(&[file], None).unwrap()
    }

    const SHOP: &str = r#"{"info":{"name":"Shop","description":"All.\u0007\nTwo"},
        "variable":[{"key":"base","value":"http://h"},{"key":"api_key","value":"k-123456"}],
        "item":[{"name":"b","request":{"url":"{{base}}/b","header":[{"key":"X","value":"{{api_key}}"}]},
          "event":[{"listen":"test","script":{"exec":"pm.\u001b[2J\ntest()"}}]},
         {"name":"f","item":[{"name":"x","request":"http://ann:pw-12345@h/"}]},
         {"name":"a","request":"http://h/a"}]}"#;

    #[test]
    fn a_collection_is_written_once_and_never_over_what_is_there() {
        let root = with(&[("env/dev.toml", "host = \"h\"\n"), ("Shop/keep.toml", "[http]\n")]);
        let at = root.path();
        let dry = ImportChoice { is_dry: true, ..ImportChoice::default() };
        let planned = take_in(at, trees(SHOP), &dry).unwrap();
        assert_eq!(planned.presets.len(), 3);
        assert!(!at.join("Shop-2").exists(), "nothing is written");
        let made = take_in(at, trees(SHOP), &ImportChoice::default()).unwrap();
        assert_eq!(made, planned);
        let read = |name: &str| fs::read_to_string(at.join(name)).unwrap();
        let b = read("Shop-2/b.toml");
        assert!(b.contains("{{secret.api_key}}") && b.contains("# test()"), "{b}");
        assert!(!b.contains('\u{1b}'), "{b}");
        let defaults = read("Shop-2/_defaults.toml");
        let order = "order = [\n  \"b\",\n  \"f/\",\n  \"a\",\n]\n";
        assert!(defaults.contains(order) && defaults.contains("base = \"http://h\""), "{defaults}");
        assert!(defaults.contains("# Two") && !defaults.contains("k-123456"), "{defaults}");
        assert!(read("Shop-2/f/x.toml").contains("ann:{{secret.password}}@h"));
        let secret = read("env/dev.secret.toml");
        assert!(secret.contains("k-123456") && secret.contains("pw-12345"), "{secret}");
        assert!(read("env/.gitignore").contains("*.secret.toml"));
        assert_eq!(read("env/dev.toml"), "host = \"h\"\n");
        let workspace = workspace::scan(at);
        assert!(workspace.problems.is_empty(), "{:?}", workspace.problems);
        assert!(workspace.presets.iter().all(|stored| stored.content.is_ok()));
    }

    #[test]
    fn what_a_folder_says_already_stays() {
        let text = "# mine\norder = [\"z\"]\n\n[vars]\nbase = \"http://mine\" # kept\n";
        let root = with(&[("api/_defaults.toml", text)]);
        let into = Some(PresetPath::parse_folder("api").unwrap());
        let choice = ImportChoice { into, environment: Some("prod".into()), is_dry: false };
        take_in(root.path(), trees(SHOP), &choice).unwrap();
        let written = fs::read_to_string(root.path().join("api/_defaults.toml")).unwrap();
        assert!(written.contains("base = \"http://mine\" # kept"), "{written}");
        assert!(written.starts_with("# mine\norder = [\n  \"z\",\n  \"b\""), "{written}");
        assert!(root.path().join("env/prod.secret.toml").exists());
        take_in(root.path(), trees(SHOP), &choice).unwrap();
        assert!(root.path().join("api/b-2.toml").exists());
    }

    #[test]
    fn no_link_leads_an_import_out_of_the_workspace() {
        let outside = tempfile::tempdir().unwrap();
        let root = with(&[("a.toml", "[http]\n")]);
        std::os::unix::fs::symlink(outside.path(), root.path().join("api")).unwrap();
        let into = Some(PresetPath::parse_folder("api").unwrap());
        let choice = ImportChoice { into, ..ImportChoice::default() };
        assert!(take_in(root.path(), trees(SHOP), &choice).is_err());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
