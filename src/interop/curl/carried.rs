//! A curl command that another one carries to a shell or a machine: `bash -c '...'`, `su -c '...'`,
//! `ssh host '...'`, `eval "..."`, `watch '...'`, `docker exec web sh -c '...'`.
//!
//! Used by `script`, which reads the text that is carried as it reads any other. (curl as a plain word
//! behind `docker exec web` needs no second reading.)

use super::command::{ImportError, Word};

/// Commands that are read again inside each other.
pub(super) const DEPTH: usize = 8;

/// Words of one command that name such a program and are asked whether a command begins there.
const CANDIDATES: usize = 64;

/// Programs that read the word behind `-c`.
const SHELLS: [&str; 11] =
    ["sh", "bash", "dash", "ash", "ksh", "zsh", "fish", "su", "runuser", "script", "flock"];
/// Programs that run others elsewhere; a shell is one of their words.
const ELSEWHERE: [&str; 13] = [
    "docker",
    "docker-compose",
    "podman",
    "nerdctl",
    "kubectl",
    "oc",
    "lxc",
    "nsenter",
    "chroot",
    "wsl",
    "wsl.exe",
    "busybox",
    "vagrant",
];
/// Programs that read all their words as one command, with the letters of options that have a value.
const JOINING: [(&str, &str); 3] = [("ssh", "BbcDEeFIiJLlmOopQRSWw"), ("eval", ""), ("watch", "n")];

/// What is carried.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CarriedText {
    pub(super) text: String,
    /// Byte of the pasted text where it begins; quotes before it are not counted.
    position: usize,
    /// What carries it, as written.
    pub(super) by: String,
}

/// What the words of a command carry, when `begins` says that a command may begin at a word.
pub(super) fn of(words: &[Word], begins: impl Fn(usize) -> bool) -> Option<CarriedText> {
    let mut named = (0..words.len()).filter(|at| carries(words, *at)).take(CANDIDATES);
    let at = named.find(|at| begins(*at))?;
    let (before, rest) = words.split_at_checked(at + 1)?;
    let name = name(before.last()?);
    let start = match JOINING.iter().find(|(joining, _)| *joining == name) {
        Some((_, valued)) => at + 1 + behind_options(rest, valued, name == "ssh"),
        None if ELSEWHERE.contains(&name) => {
            let shell = rest.iter().position(|word| SHELLS.contains(&self::name(word)))?;
            at + 1 + shell + 1 + behind_c(rest.split_at_checked(shell + 1)?.1)?
        }
        None => at + 1 + behind_c(rest)?,
    };
    let (before, mut carried) = words.split_at_checked(start)?;
    if !JOINING.iter().any(|(joining, _)| *joining == name) {
        carried = carried.get(..1)?;
    }
    let texts = |words: &[Word]| words.iter().map(|word| &*word.text).collect::<Vec<_>>().join(" ");
    let position = carried.first()?.position;
    Some(CarriedText { text: texts(carried), position, by: texts(before) })
}

fn carries(words: &[Word], at: usize) -> bool {
    let name = words.get(at).map(name).unwrap_or_default();
    SHELLS.contains(&name)
        || ELSEWHERE.contains(&name)
        || JOINING.iter().any(|(joining, _)| *joining == name)
}

fn name(word: &Word) -> &str {
    word.text.rsplit('/').next().unwrap_or(&word.text)
}

/// How many words stand before the one a shell reads.
fn behind_c(words: &[Word]) -> Option<usize> {
    let is_c = |word: &Word| {
        let letters = word.text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        letters.is_some_and(|letters| letters.contains('c')) || word.text == "--command"
    };
    words.iter().position(is_c).map(|at| at + 1)
}

/// How many words are options, their values and, of some programs, the place where it runs.
fn behind_options(words: &[Word], valued: &str, mut has_place: bool) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        match word.text.strip_prefix('-') {
            Some(letters) => {
                let is_valued = letters.len() == 1 && valued.contains(letters);
                at += 1 + usize::from(is_valued);
            }
            None if std::mem::take(&mut has_place) => at += 1,
            None => break,
        }
    }
    at
}

impl CarriedText {
    /// Where bytes of it stand in the pasted text: exactly when it was quoted as it is, else where it
    /// begins.
    pub(super) fn places(&self, pasted: &str) -> impl Fn(usize) -> usize {
        let starts = [self.position, self.position + 1];
        let is_there = |start: &usize| {
            pasted.get(*start..).is_some_and(|written| written.starts_with(&self.text))
        };
        let (start, own) = (starts.into_iter().find(is_there), self.position);
        move |at| start.map_or(own, |start| start + at)
    }

    /// An error of it as one of the pasted text.
    pub(super) fn error(&self, pasted: &str, error: ImportError) -> ImportError {
        ImportError { position: self.places(pasted)(error.position), ..error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(command: &str) -> Option<(String, String)> {
        let words = command.split('|').enumerate();
        let words: Vec<Word> =
            words.map(|(position, text)| Word { text: text.into(), position }).collect();
        of(&words, |at| at == 0).map(|it| (it.by, it.text))
    }

    #[test]
    fn what_a_command_carries_is_found_behind_its_own_options() {
        for (command, by, text) in [
            ("bash|-c|curl x", "bash -c", "curl x"),
            ("/bin/sh|-xec|curl x|name", "/bin/sh -xec", "curl x"),
            ("bash|-o|pipefail|-lc|curl x", "bash -o pipefail -lc", "curl x"),
            ("su|-|www|-s|/bin/sh|-c|curl x", "su - www -s /bin/sh -c", "curl x"),
            ("ssh|-p|22|-o|A=b|u@h|curl|-s|x y", "ssh -p 22 -o A=b u@h", "curl -s x y"),
            ("ssh|h|-t|curl x", "ssh h -t", "curl x"),
            ("watch|-n|5|curl x", "watch -n 5", "curl x"),
            ("eval|curl x", "eval", "curl x"),
            ("docker|exec|-it|web|sh|-c|curl x", "docker exec -it web sh -c", "curl x"),
            ("kubectl|exec|p|--|bash|-c|curl x", "kubectl exec p -- bash -c", "curl x"),
        ] {
            assert_eq!(carried(command), Some((by.into(), text.into())), "{command}");
        }
        for command in ["bash|x.sh", "ssh|h", "ssh", "docker|exec|web|curl|x", "echo|bash|-c|x", ""]
        {
            assert_eq!(carried(command), None, "{command}");
        }
    }
}
