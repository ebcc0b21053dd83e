//! `wirebench readdress`: how the addresses of presets begin, changed in all of a folder at once. Each file is written
//! whole or not at all, over what stands in it.

use super::exit;
use super::headless::Headless;
use super::output::{self, Output};
use crate::args;
use crate::codec::printable::printable_str;
use crate::model::counts::{count, counted};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::readdress::{AddressChange, goes_to, goes_to_mut, most_common};
use crate::model::secrets::without_userinfo;
use crate::runner;
use crate::store;
use crate::store::job::{EditedPreset, PresetEdit, Workspace};

/// Runs the command; returns the exit status.
pub(super) fn run(
    arguments: &args::Readdress,
    headless: &Headless,
    output: &mut Output,
) -> Result<u8, Failure> {
    let usage = |cause: String| {
        let target = format!("{} {}", arguments.from, arguments.to);
        Failure::new(Stage::ComposeChange, target, FailureKind::Usage, cause)
    };
    let change =
        AddressChange::new(&arguments.from, &arguments.to).map_err(|why| usage(why.to_owned()))?;
    let root = headless.paths.workspace_unasked()?;
    let workspace = store::read_workspace(root);
    let selection = runner::select_all(&workspace, &arguments.names)?;
    let (mut edits, mut going) = (Vec::new(), 0_u64);
    for why in &selection.unread {
        output::note(&printable_str(&format!("left alone: {why}")));
    }
    for at in selection.presets {
        let Some(stored) = workspace.presets.get(at) else { continue };
        if let Err(why) = &stored.content {
            output::note(&printable_str(&format!("left alone: {why}")));
        }
        let Ok(preset) = &stored.content else { continue };
        let Some(from) = goes_to(&preset.spec) else { continue };
        going += 1;
        let Some(to) = change.of(&from) else { continue };
        let shown = |address: &str| printable_str(&without_userinfo(address)).into_owned();
        output.line(&format!("{}  {} -> {}", stored.path, shown(&from), shown(&to)));
        let mut preset = preset.clone();
        if let Some(address) = goes_to_mut(&mut preset.spec) {
            *address = to;
        }
        let to = EditedPreset::Preset(Box::new(preset));
        let (path, based_on) = (stored.path.clone(), stored.fingerprint);
        edits.push(PresetEdit { path, based_on, to });
    }
    let all = counted(going, "preset");
    let so = runner::variables_so(&runner::named_variables(&workspace), &change);
    if edits.is_empty() {
        let why = usage(format!("none of {all} begins so"));
        return Err(why.hint(if so.is_empty() { common(&workspace) } else { so }));
    }
    if !so.is_empty() {
        output::note(&printable_str(&format!("left alone: {so}")));
    }
    if arguments.dry_run {
        let number = count(edits.len() as u64);
        output.line(&format!("{number} of {all} would be changed (nothing is written)"));
        return Ok(exit::OK);
    }
    let done = store::change_presets(root, edits, &workspace.defaults)?;
    for failure in done.left.iter().skip(1) {
        output::note(&printable_str(&failure.to_string()));
    }
    output.line(&format!("{} of {all} changed", count(done.changed.len() as u64)));
    done.left.into_iter().next().map_or(Ok(exit::OK), Err)
}

/// What most addresses begin with.
fn common(workspace: &Workspace) -> String {
    let read = workspace.presets.iter().filter_map(|stored| stored.content.as_ref().ok());
    let addresses: Vec<_> = read.filter_map(|preset| goes_to(&preset.spec)).collect();
    let common = most_common(addresses.iter().map(|it| &**it));
    common.map(|base| format!("most presets here begin with {base}")).unwrap_or_default()
}
