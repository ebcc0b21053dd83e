//! `OpenAPI` 2.0 to 3.2: every operation a preset in the folder of its tag, servers as environments.
//!
//! Documents in the wild are often not valid: what is wrong with one operation leaves the others alone.

mod body;
mod operation;
mod parameters;
mod security;
mod servers;

use std::collections::{BTreeMap, HashMap};

use super::data::DataNode;
use super::gathered::Gathered;
use super::refs::Refs;
use super::tree::ImportFault;
use crate::contract::{ExampleMaker, MessageWay, given, written_example};
use operation::Operation;

/// Methods a path can have; `query` came with 3.2.
const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
/// Values of one example: an import has thousands of them.
const VALUES: usize = 500;
/// Tags within each other.
const DEEPEST: usize = 6;

/// A document, as all of its parts need it.
struct Api<'d> {
    root: &'d DataNode,
    refs: Refs<'d>,
    /// Whether it is of version 2.
    is_second: bool,
    /// Tags with the one they belong to.
    parents: HashMap<&'d str, &'d str>,
}

/// Reads a document, its files put into it.
pub(super) fn document(
    root: &DataNode,
    lost: &BTreeMap<String, String>,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let is_second = root.has("swagger");
    let version = root.at(if is_second { "swagger" } else { "openapi" }).plain();
    let is_known = if is_second { version.starts_with('2') } else { version.starts_with("3.") };
    if !is_known {
        let place = if is_second { "swagger" } else { "openapi" };
        let cause = format!("version '{version}' is not known; 2.0 and 3.0 to 3.2 are");
        return Err(ImportFault::new(place, cause));
    }
    if root.at("info").pairs().is_empty() {
        return Err(ImportFault::new("info", "it has no info, which every OpenAPI document has"));
    }
    let paths = root.at("paths");
    if !matches!(paths, DataNode::Map(_) | DataNode::Null) {
        return Err(ImportFault::new("paths", "it is no object of paths"));
    }
    out.title(root.path(&["info", "title"]).str());
    let tags = root.at("tags").items().iter();
    let parents = tags.map(|tag| (tag.at("name").str(), tag.at("parent").str())).collect();
    let api = Api { root, refs: Refs::with_lost(root, lost), is_second, parents };
    servers::servers(&api, out);
    for (path, item) in paths.pairs().iter().filter(|(path, _)| !path.starts_with("x-")) {
        let item = api.refs.resolved(item, path, out);
        let Some(item) = item else { continue };
        for (method, operation) in operations(item) {
            let operation =
                Operation { api: &api, path, item, method: &method, written: operation };
            operation.read(out)?;
        }
    }
    for (name, _) in root.at("webhooks").pairs() {
        out.left_out("webhooks, which are called and do not call", &**name);
    }
    Ok(())
}

/// The operations of a path, in their order.
fn operations(item: &DataNode) -> Vec<(String, &DataNode)> {
    let mut found = Vec::new();
    for (name, written) in item.pairs() {
        if METHODS.contains(&&**name) && matches!(written, DataNode::Map(_)) {
            found.push((name.to_uppercase(), written));
        }
    }
    for (name, written) in item.at("additionalOperations").pairs() {
        found.push((name.to_string(), written));
    }
    found
}

impl<'d> Api<'d> {
    /// What a schema of a request looks like.
    fn made(&self, schema: &'d DataNode) -> Option<DataNode> {
        let find = |reference: &str| self.refs.find(reference);
        ExampleMaker::new(&find, MessageWay::Request, VALUES).make(schema)
    }

    /// The example that is written beside a schema, the first of several.
    fn shown(&self, node: &'d DataNode) -> Option<&'d DataNode> {
        let named = || {
            let (_, first) = node.at("examples").pairs().first()?;
            let reference = first.at("$ref").text();
            written_example(reference.and_then(|it| self.refs.find(it)).unwrap_or(first))
        };
        given(node).or_else(named)
    }

    /// The folder of a tag: itself, in those it says it belongs to.
    fn folder(&self, tag: &str) -> Vec<String> {
        let mut folder = vec![tag.to_owned()];
        let mut name = tag;
        while folder.len() < DEEPEST {
            let parent = self.parents.get(name).copied().unwrap_or_default();
            if parent.is_empty() || folder.iter().any(|known| known == parent) {
                break;
            }
            folder.insert(0, parent.to_owned());
            name = parent;
        }
        folder
    }
}
