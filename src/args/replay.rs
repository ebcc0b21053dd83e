//! `wirebench replay` as data, with its help text.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::Common;

pub(super) const REPLAY_EXAMPLES: &str = "\
Examples:
  wirebench replay seen.pcapng                       to where it went then, as fast as then
  wirebench replay seen.pcapng 127.0.0.1:9000        to another server
  wirebench replay seen.jsonl tls://example.com:443  the same bytes over TLS
  wirebench replay seen.pcapng :9000 --speed 10      ten times as fast; --speed max waits for answers only
  wirebench replay seen.pcapng :9000 --step          a message for each line of standard input (Enter)
  wirebench replay seen.pcapng :9000 --filter 'port == 9000 and data contains \"LOGIN\"'
  wirebench replay seen.pcapng :9000 --check         ends with 1 when an answer is another one

What clients said is said again, byte for byte, each connection on one of its own: TCP, HTTP and UDP as they
were, what was TLS over TLS. FILE is what 'open' opens. A message waits for its time, and until as much has
come back as had then (5 s at most, less each time in vain). New answers are compared with the old ones: how
many bytes, and where they begin to differ; --check takes the Date of HTTP answers for no difference. Bytes
that were not kept, secrets that are masked in the file and TLS that nobody decrypted cannot be said again:
such a conversation is left out and named. At most 1,000 conversations, 100,000 messages and 64 MiB.
HTTP is said as it was, its Host included, to whatever target.
Exit status: 0 everything was sent, 1 not everything, or with --check an answer differs, 2 usage or nothing
to say, 3 network, 4 TLS, 6 interrupted.";

/// `wirebench replay`.
#[derive(Debug, Clone, PartialEq, Default, Args)]
#[command(after_help = REPLAY_EXAMPLES)]
pub struct Replay {
    /// A capture in pcapng or pcap, a HAR file, or JSON Lines that wirebench wrote.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Where it is said: host:port, tcp://host:port, tls://host:port, udp://host:port or a URL. Without
    /// one each conversation goes to where it went then.
    #[arg(value_name = "TARGET", value_hint = ValueHint::Hostname)]
    pub target: Option<String>,
    /// Say only what this lets through, in the language of the filter of Traffic.
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// How fast: 2 is twice as fast as then, 0.5 half, max as soon as answers have come.
    #[arg(long, value_name = "N", conflicts_with = "step")]
    pub speed: Option<String>,
    /// Say one message for each line of standard input.
    #[arg(long)]
    pub step: bool,
    /// End with 1 when an answer differs from the one of then.
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub common: Common,
}
