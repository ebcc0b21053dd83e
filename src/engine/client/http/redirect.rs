//! Where a redirect leads, and what may go there (RFC 9110, section 15.4). The one place that
//! decides about following; pure.
//!
//! Invariants: no header that could be a credential crosses an origin (scheme, host, port); what
//! was dropped stays dropped on later hops; `https` never becomes `http`; a user name in a
//! `Location` is never used.

use percent_encoding::{CONTROLS, percent_encode};
use url::{Position, Url};

use crate::codec::printable::{printable, printable_str};
use crate::codec::zone;
use crate::model::counts::counted;
use crate::model::exchange::Head;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::plan::{HttpPlan, PlanAuth, PlanBody};
use crate::model::trust::Verify;

/// Headers that may follow to another origin. Everything else the user wrote is dropped there:
/// any name can carry a key.
const SAFE_ELSEWHERE: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "host",
    "if-range",
    "pragma",
    "range",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-version",
    "te",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
];

/// Bytes of an address that are quoted in an error.
const SHOWN: usize = 120;

/// Headers that describe a body; they go when the body goes.
const ABOUT_THE_BODY: &[&str] = &[
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-type",
    "expect",
    "trailer",
    "transfer-encoding",
];

/// How far a request was sent on.
pub(super) struct Redirects {
    allowed: u8,
    /// The last one led to the very place it came from.
    is_again: bool,
}

impl Redirects {
    /// None yet, of as many as the plan allows.
    pub(super) fn of(plan: &HttpPlan) -> Self {
        Redirects { allowed: plan.redirects, is_again: false }
    }

    /// What is sent next after this response to `plan`; `None` when the response stands. `asks_anew` = the same request would
    /// go out with other cookies than before.
    ///
    /// # Errors
    /// Why it must not be followed, or not any further.
    pub(super) fn follow(
        &mut self,
        plan: &HttpPlan,
        head: &Head,
        asks_anew: bool,
    ) -> Result<Option<HttpPlan>, Failure> {
        let failure = |kind, cause| Failure::new(Stage::Session, &*plan.url, kind, cause);
        let next = match next(plan, head) {
            Ok(None) => return Ok(None),
            _ if self.allowed == 0 => return Ok(None),
            Err(why) => {
                let cause = format!("the redirect to '{}' was not followed: {why}", location(head));
                return Err(failure(FailureKind::Refused, cause));
            }
            Ok(Some(next)) => next,
        };
        let place = printable_str(&next.url);
        let is_itself = is_itself(plan, &next) && !asks_anew;
        if is_itself && self.is_again {
            let cause = format!("the redirect leads to itself: {place} answered so twice");
            let failure = failure(FailureKind::Refused, cause);
            let hint = if plan.cookies.is_on {
                "it sets a cookie that does not come back to it; the tab Cookies says why"
            } else {
                "it sets a cookie, and cookies are off in the options"
            };
            let sets_cookie = head.field("set-cookie").is_some();
            return Err(if sets_cookie { failure.hint(hint) } else { failure });
        }
        if plan.redirects == 0 {
            let allowed = counted(self.allowed.into(), "redirect");
            let cause = format!("{allowed} followed and the next one leads to {place}");
            return Err(failure(FailureKind::TooLarge, cause)
                .hint("the places may lead in a circle; look at the hops"));
        }
        self.is_again = is_itself;
        Ok(Some(next))
    }
}

/// Decides about the response to `plan`: the plan to go on with, which notes what changed on the
/// way, `None` when it is no redirect, or why it must not be followed, in words.
fn next(plan: &HttpPlan, head: &Head) -> Result<Option<HttpPlan>, String> {
    let Some(status @ (301 | 302 | 303 | 307 | 308)) = head.status() else { return Ok(None) };
    if leads_nowhere(head) {
        return Ok(None);
    }
    let mut locations = head.all("location");
    let Some(location) = locations.next() else { return Ok(None) };
    if locations.any(|other| other != location) {
        return Err("the redirect names several different places".into());
    }
    let no_url = |error| format!("the redirect's address is no URL: {error}");
    let (here, zone) = zone::take(&plan.url);
    let here = Url::parse(&here).map_err(no_url)?;
    // Bytes outside ASCII go there as they are.
    let location = percent_encode(location, CONTROLS).to_string();
    let there = here.join(location.trim()).map_err(no_url)?;
    match (here.scheme(), there.scheme()) {
        ("https", "http") => return Err("the redirect leads from https to plain http".into()),
        (_, "http" | "https") => {}
        (_, other) => return Err(format!("the redirect leads to '{other}:', not to http")),
    }
    let redirects = plan.redirects.saturating_sub(1);
    let mut plan = HttpPlan { redirects, notes: Vec::new(), ..plan.clone() };
    change_method(&mut plan, status);
    let is_elsewhere = here.origin() != there.origin();
    if is_elsewhere {
        if let Some(socket) = plan.unix_socket.take() {
            plan.notes.push(format!("the redirect leads away from {socket}"));
        }
        cross_origin(&mut plan, &there);
    }
    go_to(&mut plan, there);
    plan.url = zone::with(&plan.url, zone.as_deref().filter(|_| !is_elsewhere));
    Ok(Some(plan))
}

/// Whether the plan to go on with is the same request again.
fn is_itself(plan: &HttpPlan, next: &HttpPlan) -> bool {
    let place = |plan: &HttpPlan| {
        let mut url = Url::parse(&zone::take(&plan.url).0).ok()?;
        url.set_fragment(None);
        Some(url)
    };
    plan.method == next.method && plan.headers == next.headers && place(plan) == place(next)
}

/// Whether it looks like a redirect and names no other place: nothing, or a part of what was asked
/// for (RFC 3986, section 4.4).
pub(super) fn leads_nowhere(head: &Head) -> bool {
    let location = head.all("location").next();
    matches!(head.status(), Some(301 | 302 | 303 | 307 | 308))
        && location.is_some_and(|location| matches!(location.trim_ascii(), [] | [b'#', ..]))
}

/// Where the response points to, as text for the user; a long one is cut.
fn location(head: &Head) -> String {
    let location = head.all("location").next().map_or(&b""[..], |location| location);
    let shown = printable(location.get(..SHOWN).unwrap_or(location));
    if location.len() > SHOWN { format!("{shown}…") } else { shown }
}

fn change_method(plan: &mut HttpPlan, status: u16) {
    let to_get = match status {
        301 | 302 => plan.method == "POST",
        303 => plan.method != "GET" && plan.method != "HEAD",
        _ => false,
    };
    if to_get {
        plan.notes.push(format!("{status} turned {} into GET, without the body", plan.method));
        plan.method = "GET".into();
        plan.body = PlanBody::Bytes(bytes::Bytes::new());
        plan.headers.retain(|(name, _)| !is_one_of(name, ABOUT_THE_BODY));
    }
}

fn cross_origin(plan: &mut HttpPlan, there: &Url) {
    if plan.verify == Verify::Off && there.scheme() == "https" {
        plan.notes.push("certificates are verified at another origin".into());
    }
    if !plan.tls.certificate.is_empty() && there.scheme() == "https" {
        plan.notes.push("our certificate is not shown at another origin".into());
    }
    if std::mem::take(&mut plan.auth) != PlanAuth::None {
        plan.notes.push("the credentials are for the first origin alone".into());
    }
    let (mut kept, dropped): (Vec<_>, Vec<_>) =
        plan.headers.drain(..).partition(|(name, _)| is_one_of(name, SAFE_ELSEWHERE));
    if !dropped.is_empty() {
        let names: Vec<_> = dropped.into_iter().map(|(name, _)| name).collect();
        plan.notes.push(format!("not sent to another origin: {}", names.join(", ")));
    }
    // A `Host` that is not there was switched off.
    let mut seen = false;
    kept.retain_mut(|(name, value)| {
        if !name.eq_ignore_ascii_case("host") {
            return true;
        }
        // The port only where it is not the scheme's own.
        there[Position::BeforeHost..Position::AfterPort].clone_into(value);
        !std::mem::replace(&mut seen, true)
    });
    plan.headers = kept;
}

/// Without user name, password and fragment.
fn go_to(plan: &mut HttpPlan, mut url: Url) {
    if !url.username().is_empty() || url.password().is_some() {
        plan.notes.push("the redirect named a user; that was ignored".into());
        // Neither can fail: http and https URLs have a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    url.set_fragment(None);
    plan.url = url.into();
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::model::exchange::{FieldLine, HttpVersion, StartLine};
    use crate::model::plan::LengthHeader;

    fn plan(method: &str, url: &str, headers: &[(&str, &str)]) -> HttpPlan {
        HttpPlan {
            method: method.into(),
            url: url.into(),
            headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
            body: PlanBody::Bytes(Bytes::from_static(b"body")),
            length: LengthHeader::Added,
            head_timeout: Duration::from_secs(1),
            connect_timeout: Duration::from_secs(1),
            version: crate::model::http::VersionChoice::default(),
            verify: Verify::On,
            trust: crate::model::trust::TrustedCertificates::default(),
            redirects: 3,
            auth: PlanAuth::None,
            cookies: crate::model::cookie::PlanCookies::default(),
            events: crate::model::plan::PlanEvents::default(),
            contract: None,
            notes: Vec::new(),
            socket: crate::model::socket_options::SocketOptions::default(),
            client: crate::model::socket_options::ClientOptions::default(),
            sni: String::new(),
            tls: crate::model::tls::TlsChoices::default(),
            transfer: crate::model::transfer::TransferOptions::default(),
            unix_socket: None,
            new_connection: false,
        }
    }

    fn answer(status: u16, location: &'static str) -> Head {
        let start =
            StartLine::Response { version: HttpVersion::Http11, status, reason: Bytes::new() };
        let field = FieldLine { name: "Location".into(), value: location.into() };
        Head { raw: Bytes::new(), start, fields: vec![field] }
    }

    fn followed(plan: &HttpPlan, head: &Head) -> HttpPlan {
        next(plan, head).unwrap().unwrap()
    }

    #[test]
    fn a_request_is_led_to_itself_only_when_nothing_changes() {
        for (method, url, headers, location, expected) in [
            ("GET", "http://a", &[][..], "http://a/", true),
            ("GET", "http://a/x?y#z", &[("A", "b")], "?y", true),
            ("GET", "http://a/x", &[], "http://A:80/./x#other", true),
            ("GET", "http://a/x", &[], "/x/", false),
            ("POST", "http://a/x", &[], "/x", false),
            ("GET", "http://u:p@a/x", &[], "/x", false),
            ("GET", "http://a/x", &[("A", "b")], "http://b/x", false),
        ] {
            let plan = plan(method, url, headers);
            let next = next(&plan, &answer(302, location)).unwrap().unwrap();
            assert_eq!(is_itself(&plan, &next), expected, "{method} {url} {location}");
        }
    }

    #[test]
    fn following_ends_where_it_was_allowed_to_and_where_it_goes_round() {
        let start = HttpPlan { redirects: 2, ..plan("GET", "http://a/x", &[]) };
        let mut redirects = Redirects::of(&start);
        let first = redirects.follow(&start, &answer(302, "/y"), false).unwrap().unwrap();
        let second = redirects.follow(&first, &answer(302, "/z"), false).unwrap().unwrap();
        assert_eq!(redirects.follow(&second, &answer(200, "/y"), false).unwrap(), None);
        let failure = redirects.follow(&second, &answer(302, "/x"), false).unwrap_err();
        assert_eq!(failure.kind, FailureKind::TooLarge);

        let none = HttpPlan { redirects: 0, ..start.clone() };
        assert_eq!(Redirects::of(&none).follow(&none, &answer(302, "/y"), false).unwrap(), None);

        let mut redirects = Redirects::of(&start);
        let again = redirects.follow(&start, &answer(307, "/x"), false).unwrap().unwrap();
        let failure = redirects.follow(&again, &answer(307, "/x"), false).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Refused);
    }

    #[test]
    fn relative_places_keep_the_origin_and_every_header() {
        let before =
            plan("GET", "http://a.example/x/y?q", &[("Authorization", "s"), ("X-Key", "s")]);
        let after = followed(&before, &answer(302, "../z#part"));
        assert_eq!(after.url, "http://a.example/z");
        assert_eq!(after.headers, before.headers);
        assert_eq!(after.redirects, 2);
    }

    #[test]
    fn nothing_unsafe_crosses_scheme_host_or_port() {
        let headers = [("Host", "a.example"), ("accept", "*/*"), ("Authorization", "s")];
        let more = [("Cookie", "s"), ("proxy-authorization", "s"), ("X-Api-Key", "s")];
        let before = plan("GET", "http://a.example/", &[headers, more].concat());
        for place in ["https://a.example/", "http://b.example/", "http://a.example:81/", "//b/"] {
            let after = followed(&before, &answer(307, place));
            let names: Vec<_> = after.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["Host", "accept"], "{place}");
            let there = Url::parse(&after.url).unwrap();
            assert_eq!(after.headers[0].1, there[Position::BeforeHost..Position::AfterPort]);
        }
    }

    #[test]
    fn the_default_port_written_out_is_the_same_origin() {
        let before = plan("GET", "http://a.example/", &[("X-Key", "s")]);
        assert_eq!(followed(&before, &answer(301, "http://A.example:80/b")).headers.len(), 1);
    }

    #[test]
    fn methods_change_as_the_rfc_says() {
        for (status, from, to) in [
            (301, "POST", "GET"),
            (302, "POST", "GET"),
            (301, "PUT", "PUT"),
            (303, "PUT", "GET"),
            (303, "HEAD", "HEAD"),
            (307, "POST", "POST"),
            (308, "POST", "POST"),
        ] {
            let before = plan(from, "http://a/", &[("Content-Type", "text/plain")]);
            let after = followed(&before, &answer(status, "/b"));
            assert_eq!(after.method, to, "{status} {from}");
            assert_eq!(after.headers.is_empty(), from != to, "{status} {from}");
            assert_eq!(after.body == before.body, from == to, "{status} {from}");
        }
    }

    #[test]
    fn dangerous_places_are_refused_in_words() {
        let refused =
            |url: &str, place| next(&plan("GET", url, &[]), &answer(302, place)).unwrap_err();
        assert!(refused("https://a/", "http://a/").contains("plain http"));
        assert!(refused("http://a/", "file:///etc/passwd").contains("'file:'"));
        assert!(refused("http://a/", "http://[").contains("no URL"));
    }

    #[test]
    fn a_user_in_the_location_is_ignored() {
        let after = followed(&plan("GET", "http://a/", &[]), &answer(302, "http://u:p@a/x"));
        assert_eq!(after.url, "http://a/x");
    }

    #[test]
    fn other_answers_stay() {
        assert_eq!(next(&plan("GET", "http://a/", &[]), &answer(200, "/x")), Ok(None));
        assert_eq!(next(&plan("GET", "http://a/", &[]), &answer(304, "/x")), Ok(None));
    }
}
