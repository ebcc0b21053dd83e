//! Which names people give to what nobody shall read: variables of files and of the operating system,
//! names in a query, a form or a JSON body.
//!
//! The last word decides: `API_TOKEN` and `dbPassword` are a token and a password, `token_url` is an
//! address and `SSH_AUTH_SOCK` a socket. Headers have a looser rule of their own (`is_credential`).

use std::ops::Range;

/// How such names end, without what parts their words.
const ENDS: [&str; 18] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "credentials",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "bearer",
    "jwt",
    "cookie",
];
/// Last words that are too short to be told in the middle of another one.
const WORDS: [&str; 3] = ["pass", "pwd", "pat"];
/// Tokens that name a place in a list.
const PLACES: [&str; 5] =
    ["pagetoken", "nexttoken", "continuationtoken", "synctoken", "cancellationtoken"];
/// Shells keep the folder they are in there.
const FOLDERS: [&str; 2] = ["PWD", "OLDPWD"];
/// A key of the operating system's environment is one to a service.
const KEY: &str = "_KEY";
/// Values that are shorter are not looked for in texts: a `1` stands everywhere.
const LOOKED_FOR: usize = 4;

/// Whether a name says that its value is not to be read by chance.
#[must_use]
pub(crate) fn names_secret(name: &str) -> bool {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || "_-.".contains(c));
    if FOLDERS.contains(&name) {
        return false;
    }
    let bare: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    let bare = bare.to_ascii_lowercase();
    let last = name.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_key = name.ends_with(KEY) && !name.ends_with("PUBLIC_KEY");
    let ends = |ends: &[&str]| ends.iter().any(|end| bare.ends_with(end));
    let is_word = WORDS.iter().any(|word| last.eq_ignore_ascii_case(word));
    (is_key || is_word || ends(&ENDS)) && !ends(&PLACES)
}

/// Of variables those that are hidden wherever they stand: by their names no one shall read them. What
/// other names stand in hides nothing by itself.
pub(crate) fn secret_values<'a>(
    variables: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> impl Iterator<Item = &'a str> {
    let variables = variables.into_iter().map(|(name, value)| (name.as_str(), value.as_str()));
    variables
        .filter(|(name, value)| is_secret_value(name, value) && is_looked_for(value))
        .map(|(_, value)| value)
}

/// Whether a value is long enough to be hidden wherever it stands.
#[must_use]
pub(crate) fn is_looked_for(value: &str) -> bool {
    value.trim().len() >= LOOKED_FOR
}

/// Whether the value of a variable is masked where it stands beside its name.
#[must_use]
pub(crate) fn is_secret_value(name: &str, value: &str) -> bool {
    !value.is_empty() && !value.contains("{{") && names_secret(name)
}

/// What ends a value in a query, wherever a URL stands.
const VALUE_ENDS: &[u8] = b"&#\"'<>\\`";

/// Where the values stand that a query (or what follows `#`, RFC 6749 section 4.2.2) names so, in the URLs
/// of a text. What a name or a program stands for, `{{token}}` or `$TOKEN`, is none.
pub(super) fn in_queries(text: &[u8]) -> Vec<Range<usize>> {
    named_values(text, |first| !b"${*".contains(&first))
}

/// The same of what crossed a wire, where such a value is one.
pub(super) fn in_sent_queries(text: &[u8]) -> Vec<Range<usize>> {
    named_values(text, |_| true)
}

fn named_values(text: &[u8], is_value: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for equals in memchr::memchr_iter(b'=', text) {
        let (before, behind) = (&text[..equals], &text[equals + 1..]);
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        let length = before.iter().rev().take_while(|byte| is_name(byte)).count();
        let (ahead, name) = before.split_at(equals - length);
        let ends = |byte: &u8| byte.is_ascii_whitespace() || VALUE_ENDS.contains(byte);
        let end = behind.iter().position(ends).unwrap_or(behind.len());
        let is_typed = behind.first().is_some_and(|first| is_value(*first));
        let name = std::str::from_utf8(name).unwrap_or_default();
        if matches!(ahead.last(), Some(b'?' | b'&' | b'#'))
            && end > 0
            && is_typed
            && names_secret(name)
        {
            found.push(equals + 1..equals + 1 + end);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_of_a_name_decides() {
        for name in [
            "TOKEN",
            "API_TOKEN",
            "api-key",
            "apiKey",
            "dbPassword",
            "PGPASSWORD",
            "MYSQL_PWD",
            "client_secret",
            "AWS_SECRET_ACCESS_KEY",
            "STRIPE_KEY",
            "token2",
            "token-2",
            "user.pass",
            "access_token",
            "GITHUB_PAT",
        ] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "token_url",
            "SSH_AUTH_SOCK",
            "PWD",
            "OLDPWD",
            "key",
            "sort_key",
            "max_tokens",
            "path",
            "PATH",
            "compass",
            "page_token",
            "HOME",
            "keyboard",
            "XDG_SESSION_TYPE",
            "host",
            "",
            "PUBLIC_KEY",
            "AWS_ACCESS_KEY_ID",
            "monkey",
            "secret_name",
        ] {
            assert!(!names_secret(name), "{name}");
        }
    }

    #[test]
    fn values_of_a_query_are_found_by_their_names() {
        for (text, told) in [
            ("GET http://h/?api_key=k-1&a=b#f", "GET http://h/?api_key=********&a=b#f"),
            ("'http://u:p@h/?a=b&token=x' 200", "'http://********@h/?a=b&token=********' 200"),
            ("h/?token={{secret.t}}&pwd=$PWD1", "h/?token={{secret.t}}&pwd=$PWD1"),
            ("token=x, ?page_token=1&token=", "token=x, ?page_token=1&token="),
            ("http://h/#access_token=x&state=1", "http://h/#access_token=********&state=1"),
        ] {
            assert_eq!(crate::model::secrets::without_userinfo(text), told);
        }
    }

    #[test]
    fn short_values_and_templates_are_not_looked_for() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let all = [
            pair("token", "canary"),
            pair("password", "1"),
            pair("api_key", "{{secret.key}}"),
            pair("host", "h.example"),
        ];
        let found = secret_values(all.iter().map(|(name, value)| (name, value)));
        assert_eq!(found.collect::<Vec<_>>(), ["canary"]);
        assert!(is_secret_value("password", "1") && !is_secret_value("password", ""));
    }
}
