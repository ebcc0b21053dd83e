//! HTTP clients with `requests` and with `urllib.request`.

use std::fmt::Write;

use super::literal::{bytes, header, imports, lines, multipart, only, opened, seconds, text};
use crate::interop::network_words;
use crate::interop::socket_options;
use crate::interop::wire_request::WireRequest;
use crate::model::http::VersionChoice;
use crate::model::plan::{HttpPlan, PartContent, PlanAuth, PlanBody};
use crate::model::trust::Verify;
use crate::model::url_text::UrlText;

/// Which library an HTTP client is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Library {
    #[default]
    Requests,
    Urllib,
}

/// The whole script; `requests` is kept from adding headers of its own that the plan has not.
pub(super) fn write(plan: &HttpPlan, library: Library) -> String {
    let wire = WireRequest::new(plan);
    match library {
        Library::Requests => requests(&wire),
        Library::Urllib => urllib(&wire),
    }
}

/// Headers `requests` sends unless it is told not to. Those of the first list are added by the
/// library below it, which knows a mark that means "none".
const SKIPPED: [&str; 3] = ["Host", "User-Agent", "Accept-Encoding"];
const OWN: [&str; 1] = ["Accept"];

const NO_REDIRECTS: &str = "

class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


";

fn requests(wire: &WireRequest<'_>) -> String {
    let plan = wire.plan;
    let skips = wire.missing(&SKIPPED).next().is_some();
    let skip = only(skips, "from urllib3.util import SKIP_HEADER\n");
    let (method, url, timeout) = (&*plan.method, text(&plan.url), seconds(plan.head_timeout));
    let known = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].contains(&method);
    let prepared = !known && method != method.to_ascii_uppercase();
    let written = text(method);
    let (call, send) = if known {
        (format!("response = requests.{}(", method.to_ascii_lowercase()), String::new())
    } else if prepared {
        // requests makes methods upper-case; a prepared request keeps what it is told.
        let request = "session = requests.Session()\nrequest = requests.Request(\n    \"GET\",";
        let send = "response = session.send(\n    request,\n";
        (request.into(), format!(").prepare()\nrequest.method = {written}\n{send}"))
    } else {
        (format!("response = requests.request(\n    {written},"), String::new())
    };
    let mut entries = header_entries(wire);
    entries.extend(wire.missing(&SKIPPED).map(|name| (text(name), "SKIP_HEADER".to_owned())));
    if !prepared {
        entries.extend(wire.missing(&OWN).map(|name| (text(name), "None".to_owned())));
    }
    let headers = dictionary(wire, &entries);
    let body = requests_body(wire);
    let mut auth = wire.basic().map_or(String::new(), |(user, password)| {
        format!("    auth=({}, {}),\n", text(&user), text(&password))
    });
    let digest = wire.digest();
    if let Some((user, password)) = digest {
        auth = format!("    auth=HTTPDigestAuth({}, {}),\n", text(user), text(password));
    }
    let digest = only(digest.is_some(), "from requests.auth import HTTPDigestAuth\n");
    let redirects = only(plan.redirects == 0, "    allow_redirects=False,\n");
    let verify = only(plan.verify == Verify::Off, "    verify=False,\n");
    let rewritten =
        "# requests writes the URL in another way: dots of its path, signs that no URL has\n";
    let left_out = left_out(plan) + only(is_rewritten(&plan.url), rewritten);
    format!(
        "{left_out}import requests
{digest}{skip}
{call}
    {url},
{headers}{body}{auth}{send}    timeout={timeout},
{redirects}{verify})
print(response.status_code, response.reason)
for name, value in response.headers.items():
    print(f\"{{name}}: {{value}}\")
print()
print(response.text)
"
    )
}

/// Whether the library below `requests` sends another URL than this one.
fn is_rewritten(url: &str) -> bool {
    let parts = UrlText::literal(url);
    let has_dots = parts.path.split('/').any(|segment| [".", ".."].contains(&segment));
    let is_odd = |c: char| "\"<>\\^`{|}".contains(c);
    has_dots || parts.query == Some("") || url.split_at(parts.path_at).1.contains(is_odd)
}

/// Says what the scripts leave out: neither library has a word for it.
fn left_out(plan: &HttpPlan) -> String {
    let trust = format!("# accepted by its hash in wirebench, not here: {}\n", plan.trust);
    let trust = only(!plan.trust.0.is_empty(), &trust);
    let socket = plan.unix_socket.as_ref().map_or_else(String::new, |name| {
        format!(
            "# goes through {name} in wirebench; this library connects to the host of the URL\n"
        )
    });
    let signed = "# signed for AWS in wirebench, not here: neither library does that\n";
    let signed = only(matches!(plan.auth, PlanAuth::Aws(_)), signed);
    let version = match plan.version {
        VersionChoice::Auto | VersionChoice::Http11 => String::new(),
        other => format!("# asks for HTTP {other} in wirebench; this library speaks HTTP/1.1\n"),
    };
    trust.to_owned()
        + signed
        + &version
        + &socket
        + &socket_options::left_out(&plan.client, &plan.socket)
        + &network_words::left_out_of_request(plan)
}

fn requests_body(wire: &WireRequest<'_>) -> String {
    if let PlanBody::Multipart { parts, .. } = &wire.plan.body {
        let mut out = String::from("    files=[\n");
        for part in parts {
            let content = match &part.content {
                PartContent::Bytes(content) => bytes(content),
                PartContent::File(path) => opened(path),
            };
            let name = part.file_name.as_deref().map_or_else(|| "None".to_owned(), text);
            let kind = part.content_type.as_deref().map(|kind| format!(", {}", text(kind)));
            let _ = writeln!(
                out,
                "        ({}, ({name}, {content}{})),",
                text(&part.name),
                kind.unwrap_or_default()
            );
        }
        out.push_str("    ],\n");
        return out;
    }
    let Some(body) = body(wire) else { return String::new() };
    // An iterator is sent in chunks.
    let body = if wire.chunked { format!("iter([{body}])") } else { body };
    format!("    data={body},\n")
}

fn urllib(wire: &WireRequest<'_>) -> String {
    let plan = wire.plan;
    let unverified = plan.verify == Verify::Off;
    let basic = wire.basic();
    // Without its length a file would go in chunks.
    let measured = match &plan.body {
        PlanBody::File(path) if !wire.chunked => Some(path.display().to_string()),
        _ => None,
    };
    let imports = imports(&[
        ("base64", basic.is_some()),
        ("os", measured.is_some()),
        ("ssl", unverified),
        ("urllib.error", true),
        ("urllib.request", true),
    ]);
    let (url, method, timeout) = (text(&plan.url), text(&plan.method), seconds(plan.head_timeout));
    let mut entries = header_entries(wire);
    let form_type = plan.headers.iter().find(|(name, value)| wire.is_form_type(name, value));
    entries.extend(form_type.map(|(name, value)| (header(name), header(value))));
    entries
        .extend(measured.map(|path| {
            (text("Content-Length"), format!("str(os.path.getsize({}))", text(&path)))
        }));
    entries.extend(basic.map(|(user, password)| {
        let credentials = format!("({} + \":\" + {})", text(&user), text(&password));
        let encoded = format!("base64.b64encode({credentials}.encode()).decode()");
        (text("Authorization"), format!("\"Basic \" + {encoded}"))
    }));
    let headers = dictionary(wire, &entries);
    let data = body(wire).map_or(String::new(), |body| {
        if wire.chunked { format!("    data=[{body}],\n") } else { format!("    data={body},\n") }
    });
    let context = "context = ssl._create_unverified_context()  # whatever certificate it is\n";
    let context = only(unverified, context);
    let no_redirects = only(plan.redirects == 0, NO_REDIRECTS);
    let mut handlers = Vec::new();
    handlers.extend(unverified.then_some("urllib.request.HTTPSHandler(context=context)"));
    handlers.extend((plan.redirects == 0).then_some("NoRedirects"));
    let passwords = passwords(wire);
    handlers
        .extend(passwords.is_some().then_some("urllib.request.HTTPDigestAuthHandler(passwords)"));
    let passwords = passwords.unwrap_or_default();
    let (handlers, left_out) = (handlers.join(", "), left_out(plan));
    let anonymous = only(!wire.has("User-Agent"), "opener.addheaders = []  # no User-Agent\n");
    format!(
        "{left_out}{imports}
request = urllib.request.Request(
    {url},
    method={method},
{headers}{data})
{context}{no_redirects}{passwords}opener = urllib.request.build_opener({handlers})
{anonymous}try:
    response = opener.open(request, timeout={timeout})
except urllib.error.HTTPError as error:
    response = error  # 4xx and 5xx are answers too
with response:
    print(response.status, response.reason)
    print(response.headers)
    print(response.read().decode(errors=\"replace\"))
"
    )
}

/// Who answers a server that asks for a digest.
fn passwords(wire: &WireRequest<'_>) -> Option<String> {
    let (user, password) = wire.digest()?;
    let (user, password) = (text(user), text(password));
    Some(format!(
        "passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()\n\
         passwords.add_password(None, request.full_url, {user}, {password})\n"
    ))
}

/// Names and values as Python writes them; a name that occurs twice is joined, as neither library
/// can send it twice.
fn header_entries(wire: &WireRequest<'_>) -> Vec<(String, String)> {
    let mut joined: Vec<(&str, String)> = Vec::new();
    for (name, value) in wire.headers().filter(|(name, value)| !wire.is_form_type(name, value)) {
        if wire.chunked && name.eq_ignore_ascii_case("transfer-encoding") {
            continue;
        }
        match joined.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, known)) => {
                known.push_str(if name.eq_ignore_ascii_case("cookie") { "; " } else { ", " });
                known.push_str(value);
            }
            None => joined.push((name, value.into())),
        }
    }
    joined.into_iter().map(|(name, value)| (header(name), header(&value))).collect()
}

fn dictionary(wire: &WireRequest<'_>, entries: &[(String, String)]) -> String {
    if entries.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    if !wire.repeated().is_empty() {
        out.push_str("    # a dictionary holds a name once, so repeated headers are joined\n");
    }
    out.push_str("    headers={\n");
    for (name, value) in entries {
        let _ = writeln!(out, "        {name}: {value},");
    }
    out.push_str("    },\n");
    out
}

fn body(wire: &WireRequest<'_>) -> Option<String> {
    match &wire.plan.body {
        PlanBody::File(path) => Some(opened(path)),
        PlanBody::Multipart { boundary, parts } => Some(multipart(boundary, parts, 4)),
        PlanBody::Bytes(_) => wire.body.map(|body| lines(body, 4)),
    }
}
