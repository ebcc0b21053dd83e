//! Finds the curl command in a pasted text, whatever stands around it: a prompt, comments, `sudo`,
//! assignments, a program that writes its input, a whole script, prose.
//!
//! ```text
//!   Windows prompt ─cmd─┐        first place that has one:
//!   PowerShell ─────────┼─> CurlCommand    a command whose program is curl
//!   shell ──────────────┘                  a line that begins with curl, after a prompt or "#"
//!                                          $(curl ...), `curl ...`, (curl ...)
//!                                          a word of another command (docker exec web curl ...)
//! ```
//!
//! A text that a command carries to another shell (`bash -c '...'`, `ssh host '...'`) is read in the
//! same way.

use super::carried::{self, DEPTH};
use super::cmd;
use super::command::{CommandEnd, CurlCommand, ImportError, ShellCommand, Stdin, Word, is_curl};
use super::expansion::is_name;
use super::output;
use super::powershell;
use super::shell::Reader;

/// What a prompt ends with.
const PROMPTS: [char; 7] = ['$', '%', '#', '>', '❯', '➜', '»'];
/// Words that may stand before the program of a command.
const BEFORE: [&str; 17] = [
    "sudo", "doas", "time", "exec", "command", "env", "nohup", "nice", "xargs", "if", "while",
    "until", "then", "do", "else", "!", "{",
];

/// Whether a text holds a curl command, so that pasting it should fill the form.
#[must_use]
pub(crate) fn is_command(text: &str) -> bool {
    let has_arguments = |text: &str| text.split_whitespace().nth(1).is_some();
    let begins = |(_, line): (usize, &str)| begins_with_curl(line);
    has_arguments(text)
        && (lines(text).filter_map(command_of_line).any(begins)
            || find(text).map_or_else(|error| error.message != NO_CURL, |_| true))
}

/// The message about a text without a curl command.
const NO_CURL: &str = "no curl command; it begins with 'curl'";

/// The first curl command of a text. Marks that nobody sees around it are none of it.
pub(super) fn find(text: &str) -> Result<CurlCommand, ImportError> {
    find_inside(text, 0)
}

/// All curl commands of a text, `most` at most, the one that [`find`] finds first. What cannot be read behind it is
/// stepped over.
pub(super) fn find_all(text: &str, most: usize) -> Result<Vec<CurlCommand>, ImportError> {
    let mut all = vec![find(text)?];
    if cmd::is_cmd(text) || powershell::is_powershell(text) {
        return Ok(all);
    }
    let mut reader = reader_of(text);
    // What was read of a script is not read again.
    let behind = all.first().and_then(|first| first.behind);
    reader.goes_to_byte(behind.unwrap_or(0));
    let mut piped = None;
    while !reader.is_over() && all.len() < most {
        let start = reader.position();
        match command(&mut reader, &mut piped) {
            Ok(Some(found)) => {
                let is_known = all.first().is_some_and(|first| first.words == found.words);
                all.extend(Some(found).filter(|_| !is_known));
            }
            Ok(None) => {
                let last = reader.last();
                piped = (last.end == CommandEnd::Pipe).then(|| output_of(last)).flatten();
                reader.forget_warnings();
            }
            Err(_) => {
                piped = None;
                reader.steps_over(start);
            }
        }
    }
    if let [first, _, ..] = all.as_mut_slice() {
        first.warnings.forget(ONLY_FIRST);
    }
    Ok(all)
}

/// What is said of further commands.
const ONLY_FIRST: &str = "only the first of several curl commands was read";

/// Reads the commands of a text, whose lines may begin with prompts.
fn reader_of(text: &str) -> Reader<'_> {
    let mut reader = Reader::at(text, 0);
    reader.set_prompted(lines(text).filter_map(command_of_line).any(|(at, line)| {
        begins_with_curl(line)
            && text.get(..at).is_some_and(|before| before.trim_end().ends_with(PROMPTS))
    }));
    reader
}

/// The same of a text that so many commands carry.
fn find_inside(text: &str, depth: usize) -> Result<CurlCommand, ImportError> {
    let bare = text.trim_start_matches(is_unseen);
    if bare.len() < text.len() {
        let start = text.len() - bare.len();
        let mut found = find_inside(bare, depth).map_err(|error| error.behind(start))?;
        found.words.iter_mut().for_each(|word| word.position += start);
        found.behind = found.behind.map(|behind| behind + start);
        return Ok(found);
    }
    if cmd::is_cmd(text) {
        return cmd::words(text);
    }
    if powershell::is_powershell(text) {
        return powershell::words(text);
    }
    if let Some(found) = of_its_own(text, depth)? {
        return Ok(found);
    }
    let mut left = text.len();
    for (at, line) in lines(text).filter_map(command_of_line) {
        if left > 0 && begins_with_curl(line) {
            let mut reader = Reader::at(text, at);
            if let Some(found) = first(&mut reader, None)? {
                return Ok(found);
            }
            left = left.saturating_sub(reader.position() - at);
        }
    }
    for (opening, closing) in [("$(curl ", ')'), ("`curl ", '`'), ("(curl ", ')')] {
        if let Some(at) = text.find(opening) {
            let mut reader = Reader::at(text, at + opening.len() - "curl ".len());
            reader.ends_at(closing);
            if let Some(found) = first(&mut reader, None)? {
                return Ok(found);
            }
        }
    }
    inside(text).ok_or_else(|| ImportError::new(0, NO_CURL))
}

/// A command of the script whose program is curl. Prose is no script, so what cannot be read is
/// stepped over by the line.
fn of_its_own(text: &str, depth: usize) -> Result<Option<CurlCommand>, ImportError> {
    let mut reader = reader_of(text);
    let mut piped = None;
    while !reader.is_over() {
        let start = reader.position();
        let mut input = piped.take();
        match command(&mut reader, &mut input) {
            Ok(Some(mut found)) => {
                tell_of_others(&reader, &mut found);
                found.behind = reader.place();
                return Ok(Some(found));
            }
            Ok(None) => {
                if let Some(found) = carried(&mut reader, text, depth, input)? {
                    return Ok(Some(found));
                }
                let last = reader.last();
                piped = (last.end == CommandEnd::Pipe).then(|| output_of(last)).flatten();
                if piped.is_none() {
                    reader.forget_warnings();
                }
            }
            Err(error) if program(&reader.last().words).is_some() => return Err(error),
            Err(_) => reader.steps_over(start),
        }
    }
    Ok(None)
}

/// Reads a command that is the first of a text; it is returned when its program is curl.
fn first(
    reader: &mut Reader<'_>,
    piped: Option<Stdin>,
) -> Result<Option<CurlCommand>, ImportError> {
    let mut found = command(reader, &mut { piped })?;
    if let Some(found) = &mut found {
        tell_of_others(reader, found);
    }
    Ok(found)
}

/// Says so when other commands stand behind the first.
fn tell_of_others(reader: &Reader<'_>, first: &mut CurlCommand) {
    if reader.rest().lines().any(begins_with_curl) {
        first.warnings.push(ONLY_FIRST.to_owned());
    }
}

/// Reads a command; it is returned when its program is curl. What is piped into it is taken then.
fn command(
    reader: &mut Reader<'_>,
    piped: &mut Option<Stdin>,
) -> Result<Option<CurlCommand>, ImportError> {
    reader.command()?;
    let Some(at) = program(&reader.last().words) else { return Ok(None) };
    let ShellCommand { mut words, stdin, .. } = reader.take_last();
    if words.drain(..=at).any(|word| word.text == "xargs") {
        reader.warn("xargs is left out: what it adds to the command is missing");
    }
    let (stdin, warnings) = (stdin.or_else(|| piped.take()), reader.take_warnings());
    Ok(Some(CurlCommand { words, stdin, warnings, behind: None }))
}

/// The curl command that the command read last carries to another shell, if it does.
fn carried(
    reader: &mut Reader<'_>,
    text: &str,
    depth: usize,
    input: Option<Stdin>,
) -> Result<Option<CurlCommand>, ImportError> {
    let words = &reader.last().words;
    let begins = |at| may_stand_before(words.split_at(at).0);
    let Some(it) = carried::of(words, begins).filter(|it| it.text.contains("curl")) else {
        return Ok(None);
    };
    if depth >= DEPTH {
        let message = format!("more than {DEPTH} commands inside each other");
        return Err(it.error(text, ImportError::new(0, message)));
    }
    let mut found = match find_inside(&it.text, depth + 1) {
        Err(error) if error.message == NO_CURL => return Ok(None),
        found => found.map_err(|error| it.error(text, error))?,
    };
    let place = it.places(text);
    for word in &mut found.words {
        word.position = place(word.position);
    }
    reader.warn(&format!("left out before curl: {}; the request goes from here", it.by));
    let mut warnings = reader.take_warnings();
    warnings.extend(found.warnings.into_texts());
    let stdin = found.stdin.or(reader.take_last().stdin).or(input);
    Ok(Some(CurlCommand { words: found.words, stdin, warnings, behind: None }))
}

/// curl as a word of another command, with something behind it.
fn inside(text: &str) -> Option<CurlCommand> {
    let mut reader = Reader::at(text, 0);
    while !reader.is_over() {
        let start = reader.position();
        if reader.command().is_err() {
            reader.steps_over(start);
            continue;
        }
        let words = &reader.last().words;
        let at = words.iter().position(|word| is_curl(&word.text));
        let is_address = words.first().is_some_and(|word| word.text.contains("://"));
        if let Some(at) = at.filter(|at| !is_address && words.len() > at + 1) {
            let ShellCommand { mut words, stdin, .. } = reader.take_last();
            let before: Vec<_> = words.drain(..=at).map(|word| word.text).collect();
            let before = before.split_last().map(|(_, before)| before.join(" "));
            reader.warn(&format!("left out before curl: {}", before.unwrap_or_default()));
            let warnings = reader.take_warnings();
            return Some(CurlCommand { words, stdin, warnings, behind: None });
        }
        reader.forget_warnings();
    }
    None
}

/// A byte order mark or a space without a width.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}' | '\u{2060}')
}

/// Lines with the byte each begins at.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

/// What a line says after a prompt or the mark of a comment, and where.
fn command_of_line((at, line): (usize, &str)) -> Option<(usize, &str)> {
    let text = line.trim_start();
    let words = text.split_inclusive(char::is_whitespace).take(5);
    let ends = words.scan(0, |end, word| {
        *end += word.len();
        Some((*end, word.trim_end()))
    });
    // The last word that looks like the end of a prompt, unless something is quoted before.
    let prompt = ends
        .take_while(|(_, word)| !word.contains(['\'', '"']) && !is_curl(word))
        .filter(|(_, word)| word.ends_with(PROMPTS) && !word.contains("://"))
        .last();
    let end = prompt.map_or(0, |(end, _)| end);
    let rest = text.get(end..)?.trim_start();
    Some((at + line.len() - rest.len(), rest))
}

fn begins_with_curl(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    words.next().is_some_and(is_curl) && words.next().is_some()
}

/// Where among the words the program of a command is curl.
fn program(words: &[Word]) -> Option<usize> {
    let at = words.iter().position(|word| is_curl(&word.text))?;
    may_stand_before(words.split_at(at).0).then_some(at)
}

/// Whether what follows these words is a program: a prompt, `sudo` and the like are before it.
fn may_stand_before(before: &[Word]) -> bool {
    let prompt = before.iter().rposition(|word| word.text.ends_with(PROMPTS));
    let mut before = before.split_at(prompt.map_or(0, |at| at + 1)).1.iter();
    let mut is_option = false;
    before.all(|word| {
        let text = word.text.as_str();
        // The name behind `-u` is the user of sudo.
        let is_value = std::mem::replace(&mut is_option, matches!(text, "-u" | "-g" | "-n"));
        let is_assignment = text.split_once('=').is_some_and(|(name, _)| is_name(name));
        is_value || is_option || is_assignment || text.starts_with('-') || BEFORE.contains(&text)
    })
}

/// What a command writes, prompts and the like before its program aside.
fn output_of(command: &ShellCommand) -> Option<Stdin> {
    let is_before =
        |word: &Word| word.text.ends_with(PROMPTS) || BEFORE.contains(&word.text.as_str());
    let start = command.words.iter().take_while(|word| is_before(word)).count();
    output::of(command.words.split_at(start).1, command.stdin.as_ref())
}
