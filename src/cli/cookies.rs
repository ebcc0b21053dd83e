//! Cookies of a command: those it begins with, those that answers set, and where they are kept (`--cookie`, `--cookie-jar`,
//! `--environment-cookies`). Without any of them they last as long as the command.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::output;
use crate::args::CookieOptions;
use crate::codec::cookies::{RequestPlace, netscape};
use crate::model::cookie::CookieChange;
use crate::model::cookie_jar::CookieJar;
use crate::model::counts::{counted, counted_are};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::named_file;
use crate::store::job::Overwrite;
use crate::store::paths::Paths;
use crate::store::{atomic, change_cookies};

/// Longest file of cookies that is read.
const LONGEST: u64 = 64 * 1024 * 1024;

/// See the module's text.
#[derive(Debug, Default)]
pub struct CommandCookies {
    jar: Arc<CookieJar>,
    /// What answers did to it.
    changes: Vec<CookieChange>,
    place: JarPlace,
}

/// Where they are kept when the command is over.
#[derive(Debug, Default)]
enum JarPlace {
    #[default]
    Nowhere,
    File(PathBuf),
    Environment(Option<String>),
}

impl CommandCookies {
    /// Those a command begins with, at this time in seconds; `url` = where it goes.
    ///
    /// # Errors
    /// What of the files cannot be read.
    pub(super) fn begin(
        options: &CookieOptions,
        environment: Option<&str>,
        (url, now): (&str, i64),
        paths: &Paths,
    ) -> Result<Self, Failure> {
        let (mut jar, mut place) = (CookieJar::default(), JarPlace::Nowhere);
        if options.environment_cookies {
            jar = change_cookies(paths, environment, &[], now)?;
            place = JarPlace::Environment(environment.map(str::to_owned));
        } else if let Some(file) = &options.cookie_jar {
            jar = read(file, "--cookie-jar", None, now)?.unwrap_or_default();
            place = JarPlace::File(file.clone());
        }
        let first = RequestPlace::of(url);
        for file in options.cookie.iter().filter(|it| !it.contains('=') && !it.is_empty()) {
            let path = Path::new(file);
            let found = read(path, "--cookie", Some(&first), now)?.ok_or_else(|| {
                let cause = "there is no such file; cookies themselves are NAME=VALUE";
                Failure::new(Stage::Compose, format!("--cookie {file}"), FailureKind::Usage, cause)
            })?;
            for cookie in found.iter() {
                jar.put(cookie.clone(), now);
            }
        }
        Ok(CommandCookies { jar: Arc::new(jar), changes: Vec::new(), place })
    }

    /// Those there are now.
    pub(super) fn jar(&self) -> &Arc<CookieJar> {
        &self.jar
    }

    /// An answer did this.
    pub(super) fn take(&mut self, changes: &[CookieChange], now: i64) {
        Arc::make_mut(&mut self.jar).apply(changes, now);
        if !matches!(self.place, JarPlace::Nowhere) {
            self.changes.extend_from_slice(changes);
        }
    }

    /// Keeps them where that was asked for.
    ///
    /// # Errors
    /// What stood in the way.
    pub(super) fn keep(self, paths: &Paths, now: i64) -> Result<(), Failure> {
        match self.place {
            JarPlace::Nowhere => Ok(()),
            JarPlace::Environment(environment) => {
                change_cookies(paths, environment.as_deref(), &self.changes, now).map(drop)
            }
            JarPlace::File(file) => {
                // Another command may have written meanwhile.
                let mut jar = read(&file, "--cookie-jar", None, now)?.unwrap_or_default();
                jar.apply(&self.changes, now);
                jar.retain(|cookie| !cookie.is_over(now));
                let (text, left_out) = netscape::written(&jar);
                if left_out > 0 {
                    let what = counted_are(left_out as u64, "cookie");
                    let why = "without a name, or with a tab, which the format cannot hold";
                    output::note(&format!("{what} not in {}: {why}", file.display()));
                }
                atomic::write(&file, &text, Overwrite::Replace)
            }
        }
    }
}

/// The cookies of a file; `None` = there is no such file.
fn read(
    path: &Path,
    option: &str,
    first: Option<&RequestPlace>,
    now: i64,
) -> Result<Option<CookieJar>, Failure> {
    let target = || format!("{option} {}", path.display());
    let text = match named_file::read(path, LONGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| {
            Failure::new(Stage::Compose, target(), FailureKind::Usage, error.to_string())
        })?,
    };
    let file = netscape::read(&text, first, now);
    if let ([first, ..], true) = (file.odd.as_slice(), file.jar.is_empty()) {
        let cause =
            format!("line {first} is no cookie as curl writes it, and there is none besides");
        return Err(Failure::new(Stage::Compose, target(), FailureKind::Usage, cause));
    }
    if let [first, ..] = file.odd.as_slice() {
        let lines = counted(file.odd.len() as u64, "line");
        output::note(&format!(
            "{}: {lines} passed over that hold no cookie, line {first} first",
            target()
        ));
    }
    Ok(Some(file.jar))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::cookies::take;

    const NOW: i64 = 1_800_000_000;

    fn set(line: &str) -> Vec<CookieChange> {
        let place = RequestPlace::of("http://a.org/");
        take(&mut CookieJar::default(), line.as_bytes(), &place, NOW).changes
    }

    fn begin(options: &CookieOptions, paths: &Paths) -> Result<CommandCookies, Failure> {
        CommandCookies::begin(options, None, ("http://a.org/", NOW), paths)
    }

    fn names(cookies: &CommandCookies) -> Vec<String> {
        cookies.jar.iter().map(|it| String::from_utf8_lossy(&it.pair()).into_owned()).collect()
    }

    #[test]
    fn a_jar_is_read_and_written_and_a_file_of_cookies_only_read() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let (jar, file) = (home.path().join("jar"), home.path().join("file"));
        std::fs::write(&file, "a.org\tFALSE\t/\tFALSE\t0\tf\t1\nSet-Cookie: g=2\n").unwrap();
        let cookie = vec![file.display().to_string(), "a=b".into(), String::new()];
        let options = CookieOptions { cookie, cookie_jar: Some(jar.clone()), ..Default::default() };
        let mut cookies = begin(&options, &paths).unwrap();
        assert_eq!(names(&cookies), ["f=1", "g=2"]);
        cookies.take(&set("s=3"), NOW);
        cookies.take(&set("p=4; Max-Age=9"), NOW);
        cookies.keep(&paths, NOW).unwrap();
        let options = CookieOptions { cookie: Vec::new(), ..options };
        assert_eq!(
            names(&begin(&options, &paths).unwrap()),
            ["s=3", "p=4"],
            "not those that were only read"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said_and_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let jar = home.path().join("jar");
        std::fs::write(&jar, "{}\n").unwrap();
        let options = CookieOptions { cookie_jar: Some(jar.clone()), ..Default::default() };
        let failure = begin(&options, &paths).unwrap_err().to_string();
        assert!(failure.contains("line 1 is no cookie"), "{failure}");
        let missing = CookieOptions { cookie: vec!["/no/such".into()], ..Default::default() };
        assert!(begin(&missing, &paths).unwrap_err().to_string().contains("NAME=VALUE"));
        assert_eq!(std::fs::read_to_string(&jar).unwrap(), "{}\n");
    }

    #[test]
    fn cookies_of_an_environment_are_those_of_the_screen() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::under(home.path());
        let options = CookieOptions { environment_cookies: true, ..Default::default() };
        let mut cookies = begin(&options, &paths).unwrap();
        cookies.take(&set("p=4; Max-Age=9"), NOW);
        cookies.keep(&paths, NOW).unwrap();
        assert_eq!(change_cookies(&paths, None, &[], NOW).unwrap().len(), 1);
        assert_eq!(names(&begin(&options, &paths).unwrap()), ["p=4"]);
    }
}
