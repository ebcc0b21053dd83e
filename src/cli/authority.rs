//! `wirebench authority`: the certificate authority of this installation, shown, exported, removed.
//! Its key never leaves its file.

use std::path::Path;

use super::exit;
use super::headless::Headless;
use super::output::{self, Output};
use crate::args::{AuthorityTask, Common};
use crate::engine::describe_authority;
use crate::model::authority::Authority;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::store::atomic;
use crate::store::authority::AuthorityFile;
use crate::store::job::Overwrite;

/// Runs the command; returns the exit status.
pub(super) fn run(task: Option<&AuthorityTask>, headless: &Headless) -> Result<u8, Failure> {
    let file = AuthorityFile::new(headless.paths.clone());
    let mut output = Output::new(&Common::default());
    match task {
        None | Some(AuthorityTask::Show) => show(&file, &mut output)?,
        Some(AuthorityTask::Export { file: None }) => {
            output.bytes(there(&file)?.certificate_pem.as_bytes())?;
        }
        Some(AuthorityTask::Export { file: Some(to) }) => export(&file, to)?,
        Some(AuthorityTask::Remove) => remove(&file, &mut output)?,
    }
    Ok(exit::OK)
}

fn there(file: &AuthorityFile) -> Result<Authority, Failure> {
    file.load()?.ok_or_else(|| {
        let (target, kind) = ("certificate authority", FailureKind::NotFound);
        Failure::new(Stage::Storage, target, kind, "there is none yet")
            .hint("the first TLS listener makes one: wirebench listen tls://:9443")
    })
}

fn show(file: &AuthorityFile, output: &mut Output) -> Result<(), Failure> {
    let facts = describe_authority(&there(file)?).ok_or_else(|| {
        let (target, kind) = ("certificate authority", FailureKind::Malformed);
        Failure::new(Stage::Storage, target, kind, "its certificate cannot be read")
            .hint("wirebench authority remove; a new one is made when it is needed")
    })?;
    let speaks_for = match facts.speaks_for.as_slice() {
        [] => "any name; a TLS listener makes one for this machine in its place".to_owned(),
        realms => realms.join(", "),
    };
    let path = file.certificate().display().to_string();
    for (label, text) in [
        ("Authority", &facts.subject),
        ("Valid from", &facts.not_before),
        ("Valid until", &facts.not_after),
        ("Speaks for", &speaks_for),
        ("SHA-256", &facts.sha256),
        ("Certificate", &path),
    ] {
        output.line(&format!("{label:<12} {text}"))?;
    }
    Ok(())
}

fn export(file: &AuthorityFile, to: &Path) -> Result<(), Failure> {
    atomic::write(to, there(file)?.certificate_pem.as_bytes(), Overwrite::Refuse)?;
    output::note(&format!("the certificate is in {}", to.display()));
    Ok(())
}

fn remove(file: &AuthorityFile, output: &mut Output) -> Result<(), Failure> {
    let gone = file.remove()?;
    if gone.is_empty() {
        return there(file).map(|_| ());
    }
    for path in gone {
        output.line(&format!("removed {}", path.display()))?;
    }
    output::note("take it out of the trust stores you put it in, too");
    Ok(())
}
