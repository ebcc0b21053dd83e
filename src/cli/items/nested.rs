//! The JSON that fields of `send` make: `a[b]=1`, `a[]=1`, `a[0][b]:=1`, `[]=1`, as in `HTTPie` 3.
//!
//! A name is a path: a key, then `[key]` into an object, `[number]` or `[]` (behind the last) into a
//! list; a path that begins with `[` makes the whole body a list. What is skipped in a list is `null`.
//! A backslash takes the meaning of a bracket or a backslash, and makes a key of a number (`a[\0]`).
//! Values stay as they are written. Nothing that was given is written over: that is refused in words.
//!
//! Used by `items`.

use std::fmt::{self, Write as _};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Steps of a path.
const STEPS: usize = 64;
/// Elements of a list, those that are skipped included.
const ELEMENTS: usize = 10_000;

/// A step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathStep {
    Key(String),
    Index(usize),
    Append,
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathStep::Key(key) => write!(f, "[{key}]"),
            PathStep::Index(index) => write!(f, "[{index}]"),
            PathStep::Append => f.write_str("[]"),
        }
    }
}

/// What a name is made of.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Text(String),
    Number(String),
}

/// The steps of a name; the first is `Key` unless it begins with a bracket.
pub(super) fn path(name: &str) -> Result<Vec<PathStep>, String> {
    let mut tokens = tokens(name).into_iter().peekable();
    let mut steps = Vec::new();
    if let Some(Token::Text(key) | Token::Number(key)) =
        tokens.next_if(|token| matches!(token, Token::Text(_) | Token::Number(_)))
    {
        steps.push(PathStep::Key(key));
    }
    while let Some(token) = tokens.next() {
        if token != Token::Open {
            return Err(format!(
                "{} where a '[' goes on; \\[ and \\] are no brackets",
                words(&token)
            ));
        }
        let step = match tokens.next() {
            Some(Token::Close) => PathStep::Append,
            Some(Token::Text(_)) if steps.is_empty() => {
                return Err("a list at the top takes [] or [number]".to_owned());
            }
            Some(Token::Text(key)) => PathStep::Key(key),
            Some(Token::Number(digits)) => PathStep::Index(index(&digits)?),
            Some(Token::Open) | None => return Err("a '[' without its ']'".to_owned()),
        };
        if step != PathStep::Append && tokens.next() != Some(Token::Close) {
            return Err("a '[' without its ']'".to_owned());
        }
        steps.push(step);
        if steps.len() > STEPS {
            return Err(format!("more than {STEPS} values inside each other"));
        }
    }
    Ok(steps)
}

fn words(token: &Token) -> String {
    match token {
        Token::Open => "'['".to_owned(),
        Token::Close => "']'".to_owned(),
        Token::Text(text) | Token::Number(text) => format!("'{text}'"),
    }
}

fn index(digits: &str) -> Result<usize, String> {
    if digits.starts_with('-') {
        return Err(format!("[{digits}]: a list has no places before its first, [0]"));
    }
    let index = digits.parse().ok().filter(|index| *index < ELEMENTS);
    index.ok_or_else(|| format!("[{digits}]: a list takes at most {ELEMENTS} values"))
}

fn tokens(name: &str) -> Vec<Token> {
    let (mut tokens, mut text, mut is_escaped) = (Vec::new(), String::new(), false);
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '[' | ']' => {
                tokens.extend(word(&mut text, &mut is_escaped));
                tokens.push(if c == '[' { Token::Open } else { Token::Close });
            }
            '\\' => match chars.next_if(|next| matches!(next, '[' | ']' | '\\')) {
                Some(next) => {
                    is_escaped = true;
                    text.push(next);
                }
                None => text.push(c),
            },
            _ => text.push(c),
        }
    }
    tokens.extend(word(&mut text, &mut is_escaped));
    tokens
}

/// What was collected between brackets, if it is anything.
fn word(text: &mut String, is_escaped: &mut bool) -> Option<Token> {
    let (text, is_escaped) = (std::mem::take(text), std::mem::take(is_escaped));
    let is_number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let number = text.strip_prefix('\\').filter(|rest| !is_escaped && is_number(rest));
    match number {
        _ if text.is_empty() => None,
        Some(number) => Some(Token::Text(number.to_owned())),
        None if !is_escaped && is_number(&text) => Some(Token::Number(text)),
        None => Some(Token::Text(text)),
    }
}

/// A value that grows with every field.
#[derive(Debug, Default)]
pub(super) enum Node {
    /// Nothing was put here yet.
    #[default]
    Missing,
    /// JSON as it was written, and the field it came with.
    Leaf {
        json: String,
        word: String,
    },
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
}

impl Node {
    /// Puts JSON where the steps lead; `word` is the field, for who comes later.
    pub(super) fn put(
        &mut self,
        steps: &[PathStep],
        json: String,
        word: &str,
    ) -> Result<(), String> {
        let mut here = self;
        let mut way = String::new();
        for step in steps {
            here.unfold();
            here = here.step(step, &way)?;
            match step {
                PathStep::Key(key) if way.is_empty() => way.push_str(key),
                step => way.push_str(&step.to_string()),
            }
        }
        if !matches!(here, Node::Missing) {
            let list = if way.ends_with(']') {
                String::new()
            } else {
                format!("; {way}[]=… twice makes a list")
            };
            return Err(format!("{way} has a value already{}{list}", here.origin()));
        }
        *here = Node::Leaf { json, word: word.to_owned() };
        Ok(())
    }

    /// The value a step leads to, made if it is not there.
    fn step(&mut self, step: &PathStep, way: &str) -> Result<&mut Node, String> {
        if matches!(self, Node::Missing) {
            *self = match step {
                PathStep::Key(_) => Node::Object(Vec::new()),
                PathStep::Index(_) | PathStep::Append => Node::List(Vec::new()),
            };
        }
        let (kind, origin) = (self.kind(), self.origin());
        match (self, step) {
            (Node::Object(members), PathStep::Key(key)) => {
                let at = members.iter().position(|(name, _)| name == key).unwrap_or_else(|| {
                    members.push((key.clone(), Node::Missing));
                    members.len() - 1
                });
                Ok(&mut members[at].1)
            }
            (Node::List(elements), PathStep::Index(_) | PathStep::Append) => {
                let at = if let PathStep::Index(at) = step { *at } else { elements.len() };
                if at >= ELEMENTS {
                    return Err(format!("{way} takes at most {ELEMENTS} values"));
                }
                if elements.len() <= at {
                    elements.resize_with(at + 1, Node::default);
                }
                Ok(&mut elements[at])
            }
            (_, step) => {
                let it = if way.is_empty() { "the body" } else { way };
                let step = match step {
                    PathStep::Key(key) if way.is_empty() => key.clone(),
                    step => step.to_string(),
                };
                Err(format!("{it} is {kind}{origin}, so nothing in it is called {step}"))
            }
        }
    }

    /// Takes an object or a list that was given as JSON apart, so that something can be put into it.
    fn unfold(&mut self) {
        let Node::Leaf { json, word } = self else { return };
        let leaf =
            |value: &RawValue| Node::Leaf { json: value.get().to_owned(), word: word.clone() };
        if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json) {
            *self = Node::List(elements.into_iter().map(leaf).collect());
        } else if let Ok(Members(members)) = serde_json::from_str(json) {
            let members = members.into_iter().map(|(name, value)| (name, leaf(&value)));
            *self = Node::Object(members.collect());
        }
    }

    /// What it is, in words.
    fn kind(&self) -> &'static str {
        match self {
            Node::Missing => "nothing",
            Node::Object(_) => "an object",
            Node::List(_) => "a list",
            Node::Leaf { json, .. } => match json.as_bytes().first() {
                _ if json.contains("{{") && !json.starts_with('"') => "known when it is sent",
                Some(b'"') => "a string",
                Some(b't' | b'f') => "true or false",
                Some(b'n') => "null",
                _ => "a number",
            },
        }
    }

    /// The field a value came with.
    fn origin(&self) -> String {
        let mut here = self;
        loop {
            here = match here {
                Node::Leaf { word, .. } => return format!(" ({word})"),
                Node::Object(members) if !members.is_empty() => &members[0].1,
                Node::List(elements) => {
                    match elements.iter().find(|it| !matches!(it, Node::Missing)) {
                        Some(element) => element,
                        None => return String::new(),
                    }
                }
                _ => return String::new(),
            };
        }
    }

    /// As JSON.
    pub(super) fn json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Node::Missing => out.push_str("null"),
            Node::Leaf { json, .. } => out.push_str(json),
            Node::Object(members) => {
                out.push('{');
                for (at, (name, value)) in members.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    let _ = write!(out, "{comma}{}: ", serde_json::Value::from(name.as_str()));
                    value.write(out);
                }
                out.push('}');
            }
            Node::List(elements) => {
                out.push('[');
                for (at, value) in elements.iter().enumerate() {
                    out.push_str(if at > 0 { ", " } else { "" });
                    value.write(out);
                }
                out.push(']');
            }
        }
    }
}

/// The members of an object in their order, their values as they are written.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(fields: &[&str]) -> Result<String, String> {
        let mut all = Node::default();
        for field in fields {
            let quoted = || {
                let (name, text) = field.split_once('=')?;
                Some((name, serde_json::Value::from(text).to_string()))
            };
            let json = field.split_once(":=").map(|(name, json)| (name, json.to_owned()));
            let (name, json) = json.or_else(quoted).unwrap();
            all.put(&path(name)?, json, field)?;
        }
        Ok(all.json())
    }

    /// What the documentation and the tests of `HTTPie` 3 send.
    #[test]
    fn paths_make_what_they_make_in_httpie() {
        for (fields, json) in [
            (&["a[]=1", "a[]=2"][..], r#"{"a": ["1", "2"]}"#),
            (&["a[b]=1", "a[b2][c]:=1"], r#"{"a": {"b": "1", "b2": {"c": 1}}}"#),
            (&["[]:=1", "[]:=2", "[]=x"], r#"[1, 2, "x"]"#),
            (&["[0][t]=p", "[0][n]=t", "[1][t]=q"], r#"[{"t": "p", "n": "t"}, {"t": "q"}]"#),
            (&["kids[1]=T", "kids[0]:=\"A\""], r#"{"kids": ["A", "T"]}"#),
            (&["m[]=s", "m[2]=x", "m[4]:=1.50"], r#"{"m": ["s", null, "x", null, 1.50]}"#),
            (&["w[d][3][!]=A"], r#"{"w": {"d": [null, null, null, {"!": "A"}]}}"#),
            (&["k[]:=1", "k[][]:=2", "k[][][]:=3"], r#"{"k": [1, [2], [[3]]]}"#),
            (&["[][a][b][]:=1", "[0][a][b][]:=2", "[][]:=2"], r#"[{"a": {"b": [1, 2]}}, [2]]"#),
            (&["f[b]:=[1, 2.0]", "f[b][]:=4"], r#"{"f": {"b": [1, 2.0, 4]}}"#),
            (&["f:={\"x\": 1, \"a\": {}}", "f[a][y]:=2"], r#"{"f": {"x": 1, "a": {"y": 2}}}"#),
            (
                &[r"a\[b=1", r"\[\]:=1", r"e\[s\][c][\[d\]][]:=1"],
                r#"{"a[b": "1", "[]": 1, "e[s]": {"c": {"[d]": [1]}}}"#,
            ),
            (
                &[r"a[\0]:=0", r"a[\\1]:=1", r"a[x\y]:=2", r"a[b\\]:=3"],
                r#"{"a": {"0": 0, "\\1": 1, "x\\y": 2, "b\\": 3}}"#,
            ),
            (&["1=a", r"\2[x]=b", "3[x]=c"], r#"{"1": "a", "2": {"x": "b"}, "3": {"x": "c"}}"#),
            (
                &["a b[c d]=1", "{{k}}[{{i}}]={{v}}"],
                r#"{"a b": {"c d": "1"}, "{{k}}": {"{{i}}": "{{v}}"}}"#,
            ),
        ] {
            assert_eq!(made(fields).as_deref(), Ok(json), "{fields:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_said_and_nothing_is_written_over() {
        for (fields, words) in [
            (&["a=1", "a=2"][..], "a has a value already (a=1); a[]=… twice makes a list"),
            (&["a[b]=1", "a=2"], "a has a value already (a[b]=1)"),
            (&["a[0]=1", "a[0]=2"], "a[0] has a value already (a[0]=1)"),
            (&["a=1", "a[b]:=2"], "a is a string (a=1), so nothing in it is called [b]"),
            (&["a:=1", "a[0]:=2"], "a is a number (a:=1), so nothing in it is called [0]"),
            (&["a[b]=1", "a[]=2"], "a is an object (a[b]=1), so nothing in it is called []"),
            (&["a[]=1", "a[b]=2"], "a is a list (a[]=1), so nothing in it is called [b]"),
            (&["a=1", "[]=2"], "the body is an object (a=1), so nothing in it is called []"),
            (&["[]=1", "a=2"], "the body is a list ([]=1), so nothing in it is called a"),
            (&["a:={{v}}", "a[b]=2"], "a is known when it is sent (a:={{v}})"),
            (&["a[-1]=1"], "no places before its first"),
            (&["a[10000]=1"], "at most 10000"),
            (&["a[99999999999999999999]=1"], "at most 10000"),
            (&["a[=1"], "a '[' without its ']'"),
            (&["a[b=1"], "a '[' without its ']'"),
            (&["a[[b]]=1"], "a '[' without its ']'"),
            (&["a[b]c=1"], "'c' where a '[' goes on"),
            (&["a]=1"], "']' where a '[' goes on"),
            (&[r"a[b\]=1"], "a '[' without its ']'"),
            (&["[a]=1"], "a list at the top takes [] or [number]"),
        ] {
            let error = made(fields).unwrap_err();
            assert!(error.contains(words), "{fields:?}: {error}");
        }
        let deep = format!("a{}=1", "[b]".repeat(100));
        assert!(made(&[&deep]).unwrap_err().contains("more than 64"));
    }
}
