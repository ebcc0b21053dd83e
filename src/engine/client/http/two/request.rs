//! From a plan to the request of HTTP/2 that says the same (RFC 9113, section 8.3). Pure.

use bytes::{BufMut as _, Bytes, BytesMut};
use http::header::{HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, Method, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::{Position, Url};

use crate::codec::printable::printable_str;
use crate::codec::zone;
use crate::engine::client::http::request;
use crate::model::exchange::{FieldLine, Head, HttpVersion, StartLine};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{HttpPlan, LengthHeader, PlanBody};

/// What is about one connection of HTTP/1, and malformed here (RFC 9113, section 8.2.2).
const OF_CONNECTION: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];
/// Their values go into no table of the server (RFC 7541, section 7.1.3).
const NEVER_INDEXED: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "set-cookie"];
/// What the library takes in no path.
const NOT_IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'^')
    .add(b'\\')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A request as HTTP/2 says it.
pub(crate) struct Http2Request {
    pub(crate) message: http::Request<()>,
    /// As the exchange shows it.
    pub(crate) head: Head,
    /// What of the plan goes out otherwise, in words.
    pub(crate) remarks: Vec<String>,
}

impl Http2Request {
    /// The request of a plan; `len` is the length of its body.
    ///
    /// # Errors
    /// What of it HTTP/2 cannot say.
    pub(crate) fn of(plan: &HttpPlan, len: u64) -> Result<Self, Failure> {
        let bad = |cause: String| {
            let failure = Failure::new(Stage::Compose, &*plan.url, FailureKind::Usage, cause);
            failure.hint("change it, or set the version to 1.1")
        };
        let method = Method::from_bytes(plan.method.as_bytes()).map_err(|_| {
            bad(format!("HTTP/2 cannot say the method '{}'", printable_str(&plan.method)))
        })?;
        if method == Method::CONNECT {
            return Err(bad("CONNECT is not spoken over HTTP/2 here".into()));
        }
        let mut remarks = Vec::new();
        let (fields, host) = headers(plan, len, &mut remarks).map_err(bad)?;
        let uri = uri(plan, host.as_deref(), &mut remarks).map_err(bad)?;
        let target = uri.path_and_query().map_or("/", PathAndQuery::as_str).to_owned();
        let head = shown(&method, &uri, &target, &fields);
        let mut message = http::Request::new(());
        (*message.method_mut(), *message.uri_mut()) = (method, uri);
        *message.headers_mut() = fields;
        *message.version_mut() = http::Version::HTTP_2;
        Ok(Http2Request { message, head, remarks })
    }
}

/// The fields, and the value of `Host`, which HTTP/2 says elsewhere.
fn headers(
    plan: &HttpPlan,
    len: u64,
    remarks: &mut Vec<String>,
) -> Result<(HeaderMap, Option<String>), String> {
    let (mut fields, mut host, mut left_out) = (HeaderMap::new(), None, Vec::new());
    for (name, value) in &request::headers(plan) {
        let lower = name.to_ascii_lowercase();
        let is_te = lower == "te" && !value.trim_ascii().eq_ignore_ascii_case(b"trailers");
        if lower == "host" {
            host.get_or_insert_with(|| String::from_utf8_lossy(value).trim().to_owned());
            continue;
        }
        if OF_CONNECTION.contains(&&*lower) || is_te {
            left_out.push(printable_str(name).into_owned());
            continue;
        }
        let key = HeaderName::from_bytes(lower.as_bytes())
            .map_err(|_| format!("HTTP/2 cannot say the header name '{}'", printable_str(name)))?;
        let mut text = HeaderValue::from_bytes(value).map_err(|_| {
            format!("HTTP/2 cannot say the value of the header {}", printable_str(name))
        })?;
        text.set_sensitive(NEVER_INDEXED.contains(&&*lower));
        fields
            .try_append(key, text)
            .map_err(|_| "there are too many headers for HTTP/2".to_owned())?;
    }
    let from_files = !matches!(plan.body, PlanBody::Bytes(_));
    if from_files && plan.length == LengthHeader::Added && !fields.contains_key("content-length") {
        fields.insert(http::header::CONTENT_LENGTH, len.into());
    }
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        let verb = if left_out.len() == 1 { "is" } else { "are" };
        remarks.push(format!("{names} {verb} not sent: HTTP/2 has no such header"));
    }
    Ok((fields, host))
}

/// Scheme, authority and path: what `Host` says is the authority, wherever the connection leads.
fn uri(plan: &HttpPlan, host: Option<&str>, remarks: &mut Vec<String>) -> Result<Uri, String> {
    let (bare, _) = zone::take(&plan.url);
    let url = Url::parse(&bare).map_err(|error| format!("this is no URL: {error}"))?;
    let own = &url[Position::BeforeHost..Position::AfterPort];
    let asked = host.filter(|host| !host.is_empty()).unwrap_or(own);
    let authority: Authority = asked
        .parse()
        .map_err(|_| format!("HTTP/2 cannot say the host '{}'", printable_str(asked)))?;
    let written = request::target(&plan.url);
    let path = PathAndQuery::try_from(written.as_str()).or_else(|_| {
        let encoded = utf8_percent_encode(&written, NOT_IN_PATH).to_string();
        remarks.push(format!("the path goes out as {encoded}"));
        PathAndQuery::try_from(encoded)
    });
    let path =
        path.map_err(|_| format!("HTTP/2 cannot say the path '{}'", printable_str(&written)))?;
    let scheme = if url.scheme() == "https" { Scheme::HTTPS } else { Scheme::HTTP };
    let mut parts = http::uri::Parts::default();
    (parts.scheme, parts.authority, parts.path_and_query) =
        (Some(scheme), Some(authority), Some(path));
    Uri::from_parts(parts).map_err(|error| format!("HTTP/2 cannot say this URL: {error}"))
}

/// As the exchange shows it: fields in the order they go out, those of the start line first.
fn shown(method: &Method, uri: &Uri, target: &str, fields: &HeaderMap) -> Head {
    let pseudo = [
        (":method", method.as_str()),
        (":scheme", uri.scheme_str().unwrap_or_default()),
        (":authority", uri.authority().map_or("", Authority::as_str)),
        (":path", target),
    ];
    let pseudo = pseudo.map(|(name, value)| FieldLine {
        name: Bytes::from_static(name.as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    });
    let regular = fields.iter().map(|(name, value)| FieldLine {
        name: Bytes::copy_from_slice(name.as_str().as_bytes()),
        value: Bytes::copy_from_slice(value.as_bytes()),
    });
    let fields: Vec<_> = pseudo.into_iter().chain(regular).collect();
    let version = HttpVersion::Http2;
    let raw = text(&format!("{method} {target} {}", version.name()), &fields);
    let start =
        StartLine::Request { method: method.to_string(), target: target.to_owned(), version };
    Head { raw, start, fields }
}

/// A head as text: HTTP/2 has none, and people read it so. What the first line says is not said again.
pub(super) fn text(start: &str, fields: &[FieldLine]) -> Bytes {
    let mut text = BytesMut::from(start);
    text.put_slice(b"\r\n");
    for FieldLine { name, value } in fields {
        if !matches!(name.as_ref(), b":method" | b":path" | b":status") {
            for part in [name.as_ref(), b": ", value, b"\r\n"] {
                text.put_slice(part);
            }
        }
    }
    text.put_slice(b"\r\n");
    text.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::http::request::tests::asked;

    fn made(plan: &HttpPlan) -> Http2Request {
        Http2Request::of(plan, 0).unwrap_or_else(|failure| panic!("{failure}"))
    }

    fn names(head: &Head) -> Vec<String> {
        head.fields.iter().map(|it| String::from_utf8_lossy(&it.name).into_owned()).collect()
    }

    #[test]
    fn names_are_in_small_letters_behind_those_of_the_start_line() {
        let mut plan = asked("GET", &[("Host", "b:81"), ("X-Odd", "1"), ("accept", "*/*")], b"");
        plan.url = "http://a:80/x?y=1".into();
        let request = made(&plan);
        assert_eq!(
            names(&request.head),
            [":method", ":scheme", ":authority", ":path", "x-odd", "accept"]
        );
        assert_eq!(request.head.field(":authority").unwrap(), "b:81", "what Host says");
        let text = "GET /x?y=1 HTTP/2\r\n:scheme: http\r\n:authority: b:81\r\nx-odd: 1\r\naccept: */*\r\n\r\n";
        assert_eq!(request.head.raw, text);
        assert_eq!(request.remarks, [""; 0]);
        plan.headers.clear();
        assert_eq!(made(&plan).head.field(":authority").unwrap(), "a", "what the URL says");
    }

    #[test]
    fn what_is_about_a_connection_is_left_out_by_name() {
        let headers =
            [("Connection", "x"), ("Transfer-Encoding", "chunked"), ("TE", "gzip"), ("A", "b")];
        let request = made(&asked("POST", &headers, b"x"));
        assert_eq!(names(&request.head)[4..], ["a"]);
        let words = "Connection, Transfer-Encoding, TE are not sent: HTTP/2 has no such header";
        assert_eq!(request.remarks, [words]);
        let request = made(&asked("POST", &[("te", "trailers"), ("Upgrade", "h2c")], b"x"));
        assert_eq!(names(&request.head)[4..], ["te"]);
        assert_eq!(request.remarks, ["Upgrade is not sent: HTTP/2 has no such header"]);
    }

    #[test]
    fn what_cannot_be_said_is_refused_in_words() {
        let why = |plan: &HttpPlan| Http2Request::of(plan, 0).err().unwrap().cause;
        assert!(why(&asked("GET", &[("a b", "c")], b"")).contains("header name 'a b'"));
        assert!(why(&asked("GET", &[("a", "c\r\nd: e")], b"")).contains("value of the header a"));
        assert!(why(&asked("G T", &[], b"")).contains("method 'G T'"));
        assert!(why(&asked("GET", &[("Host", "a b")], b"")).contains("host 'a b'"));
        assert!(why(&asked("CONNECT", &[], b"")).contains("CONNECT"));
    }

    #[test]
    fn secrets_go_into_no_table_and_paths_as_they_are_written() {
        let mut plan = asked("GET", &[("Authorization", "s"), ("X", "y")], b"");
        plan.url = "http://a/%7e/../{b}?q=|\"<".into();
        let request = made(&plan);
        let fields = request.message.headers();
        assert!(fields["authorization"].is_sensitive() && !fields["x"].is_sensitive());
        let path = request.message.uri().path_and_query().unwrap().as_str();
        assert!(path.starts_with("/%7e/../"), "{path}");
    }
}
