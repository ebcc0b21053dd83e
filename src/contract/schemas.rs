//! Schemas of a document that were needed so far, ready to be asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonschema::Draft;

use super::document::Document;
use super::translate::{MessageWay, translated};
use crate::codec::data_tree::DataNode;
use crate::json_schema::Schema;

/// Schemas that are held ready; more are made anew each time.
const HELD: usize = 4_000;

/// A schema, or why there is none, and what of it could not be used.
#[derive(Debug, Clone)]
pub(super) struct ReadySchema {
    pub(super) schema: Option<Arc<Schema>>,
    pub(super) unused: Vec<String>,
}

/// By where they stand and which way the message goes.
#[derive(Debug, Default)]
pub(super) struct Schemas(Mutex<HashMap<(usize, MessageWay), ReadySchema>>);

impl Schemas {
    /// The schema that stands there in the document.
    pub(super) fn ready(
        &self,
        document: &Document,
        node: &DataNode,
        way: MessageWay,
    ) -> ReadySchema {
        // The tree of a document does not move.
        let key = (std::ptr::from_ref(node).addr(), way);
        let held = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = held().get(&key) {
            return known.clone();
        }
        let made = made(document, node, way);
        let mut held = held();
        if held.len() < HELD {
            held.insert(key, made.clone());
        }
        made
    }
}

fn made(document: &Document, node: &DataNode, way: MessageWay) -> ReadySchema {
    let mut unused = Vec::new();
    for with_patterns in [true, false] {
        let translated = match translated(document, node, way, with_patterns) {
            Ok(translated) => translated,
            Err(why) => {
                unused.push(format!("a schema: {why}"));
                return ReadySchema { schema: None, unused };
            }
        };
        match Schema::compile(&translated.schema, Some(Draft::Draft202012)) {
            Ok(schema) => {
                unused.extend(translated.lost);
                return ReadySchema { schema: Some(Arc::new(schema)), unused };
            }
            Err(why) if with_patterns => unused.push(format!("patterns of a schema: {why}")),
            Err(why) => unused = vec![format!("a schema that cannot be used: {why}")],
        }
    }
    ReadySchema { schema: None, unused }
}
