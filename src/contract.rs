//! Contracts: `OpenAPI` documents (2.0 to 3.2) that exchanges are held against, and that answer in place of the
//! server they describe. Pure: bytes in, words and answers out.
//!
//! ```text
//!   file ─ codec::{data_tree, yaml_tree} ─► Document ─► PathTable ─┐
//!   request, answer (heads and bodies) ────────────────────────────┴─► Contract::check ─► ContractFacts
//!                                                       Contract::mocked ─► MockAnswer
//!   schema ─ translate (to JSON Schema 2020-12) ─► json_schema, compiled when it is first needed
//! ```
//! Called by the engine, which reads the file and holds on to the contract. Documents in the wild are often not
//! valid: what cannot be used of one is said with the exchange as not looked at, and never fails the rest.

mod bodies;
mod checking;
mod document;
mod example;
mod files;
mod forms;
mod media;
mod mock;
mod negotiation;
mod parameters;
mod paths;
mod schemas;
mod security;
mod translate;
mod xml;

use std::sync::Arc;

use crate::codec::data_tree::{self, DataNode};
use crate::codec::yaml_tree;
use crate::model::contract_facts::KnownOperations;
use document::Document;
use paths::PathTable;
use schemas::Schemas;

pub(crate) use checking::{SeenBody, SeenMessage};
pub(crate) use example::{ExampleMaker, given, written_example};
pub(crate) use files::{FileReader, bundled};
pub(crate) use mock::MockAnswer;
pub(crate) use translate::MessageWay;

/// Longest document, as of imports.
pub(crate) const CONTRACT_LIMIT: u64 = 32 * 1024 * 1024;
/// Bytes of a body that are looked at.
pub(crate) const CHECKED_BODY: u64 = 4 * 1024 * 1024;

/// A document ready to be asked.
#[derive(Debug)]
pub(crate) struct Contract {
    document: Document,
    paths: PathTable,
    schemas: Schemas,
    known: Arc<KnownOperations>,
}

impl Contract {
    /// Reads a document, JSON or YAML, and the files beside it that it names; `file` is where it is.
    ///
    /// # Errors
    /// What is wrong with it, with its place.
    pub(crate) fn read(
        file: &str,
        bytes: &[u8],
        beside: &mut FileReader<'_>,
    ) -> Result<Self, String> {
        let own = file.rsplit('/').next().unwrap_or_default();
        let bundle = files::bundled(tree_of(bytes)?, own, beside);
        let document = Document::new(bundle.root, bundle.lost)?;
        let paths = PathTable::new(document.paths());
        let names = document.operation_names();
        let known = Arc::new(KnownOperations { file: file.to_owned(), names });
        Ok(Contract { document, paths, schemas: Schemas::default(), known })
    }

    /// All its operations.
    pub(crate) fn known(&self) -> &Arc<KnownOperations> {
        &self.known
    }

    /// Whether a request to this URL is one that the document speaks of: of a server that it names, or of any
    /// where it names none.
    pub(crate) fn is_about(&self, url: &str) -> bool {
        self.document.is_about(url)
    }
}

/// The tree of a file, JSON or YAML.
fn tree_of(bytes: &[u8]) -> Result<DataNode, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_json = text.trim_start().starts_with('{');
    let root = if is_json { data_tree::read_json(text) } else { yaml_tree::read_yaml(text) };
    root.map_err(|fault| fault.to_string())
}

#[cfg(test)]
mod body_tests;
#[cfg(test)]
mod contract_tests;
#[cfg(test)]
mod corpora_tests;
#[cfg(test)]
mod mock_tests;

/// A document of one file.
#[cfg(test)]
fn contract_of(text: &str) -> Result<Contract, String> {
    Contract::read("shop.yaml", text.as_bytes(), &mut |_| Err("there is none".to_owned()))
}

/// The same of what a document says behind its title.
#[cfg(test)]
fn contract_with(rest: &str) -> Result<Contract, String> {
    contract_of(&("openapi: 3.0.3\ninfo: {title: t, version: \"1\"}".to_owned() + rest))
}
