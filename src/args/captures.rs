//! The files that traffic is written to beside what is printed. Called by `args` for every command
//! that opens something; what goes into them is `cli::captures`' to say.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// Where what happens is written, whatever is printed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
pub struct CaptureArgs {
    /// Write a capture for Wireshark, tshark and others to this file as it happens; - writes it to
    /// standard output, where nothing else is printed then: wirebench listen :8080 --pcapng - |
    /// wireshark -k -i -. TLS stands decrypted in it; with --with-secrets as it crossed, behind its keys
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub pcapng: Option<String>,
    /// HTTP: write every exchange to this file as HAR 1.2, which appears whole when all is over; - is
    /// standard output.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub har: Option<String>,
    /// Write every record and exchange as a line of JSON to this file as it happens; - is standard
    /// output.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "json")]
    pub jsonl: Option<String>,
    /// Append the keys of all TLS of this run to this file, as SSLKEYLOGFILE does for browsers and curl
    /// (that variable is heeded, too): Wireshark and tshark read with them what was captured beside it
    /// (docs/captures.md). Whoever has the file reads the connections.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub keylog: Option<PathBuf>,
}

impl CaptureArgs {
    /// Whether standard output is one of the files.
    #[must_use]
    pub fn takes_output(&self) -> bool {
        self.names().any(|name| name == "-")
    }

    /// The files, as they were named.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        [&self.pcapng, &self.har, &self.jsonl].into_iter().flatten().map(String::as_str)
    }
}
