//! `CoveredOperations`: which operations of `OpenAPI` documents were called, and which never.
//!
//! Kept up by runs and by listeners and relays that have a contract; an operation counts as called when a request for
//! it came, whatever was answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::contract_facts::{ContractFacts, KnownOperations};
use super::counts::{count, counted};

/// Documents of one run.
const DOCUMENTS: usize = 100;
/// Operations that are named in a line.
const NAMED: usize = 10;

/// What was called, by document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoveredOperations {
    documents: Vec<CoveredDocument>,
}

/// What was called of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredDocument {
    known: Arc<KnownOperations>,
    called: BTreeSet<String>,
}

impl CoveredOperations {
    /// With nothing called yet of this document.
    pub(crate) fn expect(&mut self, known: &Arc<KnownOperations>) {
        self.document(known);
    }

    /// Takes an exchange that was held against its document.
    pub(crate) fn take(&mut self, facts: &ContractFacts) {
        let Some(document) = facts.known.as_ref().and_then(|known| self.document(known)) else {
            return;
        };
        document.call(&facts.operation);
    }

    /// Takes what was called elsewhere, too.
    pub(crate) fn join(&mut self, other: &CoveredOperations) {
        for found in &other.documents {
            if let Some(document) = self.document(&found.known) {
                document.called.extend(found.called.iter().cloned());
            }
        }
    }

    /// All documents, in the order in which they were met.
    #[must_use]
    pub fn documents(&self) -> &[CoveredDocument] {
        &self.documents
    }

    /// A line for each.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.documents.iter().map(CoveredDocument::line)
    }

    fn document(&mut self, known: &Arc<KnownOperations>) -> Option<&mut CoveredDocument> {
        let found = self.documents.iter().position(|it| it.known.file == known.file);
        let at = match found {
            Some(at) => at,
            None if self.documents.len() >= DOCUMENTS || known.names.is_empty() => return None,
            None => {
                let called = BTreeSet::new();
                self.documents.push(CoveredDocument { known: Arc::clone(known), called });
                self.documents.len() - 1
            }
        };
        let document = self.documents.get_mut(at)?;
        if !Arc::ptr_eq(&document.known, known) {
            // The file changed meanwhile.
            document.known = Arc::clone(known);
        }
        Some(document)
    }
}

impl CoveredDocument {
    fn call(&mut self, operation: &str) {
        if operation.is_empty() || self.called.contains(operation) {
            return;
        }
        let is_known = |name: &str| self.known.names.iter().any(|known| known == name);
        if is_known(operation) {
            self.called.insert(operation.to_owned());
        } else if let Some(path) = operation.strip_prefix("HEAD ") {
            // What is read is asked for its head.
            let read = format!("GET {path}");
            if is_known(&read) {
                self.called.insert(read);
            }
        }
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.known.file
    }

    /// How many operations it has.
    #[must_use]
    pub fn all(&self) -> usize {
        self.known.names.len()
    }

    /// Those that were called, in the order of the document.
    pub fn called(&self) -> impl Iterator<Item = &str> {
        self.known.names.iter().map(String::as_str).filter(|name| self.called.contains(*name))
    }

    /// Those that never were.
    pub fn never(&self) -> impl Iterator<Item = &str> {
        self.known.names.iter().map(String::as_str).filter(|name| !self.called.contains(*name))
    }

    /// `openapi.yaml: 12 of 20 operations called; never called: GET /users/{id}, …`
    #[must_use]
    pub fn line(&self) -> String {
        let file = self.file().rsplit('/').next().unwrap_or_default();
        let called = count(self.called().count() as u64);
        let all = counted(self.all() as u64, "operation");
        let mut line = format!("{file}: {called} of {all} called");
        let named: Vec<&str> = self.never().take(NAMED).collect();
        if !named.is_empty() {
            line = format!("{line}; never called: {}", named.join(", "));
        }
        let more = self.never().count().saturating_sub(named.len());
        if more > 0 {
            line = format!("{line} and {} more", count(more as u64));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_called_and_what_never_was_is_told() {
        let names = (0..13).map(|at| format!("GET /{at}"));
        let names = names.chain(["DELETE /{id}".to_owned()]).collect();
        let known = Arc::new(KnownOperations { file: "/a/shop.yaml".into(), names });
        let mut covered = CoveredOperations::default();
        let mut call = |operation: &str| {
            let known = Some(Arc::clone(&known));
            covered.take(&ContractFacts {
                operation: operation.into(),
                known,
                ..ContractFacts::default()
            });
        };
        for operation in ["GET /0", "GET /0", "HEAD /1", "DELETE /{id}", "", "PUT /0"] {
            call(operation);
        }
        covered.take(&ContractFacts { operation: "GET /9".into(), ..ContractFacts::default() });
        let never =
            "GET /2, GET /3, GET /4, GET /5, GET /6, GET /7, GET /8, GET /9, GET /10, GET /11";
        let line =
            format!("shop.yaml: 3 of 14 operations called; never called: {never} and 1 more");
        assert_eq!(covered.lines().collect::<Vec<_>>(), [line]);
        let mut both = CoveredOperations::default();
        both.join(&covered);
        assert_eq!(both, covered);
    }
}
