//! `http`, `https`, `xh` and `xhs`: requests in the words of `HTTPie`.

mod nested;

use crate::compose::template;
use crate::interop::curl::{LineInput, ShellLine};
use crate::interop::import::data::DataNode;
use crate::model::http::{Auth, FormPart, HttpBody, HttpSpec, PartSource, typed_method};
use crate::model::spec::{NameValue, Spec};
use crate::model::trust::Verify;

use super::sockets::Made;

/// Options that take a value and are none of a request.
const VALUES: [&str; 14] = [
    "--print",
    "-p",
    "--output",
    "-o",
    "--style",
    "-s",
    "--pretty",
    "--session",
    "--timeout",
    "--cert",
    "--cert-key",
    "--proxy",
    "--max-redirects",
    "--format-options",
];

/// What the items add up to.
#[derive(Default)]
struct Items {
    data: Vec<(String, DataNode)>,
    files: Vec<(String, String)>,
    is_form: bool,
    is_multipart: bool,
}

/// Reads a command.
pub(super) fn request(line: &ShellLine) -> Result<Made, String> {
    let (mut spec, mut items, mut remarks) = (HttpSpec::default(), Items::default(), Vec::new());
    // It follows none unless it is told to.
    spec.redirects = 0;
    let program = line.words.first().map_or("", String::as_str);
    let is_https = program.ends_with("https") || program.ends_with("xhs");
    let (mut plain, mut user, mut is_bearer, mut raw) = (Vec::<String>::new(), None, false, None);
    let mut words = line.words.iter().skip(1);
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let mut taken = || value.clone().or_else(|| words.next().cloned()).unwrap_or_default();
        match name {
            "-f" | "--form" => items.is_form = true,
            "--multipart" => (items.is_form, items.is_multipart) = (true, true),
            "-j" | "--json" => items.is_form = false,
            "-F" | "--follow" => spec.redirects = crate::model::http::REDIRECTS,
            "-a" | "--auth" => user = Some(taken()),
            "-A" | "--auth-type" => is_bearer = taken() == "bearer",
            "--bearer" => (user, is_bearer) = (Some(taken()), true),
            "--raw" => raw = Some(taken()),
            "--verify" => {
                if ["no", "false"].contains(&taken().as_str()) {
                    spec.verify = Verify::Off;
                }
            }
            name if VALUES.contains(&name) => {
                let value = taken();
                remarks.push(format!("{name} {value} means nothing here"));
            }
            name if name.len() > 1 && name.starts_with('-') && plain.is_empty() => {}
            name if name.starts_with("--") => {}
            _ => plain.push(word.clone()),
        }
    }
    let method = address(&mut plain, is_https, &mut spec)?;
    for item in plain {
        items.take(&item, &mut spec)?;
    }
    auth(user, is_bearer, &mut spec);
    items.fill(&mut spec);
    input(raw, line.input.as_ref(), &mut spec, &mut remarks);
    let has_body = spec.body != HttpBody::None;
    spec.method = method.unwrap_or_else(|| if has_body { "POST" } else { "GET" }.to_owned());
    Ok((Spec::Http(spec), remarks))
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
        (Some(text), _) => spec.body = HttpBody::Text(quoted(&text)),
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

fn auth(user: Option<String>, is_bearer: bool, spec: &mut HttpSpec) {
    let Some(user) = user else { return };
    spec.auth = if is_bearer {
        Auth::Bearer(quoted(&user))
    } else {
        let (user, password) = user.split_once(':').unwrap_or((&user, ""));
        Auth::Basic { user: quoted(user), password: quoted(password) }
    };
}

impl Items {
    /// `name=value` and its kin: the first sign decides, the longest where several begin at one place.
    fn take(&mut self, item: &str, spec: &mut HttpSpec) -> Result<(), String> {
        const SIGNS: [&str; 8] = [":=@", "=@", ":=", "==", ":@", "=", ":", "@"];
        let found = item.char_indices().find_map(|(at, _)| {
            let rest = item.split_at(at).1;
            SIGNS.into_iter().find(|sign| rest.starts_with(sign)).map(|sign| (at, sign))
        });
        let (at, sign) = found.ok_or_else(|| format!("'{item}' is no item"))?;
        let (name, rest) = item.split_at(at);
        let value = rest.split_at(sign.len()).1;
        match sign {
            "==" => spec.query.push(NameValue::new(quoted(name), quoted(value))),
            "=" => self.data.push((name.to_owned(), DataNode::from(value))),
            ":=" => {
                let json = super::super::data::read_json(value)
                    .map_err(|fault| format!("'{name}' is no JSON: {fault}"))?;
                self.data.push((name.to_owned(), json));
            }
            "@" => self.files.push((name.to_owned(), value.to_owned())),
            ":" if value.is_empty() => {
                let row = NameValue::new(quoted(name), "");
                spec.headers.push(NameValue { enabled: false, ..row });
            }
            ":" => spec.headers.push(NameValue::new(quoted(name), quoted(value))),
            _ => return Err(format!("what is in {value} is not read; put it into the command")),
        }
        Ok(())
    }

    fn fill(self, spec: &mut HttpSpec) {
        let rows = self
            .data
            .iter()
            .map(|(name, value)| NameValue::new(quoted(name), quoted(&value.plain())));
        if self.is_multipart || (self.is_form && !self.files.is_empty()) {
            let text = rows.map(|NameValue { name, value, .. }| FormPart {
                name,
                value,
                ..FormPart::default()
            });
            let source = PartSource::File;
            let files = self.files.iter().map(|(name, file)| FormPart {
                name: quoted(name),
                value: quoted(file),
                source,
                ..FormPart::default()
            });
            spec.body = HttpBody::Multipart(text.chain(files).collect());
        } else if let ([(name, file)], true) = (self.files.as_slice(), self.data.is_empty()) {
            if name.is_empty() {
                spec.body = HttpBody::File(quoted(file));
            }
        } else if self.is_form {
            spec.body = HttpBody::Form(rows.collect());
        } else if !self.data.is_empty() {
            let mut whole = DataNode::Map(Vec::new());
            for (name, value) in self.data {
                nested::put(&mut whole, &name, value);
            }
            spec.body = HttpBody::Json(quoted(&whole.json(true)));
        }
    }
}
