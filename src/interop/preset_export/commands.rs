//! Presets as commands and scripts, each by itself: curl, Python, `nc`, `socat`. In one file they follow each
//! other under their names.

use super::bodies::one_line;
use super::checks::{captures, expects};
use super::order::{ExportRemarks, ExportedFile, ExportedPreset, PresetExport, PresetExportOrder};
use super::planned::{NameUse, PlannedExport, planned};
use super::requests::REPEATED;
use super::sockets::{self, SocketTool};
use crate::interop::python::Library;
use crate::interop::secrets::{SecretRun, WrittenValue, runs};
use crate::interop::wire_request::WireRequest;
use crate::interop::{curl, python};
use crate::model::export_kind::PresetExportKind;
use crate::model::plan::{Plan, StepPlan};
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
    say_of_plan(kind, &planned.plan, place, remarks);
    say_checks(&preset.spec, kind.row().title, place, remarks);
    Some(text)
}

/// Says what of a request or of messages is not as it would be sent here.
fn say_of_plan(kind: PresetExportKind, plan: &Plan, place: &str, remarks: &mut ExportRemarks) {
    let http = plan.as_http();
    let is_python = matches!(kind, PresetExportKind::Python | PresetExportKind::Requests);
    if let Some(plan) = http.filter(|_| is_python) {
        for name in WireRequest::new(plan).repeated() {
            remarks.say(REPEATED, format!("{place} ({name})"));
        }
    }
    if is_python {
        return;
    }
    let mut texts: Vec<&[u8]> = Vec::new();
    if let Some(plan) = http {
        texts.push(plan.url.as_bytes());
        texts.extend(plan.headers.iter().map(|(_, value)| value.as_bytes()));
        texts.extend(WireRequest::new(plan).body);
    }
    let sent = plan.steps().iter().filter_map(|step| match step {
        StepPlan::Send(bytes) => Some(&bytes[..]),
        StepPlan::Expect { .. } => None,
    });
    for run in texts.into_iter().chain(sent).flat_map(runs) {
        let SecretRun::Variable { name, written } = run else { continue };
        let how = match written {
            WrittenValue::AsIs | WrittenValue::InUrl => continue,
            WrittenValue::Encoded => "percent-encoded",
            WrittenValue::InJson => "escaped as JSON",
        };
        let what = format!("variables whose values have to be {how}, which a shell does not do");
        remarks.say(what, format!("{place} (${name})"));
    }
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
