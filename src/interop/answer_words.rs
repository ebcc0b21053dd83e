//! What is searched of an answer that is kept: its head and the text of its body, in UTF-8, without what
//! nobody shall read.
//!
//! A body that is no text is left out. Called by the store, which keeps the words in the history's index;
//! pure.

use super::kept_answer;
use super::typed_json::members;
use crate::codec::charset::{NAMED_WITHIN, Recoder, sniff};
use crate::model::id::{BodyId, SessionId};
use crate::model::secrets::{Disclosure, MASK, Secrets, names_secret};
use crate::model::view::ViewMode;

/// Bytes of a body, and of the words of an answer, that are searched.
pub(crate) const SEARCHED: usize = 256 * 1024;

/// The words of a kept answer with this text beside it, of whose decoded body these bytes are the
/// beginning; `None` = it is none of ours.
#[must_use]
pub(crate) fn words(text: &[u8], body: &[u8], hidden: &Secrets) -> Option<String> {
    let exchange = kept_answer::read(text, SessionId(0), BodyId::default())?;
    let response = exchange.response?;
    let told = Disclosure::Hiding(hidden.clone());
    let head = told.head(&response.head.raw);
    let mut words = String::from_utf8_lossy(&head).replace("\r\n", "\n");
    let content_type = response.head.field("content-type");
    let content_type = content_type.map(|value| String::from_utf8_lossy(value).into_owned());
    if let Some(body) = body_text(content_type.as_deref(), body) {
        words += &told.words(&without_named(&body));
    }
    cut(&mut words);
    Some(words)
}

/// A body as text; `None` = it is none.
fn body_text(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    let first = body.get(..NAMED_WITHIN).unwrap_or(body);
    if let Some(mut recoder) = Recoder::of(content_type, first) {
        let text = recoder.push(body, false);
        let is_text = || sniff(None, text.as_bytes()) != ViewMode::Hex;
        return is_text().then_some(text);
    }
    let is_text = !body.is_empty() && sniff(None, body) != ViewMode::Hex;
    is_text.then(|| String::from_utf8_lossy(body).into_owned())
}

/// A body, or a part of one, without the values that JSON in it names like secrets.
pub(super) fn without_named(body: &str) -> String {
    let (mut told, mut behind) = (String::with_capacity(body.len()), 0);
    for member in members(body) {
        let name = body.get(member.name).unwrap_or_default();
        let before = body.get(behind..member.value.start);
        if let Some(before) = before.filter(|_| names_secret(name)) {
            told += before;
            told += MASK;
            behind = member.value.end;
        }
    }
    told + body.split_at(behind).1
}

/// The beginning of a text that is too long.
fn cut(words: &mut String) {
    let end = (0..=SEARCHED.min(words.len())).rev().find(|at| words.is_char_boundary(*at));
    words.truncate(end.unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// The text of an answer with these lines of a head.
    fn answer(lines: &str) -> Vec<u8> {
        let code = |head: &str| STANDARD.encode(head);
        let head = code(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
        let asked = code("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        format!(
            r#"{{"at": 1, "request": {{"head": "{asked}", "body": 0}}, "interim": [], "timing": {{"total": 1}},
               "response": {{"head": "{head}", "body": {{"encoded": 1, "decoded": 1, "trailers": []}}}}}}"#
        )
        .into_bytes()
    }

    fn of(lines: &str, body: &[u8]) -> String {
        words(&answer(lines), body, &Secrets::new(["hunter2"])).unwrap()
    }

    #[test]
    fn head_and_body_are_words_without_what_is_hidden() {
        let found = of(
            "Content-Type: application/json\r\nX-Own: hunter2\r\nSet-Cookie: sid=abc\r\n",
            br#"{"name": "ann", "echo": "hunter2", "access_token": "xyzzy", "in": {"password": "q\"r"}}"#,
        );
        for there in ["200 OK", "X-Own: ****", r#""name": "ann""#, r#""access_token": "****"#] {
            assert!(found.contains(there), "{there}: {found}");
        }
        for hidden in ["hunter2", "abc", "xyzzy", "q\\\"r"] {
            assert!(!found.contains(hidden), "{hidden}: {found}");
        }
    }

    #[test]
    fn other_charsets_are_read_and_what_is_no_text_is_left_out() {
        let latin = "Content-Type: text/plain; charset=iso-8859-1\r\n";
        assert!(of(latin, b"caf\xe9").ends_with("caf\u{e9}"));
        let wide: Vec<u8> =
            "\u{feff}{\"a\": 1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(of("Content-Type: application/json\r\n", &wide).contains(r#"{"a": 1}"#));
        let binary = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0xff; 64]].concat();
        for kind in ["image/png", "text/plain", "application/json"] {
            let found = of(&format!("Content-Type: {kind}\r\n"), &binary);
            assert!(!found.contains("IHDR") && found.contains(kind), "{kind}: {found}");
        }
        assert!(of("", b"plain words").ends_with("plain words"));
        let long = of("", "\u{e9}".repeat(SEARCHED).as_bytes());
        assert!(long.len() <= SEARCHED && long.len() > SEARCHED - 4);
        assert_eq!(words(b"{}", b"", &Secrets::default()), None);
    }
}
