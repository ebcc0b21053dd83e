//! Answers that are made of what was asked: pieces that were parsed when the listener was started (`compose::open_answer`)
//! get the values of a request. A value is never looked into; in a header it is one line.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::codec::json_path::JsonPath;
use crate::codec::path_pattern::PathTaken;
use crate::model::exchange::{Exchange, StartLine};
use crate::model::http_answer::{AnswerPiece, AskedPart, JsonSpot};
use crate::model::plan::{AnswerPlan, PlanBody};
use crate::model::url_text::UrlText;
use crate::query::{cookie_values, query_values};

/// Bytes of an answer that is made of what was asked.
const FILLED: usize = 16 * 1024 * 1024;

/// What is known when a request is answered.
pub(crate) struct RequestValues<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) taken: &'a PathTaken,
    pub(crate) times: u64,
    pub(crate) states: &'a BTreeMap<String, String>,
    /// Empty where it is not asked for.
    pub(crate) body: &'a [u8],
    pub(crate) json: OnceCell<Option<Value>>,
}

/// What is to be said of an answer.
pub(crate) type Remarks = BTreeSet<String>;

/// Whether these pieces hold something of the body.
pub(crate) fn asks_body(pieces: &[AnswerPiece]) -> bool {
    let is_body = |piece: &AnswerPiece| {
        matches!(piece, AnswerPiece::Asked { part: AskedPart::Body | AskedPart::Json(_), .. })
    };
    pieces.iter().any(is_body)
}

/// Whether an answer does.
pub(crate) fn answer_asks_body(answer: &AnswerPlan) -> bool {
    let Some(open) = &answer.more.open else { return false };
    let headers = open.headers.iter().map(|(_, pieces)| pieces);
    headers.chain(&open.body).any(|pieces| asks_body(pieces))
}

/// An answer with its values.
///
/// # Errors
/// It would be too long.
pub(crate) fn filled<'a>(
    answer: &'a AnswerPlan,
    values: &RequestValues<'_>,
    remarks: &mut Remarks,
) -> Result<Cow<'a, AnswerPlan>, String> {
    let Some(open) = &answer.more.open else { return Ok(Cow::Borrowed(answer)) };
    let mut made = answer.clone();
    for (at, pieces) in &open.headers {
        let value = values.together(pieces, remarks)?;
        if let Some((name, header)) = made.headers.get_mut(*at) {
            *header = line(name, &value, remarks);
        }
    }
    if let Some(pieces) = &open.body {
        let body = values.together(pieces, remarks)?;
        let is_json = || serde_json::from_slice::<IgnoredAny>(&body).is_ok();
        if open.is_json && !is_json() {
            let why =
                "what was filled in makes the body no JSON; {{json NAME}} writes a value as JSON";
            remarks.insert(why.to_owned());
        }
        made.body = PlanBody::Bytes(body.into());
    }
    Ok(Cow::Owned(made))
}

/// A value as it can stand in a header: a line break in it would begin another one (RFC 9110, section 5.5).
fn line(name: &str, value: &[u8], remarks: &mut Remarks) -> String {
    let text = String::from_utf8_lossy(value);
    let is_odd = |c: char| c.is_control() && c != '\t';
    if text.contains(is_odd) {
        remarks.insert(format!(
            "control characters in what was filled into the header {name} were sent as spaces"
        ));
    }
    text.replace(is_odd, " ").trim().to_owned()
}

impl RequestValues<'_> {
    /// Pieces with their values.
    ///
    /// # Errors
    /// They would be too long.
    pub(crate) fn together(
        &self,
        pieces: &[AnswerPiece],
        remarks: &mut Remarks,
    ) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        for piece in pieces {
            match piece {
                AnswerPiece::Literal(bytes) => out.extend_from_slice(bytes),
                AnswerPiece::Asked { part, json } => {
                    let value = self.value(part).unwrap_or_else(|| {
                        remarks.insert(format!(
                            "{} has no value in this request; nothing stands in its place",
                            name(part)
                        ));
                        Cow::Borrowed(&[])
                    });
                    match json {
                        None => out.extend_from_slice(&value),
                        Some(place) => out.extend_from_slice(as_json(&value, *place).as_bytes()),
                    }
                }
            }
            if out.len() > FILLED {
                return Err(
                    "an answer that is made of what was asked has 16 MiB at most".to_owned()
                );
            }
        }
        Ok(out)
    }

    fn value(&self, part: &AskedPart) -> Option<Cow<'_, [u8]>> {
        let head = &self.exchange.request.head;
        let url = UrlText::literal(&self.exchange.url);
        let text = |text: &str| Some(Cow::Owned(text.as_bytes().to_vec()));
        match part {
            AskedPart::Method => match &head.start {
                StartLine::Request { method, .. } => text(method),
                StartLine::Response { .. } | StartLine::Unknown => None,
            },
            AskedPart::Path => text(if url.path.is_empty() { "/" } else { url.path }),
            AskedPart::PathPart(name) => {
                let mut named = self.taken.named.iter();
                let (_, value) = named.find(|(own, _)| own == name)?;
                Some(Cow::Owned(percent_encoding::percent_decode_str(value).collect()))
            }
            AskedPart::Query => text(url.query?),
            AskedPart::QueryValue(name) => {
                query_values(&self.exchange.url, name).into_iter().next().map(Cow::Owned)
            }
            AskedPart::Header(name) => head.all(name).next().map(|it| Cow::Owned(it.to_vec())),
            AskedPart::Cookie(name) => {
                let mut found = head.all("cookie").flat_map(|line| cookie_values(line, name));
                found.next().map(|it| Cow::Owned(it.to_vec()))
            }
            AskedPart::Host => text(url.host),
            AskedPart::Url => text(&self.exchange.url),
            AskedPart::Body => Some(Cow::Borrowed(self.body)),
            AskedPart::Json(path) => self.at_path(path).map(|it| Cow::Owned(it.into_bytes())),
            AskedPart::Match => text(&self.taken.taken),
            AskedPart::Times => text(&self.times.to_string()),
            AskedPart::State(name) => text(self.states.get(name)?),
        }
    }

    /// What stands there: a text without its quotes, anything else as JSON; several as a list.
    fn at_path(&self, path: &str) -> Option<String> {
        let whole = self.json.get_or_init(|| serde_json::from_slice(self.body).ok()).as_ref()?;
        let path = JsonPath::parse(path).ok()?;
        let mut values = path.values(whole);
        let value = match values.len() {
            0 => return None,
            1 if !path.is_many() => values.swap_remove(0),
            _ => Value::from(values),
        };
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }
}

/// How it is written.
fn name(part: &AskedPart) -> String {
    match part {
        AskedPart::Method => "request.method".into(),
        AskedPart::Path => "request.path".into(),
        AskedPart::PathPart(name) => format!("request.path.{name}"),
        AskedPart::Query => "request.query".into(),
        AskedPart::QueryValue(name) => format!("request.query.{name}"),
        AskedPart::Header(name) => format!("request.header.{name}"),
        AskedPart::Cookie(name) => format!("request.cookie.{name}"),
        AskedPart::Host => "request.host".into(),
        AskedPart::Url => "request.url".into(),
        AskedPart::Body => "request.body".into(),
        AskedPart::Json(path) => format!("request.json {path}"),
        AskedPart::Match => "match".into(),
        AskedPart::Times => "times".into(),
        AskedPart::State(name) => format!("state.{name}"),
    }
}

/// A text as JSON writes it (RFC 8259, section 7), without its quotes where it is a part of a string.
fn as_json(value: &[u8], place: JsonSpot) -> String {
    let quoted = Value::from(String::from_utf8_lossy(value)).to_string();
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match (place, inside) {
        (JsonSpot::InString, Some(inside)) => inside.to_owned(),
        _ => quoted,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::model::exchange::HttpMessage;
    use crate::model::http_answer::{AnswerMore, OpenAnswer};
    use crate::model::id::SessionId;
    use crate::model::protocol::Side;
    use crate::model::timing::Stamp;

    fn asked(part: AskedPart) -> AnswerPiece {
        AnswerPiece::Asked { part, json: None }
    }

    fn together(url: &str, head: &str, body: &[u8], pieces: &[AnswerPiece]) -> (Vec<u8>, Remarks) {
        let raw = format!("GET / HTTP/1.1\r\n{}\r\n\r\n", head.replace('\n', "\r\n"));
        let mut request = HttpMessage::default();
        let mut reader =
            crate::codec::http1::HeadReader::new(crate::codec::http1::Expected::Request);
        if let Ok(Some((_, parsed))) = reader.push(raw.as_bytes()) {
            request.head = parsed.head;
        }
        let conn = SessionId(1).conn(1);
        let mut exchange = Exchange::begun(Side::Listener, conn, 0, request, Stamp(0));
        exchange.url = url.into();
        let taken = PathTaken { taken: "all".into(), named: vec![("id".into(), "a%20b".into())] };
        let states = BTreeMap::from([("cart".to_owned(), "full".to_owned())]);
        let (json, times) = (OnceCell::new(), 3);
        let values = RequestValues {
            exchange: &exchange,
            taken: &taken,
            times,
            states: &states,
            body,
            json,
        };
        let mut remarks = Remarks::new();
        (values.together(pieces, &mut remarks).unwrap(), remarks)
    }

    #[test]
    fn every_part_of_a_request_can_stand_in_an_answer() {
        let body = br#"{"user": {"id": 42, "name": "An\"n"}, "tags": ["a", "b"]}"#;
        for (part, value) in [
            (AskedPart::Method, "GET"),
            (AskedPart::Path, "/x"),
            (AskedPart::PathPart("id".into()), "a b"),
            (AskedPart::Query, "q=%41&r=1"),
            (AskedPart::QueryValue("q".into()), "A"),
            (AskedPart::Header("x-a".into()), "one"),
            (AskedPart::Cookie("sid".into()), "7"),
            (AskedPart::Host, "h"),
            (AskedPart::Url, "http://h/x?q=%41&r=1"),
            (AskedPart::Json(".user.id".into()), "42"),
            (AskedPart::Json(".user.name".into()), "An\"n"),
            (AskedPart::Json(".tags".into()), r#"["a","b"]"#),
            (AskedPart::Json(".tags[]".into()), r#"["a","b"]"#),
            (AskedPart::Match, "all"),
            (AskedPart::Times, "3"),
            (AskedPart::State("cart".into()), "full"),
        ] {
            let head = "Host: h\nX-A: one\nCookie: a=b; sid=7";
            let (made, remarks) =
                together("http://h/x?q=%41&r=1", head, body, &[asked(part.clone())]);
            assert_eq!(
                (String::from_utf8(made).unwrap(), remarks),
                (value.to_owned(), Remarks::new()),
                "{part:?}"
            );
        }
        let (made, remarks) = together(
            "http://h/",
            "Host: h",
            b"no json",
            &[
                asked(AskedPart::QueryValue("q".into())),
                asked(AskedPart::Json(".a".into())),
                asked(AskedPart::Body),
            ],
        );
        assert_eq!(made, b"no json");
        assert_eq!(remarks.len(), 2, "{remarks:?}");
    }

    /// What is received is never read as a template, ends no string where it is to be JSON, and begins no header.
    #[test]
    fn no_value_becomes_more_than_a_value() {
        let of_query = |json| AnswerPiece::Asked { part: AskedPart::QueryValue("q".into()), json };
        let literal =
            |text: &'static str| AnswerPiece::Literal(Bytes::from_static(text.as_bytes()));
        let url = "http://h/?q=%7B%7Brequest.header.cookie%7D%7D%0d%0aSet-Cookie:%20a=b%00%22";
        let (body, _) = together(
            url,
            "Host: h",
            b"",
            &[
                literal("{\"a\":\""),
                of_query(Some(JsonSpot::InString)),
                literal("\",\"b\":"),
                of_query(Some(JsonSpot::Alone)),
                literal("}"),
            ],
        );
        let value: Value = serde_json::from_slice(&body).unwrap();
        let text = "{{request.header.cookie}}\r\nSet-Cookie: a=b\0\"";
        assert_eq!((value["a"].as_str(), value["b"].as_str()), (Some(text), Some(text)));
        let mut remarks = Remarks::new();
        let header = line("X", text.as_bytes(), &mut remarks);
        assert_eq!(header, "{{request.header.cookie}}  Set-Cookie: a=b \"");
        assert!(remarks.first().unwrap().contains("the header X"));
    }

    #[test]
    fn an_answer_is_filled_in_and_broken_json_is_said() {
        let open = OpenAnswer {
            headers: vec![(0, vec![asked(AskedPart::Times)])],
            body: Some(vec![
                AnswerPiece::Literal(Bytes::from_static(b"{")),
                asked(AskedPart::Match),
            ]),
            is_json: true,
        };
        let more = AnswerMore { open: Some(Box::new(open)), ..AnswerMore::default() };
        let (headers, body) =
            (vec![("X".into(), "{{times}}".into())], PlanBody::Bytes(Bytes::new()));
        let answer = AnswerPlan { status: 200, headers, body, delay: Duration::ZERO, more };
        let conn = SessionId(1).conn(1);
        let exchange = Exchange::begun(Side::Listener, conn, 0, HttpMessage::default(), Stamp(0));
        let (taken, states) = (PathTaken { taken: "x".into(), named: Vec::new() }, BTreeMap::new());
        let values = RequestValues {
            exchange: &exchange,
            taken: &taken,
            times: 7,
            states: &states,
            body: b"",
            json: OnceCell::new(),
        };
        let mut remarks = Remarks::new();
        let made = filled(&answer, &values, &mut remarks).unwrap();
        assert_eq!(
            (&*made.headers[0].1, &made.body),
            ("7", &PlanBody::Bytes(Bytes::from_static(b"{x")))
        );
        assert!(remarks.first().unwrap().contains("no JSON"), "{remarks:?}");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn a_header_is_one_line_whatever_is_filled_in(value in prop::collection::vec(any::<u8>(), 0..40)) {
            let header = line("X", &value, &mut Remarks::new());
            prop_assert!(!header.contains(['\r', '\n', '\0']));
        }
    }
}
