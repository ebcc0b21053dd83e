//! Plans of HTTP clients and listeners: the complete list of headers.

use percent_encoding::utf8_percent_encode;

use super::body::body;
use super::credentials::{self, Credentials, credentials};
use super::http_rules::{otherwise, rules};
use super::network;
use super::query_pieces::COMPONENT;
use super::sockets::{self, listener_tls, socket, stream_bind};
use super::text::Composer;
use super::transfer;
use crate::codec::multipart;
use crate::codec::zone;
use crate::compose::address::{UrlParts, encoded_on_send, normalise_url};
use crate::model::client::CONNECT_TIMEOUT;
use crate::model::cookie::PlanCookies;
use crate::model::endpoint::Endpoint;
use crate::model::field_id::FieldId;
use crate::model::http::{
    ApiKey, ApiKeyPlace, Auth, AutomaticHeader, HttpBody, HttpListenerSpec, HttpSpec,
    VersionChoice, expects_body,
};
use crate::model::plan::{
    HttpListenerPlan, HttpPlan, LengthHeader, PlanAuth, PlanBody, PlanEvents,
};
use crate::model::socket_options::ClientOptions;
use crate::model::spec::NameValue;
use crate::model::timing::bound;
use crate::model::url_text::UrlText;

/// Sent unless the user gives a header of that name.
const USER_AGENT: &str = concat!("wirebench/", env!("CARGO_PKG_VERSION"));
const ACCEPT_ENCODING: &str = "deflate, gzip, br, zstd";

/// Names and values, in order.
pub(super) type Headers = Vec<(String, String)>;

/// A header that goes out although the user did not write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Automatic {
    pub header: AutomaticHeader,
    /// `None` = known only when the request is sent, or not before the address is right.
    pub value: Option<String>,
    /// The user switched it off.
    pub omitted: bool,
}

/// A request whose fields are expanded; what is still missing is which headers go out.
struct Composed {
    method: String,
    url: Option<String>,
    /// What goes out by itself unless it is replaced or switched off. Without a value it is known
    /// only when the request is sent.
    automatic: Vec<(AutomaticHeader, Option<String>)>,
    own: Headers,
    body: PlanBody,
    auth: PlanAuth,
    notes: Vec<String>,
}

/// Every issue goes to the composer; `None` when one leaves nothing to plan with.
pub(super) fn client(spec: &HttpSpec, composer: &mut Composer<'_>) -> Option<HttpPlan> {
    let Composed { method, url, automatic, own, body, auth, mut notes } =
        compose(spec, &spec.body, composer);
    notes.append(&mut composer.notes);
    notes.extend(missing_notes(&automatic, &own, |header| spec.omits(header)));
    let socket = socket(&spec.socket, composer);
    let network = network::of_request(&spec.network, composer);
    let client = ClientOptions { network, ..sockets::client(&spec.client, composer) };
    let contract = sockets::contract(&spec.contract, composer);
    let unix_socket = sockets::unix_socket(&spec.unix_socket, composer);
    let sni = sockets::server_name(FieldId::new("tls").then("sni"), &spec.sni, composer);
    let tls = sockets::tls_choices(FieldId::new("tls"), &spec.tls, composer);
    let version = version(spec.version, url.as_deref(), composer);
    sockets::keep_alive_of_unix(&socket, unix_socket.is_some(), composer);
    if let Some(name) = &unix_socket {
        network::without_unix(&Endpoint::unix(name.clone()), &client.network, composer);
    }
    let is_sent = |header: AutomaticHeader| !spec.omits(header) && !has(&own, header.into_str());
    // A header of the user's own takes its place, and where it is switched off nothing is said.
    let auth = if is_sent(AutomaticHeader::Authorization) { auth } else { PlanAuth::None };
    let is_said = |(header, _): &(AutomaticHeader, _)| *header == AutomaticHeader::Authorization;
    let takes_login = is_sent(AutomaticHeader::Authorization)
        && spec.auth == Auth::None
        && !automatic.iter().any(is_said);
    let transfer = transfer::options(&spec.transfer, takes_login, composer);
    let automatic = automatic.into_iter().filter(|(header, _)| is_sent(*header));
    let automatic: Vec<_> =
        automatic.filter_map(|(header, value)| Some((header, value?))).collect();
    let headers = around(own, automatic);
    let length = if spec.omits(AutomaticHeader::ContentLength) {
        LengthHeader::Omitted
    } else {
        LengthHeader::Added
    };
    Some(HttpPlan {
        method,
        url: url?,
        headers,
        body,
        length,
        head_timeout: bound(spec.timeout),
        connect_timeout: CONNECT_TIMEOUT.min(bound(spec.timeout)),
        version,
        verify: spec.verify,
        trust: spec.trust.clone(),
        sni,
        tls,
        transfer,
        redirects: spec.redirects,
        auth,
        cookies: PlanCookies { is_on: spec.cookies, ..PlanCookies::default() },
        events: PlanEvents { reconnect: spec.reconnect },
        socket,
        client,
        unix_socket,
        new_connection: false,
        contract,
        notes,
    })
}

/// The headers of the user's own with automatic ones around them: the length comes last, where the engine puts that of
/// a file.
fn around(own: Headers, automatic: Vec<(AutomaticHeader, String)>) -> Headers {
    let (last, first): (Vec<_>, Vec<_>) =
        automatic.into_iter().partition(|(header, _)| *header == AutomaticHeader::ContentLength);
    let named = |(header, value): (AutomaticHeader, String)| (header.into_str().to_owned(), value);
    let mut headers: Headers = first.into_iter().map(named).collect();
    headers.extend(own);
    headers.extend(last.into_iter().map(named));
    headers
}

/// Without TLS nobody can ask whether the server speaks HTTP/2 (RFC 9113, section 3.3).
fn version(
    version: VersionChoice,
    url: Option<&str>,
    composer: &mut Composer<'_>,
) -> VersionChoice {
    if version == VersionChoice::Http2 && url.is_some_and(|url| url.starts_with("http:")) {
        let why = "HTTP/2 is agreed on in TLS, which http:// has not; 2-prior-knowledge speaks it without";
        composer.issue(FieldId::new("version"), why);
    }
    version
}

/// Whether no header of a composed request says what its body is.
pub(crate) fn has_no_type(plan: &HttpPlan) -> bool {
    !has(&plan.headers, "content-type")
}

/// Puts a body of so many bytes, which no preset holds, into a composed request: with its type, if that is
/// known and no header says another, and with its length, unless that is switched off or the body is sent
/// in chunks (RFC 9112, section 6.2: never both).
pub(crate) fn put_body(
    plan: &mut HttpPlan,
    body: PlanBody,
    length: u64,
    content_type: Option<&str>,
) {
    plan.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    if let Some(content_type) = content_type.filter(|_| has_no_type(plan)) {
        plan.headers.push((AutomaticHeader::ContentType.into_str().into(), content_type.into()));
    }
    if plan.length == LengthHeader::Added && !has(&plan.headers, "transfer-encoding") {
        plan.headers.push((AutomaticHeader::ContentLength.into_str().into(), length.to_string()));
    }
    plan.body = body;
}

/// The headers a request with this body brings along by itself, for the form. Nothing is checked.
pub(super) fn automatic(
    spec: &HttpSpec,
    body: &HttpBody,
    composer: &mut Composer<'_>,
) -> Vec<Automatic> {
    let Composed { automatic, own, .. } = compose(spec, body, composer);
    let shown = automatic.into_iter().filter(|(header, _)| !has(&own, header.into_str()));
    shown.map(|(header, value)| Automatic { header, value, omitted: spec.omits(header) }).collect()
}

fn compose(spec: &HttpSpec, written: &HttpBody, composer: &mut Composer<'_>) -> Composed {
    let method = composer.token(FieldId::new("method"), &spec.method);
    let Credentials { authorization, key, worked_out: mut auth } =
        credentials(&spec.auth, composer);
    let url = url(spec, key.as_ref(), composer);
    let mut own = headers(&spec.headers, composer, FieldId::new("headers"));
    let range = transfer::range(&spec.transfer, composer).filter(|_| !has(&own, "range"));
    own.extend(range.map(|range| ("Range".to_owned(), range)));
    put_key(&mut own, key);
    let given_type = value(&own, "content-type");
    let (body, content_type) = body(written, given_type, composer, FieldId::new("body"));
    with_boundary(&mut own, &body);
    let (url, parts, notes) =
        url.map_or((None, None, Vec::new()), |(url, parts, notes)| (Some(url), Some(parts), notes));
    if let Some(parts) = &parts {
        let host = UrlText::literal(&parts.authority).host;
        credentials::complete(&mut auth, (host, value(&own, "x-amz-date")), composer);
    }
    let userinfo = parts.as_ref().and_then(|parts| parts.userinfo.as_ref());
    let is_free = auth == PlanAuth::None;
    let userinfo = userinfo.filter(|_| is_free);
    let authorization =
        authorization.or_else(|| userinfo.map(|(user, pass)| credentials::basic(user, pass)));
    let fixed = |text: &str| Some(text.to_owned());
    let mut automatic = vec![
        (AutomaticHeader::Host, parts.map(|parts| parts.authority)),
        (AutomaticHeader::UserAgent, fixed(USER_AGENT)),
        (AutomaticHeader::Accept, fixed("*/*")),
        (AutomaticHeader::AcceptEncoding, fixed(ACCEPT_ENCODING)),
    ];
    if !is_free {
        // Of what the server asks for, or of the whole request.
        automatic.push((AutomaticHeader::Authorization, None));
    }
    let mut given = |header, value: Option<String>| {
        automatic.extend(value.map(|value| (header, Some(value))));
    };
    given(AutomaticHeader::Authorization, authorization);
    given(AutomaticHeader::ContentType, content_type);
    match &body {
        _ if has(&own, "transfer-encoding") => {}
        PlanBody::Bytes(bytes) => {
            let said = !bytes.is_empty() || *written != HttpBody::None || expects_body(&method);
            given(AutomaticHeader::ContentLength, said.then(|| bytes.len().to_string()));
        }
        // The engine knows the length of files when it opens them.
        PlanBody::File(_) | PlanBody::Multipart { .. } => {
            automatic.push((AutomaticHeader::ContentLength, None));
        }
    }
    Composed { method, url, automatic, own, body, auth, notes }
}

/// Puts a key that is a header or a cookie there, where the user wrote none of that name.
fn put_key(own: &mut Headers, key: Option<ApiKey>) {
    let Some(ApiKey { name, value, place }) = key else { return };
    match place {
        ApiKeyPlace::Header if !has(own, &name) => own.push((name, value)),
        ApiKeyPlace::Cookie => {
            let pair = format!("{name}={value}");
            match own.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("cookie")) {
                Some((_, cookies)) if cookies.is_empty() => *cookies = pair,
                Some((_, cookies)) => *cookies = format!("{cookies}; {pair}"),
                None => own.push(("Cookie".into(), pair)),
            }
        }
        ApiKeyPlace::Header | ApiKeyPlace::Query => {}
    }
}

/// The whole URL with the query rows, without user and password.
/// Whatever goes out otherwise than it was typed is noted.
fn url(
    spec: &HttpSpec,
    key: Option<&ApiKey>,
    composer: &mut Composer<'_>,
) -> Option<(String, UrlParts, Vec<String>)> {
    let count = composer.issues.len();
    let typed = composer.url(FieldId::new("url"), &spec.url);
    let mut query = Vec::new();
    let encode = |text: &str| utf8_percent_encode(text, COMPONENT).to_string();
    for (index, row) in spec.query.iter().enumerate().filter(|(_, row)| row.is_used()) {
        let place = FieldId::new("query").row(index);
        // Whatever a value holds is encoded.
        let name = composer.text(place.then("name"), &row.name);
        let value = composer.text(place.then("value"), &row.value);
        query.push(format!("{}={}", encode(name.as_str()), encode(value.as_str())));
    }
    if let Some(key) = key.filter(|key| key.place == ApiKeyPlace::Query) {
        query.push(format!("{}={}", encode(&key.name), encode(&key.value)));
    }
    if composer.issues.len() > count {
        return None;
    }
    let whole = normalise_url(&typed).and_then(|url| Ok((UrlParts::parse(&url)?, url)));
    let (mut parts, whole) =
        whole.map_err(|error| composer.issue(FieldId::new("url"), error)).ok()?;
    if !query.is_empty() {
        let separator = UrlText::literal(&parts.target).joint();
        parts.target = format!("{}{separator}{}", parts.target, query.join("&"));
    }
    // The origin has no user and password; they travel in a header.
    let scheme = UrlText::literal(&whole).scheme;
    let origin = zone::with(&format!("{scheme}://{}", parts.authority), parts.zone.as_deref());
    let url = format!("{origin}{}", parts.target);
    let notes = [encoded_note(&typed), fragment_note(&typed)];
    Some((url, parts, notes.into_iter().flatten().collect()))
}

/// The URL as it will be asked for; `None` = it cannot be.
pub(super) fn resolved_url(spec: &HttpSpec, composer: &mut Composer<'_>) -> Option<String> {
    let key = credentials(&spec.auth, composer).key;
    url(spec, key.as_ref(), composer).map(|(url, ..)| url)
}

/// Says what of a typed URL cannot stand in a request line as it is.
fn encoded_note(typed: &str) -> Option<String> {
    const SHOWN: usize = 5;
    let encoded = encoded_on_send(typed);
    let show = |c: &char| {
        let code = utf8_percent_encode(c.encode_utf8(&mut [0; 4]), COMPONENT).to_string();
        format!("'{c}' as {code}")
    };
    let shown: Vec<String> = encoded.iter().take(SHOWN).map(show).collect();
    let more = if encoded.len() > SHOWN { " and more" } else { "" };
    (!shown.is_empty()).then(|| {
        format!("a request line cannot hold all of the URL: sent {}{more}", shown.join(", "))
    })
}

/// Says what of a typed URL is not sent at all (RFC 9110, section 4.2.5).
fn fragment_note(typed: &str) -> Option<String> {
    let fragment = UrlText::literal(typed).fragment?;
    let shown: String = fragment.chars().take(40).collect();
    (!fragment.is_empty()).then(|| {
        format!("not sent: '#{shown}' of the URL, as nothing behind '#' is; write %23 for it")
    })
}

/// Says what comes of headers that are switched off, or stand there twice where peers take one.
fn missing_notes(
    automatic: &[(AutomaticHeader, Option<String>)],
    own: &Headers,
    is_off: impl Fn(AutomaticHeader) -> bool,
) -> Vec<String> {
    let of_name = |name: &str| own.iter().filter(|(it, _)| it.eq_ignore_ascii_case(name)).count();
    let hosts = of_name(AutomaticHeader::Host.into_str());
    let twice = (hosts > 1).then(|| {
        format!("Host is sent {hosts} times: a server answers that with 400 (RFC 9112, 3.2)")
    });
    let missing = automatic.iter().filter(|(header, _)| of_name(header.into_str()) == 0);
    let missing = missing.filter(|(header, _)| is_off(*header)).filter_map(|(header, value)| {
        // A body of nothing is no body with and without a length.
        let missed = header.missed().filter(|_| value.as_deref() != Some("0"))?;
        Some(format!("{} is not sent: {missed}", header.into_str()))
    });
    missing.chain(twice).collect()
}

fn headers(rows: &[NameValue], composer: &mut Composer<'_>, list: FieldId) -> Headers {
    let used = rows.iter().enumerate().filter(|(_, row)| row.is_used());
    used.map(|(index, row)| {
        let place = list.row(index);
        let name = composer.token(place.then("name"), &row.name);
        (name, composer.line(place.then("value"), &row.value))
    })
    .collect()
}

/// The value of the first header of this name.
pub(super) fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

/// Gives the type that the user wrote for a form of parts the boundary, without which nobody can read
/// them (as curl and `HTTPie` do).
pub(super) fn with_boundary(headers: &mut Headers, body: &PlanBody) {
    let PlanBody::Multipart { boundary, .. } = body else { return };
    let own = headers.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some((_, kind)) = own.filter(|(_, kind)| multipart::boundary_of(kind).is_none()) {
        *kind = format!("{kind}; boundary={boundary}");
    }
}

/// Whether there is a header of this name.
pub(super) fn has(headers: &Headers, name: &str) -> bool {
    value(headers, name).is_some()
}

/// Every issue goes to the composer; `None` when one leaves nothing to plan with.
pub(super) fn listener(
    spec: &HttpListenerSpec,
    composer: &mut Composer<'_>,
) -> Option<HttpListenerPlan> {
    let bind = stream_bind(&spec.bind, &spec.unix, composer);
    let tls = listener_tls(&spec.tls, composer);
    let socket = socket(&spec.socket, composer);
    sockets::keep_alive_of_unix(&socket, sockets::is_unix(bind.as_ref()), composer);
    let rules = rules(&spec.rules, composer);
    let answer = otherwise(&spec.answer, &spec.rules, composer);
    let contract = sockets::contract(&spec.contract, composer);
    if spec.mock && contract.is_none() {
        composer.issue(FieldId::new("mock"), "a mock answers by a contract; name its file");
    }
    let mocks = spec.mock;
    Some(HttpListenerPlan { bind: bind?, tls, socket, rules, answer, contract, mocks })
}
