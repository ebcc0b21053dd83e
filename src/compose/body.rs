//! Bodies of requests and answers as bytes, or as the files they come from.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::sockets::file;
use super::text::Composer;
use crate::codec::multipart;
use crate::model::field_id::FieldId;
use crate::model::http::{FormPart, HttpBody, PartSource};
use crate::model::plan::{PartContent, PartPlan, PlanBody, PlanFile};
use crate::model::spec::NameValue;

/// The body and the content type that goes with it. `given_type` is the user's own, whose boundary
/// a multipart form takes.
pub(super) fn body(
    body: &HttpBody,
    given_type: Option<&str>,
    composer: &mut Composer<'_>,
    place: FieldId,
) -> (PlanBody, Option<String>) {
    let whole = place.then(body.kind());
    let typed = |content_type: &str| Some(content_type.to_owned());
    match body {
        HttpBody::None => (PlanBody::Bytes(Bytes::new()), None),
        HttpBody::Text(content) => {
            let text = composer.typed(whole, content, given_type.unwrap_or_default());
            (PlanBody::Bytes(text.into()), typed("text/plain; charset=utf-8"))
        }
        HttpBody::Json(content) => {
            let bytes = composer.json(whole, content);
            (PlanBody::Bytes(bytes.into()), typed("application/json"))
        }
        HttpBody::Payload(payload) => {
            let bytes = composer.payload(whole, payload);
            (PlanBody::Bytes(bytes.into()), typed("application/octet-stream"))
        }
        HttpBody::Form(rows) => {
            (form(rows, composer, whole), typed("application/x-www-form-urlencoded"))
        }
        HttpBody::Multipart(parts) => {
            let parts: Vec<PartPlan> = parts
                .iter()
                .enumerate()
                .filter(|(_, part)| {
                    part.enabled && !(part.name.is_empty() && part.value.is_empty())
                })
                .map(|(row, written)| part(written, composer, whole.row(row)))
                .collect();
            let boundary = given_type.and_then(multipart::boundary_of);
            let boundary = boundary.unwrap_or_else(|| multipart::boundary(&parts));
            let content_type = format!("multipart/form-data; boundary={boundary}");
            (PlanBody::Multipart { boundary, parts }, Some(content_type))
        }
        HttpBody::File(path) => {
            let path = file(whole, path, composer);
            let content_type = multipart::type_of(&path).unwrap_or(multipart::ANY_TYPE);
            (PlanBody::File(PlanFile::of_preset(path, composer.folder())), typed(content_type))
        }
    }
}

fn form(rows: &[NameValue], composer: &mut Composer<'_>, place: FieldId) -> PlanBody {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.is_used()) {
        let place = place.row(index);
        let name = composer.text(place.then("name"), &row.name);
        let value = composer.text(place.then("value"), &row.value);
        form.append_pair(&name, &value);
    }
    PlanBody::Bytes(form.finish().into())
}

fn part(part: &FormPart, composer: &mut Composer<'_>, place: FieldId) -> PartPlan {
    let name = composer.text(place.then("name"), &part.name);
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let file_name = composer.text(place.then("file-name"), &part.file_name);
    let content_type = given(composer.line(place.then("type"), &part.content_type));
    let value = place.then(match part.source {
        PartSource::Text => "value",
        PartSource::File => "file",
        PartSource::FileText => "text-file",
    });
    if part.source == PartSource::Text {
        let text = composer.text(value, &part.value);
        let content = PartContent::Bytes(text.into());
        let file_name = given(file_name);
        // A file needs a type; curl tells this one for text with a file name.
        let content_type =
            content_type.or_else(|| file_name.as_ref().map(|_| "text/plain".to_owned()));
        return PartPlan { name, content, file_name, content_type };
    }
    let path = PathBuf::from(file(value, &part.value, composer));
    let own = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_file = part.source == PartSource::File;
    let file_name = given(file_name).or_else(|| is_file.then(|| own(&path)));
    let content_type = content_type.or_else(|| {
        let name = file_name.clone().unwrap_or_else(|| own(&path));
        // A plain field has none but what curl gives it, who does not say that text is text.
        let of = if is_file { multipart::type_of } else { multipart::curl_type_of };
        let is_field = file_name.is_none();
        let known = of(&name).filter(|kind| !(is_field && *kind == multipart::PLAIN));
        known.or_else(|| is_file.then_some(multipart::ANY_TYPE)).map(str::to_owned)
    });
    let content = PartContent::File(PlanFile::of_preset(path, composer.folder()));
    PartPlan { name, content, file_name, content_type }
}
