//! `wirebench import` as data, with its help text.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueHint};

const IMPORT_EXAMPLES: &str = "\
Examples:
  wirebench import shop.postman_collection.json      into a folder of its own
  wirebench import shop.json dev.postman_environment.json
  wirebench import openapi.yaml --into api --dry-run what would come, and what would not
  pbpaste | wirebench import -                       curl commands, or any of the formats

Requests become presets, folders stay folders, variables of environments go to env/NAME.toml. Passwords, tokens
and keys go to env/NAME.secret.toml, which git ignores, and presets name them ({{secret.NAME}}). Nothing that is
there is replaced: a name that is taken gets a number. Asserts and captures of Hurl and Bruno become [expect] and
[capture] where they can be said so. Scripts of others are kept as comments and never run; files
that a body names are not read before it is sent. What could not come is listed with its place.
A file is read up to 32 MiB.
Exit status: 0 imported, 2 nothing to import, a broken file (with its place) or one that cannot be written.";

/// `wirebench import`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct Import {
    /// Files that belong together: a collection, and environments for it; a folder is all such files in it,
    /// - is standard input.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required = true)]
    pub files: Vec<PathBuf>,
    /// Put the presets into this folder of the workspace, not into one of their own.
    #[arg(long, value_name = "FOLDER")]
    pub into: Option<String>,
    /// What the files are, where that is not seen by what is in them.
    #[arg(long = "as", value_name = "KIND", value_parser = PossibleValuesParser::new(kinds()))]
    pub kind: Option<String>,
    /// The environment whose secrets credentials become; without it the first that is imported or there.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Say what would be written, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

/// What `--as` takes: a command by the name it has in an export, too.
fn kinds() -> impl Iterator<Item = PossibleValue> {
    KINDS.into_iter().map(|kind| match kind {
        "command" => PossibleValue::new(kind).alias("curl"),
        _ => PossibleValue::new(kind),
    })
}

const KINDS: [&str; 16] = [
    "postman",
    "postman-environment",
    "openapi",
    "insomnia",
    "bruno",
    "bruno-file",
    "http",
    "http-environment",
    "hurl",
    "har",
    "packet-sender",
    "packet-sender-ini",
    "posting",
    "atac",
    "slumber",
    "command",
];
