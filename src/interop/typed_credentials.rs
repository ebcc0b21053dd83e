//! Credentials that were typed in place in a spec: passwords, bearers, headers that hold keys, users of
//! URLs. What templates stand for is none.
//!
//! The history keeps a mark in their place (`history_spec`); when a preset is saved they may move to
//! the file of secrets (`app/flow/credentials.rs`).

use crate::compose::template::{Mode, Name, Template};
use crate::model::field::{Options, Spelling, ValueKind};
use crate::model::field_access::{self, each_row, each_value};
use crate::model::field_id::FieldId;
use crate::model::secrets::is_credential;
use crate::model::spec::Spec;
use crate::model::url_text::UrlText;

/// A credential that was typed in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypedCredential {
    /// Where it stands, in words.
    pub(crate) place: String,
    /// What it may be called.
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Tells what is to stand in the place of a credential; `None` = it stays.
type Give<'g> = &'g mut dyn FnMut(TypedCredential) -> Option<String>;

/// The credentials typed in place.
#[must_use]
pub(crate) fn typed(spec: &Spec) -> Vec<TypedCredential> {
    let mut found = Vec::new();
    each_typed(&mut spec.clone(), &mut |one| {
        found.push(one);
        None
    });
    found
}

/// Puts something in the place of every credential that was typed there.
pub(crate) fn each_typed(spec: &mut Spec, give: Give<'_>) {
    each_value(spec.options_mut(), &mut |info, value| match (info.kind, value.text_mut()) {
        (ValueKind::Address, Some(address)) => of_user(address, give),
        (ValueKind::Secret, Some(secret)) if is_literal(secret) => {
            let name = match info.key.rsplit('.').next() {
                Some("bearer") | None => "token",
                Some(key) => key,
            };
            let (place, name) = (info.label.to_lowercase(), name.to_owned());
            if let Some(text) = give(TypedCredential { place, name, value: secret.clone() }) {
                *secret = text;
            }
        }
        (ValueKind::List(Spelling::Header), _) => {
            if let Some(rows) = value.rows_mut() {
                each_row(rows, &mut |row| of_header(row, give));
            }
        }
        _ => {}
    });
}

/// Whether a text holds more than names of templates.
fn is_literal(text: &str) -> bool {
    let Ok(template) = Template::parse(text, Mode::Text) else { return true };
    // With nothing in place of every name, what is left was typed; so is what only looks like a name.
    let typed = |name: &Name| if name.is_proper() { "" } else { &*name.source }.into();
    let rest = template.expand_with(&|name| Ok(typed(name))).unwrap_or_default();
    rest.iter().any(|byte| !byte.is_ascii_whitespace())
}

/// A row of a list of headers.
fn of_header(row: &mut dyn Options, give: Give<'_>) {
    let [name, value] = ["name", "value"].map(FieldId::new);
    let header = field_access::text(row, &name).into_owned();
    if !is_credential(&header) {
        return;
    }
    let text = field_access::text(row, &value).into_owned();
    // The scheme of an Authorization is no secret and tells what is meant.
    let lower = header.to_ascii_lowercase();
    let has_scheme = lower.ends_with("authorization");
    let split = text.split_once(' ').filter(|_| has_scheme);
    let (scheme, rest) = split.unwrap_or(("", &*text));
    if !is_literal(rest) {
        return;
    }
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let name: String = lower.trim_start_matches("x-").chars().map(kept).collect();
    let name = if has_scheme { "token".to_owned() } else { name.trim_matches('-').to_owned() };
    let one =
        TypedCredential { place: format!("the header {header}"), name, value: rest.to_owned() };
    if let Some(given) = give(one) {
        let blank = if split.is_some() { " " } else { "" };
        let text = format!("{scheme}{blank}{given}");
        field_access::with_text(row, &value, |value| {
            value.clone_from(&text);
            true
        });
    }
}

/// The password of a URL, or its user where that is all there is (RFC 3986, section 3.2.1).
fn of_user(url: &mut String, give: Give<'_>) {
    let parts = UrlText::of(url);
    let Some(userinfo) = parts.userinfo else { return };
    let span = parts.host_at - 1 - userinfo.len()..parts.host_at - 1;
    let (user, secret) =
        userinfo.split_once(':').map_or(("", userinfo), |(user, secret)| (user, secret));
    if !is_literal(secret) {
        return;
    }
    let name = if user.is_empty() { "token" } else { "password" };
    let (place, value) = ("the URL".to_owned(), secret.to_owned());
    if let Some(given) = give(TypedCredential { place, name: name.to_owned(), value }) {
        let colon = if userinfo.contains(':') { ":" } else { "" };
        let kept = format!("{user}{colon}{given}");
        url.replace_range(span, &kept);
    }
}
