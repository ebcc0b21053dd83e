//! URLs as collections write them: values of `:name` segments in the path, kept beside it, and signs that are
//! encoded when it is sent.
//!
//! Called by the importers whose tools do so. Pure.

use std::collections::HashMap;

use crate::model::url_text::UrlText;

/// The URL with these values in place of the segments of their names, of two the first; one without a value
/// becomes a variable so named.
pub(super) fn with_path_values(
    url: &str,
    values: impl IntoIterator<Item = (String, String)>,
) -> String {
    let mut known: HashMap<String, String> = HashMap::new();
    for (name, value) in values.into_iter().filter(|(name, _)| !name.is_empty()) {
        let value = if value.is_empty() { "{{".to_owned() + &name + "}}" } else { value };
        known.entry(name).or_insert(value);
    }
    if known.is_empty() {
        return url.to_owned();
    }
    let parts = UrlText::of(url);
    let (before, rest) = url.split_at(parts.path_at);
    let (path, behind) = rest.split_at(parts.path.len());
    let value = |segment: &str| known.get(segment.strip_prefix(':')?).map(String::as_str);
    let path: Vec<&str> = path.split('/').map(|it| value(it).unwrap_or(it)).collect();
    format!("{before}{}{behind}", path.join("/"))
}

/// The URL with what browsers, and tools made of them, encode in it: it would go out as it is here. Names in
/// braces stay.
pub(super) fn as_browsers_send(url: &str) -> String {
    let (mut made, mut rest, mut in_query) = (String::with_capacity(url.len()), url, false);
    while let Some(c) = rest.chars().next() {
        let name = rest.strip_prefix("{{").and_then(|inner| inner.find("}}"));
        let length = name.map_or(c.len_utf8(), |end| end + "{{}}".len());
        let (piece, behind) = rest.split_at(length);
        in_query |= c == '?';
        match c {
            '"' => made.push_str("%22"),
            '<' => made.push_str("%3C"),
            '>' => made.push_str("%3E"),
            '\'' if in_query => made.push_str("%27"),
            '`' if !in_query => made.push_str("%60"),
            _ => made.push_str(piece),
        }
        rest = behind;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_no_url_has_are_encoded_outside_of_names() {
        let url = "http://h/a'`<{{x'y}}?q=\"<>'`{{z}}";
        assert_eq!(as_browsers_send(url), "http://h/a'%60%3C{{x'y}}?q=%22%3C%3E%27`{{z}}");
    }

    #[test]
    fn whole_segments_of_the_path_alone_get_the_value() {
        let put = |value: &str| {
            let values = [("id", value), ("id", "8"), ("", "9")];
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
            with_path_values("http://h:80/a/:id/:idle?x=:id", values)
        };
        assert_eq!(put("7"), "http://h:80/a/7/:idle?x=:id");
        assert_eq!(put(""), "http://h:80/a/{{id}}/:idle?x=:id");
    }
}
