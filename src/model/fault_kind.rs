//! The kinds of faults by name.

use strum::{EnumIter, EnumString, IntoStaticStr};

/// What a fault does; by name in files, filters and JSON Lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "kebab-case", const_into_str)]
pub enum FaultKind {
    Delay,
    Rate,
    Split,
    Merge,
    Corrupt,
    Duplicate,
    Reorder,
    Drop,
    Reset,
    HalfClose,
    Stall,
}
