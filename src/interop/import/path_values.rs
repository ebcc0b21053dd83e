//! Values of `:name` segments in the path of a URL, as collections keep them beside it.
//!
//! Called by the importers whose tools know such segments. Pure.

use crate::model::url_text::UrlText;

/// The URL with this value in place of the segments of that name; without one it becomes a variable so
/// named.
pub(super) fn with_path_value(url: &str, name: &str, value: String) -> String {
    let value = if value.is_empty() { "{{".to_owned() + name + "}}" } else { value };
    let parts = UrlText::of(url);
    let (before, rest) = url.split_at(parts.path_at);
    let (path, behind) = rest.split_at(parts.path.len());
    let segment = |segment: &str| {
        if segment.strip_prefix(':') == Some(name) { value.clone() } else { segment.to_owned() }
    };
    let path: Vec<String> = path.split('/').map(segment).collect();
    format!("{before}{}{behind}", path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_segments_of_the_path_alone_get_the_value() {
        let put =
            |value: &str| with_path_value("http://h:80/a/:id/:idle?x=:id", "id", value.into());
        assert_eq!(put("7"), "http://h:80/a/7/:idle?x=:id");
        assert_eq!(put(""), "http://h:80/a/{{id}}/:idle?x=:id");
    }
}
