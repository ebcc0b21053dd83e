//! The long texts of a spec: bodies and payloads, which may have megabytes while everything else
//! has lines. Used by the history, which keeps them only within bounds.

use super::field::{FieldValue, ValueKind};
use super::field_access::{each_row, each_value};
use super::spec::Spec;

/// Shorter texts are nothing to save room with.
const SHORT: usize = 4096;

impl Spec {
    /// Bytes of all bodies and payloads as they are written.
    pub(crate) fn payload_bytes(&mut self) -> u64 {
        let mut bytes = 0;
        self.each_payload(&mut |value| bytes += value.show().len() as u64);
        bytes
    }

    /// Takes the long bodies and payloads out; returns how many bytes that were.
    pub(crate) fn leave_payloads_out(&mut self) -> u64 {
        let mut bytes = 0;
        self.each_payload(&mut |value| {
            let length = value.show().len();
            if length > SHORT && value.set("").is_ok() {
                bytes += length as u64;
            }
        });
        bytes
    }

    /// The fields of the kinds that hold payloads, and the texts in a list that is a whole body: one
    /// of the alternatives of its table.
    fn each_payload(&mut self, visit: &mut dyn FnMut(&mut dyn FieldValue)) {
        each_value(self.options_mut(), &mut |info, value| match (info.kind, value.rows_mut()) {
            (ValueKind::Area | ValueKind::Payload, _) => visit(value),
            (ValueKind::List(_), Some(rows)) if info.when.is_some() => each_row(rows, &mut |row| {
                each_value(row, &mut |info, value| {
                    if info.kind == ValueKind::Text {
                        visit(value);
                    }
                });
            }),
            _ => {}
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::client::{ScriptStep, TcpSpec};
    use crate::model::field_access::{set, with_rows};
    use crate::model::field_id::FieldId;
    use crate::model::http::{HttpBody, HttpSpec};
    use crate::model::name_value::NameValue;
    use crate::model::payload::Payload;
    use crate::model::protocol::{Protocol, Side};

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

    #[test]
    fn payloads_are_found_in_steps_rules_and_forms_but_not_in_headers() {
        let long = || "x".repeat(5000);
        let step = ScriptStep::Send(Payload::text(long()));
        let mut tcp = Spec::Tcp(TcpSpec { steps: vec![step], ..TcpSpec::default() });
        assert_eq!(tcp.leave_payloads_out(), 5000);
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            let mut listener = Spec::empty(protocol, Side::Listener);
            let rules = FieldId::new("rule");
            with_rows(listener.options_mut(), &rules, |rows| rows.push());
            set(listener.options_mut(), &rules.row(0).then("send"), &long()).unwrap();
            assert_eq!(listener.leave_payloads_out(), 5000, "{protocol}");
        }
        let mut form = Spec::Http(HttpSpec {
            headers: vec![NameValue::new("Cookie", long())],
            query: vec![NameValue::new("q", long())],
            body: HttpBody::Form(vec![NameValue::new("a", long())]),
            ..HttpSpec::default()
        });
        assert_eq!(form.leave_payloads_out(), 5000);
        assert_eq!(form.payload_bytes(), 1, "the name of the field is left");
    }
}
