//! What a script of PowerShell lets run for a value: commands, static members, pipes. Nothing is run: what only
//! names a file, changes an encoding or asks is taken over, all else stays text and is told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::script::{InvokeScript, too_much};
use super::value::PsValue;
use super::words::{named, of_unknown};
use crate::compose::template;

impl InvokeScript<'_> {
    /// What stands since there, as text: it is not run.
    pub(super) fn computed(&self, from: usize) -> PsValue {
        let source = self.text.split_at(self.at).0.split_at(from).1.trim();
        // Each link of a chain has all that is before it.
        if !self.spend(source.len()) {
            return PsValue::NONE;
        }
        self.tell_computed(source);
        PsValue::Text(template::quote(source))
    }

    /// What a command with these arguments gives.
    pub(super) fn given_by(&self, word: &str, values: Vec<PsValue>, from: usize) -> PsValue {
        let is_command = word.contains('-');
        let mut values = values.into_iter();
        match word {
            "convertto-json" => values.next_back().map_or(PsValue::NONE, |it| self.json_of(&it)),
            "get-item" | "get-content" => {
                values.next().map_or(PsValue::NONE, |file| PsValue::File(file.text()))
            }
            "new-object" => match values.next_back() {
                Some(value @ PsValue::List(_)) => value,
                _ => PsValue::Table(Vec::new()),
            },
            "convertto-securestring" | "write-output" => {
                // `-AsPlainText -Force` may stand before or behind the text.
                values.next_back().unwrap_or(PsValue::NONE)
            }
            _ if is_command => self.computed(from),
            word => values.next_back().unwrap_or_else(|| PsValue::Text(template::quote(word))),
        }
    }

    /// What a value becomes behind `|`.
    pub(super) fn piped(
        &mut self,
        value: PsValue,
        from: usize,
        line: usize,
    ) -> Result<PsValue, String> {
        self.skip(true);
        let word = self.bare().to_ascii_lowercase();
        self.skip(false);
        while !self.is_at_end() {
            self.value(line)?;
            self.skip(false);
        }
        Ok(match word.as_str() {
            "convertto-json" => self.json_of(&value),
            "convertto-securestring" | "out-string" | "out-null" => value,
            // What an answer becomes is none of a request.
            _ if value == PsValue::NONE => value,
            _ => self.computed(from),
        })
    }

    /// What `[type]::name(arguments)` gives; its name is next.
    pub(super) fn called(&mut self, from: usize, line: usize) -> Result<PsValue, String> {
        let name = self.bare().to_ascii_lowercase();
        if !self.takes("(") {
            return Ok(self.computed(from));
        }
        let first = self.values(line)?.into_iter().next().unwrap_or(PsValue::NONE);
        let name = name.rsplit('.').next().unwrap_or_default();
        Ok(match (name, &first) {
            ("readallbytes" | "readalltext", _) => PsValue::File(first.text()),
            // Texts are sent as UTF-8.
            ("getbytes" | "getstring", _) => first,
            ("tobase64string", PsValue::Text(text)) if !text.contains("{{") => {
                PsValue::Text(STANDARD.encode(text))
            }
            _ => self.computed(from),
        })
    }

    /// What a member of a value is, `$answer.token`, `(...).ToString()`; `None` = there is none behind it.
    pub(super) fn member(
        &mut self,
        of: &PsValue,
        from: usize,
        line: usize,
    ) -> Result<Option<PsValue>, String> {
        let is_name = |it: char| it.is_alphanumeric() || it == '_';
        let rest = self.rest().strip_prefix('.').filter(|it| it.starts_with(char::is_alphabetic));
        // A word has its dots in itself.
        let source = self.text.split_at(self.at).0.split_at(from).1;
        // A chain has all that is before it in each of its links.
        if rest.is_some() && !self.spend(source.len()) {
            return Err(too_much());
        }
        let Some(rest) =
            rest.filter(|_| source.ends_with([')', '}', '\'', '"']) || source.starts_with('$'))
        else {
            return Ok(None);
        };
        let name = rest.split_at(rest.find(|it| !is_name(it)).unwrap_or(rest.len())).0;
        self.at += 1 + name.len();
        if self.takes("(") {
            self.values(line)?;
            let keeps = ["tostring", "trim"].contains(&name.to_ascii_lowercase().as_str());
            let is_plain = matches!(of, PsValue::Text(_) | PsValue::Word(_));
            return Ok(Some(if keeps && is_plain { of.clone() } else { self.computed(from) }));
        }
        let found = match of {
            PsValue::Table(rows) => rows.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)),
            _ => None,
        };
        Ok(Some(match found {
            Some((_, value)) => value.clone(),
            // Of an answer, or of what is not known: a name that has to be given a value.
            None if of_unknown(source) => {
                PsValue::Text(named(&format!("{}.{name}", source.trim_start_matches('$'))))
            }
            None => self.computed(from),
        }))
    }

    fn json_of(&self, value: &PsValue) -> PsValue {
        self.tell_files(value);
        PsValue::Text(value.json())
    }
}
