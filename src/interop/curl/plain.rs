//! Commands of a script that are not curl's: their words as a shell passes them on, and what is piped into
//! them. Called by the import of other programs' command lines.

use super::command::{CommandEnd, Stdin, Word, replaced, unmarked};
use super::output;
use super::shell::Reader;

/// A command with what it reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShellLine {
    /// The program first; a variable of the shell is `{{env.NAME}}`.
    pub(crate) words: Vec<String>,
    pub(crate) input: Option<LineInput>,
}

/// What a command reads from standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LineInput {
    Text(String),
    /// With the escapes of `printf`, which are those of payloads.
    Escaped(String),
    File(String),
    /// What a program writes that is not run here.
    Program(String),
}

/// The commands of a text, one after the other; lines that no shell would read are stepped over.
pub(crate) fn shell_lines(text: &str) -> impl Iterator<Item = ShellLine> {
    let (mut reader, mut piped) = (Reader::at(text, 0), None);
    std::iter::from_fn(move || {
        while !reader.is_over() {
            let start = reader.position();
            let before = piped.take();
            if reader.command().is_err() {
                reader.steps_over(start);
                continue;
            }
            reader.forget_warnings();
            let command = reader.take_last();
            if command.words.is_empty() {
                continue;
            }
            let own = command.stdin.as_ref().map(input_of);
            if command.end == CommandEnd::Pipe {
                piped = written(&command.words, command.stdin.as_ref());
            }
            let words = command.words.iter().map(|word| plain(&word.text)).collect();
            return Some(ShellLine { words, input: own.or(before) });
        }
        None
    })
}

/// What a command writes.
fn written(words: &[Word], stdin: Option<&Stdin>) -> Option<LineInput> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    match texts.as_slice() {
        ["printf", text] if !text.contains('%') => Some(LineInput::Escaped(plain(text))),
        ["echo", "-ne" | "-en", rest @ ..] => Some(LineInput::Escaped(plain(&rest.join(" ")))),
        ["echo", "-e", rest @ ..] => Some(LineInput::Escaped(plain(&rest.join(" ")) + "\\n")),
        _ => output::of(words, stdin).as_ref().map(input_of),
    }
}

fn input_of(stdin: &Stdin) -> LineInput {
    match stdin {
        Stdin::Text(text) => LineInput::Text(plain(text)),
        Stdin::File(file) => LineInput::File(plain(file)),
        Stdin::Program(program) => LineInput::Program(plain(program)),
    }
}

fn plain(text: &str) -> String {
    let literal = |plain: &str| String::from_utf8_lossy(&unmarked(plain)).into_owned();
    replaced(text, literal, |name| "{{env.".to_owned() + name + "}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_come_with_what_is_piped_into_them() {
        let lines: Vec<ShellLine> =
            shell_lines("printf 'PING\\r\\n' | nc -v h 7\nncat h 1 <<< hi\nsocat - TCP:$H:1 < f\n")
                .collect();
        let told: Vec<_> =
            lines.iter().map(|line| (line.words.join(" "), line.input.clone())).collect();
        assert_eq!(told[1], ("nc -v h 7".into(), Some(LineInput::Escaped("PING\\r\\n".into()))));
        assert_eq!(told[2], ("ncat h 1".into(), Some(LineInput::Text("hi\n".into()))));
        assert_eq!(told[3], ("socat - TCP:{{env.H}}:1".into(), Some(LineInput::File("f".into()))));
    }
}
