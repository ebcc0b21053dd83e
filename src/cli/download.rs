//! The file of `send --download`: what it is called, where it goes on, and that it is whole.
//!
//! ```text
//! prepare: Range, If-Range ─► begin, by status: 2xx ─► NAME.part ─► conclude: NAME, never one that is there
//!                              206 what was missing     416 it was whole    └► a failure: NAME.part stays,
//!                              else nothing is saved                           NAME.part.etag tells of what
//! ```
//! Bytes go into `NAME.part` from the first on, so that a program or machine that stops leaves them to
//! go on with. The name is the user's, the answer's or the URL's, in this order; one that nobody typed
//! never takes the place of a file.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};
use tokio::time::{Duration, Instant};

use super::download_names::{
    NAMES, free_name, name_of_url, numbered, part_of, validator_of, wanted_name,
};
use super::progress::DownloadProgress;
use super::{exit, output};
use crate::args;
use crate::codec::printable::printable_str;
use crate::console;
use crate::model::byte_size::size;
use crate::model::counts::{count, counted};
use crate::model::exchange::{Exchange, Head, HttpMessage};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::model::http::HttpSpec;
use crate::model::name_value::NameValue;
use crate::model::plan::HttpPlan;
use crate::named_file;
use crate::whole_file;

/// Bytes of a validator that is kept.
const VALIDATOR: u64 = 8 * 1024;
/// Files of a folder looked at for one that was begun under another name.
const LOOKED_AT: usize = 10_000;
/// Time a download has to last for its rate to be worth a word.
const MEASURED: Duration = Duration::from_millis(500);
/// Time between two states of the progress line.
const PACE: Duration = Duration::from_millis(100);

/// A download from before it is asked for to its end.
pub(super) struct Download {
    /// As the user wrote it.
    named: Option<String>,
    resumes: bool,
    is_quiet: bool,
    /// What the URL calls it.
    url_name: String,
    /// What is there of it and asked to be gone on with.
    partial: Option<Partial>,
    saved: Saved,
    line: Option<ProgressLine>,
}

/// What is there from before.
struct Partial {
    name: PathBuf,
    /// `NAME.part`, or the file itself as other programs leave it.
    place: PathBuf,
    len: u64,
}

/// What becomes of the answer.
enum Saved {
    /// There is none yet.
    Waiting,
    /// None of it is kept, which has been said; the exit status.
    Nothing(u8),
    /// A device or pipe has the bytes.
    Direct,
    Filling(Filling),
}

/// A file that is being filled.
struct Filling {
    name: PathBuf,
    part: PathBuf,
    file: File,
    /// The user typed the name, so that file is meant.
    replaces: bool,
    before: u64,
    /// What `If-Range` may be asked with (RFC 9110, section 13.1.5).
    validator: Option<String>,
    /// What the URL calls it, where its name is another one.
    url_name: Option<String>,
}

/// What stands beside a beginning, in `NAME.part.etag`: a line each.
struct KeptFacts {
    /// Empty = there was none.
    validator: String,
    /// Empty = the file is called as the URL calls it, or as the user did.
    url_name: String,
}

/// The line on a terminal.
struct ProgressLine {
    name: String,
    before: u64,
    began: Instant,
    shown: Option<Instant>,
    /// What came too soon behind that: bytes, and of how many.
    late: Option<(u64, Option<u64>)>,
    columns: Option<u16>,
}

impl Download {
    /// Nothing is opened yet.
    pub(super) fn new(arguments: &args::Send) -> Self {
        Download {
            named: arguments.saving.output.clone(),
            resumes: arguments.saving.resume,
            is_quiet: arguments.printing.quiet,
            url_name: String::new(),
            partial: None,
            saved: Saved::Waiting,
            line: None,
        }
    }

    /// Asks for the bytes as they are: what is encoded cannot be gone on with, and its length is not
    /// the file's.
    pub(super) fn ask_plainly(request: &mut HttpSpec) {
        let is_said = |row: &NameValue| row.name.eq_ignore_ascii_case("accept-encoding");
        if !request.headers.iter().any(is_said) {
            request.headers.push(NameValue::new("Accept-Encoding", "identity"));
        }
    }

    /// Asks for what is missing.
    pub(super) fn prepare(&mut self, plan: &mut HttpPlan) -> Result<(), Failure> {
        let has = |plan: &HttpPlan, name: &str| {
            plan.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
        };
        self.url_name = name_of_url(&plan.url);
        if let Some(name) = &self.named {
            refuse_folder(Path::new(name))?;
        }
        if !self.resumes {
            return Ok(());
        }
        let refuse = |cause: &str| {
            Err(Failure::new(Stage::Compose, "--continue", FailureKind::Usage, cause))
        };
        if plan.method != "GET" {
            return refuse("only a GET can be gone on with");
        }
        if has(plan, "range") || has(plan, "if-range") {
            return refuse("it asks for a range itself; take the header Range away");
        }
        let called = || begun_as(&self.url_name).unwrap_or_else(|| self.url_name.clone().into());
        let name = self.named.as_ref().map_or_else(called, PathBuf::from);
        let places = [part_of(&name), name.clone()];
        let found = places.into_iter().find_map(|place| {
            let facts = fs::symlink_metadata(&place).ok()?;
            let len = facts.len();
            (facts.is_file() && len > 0).then_some(Partial { name: name.clone(), place, len })
        });
        let Some(partial) = found else { return Ok(()) };
        plan.headers.push(("Range".into(), format!("bytes={}-", partial.len)));
        let kept =
            if partial.place == name { None } else { kept_facts(&validator_of(&partial.place)) };
        if let Some(validator) = kept.map(|facts| facts.validator).filter(|it| !it.is_empty()) {
            plan.headers.push(("If-Range".into(), validator));
        }
        self.partial = Some(partial);
        Ok(())
    }

    /// The answer is here: opens the file its body goes to, with its name. `None` = nothing of it is
    /// kept, and why has been said.
    pub(super) fn begin(&mut self, exchange: &Exchange) -> Result<Option<(File, String)>, Failure> {
        let Some(response) = &exchange.response else { return Ok(None) };
        let status = response.head.status().unwrap_or(0);
        let opened = match (status, self.partial.take()) {
            (206, Some(partial)) => self.go_on(partial, exchange, response)?,
            (416, Some(partial)) => {
                self.saved = Saved::Nothing(self.already(&partial, exchange, response)?);
                return Ok(None);
            }
            (200 | 201 | 202 | 203 | 207..=299, partial) => {
                if let Some(partial) = &partial {
                    let from = partial.place.display();
                    self.say(&format!(
                        "the server sends the whole file (it has changed, or ranges are not \
                         served): {from} is begun anew"
                    ));
                }
                self.anew(partial, response)?
            }
            _ => {
                let start = first_line(&response.head);
                self.say(&format!("the answer is {start}: nothing is saved"));
                self.saved = Saved::Nothing(exit::NOT_MET);
                return Ok(None);
            }
        };
        let before = match &self.saved {
            Saved::Filling(filling) => filling.before,
            _ => 0,
        };
        let columns = console::error_columns().filter(|_| !self.is_quiet);
        let (name, began) = (opened.1.clone(), Instant::now());
        self.line = Some(ProgressLine { name, before, began, shown: None, late: None, columns });
        Ok(Some(opened))
    }

    /// Goes on behind what is there.
    fn go_on(
        &mut self,
        partial: Partial,
        exchange: &Exchange,
        response: &HttpMessage,
    ) -> Result<(File, String), Failure> {
        let Partial { name, place, len } = partial;
        let refuse = |cause: String| {
            Failure::new(Stage::Body, &*exchange.url, FailureKind::Malformed, cause)
                .hint(format!("without --continue it is begun anew; {} stays", place.display()))
        };
        let range = response.head.field("content-range");
        let range = range.map(|value| String::from_utf8_lossy(value).into_owned());
        let (first, _) = range.as_deref().and_then(content_range).unwrap_or((None, None));
        if first != Some(len) {
            let sent = range.map_or("no range that can be read".into(), |range| {
                format!("'{}'", printable_str(&range))
            });
            return Err(refuse(format!("asked for the bytes from {len} on, it sends {sent}")));
        }
        if !response.body.codings.is_empty() {
            let codings = response.body.codings.join(", ");
            return Err(refuse(format!("what is missing comes encoded ({codings})")));
        }
        let part = part_of(&name);
        if place != part {
            fs::rename(&place, &part).map_err(|error| refusal(&place, &error))?;
        }
        let file = open_part(&part, OpenOptions::new().append(true))?;
        if file.metadata().map_err(|error| refusal(&part, &error))?.len() != len {
            let cause = "another program has written to it meanwhile";
            return Err(Failure::new(Stage::Storage, shown(&part), FailureKind::Busy, cause));
        }
        self.fill(name, file, len, response)
    }

    /// From the first byte on.
    fn anew(
        &mut self,
        partial: Option<Partial>,
        response: &HttpMessage,
    ) -> Result<(File, String), Failure> {
        if let Some(name) = &self.named {
            let facts = fs::metadata(name);
            if facts.is_ok_and(|facts| !facts.is_file()) {
                let file = OpenOptions::new()
                    .write(true)
                    .custom_flags(named_file::nonblocking_flags())
                    .open(name)
                    .map_err(|error| refusal(Path::new(name), &error))?;
                self.saved = Saved::Direct;
                return Ok((file, name.clone()));
            }
        }
        let name = match (&self.named, partial) {
            (Some(name), _) => fs::canonicalize(name).unwrap_or_else(|_| PathBuf::from(name)),
            (None, Some(partial)) => partial.name,
            (None, None) => {
                let wanted = wanted_name(&response.head, &self.url_name);
                free_name(&wanted, |name| fs::symlink_metadata(name).is_err()).ok_or_else(|| {
                    let cause = format!("there are {NAMES} files of this name already");
                    Failure::new(Stage::Storage, wanted, FailureKind::Usage, cause)
                })?
            }
        };
        let part = part_of(&name);
        let file = open_part(&part, OpenOptions::new().write(true).create(true).truncate(false))?;
        let old = file.metadata().map_err(|error| refusal(&part, &error))?.len();
        file.set_len(0).map_err(|error| refusal(&part, &error))?;
        if old > 0 && !self.resumes {
            let part = part.display();
            self.say(&format!("{part} from before was overwritten; --continue goes on with one"));
        }
        // What it told of is gone.
        let _ = fs::remove_file(validator_of(&part));
        self.fill(name, file, 0, response)
    }

    fn fill(
        &mut self,
        name: PathBuf,
        file: File,
        before: u64,
        response: &HttpMessage,
    ) -> Result<(File, String), Failure> {
        let part = part_of(&name);
        let copy = file.try_clone().map_err(|error| refusal(&part, &error))?;
        let label = shown(&name);
        let (replaces, validator) = (self.named.is_some(), validator(&response.head));
        let is_other = !replaces && name != Path::new(&self.url_name);
        let url_name = is_other.then(|| self.url_name.clone());
        let filling = Filling { name, part, file, replaces, before, validator, url_name };
        self.saved = Saved::Filling(filling);
        Ok((copy, label))
    }

    /// There is nothing behind what is there: it is whole, or another file.
    fn already(
        &self,
        partial: &Partial,
        exchange: &Exchange,
        response: &HttpMessage,
    ) -> Result<u8, Failure> {
        let range = response.head.field("content-range");
        let range = range.map(|value| String::from_utf8_lossy(value).into_owned());
        let (_, total) = range.as_deref().and_then(content_range).unwrap_or((None, None));
        let (place, len) = (partial.place.display(), partial.len);
        if total != Some(len) {
            let (len, total) = (counted(len, "byte"), total.map_or("fewer".to_owned(), count));
            let cause = format!("{place} has {len}, the server's file {total}: another one");
            return Err(Failure::new(Stage::Program, &*exchange.url, FailureKind::NotMet, cause)
                .hint(format!("remove {place} to begin anew")));
        }
        let mut name = partial.name.clone();
        if partial.place != name {
            let (from, replaces) = (partial.place.clone(), self.named.is_some());
            name = place_at(&from, &name, replaces).map_err(|error| refusal(&name, &error))?;
            let _ = fs::remove_file(validator_of(&partial.place));
        }
        self.say(&format!("{} was whole already ({})", name.display(), size(len)));
        Ok(exit::OK)
    }

    /// So many bytes of the body have come, of so many.
    pub(super) fn advanced(&mut self, encoded: u64, expected: Option<u64>) {
        let Some(line) = &mut self.line else { return };
        let Some(columns) = line.columns else { return };
        let now = Instant::now();
        if line.shown.is_some_and(|shown| now - shown < PACE) {
            line.late = Some((encoded, expected));
            return;
        }
        (line.shown, line.late) = (Some(now), None);
        let progress = line.progress(encoded, expected);
        // The last column stays free: some terminals would begin a new line.
        let text = progress.line(&line.name, usize::from(columns).saturating_sub(1));
        console::show_progress(&format!("\r{text}\x1b[K"));
    }

    /// When to show what came too soon behind what is shown; `None` = all is shown.
    pub(super) fn progress_due(&self) -> Option<Instant> {
        let line = self.line.as_ref()?;
        line.late.and(line.shown).map(|shown| shown + PACE)
    }

    /// The time has come to show what came too soon.
    pub(super) fn show_late(&mut self) {
        if let Some((encoded, expected)) = self.line.as_mut().and_then(|line| line.late.take()) {
            self.advanced(encoded, expected);
        }
    }

    /// All was written that will be. Gives the file its name when it is whole, and says what there is.
    /// Returns the outcome of the command.
    pub(super) async fn conclude(mut self, ended: Result<u8, Failure>) -> Result<u8, Failure> {
        if self.line.as_ref().is_some_and(|line| line.shown.is_some()) {
            console::quote("\r\x1b[K");
        }
        let filling = match std::mem::replace(&mut self.saved, Saved::Waiting) {
            Saved::Filling(filling) => filling,
            Saved::Nothing(status) => return ended.map(|ended| ended.max(status)),
            Saved::Waiting | Saved::Direct => return ended,
        };
        let is_whole = matches!(ended, Ok(exit::OK | exit::NOT_MET));
        // A disk may take its time, and a signal does not wait for it.
        let (line, is_quiet) = (self.line.take(), self.is_quiet);
        let placed = tokio::task::spawn_blocking(move || {
            if is_whole { filling.place(line.as_ref()) } else { filling.keep() }
        });
        match placed.await.unwrap_or_else(|_| Ok(String::new())) {
            Ok(words) if words.is_empty() || is_quiet && is_whole => {}
            Ok(words) => output::note(&words),
            Err(failure) if is_whole => return Err(failure),
            Err(failure) => output::print_failure(&failure),
        }
        ended
    }

    fn say(&self, words: &str) {
        if !self.is_quiet {
            output::note(words);
        }
    }
}

impl ProgressLine {
    fn progress(&self, encoded: u64, expected: Option<u64>) -> DownloadProgress {
        DownloadProgress {
            before: self.before,
            done: self.before.saturating_add(encoded),
            total: expected.map(|total| total.saturating_add(self.before)),
            took: self.began.elapsed(),
        }
    }
}

impl Filling {
    /// The file is whole.
    fn place(self, line: Option<&ProgressLine>) -> Result<String, Failure> {
        let refused = |error: io::Error| refusal(&self.name, &error);
        // A full disk may be noticed only now.
        self.file.sync_all().map_err(refused)?;
        let len = self.file.metadata().map_err(refused)?.len();
        let name = place_at(&self.part, &self.name, self.replaces).map_err(refused)?;
        let _ = fs::remove_file(validator_of(&self.part));
        let rate = line
            .filter(|line| line.began.elapsed() >= MEASURED)
            .map(|line| line.progress(len - self.before, None).rate());
        let rate = rate.map_or(String::new(), |rate| format!(" ({}/s)", size(rate)));
        Ok(format!("{} saved as {}{rate}", size(len), name.display()))
    }

    /// The rest did not come.
    fn keep(self) -> Result<String, Failure> {
        let refused = |error: io::Error| refusal(&self.part, &error);
        let len = self.file.metadata().map_err(refused)?.len();
        let part = self.part.display();
        if len == 0 {
            let _ = fs::remove_file(&self.part);
            return Ok(String::new());
        }
        let facts = match (self.validator.unwrap_or_default(), self.url_name) {
            (validator, None) => validator,
            (validator, Some(url_name)) => format!("{validator}\n{url_name}"),
        };
        if !facts.is_empty() {
            fs::write(validator_of(&self.part), facts).map_err(refused)?;
        }
        let name = self.name.display();
        Ok(format!(
            "{name} is not written; its first {} are in {part}, and --continue goes on with them",
            size(len)
        ))
    }
}

/// What is known of a beginning.
fn kept_facts(place: &Path) -> Option<KeptFacts> {
    let text = named_file::read_text(place, VALIDATOR).ok()?;
    let mut lines = text.lines().map(|line| line.trim().to_owned());
    let mut next = || lines.next().unwrap_or_default();
    Some(KeptFacts { validator: next(), url_name: next() })
}

/// The file that was begun last under another name than the URL has: that of the answer, or a
/// numbered one.
fn begun_as(url_name: &str) -> Option<PathBuf> {
    let names = fs::read_dir(".")
        .ok()?
        .take(LOOKED_AT)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let begun = names.filter_map(|facts| {
        let name = PathBuf::from(facts.strip_suffix(".part.etag")?);
        let begun = fs::symlink_metadata(part_of(&name)).ok()?.modified().ok()?;
        let is_it = kept_facts(Path::new(&facts))?.url_name == url_name;
        is_it.then_some((begun, name))
    });
    begun.max().map(|(_, name)| name)
}

/// Opens what is being filled; one that another download fills is refused.
fn open_part(part: &Path, options: &mut OpenOptions) -> Result<File, Failure> {
    let flags = named_file::nonblocking_flags() | OFlags::NOFOLLOW.bits().cast_signed();
    let file = options.custom_flags(flags).open(part).map_err(|error| refusal(part, &error))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        let cause = "another download is filling it";
        Failure::new(Stage::Storage, shown(part), FailureKind::Busy, cause)
            .hint("name another file with --output")
    })?;
    Ok(file)
}

/// Gives the file its name; of one that nobody typed the next that is free.
fn place_at(part: &Path, name: &Path, replaces: bool) -> io::Result<PathBuf> {
    if replaces {
        return fs::rename(part, name).map(|()| name.to_owned());
    }
    for number in 0..NAMES {
        let wanted = numbered(name, number);
        match whole_file::move_new(part, &wanted) {
            Ok(()) => return Ok(wanted),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn refuse_folder(name: &Path) -> Result<(), Failure> {
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty());
    let cause = match (name.is_dir(), folder) {
        (true, _) => "it is a folder; name a file in it".to_owned(),
        (_, Some(folder)) if !folder.is_dir() => {
            format!("the folder {} does not exist", folder.display())
        }
        _ => return Ok(()),
    };
    Err(Failure::new(Stage::Storage, shown(name), FailureKind::Usage, cause))
}

fn refusal(path: &Path, error: &io::Error) -> Failure {
    let (kind, cause) = file_error::words(error);
    Failure::new(Stage::Storage, shown(path), kind, cause)
}

/// First byte and length of the whole, as far as a `Content-Range` tells (RFC 9110, section 14.4).
fn content_range(value: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = value.trim().split_once(' ')?;
    let (part, total) = range.trim().split_once('/')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let first = part.split_once('-').and_then(|(first, _)| first.trim().parse().ok());
    Some((first, total.trim().parse().ok()))
}

/// What names just these bytes: a strong entity tag, or the time of a change that is surely over.
fn validator(head: &Head) -> Option<String> {
    let text = |name| head.field(name).and_then(|value| String::from_utf8(value.to_vec()).ok());
    let strong = text("etag").filter(|tag| tag.starts_with('"') && tag.ends_with('"'));
    let changed =
        text("last-modified").filter(|changed| text("date").is_some_and(|date| date != *changed));
    strong.or(changed).filter(|value| (value.len() as u64) < VALIDATOR)
}

fn first_line(head: &Head) -> String {
    let line = head.raw.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line.trim_ascii()).into_owned();
    match line.split_once(' ') {
        Some((_, status)) => status.to_owned(),
        None => "no HTTP".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(fields: &[(&str, &str)]) -> Head {
        let fields = fields.iter().map(|(name, value)| crate::model::exchange::FieldLine {
            name: bytes::Bytes::copy_from_slice(name.as_bytes()),
            value: bytes::Bytes::copy_from_slice(value.as_bytes()),
        });
        Head { fields: fields.collect(), ..Head::default() }
    }

    #[test]
    fn a_file_that_appeared_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [part, name] = ["a.txt.part", "a.txt"].map(|name| folder.path().join(name));
        fs::write(&part, "new").unwrap();
        fs::write(&name, "old").unwrap();
        let placed = place_at(&part, &name, false).unwrap();
        assert_eq!(placed, folder.path().join("a-1.txt"));
        assert_eq!(fs::read_to_string(&name).unwrap(), "old");
        assert_eq!(fs::read_to_string(placed).unwrap(), "new");
        assert!(!part.exists());
    }

    #[test]
    fn ranges_are_read() {
        for (value, expected) in [
            ("bytes 5-9/10", Some((Some(5), Some(10)))),
            ("Bytes 5-9/*", Some((Some(5), None))),
            ("bytes */10", Some((None, Some(10)))),
            ("items 5-9/10", None),
            ("bytes 5-9", None),
            ("", None),
        ] {
            assert_eq!(content_range(value), expected, "{value}");
        }
    }

    #[test]
    fn only_what_names_the_very_bytes_is_a_validator() {
        let of = |fields: &[(&str, &str)]| validator(&head(fields));
        assert_eq!(of(&[("ETag", "\"a\"")]).as_deref(), Some("\"a\""));
        assert_eq!(of(&[("ETag", "W/\"a\"")]), None);
        let changed = ("Last-Modified", "Sat, 28 Nov 2026 10:00:00 GMT");
        assert_eq!(of(&[changed]), None);
        assert_eq!(of(&[changed, ("Date", changed.1)]), None);
        let later = ("Date", "Sat, 28 Nov 2026 11:00:00 GMT");
        assert_eq!(of(&[changed, later, ("ETag", "W/\"a\"")]).as_deref(), Some(changed.1));
    }
}
