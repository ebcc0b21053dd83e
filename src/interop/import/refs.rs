//! References within a document (`#/components/schemas/Pet`). Those to other files were put into it before, or lead
//! nowhere, as do those to addresses: that is told. Called by the importers of OpenAPI and slumber.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

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
    /// Why they lead nowhere, by what they begin with.
    lost: BTreeMap<String, String>,
    /// Those that were followed and lead nowhere, and nobody told yet.
    missed: RefCell<Vec<String>>,
}

/// Members of an object by their names.
type Members<'d> = HashMap<&'d str, &'d DataNode>;

impl<'d> Refs<'d> {
    /// Of a document, nothing looked up yet.
    pub(super) fn new(root: &'d DataNode) -> Self {
        Refs {
            root,
            found: RefCell::default(),
            members: RefCell::default(),
            lost: BTreeMap::new(),
            missed: RefCell::default(),
        }
    }

    /// The same, with why some lead nowhere.
    pub(super) fn with_lost(root: &'d DataNode, lost: &BTreeMap<String, String>) -> Self {
        Refs { lost: lost.clone(), ..Refs::new(root) }
    }

    /// Tells those that were followed since and lead nowhere.
    pub(super) fn tell_missed(&self, place: &str, out: &mut Gathered) {
        for reference in self.missed.take() {
            self.tell(&reference, place, out);
        }
    }

    fn tell(&self, reference: &str, place: &str, out: &mut Gathered) {
        let why = self.lost.iter().find(|(begins, _)| reference.starts_with(begins.as_str()));
        match why {
            Some((_, why)) => out.changed("references that lead nowhere", place, why),
            None if reference.starts_with('#') => {
                out.changed("references that lead nowhere", place, reference);
            }
            None => out.changed("references to other files, which are not read", place, reference),
        }
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
            let Some(found) = self.known(reference) else {
                self.tell(reference, place, out);
                return None;
            };
            node = found;
        }
        out.left_out("references that lead to each other in a circle", place);
        None
    }

    /// What a reference within the document leads to; one that leads nowhere is told with the next
    /// [`tell_missed`](Refs::tell_missed).
    pub(super) fn find(&self, reference: &str) -> Option<&'d DataNode> {
        let found = self.known(reference);
        let mut missed = self.missed.borrow_mut();
        if found.is_none() && !missed.iter().any(|known| known == reference) {
            missed.push(reference.to_owned());
        }
        found
    }

    fn known(&self, reference: &str) -> Option<&'d DataNode> {
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
