//! The cookies of environments, as this copy of the program knows them: those of the disk, and those that end with the session, which
//! are here alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::cookie::CookieChange;
use crate::model::cookie_jar::CookieJar;

/// All jars that were used.
#[derive(Debug, Default)]
pub struct CookieJars {
    /// By the environment that was in force; an empty name = none.
    of: BTreeMap<String, KnownJar>,
}

#[derive(Debug, Default)]
struct KnownJar {
    jar: Arc<CookieJar>,
    /// It is not known yet what the disk has of it.
    is_read: bool,
    /// Jobs of the store that are not answered.
    asked: usize,
}

impl CookieJars {
    /// That of an environment.
    pub(crate) fn jar(&self, environment: Option<&str>) -> Arc<CookieJar> {
        let known = self.of.get(environment.unwrap_or_default());
        known.map_or_else(Arc::default, |known| Arc::clone(&known.jar))
    }

    /// Whether nobody asked yet what the disk has of it.
    pub(super) fn is_unasked(&self, environment: Option<&str>) -> bool {
        let known = self.of.get(environment.unwrap_or_default());
        known.is_none_or(|known| !known.is_read && known.asked == 0)
    }

    /// Whether the disk was asked and has not answered yet.
    pub(super) fn is_awaited(&self, environment: Option<&str>) -> bool {
        let known = self.of.get(environment.unwrap_or_default());
        known.is_some_and(|known| !known.is_read && known.asked > 0)
    }

    /// The disk is asked about it.
    pub(super) fn asked(&mut self, environment: Option<&str>) {
        self.known(environment).asked += 1;
    }

    fn known(&mut self, environment: Option<&str>) -> &mut KnownJar {
        self.of.entry(environment.unwrap_or_default().to_owned()).or_default()
    }

    /// Does this to it.
    pub(super) fn change(&mut self, environment: Option<&str>, changes: &[CookieChange], now: i64) {
        Arc::make_mut(&mut self.known(environment).jar).apply(changes, now);
    }

    /// What the disk has of it, be it of another copy of the program. While more is on its way there, the next answer says.
    pub(super) fn arrived(&mut self, environment: Option<&str>, disk: &CookieJar, now: i64) {
        let known = self.known(environment);
        known.asked = known.asked.saturating_sub(1);
        let is_first = !std::mem::replace(&mut known.is_read, true);
        if known.asked > 0 && !is_first {
            return;
        }
        let jar = Arc::make_mut(&mut known.jar);
        if !is_first {
            jar.retain(|cookie| cookie.expires.is_none() || disk.get(&cookie.key).is_some());
        }
        for cookie in disk.iter() {
            let is_newer = jar.get(&cookie.key).is_some_and(|own| own.set_at > cookie.set_at);
            if !is_newer {
                jar.put(cookie.clone(), now);
            }
        }
    }

    /// The disk could not be asked: what is here is all there is.
    pub(super) fn failed(&mut self) {
        for known in self.of.values_mut() {
            known.is_read |= known.asked > 0;
            known.asked = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::cookies::{RequestPlace, take};

    fn taken(jar: &mut CookieJar, line: &str) -> Vec<CookieChange> {
        take(jar, line.as_bytes(), &RequestPlace::of("http://a.org/"), 0).changes
    }

    fn names(jars: &CookieJars, environment: Option<&str>) -> Vec<String> {
        let jar = jars.jar(environment);
        jar.iter().map(|it| String::from_utf8_lossy(&it.pair()).into_owned()).collect()
    }

    #[test]
    fn what_ends_with_the_session_stays_beside_what_the_disk_has() {
        let mut jars = CookieJars::default();
        assert!(jars.is_unasked(None) && !jars.is_awaited(None));
        jars.asked(None);
        assert!(jars.is_awaited(None) && !jars.is_unasked(None));
        let (mut other, mut disk) = (CookieJar::default(), CookieJar::default());
        jars.change(None, &taken(&mut other, "s=1"), 0);
        taken(&mut disk, "d=1; Max-Age=9");
        jars.arrived(None, &disk, 0);
        assert_eq!(names(&jars, None), ["s=1", "d=1"]);
        assert_eq!(names(&jars, Some("lab")), [""; 0], "environments do not see those of others");
        // Another copy of the program removed one and changed another.
        taken(&mut disk, "d=; Max-Age=0");
        taken(&mut disk, "e=2; Max-Age=9");
        jars.asked(None);
        jars.arrived(None, &disk, 0);
        assert_eq!(names(&jars, None), ["s=1", "e=2"]);
    }

    #[test]
    fn what_is_on_its_way_to_the_disk_is_not_taken_back_by_an_older_answer() {
        let mut jars = CookieJars::default();
        jars.asked(None);
        jars.arrived(None, &CookieJar::default(), 0);
        let mut own = CookieJar::default();
        jars.change(None, &taken(&mut own, "a=1; Max-Age=9"), 0);
        jars.asked(None);
        let first = own.clone();
        jars.change(None, &taken(&mut own, "b=2; Max-Age=9"), 0);
        jars.asked(None);
        jars.arrived(None, &first, 0);
        assert_eq!(names(&jars, None), ["a=1", "b=2"]);
        jars.failed();
        assert!(!jars.is_awaited(None));
        assert_eq!(names(&jars, None), ["a=1", "b=2"]);
    }
}
