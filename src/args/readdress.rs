//! `wirebench readdress` as data, with its help text.

use clap::{Args, ValueHint};

const READDRESS_EXAMPLES: &str = "\
Examples:
  wirebench readdress https://staging.example:8443 https://api.example users --dry-run
  wirebench readdress localhost:8080 localhost:9090 .    all presets; their schemes stay
  wirebench readdress https://api.example {{base}} users         into a variable

An address begins so where FROM ends with it or before /, ? or #: http://a is not http://a:80, and a user before the
host does not count. What stands behind stays, and a scheme does where neither names one. Clients have the address
they send to, relays their target; listeners are left alone. Comments and layout of the files stay. A preset that
cannot be read, or changed meanwhile, is named and left alone.
Exit status: 0 changed, 2 usage, or no address begins so.";

/// `wirebench readdress`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = READDRESS_EXAMPLES)]
pub struct Readdress {
    /// How the addresses begin now: scheme, host and port, and of the path what is to go.
    #[arg(value_name = "FROM", value_hint = ValueHint::Url)]
    pub from: String,
    /// How they are to begin.
    #[arg(value_name = "TO", value_hint = ValueHint::Url)]
    pub to: String,
    /// Presets and folders; . is all of them.
    #[arg(value_name = "PRESET|FOLDER", required = true, value_hint = ValueHint::AnyPath)]
    pub names: Vec<String>,
    /// Say what would be changed, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}
