//! A document of JSON or YAML as a tree that is small in memory and made within a budget, whatever
//! somebody else wrote into it.
//!
//! Called by the importers and by contracts. What is too deep or too much is refused with its line and
//! column while it is read, not when it is there.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserializer, Serialize, Serializer};

/// Values within each other.
pub(crate) const DEEPEST: usize = 100;
/// Bytes a tree may take, counted as what its texts hold and `NODE` for every value.
const BUDGET: usize = 96 * 1024 * 1024;
/// What a value takes besides its text.
const NODE: usize = 56;
/// How that is said.
pub(crate) const TOO_MUCH: &str = "more values than an import takes";
/// The same of depth.
pub(crate) const TOO_DEEP: &str = "more than 100 values within each other";

/// Why a text is no document, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataFault {
    /// From 1, as the column.
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) cause: String,
}

impl fmt::Display for DataFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.cause)
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DataNode {
    Null,
    Bool(bool),
    /// As it is written, or would be.
    Number(Box<str>),
    Text(Box<str>),
    List(Vec<DataNode>),
    Map(Vec<(Box<str>, DataNode)>),
}

/// Stands for what is not there.
static NOTHING: DataNode = DataNode::Null;

impl DataNode {
    /// The member of this name; null where there is none.
    pub(crate) fn at(&self, name: &str) -> &DataNode {
        let found = self.pairs().iter().rev().find(|(own, _)| &**own == name);
        found.map_or(&NOTHING, |(_, value)| value)
    }

    /// The same along a path.
    pub(crate) fn path(&self, names: &[&str]) -> &DataNode {
        names.iter().fold(self, |node, name| node.at(name))
    }

    /// Whether there is a member of this name, null or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.pairs().iter().any(|(own, _)| &**own == name)
    }

    /// Members of an object in their order.
    pub(crate) fn pairs(&self) -> &[(Box<str>, DataNode)] {
        if let DataNode::Map(pairs) = self { pairs } else { &[] }
    }

    /// Elements of a list.
    pub(crate) fn items(&self) -> &[DataNode] {
        if let DataNode::List(items) = self { items } else { &[] }
    }

    /// Whether it is nothing, be it missing or written so.
    pub(crate) fn is_null(&self) -> bool {
        *self == DataNode::Null
    }

    /// Whether it says yes.
    pub(crate) fn is_true(&self) -> bool {
        *self == DataNode::Bool(true)
    }

    /// A string.
    pub(crate) fn text(&self) -> Option<&str> {
        if let DataNode::Text(text) = self { Some(text) } else { None }
    }

    /// A string, or nothing.
    pub(crate) fn str(&self) -> &str {
        self.text().unwrap_or_default()
    }

    /// A value as the text it would be in a form: what is no single value as JSON.
    pub(crate) fn plain(&self) -> String {
        match self {
            DataNode::Null => String::new(),
            DataNode::Bool(value) => value.to_string(),
            DataNode::Number(text) | DataNode::Text(text) => text.to_string(),
            DataNode::List(_) | DataNode::Map(_) => self.json(false),
        }
    }

    /// A whole number.
    pub(crate) fn number(&self) -> Option<u64> {
        match self {
            DataNode::Number(text) | DataNode::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// As JSON.
    pub(crate) fn json(&self, is_laid_out: bool) -> String {
        let written = if is_laid_out {
            serde_json::to_string_pretty(self)
        } else {
            serde_json::to_string(self)
        };
        written.unwrap_or_default()
    }
}

impl From<&str> for DataNode {
    fn from(text: &str) -> Self {
        DataNode::Text(text.into())
    }
}

impl Serialize for DataNode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            DataNode::Null => serializer.serialize_unit(),
            DataNode::Bool(value) => serializer.serialize_bool(*value),
            DataNode::Number(text) => match text.parse::<serde_json::Number>() {
                Ok(number) => number.serialize(serializer),
                Err(_) => serializer.serialize_str(text),
            },
            DataNode::Text(text) => serializer.serialize_str(text),
            DataNode::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            DataNode::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                pairs.iter().try_for_each(|(name, value)| map.serialize_entry(&**name, value))?;
                map.end()
            }
        }
    }
}

/// What a tree may still take.
pub(crate) struct DataBudget(usize);

impl DataBudget {
    /// All of it.
    pub(crate) fn new() -> Self {
        DataBudget(BUDGET)
    }

    /// Takes a value with so many bytes of text; `false` = there is not as much left.
    pub(crate) fn take(&mut self, text: usize) -> bool {
        let left = self.0.checked_sub(NODE + text);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Reads JSON.
///
/// # Errors
/// With line and column.
pub(crate) fn read_json(text: &str) -> Result<DataNode, DataFault> {
    let mut budget = DataBudget::new();
    let mut source = serde_json::Deserializer::from_str(text);
    let read = Seed { budget: &mut budget, depth: 0 }.deserialize(&mut source);
    read.and_then(|node| source.end().map(|()| node)).map_err(|error| {
        let words = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let cause = words.strip_suffix(&place).unwrap_or(&words).to_owned();
        DataFault { line: error.line(), column: error.column(), cause }
    })
}

struct Seed<'b> {
    budget: &'b mut DataBudget,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = DataNode;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<DataNode, D::Error> {
        source.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn take<E: serde::de::Error>(&mut self, text: usize) -> Result<(), E> {
        if self.budget.take(text) { Ok(()) } else { Err(E::custom(TOO_MUCH)) }
    }

    fn inside<E: serde::de::Error>(&mut self) -> Result<usize, E> {
        self.take(0)?;
        if self.depth < DEEPEST { Ok(self.depth + 1) } else { Err(E::custom(TOO_DEEP)) }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = DataNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(mut self) -> Result<DataNode, E> {
        self.take(0).map(|()| DataNode::Null)
    }

    fn visit_bool<E: serde::de::Error>(mut self, value: bool) -> Result<DataNode, E> {
        self.take(0).map(|()| DataNode::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(mut self, value: u64) -> Result<DataNode, E> {
        self.take(20).map(|()| DataNode::Number(value.to_string().into()))
    }

    fn visit_i64<E: serde::de::Error>(mut self, value: i64) -> Result<DataNode, E> {
        self.take(20).map(|()| DataNode::Number(value.to_string().into()))
    }

    fn visit_f64<E: serde::de::Error>(mut self, value: f64) -> Result<DataNode, E> {
        let number = serde_json::Number::from_f64(value);
        let text = number.map_or_else(|| value.to_string(), |number| number.to_string());
        self.take(text.len()).map(|()| DataNode::Number(text.into()))
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<DataNode, E> {
        self.take(text.len()).map(|()| DataNode::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut source: A) -> Result<DataNode, A::Error> {
        let depth = self.inside()?;
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(Seed { budget: self.budget, depth })? {
            items.push(item);
        }
        items.shrink_to_fit();
        Ok(DataNode::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut source: A) -> Result<DataNode, A::Error> {
        let depth = self.inside()?;
        let mut pairs: Vec<(Box<str>, DataNode)> = Vec::new();
        while let Some(name) = source.next_key::<String>()? {
            if !self.budget.take(name.len()) {
                return Err(A::Error::custom(TOO_MUCH));
            }
            let value = source.next_value_seed(Seed { budget: self.budget, depth })?;
            pairs.push((name.into(), value));
        }
        pairs.shrink_to_fit();
        Ok(DataNode::Map(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_becomes_a_tree_and_the_same_json_again() {
        let text = r#"{"a":[1,-2,1.5,true,null,"é"],"b":{"c":"d"},"b":{"c":"e"}}"#;
        let tree = read_json(text).unwrap();
        assert_eq!(tree.json(false), text);
        assert_eq!(tree.path(&["b", "c"]).str(), "e", "the last of equal names counts");
        assert_eq!(tree.at("a").items()[2].plain(), "1.5");
        assert!(tree.at("x").at("y").is_null() && !tree.has("x"));
    }

    #[test]
    fn what_is_broken_deep_or_too_much_is_refused_with_its_place() {
        let fault = read_json("{\n \"a\": tru }").unwrap_err();
        assert_eq!(fault.to_string(), "line 2, column 10: expected ident");
        let deep = "[".repeat(100_000);
        let fault = read_json(&deep).unwrap_err();
        assert!(fault.cause.contains("100 values") && fault.column == 101, "{fault}");
        let many = format!("[{}0]", "0,".repeat(2_000_000));
        let fault = read_json(&many).unwrap_err();
        assert!(fault.cause == TOO_MUCH && fault.line == 1, "{fault}");
    }
}
