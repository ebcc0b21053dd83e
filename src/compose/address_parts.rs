//! The parts of an address as it is typed, templates included: what the address line colours.
//!
//! Nothing is checked here and nothing is refused: half an address has parts, too.

use std::ops::Range;

use super::nested;
use super::spec_names::names_in;
use super::template::{Mode, Name, Template, TemplateError, TemplatePart, Variables};
use crate::model::spec::Spec;
use crate::model::url_text::UrlText;

/// What a stretch of an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressPart {
    /// `http://`
    Scheme,
    /// `user:password@`
    User,
    Host,
    /// `:8080`
    Port,
    Path,
    QueryName,
    QueryValue,
    /// `?`, `&` and `=`
    Separator,
    /// `#fragment`, which is not sent.
    Fragment,
    /// A `{{name}}` that has a value.
    Known,
    /// One that has none.
    Unknown,
}

/// A stretch of a text, in bytes, and what it is.
pub type PartSpan = (Range<usize>, AddressPart);

/// The parts of an address, in order and without gaps.
#[must_use]
pub fn address_parts(text: &str, variables: &dyn Variables) -> Vec<PartSpan> {
    let names = names(text, variables);
    let mut spans = Vec::new();
    let url = UrlText::of(text);
    let (host, host_end) = (url.host_at, url.host_at + url.host.len());
    let (path, query) = (url.path_at, url.path_at + url.path.len());
    let scheme = text.len() - url.bare.len();
    spans.push((0..scheme, AddressPart::Scheme));
    spans.push((scheme..host, AddressPart::User));
    spans.push((host..host_end, AddressPart::Host));
    spans.push((host_end..path, AddressPart::Port));
    spans.push((path..query, AddressPart::Path));
    spans.push((query..url.query_at, AddressPart::Separator));
    for piece in url.pieces() {
        let (name, end) = (piece.at + piece.name.len(), piece.end());
        spans.push((piece.at..name, AddressPart::QueryName));
        if let Some(value) = piece.value {
            spans.push((name..end - value.len(), AddressPart::Separator));
            spans.push((end - value.len()..end, AddressPart::QueryValue));
        }
        spans.push((end..(end + 1).min(url.fragment_at), AddressPart::Separator));
    }
    spans.push((url.fragment_at..text.len(), AddressPart::Fragment));
    spans.retain(|(span, _)| !span.is_empty());
    over(&spans, &names)
}

/// The `{{names}}` in a text, in order.
#[must_use]
pub fn names(text: &str, variables: &dyn Variables) -> Vec<PartSpan> {
    let Ok(template) = Template::parse(text, Mode::Text) else { return Vec::new() };
    let names = template.parts.iter().filter_map(|part| match part {
        TemplatePart::Name(name) => Some(name),
        TemplatePart::Literal(_) => None,
    });
    let known = |is_known| if is_known { AddressPart::Known } else { AddressPart::Unknown };
    // What is asked for, or given by a program, will be there.
    let has_value =
        |it: &Name| nested::value(it, variables).err().is_none_or(|error| error.wants.is_some());
    names.map(|it| (it.span.clone(), known(has_value(it)))).collect()
}

/// A text with the values of its names in their places.
///
/// # Errors
/// What is wrong with the first of them that has none.
pub fn resolved(text: &str, variables: &dyn Variables) -> Result<String, String> {
    let template = Template::parse(text, Mode::Text).map_err(|error| error.message)?;
    let value = |name: &Name| nested::value(name, variables).map(String::into_bytes);
    let bytes = template.expand_with(&value);
    let first = |errors: Vec<TemplateError>| errors.into_iter().next().map(|it| it.message);
    let bytes = bytes.map_err(|errors| first(errors).unwrap_or_default())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A text with the values of its names in their places, as far as they are known: a name without one
/// stands there as it is written.
#[must_use]
pub fn resolved_as_far(text: &str, variables: &dyn Variables) -> String {
    let mut path = Vec::new();
    let bytes = nested::as_far_as_known(text, variables, &mut path);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Why a name, as it stands between braces, has no value and cannot get one: it is not known itself, or one
/// that its value uses is not.
#[must_use]
pub fn lack(name: &str, variables: &dyn Variables) -> Option<NameLack> {
    let template = Template::parse(&format!("{{{{{name}}}}}"), Mode::Text).ok()?;
    let error = nested::value(template.names().next()?, variables).err()?;
    match (error.wants, error.unknown) {
        (Some(_), _) => None,
        (None, Some(_)) => Some(NameLack::Unknown),
        (None, None) => Some(NameLack::Because(error.message)),
    }
}

/// The presets that this one says it needs, where a name in it has no value: they may be what makes it.
#[must_use]
pub fn needs_unmet(spec: &Spec, variables: &dyn Variables) -> Option<String> {
    let needs = spec.run().map(|run| run.needs.0.join(", ")).filter(|needs| !needs.is_empty())?;
    names_in(spec).iter().any(|name| lack(name, variables).is_some()).then_some(needs)
}

/// Why a name has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameLack {
    /// Nothing is known about it.
    Unknown,
    /// What its value uses is wrong, in words.
    Because(String),
}

/// The names that a text uses, as `host`, `secret.token` or `env.HOME`.
#[must_use]
pub fn names_used(text: &str) -> Vec<String> {
    let template = Template::parse(text, Mode::Text).ok();
    let names = template.iter().flat_map(Template::names);
    let names = names.filter(|name| name.is_proper() && name.asked.is_none());
    names.map(|name| name.name.clone()).collect()
}

/// The spans with the names cut out of them.
fn over(spans: &[PartSpan], names: &[PartSpan]) -> Vec<PartSpan> {
    let mut out: Vec<PartSpan> = Vec::new();
    for (span, part) in spans {
        let mut at = span.start;
        for (name, _) in names.iter().filter(|(name, _)| span.contains(&name.start)) {
            out.push((at..name.start, *part));
            at = name.end;
        }
        out.push((at.min(span.end)..span.end, *part));
    }
    out.extend(names.iter().cloned());
    out.retain(|(span, _)| !span.is_empty());
    out.sort_by_key(|(span, _)| span.start);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset::Scope;
    use proptest::prelude::*;

    fn parts(text: &str) -> Vec<(&str, AddressPart)> {
        let mut scope = Scope::default();
        for (name, value) in [("host", "h"), ("base", "http://{{host}}"), ("bad", "{{nope}}")] {
            scope.variables.insert(name.into(), value.into());
        }
        let spans = address_parts(text, &scope);
        spans.into_iter().map(|(span, part)| (text.get(span).unwrap(), part)).collect()
    }

    #[test]
    fn a_url_comes_apart() {
        use AddressPart as P;
        assert_eq!(
            parts("https://ann:pw@[::1]:8443/a/b?x=1&y&z=2=3#top"),
            [
                ("https://", P::Scheme),
                ("ann:pw@", P::User),
                ("[::1]", P::Host),
                (":8443", P::Port),
                ("/a/b", P::Path),
                ("?", P::Separator),
                ("x", P::QueryName),
                ("=", P::Separator),
                ("1", P::QueryValue),
                ("&", P::Separator),
                ("y", P::QueryName),
                ("&", P::Separator),
                ("z", P::QueryName),
                ("=", P::Separator),
                ("2=3", P::QueryValue),
                ("#top", P::Fragment),
            ]
        );
        assert_eq!(parts(":8080/x"), [(":8080", P::Port), ("/x", P::Path)]);
        assert_eq!(parts("127.0.0.1:9000"), [("127.0.0.1", P::Host), (":9000", P::Port)]);
        assert_eq!(parts("h#?a=b"), [("h", P::Host), ("#?a=b", P::Fragment)]);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn names_stand_out_wherever_they_are_and_what_is_in_them_parts_nothing() {
        use AddressPart as P;
        assert_eq!(
            parts("http://{{host}}:{{port}}/{{env.A}}?q={{host}}x"),
            [
                ("http://", P::Scheme),
                ("{{host}}", P::Known),
                (":", P::Port),
                ("{{port}}", P::Unknown),
                ("/", P::Path),
                ("{{env.A}}", P::Unknown),
                ("?", P::Separator),
                ("q", P::QueryName),
                ("=", P::Separator),
                ("{{host}}", P::Known),
                ("x", P::QueryValue),
            ]
        );
        assert_eq!(parts("{{base}}/a"), [("{{base}}", P::Known), ("/a", P::Path)]);
        assert_eq!(parts("{{bad}}"), [("{{bad}}", P::Unknown)], "its value uses an unknown one");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn parts_cover_a_text_without_gaps(text in r"[a-z:/\[\]@{}%#?&=. é]{0,40}") {
            let mut at = 0;
            for (span, _) in address_parts(&text, &Scope::default()) {
                prop_assert_eq!(span.start, at);
                prop_assert!(text.get(span.clone()).is_some_and(|it| !it.is_empty()));
                at = span.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
