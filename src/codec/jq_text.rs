//! Filters of jq as text: compiled, or what is wrong with them in words and where. Pure: what is compiled here
//! is run in a process of its own alone (`jq`), since a filter need not end.

use jaq_core::data::JustLut;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Filter};
use jaq_json::Val;

/// Longest filter that is asked of an answer, in characters.
const SHORT: usize = 500;
/// Room to read it: what nests is read by calls inside each other.
const STACK: usize = 64 << 20;

/// A filter that can be run.
pub(crate) type JqProgram = Filter<JustLut<Val>>;

/// What is wrong with a filter that is short.
pub(crate) fn flaw(code: &str) -> Option<String> {
    if code.chars().count() > SHORT {
        return Some(format!("a filter here has {SHORT} characters at most"));
    }
    let code = code.to_owned();
    let look = move || compile(&code, 0).err();
    let work = std::thread::Builder::new().stack_size(STACK).spawn(look);
    // What cannot be looked at now is told when it is run.
    work.ok()?.join().ok()?
}

/// Compiles a filter, or says what is wrong with it; columns count from `before`.
pub(crate) fn compile(code: &str, before: usize) -> Result<JqProgram, String> {
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
                load::lex::Expect::Token | load::lex::Expect::Ident => {
                    let name: String = part.chars().take_while(|c| c.is_alphanumeric()).collect();
                    let is_name = !name.is_empty();
                    let as_name = format!("; such a name is written [\"{name}\"]");
                    let hint = if is_name { &*as_name } else { "" };
                    format!("a filter or name is expected {}{hint}", found(part))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_short_filter_nests_it_is_read() {
        for (piece, end) in
            [("[", ""), ("-", "1"), (".|", "."), ("1+", "1"), ("if ", ""), (".[", "")]
        {
            let code = piece.repeat((SHORT - end.len()) / piece.len()) + end;
            let _ = flaw(&code);
        }
        assert!(flaw(&"1".repeat(SHORT + 1)).unwrap().contains("500 characters"));
        assert_eq!(flaw("map(.a) | add"), None);
        assert_eq!(flaw("map(.a) | ad").as_deref(), Some("there is no filter ad, at column 11"));
    }
}
