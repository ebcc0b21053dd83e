//! Files of a folder that answer requests by their path, and nothing outside of it: no dots, encoded ones included, and
//! no links lead out.
//!
//! Used by rules of listeners that have a folder and by rules of relays that answer with a file.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What answers a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FolderFile {
    File {
        path: PathBuf,
        /// Another one when it is changed (RFC 9110, section 8.8.3).
        tag: String,
    },
    /// It is a folder, which is asked for with a slash at its end: links in it begin there.
    Moved,
}

/// The file that a path asks for, which is below the folder. Blocks on the disk.
///
/// # Errors
/// The status to answer, and why there is none.
pub(crate) fn asked_file(root: &Path, path: &str) -> Result<FolderFile, (u16, String)> {
    let slashed = format!("/{}", path.trim_start_matches('/'));
    let names = names_below("/", &slashed).unwrap_or(Ok(Vec::new()));
    let names = names.map_err(|why| (403, why.to_owned()))?;
    // Folders of version control, and what editors leave there.
    if names.iter().any(|name| name.starts_with('.') && name != ".well-known") {
        return Err((404, "what begins with a point is not served".to_owned()));
    }
    if !root.is_dir() {
        return Err((500, format!("the folder {} is not there", root.display())));
    }
    let found = found_below(root, &names)?;
    let is_index = names.last().is_some_and(|last| !found.ends_with(last));
    if is_index && !slashed.ends_with('/') {
        return Ok(FolderFile::Moved);
    }
    let facts = found.metadata().map_err(|error| (404, error.to_string()))?;
    let (time, nanos, len) = (facts.mtime(), facts.mtime_nsec(), facts.len());
    Ok(FolderFile::File { path: found, tag: format!("\"{time:x}-{nanos:x}-{len:x}\"") })
}

/// A file in a folder, or this very file; else a status and why not. Blocks on the disk.
///
/// # Errors
/// The status to answer, and why there is none.
pub(crate) fn found_below(root: &Path, names: &[String]) -> Result<PathBuf, (u16, String)> {
    let unfound = |error: &io::Error, what: &str| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            (404, format!("{what} is not there"))
        }
        io::ErrorKind::PermissionDenied => (403, format!("{what} may not be read")),
        _ => (404, error.to_string()),
    };
    let root = root.canonicalize().map_err(|error| unfound(&error, "what the rule names"))?;
    if !root.is_dir() {
        return Ok(root);
    }
    let mut path = root.clone();
    path.extend(names);
    if path.is_dir() {
        path.push("index.html");
    }
    let sought =
        path.strip_prefix(&root).map_or_else(|_| String::new(), |it| it.display().to_string());
    let path = path.canonicalize().map_err(|error| unfound(&error, &format!("'{sought}'")))?;
    // A link may lead anywhere.
    if !path.starts_with(&root) {
        return Err((403, "it would lead out of the folder".into()));
    }
    if path.is_dir() { Err((404, "it is a folder".into())) } else { Ok(path) }
}

/// What the path of a request names below `under`, as the names of folders and a file; `None` = it is not
/// below it.
///
/// # Errors
/// It would lead elsewhere.
pub(crate) fn names_below<'a>(
    under: &str,
    path: &'a str,
) -> Option<Result<Vec<String>, &'static str>> {
    let rest: &'a str = path.strip_prefix(under)?;
    if !(under.ends_with('/') || rest.is_empty() || rest.starts_with('/')) {
        return None;
    }
    let names = rest.split('/').filter(|name| !name.is_empty()).map(|name| {
        let name = percent_decoded(name).ok_or("its escapes are no text")?;
        let leads_out = matches!(&*name, "." | "..") || name.contains(['/', '\\', '\0']);
        if leads_out { Err("it would lead out of the folder") } else { Ok(name) }
    });
    Some(names.collect())
}

fn percent_decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok().filter(|it| !it.starts_with('+'))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_in_its_folder_and_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("site");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        for name in ["site/a.txt", "site/sub/index.html", "secret"] {
            std::fs::write(home.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("../secret", root.join("link")).unwrap();
        std::fs::create_dir(root.join("empty")).unwrap();
        let why = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            found_below(&root, &names).unwrap_err().1
        };
        assert_eq!(why(&["empty"]), "'empty/index.html' is not there");
        assert_eq!(why(&["a.txt", "b"]), "'a.txt/b' is not there");
        let found = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let found = found_below(&root, &names).map_err(|(status, _)| status);
            found.map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        };
        assert_eq!(found(&["a.txt"]), Ok("a.txt".into()));
        assert_eq!(found(&["sub"]), Ok("index.html".into()));
        assert_eq!(found(&[]), Err(404));
        assert_eq!(found(&["none"]), Err(404));
        assert_eq!(found(&["link"]), Err(403));
        assert_eq!(
            found_below(&root.join("a.txt"), &["x".into()]).unwrap(),
            root.join("a.txt").canonicalize().unwrap()
        );
    }

    #[test]
    fn a_path_names_a_file_below_a_folder_and_leads_nowhere_else() {
        let names = |under: &str, path: &str| {
            names_below(under, path).map(|names| names.map(|names| names.join("|")))
        };
        assert_eq!(names("/", "/a/b%20c.js"), Some(Ok("a|b c.js".into())));
        assert_eq!(names("/static", "/static/a"), Some(Ok("a".into())));
        assert_eq!(names("/static", "/statics/a"), None);
        assert_eq!(names("/static/", "/a"), None);
        assert_eq!(names("/", "/"), Some(Ok(String::new())));
        for path in ["/../a", "/a/%2e%2e/b", "/a/..", "/%2fetc", "/a%5c..", "/a%00", "/%zz", "/%+1"]
        {
            assert!(names("/", path).unwrap().is_err(), "{path}");
        }
    }

    #[test]
    fn a_folder_is_asked_with_the_slash_that_what_it_links_to_needs() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("sub/.git")).unwrap();
        std::fs::write(home.path().join("sub/index.html"), "x").unwrap();
        std::fs::write(home.path().join("sub/.git/config"), "x").unwrap();
        let asked = |path: &str| match asked_file(home.path(), path) {
            Ok(FolderFile::File { path, tag }) => {
                assert!(tag.starts_with('"') && tag.len() > 10, "{tag}");
                path.file_name().unwrap().to_string_lossy().into_owned()
            }
            Ok(FolderFile::Moved) => "moved".into(),
            Err((status, why)) => format!("{status} {why}"),
        };
        assert_eq!(asked("/sub/"), "index.html");
        assert_eq!(asked("sub"), "moved");
        assert_eq!(asked("/sub/index.html"), "index.html");
        assert_eq!(asked("/sub/.git/config"), "404 what begins with a point is not served");
        assert_eq!(asked("/sub/%2e%2e/%2e%2e/etc/passwd"), "403 it would lead out of the folder");
        assert_eq!(asked("/none"), "404 'none' is not there");
        let why = asked_file(&home.path().join("nowhere"), "/a").err().unwrap();
        assert_eq!((why.0, why.1.contains("is not there")), (500, true), "{why:?}");
    }
}
