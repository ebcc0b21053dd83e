//! A collection with what its references (`$ref: "#/.base"`) name put in their places: a member beside a reference
//! takes the place of one of the same name that it brings.

use std::borrow::Cow;

use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::refs::Refs;
use crate::interop::import::tree::ImportFault;

/// The member that names what is to be put in.
const REFERENCE: &str = "$ref";
/// Values within each other, those put in counted.
const DEEPEST: usize = 200;
/// Bytes of all that is put in.
const PUT_IN: usize = 32 * 1024 * 1024;
/// What a value takes besides its text.
const NODE: usize = 56;

/// The collection without references.
///
/// # Errors
/// Which reference leads back to itself, or brings too much.
pub(super) fn whole<'d>(
    data: &'d DataNode,
    out: &mut Gathered,
) -> Result<Cow<'d, DataNode>, ImportFault> {
    if !has_reference(data) {
        return Ok(Cow::Borrowed(data));
    }
    let mut making = Making { refs: Refs::new(data), left: PUT_IN, by: Vec::new() };
    making.made(data, 0, out).map(Cow::Owned)
}

fn has_reference(node: &DataNode) -> bool {
    node.pairs().iter().any(|(name, value)| &**name == REFERENCE || has_reference(value))
        || node.items().iter().any(has_reference)
}

struct Making<'d> {
    refs: Refs<'d>,
    /// Bytes that may still be put in.
    left: usize,
    /// References that are being put in, the outermost first.
    by: Vec<&'d str>,
}

impl<'d> Making<'d> {
    fn made(
        &mut self,
        node: &'d DataNode,
        depth: usize,
        out: &mut Gathered,
    ) -> Result<DataNode, ImportFault> {
        if let Some(reference) = self.by.last() {
            let text = match node {
                DataNode::Text(text) | DataNode::Number(text) => text.len(),
                _ => 0,
            };
            let left = self.left.checked_sub(NODE + text).filter(|_| depth < DEEPEST);
            let Some(left) = left else {
                let cause = "references that put in more than an import takes";
                return Err(ImportFault::new(format!("$ref {reference}"), cause));
            };
            self.left = left;
        }
        match node {
            DataNode::List(items) => {
                let made = items.iter().map(|item| self.made(item, depth + 1, out));
                made.collect::<Result<_, _>>().map(DataNode::List)
            }
            DataNode::Map(pairs) => self.object(pairs, depth + 1, out),
            other => Ok(other.clone()),
        }
    }

    fn object(
        &mut self,
        pairs: &'d [(Box<str>, DataNode)],
        depth: usize,
        out: &mut Gathered,
    ) -> Result<DataNode, ImportFault> {
        let (mut own, mut brought) = (Vec::new(), None);
        for (name, value) in pairs {
            match value {
                DataNode::Text(reference) if &**name == REFERENCE => {
                    brought = self.brought(reference, depth, out)?;
                }
                value => own.push((name.clone(), self.made(value, depth, out)?)),
            }
        }
        match brought {
            Some(DataNode::Map(mut made)) => {
                made.retain(|(name, _)| !own.iter().any(|(own, _)| own == name));
                made.extend(own);
                Ok(DataNode::Map(made))
            }
            Some(other) if own.is_empty() => Ok(other),
            _ => Ok(DataNode::Map(own)),
        }
    }

    /// What a reference names; `None` = nothing that is here, which is told.
    fn brought(
        &mut self,
        reference: &'d str,
        depth: usize,
        out: &mut Gathered,
    ) -> Result<Option<DataNode>, ImportFault> {
        if self.by.contains(&reference) {
            let cause = "a reference that leads back to itself";
            return Err(ImportFault::new(format!("$ref {reference}"), cause));
        }
        let Some(found) = self.refs.find(reference) else {
            let what = if reference.starts_with('#') {
                "references that lead nowhere"
            } else {
                "references to other files, which are not read"
            };
            out.changed(what, "", reference);
            return Ok(None);
        };
        self.by.push(reference);
        let made = self.made(found, depth, out);
        self.by.pop();
        made.map(Some)
    }
}
