//! `wirebench open` as data, with its help text.

use std::path::PathBuf;

use clap::{Args, ValueHint};

const OPEN_EXAMPLES: &str = "\
Examples:
  wirebench open capture.pcapng                      in the workbench, where a terminal is
  wirebench open browser.har                         exchanges of a browser
  wirebench open capture.pcap | jq -c .              as JSON Lines
  wirebench open capture.pcap --filter 'port == 53 and dir == in'
  wirebench listen :8080 --jsonl seen.jsonl; wirebench open seen.jsonl

It reads pcapng, pcap (Ethernet with VLAN tags, Linux cooked, loopback, raw IP; TCP is put together, what
is missing is said), HAR and wirebench's own JSON Lines. A file that is cut off gives what is whole.
Exit status: 0 read to its end, 2 it is none of these, 6 not all was read or printed.";

/// `wirebench open`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = OPEN_EXAMPLES)]
pub struct Open {
    /// A capture in pcapng or pcap, a HAR file, or JSON Lines that wirebench wrote.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Print only what this lets through, in the language of the filter of Traffic; in the workbench it
    /// is in force from the start.
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
}
