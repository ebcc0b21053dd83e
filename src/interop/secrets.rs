//! What credentials look like in a text that is shown, copied or exported: never themselves.
//!
//! Snippets are written from a [`Plan`]. A caller that only shows one plans with [`named_scope`],
//! in which a secret is not its value but a mark with the name of an environment variable, and
//! passes the plan through [`masked`], which hides credentials that were typed in place. The
//! writers turn marks into `"$API_TOKEN"` or `os.environ["API_TOKEN"]`, so what they write runs
//! and gives nothing away.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::model::exchange::{Exchange, ExchangeState, FieldLine, Head, StartLine};
use crate::model::plan::{HttpPlan, Plan, PlanAuth};
use crate::model::preset::Scope;
use crate::model::secrets::{Disclosure, MASK, is_credential, is_secret_value, masked_value};
use crate::model::socket_options::ClientOptions;

/// Around the name of a variable: noncharacters of Unicode, which nobody types.
const MARK: (&str, &str) = ("\u{fdd0}", "\u{fdd1}");
/// The same, percent-encoded: the value of a variable that stands in a URL or a form.
const ENCODED_MARK: (&str, &str) = ("%EF%B7%90", "%EF%B7%91");
/// The end of a mark: a sign that rows of a query and forms encode and the rest of a URL does not, so that it tells
/// how the value goes out there.
const SIGN: &str = "!";
/// The end of one whose value is written as JSON.
const JSON_SIGN: &str = "!j";
/// The signs as they are written, and how a value stands there.
const SIGNS: [(&str, WrittenValue); 4] = [
    (SIGN, WrittenValue::AsIs),
    (JSON_SIGN, WrittenValue::InJson),
    ("%21", WrittenValue::Encoded),
    ("%21j", WrittenValue::Encoded),
];

/// Which values become names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedValues {
    /// Secrets of the environment file, and variables of the operating system.
    SecretsAndOs,
    Secrets,
}

/// A run of a text in a plan made with [`named_scope`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SecretRun<'a> {
    Text(&'a [u8]),
    /// The value of this variable, and how it is written there.
    Variable {
        name: &'a str,
        written: WrittenValue,
    },
}

/// How the value of a variable is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenValue {
    AsIs,
    /// Percent-encoded, whatever of it means something to a URL or a form.
    Encoded,
    /// Percent-encoded where a URL cannot hold it at all, and `#`, which would end it.
    InUrl,
    /// With the escapes of a string of JSON, whose quotes stand around it.
    InJson,
}

/// The same scope with names in place of values that nobody should see.
#[must_use]
pub fn named_scope(scope: &Scope, named: NamedValues) -> Scope {
    let mark = |name: &str| mark(&variable(name));
    let mut scope = scope.clone();
    scope.cover_programs(mark);
    let variables = scope.variables.iter_mut();
    let by_name = variables.filter(|(name, value)| is_secret_value(name, value));
    for (name, value) in by_name.chain(&mut scope.secrets) {
        *value = mark(name);
    }
    if named == NamedValues::SecretsAndOs {
        for (name, value) in &mut scope.os {
            *value = self::mark(&os_variable(name));
        }
    }
    scope
}

/// What stands for the value of the variable of this name in a text.
pub(super) fn mark(name: &str) -> String {
    format!("{}{name}{SIGN}{}", MARK.0, MARK.1)
}

/// A text with marks, which is to be written as JSON.
pub(super) fn for_json(text: &str) -> String {
    signed(text, JSON_SIGN)
}

/// The same text, of whose variables nobody says how they are written.
pub(super) fn unsigned(text: &str) -> String {
    signed(text, "")
}

fn signed(text: &str, sign: &str) -> String {
    let plain = |run: SecretRun<'_>| match run {
        SecretRun::Text(text) => String::from_utf8_lossy(text).into_owned(),
        SecretRun::Variable { name, .. } => format!("{}{name}{sign}{}", MARK.0, MARK.1),
    };
    runs(text.as_bytes()).into_iter().map(plain).collect()
}

/// The name in a mark, and how what stands for it was written.
fn marked(inner: &str, is_encoded: bool) -> (&str, WrittenValue) {
    let known = SIGNS.into_iter().find_map(|(sign, how)| Some((inner.strip_suffix(sign)?, how)));
    match known {
        // A sign that is none in a text that is encoded stands in a URL.
        Some((name, WrittenValue::AsIs | WrittenValue::InJson)) if is_encoded => {
            (name, WrittenValue::InUrl)
        }
        Some(known) => known,
        None => (inner, if is_encoded { WrittenValue::Encoded } else { WrittenValue::AsIs }),
    }
}

/// `api-token` as the name of an environment variable: `API_TOKEN`.
pub(super) fn variable(name: &str) -> String {
    let mut out: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    out
}

/// A variable of the operating system keeps its case; what no shell could name becomes `_`.
fn os_variable(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if plain && starts { name.to_owned() } else { variable(name) }
}

/// Whether a text holds a variable.
pub(super) fn has_variable(text: &[u8]) -> bool {
    runs(text).iter().any(|run| matches!(run, SecretRun::Variable { .. }))
}

/// The text between variables, and the variables.
pub(super) fn runs(text: &[u8]) -> Vec<SecretRun<'_>> {
    let mut runs = Vec::new();
    let mut rest = text;
    loop {
        let plain = find(rest, MARK.0).unwrap_or(usize::MAX);
        let encoded = find(rest, ENCODED_MARK.0).unwrap_or(usize::MAX);
        let (open, close) = if encoded < plain { ENCODED_MARK } else { MARK };
        let found = split(rest, open).and_then(|(before, after)| {
            let (name, after) = split(after, close)?;
            Some((before, std::str::from_utf8(name).ok()?, after))
        });
        let Some((before, name, after)) = found else { break };
        if !before.is_empty() {
            runs.push(SecretRun::Text(before));
        }
        let (name, written) = marked(name, encoded < plain);
        runs.push(SecretRun::Variable { name, written });
        rest = after;
    }
    if !rest.is_empty() {
        runs.push(SecretRun::Text(rest));
    }
    runs
}

fn find(text: &[u8], mark: &str) -> Option<usize> {
    memchr::memmem::find(text, mark.as_bytes())
}

fn split<'a>(text: &'a [u8], mark: &str) -> Option<(&'a [u8], &'a [u8])> {
    let (before, rest) = text.split_at_checked(find(text, mark)?)?;
    Some((before, rest.get(mark.len()..)?))
}

/// User and password of an `Authorization` of which one is a variable.
pub(super) fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = STANDARD.decode(encoded).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(decoded).ok().filter(|text| has_variable(text.as_bytes()))?;
    decoded.split_once(':').map(|(user, password)| (user.into(), password.into()))
}

/// The same plan without credentials in its headers.
#[must_use]
pub fn masked(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    match &mut plan {
        Plan::Http(HttpPlan { headers, auth, client, .. }) => {
            mask_headers(headers);
            mask_auth(auth);
            mask_proxy(client);
        }
        Plan::Tcp(plan) => mask_proxy(&mut plan.client),
        Plan::HttpListener(listener) => {
            mask_headers(&mut listener.answer.headers);
            for rule in &mut listener.rules {
                mask_headers(&mut rule.answer.headers);
            }
        }
        Plan::Ws(plan) => {
            mask_headers(&mut plan.handshake.headers);
            mask_auth(&mut plan.handshake.auth);
        }
        Plan::HttpRelay(_)
        | Plan::TcpListener(_)
        | Plan::TcpRelay(_)
        | Plan::Udp(_)
        | Plan::UdpListener(_)
        | Plan::UdpRelay(_)
        | Plan::WsListener(_) => {}
    }
    plan
}

/// What is worked out of secrets, without them; names of variables stay.
fn mask_auth(auth: &mut PlanAuth) {
    let secrets = match auth {
        PlanAuth::None => return,
        PlanAuth::Digest { password, .. } => vec![password],
        PlanAuth::Aws(keys) => vec![&mut keys.secret_key, &mut keys.session_token],
    };
    for secret in secrets {
        if !secret.is_empty() && !has_variable(secret.as_bytes()) {
            MASK.clone_into(secret);
        }
    }
}

/// The password of a proxy, or its user where that is all there is.
fn mask_proxy(client: &mut ClientOptions) {
    let Some(proxy) = client.network.proxies.named_mut() else { return };
    let (user, secret) = proxy.login.split_once(':').unwrap_or(("", &proxy.login));
    if !secret.is_empty() && !has_variable(secret.as_bytes()) {
        let colon = if proxy.login.contains(':') { ":" } else { "" };
        proxy.login = format!("{user}{colon}{MASK}");
    }
}

fn mask_headers(headers: &mut [(String, String)]) {
    for (name, value) in headers {
        if !is_credential(name) {
            continue;
        }
        // A value with a variable keeps its secret elsewhere, as it should.
        if has_variable(value.as_bytes()) || basic(value).is_some() {
            continue;
        }
        *value = masked_value(name, value);
    }
}

/// An exchange as an output may tell it.
#[must_use]
pub(crate) fn disclosed(exchange: &Exchange, disclosure: &Disclosure) -> Exchange {
    let mut exchange = exchange.clone();
    exchange.url = disclosure.words(&exchange.url);
    if let Some(proxy) = &mut exchange.proxy {
        *proxy = disclosure.words(proxy).into();
    }
    for words in &mut exchange.warnings {
        *words = disclosure.words(words);
    }
    if let Some(contract) = &mut exchange.contract {
        let contract = Arc::make_mut(contract);
        for words in contract.findings.iter_mut().chain(&mut contract.unchecked) {
            *words = disclosure.words(words);
        }
    }
    if let ExchangeState::Failed(failure) = exchange.state {
        let failure = disclosure.hidden().hide_failure(*failure);
        exchange.state = ExchangeState::Failed(Box::new(failure));
    }
    let messages = [Some(&mut exchange.request), exchange.response.as_mut()];
    for message in messages.into_iter().flatten() {
        disclose_head(&mut message.head, disclosure);
        disclose_fields(&mut message.body.trailers, disclosure);
    }
    for head in exchange.interim.iter_mut().chain(exchange.passed_on.as_deref_mut()) {
        disclose_head(head, disclosure);
    }
    exchange
}

fn disclose_head(head: &mut Head, disclosure: &Disclosure) {
    head.raw = disclosure.head(&head.raw).into();
    match &mut head.start {
        StartLine::Request { method, target, .. } => {
            (*method, *target) = (disclosure.words(method), disclosure.words(target));
        }
        StartLine::Response { reason, .. } => {
            *reason = disclosure.bytes(reason).into_owned().into();
        }
        StartLine::Unknown => {}
    }
    disclose_fields(&mut head.fields, disclosure);
}

fn disclose_fields(fields: &mut [FieldLine], disclosure: &Disclosure) {
    for field in fields {
        field.value = disclosure.value(&field.name, &field.value).into_owned().into();
        field.name = disclosure.bytes(&field.name).into_owned().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{AnswerPlan, PlanBody};

    #[test]
    fn secrets_and_typed_credentials_do_not_survive_masking() {
        let mut scope = Scope::default();
        scope.secrets.insert("api-token".into(), "hunter2".into());
        scope.os.insert("HOME".into(), "/home/ann".into());
        let named = named_scope(&scope, NamedValues::SecretsAndOs);
        assert!(!format!("{named:?}").contains("hunter2"));
        let value = &named.secrets["api-token"];
        assert_eq!(
            runs(value.as_bytes()),
            [SecretRun::Variable { name: "API_TOKEN", written: WrittenValue::AsIs }]
        );
        assert_eq!(
            runs(named.os["HOME"].as_bytes()),
            [SecretRun::Variable { name: "HOME", written: WrittenValue::AsIs }]
        );
        assert_eq!(named_scope(&scope, NamedValues::Secrets).os["HOME"], "/home/ann");

        let mut headers = vec![
            ("AUTHORIZATION".to_string(), "Bearer hunter2".to_string()),
            ("Cookie".to_string(), "sid=hunter2; a=b".to_string()),
            ("Accept".to_string(), "*/*".to_string()),
            ("X-Api-Key".to_string(), value.clone()),
        ];
        mask_headers(&mut headers);
        assert_eq!(headers[0].1, "Bearer ********");
        assert_eq!(headers[1].1, "********");
        assert_eq!(headers[2].1, "*/*");
        assert_eq!(headers[3].1, *value);
    }

    #[test]
    fn variables_are_found_in_plain_and_in_encoded_text() {
        let text = "a\u{fdd0}X\u{fdd1}b%EF%B7%90Y%EF%B7%91";
        let variable = |name, written| SecretRun::Variable { name, written };
        let expected = [
            SecretRun::Text(b"a"),
            variable("X", WrittenValue::AsIs),
            SecretRun::Text(b"b"),
            variable("Y", WrittenValue::Encoded),
        ];
        assert_eq!(runs(text.as_bytes()), expected);
        let encoded = |text: &str| {
            let set = percent_encoding::NON_ALPHANUMERIC;
            percent_encoding::utf8_percent_encode(text, set).to_string()
        };
        let url = |text: &str| {
            crate::compose::address::normalise_url(&format!("http://h/{text}")).unwrap()
        };
        for (text, written) in [
            (mark("a-b"), WrittenValue::AsIs),
            (encoded(&mark("a")), WrittenValue::Encoded),
            (for_json(&mark("a")), WrittenValue::InJson),
            (url(&mark("a")), WrittenValue::InUrl),
            (encoded(&for_json(&mark("a"))), WrittenValue::Encoded),
            (url(&for_json(&mark("a"))), WrittenValue::InUrl),
            (unsigned(&mark("a")), WrittenValue::AsIs),
        ] {
            let found = runs(text.as_bytes());
            let found = found.iter().find(|run| !matches!(run, SecretRun::Text(_)));
            let Some(SecretRun::Variable { name, written: how }) = found else { panic!("{text}") };
            assert!(["a", "a-b"].contains(name) && *how == written, "{text}: {found:?}");
        }
        assert_eq!(runs("\u{fdd0}open".as_bytes()), [SecretRun::Text("\u{fdd0}open".as_bytes())]);
        assert!(!has_variable(b"plain"));
    }

    #[test]
    fn the_answers_of_a_listener_are_masked_too() {
        let answer = AnswerPlan {
            status: 200,
            headers: vec![("Set-Cookie".into(), "sid=hunter2".into())],
            body: PlanBody::Bytes(bytes::Bytes::new()),
            delay: std::time::Duration::ZERO,
            more: crate::model::http_answer::AnswerMore::default(),
        };
        let plan = Plan::HttpListener(crate::model::plan::HttpListenerPlan {
            contract: None,
            mocks: false,
            bind: crate::model::endpoint::Bind::Loopback { port: 1 },
            tls: crate::model::tls::ListenerTls::Off,
            rules: Vec::new(),
            answer,
            socket: crate::model::socket_options::SocketOptions::default(),
        });
        assert!(!format!("{:?}", masked(&plan)).contains("hunter2"));
    }
}
