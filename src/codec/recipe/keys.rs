//! JSON with the keys of every object in order. Keys that are equal keep the order they have; numbers,
//! strings and keys stay byte for byte what they are.

use super::maker::{BodyMaker, DEEPEST};
use super::values::ValuePass;
use super::walk::{JsonSlice, member, parts, text};

/// Sorts the keys of objects.
#[derive(Debug, Default)]
pub(super) struct KeySorter(ValuePass);

impl BodyMaker for KeySorter {
    fn push(&mut self, bytes: &[u8], made: &mut Vec<u8>) -> Result<(), String> {
        self.0.push(bytes, made, &mut |value, made| sort(value, made, 0))
    }

    fn finish(&mut self, made: &mut Vec<u8>) -> Result<(), String> {
        self.0.finish(made, &mut |value, made| sort(value, made, 0))
    }
}

fn sort(value: &[u8], made: &mut Vec<u8>, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("values are more than {DEEPEST} deep inside each other"));
    }
    match JsonSlice::of(value) {
        JsonSlice::Object(inner) => {
            let mut members: Vec<_> = parts(inner).into_iter().map(member).collect();
            members.sort_by_cached_key(|(key, _)| text(key));
            made.push(b'{');
            for (at, (key, value)) in members.into_iter().enumerate() {
                made.extend_from_slice(if at > 0 { b"," } else { b"" });
                made.extend_from_slice(key);
                made.push(b':');
                sort(value, made, depth + 1)?;
            }
            made.push(b'}');
        }
        JsonSlice::List(inner) => {
            made.push(b'[');
            for (at, element) in parts(inner).into_iter().enumerate() {
                made.extend_from_slice(if at > 0 { b"," } else { b"" });
                sort(element, made, depth + 1)?;
            }
            made.push(b']');
        }
        JsonSlice::Text(bytes) | JsonSlice::Other(bytes) => made.extend_from_slice(bytes),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::maker::made_of;
    use super::*;

    #[test]
    fn keys_are_in_order_at_every_level_and_nothing_else_changes() {
        let text =
            r#" {"b":1.0e+02,"a":[{"z":0,"é":"\u00e9","y":[]}],"b":2,"\u0061a":-0, "A":{} } "#;
        let sorted = r#"{"A":{},"a":[{"y":[],"z":0,"é":"\u00e9"}],"\u0061a":-0,"b":1.0e+02,"b":2}"#;
        for part in [1, 3, 1000] {
            assert_eq!(made_of::<KeySorter>(text, part).unwrap(), format!("{sorted}\n"));
        }
    }

    #[test]
    fn lists_and_lines_stay_what_they_are() {
        for (text, expected) in [
            ("[{\"b\":1,\"a\":2}, 3 ,[]]", "[{\"a\":2,\"b\":1},3,[]]\n"),
            ("{\"b\":1,\"a\":2}\n{}\n5", "{\"a\":2,\"b\":1}\n{}\n5\n"),
            ("[]", "[]\n"),
        ] {
            assert_eq!(made_of::<KeySorter>(text, 4).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        for text in ["{\"a\":}", "[1,", "{\"a\" 1}", "nope"] {
            made_of::<KeySorter>(text, 100).unwrap_err();
        }
        let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
        assert!(made_of::<KeySorter>(&deep, 100).unwrap_err().contains("deep"));
    }
}
