//! A request of PowerShell: what the parameters of its command add up to.

use super::value::PsValue;
use crate::interop::import::gathered::untyped;
use crate::model::http::{Auth, FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::{NameValue, Spec};
use crate::model::timing::parse_bound;
use crate::model::trust::Verify;

/// A request, and what of the command means nothing here.
pub(super) type InvokedRequest = (Spec, Vec<String>);

/// What these commands take as a request; others are told as meaning nothing.
const VALUES: [&str; 16] = [
    "uri",
    "method",
    "custommethod",
    "headers",
    "body",
    "contenttype",
    "websession",
    "useragent",
    "infile",
    "form",
    "maximumredirection",
    "token",
    "authentication",
    "credential",
    "outfile",
    "timeoutsec",
];

/// Headers of one request.
const HEADERS: usize = 1_000;

/// What stands alone.
const SWITCHES: [&str; 11] = [
    "usebasicparsing",
    "skipcertificatecheck",
    "skiphttperrorcheck",
    "disablekeepalive",
    "passthru",
    "verbose",
    "noproxy",
    "skipheadervalidation",
    "allowunencryptedauthentication",
    "preserveauthorizationonredirect",
    "usedefaultcredentials",
];

/// The whole name of a parameter, which may be cut short, and whether it stands alone.
pub(super) fn parameter(word: &str) -> (String, bool) {
    let word = word.to_ascii_lowercase();
    let known = || VALUES.iter().map(|it| (*it, false)).chain(SWITCHES.map(|it| (it, true)));
    if let Some((name, alone)) = known().find(|(name, _)| *name == word) {
        return (name.to_owned(), alone);
    }
    let mut begun = known().filter(|(name, _)| name.starts_with(&word));
    match (begun.next(), begun.next()) {
        (Some((name, alone)), None) => (name.to_owned(), alone),
        _ => (word, false),
    }
}

/// What the parameters of a command add up to.
#[derive(Default)]
pub(super) struct Invoked {
    spec: HttpSpec,
    method: Option<String>,
    body: Option<PsValue>,
    content_type: Option<String>,
    remarks: Vec<String>,
}

impl Invoked {
    /// Takes a parameter by its whole name.
    pub(super) fn take(&mut self, name: &str, value: &PsValue) {
        let text = value.text();
        // Only a body and a form can be files.
        if !["body", "form", "infile"].contains(&name) {
            let files = value.files();
            self.remarks.extend(files.iter().map(|file| format!("what is in {file} is not read")));
        }
        match name {
            "uri" => self.spec.url = with_scheme(&text),
            "method" | "custommethod" => self.method = Some(text.to_ascii_uppercase()),
            "headers" => {
                for (name, value) in value.rows() {
                    self.header(&name, value);
                }
            }
            "body" => self.body = Some(value.clone()),
            "contenttype" => self.content_type = Some(text),
            "useragent" => self.header("User-Agent", text),
            "infile" => self.spec.body = HttpBody::File(text),
            "form" => {
                if let PsValue::Table(rows) = value {
                    self.spec.body = HttpBody::Multipart(rows.iter().map(part).collect());
                }
            }
            "timeoutsec" if parse_bound(&text).is_ok() => {
                self.spec.timeout = parse_bound(&text).unwrap_or(self.spec.timeout);
            }
            "maximumredirection" => self.spec.redirects = text.parse().unwrap_or(u8::MAX),
            "token" => self.spec.auth = Auth::Bearer(text),
            "skipcertificatecheck" => self.spec.verify = Verify::Off,
            "websession" => self.session(value),
            "credential" => {
                self.remarks.push(
                    "the user and the password of -Credential are asked for elsewhere".to_owned(),
                );
            }
            "authentication" => {}
            name if SWITCHES.contains(&name) => {}
            name => self
                .remarks
                .push(format!("-{name} {text} means nothing here").trim_end().to_owned()),
        }
    }

    fn header(&mut self, name: &str, value: String) {
        let is_same = |row: &NameValue| row.name.eq_ignore_ascii_case(name);
        if name.eq_ignore_ascii_case("content-type") {
            self.content_type = Some(value);
        } else if self.spec.headers.len() < HEADERS && !self.spec.headers.iter().any(is_same) {
            self.spec.headers.push(NameValue::new(name, value));
        }
    }

    /// What a browser puts into a session before it: who it is, and cookies.
    fn session(&mut self, session: &PsValue) {
        let mut cookies = Vec::new();
        for (name, value) in session.rows() {
            match name.strip_prefix("cookie ") {
                Some(cookie) => cookies.push(format!("{cookie}={value}")),
                None if name == "useragent" => self.header("User-Agent", value),
                None => {}
            }
        }
        if !cookies.is_empty() {
            self.header("Cookie", cookies.join("; "));
        }
    }

    /// The request, where this is told of what stands before it.
    pub(super) fn made(mut self, told: Vec<String>) -> Result<InvokedRequest, String> {
        self.remarks.extend(told);
        if self.spec.url.is_empty() {
            return Err("no -Uri".to_owned());
        }
        self.spec.method = self.method.take().unwrap_or_else(|| "GET".to_owned());
        let is_read = ["GET", "HEAD"].contains(&self.spec.method.as_str());
        let content_type = self.content_type.take();
        let is_json = content_type.as_ref().is_some_and(|it| it.contains("json"));
        // What PowerShell says of a text by itself.
        let said = if self.spec.method == "POST" {
            Some("application/x-www-form-urlencoded")
        } else {
            None
        };
        let mut said = content_type.or_else(|| said.map(str::to_owned));
        match self.body.take() {
            Some(PsValue::Table(rows)) if is_read => {
                let rows = PsValue::Table(rows).rows().into_iter();
                self.spec.query = rows.map(|(name, value)| NameValue::new(name, value)).collect();
            }
            Some(PsValue::Table(rows)) => {
                let rows = PsValue::Table(rows).rows().into_iter();
                let rows = rows.map(|(name, value)| NameValue::new(name, value)).collect();
                self.spec.body = HttpBody::Form(rows);
                said = said.filter(|it| it != "application/x-www-form-urlencoded");
            }
            Some(PsValue::File(path)) => self.spec.body = HttpBody::File(path),
            Some(body) if is_json => {
                self.spec.body = HttpBody::Json(body.text());
                said = said.filter(|it| it != "application/json");
            }
            Some(body) => self.spec.body = HttpBody::Text(body.text()),
            None if matches!(self.spec.body, HttpBody::Multipart(_) | HttpBody::None)
                && !is_json =>
            {
                said = said.filter(|it| it != "application/x-www-form-urlencoded");
            }
            None => {}
        }
        if let Some(said) = said {
            self.spec.headers.push(NameValue::new("Content-Type", said));
        }
        // Of what else it sends it says no type.
        untyped(&mut self.spec);
        Ok((Spec::Http(self.spec), self.remarks))
    }
}

/// A part of a form: what `Get-Item` names is a file.
fn part((name, value): &(String, PsValue)) -> FormPart {
    let source = match value {
        PsValue::File(_) => PartSource::File,
        _ => FormPart::default().source,
    };
    FormPart { name: name.clone(), value: value.text(), source, ..FormPart::default() }
}

fn with_scheme(url: &str) -> String {
    if url.contains("://") || url.starts_with("{{") {
        url.to_owned()
    } else {
        format!("http://{url}")
    }
}
