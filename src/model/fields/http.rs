//! The options of HTTP: a request, a listener, its answers, bodies and credentials.

use strum::VariantNames as _;

use super::check::{CAPTURE, EXPECT};
use super::session::{BIND, BIND_HELP, HISTORY, HISTORY_HELP};
use super::tls::{
    CA, CA_HELP, CA_PLACE, KEY, KEY_HELP, KEY_PLACE, OWN, OWN_HELP, OWN_PLACE, SNI, SNI_HELP,
    TRUST, TRUST_HELP, VERIFY, VERIFY_HELP, VERSIONS, VERSIONS_HELP,
};
use crate::model::field::FieldWidth::{Cells, Fill};
use crate::model::field::{FormTab, Options, Presence, Spelling, ValueKind, fields};
use crate::model::http::{
    ApiKey, Auth, AwsKeys, FormPart, HttpAnswer, HttpBody, HttpListenerSpec, HttpRule, HttpSpec,
    OFFERED_METHODS, PartSource, VersionChoice,
};
use crate::model::name_value::NameValue;
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::tls::TlsVersions;

const BODIES: &[&str] = &["none", "json", "text", "form", "multipart", "file", "hex", "escaped"];
pub(super) const HEADERS: &str = "\"Name: value\"; a leading ~ switches the row off. \"~User-Agent\" (Host, \
                       Accept, ...) keeps a header from being sent that is sent otherwise.";
/// What the contract of a session is called in its form, and what its rows say.
pub(super) const CONTRACT: &str = "Contract (an OpenAPI file)";
pub(super) const CONTRACT_PLACE: &str = "openapi.yaml; empty = none";
pub(super) const CONTRACT_HELP: &str = "Path of an OpenAPI file (2.0 to 3.2) that every exchange is held \
                                        against; what differs is marked.";
const OPTIONS: Option<FormTab> = Some(FormTab::Options);
const HEX: PayloadFormat = PayloadFormat::Hex;
const TEXT: PayloadFormat = PayloadFormat::Text;
const TYPED: &str = "type or paste; {{names}} are filled in";

impl Options for HttpSpec {
    fields! {
        "method", ValueKind::Word(OFFERED_METHODS), method, width: Some(Cells(9)),
            help: "One of the usual methods, or any other word.";
        "url", ValueKind::Address, url, width: Some(Fill(1)), presence: Presence::Written,
            placeholder: "http://host/path, :8080/path, or paste a curl command",
            help: "Where the request goes: a URL, host/path or :port/path.";
        "headers", ValueKind::List(Spelling::Header), headers, tab: Some(FormTab::Headers),
            placeholder: "Header", help: HEADERS;
        "query", ValueKind::List(Spelling::Pair), query, tab: Some(FormTab::Params),
            help: "\"name=value\", added to the URL's own; a leading ~ switches the row off.";
        "auth", ValueKind::Table, auth, tab: Some(FormTab::Auth);
        "timeout", ValueKind::Duration, timeout, tab: OPTIONS, label: "Timeout (head, silent body)",
            help: "Longest wait for the head, and longest silence inside the body; 0 = no bound, which is a day.";
        "version", ValueKind::Word(VersionChoice::VARIANTS), version, tab: OPTIONS, label: "HTTP version",
            help: "By auto the server chooses under TLS between HTTP/2 and HTTP/1.1; else it is HTTP/1.1. 1.0, 1.1 and \
                   2 (which needs TLS) are spoken or it fails; 2-prior-knowledge speaks HTTP/2 at once, without TLS too.";
        "verify", ValueKind::Flag, verify, tab: OPTIONS, label: VERIFY, help: VERIFY_HELP;
        "tls.trust", ValueKind::Word(&[]), trust, tab: OPTIONS, label: TRUST, help: TRUST_HELP;
        "tls.sni", ValueKind::Word(&[]), sni, tab: OPTIONS, label: SNI, help: SNI_HELP;
        "tls.ca", ValueKind::Word(&[]), [|http| Some(&http.tls.ca), |http| Some(&mut http.tls.ca)], tab: OPTIONS,
            is_path: true, label: CA, placeholder: CA_PLACE, help: CA_HELP;
        "tls.certificate", ValueKind::Word(&[]),
            [|http| Some(&http.tls.certificate), |http| Some(&mut http.tls.certificate)], tab: OPTIONS,
            is_path: true, label: OWN, placeholder: OWN_PLACE, help: OWN_HELP;
        "tls.key", ValueKind::Word(&[]), [|http| Some(&http.tls.key), |http| Some(&mut http.tls.key)], tab: OPTIONS,
            is_path: true, label: KEY, placeholder: KEY_PLACE, help: KEY_HELP;
        "tls.version", ValueKind::Choice(TlsVersions::VARIANTS),
            [|http| Some(&http.tls.versions), |http| Some(&mut http.tls.versions)], tab: OPTIONS,
            label: VERSIONS, help: VERSIONS_HELP;
        "redirects", ValueKind::Number { min: 0, max: 255 }, redirects, tab: OPTIONS,
            label: "Redirects followed at most",
            help: "Redirects followed at most; 0 follows none.";
        "cookies", ValueKind::Flag, cookies, tab: OPTIONS, label: "Cookies of the environment",
            help: "Whether cookies that answers set are taken into the jar of the environment, or of the run, and sent \
                   along where they fit, as a browser does.";
        "reconnect", ValueKind::Flag, reconnect, tab: OPTIONS, label: "Go on with a stream of events",
            help: "Whether a stream of Server-Sent Events is asked for again when its connection is over, behind the last \
                   event that came (Last-Event-ID).";
        "contract", ValueKind::Text, contract, tab: OPTIONS, label: CONTRACT, is_path: true,
            placeholder: CONTRACT_PLACE, help: CONTRACT_HELP;
        "keep", ValueKind::Flag, keep, tab: OPTIONS, label: "Keep answers on this disk",
            help: "Whether the answers of this preset are kept to be looked at later.";
        "unix-socket", ValueKind::Word(&[]), unix_socket, tab: OPTIONS,
            label: "Unix socket (path or @name)", placeholder: "connect to the host of the URL",
            help: "Path or @name of a Unix socket to connect to instead of the host of the URL; a redirect \
                   to another origin leads away from it.";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, client, tab: OPTIONS;
        "", ValueKind::Table, network, tab: OPTIONS;
        "", ValueKind::Table, [|http| Some(&*http.transfer), |http| Some(&mut *http.transfer)], tab: OPTIONS;
        "", ValueKind::Table, run, tab: OPTIONS;
        "body", ValueKind::Table, body, tab: Some(FormTab::Body), label: "Body";
        "", ValueKind::Table, expect, tab: EXPECT;
        "", ValueKind::Table, capture, tab: CAPTURE;
    }
}

impl Options for Auth {
    fields! {
        "", ValueKind::Variant(&["none", "basic", "bearer", "digest", "api-key", "aws"]), -, label: "Authorization",
            help: "How the request says who is asking.";
        "basic.user", ValueKind::Text, (Auth::Basic { user, .. } => user), when: Some("basic"),
            label: "User", help: "User name.";
        "basic.password", ValueKind::Secret, (Auth::Basic { password, .. } => password),
            when: Some("basic"), label: "Password", help: "Password; {{secret.name}} keeps it out of \
                                                            the file.";
        "bearer", ValueKind::Secret, (Auth::Bearer(token) => token), when: Some("bearer"),
            label: "Token", help: "Token; {{secret.name}} keeps it out of the file.";
        "digest.user", ValueKind::Text, (Auth::Digest { user, .. } => user), when: Some("digest"),
            label: "User", help: "User name, for the challenge of the server (RFC 7616).";
        "digest.password", ValueKind::Secret, (Auth::Digest { password, .. } => password),
            when: Some("digest"), label: "Password", help: "Password, which is never sent; {{secret.name}} keeps \
                                                             it out of the file.";
        "api-key.name", ValueKind::Text, (Auth::ApiKey(ApiKey { name, .. }) => name),
            when: Some("api-key"), label: "Name", placeholder: "X-API-Key",
            help: "Name of the header, parameter or cookie that holds the key.";
        "api-key.value", ValueKind::Secret, (Auth::ApiKey(ApiKey { value, .. }) => value),
            when: Some("api-key"), label: "Key", help: "The key; {{secret.name}} keeps it out of the file.";
        "api-key.in", ValueKind::Word(&["header", "query", "cookie"]),
            (Auth::ApiKey(ApiKey { place, .. }) => place), when: Some("api-key"), label: "Where it stands",
            help: "Where the key stands: header, query or cookie.";
        "aws.access-key", ValueKind::Text, (Auth::Aws(AwsKeys { access_key, .. }) => access_key),
            when: Some("aws"), label: "Access key", placeholder: "AKIA...",
            help: "Id of the key that requests are signed with (AWS Signature Version 4).";
        "aws.secret-key", ValueKind::Secret, (Auth::Aws(AwsKeys { secret_key, .. }) => secret_key),
            when: Some("aws"), label: "Secret key",
            help: "The key itself, which is never sent; {{secret.name}} keeps it out of the file.";
        "aws.session-token", ValueKind::Secret, (Auth::Aws(AwsKeys { session_token, .. }) => session_token),
            when: Some("aws"), label: "Session token", placeholder: "none", default: Some(""),
            help: "Token of keys that last for a while; empty = none.";
        "aws.region", ValueKind::Text, (Auth::Aws(AwsKeys { region, .. }) => region),
            when: Some("aws"), label: "Region", placeholder: "that of the host", default: Some(""),
            help: "Region that is asked, such as eu-west-1; empty = that of a host of amazonaws.com.";
        "aws.service", ValueKind::Text, (Auth::Aws(AwsKeys { service, .. }) => service),
            when: Some("aws"), label: "Service", placeholder: "that of the host", default: Some(""),
            help: "Service that is asked, such as s3; empty = that of a host of amazonaws.com.";
    }

    fn variant(&self) -> &'static str {
        self.into_str()
    }

    /// Keeps user and password where both kinds have them.
    fn switch(&mut self, word: &str) {
        let (user, password) = match std::mem::take(self) {
            Auth::Basic { user, password } | Auth::Digest { user, password } => (user, password),
            Auth::None | Auth::Bearer(_) | Auth::ApiKey(_) | Auth::Aws(_) => Default::default(),
        };
        *self = match word {
            "basic" => Auth::Basic { user, password },
            "bearer" => Auth::Bearer(String::new()),
            "digest" => Auth::Digest { user, password },
            "api-key" => Auth::ApiKey(ApiKey::default()),
            "aws" => Auth::Aws(AwsKeys::default()),
            _ => Auth::None,
        };
    }
}

impl Options for HttpBody {
    fields! {
        "", ValueKind::Variant(BODIES), -, takes_letters: true, help: "What the body is made of.";
        "text", ValueKind::Area, (HttpBody::Text(text) => text), when: Some("text"),
            placeholder: TYPED, help: "Text, sent as it is; {{names}} are filled in.";
        "json", ValueKind::Area, (HttpBody::Json(text) => text), when: Some("json"),
            placeholder: TYPED, help: "JSON, sent as it is written; {{names}} are filled in.";
        "form", ValueKind::List(Spelling::Pair), (HttpBody::Form(rows) => rows),
            when: Some("form"), placeholder: "field",
            help: "\"name=value\"; a leading ~ switches the row off.";
        "multipart", ValueKind::List(Spelling::Pair), (HttpBody::Multipart(parts) => parts),
            when: Some("multipart"),
            help: "\"name=value\" or a table, such as { name = \"photo\", file = \"a.png\" }.";
        "hex", ValueKind::Area, (HttpBody::Payload(Payload { text, format: HEX }) => text),
            when: Some("hex"),
            placeholder: "hex digits, or a pasted xxd, hexdump or Wireshark dump",
            help: "Hex digits, or a pasted xxd, hexdump -C or Wireshark dump.";
        "escaped", ValueKind::Area, (HttpBody::Payload(Payload { text, format: TEXT }) => text),
            when: Some("escaped"),
            placeholder: "text with \\r \\n \\xNN escapes; {{names}} are filled in",
            help: "Text with escapes such as \\r\\n and \\x00.";
        "file", ValueKind::Text, (HttpBody::File(path) => path), when: Some("file"), label: "File",
            is_path: true,
            help: "Path of a file, read when it is sent.";
    }

    fn variant(&self) -> &'static str {
        self.kind()
    }

    /// Keeps the text, and the rows of a form that both kinds of form can hold.
    fn switch(&mut self, kind: &str) {
        let text = match self {
            HttpBody::Text(text) | HttpBody::Json(text) | HttpBody::File(text) => text.clone(),
            HttpBody::Payload(payload) => payload.text.clone(),
            HttpBody::None | HttpBody::Form(_) | HttpBody::Multipart(_) => String::new(),
        };
        *self = match (kind, &*self) {
            ("json", _) => HttpBody::Json(text),
            ("text", _) => HttpBody::Text(text),
            ("form", HttpBody::Multipart(parts)) => HttpBody::Form(plain_rows(parts)),
            ("form", _) => HttpBody::Form(Vec::new()),
            ("multipart", HttpBody::Form(rows)) => {
                HttpBody::Multipart(rows.iter().cloned().map(FormPart::from).collect())
            }
            ("multipart", _) => HttpBody::Multipart(Vec::new()),
            ("escaped", _) => HttpBody::Payload(Payload { text, format: PayloadFormat::Text }),
            ("hex", _) => HttpBody::Payload(Payload { text, format: PayloadFormat::Hex }),
            ("file", _) => HttpBody::File(text),
            _ => HttpBody::None,
        };
    }
}

/// The parts that are plain fields; files are not.
fn plain_rows(parts: &[FormPart]) -> Vec<NameValue> {
    let texts = parts.iter().filter(|part| part.source == PartSource::Text);
    let row = |part: &FormPart| NameValue {
        enabled: part.enabled,
        ..NameValue::new(&*part.name, &*part.value)
    };
    texts.map(row).collect()
}

impl Options for HttpListenerSpec {
    fields! {
        "bind", ValueKind::Address, bind, placeholder: BIND, presence: Presence::Written,
            help: BIND_HELP;
        "tls", ValueKind::Table, tls, tab: OPTIONS, label: "TLS";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, unix, tab: OPTIONS;
        "contract", ValueKind::Text, contract, tab: OPTIONS, label: CONTRACT, is_path: true,
            placeholder: CONTRACT_PLACE, help: CONTRACT_HELP;
        "mock", ValueKind::Flag, mock, tab: OPTIONS, label: "The contract answers what no rule does",
            help: "Whether the contract answers, with its examples or what its schemas allow, what no rule does: \
                   a mock of the server it describes. Prefer: code=404 asks for another answer.";
        "history", ValueKind::Flag, history, tab: OPTIONS, label: HISTORY, help: HISTORY_HELP;
        "rule", ValueKind::List(Spelling::Headed), rules, tab: Some(FormTab::Answers),
            label: "+ answer for a method and path",
            help: "Tried in order; the first whose method, path and condition fit answers.";
        "", ValueKind::Table, answer, tab: Some(FormTab::Answers), label: "otherwise";
        "", ValueKind::Table, expect, tab: EXPECT;
    }
}

impl Options for HttpRule {
    fields! {
        "off", ValueKind::Off, enabled, width: Some(Cells(3)),
            help: "A rule that is kept and does not answer.";
        "method", ValueKind::Word(&[]), method, width: Some(Cells(7)), placeholder: "any",
            help: "Method of the requests that are answered so; empty = any.";
        "path", ValueKind::Word(&[]), path, width: Some(Fill(1)),
            placeholder: "/path, /users/{id}, * matches anything",
            help: "Path of the requests that are answered so, with a query if that matters; * matches any run of \
                   characters, {name} one part, and ~ begins a regular expression. Rules for the same requests answer one \
                   after the other, the last one stays.";
        "when", ValueKind::Text, when, label: "When", placeholder: "a filter; empty = every request",
            help: "Only requests that fit this filter: header.accept contains json, query.page == 2, json .user.id == 42, \
                   body contains 'x', peer == 10.0.0.0/8, state.cart == full.";
        "times", ValueKind::Number { min: 1, max: 1_000_000_000 }, times, label: "Answers so often", placeholder: "once, the last one always",
            help: "It answers so often, then the next one that fits. By default rules for the same requests answer once each, and the last one always.";
        "cycle", ValueKind::Flag, cycle, label: "Behind the last of these rules the first answers again",
            help: "Whether behind the last of the rules for the same method, path and condition the first answers again.";
        "set", ValueKind::List(Spelling::Pair), set, label: "Sets", placeholder: "name",
            help: "\"name=value\": is kept for conditions (state.name == value) and answers ({{state.name}}) until it is set anew.";
        "", ValueKind::Table, answer;
    }

    fn example() -> Self {
        HttpRule { path: "/".into(), ..HttpRule::default() }
    }
}

impl Options for HttpAnswer {
    fields! {
        "status", ValueKind::Number { min: 0, max: 65535 }, status, width: Some(Cells(6)),
            help: "Status code of the answer.";
        "delay", ValueKind::DurationRange, delay, width: Some(Cells(6)), label: "delay",
            help: "Waited before the first byte of the answer: 3s, or by chance between two times, 100ms..2s.";
        "headers", ValueKind::List(Spelling::Header), headers, placeholder: "Header", help: HEADERS;
        "body", ValueKind::Table, body, width: Some(Cells(11)), label: "body";
        "every", ValueKind::Duration, every, label: "Between events or lines of the body",
            help: "Waited before each event of a body of text/event-stream but the first, or before each line of another; 0 = it goes out as a whole.";
        "folder", ValueKind::Text, folder, label: "Folder", is_path: true, placeholder: "none; its files in place of a body",
            help: "Folder whose files are answered with, by what * took of the path or by all of it; of a folder its index.html.";
        "fault", ValueKind::Table, fault, label: "Fault on purpose";
    }
}
