//! From what a curl command asks for to an [`HttpSpec`].
//!
//! `compose` adds `Host`, `User-Agent`, `Accept: */*` and the length by itself, so only what differs
//! from that becomes a header row.

use super::body::{self, DataPiece, DataSource};
use super::command::{ImportError, find_mark, has_bytes, replaced, unmarked, variable};
use super::cookies;
use super::files::CommandFiles;
use super::request::CurlRequest;
use super::warnings::CurlWarnings;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::codec::escape;
use crate::compose::template;
use crate::model::http::{Auth, AutomaticHeader, AwsKeys, HttpBody, HttpSpec, REDIRECTS};
use crate::model::network::NetworkSpec;
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::spec::NameValue;
use crate::model::trust::Verify;
use crate::model::url_text::UrlText;

const FORM_TYPE: &str = "application/x-www-form-urlencoded";
/// Bytes of data from which curl asks before it sends them.
const ASKS_FROM: usize = 1024 * 1024;
/// Bytes above ASCII are encoded anyway.
const BYTES: &AsciiSet = CONTROLS;

impl CurlRequest {
    /// The request as a spec, and what was ignored or changed. `end` is where a missing URL would
    /// stand.
    pub(super) fn finish(
        mut self,
        end: usize,
        files: &CommandFiles,
    ) -> Result<(HttpSpec, Vec<String>), ImportError> {
        let mut url = self.url(end)?;
        self.name_contradictions();
        self.name_version(&url);
        let user_info = take_user_info(&mut url);
        if let Some(name) = self.upload_name.take() {
            url = body::with_file_name(&url, &name);
        }
        if !self.path_as_is {
            url = body::without_dots(&url);
        }
        self.read_headers(files);
        let data = self.read_data(files);
        let query = std::mem::take(&mut self.query);
        let query = query.into_iter().filter_map(|piece| self.content(piece, files)).collect();
        let query = self.text_of(query, "&");
        if !query.is_empty() {
            url = body::append_query(&url, &query);
        }
        let (body, content_type) = self.body(data, &mut url);
        self.name_query_bytes(&url);
        self.name_length(&body);
        self.read_cookies(&url, files);
        let mut told = Vec::new();
        let (socket, client) = self.socket.specs(&mut told);
        self.warnings.extend(told);
        let mut spec = HttpSpec {
            method: self.method_for(&body),
            auth: self.auth(user_info),
            headers: self.rows(content_type),
            body,
            url,
            version: self.version,
            verify: if self.insecure { Verify::Off } else { Verify::On },
            redirects: if self.follow { self.redirects.unwrap_or(REDIRECTS) } else { 0 },
            socket,
            client,
            network: self.network.spec(),
            tls: Box::new(self.network.tls.clone()),
            transfer: Box::new(self.network.transfer.clone()),
            unix_socket: std::mem::take(&mut self.socket.unix),
            ..HttpSpec::default()
        };
        spec.timeout = self.max_time.unwrap_or(spec.timeout);
        if !self.quiet.is_empty() {
            self.warnings.push(format!("without meaning here: {}", self.quiet.join(", ")));
        }
        literal(&mut spec, &mut self.warnings);
        Ok((spec, self.warnings.into_texts()))
    }

    fn url(&mut self, end: usize) -> Result<String, ImportError> {
        let mut urls = std::mem::take(&mut self.urls).into_iter();
        let Some(first) = urls.next() else {
            return Err(ImportError { position: end, message: "the command names no URL".into() });
        };
        for other in urls {
            self.warnings.push(format!("only the first URL is used, not {}", other.text));
        }
        let mut url = with_two_slashes(first.text.trim());
        match UrlText::literal(&url).scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {}
            "" => url = format!("http://{url}"),
            other if other.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) => {
                let message =
                    format!("a curl command for {other}; only http and https can be read");
                return Err(ImportError { position: first.position, message });
            }
            _ => url = format!("http://{url}"),
        }
        if !self.globoff && has_glob(&url) {
            self.warnings.push(
                "curl would expand the [..] or {..} of the URL into several requests; kept as text"
                    .into(),
            );
        }
        if url.contains(' ') {
            self.warnings.push("curl refuses the blank in the URL; here it is sent as %20".into());
        }
        Ok(url)
    }

    fn read_headers(&mut self, files: &CommandFiles) {
        for file in std::mem::take(&mut self.header_files) {
            match files.text(&file) {
                Some(text) => {
                    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                    self.headers.extend(lines.map(str::to_owned));
                }
                None => self.warnings.push(format!("headers of the file {file} are not read")),
            }
        }
    }

    /// The data, with what is in files as far as it is sent as text. A file alone stays one, so
    /// that it is read when it is sent.
    fn read_data(&mut self, files: &CommandFiles) -> Vec<DataSource> {
        let data = std::mem::take(&mut self.data);
        let is_alone = data.len() == 1 && !self.get;
        let read = |piece| match piece {
            DataPiece::Plain(source) if is_alone => Some(source),
            DataPiece::Joined(file) if is_alone => Some(self.joined_alone(file, files)),
            piece => self.content(piece, files),
        };
        data.into_iter().filter_map(read).collect()
    }

    /// A file that is the whole body, and whose line breaks curl drops.
    fn joined_alone(&mut self, file: String, files: &CommandFiles) -> DataSource {
        match files.text(&file) {
            Some(text) if body::joined(text) != text => {
                self.warnings.push(format!(
                    "the body is what {file} holds now, without line breaks as -d sends it"
                ));
                DataSource::Text(body::joined(text))
            }
            Some(_) => DataSource::File(file),
            None => {
                // A file of the shell is told of elsewhere.
                if !file.starts_with("<(") {
                    self.warnings.push(format!(
                        "curl drops the line breaks and NULs of {file} with --data; here the file \
                         is sent as it is"
                    ));
                }
                DataSource::File(file)
            }
        }
    }

    /// A piece with what is in its file; files that cannot be read stay what they are, or are named
    /// and left out.
    fn content(&mut self, piece: DataPiece, files: &CommandFiles) -> Option<DataSource> {
        let read = |file: String, as_sent: fn(&str) -> String| match files.text(&file) {
            Some(text) => DataSource::Text(as_sent(text)),
            None => DataSource::File(file),
        };
        Some(match piece {
            DataPiece::Plain(DataSource::Text(text)) => DataSource::Text(text),
            DataPiece::Plain(DataSource::File(file)) => read(file, str::to_owned),
            DataPiece::Joined(file) => read(file, body::joined),
            DataPiece::Encoded { name, file } => {
                let Some(text) = files.text(&file) else {
                    let what = if file == "-" { "standard input" } else { &file };
                    self.warnings.push(format!(
                        "the content of {what} is not read to be URL-encoded; left out"
                    ));
                    return None;
                };
                DataSource::Text(body::url_encoded_text(&name, text))
            }
        })
    }

    /// The cookies of files come before those of the command, as curl sends them.
    fn read_cookies(&mut self, url: &str, files: &CommandFiles) {
        let mut found = Vec::new();
        for file in std::mem::take(&mut self.cookie_files) {
            match files.content(&file) {
                Some(Ok(content)) => found.extend(cookies::matching(content, url, files.now)),
                Some(Err(why)) => {
                    self.warnings.push(format!("the cookies of {file} cannot be read: {why}"));
                }
                None => self.warnings.push(format!("cookies of the file {file} are not read")),
            }
        }
        // Those of the command are one text, joined without a space; a header replaces them.
        if !self.cookies.is_empty() && !self.mentions("Cookie") {
            found.push(self.cookies.join(";"));
        }
        self.cookies = found;
    }

    fn method_for(&self, body: &HttpBody) -> String {
        let default = if self.head {
            "HEAD"
        } else if self.upload.is_some() {
            "PUT"
        } else if self.is_form || (!self.get && *body != HttpBody::None) {
            "POST"
        } else {
            "GET"
        };
        self.method.clone().unwrap_or_else(|| default.into())
    }

    /// The body, and the content type that goes with it unless a header names one; empty = none is
    /// sent. With `-G` the
    /// data goes to the URL instead.
    fn body(&mut self, data: Vec<DataSource>, url: &mut String) -> (HttpBody, Option<String>) {
        if let Some(source) = self.upload.clone() {
            // An upload has no type.
            let no_type = Some(String::new());
            let file = match source {
                DataSource::File(file) => file,
                DataSource::Text(text) => {
                    self.streams("Transfer-Encoding", "chunked");
                    self.asks_first(&text);
                    return (HttpBody::Text(text), no_type);
                }
            };
            self.asks_first("a file");
            if file == "-" {
                self.warnings.push("standard input is not read; choose a file as body".into());
                return (HttpBody::None, None);
            }
            return (HttpBody::File(file), no_type);
        }
        if !self.parts.is_empty() {
            return (HttpBody::Multipart(std::mem::take(&mut self.parts)), None);
        }
        if self.is_form || data.is_empty() {
            return (HttpBody::None, None);
        }
        let form_type = (!self.json).then(|| FORM_TYPE.to_string());
        if let [DataSource::File(file)] = data.as_slice()
            && file != "-"
            && !self.get
        {
            let json_type = self.json.then(|| "application/json".to_string());
            return (HttpBody::File(file.clone()), form_type.or(json_type));
        }
        let text = self.text_of(data, if self.json { "" } else { "&" });
        if text.len() > ASKS_FROM && !self.get {
            self.asks_first(&text);
        }
        if self.get {
            // Nothing is no query either.
            if !text.is_empty() || UrlText::literal(url).query.is_some() {
                *url = body::append_query(url, &text);
            }
            return (HttpBody::None, None);
        }
        let given = self.header_value("content-type").map(str::to_ascii_lowercase);
        let is_form = given.as_deref().is_none_or(|given| given.starts_with(FORM_TYPE));
        if self.json || given.is_some_and(|given| given.contains("json")) {
            (HttpBody::Json(text), form_type)
        } else if let Some(rows) = body::form_rows(&text).filter(|_| is_form) {
            (HttpBody::Form(rows), None)
        } else {
            (HttpBody::Text(text), form_type)
        }
    }

    /// A header that comes with an upload, unless the command says something of it.
    fn streams(&mut self, name: &str, value: &str) {
        if !self.mentions(name) {
            self.headers.push(format!("{name}: {value}"));
        }
    }

    /// curl waits for a word of the server before it sends an upload.
    fn asks_first(&mut self, body: &str) {
        if !body.is_empty() && !self.mentions("Expect") {
            let remark = "curl asks first whether to send (Expect: 100-continue); here the body is \
                          sent at once";
            self.warnings.push(remark.into());
        }
    }

    /// Joins texts; files among them were not read, and are named.
    fn text_of(&mut self, sources: Vec<DataSource>, joint: &str) -> String {
        let mut texts = Vec::new();
        for source in sources {
            match source {
                DataSource::Text(text) => texts.push(text),
                DataSource::File(file) if file == "-" => {
                    self.warnings.push("standard input is not read; that data is left out".into());
                }
                DataSource::File(file) => {
                    self.warnings.push(format!("the content of {file} is not read; left out"));
                }
            }
        }
        // One alone is long at times, and not copied.
        if texts.len() == 1 { texts.swap_remove(0) } else { texts.join(joint) }
    }

    fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Whether a `-H` line sets, empties or removes this header.
    pub(super) fn mentions(&self, name: &str) -> bool {
        self.headers.iter().any(|line| {
            let found = line.split([':', ';']).next().unwrap_or(line);
            found.trim().eq_ignore_ascii_case(name)
        })
    }

    fn rows(&mut self, content_type: Option<String>) -> Vec<NameValue> {
        let range = self.range.take();
        // A number alone is where it begins.
        let is_start =
            |it: &String| it.starts_with(|c: char| c.is_ascii_digit()) && !it.contains('-');
        let range = range.map(|it| if is_start(&it) { format!("{it}-") } else { it });
        let before = [
            ("Range", range.map(|range| format!("bytes={range}"))),
            // `-A ""` sends none.
            ("User-Agent", self.user_agent.take()),
            ("Accept", self.json.then(|| "application/json".into())),
            ("Referer", self.referer.take()),
        ];
        let before = before.into_iter().filter(|(name, _)| !self.mentions(name));
        let mut rows: Vec<_> = before.filter_map(|(name, value)| row(name, &value?)).collect();
        if !self.cookies.is_empty() {
            rows.push(NameValue::new("Cookie", self.cookies.join("; ")));
        }
        let content_type = content_type.filter(|_| !self.mentions("Content-Type"));
        let asks_for_codings = self.mentions("Accept-Encoding");
        for line in std::mem::take(&mut self.headers) {
            rows.extend(self.header_row(&line));
        }
        rows.extend(content_type.and_then(|value| row("Content-Type", &value)));
        if !self.compressed && !asks_for_codings {
            rows.extend(row("Accept-Encoding", ""));
        }
        rows
    }

    /// `Name: value`; `Name;` sends it empty, `Name:` takes a header away that goes out otherwise.
    fn header_row(&mut self, line: &str) -> Option<NameValue> {
        if let Some((written, value)) = line.split_once(':') {
            let (name, spelled) = (written.trim(), value.strip_prefix(' ').unwrap_or(value));
            // What the row holds is sent; where more is spelled, it cannot be.
            let value = if value.trim().is_empty() { "" } else { spelled };
            if !value.is_empty() && line != format!("{name}: {value}") {
                self.warnings.push(format!(
                    "curl sends the header line '{line}' as it is written; here it is '{name}: \
                     {value}'"
                ));
            }
            if self.is_form && name.eq_ignore_ascii_case("content-type") {
                return self.form_type(name, value.trim());
            }
            return row(name, value);
        }
        if let Some((name, "")) = line.split_once(';') {
            return Some(NameValue::new(name.trim(), ""));
        }
        self.warnings
            .push(format!("the header '{line}' has no ':'; curl would not send it either"));
        None
    }

    fn auth(&mut self, user_info: Option<String>) -> Auth {
        if self.mentions("authorization") {
            return Auth::None;
        }
        let user = self.user.take().or(user_info);
        let other = self.other_auth.filter(|other| !["digest", "aws-sigv4"].contains(other));
        if let Some(other) = other {
            self.warnings
                .push(format!("--{other} is not supported; the request goes without credentials"));
            return Auth::None;
        }
        // Another way that is named goes before a token.
        if let Some(token) = self.bearer.take().filter(|_| self.other_auth.is_none()) {
            return Auth::Bearer(token);
        }
        let Some(user) = user else { return Auth::None };
        let (user, password) = user.split_once(':').unwrap_or_else(|| {
            self.warnings.push("curl would ask for the password; it is empty here".into());
            (user.as_str(), "")
        });
        let (user, password) = (user.to_owned(), password.to_owned());
        match (self.other_auth, &self.aws) {
            (Some("aws-sigv4"), Some(place)) => match AwsKeys::at(place) {
                Ok(keys) => Auth::Aws(AwsKeys { access_key: user, secret_key: password, ..keys }),
                Err(why) => {
                    self.warnings.push(format!("{why}; the request goes without credentials"));
                    Auth::None
                }
            },
            (Some("digest"), _) => Auth::Digest { user, password },
            _ => Auth::Basic { user, password },
        }
    }
}

/// A header; without a value an automatic one is switched off.
pub(super) fn row(name: &str, value: &str) -> Option<NameValue> {
    let row = NameValue { enabled: !value.is_empty(), ..NameValue::new(name, value) };
    (row.enabled || name.parse::<AutomaticHeader>().is_ok()).then_some(row)
}

/// `user:password` of a URL, percent-decoded; taken out of it.
fn take_user_info(url: &mut String) -> Option<String> {
    let UrlText { userinfo, host_at, .. } = UrlText::literal(url);
    let user_info = userinfo?;
    let decoded = percent_encoding::percent_decode_str(user_info).decode_utf8_lossy();
    // A lone user name has an empty password, nobody is asked.
    let decoded = if decoded.contains(':') { decoded.into_owned() } else { format!("{decoded}:") };
    url.replace_range(host_at - 1 - user_info.len()..host_at, "");
    Some(decoded)
}

/// Whether curl would take a part of a URL as `{a,b}` or `[1-3]`. An IPv6 address is none.
fn has_glob(url: &str) -> bool {
    let UrlText { bare, host, host_at, .. } = UrlText::literal(url);
    let is_ip = host.starts_with('[');
    let path = if is_ip { url.split_at(host_at + host.len()).1 } else { bare };
    let within = |open: char, close: char, sign: char| {
        path.split_once(open)
            .and_then(|(_, rest)| rest.split_once(close))
            .is_some_and(|(inner, _)| inner.contains(sign))
    };
    within('{', '}', ',') || within('[', ']', '-')
}

/// Makes every text of the spec stay what it is: braces are quoted, shell variables become
/// templates, bytes that are no UTF-8 become escapes where there are any.
fn literal<'a>(spec: &'a mut HttpSpec, warnings: &mut CurlWarnings) {
    if let HttpBody::Text(text) | HttpBody::Json(text) = &spec.body
        && has_bytes(text)
    {
        let escaped = |plain: &str| escape::escape(&unmarked(plain));
        let text = replaced(text, escaped, |name| format!("{{{{env.{name}}}}}"));
        spec.body = HttpBody::Payload(Payload { text, format: PayloadFormat::Text });
    }
    if has_bytes(&spec.url) {
        let encode = |plain: &str| percent_encode(&unmarked(plain), BYTES).to_string();
        spec.url = replaced(&spec.url, encode, variable);
    }
    let both = |row: &'a mut NameValue| [&mut row.name, &mut row.value];
    let mut texts = vec![&mut spec.method, &mut spec.url];
    texts.extend(spec.headers.iter_mut().flat_map(both));
    let NetworkSpec { proxy, no_proxy, resolve, connect_to } = &mut spec.network;
    texts.extend([proxy, no_proxy]);
    texts.extend(resolve.0.iter_mut().chain(&mut connect_to.0));
    texts.push(&mut spec.transfer.netrc);
    texts.extend([&mut spec.tls.ca, &mut spec.tls.certificate, &mut spec.tls.key]);
    match &mut spec.auth {
        Auth::None => {}
        Auth::Basic { user, password } | Auth::Digest { user, password } => {
            texts.extend([user, password]);
        }
        Auth::Bearer(token) => texts.push(token),
        Auth::ApiKey(key) => texts.extend([&mut key.name, &mut key.value]),
        Auth::Aws(AwsKeys { access_key, secret_key, session_token, region, service }) => {
            texts.extend([access_key, secret_key, session_token, region, service]);
        }
    }
    match &mut spec.body {
        HttpBody::Text(text) | HttpBody::Json(text) | HttpBody::File(text) => texts.push(text),
        // Escapes are no text of the command.
        HttpBody::None | HttpBody::Payload(_) => {}
        HttpBody::Form(rows) => texts.extend(rows.iter_mut().flat_map(both)),
        HttpBody::Multipart(parts) => texts.extend(parts.iter_mut().flat_map(|part| {
            [&mut part.name, &mut part.value, &mut part.file_name, &mut part.content_type]
        })),
    }
    for text in texts {
        if has_bytes(text) {
            *text = replaced(text, |it| String::from_utf8_lossy(&unmarked(it)).into(), variable);
            warnings
                .push("bytes that are not UTF-8 were replaced here; only a body has them".into());
        }
        // Long texts are copied only where something in them is changed.
        if text.contains('{') || find_mark(text).is_some() {
            *text = replaced(text, template::quote, |name| format!("{{{{env.{name}}}}}"));
        }
    }
}

/// `http:/h` and `http:///h`, which curl takes for what they mean.
fn with_two_slashes(url: &str) -> String {
    let parts = url.split_once(":/").filter(|(scheme, _)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    });
    match parts {
        Some((scheme, rest)) if !rest.starts_with("///") => {
            format!("{scheme}://{}", rest.trim_start_matches('/'))
        }
        _ => url.to_owned(),
    }
}
