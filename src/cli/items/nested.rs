//! Fields whose names have brackets, as `HTTPie` and `xh` read them: `a[b]=1` is a member of the
//! object `a`, `a[]=1` one more element of the list `a`, `a[2]=1` its third; `[]=1` makes the body a
//! list. A backslash makes a bracket a letter of the name, and a number a name: `a[\2]`.
//!
//! Called by `items`, which hands the values over as JSON.

/// Longest list that an index makes; what is missing before it is `null`.
const LENGTH_MAX: usize = 10_000;
/// Brackets of one name.
const DEPTH_MAX: usize = 100;

/// One step from a value to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    /// Behind the last element.
    Next,
}

/// A JSON value that is put together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Nothing was put there yet.
    Empty,
    /// A value as it is written.
    Leaf(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Puts a value where a name says; of two at one place the later one stands. The error says what
    /// is wrong with the name.
    pub(super) fn put(&mut self, name: &str, value: String) -> Result<(), String> {
        let steps = steps(name)?;
        let mut node = self;
        for (at, step) in steps.iter().enumerate() {
            node = node.inside(step, at + 1 == steps.len())?;
        }
        *node = Node::Leaf(value);
        Ok(())
    }

    /// The value one step further in, made when it is not there.
    fn inside(&mut self, step: &Step, is_last: bool) -> Result<&mut Node, String> {
        if *self == Node::Empty {
            *self = match step {
                Step::Key(_) => Node::Object(Vec::new()),
                Step::Index(_) | Step::Next => Node::List(Vec::new()),
            };
        }
        match (self, step) {
            (Node::Object(members), Step::Key(key)) => {
                let found = members.iter().position(|(known, _)| known == key);
                // What is replaced stands where it was written last.
                let at = match found {
                    Some(at) if !is_last => at,
                    found => {
                        found.map(|at| members.remove(at));
                        members.push((key.clone(), Node::Empty));
                        members.len() - 1
                    }
                };
                members.get_mut(at).map(|(_, node)| node).ok_or_else(String::new)
            }
            (Node::List(elements), Step::Index(_) | Step::Next) => {
                let at = if let Step::Index(at) = step { *at } else { elements.len() };
                if at >= LENGTH_MAX {
                    return Err(format!("a list has up to {LENGTH_MAX} elements here"));
                }
                while elements.len() <= at {
                    elements.push(Node::Empty);
                }
                elements.get_mut(at).ok_or_else(String::new)
            }
            (Node::List(_), Step::Key(key)) => {
                Err(format!("an earlier item made a list of it, which has no '{key}'"))
            }
            (Node::Object(_), _) => Err("an earlier item made an object of it, no list".into()),
            (Node::Leaf(_) | Node::Empty, _) => {
                Err("an earlier item gave it a value, into which nothing can be put".into())
            }
        }
    }

    /// The whole as JSON.
    pub(super) fn write(&self) -> String {
        match self {
            Node::Empty => "null".into(),
            Node::Leaf(value) => value.clone(),
            Node::List(elements) => {
                let elements: Vec<String> = elements.iter().map(Node::write).collect();
                format!("[{}]", elements.join(", "))
            }
            Node::Object(members) => {
                let member = |(key, node): &(String, Node)| {
                    format!("{}: {}", serde_json::Value::from(key.as_str()), node.write())
                };
                let members: Vec<String> = members.iter().map(member).collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }
}

/// The way a name describes.
fn steps(name: &str) -> Result<Vec<Step>, String> {
    let (first, mut rest) = until(name, '[');
    if bracket(first, ']') {
        return Err(r"a ']' without a '['; \] is the letter".into());
    }
    // A name may be empty only where a bracket begins it.
    let mut steps = Vec::new();
    if !first.is_empty() || rest.is_empty() {
        steps.push(Step::Key(letters(first)));
    }
    while let Some(inside) = rest.strip_prefix('[') {
        let (word, behind) = until(inside, ']');
        let Some(behind) = behind.strip_prefix(']') else {
            return Err(r"a '[' that is not closed; \[ is the letter".into());
        };
        if bracket(word, '[') {
            return Err(r"a '[' inside brackets; \[ is the letter".into());
        }
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        steps.push(match word.parse() {
            Ok(index) => Step::Index(index),
            Err(_) if is_number => Step::Index(usize::MAX),
            Err(_) if word.is_empty() => Step::Next,
            Err(_) => Step::Key(letters(word)),
        });
        if steps.len() > DEPTH_MAX {
            return Err(format!("a name has up to {DEPTH_MAX} brackets"));
        }
        rest = behind;
    }
    if rest.is_empty() {
        Ok(steps)
    } else {
        Err(r"only '[' may follow a ']'; \] is the letter".into())
    }
}

/// Splits a text before a sign that no backslash precedes.
fn until(text: &str, sign: char) -> (&str, &str) {
    let is_free = |at: &usize| !text.get(..*at).is_some_and(|before| before.ends_with('\\'));
    let at = text.match_indices(sign).map(|(at, _)| at).find(is_free);
    text.split_at(at.unwrap_or(text.len()))
}

fn bracket(text: &str, sign: char) -> bool {
    !until(text, sign).1.is_empty()
}

/// A word without the backslashes that made letters of brackets and a name of a number.
fn letters(word: &str) -> String {
    let number = word.strip_prefix('\\').filter(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let word = number.filter(|rest| !rest.is_empty()).unwrap_or(word);
    word.replace(r"\[", "[").replace(r"\]", "]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(names: &[&str]) -> Result<String, String> {
        let mut root = Node::Empty;
        for (at, name) in names.iter().enumerate() {
            root.put(name, at.to_string())?;
        }
        Ok(root.write())
    }

    #[test]
    fn names_with_brackets_are_places() {
        for (names, expected) in [
            (&["a", "b"][..], r#"{"a": 0, "b": 1}"#),
            (&["a[]", "a[]"], r#"{"a": [0, 1]}"#),
            (&["a[b]", "a[c][d]", "a[b]"], r#"{"a": {"c": {"d": 1}, "b": 2}}"#),
            (&["a[2]", "a[0]"], r#"{"a": [1, null, 0]}"#),
            (&["a[][b]", "a[][b]"], r#"{"a": [{"b": 0}, {"b": 1}]}"#),
            (&["[]", "[2]"], "[0, null, 1]"),
            (&["[a]"], r#"{"a": 0}"#),
            (&[r"a\[b\]", r"c[\2]", r"d[e\]f]"], r#"{"a[b]": 0, "c": {"2": 1}, "d": {"e]f": 2}}"#),
            (&["2", r"C:\x"], r#"{"2": 0, "C:\\x": 1}"#),
        ] {
            assert_eq!(written(names).as_deref(), Ok(expected), "{names:?}");
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for (names, said) in [
            (&["a", "a[b]"][..], "gave it a value"),
            (&["a[]", "a[b]"], "made a list of it"),
            (&["a[b]", "a[]"], "made an object of it"),
            (&["a[b"], "not closed"),
            (&["a]b"], "without a '['"),
            (&["a[b]c"], "only '[' may follow"),
            (&["a[b[c]]"], "inside brackets"),
            (&["a[10000]"], "up to 10000 elements"),
            (&["a[99999999999999999999999]"], "up to 10000 elements"),
            (&["[]", "a"], "made a list of it"),
        ] {
            let why = written(names).unwrap_err();
            assert!(why.contains(said), "{names:?}: {why}");
        }
        assert!(written(&[&("a".to_owned() + &"[]".repeat(200))]).is_err());
    }
}
