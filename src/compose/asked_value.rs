//! Values that nobody knows before they are needed: `{{prompt "OTP"}}` and `{{choose "Region" "eu" "us"}}`.
//!
//! Called by `template`, which finds them. Who sends asks for them then, shows what is typed unless it is a secret,
//! and gives the answer under the label ([`Scope::typed`](crate::model::preset::Scope)); an answer is never looked into.

use crate::model::secrets::names_secret;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedValue {
    /// What it is called; one answer is for all that are called so.
    pub label: String,
    /// What there is to choose from; empty = anything can be typed.
    pub choices: Vec<String>,
    /// Nobody shall read it: `{{prompt "PIN" secret}}`, or it is called like one.
    pub is_secret: bool,
}

const PROMPT: &str = "prompt";
const CHOOSE: &str = "choose";
const SECRET: &str = "secret";

impl AskedValue {
    /// What this word with these arguments asks for; `None` = nothing.
    pub(super) fn read(word: &str, args: &str) -> Option<AskedValue> {
        let mut words = words(args)?.into_iter();
        let label = words.next().filter(|label| !label.is_empty())?;
        let rest: Vec<String> = words.collect();
        let by_name = names_secret(&label);
        match (word, rest.as_slice()) {
            (PROMPT, []) => Some(AskedValue { label, choices: Vec::new(), is_secret: by_name }),
            (PROMPT, [kind]) if kind == SECRET => {
                Some(AskedValue { label, choices: Vec::new(), is_secret: true })
            }
            (CHOOSE, [_, ..]) => Some(AskedValue { label, choices: rest, is_secret: false }),
            _ => None,
        }
    }

    /// How a word is written that asks for something, if it is one of those.
    pub(super) fn usage(word: &str) -> Option<&'static str> {
        match word {
            PROMPT => Some(r#"{{prompt "What"}} or {{prompt "What" secret}}"#),
            CHOOSE => Some(r#"{{choose "What" "one" "other"}}"#),
            _ => None,
        }
    }

    /// Why a value is none that can be chosen.
    #[must_use]
    pub fn wrong(&self, value: &str) -> Option<String> {
        let is_one = self.choices.is_empty() || self.choices.iter().any(|known| known == value);
        (!is_one).then(|| format!("{} is one of: {}", self.label, self.choices.join(", ")))
    }
}

/// Words, of which those in quotes may hold blanks; `None` = a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = match first {
            '"' | '\'' => rest.split_at(first.len_utf8()).1.split_once(first)?,
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_read() {
        let asked = |label: &str, choices: &[&str], is_secret| {
            let choices = choices.iter().map(|it| (*it).to_owned()).collect();
            Some(AskedValue { label: label.into(), choices, is_secret })
        };
        assert_eq!(
            AskedValue::read("prompt", "\"One time code\""),
            asked("One time code", &[], false)
        );
        assert_eq!(AskedValue::read("prompt", "user"), asked("user", &[], false));
        assert_eq!(AskedValue::read("prompt", "'PIN' secret"), asked("PIN", &[], true));
        assert_eq!(
            AskedValue::read("prompt", "\"db password\""),
            asked("db password", &[], names_secret("db password"))
        );
        assert_eq!(AskedValue::read("prompt", "api_token"), asked("api_token", &[], true));
        let region = asked("Region", &["eu west", "us"], false);
        assert_eq!(AskedValue::read("choose", "\"Region\"  'eu west' us"), region);
        for (word, args) in [
            ("prompt", ""),
            ("prompt", "\"\""),
            ("prompt", "a b"),
            ("prompt", "\"a"),
            ("choose", "a"),
            ("uuid", "4"),
        ] {
            assert_eq!(AskedValue::read(word, args), None, "{word} {args}");
        }
        let region = region.unwrap();
        assert_eq!(region.wrong("us"), None);
        assert_eq!(region.wrong("u").unwrap(), "Region is one of: eu west, us");
    }
}
