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
        let place = place_in(root, problem);
        let at = |file: &String| place.strip_prefix(file.as_str());
        files.iter().filter_map(at).any(|rest| rest.is_empty() || rest.starts_with(':'))
    };
    problems.iter().find(is_of_them)
}

/// The problems that keep presets of a folder from being known at all; what environments and `_defaults.toml` have is
/// told by who needs those.
pub(crate) fn hidden_in<'a>(
    root: &str,
    problems: &'a [Failure],
    folder: &str,
) -> impl Iterator<Item = &'a Failure> {
    let is_in = |inner: &str, outer: &str| {
        let rest = inner.strip_prefix(outer);
        outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    problems.iter().filter(move |problem| {
        let place = place_in(root, problem);
        let file = place.rsplit('/').next().unwrap_or_default();
        let is_other = file.starts_with("_defaults.toml") || is_in(place, "env");
        // A folder that cannot be read hides those in it.
        !is_other && (is_in(place, folder) || is_in(folder, place))
    })
}

/// Where in the workspace a problem is; empty of all of it.
fn place_in<'a>(root: &str, problem: &'a Failure) -> &'a str {
    let place = problem.target.strip_prefix(root).filter(|_| !root.is_empty());
    place.map_or(problem.target.as_str(), |place| place.trim_start_matches('/'))
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

    #[test]
    fn what_hides_presets_of_a_folder_is_found() {
        let at = |target: &str| Failure::new(Stage::Storage, target, FailureKind::Malformed, "no");
        let problems = ["a/x?.toml", "/w/b/shut", "a/_defaults.toml:1", "env/a.toml", "/w"].map(at);
        let hidden = |folder: &str| {
            let found = hidden_in("/w", &problems, folder).map(|it| it.target.as_str());
            found.collect::<Vec<_>>()
        };
        assert_eq!(hidden("a"), ["a/x?.toml", "/w"]);
        assert_eq!(hidden("b/shut/deep"), ["/w/b/shut", "/w"]);
        assert_eq!(hidden("b"), ["/w/b/shut", "/w"]);
        assert_eq!(hidden(""), ["a/x?.toml", "/w/b/shut", "/w"]);
        assert_eq!(hidden("ab"), ["/w"]);
    }
}
