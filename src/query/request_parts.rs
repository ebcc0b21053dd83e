//! What stands in the query and in the cookies of a request, by name: for tests, for expectations of listeners and
//! for answers that are made of what was asked.

use crate::model::url_text::UrlText;

/// The values of this name in the query of a URL or of a request target, in order, as they were meant.
#[must_use]
pub(crate) fn query_values(target: &str, name: &str) -> Vec<Vec<u8>> {
    let pieces = UrlText::literal(target).pieces();
    let named = pieces.into_iter().filter(|piece| plain(piece.name) == name.as_bytes());
    named.map(|piece| plain(piece.value.unwrap_or_default())).collect()
}

/// The values of cookies of this name in a line of them.
pub(crate) fn cookie_values<'a>(
    line: &'a [u8],
    name: &'a str,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    line.split(|byte| *byte == b';').filter_map(|pair| cookie(pair, name))
}

/// The value of a cookie of this name, as it is set or brought (RFC 6265, section 5.2).
#[must_use]
pub(crate) fn cookie<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let pair = line.split(|byte| *byte == b';').next()?;
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let (own, value) = pair.split_at(at);
    let value = value.split_first()?.1.trim_ascii();
    (own.trim_ascii() == name.as_bytes()).then_some(value)
}

/// A name or value of a query as it was meant.
fn plain(text: &str) -> Vec<u8> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_names_as_they_were_meant() {
        for target in ["/a?q=a%20b&x=1&q=c+d&flag&%71=e", "http://h/a?q=a%20b&q=c+d&flag&q=e#f?q=1"]
        {
            let values = query_values(target, "q");
            assert_eq!(values, [b"a b".to_vec(), b"c d".to_vec(), b"e".to_vec()], "{target}");
            assert_eq!(query_values(target, "flag"), [Vec::<u8>::new()]);
            assert!(query_values(target, "Q").is_empty());
        }
        let found: Vec<_> = cookie_values(b"a=1; b = x=y ;a=2; c", "a").collect();
        assert_eq!(found, [b"1", b"2"]);
        assert_eq!(cookie(b"b = x=y ; Path=/", "b"), Some(&b"x=y"[..]));
        assert_eq!(cookie(b"c", "c"), None);
    }
}
