//! `CookieJar`: the cookies of an environment, of a run or of a command, in the order they came in. Bounded; the oldest go.

use bytes::Bytes;

use super::cookie::{Cookie, CookieChange, CookieKey};

/// Cookies of a domain kept at most (RFC 6265bis, section 6.1 asks for 50 at least; browsers keep 180).
pub(crate) const OF_DOMAIN: usize = 180;
/// Cookies of a jar kept at most.
pub(crate) const OF_JAR: usize = 3000;

/// See the module's text. A cookie that is set again keeps its place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CookieJar {
    cookies: Vec<Cookie>,
}

impl CookieJar {
    /// All of them, the first that was taken first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Cookie> {
        self.cookies.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cookies.len()
    }

    /// The one of this key.
    #[must_use]
    pub fn get(&self, key: &CookieKey) -> Option<&Cookie> {
        self.cookies.iter().find(|cookie| cookie.key == *key)
    }

    /// Takes a cookie, in the place of the one of the same key. What had to make room for it, those that were over first; it is
    /// never the new one.
    pub fn put(&mut self, cookie: Cookie, now: i64) -> Vec<Cookie> {
        let key = cookie.key.clone();
        if let Some(known) = self.cookies.iter_mut().find(|known| known.key == key) {
            *known = cookie;
            return Vec::new();
        }
        self.cookies.push(cookie);
        let mut gone = Vec::new();
        let is_of_domain = |cookie: &Cookie| cookie.key.domain == key.domain;
        if self.cookies.iter().filter(|cookie| is_of_domain(cookie)).count() > OF_DOMAIN {
            // Those without `Secure` first (RFC 6265bis, section 5.7).
            gone.extend(self.make_room(
                &key,
                now,
                |it| is_of_domain(it) && !it.is_secure,
                is_of_domain,
            ));
        }
        if self.cookies.len() > OF_JAR {
            gone.extend(self.make_room(&key, now, |_| true, |_| true));
        }
        gone
    }

    /// Removes one that is over, else the oldest that is `first`, else the oldest at all.
    fn make_room(
        &mut self,
        new: &CookieKey,
        now: i64,
        first: impl Fn(&Cookie) -> bool,
        all: impl Fn(&Cookie) -> bool,
    ) -> Option<Cookie> {
        let candidates = self.cookies.iter().enumerate();
        let candidates = candidates.filter(|(_, cookie)| all(cookie) && cookie.key != *new);
        let rank = |cookie: &Cookie| match (cookie.is_over(now), first(cookie)) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        let at = candidates.min_by_key(|(_, cookie)| (rank(cookie), cookie.set_at))?.0;
        Some(self.cookies.remove(at))
    }

    /// Takes the one of this key out.
    pub fn remove(&mut self, key: &CookieKey) -> Option<Cookie> {
        let at = self.cookies.iter().position(|cookie| cookie.key == *key)?;
        Some(self.cookies.remove(at))
    }

    /// Does what was done to another copy of it.
    pub fn apply(&mut self, changes: &[CookieChange], now: i64) {
        for change in changes {
            match change {
                CookieChange::Put(cookie) => drop(self.put((**cookie).clone(), now)),
                CookieChange::Removed(key) => drop(self.remove(key)),
            }
        }
    }

    /// Takes out what is over, or does not outlive the program where only that is kept.
    pub fn retain(&mut self, is_kept: impl FnMut(&Cookie) -> bool) {
        self.cookies.retain(is_kept);
    }

    /// Their values, for who hides them.
    pub fn values(&self) -> impl Iterator<Item = &Bytes> {
        self.cookies.iter().map(|cookie| &cookie.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cookie::SameSite;

    fn cookie(domain: &str, name: &str, set_at: i64) -> Cookie {
        Cookie {
            key: CookieKey {
                domain: domain.into(),
                is_host_only: true,
                path: Bytes::from_static(b"/"),
                name: name.to_owned().into(),
            },
            value: Bytes::from_static(b"v"),
            is_secure: false,
            is_http_only: false,
            same_site: SameSite::Unset,
            expires: None,
            set_at,
        }
    }

    fn names(jar: &CookieJar) -> Vec<&[u8]> {
        jar.iter().map(|cookie| &*cookie.key.name).collect()
    }

    #[test]
    fn one_that_is_set_again_keeps_its_place() {
        let mut jar = CookieJar::default();
        for name in ["a", "b", "a"] {
            assert_eq!(jar.put(cookie("h", name, 1), 1), []);
        }
        assert_eq!(names(&jar), [b"a", b"b"]);
    }

    #[test]
    fn the_oldest_of_a_domain_makes_room_unless_one_is_over_or_not_secure() {
        let mut jar = CookieJar::default();
        for at in 0..i64::try_from(OF_DOMAIN).unwrap() {
            let mut one = cookie("h", &format!("n{at}"), at);
            one.is_secure = at != 5 && at != 7;
            one.expires = (at == 7).then_some(900);
            assert_eq!(jar.put(one, 0), []);
        }
        let gone = |jar: &mut CookieJar, name: &str| {
            let gone = jar.put(cookie("h", name, 2000), 1000);
            gone.into_iter().map(|it| String::from_utf8_lossy(&it.key.name).into_owned()).collect()
        };
        let all: Vec<Vec<String>> = vec![gone(&mut jar, "x"), gone(&mut jar, "y")];
        assert_eq!(all, [["n7"], ["n5"]], "what is over, then what is not secure");
        let other = jar.put(cookie("other", "z", 0), 1000);
        assert_eq!((other, jar.len()), (vec![], OF_DOMAIN + 1), "another domain has its own room");
    }

    #[test]
    fn a_jar_is_bounded_in_all_and_never_gives_up_the_new_one() {
        let mut jar = CookieJar::default();
        for at in 0..i64::try_from(OF_JAR).unwrap() {
            jar.put(cookie(&format!("h{at}"), "n", at + 10), 0);
        }
        let gone = jar.put(cookie("new", "n", 0), 0);
        assert_eq!(gone[0].key.domain, "h0");
        assert_eq!(jar.len(), OF_JAR);
        assert!(jar.iter().any(|it| it.key.domain == "new"));
    }
}
