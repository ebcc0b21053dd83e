//! What a preset expects and captures, taken apart for those who say it in words of their own.

use crate::codec::json_path::{JsonPath, PathPlace};
use crate::compose::filled;
use crate::model::name_value::NameValue;
use crate::model::preset::Scope;
use crate::model::spec::Spec;
use crate::query::{FacetOf, FacetQuestion, FacetTest, TimingPhase, ToldTest};

/// A line of `[expect]`.
#[derive(Debug)]
pub(super) struct ExportedCheck {
    /// As it is written.
    pub(super) line: String,
    pub(super) about: ExportedFacet,
    /// Each test, and whether it shall hold; none where it cannot be read.
    pub(super) tests: Vec<(bool, ToldTest)>,
}

/// A line of `[capture]`.
#[derive(Debug)]
pub(super) struct ExportedCapture {
    pub(super) line: String,
    pub(super) name: String,
    pub(super) about: ExportedFacet,
    /// Of what is asked about, the part that this matches.
    pub(super) part: Option<String>,
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ExportedFacet {
    Status,
    /// By its name.
    Header(String),
    Cookie(String),
    /// All of the body as text.
    Body,
    /// A value of the body, and the function of jq behind it.
    Json(Vec<PathPlace>, Option<&'static str>),
    /// Bytes of the body.
    Size,
    Sha256,
    /// All the time it took.
    Total,
    Url,
    /// Nothing that others have.
    Other,
}

/// Whether anything is expected.
pub(super) fn expects(spec: &Spec) -> bool {
    spec.expected().is_some_and(|rows| rows.iter().any(NameValue::is_used))
}

/// Whether anything is captured.
pub(super) fn captures(spec: &Spec) -> bool {
    spec.checks().is_some_and(|(_, capture)| capture.rows.iter().any(NameValue::is_used))
}

/// The lines of `[expect]` with their names filled in.
pub(super) fn expected(spec: &Spec, scope: &Scope) -> Vec<ExportedCheck> {
    let rows = spec.expected().map(Vec::as_slice).unwrap_or_default();
    let read = |name: &str, value: &str| {
        let value = filled(value, scope)?;
        let question = FacetQuestion::parse(name).ok()?;
        let tests = FacetTest::parse(&question, &value).ok()?.told();
        Some((facet(&question), tests))
    };
    let used = rows.iter().filter(|row| row.is_used());
    used.map(|row| {
        let line = format!("{} = {}", row.name, row.value);
        let (about, tests) = read(&row.name, &row.value).unwrap_or((ExportedFacet::Other, vec![]));
        ExportedCheck { line, about, tests }
    })
    .collect()
}

/// The lines of `[capture]`.
pub(super) fn captured(spec: &Spec) -> Vec<ExportedCapture> {
    let rows = spec.checks().map(|(_, capture)| capture.rows.as_slice()).unwrap_or_default();
    let used = rows.iter().filter(|row| row.is_used());
    used.map(|row| {
        let line = format!("{} = {}", row.name, row.value);
        let question = FacetQuestion::of_capture(&row.value).ok();
        let about = question.as_ref().map_or(ExportedFacet::Other, facet);
        let part = question.as_ref().and_then(FacetQuestion::part);
        ExportedCapture { line, name: row.name.clone(), about, part }
    })
    .collect()
}

fn facet(question: &FacetQuestion) -> ExportedFacet {
    let name = question.name().to_owned();
    let text = question.text();
    let text = text.split_once("matches ").map_or(text, |(asked, _)| asked.trim_end());
    let is_whole = !text.contains('[');
    match question.facet() {
        FacetOf::Status => ExportedFacet::Status,
        FacetOf::Header => ExportedFacet::Header(name),
        FacetOf::Cookie => ExportedFacet::Cookie(name),
        FacetOf::Body if is_whole => ExportedFacet::Body,
        FacetOf::Json => {
            let path = text.split_once(' ').map_or("", |(_, path)| path);
            let plain = JsonPath::parse(path).ok().and_then(|path| path.plain());
            plain.map_or(ExportedFacet::Other, |(path, call)| ExportedFacet::Json(path, call))
        }
        FacetOf::Size => ExportedFacet::Size,
        FacetOf::Sha256 => ExportedFacet::Sha256,
        FacetOf::Phase(TimingPhase::Total) => ExportedFacet::Total,
        FacetOf::Url => ExportedFacet::Url,
        _ => ExportedFacet::Other,
    }
}
