//! Bodies that are forms, in one line or in parts, as the values that schemas speak of.

use memchr::memmem;
use serde_json::{Map, Value};

use super::checking::{Checker, cut};
use super::document::{ContractOperation, Document};
use super::media;
use super::parameters::pairs;
use super::translate::MessageWay;
use crate::codec::data_tree::DataNode;
use crate::codec::multipart::{boundary_of, disposition_name};

/// Parts of one body.
const PARTS: usize = 1_000;

/// A field of a form.
pub(super) struct SeenField {
    name: String,
    /// What a part says that it is.
    content_type: Option<String>,
    content: Vec<u8>,
}

impl SeenField {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// The fields of a form, whichever kind it is of.
///
/// # Errors
/// Why it is none.
pub(super) fn fields(content_type: &str, bytes: &[u8]) -> Result<Vec<SeenField>, String> {
    if !media::is_multipart(content_type) {
        let pairs = pairs(&String::from_utf8_lossy(bytes)).into_iter();
        let field = |(name, text): (String, String)| SeenField {
            name,
            content_type: None,
            content: text.into(),
        };
        return Ok(pairs.map(field).collect());
    }
    let boundary = boundary_of(content_type).ok_or("its type names no boundary")?;
    let mark = format!("--{boundary}").into_bytes();
    let is_line = |at: &usize| *at == 0 || bytes.get(at - 1) == Some(&b'\n');
    let marks: Vec<usize> =
        memmem::find_iter(bytes, &mark).filter(is_line).take(PARTS + 1).collect();
    let mut found = Vec::new();
    for (number, at) in marks.iter().enumerate() {
        let after = &bytes[at + mark.len()..];
        if after.starts_with(b"--") {
            return Ok(found);
        }
        let Some(end) = marks.get(number + 1) else { break };
        let line = after.iter().position(|byte| *byte == b'\n').map_or(0, |it| it + 1);
        let begin = (at + mark.len() + line).min(*end);
        found.push(part(&bytes[begin..*end]));
    }
    if marks.is_empty() {
        return Err("its boundary does not stand in it".to_owned());
    }
    Err("its last boundary is missing".to_owned())
}

fn part(bytes: &[u8]) -> SeenField {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let ends = [&b"\r\n\r\n"[..], b"\n\n"];
    let end = ends.iter().filter_map(|end| Some((memmem::find(bytes, end)?, end.len()))).min();
    let (head, content) = match end {
        // It has no fields.
        _ if bytes.starts_with(b"\r\n") => (&[][..], &bytes[2..]),
        Some((at, length)) => (&bytes[..at], &bytes[at + length..]),
        None => (bytes, &[][..]),
    };
    let mut field =
        SeenField { name: String::new(), content_type: None, content: content.to_vec() };
    for line in String::from_utf8_lossy(head).lines() {
        let (label, value) = line.split_once(':').unwrap_or_default();
        if label.trim().eq_ignore_ascii_case("content-disposition") {
            field.name = disposition_name(value).unwrap_or_default();
        } else if label.trim().eq_ignore_ascii_case("content-type") {
            field.content_type = Some(value.trim().to_owned());
        }
    }
    field
}

impl Document {
    /// The fields of a form as its schema says.
    fn form(&self, schema: &DataNode, fields: &[SeenField]) -> Value {
        let mut properties: Vec<(&str, &DataNode)> = Vec::new();
        self.properties(schema, 0, &mut properties);
        let of = |name: &str| {
            let found = properties.iter().find(|(own, _)| *own == name);
            found.map_or(self.led(schema).at("additionalProperties"), |(_, it)| *it)
        };
        let mut made = Map::new();
        for field in fields {
            let inner = of(&field.name);
            let types = self.types_of(inner);
            let is_list = types.contains("array") && !types.contains("string");
            let value =
                self.field(if is_list { self.led(inner).at("items") } else { inner }, field);
            match made.get_mut(&field.name) {
                Some(Value::Array(known)) if is_list => known.push(value),
                _ => {
                    let value = match value {
                        // A list in one part, of JSON, or a list of one.
                        Value::Array(_) => value,
                        value if is_list => Value::Array(vec![value]),
                        value => value,
                    };
                    made.insert(field.name.clone(), value);
                }
            }
        }
        Value::Object(made)
    }

    fn field(&self, schema: &DataNode, field: &SeenField) -> Value {
        let said = field.content_type.as_deref().unwrap_or_default();
        let types = self.types_of(schema);
        let is_structured = types.contains("object") && !types.contains("string");
        if (media::is_json(said) || (said.is_empty() && is_structured))
            && let Ok(value) = serde_json::from_slice(&field.content)
        {
            return value;
        }
        self.typed(schema, &field.text(), ",").into_iter().next().unwrap_or_default()
    }

    fn properties<'d>(
        &'d self,
        schema: &'d DataNode,
        depth: usize,
        found: &mut Vec<(&'d str, &'d DataNode)>,
    ) {
        let schema = self.led(schema);
        found.extend(schema.at("properties").pairs().iter().map(|(name, it)| (&**name, it)));
        for name in ["allOf", "anyOf", "oneOf"].into_iter().filter(|_| depth < 8) {
            schema.at(name).items().iter().for_each(|it| self.properties(it, depth + 1, found));
        }
    }
}

impl<'c> Checker<'c> {
    /// A form against the schema of its fields, and the types of parts against those that are named.
    pub(super) fn form(
        &mut self,
        about: &str,
        media: &'c DataNode,
        (said, bytes): (&str, &[u8]),
        way: MessageWay,
    ) {
        let fields = match fields(said, bytes) {
            Ok(fields) => fields,
            Err(why) => return self.differs(format!("{about}: the form cannot be read: {why}")),
        };
        for (name, encoding) in media.at("encoding").pairs() {
            let named = encoding.at("contentType").str();
            for field in fields.iter().filter(|field| field.name == **name) {
                let Some(kind) = field.content_type.as_deref().filter(|_| !named.is_empty()) else {
                    continue;
                };
                let wanted: Vec<(Box<str>, DataNode)> =
                    named.split(',').map(|it| (it.trim().into(), DataNode::Null)).collect();
                if media::fitting(&wanted, kind).is_none() {
                    let kind = media::essence(kind);
                    self.differs(format!(
                        "{about}: /{}: content type {} is not documented; {} is",
                        cut(name),
                        cut(&kind),
                        media::names(&wanted)
                    ));
                }
            }
        }
        let schema = media.at("schema");
        if !schema.is_null() {
            let form = self.document.form(schema, &fields);
            self.value(about, schema, way, &[form]);
        }
    }

    /// The fields of a form of 2.0, which are parameters there.
    pub(super) fn second_form(
        &mut self,
        operation: &ContractOperation<'c>,
        content_type: Option<&str>,
        bytes: Option<&[u8]>,
    ) {
        let parameters = self.document.parameters(operation);
        let mut wanted =
            parameters.into_iter().filter(|it| it.at("in").str() == "formData").peekable();
        let Some(bytes) = bytes.filter(|_| wanted.peek().is_some()) else { return };
        let said = content_type.unwrap_or("application/x-www-form-urlencoded");
        if !media::is_form(said) && !media::is_multipart(said) {
            let said = cut(&media::essence(said));
            return self.wrong_type(format!("request: content type {said} is no form"));
        }
        let fields = match fields(said, bytes) {
            Ok(fields) => fields,
            Err(why) => return self.differs(format!("request: the form cannot be read: {why}")),
        };
        for parameter in wanted {
            let name = parameter.at("name").str();
            let found: Vec<String> =
                fields.iter().filter(|it| it.name == name).map(SeenField::text).collect();
            let Some(first) = found.first() else {
                if parameter.at("required").is_true() {
                    self.differs(format!("request: form field '{name}' is missing"));
                }
                continue;
            };
            let kind = parameter.at("type").str();
            if kind == "file" || (first.is_empty() && parameter.at("allowEmptyValue").is_true()) {
                continue;
            }
            let values = if kind == "array" && found.len() > 1 {
                vec![self.document.list(parameter, &found)]
            } else {
                self.document.typed(parameter, first, ",")
            };
            let about = format!("request: form field '{name}' = \"{}\"", cut(first));
            self.value(&about, parameter, MessageWay::Request, &values);
        }
    }
}
