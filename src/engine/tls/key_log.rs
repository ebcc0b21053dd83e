//! The keys of TLS connections, as `SSLKEYLOGFILE` of browsers and curl: Wireshark and tshark read them, and
//! with them what others captured of these connections.
//!
//! A file that is only appended to, which nobody else can read. One that cannot be written any more costs
//! its lines and nothing else.

use std::fmt::{self, Write as _};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use rustls::KeyLog;

use crate::named_file::nonblocking_flags;
use crate::whole_file::PRIVATE;

/// Appends the keys of each connection to a file.
pub struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Opens the file, which is made when it is not there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn appending(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(PRIVATE).custom_flags(nonblocking_flags());
        options.open(path).map(|file| KeyLogFile(Mutex::new(file)))
    }
}

impl fmt::Debug for KeyLogFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyLogFile")
    }
}

/// A line of a key log.
fn line(label: &str, client_random: &[u8], secret: &[u8]) -> String {
    let mut line = format!("{label} ");
    for (bytes, end) in [(client_random, ' '), (secret, '\n')] {
        for byte in bytes {
            let _ = write!(line, "{byte:02x}");
        }
        line.push(end);
    }
    line
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = line(label, client_random, secret);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!("a TLS key is not in the key log: {error}");
        }
    }
}

/// The keys of one connection, until somebody tells them.
#[derive(Debug, Default)]
pub(crate) struct ToldKeys {
    lines: Mutex<String>,
    onward: OnceLock<Arc<dyn KeyLog>>,
}

impl ToldKeys {
    /// They go here, too; the first that is named.
    pub(crate) fn passing_on(&self, to: Arc<dyn KeyLog>) {
        let _ = self.onward.set(to);
    }

    /// The lines that came since the last time.
    pub(crate) fn take(&self) -> Bytes {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *lines).into()
    }
}

impl KeyLog for ToldKeys {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        if let Some(onward) = self.onward.get() {
            onward.log(label, client_random, secret);
        }
        let line = line(label, client_random, secret);
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_appended_to_a_file_that_nobody_else_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        for random in [1, 2] {
            KeyLogFile::appending(&path).unwrap().log("CLIENT_RANDOM", &[random; 2], &[0xab]);
        }
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, "CLIENT_RANDOM 0101 ab\nCLIENT_RANDOM 0202 ab\n");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(KeyLogFile::appending(folder.path()).is_err());
    }
}
