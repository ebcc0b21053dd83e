//! Keys in the notation of keymap files and tests: `<C-s>`, `<F5>`, `<S-Tab>`, `g`.

use std::fmt;
use std::str::FromStr;

/// A key without modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    Char(char),
    F(u8),
    Enter,
    Tab,
    Backspace,
    Delete,
    Insert,
    Esc,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// A key press. `Shift` is folded into the character for `Char`, so `G` is `Char('G')`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a key; write a character or <C-s>, <A-x>, <S-Tab>, <F5>, <Enter>")]
pub struct KeyError(pub String);

const NAMES: [(&str, KeyCode); 16] = [
    ("Enter", KeyCode::Enter),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Del", KeyCode::Delete),
    ("Ins", KeyCode::Insert),
    ("Esc", KeyCode::Esc),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Space", KeyCode::Char(' ')),
    ("lt", KeyCode::Char('<')),
];

impl Key {
    /// Without modifiers.
    #[must_use]
    pub fn new(code: KeyCode) -> Self {
        Key { code, ctrl: false, alt: false, shift: false }
    }

    /// A character without Ctrl and Alt.
    #[must_use]
    pub fn char(c: char) -> Self {
        Key::new(KeyCode::Char(c))
    }

    /// The character to insert into a text field, if this key is one.
    #[must_use]
    pub fn printable(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// Whether every terminal can send it. Ctrl with another key than a letter, and Shift with
    /// Enter and its like, need a keyboard protocol that many lack.
    #[must_use]
    pub(crate) fn is_common(self) -> bool {
        match self.code {
            KeyCode::Enter | KeyCode::Esc | KeyCode::Backspace => !self.ctrl && !self.shift,
            KeyCode::Tab => !self.ctrl && !self.alt,
            KeyCode::Char(c) => !self.ctrl || c.is_ascii_lowercase(),
            _ => true,
        }
    }

    /// Reads a run of keys: `<C-n>tcp<Tab>127.0.0.1:9000<Enter>`.
    ///
    /// # Errors
    /// When a `<...>` is not a key.
    pub fn parse_run(text: &str) -> Result<Vec<Key>, KeyError> {
        let mut keys = Vec::new();
        let mut rest = text.chars();
        loop {
            let named = rest.as_str().strip_prefix('<').and_then(|tail| tail.split_once('>'));
            if let Some((name, tail)) = named {
                keys.push(format!("<{name}>").parse()?);
                rest = tail.chars();
            } else if let Some(c) = rest.next() {
                keys.push(Key::char(c));
            } else {
                return Ok(keys);
            }
        }
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let error = || KeyError(text.into());
        let mut chars = text.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return Ok(Key::char(c));
        }
        let mut name =
            text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).ok_or_else(error)?;
        let mut key = Key::char(' ');
        while let Some((prefix, rest)) = name.split_once('-').filter(|(_, rest)| !rest.is_empty()) {
            match prefix {
                "C" => key.ctrl = true,
                "A" | "M" => key.alt = true,
                "S" => key.shift = true,
                _ => return Err(error()),
            }
            name = rest;
        }
        key.code = code(name).ok_or_else(error)?;
        Ok(key)
    }
}

fn code(name: &str) -> Option<KeyCode> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(KeyCode::Char(c));
    }
    if let Some(code) = NAMES.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
        return Some(code.1);
    }
    // In a run of keys a `>` ends the name.
    if name == "gt" {
        return Some(KeyCode::Char('>'));
    }
    let number: u8 = name.strip_prefix('F')?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = NAMES.iter().find(|(_, code)| *code == self.code);
        let name = match (self.code, known) {
            (KeyCode::F(number), _) => format!("F{number}"),
            (KeyCode::Char(c), None) => c.to_string(),
            (_, known) => known.map(|(name, _)| *name).unwrap_or_default().to_owned(),
        };
        if !self.ctrl && !self.alt && !self.shift && name.chars().count() == 1 {
            return f.write_str(&name);
        }
        let mods = [(self.ctrl, "C-"), (self.alt, "A-"), (self.shift, "S-")];
        f.write_str("<")?;
        for (_, prefix) in mods.iter().filter(|(on, _)| *on) {
            f.write_str(prefix)?;
        }
        write!(f, "{name}>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_as_they_parse() {
        for text in
            ["a", "G", "<C-s>", "<A-Enter>", "<S-Tab>", "<F5>", "<Space>", "<lt>", "<C-A-x>"]
        {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_run_mixes_names_and_characters() {
        let keys = Key::parse_run("<C-n>tcp<Tab>").unwrap();
        assert_eq!(keys.len(), 5);
        assert_eq!(keys[0], Key { ctrl: true, ..Key::char('n') });
        assert_eq!(keys[4], Key::new(KeyCode::Tab));
    }

    #[test]
    fn an_unknown_key_is_refused() {
        assert!("<C-Nope>".parse::<Key>().is_err());
        assert!("<F99>".parse::<Key>().is_err());
        assert!("ab".parse::<Key>().is_err());
    }
}
