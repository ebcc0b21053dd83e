//! The long texts of a spec: bodies and payloads, which may have megabytes while everything else
//! has lines. Used by the history, which keeps them only within bounds.

use super::http::{HttpAnswer, HttpBody};
use super::listener::Rule;
use super::spec::Spec;
use super::stream::ScriptStep;

/// Shorter texts are nothing to save room with.
const SHORT: usize = 4096;

impl Spec {
    /// Bytes of all bodies and payloads as they are written.
    pub(crate) fn payload_bytes(&mut self) -> u64 {
        self.payload_texts().iter().map(|text| text.len() as u64).sum()
    }

    /// Takes the long bodies and payloads out; returns how many bytes that were.
    pub(crate) fn leave_payloads_out(&mut self) -> u64 {
        let long = self.payload_texts().into_iter().filter(|text| text.len() > SHORT);
        long.map(|text| std::mem::take(text).len() as u64).sum()
    }

    fn payload_texts(&mut self) -> Vec<&mut String> {
        let mut texts = Vec::new();
        match self {
            Spec::Http(spec) => body(&mut spec.body, &mut texts),
            Spec::HttpListener(spec) => {
                let rules = spec.rules.iter_mut().map(|rule| &mut rule.answer);
                for HttpAnswer { body: answer, .. } in rules.chain([&mut spec.answer]) {
                    body(answer, &mut texts);
                }
            }
            Spec::Tcp(spec) => steps(&mut spec.steps, &mut texts),
            Spec::Udp(spec) => steps(&mut spec.steps, &mut texts),
            Spec::TcpListener(spec) => {
                texts.push(&mut spec.greeting.text);
                rules(&mut spec.rules, &mut texts);
            }
            Spec::UdpListener(spec) => rules(&mut spec.rules, &mut texts),
        }
        texts
    }
}

fn body<'a>(body: &'a mut HttpBody, texts: &mut Vec<&'a mut String>) {
    match body {
        HttpBody::None | HttpBody::File(_) => {}
        HttpBody::Text(text) | HttpBody::Json(text) => texts.push(text),
        HttpBody::Payload(payload) => texts.push(&mut payload.text),
        HttpBody::Form(fields) => texts.extend(fields.iter_mut().map(|field| &mut field.value)),
        HttpBody::Multipart(parts) => texts.extend(parts.iter_mut().map(|part| &mut part.value)),
    }
}

fn steps<'a>(steps: &'a mut [ScriptStep], texts: &mut Vec<&'a mut String>) {
    texts.extend(steps.iter_mut().map(|step| match step {
        ScriptStep::Send(payload) | ScriptStep::Expect { payload, .. } => &mut payload.text,
    }));
}

fn rules<'a>(rules: &'a mut [Rule], texts: &mut Vec<&'a mut String>) {
    texts.extend(rules.iter_mut().map(|rule| &mut rule.send.text));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::HttpSpec;

    #[test]
    fn only_what_is_long_is_left_out() {
        let mut spec = Spec::Http(HttpSpec {
            url: "http://h/".into(),
            body: HttpBody::Text("x".repeat(5000)),
            ..HttpSpec::default()
        });
        assert_eq!(spec.payload_bytes(), 5000);
        assert_eq!(spec.leave_payloads_out(), 5000);
        assert_eq!((spec.payload_bytes(), spec.address()), (0, "http://h/"));
        for mut short in Spec::kinds() {
            let before = short.clone();
            assert_eq!(short.leave_payloads_out(), 0);
            assert_eq!(short, before);
        }
    }
}
