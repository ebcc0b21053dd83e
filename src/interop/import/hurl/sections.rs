//! Sections of a Hurl request: `[Query]`, `[Form]`, `[Options]` and others.

use super::DIALECT;
use crate::interop::import::braces::ours;
use crate::interop::import::gathered::Gathered;
use crate::model::http::{
    Auth, AwsKeys, FormPart, HttpBody, HttpSpec, PartSource, REDIRECTS, VersionChoice,
};
use crate::model::spec::NameValue;
use crate::model::timing::parse_duration;
use crate::model::trust::Verify;

/// Those of a request, in their spellings.
const SECTIONS: [&str; 9] = [
    "[Query]",
    "[QueryStringParams]",
    "[Form]",
    "[FormParams]",
    "[Multipart]",
    "[MultipartFormData]",
    "[Cookies]",
    "[BasicAuth]",
    "[Options]",
];

/// Whether a line begins a section.
pub(super) fn is_section(line: &str) -> bool {
    SECTIONS.contains(&line)
}

/// Whether a line is a row of a section, or nothing.
pub(super) fn is_row(line: &str) -> bool {
    let bare = uncommented(line).trim();
    bare.is_empty() || header(bare).is_some()
}

/// A line without the comment behind it, which begins where no backslash stands before its sign.
pub(super) fn uncommented(line: &str) -> &str {
    let mut is_escaped = false;
    for (at, c) in line.char_indices() {
        if c == '#' && !is_escaped {
            return line.split_at(at).0.trim_end();
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    line.trim_end()
}

/// A name and a value.
pub(super) fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name =
        !name.is_empty() && !name.starts_with(['{', '"', '<', '`']) || name.starts_with("{{");
    let is_plain = !name.contains([' ', '"', ',']);
    (is_name && is_plain && !value.starts_with("//")).then(|| (name.trim(), value.trim()))
}

/// The same of a row that may be empty.
pub(super) fn pair(line: &str) -> Option<(String, String)> {
    header(uncommented(line).trim()).map(|(name, value)| (name.to_owned(), unescaped(value)))
}

/// A value without the backslashes that Hurl has before what would be a comment or cannot be written.
pub(super) fn unescaped(value: &str) -> String {
    let (mut made, mut rest) = (String::with_capacity(value.len()), value);
    while let Some((before, behind)) = rest.split_once('\\') {
        made.push_str(before);
        let mut chars = behind.chars();
        let read = match chars.next() {
            Some(plain @ ('#' | '\\' | '"' | ' ' | '`')) => Some(plain),
            Some('t') => Some('\t'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('u') => {
                let inner = chars.as_str().strip_prefix('{').and_then(|it| it.split_once('}'));
                inner.and_then(|(digits, after)| {
                    let code = u32::from_str_radix(digits, 16).ok()?;
                    chars = after.chars();
                    char::from_u32(code)
                })
            }
            _ => None,
        };
        made.push(read.unwrap_or('\\'));
        rest = if read.is_some() { chars.as_str() } else { behind };
    }
    made + rest
}

/// Puts the rows of a section into the request.
pub(super) fn section(
    name: &str,
    rows: &[(String, String)],
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    let mut text = |text: &str| ours(text, DIALECT, out, place);
    let pairs: Vec<NameValue> =
        rows.iter().map(|(name, value)| NameValue::new(text(name), text(value))).collect();
    match name {
        "Query" | "QueryStringParams" => spec.query.extend(pairs),
        "Form" | "FormParams" => spec.body = HttpBody::Form(pairs),
        "Multipart" | "MultipartFormData" => {
            spec.body = HttpBody::Multipart(pairs.into_iter().map(part).collect());
        }
        "Cookies" => {
            let cookies: Vec<String> =
                pairs.iter().map(|row| format!("{}={}", row.name, row.value)).collect();
            spec.headers.push(NameValue::new("Cookie", cookies.join("; ")));
        }
        "BasicAuth" => {
            if let Some(NameValue { name, value, .. }) = pairs.into_iter().next() {
                spec.auth = Auth::Basic { user: name, password: value };
            }
        }
        _ => rows.iter().for_each(|(name, value)| option(name, value, spec, out, place)),
    }
}

/// `file,name;` with a type behind it, or a text.
fn part(row: NameValue) -> FormPart {
    let NameValue { name, value, .. } = row;
    let Some(rest) = value.strip_prefix("file,") else {
        return FormPart { name, value, ..FormPart::default() };
    };
    // A sign of the end that a backslash stands before is part of the name.
    let ends = rest.match_indices(';').map(|(at, _)| rest.split_at(at));
    let end = ends.into_iter().find(|(file, _)| !file.ends_with('\\'));
    let (file, kind) = end.map_or((rest, ""), |(file, kind)| (file, kind.trim_start_matches(';')));
    let (value, content_type) = (file.trim().replace("\\;", ";"), kind.trim().to_owned());
    FormPart { name, value, source: PartSource::File, content_type, ..FormPart::default() }
}

/// The user that another option named before.
fn given(auth: &Auth) -> (String, String) {
    match auth {
        Auth::Basic { user, password } => (user.clone(), password.clone()),
        Auth::None | Auth::Bearer(_) | Auth::Digest { .. } | Auth::ApiKey(_) | Auth::Aws(_) => {
            (String::new(), String::new())
        }
    }
}

fn option(name: &str, value: &str, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    match (name, value) {
        ("location" | "location-trusted", "true") => spec.redirects = REDIRECTS,
        ("max-redirs", value) => {
            spec.redirects = value.parse().unwrap_or(u8::MAX);
        }
        ("insecure", "true") => spec.verify = Verify::Off,
        ("max-time", value) => {
            spec.timeout = parse_duration(value).unwrap_or(spec.timeout);
        }
        ("user", value) => {
            let (user, password) = value.split_once(':').unwrap_or((value, ""));
            let [user, password] = [user, password].map(|it| ours(it, DIALECT, out, place));
            spec.auth = match std::mem::take(&mut spec.auth) {
                Auth::Digest { .. } => Auth::Digest { user, password },
                Auth::Aws(keys) => {
                    Auth::Aws(AwsKeys { access_key: user, secret_key: password, ..keys })
                }
                Auth::None | Auth::Basic { .. } | Auth::Bearer(_) | Auth::ApiKey(_) => {
                    Auth::Basic { user, password }
                }
            };
        }
        ("digest", "true") => {
            let (user, password) = given(&spec.auth);
            spec.auth = Auth::Digest { user, password };
        }
        ("aws-sigv4", value) if AwsKeys::at(value).is_ok() => {
            let (access_key, secret_key) = given(&spec.auth);
            let keys = AwsKeys::at(&ours(value, DIALECT, out, place)).unwrap_or_default();
            spec.auth = Auth::Aws(AwsKeys { access_key, secret_key, ..keys });
        }
        ("http1.0", "true") => spec.version = VersionChoice::Http10,
        ("http1.1", "true") => spec.version = VersionChoice::Http11,
        ("http2", "true") => spec.version = VersionChoice::Auto,
        ("unix-socket", value) => spec.unix_socket = ours(value, DIALECT, out, place),
        ("proxy", value) => spec.network.proxy = ours(value, DIALECT, out, place),
        ("noproxy", value) => spec.network.no_proxy = ours(value, DIALECT, out, place),
        ("compressed", "true") => {
            spec.headers.push(NameValue::new("Accept-Encoding", "gzip, deflate, br"));
        }
        ("header", value) if value.contains(':') => {
            let (name, value) = value.split_once(':').unwrap_or((value, ""));
            let [name, value] = [name, value].map(|it| ours(it.trim(), DIALECT, out, place));
            spec.headers.push(NameValue::new(name, value));
        }
        // What is so anyway.
        (
            "location" | "location-trusted" | "insecure" | "compressed" | "verbose" | "skip"
            | "path-as-is",
            "false",
        ) => {}
        (name, value) => {
            out.changed("options of single requests", place, &format!("{name}: {value}"));
        }
    }
}
