//! What the text of a field is written in, for its colours and the keys that help to write it.

use super::form_line::FormFieldId;
use crate::codec::syntax::TextLanguage;
use crate::model::field_access as fields;
use crate::model::field_id::FieldId;
use crate::model::spec::Spec;

/// Of a body's text: what its kind says, else the content type beside it, else its beginning.
#[must_use]
pub fn language(spec: &Spec, id: FormFieldId, text: &str) -> TextLanguage {
    let FormFieldId::Field(id) = id else { return TextLanguage::Plain };
    match id.last_key() {
        "json" => TextLanguage::Json,
        "text" => {
            let near = id.in_list().map_or(FieldId::default(), |(list, at)| list.row(at));
            let named = content_type(spec, near.then("headers"));
            named.unwrap_or_else(|| TextLanguage::guess(text))
        }
        _ => TextLanguage::Plain,
    }
}

/// The language that a content type among these headers names; `None` = there is no content type.
fn content_type(spec: &Spec, headers: FieldId) -> Option<TextLanguage> {
    let options = spec.options();
    let cell = |at: usize, key| fields::text(options, &headers.row(at).then(key));
    let is_named = |at: &usize| {
        cell(*at, "name").eq_ignore_ascii_case("content-type") && cell(*at, "off") != "off"
    };
    let at = (0..fields::rows(options, &headers)?.count()).find(is_named)?;
    Some(TextLanguage::of_media_type(&cell(at, "value")).unwrap_or_default())
}
