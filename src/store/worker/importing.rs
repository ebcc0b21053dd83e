//! The lane of imports that are looked at before anything is written: what was named may lie on a slow disk and be
//! long, which delays nothing else, and nobody waits for it at the end.

use std::path::Path;
use std::sync::Arc;

use super::known_workspace::KnownWorkspace;
use super::lane::{ReplySender, Work, not_ours};
use crate::interop::import::{ImportFile, ImportSummary};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::PresetPath;
use crate::store::job::{
    ImportChoice, ImportDone, ImportPreview, ImportSource, ImportTask, ImportTrees, Job, Reply,
};
use crate::store::{import_files, imports};

/// What messages call a text that was pasted.
const PASTED: &str = "what was pasted";

/// Looks at them.
pub(super) struct Importing {
    known: Arc<KnownWorkspace>,
}

impl Importing {
    /// For this workspace.
    pub(super) fn new(known: Arc<KnownWorkspace>) -> Self {
        Importing { known }
    }
}

impl Work for Importing {
    fn perform(&mut self, job: Job, outbox: &ReplySender) -> Result<(), Failure> {
        let Job::Import(ImportTask::Look { asked, source, into }) = job else {
            return Err(not_ours(&job));
        };
        let found = look(&self.known.root(), source, into);
        let found = found.map_err(|failure| failure.composed_for(Stage::ComposeImport));
        outbox.send(Reply::Import(Box::new(ImportDone::Looked { asked, found })));
        Ok(())
    }
}

/// What would be written, and where to.
fn look(
    root: &Path,
    source: ImportSource,
    into: Option<PresetPath>,
) -> Result<ImportPreview, Failure> {
    let (name, trees) = match source {
        ImportSource::Named(path) => {
            (path.display().to_string(), read(&import_files::read(&path)?)?)
        }
        ImportSource::Pasted(text) => {
            let bytes = text.into_bytes();
            let file = ImportFile { name: PASTED.to_owned(), inside: None, bytes };
            (PASTED.to_owned(), read(&[file])?)
        }
        ImportSource::Known(trees) => (PASTED.to_owned(), trees),
    };
    let choice = ImportChoice { into, environment: None, is_dry: true };
    let (plan, _) = imports::take_in(root, (*trees).clone(), &choice)?;
    let summary = ImportSummary::of(&trees, &plan);
    if summary.is_empty {
        let cause = "nothing in it can be imported";
        return Err(Failure::new(Stage::Compose, name, FailureKind::Usage, cause));
    }
    Ok(ImportPreview { trees, summary })
}

fn read(files: &[ImportFile]) -> Result<ImportTrees, Failure> {
    let trees = import_files::trees(files, None)
        .map_err(|(name, fault)| import_files::broken(&name, &fault))?;
    Ok(Arc::new(trees))
}
