//! TOML to `Preset`: one function per section, each with the keys it knows.

use std::time::Duration;

use toml_edit::Item;

use super::fields::{Element, Fields, NamedItem, Trouble, suggest};
use super::row::{self, Joint};
use super::tree::{ANY_PATH, EXPECT_WITHIN};
use crate::model::http::{
    Auth, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule, HttpSpec, PartSource,
};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, When};
use crate::model::payload::{LineEnding, Payload, PayloadFormat};
use crate::model::spec::{NameValue, Spec};
use crate::model::stream::{ScriptStep, TcpSpec, UdpSpec};
use crate::model::tls::{ClientTls, ListenerTls, Verify};

type Read<T> = Result<T, Trouble>;
type ReadSection = fn(Fields<'_>) -> Read<Spec>;

/// The sections a preset may have, of which it has one.
const SECTIONS: [(&str, ReadSection); 6] = [
    ("http", |fields| http(fields).map(Spec::Http)),
    ("http-listener", |fields| http_listener(fields).map(Spec::HttpListener)),
    ("tcp", |fields| tcp(fields).map(Spec::Tcp)),
    ("tcp-listener", |fields| tcp_listener(fields).map(Spec::TcpListener)),
    ("udp", |fields| udp(fields).map(Spec::Udp)),
    ("udp-listener", |fields| udp_listener(fields).map(Spec::UdpListener)),
];

/// The whole file: description and spec.
pub(super) fn preset(root: &Item) -> Read<(String, Spec)> {
    let mut root = Fields::root(root)?;
    let about = root.text("about")?.unwrap_or_default();
    // Kept in the file for the runner of expectations; no business of the spec.
    for free in ["capture", "expect"] {
        root.get(free).map(|entry| entry.table()).transpose()?;
    }
    let mut spec = None;
    for (section, read) in SECTIONS {
        let Some(entry) = root.get(section) else { continue };
        if spec.is_some() {
            return Err(entry.wrong("is a second section").hint("a preset describes one thing"));
        }
        spec = Some(read(entry.table()?)?);
    }
    let missing = root.wrong("the file has no section that says what to open");
    root.done()?;
    let spec = spec.ok_or_else(|| {
        missing.hint(
            "add one of [http], [http-listener], [tcp], [tcp-listener], [udp], [udp-listener]",
        )
    })?;
    Ok((about, spec))
}

fn http(mut fields: Fields<'_>) -> Read<HttpSpec> {
    let default = HttpSpec::default();
    let spec = HttpSpec {
        method: fields.text("method")?.unwrap_or(default.method),
        url: fields.text("url")?.unwrap_or_default(),
        headers: rows(&mut fields, "headers", Joint::Colon)?,
        query: rows(&mut fields, "query", Joint::Equals)?,
        auth: auth(&mut fields)?,
        timeout: fields.duration("timeout")?.unwrap_or(default.timeout),
        verify: verify(&mut fields)?,
        redirects: match fields.get("redirects") {
            Some(entry) => entry.number("from 0 to 255")?,
            None => default.redirects,
        },
        body: body(&mut fields)?,
    };
    fields.done()?;
    Ok(spec)
}

fn auth(fields: &mut Fields<'_>) -> Read<Auth> {
    let Some(entry) = fields.get("auth") else { return Ok(Auth::None) };
    let mut kinds = entry.table()?;
    let bearer = kinds.text("bearer")?.map(Auth::Bearer);
    let basic = kinds.get("basic").map(|entry| basic(&entry)).transpose()?;
    kinds.done()?;
    match (bearer, basic) {
        (Some(_), Some(_)) => Err(entry.wrong("can be 'bearer' or 'basic', not both")),
        (Some(auth), None) | (None, Some(auth)) => Ok(auth),
        (None, None) => Ok(Auth::None),
    }
}

fn basic(entry: &NamedItem<'_>) -> Read<Auth> {
    let mut fields = entry.table()?;
    let user = fields.text("user")?.unwrap_or_default();
    let password = fields.text("password")?.unwrap_or_default();
    fields.done()?;
    Ok(Auth::Basic { user, password })
}

fn body(fields: &mut Fields<'_>) -> Read<HttpBody> {
    let Some(entry) = fields.get("body") else { return Ok(HttpBody::None) };
    let mut kinds = entry.table()?;
    let form = match kinds.get("form") {
        Some(form) => Some(HttpBody::Form(row_list(&form, Joint::Equals)?)),
        None => None,
    };
    let multipart = match kinds.get("multipart") {
        Some(list) => {
            let parts: Read<_> = list.list()?.iter().map(part).collect();
            Some(HttpBody::Multipart(parts?))
        }
        None => None,
    };
    let payload = |format| move |text| HttpBody::Payload(Payload { text, format });
    let found = [
        kinds.text("text")?.map(HttpBody::Text),
        kinds.text("json")?.map(HttpBody::Json),
        form,
        multipart,
        kinds.text("hex")?.map(payload(PayloadFormat::Hex)),
        kinds.text("escaped")?.map(payload(PayloadFormat::Text)),
        kinds.text("file")?.map(HttpBody::File),
    ];
    kinds.done()?;
    let mut found = found.into_iter().flatten();
    let body = found.next().unwrap_or_default();
    if found.next().is_some() {
        let kinds = "'text', 'json', 'form', 'multipart', 'hex', 'escaped', 'file'";
        return Err(entry.wrong(&format!("can be one of {kinds}, not several")));
    }
    Ok(body)
}

/// `"name=value"`, or a table with `value`, `file` or `text-file`.
fn part(element: &Element<'_>) -> Read<FormPart> {
    if let Some(line) = element.as_text() {
        let row = row::parse(line, Joint::Equals).unwrap_or_default();
        let NameValue { enabled, name, value } = row;
        return Ok(FormPart { off: !enabled, name, value, ..FormPart::default() });
    }
    let mut fields = element.table()?;
    let sources = [
        (PartSource::Text, fields.text("value")?),
        (PartSource::File, fields.text("file")?),
        (PartSource::FileText, fields.text("text-file")?),
    ];
    let mut part = FormPart {
        off: fields.flag("off")?.unwrap_or(false),
        name: fields.text("name")?.unwrap_or_default(),
        file_name: fields.text("file-name")?.unwrap_or_default(),
        content_type: fields.text("type")?.unwrap_or_default(),
        ..FormPart::default()
    };
    fields.done()?;
    let mut given =
        sources.into_iter().filter_map(|(source, value)| value.map(|value| (source, value)));
    if let Some((source, value)) = given.next() {
        (part.source, part.value) = (source, value);
    }
    if given.next().is_some() {
        return Err(element.wrong("can have one of 'value', 'file', 'text-file', not several"));
    }
    Ok(part)
}

fn http_listener(mut fields: Fields<'_>) -> Read<HttpListenerSpec> {
    let rules = fields.list("rule")?;
    let spec = HttpListenerSpec {
        bind: fields.text("bind")?.unwrap_or(HttpListenerSpec::default().bind),
        tls: listener_tls(&mut fields)?,
        rules: rules.iter().map(http_rule).collect::<Read<_>>()?,
        answer: http_answer(&mut fields)?,
    };
    fields.done()?;
    Ok(spec)
}

fn http_rule(element: &Element<'_>) -> Read<HttpRule> {
    let mut fields = element.table()?;
    let rule = HttpRule {
        method: fields.text("method")?.unwrap_or_default(),
        path: fields.text("path")?.unwrap_or_else(|| ANY_PATH.into()),
        answer: http_answer(&mut fields)?,
    };
    fields.done()?;
    Ok(rule)
}

fn http_answer(fields: &mut Fields<'_>) -> Read<HttpAnswer> {
    let default = HttpAnswer::default();
    Ok(HttpAnswer {
        status: match fields.get("status") {
            Some(entry) => entry.number("from 0 to 65535")?,
            None => default.status,
        },
        headers: rows(fields, "headers", Joint::Colon)?,
        delay: fields.duration("delay")?.unwrap_or(default.delay),
        body: body(fields)?,
    })
}

fn tcp(mut fields: Fields<'_>) -> Read<TcpSpec> {
    let default = TcpSpec::default();
    let spec = TcpSpec {
        address: fields.text("address")?.unwrap_or_default(),
        tls: client_tls(&mut fields)?,
        steps: steps(&mut fields)?,
        line_ending: line_ending(&mut fields, default.line_ending)?,
        format: format(&mut fields)?,
        connect_timeout: fields.duration("connect-timeout")?.unwrap_or(default.connect_timeout),
    };
    fields.done()?;
    Ok(spec)
}

fn udp(mut fields: Fields<'_>) -> Read<UdpSpec> {
    let spec = UdpSpec {
        address: fields.text("address")?.unwrap_or_default(),
        source: fields.text("source")?.unwrap_or_default(),
        steps: steps(&mut fields)?,
        line_ending: line_ending(&mut fields, UdpSpec::default().line_ending)?,
        format: format(&mut fields)?,
    };
    fields.done()?;
    Ok(spec)
}

fn tcp_listener(mut fields: Fields<'_>) -> Read<TcpListenerSpec> {
    let default = TcpListenerSpec::default();
    let spec = TcpListenerSpec {
        bind: fields.text("bind")?.unwrap_or(default.bind),
        tls: listener_tls(&mut fields)?,
        greeting: payload(&mut fields, "greeting")?.unwrap_or_default(),
        rules: rules(&mut fields)?,
        line_ending: line_ending(&mut fields, default.line_ending)?,
        format: format(&mut fields)?,
    };
    fields.done()?;
    Ok(spec)
}

fn udp_listener(mut fields: Fields<'_>) -> Read<UdpListenerSpec> {
    let default = UdpListenerSpec::default();
    let spec = UdpListenerSpec {
        bind: fields.text("bind")?.unwrap_or(default.bind),
        rules: rules(&mut fields)?,
        line_ending: line_ending(&mut fields, default.line_ending)?,
        format: format(&mut fields)?,
    };
    fields.done()?;
    Ok(spec)
}

fn steps(fields: &mut Fields<'_>) -> Read<Vec<ScriptStep>> {
    fields.list("step")?.iter().map(step).collect()
}

fn step(element: &Element<'_>) -> Read<ScriptStep> {
    let mut fields = element.table()?;
    let send = payload(&mut fields, "send")?;
    let expect = payload(&mut fields, "expect")?;
    let within = fields.duration("within")?;
    fields.done()?;
    match (send, expect, within) {
        (Some(payload), None, None) => Ok(ScriptStep::Send(payload)),
        (None, Some(payload), within) => {
            Ok(ScriptStep::Expect { payload, within: within.unwrap_or(EXPECT_WITHIN) })
        }
        (Some(_), None, Some(_)) => Err(element.wrong("has 'within', which belongs to 'expect'")),
        _ => Err(element.wrong("must have either 'send' or 'expect'")),
    }
}

fn rules(fields: &mut Fields<'_>) -> Read<Vec<Rule>> {
    fields.list("rule")?.iter().map(rule).collect()
}

fn rule(element: &Element<'_>) -> Read<Rule> {
    let mut fields = element.table()?;
    let when = fields.get("when").map(|entry| when(&entry)).transpose()?;
    let send = payload(&mut fields, "send")?;
    let delay = fields.duration("delay")?;
    fields.done()?;
    Ok(Rule {
        when: when.unwrap_or(When::Always),
        send: send
            .ok_or_else(|| element.wrong("says nothing to send").hint("add send = \"...\""))?,
        delay: delay.unwrap_or(Duration::ZERO),
    })
}

/// `always`, or a word and a quoted text: `contains 'PING'`.
fn when(entry: &NamedItem<'_>) -> Read<When> {
    let text = entry.text()?.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let quoted = || {
        let rest = rest.trim_start();
        let inside = ['\'', '"']
            .into_iter()
            .find_map(|quote| rest.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)));
        let message = format!("needs a text in quotes after '{word}'");
        inside
            .map(str::to_owned)
            .ok_or_else(|| entry.wrong(&message).hint(format!("for example: {word} 'PING'")))
    };
    match word {
        "always" if rest.trim().is_empty() => Ok(When::Always),
        "contains" => quoted().map(When::Contains),
        "equals" => quoted().map(When::Equals),
        "starts-with" => quoted().map(When::StartsWith),
        "matches" => quoted().map(When::Matches),
        _ => {
            let known = ["always", "contains", "equals", "starts-with", "matches"];
            Err(entry.wrong(&format!("cannot be '{text}'")).hint(suggest(word, &known)))
        }
    }
}

fn payload(fields: &mut Fields<'_>, key: &'static str) -> Read<Option<Payload>> {
    let Some(entry) = fields.get(key) else { return Ok(None) };
    if let Some(text) = entry.item.as_str() {
        return Ok(Some(Payload::text(text)));
    }
    let mut kinds = entry.table()?;
    let hex = kinds.text("hex")?;
    kinds.done()?;
    let text = hex.ok_or_else(|| entry.wrong("must be a text or { hex = \"...\" }"))?;
    Ok(Some(Payload { text, format: PayloadFormat::Hex }))
}

fn line_ending(fields: &mut Fields<'_>, default: LineEnding) -> Read<LineEnding> {
    let Some(entry) = fields.get("line-ending") else { return Ok(default) };
    let text = entry.text()?;
    let found = LineEnding::ALL.into_iter().find(|ending| ending.name() == text);
    let names = LineEnding::ALL.map(LineEnding::name);
    found.ok_or_else(|| entry.wrong(&format!("cannot be '{text}'")).hint(suggest(text, &names)))
}

fn format(fields: &mut Fields<'_>) -> Read<PayloadFormat> {
    let Some(entry) = fields.get("format") else { return Ok(PayloadFormat::Text) };
    match entry.text()? {
        "text" => Ok(PayloadFormat::Text),
        "hex" => Ok(PayloadFormat::Hex),
        other => {
            let hint = suggest(other, &["text", "hex"]);
            Err(entry.wrong(&format!("cannot be '{other}'")).hint(hint))
        }
    }
}

fn verify(fields: &mut Fields<'_>) -> Read<Verify> {
    let verify = fields.flag("verify")?.unwrap_or(true);
    Ok(if verify { Verify::On } else { Verify::Off })
}

fn client_tls(fields: &mut Fields<'_>) -> Read<ClientTls> {
    let Some(entry) = fields.get("tls") else { return Ok(ClientTls::Off) };
    match entry.item.as_bool() {
        Some(true) => return Ok(ClientTls::On { verify: Verify::On, sni: String::new() }),
        Some(false) => return Ok(ClientTls::Off),
        None => {}
    }
    let mut options = entry.table()?;
    let tls = ClientTls::On {
        verify: verify(&mut options)?,
        sni: options.text("sni")?.unwrap_or_default(),
    };
    options.done()?;
    Ok(tls)
}

fn listener_tls(fields: &mut Fields<'_>) -> Read<ListenerTls> {
    let Some(entry) = fields.get("tls") else { return Ok(ListenerTls::Off) };
    match entry.item.as_bool() {
        Some(true) => return Ok(ListenerTls::Generated),
        Some(false) => return Ok(ListenerTls::Off),
        None => {}
    }
    let mut options = entry.table()?;
    let certificate = options.text("certificate")?;
    let key = options.text("key")?;
    options.done()?;
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(ListenerTls::Files { certificate, key }),
        _ => Err(entry
            .wrong("needs both 'certificate' and 'key'")
            .hint("tls = true uses a certificate made on first use")),
    }
}

fn rows(fields: &mut Fields<'_>, key: &'static str, joint: Joint) -> Read<Vec<NameValue>> {
    fields.get(key).map_or_else(|| Ok(Vec::new()), |entry| row_list(&entry, joint))
}

fn row_list(entry: &NamedItem<'_>, joint: Joint) -> Read<Vec<NameValue>> {
    entry.list()?.iter().map(|element| read_row(element, joint)).collect()
}

fn read_row(element: &Element<'_>, joint: Joint) -> Read<NameValue> {
    if let Some(line) = element.as_text() {
        let hint = format!("write \"{}\"", joint.example());
        return row::parse(line, joint).ok_or_else(|| element.wrong("has no colon").hint(hint));
    }
    let mut fields = element.table()?;
    let row = NameValue {
        name: fields.text("name")?.unwrap_or_default(),
        value: fields.text("value")?.unwrap_or_default(),
        enabled: !fields.flag("off")?.unwrap_or(false),
    };
    fields.done()?;
    Ok(row)
}
