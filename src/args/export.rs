//! `wirebench export` as data, with its help text.

use std::path::PathBuf;
use std::str::FromStr as _;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueHint};

use crate::model::export_kind::{PRESET_EXPORTS, PresetExportKind};

const EXPORT_EXAMPLES: &str = "\
Examples:
  wirebench export users/create --as curl                     to standard output
  wirebench export users --as postman -o shop.json --env lab  with lab as an environment beside it
  wirebench export users --as hurl -o checks/                 a file for each folder of users
  wirebench export tutorial/tcp-client --as nc
  wirebench export users/mock --as openapi -o stub.json       what a listener answers
  wirebench export . --as k6 --env lab -o load.js

Folders stay folders and order stays order. Where a kind has variables (http, hurl, postman, k6) names stay names, with
the values they have here beside them; elsewhere their values stand there, and a name without one is a variable of
the system, or stays as it is written. Secrets stay names, and what was typed in place of one is masked, unless
--with-secrets is given. Expectations and captures become asserts (hurl), tests (postman) and checks (k6) where these
say the same. What a kind cannot say is told on standard error, a line each. Nothing is sent and no program runs.
Exit status: 0 exported, 2 usage, or nothing of it can be said in this kind.";

/// `wirebench export`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(after_help = EXPORT_EXAMPLES)]
pub struct Export {
    /// Presets and folders, in the order in which they are written; . is all of them.
    #[arg(value_name = "PRESET|FOLDER", required = true, value_hint = ValueHint::AnyPath)]
    pub names: Vec<String>,
    /// What to write.
    #[arg(long = "as", value_name = "KIND", value_parser = kinds())]
    pub kind: PresetExportKind,
    /// Write to this file, or into this folder (one that is there, or a name with / at its end).
    #[arg(short, long, value_name = "FILE|DIR", value_hint = ValueHint::AnyPath)]
    pub output: Option<PathBuf>,
    /// Environment whose values are used.
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// A value for {{NAME}}, before all others; it is taken as it is.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub variables: Vec<String>,
    /// Tell secrets and other credentials, too.
    #[arg(long)]
    pub with_secrets: bool,
}

/// The kinds of the table, each with what it is.
fn kinds() -> impl clap::builder::TypedValueParser<Value = PresetExportKind> {
    let of = |row: &'static crate::model::export_kind::PresetExportInfo| {
        PossibleValue::new(row.kind.into_str()).help(row.help)
    };
    PossibleValuesParser::new(PRESET_EXPORTS.iter().map(of))
        .map(|name| PresetExportKind::from_str(&name).unwrap_or(PresetExportKind::Curl))
}
