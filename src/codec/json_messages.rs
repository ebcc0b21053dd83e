//! The JSON values among all that was said in a conversation: messages that follow each other, with or without line
//! ends, and with other text between them. Pure; for expectations and captures (`check/came.rs`).

use serde_json::{Deserializer, Value};

/// The objects and lists in these bytes, in order. What is no JSON is passed.
pub(crate) fn values(bytes: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = memchr::memchr2(b'{', b'[', rest) {
        let begun = rest.split_at(at).1;
        let mut values = Deserializer::from_slice(begun).into_iter::<Value>();
        let length = match values.next() {
            Some(Ok(value)) => {
                found.push(value);
                values.byte_offset()
            }
            // It is not whole, and what is in it is no message of its own.
            Some(Err(error)) if error.is_eof() => break,
            Some(Err(_)) | None => 1,
        };
        rest = begun.split_at_checked(length.max(1)).map_or(&[][..], |(_, rest)| rest);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_are_found_among_other_text() {
        for (text, found) in [
            ("", vec![]),
            ("220 ready\r\n", vec![]),
            ("{\"a\":1}\n[2]\n", vec![json!({"a": 1}), json!([2])]),
            (
                "220 {hi}\n{\"a\":{\"b\":1}}{\"c\":2} bye",
                vec![json!({"a": {"b": 1}}), json!({"c": 2})],
            ),
            ("{\"a\":1}{\"b\":", vec![json!({"a": 1})]),
        ] {
            assert_eq!(values(text.as_bytes()), found, "{text}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_bytes_are_looked_through(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = values(&bytes);
        }

        #[test]
        fn all_that_was_said_is_found(numbers in proptest::collection::vec(any::<u32>(), 0..8)) {
            let said: Vec<Value> = numbers.iter().map(|number| json!({ "n": number })).collect();
            let text: Vec<String> = said.iter().map(Value::to_string).collect();
            let text = text.join("\r\n");
            prop_assert_eq!(values(text.as_bytes()), said);
        }
    }
}
