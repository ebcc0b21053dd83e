//! A spec that is handed on without being copied: what keeps the drafts on the disk gets all of them
//! several times a second while somebody types, and bodies have megabytes.
//!
//! Used by the drafts and the store's jobs. It is copied when it is changed while somebody else still
//! has it, and never otherwise.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::spec::Spec;

/// Reads and changes like a [`Spec`]; a clone costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedSpec(Arc<Spec>);

impl SharedSpec {
    /// A copy of its own.
    #[must_use]
    pub(crate) fn to_spec(&self) -> Spec {
        Spec::clone(&self.0)
    }

    /// Whether the two are one in memory, so that nothing was copied.
    #[cfg(test)]
    pub(crate) fn is_one_with(&self, other: &SharedSpec) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Spec> for SharedSpec {
    fn from(spec: Spec) -> Self {
        SharedSpec(Arc::new(spec))
    }
}

impl Deref for SharedSpec {
    type Target = Spec;

    fn deref(&self) -> &Spec {
        &self.0
    }
}

impl DerefMut for SharedSpec {
    fn deref_mut(&mut self) -> &mut Spec {
        Arc::make_mut(&mut self.0)
    }
}

impl PartialEq<Spec> for SharedSpec {
    fn eq(&self, other: &Spec) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<SharedSpec> for Spec {
    fn eq(&self, other: &SharedSpec) -> bool {
        *self == *other.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::protocol::{Protocol, Side};

    #[test]
    fn only_a_change_makes_a_copy() {
        let mut one = SharedSpec::from(Spec::empty(Protocol::Tcp, Side::Client));
        let other = one.clone();
        assert!(one.is_one_with(&other) && one == other);
        "h:1".clone_into(one.address_mut());
        assert!(!one.is_one_with(&other) && one != other);
        assert_eq!(other, Spec::empty(Protocol::Tcp, Side::Client));
    }
}
