//! Presets of other tools, read into ours: bytes in, a tree of presets with environments and a list of
//! what was left out.
//!
//! ```text
//!   files ─found─> kind ─data─> tree of JSON or YAML ─┐
//!                      └──────> text of a format ─────┴─ one importer each ─> Gathered ─finish─> ImportTree
//! ```
//! Called by the shells, which hand in what is in the files and write what comes out. Nothing here opens a
//! file or runs anything: scripts of others are kept as text beside the preset they belong to, files that a
//! body names stay names, and what no preset of ours can say is listed with its place.

mod atac;
mod braces;
mod bruno;
mod command;
mod data;
mod found;
mod gathered;
mod har;
mod http_file;
mod hurl;
mod insomnia;
mod names;
mod openapi;
mod packet_sender;
mod path_values;
mod plan;
mod posting;
mod postman;
mod refs;
mod slumber;
mod summary;
mod tree;
mod wanted;

use std::collections::BTreeSet;

use bruno::BrunoFile;
use data::DataNode;
use found::FoundSource;
use gathered::Gathered;

use super::curl;
use crate::contract::{FileReader, bundled};

pub use plan::{ImportPlace, ImportPlan, PlannedEnvironment, PlannedFolder, PlannedPreset, plan};
pub use summary::ImportSummary;
pub use tree::{
    ImportFault, ImportFile, ImportKind, ImportRemark, ImportTree, ImportedEnvironment,
    ImportedFolder, ImportedPreset, ImportedVariable,
};

/// Longest file that is read.
pub const IMPORT_LIMIT: u64 = 32 * 1024 * 1024;

/// Reads files that belong together: a collection, and environments for it. `kind` is what they are said
/// to be; `None` = what they look like.
///
/// # Errors
/// The name of the file, where it is broken and why.
pub fn import(
    files: &[ImportFile],
    kind: Option<ImportKind>,
) -> Result<Vec<ImportTree>, (String, ImportFault)> {
    import_with(files, kind, &mut |_, _| Err("it is not read".to_owned()))
}

/// Reads a file that lies beside one that was named, by its name from the folder of that.
pub(crate) type ReadBeside<'r> = dyn FnMut(&ImportFile, &str) -> Result<Vec<u8>, String> + 'r;

/// The same, with a reader of the files that a document names.
///
/// # Errors
/// As of [`import()`].
pub(crate) fn import_with(
    files: &[ImportFile],
    kind: Option<ImportKind>,
    beside: &mut ReadBeside<'_>,
) -> Result<Vec<ImportTree>, (String, ImportFault)> {
    let mut reading = Reading { is_many: files.len() > 1, ..Reading::default() };
    for file in files {
        let mut read = |name: &str| read_named(file, name, files, beside);
        if let Err(fault) = reading.file(file, kind, &mut read) {
            // Of a folder the others come all the same.
            if file.inside.is_none() {
                return Err((file.name.clone(), fault));
            }
            reading.left_out.push((file.name.clone(), fault));
        }
    }
    let name = || files.first().map_or_else(String::new, |file| file.name.clone());
    // What belongs to a document is no file that did not come.
    let parts = std::mem::take(&mut reading.parts);
    let is_part = |name: &str| {
        let inside = files.iter().find(|file| file.name == name).and_then(|it| it.inside.as_ref());
        inside.is_some_and(|inside| parts.contains(inside))
    };
    let mut left_out = std::mem::take(&mut reading.left_out);
    left_out.retain(|(name, _)| !is_part(name));
    let mut trees = reading.finish().map_err(|fault| (name(), fault))?;
    match (trees.first_mut(), left_out.first()) {
        (None, Some(first)) => return Err(first.clone()),
        (Some(tree), Some(_)) => tree.left_out.extend(left_out.into_iter().map(|(name, fault)| {
            let what = "files that are broken, or none of those that can be imported".to_owned();
            ImportRemark { what, place: format!("{name} ({fault})") }
        })),
        _ => {}
    }
    Ok(trees)
}

/// A file that a document names: one of those of its folder, or one beside it.
fn read_named(
    file: &ImportFile,
    name: &str,
    files: &[ImportFile],
    beside: &mut ReadBeside<'_>,
) -> Result<Vec<u8>, String> {
    let Some((root, _)) = file.inside.as_deref().and_then(|inside| inside.split_once('/')) else {
        return beside(file, name);
    };
    let inside = format!("{root}/{name}");
    let found = files.iter().find(|other| other.inside.as_deref() == Some(&*inside));
    found.map(|found| found.bytes.clone()).ok_or_else(|| "it is not there".to_owned())
}

/// Longest pasted text that is looked at to see whether it is an import.
const LOOKED_AT: usize = 256 * 1024;

/// Whether a pasted text is worth an import: a document of another tool, commands of other programs, or several
/// requests at once. Of a single curl command or request a form is made instead.
#[must_use]
pub fn is_import(text: &str) -> bool {
    let is_document = text.trim_start().starts_with(['{', '[']);
    let has_lines = text.trim().contains('\n');
    if text.len() > LOOKED_AT {
        return is_document || has_lines;
    }
    match found::source(text, "", None).map(|found| found.kind) {
        Ok(ImportKind::Command) => !curl::is_command(text) || command::count(text) > 1,
        Ok(ImportKind::Http) => http_file::is_of_many(text),
        Ok(_) => true,
        // One that is broken says where.
        Err(fault) => is_document && has_lines && !fault.place.is_empty(),
    }
}

/// Files that were read, those of a folder that belong together as one.
#[derive(Default)]
struct Reading {
    found: Vec<Gathered>,
    /// What belongs to a folder, by kind.
    shared: Vec<(ImportKind, Gathered)>,
    bruno: Vec<BrunoFile>,
    /// What the folder of those is called.
    bruno_root: String,
    /// Whether places are told with the files they are in.
    is_many: bool,
    /// Files of variables beside requests of posting, with what they are called.
    variables: Vec<(String, String)>,
    /// Files of a folder that are none, or broken.
    left_out: Vec<(String, ImportFault)>,
    /// Those that belong to a document of several files, as they are inside the folder.
    parts: BTreeSet<String>,
}

impl Reading {
    fn file(
        &mut self,
        file: &ImportFile,
        kind: Option<ImportKind>,
        beside: &mut FileReader<'_>,
    ) -> Result<(), ImportFault> {
        let text = found::text(&file.bytes)?;
        if kind.is_none_or(|kind| kind == ImportKind::Posting)
            && posting::is_variables(&file.name, &text)
        {
            self.variables.push((file.name.clone(), text.into_owned()));
            return Ok(());
        }
        let mut found = found::source(&text, &file.name, kind)?;
        if found.kind == ImportKind::Openapi {
            self.bundle(file, &mut found, beside);
        }
        let (root, folder) = place_of(file);
        if found.kind == ImportKind::BrunoFile {
            let name = file.name.rsplit('/').next().unwrap_or(&file.name);
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
            let is_yaml = !bruno::is_bru(&text);
            self.bruno_root = root;
            let (name, text) = (file.name.clone(), text.into_owned());
            self.bruno.push(BrunoFile { folder, stem, name, text, is_yaml });
            return Ok(());
        }
        // Public and private values of an environment stand in two files.
        let is_shared = found.kind == ImportKind::HttpEnvironment;
        if is_shared || file.inside.is_some() && found.kind.is_of_many() {
            let at = self.shared.iter().position(|(kind, _)| *kind == found.kind);
            let at = at.unwrap_or_else(|| {
                self.shared.push((found.kind, Gathered::new(found.kind, &root)));
                self.shared.len() - 1
            });
            let out = &mut self.shared[at].1;
            out.begin(&folder, &root);
            let before = out.remarks();
            let inside = file.inside.as_deref().and_then(|inside| inside.split_once('/'));
            let done = read(&text, &found, &file.name, out);
            out.name_file(before, inside.map_or(&*file.name, |(_, inside)| inside));
            return done;
        }
        let mut out = Gathered::new(found.kind, &file.name);
        read(&text, &found, &file.name, &mut out)?;
        if self.is_many {
            out.name_file(0, &file.name);
        }
        self.found.push(out);
        Ok(())
    }

    /// Puts the files that a document names into it.
    fn bundle(&mut self, file: &ImportFile, found: &mut FoundSource, beside: &mut FileReader<'_>) {
        let inside = file.inside.as_deref().and_then(|inside| inside.split_once('/'));
        let own = match inside {
            Some((_, inside)) => inside,
            None => file.name.rsplit('/').next().unwrap_or(&file.name),
        };
        let parts = &mut self.parts;
        let mut read = |name: &str| {
            let bytes = beside(name)?;
            parts.extend(inside.map(|(root, _)| format!("{root}/{name}")));
            Ok(bytes)
        };
        let bundle = bundled(std::mem::replace(&mut found.data, DataNode::Null), own, &mut read);
        (found.data, found.lost) = (bundle.root, bundle.lost);
    }

    fn finish(mut self) -> Result<Vec<ImportTree>, ImportFault> {
        if !self.bruno.is_empty() {
            let mut out = Gathered::new(ImportKind::BrunoFile, &self.bruno_root);
            bruno::files(&self.bruno, &mut out)?;
            self.found.push(out);
        }
        self.found.extend(self.shared.into_iter().map(|(_, out)| out));
        for (name, text) in &self.variables {
            let at = self.found.iter().position(|out| out.is_of(ImportKind::Posting));
            let at = at.unwrap_or_else(|| {
                self.found.push(Gathered::new(ImportKind::Posting, name));
                self.found.len() - 1
            });
            posting::variables(name, text, &mut self.found[at]);
        }
        Ok(self.found.into_iter().map(Gathered::finish).collect())
    }
}

/// What the folder of a file is called, and the folders in it down to the file.
fn place_of(file: &ImportFile) -> (String, Vec<String>) {
    let Some(inside) = &file.inside else { return (file.name.clone(), Vec::new()) };
    let mut parts = inside.split('/').map(str::to_owned);
    let root = parts.next().unwrap_or_default();
    let mut folder: Vec<String> = parts.collect();
    folder.pop();
    (root, folder)
}

fn read(
    text: &str,
    found: &FoundSource,
    name: &str,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let data = &found.data;
    match found.kind {
        ImportKind::Postman => postman::collection(data, out),
        ImportKind::PostmanEnvironment => postman::environment(data, out),
        ImportKind::Openapi => openapi::document(data, &found.lost, out),
        ImportKind::Insomnia => insomnia::export(data, out),
        ImportKind::Bruno => bruno::export(data, out),
        // Those of a folder are read together.
        ImportKind::BrunoFile => Ok(()),
        ImportKind::Http => http_file::requests(text, name, out),
        ImportKind::HttpEnvironment => http_file::environments(data, name, out),
        ImportKind::Hurl => hurl::entries(text, out),
        ImportKind::Har => har::entries(data, out),
        ImportKind::PacketSender => packet_sender::packets(data, out),
        ImportKind::PacketSenderIni => packet_sender::settings(text, out),
        ImportKind::Posting => posting::request(data, out),
        ImportKind::Atac => atac::collection(data, out),
        ImportKind::Slumber => slumber::collection(data, out),
        ImportKind::Command => command::commands(text, out),
    }
}

#[cfg(test)]
mod formats_tests;
#[cfg(test)]
mod import_tests;
#[cfg(test)]
mod linear_tests;
#[cfg(test)]
mod more_tests;
#[cfg(test)]
mod odd_tests;
