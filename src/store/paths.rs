//! Where things live.
//!
//! Presets in `.wirebench/` of the current project when there is one, else in the data folder;
//! history and drafts in the state folder; configuration in the config folder (XDG on every
//! system); everything under one folder with `--home DIR` or `WIREBENCH_HOME`. Only names are
//! worked out here: nothing is created.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::job::ForeignProject;
use super::preset::fingerprint;
use super::project;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Folder of a project that holds its presets.
pub(crate) const PROJECT_FOLDER: &str = ".wirebench";

/// Names the folder that lives as long as the user is logged in.
const RUNTIME_FOLDER: &str = "XDG_RUNTIME_DIR";

/// The folder of the user's theme files in that of the configuration.
pub(super) const THEMES: &str = "themes";

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
    /// Where drafts go when they cannot be written there, the best first.
    pub second_places: Vec<PathBuf>,
    /// The current project when somebody else may change its presets. They are the workspace only
    /// when the user said so.
    pub foreign: Option<ForeignProject>,
    /// The user said in this run that the project is trusted.
    pub is_trusted: bool,
}

/// What the system tells about this process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessEnv {
    pub current: PathBuf,
    pub home: Option<PathBuf>,
    /// Effective user id.
    pub user: u32,
    pub variables: BTreeMap<String, OsString>,
    /// The folder for temporary files.
    pub temporary: PathBuf,
}

impl ProcessEnv {
    /// Reads them.
    #[must_use]
    pub fn read() -> Self {
        let names = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", RUNTIME_FOLDER];
        let value = |name: &str| std::env::var_os(name).map(|value| (name.to_owned(), value));
        ProcessEnv {
            current: std::env::current_dir().unwrap_or_default(),
            home: etcetera::home_dir().ok(),
            user: rustix::process::geteuid().as_raw(),
            variables: names.into_iter().filter_map(value).collect(),
            temporary: std::env::temp_dir(),
        }
    }

    /// Folders on other disks than the state's, as a rule, and at last the one we are in.
    fn second_places(&self) -> Vec<PathBuf> {
        let runtime = self.variables.get(RUNTIME_FOLDER).map(PathBuf::from);
        let places = [Some(self.temporary.clone()), runtime, self.home.clone()];
        let places = places.into_iter().flatten().chain([self.current.clone()]);
        places.filter(|place| place.is_absolute()).collect()
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
    pub(crate) fn discover(home: Option<PathBuf>, system: &ProcessEnv) -> Result<Paths, Failure> {
        if let Some(home) = home {
            let second_places = system.second_places();
            return Ok(Paths { second_places, ..Paths::under(&system.current.join(home)) });
        }
        let data = system.base("XDG_DATA_HOME", ".local/share")?;
        let state = system.base("XDG_STATE_HOME", ".local/state")?;
        let project = system.project();
        let foreign = project.as_deref();
        let foreign = foreign.and_then(|folder| project::foreign(folder, system.user, &state));
        let is_left_out = foreign.as_ref().is_some_and(|foreign| foreign.used != Some(true));
        Ok(Paths {
            workspace: project.filter(|_| !is_left_out).unwrap_or_else(|| data.join("presets")),
            config: system.base("XDG_CONFIG_HOME", ".config")?,
            second_places: system.second_places(),
            state,
            data,
            foreign,
            is_trusted: false,
        })
    }

    /// Uses the presets of the current project, whoever owns them; remembered.
    ///
    /// # Errors
    /// When that cannot be remembered.
    pub(crate) fn trust_project(&mut self) -> Result<(), Failure> {
        self.is_trusted = true;
        let Some(foreign) = &mut self.foreign else { return Ok(()) };
        if foreign.used != Some(true) {
            project::remember(&self.state, foreign, true)?;
        }
        foreign.used = Some(true);
        self.workspace.clone_from(&foreign.folder);
        Ok(())
    }

    /// The workspace, where nobody can be asked whether to use that of another user.
    ///
    /// # Errors
    /// When that question is open, with what to do.
    pub(crate) fn workspace_unasked(&self) -> Result<&Path, Failure> {
        match self.foreign.as_ref().filter(|foreign| foreign.used.is_none()) {
            None => Ok(&self.workspace),
            Some(foreign) => {
                let (target, cause) = (foreign.folder.display().to_string(), foreign.doubt());
                let mended = foreign.remedy().map(|remedy| format!(", or mend that with {remedy}"));
                let hint = format!(
                    "look at its presets, then use them with --trust-project (remembered), or \
                     leave them out with --home DIR{}",
                    mended.unwrap_or_default()
                );
                let failure = Failure::new(Stage::Storage, target, FailureKind::Permission, cause);
                Err(failure.hint(hint))
            }
        }
    }

    /// Everything under one folder.
    #[must_use]
    pub fn under(home: &Path) -> Paths {
        Paths {
            workspace: home.join("presets"),
            config: home.join("config"),
            data: home.join("data"),
            state: home.join("state"),
            second_places: Vec::new(),
            foreign: None,
            is_trusted: false,
        }
    }

    /// The history database.
    #[must_use]
    pub fn history(&self) -> PathBuf {
        self.state.join("history.db")
    }

    /// Jars of cookies of environments.
    #[must_use]
    pub fn cookies(&self) -> PathBuf {
        self.state.join("cookies")
    }

    /// Runs that were kept by a name.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.state.join("runs")
    }

    /// Answers that are kept of presets.
    #[must_use]
    pub fn answers(&self) -> PathBuf {
        self.state.join("answers")
    }

    /// Texts of this workspace that are in an external editor.
    #[must_use]
    pub fn editing(&self) -> PathBuf {
        let workspace = fingerprint(self.workspace.as_os_str().as_encoded_bytes());
        self.state.join("editing").join(format!("{workspace:016x}"))
    }

    /// Certificate and key of the authority, in one file so that they always belong together.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.data.join("authority.pem")
    }

    /// The authority's certificate alone, for others to trust.
    #[must_use]
    pub(crate) fn authority_certificate(&self) -> PathBuf {
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
            user: rustix::process::geteuid().as_raw(),
            variables: BTreeMap::new(),
            temporary: "/tmp".into(),
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
        let project = folder.path().join(PROJECT_FOLDER);
        std::fs::create_dir(&project).unwrap();
        // Whatever the umask is.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&project, mode).unwrap();
        let paths = Paths::discover(None, &system(&deep)).unwrap();
        assert_eq!(paths.workspace, folder.path().join(PROJECT_FOLDER));
    }

    #[test]
    fn a_project_of_another_user_is_the_workspace_only_when_that_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join(PROJECT_FOLDER);
        std::fs::create_dir(&project).unwrap();
        let mut system = system(folder.path());
        system.user += 1;
        system.home = Some(folder.path().join("home"));
        let discover = || Paths::discover(None, &system).unwrap();
        let mut paths = discover();
        assert_eq!(paths.workspace, folder.path().join("home/.local/share/wirebench/presets"));
        let refused = paths.workspace_unasked().unwrap_err();
        assert!(refused.hint.contains("--trust-project"), "{refused}");
        assert!(refused.to_string().contains(&*project.to_string_lossy()), "{refused}");
        paths.trust_project().unwrap();
        assert_eq!((paths.workspace, discover().workspace), (project.clone(), project.clone()));
        assert_eq!(discover().workspace_unasked().unwrap(), project);
        let foreign = discover().foreign.unwrap();
        project::remember(&discover().state, &foreign, false).unwrap();
        let left_out = discover();
        assert_ne!(left_out.workspace, project);
        assert!(left_out.workspace_unasked().is_ok(), "that was answered");
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
