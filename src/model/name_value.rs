//! A name with a value, as lists of headers, query parameters and form fields hold them.

use smart_default::SmartDefault;

/// A line of a list that can be switched off without losing it (header, query parameter, form
/// field). Name and value are kept exactly as written.
#[derive(Debug, Clone, PartialEq, Eq, SmartDefault)]
pub struct NameValue {
    #[default = true]
    pub enabled: bool,
    pub name: String,
    pub value: String,
}

impl NameValue {
    /// A row that is switched on.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        NameValue { enabled: true, name: name.into(), value: value.into() }
    }

    /// Whether it is switched on and not just an empty line of the form.
    #[must_use]
    pub(crate) fn is_used(&self) -> bool {
        self.enabled && !(self.name.is_empty() && self.value.is_empty())
    }
}
