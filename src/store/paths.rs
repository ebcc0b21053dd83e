//! Where things live.
//!
//! Presets in `.wirebench/` of the current project when there is one, else in the data folder;
//! history and drafts in the state folder; configuration in the config folder (XDG on every
//! system); everything under one folder with `--home DIR` or `WIREBENCH_HOME`. Only names are
//! worked out here: nothing is created.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::model::failure::{Failure, FailureKind, Stage};

/// Folder of a project that holds its presets.
pub const PROJECT_FOLDER: &str = ".wirebench";

/// The folders in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Presets, folder defaults and environments.
    pub workspace: PathBuf,
    /// Configuration, keymap, themes.
    pub config: PathBuf,
    /// What belongs to the installation: the certificate authority.
    pub data: PathBuf,
    /// History, drafts, logs.
    pub state: PathBuf,
}

/// What the system tells about this process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessEnv {
    pub current: PathBuf,
    pub home: Option<PathBuf>,
    pub variables: BTreeMap<String, OsString>,
}

impl ProcessEnv {
    /// Reads them.
    #[must_use]
    pub fn read() -> Self {
        let names = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];
        let value = |name: &str| std::env::var_os(name).map(|value| (name.to_owned(), value));
        ProcessEnv {
            current: std::env::current_dir().unwrap_or_default(),
            home: etcetera::home_dir().ok(),
            variables: names.into_iter().filter_map(value).collect(),
        }
    }

    /// XDG base directory; relative ones are ignored, as the specification demands.
    fn base(&self, variable: &str, fallback: &str) -> Result<PathBuf, Failure> {
        let path = self.variables.get(variable).map(Path::new);
        if let Some(path) = path.filter(|path| path.is_absolute()) {
            return Ok(path.join("wirebench"));
        }
        let home = self.home.as_ref().ok_or_else(|| {
            let cause = "this user has no home folder";
            Failure::new(Stage::Storage, "", FailureKind::NotFound, cause)
                .hint("say where to keep everything with --home DIR")
        })?;
        Ok(home.join(fallback).join("wirebench"))
    }

    fn project(&self) -> Option<PathBuf> {
        let folders = self.current.ancestors().map(|folder| folder.join(PROJECT_FOLDER));
        folders.into_iter().find(|folder| folder.is_dir())
    }
}

impl Paths {
    /// Works out the folders; `home` is the value of `--home`, or of `WIREBENCH_HOME` without it.
    ///
    /// # Errors
    /// When there is neither a home folder nor a choice.
    pub fn discover(home: Option<PathBuf>, system: &ProcessEnv) -> Result<Paths, Failure> {
        if let Some(home) = home {
            return Ok(Paths::under(&system.current.join(home)));
        }
        let data = system.base("XDG_DATA_HOME", ".local/share")?;
        Ok(Paths {
            workspace: system.project().unwrap_or_else(|| data.join("presets")),
            config: system.base("XDG_CONFIG_HOME", ".config")?,
            state: system.base("XDG_STATE_HOME", ".local/state")?,
            data,
        })
    }

    /// Everything under one folder.
    #[must_use]
    pub fn under(home: &Path) -> Paths {
        Paths {
            workspace: home.join("presets"),
            config: home.join("config"),
            data: home.join("data"),
            state: home.join("state"),
        }
    }

    /// The history database.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.state.join("history.db")
    }

    /// Certificate and key of the authority, in one file so that they always belong together.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.data.join("authority.pem")
    }

    /// The authority's certificate alone, for others to trust.
    #[must_use]
    pub fn authority_certificate(&self) -> PathBuf {
        self.data.join("authority-certificate.pem")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system(current: &Path) -> ProcessEnv {
        ProcessEnv {
            current: current.to_owned(),
            home: Some("/home/ann".into()),
            variables: BTreeMap::new(),
        }
    }

    #[test]
    fn without_variables_the_xdg_defaults_hold() {
        let paths = Paths::discover(None, &system(Path::new("/nowhere/at/all"))).unwrap();
        assert_eq!(paths.workspace, Path::new("/home/ann/.local/share/wirebench/presets"));
        assert_eq!(paths.config, Path::new("/home/ann/.config/wirebench"));
        assert_eq!(paths.history(), Path::new("/home/ann/.local/state/wirebench/history.db"));
    }

    #[test]
    fn relative_xdg_variables_are_ignored() {
        let mut system = system(Path::new("/nowhere"));
        system.variables.insert("XDG_CONFIG_HOME".into(), "rel".into());
        system.variables.insert("XDG_STATE_HOME".into(), "/s".into());
        let paths = Paths::discover(None, &system).unwrap();
        assert_eq!(paths.config, Path::new("/home/ann/.config/wirebench"));
        assert_eq!(paths.state, Path::new("/s/wirebench"));
    }

    #[test]
    fn a_project_above_the_current_folder_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir(folder.path().join(PROJECT_FOLDER)).unwrap();
        let paths = Paths::discover(None, &system(&deep)).unwrap();
        assert_eq!(paths.workspace, folder.path().join(PROJECT_FOLDER));
    }

    #[test]
    fn one_home_holds_everything() {
        let system = system(Path::new("/project"));
        let paths = Paths::discover(Some("here".into()), &system).unwrap();
        assert_eq!(paths.workspace, Path::new("/project/here/presets"));
    }

    #[test]
    fn no_home_folder_is_said_with_a_way_out() {
        let nobody = ProcessEnv { current: "/".into(), ..ProcessEnv::default() };
        assert!(Paths::discover(None, &nobody).unwrap_err().hint.contains("--home"));
        assert!(Paths::discover(Some("/x".into()), &nobody).is_ok());
    }
}
