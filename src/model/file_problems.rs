//! Which of a workspace's problems stand in which of its files. For both shells, which send nothing that is made of a
//! file that could not be read: what is read in part would send something else than it says.

use super::failure::Failure;

/// The first problem that stands in one of these files of the workspace below `root`.
pub(crate) fn problem_in<'a>(
    root: &str,
    problems: &'a [Failure],
    files: &[String],
) -> Option<&'a Failure> {
    let is_of_them = |problem: &&Failure| {
        let place = problem.target.strip_prefix(root).filter(|_| !root.is_empty());
        let place = place.map_or(problem.target.as_str(), |place| place.trim_start_matches('/'));
        let at = |file: &String| place.strip_prefix(file.as_str());
        files.iter().filter_map(at).any(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    problems.iter().find(is_of_them)
}

/// The files that say what presets of a folder inherit, the outermost first.
pub(crate) fn defaults_of(folder: &str) -> Vec<String> {
    let around = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    let around = around.filter(|end| *end > 0).map(|end| format!("{}/", folder.split_at(end).0));
    let folders = std::iter::once(String::new()).chain(around);
    folders.map(|folder| format!("{folder}_defaults.toml")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{FailureKind, Stage};

    #[test]
    fn a_problem_is_found_by_the_file_it_stands_in() {
        let at = |target: &str| Failure::new(Stage::Storage, target, FailureKind::Malformed, "no");
        let problems = [at("a/_defaults.toml:3:1"), at("/w/b/_defaults.toml"), at("c.toml:1:1")];
        let found = |folder: &str| {
            problem_in("/w", &problems, &defaults_of(folder)).map(|it| it.target.clone())
        };
        assert_eq!(
            defaults_of("a/b"),
            ["_defaults.toml", "a/_defaults.toml", "a/b/_defaults.toml"]
        );
        assert_eq!(found("a/deep").as_deref(), Some("a/_defaults.toml:3:1"));
        assert_eq!(found("b").as_deref(), Some("/w/b/_defaults.toml"));
        assert_eq!((found("c"), found("")), (None, None));
    }
}
