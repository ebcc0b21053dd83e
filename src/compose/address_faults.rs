//! What is wrong with a typed URL that the URL standard refuses in other words, or takes in silence.
//!
//! Called by `address` before and after the standard reads it. Pure; each answer is a sentence that
//! names what is to be changed.

use std::net::Ipv6Addr;

use crate::model::url_text::UrlText;

/// Quotes that were copied with an address.
const QUOTES: [char; 10] = ['"', '\'', '`', '“', '”', '„', '‘', '’', '«', '»'];

/// An address in quotes, or in the brackets that texts put around one (RFC 3986, appendix C).
pub(super) fn quoted(text: &str) -> Option<String> {
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let is_quote = |c: char| QUOTES.contains(&c) || matches!(c, '<' | '>');
    let sign = [first, last].into_iter().find(|c| is_quote(*c))?;
    // A path may end with one, but for the pair of the first.
    let is_around = is_quote(first) || !text.contains(['/', '?', '#']);
    is_around.then(|| format!("the address has a {sign} around it; take it away"))
}

/// What has no scheme and is read as no URL: an IPv6 address without brackets, a port alone.
pub(super) fn bare(text: &str) -> Option<String> {
    let authority = UrlText::literal(text).authority;
    let address = authority.split('%').next().unwrap_or_default();
    if address.parse::<Ipv6Addr>().is_ok() {
        return Some(format!("an IPv6 address needs brackets; write http://[{authority}]/"));
    }
    // The URL standard reads a number as an IPv4 address: 0.0.31.144 for 8080.
    authority
        .parse::<u16>()
        .ok()
        .map(|port| format!("'{port}' is a port without a host; write localhost:{port} or :{port}"))
}

/// Why a URL ends before its port: what comes first of `/?#` ends it, in a password too.
pub(super) fn cut_short(whole: &str, authority: &str) -> Option<String> {
    let behind = whole.get(authority.len()..)?;
    let sign = behind.chars().next().filter(|_| behind.contains('@'))?;
    let code = u32::from(sign);
    Some(format!("the '{sign}' ends host and port; in a user or password write %{code:02X}"))
}

/// The host as typed, of a URL up to its path.
pub(super) fn host_of(authority: &str) -> &str {
    UrlText::literal(authority).host
}

/// What is wrong between scheme and path, where the URL standard says less or something else.
pub(super) fn wrong_authority(authority: &str) -> Option<String> {
    let UrlText { scheme, bare, host_port: host, .. } = UrlText::literal(authority);
    if matches!(bare.to_ascii_lowercase().as_str(), "http:" | "https:") {
        return Some(format!("the scheme stands twice ({scheme}://{bare}//); take one away"));
    }
    if host == "*" || host.starts_with("*:") {
        return Some("'*' is for listeners; write the host to connect to".to_owned());
    }
    let is_bare = host.matches(':').count() > 1 && !host.contains(['[', '%', '.']);
    if is_bare && host.chars().all(|c| c == ':' || c.is_ascii_hexdigit()) && host.contains("::") {
        return Some(format!("an IPv6 address needs brackets, as in {scheme}://[::1]:8080/"));
    }
    // The URL standard allows ASCII quotes within a host; around one they were copied with it.
    let is_quote = |c: &char| QUOTES.contains(c);
    let edge = [host.chars().next(), host.chars().next_back()];
    let quote = edge.into_iter().flatten().find(is_quote);
    let is_bad =
        |c: &char| c.is_whitespace() || "<>^|".contains(*c) || (is_quote(c) && !c.is_ascii());
    let bad = host.chars().find(is_bad).or(quote)?;
    let column = authority.rfind(bad).and_then(|at| authority.get(..at))?.chars().count() + 1;
    let name = if bad == ' ' { "a space".to_owned() } else { format!("'{bad}'") };
    Some(format!("the host holds {name} (column {column} of {authority})"))
}
