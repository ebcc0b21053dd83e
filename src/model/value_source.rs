//! What gives the value of a variable that stands in no file: a program, an entry of the system keyring. Read from
//! environments by the store, asked by both shells, and what each gave is kept by it.

use super::preset::shown_words;

/// What gives a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueSource {
    /// The program and its arguments; no shell reads them.
    Program(Vec<String>),
    /// An entry of the system keyring.
    Keyring(KeyringEntry),
}

/// Which entry of the system keyring: `{ keyring = { service = "github.com", user = "me" } }`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyringEntry {
    pub service: String,
    pub user: String,
}

impl KeyringEntry {
    /// Both as words, for a line.
    #[must_use]
    pub fn words(&self) -> [String; 2] {
        [self.service.clone(), self.user.clone()]
    }
}

impl ValueSource {
    /// Who gives it: "a program", "the keyring".
    #[must_use]
    pub const fn giver(&self) -> &'static str {
        match self {
            ValueSource::Program(_) => "a program",
            ValueSource::Keyring(_) => "the keyring",
        }
    }

    /// In one line, for messages: `gh auth token`, `keyring github.com me`.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            ValueSource::Program(words) => shown_words(words),
            ValueSource::Keyring(entry) => format!("keyring {}", shown_words(&entry.words())),
        }
    }

    /// The same as what stands in the place of a value that is not known yet: `$ gh auth token`.
    #[must_use]
    pub fn as_value(&self) -> String {
        match self {
            ValueSource::Program(_) => format!("$ {}", self.in_words()),
            ValueSource::Keyring(_) => self.in_words(),
        }
    }
}

/// All of them in one line.
#[must_use]
pub fn list(sources: &[ValueSource]) -> String {
    sources.iter().map(ValueSource::in_words).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_told_in_one_line() {
        let program = ValueSource::Program(vec!["gh".into(), "a b".into()]);
        let entry = KeyringEntry { service: "git hub".into(), user: "me".into() };
        let keyring = ValueSource::Keyring(entry);
        assert_eq!(program.as_value(), "$ gh \"a b\"");
        assert_eq!(keyring.as_value(), "keyring \"git hub\" me");
        assert_eq!(list(&[program, keyring]), "gh \"a b\", keyring \"git hub\" me");
    }
}
