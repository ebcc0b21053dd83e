//! A jq filter that can be run: compiled, with its mistakes in words and where they are.

use jaq_core::data::JustLut;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use jaq_json::{Val, write};

type Compiled = Filter<JustLut<Val>>;

/// A filter and how it is used.
pub(super) struct JqFilter {
    whole: Compiled,
    /// What is done to each element of a list, when the filter begins with `.[]`.
    element: Option<Compiled>,
    /// Strings are written without quotes (`-r`).
    is_raw: bool,
    /// All values are one list (`-s`).
    gathers: bool,
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
        let element = of_elements(rest).filter(|_| !gathers);
        let element = element.and_then(|code| compile(&code, 0).ok());
        Ok(JqFilter { whole, element, is_raw, gathers })
    }

    /// Lists are to be handed over element by element.
    pub(super) fn takes_elements(&self) -> bool {
        self.element.is_some()
    }

    /// Nothing is to be done before all values are here.
    pub(super) fn gathers(&self) -> bool {
        self.gathers
    }

    /// Gives what it makes of a value, or of an element of a list, until no more is wanted; or says
    /// why it failed.
    pub(super) fn apply(
        &self,
        value: Val,
        is_element: bool,
        give: &mut dyn FnMut(&JqResult<'_>) -> bool,
    ) -> Result<(), String> {
        let of_element = self.element.as_ref().filter(|_| is_element);
        let filter = of_element.unwrap_or(&self.whole);
        let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
        for result in filter.id.run((context, value)) {
            match result {
                Ok(value) => {
                    if !give(&JqResult { value: &value, is_raw: self.is_raw }) {
                        return Ok(());
                    }
                }
                // What is no error ends the filter as it is meant to (`halt`).
                Err(end) => return end.get_err().map_or(Ok(()), |error| Err(error.to_string())),
            }
        }
        Ok(())
    }

    /// The same of all values as one list.
    pub(super) fn apply_all(
        &self,
        values: Vec<Val>,
        give: &mut dyn FnMut(&JqResult<'_>) -> bool,
    ) -> Result<(), String> {
        self.apply(values.into_iter().collect(), false, give)
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

fn compile(code: &str, before: usize) -> Result<Compiled, String> {
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let place = |part: &str| before + columns(code, part);
    let modules = Loader::new(defs).load(&arena, File { code, path: () }).map_err(|errors| {
        let first = errors.into_iter().next().map(|(_, error)| error);
        first.map_or_else(String::new, |error| mistake(error, &place))
    })?;
    Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
        let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
        first.map_or_else(String::new, |(name, what)| {
            format!("there is no {} {name}, at column {}", what.as_str(), place(name))
        })
    })
}

/// Column of a part of a text, from 1.
fn columns(code: &str, part: &str) -> usize {
    let start = load::span(code, part).start;
    code.get(..start).unwrap_or(code).chars().count() + 1
}

/// The first mistake in words, and where it is.
fn mistake(error: load::Error<&str>, place: &dyn Fn(&str) -> usize) -> String {
    let found = |part: &str| {
        let word: String = part.chars().take_while(|c| !c.is_whitespace()).take(20).collect();
        if word.is_empty() {
            format!("but the filter ends, at column {}", place(part))
        } else {
            format!("in place of {word}, at column {}", place(part))
        }
    };
    let told = match error {
        load::Error::Io(_) => return "a filter here cannot import files".to_owned(),
        load::Error::Lex(errors) => {
            errors.into_iter().next().map(|(expected, part)| match expected {
                load::lex::Expect::Delim(open) => {
                    format!("{open} is not closed, {}", found(part))
                }
                expected => format!("{} is expected {}", expected.as_str(), found(part)),
            })
        }
        load::Error::Parse(errors) => errors.into_iter().next().map(|(expected, part)| {
            let expected = match expected {
                load::parse::Expect::Nothing => "the end of the filter",
                load::parse::Expect::Term => "a filter",
                ref expected => expected.as_str(),
            };
            format!("{expected} is expected {}", found(part))
        }),
    };
    told.unwrap_or_else(|| "this is no filter".to_owned())
}

/// What a filter that begins with `.[]` does to each element: `.[] | F`, `.[].a["b"][0] | F`. Only
/// where that is certain, because a comma, `//` or an assignment behind it binds otherwise.
fn of_elements(code: &str) -> Option<String> {
    let rest = code.trim().strip_prefix(".[]")?;
    let end = path_end(rest)?;
    let (path, behind) = rest.split_at(end);
    let first = if path.starts_with('[') { "." } else { "" };
    let path = if path.is_empty() { "." } else { path };
    let behind = behind.trim();
    if behind.is_empty() {
        return Some(format!("{first}{path}"));
    }
    let filter = behind.strip_prefix('|').filter(|filter| !filter.starts_with('='))?;
    Some(format!("{first}{path} | ({filter}\n)"))
}

/// Where a path of plain steps ends (`.a["b"][0][]`); `None` = another kind of step follows.
fn path_end(text: &str) -> Option<usize> {
    let mut rest = text;
    loop {
        if let Some(name) = rest.strip_prefix('.') {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            let end = name.find(|c| !is_part(c)).unwrap_or(name.len());
            if end == 0 || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            rest = name.split_at(end).1;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']')?;
            let (step, behind) = inner.split_at(end);
            let is_number = step.chars().all(|c| c.is_ascii_digit());
            let name = step.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            if !is_number && name.is_none_or(|name| name.contains(['"', '\\'])) {
                return None;
            }
            rest = behind.strip_prefix(']')?;
        } else {
            return Some(text.len() - rest.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(code: &str, value: &str) -> Result<Vec<String>, String> {
        let filter = JqFilter::new(code)?;
        let value = jaq_json::read::parse_single(value.as_bytes()).unwrap();
        let mut found = Vec::new();
        filter.apply(value, false, &mut |output| {
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
        ] {
            let why = JqFilter::new(code).err().unwrap_or_default();
            assert!(why.contains(words), "{code}: {why}");
        }
        let why = outputs(".[] | .a", "[1]").unwrap_err();
        assert!(why.contains("cannot index 1"), "{why}");
    }

    #[test]
    fn only_filters_that_work_on_each_element_by_itself_get_elements() {
        for (code, expected) in [
            (".[]", Some(".")),
            (".[].id", Some(".id")),
            (".[][0]", Some(".[0]")),
            (".[] | .id", Some(". | ( .id\n)")),
            (".[].a[\"b c\"] | .x, .y", Some(".a[\"b c\"] | ( .x, .y\n)")),
            (".[] , 1", None),
            (".[] // 1 | .a", None),
            (".[] |= 1", None),
            (".[].a = 1", None),
            (".[]? | .a", None),
            (".[1:] | .a", None),
            (".[] as $x | $x", None),
            (".a[]", None),
        ] {
            assert_eq!(of_elements(code).as_deref(), expected, "{code}");
        }
    }
}
