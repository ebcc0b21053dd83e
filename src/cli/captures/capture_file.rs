//! A file that a capture goes to as it happens, or standard output in its place. What is in it can
//! be read at any moment, so it has its name from the start and takes the place of what was there.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};

use crate::cli::output;
use crate::console::{self, PrintError, Printer};
use crate::model::counts::counted;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::file_error;
use crate::named_file::nonblocking_flags;
use crate::whole_file::PRIVATE;

/// The file, and whether it can still be written.
pub(super) struct CaptureFile {
    /// The option and what was named, for what is said about it.
    name: String,
    to: Printer,
    /// Its end was told: nothing more goes there.
    has_failed: bool,
}

impl CaptureFile {
    /// Opens what `option` names.
    pub(super) fn begin(option: &str, name: &str) -> Result<Self, Failure> {
        let to = if name == "-" {
            console::output()
        } else {
            let opened = opened(name).map_err(|error| refusal(option, name, &error))?;
            console::to_capture(opened)
        };
        let name = if name == "-" { "standard output" } else { name };
        Ok(CaptureFile { name: format!("{option} {name}"), to, has_failed: false })
    }

    /// One that is open, as the working file of what appears whole.
    pub(super) fn of(option: &str, name: &str, file: File) -> Self {
        let (name, to) = (format!("{option} {name}"), console::to_capture(file));
        CaptureFile { name, to, has_failed: false }
    }

    /// Whether this option named it.
    pub(super) fn is_of(&self, option: &str) -> bool {
        self.name.starts_with(option)
    }

    /// Adds bytes. Never waits.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        if !self.has_failed {
            self.to.push(bytes);
        }
    }

    /// Waits until there is room for more; what goes wrong is told once, and ends the capture alone.
    /// Cancel-safe.
    pub(super) async fn ready(&mut self) {
        if !self.has_failed && self.to.ready().await.is_err() {
            self.tell();
        }
    }

    /// Waits until all is written; whether it is.
    pub(super) async fn drained(&mut self) -> bool {
        if !self.has_failed && self.to.drained().await.is_err() {
            self.tell();
        }
        !self.has_failed
    }

    fn tell(&mut self) {
        self.has_failed = true;
        let (bytes, _) = self.to.missing();
        match self.to.error() {
            // Whoever prints there tells it.
            Some(PrintError::ReaderLeft) | None => {}
            Some(PrintError::Failed(why)) => {
                let (name, bytes) = (&self.name, counted(bytes as u64, "byte"));
                output::note(&format!("{name}: {why}; the capture ends {bytes} before that"));
            }
        }
    }
}

fn opened(name: &str) -> io::Result<File> {
    let wrong = |cause: &str| Err(io::Error::other(cause.to_owned()));
    match std::fs::metadata(name) {
        _ if name.is_empty() => return wrong("the name of the file is empty"),
        Ok(facts) if facts.is_dir() => return wrong("it is a folder; name a file in it"),
        Ok(facts) if facts.file_type().is_socket() => return wrong("it is a socket"),
        _ => {}
    }
    // What crosses sockets is nobody else's business.
    let mut opening = OpenOptions::new();
    opening.write(true).create(true).mode(PRIVATE).custom_flags(nonblocking_flags());
    let file = opening.open(name)?;
    if file.metadata()?.is_file() {
        file.set_len(0)?;
    }
    Ok(file)
}

fn refusal(option: &str, name: &str, error: &io::Error) -> Failure {
    let (kind, cause) = match error.kind() {
        io::ErrorKind::Other => (FailureKind::Usage, error.to_string()),
        _ => file_error::words(error),
    };
    let target = if name.is_empty() { option } else { name };
    Failure::new(Stage::Storage, target, kind, cause)
}
