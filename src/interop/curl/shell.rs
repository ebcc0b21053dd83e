//! Words of a command as a POSIX shell (and the quoting bash adds) would pass them on.
//!
//! Called by `script`, one command after the other. Here-documents, here-strings and files give a
//! command its standard input. Lenient where pasted text is sloppy: a backslash before trailing blanks continues a line, and
//! so does a line break before an option; an unquoted `&` inside a URL belongs to the URL.

use std::str::Chars;

use super::ansi::{self, push};
use super::command::{
    CommandEnd, ImportError, ShellCommand, Stdin, Word, add, behind, marked, variable,
};
use super::document;
use super::expansion::{self, is_name, is_name_char, is_parameter};
use super::output;
use super::typographic;
use super::warnings::CurlWarnings;

const SEVERAL: &str = "{...} without quotes was kept as text; a shell makes several words of it";
const SUBSTITUTED: &str = "command substitution (`...`) was kept as text";
/// Bytes of one text that are read again behind what could not be read.
const READ_AGAIN: usize = 1 << 20;
const BLANKS: [char; 3] = [' ', '\t', '\r'];

/// Reads one command after the other.
pub(super) struct Reader<'a> {
    text: &'a str,
    chars: Chars<'a>,
    last: ShellCommand,
    warnings: CurlWarnings,
    /// Bytes that were read more than once, behind what could not be read.
    read_again: usize,
    /// The text shows prompts, also of lines that go on (`> `).
    prompted: bool,
    /// Ends the command like a line break: it stands inside a substitution.
    closing: Option<char>,
    /// Where the line ends behind which here-documents stand, and where they end.
    documents: Option<(usize, usize)>,
}

/// What an unquoted character does to the word being read.
enum Next {
    /// It was part of the word.
    Word,
    /// The word ends.
    Blank,
    /// The word and the command end.
    End(CommandEnd),
    /// The word ends; the next one belongs to a redirection.
    Redirect(Redirect),
}

/// What the word behind a sign of redirection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirect {
    /// A file that is written, or another descriptor.
    Output,
    /// A file that is read.
    Input,
    /// The end of a here-document, whose tabs at the start of lines go or stay.
    Document { tabs_go: bool },
    /// The text itself.
    Text,
}

impl<'a> Reader<'a> {
    /// Reads from this byte on.
    pub(super) fn at(text: &'a str, start: usize) -> Self {
        Reader {
            text,
            chars: behind(text, start).chars(),
            last: ShellCommand::default(),
            warnings: CurlWarnings::default(),
            read_again: 0,
            prompted: false,
            closing: None,
            documents: None,
        }
    }

    /// Whether lines that go on may begin with a prompt.
    pub(super) fn set_prompted(&mut self, prompted: bool) {
        self.prompted = prompted;
    }

    /// The command ends at this character, unless it is quoted.
    pub(super) fn ends_at(&mut self, closing: char) {
        self.closing = Some(closing);
    }

    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.rest().is_empty()
    }

    /// The command read last, as far as it was read.
    pub(super) fn last(&self) -> &ShellCommand {
        &self.last
    }

    /// The same, taken.
    pub(super) fn take_last(&mut self) -> ShellCommand {
        std::mem::take(&mut self.last)
    }

    /// What was odd so far.
    pub(super) fn take_warnings(&mut self) -> CurlWarnings {
        std::mem::take(&mut self.warnings)
    }

    /// What was odd concerned another command.
    pub(super) fn forget_warnings(&mut self) {
        self.warnings = CurlWarnings::default();
    }

    /// Goes on at this byte, behind a whole command.
    pub(super) fn goes_to_byte(&mut self, at: usize) {
        self.chars = behind(self.text, at).chars();
    }

    /// Where it can go on later; `None` while here-documents stand behind the line.
    pub(super) fn place(&self) -> Option<usize> {
        self.documents.is_none().then(|| self.position())
    }

    /// Steps over the line of this byte, from which on nothing could be read. A text of nothing but beginnings would
    /// be read again from each of them to its end, so that ends at some point.
    pub(super) fn steps_over(&mut self, start: usize) {
        self.read_again += self.position().saturating_sub(start);
        if self.read_again > READ_AGAIN {
            self.chars = "".chars();
            return;
        }
        let rest = behind(self.text, start);
        self.chars = rest.split_once('\n').map_or("", |(_, rest)| rest).chars();
        self.documents = None;
    }

    /// Reads up to the end of the command.
    pub(super) fn command(&mut self) -> Result<(), ImportError> {
        self.last = ShellCommand::default();
        let mut redirect = None;
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
                let word = Word { text: marked(bytes), position };
                match redirect.take() {
                    None => add(&mut self.last.words, word)?,
                    Some(redirect) => {
                        if let Some(stdin) = self.redirected(redirect, word) {
                            self.last.stdin = Some(stdin);
                        }
                    }
                }
            }
            match next {
                Next::Redirect(to) => redirect = Some(to),
                Next::End(end) => {
                    self.last.end = end;
                    return Ok(());
                }
                Next::Word | Next::Blank => {}
            }
        }
    }

    /// What a redirection gives the command to read.
    fn redirected(&mut self, redirect: Redirect, word: Word) -> Option<Stdin> {
        match redirect {
            Redirect::Output => {
                self.warn("redirections of the shell are ignored");
                None
            }
            Redirect::Input => Some(Stdin::File(word.text)),
            Redirect::Text => Some(Stdin::Text(word.text + "\n")),
            Redirect::Document { tabs_go } => {
                let written = self.text.split_at(self.position()).0.split_at(word.position).1;
                let literal = written.contains(['\'', '"', '\\']);
                Some(Stdin::Text(self.document(&word.text, literal, tabs_go)))
            }
        }
    }

    /// The here-document behind this line that ends with a line of its own.
    fn document(&mut self, end: &str, literal: bool, tabs_go: bool) -> String {
        let here = self.position();
        let is_behind = self.text.get(..here).is_some_and(|before| before.ends_with('\n'));
        // Several of one line have the same end of it.
        let line_end = match self.documents {
            Some((line_end, _)) => line_end,
            None if is_behind => here - 1,
            None => document::line_end(self.text, here),
        };
        let start = self.documents.map_or(line_end + 1, |(_, end)| end);
        let prompt = if self.prompted { "> " } else { "" };
        let found = document::read(self.text, start, end, prompt, tabs_go);
        if !found.is_ended {
            self.warn(&format!("the here-document has no line '{end}'; it goes on to the end"));
        }
        if is_behind {
            self.chars = behind(self.text, found.end).chars();
        } else {
            self.documents = Some((line_end, found.end));
        }
        if literal { found.content } else { self.expanded(&found.content) }
    }

    /// The text of a here-document with its variables and escapes.
    fn expanded(&mut self, text: &str) -> String {
        let mut reader = Reader::at(text, 0);
        let mut bytes = Vec::new();
        while let Some(c) = reader.chars.next() {
            match c {
                '\\' => match reader.take(|c| "\\$`\n".contains(c)) {
                    Some('\n') => {}
                    escaped => push(&mut bytes, escaped.unwrap_or('\\')),
                },
                '$' if reader.substituted("(", ')', true, &mut bytes) => {}
                '$' => reader.dollar_name(&mut bytes),
                c => push(&mut bytes, c),
            }
        }
        self.warnings.extend(reader.warnings.into_texts());
        marked(bytes)
    }

    /// Reads one character or quoted piece; `word` is `None` before a word begins.
    fn step(&mut self, word: &mut Option<Vec<u8>>) -> Result<Next, ImportError> {
        let at = self.position();
        let Some(c) = self.chars.next() else { return Ok(Next::End(CommandEnd::Other)) };
        match c {
            '\n' if self.documents.is_some_and(|(line_end, _)| line_end == at) => {
                let end = self.documents.take().map_or(at, |(_, end)| end);
                self.chars = behind(self.text, end).chars();
                return Ok(Next::End(CommandEnd::Other));
            }
            '\n' if self.goes_on() => return Ok(Next::Blank),
            '|' => {
                // `||` runs the next one only when this one failed.
                let is_or = self.take(|c| c == '|').is_some();
                self.take(|c| c == '&');
                return Ok(Next::End(if is_or { CommandEnd::Other } else { CommandEnd::Pipe }));
            }
            '\n' | ';' => return Ok(Next::End(CommandEnd::Other)),
            c if self.closing == Some(c) => return Ok(Next::End(CommandEnd::Other)),
            c if c.is_whitespace() => return Ok(Next::Blank),
            '#' if word.is_none() => {
                self.chars = self.rest().trim_start_matches(|c| c != '\n').chars();
                return Ok(Next::Blank);
            }
            '<' | '>' if self.rest().starts_with('(') => {
                self.file_of_shell(c, word.get_or_insert_default());
                return Ok(Next::Word);
            }
            '<' | '>' => {
                // The 2 of 2> is no argument.
                word.take_if(|word| word.len() == 1 && word.iter().all(u8::is_ascii_digit));
                return Ok(Next::Redirect(self.redirect(c)));
            }
            '&' if self.rest().starts_with('>') => {
                self.chars.next();
                return Ok(Next::Redirect(self.redirect('>')));
            }
            '&' if !self.inside_url(word.as_deref()) => return Ok(Next::End(CommandEnd::Other)),
            c if !c.is_ascii() => self.plain_sign(at, c, word.is_none())?,
            '~' if expansion::is_home(word.as_deref(), self.rest()) => {
                self.warn("~ became {{env.HOME}}");
                word.get_or_insert_default().extend(variable("HOME").bytes());
                return Ok(Next::Word);
            }
            '\\' if word.is_some() && self.word_goes_on() => return Ok(Next::Word),
            '\\' | '`' if self.line_ends_here() => return Ok(Next::Blank),
            _ => {}
        }
        self.part(c, at, word.get_or_insert_default())?;
        Ok(Next::Word)
    }

    /// Refuses signs that a word processor made of plain ones, where plain ones mean something.
    fn plain_sign(&self, at: usize, c: char, begins_word: bool) -> Result<(), ImportError> {
        let before_letter = self.rest().starts_with(char::is_alphabetic);
        let Some(plain) = typographic::plain(c, begins_word, before_letter) else { return Ok(()) };
        let message = format!("{c} is a typographic sign, which no shell knows; type {plain}");
        Err(ImportError::new(at, message))
    }

    /// A character of a word, or what is quoted from it on.
    fn part(&mut self, c: char, at: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        match c {
            '\'' => {
                let Some((quoted, after)) = self.rest().split_once('\'') else {
                    self.chars = "".chars();
                    return Err(self.unclosed(at, c));
                };
                word.extend_from_slice(quoted.as_bytes());
                self.chars = after.chars();
            }
            '"' => self.double_quoted(at, word)?,
            '\\' => self.chars.next().into_iter().for_each(|c| push(word, c)),
            '$' => self.dollar(word)?,
            '`' if self.substituted("", '`', false, word) => {}
            c => {
                match c {
                    '&' => self.warn(
                        "an unquoted '&' was kept as part of the URL; a shell would end there",
                    ),
                    '`' => self.warn(SUBSTITUTED),
                    '{' if expansion::is_several(self.rest()) => self.warn(SEVERAL),
                    _ => {}
                }
                push(word, c);
            }
        }
        Ok(())
    }

    /// `<(...)`, a file that only the shell has.
    fn file_of_shell(&mut self, sign: char, word: &mut Vec<u8>) {
        let rest = self.rest();
        let (inside, after) = rest.split_at(expansion::bracketed(rest));
        self.chars = after.chars();
        self.warn(&format!(
            "{sign}{inside} is a file only while its shell runs; save what it writes and name that"
        ));
        push(word, sign);
        word.extend(inside.bytes());
    }

    /// The kind of redirection whose first sign was just read.
    fn redirect(&mut self, sign: char) -> Redirect {
        let rest = self.rest();
        let (redirect, signs) = match sign {
            '>' => (Redirect::Output, rest.len() - rest.trim_start_matches(['>', '&', '|']).len()),
            _ if rest.starts_with("<<") => (Redirect::Text, 2),
            _ if rest.starts_with("<-") => (Redirect::Document { tabs_go: true }, 2),
            _ if rest.starts_with('<') => (Redirect::Document { tabs_go: false }, 1),
            _ if rest.starts_with('&') => (Redirect::Output, 1),
            _ => (Redirect::Input, 0),
        };
        self.chars = behind(rest, signs).chars();
        redirect
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.chars.as_str()
    }

    /// Byte of the text where that begins.
    pub(super) fn position(&self) -> usize {
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
        self.goes_to(next.filter(|next| !begins_anew(next) && !next.starts_with("> ")))
    }

    /// After a backslash or backtick: blanks up to the end of the line are skipped.
    fn line_ends_here(&mut self) -> bool {
        let next = self.rest().trim_start_matches(BLANKS).strip_prefix('\n');
        // The next line may show the prompt for more.
        let prompt = next.map(|next| next.trim_start_matches(BLANKS));
        let prompt = prompt.and_then(|next| next.strip_prefix('>'));
        let goes_on = |next: &&str| {
            let options = next.trim_start_matches(BLANKS);
            next.starts_with(BLANKS) && (self.prompted || options.starts_with(['-', '\'', '"']))
        };
        self.goes_to(prompt.filter(goes_on).or(next))
    }

    /// After `&`: does it stand in the middle of an unquoted URL?
    fn inside_url(&self, word: Option<&[u8]>) -> bool {
        self.rest().starts_with(|c: char| c.is_alphanumeric() || c == '_')
            && word.is_some_and(expansion::has_query)
    }

    fn double_quoted(&mut self, start: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        while let Some(c) = self.chars.next() {
            match c {
                '"' => return Ok(()),
                '\\' => match self.take(|c| "\"\\$`\n".contains(c)) {
                    Some('\n') => {}
                    escaped => push(word, escaped.unwrap_or('\\')),
                },
                '$' if self.substituted("(", ')', true, word) => {}
                '`' if self.substituted("", '`', true, word) => {}
                '$' => self.dollar_name(word),
                c => {
                    if c == '`' {
                        self.warn(SUBSTITUTED);
                    }
                    push(word, c);
                }
            }
        }
        Err(self.unclosed(start, '"'))
    }

    /// An unquoted `$`: the quotes of bash, or a variable.
    fn dollar(&mut self, word: &mut Vec<u8>) -> Result<(), ImportError> {
        let at = self.position();
        match self.take(|c| c == '\'' || c == '"') {
            Some('\'') => return self.ansi_quoted(at, word),
            Some(_) => return self.double_quoted(at, word),
            None if self.substituted("(", ')', false, word) => {}
            None => self.dollar_name(word),
        }
        Ok(())
    }

    /// A substitution of a command whose output is known, such as `echo x`. Whether it was one;
    /// without quotes only one that gives a single word.
    fn substituted(
        &mut self,
        opening: &str,
        closing: char,
        is_quoted: bool,
        word: &mut Vec<u8>,
    ) -> bool {
        let inside =
            self.rest().strip_prefix(opening).and_then(|rest| expansion::closed(rest, closing));
        let Some((inside, after)) = inside else { return false };
        let mut reader = Reader::at(inside, 0);
        let is_read = reader.command().is_ok() && reader.is_over() && reader.warnings.is_empty();
        let written = output::of(&reader.last.words, reader.last.stdin.as_ref());
        let Some(Stdin::Text(text)) = written.filter(|_| is_read) else { return false };
        let text = text.trim_end_matches('\n');
        let is_word = is_quoted || !text.contains(|c: char| c.is_whitespace() || "*?[".contains(c));
        if is_word {
            word.extend(text.bytes());
            self.chars = after.chars();
        }
        is_word
    }

    /// `$NAME` and `${NAME}` become a variable; any other `$` is text.
    fn dollar_name(&mut self, word: &mut Vec<u8>) {
        let rest = self.rest();
        let name_of =
            |rest: &'a str| rest.split_at(rest.find(|c| !is_name_char(c)).unwrap_or(rest.len()));
        let braced = rest.strip_prefix('{').map(name_of);
        let braced = braced.and_then(|(name, rest)| Some((name, rest.strip_prefix('}')?)));
        let (name, after) = braced.unwrap_or_else(|| name_of(rest));
        if !is_name(name) {
            if rest.starts_with(['(', '{', '[']) {
                self.warn("substitutions of the shell ($(...), ${...}) were kept as text");
            } else if let Some(c) = rest.chars().next().filter(|c| is_parameter(*c)) {
                self.warn(&format!("${c}, which a shell fills in, was kept as text"));
            }
            push(word, '$');
            return;
        }
        self.chars = after.chars();
        word.extend(variable(name).bytes());
        let written = rest.split_at(rest.len() - after.len()).0;
        self.warn(&format!("${written} became {{{{env.{name}}}}}"));
    }

    /// `$'...'` (bash, section "ANSI-C quoting").
    fn ansi_quoted(&mut self, start: usize, word: &mut Vec<u8>) -> Result<(), ImportError> {
        let mut quoted = Vec::new();
        while let Some(c) = self.chars.next() {
            match c {
                '\'' => {
                    // An argument has no NUL: the shell leaves out the rest of this text.
                    if let Some(end) = memchr::memchr(0, &quoted) {
                        quoted.truncate(end);
                        self.warn("text behind a NUL in $'...' is left out, as the shell does");
                    }
                    word.append(&mut quoted);
                    return Ok(());
                }
                '\\' => ansi::escape(&mut self.chars, &mut quoted),
                c => push(&mut quoted, c),
            }
        }
        Err(self.unclosed(start, '\''))
    }

    fn unclosed(&self, position: usize, quote: char) -> ImportError {
        let rest = behind(self.text, position);
        let other = typographic::alike(quote, rest);
        let other = other.map(|c| format!("; {c} does not close it")).unwrap_or_default();
        let message = format!("the quote {quote} opened here is never closed{other}");
        ImportError::new(position, message)
    }

    /// Notes what is odd, once.
    pub(super) fn warn(&mut self, message: &str) {
        self.warnings.push(message.to_owned());
    }
}
