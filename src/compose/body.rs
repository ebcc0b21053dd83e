//! Bodies of requests and answers as bytes, or as the files they come from.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::text::{Composer, Controls};
use super::{AnswerField, IssueField};
use crate::codec::multipart;
use crate::model::http::{FormPart, HttpBody, PartSource};
use crate::model::plan::{PartContent, PartPlan, PlanBody};
use crate::model::spec::NameValue;

/// Part of a body that an issue may be about.
#[derive(Clone, Copy)]
pub(super) enum BodyPlace {
    Whole,
    Name(usize),
    Value(usize),
    FileName(usize),
    Type(usize),
}

impl BodyPlace {
    /// In the body of a request.
    pub(super) fn of_request(self) -> IssueField {
        match self {
            BodyPlace::Whole => IssueField::Body,
            BodyPlace::Name(row) => IssueField::FormName(row),
            BodyPlace::Value(row) => IssueField::FormValue(row),
            BodyPlace::FileName(row) => IssueField::PartFileName(row),
            BodyPlace::Type(row) => IssueField::PartType(row),
        }
    }

    /// In the body of an answer.
    pub(super) fn of_answer(self) -> AnswerField {
        match self {
            BodyPlace::Whole => AnswerField::Body,
            BodyPlace::Name(row) => AnswerField::FormName(row),
            BodyPlace::Value(row) => AnswerField::FormValue(row),
            BodyPlace::FileName(row) => AnswerField::PartFileName(row),
            BodyPlace::Type(row) => AnswerField::PartType(row),
        }
    }
}

/// The body and the content type that goes with it. `given_type` is the user's own, whose boundary
/// a multipart form takes.
pub(super) fn body(
    body: &HttpBody,
    given_type: Option<&str>,
    composer: &mut Composer<'_>,
    field: &dyn Fn(BodyPlace) -> IssueField,
) -> (PlanBody, Option<String>) {
    let whole = field(BodyPlace::Whole);
    let mut text =
        |text: &str| PlanBody::Bytes(composer.text(whole, text, Controls::Allowed).into());
    let typed = |content_type: &str| Some(content_type.to_owned());
    match body {
        HttpBody::None => (PlanBody::Bytes(Bytes::new()), None),
        HttpBody::Text(content) => (text(content), typed("text/plain; charset=utf-8")),
        HttpBody::Json(content) => (text(content), typed("application/json")),
        HttpBody::Payload(payload) => {
            let bytes = composer.payload(whole, payload);
            (PlanBody::Bytes(bytes.into()), typed("application/octet-stream"))
        }
        HttpBody::Form(rows) => {
            (form(rows, composer, field), typed("application/x-www-form-urlencoded"))
        }
        HttpBody::Multipart(parts) => {
            let parts: Vec<PartPlan> = parts
                .iter()
                .enumerate()
                .filter(|(_, part)| !(part.off || part.name.is_empty() && part.value.is_empty()))
                .map(|(row, written)| part(row, written, composer, field))
                .collect();
            let boundary = given_type.and_then(multipart::boundary_of);
            let boundary = boundary.unwrap_or_else(|| multipart::boundary(&parts));
            let content_type = format!("multipart/form-data; boundary={boundary}");
            (PlanBody::Multipart { boundary, parts }, Some(content_type))
        }
        HttpBody::File(path) => {
            (PlanBody::File(file(whole, path, composer)), typed("application/octet-stream"))
        }
    }
}

fn form(
    rows: &[NameValue],
    composer: &mut Composer<'_>,
    field: &dyn Fn(BodyPlace) -> IssueField,
) -> PlanBody {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| super::http::is_used(row)) {
        let name = composer.text(field(BodyPlace::Name(index)), &row.name, Controls::Allowed);
        let value = composer.text(field(BodyPlace::Value(index)), &row.value, Controls::Allowed);
        form.append_pair(&name, &value);
    }
    PlanBody::Bytes(form.finish().into())
}

fn part(
    row: usize,
    part: &FormPart,
    composer: &mut Composer<'_>,
    field: &dyn Fn(BodyPlace) -> IssueField,
) -> PartPlan {
    let name = composer.text(field(BodyPlace::Name(row)), &part.name, Controls::Allowed);
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let file_name =
        composer.text(field(BodyPlace::FileName(row)), &part.file_name, Controls::Allowed);
    let content_type = given(composer.line(field(BodyPlace::Type(row)), &part.content_type));
    let value = field(BodyPlace::Value(row));
    if part.source == PartSource::Text {
        let text = composer.text(value, &part.value, Controls::Allowed);
        let content = PartContent::Bytes(text.into());
        let file_name = given(file_name);
        // A file needs a type; curl tells this one for text with a file name.
        let content_type =
            content_type.or_else(|| file_name.as_ref().map(|_| "text/plain".to_owned()));
        return PartPlan { name, content, file_name, content_type };
    }
    let path = file(value, &part.value, composer);
    let own = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_file = part.source == PartSource::File;
    let file_name = given(file_name).or_else(|| is_file.then(|| own(&path)));
    let content_type = content_type.or_else(|| {
        let known = multipart::type_of(file_name.as_deref().unwrap_or(&own(&path)));
        known.or_else(|| is_file.then_some(multipart::ANY_TYPE)).map(str::to_owned)
    });
    PartPlan { name, content: PartContent::File(path), file_name, content_type }
}

fn file(field: IssueField, path: &str, composer: &mut Composer<'_>) -> PathBuf {
    let count = composer.issues.len();
    let path = composer.line(field, path);
    if path.is_empty() && composer.issues.len() == count {
        composer.issue(field, "no file is named");
    }
    PathBuf::from(path)
}
