//! `ContractFacts`: what came of holding an exchange against an `OpenAPI` document.

use std::sync::Arc;

/// All operations of a document, to tell which of them were called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownOperations {
    /// The file of the document.
    pub file: String,
    /// As the document has them (`GET /users/{id}`), in its order.
    pub names: Vec<String>,
}

/// What differs from the document, as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContractFacts {
    /// The operation it is of, as the document has it (`GET /users/{id}`); empty = of none.
    pub operation: String,
    /// The status that came; `None` = there was no answer.
    pub status: Option<u16>,
    /// What is not as the document says, in words, each with the operation and the status it is about.
    pub findings: Vec<String>,
    /// What was not looked at, and why.
    pub unchecked: Vec<String>,
    /// What the document has; `None` = it is not known any more.
    pub known: Option<Arc<KnownOperations>>,
}

/// What is said of an exchange in which nothing differs.
pub const CONTRACT_OK: &str = "ok";

impl ContractFacts {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.findings.is_empty()
    }

    /// What differs, in words; `ok` where nothing does.
    pub fn told(&self) -> impl Iterator<Item = &str> {
        let ok = self.is_ok().then_some(CONTRACT_OK);
        ok.into_iter().chain(self.findings.iter().map(String::as_str))
    }

    /// Puts behind each finding what it is about.
    #[must_use]
    pub(crate) fn named(mut self) -> Self {
        let about = match (self.operation.as_str(), self.status) {
            ("", _) => return self,
            (operation, None) => format!(" ({operation})"),
            (operation, Some(status)) => format!(" ({operation} {status})"),
        };
        self.findings.iter_mut().for_each(|finding| finding.push_str(&about));
        self
    }

    /// Memory it takes.
    pub(crate) fn cost(&self) -> usize {
        let texts = self.findings.iter().chain(&self.unchecked).map(String::len);
        self.operation.len() + texts.sum::<usize>()
    }
}
