//! How property tests run: the defaults, and cases that once failed are kept below `tests/`.
//!
//! Every `proptest!` block names [`config`]; a check of the architecture sees to it.

use proptest::test_runner::{Config, FileFailurePersistence};

/// The defaults; `PROPTEST_CASES` sets how many cases are tried.
pub(crate) fn config() -> Config {
    let kept = FileFailurePersistence::SourceParallel("tests/proptest-regressions");
    Config { failure_persistence: Some(Box::new(kept)), ..Config::default() }
}

/// The defaults with so many cases.
pub(crate) fn cases(cases: u32) -> Config {
    Config { cases, ..config() }
}
