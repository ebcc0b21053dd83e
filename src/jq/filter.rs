//! A jq filter that can be run: compiled, with its mistakes in words and where they are.

use jaq_core::data::JustLut;
use jaq_core::{Ctx, Vars};
use jaq_json::{Val, write};

use super::elements;
use crate::codec::jq_text::{JqProgram, compile};
use crate::codec::json_pieces::WayStep;

/// A filter and how it is used.
pub(super) struct JqFilter {
    whole: JqProgram,
    /// How it is used piece by piece, when it begins with a path to `[]`.
    streamed: Option<StreamedFilter>,
    /// Strings are written without quotes (`-r`).
    is_raw: bool,
    /// All values are one list (`-s`).
    gathers: bool,
}

/// A filter like `.a.b[] | F` for the pieces of a document.
struct StreamedFilter {
    /// The way to the list.
    path: Vec<WayStep>,
    /// What is left of the filter behind each step.
    rests: Vec<JqProgram>,
    /// What is done to each element.
    element: JqProgram,
}

/// Where in a document a value stands that a filter is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValuePlace {
    /// Behind so many steps of the filter's path; 0 = it is a document.
    Behind(usize),
    /// In the list at the end of the path.
    Element,
}

/// A result of a filter.
pub(super) struct JqResult<'a> {
    value: &'a Val,
    is_raw: bool,
}

impl JqResult<'_> {
    /// Appends it as one line without its end, unless it is a string with lines of its own.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        match self.value {
            Val::TStr(text) | Val::BStr(text) if self.is_raw => bytes.extend_from_slice(text),
            // Memory takes everything.
            value => drop(write::write(bytes, &write::Pp::default(), 0, value)),
        }
    }
}

impl JqFilter {
    /// Compiles a filter, before which `-r` and `-s` may stand; or says what is wrong with it.
    pub(super) fn new(code: &str) -> Result<Self, String> {
        let (mut rest, mut is_raw, mut gathers) = (code.trim_start(), false, false);
        while let Some((letters, behind)) = switches(rest) {
            for letter in letters.chars() {
                match letter {
                    'r' => is_raw = true,
                    's' => gathers = true,
                    'c' => {}
                    other => return Err(format!("-{other} is not known here: -r, -s and -c are")),
                }
            }
            rest = behind;
        }
        let before = code.chars().count() - rest.chars().count();
        let rest = if rest.trim().is_empty() { "." } else { rest };
        let whole = compile(rest, before)?;
        let streamed = elements::of(rest).filter(|_| !gathers).and_then(|parts| {
            let rests = parts.rests.iter().map(|code| compile(code, 0).ok());
            let rests = rests.collect::<Option<_>>()?;
            let element = compile(&parts.element, 0).ok()?;
            Some(StreamedFilter { path: parts.path, rests, element })
        });
        Ok(JqFilter { whole, streamed, is_raw, gathers })
    }

    /// The way to the lists that are to be handed over element by element.
    pub(super) fn path(&self) -> Option<Vec<WayStep>> {
        self.streamed.as_ref().map(|streamed| streamed.path.clone())
    }

    /// What is to be said of a value that is too long.
    pub(super) fn advice(&self) -> &'static str {
        if self.streamed.is_some() {
            ""
        } else {
            "; a filter that begins with a list, as `.[] | F` and `.a.b[] | F` do, takes its elements one by one"
        }
    }

    /// Nothing is to be done before all values are here.
    pub(super) fn gathers(&self) -> bool {
        self.gathers
    }

    /// Gives what it makes of a value until no more is wanted, or says why it failed. Whether it is to
    /// be given further values.
    pub(super) fn apply(
        &self,
        value: Val,
        place: ValuePlace,
        give: &mut dyn FnMut(&JqResult<'_>) -> bool,
    ) -> Result<bool, String> {
        let part = self.streamed.as_ref().and_then(|streamed| match place {
            ValuePlace::Element => Some(&streamed.element),
            ValuePlace::Behind(steps) => streamed.rests.get(steps.checked_sub(1)?),
        });
        let filter = part.unwrap_or(&self.whole);
        let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
        for result in filter.id.run((context, value)) {
            match result {
                Ok(value) => {
                    if !give(&JqResult { value: &value, is_raw: self.is_raw }) {
                        return Ok(false);
                    }
                }
                // What is no error ends the filter as it is meant to (`halt`).
                Err(end) => return end.get_err().map_or(Ok(false), |error| Err(error.to_string())),
            }
        }
        Ok(true)
    }

    /// The same of all values as one list.
    pub(super) fn apply_all(
        &self,
        values: Vec<Val>,
        give: &mut dyn FnMut(&JqResult<'_>) -> bool,
    ) -> Result<bool, String> {
        self.apply(values.into_iter().collect(), ValuePlace::Behind(0), give)
    }
}

/// The letters of a word like `-r` at the beginning, and what stands behind it.
fn switches(code: &str) -> Option<(&str, &str)> {
    let rest = code.strip_prefix('-')?;
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (letters, behind) = rest.split_at(end);
    // `-.a` and `-foo(1)` are numbers with another sign.
    let is_word = !letters.is_empty() && (behind.is_empty() || behind.starts_with(' '));
    (is_word && letters.len() <= 2).then(|| (letters, behind.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(code: &str, value: &str) -> Result<Vec<String>, String> {
        let filter = JqFilter::new(code)?;
        let value = jaq_json::read::parse_single(value.as_bytes()).unwrap();
        let mut found = Vec::new();
        filter.apply(value, ValuePlace::Behind(0), &mut |output| {
            let mut bytes = Vec::new();
            output.write(&mut bytes);
            found.push(String::from_utf8(bytes).unwrap());
            true
        })?;
        Ok(found)
    }

    #[test]
    fn filters_give_their_results_as_json_or_raw() {
        assert_eq!(outputs(".a", r#"{"a":"x"}"#).unwrap(), [r#""x""#]);
        assert_eq!(outputs("-r .a", r#"{"a":"x"}"#).unwrap(), ["x"]);
        assert_eq!(outputs("", "[1, 2]").unwrap(), ["[1,2]"]);
        assert_eq!(outputs("map(.+1) | add", "[1,2]").unwrap(), ["5"]);
        let long = "123456789012345678901234567890.10";
        assert_eq!(outputs(".", long).unwrap(), [long]);
    }

    #[test]
    fn a_mistake_is_told_with_its_column() {
        for (code, words) in [
            (".a | ", "a filter is expected but the filter ends, at column"),
            (".a | foo", "there is no filter foo, at column 6"),
            ("-r .a | foo", "there is no filter foo, at column 9"),
            ("$x", "there is no variable $x, at column 1"),
            (".a)", "in place of ), at column 3"),
            ("[.a", "[ is not closed, but the filter ends, at column 4"),
            ("-x .", "-x is not known here"),
            (".ä", "in place of ä, at column 2; such a name is written [\"ä\"]"),
        ] {
            let why = JqFilter::new(code).err().unwrap_or_default();
            assert!(why.contains(words), "{code}: {why}");
        }
        let why = outputs(".[] | .a", "[1]").unwrap_err();
        assert!(why.contains("cannot index 1"), "{why}");
    }
}
