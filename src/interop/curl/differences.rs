//! What goes out otherwise than from curl although the form can hold it, said in remarks.
//!
//! Called by `spec` while it makes a spec of a request.

use super::command::is_mark;
use super::request::CurlRequest;
use super::spec::row;
use crate::codec::multipart::boundary_of;
use crate::model::http::{HttpBody, VersionChoice, expects_body};
use crate::model::spec::NameValue;
use crate::model::url_text::UrlText;

impl CurlRequest {
    /// Names what curl refuses to do in one request.
    pub(super) fn name_contradictions(&mut self) {
        let ways = [
            ("-d", !self.data.is_empty() && !self.get, "data is"),
            ("-F", self.is_form, "form is"),
            ("-T", self.upload.is_some(), "upload is"),
        ];
        let asked: Vec<_> = ways.into_iter().filter(|(_, is_asked, _)| *is_asked).collect();
        let Some((_, _, sent)) = asked.last() else { return };
        let mut names: Vec<_> = asked.iter().map(|(name, ..)| *name).collect();
        names.extend(self.head.then_some("-I"));
        if names.len() > 1 {
            let names = names.join(" with ");
            self.warnings
                .push(format!("curl refuses {names} in one request; here the {sent} sent"));
        }
    }

    /// Names the offer that curl makes without TLS.
    pub(super) fn name_version(&mut self, url: &str) {
        let is_plain = !UrlText::literal(url).scheme.eq_ignore_ascii_case("https");
        if self.asks_for_http2 && self.version == VersionChoice::Auto && is_plain {
            let remark = "--http2 without TLS: HTTP/1.1 is spoken, without curl's offer to change \
                          (Upgrade: h2c); --http2-prior-knowledge speaks HTTP/2 at once";
            self.warnings.push(remark.into());
        }
    }

    /// Names what goes out percent-encoded here and as it is there.
    pub(super) fn name_query_bytes(&mut self, url: &str) {
        let Some(query) = UrlText::literal(url).query else { return };
        let is_letter = |c: &char| !c.is_ascii() && !is_mark(*c);
        if let Some(letter) = query.chars().find(is_letter) {
            self.warnings.push(format!(
                "curl sends '{letter}' in the query as it is; here it is percent-encoded"
            ));
        }
    }

    /// curl leaves out the length of a body that is not there. It stays, since a body may be written
    /// into the form later.
    pub(super) fn name_length(&mut self, body: &HttpBody) {
        let is_empty = *body == HttpBody::None && self.upload.is_none() && !self.is_form;
        let is_expected = self.method.as_deref().is_some_and(expects_body);
        if is_empty && is_expected && !self.mentions("Content-Length") {
            let remark =
                "curl sends no Content-Length; here it is 0, as RFC 9110, section 8.6 asks";
            self.warnings.push(remark.into());
        }
    }

    /// The type a command gives a form, to which curl adds the boundary, as `compose` does.
    pub(super) fn form_type(&mut self, name: &str, value: &str) -> Option<NameValue> {
        let kind = value.to_ascii_lowercase();
        let bare = kind.split(';').next().unwrap_or_default().trim_end();
        if value.is_empty() {
            self.warnings.push(
                "curl sends the form with nothing but a boundary as its Content-Type; here none is \
                 sent"
                    .into(),
            );
        } else if boundary_of(value).is_some() {
            self.warnings.push(
                "curl adds a second boundary to the Content-Type, which no server can read; here \
                 the parts have the given one"
                    .into(),
            );
        }
        if !value.is_empty() && bare != "multipart/form-data" {
            self.warnings.push(format!(
                "curl writes 'attachment' in place of 'form-data' into the parts of {bare}"
            ));
        }
        // The type comes with the form.
        if kind == "multipart/form-data" { None } else { row(name, value) }
    }
}
