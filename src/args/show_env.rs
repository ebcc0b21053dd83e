//! `wirebench env` as data, with its help text.

use clap::Args;

const ENV_EXAMPLES: &str = "\
Examples:
  wirebench env                      which environments there are, and what they extend
  wirebench env lab                  every value of one, with the file it comes from
  wirebench env lab --for users/create
  wirebench env lab --raw            as it is written: {{names}} stand in the values
  wirebench env lab prod             what differs between two
  wirebench env lab prod --check     the same; exit status 1 when something does

A value that uses other variables is shown with theirs, and what is wrong with it behind it. A value that
something nearer replaces is marked as hidden. Secrets are masked unless --with-secrets is given.
Exit status: 0 shown, 1 with --check where two differ, 2 usage, or an environment that cannot be read.";

/// `wirebench env`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
#[command(after_help = ENV_EXAMPLES)]
pub struct ShowEnv {
    /// The environment to be shown; without it all are listed.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Another one, to be compared with it.
    #[arg(value_name = "OTHER", requires = "name")]
    pub other: Option<String>,
    /// Show what the folders of this preset define, too.
    #[arg(long = "for", value_name = "PRESET", requires = "name", conflicts_with = "other")]
    pub preset: Option<String>,
    /// Compared, end with status 1 when something differs.
    #[arg(long, requires = "other")]
    pub check: bool,
    /// Show values that use other variables as they are written.
    #[arg(long, requires = "name", conflicts_with = "other")]
    pub raw: bool,
    /// Tell secrets, too.
    #[arg(long)]
    pub with_secrets: bool,
    /// Print JSON Lines, one value each.
    #[arg(long)]
    pub json: bool,
}
