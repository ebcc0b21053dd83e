//! YAML as a tree, made of the parser's events within the same budget as JSON: aliases are copies that
//! count, so a file that would grow without end is refused where it begins to.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::data_tree::{DEEPEST, DataBudget, DataFault, DataNode, TOO_DEEP, TOO_MUCH};

/// What a list or object holds so far.
enum Open {
    List(Vec<DataNode>),
    /// And the name whose value comes next.
    Map(Vec<(Box<str>, DataNode)>, Option<Box<str>>),
}

/// A tree under construction.
struct Builder {
    budget: DataBudget,
    /// From the outermost, each with the anchor and the tag it has.
    open: Vec<(Open, usize, Option<String>)>,
    anchors: HashMap<usize, DataNode>,
    done: Option<DataNode>,
}

/// Reads the first document.
///
/// # Errors
/// With line and column.
pub(crate) fn read_yaml(text: &str) -> Result<DataNode, DataFault> {
    let mut builder = Builder {
        budget: DataBudget::new(),
        open: Vec::new(),
        anchors: HashMap::new(),
        done: None,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| fault_of(&error))?;
        builder.take(event).map_err(|cause| at(&span.start, cause))?;
        if let Some(done) = builder.done.take() {
            return Ok(done);
        }
    }
    Ok(DataNode::Null)
}

fn fault_of(error: &ScanError) -> DataFault {
    at(error.marker(), error.info())
}

fn at(place: &Marker, cause: &str) -> DataFault {
    // The parser counts columns from 0.
    DataFault { line: place.line(), column: place.col() + 1, cause: cause.to_owned() }
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.spend(text.len())?;
                let own = tag.as_deref().and_then(local);
                let is_text = tag.is_some_and(|tag| tag.suffix == "str" || tag.suffix.is_empty());
                let node = match style {
                    ScalarStyle::Plain if !is_text => plain(&text),
                    _ => DataNode::Text(text.into()),
                };
                self.put(under(own, node), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(Open::List(Vec::new()), anchor, tag.as_deref().and_then(local))
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(Open::Map(Vec::new(), None), anchor, tag.as_deref().and_then(local))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err("an alias of something that is not over: a circle");
                };
                if !charge(node, &mut self.budget) {
                    return Err(TOO_MUCH);
                }
                let node = node.clone();
                self.put(node, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn spend(&mut self, text: usize) -> Result<(), &'static str> {
        if self.budget.take(text) { Ok(()) } else { Err(TOO_MUCH) }
    }

    fn begin(
        &mut self,
        open: Open,
        anchor: usize,
        tag: Option<String>,
    ) -> Result<(), &'static str> {
        self.spend(0)?;
        if self.open.len() >= DEEPEST {
            return Err(TOO_DEEP);
        }
        self.open.push((open, anchor, tag));
        Ok(())
    }

    fn end(&mut self) -> Result<(), &'static str> {
        let Some((open, anchor, tag)) = self.open.pop() else { return Ok(()) };
        let node = match open {
            Open::List(mut items) => {
                items.shrink_to_fit();
                DataNode::List(items)
            }
            Open::Map(pairs, _) => DataNode::Map(merged(pairs)),
        };
        self.put(under(tag, node), anchor)
    }

    /// A value is there: a name, what belongs to one, an element, or all of it.
    fn put(&mut self, node: DataNode, anchor: usize) -> Result<(), &'static str> {
        if anchor > 0 {
            if !charge(&node, &mut self.budget) {
                return Err(TOO_MUCH);
            }
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            None => self.done = Some(node),
            Some((Open::List(items), ..)) => items.push(node),
            Some((Open::Map(pairs, name), ..)) => match name.take() {
                Some(name) => pairs.push((name, node)),
                None if matches!(node, DataNode::List(_) | DataNode::Map(_)) => {
                    return Err("a name that is no single value");
                }
                None => *name = Some(node.plain().into()),
            },
        }
        Ok(())
    }
}

/// A tag of somebody's own, `!request`.
fn local(tag: &Tag) -> Option<String> {
    (tag.handle == "!" && !tag.suffix.is_empty()).then(|| tag.suffix.clone())
}

/// What has such a tag is the one member of an object of that name.
fn under(tag: Option<String>, node: DataNode) -> DataNode {
    match tag {
        Some(tag) => DataNode::Map(vec![(tag.into(), node)]),
        None => node,
    }
}

/// Takes what a copy takes from the budget.
fn charge(node: &DataNode, budget: &mut DataBudget) -> bool {
    match node {
        DataNode::Null | DataNode::Bool(_) => budget.take(0),
        DataNode::Number(text) | DataNode::Text(text) => budget.take(text.len()),
        DataNode::List(items) => budget.take(0) && items.iter().all(|item| charge(item, budget)),
        DataNode::Map(pairs) => {
            budget.take(0)
                && pairs
                    .iter()
                    .all(|(name, value)| budget.take(name.len()) && charge(value, budget))
        }
    }
}

/// Members with those of `<<` behind them, unless they are there.
fn merged(mut pairs: Vec<(Box<str>, DataNode)>) -> Vec<(Box<str>, DataNode)> {
    let Some(at) = pairs.iter().position(|(name, _)| &**name == "<<") else {
        pairs.shrink_to_fit();
        return pairs;
    };
    let (name, from) = pairs.remove(at);
    let sources = match from {
        DataNode::Map(more) => vec![DataNode::Map(more)],
        DataNode::List(items) => items,
        other => {
            pairs.insert(at, (name, other));
            return pairs;
        }
    };
    for source in sources {
        if let DataNode::Map(more) = source {
            for (name, value) in more {
                if !pairs.iter().any(|(own, _)| *own == name) {
                    pairs.push((name, value));
                }
            }
        }
    }
    pairs
}

/// A scalar without quotes (YAML 1.2, core schema). What JSON writes otherwise stays a text: `007`, `1_000`.
fn plain(text: &str) -> DataNode {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return DataNode::Null,
        "true" | "True" | "TRUE" => return DataNode::Bool(true),
        "false" | "False" | "FALSE" => return DataNode::Bool(false),
        _ => {}
    }
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && text.parse::<serde_json::Number>().is_ok();
    if is_number { DataNode::Number(text.into()) } else { DataNode::Text(text.into()) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn yaml_becomes_the_tree_that_json_would_be() {
        let text = "# all\na: [1, 1.5, 007, yes, true, ~]\n'b': |\n  one\n  two\nc: &c {d: !!str 1}\n\
                    e: *c\nf:\n  <<: *c\n  g: \"h\\n\"\n1: x\n---\nother: 1\n";
        let json = r#"{"a":[1,1.5,"007","yes",true,null],"b":"one\ntwo\n","c":{"d":"1"},"e":{"d":"1"},"f":{"g":"h\n","d":"1"},"1":"x"}"#;
        assert_eq!(read_yaml(text).unwrap().json(false), json);
        assert_eq!(read_yaml("").unwrap(), DataNode::Null);
        let tags = read_yaml("a: !json {b: 1}\nc: !bearer x\nd: !none\n").unwrap();
        assert_eq!(
            tags.json(false),
            r#"{"a":{"json":{"b":1}},"c":{"bearer":"x"},"d":{"none":null}}"#
        );
    }

    #[test]
    fn what_is_broken_is_refused_with_its_place() {
        for (text, place, cause) in [
            ("a: 1\nb: [1,\n", "line 3", ""),
            ("a: b: c\n", "line 1, column 5", ""),
            ("a: &a [*a]\n", "line 1, column 8", "circle"),
            ("? [a]\n: b\n", "line 1", "no single value"),
            ("a: \"\\q\"\n", "line 1", ""),
        ] {
            let fault = read_yaml(text).unwrap_err();
            assert!(
                fault.to_string().starts_with(place) && fault.cause.contains(cause),
                "{text}: {fault}"
            );
        }
    }

    #[test]
    fn laughs_and_depths_are_refused_where_they_begin() {
        let mut laughs = String::from("v0: &v0 [x,x,x,x,x,x,x,x,x]\n");
        for at in 1..40 {
            let alias = format!("*v{},", at - 1).repeat(9);
            let _ = writeln!(laughs, "v{at}: &v{at} [{}]", alias.trim_end_matches(','));
        }
        let fault = read_yaml(&laughs).unwrap_err();
        assert!(fault.cause == TOO_MUCH && fault.line == 7, "{fault}");
        for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000)] {
            let fault = read_yaml(&deep).unwrap_err();
            assert!(fault.line == 1, "{fault}");
        }
    }
}
