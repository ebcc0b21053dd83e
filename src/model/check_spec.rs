//! What a preset asks of what comes back, and what it takes from it, as written. `compose` reads it, and
//! `check` says what came of it.

use super::name_value::NameValue;

/// The `[expect]` section of a client's preset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExpectSpec {
    /// What is asked about, and what it shall be.
    pub rows: Vec<NameValue>,
}

/// The `[expect]` section of a listener's preset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListenerExpectSpec {
    /// What is asked about what came to it, and what it shall be.
    pub rows: Vec<NameValue>,
}

/// The `[capture]` section of a client's preset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaptureSpec {
    /// Names of variables, and what of the answer they become.
    pub rows: Vec<NameValue>,
}
