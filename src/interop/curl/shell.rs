//! Words of a command as a POSIX shell (and the quoting bash adds) would pass them on.
//!
//! Lenient where pasted text is sloppy: a backslash before trailing blanks continues a line, and
//! so does a line break before an option; an unquoted `&` inside a URL belongs to the URL.

use std::str::Chars;

use super::command::{CurlCommand, ImportError, VARIABLE, Word, is_command, is_curl};

const SUBSTITUTED: &str = "command substitution (`...`) was kept as text";
const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// The first command of a text whose program is curl.
pub(super) fn first_curl(text: &str) -> Result<CurlCommand, ImportError> {
    let mut reader = Reader { chars: text.chars(), text, warnings: Vec::new() };
    while !reader.rest().is_empty() {
        reader.warnings.clear();
        let mut words = reader.command()?;
        let is_prefix = |word: &Word| {
            matches!(word.text.as_str(), "$" | "%" | ">" | "sudo" | "time" | "exec" | "command")
                || word.text.split_once('=').is_some_and(|(name, _)| is_name(name))
        };
        let skip = words.iter().take_while(|word| is_prefix(word)).count();
        if words.get(skip).is_some_and(|word| is_curl(&word.text)) {
            words.drain(..=skip);
            if reader.rest().lines().any(is_command) {
                reader.warn("only the first of several curl commands was read");
            }
            return Ok(CurlCommand { words, warnings: reader.warnings });
        }
    }
    Err(ImportError { position: 0, message: "no curl command; it begins with 'curl'".into() })
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(is_name_char)
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

struct Reader<'a> {
    text: &'a str,
    chars: Chars<'a>,
    warnings: Vec<String>,
}

/// What an unquoted character does to the word being read.
enum Next {
    /// It was part of the word.
    Word,
    /// The word ends.
    Blank,
    /// The word and the command end.
    End,
    /// The word ends; the next one is the file of a redirection.
    Redirect,
}

impl<'a> Reader<'a> {
    /// Words up to the end of the command.
    fn command(&mut self) -> Result<Vec<Word>, ImportError> {
        let mut words = Vec::new();
        let mut redirect = false;
        loop {
            let position = self.position();
            let mut bytes: Option<Vec<u8>> = None;
            let next = loop {
                match self.step(&mut bytes)? {
                    Next::Word => {}
                    next => break next,
                }
            };
            match bytes {
                Some(_) if std::mem::take(&mut redirect) => {
                    self.warn("redirections of the shell are ignored");
                }
                Some(bytes) => words.push(self.word(bytes, position)),
                None => {}
            }
            match next {
                Next::Redirect => redirect = true,
                Next::End => return Ok(words),
                Next::Word | Next::Blank => {}
            }
        }
    }

    /// Reads one character or quoted piece; `word` is `None` before a word begins.
    fn step(&mut self, word: &mut Option<Vec<u8>>) -> Result<Next, ImportError> {
        let at = self.position();
        let Some(c) = self.chars.next() else { return Ok(Next::End) };
        match c {
            '\n' if self.goes_on() => return Ok(Next::Blank),
            '\n' | ';' | '|' => return Ok(Next::End),
            c if c.is_whitespace() => return Ok(Next::Blank),
            '#' if word.is_none() => {
                self.chars = self.rest().trim_start_matches(|c| c != '\n').chars();
                return Ok(Next::Blank);
            }
            '<' | '>' => {
                self.chars = self.rest().trim_start_matches(['<', '>', '&']).chars();
                // The 2 of 2> is no argument.
                word.take_if(|word| word.len() == 1 && word.iter().all(u8::is_ascii_digit));
                return Ok(Next::Redirect);
            }
            '&' if !self.inside_url(word.as_deref()) => return Ok(Next::End),
            '\\' if word.is_some() && self.word_goes_on() => return Ok(Next::Word),
            '\\' | '`' if self.line_ends_here() => return Ok(Next::Blank),
            _ => {}
        }
        let word = word.get_or_insert_default();
        match c {
            '\'' => {
                let (quoted, after) =
                    self.rest().split_once('\'').ok_or_else(|| unclosed(at, c))?;
                word.extend(quoted.bytes());
                self.chars = after.chars();
            }
            '"' => self.double_quoted(at, word)?,
            '\\' => self.chars.next().into_iter().for_each(|c| push(word, c)),
            '$' => self.dollar(word)?,
            c => {
                match c {
                    '&' => self.warn(
                        "an unquoted '&' was kept as part of the URL; a shell would end there",
                    ),
                    '`' => self.warn(SUBSTITUTED),
                    _ => {}
                }
                push(word, c);
            }
        }
        Ok(Next::Word)
    }

    fn rest(&self) -> &'a str {
        self.chars.as_str()
    }

    fn position(&self) -> usize {
        self.text.len() - self.rest().len()
    }

    /// Takes the next character if it is one of these.
    fn take(&mut self, is: impl Fn(char) -> bool) -> Option<char> {
        self.chars.clone().next().filter(|c| is(*c))?;
        self.chars.next()
    }

    /// Goes on with the text behind something that was found. Whether it was.
    fn goes_to(&mut self, behind: Option<&'a str>) -> bool {
        self.chars = behind.unwrap_or(self.rest()).chars();
        behind.is_some()
    }

    /// After a line break: does the next line go on with options?
    fn goes_on(&self) -> bool {
        let next = self.rest().trim_start_matches(BLANKS);
        next.starts_with('-') && !next.starts_with("---")
    }

    /// After a backslash inside a word: a line break directly after it is nothing to a shell.
    /// (An option at the start of the next line was surely meant as one.)
    fn word_goes_on(&mut self) -> bool {
        let rest = self.rest();
        let next = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
        let begins_anew = |next: &&str| next.starts_with(|c: char| c.is_whitespace() || c == '-');
        self.goes_to(next.filter(|next| !begins_anew(next)))
    }

    /// After a backslash or backtick: blanks up to the end of the line are skipped.
    fn line_ends_here(&mut self) -> bool {
        self.goes_to(self.rest().trim_start_matches(BLANKS).strip_prefix('\n'))
    }

    /// After `&`: does it stand in the middle of an unquoted URL?
    fn inside_url(&self, word: Option<&[u8]>) -> bool {
        self.rest().starts_with(|c: char| c.is_alphanumeric() || c == '_')
            && word.is_some_and(|word| word.contains(&b'?') && word.contains(&b'='))
    }

    fn double_quoted(&mut self, start: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        while let Some(c) = self.chars.next() {
            match c {
                '"' => return Ok(()),
                '\\' => match self.take(|c| "\"\\$`\n".contains(c)) {
                    Some('\n') => {}
                    escaped => push(word, escaped.unwrap_or('\\')),
                },
                '$' => self.dollar_name(word),
                c => {
                    if c == '`' {
                        self.warn(SUBSTITUTED);
                    }
                    push(word, c);
                }
            }
        }
        Err(unclosed(start, '"'))
    }

    /// An unquoted `$`: the quotes of bash, or a variable.
    fn dollar(&mut self, word: &mut Vec<u8>) -> Result<(), ImportError> {
        let at = self.position();
        match self.take(|c| c == '\'' || c == '"') {
            Some('\'') => return self.ansi_quoted(at, word),
            Some(_) => return self.double_quoted(at, word),
            None => self.dollar_name(word),
        }
        Ok(())
    }

    /// `$NAME` and `${NAME}` become a variable; any other `$` is text.
    fn dollar_name(&mut self, word: &mut Vec<u8>) {
        let rest = self.rest();
        let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        let (name, after) = braced.unwrap_or_else(|| rest.split_at(end));
        if !is_name(name) {
            if rest.starts_with(['(', '{']) {
                self.warn("substitutions of the shell ($(...), ${...}) were kept as text");
            }
            push(word, '$');
            return;
        }
        self.chars = after.chars();
        word.extend(format!("{}{name}{}", VARIABLE.0, VARIABLE.1).bytes());
        let written = rest.strip_suffix(after).unwrap_or(name);
        self.warnings.push(format!("${written} became {{{{env.{name}}}}}"));
    }

    /// `$'...'` (bash, section "ANSI-C quoting").
    fn ansi_quoted(&mut self, start: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        while let Some(c) = self.chars.next() {
            match c {
                '\'' => return Ok(()),
                '\\' => self.ansi_escape(word),
                c => push(word, c),
            }
        }
        Err(unclosed(start, '\''))
    }

    fn ansi_escape(&mut self, word: &mut Vec<u8>) {
        let start = self.chars.clone();
        let Some(c) = self.chars.next() else { return };
        match c {
            'a' => word.push(0x07),
            'b' => word.push(0x08),
            'e' | 'E' => word.push(0x1b),
            'f' => word.push(0x0c),
            'n' => word.push(b'\n'),
            'r' => word.push(b'\r'),
            't' => word.push(b'\t'),
            'v' => word.push(0x0b),
            '\\' | '\'' | '"' | '?' => push(word, c),
            'c' => word.extend(self.chars.next().map(|c| c as u8 & 0x1f)),
            '0'..='7' => {
                self.chars = start;
                word.extend(self.number(8, 3).map(|code| code as u8));
            }
            'x' => match self.number(16, 2) {
                Some(code) => word.push(code as u8),
                None => word.extend(b"\\x"),
            },
            'u' | 'U' => {
                let code = self.number(16, if c == 'u' { 4 } else { 8 });
                let c = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                push(word, c);
            }
            c => {
                word.push(b'\\');
                push(word, c);
            }
        }
    }

    /// The number of up to `most` digits; `None` when there is not one.
    fn number(&mut self, radix: u32, most: usize) -> Option<u32> {
        let rest = self.rest();
        let length = rest.chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let (digits, after) = rest.split_at(length);
        self.chars = after.chars();
        u32::from_str_radix(digits, radix).ok()
    }

    fn word(&mut self, bytes: Vec<u8>, position: usize) -> Word {
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            self.warn("bytes that are not UTF-8 were replaced; send them as hex from a file");
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Word { text, position }
    }

    fn warn(&mut self, message: &str) {
        if !self.warnings.iter().any(|warning| warning == message) {
            self.warnings.push(message.into());
        }
    }
}

fn push(word: &mut Vec<u8>, c: char) {
    word.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn unclosed(position: usize, quote: char) -> ImportError {
    ImportError { position, message: format!("the quote {quote} opened here is never closed") }
}
