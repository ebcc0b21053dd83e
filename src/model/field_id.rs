//! Where in a spec a field is: `url`, `tls.sni`, `rule.2.headers.1.value`.
//!
//! The form's cursor, complaints about a spec and `--set` name fields by it. It says nothing about
//! the spec it belongs to; one that leads nowhere reads as nothing.

use std::fmt;

/// Keys of the deepest path: `rule.1.body.multipart.1.file-name`.
const DEPTH: usize = 4;
/// A key that no table has.
const NOWHERE: &str = "?";

/// The path of a field: keys, each with a row of it where it is a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FieldId {
    /// Empty from the end of the path on.
    keys: [&'static str; DEPTH],
    /// Counted from 1; 0 = no row.
    rows: [u16; DEPTH],
}

impl FieldId {
    /// The field of this key in the outermost table.
    #[must_use]
    pub fn new(key: &'static str) -> Self {
        FieldId::default().then(key)
    }

    fn depth(&self) -> usize {
        self.keys.iter().take_while(|key| !key.is_empty()).count()
    }

    /// The field of this key in the table here; an empty key stands for the table itself.
    #[must_use]
    pub fn then(mut self, key: &'static str) -> Self {
        let depth = self.depth();
        if let Some(end) = self.keys.get_mut(depth) {
            *end = key;
        }
        self
    }

    /// A row of the list here, counted from 0; one more than there are = the row to be added. No
    /// path leads to rows beyond 65,534.
    #[must_use]
    pub fn row(mut self, at: usize) -> Self {
        let Some(number) = u16::try_from(at).ok().and_then(|at| at.checked_add(1)) else {
            return FieldId::new(NOWHERE);
        };
        let last = self.depth().saturating_sub(1);
        if let Some(row) = self.rows.get_mut(last) {
            *row = number;
        }
        self
    }

    /// Its first key, the row of it, and the path from there on.
    #[must_use]
    pub fn split_first(mut self) -> Option<(&'static str, Option<usize>, FieldId)> {
        let (key, row) = (self.keys[0], self.rows[0]);
        self.keys.rotate_left(1);
        self.rows.rotate_left(1);
        (self.keys[DEPTH - 1], self.rows[DEPTH - 1]) = ("", 0);
        (!key.is_empty()).then(|| (key, usize::from(row).checked_sub(1), self))
    }

    /// The field within its row of the innermost list it is in.
    #[must_use]
    pub(crate) fn in_its_row(self) -> FieldId {
        let (mut rest, mut own) = (self, self);
        while let Some((_, row, behind)) = rest.split_first() {
            rest = behind;
            if row.is_some() {
                own = rest;
            }
        }
        own
    }

    /// Whether it stands for the row of a list itself: the kind of a part or step.
    #[must_use]
    pub fn is_row(&self) -> bool {
        self.depth().checked_sub(1).is_some_and(|last| self.rows[last] > 0)
    }

    /// The same field of another row of the innermost list it is in.
    #[must_use]
    pub(crate) fn in_row(mut self, row: usize) -> Self {
        let number = u16::try_from(row + 1).unwrap_or(u16::MAX);
        if let Some(at) = self.rows.iter_mut().rev().find(|row| **row > 0) {
            *at = number;
        }
        self
    }

    /// Its last key.
    #[must_use]
    pub(crate) fn last_key(&self) -> &'static str {
        self.depth().checked_sub(1).map_or("", |last| self.keys[last])
    }

    /// The innermost list it is in, and the row of it.
    #[must_use]
    pub(crate) fn in_list(&self) -> Option<(FieldId, usize)> {
        let at = self.rows.iter().rposition(|row| *row > 0)?;
        let mut list = *self;
        list.rows[at] = 0;
        list.keys.iter_mut().skip(at + 1).for_each(|key| *key = "");
        Some((list, usize::from(self.rows[at]) - 1))
    }
}

impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (key, row)) in self.keys.iter().zip(self.rows).take(self.depth()).enumerate() {
            let dot = if at == 0 { "" } else { "." };
            write!(f, "{dot}{key}")?;
            if row > 0 {
                write!(f, ".{row}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_keys_and_rows() {
        let list = FieldId::new("rule").row(1).then("body").then("multipart");
        let id = list.row(0).then("type");
        assert_eq!(id.to_string(), "rule.2.body.multipart.1.type");
        assert_eq!(id.in_list(), Some((list, 0)));
        assert_eq!(list.in_list(), Some((FieldId::new("rule"), 1)));
        assert!(list.row(0).is_row() && !id.is_row());
        let (key, row, rest) = id.split_first().unwrap();
        assert_eq!(
            (key, row, rest.to_string().as_str()),
            ("rule", Some(1), "body.multipart.1.type")
        );
        assert_eq!(FieldId::default().split_first(), None);
    }

    #[test]
    fn a_row_too_far_leads_nowhere() {
        assert_eq!(FieldId::new("headers").row(65_533).in_list().unwrap().1, 65_533);
        assert_eq!(FieldId::new("headers").row(1 << 40).then("name").to_string(), "?.name");
    }
}
