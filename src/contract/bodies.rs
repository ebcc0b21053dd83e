//! Bodies of messages against their content types and schemas.

use serde_json::Value;

use super::checking::{Checker, SeenBody, SeenMessage, cut, is_empty};
use super::document::{ContractOperation, Version};
use super::translate::MessageWay;
use super::{CHECKED_BODY, media};
use crate::codec::data_tree::DataNode;
use crate::codec::xml_tree::{local, read_xml};
use crate::model::counts::count;
use crate::model::exchange::Head;

impl<'c> Checker<'c> {
    /// The body of a request.
    pub(super) fn request_body(
        &mut self,
        operation: &ContractOperation<'c>,
        request: SeenMessage<'_>,
    ) {
        if self.document.version == Version::Second {
            return self.second_request(operation, request);
        }
        let written = operation.written.at("requestBody");
        let body = self.document.led(written);
        if body.is_null() {
            if !written.is_null() {
                self.unchecked("request: its body leads to what is not there ($ref)".to_owned());
            }
            return;
        }
        if is_empty(request.body) {
            if body.at("required").is_true() {
                self.differs("request: the body is missing".to_owned());
            }
            return;
        }
        self.content("request", body.at("content").pairs(), request, MessageWay::Request);
    }

    fn second_request(&mut self, operation: &ContractOperation<'c>, request: SeenMessage<'_>) {
        let said = request.head.field("content-type");
        let said = said.map(|it| String::from_utf8_lossy(it).into_owned());
        let bytes = match request.body {
            SeenBody::Whole(bytes) => Some(bytes.as_slice()),
            SeenBody::TooLong(_) | SeenBody::Unknown(_) => None,
        };
        self.second_form(operation, said.as_deref(), bytes);
        let parameters = self.document.parameters(operation);
        let Some(body) = parameters.into_iter().find(|it| it.at("in").str() == "body") else {
            return;
        };
        if is_empty(request.body) {
            if body.at("required").is_true() {
                self.differs("request: the body is missing".to_owned());
            }
            return;
        }
        let named = self.named_types(operation, "consumes");
        self.second_content("request", &named, body, request, MessageWay::Request);
    }

    /// A body against the content types of a message of 3.x.
    pub(super) fn content(
        &mut self,
        about: &str,
        content: &'c [(Box<str>, DataNode)],
        message: SeenMessage<'_>,
        way: MessageWay,
    ) {
        let Some(said) = self.content_type(about, message.head) else { return };
        let Some((_, media)) = media::fitting(content, &said) else {
            return self.other_type(about, &said, content);
        };
        self.body(about, self.document.led(media), &said, message.body, way);
    }

    /// The same of 2.0; `around` is where the schema stands.
    pub(super) fn second_content(
        &mut self,
        about: &str,
        named: &[&str],
        around: &'c DataNode,
        message: SeenMessage<'_>,
        way: MessageWay,
    ) {
        if is_empty(message.body) {
            return;
        }
        let Some(said) = self.content_type(about, message.head) else { return };
        let content: Vec<(Box<str>, DataNode)> =
            named.iter().map(|name| ((*name).into(), DataNode::Null)).collect();
        if !content.is_empty() && media::fitting(&content, &said).is_none() {
            return self.other_type(about, &said, &content);
        }
        self.body(about, around, &said, message.body, way);
    }

    fn other_type(&mut self, about: &str, said: &str, content: &[(Box<str>, DataNode)]) {
        let (said, named) = (cut(&media::essence(said)), media::names(content));
        self.wrong_type(format!("{about}: content type {said} is not documented; {named} is"));
    }

    fn content_type(&mut self, about: &str, head: &Head) -> Option<String> {
        let said = head.field("content-type").map(|it| String::from_utf8_lossy(it).into_owned());
        if said.is_none() {
            self.wrong_type(format!("{about}: no Content-Type says what the body is"));
        }
        said
    }

    /// The types of a list of 2.0, of the operation or of all.
    pub(super) fn named_types(
        &self,
        operation: &ContractOperation<'c>,
        name: &str,
    ) -> Vec<&'c str> {
        let own = operation.written.at(name);
        let named = if own.is_null() { self.document.root().at(name) } else { own };
        named.items().iter().filter_map(DataNode::text).collect()
    }

    fn body(
        &mut self,
        about: &str,
        media: &'c DataNode,
        said: &str,
        body: &SeenBody,
        way: MessageWay,
    ) {
        let schema = media.at("schema");
        if schema.is_null() && media.at("encoding").is_null() {
            return;
        }
        let bytes = match body {
            SeenBody::Whole(bytes) => bytes,
            SeenBody::TooLong(length) => {
                let (length, limit) = (count(*length), count(CHECKED_BODY));
                return self.unchecked(format!(
                    "{about}: the body has {length} bytes; up to {limit} are checked"
                ));
            }
            SeenBody::Unknown(why) => return self.unchecked(format!("{about}: {why}")),
        };
        if media::is_json(said) {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match serde_json::from_slice(text) {
                Ok(value) => self.value(about, schema, way, &[value]),
                Err(error) => self.differs(format!("{about}: the body is no JSON: {error}")),
            }
        } else if media::is_form(said) || media::is_multipart(said) {
            self.form(about, media, (said, bytes), way);
        } else if media::is_xml(said) {
            self.xml(about, schema, bytes, way);
        } else if media::essence(said).starts_with("text/") && self.document.is_text(schema) {
            let text = String::from_utf8_lossy(bytes).into_owned();
            self.value(about, schema, way, &[Value::String(text)]);
        } else if !self.document.is_any_text(schema) {
            let said = cut(&media::essence(said));
            self.unchecked(format!("{about}: bodies of {said} are not looked at"));
        }
    }

    fn xml(&mut self, about: &str, schema: &'c DataNode, bytes: &[u8], way: MessageWay) {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.unchecked(format!("{about}: XML that is no UTF-8 is not looked at"));
        };
        let root = match read_xml(text) {
            Ok(root) => root,
            Err(fault) => return self.differs(format!("{about}: the body is no XML: {fault}")),
        };
        if self.document.is_any_text(schema) {
            return;
        }
        if let Some(wanted) = self.document.xml_root(schema)
            && local(wanted) != root.local()
        {
            let (is, wanted) = (cut(&root.name), cut(wanted));
            self.differs(format!("{about}: the root is <{is}>, the schema has <{wanted}>"));
        }
        let value = self.document.of_xml(schema, &root);
        self.value(about, schema, way, &[value]);
    }
}
