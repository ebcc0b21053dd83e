//! What nobody shall read in texts that leave this program's own screen: values of secrets, and
//! credentials that were typed in place.
//!
//! [`Secrets`] knows values by themselves and hides them wherever they stand, however they are
//! spelled there: escaped, in base64, in hex, one within the other, as the parts of a URL, and cut
//! in two. `is_credential` knows headers by name. Bytes on the timeline and drafts keep what they are.

mod decoded;
mod escapes;
mod hidden_value;
mod secret_name;
mod sent_heads;
mod userinfo;

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::failure::Failure;
use decoded::Text;
use hidden_value::HiddenValue;
use secret_name::{in_queries, in_sent_queries};
use sent_heads::heads;
use userinfo::userinfo;

pub(crate) use secret_name::{is_looked_for, is_secret_value, names_secret, secret_values};

/// Stands for a credential.
pub(crate) const MASK: &str = "********";

/// Spellings one within the other that are seen through: base64 of JSON in a form.
const DEPTH: usize = 3;
/// Bytes looked at together; what lies across is seen in the next ones.
const WINDOW: usize = 256 * 1024;
/// How much longer than the value a spelling of it may be: hex of base64 of escapes.
const SPELLED: usize = 12;
/// The most bytes before a piece that are looked at with it.
const REACH: usize = 16 * 1024;
/// Bytes before a piece of a stream in which a head of HTTP may have begun.
const HEADS: usize = 4 * 1024;

/// Headers whose values are credentials by definition.
const CREDENTIALS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "authentication-info",
    "proxy-authentication-info",
    "cookie",
    "cookie2",
    "set-cookie",
    "set-cookie2",
];
/// Words in the names of headers that people keep keys in.
const KEY_WORDS: [&str; 12] = [
    "api-key",
    "apikey",
    "api_key",
    "access-key",
    "private-key",
    "x-auth",
    "token",
    "secret",
    "password",
    "passwd",
    "credential",
    "session",
];

/// What ends a name in a word of the command line.
const SEPARATORS: [char; 5] = [':', '=', ' ', ';', '@'];

/// Values that are hidden. Clones share them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Longest first.
    values: Arc<[HiddenValue]>,
    /// How many bytes before a piece matter to it.
    reach: usize,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.values.len())
    }
}

/// How much of what happened an output tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disclosure {
    /// All of it: the user asked for secrets.
    Everything,
    /// Neither these values nor headers that hold credentials.
    Hiding(Secrets),
}

impl Default for Disclosure {
    fn default() -> Self {
        Disclosure::Hiding(Secrets::default())
    }
}

impl Disclosure {
    /// The values that are hidden.
    #[must_use]
    pub fn hidden(&self) -> Secrets {
        match self {
            Disclosure::Everything => Secrets::default(),
            Disclosure::Hiding(secrets) => secrets.clone(),
        }
    }

    /// Bytes as they may be told.
    #[must_use]
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match self {
            Disclosure::Everything => Cow::Borrowed(bytes),
            Disclosure::Hiding(secrets) => secrets.hide(bytes),
        }
    }

    /// What is hidden of a piece of something longer, in order and without overlap: of what began in
    /// `before` its rest, and of what goes on behind it its beginning.
    #[must_use]
    pub(crate) fn hidden_parts(&self, before: &[u8], piece: &[u8]) -> Vec<Range<usize>> {
        match self {
            Disclosure::Everything => Vec::new(),
            Disclosure::Hiding(secrets) => secrets.parts(before, piece),
        }
    }

    /// How many bytes before a piece matter to it; 0 when nothing is hidden.
    #[must_use]
    pub(crate) fn reach(&self) -> usize {
        match self {
            Disclosure::Everything => 0,
            Disclosure::Hiding(secrets) => secrets.reach,
        }
    }

    /// How many bytes before a piece of a stream matter to it, of which nobody knows what it carries.
    #[must_use]
    pub(crate) fn reach_of_stream(&self) -> usize {
        match self {
            Disclosure::Everything => 0,
            Disclosure::Hiding(secrets) => secrets.reach.max(HEADS),
        }
    }

    /// What is hidden of a piece of such a stream: of heads of HTTP in it their credentials, too.
    #[must_use]
    pub(crate) fn hidden_of_stream(&self, before: &[u8], piece: &[u8]) -> Vec<Range<usize>> {
        let mut found = self.hidden_parts(before, piece);
        if *self == Disclosure::Everything {
            return found;
        }
        let text = [before, piece].concat();
        for head in heads(&text) {
            let lines = &text[head.clone()];
            let parts = credentials_of_head(lines).into_iter();
            let parts = parts.map(|part| part.start + head.start..part.end + head.start).collect();
            found.extend(within_piece(parts, before.len()));
        }
        joined(found)
    }

    /// The same of heads of messages, whose credentials are hidden too.
    #[must_use]
    pub(crate) fn hidden_of_heads(&self, before: &[u8], piece: &[u8]) -> Vec<Range<usize>> {
        if *self == Disclosure::Everything {
            return Vec::new();
        }
        // The line the piece begins in, and the one that it may be folded under.
        let mut breaks = memchr::memrchr_iter(b'\n', before);
        let start = breaks.nth(1).map_or(0, |at| at + 1);
        let lines = &before[start..];
        let text = [lines, piece].concat();
        let mut found = within_piece(credentials_of_head(&text), lines.len());
        found.extend(self.hidden_parts(before, piece));
        joined(found)
    }

    /// The value of a header as it may be told.
    #[must_use]
    pub fn value<'a>(&self, name: &[u8], value: &'a [u8]) -> Cow<'a, [u8]> {
        let name = String::from_utf8_lossy(name);
        if *self != Disclosure::Everything && is_credential(&name) {
            let masked = masked_value(&name, &String::from_utf8_lossy(value));
            return Cow::Owned(masked.into_bytes());
        }
        let value = self.bytes(value);
        match credentials_of_urls(&value) {
            found if found.is_empty() || *self == Disclosure::Everything => value,
            found => Cow::Owned(masked(&value, &found)),
        }
    }

    /// The bytes of a head as they may be told.
    #[must_use]
    pub fn head(&self, head: &[u8]) -> Vec<u8> {
        match self {
            Disclosure::Everything => head.to_vec(),
            Disclosure::Hiding(secrets) => secrets.hide(&without_credentials(head)).into_owned(),
        }
    }

    /// Words as they may be told.
    #[must_use]
    pub fn words(&self, text: &str) -> String {
        match self {
            Disclosure::Everything => text.to_owned(),
            Disclosure::Hiding(secrets) => secrets.hide_words(text),
        }
    }
}

/// Whether a header of this name holds a credential.
#[must_use]
pub(crate) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    // What a browser may do with credentials (the Fetch standard) holds none.
    if name.starts_with("access-control-") {
        return false;
    }
    CREDENTIALS.contains(&&*name) || KEY_WORDS.iter().any(|word| name.contains(word))
}

/// The value of a variable as it is shown: not at all where its name says that nobody shall read it.
#[must_use]
pub(crate) fn masked_name(name: &str, value: &str, told: &Disclosure) -> String {
    let is_shown = matches!(told, Disclosure::Everything) || !secret_name::names_secret(name);
    if is_shown { told.words(value) } else { MASK.to_owned() }
}

/// What stands for a value that was found in a field of an expectation or capture (`cookie.sid`,
/// `header.set-cookie`, `json .token`) whose name says that nobody shall read it; `None` = it may be told as it is. What
/// was found is written in quotes or as JSON; words that none was found are no value.
#[must_use]
pub(crate) fn masked_field(field: &str, found: &str, told: &Disclosure) -> Option<String> {
    let is_value = found.starts_with(['\'', '"']);
    let is_hidden = *told != Disclosure::Everything && is_value && is_secret_field(field);
    is_hidden.then(|| MASK.to_owned())
}

/// Whether a field by its name (`cookie.sid`, `header.set-cookie`, `json .token`) is one whose value nobody shall read.
#[must_use]
pub(crate) fn is_secret_field(field: &str) -> bool {
    let field = field.trim_start_matches('~');
    let of = field.split(" matches ").next().unwrap_or(field).trim();
    of.starts_with("cookie.")
        || of.strip_prefix("header.").is_some_and(is_credential)
        || secret_name::names_secret(of)
}

/// A credential as it is shown: the scheme of an `Authorization` is none and tells what is meant.
#[must_use]
pub(crate) fn masked_value(name: &str, value: &str) -> String {
    let scheme = value.trim().split_once(' ').map(|(scheme, _)| scheme);
    let scheme = scheme.filter(|_| name.to_ascii_lowercase().ends_with("authorization"));
    scheme.map_or(MASK.into(), |scheme| format!("{scheme} {MASK}"))
}

/// A text without user and password in its URLs (RFC 3986, section 3.2.1), and without the values that
/// their queries name like secrets.
#[must_use]
pub(crate) fn without_userinfo(text: &str) -> Cow<'_, str> {
    let mut found = userinfo(text.as_bytes());
    found.extend(in_queries(text.as_bytes()));
    match joined(found) {
        found if found.is_empty() => Cow::Borrowed(text),
        found => {
            let told = masked(text.as_bytes(), &found);
            Cow::Owned(String::from_utf8_lossy(&told).into_owned())
        }
    }
}

/// A failure about a word of the command line, without the credential in it: what stands behind the
/// name of a header or option that holds one, however the word is spoiled.
#[must_use]
pub(crate) fn hide_typed(word: &str, failure: Failure) -> Failure {
    let mut from = 0;
    while let Some((name, rest)) = word.get(from..).and_then(|it| it.split_once(SEPARATORS)) {
        if is_credential(name) || name.starts_with("auth.") {
            return Secrets::new([rest.trim()]).hide_failure(failure);
        }
        from = word.len() - rest.len();
    }
    failure
}

/// The head of a message without the values of its credentials, lines folded under them included.
#[must_use]
pub(crate) fn without_credentials(head: &[u8]) -> Vec<u8> {
    masked(head, &credentials_of_head(head))
}

/// Where credentials stand in a head: values of headers, and in the URLs of the others and of its first
/// line.
fn credentials_of_head(head: &[u8]) -> Vec<Range<usize>> {
    let mut found = credentials(head);
    found.extend(credentials_of_urls(head));
    joined(found)
}

/// Where they stand in URLs that crossed a wire.
fn credentials_of_urls(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = userinfo(text);
    found.extend(in_sent_queries(text));
    joined(found)
}

/// Where the values of credentials stand in a head.
fn credentials(head: &[u8]) -> Vec<Range<usize>> {
    let (mut found, mut at, mut hidden) = (Vec::new(), 0, false);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        let colon = memchr::memchr(b':', line).filter(|_| !folded);
        // Without a name the whole line is the value: of the field it is folded under.
        let (name, value) = colon.map_or((&[][..], line), |at| (&line[..at], &line[at + 1..]));
        let name = String::from_utf8_lossy(name);
        hidden = if folded { hidden } else { colon.is_some() && is_credential(name.trim()) };
        let told = told_of_value(name.trim(), value);
        let (first, text) = (start + line.len() - value.len() + told, value.trim_ascii_end().len());
        if hidden && text > told {
            found.push(first..first + text - told);
        }
    }
    found
}

/// How much of a value is told: what stands before it and, of an `Authorization`, its scheme.
fn told_of_value(name: &str, value: &[u8]) -> usize {
    let blank = value.len() - value.trim_ascii_start().len();
    let scheme = memchr::memchr(b' ', value.trim_ascii()).map_or(0, |at| at + 1);
    blank + if name.to_ascii_lowercase().ends_with("authorization") { scheme } else { 0 }
}

impl Secrets {
    /// Hides these values, however they are spelled.
    #[must_use]
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let values = values.into_iter().filter(|value| !value.trim().is_empty());
        Secrets::of(values.flat_map(HiddenValue::all_of).collect())
    }

    fn of(mut values: Vec<HiddenValue>) -> Self {
        values.sort_by(|a, b| a.key().cmp(&b.key()));
        values.dedup();
        let longest = values.iter().map(HiddenValue::letters).max().unwrap_or(0);
        let reach = (longest * SPELLED).min(REACH);
        Secrets { values: values.into(), reach }
    }

    /// Hides the others too.
    #[must_use]
    pub fn and(&self, others: &Secrets) -> Secrets {
        Secrets::of(self.values.iter().chain(others.values.iter()).cloned().collect())
    }

    /// Whether all of the others are hidden already.
    #[must_use]
    pub fn holds(&self, others: &Secrets) -> bool {
        let is_here = |value: &HiddenValue| {
            self.values.binary_search_by(|own| own.key().cmp(&value.key())).is_ok()
        };
        Arc::ptr_eq(&self.values, &others.values) || others.values.iter().all(is_here)
    }

    /// Whether there is nothing to hide.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Bytes without the values.
    #[must_use]
    pub(crate) fn hide<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match self.find(bytes, false) {
            found if found.is_empty() => Cow::Borrowed(bytes),
            found => Cow::Owned(masked(bytes, &found)),
        }
    }

    /// Words without the values, and without user and password of a URL.
    #[must_use]
    pub(crate) fn hide_words(&self, text: &str) -> String {
        let hidden = self.hide(text.as_bytes());
        without_userinfo(&String::from_utf8_lossy(&hidden)).into_owned()
    }

    /// A failure as it may be told.
    #[must_use]
    pub(crate) fn hide_failure(&self, failure: Failure) -> Failure {
        let Failure { stage, target, kind, cause, hint } = failure;
        let [target, cause, hint] = [target, cause, hint].map(|words| self.hide_words(&words));
        Failure { stage, target, kind, cause, hint }
    }

    /// See [`Disclosure::hidden_parts`].
    fn parts(&self, before: &[u8], piece: &[u8]) -> Vec<Range<usize>> {
        let before = &before[before.len().saturating_sub(self.reach)..];
        let found = match before {
            [] => self.find(piece, true),
            before => self.find(&[before, piece].concat(), true),
        };
        within_piece(found, before.len())
    }

    /// Where the values stand, in order and without overlap; in a text that is open also where one
    /// begins at its end.
    fn find(&self, bytes: &[u8], is_open: bool) -> Vec<Range<usize>> {
        let (mut found, mut from) = (Vec::new(), 0);
        while !self.is_empty() && from < bytes.len() {
            let end = (from + WINDOW).min(bytes.len());
            let is_last = end == bytes.len();
            let text =
                Text { bytes: &bytes[from..end], is_open: is_open && is_last, of_digits: false };
            let parts = look(&self.values, text, DEPTH).into_iter();
            // What touches the end of a window is seen whole in the next one.
            let parts = parts.filter(|part| is_last || part.end < text.bytes.len());
            found.extend(parts.map(|part| part.start + from..part.end + from));
            from = if is_last { end } else { end - self.reach };
        }
        joined(found)
    }
}

/// Parts in order, those that overlap as one.
pub(crate) fn joined(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.sort_by_key(|part| (part.start, part.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for part in found {
        match joined.last_mut().filter(|last| part.start < last.end) {
            Some(last) => last.end = last.end.max(part.end),
            None => joined.push(part),
        }
    }
    joined
}

/// Where values stand in a text, and in what can be made of it so many times.
fn look(values: &[HiddenValue], text: Text<'_>, depth: usize) -> Vec<Range<usize>> {
    let escapes = escapes::escapes(text.bytes);
    let mut found = Vec::new();
    for value in values {
        value.find(text, &escapes, &mut found);
    }
    if depth > 0 {
        for decoded in decoded::all(text, &escapes) {
            let parts = look(values, decoded.text(), depth - 1);
            found.extend(parts.iter().map(|part| decoded.source(part, text.bytes.len())));
        }
    }
    found
}

/// Of parts of a text their parts in a piece of it that begins there, counted from its beginning.
fn within_piece(parts: Vec<Range<usize>>, start: usize) -> Vec<Range<usize>> {
    let parts = parts.into_iter().filter(|part| part.end > start);
    parts.map(|part| part.start.saturating_sub(start)..part.end - start).collect()
}

/// The bytes with a mask in place of these parts.
#[must_use]
pub(crate) fn masked(bytes: &[u8], parts: &[Range<usize>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for part in parts {
        // Parts are in order and apart. Were they not, less would be told and never more.
        out.extend_from_slice(bytes.get(from..part.start).unwrap_or_default());
        out.extend_from_slice(MASK.as_bytes());
        from = part.end;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod secrets_tests;
