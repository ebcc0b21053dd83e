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
    /// Adds a key at the end; it must not be there yet.
    pub(super) fn set(&mut self, key: &'static str, node: Node) {
        self.0.push((key, node));
    }

    /// Sets the value of a dotted key, if it has one.
    pub(super) fn set_path(&mut self, path: &'static str, node: Option<Node>) {
        let Some(node) = node else { return };
        let Some((key, rest)) = path.split_once('.') else { return self.set(path, node) };
        let found = self.0.iter().position(|(name, _)| *name == key);
        let at = found.unwrap_or_else(|| {
            self.set(key, Node::Table(Table::default()));
            self.0.len() - 1
        });
        if let Some((_, Node::Table(inner))) = self.0.get_mut(at) {
            inner.set_path(rest, Some(node));
        }
    }

    /// `None` when the key is not written; dotted keys are not looked into.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, node)| node)
    }
}
