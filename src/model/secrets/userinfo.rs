//! User and password in the URLs of a text (RFC 3986, section 3.2.1), also of those that lack their
//! scheme or a slash, as people mistype them.

use std::ops::Range;

/// What ends the authority of a URL, or cannot stand in one.
const ENDS: &[u8] = b"/?#\"'<>\\";
/// What has a colon and an `@` and is no user with a password: addresses, and hashes at a place.
const NO_USERS: [&str; 6] = ["mailto", "sip", "sips", "acct", "xmpp", "sha256"];

/// Where they stand, up to the `@`.
pub(super) fn userinfo(text: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut start): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
    for (at, byte) in text.iter().enumerate() {
        if byte.is_ascii_whitespace() || ENDS.contains(byte) {
            start = at + 1;
        } else if *byte == b'@' && start < at && is_user(text, start..at) {
            match found.last_mut().filter(|last| last.start == start) {
                // A password may hold the sign itself.
                Some(last) => last.end = at,
                None => found.push(start..at),
            }
        }
    }
    found
}

/// Whether what stands before an `@` is a user, with or without a password.
fn is_user(text: &[u8], part: Range<usize>) -> bool {
    let (before, rest) = text.split_at(part.start);
    let (user, behind) = rest.split_at(part.len());
    let slashes = before.iter().rev().take_while(|byte| **byte == b'/').count();
    let ahead = before.iter().rev().nth(slashes);
    match (slashes, ahead) {
        (2.., Some(b':')) => true,
        (2.., ahead) => ahead.is_none_or(|byte| !byte.is_ascii_alphanumeric()),
        (1, Some(b':')) => user.contains(&b':'),
        (0, Some(b'?' | b'#')) | (1, _) => false,
        (0, _) => is_bare_user(user, behind.get(1)),
    }
}

/// `user:password@host` without anything before it.
fn is_bare_user(user: &[u8], host: Option<&u8>) -> bool {
    let Some(colon) = memchr::memchr(b':', user) else { return false };
    let (name, password) = user.split_at(colon);
    let name = name.rsplit(|byte| !byte.is_ascii_alphanumeric()).next().unwrap_or_default();
    let is_none = NO_USERS.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
    let is_host = host.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'[');
    // `name:=@file` is an item of `send`.
    is_host && !is_none && password.len() > 1 && password != b":="
}

#[cfg(test)]
mod tests {
    use crate::model::secrets::without_userinfo;

    #[test]
    fn users_are_found_wherever_a_url_stands_and_however_it_is_mistyped() {
        assert_eq!(without_userinfo("'a:=@nope': nope"), "'a:=@nope': nope");
        for (text, told) in [
            ("http://u:pw@h/a@b", "http://********@h/a@b"),
            (
                "<https://u:p@w@h>; rel=next, <//u@h>",
                "<https://********@h>; rel=next, <//********@h>",
            ),
            ("5; url=http://u:pw@h", "5; url=http://********@h"),
            ("//u:pw@h/", "//********@h/"),
            ("http:/u:pw@h", "http:/********@h"),
            ("http:u:pw@h", "********@h"),
            ("cannot connect u:pw@[::1]:9: refused", "cannot connect ********@[::1]:9: refused"),
            ("'u:p=w;x,y@127.0.0.1:1'", "'********@127.0.0.1:1'"),
        ] {
            assert_eq!(without_userinfo(text), told);
        }
    }

    #[test]
    fn what_is_no_user_stays() {
        for text in [
            "mailto:ann@example.com",
            "--set tls.trust=sha256:00ff@127.0.0.1:443",
            "ann@example.com",
            "http://h/@scope/a:b@c?d:e@f",
            "f:@file",
            "a//b@c",
            "",
        ] {
            assert_eq!(without_userinfo(text), text);
        }
    }
}
