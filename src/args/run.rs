//! `wirebench run` as data, with its help text.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::Common;
use super::captures::CaptureArgs;
use super::compare::CompareArgs;
use crate::model::timing::{parse_bound, parse_duration};

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  wirebench run users                                the clients of a folder and below, in order
  wirebench run users/login users/create             these two; a capture of the first is there for the second
  wirebench run users --env staging --var id=42
  wirebench run users --dry-run                      what would run, in which order, and what is missing
  wirebench run . --tag 'smoke and not slow' --fail-fast
  wirebench run users --repeat 10 --parallel 4
  wirebench run users --retry 2 --retry-delay 500ms
  wirebench run users --data people.csv --report junit=run.xml --report md=run.md
  wirebench run users --compare dev --compare prod --ignore header.etag     what the answers differ in
  wirebench run users --save before; wirebench run users --baseline before --tolerance 50%
  wirebench run users --har run.har --pcapng run.pcapng   all that was sent and came, listeners included

Order: what order = [\"login\", \"sub/\"] in _defaults.toml of a folder names, then the others by name. What a
preset needs (needs = [\"mock/users\", \"login\"]) comes before it: a listener or relay is started for the run
and ended with it, a client runs first, and again once what it captured is older than its max-age. What
[capture] takes is there for all that follow; a preset whose need did not pass is skipped.
A request is over with its answer. A conversation is over with its steps: behind a last 'send' with [expect]
or [capture] as soon as they are met, at the latest after 5 s; silence decides nothing.
With --parallel presets of one round run beside each other, unless one uses what another captures, needs it,
or both stand in the order of a folder; repetitions run beside each other, too.
Presets that ask nothing of lookup, connect or handshake may go over a connection that an earlier one to the same
place left open; a request that cannot be sent twice, such as POST, always has one of its own.
Values win in this order: --var, row of --data, captured in this run, environment, folders.
Reports are written when it is over, also when it was interrupted; secrets are masked in all of them.
On a terminal a line for each preset, into a pipe JSON Lines (type preset, and run at the end).
Exit status: 0 all passed, 1 an expectation, capture or step was not met, else that of the first failure:
2 usage, 3 network, 4 TLS, 5 timeout; 6 interrupted, 141 the reader of the output left.";

/// `wirebench run`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub struct RunArgs {
    /// Presets and folders, in the order in which they are run; . is all of them.
    #[arg(value_name = "PRESET|FOLDER", required = true, value_hint = ValueHint::AnyPath)]
    pub names: Vec<String>,
    /// Environment whose {{variables}} are used.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// A value for {{NAME}}, before all others; it is taken as it is.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
    /// Set an option of every preset by its path, such as timeout=5s.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub settings: Vec<String>,
    /// Accept any certificate.
    #[arg(short = 'k', long)]
    pub insecure: bool,
    /// Only presets with such tags: smoke, 'smoke and not slow', 'a or (b and c)'. Several have to fit. What
    /// they need runs in any case.
    #[arg(long = "tag", value_name = "EXPR")]
    pub tags: Vec<String>,
    /// Run it all so often; each time begins without captured values.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub repeat: u32,
    /// Run so many presets beside each other, as far as none waits for another.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallel: u16,
    /// Begin nothing more once something did not pass; the rest is skipped.
    #[arg(long)]
    pub fail_fast: bool,
    /// Try what does not pass so many times more; what passes then says so.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub retry: u32,
    /// Time between a try and the next one.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration)]
    pub retry_delay: Duration,
    /// Longest time one try of a preset may take; 0 = no bound.
    #[arg(long, value_name = "TIME", value_parser = parse_bound)]
    pub timeout: Option<Duration>,
    /// Send nothing: tell what would run, in which order, and which names have no value.
    #[arg(long)]
    pub dry_run: bool,
    /// Tell secrets, cookies and other credentials, too.
    #[arg(long)]
    pub with_secrets: bool,
    /// A row of this file for each round: CSV with a header, a JSON list of objects, or JSON Lines. Its columns
    /// are variables.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub data: Option<PathBuf>,
    /// Write a report: text, json, junit, tap, html, md or otlp (spans of OpenTelemetry), to a file, or in place of what is printed. Several
    /// can be written.
    #[arg(long = "report", value_name = "KIND[=FILE]")]
    pub reports: Vec<String>,
    #[command(flatten)]
    pub comparing: CompareArgs,
    #[command(flatten)]
    pub captures: CaptureArgs,
    /// Print JSON Lines: one for each preset, and one at the end.
    #[arg(long, conflicts_with = "text")]
    pub json: bool,
    /// Print text for people; the default on a terminal.
    #[arg(long)]
    pub text: bool,
}

impl RunArgs {
    /// How it is printed, as other commands are told.
    #[must_use]
    pub fn common(&self) -> Common {
        let mut common = Common { with_secrets: self.with_secrets, ..Common::default() };
        common.captures.clone_from(&self.captures);
        (common.format.json, common.format.text) = (self.json, self.text);
        common
    }
}
