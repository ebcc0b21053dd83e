//! One thing that differs, and what differs in all. Made by the comparisons beside it.

use strum::IntoStaticStr;

/// Changes that are listed; further ones are counted.
const LISTED: usize = 2_000;
/// Bytes of a value that are kept to be shown.
const KEPT: usize = 4 * 1024;
/// Bytes before the first difference that are kept of a long value.
const BEFORE: usize = 32;

/// What happened to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Removed,
    Changed,
    /// The same value at another place of its list; the texts are its places.
    Moved,
    /// The same names in another order, which means nothing to most readers.
    Reordered,
    /// The same value written in another way.
    Respelled,
}

impl ChangeKind {
    /// Whether it is said without being counted as a difference.
    #[must_use]
    pub fn is_quiet(self) -> bool {
        matches!(self, ChangeKind::Reordered | ChangeKind::Respelled)
    }
}

/// Part of a value; bytes as received.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Excerpt {
    pub bytes: Vec<u8>,
    /// Bytes of the value before and after these.
    pub before: usize,
    pub after: usize,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    /// Where: `.users[2].city`, `line 12`, a header name.
    pub place: String,
    pub old: Option<Excerpt>,
    pub new: Option<Excerpt>,
}

/// What two values were taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(const_into_str)]
pub enum ComparedAs {
    #[strum(serialize = "headers")]
    Fields,
    #[strum(serialize = "JSON")]
    Json,
    #[strum(serialize = "text")]
    Text,
    #[strum(serialize = "bytes")]
    Bytes,
}

/// What differs in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    pub how: ComparedAs,
    /// In the order of the newer value.
    pub changes: Vec<Change>,
    /// Changes that are not listed because there are too many.
    pub left_out: u64,
    /// What else there is to say: what was not compared, and why.
    pub note: Option<String>,
}

impl Comparison {
    /// Nothing that differs yet.
    #[must_use]
    pub fn new(how: ComparedAs) -> Self {
        Comparison { how, changes: Vec::new(), left_out: 0, note: None }
    }

    /// Lists a change, or counts it when there are too many.
    pub(super) fn push(&mut self, change: Change) {
        if self.changes.len() < LISTED {
            self.changes.push(change);
        } else {
            self.left_out += 1;
        }
    }

    /// What counts as a difference, the ones left out included.
    #[must_use]
    pub fn count(&self) -> u64 {
        let loud = self.changes.iter().filter(|change| !change.kind.is_quiet());
        loud.count() as u64 + self.left_out
    }
}

impl Excerpt {
    /// The beginning of a value.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Excerpt::from(bytes, 0)
    }

    /// Two values, each from a little before where they begin to differ if they are long.
    pub(super) fn pair(old: &[u8], new: &[u8]) -> [Option<Self>; 2] {
        let common = old.iter().zip(new).take_while(|(old, new)| old == new).count();
        let start = if old.len().max(new.len()) > 4 * BEFORE && common > 2 * BEFORE {
            common - BEFORE
        } else {
            0
        };
        [old, new].map(|bytes| Some(Excerpt::from(bytes, start)))
    }

    fn from(bytes: &[u8], start: usize) -> Self {
        // Not within a character of UTF-8.
        let is_inside = |at: &usize| bytes.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
        let mut before = start.min(bytes.len());
        while before > 0 && start - before < 4 && is_inside(&before) {
            before -= 1;
        }
        let (_, rest) = bytes.split_at_checked(before).unwrap_or((bytes, &[]));
        let kept = rest.get(..KEPT).unwrap_or(rest);
        Excerpt { bytes: kept.to_vec(), before, after: rest.len() - kept.len() }
    }
}
