//! A template that is being filled in: its text and values one behind the other, and what a value has to
//! look like where it stands.
//!
//! Used by `template` and `nested`. `{{json name}}` is written as JSON: inside a string as a part of it, anywhere
//! else as a string of its own. Which of the two it is says the text before it, quotes of plain values in strings
//! left out, whatever the text is: a body, a payload, a header. Who uses no function pays for no look.

use super::template::{Function, Name, Template};
use crate::model::http_answer::JsonSpot;

/// What of a JSON text is behind the bytes looked at.
#[derive(Debug, Default)]
pub(super) struct JsonScan {
    pub(super) in_string: bool,
    /// A backslash takes the next letter.
    is_escaped: bool,
    /// Digits to come of `\uXXXX` (RFC 8259, section 7).
    digits: u8,
    /// The last byte outside a string that is no space.
    pub(super) last: u8,
}

impl JsonScan {
    /// Looks at what comes next.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match *byte {
                letter if std::mem::take(&mut self.is_escaped) => {
                    self.digits = if letter == b'u' { 4 } else { 0 };
                }
                _ if self.digits > 0 => self.digits -= 1,
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' if self.in_string => self.in_string = false,
                byte if !self.in_string => {
                    self.in_string = byte == b'"';
                    if !byte.is_ascii_whitespace() {
                        self.last = byte;
                    }
                }
                _ => {}
            }
        }
    }

    /// What can stand next inside a string; from here on no escape is open.
    pub(super) fn fitting(&mut self) -> &'static str {
        let digits = usize::from(std::mem::take(&mut self.digits));
        match digits {
            _ if std::mem::take(&mut self.is_escaped) => "n",
            0 => PLAIN,
            digits => "aaaa".split_at(digits).0,
        }
    }
}

/// What fits anywhere, in a string as well as outside.
pub(super) const PLAIN: &str = "0";

/// See the module.
pub(super) struct Expansion {
    out: Vec<u8>,
    /// Where in JSON it is, if that matters.
    scan: Option<JsonScan>,
}

impl Expansion {
    /// Nothing of this template is filled in yet.
    pub(super) fn of(template: &Template) -> Self {
        let is_asked = template.names().any(|name| name.function == Some(Function::Json));
        Expansion { out: Vec::new(), scan: is_asked.then(JsonScan::default) }
    }

    /// Text of the template.
    pub(super) fn literal(&mut self, bytes: &[u8]) {
        if let Some(scan) = &mut self.scan {
            scan.push(bytes);
        }
        self.out.extend_from_slice(bytes);
    }

    /// The value of a name, or its braces as they are written, which are sent as they are.
    pub(super) fn value(&mut self, name: &Name, value: &[u8]) {
        let scan = self.scan.as_mut().filter(|_| value != name.source.as_bytes());
        let Some(scan) = scan else { return self.out.extend_from_slice(value) };
        match (name.function, scan.in_string) {
            (Some(Function::Json), in_string) => {
                let written = json_string(value, in_string);
                if !in_string {
                    scan.push(written.as_bytes());
                }
                self.out.extend_from_slice(written.as_bytes());
            }
            (None, in_string) => {
                if !in_string {
                    scan.push(value);
                }
                self.out.extend_from_slice(value);
            }
        }
    }

    /// A value that is filled in later, where it stands: what follows is read as if it was there. Where it is to be
    /// written as JSON, how.
    pub(super) fn left_open(&mut self, name: &Name) -> Option<JsonSpot> {
        let scan = self.scan.as_mut()?;
        let in_string = scan.in_string;
        if !in_string {
            scan.push(PLAIN.as_bytes());
        }
        let place = if in_string { JsonSpot::InString } else { JsonSpot::Alone };
        (name.function == Some(Function::Json)).then_some(place)
    }

    /// Bytes there are so far.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// The bytes so far; what follows begins anew, at the same place.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }
}

/// A text as JSON writes it (RFC 8259, section 7), without its quotes where it stands inside a string.
pub(crate) fn json_string(value: &[u8], in_string: bool) -> String {
    let quoted = serde_json::Value::String(String::from_utf8_lossy(value).into_owned()).to_string();
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inside {
        Some(inside) if in_string => inside.to_owned(),
        _ => quoted,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::compose::template::{Mode, TemplateError, lookup};
    use crate::model::preset::Scope;

    fn expand(text: &str, mode: Mode, value: &str) -> Vec<u8> {
        let mut scope = Scope::default();
        scope.variables.insert("v".into(), value.into());
        scope.secrets.insert("v".into(), value.into());
        let template = Template::parse(text, mode).unwrap();
        let found = |name: &Name| {
            let value = lookup(name, &scope).map(|value| value.as_bytes().to_vec());
            value.ok_or_else(|| name.unknown())
        };
        template.expand_with(&found).map_err(|errors: Vec<TemplateError>| errors).unwrap()
    }

    fn text(template: &str, value: &str) -> String {
        String::from_utf8(expand(template, Mode::Text, value)).unwrap()
    }

    #[test]
    fn a_value_is_escaped_inside_a_string_and_a_string_of_its_own_elsewhere() {
        let value = "say \"hi\"\\\n\u{1}é";
        let inside = r#"say \"hi\"\\\n\u0001é"#;
        assert_eq!(text(r#"{"a": "x{{json v}}y"}"#, value), format!(r#"{{"a": "x{inside}y"}}"#));
        assert_eq!(text(r#"{"a": {{json v}}}"#, value), format!(r#"{{"a": "{inside}"}}"#));
        assert_eq!(text(r"[{{json v}}, {{ json  v }}]", "1"), r#"["1", "1"]"#);
        assert_eq!(text(r#""\"{{json secret.v}}""#, "\""), r#""\"\"""#);
        assert_eq!(text(r"{{v}}:{{json v}}", "\"a\""), r#""a":"\"a\"""#);
        assert_eq!(text(r#""{{v}}{{json v}}""#, "\""), "\"\"\\\"\"", "in a string it goes on");
    }

    #[test]
    fn in_a_payload_the_bytes_say_where_a_value_stands() {
        let sent = expand(r#"{\"a\":\x22{{json v}}\"}\r\n"#, Mode::Payload, "\"");
        assert_eq!(sent, b"{\"a\":\"\\\"\"}\r\n");
        assert_eq!(expand("22 {{json v}} 22", Mode::Hex, "a\"b"), b"\"a\\\"b\"");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn what_is_read_back_is_the_value(value in any::<String>()) {
            for template in [r#"{"a": "{{json v}}"}"#, r#"{"a":{{json v}} }"#] {
                let sent: serde_json::Value = serde_json::from_str(&text(template, &value)).unwrap();
                prop_assert_eq!(sent["a"].as_str(), Some(value.as_str()));
            }
        }
    }
}
