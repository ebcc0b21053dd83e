//! Cookies of a head as HAR has them (RFC 6265, sections 4.1 and 4.2). Their values are credentials:
//! told only where secrets are.

use serde_json::{Value, json};

use crate::codec::http_date;
use crate::model::exchange::Head;
use crate::model::secrets::{Disclosure, MASK};

/// Those of `Cookie`.
pub(super) fn sent(head: &Head, told: &Disclosure) -> Value {
    let lines = head.all("cookie").map(|line| String::from_utf8_lossy(line).into_owned());
    let mut cookies = Vec::new();
    for line in lines {
        let pairs = line.split(';').map(str::trim).filter(|pair| !pair.is_empty());
        cookies.extend(pairs.map(|pair| named(pair, told)));
    }
    Value::Array(cookies)
}

/// Those of `Set-Cookie`, with what is asked for them.
pub(super) fn set(head: &Head, told: &Disclosure) -> Value {
    let lines = head.all("set-cookie").map(|line| String::from_utf8_lossy(line).into_owned());
    lines.map(|line| of_line(&line, told)).collect()
}

fn of_line(line: &str, told: &Disclosure) -> Value {
    let mut parts = line.split(';').map(str::trim);
    let mut cookie = named(parts.next().unwrap_or_default(), told);
    (cookie["httpOnly"], cookie["secure"]) = (false.into(), false.into());
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "path" => cookie["path"] = value.into(),
            "domain" => cookie["domain"] = value.into(),
            "expires" => match time(value) {
                Some(time) => cookie["expires"] = time.into(),
                None => cookie["comment"] = format!("expires {value}").into(),
            },
            "httponly" => cookie["httpOnly"] = true.into(),
            "secure" => cookie["secure"] = true.into(),
            "samesite" => cookie["_sameSite"] = value.into(),
            "max-age" => cookie["_maxAge"] = value.into(),
            _ => {}
        }
    }
    cookie
}

fn named(pair: &str, told: &Disclosure) -> Value {
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let value = if *told == Disclosure::Everything { value.trim() } else { MASK };
    json!({ "name": told.words(name.trim()), "value": value })
}

/// A date as HTTP writes it, in ISO 8601.
fn time(text: &str) -> Option<String> {
    http_date::timestamp(text).map(|time| format!("{time:.3}"))
}
