//! The file name a `Content-Disposition` proposes (RFC 6266).
//!
//! What comes back is the peer's text, whatever it holds; `model::file_name` makes it safe.

use percent_encoding::percent_decode_str;

/// The name of `filename*` (RFC 8187), else that of `filename`; `None` when neither is there.
#[must_use]
pub fn file_name(value: &[u8]) -> Option<String> {
    let text = text(value);
    let mut plain = None;
    let mut rest = after_semicolon(&text);
    while let Some(found) = rest {
        let (name, value) = found.split_once('=')?;
        let (value, after) = value_of(value.trim_start());
        match name.trim().to_ascii_lowercase().as_str() {
            "filename*" => {
                if let Some(name) = extended(&value) {
                    return Some(name);
                }
            }
            "filename" if plain.is_none() => plain = Some(value),
            _ => {}
        }
        rest = after_semicolon(after);
    }
    plain
}

/// Header bytes as servers send them: UTF-8, else Latin-1.
fn text(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn after_semicolon(text: &str) -> Option<&str> {
    text.split_once(';').map(|(_, rest)| rest)
}

/// A token or a quoted string, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        let (token, rest) = text.split_at_checked(end).unwrap_or((text, ""));
        return (token.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.extend(chars.next()),
            '"' => return (value, chars.as_str()),
            c => value.push(c),
        }
    }
    (value, "")
}

/// `UTF-8'en'na%C3%AFve.txt`.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    let bytes: Vec<u8> = percent_decode_str(encoded).collect();
    let encoding = encoding_rs::Encoding::for_label(charset.as_bytes())?;
    encoding
        .decode_without_bom_handling_and_without_replacement(&bytes)
        .map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read_in_every_form_servers_send_them() {
        for (value, name) in [
            (&b"attachment; filename=report.pdf"[..], Some("report.pdf")),
            (b"attachment; filename = \"a \\\"b\\\"; c.txt\" ; x=y", Some("a \"b\"; c.txt")),
            (b"inline;FILENAME=\"a\"", Some("a")),
            (b"attachment; filename=\"e.txt\"; filename*=UTF-8''%e2%82%ac.txt", Some("€.txt")),
            (b"attachment; filename*=iso-8859-1'en'%A3.txt; filename=x", Some("£.txt")),
            (b"attachment; filename*=UTF-8''%ff; filename=plain", Some("plain")),
            (b"attachment; filename*=broken; filename=plain", Some("plain")),
            ("attachment; filename=\"é\"".as_bytes(), Some("é")),
            (b"attachment; filename=\"\xe9\"", Some("é")),
            (b"attachment; filename=\"open", Some("open")),
            (b"attachment", None),
            (b"attachment; size=3", None),
            (b"", None),
        ] {
            assert_eq!(file_name(value).as_deref(), name, "{}", String::from_utf8_lossy(value));
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn arbitrary_values_give_a_name_or_none(value in prop::collection::vec(
            prop_oneof![any::<u8>(), prop::sample::select(&b"\\\";='*%filename"[..])], 0..60,
        )) {
            let _ = file_name(&[b"a;filename=", &value[..]].concat());
            let _ = file_name(&value);
        }
    }
}
