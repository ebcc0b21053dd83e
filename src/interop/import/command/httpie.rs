//! `http`, `https`, `xh` and `xhs`: requests in the words of `HTTPie`.

mod nested;

use crate::compose::template;
use crate::interop::curl::{LineInput, ShellLine};
use crate::interop::import::data::DataNode;
use crate::model::http::{
    Auth, FormPart, HttpBody, HttpSpec, PartSource, VersionChoice, typed_method,
};
use crate::model::spec::{NameValue, Spec};
use crate::model::timing::parse_bound;
use crate::model::trust::Verify;

use super::sockets::Made;

/// Options that take a value; what of them is none of a request is told.
const VALUES: [&str; 30] = [
    "auth",
    "auth-type",
    "bearer",
    "boundary",
    "cert",
    "cert-key",
    "cert-key-pass",
    "ciphers",
    "connect-timeout",
    "default-scheme",
    "format-options",
    "history-print",
    "http-version",
    "interface",
    "local-address",
    "max-headers",
    "max-redirects",
    "output",
    "pretty",
    "print",
    "proxy",
    "raw",
    "resolve",
    "response-charset",
    "response-mime",
    "session",
    "session-read-only",
    "ssl",
    "style",
    "timeout",
];
/// Those that are one word with their value, or begin so.
const MORE_VALUES: [&str; 2] = ["unix-socket", "verify"];
/// Letters that stand for an option with a value.
const LETTERS: [(char, &str); 6] = [
    ('a', "auth"),
    ('A', "auth-type"),
    ('o', "output"),
    ('p', "print"),
    ('P', "history-print"),
    ('s', "style"),
];
/// Letters of options that say something about a request.
const SWITCHES: [(char, &str); 4] =
    [('f', "form"), ('j', "json"), ('F', "follow"), ('x', "compress")];

/// Items of one command; names of JSON are looked for among those before.
const ITEMS: usize = 5_000;

/// What the items add up to.
#[derive(Default)]
struct Items {
    data: Vec<(String, DataNode)>,
    files: Vec<(String, String)>,
    is_form: bool,
    is_multipart: bool,
}

/// What the options say.
#[derive(Default)]
struct Asked {
    spec: HttpSpec,
    items: Items,
    plain: Vec<String>,
    user: Option<String>,
    way: String,
    raw: Option<String>,
    is_https: bool,
    remarks: Vec<String>,
}

/// Reads a command.
pub(super) fn request(line: &ShellLine) -> Result<Made, String> {
    let program = line.words.first().map_or("", String::as_str);
    let is_https = program.ends_with("https") || program.ends_with("xhs");
    let mut asked = Asked { is_https, ..Asked::default() };
    // It follows none unless it is told to.
    asked.spec.redirects = 0;
    asked.read(line.words.iter().skip(1));
    let Asked { mut spec, mut items, mut plain, user, way, raw, is_https, mut remarks } = asked;
    let method = address(&mut plain, is_https, &mut spec)?;
    if plain.len() > ITEMS {
        return Err(format!("more than {ITEMS} items"));
    }
    for item in plain {
        items.take(&item, &mut spec, &mut remarks)?;
    }
    auth(user, &way, &mut spec, &mut remarks);
    items.fill(&mut spec, program.contains("xh"));
    input(raw, line.input.as_ref(), &mut spec, &mut remarks);
    let has_body = spec.body != HttpBody::None;
    spec.method = method.unwrap_or_else(|| if has_body { "POST" } else { "GET" }.to_owned());
    Ok((Spec::Http(spec), remarks))
}

impl Asked {
    fn read<'w>(&mut self, mut words: impl Iterator<Item = &'w String>) {
        while let Some(word) = words.next() {
            let Some(name) = word.strip_prefix("--") else {
                match word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                    Some(letters) => self.letters(letters, &mut words),
                    None => self.plain.push(word.clone()),
                }
                continue;
            };
            if name.is_empty() {
                self.plain.extend(words.by_ref().cloned());
            } else if let Some((name, value)) = name.split_once('=') {
                self.value(name, value.to_owned());
            } else if VALUES.contains(&name) || MORE_VALUES.contains(&name) {
                self.value(name, words.next().cloned().unwrap_or_default());
            } else {
                self.switch(name);
            }
        }
    }

    /// Letters behind one dash; the value of one is the rest of them, or the next word.
    fn letters<'w>(&mut self, letters: &str, words: &mut impl Iterator<Item = &'w String>) {
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            if let Some((_, name)) = LETTERS.iter().find(|(own, _)| *own == letter) {
                let rest = std::mem::replace(&mut letters, "".chars());
                let rest = rest.as_str();
                let value = if rest.is_empty() { words.next().cloned() } else { Some(rest.into()) };
                self.value(name, value.unwrap_or_default());
            } else if let Some((_, name)) = SWITCHES.iter().find(|(own, _)| *own == letter) {
                self.switch(name);
            }
        }
    }

    fn switch(&mut self, name: &str) {
        match name {
            "form" => self.items.is_form = true,
            "multipart" => (self.items.is_form, self.items.is_multipart) = (true, true),
            "json" => self.items.is_form = false,
            "follow" => self.spec.redirects = crate::model::http::REDIRECTS,
            "chunked" => {
                self.spec.headers.push(NameValue::new("Transfer-Encoding", "chunked"));
            }
            "compress" => {
                self.remarks.push("--compress is not done: the body goes as it is".into());
            }
            _ => {}
        }
    }

    fn value(&mut self, name: &str, value: String) {
        match name {
            "auth" => self.user = Some(value),
            "auth-type" => self.way = value,
            "bearer" => (self.user, self.way) = (Some(value), "bearer".to_owned()),
            "raw" => self.raw = Some(value),
            "verify" if ["no", "false"].contains(&value.as_str()) => self.spec.verify = Verify::Off,
            "verify" if ["yes", "true"].contains(&value.as_str()) => {}
            // Any other value names authorities.
            "verify" => self.spec.tls.ca = quoted(&value),
            "cert" => self.spec.tls.certificate = quoted(&value),
            "cert-key" => self.spec.tls.key = quoted(&value),
            "default-scheme" => self.is_https = value == "https",
            "unix-socket" => self.spec.unix_socket = quoted(&value),
            // For which schemes it is, stands in front.
            "proxy" if value.contains(':') => {
                let (_, proxy) = value.split_once(':').unwrap_or_default();
                self.spec.network.proxy = quoted(proxy);
            }
            "http-version" if value.parse::<VersionChoice>().is_ok() => {
                self.spec.version = value.parse().unwrap_or_default();
            }
            "max-redirects" if value.parse::<u64>().is_ok() => {
                self.spec.redirects = value.parse().unwrap_or(u8::MAX);
            }
            "timeout" if parse_bound(&value).is_ok() => {
                self.spec.timeout = parse_bound(&value).unwrap_or(self.spec.timeout);
            }
            name => self.remarks.push(format!("--{name} {value} means nothing here")),
        }
    }
}

/// Takes the URL from the front of the words, and the method before it, if there is one.
fn address(
    plain: &mut Vec<String>,
    is_https: bool,
    spec: &mut HttpSpec,
) -> Result<Option<String>, String> {
    let first = plain.first().ok_or("no URL")?;
    let method = typed_method(first).filter(|_| plain.len() > 1).map(str::to_owned);
    if method.is_some() {
        plain.remove(0);
    }
    spec.url = quoted(&with_scheme(&plain.remove(0), is_https));
    Ok(method)
}

/// What is sent as it is.
fn input(
    raw: Option<String>,
    piped: Option<&LineInput>,
    spec: &mut HttpSpec,
    remarks: &mut Vec<String>,
) {
    match (raw, piped) {
        // It is told to be JSON, as all that is sent.
        (Some(text), _) => spec.body = HttpBody::Json(quoted(&text)),
        (None, Some(LineInput::Text(text))) if spec.body == HttpBody::None => {
            spec.body = HttpBody::Json(quoted(text));
        }
        (None, Some(LineInput::File(file))) => spec.body = HttpBody::File(quoted(file)),
        (None, Some(LineInput::Program(program))) => {
            remarks.push(format!("what {program} writes is not known; it is not run"));
        }
        _ => {}
    }
}

/// A text as it is, but for variables of the shell.
fn quoted(text: &str) -> String {
    template::quote(text).replace("{{!env.", "{{env.")
}

fn with_scheme(url: &str, is_https: bool) -> String {
    let scheme = if is_https { "https" } else { "http" };
    if url.contains("://") {
        return url.to_owned();
    }
    let url = url.strip_prefix("//").unwrap_or(url);
    match url.strip_prefix(':') {
        Some(rest) if rest.starts_with('/') || rest.is_empty() => {
            format!("{scheme}://localhost{rest}")
        }
        Some(rest) => format!("{scheme}://localhost:{rest}"),
        None => format!("{scheme}://{url}"),
    }
}

fn auth(user: Option<String>, way: &str, spec: &mut HttpSpec, remarks: &mut Vec<String>) {
    let Some(user) = user else { return };
    spec.auth = match way {
        "bearer" => Auth::Bearer(quoted(&user)),
        "" | "basic" | "digest" => {
            if !user.contains(':') {
                remarks.push("the password is asked for there; it is empty here".to_owned());
            }
            let (user, password) = user.split_once(':').unwrap_or((&user, ""));
            let (user, password) = (quoted(user), quoted(password));
            if way == "digest" {
                Auth::Digest { user, password }
            } else {
                Auth::Basic { user, password }
            }
        }
        way => {
            remarks.push(format!("credentials of a kind that is not there yet: {way}"));
            Auth::None
        }
    };
}

/// The signs of items, where several begin at one place the longest first.
const SIGNS: [&str; 10] = [":=@", "==@", "=@", ":=", "==", ":@", "=", ":", "@", ";"];

/// An item in parts: its name, its sign and its value. A sign behind a backslash is plain text.
fn parts(item: &str) -> Option<(String, &'static str, String)> {
    let mut is_escaped = false;
    let (at, sign) = item.char_indices().find_map(|(at, c)| {
        let is_plain = is_escaped;
        is_escaped = c == '\\' && !is_plain;
        let rest = item.split_at(at).1;
        let found = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).filter(|_| !is_plain);
        found.map(|sign| (at, sign))
    })?;
    let (name, rest) = item.split_at(at);
    Some((unescaped(name), sign, unescaped(rest.split_at(sign.len()).1)))
}

/// A text without the backslashes before signs of items.
fn unescaped(text: &str) -> String {
    let (mut made, mut chars) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(c) = chars.next() {
        let sign = if c == '\\' { chars.next_if(|next| ":=@;".contains(*next)) } else { None };
        made.push(sign.unwrap_or(c));
    }
    made
}

/// JSON in one line, with a blank behind each sign between values, as `HTTPie` writes it.
fn spaced(node: &DataNode) -> String {
    let quoted = |text: &str| DataNode::from(text).json(false);
    match node {
        DataNode::List(items) => {
            format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", "))
        }
        DataNode::Map(pairs) => {
            let pairs =
                pairs.iter().map(|(name, value)| format!("{}: {}", quoted(name), spaced(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        node => node.json(false),
    }
}

impl Items {
    /// `name=value` and its kin.
    fn take(
        &mut self,
        item: &str,
        spec: &mut HttpSpec,
        remarks: &mut Vec<String>,
    ) -> Result<(), String> {
        let (name, sign, value) = parts(item).ok_or_else(|| format!("'{item}' is no item"))?;
        match sign {
            "==" => spec.query.push(NameValue::new(quoted(&name), quoted(&value))),
            "=" => self.data.push((name, DataNode::from(&*value))),
            ":=" => {
                let json = super::super::data::read_json(&value)
                    .map_err(|fault| format!("'{name}' is no JSON: {fault}"))?;
                self.data.push((name, json));
            }
            "@" => self.files.push((name, value)),
            ":" if value.is_empty() => {
                let row = NameValue::new(quoted(&name), "");
                spec.headers.push(NameValue { enabled: false, ..row });
            }
            ":" => spec.headers.push(NameValue::new(quoted(&name), quoted(&value))),
            ";" if value.is_empty() => spec.headers.push(NameValue::new(quoted(&name), "")),
            ";" => return Err(format!("'{item}' is no item")),
            _ => remarks.push(format!("what is in {value} is not read; '{name}' is left out")),
        }
        Ok(())
    }

    /// Makes them the body; `is_xh` = it goes out without blanks, as `xh` writes JSON.
    fn fill(self, spec: &mut HttpSpec, is_xh: bool) {
        let rows = self
            .data
            .iter()
            .map(|(name, value)| NameValue::new(quoted(name), quoted(&value.plain())));
        let is_named = self.files.iter().any(|(name, _)| !name.is_empty());
        if self.is_multipart || is_named || (self.is_form && !self.files.is_empty()) {
            let text = rows.map(|NameValue { name, value, .. }| FormPart {
                name,
                value,
                ..FormPart::default()
            });
            let files = self.files.iter().map(|(name, file)| {
                let (file, kind) = file.rsplit_once(";type=").unwrap_or((file, ""));
                FormPart {
                    name: quoted(name),
                    value: quoted(file),
                    source: PartSource::File,
                    content_type: quoted(kind),
                    ..FormPart::default()
                }
            });
            spec.body = HttpBody::Multipart(text.chain(files).collect());
        } else if let ([(name, file)], true) = (self.files.as_slice(), self.data.is_empty()) {
            if name.is_empty() {
                spec.body = HttpBody::File(quoted(file));
            }
        } else if self.is_form && !self.data.is_empty() {
            spec.body = HttpBody::Form(rows.collect());
        } else if !self.data.is_empty() {
            let mut whole = DataNode::Map(Vec::new());
            for (name, value) in self.data {
                nested::put(&mut whole, &name, value);
            }
            let text = if is_xh { whole.json(false) } else { spaced(&whole) };
            spec.body = HttpBody::Json(quoted(&text));
        }
    }
}
