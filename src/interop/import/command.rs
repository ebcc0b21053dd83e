//! Command lines as they were typed into a shell: every curl command of a text, and those of `nc`, `ncat`,
//! `socat`, `http` and `xh`, and the requests of a script of PowerShell.

mod extent;
mod httpie;
mod invoke;
mod sockets;

use super::gathered::{FoundPreset, Gathered};
use super::tree::ImportFault;
use crate::interop::curl::{self, CommandFiles, ShellLine};
use crate::model::spec::Spec;

/// Commands of one text.
const COMMANDS: usize = 1_000;
/// What shells write before a command.
const PROMPTS: [&str; 4] = ["$ ", "> ", "% ", "# "];
/// Bytes that are looked at to see where commands end, of one and of all of a text.
const LOOKED_AT: usize = 1 << 20;
const LOOKED_AT_ALL: usize = 64 << 20;

/// Reads all commands; they get no folder of their own.
pub(super) fn commands(text: &str, out: &mut Gathered) -> Result<(), ImportFault> {
    out.untitled();
    if invoke::is_script(text) {
        return invoked(text, out);
    }
    let (pieces, mut first) = (pieces(text), None);
    for (line, command) in &pieces {
        if out.count() >= COMMANDS {
            let place = format!("line {line}");
            return Err(ImportFault::new(place, format!("more than {COMMANDS} commands")));
        }
        let is_other = !command.lines().any(|line| program_of(line) == Some("curl"));
        let done = match is_other.then(|| others(command, *line, out)) {
            Some(Err(fault)) => Err(fault),
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) | None => one(command, *line, out),
        };
        // Of several the others come all the same.
        match done {
            Err(fault) if pieces.len() == 1 => return Err(fault),
            Err(fault) => {
                out.changed("commands that cannot be read", &fault.place, &fault.cause);
                first = first.or(Some(fault));
            }
            Ok(()) => {}
        }
    }
    if out.count() == 0 { first.map_or(Ok(()), Err) } else { Ok(()) }
}

/// Reads the command of one program.
type CommandReader = fn(&ShellLine) -> Result<sockets::Made, String>;

/// What reads the command of a program; `None` = nothing here.
fn reader(program: &str) -> Option<CommandReader> {
    match program.rsplit('/').next()? {
        "nc" | "ncat" | "netcat" => Some(sockets::netcat),
        "socat" => Some(sockets::socat),
        "http" | "https" | "xh" | "xhs" => Some(httpie::request),
        _ => None,
    }
}

/// Whether a text holds a command of another program that is known here.
pub(super) fn is_other(text: &str) -> bool {
    let is_other = |line| program_of(line).is_some_and(|program| program != "curl");
    text.lines().take(200).any(is_other) || invoke::is_script(text)
}

/// How many commands a text holds.
pub(super) fn count(text: &str) -> usize {
    pieces(text).len()
}

/// The program of a line that is known, whatever is piped into it.
fn program_of(line: &str) -> Option<&str> {
    let bare = line.trim_start();
    let bare = PROMPTS.iter().find_map(|prompt| bare.strip_prefix(prompt)).unwrap_or(bare);
    bare.split('|').find_map(|piece| {
        let mut words = piece.split_whitespace().filter(|word| *word != "sudo");
        let (word, next) = (words.next()?, words.next()?);
        let is_curl = matches!(word, "curl" | "curl.exe");
        let is_known = is_curl || (reader(word).is_some() && !next.starts_with('='));
        is_known.then_some(if is_curl { "curl" } else { word })
    })
}

/// Reads the commands of other programs in a piece that begins in this line; whether there were any.
fn others(piece: &str, line: usize, out: &mut Gathered) -> Result<bool, ImportFault> {
    let mut is_any = false;
    for command in curl::shell_lines(piece) {
        if out.count() >= COMMANDS {
            let place = format!("line {line}");
            return Err(ImportFault::new(place, format!("more than {COMMANDS} commands")));
        }
        let words = command
            .words
            .iter()
            .position(|word| !["sudo", "$", "%", ">", "#"].contains(&word.as_str()));
        let mut command = command;
        command.words.drain(..words.unwrap_or(0));
        let Some(read) = command.words.first().and_then(|program| reader(program)) else {
            continue;
        };
        is_any = true;
        let place = format!("line {line}");
        let (spec, remarks) = read(&command).map_err(|cause| {
            ImportFault::new(place.clone(), format!("{}: {cause}", command.words[0]))
        })?;
        for remark in &remarks {
            out.changed("what the program would do otherwise", &place, remark);
        }
        out.preset(FoundPreset { notes: remarks, place, ..FoundPreset::default() }, spec)?;
    }
    Ok(is_any)
}

/// Reads the requests of a script of PowerShell.
fn invoked(text: &str, out: &mut Gathered) -> Result<(), ImportFault> {
    let place = |line: usize| format!("line {line}");
    let found = invoke::requests(text, COMMANDS)
        .map_err(|(line, cause)| ImportFault::new(place(line), cause))?;
    for (line, made) in found {
        if out.count() == COMMANDS {
            return Err(ImportFault::new(place(line), format!("more than {COMMANDS} commands")));
        }
        let (spec, remarks) = made.map_err(|cause| ImportFault::new(place(line), cause))?;
        for remark in &remarks {
            out.changed("what the program would do otherwise", &place(line), remark);
        }
        let found = FoundPreset { notes: remarks, place: place(line), ..FoundPreset::default() };
        out.preset(found, spec)?;
    }
    Ok(())
}

/// Reads the requests of the curl commands of a piece that begins in this line.
pub(super) fn one(command: &str, line: usize, out: &mut Gathered) -> Result<(), ImportFault> {
    let place = format!("line {line}");
    let read = curl::parse_all(command, &CommandFiles::default(), COMMANDS + 1);
    let found = read.map_err(|error| {
        let (own, column) = error.place(command);
        ImportFault::at_line(line - 1 + own, column, error.message)
    })?;
    if found.len() > COMMANDS {
        return Err(ImportFault::new(place, format!("more than {COMMANDS} requests")));
    }
    for (spec, remarks) in found {
        for remark in &remarks {
            out.changed("what curl would do otherwise", &place, remark);
        }
        let (place, notes) = (place.clone(), remarks);
        out.preset(FoundPreset { notes, place, ..FoundPreset::default() }, Spec::Http(spec))?;
    }
    Ok(())
}

/// The text in pieces with one command each, and the lines they begin in.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let mut starts = Vec::new();
    let (mut at, mut number, mut is_continued, mut left) = (0, 1, false, LOOKED_AT_ALL);
    // One more than are read says that there are too many.
    while at < text.len() && starts.len() <= COMMANDS {
        let rest = text.split_at(at).1;
        let mut piece = rest.split_at(rest.find('\n').map_or(rest.len(), |end| end + 1)).0;
        if program_of(piece).is_some() && !is_continued {
            starts.push((number, at));
            let most = LOOKED_AT.min(left);
            let whole = extent::of_command(rest, most);
            left -= whole.unwrap_or_else(|| most.min(rest.len()));
            piece = whole.map_or(piece, |whole| rest.split_at(whole).0);
        }
        is_continued = piece.trim_end().ends_with(extent::CONTINUED);
        number += piece.matches('\n').count();
        at += piece.len();
    }
    // What stands before the first belongs to it: assignments, a program that writes its input.
    match starts.first_mut() {
        Some(first) => *first = (1, 0),
        None => starts.push((1, 0)),
    }
    let ends = starts.iter().skip(1).map(|(_, at)| *at).chain([text.len()]);
    let piece = |((line, start), end)| (line, text.split_at(end).0.split_at(start).1);
    starts.iter().copied().zip(ends).map(piece).collect()
}
