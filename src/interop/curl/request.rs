//! What the options of a curl command ask for, collected word by word.

use std::time::Duration;

use super::body::{self, DataPiece, DataSource};
use super::command::{CurlCommand, ImportError, Stdin, Word};
use super::files;
use super::form;
use super::options::{self, CurlOption, Meaning};
use super::warnings::CurlWarnings;
use crate::interop::network_words::CurlNetwork;
use crate::interop::socket_options::CurlSocket;
use crate::model::http::{FormPart, VersionChoice};

/// Options that mean nothing here, as far as they are told.
const QUIET: usize = 200;
/// What the requests for several URLs of commands may add up to.
pub(super) const ALL: usize = 64 << 20;
/// Bytes a text takes besides its own.
const ROW: usize = 32;
/// Options of another program.
const FOREIGN: [&str; 5] = ["-uri", "-method", "-headers", "-body", "-usebasicparsing"];

/// What the options asked for so far.
#[derive(Debug, Default, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "one for each switch of the command line")]
pub(super) struct CurlRequest {
    pub(super) warnings: CurlWarnings,
    /// Options that mean nothing for a request, as written.
    pub(super) quiet: Vec<String>,
    /// What standard input has, until somebody reads it.
    pub(super) stdin: Option<Stdin>,
    pub(super) urls: Vec<Word>,
    pub(super) method: Option<String>,
    /// `-H` lines.
    pub(super) headers: Vec<String>,
    pub(super) data: Vec<DataPiece>,
    pub(super) query: Vec<DataPiece>,
    pub(super) parts: Vec<FormPart>,
    /// `-F` was given, perhaps only with parts we cannot send.
    pub(super) is_form: bool,
    pub(super) json: bool,
    pub(super) get: bool,
    pub(super) head: bool,
    pub(super) upload: Option<DataSource>,
    /// The file's own name, for a URL that names none.
    pub(super) upload_name: Option<String>,
    pub(super) user: Option<String>,
    pub(super) bearer: Option<String>,
    /// Another way to authenticate than Basic.
    pub(super) other_auth: Option<&'static str>,
    /// For which region and service of AWS it signs.
    pub(super) aws: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) referer: Option<String>,
    pub(super) cookies: Vec<String>,
    /// Files named by `-b`.
    pub(super) cookie_files: Vec<String>,
    /// Files named by `-H @`.
    pub(super) header_files: Vec<String>,
    pub(super) range: Option<String>,
    pub(super) insecure: bool,
    pub(super) follow: bool,
    pub(super) redirects: Option<u8>,
    pub(super) max_time: Option<Duration>,
    pub(super) socket: CurlSocket,
    pub(super) network: CurlNetwork,
    pub(super) compressed: bool,
    pub(super) globoff: bool,
    pub(super) path_as_is: bool,
    pub(super) version: VersionChoice,
    /// `--http2`, which without TLS is an offer to change.
    pub(super) asks_for_http2: bool,
    /// The command goes on with another request.
    is_over: bool,
    /// The option read last, if nothing is known about it.
    unknown: Option<String>,
    /// Which of the URLs stand behind such an option, and might be its value.
    doubtful: Vec<(usize, String)>,
}

/// Reads the words of one command: a request, and those behind each `--next`, `most` at most.
pub(super) fn read(command: CurlCommand, most: usize) -> Result<Vec<CurlRequest>, ImportError> {
    let CurlCommand { words, stdin, warnings, .. } = command;
    // PowerShell calls its own program by the name of curl.
    let is_foreign = |word: &&Word| FOREIGN.iter().any(|name| word.text.eq_ignore_ascii_case(name));
    if let Some(word) = words.iter().find(is_foreign) {
        let message = "this is Invoke-WebRequest of PowerShell, not curl; its curl is curl.exe";
        return Err(ImportError::new(word.position, message));
    }
    let mut words = words.into_iter();
    let mut found = Vec::new();
    let (mut warnings, mut stdin) = (warnings, stdin);
    loop {
        let own = CurlRequest { warnings, stdin, ..CurlRequest::default() };
        let mut request = group(own, &mut words)?;
        let is_over = request.is_over;
        (warnings, stdin) = (CurlWarnings::default(), request.stdin.take());
        found.push(request);
        if !is_over || found.len() >= most {
            return Ok(found);
        }
    }
}

/// Reads words up to their end or `--next`.
fn group(
    mut request: CurlRequest,
    words: &mut impl Iterator<Item = Word>,
) -> Result<CurlRequest, ImportError> {
    let mut options_end = false;
    while !request.is_over
        && let Some(word) = words.next()
    {
        let unknown = request.unknown.take();
        match word.text.strip_prefix('-') {
            Some("-") if !options_end => options_end = true,
            Some(rest) if !options_end && !rest.is_empty() => match rest.strip_prefix('-') {
                Some(name) => request.long(name, &word, words)?,
                None => request.short(rest, &word, words)?,
            },
            _ => {
                request.doubtful.extend(unknown.map(|option| (request.urls.len(), option)));
                request.urls.push(word);
            }
        }
    }
    request.settle_doubts();
    Ok(request)
}

impl CurlRequest {
    /// `--name`, `--no-name`.
    fn long(
        &mut self,
        name: &str,
        word: &Word,
        words: &mut impl Iterator<Item = Word>,
    ) -> Result<(), ImportError> {
        let written = format!("--{name}");
        if let Some(option) = options::long(name) {
            let value = option.takes_value.then(|| take(words, &written, word)).transpose()?;
            self.apply(option, &written, value);
        } else if let Some(option) = name.strip_prefix("no-").and_then(options::long) {
            self.switch_off(option, written);
        } else {
            let names: Vec<_> = options::beginning(name).map(|option| option.name).collect();
            if let [first, .., last] = names.as_slice() {
                let message = format!(
                    "{written} may be --{first} or --{last}, so curl refuses it; write the whole \
                     name"
                );
                return Err(ImportError::new(word.position, message));
            }
            self.warnings.push(format!("unknown option {written} was ignored"));
            self.unknown = Some(written);
        }
        Ok(())
    }

    /// What stands behind an unknown option is its value when there is another URL.
    fn settle_doubts(&mut self) {
        let mut doubtful = std::mem::take(&mut self.doubtful);
        // One of them is the URL when there is no other.
        let kept = usize::from(doubtful.len() == self.urls.len());
        let mut doubtful = doubtful.drain(kept.min(doubtful.len())..).peekable();
        let urls = std::mem::take(&mut self.urls).into_iter().enumerate();
        for (at, url) in urls {
            if let Some((_, option)) = doubtful.next_if(|(doubtful, _)| *doubtful == at) {
                let value = url.text;
                self.warnings.push(format!("'{value}' was taken for the value of {option}"));
            } else {
                self.urls.push(url);
            }
        }
    }

    /// `-sSL`, `-XPOST`, `-H value`.
    fn short(
        &mut self,
        letters: &str,
        word: &Word,
        words: &mut impl Iterator<Item = Word>,
    ) -> Result<(), ImportError> {
        let mut letters = letters.chars();
        while !self.is_over
            && let Some(letter) = letters.next()
        {
            let written = format!("-{letter}");
            let Some(option) = options::short(letter) else {
                self.warnings.push(format!("unknown option {written} was ignored"));
                continue;
            };
            let glued = letters.as_str();
            let value = if !option.takes_value {
                None
            } else if glued.is_empty() {
                Some(take(words, &written, word)?)
            } else {
                letters = "".chars();
                // Quotes may stand before it, so only the word has a place.
                Some(Word { text: glued.into(), position: word.position })
            };
            self.apply(option, &written, value);
        }
        Ok(())
    }

    /// What an option switches on and `--no-...` off again.
    fn switch(&mut self, option: CurlOption) -> Option<&mut bool> {
        match option.name {
            "location" | "location-trusted" => Some(&mut self.follow),
            "insecure" => Some(&mut self.insecure),
            "get" => Some(&mut self.get),
            "head" => Some(&mut self.head),
            "compressed" => Some(&mut self.compressed),
            _ => None,
        }
    }

    fn switch_off(&mut self, option: CurlOption, written: String) {
        if let Some(switch) = self.switch(option) {
            *switch = false;
            return;
        }
        match option.name {
            "digest" | "ntlm" | "ntlm-wb" | "negotiate" | "anyauth" | "aws-sigv4" => {
                (self.other_auth, self.aws) = (None, None);
            }
            _ => self.quiet(written),
        }
    }

    /// Notes what an option asks for.
    fn apply(&mut self, option: CurlOption, written: &str, value: Option<Word>) {
        if let Some(switch) = self.switch(option) {
            *switch = true;
            return;
        }
        let whole = |value: Option<Word>| {
            let value = value.map(|value| format!(" {}", value.text));
            format!("{written}{}", value.unwrap_or_default())
        };
        match (option.meaning, value) {
            (Meaning::Quiet, value) => self.quiet(whole(value)),
            (Meaning::Unsupported, value) => {
                let whole = whole(value);
                let instead = options::instead(option.name);
                self.warnings.push(format!("{whole} is not supported and was left out{instead}"));
            }
            (Meaning::Request, Some(value)) if option.name == "url" => self.urls.push(value),
            (Meaning::Request, Some(value)) => self.apply_value(option.name, value.text, written),
            (Meaning::Request, None) => self.apply_flag(option.name),
        }
    }

    fn apply_flag(&mut self, name: &'static str) {
        match name {
            "basic" => self.other_auth = None,
            "digest" | "ntlm" | "ntlm-wb" | "negotiate" | "anyauth" => self.other_auth = Some(name),
            "globoff" => self.globoff = true,
            "path-as-is" => self.path_as_is = true,
            "next" => self.is_over = true,
            "http1.0" => self.version = VersionChoice::Http10,
            "http1.1" => self.version = VersionChoice::Http11,
            // Where the server takes it, as nothing said is here.
            "http2" => (self.version, self.asks_for_http2) = (VersionChoice::Auto, true),
            "http2-prior-knowledge" => self.version = VersionChoice::Http2PriorKnowledge,
            _ => self.network.switch(name),
        }
    }

    fn apply_value(&mut self, name: &'static str, value: String, written: &str) {
        match name {
            "request" => self.method = Some(value),
            "header" => match value.strip_prefix('@') {
                Some(file) => self.header_files.push(file.into()),
                None => self.headers.push(value),
            },
            "data-raw" => self.data.push(DataPiece::Plain(DataSource::Text(value))),
            "data-urlencode" => {
                let piece = self.url_encoded(&value);
                self.data.push(piece);
            }
            "data" | "data-ascii" | "data-binary" | "json" => self.data(name, value),
            "form" | "form-string" => {
                self.is_form = true;
                let parts = match name {
                    "form" => form::parts(&value, &mut self.stdin, &mut self.warnings),
                    _ => form::literal(&value, &mut self.warnings),
                };
                self.parts.extend(parts);
            }
            "url-query" => {
                let piece = match value.strip_prefix('+') {
                    Some(encoded) => DataPiece::Plain(DataSource::Text(encoded.into())),
                    None => self.url_encoded(&value),
                };
                self.query.push(piece);
            }
            "upload-file" => self.upload(&value),
            "user" => self.user = Some(value),
            "oauth2-bearer" => self.bearer = Some(value),
            "aws-sigv4" => (self.other_auth, self.aws) = (Some(name), Some(value)),
            "user-agent" => self.user_agent = Some(value),
            "referer" => {
                self.referer = Some(value.strip_suffix(";auto").unwrap_or(&value).into());
            }
            "cookie" if value.contains('=') => self.cookies.push(value),
            // An empty name only makes curl keep the cookies of one run.
            "cookie" if value.is_empty() => self.quiet(format!("{written} ''")),
            "cookie" => self.cookie_files.push(value),
            "range" => self.range = Some(value),
            "max-redirs" => self.max_redirects(&value),
            "max-time" => self.max_time(&value),
            _ if self.network.read(name, &value) => {}
            _ => self.warnings.extend(self.socket.read(name, &value)),
        }
    }

    /// Notes an option that means nothing here.
    fn quiet(&mut self, written: String) {
        if self.quiet.len() < QUIET {
            self.quiet.push(written);
        }
    }

    fn data(&mut self, name: &str, value: String) {
        self.json |= name == "json";
        let is_joined = matches!(name, "data" | "data-ascii");
        let source = match body::plain(value) {
            DataSource::File(file) if file == "-" => match self.read_stdin() {
                DataSource::Text(text) if is_joined => DataSource::Text(body::joined(&text)),
                source => source,
            },
            source => source,
        };
        self.data.push(match source {
            DataSource::File(file) if is_joined && file != "-" => DataPiece::Joined(file),
            source => DataPiece::Plain(source),
        });
    }

    fn url_encoded(&mut self, value: &str) -> DataPiece {
        match body::url_encoded(value) {
            DataPiece::Encoded { name, file } if file == "-" => match self.read_stdin() {
                DataSource::Text(text) => {
                    DataPiece::Plain(DataSource::Text(body::url_encoded_text(&name, &text)))
                }
                DataSource::File(file) => DataPiece::Encoded { name, file },
            },
            piece => piece,
        }
    }

    /// The request for each of its URLs, `most` at most; one that is behind `--next` without any is none. `left` is
    /// what they may add up to.
    ///
    /// # Errors
    /// Where they are more than that.
    pub(super) fn each_url(
        mut self,
        most: usize,
        left: &mut usize,
    ) -> Result<Vec<CurlRequest>, ImportError> {
        if self.urls.len() < 2 {
            return Ok(vec![self]);
        }
        let urls: Vec<Word> = std::mem::take(&mut self.urls).into_iter().take(most).collect();
        let size = self.size() * urls.len();
        if size > *left {
            let position = urls.first().map_or(0, |url| url.position);
            let cause =
                format!("its {} URLs make more than {} MiB of requests", urls.len(), ALL >> 20);
            return Err(ImportError::new(position, cause));
        }
        *left -= size;
        Ok(urls.into_iter().map(|url| CurlRequest { urls: vec![url], ..self.clone() }).collect())
    }

    /// About how many bytes each of several requests has of it.
    fn size(&self) -> usize {
        let texts = |texts: &[String]| texts.iter().map(|text| text.len() + ROW).sum::<usize>();
        let piece = |piece: &DataPiece| match piece {
            DataPiece::Plain(DataSource::Text(text) | DataSource::File(text))
            | DataPiece::Joined(text) => text.len() + ROW,
            DataPiece::Encoded { name, file } => name.len() + file.len() + ROW,
        };
        let pieces = self.data.iter().chain(&self.query).map(piece).sum::<usize>();
        let parts = self.parts.iter().map(|part| part.name.len() + part.value.len() + ROW);
        let upload = match &self.upload {
            Some(DataSource::Text(text) | DataSource::File(text)) => text.len(),
            None => 0,
        };
        let lists = [&self.headers, &self.cookies, &self.cookie_files, &self.header_files];
        let lists = lists.into_iter().chain([&self.quiet]).map(|list| texts(list)).sum::<usize>();
        pieces + parts.sum::<usize>() + upload + lists + self.warnings.size()
    }

    /// Files whose texts it takes, those below the home of the user with a `~`.
    pub(super) fn files(self) -> Vec<String> {
        let is_alone = self.data.len() == 1 && !self.get;
        let pieces = self.data.into_iter().chain(self.query);
        let texts = pieces.filter_map(|piece| match piece {
            DataPiece::Joined(file) | DataPiece::Encoded { file, .. } => Some(file),
            DataPiece::Plain(DataSource::File(file)) if !is_alone => Some(file),
            DataPiece::Plain(_) => None,
        });
        let texts = texts.filter(|file| file != "-");
        let names = self.cookie_files.into_iter().chain(self.header_files).chain(texts);
        names.map(|name| files::place(&name)).collect()
    }

    fn upload(&mut self, value: &str) {
        if matches!(value, "-" | ".") {
            (self.upload, self.upload_name) = (Some(self.read_stdin()), None);
            return;
        }
        if value.starts_with(['{', '[']) && !self.globoff {
            let message = format!("curl may take {value} for several files; here it is one");
            self.warnings.push(message);
        }
        if self.upload.is_some() {
            self.warnings.push(format!("of several files of -T only the last is sent: {value}"));
        }
        // An empty name uploads nothing.
        self.upload = (!value.is_empty()).then(|| DataSource::File(value.to_owned()));
        let name = value.rsplit(['/', '\\']).next().unwrap_or_default();
        self.upload_name = Some(name.to_owned());
    }

    /// What is on standard input; the file `-` when that is not known. Nothing is left of it.
    fn read_stdin(&mut self) -> DataSource {
        match self.stdin.replace(Stdin::Text(String::new())) {
            Some(Stdin::Text(text)) => DataSource::Text(text),
            Some(Stdin::File(file)) => DataSource::File(file),
            Some(Stdin::Program(program)) => {
                self.warnings.push(format!("{program} is not run, so what it writes is left out"));
                DataSource::Text(String::new())
            }
            None => {
                self.stdin = None;
                DataSource::File("-".into())
            }
        }
    }

    fn max_redirects(&mut self, value: &str) {
        match value.parse::<i64>() {
            // -1 = no limit
            Ok(number) => self.redirects = Some(u8::try_from(number).unwrap_or(u8::MAX)),
            Err(_) => self.warnings.push(format!("--max-redirs {value} is not a number; ignored")),
        }
    }

    fn max_time(&mut self, value: &str) {
        let time = value.parse().ok().and_then(|time| Duration::try_from_secs_f64(time).ok());
        let time = time.filter(|time| !time.is_zero());
        self.max_time = time.or(self.max_time);
        let what = time.map_or("was ignored", |_| "became the longest wait for the response head");
        self.warnings.push(format!("--max-time {value} {what}"));
    }
}

/// The value of an option that needs one.
fn take(
    words: &mut impl Iterator<Item = Word>,
    written: &str,
    option: &Word,
) -> Result<Word, ImportError> {
    words.next().ok_or_else(|| ImportError {
        position: option.position,
        message: format!("{written} needs a value"),
    })
}
