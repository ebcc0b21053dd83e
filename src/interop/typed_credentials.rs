//! Credentials that were typed in place in a spec: passwords, bearers, headers that hold keys, users of
//! URLs, and of what a client sends the values whose names say so, in its query, form or JSON. What
//! templates stand for is none.
//!
//! The history keeps a mark in their place (`history_spec`); when a preset is saved they may move to
//! the file of secrets (`app/flow/credentials.rs`).

use super::typed_json::{members, said};
use crate::compose::query_pieces::{PiecePart, meant, pieces, with_text};
use crate::compose::template::{Mode, Name, Template};
use crate::model::field::{Options, Spelling, ValueKind};
use crate::model::field_access::{self, each_row, each_value};
use crate::model::field_id::FieldId;
use crate::model::secrets::{is_credential, names_secret};
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
    /// Whether a name in its place comes to the same; of JSON with escapes it does not.
    pub(crate) can_move: bool,
}

impl TypedCredential {
    /// Whether it is a key in a place of its own, whose name need not say so.
    pub(crate) fn is_key(&self) -> bool {
        self.name == API_KEY
    }

    /// Whether it is a value of a query, a form or JSON, which its name says to be one.
    pub(crate) fn is_named_value(&self) -> bool {
        [IN_QUERY, FORM, BODY].iter().any(|place| self.place.ends_with(place))
    }
}

/// What a key is called that is a header, a parameter or a cookie.
const API_KEY: &str = "api-key";

/// Where such values stand, in words.
const IN_QUERY: &str = "the query";
const FORM: &str = "the form";
const BODY: &str = "the body";

/// The list of the query, and texts that may be bodies of JSON or forms, in the tables of fields.
const QUERY: &str = "query";
const TEXTS: [&str; 3] = ["json", "text", "escaped"];

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
    // What a listener answers is what it plays: only headers are looked at there.
    let is_sent = !spec.side().listens();
    each_value(spec.options_mut(), &mut |info, value| match (info.kind, value.text_mut()) {
        (ValueKind::Address, Some(address)) => {
            of_user(address, give);
            if is_sent {
                of_query(address, give);
            }
        }
        (ValueKind::Area, Some(text)) if is_sent && TEXTS.contains(&info.key) => {
            of_text(text, give);
        }
        (ValueKind::List(Spelling::Pair), _) if is_sent => {
            let place = if info.key == QUERY { IN_QUERY } else { FORM };
            if let Some(rows) = value.rows_mut() {
                each_row(rows, &mut |row| of_pair(row, place, give));
            }
        }
        (ValueKind::Secret, Some(secret)) if is_literal(secret) => {
            let name = match info.key.rsplit('.').next() {
                Some("bearer") | None => "token",
                Some("value") => API_KEY,
                Some(key) => key,
            };
            let (place, name) = (info.label.to_lowercase(), name.to_owned());
            if let Some(text) =
                give(TypedCredential { place, name, value: secret.clone(), can_move: true })
            {
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

/// The value of a row whose name says that it is none to be read.
fn of_pair(row: &mut dyn Options, place: &str, give: Give<'_>) {
    let [name, value] = ["name", "value"].map(FieldId::new);
    let known = field_access::text(row, &name).into_owned();
    let text = field_access::text(row, &value).into_owned();
    if !names_secret(&known) || !is_literal(&text) {
        return;
    }
    if let Some(given) = give(named(place, &known, text)) {
        field_access::with_text(row, &value, |value| {
            value.clone_from(&given);
            true
        });
    }
}

/// The same of what stands in the URL itself.
fn of_query(url: &mut String, give: Give<'_>) {
    for at in 0..pieces(url).len() {
        // Those before may have made the URL longer.
        let typed = pieces(url).get(at).and_then(|piece| {
            let name = meant(piece, PiecePart::Name);
            let is_typed = names_secret(&name) && is_literal(piece.value?);
            is_typed.then(|| named(IN_QUERY, &name, meant(piece, PiecePart::Value)))
        });
        let given = typed.and_then(&mut *give);
        let written = given.and_then(|given| with_text(url, at, PiecePart::Value, &given));
        if let Some(written) = written {
            *url = written;
        }
    }
}

/// The same of a body: of JSON its members, whatever it is called; of a form that nobody took apart its rows.
fn of_text(text: &mut String, give: Give<'_>) {
    if !is_form(text) {
        return of_json(text, give);
    }
    let mut query = format!("?{text}");
    of_query(&mut query, &mut |one| {
        let place = one.place.replace(IN_QUERY, BODY);
        // As a body it is sent as it is written.
        let can_move = one.can_move && text.contains(&one.value);
        give(TypedCredential { place, can_move, ..one })
    });
    query.remove(0);
    *text = query;
}

/// Whether a text is one line of names and values, as forms are.
fn is_form(text: &str) -> bool {
    let is_sign = |c: char| c.is_whitespace() || "<>[]\"#?".contains(c);
    text.contains('=') && !text.contains(is_sign)
}

/// The same of members of JSON whose values are strings.
fn of_json(text: &mut String, give: Give<'_>) {
    let mut written = String::with_capacity(text.len());
    let mut behind = 0;
    for member in members(text) {
        let part = |from: usize, to: usize| text.split_at(to).0.split_at(from).1;
        let name = part(member.name.start, member.name.end);
        let value = part(member.value.start, member.value.end);
        if !names_secret(name) || !is_literal(value) {
            continue;
        }
        if let Some(given) = give(TypedCredential {
            // Of a text with escapes of its own nobody knows what JSON it is.
            can_move: said(value) == value && !value.contains('\\'),
            ..named(BODY, name, said(value))
        }) {
            written += part(behind, member.value.start);
            written += &given;
            behind = member.value.end;
        }
    }
    written += text.split_at(behind).1;
    *text = written;
}

/// A credential that has a name of its own.
fn named(place: &str, name: &str, value: String) -> TypedCredential {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let called: String = name.chars().map(kept).collect();
    let called = called.trim_matches('-').to_owned();
    TypedCredential { place: format!("{name} in {place}"), name: called, value, can_move: true }
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
    let one = TypedCredential {
        place: format!("the header {header}"),
        name,
        value: rest.to_owned(),
        can_move: true,
    };
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
    if let Some(given) =
        give(TypedCredential { place, name: name.to_owned(), value, can_move: true })
    {
        let colon = if userinfo.contains(':') { ":" } else { "" };
        let kept = format!("{user}{colon}{given}");
        url.replace_range(span, &kept);
    }
}
