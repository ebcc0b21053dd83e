//! The address of many presets changed at once: what a change makes of one of them.
//!
//! A change names how addresses begin now, up to a path or a part of one (`https://a.example:8443`, `{{base}}`,
//! `localhost:80/v1`), and how they are to begin. What stands behind stays, and a user before the host; a scheme does
//! where the change names none. Used by the window that shows it before, and by the command line.

use std::borrow::Cow;
use std::collections::HashMap;

use super::field_access;
use super::field_id::FieldId;
use super::spec::Spec;
use super::url_text::UrlText;

/// What may stand behind the beginning of an address, besides nothing.
const BEHIND: [char; 3] = ['/', '?', '#'];

/// The field of relays that says where they lead to.
const TARGET: &str = "target";

/// How addresses begin now, and how they are to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressChange {
    from: String,
    to: String,
}

impl AddressChange {
    /// A change of what was typed.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn new(from: &str, to: &str) -> Result<Self, &'static str> {
        let (from, to) = (without_end(from), without_end(to));
        let is_bare = |text: &str| UrlText::of(text).bare.is_empty();
        if is_bare(from) {
            return Err("say how the addresses begin now");
        }
        if is_bare(to) {
            return Err("say how the addresses are to begin");
        }
        if from == to {
            return Err("this is how they begin now");
        }
        if let Some(why) = flaw(to).or_else(|| hostless(from, to)) {
            return Err(why);
        }
        Ok(AddressChange { from: from.to_owned(), to: to.to_owned() })
    }

    /// An address as it is to be; `None` = it does not begin so.
    #[must_use]
    pub fn of(&self, address: &str) -> Option<String> {
        let (url, from, to) =
            (UrlText::of(address), UrlText::of(&self.from), UrlText::of(&self.to));
        if !from.scheme.is_empty() && !from.scheme.eq_ignore_ascii_case(url.scheme) {
            return None;
        }
        // A user that is named goes with what it stands before.
        if from.userinfo.is_some() && from.userinfo != url.userinfo {
            return None;
        }
        let behind_user = address.get(url.host_at..)?;
        let (place, path) = self.from.get(from.host_at..)?.split_at(from.host_port.len());
        let (own, rest) = behind_user.split_at_checked(url.host_port.len())?;
        // Hosts are the same in upper and lower case and with the port of their scheme, names of variables are not.
        let of_scheme = default_port(url.scheme);
        let is_host = !place.contains("{{")
            && from.host.eq_ignore_ascii_case(url.host)
            && from.port.or(of_scheme) == url.port.or(of_scheme);
        let rest = rest.strip_prefix(path).filter(|_| own == place || is_host)?;
        if !(rest.is_empty() || rest.starts_with(BEHIND)) {
            return None;
        }
        // What names no scheme, as a variable, brings its own where one went.
        let scheme = match (from.scheme.is_empty(), to.scheme.is_empty()) {
            (_, false) => to.scheme,
            (true, true) => url.scheme,
            (false, true) => "",
        };
        // One that the change names takes the place of that in the address.
        let user = url.userinfo.filter(|_| to.userinfo.is_none() && from.userinfo.is_none());
        if user.is_some() && scheme.is_empty() && to.bare.starts_with("{{") {
            // It would stand before the scheme that the variable brings.
            return None;
        }
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let before = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
        let changed = format!("{before}{user}{}{rest}", to.bare);
        (changed != address).then_some(changed)
    }
}

/// The port of a scheme that names none (RFC 9110, section 4.2; RFC 6455, section 3).
fn default_port(scheme: &str) -> Option<&'static str> {
    let of = [("http", "80"), ("ws", "80"), ("https", "443"), ("wss", "443")];
    of.into_iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known)).map(|(_, port)| port)
}

/// A beginning without spaces around it and without the `/` that the path behind it begins with.
fn without_end(text: &str) -> &str {
    let text = text.trim();
    let bare = text.trim_end_matches('/');
    if bare.ends_with(':') || bare.is_empty() { text } else { bare }
}

/// Why what goes to a host cannot begin so.
fn hostless(from: &str, to: &str) -> Option<&'static str> {
    let is_to_host = !UrlText::of(from).scheme.is_empty();
    (is_to_host && to.starts_with('/')).then_some("no host is named")
}

/// Why no address can begin so.
fn flaw(text: &str) -> Option<&'static str> {
    let url = UrlText::of(text);
    // Names that are filled in later can hold anything.
    let outside = outside_of_names(text);
    if outside.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("no address has a space in it");
    }
    if outside.matches("://").count() > 1 {
        return Some("two addresses stand in the new beginning");
    }
    if url.query.is_some() || url.fragment.is_some() {
        return Some("an address does not begin with '?' or '#': those stand behind its path");
    }
    if outside.starts_with("://") {
        return Some("a scheme stands before '://', as http");
    }
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "+.-".contains(c))
    };
    if !url.scheme.is_empty() && !is_scheme(url.scheme) {
        return Some("what stands before '://' is no scheme, as http is one");
    }
    if outside.contains('[') != outside.contains(']') {
        return Some("an IPv6 address stands in '[' and ']'");
    }
    let port = url.port.filter(|port| !port.contains("{{"));
    if port.is_some_and(|port| !port.is_empty() && !port.parse().is_ok_and(|port: u16| port > 0)) {
        return Some("the port is no number from 1 to 65535");
    }
    if !url.scheme.is_empty() && (url.host.is_empty() && port.is_some_and(str::is_empty)) {
        return Some("no host is named");
    }
    None
}

/// A text without the names that are filled in.
fn outside_of_names(text: &str) -> String {
    let (mut rest, mut outside) = (text, String::new());
    while let Some((before, after)) = rest.split_once("{{")
        && let Some((_, behind)) = after.split_once("}}")
    {
        outside.push_str(before);
        rest = behind;
    }
    outside + rest
}

/// Where a preset goes: the address of a client, the target of a relay; `None` = it goes nowhere.
pub(crate) fn goes_to(spec: &Spec) -> Option<Cow<'_, str>> {
    if !spec.side().listens() {
        return Some(spec.address().into());
    }
    let target = FieldId::new(TARGET);
    field_access::find(spec.options(), &target)?;
    Some(field_access::text(spec.options(), &target))
}

/// The same, to write to.
pub(crate) fn goes_to_mut(spec: &mut Spec) -> Option<&mut String> {
    if spec.side().listens() { spec.target_mut() } else { Some(spec.address_mut()) }
}

/// How most of these addresses begin: scheme, host and port.
#[must_use]
pub fn most_common<'a>(addresses: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for address in addresses {
        let url = UrlText::of(address);
        if url.host_port.is_empty() {
            continue;
        }
        let base = match url.scheme {
            "" => url.host_port.to_owned(),
            scheme => format!("{scheme}://{}", url.host_port),
        };
        *counts.entry(base).or_default() += 1;
    }
    let best = counts.into_iter().max_by(|(a, m), (b, n)| m.cmp(n).then_with(|| b.cmp(a)));
    best.map(|(base, _)| base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(from: &str, to: &str, address: &str) -> String {
        AddressChange::new(from, to).unwrap().of(address).unwrap_or_else(|| "stays".into())
    }

    #[test]
    fn what_stands_behind_the_beginning_stays() {
        let to = |to, address| changed("https://a.example:8443", to, address);
        assert_eq!(to("http://b", "https://a.example:8443/x?y#z"), "http://b/x?y#z");
        assert_eq!(to("http://b/v2", "https://a.example:8443"), "http://b/v2");
        assert_eq!(to("{{base}}", "https://a.example:8443/x"), "{{base}}/x");
        assert_eq!(to("http://b", "https://me:pw@a.example:8443/x"), "http://me:pw@b/x");
        for other in ["http://a.example:8443/", "https://a.example:84430/", "https://a.example/"] {
            assert_eq!(to("http://b", other), "stays", "{other}");
        }
    }

    #[test]
    fn what_names_no_scheme_leaves_it() {
        assert_eq!(changed("a:80", "b:81", "http://a:80/x"), "http://b:81/x");
        assert_eq!(changed("a:80", "b:81", "a:80"), "b:81");
        assert_eq!(changed("a:80", "https://b", "http://a:80/x"), "https://b/x");
        assert_eq!(
            changed("{{base}}", "https://b", "{{base}}/x?y={{base}}"),
            "https://b/x?y={{base}}"
        );
        assert_eq!(changed("[::1]:80", "h:1", "http://[::1]:80/"), "http://h:1/");
        assert_eq!(changed("a/v1", "a/v2", "http://a/v1/x"), "http://a/v2/x");
        assert_eq!(changed("a/v1", "a/v2", "http://a/v10"), "stays");
        assert_eq!(changed("a/v1/", "a/", "http://a/v1/x"), "http://a/x");
    }

    #[test]
    fn a_slash_at_an_end_is_none_of_the_beginning() {
        for (from, to) in
            [("http://a/", "https://b"), ("http://a", "https://b/"), ("http://a/", "https://b/")]
        {
            assert_eq!(changed(from, to, "http://a/x"), "https://b/x", "{from} {to}");
            assert_eq!(changed(from, to, "http://a"), "https://b", "{from} {to}");
            assert_eq!(changed(from, to, "http://ab/x"), "stays", "{from} {to}");
        }
        assert_eq!(changed("http://a/v1/", "http://b", "http://a/v1/x"), "http://b/x");
        assert_eq!(changed("http://a/v1/", "http://b", "http://a/v10"), "stays");
    }

    #[test]
    fn schemes_and_hosts_are_the_same_in_upper_and_lower_case() {
        assert_eq!(changed("http://A.example", "http://b", "HTTP://a.Example/X"), "http://b/X");
        assert_eq!(changed("http://a/V1", "http://b", "http://a/v1"), "stays");
        assert_eq!(changed("http://a/v1", "http://b", "http://A:80/v1/x"), "http://b/x");
        assert_eq!(changed("https://a:443", "https://b", "https://a/x"), "https://b/x");
        assert_eq!(changed("a:80", "b", "http://a/x"), "http://b/x");
        assert_eq!(changed("a", "b", "a:80"), "stays", "without a scheme a port is a port");
        assert_eq!(changed("http://a", "http://b", "http://a:443/"), "stays");
        assert_eq!(changed("{{base}}", "http://b", "{{Base}}/x"), "stays");
    }

    #[test]
    fn a_user_goes_with_what_names_it_and_never_before_a_variable() {
        assert_eq!(changed("http://me:pw@a", "http://b", "http://me:pw@a/x"), "http://b/x");
        assert_eq!(changed("http://me:pw@a", "http://b", "http://you@a/x"), "stays");
        assert_eq!(changed("http://a", "{{base}}", "http://me:pw@a/x"), "stays");
        assert_eq!(changed("http://a", "http://{{host}}", "http://me@a/x"), "http://me@{{host}}/x");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (from, to) in [("", "a"), ("a", " "), ("http://", "a"), ("a", "https://"), ("a", "a")] {
            assert!(AddressChange::new(from, to).is_err(), "{from} {to}");
        }
    }

    #[test]
    fn a_new_beginning_that_no_address_has_is_refused() {
        for to in [
            "https://a:1https://b",
            "https://https://b",
            "http://a b",
            "http://a:b",
            "http://a:70000",
            "http://a:0",
            "http://a:-1",
            "http://a?x=1",
            "http://a#x",
            "1http://a",
            "ht tp://a",
            "http://:",
            "http://[::1",
            "/x",
        ] {
            assert!(AddressChange::new("http://old", to).is_err(), "{to}");
        }
        for to in [
            "https://b",
            "b",
            ":8080",
            "b:8080/v1",
            "{{base}}",
            "http://{{host}}:{{port}}/v1",
            "{{a b}}/x",
            "http://[::1]:80",
            "tcp://b:7",
            "unix:/run/a.sock",
            "http://me:pw@b",
            "@name",
            "https://bücher.example",
        ] {
            assert!(AddressChange::new("http://old", to).is_ok(), "{to}");
        }
        assert!(AddressChange::new("old:80", "/run/a.sock").is_ok());
        let named = changed("https://a", "https://you@b", "https://me:pw@a/x");
        assert_eq!(named, "https://you@b/x");
    }

    #[test]
    fn most_begin_with() {
        let of = |addresses: &[&str]| most_common(addresses.iter().copied());
        let many = ["http://a/1", "http://u@b:1/2", "b:1", "http://b:1/3?x"];
        assert_eq!(of(&many).as_deref(), Some("http://b:1"));
        assert_eq!(of(&["{{base}}/x", ""]).as_deref(), Some("{{base}}"));
        assert_eq!(of(&["", "/x"]), None);
    }
}
