//! The `{{names}}` in all texts of a spec: which it uses, and others in their places.
//!
//! Called by the application when a variable gets another name or goes. A text that cannot be read as a
//! template uses none.

use std::collections::BTreeSet;

use super::template::{Function, Mode, Name, Template};
use crate::model::field::{FieldInfo, ValueKind};
use crate::model::field_access::each_value;
use crate::model::spec::Spec;

/// Whether a backslash makes text of braces in a field.
fn has_escapes(info: &FieldInfo) -> bool {
    info.kind == ValueKind::Payload || info.key == "escaped"
}

/// Shows every text of a spec to `visit`, and whether it has escapes.
fn each_text(spec: &mut Spec, visit: &mut dyn FnMut(&mut String, bool)) {
    each_value(spec.options_mut(), &mut |info, value| {
        if let Some(text) = value.text_mut() {
            visit(text, has_escapes(info));
        } else if info.kind == ValueKind::Payload
            && let Some(payload) = value.options_mut()
        {
            let before = payload.phrase().into_owned();
            let mut text = before.clone();
            let format = payload.value(0).map(|format| format.show().into_owned());
            visit(&mut text, format.is_none_or(|it| it == "text" || it == "hex"));
            if text != before {
                // It is a text with other names in it: whatever took the one takes the other.
                let _ = payload.set_phrase(&text);
            }
        }
    });
}

/// The names that can have a value, as they stand between the braces.
fn proper(text: &str, has_escapes: bool) -> Vec<Name> {
    if !text.contains("{{") {
        return Vec::new();
    }
    let template = Template::parse(text, Mode::Text).ok();
    let names = template.iter().flat_map(Template::names);
    let names = names.filter(|name| name.is_proper() && name.asked.is_none());
    let is_name = |name: &&Name| {
        let before = text.split_at(name.span.start).0;
        let slashes = before.len() - before.trim_end_matches('\\').len();
        !has_escapes || slashes.is_multiple_of(2)
    };
    names.filter(is_name).cloned().collect()
}

/// The names a spec uses, as `host`, `secret.token` or `env.HOME`.
#[must_use]
pub fn names_in(spec: &Spec) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_text(&mut spec.clone(), &mut |text, has_escapes| {
        found.extend(proper(text, has_escapes).into_iter().map(|name| name.name));
    });
    found
}

/// Whether a text of it has a value that somebody is asked for.
#[must_use]
pub fn asks_for_values(spec: &Spec) -> bool {
    let mut asks = false;
    each_text(&mut spec.clone(), &mut |text, _| {
        let template =
            text.contains("{{").then(|| Template::parse(text, Mode::Text).ok()).flatten();
        asks |= template.iter().flat_map(Template::names).any(|name| name.asked.is_some());
    });
    asks
}

/// What is asked for unseen: labels of prompts whose answers nobody shall read, whoever gives them.
#[must_use]
pub fn veiled_labels(spec: &Spec) -> BTreeSet<String> {
    let mut veiled = BTreeSet::new();
    each_text(&mut spec.clone(), &mut |text, _| {
        let template =
            text.contains("{{").then(|| Template::parse(text, Mode::Text).ok()).flatten();
        let asked =
            template.iter().flat_map(Template::names).filter_map(|name| name.asked.as_ref());
        veiled.extend(asked.filter(|asked| asked.is_secret).map(|asked| asked.label.clone()));
    });
    veiled
}

/// Puts the name `to` wherever `from` stands, in all texts or in those of these numbers; gives the
/// numbers of those that were written.
pub(crate) fn rename_in(
    spec: &mut Spec,
    from: &str,
    to: &str,
    only: Option<&[usize]>,
) -> Vec<usize> {
    let (mut number, mut written) = (0, Vec::new());
    each_text(spec, &mut |text, has_escapes| {
        let is_meant = only.is_none_or(|only| only.contains(&number));
        let names = if is_meant { proper(text, has_escapes) } else { Vec::new() };
        let names: Vec<Name> = names.into_iter().filter(|name| name.name == from).collect();
        for name in names.iter().rev() {
            text.replace_range(name.span.clone(), &name.renamed(to));
        }
        if !names.is_empty() {
            written.push(number);
        }
        number += 1;
    });
    written
}

/// Gets the name that is to stand in the place of one; `None` = it stays.
pub(crate) type OtherName<'a> = &'a mut dyn FnMut(&str) -> Option<String>;

/// Puts other names in the places of those whose values are written as JSON.
pub(crate) fn rename_json(spec: &mut Spec, other: OtherName<'_>) {
    each_text(spec, &mut |text, has_escapes| rename_json_in(text, has_escapes, other));
}

/// The same in one text.
pub(crate) fn rename_json_in(text: &mut String, has_escapes: bool, other: OtherName<'_>) {
    for name in proper(text, has_escapes).iter().rev() {
        let given = name.function.and_then(|Function::Json| other(&name.name));
        if let Some(given) = given {
            text.replace_range(name.span.clone(), &name.renamed(&given));
        }
    }
}

/// A text in which what is chosen from a list is typed, `{{choose "A" "x" "y"}}` as `{{prompt "A"}}`: anything may be
/// put there then.
pub(crate) fn with_open_choices(text: &str) -> Option<String> {
    let template = text.contains("{{").then(|| Template::parse(text, Mode::Text).ok()).flatten()?;
    let chosen = template.names().filter_map(|name| {
        let asked = name.asked.as_ref().filter(|asked| !asked.choices.is_empty())?;
        let quote = if asked.label.contains('"') { '\'' } else { '"' };
        Some((name.span.clone(), format!("{{{{prompt {quote}{}{quote}}}}}", asked.label)))
    });
    let mut chosen: Vec<_> = chosen.collect();
    let mut text = text.to_owned();
    while let Some((span, prompt)) = chosen.pop() {
        text.replace_range(span, &prompt);
    }
    Some(text)
}

/// The same in all texts of a spec.
pub(crate) fn open_choices(spec: &mut Spec) {
    each_text(spec, &mut |text, _| {
        if let Some(open) = with_open_choices(text) {
            *text = open;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client::{ScriptStep, TcpSpec};
    use crate::model::http::{HttpBody, HttpSpec};
    use crate::model::name_value::NameValue;
    use crate::model::payload::Payload;

    fn http() -> HttpSpec {
        HttpSpec {
            url: "http://{{host}}/{{ key }}".into(),
            headers: vec![NameValue::new("X-{{key}}", "{{secret.key}} {{!key}}")],
            body: HttpBody::Json(r#"{"a": "{{key}}"}"#.into()),
            ..HttpSpec::default()
        }
    }

    fn tcp(send: &str) -> Spec {
        let payload = Payload { text: send.into(), ..Payload::default() };
        let (address, steps) = ("{{env.HOST}}:1".into(), vec![ScriptStep::Send(payload)]);
        Spec::Tcp(TcpSpec { address, steps, ..TcpSpec::default() })
    }

    #[test]
    fn names_of_all_texts_are_found() {
        let names = |spec: &Spec| names_in(spec).into_iter().collect::<Vec<_>>();
        assert_eq!(names(&Spec::Http(http())), ["host", "key", "secret.key"]);
        assert_eq!(names(&tcp(r"{{a}} \{{b}} \\{{c}}")), ["a", "c", "env.HOST"]);
    }

    #[test]
    fn names_of_what_is_written_as_json_get_others_alone() {
        let mut spec = tcp(r"{{a}} \{{json a}} {{ json  a }} {{json b}}");
        let other = |name: &str| (name == "a").then(|| "c.a".to_owned());
        rename_json(&mut spec, &mut { other });
        assert_eq!(spec, tcp(r"{{a}} \{{json a}} {{json c.a}} {{json b}}"));
    }

    #[test]
    fn labels_that_are_asked_for_unseen_are_found() {
        let url = r#"http://h/{{prompt "PIN" secret}}/{{prompt "Region"}}/{{prompt db_password}}"#;
        let spec = Spec::Http(HttpSpec { url: url.into(), ..HttpSpec::default() });
        let labels: Vec<String> = veiled_labels(&spec).into_iter().collect();
        assert_eq!(labels, ["PIN", "db_password"]);
    }

    #[test]
    fn a_name_is_written_anew_where_it_stands_and_back() {
        let mut spec = Spec::Http(http());
        let written = rename_in(&mut spec, "key", "secret.key", None);
        let Spec::Http(changed) = &spec else { unreachable!() };
        assert_eq!(changed.url, "http://{{host}}/{{secret.key}}");
        assert_eq!(changed.headers[0].name, "X-{{secret.key}}");
        assert_eq!(changed.headers[0].value, "{{secret.key}} {{!key}}");
        assert_eq!(changed.body, HttpBody::Json(r#"{"a": "{{secret.key}}"}"#.into()));
        rename_in(&mut spec, "secret.key", "key", Some(&written));
        let Spec::Http(back) = &spec else { unreachable!() };
        assert_eq!(back.url, "http://{{host}}/{{key}}");
        assert_eq!(back.headers[0].value, "{{secret.key}} {{!key}}", "it was a secret before");
        let mut spec = tcp(r"{{a}} \{{a}} {{ json  a }} {{json c}}");
        rename_in(&mut spec, "a", "b", None);
        assert_eq!(spec, tcp(r"{{b}} \{{a}} {{json b}} {{json c}}"));
    }
}
