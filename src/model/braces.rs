//! Where `{{names}}` stand in a text: the one reader of braces, for whoever expands them and for whoever
//! only has to leave them whole.
//!
//! Called by `compose::template`, which says what they mean, by `url_text`, for which the signs within them
//! part nothing, and by the editor. Costs what the text is long.

use std::ops::Range;

/// What braces hold that look like those of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameForm {
    /// A name, and two braces behind it.
    Proper,
    /// No name: `{{}}`, `{{env.}}`, `{{#if x}}`.
    NoName,
    /// A name without two braces behind it: `{{a}`, `"{{a"`.
    Open,
}

/// What a `{` begins.
pub(crate) enum Brace<'a> {
    /// Nothing special.
    Text,
    /// `{{!`, before what would be braces of a name without the `!`.
    Quoted,
    /// Braces of a name, or what looks like them, with all that belongs to them.
    Name(&'a str, NameForm),
}

/// What a text begins with, if that is a brace.
pub(crate) fn brace(text: &str) -> Brace<'_> {
    let Some(inner) = text.strip_prefix("{{") else { return Brace::Text };
    let marked = inner.strip_prefix('!').map(|rest| rest.trim_start_matches('!'));
    // A name never spans braces or lines, so a text full of braces costs linear time.
    let end = inner.find(['{', '}', '\n']).unwrap_or(inner.len());
    let (inside, behind) = inner.split_at(end);
    let is_closed = behind.starts_with("}}");
    if let Some(marked) = marked {
        let is_meant = is_closed || name_form(marked).is_some();
        return if is_meant { Brace::Quoted } else { Brace::Text };
    }
    let source = |length: usize| text.split_at("{{".len() + length).0;
    if is_closed && is_name(name_and_arguments(inside).0) {
        return Brace::Name(source(end + "}}".len()), NameForm::Proper);
    }
    match name_form(inner) {
        Some((length, form)) => Brace::Name(source(length), form),
        None => Brace::Text,
    }
}

/// Whether what follows two braces looks like a variable and is none, and how long that is. A quote
/// ends it, as JSON right inside two braces (`{{"a":1}}`) is never a name.
fn name_form(inner: &str) -> Option<(usize, NameForm)> {
    let (inside, behind) = inner.split_at(inner.find(['{', '}', '\n', '"']).unwrap_or(inner.len()));
    if behind.starts_with("}}") {
        return Some((inside.len() + "}}".len(), NameForm::NoName));
    }
    let is_cut = !behind.starts_with('{') || behind.starts_with("{{");
    let length =
        if behind.starts_with('}') { inside.len() + "}".len() } else { inside.trim_end().len() };
    (is_cut && is_name(inside.trim())).then_some((length, NameForm::Open))
}

/// What stands between two braces: a name, and what follows it.
pub(crate) fn name_and_arguments(inner: &str) -> (&str, &str) {
    let inner = inner.trim();
    let (name, args) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    (name, args.trim())
}

/// Whether a text can stand between the braces: dotted words of letters, digits, `_` and `-`, none of
/// them beginning with `-`.
pub(crate) fn is_name(text: &str) -> bool {
    text.split('.').all(|word| {
        word.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            && word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

/// All braces of a text in text mode that stand for something, in order: where they are and what they
/// hold.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = (Range<usize>, NameForm)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(found) = text.split_at(at).1.find("{{") {
            let start = at + found;
            match brace(text.split_at(start).1) {
                Brace::Name(source, form) => {
                    at = start + source.len();
                    return Some((start..at, form));
                }
                Brace::Text => at = start + "{".len(),
                Brace::Quoted => at = start + "{{!".len(),
            }
        }
        None
    })
}

/// Where the names of a text are that can have a value.
pub(crate) fn name_spans(text: &str) -> impl Iterator<Item = Range<usize>> {
    let proper = spans(text).filter(|(_, form)| *form == NameForm::Proper);
    proper.map(|(span, _)| span)
}
