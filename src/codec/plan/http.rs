//! Plans of HTTP clients and listeners: the complete list of headers, and the body as bytes.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::text::{Composer, Controls};
use super::{AnswerField, Field, stream};
use crate::codec::address::{UrlParts, normalise_url};
use crate::codec::http1::write;
use crate::model::http::{Auth, HttpAnswer, HttpBody, HttpListenerSpec, HttpSpec};
use crate::model::plan::{AnswerPlan, HttpListenerPlan, HttpPlan, HttpRulePlan, PlanBody};
use crate::model::spec::Row;
use crate::model::stream::CONNECT_TIMEOUT;

/// Sent unless the user gives a header of that name.
const USER_AGENT: &str = concat!("wirebench/", env!("CARGO_PKG_VERSION"));
const ACCEPT_ENCODING: &str = "gzip, deflate, br, zstd";
/// Everything but the unreserved characters of RFC 3986.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

type Headers = Vec<(String, String)>;

pub(super) fn client(spec: &HttpSpec, composer: &mut Composer<'_>) -> Option<HttpPlan> {
    let method = composer.token(Field::Method, &spec.method);
    let url = url(spec, composer);
    let own = headers(&spec.headers, composer, &Field::HeaderName, &Field::HeaderValue);
    let authorization = authorization(&spec.auth, composer);
    let fields = BodyFields { body: Field::Body, name: &Field::FormName, value: &Field::FormValue };
    let (body, content_type) = body(&spec.body, composer, &fields);
    let (url, parts) = url?;

    let userinfo = parts.userinfo.as_ref();
    let authorization = authorization.or_else(|| userinfo.map(|(user, pass)| basic(user, pass)));
    let mut list = Headers::new();
    let mut automatic = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|_| !has(&own, name)) {
            list.push((name.to_owned(), value));
        }
    };
    automatic("Host", Some(parts.authority));
    automatic("User-Agent", Some(USER_AGENT.into()));
    automatic("Accept", Some("*/*".into()));
    automatic("Accept-Encoding", Some(ACCEPT_ENCODING.into()));
    automatic("Authorization", authorization);
    automatic("Content-Type", content_type.map(str::to_owned));
    let chunked = is_chunked(&own);
    let length = match &body {
        _ if has(&own, "transfer-encoding") => None,
        PlanBody::Bytes(bytes) if !bytes.is_empty() => Some(bytes.len()),
        PlanBody::Bytes(_) if spec.body != HttpBody::None || expects_body(&method) => Some(0),
        // The engine knows the length of a file when it opens it.
        _ => None,
    };
    automatic("Content-Length", length.map(|length| length.to_string()));
    list.extend(own);
    Some(HttpPlan {
        method,
        url,
        headers: list,
        body: if chunked { into_chunks(body) } else { body },
        head_timeout: spec.timeout,
        connect_timeout: CONNECT_TIMEOUT.min(spec.timeout),
        verify: spec.verify,
        redirects: spec.redirects,
    })
}

/// The whole URL with the query rows, without user and password.
fn url(spec: &HttpSpec, composer: &mut Composer<'_>) -> Option<(String, UrlParts)> {
    let count = composer.issues.len();
    let typed = composer.line(Field::Address, &spec.url);
    let mut query = Vec::new();
    for (index, row) in spec.query.iter().enumerate().filter(|(_, row)| is_used(row)) {
        let name = composer.line(Field::QueryName(index), &row.name);
        let value = composer.line(Field::QueryValue(index), &row.value);
        let encode = |text| utf8_percent_encode(text, COMPONENT).to_string();
        query.push(format!("{}={}", encode(name.as_str()), encode(value.as_str())));
    }
    if composer.issues.len() > count {
        return None;
    }
    let whole = normalise_url(&typed).and_then(|url| Ok((UrlParts::parse(&url)?, url)));
    let (mut parts, whole) = whole.map_err(|error| composer.issue(Field::Address, error.0)).ok()?;
    if !query.is_empty() {
        let separator = match parts.target.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some((_, before)) if before.ends_with('&') => "",
            Some(_) => "&",
        };
        parts.target = format!("{}{separator}{}", parts.target, query.join("&"));
    }
    // The origin has no user and password; they travel in a header.
    let scheme = whole.split("://").next().unwrap_or_default();
    let url = format!("{scheme}://{}{}", parts.authority, parts.target);
    Some((url, parts))
}

/// A switched-on row that is not just an empty line of the form.
fn is_used(row: &Row) -> bool {
    row.enabled && !(row.name.is_empty() && row.value.is_empty())
}

fn headers(
    rows: &[Row],
    composer: &mut Composer<'_>,
    name: &dyn Fn(usize) -> Field,
    value: &dyn Fn(usize) -> Field,
) -> Headers {
    let used = rows.iter().enumerate().filter(|(_, row)| is_used(row));
    used.map(|(index, row)| {
        (composer.token(name(index), &row.name), composer.line(value(index), &row.value))
    })
    .collect()
}

fn has(headers: &Headers, name: &str) -> bool {
    headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
}

/// Whether the user's own `Transfer-Encoding` ends in chunked.
fn is_chunked(headers: &Headers) -> bool {
    let last = headers.iter().rfind(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    last.and_then(|(_, value)| value.rsplit(',').next())
        .is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
}

/// One chunk and the last one. A file is chunked by whoever reads it.
fn into_chunks(body: PlanBody) -> PlanBody {
    match body {
        PlanBody::Bytes(bytes) => {
            let mut wire = write::chunk(&bytes);
            wire.extend(write::last_chunk(&[]));
            PlanBody::Bytes(wire.into())
        }
        PlanBody::File(path) => PlanBody::File(path),
    }
}

/// Methods whose requests say `Content-Length: 0` rather than nothing (RFC 9110, section 8.6).
fn expects_body(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

fn authorization(auth: &Auth, composer: &mut Composer<'_>) -> Option<String> {
    match auth {
        Auth::None => None,
        Auth::Basic { user, password } => {
            let user = composer.line(Field::AuthUser, user);
            let password = composer.line(Field::AuthPassword, password);
            if user.contains(':') {
                composer.issue(Field::AuthUser, "a user for Basic cannot hold ':' (RFC 7617)");
            }
            Some(basic(&user, &password))
        }
        Auth::Bearer(token) => Some(format!("Bearer {}", composer.line(Field::AuthToken, token))),
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The fields issues of a body are named after.
struct BodyFields<'a> {
    body: Field,
    name: &'a dyn Fn(usize) -> Field,
    value: &'a dyn Fn(usize) -> Field,
}

fn body(
    body: &HttpBody,
    composer: &mut Composer<'_>,
    fields: &BodyFields<'_>,
) -> (PlanBody, Option<&'static str>) {
    let mut text =
        |text: &str| PlanBody::Bytes(composer.text(fields.body, text, Controls::Allowed).into());
    match body {
        HttpBody::None => (PlanBody::Bytes(bytes::Bytes::new()), None),
        HttpBody::Text(content) => (text(content), Some("text/plain; charset=utf-8")),
        HttpBody::Json(content) => (text(content), Some("application/json")),
        HttpBody::Form(rows) => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (index, row) in rows.iter().enumerate().filter(|(_, row)| is_used(row)) {
                let name = composer.text((fields.name)(index), &row.name, Controls::Allowed);
                let value = composer.text((fields.value)(index), &row.value, Controls::Allowed);
                form.append_pair(&name, &value);
            }
            let body = PlanBody::Bytes(form.finish().into());
            (body, Some("application/x-www-form-urlencoded"))
        }
        HttpBody::File(path) => {
            let count = composer.issues.len();
            let path = composer.line(fields.body, path);
            if path.is_empty() && composer.issues.len() == count {
                composer.issue(fields.body, "no file is named");
            }
            (PlanBody::File(PathBuf::from(path)), Some("application/octet-stream"))
        }
    }
}

pub(super) fn listener(
    spec: &HttpListenerSpec,
    composer: &mut Composer<'_>,
) -> Option<HttpListenerPlan> {
    let bind = stream::bind(&spec.bind, composer);
    let tls = stream::listener_tls(&spec.tls, composer);
    let mut rules = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        let method = if rule.method.is_empty() {
            String::new()
        } else {
            composer.token(Field::RuleMethod(index), &rule.method)
        };
        let path = composer.line(Field::RulePath(index), &rule.path);
        let answer = answer(&rule.answer, Some(index), composer);
        rules.push(HttpRulePlan { method, path, answer });
    }
    let answer = answer(&spec.answer, None, composer);
    Some(HttpListenerPlan { bind: bind?, tls, rules, answer })
}

fn answer(answer: &HttpAnswer, rule: Option<usize>, composer: &mut Composer<'_>) -> AnswerPlan {
    let field = |part| Field::Answer { rule, part };
    if !(100..=999).contains(&answer.status) {
        composer.issue(field(AnswerField::Status), "a status code has three digits, from 100");
    }
    let mut headers =
        headers(&answer.headers, composer, &|row| field(AnswerField::HeaderName(row)), &|row| {
            field(AnswerField::HeaderValue(row))
        });
    let fields = BodyFields {
        body: field(AnswerField::Body),
        name: &|row| field(AnswerField::FormName(row)),
        value: &|row| field(AnswerField::FormValue(row)),
    };
    let (body, content_type) = body(&answer.body, composer, &fields);
    if let Some(content_type) = content_type.filter(|_| !has(&headers, "content-type")) {
        headers.insert(0, ("Content-Type".into(), content_type.into()));
    }
    let body = if is_chunked(&headers) { into_chunks(body) } else { body };
    AnswerPlan { status: answer.status, headers, body, delay: answer.delay }
}
