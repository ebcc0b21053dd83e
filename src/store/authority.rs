//! The certificate authority of this installation, kept for TLS listeners.
//!
//! One file holds certificate and key, so the two always belong together; the certificate alone
//! lies beside it for others to trust. Both are changed under the lock of their folder alone, so
//! of two programs that need an authority at the same moment the second finds that of the first.

use std::path::PathBuf;

use super::job::Overwrite;
use super::paths::Paths;
use super::{atomic, lock, private, workspace};
use crate::model::authority::{Authority, AuthorityKeeper, ChooseAuthority, StoredAuthority};
use crate::model::failure::{Failure, FailureKind};
use crate::named_file;

const KEY_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
/// Longest file of certificate and key; ours have 1 KB.
const LIMIT: u64 = 1024 * 1024;
const CERTIFICATE_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// The files of the authority.
#[derive(Debug, Clone)]
pub struct AuthorityFile {
    paths: Paths,
}

impl AuthorityFile {
    /// Touches nothing yet.
    #[must_use]
    pub fn new(paths: Paths) -> Self {
        AuthorityFile { paths }
    }

    /// The file with the certificate alone.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.paths.authority_certificate()
    }

    /// Reads the authority; `None` when there is none yet.
    ///
    /// # Errors
    /// When the file is there but cannot be read or is not what we wrote.
    pub fn load(&self) -> Result<Option<Authority>, Failure> {
        let file = self.paths.authority();
        let text = match workspace::read_ours(&file, LIMIT) {
            Err(failure) if failure.kind == FailureKind::NotFound => return Ok(None),
            bytes => String::from_utf8(bytes?).unwrap_or_default(),
        };
        let cut = text.find(KEY_BEGIN).and_then(|at| text.split_at_checked(at));
        match cut {
            Some((certificate, key)) if certificate.contains(CERTIFICATE_BEGIN) => {
                Ok(Some(Authority { certificate_pem: certificate.into(), key_pem: key.into() }))
            }
            _ => {
                let cause = "it does not hold a certificate and a key";
                Err(atomic::refusal(file, FailureKind::Malformed, cause)
                    .hint("wirebench authority remove; a new one is made when it is needed"))
            }
        }
    }

    /// Removes the authority; returns the files that are gone.
    ///
    /// # Errors
    /// When a file is there and cannot be removed, or another program holds the lock.
    pub fn remove(&self) -> Result<Vec<PathBuf>, Failure> {
        let _held = lock::folder(&self.paths.data)?;
        let files = [self.paths.authority(), self.paths.authority_certificate()];
        let mut gone = Vec::new();
        for file in files {
            if atomic::is_there(&file)? {
                atomic::remove(&file)?;
                gone.push(file);
            }
        }
        Ok(gone)
    }

    fn write(&self, authority: &Authority, overwrite: Overwrite) -> Result<(), Failure> {
        let both = line(&authority.certificate_pem) + &line(&authority.key_pem);
        atomic::write(&self.paths.authority(), both.as_bytes(), overwrite)
    }
}

fn line(text: &str) -> String {
    format!("{}\n", text.trim_end())
}

impl AuthorityKeeper for AuthorityFile {
    fn kept(&self) -> Option<Authority> {
        self.load().ok().flatten()
    }

    fn keep(&self, choose: ChooseAuthority<'_>) -> Result<StoredAuthority, Failure> {
        atomic::make_folders(&self.paths.data)?;
        let _held = lock::folder(&self.paths.data)?;
        let mut remarks: Vec<String> = private::mend(&self.paths.authority()).into_iter().collect();
        let (kept, overwrite) = match self.load() {
            Ok(None) => (None, Overwrite::Refuse),
            Ok(kept) => (kept, Overwrite::Replace),
            Err(failure) if failure.kind == FailureKind::Malformed => {
                remarks.push(format!("{}: {}: replaced", failure.target, failure.cause));
                (None, Overwrite::Replace)
            }
            Err(failure) => return Err(failure),
        };
        let authority = match choose(kept.as_ref())? {
            // Without locks on this file system another program may have been faster.
            Some(made) => match self.write(&made, overwrite) {
                Ok(()) => made,
                Err(failure) => {
                    self.kept().filter(|now| Some(now) != kept.as_ref()).ok_or(failure)?
                }
            },
            None => kept.ok_or_else(|| {
                atomic::refusal(self.paths.authority(), FailureKind::Internal, "none was made")
            })?,
        };
        let certificate = self.certificate();
        let alone = line(&authority.certificate_pem);
        if named_file::ours_or_none(&certificate).is_err() {
            // Written over, it would stay the other user's.
            atomic::remove(&certificate)?;
        }
        if workspace::read_bytes(&certificate).ok().as_deref() != Some(alone.as_bytes()) {
            atomic::write(&certificate, alone.as_bytes(), Overwrite::Replace)?;
        }
        Ok(StoredAuthority { authority, certificate, remarks })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn key(text: &str) -> String {
        format!("{KEY_BEGIN}\n{text}\n-----END PRIVATE KEY-----\n")
    }

    fn authority(text: &str) -> Authority {
        Authority { certificate_pem: CERTIFICATE.into(), key_pem: key(text) }
    }

    /// Keeps one unless there is one.
    fn keep(file: &AuthorityFile, text: &str) -> StoredAuthority {
        file.keep(&mut |kept| Ok(kept.is_none().then(|| authority(text)))).unwrap()
    }

    #[test]
    fn the_first_authority_stays_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        let file = AuthorityFile::new(paths.clone());
        assert_eq!(file.load(), Ok(None));
        keep(&file, "first");
        let kept = keep(&file, "second");
        assert_eq!(kept.authority.key_pem, key("first"));
        assert_eq!(fs::read_to_string(kept.certificate).unwrap(), CERTIFICATE);
        let mode = fs::metadata(paths.authority()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{:?}", kept.authority).contains("first"), "the key is not shown");
        assert_eq!(file.remove().unwrap().len(), 2);
        assert_eq!((file.load(), file.remove()), (Ok(None), Ok(Vec::new())));
    }

    #[test]
    fn a_broken_authority_is_told_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        fs::create_dir_all(&paths.data).unwrap();
        fs::write(paths.authority(), "half").unwrap();
        let file = AuthorityFile::new(paths);
        assert!(file.load().unwrap_err().hint.contains("authority remove"));
        let kept = keep(&file, "new");
        assert!(kept.remarks.iter().any(|remark| remark.contains("replaced")), "{kept:?}");
        assert_eq!(file.load().unwrap().unwrap().key_pem, key("new"));
    }

    #[test]
    fn many_at_once_make_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = AuthorityFile::new(Paths::under(folder.path()));
        let (start, made) = (Barrier::new(8), AtomicUsize::new(0));
        let keep_one = |number: usize| {
            start.wait();
            let mut choose = |kept: Option<&Authority>| {
                Ok(kept.is_none().then(|| {
                    made.fetch_add(1, Ordering::Relaxed);
                    authority(&number.to_string())
                }))
            };
            file.keep(&mut choose).unwrap().authority
        };
        let kept: Vec<Authority> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|number| scope.spawn(move || keep_one(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(made.load(Ordering::Relaxed), 1);
        assert!(kept.iter().all(|other| *other == kept[0]));
    }
}
