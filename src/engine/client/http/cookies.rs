//! The cookies of a session: what its jar sends along with each hop, and what the answers put into it. The jar it began with is a
//! copy; what changes is told, so that whoever has the jar does the same to it.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::codec::cookies::{self, RequestPlace};
use crate::codec::printable::printable;
use crate::engine::clock;
use crate::model::cookie::{Cookie, CookieChange, CookieFacts, SetCookieOutcome};
use crate::model::cookie_jar::CookieJar;
use crate::model::exchange::Head;
use crate::model::plan::HttpPlan;

/// `Set-Cookie` lines of a response that are looked at; browsers keep no more of a domain.
const LINES: usize = 200;

/// See the module's text.
pub(super) struct SessionCookies {
    is_on: bool,
    jar: Mutex<Arc<CookieJar>>,
}

/// What became of the cookies of a response.
pub(super) struct TakenCookies {
    /// Of each line.
    pub(super) lines: Vec<SetCookieOutcome>,
    pub(super) changes: Vec<CookieChange>,
}

/// What goes along with a request, and what of the jar does not.
struct GoingAlong {
    line: Bytes,
    facts: CookieFacts,
}

impl SessionCookies {
    /// Those a plan begins with.
    pub(super) fn of(plan: &HttpPlan) -> Self {
        let jar = Mutex::new(Arc::clone(&plan.cookies.jar));
        SessionCookies { is_on: plan.cookies.is_on, jar }
    }

    fn with_jar<T>(&self, work: impl FnOnce(&mut Arc<CookieJar>) -> T) -> T {
        work(&mut self.jar.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn going_along(&self, plan: &HttpPlan) -> GoingAlong {
        let own: Vec<Bytes> = plan
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"))
            .flat_map(|(_, value)| cookies::names(value.as_bytes()))
            .collect();
        let place = RequestPlace::of(&plan.url);
        self.with_jar(|jar| {
            let found = cookies::matching(jar, &place, now());
            // What the user wrote goes before what was taken.
            let (kept_back, sent): (Vec<&Cookie>, Vec<&Cookie>) =
                found.into_iter().partition(|cookie| own.contains(&cookie.key.name));
            let pairs: Vec<Vec<u8>> = sent.iter().map(|cookie| cookie.pair()).collect();
            let facts = CookieFacts {
                sent: sent.iter().map(|cookie| cookie.key.clone()).collect(),
                kept_back: kept_back.iter().map(|cookie| cookie.key.name.clone()).collect(),
                lines: Vec::new(),
            };
            GoingAlong { line: pairs.join(&b"; "[..]).into(), facts }
        })
    }

    /// What would go along with this request now.
    pub(super) fn line(&self, plan: &HttpPlan) -> Bytes {
        if self.is_on { self.going_along(plan).line } else { Bytes::new() }
    }

    /// The request with the cookies that go along.
    pub(super) fn applied<'p>(&self, plan: &'p HttpPlan) -> Cow<'p, HttpPlan> {
        let line = self.line(plan);
        if line.is_empty() {
            return Cow::Borrowed(plan);
        }
        let mut plan = plan.clone();
        plan.cookies.line = line;
        Cow::Owned(plan)
    }

    /// What there is to say about a request that goes out.
    pub(super) fn facts(&self, plan: &HttpPlan) -> Option<Arc<CookieFacts>> {
        self.is_on.then(|| Arc::new(self.going_along(plan).facts))
    }

    /// Takes what the answer to this request sets; `None` = it sets nothing, or nothing is taken.
    pub(super) fn take(&self, plan: &HttpPlan, head: &Head) -> Option<TakenCookies> {
        let mut lines = head.all("set-cookie").take(LINES).peekable();
        if !self.is_on || lines.peek().is_none() {
            return None;
        }
        let (place, now) = (RequestPlace::of(&plan.url), now());
        let mut taken = TakenCookies { lines: Vec::new(), changes: Vec::new() };
        self.with_jar(|jar| {
            for line in lines {
                let one = cookies::take(Arc::make_mut(jar), line, &place, now);
                taken.lines.push(one.outcome);
                taken.changes.extend(one.changes);
            }
        });
        Some(taken)
    }
}

/// What there is to say of cookies that stay in the jar.
pub(super) fn kept_back(facts: &CookieFacts) -> impl Iterator<Item = String> {
    facts.kept_back.iter().map(|name| {
        let name = printable(name);
        format!("the cookie {name} of the jar stays there: the request has one of its own")
    })
}

/// What there is to say of a line that is not taken, by its name.
pub(super) fn remark(outcome: &SetCookieOutcome, line: &[u8]) -> String {
    let name = cookies::names(line).next().unwrap_or_default();
    let words = &outcome.words;
    if name.is_empty() {
        format!("a cookie is {words}")
    } else {
        format!("the cookie {} is {words}", printable(&name))
    }
}

/// Seconds by the wall clock.
fn now() -> i64 {
    i64::try_from(clock::wall().0 / 1_000_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::client::http::request::{self, tests::asked};
    use crate::model::exchange::{FieldLine, StartLine};

    fn plan(url: &str, headers: &[(&str, &str)]) -> HttpPlan {
        let mut plan = asked("GET", headers, b"");
        url.clone_into(&mut plan.url);
        plan.cookies.is_on = true;
        plan
    }

    fn setting(lines: &[&'static [u8]]) -> Head {
        let field = |line: &&'static [u8]| FieldLine {
            name: Bytes::from_static(b"sEt-CooKie"),
            value: Bytes::from_static(line),
        };
        let fields = lines.iter().map(field).collect();
        Head { raw: Bytes::new(), start: StartLine::Unknown, fields }
    }

    #[test]
    fn what_one_hop_sets_goes_with_the_next_and_bytes_stay_what_they_are() {
        let first = plan("http://a.org/login", &[]);
        let cookies = SessionCookies::of(&first);
        assert_eq!(cookies.line(&first), "");
        let head = setting(&[b"sid=\xe4\xff; Path=/", b"x=1; Domain=b.org"]);
        let taken = cookies.take(&first, &head).unwrap();
        assert_eq!(taken.changes.len(), 1);
        assert!(taken.lines[0].is_taken && !taken.lines[1].is_taken);
        let sent = cookies.applied(&first);
        let written = request::head(&sent, 0, None).unwrap();
        assert!(written.windows(14).any(|it| it == b"Cookie: sid=\xe4\xff"), "{written:?}");
        assert_eq!(cookies.line(&plan("http://b.org/", &[])), "", "not elsewhere");
    }

    #[test]
    fn a_header_of_ones_own_goes_before_the_jar() {
        let mut first = plan("http://a.org/", &[("cookie", "a=mine")]);
        first.headers.push(("Last".into(), "x".into()));
        let cookies = SessionCookies::of(&first);
        cookies.take(&first, &setting(&[b"a=jar", b"b=jar"]));
        let written = request::head(&cookies.applied(&first), 0, None).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert!(text.contains("\r\ncookie: a=mine; b=jar\r\nLast: x\r\n"), "{text}");
        let facts = cookies.facts(&first).unwrap();
        assert_eq!((facts.kept_back.as_slice(), facts.sent.len()), (&[Bytes::from("a")][..], 1));
    }

    #[test]
    fn where_cookies_are_off_nothing_is_taken_or_sent() {
        let mut first = plan("http://a.org/", &[]);
        let on = SessionCookies::of(&first);
        on.take(&first, &setting(&[b"a=1"]));
        first.cookies = crate::model::cookie::PlanCookies {
            is_on: false,
            jar: on.with_jar(|jar| Arc::clone(jar)),
            line: Bytes::new(),
        };
        let off = SessionCookies::of(&first);
        assert!(off.take(&first, &setting(&[b"b=1"])).is_none() && off.facts(&first).is_none());
        assert_eq!(off.line(&first), "");
    }
}
