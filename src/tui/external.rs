//! The user's editor: runs it on the terminal and brings the text back.
//!
//! The loop has left the terminal and dropped the keyboard before [`edit`] is called, so nothing
//! else reads what is typed. A thread waits for the program; its outcome comes as one message, and
//! engine events are taken in meanwhile.
//!
//! The text lies in the state folder, in a file only its owner can read:
//!
//! ```text
//! STATE/editing/WORKSPACE/FIELD~BEFORE~PROCESS-NUMBER.json         what the editor saves
//! STATE/editing/WORKSPACE/FIELD~BEFORE~PROCESS-NUMBER.json.lock    locked while we or it live
//! ```
//! It goes when its text was taken over. Should this program end before, the editor is told to end
//! too (as by a terminal that is gone), and ended when it does not. Where nobody could tell it, the
//! editor holds the lock, and a later start takes up what it saved when it is done:
//! [`look_for_left_over`].

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use crate::app::edited_text::{EditedText, fingerprint};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::named_file;
use crate::os;

/// Largest file taken back from an editor; a longer one is a mistake.
const EDITED_LIMIT: u64 = 64 * 1024 * 1024;
/// Texts of earlier runs that are taken up at a start.
const LEFT_OVER_MAX: usize = 16;
/// Programs an editor may have started in a row, each of which is told to end.
const DESCENDANTS_MAX: usize = 64;
/// An editor that is told to end gets this long for each: a hang-up, TERM.
const PATIENCE: [(Duration, Signal); 2] =
    [(Duration::from_millis(500), Signal::TERM), (Duration::from_millis(1500), Signal::KILL)];
/// How long an editor that is told to end may take at all.
pub(super) const EDITOR_END: Duration = Duration::from_millis(2500);
/// Pause between two looks at an editor.
const LOOK: Duration = Duration::from_millis(20);
/// Pause between two looks at a text that an editor of an earlier run still has.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Shells answer so when the program was not found.
const NOT_FOUND: i32 = 127;

/// The text, if it was changed, or why there is none.
pub(super) type Edited = Result<Option<String>, Failure>;

/// What is to be edited: the text of a field, by its name.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) field: String,
    pub(super) text: String,
    pub(super) extension: &'static str,
}

/// An editor under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Editing {
    process: Arc<Mutex<Option<u32>>>,
    /// We told it to end.
    is_ended: Arc<AtomicBool>,
    /// What was told so.
    told: Arc<Mutex<Vec<u32>>>,
}

/// The file an editor works on, ours while it lives.
struct EditedFile {
    path: PathBuf,
    lock: File,
}

/// Runs the editor on a text and sends the outcome; the file lies in `folder`.
pub(super) fn edit(folder: PathBuf, subject: Subject, outcome: mpsc::Sender<Edited>) -> Editing {
    let editor = editor();
    let editing = Editing::default();
    let ours = editing.clone();
    let work = move || {
        // Only fails when the program is ending.
        let _ = outcome.blocking_send(run_editor(&editor, &folder, &subject, &ours));
    };
    let spawned = std::thread::Builder::new().name("editor".into()).spawn(work);
    debug_assert!(spawned.is_ok(), "a thread for the editor");
    editing
}

impl Editing {
    /// Tells the editor and what it started that their terminal is gone; they keep what they can. One
    /// that was stopped is continued to hear it, and who does not listen is ended after a while.
    pub(super) fn end(&self) {
        self.is_ended.store(true, Ordering::Relaxed);
        let process = *self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let mut told = process.map(family).unwrap_or_default();
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&told);
        tell(&told, Signal::HUP);
        let insist = move || {
            for (patience, signal) in PATIENCE {
                thread::park_timeout(patience);
                told.retain(|process| os::is_running(*process));
                told = told.iter().flat_map(|process| family(*process)).collect();
                tell(&told, signal);
            }
        };
        let spawned = thread::Builder::new().name("editor end".into()).spawn(insist);
        debug_assert!(spawned.is_ok(), "a thread for the end of the editor");
    }

    /// The shell that started the editor may have heard of the end first: waits for the others.
    fn outlast(&self) {
        let deadline = Instant::now() + EDITOR_END;
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        while told.iter().any(|process| os::is_running(*process)) && Instant::now() < deadline {
            thread::park_timeout(LOOK);
        }
    }

    fn was_ended(&self) -> bool {
        self.is_ended.load(Ordering::Relaxed)
    }

    /// This is the program, until it has ended.
    pub(super) fn runs(&self, child: Option<&Child>) {
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = child.map(Child::id);
    }
}

/// Sends a signal to processes, stopped ones included.
fn tell(processes: &[u32], signal: Signal) {
    let pids = processes.iter().filter_map(|process| Pid::from_raw(process.cast_signed()));
    for pid in pids {
        let _gone = kill_process(pid, signal);
        let _gone = kill_process(pid, Signal::CONT);
    }
}

/// A process and what it started, as far as the system tells.
fn family(process: u32) -> Vec<u32> {
    let mut found = vec![process];
    let mut at = 0;
    while let Some(parent) = found.get(at).filter(|_| found.len() < DESCENDANTS_MAX) {
        found.extend(os::children(*parent));
        at += 1;
    }
    found
}

/// `$VISUAL`, `$EDITOR`, or what every Unix has.
fn editor() -> String {
    ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|command| !command.trim().is_empty())
        .unwrap_or_else(|| "vi".into())
}

fn run_editor(editor: &str, folder: &Path, subject: &Subject, editing: &Editing) -> Edited {
    let failed = |error: io::Error| {
        let place = folder.display().to_string();
        Failure::new(Stage::Storage, place, FailureKind::Io, error.to_string())
            .hint("the text for the editor is kept there; is that folder writable?")
    };
    let file = EditedFile::create(folder, subject).map_err(failed)?;
    // The variable may hold arguments (`code --wait`), which is the shell's to split; the path is
    // an argument of its own and never part of the command text.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(&file.path);
    // The editor gets the lock along, for when we end before it.
    let _shared = fcntl_setfd(&file.lock, FdFlags::empty());
    let spawned = command.spawn();
    let _ours = fcntl_setfd(&file.lock, FdFlags::CLOEXEC);
    let status = spawned.and_then(|mut child| {
        editing.runs(Some(&child));
        let status = child.wait();
        editing.runs(None);
        status
    });
    if editing.was_ended() {
        editing.outlast();
    }
    let status = status.map_err(failed)?;
    let edited = read_text(&file.path).map(|text| changed(&subject.text, text));
    match (check(editor, status), edited) {
        // What was saved before it was killed is as good as any.
        (_, Ok(Some(text)))
            if status.success() || status.code().is_none() || editing.was_ended() =>
        {
            file.remove();
            Ok(Some(text))
        }
        (Ok(()), Ok(text)) => {
            file.remove();
            Ok(text)
        }
        (Err(failure), Ok(None)) => {
            file.remove();
            Err(failure)
        }
        (Err(failure), _) | (Ok(()), Err(failure)) => Err(file.kept(failure)),
    }
}

impl EditedFile {
    fn create(folder: &Path, subject: &Subject) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let Subject { field, text, extension } = subject;
        let process = std::process::id();
        let before = fingerprint(text);
        let name = format!("{field}~{before:016x}~{process}-{number}.{extension}");
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let path = folder.join(name);
        named_file::ours_or_none(&path)?;
        let private = |path: &Path| {
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
        };
        let lock = private(&lock_of(&path))?;
        // Ours alone by its name; the lock is for those who start later.
        let _is_locked = lock.try_lock();
        let mut file = private(&path)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
        Ok(EditedFile { path, lock })
    }

    fn remove(self) {
        remove(&self.path);
        drop(self.lock);
    }

    /// A failure that says where the text is.
    fn kept(self, failure: Failure) -> Failure {
        let hint = format!("what it saved is kept in {}", self.path.display());
        failure.hint(hint)
    }
}

fn lock_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Removes a text that was taken over.
pub(super) fn remove(path: &Path) {
    let _gone = std::fs::remove_file(path);
    let _gone = std::fs::remove_file(lock_of(path));
}

/// Looks for texts that were in an editor when their program ended; of those that an editor still has,
/// until it is done.
pub(super) fn look_for_left_over(folder: PathBuf) -> mpsc::Receiver<EditedText> {
    let (sender, found) = mpsc::channel(LEFT_OVER_MAX);
    let work = move || {
        let mut paths = left_over(&folder);
        while !paths.is_empty() && !sender.is_closed() {
            let mut in_use = Vec::new();
            for path in paths {
                match take_up(&path) {
                    LeftOver::Text(text) => {
                        if sender.blocking_send(text).is_err() {
                            return;
                        }
                    }
                    LeftOver::Nothing => {}
                    LeftOver::InUse => in_use.push(path),
                }
            }
            paths = in_use;
            if !paths.is_empty() {
                thread::park_timeout(LOOK_AGAIN);
            }
        }
    };
    let spawned = std::thread::Builder::new().name("editor".into()).spawn(work);
    debug_assert!(spawned.is_ok(), "a thread for what editors left");
    found
}

/// What a file in the folder is.
#[derive(Debug, PartialEq, Eq)]
enum LeftOver {
    /// A text that was in an editor when its program ended, and was changed.
    Text(EditedText),
    /// An editor still has it, or the program that waits for one.
    InUse,
    /// No text, one that nobody changed (then it is removed), or another user's.
    Nothing,
}

/// The texts in the folder, so many of them.
fn left_over(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path()).take(LEFT_OVER_MAX * 4);
    let is_text = |path: &PathBuf| path.extension().is_none_or(|it| it != "lock");
    paths.filter(is_text).take(LEFT_OVER_MAX).collect()
}

fn take_up(path: &Path) -> LeftOver {
    let Some((field, before)) = told_by_name(path) else { return LeftOver::Nothing };
    if named_file::ours_or_none(path).is_err() {
        return LeftOver::Nothing;
    }
    if let Ok((lock, _)) = named_file::open(&lock_of(path))
        && lock.try_lock().is_err()
    {
        return LeftOver::InUse;
    }
    // Who had it in use may have taken it over.
    if !path.exists() {
        return LeftOver::Nothing;
    }
    let text = read_text(path);
    if text.as_ref().is_ok_and(|text| is_same(before, text)) {
        remove(path);
        return LeftOver::Nothing;
    }
    LeftOver::Text(EditedText { path: path.to_owned(), field, before, text: text.ok() })
}

/// Field and fingerprint of the text before, as the name of a file tells them.
fn told_by_name(path: &Path) -> Option<(String, u64)> {
    let (field, rest) = path.file_name()?.to_str()?.split_once('~')?;
    let before = u64::from_str_radix(rest.split_once('~')?.0, 16).ok()?;
    (!field.starts_with('.')).then(|| (field.to_owned(), before))
}

fn is_same(before: u64, text: &str) -> bool {
    fingerprint(text) == before || fingerprint(without_end(text)) == before
}

fn check(editor: &str, status: ExitStatus) -> Result<(), Failure> {
    let failure = |cause: String| Failure::new(Stage::Program, editor, FailureKind::Io, cause);
    Err(match status.code() {
        Some(0) => return Ok(()),
        Some(NOT_FOUND) => failure("the editor was not found".into())
            .hint("set VISUAL or EDITOR to an editor that is installed"),
        Some(code) => {
            failure(format!("the editor ended with status {code}; the text is unchanged"))
        }
        None => failure("the editor was killed; the text is unchanged".into()),
    })
}

/// What an editor saved. Editors that save by renaming leave another file under the same name.
fn read_text(path: &Path) -> Result<String, Failure> {
    let failed = |kind, cause: String| Failure::new(Stage::Storage, "edited text", kind, cause);
    let edited = named_file::read(path, EDITED_LIMIT).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::FileTooLarge => FailureKind::TooLarge,
            _ => FailureKind::Io,
        };
        failed(kind, error.to_string())
    })?;
    String::from_utf8(edited).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        failed(FailureKind::Malformed, format!("the edited text is not UTF-8 at byte {place}"))
    })
}

/// The new text, or `None` when it is the old one. Editors end a last line that had no end; that
/// is no change of the user's.
fn changed(before: &str, mut after: String) -> Option<String> {
    if !before.ends_with('\n') {
        after.truncate(without_end(&after).len());
    }
    (after != before).then_some(after)
}

/// A text without the end of its last line.
fn without_end(text: &str) -> &str {
    text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit_with(editor: &str, folder: &Path, text: &str) -> Edited {
        let (field, text) = ("body.text".into(), text.into());
        let subject = Subject { field, text, extension: "txt" };
        run_editor(editor, folder, &subject, &Editing::default())
    }

    fn files(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn an_editor_that_only_ends_the_last_line_changed_nothing() {
        assert_eq!(changed("a", "a\n".into()), None);
        assert_eq!(changed("a\n", "a\n".into()), None);
        assert_eq!(changed("a", "b\n".into()), Some("b".into()));
        assert_eq!(changed("a", "a\n\n".into()), Some("a\n".into()));
    }

    #[test]
    fn the_editor_gets_the_text_and_its_change_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let edited = edit_with("sed -i s/one/two/", folder.path(), "one\n").unwrap();
        assert_eq!(edited.as_deref(), Some("two\n"));
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn an_editor_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let failure = edit_with("no-such-editor-here", folder.path(), "x").unwrap_err();
        assert!(failure.to_string().contains("no-such-editor-here"), "{failure}");
        assert!(failure.hint.contains("EDITOR"), "{failure}");
        assert_eq!(files(folder.path()), 0);
    }

    #[test]
    fn what_cannot_be_taken_back_is_kept_and_said_where() {
        let folder = tempfile::tempdir().unwrap();
        for editor in [r"printf 'ab\377' >", "false; sed -i s/x/y/ \"$1\"; exit 3;"] {
            let failure = edit_with(editor, folder.path(), "x").unwrap_err();
            assert!(failure.hint.contains(&*folder.path().to_string_lossy()), "{failure}");
        }
        assert_eq!(files(folder.path()), 4, "two texts and their locks");
    }

    #[test]
    fn what_an_editor_saved_before_it_was_killed_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let editor = "sed -i s/one/two/ \"$1\"; kill -9 $$;";
        assert_eq!(edit_with(editor, folder.path(), "one").unwrap().as_deref(), Some("two"));
    }

    #[test]
    fn texts_of_a_program_that_is_gone_are_taken_up_once_they_were_changed() {
        let folder = tempfile::tempdir().unwrap();
        let create = |text: &str| {
            let (field, text) = ("body.json".into(), text.into());
            let subject = Subject { field, text, extension: "json" };
            EditedFile::create(folder.path(), &subject).unwrap()
        };
        let (untouched, edited, ours) = (create("same"), create("old"), create("in use"));
        std::fs::write(&untouched.path, "same\n").unwrap();
        std::fs::write(&edited.path, "new").unwrap();
        std::fs::write(&ours.path, "being typed").unwrap();
        let path = edited.path.clone();
        drop((untouched, edited));
        let (before, text) = (fingerprint("old"), Some("new".to_owned()));
        let text = EditedText { path: path.clone(), field: "body.json".into(), before, text };
        let mut found = look_for_left_over(folder.path().to_owned());
        assert_eq!(found.blocking_recv(), Some(text));
        assert!(ours.path.exists() && take_up(&ours.path) == LeftOver::InUse);
        // Once nobody has it, it is taken up too.
        drop(ours);
        assert_eq!(found.blocking_recv().unwrap().text.as_deref(), Some("being typed"));
    }
}
