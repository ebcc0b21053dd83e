//! What a run says of the shell it runs in: the same advice in the words of the command line and of the screen.

/// What a shell has for what a run says to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunWords {
    /// How the longest time of a try is changed.
    pub timeout: &'static str,
    /// How a name gets its value.
    pub unknown: &'static str,
    /// Why nothing more begins.
    pub fail_fast: &'static str,
}

impl RunWords {
    /// Of the command line.
    pub const OPTIONS: RunWords = RunWords {
        timeout: "--timeout says how long it may take",
        unknown: "a name gets its value by --var, --data, an environment (--env), a folder or a capture before it; a \
                  preset that needs another says so: needs = [\"login\"]",
        fail_fast: "an earlier preset did not pass (--fail-fast)",
    };
    /// Of the window that asks for a run.
    pub const WINDOW: RunWords = RunWords {
        timeout: "'Timeout' in the window of a run says how long it may take",
        unknown: "a name gets its value by an environment, a row of data, a folder or a capture before it; a preset \
                  that needs another says so: needs = [\"login\"]",
        fail_fast: "an earlier preset did not pass, and nothing more begins then",
    };
}
