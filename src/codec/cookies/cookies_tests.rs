//! Lines and jars by the rules of RFC 6265bis; the shared corpus is held against them in tests/suite/cookies.rs.

use proptest::prelude::*;

use super::netscape::NetscapeFile;
use super::taking::TakenLine;
use super::*;
use crate::model::cookie::{CookieChange, SameSite};

const NOW: i64 = 1_800_000_000;

fn taken(jar: &mut CookieJar, url: &str, line: &str) -> TakenLine {
    take(jar, line.as_bytes(), &RequestPlace::of(url), NOW)
}

fn words(url: &str, line: &str) -> String {
    taken(&mut CookieJar::default(), url, line).outcome.words
}

fn header(jar: &CookieJar, url: &str) -> String {
    let pairs = matching(jar, &RequestPlace::of(url), NOW).into_iter().map(Cookie::pair);
    let pairs: Vec<_> = pairs.map(|pair| String::from_utf8_lossy(&pair).into_owned()).collect();
    pairs.join("; ")
}

#[test]
fn a_line_is_taken_in_words() {
    for (url, line, words_of) in [
        ("http://a.org/x/y", "n=v", "taken, for a.org, below /x, until the session is over"),
        (
            "http://b.a.org/",
            "n=v; Domain=.A.org",
            "taken, for a.org and hosts below it, until the session is over",
        ),
        (
            "http://a.org/",
            "n=v; Max-Age=60; Expires=x",
            "taken, for a.org, until 2027-01-15 08:01:00 UTC; its Expires is no date",
        ),
        ("http://a.org/", "n=v; Max-Age=0", "over already, and there was none to remove"),
        (
            "http://a.org/",
            "n=v; Max-Age=1e3",
            "taken, for a.org, until the session is over; its Max-Age is no number",
        ),
        (
            "http://localhost/",
            "n=v; Secure; Domain=localhost",
            "taken, for localhost, until the session is over",
        ),
    ] {
        assert_eq!(words(url, line), words_of, "{line}");
    }
    let capped = words("http://a.org/", "n=v; Max-Age=99999999999999999999");
    assert_eq!(capped, "taken, for a.org, until 2028-02-19 08:00:00 UTC", "400 days at most");
}

#[test]
fn what_is_not_taken_says_why() {
    for (url, line, why) in [
        ("http://a.org/", "a\x01=b", "it holds a control character"),
        ("http://a.org/", " = ; Path=/", "it has neither a name nor a value"),
        ("http://a.org/", "n=v; Secure", "it is Secure and came over plain http"),
        ("http://a.org/", "n=v; Domain=b.org", "a.org is not within its Domain b.org"),
        (
            "http://a.org/",
            "n=v; Domain=org",
            "everybody may have names below org (a public suffix)",
        ),
        (
            "http://a.co.uk/",
            "n=v; Domain=co.uk",
            "everybody may have names below co.uk (a public suffix)",
        ),
        ("http://a.org/", "n=v; Domain=ä.org", "its Domain holds more than ASCII"),
        ("https://a.org/", "n=v; SameSite=None", "SameSite=None asks for Secure"),
        ("https://a.org/", "__Secure-n=v", "a name that begins with __Secure- asks for Secure"),
        ("https://a.org/", "__host-n=v; Secure", "a name that begins with __Host- asks for Path=/"),
        (
            "https://a.org/",
            "__Host-n=v; Secure; Path=/; Domain=a.org",
            "a name that begins with __Host- asks for no Domain",
        ),
        ("https://a.org/", "__Host-n=v; Path=/", "a name that begins with __Host- asks for Secure"),
        (
            "https://a.org/",
            "=__Host-n=v",
            "it has no name, and its value looks like a name with a prefix",
        ),
    ] {
        assert_eq!(words(url, line), format!("not taken: {why}"), "{line}");
    }
    let long = format!("n={}", "v".repeat(4096));
    assert_eq!(
        words("http://a.org/", &long),
        "not taken: its name and value have more than 4,096 bytes"
    );
    assert!(words("http://a.org/", &format!("n={}", "v".repeat(4095))).starts_with("taken"));
}

#[test]
fn a_jar_is_changed_as_the_changes_say() {
    let (mut jar, mut copy) = (CookieJar::default(), CookieJar::default());
    for line in ["a=1", "b=2; Path=/x", "a=3", "b=; Path=/x; Max-Age=-1", "c=4; Domain=other"] {
        let TakenLine { changes, .. } = taken(&mut jar, "http://h.org/", line);
        copy.apply(&changes, NOW);
        assert_eq!(copy, jar, "{line}");
    }
    assert_eq!(header(&jar, "http://h.org/x"), "a=3");
    let removed = taken(&mut jar, "http://h.org/", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(removed.outcome.words, "removed");
    assert!(matches!(removed.changes.as_slice(), [CookieChange::Removed(key)] if key.name == "a"));
}

#[test]
fn plain_http_does_not_stand_in_front_of_what_is_secure() {
    let mut jar = CookieJar::default();
    taken(&mut jar, "https://a.org/login", "sid=1; Secure; Path=/login");
    let words_of = taken(&mut jar, "http://a.org/login/x", "sid=2; Path=/login/x").outcome.words;
    assert!(words_of.starts_with("not taken: a Secure one"), "{words_of}");
    assert!(taken(&mut jar, "http://a.org/", "sid=3; Path=/").outcome.is_taken);
    assert_eq!(header(&jar, "http://a.org/login"), "sid=3");
    assert_eq!(header(&jar, "https://a.org/login"), "sid=1; sid=3", "the longer path first");
}

#[test]
fn attributes_are_kept_as_they_were_said() {
    let mut jar = CookieJar::default();
    taken(&mut jar, "https://a.org/", "n=v; HttpOnly; Secure; SameSite=sTRICT");
    let cookie = jar.iter().next().unwrap();
    assert!(cookie.is_http_only && cookie.is_secure);
    assert_eq!(cookie.same_site, SameSite::Strict);
    assert_eq!(<&str>::from(cookie.same_site), "Strict");
}

#[test]
fn names_of_a_header_are_found() {
    let found: Vec<_> = names(b"a=1; b = 2;c;  d==x").collect();
    assert_eq!(found, ["a", "b", "d"]);
}

#[test]
fn a_file_of_curl_is_read_and_written() {
    let text = b"# Netscape HTTP Cookie File\r\n\n\
        .a.org\tTRUE\t/\tFALSE\t0\tn\tv w\r\n\
        #HttpOnly_b.org\tFALSE\t/x\tTRUE\t1900000000\ts\t\n\
        c.org\tFALSE\t/\tFALSE\t5\told\tv\n\
        Set-Cookie: h=1; Path=/\n\
        not a cookie\n";
    let place = RequestPlace::of("https://d.org/");
    let NetscapeFile { jar, odd } = netscape::read(text, Some(&place), NOW);
    assert_eq!(odd, [7]);
    assert_eq!(header(&jar, "http://x.a.org/"), "n=v w");
    assert_eq!(header(&jar, "https://b.org/x"), "s=");
    assert_eq!(header(&jar, "https://d.org/"), "h=1");
    assert_eq!(jar.len(), 3);
    let (again, left_out) = netscape::written(&jar);
    assert_eq!((netscape::read(&again, None, NOW).jar, left_out), (jar, 0));
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn any_line_is_taken_or_refused_and_goes_back_where_it_came_from(
        lines in prop::collection::vec("[ -~\u{80}-\u{ff}]{0,60}|[ab]=[0-9]; (Path=/[ab]?|Max-Age=-?[0-9]|Domain=[a-c.]{0,6}|Secure|SameSite=None)", 0..12),
        is_secure: bool,
    ) {
        let url = if is_secure { "https://b.c/a/x" } else { "http://b.c/a/x" };
        let (mut jar, mut copy) = (CookieJar::default(), CookieJar::default());
        for line in &lines {
            let told = taken(&mut jar, url, line);
            prop_assert!(told.outcome.is_taken || told.changes.is_empty());
            copy.apply(&told.changes, NOW);
        }
        prop_assert_eq!(&copy, &jar);
        let place = RequestPlace::of(url);
        for cookie in jar.iter() {
            prop_assert!(!cookie.is_over(NOW));
            prop_assert!(is_secure || !cookie.is_secure);
            let is_within = place.path.as_bytes().starts_with(&cookie.key.path);
            prop_assert_eq!(place.takes(cookie), is_within && place::path_matches(b"/a/x", &cookie.key.path));
        }
        let file = netscape::written(&jar);
        let nameless = jar.iter().filter(|it| it.key.name.is_empty() || it.pair().contains(&b'\t')).count();
        prop_assert_eq!(netscape::read(&file.0, None, NOW).jar.len() + nameless, jar.len());
    }

    #[test]
    fn any_bytes_are_a_line_or_none(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut jar = CookieJar::default();
        take(&mut jar, &line, &RequestPlace::of("https://a.b/"), NOW);
        netscape::read(&line, None, NOW);
    }
}
