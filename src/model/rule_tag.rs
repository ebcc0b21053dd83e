//! Which rule of a listener is which, however it is edited and wherever it is moved.
//!
//! Goes along with a rule as its rows are copied and put back; given when a listener is started or
//! takes its answers over (`app::rule_tags`). No part of what is composed, and in no file.

/// See the module; 0 = none was given yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleTag(pub u32);

impl PartialEq for RuleTag {
    /// Rules that say the same are the same preset.
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for RuleTag {}
