//! What the options of a curl command ask for, collected word by word.

use std::time::Duration;

use super::body::{self, DataPiece};
use super::command::{CurlCommand, ImportError, Word};
use super::form;
use super::options::{self, CurlOption, Meaning};
use crate::model::http::FormPart;

/// What the options asked for so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each switch of the command line")]
pub(super) struct CurlRequest {
    pub(super) warnings: Vec<String>,
    /// Options that mean nothing for a request, as written.
    pub(super) quiet: Vec<String>,
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
    pub(super) upload: Option<String>,
    pub(super) user: Option<String>,
    pub(super) bearer: Option<String>,
    pub(super) other_auth: Option<&'static str>,
    pub(super) user_agent: Option<String>,
    pub(super) referer: Option<String>,
    pub(super) cookies: Vec<String>,
    /// Files named by `-b`.
    pub(super) cookie_files: Vec<String>,
    pub(super) range: Option<String>,
    pub(super) insecure: bool,
    pub(super) follow: bool,
    pub(super) redirects: Option<u8>,
    pub(super) max_time: Option<Duration>,
    pub(super) compressed: bool,
    pub(super) globoff: bool,
    pub(super) path_as_is: bool,
}

/// Reads the words of one command.
pub(super) fn read(command: CurlCommand) -> Result<CurlRequest, ImportError> {
    let mut request = CurlRequest { warnings: command.warnings, ..CurlRequest::default() };
    let mut words = command.words.into_iter();
    let mut options_end = false;
    while let Some(word) = words.next() {
        let stopped = match word.text.strip_prefix('-') {
            Some("-") if !options_end => {
                options_end = true;
                false
            }
            Some(rest) if !options_end && !rest.is_empty() => match rest.strip_prefix('-') {
                Some(name) => request.long(name, &word, &mut words)?,
                None => request.short(rest, &word, &mut words)?,
            },
            _ => {
                request.urls.push(word);
                false
            }
        };
        if stopped {
            break;
        }
    }
    Ok(request)
}

impl CurlRequest {
    /// `--name`, `--no-name`. Whether the command ends here.
    fn long(
        &mut self,
        name: &str,
        word: &Word,
        words: &mut impl Iterator<Item = Word>,
    ) -> Result<bool, ImportError> {
        let written = format!("--{name}");
        if let Some(option) = options::long(name) {
            let value = if option.takes_value { Some(take(words, &written, word)?) } else { None };
            return Ok(self.apply(&option, &written, value));
        }
        match name.strip_prefix("no-").and_then(options::long) {
            Some(option) => self.switch_off(&option, &written),
            None => self.warnings.push(format!("unknown option {written} was ignored")),
        }
        Ok(false)
    }

    /// `-sSL`, `-XPOST`, `-H value`. Whether the command ends here.
    fn short(
        &mut self,
        letters: &str,
        word: &Word,
        words: &mut impl Iterator<Item = Word>,
    ) -> Result<bool, ImportError> {
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let written = format!("-{letter}");
            let Some(option) = options::short(letter) else {
                self.warnings.push(format!("unknown option {written} was ignored"));
                continue;
            };
            if !option.takes_value {
                if self.apply(&option, &written, None) {
                    return Ok(true);
                }
                continue;
            }
            let glued = rest.as_str();
            let value = if glued.is_empty() {
                take(words, &written, word)?
            } else {
                let position = word.position + word.text.len().saturating_sub(glued.len());
                Word { text: glued.into(), position }
            };
            return Ok(self.apply(&option, &written, Some(value)));
        }
        Ok(false)
    }

    fn switch_off(&mut self, option: &CurlOption, written: &str) {
        match option.meaning {
            Meaning::Location => self.follow = false,
            Meaning::Compressed => self.compressed = false,
            Meaning::Insecure => self.insecure = false,
            Meaning::Get => self.get = false,
            Meaning::Head => self.head = false,
            Meaning::OtherAuth => self.other_auth = None,
            _ => self.quiet.push(written.into()),
        }
    }

    /// Notes what an option asks for. Whether the command ends here.
    fn apply(&mut self, option: &CurlOption, written: &str, value: Option<Word>) -> bool {
        match value {
            Some(value) => self.apply_value(option, written, value),
            None => return self.apply_flag(option, written),
        }
        false
    }

    fn apply_flag(&mut self, option: &CurlOption, written: &str) -> bool {
        match option.meaning {
            Meaning::Get => self.get = true,
            Meaning::Head => self.head = true,
            Meaning::Basic => self.other_auth = None,
            Meaning::OtherAuth => self.other_auth = Some(option.long),
            Meaning::Insecure => self.insecure = true,
            Meaning::Location => self.follow = true,
            Meaning::Compressed => self.compressed = true,
            Meaning::Globoff => self.globoff = true,
            Meaning::PathAsIs => self.path_as_is = true,
            Meaning::Next => {
                self.warnings.push("only the request before --next was read".into());
                return true;
            }
            Meaning::Unsupported => self.unsupported(written, None),
            _ => self.quiet.push(written.into()),
        }
        false
    }

    fn apply_value(&mut self, option: &CurlOption, written: &str, word: Word) {
        let value = word.text.clone();
        match option.meaning {
            Meaning::Method => self.method = Some(value),
            Meaning::Header => self.header(value),
            Meaning::Data | Meaning::DataBinary => self.data(body::plain(&value), option),
            Meaning::DataRaw => self.data.push(DataPiece::Text(value)),
            Meaning::DataUrlencode => self.data(body::url_encoded(&value), option),
            Meaning::Json => {
                self.json = true;
                self.data(body::plain(&value), option);
            }
            Meaning::Form => {
                self.is_form = true;
                let found = form::parts(&value);
                self.parts.extend(found.parts);
                self.warnings.extend(found.warnings);
            }
            Meaning::FormString => {
                self.is_form = true;
                match form::literal(&value) {
                    Some(part) => self.parts.push(part),
                    None => {
                        self.warnings.push(format!("form field '{value}' has no '='; left out"));
                    }
                }
            }
            Meaning::Url => self.urls.push(word),
            Meaning::UrlQuery => self.query.push(match value.strip_prefix('+') {
                Some(encoded) => DataPiece::Text(encoded.into()),
                None => body::url_encoded(&value),
            }),
            Meaning::Upload => self.upload = Some(value),
            Meaning::User => self.user = Some(value),
            Meaning::Bearer => self.bearer = Some(value),
            Meaning::OtherAuth => self.other_auth = Some(option.long),
            Meaning::UserAgent => self.user_agent = Some(value),
            Meaning::Referer => {
                self.referer = Some(value.strip_suffix(";auto").unwrap_or(&value).into());
            }
            Meaning::Cookie if value.contains('=') => self.cookies.push(value),
            // An empty name only makes curl keep the cookies of one run.
            Meaning::Cookie if value.is_empty() => self.quiet.push(format!("{written} ''")),
            Meaning::Cookie => self.cookie_files.push(value),
            Meaning::Range => self.range = Some(value),
            Meaning::MaxRedirects => self.max_redirects(&value),
            Meaning::MaxTime => self.max_time(&value),
            Meaning::Unsupported => self.unsupported(written, Some(&value)),
            _ => self.quiet.push(format!("{written} {value}")),
        }
    }

    fn header(&mut self, line: String) {
        match line.strip_prefix('@') {
            Some(file) => self.warnings.push(format!("headers of the file {file} are not read")),
            None => self.headers.push(line),
        }
    }

    fn data(&mut self, piece: DataPiece, option: &CurlOption) {
        if let DataPiece::File(file) = &piece
            && file != "-"
            && option.meaning == Meaning::Data
        {
            self.warnings.push(format!(
                "curl drops the line breaks of {file} with --data; here the file is sent as it is"
            ));
        }
        if let (DataPiece::File(file), Meaning::DataUrlencode) = (&piece, option.meaning) {
            self.warnings
                .push(format!("the content of {file} is not read to be URL-encoded; left out"));
            return;
        }
        self.data.push(piece);
    }

    fn max_redirects(&mut self, value: &str) {
        match value.parse::<i64>() {
            // -1 = no limit
            Ok(number) => self.redirects = Some(u8::try_from(number).unwrap_or(u8::MAX)),
            Err(_) => self.warnings.push(format!("--max-redirs {value} is not a number; ignored")),
        }
    }

    fn max_time(&mut self, value: &str) {
        match value.parse::<f64>().ok().and_then(|s| Duration::try_from_secs_f64(s).ok()) {
            Some(time) if !time.is_zero() => {
                self.max_time = Some(time);
                self.warnings.push(format!(
                    "--max-time {value} became the longest wait for the response head"
                ));
            }
            _ => self.warnings.push(format!("--max-time {value} was ignored")),
        }
    }

    fn unsupported(&mut self, written: &str, value: Option<&str>) {
        let value = value.map(|value| format!(" {value}")).unwrap_or_default();
        self.warnings.push(format!("{written}{value} is not supported and was left out"));
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
