//! The meaning of a preset as a small tree: what the writer renders and the merge compares.

/// A value of the file, without formatting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys in the order they are written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Table(pub(super) Vec<(&'static str, Node)>);

impl Table {
    pub(super) fn set(&mut self, key: &'static str, node: Node) {
        self.0.push((key, node));
    }

    pub(super) fn set_some(&mut self, key: &'static str, node: Option<Node>) {
        if let Some(node) = node {
            self.set(key, node);
        }
    }

    pub(super) fn text(&mut self, key: &'static str, text: &str) {
        self.set(key, Node::Text(text.into()));
    }

    /// Writes a text unless it is the default.
    pub(super) fn text_unless(&mut self, key: &'static str, text: &str, default: &str) {
        if text != default {
            self.text(key, text);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// A table with one key.
    pub(super) fn one(key: &'static str, node: Node) -> Node {
        Node::Table(Table(vec![(key, node)]))
    }
}
