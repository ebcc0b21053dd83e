//! Bodies that cannot stand in the text of an export: files beside it.

use std::fmt::Write as _;

use super::names::ForeignNames;
use super::order::ExportedFile;
use super::requests::ExportedRequest;

/// Files of bodies so far.
#[derive(Debug, Default)]
pub(super) struct BodyFiles {
    pub(super) files: Vec<ExportedFile>,
}

impl BodyFiles {
    /// Puts a body into a file of its own; the name to refer to it by.
    pub(super) fn file(
        &mut self,
        request: &ExportedRequest<'_>,
        bytes: &[u8],
        names: &mut ForeignNames,
    ) -> String {
        let content = names.filled(bytes, &request.preset.scope, request.place());
        let stem = file_name(request.place());
        let taken = |name: &str| self.files.iter().any(|file| file.name == name);
        let mut name = format!("{stem}.body");
        let mut number = 1;
        while taken(&name) {
            number += 1;
            name = format!("{stem}-{number}.body");
        }
        self.files.push(ExportedFile { name: name.clone(), content });
        format!("./{name}")
    }
}

/// A path of a preset as the name of one file.
pub(super) fn file_name(path: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    path.chars().map(plain).collect()
}

/// Folders before a name: `a/b/`.
pub(super) fn folders(folders: &[String]) -> String {
    folders.iter().flat_map(|folder| [folder.as_str(), "/"]).collect()
}

/// Bytes as digits.
pub(super) fn hex_digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// A text in one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
