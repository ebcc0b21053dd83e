//! The certificate authority of this installation, kept for TLS listeners.
//!
//! One file holds certificate and key, so the two always belong together; the certificate alone
//! lies beside it for others to trust. Read by the shell before the engine starts.

use std::path::PathBuf;

use super::job::Overwrite;
use super::paths::Paths;
use super::{atomic, workspace};
use crate::model::failure::{Failure, FailureKind};
use crate::model::tls::Authority;

const KEY_BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const CERTIFICATE_BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Reads the authority; `None` when there is none yet.
///
/// # Errors
/// When the file is there but cannot be read or is not what we wrote.
pub fn load(paths: &Paths) -> Result<Option<Authority>, Failure> {
    let file = paths.authority();
    let text = match workspace::read_bytes(&file) {
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
                .hint("remove the file; a new authority is made when one is needed"))
        }
    }
}

/// Keeps an authority, unless there is one; returns the file with the certificate alone.
///
/// # Errors
/// When the folder or a file of it cannot be written.
pub fn save(paths: &Paths, authority: &Authority) -> Result<PathBuf, Failure> {
    atomic::make_folders(&paths.data)?;
    let line = |text: &str| format!("{}\n", text.trim_end());
    let kept = match load(paths) {
        Ok(Some(kept)) => kept,
        loaded => {
            let both = line(&authority.certificate_pem) + &line(&authority.key_pem);
            let overwrite = if loaded.is_ok() { Overwrite::Refuse } else { Overwrite::Replace };
            match atomic::write(&paths.authority(), both.as_bytes(), overwrite) {
                Ok(()) => authority.clone(),
                // Another instance was faster; then its authority is the one.
                Err(failure) => load(paths).ok().flatten().ok_or(failure)?,
            }
        }
    };
    let file = paths.authority_certificate();
    atomic::write(&file, line(&kept.certificate_pem).as_bytes(), Overwrite::Replace)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    fn key(text: &str) -> String {
        format!("{KEY_BEGIN}\n{text}\n-----END PRIVATE KEY-----\n")
    }

    fn authority(text: &str) -> Authority {
        Authority { certificate_pem: CERTIFICATE.into(), key_pem: key(text) }
    }

    #[test]
    fn the_first_authority_stays_and_its_key_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        assert_eq!(load(&paths), Ok(None));
        save(&paths, &authority("first")).unwrap();
        save(&paths, &authority("second")).unwrap();
        let kept = load(&paths).unwrap().unwrap();
        assert_eq!(kept.key_pem, key("first"));
        assert_eq!(kept.certificate_pem, CERTIFICATE);
        let mode = std::fs::metadata(paths.authority()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let public = std::fs::read_to_string(paths.authority_certificate()).unwrap();
        assert_eq!(public, CERTIFICATE);
        assert!(!format!("{kept:?}").contains("first"), "the key is not shown");
    }

    #[test]
    fn a_broken_authority_is_told_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        std::fs::create_dir_all(&paths.data).unwrap();
        std::fs::write(paths.authority(), "half").unwrap();
        assert!(load(&paths).unwrap_err().hint.contains("remove the file"));
        save(&paths, &authority("new")).unwrap();
        assert_eq!(load(&paths).unwrap().unwrap().key_pem, key("new"));
    }
}
