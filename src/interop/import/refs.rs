//! References within a document (`#/components/schemas/Pet`). Those to other files and addresses are named,
//! never read. Called by the importers of OpenAPI and slumber.

use std::cell::RefCell;
use std::collections::HashMap;

use percent_encoding::percent_decode_str;

use super::data::DataNode;
use super::gathered::Gathered;

/// Members from which an object is large.
const LARGE: usize = 64;
/// References that lead to references.
const CHAIN: usize = 32;

/// Finds what references lead to.
pub(super) struct Refs<'d> {
    root: &'d DataNode,
    /// What references were found to lead to.
    found: RefCell<HashMap<String, Option<&'d DataNode>>>,
    /// Members of large objects, by where those are.
    members: RefCell<HashMap<*const DataNode, Members<'d>>>,
}

/// Members of an object by their names.
type Members<'d> = HashMap<&'d str, &'d DataNode>;

impl<'d> Refs<'d> {
    /// Of a document, nothing looked up yet.
    pub(super) fn new(root: &'d DataNode) -> Self {
        Refs { root, found: RefCell::default(), members: RefCell::default() }
    }

    /// What a value is, references followed; `None` = it leads nowhere, which is told.
    pub(super) fn resolved(
        &self,
        node: &'d DataNode,
        place: &str,
        out: &mut Gathered,
    ) -> Option<&'d DataNode> {
        let mut node = node;
        for _ in 0..CHAIN {
            let Some(reference) = node.at("$ref").text() else { return Some(node) };
            let Some(found) = self.find(reference) else {
                let what = if reference.starts_with('#') {
                    "references that lead nowhere"
                } else {
                    "references to other files, which are not read"
                };
                out.changed(what, place, reference);
                return None;
            };
            node = found;
        }
        out.left_out("references that lead to each other in a circle", place);
        None
    }

    /// What a reference within the document leads to.
    pub(super) fn find(&self, reference: &str) -> Option<&'d DataNode> {
        if let Some(known) = self.found.borrow().get(reference) {
            return *known;
        }
        let found = self.look(reference);
        self.found.borrow_mut().insert(reference.to_owned(), found);
        found
    }

    fn look(&self, reference: &str) -> Option<&'d DataNode> {
        let path = reference.strip_prefix('#')?;
        let mut node = self.root;
        for part in path.split('/').skip(1) {
            let part = percent_decode_str(part).decode_utf8().ok()?;
            let part = part.replace("~1", "/").replace("~0", "~");
            node = match node {
                DataNode::List(items) => items.get(part.parse::<usize>().ok()?)?,
                node => self.member(node, &part)?,
            };
        }
        Some(node)
    }

    /// A member; those of large objects are looked up.
    fn member(&self, node: &'d DataNode, name: &str) -> Option<&'d DataNode> {
        if node.pairs().len() < LARGE {
            return node.has(name).then(|| node.at(name));
        }
        let mut members = self.members.borrow_mut();
        let known = members
            .entry(std::ptr::from_ref(node))
            .or_insert_with(|| node.pairs().iter().map(|(name, value)| (&**name, value)).collect());
        known.get(name).copied()
    }
}
