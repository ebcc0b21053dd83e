//! Presets written for others: one table of kinds (`model/export_kind.rs`), one order, one writer each.
//!
//! ```text
//! PresetExportOrder ─► planned (names as marks) ─► one writer a kind ─► files, and what is not as it was
//!                                              └► foreseen: what a dry run tells
//! ```
//! Called by both shells. Names stay variables where a kind has them, else their values stand there; secrets
//! stay names unless they may be told. Nothing is lost silently: what a kind cannot say is a remark.

mod bodies;
mod checks;
mod commands;
mod foreseen;
mod har;
mod http_file;
mod hurl;
mod hurl_answer;
mod k6;
mod names;
mod openapi;
mod order;
mod planned;
mod postman;
mod requests;
mod rust;
mod rust_helpers;
mod script_checks;
mod sockets;

use crate::compose;
use crate::model::export_kind::{ExportSplit, PresetExportKind};
use crate::model::secrets::{Disclosure, Secrets};
use bodies::{file_name, folders};

pub use foreseen::foreseen;
pub use order::{
    ExportRemarks, ExportedFile, ExportedPreset, PresetExport, PresetExportOrder, about_elsewhere,
};

/// Writes presets as an order says.
#[must_use]
pub fn export(order: &PresetExportOrder) -> PresetExport {
    let split = order.kind.row().split;
    let mut made = if order.is_split && split != ExportSplit::Whole {
        in_pieces(order, split)
    } else {
        if split == ExportSplit::ByFolder && order.presets.iter().any(|it| !it.folder.is_empty()) {
            let mut made = whole(order, &order.title);
            let what = "folders, which stand before the names (into a folder each has a file)";
            let folders = order.presets.iter().filter(|it| !it.folder.is_empty());
            for preset in folders {
                made.remarks.say(what, format!("{}/", preset.folder.join("/")));
            }
            return hidden(made, order);
        }
        whole(order, &order.title)
    };
    made.files.retain(|file| !file.name.is_empty());
    hidden(made, order)
}

/// All in one.
fn whole(order: &PresetExportOrder, stem: &str) -> PresetExport {
    let name = format!("{}.{}", file_name(stem), order.kind.row().extension);
    match order.kind {
        PresetExportKind::Curl
        | PresetExportKind::Python
        | PresetExportKind::Requests
        | PresetExportKind::Nc
        | PresetExportKind::Socat => commands::write(order, &name),
        PresetExportKind::Http => http_file::write(order, &name),
        PresetExportKind::Hurl => hurl::write(order, &name),
        PresetExportKind::Postman => postman::write(order, &name),
        PresetExportKind::Har => har::write(order, &name),
        PresetExportKind::Openapi => openapi::write(order, &name),
        PresetExportKind::Rust => rust::write(order, &name),
        PresetExportKind::K6 => k6::write(order, &name),
    }
}

/// A file for each folder or preset.
fn in_pieces(order: &PresetExportOrder, split: ExportSplit) -> PresetExport {
    let mut groups: Vec<(Vec<String>, PresetExportOrder)> = Vec::new();
    for preset in &order.presets {
        let mut place = preset.folder.clone();
        if split == ExportSplit::ByPreset {
            place.push(preset.name().to_owned());
        }
        let mut preset = preset.clone();
        preset.folder.clear();
        if let Some((_, group)) = groups.iter_mut().find(|(known, _)| *known == place) {
            group.presets.push(preset);
        } else {
            let presets = vec![preset];
            groups.push((place, PresetExportOrder { presets, ..order.clone() }));
        }
    }
    let mut made = PresetExport::default();
    for (place, group) in groups {
        let stem = place.last().cloned().unwrap_or_else(|| order.title.clone());
        let piece = whole(&group, &stem);
        let around = place.split_last().map_or(&[][..], |(_, around)| around);
        let around: Vec<String> = around.iter().map(|part| file_name(part)).collect();
        let around = folders(&around);
        if piece.count > 0 {
            made.files.extend(
                piece
                    .files
                    .into_iter()
                    .map(|file| ExportedFile { name: format!("{around}{}", file.name), ..file }),
            );
        }
        made.count += piece.count;
        for (what, places) in piece.remarks.0 {
            for place in places {
                made.remarks.say(what.clone(), place);
            }
        }
    }
    made
}

/// What was typed in place of a name is no name's to stand for.
fn hidden(mut made: PresetExport, order: &PresetExportOrder) -> PresetExport {
    if order.with_secrets {
        return made;
    }
    let mut known: Vec<Secrets> = Vec::new();
    for preset in &order.presets {
        let secrets = compose::hidden(&preset.spec, &preset.scope);
        if !known.contains(&secrets) {
            known.push(secrets);
        }
    }
    for file in &mut made.files {
        let Ok(mut text) = String::from_utf8(file.content.clone()) else { continue };
        for secrets in &known {
            text = Disclosure::Hiding(secrets.clone()).words(&text);
        }
        if text.as_bytes() != file.content {
            let what = "secrets, which are masked (********; --with-secrets writes them)";
            made.remarks.say(what, file.name.clone());
        }
        file.content = text.into_bytes();
    }
    made
}

#[cfg(test)]
mod export_tests;
