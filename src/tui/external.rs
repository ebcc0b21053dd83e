//! The user's editor: runs it on the terminal and brings the text back.
//!
//! The loop has left the terminal and dropped the keyboard before [`edit`] is called, so nothing
//! else reads what is typed. A thread waits for the program; its outcome comes as one message, and
//! engine events are taken in meanwhile. The text lies in a file only its owner can read, which is
//! removed in every case.

use std::io::{self, Write};
use std::process::{Command, ExitStatus};

use tokio::sync::mpsc;

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::named_file;

/// Largest file taken back from an editor; a longer one is a mistake.
const EDITED_LIMIT: u64 = 64 * 1024 * 1024;
/// Shells answer so when the program was not found.
const NOT_FOUND: i32 = 127;

/// The text, if it was changed, or why there is none.
pub(super) type Edited = Result<Option<String>, Failure>;

/// Runs the editor on `text` and sends the outcome.
pub(super) fn edit(text: String, extension: &'static str, outcome: mpsc::Sender<Edited>) {
    let editor = editor();
    let work = move || {
        // Only fails when the program is ending.
        let _ = outcome.blocking_send(run_editor(&editor, &text, extension));
    };
    let spawned = std::thread::Builder::new().name("editor".into()).spawn(work);
    debug_assert!(spawned.is_ok(), "a thread for the editor");
}

/// `$VISUAL`, `$EDITOR`, or what every Unix has.
fn editor() -> String {
    ["VISUAL", "EDITOR"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|command| !command.trim().is_empty())
        .unwrap_or_else(|| "vi".into())
}

fn run_editor(editor: &str, text: &str, extension: &str) -> Edited {
    let failed = |error: io::Error| {
        Failure::new(Stage::Storage, "text for the editor", FailureKind::Io, error.to_string())
            .hint("is the temporary folder writable?")
    };
    let mut file = tempfile::Builder::new()
        .prefix("wirebench-")
        .suffix(&format!(".{extension}"))
        .tempfile()
        .map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
    // The variable may hold arguments (`code --wait`), which is the shell's to split; the path is
    // an argument of its own and never part of the command text.
    let status = Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(file.path())
        .status()
        .map_err(failed)?;
    check(editor, status)?;
    // Editors that save by renaming leave another file under the same name.
    changed(text, named_file::read(file.path(), EDITED_LIMIT).map_err(failed)?)
}

fn check(editor: &str, status: ExitStatus) -> Result<(), Failure> {
    let failure = |cause: String| Failure::new(Stage::Storage, editor, FailureKind::Io, cause);
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

/// The new text, or `None` when it is the old one. Editors end a last line that had no end; that
/// is no change of the user's.
fn changed(before: &str, after: Vec<u8>) -> Result<Option<String>, Failure> {
    let failed = |kind, cause: &str| Failure::new(Stage::Storage, "edited text", kind, cause);
    let mut after = String::from_utf8(after).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let cause = format!("the edited text is not UTF-8 at byte {place}");
        failed(FailureKind::Malformed, &cause).hint(r"write other bytes as \xNN")
    })?;
    if !before.ends_with('\n')
        && let Some(text) = after.strip_suffix('\n')
    {
        after.truncate(text.strip_suffix('\r').unwrap_or(text).len());
    }
    Ok((after != before).then_some(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editor_that_only_ends_the_last_line_changed_nothing() {
        assert_eq!(changed("a", b"a\n".to_vec()).unwrap(), None);
        assert_eq!(changed("a\n", b"a\n".to_vec()).unwrap(), None);
        assert_eq!(changed("a", b"b\n".to_vec()).unwrap(), Some("b".into()));
        assert_eq!(changed("a", b"a\n\n".to_vec()).unwrap(), Some("a\n".into()));
    }

    #[test]
    fn the_editor_gets_the_text_and_its_change_comes_back() {
        let edited = run_editor("sed -i s/one/two/", "one\n", "txt").unwrap();
        assert_eq!(edited.as_deref(), Some("two\n"));
    }

    #[test]
    fn an_editor_that_is_not_there_is_named() {
        let failure = run_editor("no-such-editor-here", "x", "txt").unwrap_err();
        assert!(failure.to_string().contains("no-such-editor-here"), "{failure}");
        assert!(failure.hint.contains("EDITOR"), "{failure}");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_place() {
        assert!(changed("a", b"ab\xff".to_vec()).unwrap_err().cause.contains("byte 2"));
    }
}
