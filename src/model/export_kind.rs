//! What presets can be written as: the one table that the command line, its help and completions, the
//! chapter and the screen read.

use strum::{EnumString, IntoStaticStr, VariantArray};

/// A kind of text that presets are written as; by name as the command line has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, EnumString, VariantArray)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum PresetExportKind {
    Curl,
    Requests,
    Python,
    Http,
    Hurl,
    Postman,
    Har,
    K6,
    Rust,
    Nc,
    Socat,
    Openapi,
}

/// What of it goes into a file of its own where there is a folder for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportSplit {
    /// All is one document.
    Whole,
    /// The presets of each folder.
    ByFolder,
    /// Each preset.
    ByPreset,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct PresetExportInfo {
    pub kind: PresetExportKind,
    /// As people call it.
    pub title: &'static str,
    /// What names of its files end with, without the dot.
    pub extension: &'static str,
    pub split: ExportSplit,
    pub help: &'static str,
}

/// Every kind, in the order in which they are offered.
pub const PRESET_EXPORTS: &[PresetExportInfo] = &[
    PresetExportInfo {
        kind: PresetExportKind::Curl,
        title: "curl",
        extension: "sh",
        split: ExportSplit::ByPreset,
        help: "curl commands for a POSIX shell; HTTP",
    },
    PresetExportInfo {
        kind: PresetExportKind::Requests,
        title: "Python requests",
        extension: "py",
        split: ExportSplit::ByPreset,
        help: "scripts with the library requests; HTTP",
    },
    PresetExportInfo {
        kind: PresetExportKind::Python,
        title: "Python",
        extension: "py",
        split: ExportSplit::ByPreset,
        help: "scripts that need nothing but Python: clients, listeners, relays of TCP and UDP",
    },
    PresetExportInfo {
        kind: PresetExportKind::Http,
        title: ".http",
        extension: "http",
        split: ExportSplit::ByFolder,
        help: "a file of requests for editors; HTTP",
    },
    PresetExportInfo {
        kind: PresetExportKind::Hurl,
        title: "hurl",
        extension: "hurl",
        split: ExportSplit::ByFolder,
        help: "requests with asserts and captures, and a file of variables; HTTP",
    },
    PresetExportInfo {
        kind: PresetExportKind::Postman,
        title: "Postman",
        extension: "json",
        split: ExportSplit::Whole,
        help: "a collection of version 2.1, and an environment with --env; HTTP",
    },
    PresetExportInfo {
        kind: PresetExportKind::Har,
        title: "HAR",
        extension: "har",
        split: ExportSplit::Whole,
        help: "the requests, without answers; HTTP",
    },
    PresetExportInfo {
        kind: PresetExportKind::K6,
        title: "k6",
        extension: "js",
        split: ExportSplit::Whole,
        help: "a script for load beyond one machine, with checks; HTTP",
    },
    PresetExportInfo {
        kind: PresetExportKind::Rust,
        title: "Rust",
        extension: "rs",
        split: ExportSplit::Whole,
        help: "a program that needs nothing but std: HTTP, TCP, UDP, none of them with TLS",
    },
    PresetExportInfo {
        kind: PresetExportKind::Nc,
        title: "nc",
        extension: "sh",
        split: ExportSplit::ByPreset,
        help: "printf and nc, of TLS openssl s_client: TCP, UDP, TLS",
    },
    PresetExportInfo {
        kind: PresetExportKind::Socat,
        title: "socat",
        extension: "sh",
        split: ExportSplit::ByPreset,
        help: "printf and socat: TCP, UDP, TLS",
    },
    PresetExportInfo {
        kind: PresetExportKind::Openapi,
        title: "OpenAPI",
        extension: "json",
        split: ExportSplit::Whole,
        help: "a document of what HTTP listeners answer, version 3.1",
    },
];

impl PresetExportKind {
    /// Its row in the table.
    #[must_use]
    pub fn row(self) -> &'static PresetExportInfo {
        &PRESET_EXPORTS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_row() {
        assert_eq!(PRESET_EXPORTS.len(), PresetExportKind::VARIANTS.len());
        for kind in PresetExportKind::VARIANTS {
            assert_eq!(kind.row().kind, *kind);
            assert_eq!(kind.into_str().parse(), Ok(*kind));
        }
    }
}
