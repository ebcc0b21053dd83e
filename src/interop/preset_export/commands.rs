//! Presets as commands and scripts, each by itself: curl, Python, `nc`, `socat`. In one file they follow each
//! other under their names.

use super::bodies::one_line;
use super::checks::{captures, expects};
use super::order::{ExportRemarks, ExportedFile, ExportedPreset, PresetExport, PresetExportOrder};
use super::planned::{NameUse, PlannedExport, planned};
use super::sockets::{self, SocketTool};
use crate::interop::python::Library;
use crate::interop::{curl, python};
use crate::model::export_kind::PresetExportKind;
use crate::model::spec::Spec;

/// Writes the presets of an order into one file.
pub(super) fn write(order: &PresetExportOrder, name: &str) -> PresetExport {
    let mut remarks = ExportRemarks::default();
    let mut written = Vec::new();
    for preset in &order.presets {
        if let Some(text) = one(order, preset, &mut remarks) {
            written.push((preset, text));
        }
    }
    let is_script = order.kind.row().extension == "sh";
    let mut text = String::from(if is_script { "#!/bin/sh\n" } else { "" });
    let is_alone = written.len() == 1;
    for (preset, _) in
        written.iter().filter(|(preset, _)| !is_alone && preset.spec.side().listens())
    {
        let what = "listeners and relays, which go on until they are stopped (-o DIR/ writes each by itself)";
        remarks.say(what, preset.path.as_str());
    }
    for (preset, code) in &written {
        if !is_alone {
            text = format!("{text}\n# {}\n", one_line(preset.path.as_str()));
        } else if is_script {
            text.push('\n');
        }
        text.push_str(code);
    }
    PresetExport { files: vec![ExportedFile::text(name, text)], count: written.len(), remarks }
}

fn one(
    order: &PresetExportOrder,
    preset: &ExportedPreset,
    remarks: &mut ExportRemarks,
) -> Option<String> {
    let (kind, place) = (order.kind, preset.path.as_str());
    let planned = match planned(preset, NameUse::Filled, order.with_secrets) {
        Ok(planned) => planned,
        Err(why) => {
            remarks.say("left out, as it cannot be sent", format!("{place} ({why})"));
            return None;
        }
    };
    if let Some(why) = cannot(kind, &planned) {
        remarks.say(why, place);
        return None;
    }
    let text = match kind {
        PresetExportKind::Curl => curl::write(&planned.plan),
        PresetExportKind::Nc => sockets::write(&planned, SocketTool::Nc, place, remarks)?,
        PresetExportKind::Socat => sockets::write(&planned, SocketTool::Socat, place, remarks)?,
        PresetExportKind::Requests => python::write(&planned.plan, Library::Requests),
        _ => python::write(&planned.plan, Library::Urllib),
    };
    for name in &planned.missing {
        remarks.say(
            "names without a value, which are variables of the system there",
            format!("{{{{{name}}}}}"),
        );
    }
    say_checks(&preset.spec, kind.row().title, place, remarks);
    Some(text)
}

/// Why a kind cannot write a plan.
fn cannot(kind: PresetExportKind, planned: &PlannedExport) -> Option<String> {
    let (plan, title) = (&planned.plan, kind.row().title);
    let (what, protocol) = (plan.side().into_str(), plan.protocol().title());
    let can = plan.capabilities();
    let is_http = can.exchanges && !plan.side().listens();
    let fits = match kind {
        PresetExportKind::Curl | PresetExportKind::Requests => is_http,
        PresetExportKind::Nc | PresetExportKind::Socat => {
            can.conversation && !plan.side().listens()
        }
        // What a script of it says would be that it is none.
        _ => !can.exchanges || python::write(plan, Library::Urllib).contains("import "),
    };
    if !fits {
        return Some(format!("left out, as {title} has no {what} of {protocol}"));
    }
    let has_own = matches!(kind, PresetExportKind::Nc | PresetExportKind::Socat) || is_http;
    (planned.address.is_some() && !has_own)
        .then(|| "left out, as its address has no value (--env or --var gives one)".to_owned())
}

/// Says what is expected and captured, which a command does not look at; steps are its own.
pub(super) fn say_checks(spec: &Spec, title: &str, place: &str, remarks: &mut ExportRemarks) {
    if expects(spec) {
        remarks.say(format!("expectations, which {title} does not look at"), place);
    }
    if captures(spec) {
        remarks.say(format!("captures, which {title} does not take"), place);
    }
}
