//! Files of requests (`.http`, `.rest`) in the dialects of VS Code, `JetBrains` and others.
//!
//! ```text
//! @host = example.com          a variable of the file
//! ### A name                   begins a request, of this name
//! # @name other                so does this
//! POST https://{{host}}/x      URLs go on in lines that are indented
//! Content-Type: text/plain
//!
//! a body, or `< file`          up to the next ###
//! > {% a script %}             which is kept and not run, as is {{ one of httpYac }}
//! ```

mod before;
mod body;
mod environments;
mod piece;
mod script;

use super::braces::ours;
use super::command;
use super::gathered::{FoundPreset, Gathered, untyped};
use super::tree::{ImportFault, ImportedVariable};
use crate::model::http::{Auth, AwsKeys, HttpSpec, known_method};
use crate::model::spec::{NameValue, Spec};
use before::{BeforeRequest, before};
pub(super) use environments::{environments, is_of_environments};
use piece::{DIALECT, RequestPiece, place_at};

/// What stands in the place of a method and is none of HTTP.
const OTHERS: [&str; 4] = ["WEBSOCKET", "GRPC", "RSOCKET", "WS"];

/// Whether a text looks like such a file.
pub(super) fn is_requests(text: &str) -> bool {
    text.lines()
        .take(200)
        .any(|line| is_request_line(line) || line.trim_end() == "###" || line.starts_with("### "))
}

/// Whether a request begins in a line.
fn is_request_line(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_url = |word: &str| word.starts_with("http://") || word.starts_with("https://");
    is_url(first)
        || (known_method(first) == Some(first) && (is_url(second) || second.starts_with("{{")))
}

/// Whether more than one request is in it, or they are told apart by lines as such files have them.
pub(super) fn is_of_many(text: &str) -> bool {
    let is_rule = |line: &str| line.trim_end() == "###" || line.starts_with("### ");
    text.lines().any(is_rule) || text.lines().filter(|line| is_request_line(line)).count() > 1
}

/// Reads all requests of a file.
pub(super) fn requests(text: &str, name: &str, out: &mut Gathered) -> Result<(), ImportFault> {
    let text = outdented(text);
    let mut variables = Vec::new();
    for piece in pieces(&text) {
        read(&piece, &mut variables, out)?;
    }
    out.folder(&[], variables, Vec::new());
    if out.count() == 0 {
        let short = name.rsplit('/').next().unwrap_or(name);
        out.left_out("files without a request", short);
    }
    Ok(())
}

/// The text without what all of its lines are indented by.
fn outdented(text: &str) -> String {
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let least = lines().map(indent).min().unwrap_or(0);
    if least == 0 {
        return text.to_owned();
    }
    // A blank line may be shorter than that.
    let line = |line: &str| line.split_at_checked(least).map_or("", |it| it.1).to_owned() + "\n";
    text.lines().map(line).collect()
}

fn pieces(text: &str) -> Vec<RequestPiece<'_>> {
    let mut found = vec![RequestPiece { line: 1, ..RequestPiece::default() }];
    for (at, line) in text.lines().enumerate() {
        if let Some(rest) = line.strip_prefix("###") {
            let name = rest.trim_start_matches('#').trim().to_owned();
            found.push(RequestPiece { name, line: at + 1, lines: Vec::new() });
        } else if let Some(piece) = found.last_mut() {
            piece.lines.push(line);
        }
    }
    found
}

fn read(
    piece: &RequestPiece<'_>,
    variables: &mut Vec<ImportedVariable>,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let BeforeRequest { name, mut notes, mut at, set } = before(piece, variables, out);
    let Some(first) = piece.lines.get(at) else { return Ok(()) };
    let place = if name.is_empty() { place_at(piece, at) } else { name.clone() };
    if first.trim_start().starts_with("curl ") {
        return command::one(&piece.lines[at..].join("\n"), piece.line + at, out);
    }
    let Some((method, mut url)) = start(first) else {
        out.changed("lines that begin no request", &place_at(piece, at), first.trim());
        return Ok(());
    };
    at += 1;
    // A URL may go on in lines that are indented.
    while let Some(more) = piece.lines.get(at) {
        let bare = more.trim_start();
        let is_comment = bare.starts_with('#') || bare.starts_with("//");
        let is_more = more.starts_with([' ', '\t']) && !bare.is_empty();
        if !(is_comment || is_more || bare.starts_with(['?', '&'])) {
            break;
        }
        if !is_comment {
            url.push_str(more.trim());
        }
        at += 1;
    }
    if let Some((bare, _)) = url.rsplit_once(" HTTP/") {
        url = bare.trim_end().to_owned();
    }
    if OTHERS.contains(&method.as_str()) {
        out.left_out("requests that are not HTTP", place);
        return Ok(());
    }
    let mut spec = HttpSpec { method, ..set };
    headers(&piece.lines, &mut at, &mut spec, out, &place);
    spec.url = ours(&with_host(&url, &mut spec.headers), DIALECT, out, &place);
    // What says something of the answer needs no empty line before it.
    let is_empty = piece.lines.get(at).is_some_and(|line| line.trim().is_empty());
    let rest: Vec<&str> = piece.lines.iter().skip(at + usize::from(is_empty)).copied().collect();
    body::body(&rest, &mut spec, &mut notes, out, &place);
    untyped(&mut spec);
    if spec.method == "GRAPHQL" {
        "POST".clone_into(&mut spec.method);
    }
    out.preset(FoundPreset { name, notes, place, ..FoundPreset::default() }, Spec::Http(spec))
}

/// The lines up to an empty one or one about the answer, which is where `at` is then.
fn headers(lines: &[&str], at: &mut usize, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    while let Some(line) = lines.get(*at).filter(|line| !line.trim().is_empty()) {
        let bare = line.trim();
        if script::is_of_answer(line) {
            break;
        }
        if let Some(made) = bare.strip_prefix("...") {
            out.changed("headers that scripts make", place, made);
        } else if !bare.starts_with('#') && !bare.starts_with("//") {
            let (name, value) = bare.split_once(':').unwrap_or((bare, ""));
            let value = ours(value.trim(), DIALECT, out, place);
            if let Some(auth) = typed_credentials(name, &value) {
                spec.auth = auth;
            } else if let Some(way) = worked_out(name, &value) {
                out.changed("credentials of a kind that is not there yet", place, way);
            } else {
                spec.headers.push(NameValue::new(ours(name.trim(), DIALECT, out, place), value));
            }
        }
        *at += 1;
    }
}

/// `Basic ann secret`, `Basic ann:secret` and `Digest ann secret`, which are worked out there when they are sent, and
/// `AWS key secret`, behind which token, region and service may stand.
fn typed_credentials(name: &str, value: &str) -> Option<Auth> {
    if !name.trim().eq_ignore_ascii_case("authorization") {
        return None;
    }
    let (scheme, typed) = value.split_once(char::is_whitespace)?;
    let is = |word: &str| scheme.eq_ignore_ascii_case(word);
    let typed = typed.trim();
    if is("aws") {
        return aws(typed);
    }
    // What a client worked out has parameters.
    let is_answer = is("digest") && typed.contains(['=', ',']);
    let (user, password) = typed.split_once([':', ' ', '\t']).filter(|_| !is_answer)?;
    let [user, password] = [user, password].map(|it| it.trim().to_owned());
    if is("digest") {
        return Some(Auth::Digest { user, password });
    }
    is("basic").then_some(Auth::Basic { user, password })
}

fn aws(typed: &str) -> Option<Auth> {
    let mut keys = AwsKeys::default();
    let mut plain = Vec::new();
    for word in typed.split_whitespace() {
        match word.split_once(':') {
            Some(("token", value)) => value.clone_into(&mut keys.session_token),
            Some(("region", value)) => value.clone_into(&mut keys.region),
            Some(("service", value)) => value.clone_into(&mut keys.service),
            _ => plain.push(word),
        }
    }
    let [access_key, secret_key] = *plain else { return None };
    let (access_key, secret_key) = (access_key.to_owned(), secret_key.to_owned());
    Some(Auth::Aws(AwsKeys { access_key, secret_key, ..keys }))
}

/// Credentials that are not sent as they are written: a header is worked out of them.
fn worked_out<'t>(name: &str, value: &'t str) -> Option<&'t str> {
    if !name.trim().eq_ignore_ascii_case("authorization") {
        return None;
    }
    let (scheme, typed) = value.split_once(char::is_whitespace)?;
    let is_made = !typed.contains(['=', ',']);
    let ways = ["digest", "aws", "ntlm", "oauth2", "openid"];
    (is_made && ways.iter().any(|way| scheme.eq_ignore_ascii_case(way))).then_some(scheme)
}

/// Method and URL of a request line; a URL alone is a GET.
fn start(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let bare = line.rsplit_once(" HTTP/").map_or(line, |(bare, _)| bare).trim();
    let (first, rest) = bare.split_once(char::is_whitespace).unwrap_or((bare, ""));
    let is_method = first.chars().all(|c| c.is_ascii_uppercase() || c == '-') && !rest.is_empty();
    if is_method {
        return Some((first.to_owned(), rest.trim().to_owned()));
    }
    let is_url =
        |text: &str| text.contains("://") || text.starts_with("{{") || text.starts_with('/');
    if let Some(method) = known_method(first).filter(|_| is_url(rest.trim())) {
        return Some((method.to_owned(), rest.trim().to_owned()));
    }
    let is_url = is_url(bare);
    (is_url && !bare.contains(": ")).then(|| ("GET".to_owned(), bare.to_owned()))
}

/// A URL that is only a path goes to the host of its header.
fn with_host(url: &str, headers: &mut Vec<NameValue>) -> String {
    if !(url.starts_with('/') || url == "*") {
        return url.to_owned();
    }
    let at = headers.iter().position(|row| row.name.eq_ignore_ascii_case("host"));
    let Some(at) = at else { return url.to_owned() };
    let host = headers.remove(at).value;
    let host = if host.contains("://") { host } else { format!("http://{host}") };
    let path = if url == "*" { "/*" } else { url };
    format!("{}{path}", host.trim_end_matches('/'))
}
