//! What a simple command writes, as far as that can be known without running it: for what is piped
//! into curl, and for substitutions in its arguments.

use super::command::{Stdin, Word};

/// What a command writes; `None` when it has no program. `words` begin with it.
pub(super) fn of(words: &[Word], stdin: Option<&Stdin>) -> Option<Stdin> {
    let mut words = words.iter().map(|word| word.text.as_str());
    let program = words.next()?;
    let arguments: Vec<&str> = words.collect();
    let text = match (program, arguments.as_slice()) {
        ("echo", ["-n", rest @ ..]) => Some(rest.join(" ")),
        ("echo", rest) if !rest.first().is_some_and(|word| word.starts_with('-')) => {
            Some(rest.join(" ") + "\n")
        }
        ("printf", ["%s", rest @ ..]) => Some(rest.concat()),
        ("printf", ["%s\\n", rest @ ..]) => {
            Some(rest.iter().flat_map(|text| [text, "\n"]).collect())
        }
        ("printf", [text]) if !text.contains(['%', '\\']) => Some((*text).to_owned()),
        ("cat", []) => return stdin.cloned(),
        ("cat", [file]) if !file.starts_with('-') => return Some(Stdin::File((*file).to_owned())),
        _ => None,
    };
    Some(text.map_or_else(|| Stdin::Program(program.to_owned()), Stdin::Text))
}
