//! Content types: which of those a document names is that of a message.

use crate::codec::data_tree::DataNode;

/// A content type without its parameters, in lower case.
pub(super) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether what is of this type is JSON (RFC 6839, section 3.1).
pub(super) fn is_json(content_type: &str) -> bool {
    let kind = essence(content_type);
    kind == "application/json" || kind == "text/json" || kind.ends_with("+json")
}

/// Whether it is a form in one line.
pub(super) fn is_form(content_type: &str) -> bool {
    essence(content_type) == "application/x-www-form-urlencoded"
}

/// Whether it is a form in parts.
pub(super) fn is_multipart(content_type: &str) -> bool {
    essence(content_type) == "multipart/form-data"
}

/// Whether it is XML (RFC 7303, section 4.2).
pub(super) fn is_xml(content_type: &str) -> bool {
    let kind = essence(content_type);
    kind == "application/xml" || kind == "text/xml" || kind.ends_with("+xml")
}

/// Of types that a document names the one that fits: the same one, then `type/*`, then `*/*`.
pub(super) fn fitting<'d>(
    content: &'d [(Box<str>, DataNode)],
    content_type: &str,
) -> Option<&'d (Box<str>, DataNode)> {
    let wanted = essence(content_type);
    let rank = |named: &str| {
        let named = essence(named);
        let around = named.strip_suffix('*').filter(|around| around.ends_with('/'));
        match around {
            _ if named == wanted => Some(0),
            // Some write them so.
            _ if named == "*" || named == "*/*" => Some(2),
            Some(around) if wanted.starts_with(around) => Some(1),
            _ => None,
        }
    };
    let fitting = content.iter().filter_map(|entry| Some((rank(&entry.0)?, entry)));
    fitting.min_by_key(|(rank, _)| *rank).map(|(_, entry)| entry)
}

/// Names of types as a sentence has them.
pub(super) fn names(content: &[(Box<str>, DataNode)]) -> String {
    let names: Vec<&str> = content.iter().map(|(name, _)| &**name).take(5).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_that_says_most_is_taken() {
        let content: Vec<(Box<str>, DataNode)> =
            ["*/*", "text/*", "application/json; charset=utf-8", "text/plain"]
                .into_iter()
                .map(|name| (name.into(), DataNode::Null))
                .collect();
        let found = |kind| fitting(&content, kind).map(|(name, _)| &**name);
        assert_eq!(found("Application/JSON"), Some("application/json; charset=utf-8"));
        assert_eq!(found("text/plain;charset=x"), Some("text/plain"));
        assert_eq!(found("text/html"), Some("text/*"));
        assert_eq!(found("image/png"), Some("*/*"));
        assert!(fitting(&content[1..], "image/png").is_none());
        assert!(is_json("application/problem+json; a=b") && !is_json("application/jsonl"));
    }
}
