//! A method before a URL, as people type and paste it: `POST http://host/x`, `get :8080/x`, the first
//! line of a request with its version.
//!
//! Called by `adopt`, and for requests that are pasted as text. What is no method with something to ask for behind it is left alone.

use super::address::detect;
use crate::model::http::{is_capitals, known_method};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MethodAndUrl<'a> {
    pub(crate) method: String,
    pub(crate) url: &'a str,
}

/// The method and the URL of a text that begins with a method.
pub(crate) fn method_and_url(text: &str) -> Option<MethodAndUrl<'_>> {
    let (word, rest) = text.trim().split_once(char::is_whitespace)?;
    let url = without_version(rest.trim());
    let known = known_method(word);
    let is_capital = is_capitals(word);
    let is_method = is_capital || known.is_some() && is_place(url);
    let is_one = is_place(url) || !url.contains(char::is_whitespace);
    let method = known.unwrap_or(word).to_owned();
    (is_method && is_one && !url.is_empty()).then_some(MethodAndUrl { method, url })
}

/// The first line of a request ends with the version of HTTP.
fn without_version(url: &str) -> &str {
    match url.rsplit_once(char::is_whitespace) {
        Some((url, version)) if version.starts_with("HTTP/") => url.trim_end(),
        _ => url,
    }
}

/// Whether a text is clearly meant as an address.
fn is_place(url: &str) -> bool {
    url.starts_with([':', '/', '{']) || url.contains("://") || detect(url).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::METHODS;

    fn found(text: &str) -> Option<(String, &str)> {
        method_and_url(text).map(|it| (it.method, it.url))
    }

    #[test]
    fn every_known_method_in_either_case_and_any_other_in_capitals() {
        for method in METHODS {
            for word in [method.to_owned(), method.to_lowercase()] {
                for url in
                    ["http://h/x", ":8080/x", "/x", "{{base}}/users", "a.example", "h:80/a b"]
                {
                    let expected = Some((method.to_owned(), url));
                    assert_eq!(found(&format!("{word} {url}")), expected, "{word} {url}");
                }
            }
        }
        assert_eq!(found("PURGE-ALL  http://h/ "), Some(("PURGE-ALL".into(), "http://h/")));
        assert_eq!(found("purge http://h/"), Some(("PURGE".into(), "http://h/")));
        assert_eq!(found("m-search :1900/"), Some(("M-SEARCH".into(), ":1900/")));
        assert_eq!(found("Get http://h/"), Some(("GET".into(), "http://h/")));
        assert_eq!(found("GET /users HTTP/1.1"), Some(("GET".into(), "/users")));
        assert_eq!(found("GET localhost"), Some(("GET".into(), "localhost")));
    }

    #[test]
    fn what_is_no_method_and_url_is_left_alone() {
        for text in [
            "",
            "GET",
            "GET ",
            "http://h/a b",
            "h:80/GET x",
            "get well soon",
            "please http://h",
            "a b",
            "GET two words",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
