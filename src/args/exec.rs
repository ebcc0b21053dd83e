//! `wirebench exec` as data, with its help text.

use std::ffi::OsString;

use clap::{Args, ValueHint};

use super::Common;

pub(super) const EXEC_EXAMPLES: &str = "\
Examples:
  wirebench exec -- curl https://example.com/            each request as a line on standard error
  wirebench exec -v -- python3 script.py                 with heads and bodies
  wirebench exec --jsonl seen.jsonl -- git fetch         records and exchanges in a file, nothing printed
  wirebench exec --har seen.har -- python3 script.py     or as HAR 1.2; --pcapng for Wireshark
  wirebench exec --screen -- npm test                    look at all of it when the program has ended
  wirebench exec --open api.example.com -- npm test      open the TLS of one host, let the others through
  wirebench exec --rewrite 'map-host=api.example.com to=127.0.0.1:3000' -- npm test
  wirebench exec --fault 'delay=2s from=server every=3' -- npm test

The program gets a proxy of ours on a port of its own (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY in both cases;
NO_PROXY is taken away) and, in SSL_CERT_FILE, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS and
GIT_SSL_CAINFO, a file with the system's authorities and one of ours that is made for this run, lasts a
day and is installed nowhere. What does not heed these variables goes past it.
Standard input and output are the program's; signals are passed on to it. What is printed goes to standard
error, --json too; with --pcapng, --har, --jsonl or --screen only where -v, --text or --json ask for it.
--screen needs a terminal; the newest 256 MiB are kept for it, and what went is counted there.
Exit status: that of the program, 128 + n when signal n ended it, 126 or 127 when it cannot be started,
2 usage, 6 not all was written (how much is said).";

/// `wirebench exec`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(
    after_help = EXEC_EXAMPLES,
    override_usage = "wirebench exec [OPTIONS] -- CMD [ARG]..."
)]
pub struct Exec {
    /// Open the TLS of these hosts (host, *.domain, *), separated by commas, and let others through
    /// as they are; everything when absent, nothing when empty.
    #[arg(long, value_name = "HOST,...", value_delimiter = ',', num_args = 0..)]
    pub open: Option<Vec<String>>,
    /// A fault put into what is passed on, such as "delay=200ms from=server"; can be given again. relay
    /// --help says what there is.
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<String>,
    /// A rule that changes what is passed on, such as "set-header='X-Env: test'" or
    /// "map-host=api.example.com to=127.0.0.1:3000"; can be given again. relay --help says what there is.
    #[arg(long = "rewrite", value_name = "RULE")]
    pub rewrites: Vec<String>,
    /// Print only what this lets through, in the language of the filter of Traffic: 'status >= 400'.
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Print heads and bodies, too, and not a line for each exchange.
    #[arg(short = 'v', long)]
    pub verbose: bool,
    /// Show all that was said in the workbench, on this terminal, when the program has ended: read-only as
    /// an opened file, with the filter in force. Leaving it ends with the program's exit status.
    #[arg(long)]
    pub screen: bool,
    /// The relay to use: the preset of a forward proxy, or where to listen.
    #[arg(long, value_name = "LISTEN|PRESET", default_value = "http://127.0.0.1:0")]
    pub relay: String,
    /// The program and its arguments.
    #[arg(
        value_name = "CMD",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    #[arg(value_hint = ValueHint::CommandWithArguments)]
    pub words: Vec<OsString>,
    #[command(flatten)]
    pub common: Common,
}
