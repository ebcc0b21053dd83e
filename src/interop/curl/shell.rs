//! Words of a command as a POSIX shell (and the quoting bash adds) would pass them on.
//!
//! Lenient where pasted text is sloppy: a backslash before trailing blanks continues a line, and
//! so does a line break before an option; an unquoted `&` inside a URL belongs to the URL.

use std::iter::Peekable;
use std::str::CharIndices;

use super::command::{CurlCommand, ImportError, VARIABLE, Word, is_command, is_curl};

/// The first command of a text whose program is curl.
pub(super) fn first_curl(text: &str) -> Result<CurlCommand, ImportError> {
    if let Some(position) = text.find([VARIABLE.0, VARIABLE.1]) {
        let message = "the text holds U+FDD0 or U+FDD1, which are no characters".into();
        return Err(ImportError { position, message });
    }
    let mut reader = Reader { chars: text.char_indices().peekable(), text, warnings: Vec::new() };
    while reader.chars.peek().is_some() {
        reader.warnings.clear();
        let mut words = reader.command()?;
        let is_prefix = |word: &Word| {
            matches!(word.text.as_str(), "$" | "%" | ">" | "sudo" | "time" | "exec" | "command")
                || is_assignment(&word.text)
        };
        let skip = words.iter().take_while(|word| is_prefix(word)).count();
        if words.get(skip).is_some_and(|word| is_curl(&word.text)) {
            words.drain(..=skip);
            let mut warnings = reader.warnings;
            let rest = text.get(reader.chars.peek().map_or(text.len(), |(at, _)| *at)..);
            if rest.is_some_and(|rest| rest.lines().any(is_command)) {
                warnings.push("only the first of several curl commands was read".into());
            }
            return Ok(CurlCommand { words, warnings });
        }
    }
    Err(ImportError { position: 0, message: "no curl command; it begins with 'curl'".into() })
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

struct Reader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
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

impl Reader<'_> {
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
            if let Some(bytes) = bytes {
                if redirect {
                    self.warn("redirections of the shell are ignored");
                } else {
                    words.push(self.word(bytes, position));
                }
                redirect = false;
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
        let Some((at, c)) = self.chars.next() else { return Ok(Next::End) };
        match c {
            '\n' if self.goes_on() => return Ok(Next::Blank),
            '\n' | ';' | '|' => return Ok(Next::End),
            c if c.is_whitespace() => return Ok(Next::Blank),
            '#' if word.is_none() => {
                while self.chars.next_if(|(_, c)| *c != '\n').is_some() {}
                return Ok(Next::Blank);
            }
            '<' | '>' => {
                while self.chars.next_if(|(_, c)| matches!(c, '<' | '>' | '&')).is_some() {}
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
            '\'' => self.single_quoted(at, word)?,
            '"' => self.double_quoted(at, word)?,
            '\\' => {
                if let Some((_, c)) = self.chars.next() {
                    push(word, c);
                }
            }
            '$' => self.dollar(word)?,
            '&' => {
                self.warn("an unquoted '&' was kept as part of the URL; a shell would end there");
                push(word, c);
            }
            '`' => {
                self.warn("command substitution (`...`) was kept as text");
                push(word, c);
            }
            c => push(word, c),
        }
        Ok(Next::Word)
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn rest(&mut self) -> &str {
        let at = self.position();
        self.text.split_at(at).1
    }

    /// After a line break: does the next line go on with options?
    fn goes_on(&mut self) -> bool {
        let next = self.rest().trim_start_matches([' ', '\t', '\r']);
        next.starts_with('-') && !next.starts_with("---")
    }

    /// After a backslash inside a word: a line break directly after it is nothing to a shell.
    /// (An option at the start of the next line was surely meant as one.)
    fn word_goes_on(&mut self) -> bool {
        let rest = self.rest();
        let next = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n'));
        if next.is_none_or(|next| next.starts_with(|c: char| c.is_whitespace() || c == '-')) {
            return false;
        }
        while self.chars.next().is_some_and(|(_, c)| c != '\n') {}
        true
    }

    /// After a backslash or backtick: blanks up to the end of the line are skipped.
    fn line_ends_here(&mut self) -> bool {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        if !rest.get(blanks..).is_some_and(|rest| rest.starts_with('\n')) {
            return false;
        }
        for _ in 0..=blanks {
            self.chars.next();
        }
        true
    }

    /// After `&`: does it stand in the middle of an unquoted URL?
    fn inside_url(&mut self, word: Option<&[u8]>) -> bool {
        let follows = self.chars.peek().is_some_and(|(_, c)| c.is_alphanumeric() || *c == '_');
        follows && word.is_some_and(|word| word.contains(&b'?') && word.contains(&b'='))
    }

    fn single_quoted(&mut self, start: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        for (_, c) in self.chars.by_ref() {
            if c == '\'' {
                return Ok(());
            }
            push(word, c);
        }
        Err(unclosed(start, '\''))
    }

    fn double_quoted(&mut self, start: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        while let Some((_, c)) = self.chars.next() {
            match c {
                '"' => return Ok(()),
                '\\' => match self.chars.next_if(|(_, c)| "\"\\$`\n".contains(*c)) {
                    Some((_, '\n')) => {}
                    Some((_, c)) => push(word, c),
                    None => push(word, '\\'),
                },
                '$' => self.dollar_name(word),
                '`' => {
                    self.warn("command substitution (`...`) was kept as text");
                    push(word, c);
                }
                c => push(word, c),
            }
        }
        Err(unclosed(start, '"'))
    }

    /// An unquoted `$`: the quotes of bash, or a variable.
    fn dollar(&mut self, word: &mut Vec<u8>) -> Result<(), ImportError> {
        if let Some((at, _)) = self.chars.next_if(|(_, c)| *c == '\'') {
            return self.ansi_quoted(at, word);
        }
        if let Some((at, _)) = self.chars.next_if(|(_, c)| *c == '"') {
            return self.double_quoted(at, word);
        }
        self.dollar_name(word);
        Ok(())
    }

    /// `$NAME` and `${NAME}` become a variable; any other `$` is text.
    fn dollar_name(&mut self, word: &mut Vec<u8>) {
        let rest = self.rest();
        let braced = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let (name, skip) = if let Some((name, _)) = braced {
            (name, name.chars().count() + 2)
        } else {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let (name, _) = rest.split_at(end.unwrap_or(rest.len()));
            (name, name.len())
        };
        if !is_name(name) {
            if rest.starts_with(['(', '{']) {
                self.warn("substitutions of the shell ($(...), ${...}) were kept as text");
            }
            push(word, '$');
            return;
        }
        let written = if braced.is_some() { format!("${{{name}}}") } else { format!("${name}") };
        let name = name.to_string();
        for c in std::iter::once(VARIABLE.0).chain(name.chars()).chain([VARIABLE.1]) {
            push(word, c);
        }
        for _ in 0..skip {
            self.chars.next();
        }
        self.warnings.push(format!("{written} became {{{{env.{name}}}}}"));
    }

    /// `$'...'` (bash, section "ANSI-C quoting").
    fn ansi_quoted(&mut self, start: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        while let Some((_, c)) = self.chars.next() {
            match c {
                '\'' => return Ok(()),
                '\\' => self.ansi_escape(word),
                c => push(word, c),
            }
        }
        Err(unclosed(start, '\''))
    }

    fn ansi_escape(&mut self, word: &mut Vec<u8>) {
        let Some((_, c)) = self.chars.next() else { return };
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
            'c' => {
                if let Some((_, c)) = self.chars.next() {
                    word.push(c as u8 & 0x1f);
                }
            }
            '0'..='7' => {
                let first = c.to_digit(8).unwrap_or(0);
                let code = self.digits(8, 2, first).unwrap_or(first);
                word.push(code as u8);
            }
            'x' => match self.digits(16, 2, 0) {
                Some(code) => word.push(code as u8),
                None => word.extend(b"\\x"),
            },
            'u' | 'U' => {
                let most = if c == 'u' { 4 } else { 8 };
                let code = self.digits(16, most, 0).and_then(char::from_u32);
                push(word, code.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            c => {
                word.push(b'\\');
                push(word, c);
            }
        }
    }

    /// Up to `most` more digits after `value`; `None` when there is not one.
    fn digits(&mut self, radix: u32, most: usize, value: u32) -> Option<u32> {
        let mut found = None;
        for _ in 0..most {
            let Some((_, c)) = self.chars.next_if(|(_, c)| c.is_digit(radix)) else { break };
            let so_far = found.unwrap_or(value);
            found = Some(so_far.wrapping_mul(radix).wrapping_add(c.to_digit(radix).unwrap_or(0)));
        }
        found
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
