//! What a run is compared with. Called by `args::run`; what that means is `cli::runs`' to say.

use clap::{Args, ValueHint};

/// Where else it runs, what was kept, and what is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct CompareArgs {
    /// Run it once for each of these, and tell what the answers differ in: the name of an environment, NAME=VALUE of
    /// a variable, or an address (scheme, host and port). One alone is compared with the run without it. What
    /// differs is exit status 1.
    #[arg(long, value_name = "ENV|NAME=VALUE|ADDRESS")]
    pub compare: Vec<String>,
    /// Keep what was answered, to be compared with later: under a name, or in a file (a / or a point is in its
    /// name).
    #[arg(long, value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub save: Option<String>,
    /// Tell what differs from a run that was kept. What differs is exit status 1.
    #[arg(long, value_name = "NAME|FILE", value_hint = ValueHint::FilePath)]
    pub baseline: Option<String>,
    /// Leave this out of a comparison: status, verdict, expectations, body, header, header.NAME, 'json .path'
    /// ([] is any element). Date and Age always are.
    #[arg(long, value_name = "WHAT")]
    pub ignore: Vec<String>,
    /// Compare times, too: what took so much longer than before (and 20 ms) differs, such as 50%.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub tolerance: Option<u32>,
}

fn percent(text: &str) -> Result<u32, String> {
    let digits = text.trim().trim_end_matches('%').trim_end();
    digits.parse().map_err(|_| "write a number of percent, such as 50%".to_owned())
}
