//! What the workbench opens with: the words of `wirebench [METHOD] URL|PRESET [ITEM]...`, read as
//! `send` reads them. Nothing is sent.

use std::collections::BTreeMap;

use super::send;
use super::target;
use crate::args;
use crate::model::failure::Failure;
use crate::model::preset::Opening;
use crate::store::paths::Paths;

/// Commands a first word may have been meant to be.
const COMMANDS: [&str; 7] = ["send", "listen", "relay", "open", "authority", "completions", "man"];

/// What these words open; `None` = there are none.
pub fn opening(
    words: Vec<String>,
    paths: &Paths,
    os: &BTreeMap<String, String>,
) -> Result<Option<Opening>, Failure> {
    let Some(first) = words.first().cloned() else { return Ok(None) };
    if words.len() == 1
        && let Some(preset) = target::preset_named(&first, paths)?
    {
        return Ok(Some(Opening::Preset(preset)));
    }
    let arguments = args::Send { words, ignore_stdin: true, ..args::Send::default() };
    let spec = send::composed(&arguments, paths, os).map_err(|failure| {
        let meant = COMMANDS.iter().find(|name| strsim::osa_distance(name, &first) <= 2);
        match meant {
            Some(name) => failure.hint(format!("did you mean: wirebench {name}?")),
            None => failure,
        }
    })?;
    Ok(Some(Opening::Spec(Box::new(spec))))
}
