//! Tests of expectations as they are told to who knows nothing of ours: what exports make asserts of.

use std::ops::Bound;

use serde_json::Value;

use super::pattern::NumberRange;

/// A test as it can be told to who knows nothing of ours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ToldTest {
    Exists,
    /// Any of these, each from the first to the last; `None` = no bound.
    Numbers(Vec<(Option<u64>, Option<u64>)>),
    Is(Vec<String>),
    /// A text; whether letters of both cases are equal.
    Contains(String, bool),
    /// A regular expression, likewise.
    Matches(String, bool),
    Json(Vec<Value>),
    JsonNumber(&'static str, f64),
    YesNo(bool),
    /// Nothing that others have.
    Other,
}

/// The first and the last number of a range.
pub(super) fn range_ends(range: &NumberRange) -> (Option<u64>, Option<u64>) {
    (first(range.0), last(range.1))
}

/// The first number of a range.
fn first(bound: Bound<u64>) -> Option<u64> {
    match bound {
        Bound::Included(number) => Some(number),
        Bound::Excluded(number) => Some(number.saturating_add(1)),
        Bound::Unbounded => None,
    }
}

/// The last number of a range.
fn last(bound: Bound<u64>) -> Option<u64> {
    match bound {
        Bound::Included(number) => Some(number),
        Bound::Excluded(number) => Some(number.saturating_sub(1)),
        Bound::Unbounded => None,
    }
}
