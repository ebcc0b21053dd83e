//! What looking at an answer needs that nothing pure can do: a filter that may never end is run in a process
//! of its own, and a file is read. A shell does both before it looks.

use std::collections::BTreeMap;

/// One thing that a shell does for whoever looks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum HelpWanted {
    /// What this program of jq makes of the body, a value a line.
    Filter(String),
    /// What this file holds.
    File(String),
}

/// What came of it, as bytes, or why nothing did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Helped(BTreeMap<HelpWanted, Result<Vec<u8>, String>>);

impl Helped {
    /// All of it.
    #[must_use]
    pub fn new(done: impl IntoIterator<Item = (HelpWanted, Result<Vec<u8>, String>)>) -> Self {
        Helped(done.into_iter().collect())
    }

    /// What came of one.
    ///
    /// # Errors
    /// Why nothing did; also where nobody was asked for it.
    pub fn of(&self, wanted: &HelpWanted) -> Result<&[u8], String> {
        let nobody = || Err("nobody was there to look at it".to_owned());
        self.0
            .get(wanted)
            .map_or_else(nobody, |done| done.as_ref().map(Vec::as_slice).map_err(Clone::clone))
    }
}
