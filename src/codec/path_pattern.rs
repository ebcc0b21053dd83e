//! Paths of requests that are meant, as rules of HTTP listeners write them, and what of a path is taken.
//!
//! ```text
//!   /users/1       this path               /users/{id}     a name for one part, which has no slash
//!   /static/*      * is any run of letters, slashes too     ~^/v\d+/    a regular expression, somewhere in the path
//! ```
//! A pattern with a `?` is held against path and query, any other one against the path alone. Called by `compose`, which
//! says what is wrong with one, by `engine` for every request, and by `interop`. Costs what the path is long.

use regex::{Regex, RegexBuilder};

/// Memory of a compiled expression; a longer one is refused.
const REGEX_MEMORY: usize = 1024 * 1024;
/// Parts of one path that have names at most.
const NAMES: usize = 32;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct PathPattern {
    kind: PathKind,
    /// What it takes has these names, in order.
    names: Vec<String>,
    /// Whether it is held against the query, too.
    pub(crate) has_query: bool,
}

#[derive(Debug, Clone)]
enum PathKind {
    /// Only stars, if any; the same as an expression, for who asks what they stand for.
    Glob {
        glob: String,
        parts: Box<Regex>,
    },
    /// Parts with names.
    Parts(Box<Regex>),
    Expression(Box<Regex>),
}

/// A piece of a pattern that is no expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathPiece<'a> {
    Text(&'a str),
    Star,
    Named(&'a str),
}

/// What a pattern took of a path, as it crossed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PathTaken {
    /// What the first star stands for, the first group of an expression or all that it found; else the whole path.
    pub(crate) taken: String,
    /// By the names of the parts; groups of an expression that have none have numbers.
    pub(crate) named: Vec<(String, String)>,
}

/// The pieces of a pattern that is no expression, in order.
pub(crate) fn pieces(pattern: &str) -> Vec<PathPiece<'_>> {
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = pattern.get(at..).and_then(|rest| rest.find(['*', '{'])) {
        at += found;
        let (before, rest) = pattern.split_at(at);
        let named = || {
            let inside = rest.strip_prefix('{')?;
            let name = inside.split_at(inside.find('}')?).0;
            let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            let begins = name.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            (begins && name.chars().all(is_of_name)).then_some(name)
        };
        let (piece, length) = match named() {
            _ if rest.starts_with('*') => {
                (PathPiece::Star, rest.len() - rest.trim_start_matches('*').len())
            }
            Some(name) => (PathPiece::Named(name), name.len() + "{}".len()),
            // Braces that hold no name are braces.
            None => {
                at += 1;
                continue;
            }
        };
        push_text(&mut pieces, before.split_at(start).1);
        pieces.push(piece);
        at += length;
        start = at;
    }
    push_text(&mut pieces, pattern.split_at(start).1);
    pieces
}

fn push_text<'a>(pieces: &mut Vec<PathPiece<'a>>, text: &'a str) {
    if !text.is_empty() {
        pieces.push(PathPiece::Text(text));
    }
}

/// The expression behind the `~` of a pattern; `None` = it is none.
pub(crate) fn expression(pattern: &str) -> Option<&str> {
    pattern.strip_prefix('~').map(str::trim_start)
}

impl PathPattern {
    /// Reads one.
    ///
    /// # Errors
    /// Why it is none, in words.
    pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
        match expression(pattern) {
            Some(source) => PathPattern::of_expression(source),
            None => PathPattern::of_pieces(pattern),
        }
    }

    fn of_expression(source: &str) -> Result<Self, String> {
        if source.is_empty() {
            return Err("an expression stands behind the ~: ~^/a/\\d+$".to_owned());
        }
        let regex = compiled(source)?;
        let groups = regex.capture_names().enumerate().skip(1);
        let name =
            |(at, name): (usize, Option<&str>)| name.map_or_else(|| at.to_string(), str::to_owned);
        let names: Vec<String> = groups.map(name).collect();
        bounded(&names)?;
        let has_query = source.contains("\\?");
        Ok(PathPattern { names, has_query, kind: PathKind::Expression(Box::new(regex)) })
    }

    fn of_pieces(pattern: &str) -> Result<Self, String> {
        let (mut source, mut names) = ("(?s)\\A".to_owned(), Vec::<String>::new());
        let mut has_star = false;
        for piece in pieces(pattern) {
            match piece {
                PathPiece::Text(text) => source.push_str(&regex::escape(text)),
                // Only the first one is asked for.
                PathPiece::Star if std::mem::replace(&mut has_star, true) => source.push_str(".*?"),
                PathPiece::Star => source.push_str(FIRST_STAR),
                PathPiece::Named(name) if names.iter().any(|known| known == name) => {
                    return Err(format!("two parts of the path are called {{{name}}}"));
                }
                PathPiece::Named(name) => {
                    source.push_str("([^/?&]+)");
                    names.push(name.to_owned());
                }
            }
        }
        source.push_str("\\z");
        bounded(&names)?;
        let regex = Box::new(compiled(&source)?);
        let kind = if names.is_empty() {
            PathKind::Glob { glob: pattern.to_owned(), parts: regex }
        } else {
            PathKind::Parts(regex)
        };
        Ok(PathPattern { kind, names, has_query: pattern.contains('?') })
    }

    /// The names of what it takes.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether a path is meant, which has its query where this has one.
    pub(crate) fn is_of(&self, path: &str) -> bool {
        match &self.kind {
            PathKind::Glob { glob, .. } => is_glob_of(glob, path),
            PathKind::Parts(regex) | PathKind::Expression(regex) => regex.is_match(path),
        }
    }

    /// What it takes of a path that is meant; nothing of another one.
    pub(crate) fn taken(&self, path: &str) -> PathTaken {
        let (regex, is_expression) = match &self.kind {
            PathKind::Glob { parts, .. } | PathKind::Parts(parts) => (parts, false),
            PathKind::Expression(regex) => (regex, true),
        };
        let Some(found) = regex.captures(path) else { return PathTaken::default() };
        let text = |at: usize| found.get(at).map_or("", |it| it.as_str());
        let star = regex.capture_names().position(|name| name == Some("star"));
        let star = star.filter(|_| !is_expression);
        let first = if is_expression { found.get(1) } else { found.name("star") };
        let taken = first.map_or(text(0), |it| it.as_str()).to_owned();
        let groups = (1..found.len()).filter(|at| Some(*at) != star);
        let values = groups.map(|at| text(at).to_owned());
        PathTaken { taken, named: self.names.iter().cloned().zip(values).collect() }
    }
}

/// What stands for the first star in an expression.
const FIRST_STAR: &str = "(?P<star>.*?)";

fn compiled(source: &str) -> Result<Regex, String> {
    let built =
        RegexBuilder::new(source).size_limit(REGEX_MEMORY).dfa_size_limit(REGEX_MEMORY).build();
    built.map_err(|error| {
        let text = error.to_string();
        let why = text.lines().last().unwrap_or_default();
        format!("this regular expression cannot be used: {}", why.trim_start_matches("error: "))
    })
}

fn bounded(names: &[String]) -> Result<(), String> {
    if names.len() > NAMES {
        return Err(format!("a path has {NAMES} parts with names or groups at most"));
    }
    Ok(())
}

/// Whether a glob, where `*` stands for any run of characters, matches the whole path.
fn is_glob_of(glob: &str, path: &str) -> bool {
    let mut pieces = glob.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    // What a star takes too little of, the next one may take: the first place will do.
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(pattern: &str, path: &str) -> (String, Vec<(String, String)>) {
        let PathTaken { taken, named } = PathPattern::parse(pattern).unwrap().taken(path);
        (taken, named)
    }

    #[test]
    fn a_star_stands_for_any_run() {
        for (glob, path, expected) in [
            ("/a", "/a", true),
            ("/a", "/a/", false),
            ("/*", "/", true),
            ("/users/*", "/users/1/x", true),
            ("/users/**", "/users/1/x", true),
            ("/users/*/x", "/users/1/2/x", true),
            ("/users/*/x", "/users/1/2/y", false),
            ("*b*b", "/abab", true),
            ("", "/", false),
            ("*", "", true),
        ] {
            assert_eq!(PathPattern::parse(glob).unwrap().is_of(path), expected, "{glob} {path}");
        }
    }

    #[test]
    fn names_take_one_part_each_and_expressions_their_groups() {
        for (pattern, path, expected) in [
            ("/users/{id}", "/users/42", true),
            ("/users/{id}", "/users/", false),
            ("/users/{id}", "/users/42/x", false),
            ("/users/{id}/files/*", "/users/42/files/a/b", true),
            ("/a?page={n}", "/a?page=2", true),
            ("/a?page={n}", "/a?page=2&x=1", false),
            ("/{}", "/{}", true),
            ("/{a b}", "/x", false),
            (r"~^/a/\d+$", "/a/12", true),
            (r"~^/a/\d+$", "/a/x", false),
            (r"~ /\d", "/a/1", true),
            ("~^/A", "/a", false),
        ] {
            assert_eq!(
                PathPattern::parse(pattern).unwrap().is_of(path),
                expected,
                "{pattern} {path}"
            );
        }
        let named = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
        };
        assert_eq!(
            taken("/users/{id}/{what}", "/users/42/x"),
            ("/users/42/x".into(), named(&[("id", "42"), ("what", "x")]))
        );
        assert_eq!(taken("/u/{id}/*/*", "/u/42/x/y"), ("x".into(), named(&[("id", "42")])));
        assert_eq!(taken("/static/*", "/static/a/b.css").0, "a/b.css");
        assert_eq!(
            taken(r"~^/v(?<major>\d+)\.(\d+)", "/v1.2/x"),
            ("1".into(), named(&[("major", "1"), ("2", "2")]))
        );
        assert_eq!(taken(r"~\d+", "/v12/x").0, "12");
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        for (pattern, said) in [
            ("~", "an expression stands behind the ~"),
            ("~(", "this regular expression cannot be used"),
            ("~(a{1000}){1000}", "size limit"),
            ("/{id}/{id}", "two parts of the path are called {id}"),
        ] {
            let why = PathPattern::parse(pattern).unwrap_err();
            assert!(why.contains(said), "{pattern}: {why}");
        }
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn stars_match_what_their_expression_matches(glob in "[/ab*.]{0,8}", path in "/[/ab.]{0,8}") {
            let pattern = PathPattern::parse(&glob).unwrap();
            let is_match = match &pattern.kind {
                PathKind::Glob { parts, .. } => parts.is_match(&path),
                PathKind::Parts(_) | PathKind::Expression(_) => !pattern.is_of(&path),
            };
            prop_assert_eq!(pattern.is_of(&path), is_match);
        }
    }
}
