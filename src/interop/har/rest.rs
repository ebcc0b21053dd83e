//! What a HAR file says of an entry that has no place in an exchange: pages, blocked times, how much a head
//! took, names of versions and connections, caches, comments, and whatever others add. It is kept as it
//! was written and written again, so that a file that was opened and exported loses nothing.
//!
//! ```text
//! entry ─► what we would write of it ─► beyond: the difference ─► kept with the exchange ─► put: on what we write
//! ```
//! Credentials in it are told only where secrets are.

use serde_json::{Map, Value, json};

use crate::model::secrets::{Disclosure, MASK};

/// Lists of names with values. Of what both have, the difference is what stands beside name and value.
const LISTS: [&str; 4] = ["headers", "cookies", "queryString", "params"];
/// What a list of them is written as.
const FIRST: &str = "first";
const MORE: &str = "more";
const ALL: &str = "all";
/// Times are told to the microsecond.
const MICROSECOND: f64 = 0.001;

/// What there is in `original` that `own` does not say; `None` = nothing.
pub(super) fn beyond(original: &Value, own: &Value) -> Option<Value> {
    differs("entry", original, own)
}

fn differs(key: &str, original: &Value, own: &Value) -> Option<Value> {
    let is_same = match (original, own) {
        (Value::Object(original), Value::Object(own)) => return of_object(key, original, own),
        (Value::Array(original), Value::Array(own)) if LISTS.contains(&key) => {
            return of_list(key, original, own);
        }
        (Value::Number(one), Value::Number(other)) => {
            let both = one.as_f64().zip(other.as_f64());
            both.is_some_and(|(one, other)| (one - other).abs() <= MICROSECOND)
        }
        (Value::String(original), Value::String(own)) if key == "startedDateTime" => {
            is_same_time(original, own)
        }
        (Value::Null, _) => true,
        _ => original == own,
    };
    (!is_same).then(|| original.clone())
}

fn of_object(key: &str, original: &Map<String, Value>, own: &Map<String, Value>) -> Option<Value> {
    // Our own bytes of a body tell the same; an answer that was none has a body all the same.
    let is_body = |name: &str| match key {
        "content" => ["text", "encoding"].contains(&name) && own.contains_key("text"),
        "postData" => ["text", "_encoding"].contains(&name),
        _ => false,
    };
    let has_text = original.get("text").is_some_and(|text| text.as_str() != Some(""));
    // Of a body in both forms one is enough, and no more is allowed.
    let is_again = |name: &str| key == "postData" && name == "params" && has_text;
    let parts = original.iter().filter(|(name, _)| !is_body(name) && !is_again(name));
    let parts: Map<String, Value> = parts
        .filter_map(|(name, value)| {
            let own = own.get(name).unwrap_or(&Value::Null);
            differs(name, value, own).map(|rest| (name.clone(), rest))
        })
        .collect();
    (!parts.is_empty()).then_some(Value::Object(parts))
}

fn of_list(key: &str, original: &[Value], own: &[Value]) -> Option<Value> {
    // HTTP/2 has its first line among the headers.
    let is_first = |item: &&Value| {
        key == "headers" && item["name"].as_str().is_some_and(|name| name.starts_with(':'))
    };
    let first = original.iter().enumerate().filter(|(_, item)| is_first(item));
    let first: Vec<Value> = first.map(|(at, item)| json!({ "at": at, "is": item })).collect();
    let named: Vec<&Value> = original.iter().filter(|item| !is_first(item)).collect();
    let is_like = |(one, other): (&&Value, &Value)| one["name"] == other["name"];
    if named.len() != own.len() || !named.iter().zip(own).all(is_like) {
        return (!original.is_empty()).then(|| json!({ ALL: original }));
    }
    let beside = |(item, own): (&&Value, &Value)| {
        let fields = item.as_object().into_iter().flatten();
        let fields = fields.filter(|(name, value)| {
            !["name", "value"].contains(&name.as_str()) && own.get(name) != Some(value)
        });
        Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    let more: Vec<Value> = named.iter().zip(own).map(beside).collect();
    let is_more = more.iter().any(|it| it.as_object().is_some_and(|it| !it.is_empty()));
    let mut rest = Map::new();
    if !first.is_empty() {
        rest.insert(FIRST.into(), json!(first));
    }
    if is_more {
        rest.insert(MORE.into(), json!(more));
    }
    (!rest.is_empty()).then_some(Value::Object(rest))
}

/// Whether a time is what we would write of it, or less; one of another zone says more.
fn is_same_time(original: &str, own: &str) -> bool {
    let micros = |text: &str| text.parse().map(|it: jiff::Timestamp| it.as_microsecond()).ok();
    let digits = original.rsplit_once('.').map_or(0, |(_, digits)| digits.len() - 1);
    original.ends_with('Z') && digits <= 6 && micros(original) == micros(own)
}

/// Puts what an entry said besides on what we write of it.
pub(super) fn put(own: &mut Value, rest: &Value, told: &Disclosure) {
    put_on("entry", own, rest, told);
    // It is the one or the other.
    if rest["request"]["postData"]["params"].is_array()
        && let Some(post) = own["request"]["postData"].as_object_mut()
    {
        post.remove("text");
        post.remove("_encoding");
    }
}

fn put_on(key: &str, own: &mut Value, rest: &Value, told: &Disclosure) {
    match (own, rest) {
        (Value::Array(own), Value::Object(rest)) if LISTS.contains(&key) => {
            put_on_list(key, own, rest, told);
        }
        (Value::Object(own), Value::Object(rest)) => {
            for (name, rest) in rest {
                put_on(name, own.entry(name.clone()).or_insert(Value::Null), rest, told);
            }
        }
        (own, rest) => *own = tell(key, rest, told),
    }
}

fn put_on_list(key: &str, own: &mut Vec<Value>, rest: &Map<String, Value>, told: &Disclosure) {
    let of = |name: &str| rest.get(name).and_then(Value::as_array).map(Vec::as_slice);
    let telling = |items: &[Value]| items.iter().map(|it| tell(key, it, told)).collect::<Vec<_>>();
    if let Some(all) = of(ALL) {
        *own = telling(all);
    }
    if let Some(more) = of(MORE).filter(|more| more.len() == own.len()) {
        for (own, more) in own.iter_mut().zip(more) {
            put_on("", own, more, told);
        }
    }
    for first in of(FIRST).into_iter().flatten() {
        let at = first["at"].as_u64().and_then(|at| usize::try_from(at).ok()).unwrap_or(0);
        own.insert(at.min(own.len()), tell(key, &first["is"], told));
    }
}

/// A value as it may be told; of what is named like a credential no value.
pub(super) fn tell(key: &str, value: &Value, told: &Disclosure) -> Value {
    match value {
        Value::String(text) => told.words(text).into(),
        Value::Array(values) => values.iter().map(|it| tell(key, it, told)).collect(),
        Value::Object(values) => {
            let name = values.get("name").and_then(Value::as_str).unwrap_or_default();
            let part = |(field, value): (&String, &Value)| {
                let text = value.as_str().filter(|_| field == "value" && !name.is_empty());
                let value = match text {
                    Some(_) if key == "cookies" && *told != Disclosure::Everything => MASK.into(),
                    Some(text) => {
                        let told = told.value(name.as_bytes(), text.as_bytes());
                        String::from_utf8_lossy(&told).into_owned().into()
                    }
                    None => tell(field, value, told),
                };
                (field.clone(), value)
            };
            Value::Object(values.iter().map(part).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}
