//! What commands take that print what happens until they are stopped. Called by `args` for `listen` and `relay`.

use std::time::Duration;

use clap::Args;

use crate::model::timing::parse_duration;

/// What is told of what happens, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct WatchArgs {
    /// Print and count only what this lets through, in the language of the filter of Traffic:
    /// 'port == 9000 and dir == in', 'status >= 400', 'data contains "ping"'.
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Tell whose the peers on this machine are, too (program, process, user), and binary messages of
    /// known formats in words.
    #[arg(short = 'v', long)]
    pub verbose: bool,
    /// Stop after so many messages, or requests, came.
    #[arg(long, value_name = "N")]
    pub count: Option<u64>,
    /// Stop after this time.
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    pub lasts: Option<Duration>,
}
