//! The options of a spec as lines of help: the path of each and what it is, for `--set`.

use super::field::{FieldInfo, Options, Spelling, ValueKind};
use super::field_id::FieldId;
use super::spec::Spec;

/// Path and sentence of every option, in the order of the form.
#[must_use]
pub fn lines(mut spec: Spec) -> Vec<(String, String)> {
    let mut found = Vec::new();
    table(spec.options_mut(), FieldId::default(), "", &mut found);
    found
}

fn table(
    options: &mut dyn Options,
    id: FieldId,
    label: &'static str,
    found: &mut Vec<(String, String)>,
) {
    for (at, info) in options.fields().iter().enumerate() {
        if let Some(when) = info.when {
            options.choose(when);
        }
        let id = id.then(info.key);
        let Some(value) = options.value_mut(at) else {
            found.push((id.to_string(), sentence(info, label)));
            continue;
        };
        match info.kind {
            ValueKind::List(Spelling::Header | Spelling::Pair) => {
                found.push((id.to_string(), format!("Adds a row: {}", sentence(info, ""))));
            }
            ValueKind::List(Spelling::Entries) => {
                found.push((format!("{id}.NAME"), sentence(info, "")));
            }
            ValueKind::List(_) => {
                if let Some(rows) = value.rows_mut() {
                    table(&mut *rows.fresh(), id.row(0), "", found);
                }
            }
            ValueKind::Table => {
                if let Some(inner) = value.options_mut() {
                    table(inner, id, info.label, found);
                }
            }
            _ => {
                found.push((id.to_string(), sentence(info, "")));
                if let Some(inner) = value.options_mut().filter(|_| info.kind == ValueKind::Payload)
                {
                    table(inner, id, "", found);
                }
            }
        }
    }
}

/// What it is, and which values it takes.
fn sentence(info: &FieldInfo, label: &str) -> String {
    let label = if info.label.is_empty() { label } else { info.label };
    let text = if info.help.is_empty() { label.trim() } else { info.help };
    let words = match info.kind {
        ValueKind::Choice(words) | ValueKind::Variant(words) | ValueKind::Switch(words) => {
            words.join(", ")
        }
        ValueKind::Flag => "on, off".to_owned(),
        _ => String::new(),
    };
    match (text.is_empty(), words.is_empty()) {
        (_, true) => text.to_owned(),
        (true, false) => words,
        (false, false) => format!("{} ({words})", text.trim_end_matches('.')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_says_in_words_what_it_is() {
        for spec in Spec::kinds() {
            let kind = spec.badge().to_owned();
            for (path, what) in lines(spec) {
                let is_sentence = what.starts_with(char::is_uppercase) && what.len() > 8;
                assert!(is_sentence, "{kind} {path}: “{what}”");
            }
        }
    }
}
