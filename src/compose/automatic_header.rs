//! A header that is sent although nobody wrote it.

use crate::model::http::AutomaticHeader;

/// A header that goes out although the user did not write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automatic {
    pub header: AutomaticHeader,
    /// `None` = known only when the request is sent, or not before the address is right.
    pub value: Option<String>,
    /// The user switched it off.
    pub omitted: bool,
}
