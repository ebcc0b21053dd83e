//! Diagnostics to a file in the state directory, never to the terminal.
//!
//! Only written when asked for (`--log`, `WIREBENCH_LOG`). Log texts carry bytes of peers, so every
//! line goes through the same escaping as the screen, and the file is its owner's only.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::codec::printable;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::named_file;

/// An older log of more than this is moved aside when a new run starts.
const ROTATE_ABOVE: u64 = 8 * 1024 * 1024;

/// Why a line could not be written, the first time that happened.
static TROUBLE: OnceLock<String> = OnceLock::new();

/// What is missing in the log, to be said when the terminal is free.
pub fn trouble() -> Option<&'static str> {
    TROUBLE.get().map(String::as_str)
}

/// Starts logging to `wirebench.log` in `folder`, which is created when it is missing.
pub fn start(level: LevelFilter, folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join("wirebench.log");
    let failed = |error: io::Error| {
        Failure::new(Stage::Storage, path.display().to_string(), FailureKind::Io, error.to_string())
            .hint("leave out --log, or choose another folder with --home")
    };
    let file = open(&path).map_err(failed)?;
    let lines = fmt::layer().with_ansi(false).with_writer(Arc::new(LogFile(file)));
    // A second start in one process keeps the first log; only tests do that.
    let _ = tracing_subscriber::registry().with(level).with(lines).try_init();
    Ok(path)
}

fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > ROTATE_ABOVE) {
        std::fs::rename(path, path.with_extension("log.1"))?;
    }
    named_file::regular_or_none(path)?;
    named_file::ours_or_none(path)?;
    let flags = named_file::nonblocking_flags();
    let file =
        OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(flags).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

/// The log file; each event is one line and one write.
struct LogFile(File);

impl Write for &LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = format!("{}\n", escape(bytes));
        if let Err(error) = (&self.0).write_all(line.as_bytes()) {
            // Whoever logs goes on; nobody is told on a terminal that may be drawn on.
            let _told = TROUBLE.set(format!("the log is not complete: {error}"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn escape(event: &[u8]) -> String {
    printable::printable(event.strip_suffix(b"\n").unwrap_or(event))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_without_control_bytes() {
        let line = escape(b"INFO peer said \x1b]0;owned\x07\nsecond\n");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(line.contains("owned"), "{line:?}");
    }

    #[test]
    fn the_log_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/wirebench.log");
        open(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_large_old_log_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wirebench.log");
        open(&path).unwrap().set_len(ROTATE_ABOVE + 1).unwrap();
        open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        assert!(folder.path().join("wirebench.log.1").exists());
    }
}
