//! What of PowerShell stands around its requests: variables that are given texts, tables and lists, `.Add(…)`,
//! `| ConvertTo-Json`, `@name` for a table of parameters. All else is stepped over; nothing is run.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use super::invoked::{Invoked, InvokedRequest, parameter};
use super::value::PsValue;
use super::words::{balanced, name_at, named};
use crate::compose::template;

/// What a text of PowerShell nests at most.
const DEPTH: usize = 32;
/// Members of a value behind each other: `$answer.user.name`.
const LINKS: usize = 200;
/// Longest script.
const LONGEST: usize = 4 << 20;
/// What values of variables that are put in add up to at most, so that none doubles without an end.
const PUT_IN: usize = 16 << 20;
/// Letters in which the `-` of a command is looked for.
const COMMAND: usize = 64;
/// Longest type in brackets.
const TYPE: usize = 1_000;
/// Longest prompt.
const PROMPT: usize = 300;
/// The commands, in small letters.
const COMMANDS: [&str; 4] = ["invoke-webrequest", "invoke-restmethod", "iwr", "irm"];

/// Whether a text holds one of the commands where a command stands.
pub(crate) fn is_script(text: &str) -> bool {
    text.lines().take(200).any(|line| {
        let mut words = line.split_whitespace();
        let mut at = words.next();
        if at.is_some_and(|it| it == "PS" || it == "PS>") {
            at = words.by_ref().find(|it| is_command(it));
        } else if at.is_some_and(|it| it.starts_with('$')) && words.next() == Some("=") {
            at = words.next();
        }
        let is_given = |next: &str| !next.is_empty() && !next.starts_with('=');
        at.is_some_and(is_command) && words.next().is_some_and(is_given)
    })
}

fn is_command(word: &str) -> bool {
    let bare = word.trim_start_matches('(');
    COMMANDS.iter().any(|name| bare.eq_ignore_ascii_case(name))
}

/// A request with the line it begins in, or why it is none.
pub(crate) type PsRequest = (usize, Result<InvokedRequest, String>);

/// The requests of a script, one more than `most` of them, or the line of what cannot be read, and why.
pub(crate) fn requests(text: &str, most: usize) -> Result<Vec<PsRequest>, (usize, String)> {
    if text.len() > LONGEST {
        return Err((1, format!("a script of more than {} MiB", LONGEST >> 20)));
    }
    let mut reader = InvokeScript {
        text,
        at: 0,
        depth: 0,
        variables: BTreeMap::new(),
        left: Cell::new(PUT_IN),
        computed: RefCell::default(),
        computed_of: BTreeMap::new(),
        made: Vec::new(),
    };
    let (mut line, mut counted) = (1, 0);
    loop {
        reader.skip(true);
        // The one that is too many is told by who takes them.
        if reader.rest().is_empty() || reader.made.len() > most {
            return Ok(reader.made);
        }
        line += text.split_at(reader.at).0.split_at(counted).1.matches('\n').count();
        counted = reader.at;
        reader.statement(line).map_err(|cause| (line, cause))?;
        if reader.left.get() == 0 {
            return Err((line, too_much()));
        }
    }
}

/// What is said of a script whose values grow without an end.
pub(super) fn too_much() -> String {
    format!("variables put in more than {} MiB", PUT_IN >> 20)
}

/// A script as far as it was read.
pub(super) struct InvokeScript<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    depth: usize,
    variables: BTreeMap<String, PsValue>,
    /// What may still be put in.
    left: Cell<usize>,
    /// What is told of the statement that is read: what it would have to run or read.
    pub(super) computed: RefCell<Vec<String>>,
    /// The same of what variables were given.
    pub(super) computed_of: BTreeMap<String, Vec<String>>,
    made: Vec<PsRequest>,
}

impl<'a> InvokeScript<'a> {
    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text.split_at(self.at).1
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over this, if it is what comes.
    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let is_here = self.rest().starts_with(sign);
        if is_here {
            self.at += sign.len();
        }
        is_here
    }

    /// Steps over blanks, lines that are continued, and, between statements, their ends; over comments.
    pub(super) fn skip(&mut self, over_ends: bool) {
        loop {
            let rest = self.rest();
            let is_blank =
                |it: char| " \t\r\u{feff}".contains(it) || over_ends && "\n;".contains(it);
            let bare = rest.trim_start_matches(is_blank);
            self.at += rest.len() - bare.len();
            if bare.starts_with("`\n") || bare.starts_with("`\r\n") {
                self.at += bare.find('\n').map_or(1, |at| at + 1);
            } else if bare.starts_with('#') {
                self.at += bare.find('\n').unwrap_or(bare.len());
            } else {
                return;
            }
        }
    }

    /// Whether a statement, or what stands in brackets, ends here.
    pub(super) fn is_at_end(&self) -> bool {
        self.peek().is_none_or(|it| "\n;|)}".contains(it))
    }

    fn statement(&mut self, line: usize) -> Result<(), String> {
        self.computed.take();
        let rest = self.rest();
        if rest.starts_with("PS") {
            let mut first = rest.char_indices().take(PROMPT).take_while(|(_, it)| *it != '\n');
            if let Some((end, _)) = first.find(|(_, it)| *it == '>') {
                self.at += end + 1;
                return Ok(());
            }
        }
        if let Some((name, after)) = rest.strip_prefix('$').and_then(name_at) {
            self.at = self.text.len() - after.len();
            return self.of_variable(&name.to_ascii_lowercase(), line);
        }
        self.pipeline(line)?;
        // What closes nothing.
        if self.peek().is_some_and(|it| ")}".contains(it)) {
            self.at += 1;
        }
        Ok(())
    }

    /// `$name = …`, `$name.Add(…)`, `$name.Cookies.Add(…)`
    fn of_variable(&mut self, name: &str, line: usize) -> Result<(), String> {
        let rest = self.rest();
        let end = rest.find(|it: char| !it.is_alphanumeric() && it != '.').unwrap_or(rest.len());
        let member = rest.split_at(end).0.trim_start_matches('.').to_ascii_lowercase();
        self.at += end;
        self.skip(false);
        if self.takes("=") {
            self.skip(false);
            let value = self.pipeline(line)?;
            if member.is_empty() {
                self.variables.insert(name.to_owned(), value);
                self.computed_of.remove(name);
                self.remember(name);
            } else {
                self.put(name, member, value);
            }
            return Ok(());
        }
        if !member.ends_with("add") || !self.takes("(") {
            return self.pipeline(line).map(|_| ());
        }
        let values = self.values(line)?;
        match values.as_slice() {
            [key, value, ..] => self.put(name, key.text(), value.clone()),
            [PsValue::List(cookie)] => {
                if let [key, value, ..] = cookie.as_slice() {
                    self.put(name, format!("cookie {}", key.text()), value.clone());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn put(&mut self, variable: &str, key: String, value: PsValue) {
        self.remember(variable);
        let found = self.variables.entry(variable.to_owned());
        let found = found.or_insert_with(|| PsValue::Table(Vec::new()));
        if let PsValue::Table(rows) = found {
            rows.push((key, value));
        } else {
            *found = PsValue::Table(vec![(key, value)]);
        }
    }

    /// A value or a command, and what it is piped into.
    fn pipeline(&mut self, line: usize) -> Result<PsValue, String> {
        let from = self.at;
        let mut value = self.first(line)?;
        self.skip(false);
        loop {
            if self.takes("|") {
                value = self.piped(value, from, line)?;
            } else if self.is_at_end() {
                return Ok(value);
            } else {
                // What of a statement is not understood is stepped over.
                self.value(line)?;
                self.skip(false);
            }
        }
    }

    fn first(&mut self, line: usize) -> Result<PsValue, String> {
        if self.is_at_end() {
            return Ok(PsValue::NONE);
        }
        if !self.peek().is_some_and(char::is_alphabetic) {
            return self.value(line);
        }
        let from = self.at;
        let word = self.bare().to_ascii_lowercase();
        self.skip(false);
        if is_command(&word) {
            let made = self.request(line)?;
            self.made.push((line, made));
            return Ok(PsValue::NONE);
        }
        let mut values = Vec::new();
        while !self.is_at_end() {
            let is_option = self.rest().starts_with('-');
            let value = self.value(line)?;
            if !is_option {
                values.push(value);
            }
            self.skip(false);
        }
        Ok(self.given_by(&word, values, from))
    }

    /// The parameters of a command.
    fn request(&mut self, line: usize) -> Result<Result<InvokedRequest, String>, String> {
        let mut invoked = Invoked::default();
        while !self.is_at_end() {
            let rest = self.rest();
            let splatted = rest.strip_prefix('@').filter(|it| it.starts_with(char::is_alphabetic));
            if let Some((name, after)) = splatted.and_then(name_at) {
                self.at = self.text.len() - after.len();
                if let Some(PsValue::Table(rows)) = self.known(name) {
                    for (name, value) in rows {
                        invoked.take(&parameter(name).0, value);
                    }
                }
            } else if self.takes("-") {
                let (name, value) = self.option(line)?;
                invoked.take(&name, &value);
            } else {
                let value = self.value(line)?;
                invoked.take("uri", &value);
            }
            self.skip(false);
        }
        Ok(invoked.made(self.told()))
    }

    /// A parameter behind its `-`, with its value.
    fn option(&mut self, line: usize) -> Result<(String, PsValue), String> {
        let rest = self.rest();
        let end = rest.find(|it: char| !it.is_alphanumeric()).unwrap_or(rest.len());
        self.at += end;
        let (name, is_alone) = parameter(rest.split_at(end).0);
        let has_value = self.takes(":");
        self.skip(false);
        let is_next = !self.is_at_end() && !self.rest().starts_with('-');
        let value =
            if has_value || (!is_alone && is_next) { self.value(line)? } else { PsValue::NONE };
        Ok((name, value))
    }

    /// One value, with the members of it that stand behind it.
    pub(super) fn value(&mut self, line: usize) -> Result<PsValue, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(format!("it nests deeper than {DEPTH} levels"));
        }
        let from = self.at;
        let mut value = self.read(line)?;
        let mut links = 0;
        while let Some(behind) = self.member(&value, from, line)? {
            value = behind;
            links += 1;
            if links > LINKS {
                return Err(format!("more than {LINKS} members behind each other"));
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn read(&mut self, line: usize) -> Result<PsValue, String> {
        for quote in ["'", "\""] {
            if self.takes(&format!("@{quote}")) {
                return self.here(quote);
            }
            if self.takes(quote) {
                return self.quoted(quote).map(PsValue::Text);
            }
        }
        if self.takes("@{") {
            return self.table(line);
        }
        if self.takes("@(") {
            return self.values(line).map(PsValue::List);
        }
        if self.takes("(") {
            let mut values = self.values(line)?;
            return Ok(match values.len() {
                0 | 1 => values.pop().unwrap_or(PsValue::NONE),
                _ => PsValue::List(values),
            });
        }
        if let Some((name, after)) = self.rest().strip_prefix('$').and_then(name_at) {
            self.at = self.text.len() - after.len();
            return Ok(self.variable(name));
        }
        if self.rest().starts_with("$(") {
            let from = self.at;
            let inner = self.rest().split_at(1).1;
            self.at += 1 + balanced(inner).ok_or("')' is missing")?;
            return Ok(self.computed(from));
        }
        // The type of what follows.
        let begin = self.rest().as_bytes().get(..TYPE).unwrap_or(self.rest().as_bytes());
        if self.rest().starts_with('[')
            && let Some(end) = memchr::memchr(b']', begin)
        {
            let from = self.at;
            self.at += end + 1;
            if self.takes("::") {
                return self.called(from, line);
            }
            return if self.is_at_end() { Ok(PsValue::NONE) } else { self.value(line) };
        }
        let word = self.bare();
        if word.is_empty() {
            // A sign that is understood nowhere.
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        // A type and its arguments, `System.Net.Cookie("a", "b")`: they are what is told.
        if !word.is_empty() && self.takes("(") {
            return self.values(line).map(PsValue::List);
        }
        let text = template::quote(word);
        let is_number = serde_json::from_str::<serde_json::Number>(word).is_ok();
        Ok(if is_number { PsValue::Word(text) } else { PsValue::Text(text) })
    }

    fn variable(&self, name: &str) -> PsValue {
        let lower = name.to_ascii_lowercase();
        if ["true", "false", "null"].contains(&lower.as_str()) {
            return PsValue::Word(lower);
        }
        self.known(name).cloned().unwrap_or_else(|| PsValue::Text(named(name)))
    }

    /// What a variable holds, as long as not too much was put in.
    pub(super) fn known(&self, name: &str) -> Option<&PsValue> {
        let value = self.variables.get(&name.to_ascii_lowercase())?;
        for computed in self.computed_of.get(&name.to_ascii_lowercase()).into_iter().flatten() {
            self.tell(computed);
        }
        let is_left = self.left.get() > 0 && self.spend(value.size());
        is_left.then_some(value)
    }

    /// Takes this off what may still be put in; whether anything is left.
    pub(super) fn spend(&self, size: usize) -> bool {
        self.left.set(self.left.get().saturating_sub(size));
        self.left.get() > 0
    }

    /// A word as it stands.
    pub(super) fn bare(&mut self) -> &'a str {
        let rest = self.rest();
        let is_end = |it: char| it.is_whitespace() || ";|(){},'\"`".contains(it);
        let word = rest.split_at(rest.find(is_end).unwrap_or(rest.len())).0;
        self.at += word.len();
        word
    }

    /// `name = value` behind `@{`, each in a line or before a `;`.
    fn table(&mut self, line: usize) -> Result<PsValue, String> {
        let mut rows = Vec::new();
        loop {
            self.skip(true);
            if self.takes("}") {
                return Ok(PsValue::Table(rows));
            }
            let key = match self.peek() {
                None => return Err("a table has no end".to_owned()),
                Some('\'' | '"' | '$' | '(') => self.value(line)?.text(),
                Some(_) => {
                    let rest = self.rest();
                    let end = rest.find(|it: char| it == '=' || it.is_whitespace());
                    let key = rest.split_at(end.unwrap_or(rest.len())).0;
                    self.at += key.len();
                    template::quote(key)
                }
            };
            self.skip(false);
            if !self.takes("=") {
                return Err(format!("'=' is missing behind {key}"));
            }
            self.skip(true);
            rows.push((key, self.listed(line)?));
        }
    }

    /// A value, or several with commas between them.
    fn listed(&mut self, line: usize) -> Result<PsValue, String> {
        let mut values = vec![self.nested(line)?];
        self.skip(false);
        while self.takes(",") {
            self.skip(true);
            values.push(self.nested(line)?);
            self.skip(false);
        }
        let only = if values.len() == 1 { values.pop() } else { None };
        Ok(only.unwrap_or(PsValue::List(values)))
    }

    /// Values up to a `)`.
    pub(super) fn values(&mut self, line: usize) -> Result<Vec<PsValue>, String> {
        let mut values = Vec::new();
        loop {
            self.skip(true);
            match self.peek() {
                None => return Err("')' is missing".to_owned()),
                Some(')') => {
                    self.at += 1;
                    return Ok(values);
                }
                Some(',' | '|' | '}') => self.at += 1,
                Some(_) => values.push(self.nested(line)?),
            }
        }
    }

    /// A value inside others, which may be what a command gives, and what it is piped into.
    fn nested(&mut self, line: usize) -> Result<PsValue, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(format!("it nests deeper than {DEPTH} levels"));
        }
        let from = self.at;
        let is_of_word = |it: &char| !it.is_whitespace();
        let mut word = self.rest().chars().take_while(is_of_word).take(COMMAND);
        let is_command = word.next().is_some_and(char::is_alphabetic) && word.any(|it| it == '-');
        let mut value = if is_command { self.first(line)? } else { self.value(line)? };
        self.skip(false);
        while self.takes("|") {
            value = self.piped(value, from, line)?;
        }
        self.depth -= 1;
        Ok(value)
    }
}
