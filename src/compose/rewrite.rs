//! Plans of rules that change what a relay passes on.

use super::session::explain;
use super::sockets::{client_tls, file};
use super::text::Composer;
use crate::codec::byte_regex::of_bytes;
use crate::codec::http1::status::has_no_content;
use crate::compose::template::Mode;
use crate::model::endpoint::Endpoint;
use crate::model::field_id::FieldId;
use crate::model::http_relay::HostHeader;
use crate::model::plan::OriginPlan;
use crate::model::rewrite::{
    RewriteChange, RewriteEdit, RewriteFrom, RewriteNeedle, RewritePlan, RewriteSpec,
};
use crate::model::tls::ClientTls;
use crate::model::url_text::UrlText;
use crate::query::Filter;

/// Say where a message ends, which the relay makes right by itself.
const FRAMING: [&str; 2] = ["content-length", "transfer-encoding"];

/// The rules that are on. `onward`: TLS of an HTTP relay towards servers; `None` = it passes on bytes.
pub(super) fn rewrites(
    list: &[RewriteSpec],
    onward: Option<&ClientTls>,
    composer: &mut Composer<'_>,
) -> Vec<RewritePlan> {
    let mut plans = Vec::new();
    for (row, rule) in list.iter().enumerate().filter(|(_, rule)| rule.enabled) {
        let place = FieldId::new("rewrite").row(row);
        let name: &'static str = rule.change.kind().into();
        let Some(edit) = edit(&rule.change, place, onward, composer) else { continue };
        if onward.is_none() && !edit.is_of_bytes() {
            let message = format!(
                "{name} is of HTTP; of bytes there are replace, replace-hex and replace-regex"
            );
            composer.issue(place.then(name), message);
        }
        let (of_client, of_server) = of_whom(rule.from, &edit);
        if of_client && is_of_answers(&edit) {
            let message = format!("{name} is about answers; leave it auto or server");
            composer.issue(place.then("from"), message);
        }
        if of_server && is_of_requests(&edit) {
            let message = format!("{name} is about requests; leave it auto or client");
            composer.issue(place.then("from"), message);
        }
        let when = when(place.then("when"), rule, of_client && !edit.is_of_bytes(), composer);
        plans.push(RewritePlan { number: row + 1, of_client, of_server, when, edit });
    }
    plans
}

fn of_whom(from: RewriteFrom, edit: &RewriteEdit) -> (bool, bool) {
    match from {
        RewriteFrom::Auto if is_of_answers(edit) => (false, true),
        RewriteFrom::Auto => (true, edit.is_of_bytes()),
        RewriteFrom::Both => (true, true),
        RewriteFrom::Client => (true, false),
        RewriteFrom::Server => (false, true),
    }
}

fn is_of_answers(edit: &RewriteEdit) -> bool {
    matches!(edit, RewriteEdit::SetStatus { .. })
}

fn is_of_requests(edit: &RewriteEdit) -> bool {
    match edit {
        RewriteEdit::ReplacePath { .. }
        | RewriteEdit::MapHost { .. }
        | RewriteEdit::LocalFile { .. } => true,
        RewriteEdit::SetHeader { .. }
        | RewriteEdit::AddHeader { .. }
        | RewriteEdit::RemoveHeader { .. }
        | RewriteEdit::SetStatus { .. }
        | RewriteEdit::Replace { .. } => false,
    }
}

/// An expression is checked here and read again where it is asked.
fn when(
    place: FieldId,
    rule: &RewriteSpec,
    asks_requests: bool,
    composer: &mut Composer<'_>,
) -> Option<String> {
    let text = composer.line(place, &rule.when);
    let text = text.trim();
    match Filter::parse(text) {
        Err(error) => composer.issue(place, error.to_string()),
        Ok(filter) => {
            if let Some(field) = filter.known_late() {
                composer.issue(place, format!("{field} is not known before it is passed on"));
            }
            if asks_requests && filter.asks_status() {
                let message = "a request has no status yet; write from=server for the answer";
                composer.issue(place, message);
            }
        }
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// `None` after an issue without which there is nothing to do.
fn edit(
    change: &RewriteChange,
    place: FieldId,
    onward: Option<&ClientTls>,
    composer: &mut Composer<'_>,
) -> Option<RewriteEdit> {
    let field = place.then(change.kind().into());
    let with_field = place.then("with");
    Some(match change {
        RewriteChange::SetHeader(line) => {
            let (name, value) = header(field, line, composer)?;
            RewriteEdit::SetHeader { name, value }
        }
        RewriteChange::AddHeader(line) => {
            let (name, value) = header(field, line, composer)?;
            RewriteEdit::AddHeader { name, value }
        }
        RewriteChange::RemoveHeader(name) => {
            let name = composer.token(field, name.trim().trim_end_matches(':'));
            unless_framing(field, &name, composer);
            RewriteEdit::RemoveHeader { name }
        }
        RewriteChange::SetStatus(status) => set_status(field, *status, composer),
        RewriteChange::Replace { text, with } => {
            let what = composer.escaped(field, text, Mode::Payload);
            let with = composer.escaped(with_field, with, Mode::Payload);
            replace(field, what, with, composer)?
        }
        RewriteChange::ReplaceHex { hex, with } => {
            let what = composer.escaped(field, hex, Mode::Hex);
            let with = composer.escaped(with_field, with, Mode::Hex);
            replace(field, what, with, composer)?
        }
        RewriteChange::ReplaceRegex { regex, with } => {
            let regex = expression(field, regex, (with_field, with), composer)?;
            let with = composer.escaped(with_field, with, Mode::Payload).into();
            RewriteEdit::Replace { what: RewriteNeedle::Regex(regex), with }
        }
        RewriteChange::ReplacePath { regex, with } => {
            let regex = expression(field, regex, (with_field, with), composer)?;
            RewriteEdit::ReplacePath { regex, with: composer.line(with_field, with) }
        }
        RewriteChange::MapHost { host, to, told } => {
            let host = host_pattern(field, host, composer);
            let way = MappedWay { asked: &host, told: *told, onward };
            let to = server(place.then("to"), to, &way, composer)?;
            RewriteEdit::MapHost { host, to, told: *told }
        }
        RewriteChange::LocalFile { file: path, under } => {
            let file = file(field, path, composer);
            let under = composer.line(place.then("under"), under);
            if !under.starts_with('/') {
                composer.issue(place.then("under"), "a path begins with /");
            }
            RewriteEdit::LocalFile { file, under }
        }
    })
}

/// What follows the head of an answer stays what it is, so its new status has a body.
fn set_status(field: FieldId, status: u16, composer: &mut Composer<'_>) -> RewriteEdit {
    if has_no_content("", status) {
        let message = format!("a {status} has no body; an answer that has one cannot become it");
        composer.issue(field, message);
    }
    RewriteEdit::SetStatus { status }
}

fn replace(
    field: FieldId,
    what: Vec<u8>,
    with: Vec<u8>,
    composer: &mut Composer<'_>,
) -> Option<RewriteEdit> {
    if what.is_empty() {
        composer.issue(field, "there is nothing to look for");
        return None;
    }
    let what = RewriteNeedle::Bytes(what.into());
    Some(RewriteEdit::Replace { what, with: with.into() })
}

/// `Name: value`
fn header(field: FieldId, line: &str, composer: &mut Composer<'_>) -> Option<(String, String)> {
    let line = composer.line(field, line);
    let Some((name, value)) = line.split_once(':') else {
        composer.issue(field, "a header is written Name: value");
        return None;
    };
    let name = composer.token(field, name.trim());
    unless_framing(field, &name, composer);
    Some((name, value.trim().to_owned()))
}

fn unless_framing(field: FieldId, name: &str, composer: &mut Composer<'_>) {
    if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
        let message =
            format!("{name} says where a message ends; the relay makes it right by itself");
        composer.issue(field, message);
    }
}

/// A regular expression, and whether what takes its place names groups that it has.
fn expression(
    field: FieldId,
    regex: &str,
    (with_field, with): (FieldId, &str),
    composer: &mut Composer<'_>,
) -> Option<String> {
    let source = of_bytes(&composer.line(field, regex)).into_owned();
    let regex = match regex::bytes::Regex::new(&source) {
        Ok(regex) => regex,
        Err(error) => {
            composer.issue(field, explain(&error));
            return None;
        }
    };
    if regex.is_match(b"") {
        composer.issue(field, "it fits nothing at all, which stands everywhere");
        return None;
    }
    let is_there = |name: &str| match name.parse::<usize>() {
        Ok(number) => number < regex.captures_len(),
        Err(_) => regex.capture_names().flatten().any(|known| known == name),
    };
    for name in groups(with).into_iter().filter(|name| !is_there(name)) {
        let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
        let rest = name.split_at(digits.len()).1;
        let hint = match (digits.as_str(), rest) {
            ("", _) | (_, "") => "write $$ for a $".to_owned(),
            (digits, rest) => format!("write ${{{digits}}}{rest}, or $$ for a $"),
        };
        composer.issue(with_field, format!("the expression has no group '{name}'; {hint}"));
    }
    Some(source)
}

/// The groups that a text names: `$1`, `$name`, `${name}`.
fn groups(text: &str) -> Vec<&str> {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some((_, after)) = rest.split_once('$') {
        if let Some(after) = after.strip_prefix('$') {
            rest = after;
            continue;
        }
        let inside = after.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let (name, behind) = inside.unwrap_or_else(|| after.split_at(end.unwrap_or(after.len())));
        found.extend(Some(name).filter(|name| !name.is_empty()));
        rest = behind;
    }
    found
}

/// `host`, `*.domain`, `*`, with a port or without.
fn host_pattern(field: FieldId, host: &str, composer: &mut Composer<'_>) -> String {
    let host = composer.line(field, host);
    let host = host.trim().to_owned();
    let is_odd = |c: char| c.is_whitespace() || "/@?#".contains(c);
    if host.is_empty() || host.contains(is_odd) {
        let message =
            "write the host that requests are for: host, *.domain or *, with :port or without";
        composer.issue(field, message);
    }
    host
}

/// What is known of requests that are led elsewhere.
struct MappedWay<'a> {
    /// The host they are for.
    asked: &'a str,
    told: HostHeader,
    /// TLS of the relay towards servers.
    onward: Option<&'a ClientTls>,
}

/// The server that requests go to; `None` after an issue.
fn server(
    field: FieldId,
    to: &str,
    way: &MappedWay<'_>,
    composer: &mut Composer<'_>,
) -> Option<OriginPlan> {
    let count = composer.issues.len();
    let text = composer.line(field, to);
    if composer.issues.len() > count {
        return None;
    }
    let url = UrlText::literal(text.trim());
    let scheme = url.scheme.to_ascii_lowercase();
    let is_secure = match &*scheme {
        "" | "http" => false,
        "https" => true,
        other => {
            let message =
                format!("'{other}://' is no URL of HTTP; write host:port or https://host");
            composer.issue(field, message);
            return None;
        }
    };
    if url.userinfo.is_some() || !matches!(url.target, "" | "/") || url.fragment.is_some() {
        let message = "write host:port or https://host alone; replace-path changes the path";
        composer.issue(field, message);
        return None;
    }
    let place = match url.port.filter(|port| !port.is_empty()) {
        Some(_) => url.host_port.to_owned(),
        None => format!("{}:{}", url.host, if is_secure { 443 } else { 80 }),
    };
    let place = if place.starts_with(':') { format!("127.0.0.1{place}") } else { place };
    let endpoint: Endpoint =
        place.parse().map_err(|error| composer.issue(field, format!("{error}"))).ok()?;
    if endpoint.port == 0 {
        composer.issue(field, "port 0 cannot be connected to");
        return None;
    }
    let tls = if is_secure { secured(&endpoint, way, composer) } else { ClientTls::Off };
    Some(OriginPlan { endpoint, tls })
}

/// Its TLS asks for the name that its Host says.
fn secured(endpoint: &Endpoint, way: &MappedWay<'_>, composer: &mut Composer<'_>) -> ClientTls {
    let MappedWay { asked, told, onward } = *way;
    let tls = match onward {
        Some(tls @ ClientTls::On { .. }) => client_tls(FieldId::new("target-tls"), tls, composer),
        _ => ClientTls::verified(),
    };
    let ClientTls::On { verify, trust, sni, choices } = tls else { return ClientTls::verified() };
    let asked = asked.rsplit_once(':').map_or(asked, |(host, _)| host);
    let keeps = !is_told(endpoint, told) && !asked.contains('*');
    let sni = if sni.is_empty() && keeps { asked.to_owned() } else { sni };
    ClientTls::On { verify, trust, sni, choices }
}

/// Whether the Host becomes that of this server.
fn is_told(endpoint: &Endpoint, told: HostHeader) -> bool {
    match told {
        HostHeader::Auto => endpoint.has_name(),
        HostHeader::Keep => false,
        HostHeader::Target => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http_relay::HttpRelaySpec;
    use crate::model::plan::Plan;
    use crate::model::preset::Scope;
    use crate::model::relay::TcpRelaySpec;
    use crate::model::spec::Spec;

    fn planned(line: &str) -> Result<RewritePlan, String> {
        let rewrite = vec![RewriteSpec::parse(line)?];
        let spec = HttpRelaySpec { rewrite, ..HttpRelaySpec::default() };
        match crate::compose::plan(&Spec::HttpRelay(spec), &Scope::default()) {
            Ok(plan) => Ok(plan.http_relay().unwrap().rewrites.remove(0)),
            Err(issues) => Err(format!("{}: {}", issues[0].field, issues[0].message)),
        }
    }

    #[test]
    fn a_rule_says_of_whom_it_is() {
        for (line, of_client, of_server) in [
            ("set-header='A: 1'", true, false),
            ("set-header='A: 1' from=server when=status >= 400", false, true),
            ("remove-header=A from=both", true, true),
            ("set-status=503 when=path contains /api", false, true),
            ("replace=a with=b", true, true),
            ("replace=a from=client", true, false),
            ("replace-path=^/a with=/b", true, false),
        ] {
            let plan = planned(line).unwrap();
            assert_eq!((plan.of_client, plan.of_server), (of_client, of_server), "{line}");
        }
        let plan = planned("set-header=X-A:  b: c ").unwrap();
        let (name, value) = ("X-A".to_owned(), "b: c".to_owned());
        assert_eq!(plan.edit, RewriteEdit::SetHeader { name, value });
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        for (line, said) in [
            ("set-header=hello", "rewrite.1.set-header: a header is written Name: value"),
            ("set-header='A B: 1'", "rewrite.1.set-header: ' ' is not allowed here"),
            ("set-header='content-length: 1'", "rewrite.1.set-header: content-length says where"),
            ("remove-header=Transfer-Encoding", "rewrite.1.remove-header: Transfer-Encoding says"),
            ("set-status=204", "rewrite.1.set-status: a 204 has no body"),
            ("set-status=503 from=client", "rewrite.1.from: set-status is about answers"),
            ("replace=''", "rewrite.1.replace: there is nothing to look for"),
            ("replace-hex=0g", "rewrite.1.replace-hex: "),
            ("replace-regex=(", "rewrite.1.replace-regex: not a regular expression"),
            ("replace-regex=a*", "rewrite.1.replace-regex: it fits nothing at all"),
            (
                "replace-regex=(a) with=$1b",
                "rewrite.1.with: the expression has no group '1b'; write ${1}b",
            ),
            ("replace-regex=a with=${n}", "rewrite.1.with: the expression has no group 'n'"),
            ("map-host=a to=b:0", "rewrite.1.to: port 0 cannot be connected to"),
            ("map-host=a to=ftp://b", "rewrite.1.to: 'ftp://' is no URL of HTTP"),
            ("map-host=a/b to=b", "rewrite.1.map-host: write the host"),
            ("replace-path=a from=server", "rewrite.1.from: replace-path is about requests"),
            ("local-file=x under=y", "rewrite.1.under: a path begins with /"),
            ("set-header='A: 1' when=status > 400", "rewrite.1.when: a request has no status yet"),
            ("set-header='A: 1' when=marked", "rewrite.1.when: marked is not known"),
            ("set-header='A: 1' when=path =", "rewrite.1.when: "),
        ] {
            let why = planned(line).unwrap_err();
            assert!(why.starts_with(said), "{line}: {why}");
        }
        let rewrite = vec![RewriteSpec::parse("set-header='A: 1'").unwrap()];
        let spec = TcpRelaySpec { target: "a:1".into(), rewrite, ..TcpRelaySpec::default() };
        let issues = crate::compose::plan(&Spec::TcpRelay(spec), &Scope::default()).unwrap_err();
        assert!(issues[0].message.starts_with("set-header is of HTTP"), "{}", issues[0].message);
    }

    #[test]
    fn a_server_has_the_name_in_its_tls_that_its_host_says() {
        let server = |line: &str| {
            let RewriteEdit::MapHost { to, .. } = planned(line).unwrap().edit else { panic!() };
            let sni = match &to.tls {
                ClientTls::On { sni, .. } => Some(sni.clone()),
                ClientTls::Off => None,
            };
            (to.url(), sni)
        };
        let is = |url: &str, sni: Option<&str>| (url.to_owned(), sni.map(str::to_owned));
        assert_eq!(server("map-host=a to=127.0.0.1:3000"), is("http://127.0.0.1:3000", None));
        assert_eq!(server("map-host=a to=:3000"), is("http://127.0.0.1:3000", None));
        assert_eq!(server("map-host=a to=https://b.example"), is("https://b.example", Some("")));
        assert_eq!(
            server("map-host=a:443 to=https://127.0.0.1"),
            is("https://127.0.0.1", Some("a"))
        );
        assert_eq!(server("map-host=a to=https://b host=keep"), is("https://b", Some("a")));
        assert_eq!(server("map-host=* to=https://b host=keep"), is("https://b", Some("")));
        let plan =
            crate::compose::plan(&Spec::HttpRelay(HttpRelaySpec::default()), &Scope::default());
        assert!(matches!(plan, Ok(Plan::HttpRelay(plan)) if plan.rewrites.is_empty()));
    }
}
