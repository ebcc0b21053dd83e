//! The requests of an export with names as marks, for kinds that have variables of their own; and what each
//! kind cannot say of a preset, once for all of them.

use super::names::ForeignNames;
use super::order::{ExportRemarks, ExportedPreset, PresetExportOrder};
use super::planned::{NameUse, planned};
use crate::interop::network_words;
use crate::model::export_kind::PresetExportKind;
use crate::model::http::VersionChoice;
use crate::model::plan::{HttpPlan, PlanAuth, PlanBody};
use crate::model::preset::Scope;
use crate::model::spec::Spec;

/// A request on its way.
#[derive(Debug)]
pub(super) struct ExportedRequest<'a> {
    pub(super) preset: &'a ExportedPreset,
    pub(super) plan: HttpPlan,
    /// With marks.
    pub(super) scope: Scope,
}

impl ExportedRequest<'_> {
    /// Its path, for remarks.
    pub(super) fn place(&self) -> &str {
        self.preset.path.as_str()
    }
}

/// Those of an order; what is no request is said. `title` is what the kind is called.
pub(super) fn requests<'a>(
    order: &'a PresetExportOrder,
    names: &mut ForeignNames,
    captures: bool,
) -> Vec<ExportedRequest<'a>> {
    if captures {
        let rows = order.presets.iter().filter_map(|preset| preset.spec.checks());
        let rows = rows.flat_map(|(_, capture)| capture.rows.iter().filter(|row| row.is_used()));
        names.captured = rows.map(|row| row.name.clone()).collect();
    }
    let title = order.kind.row().title;
    let mut found = Vec::new();
    for preset in &order.presets {
        let place = preset.path.as_str();
        let Some(_) = preset.spec.as_http() else {
            names.remarks.say(no_request(&preset.spec, title), place);
            continue;
        };
        match planned(preset, NameUse::Kept, order.with_secrets) {
            Ok(planned) => {
                let Some(plan) = planned.plan.as_http().cloned() else { continue };
                say_options(&plan, title, place, &mut names.remarks);
                say_credentials(&plan, order.kind, place, &mut names.remarks);
                found.push(ExportedRequest { preset, plan, scope: planned.scope });
            }
            Err(why) => {
                names.remarks.say("left out, as it cannot be sent", format!("{place} ({why})"));
            }
        }
    }
    found
}

/// Why a preset is none of a kind that has requests alone.
pub(super) fn no_request(spec: &Spec, title: &str) -> String {
    let what = if spec.side().listens() { spec.side().into_str() } else { "conversation" };
    let protocol = spec.protocol().title();
    format!("left out, as {title} has no {what} of {protocol}")
}

/// What is said of headers where each name stands once.
pub(super) const REPEATED: &str =
    "headers that are there more than once, which are sent as one with all values";

/// Kinds that have words for versions of HTTP.
const SAYS_VERSION: [&str; 1] = ["hurl"];

/// Says what of a request a kind has no word for.
pub(super) fn say_options(plan: &HttpPlan, title: &str, place: &str, remarks: &mut ExportRemarks) {
    let socket = plan.unix_socket.is_some();
    let is_asked = plan.version != VersionChoice::Auto && !SAYS_VERSION.contains(&title);
    let parts = [
        (is_asked, "the version of HTTP that is asked for"),
        (socket, "the Unix socket it goes through"),
        (plan.client.source.is_some(), "where it comes from (source)"),
        (plan.socket.keep_alive.is_some(), "keep-alive of its socket"),
        (!plan.trust.0.is_empty(), "certificates that are trusted by their hash"),
    ];
    let parts = parts.into_iter().filter(|(is_there, _)| *is_there).map(|(_, what)| what);
    let more = network_words::asked(&plan.client.network).into_iter();
    for what in parts.chain(more).chain(network_words::asked_of_request(plan)) {
        remarks.say(format!("{what}, which {title} has no word for"), place);
    }
}

/// Says what kind of credentials a kind has no word for.
pub(super) fn say_credentials(
    plan: &HttpPlan,
    kind: PresetExportKind,
    place: &str,
    remarks: &mut ExportRemarks,
) {
    let (what, known) = match plan.auth {
        PlanAuth::None => return,
        PlanAuth::Digest { .. } => {
            ("a digest", &[PresetExportKind::Http, PresetExportKind::Postman][..])
        }
        PlanAuth::Aws(_) => (
            "a signature for AWS",
            &[PresetExportKind::Http, PresetExportKind::Postman, PresetExportKind::Hurl][..],
        ),
    };
    if !known.contains(&kind) {
        let title = kind.row().title;
        remarks.say(format!("credentials that are {what}, which {title} has no word for"), place);
    }
}

/// Whether a body is given by its name.
pub(super) fn has_files(body: &PlanBody) -> bool {
    match body {
        PlanBody::Bytes(_) => false,
        PlanBody::File(_) => true,
        PlanBody::Multipart { parts, .. } => parts
            .iter()
            .any(|part| matches!(part.content, crate::model::plan::PartContent::File(_))),
    }
}
