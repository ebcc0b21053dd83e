//! `.bru` files as a tree like that of Bruno's JSON export.
//!
//! ```text
//! meta {              a block of names and values: `~` switches off, ''' begins and ends several lines
//!   name: x
//! }
//! body:json {         a block of text, two blanks deeper than what it is
//!   {"a": 1}
//! }
//! vars:secret [       a block of names
//!   token
//! ]
//! ```

use crate::interop::import::data::DataNode;
use crate::interop::import::tree::ImportFault;

/// Methods that are blocks.
const METHODS: [&str; 9] =
    ["get", "post", "put", "delete", "patch", "options", "head", "connect", "trace"];
/// Blocks of text; others hold names and values.
const TEXTS: [&str; 4] = ["tests", "docs", "example", "script"];

/// A block: its name, the line it begins in and its lines.
struct Block<'t> {
    name: &'t str,
    line: usize,
    lines: Vec<&'t str>,
}

/// A row of a block of names and values.
struct Row {
    name: String,
    value: String,
    enabled: bool,
    /// What it is told to be sent as.
    content_type: String,
    /// The lines of a value in brackets.
    list: Vec<String>,
}

/// Whether a text looks like such a file.
pub(super) fn looks_so(text: &str) -> bool {
    let first = text.lines().map(str::trim_end).find(|line| !line.is_empty()).unwrap_or_default();
    let name = first.strip_suffix(['{', '[']).map(str::trim_end);
    name.is_some_and(|name| {
        let head = name.split(':').next().unwrap_or_default();
        let known = [
            "meta", "http", "headers", "auth", "vars", "params", "body", "docs", "assert", "query",
            "example",
        ];
        METHODS.contains(&head) || known.contains(&head) || TEXTS.contains(&head)
    })
}

/// Reads a file.
///
/// # Errors
/// With the line.
pub(super) fn item(text: &str) -> Result<DataNode, ImportFault> {
    let mut made = Item::default();
    for block in blocks(text)? {
        made.take(&block);
    }
    Ok(made.finish())
}

fn blocks(text: &str) -> Result<Vec<Block<'_>>, ImportFault> {
    let mut found: Vec<Block<'_>> = Vec::new();
    let mut open: Option<(Block<'_>, &str)> = None;
    for (at, line) in text.lines().enumerate() {
        let bare = line.trim_end();
        if let Some((block, end)) = &mut open {
            if bare == *end {
                found.extend(open.take().map(|(block, _)| block));
            } else {
                block.lines.push(line.strip_prefix("  ").unwrap_or(line.trim_start()));
            }
            continue;
        }
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        let begun = bare.strip_suffix('{').map(|name| (name, "}"));
        let begun = begun.or_else(|| bare.strip_suffix('[').map(|name| (name, "]")));
        let Some((name, end)) = begun else {
            let cause = format!("'{}' begins no block", bare.chars().take(40).collect::<String>());
            return Err(ImportFault::at_line(at + 1, 1, cause));
        };
        open = Some((Block { name: name.trim(), line: at + 1, lines: Vec::new() }, end));
    }
    if let Some((block, end)) = open {
        let cause = format!("the block '{}' has no end ('{end}' on a line of its own)", block.name);
        return Err(ImportFault::at_line(block.line, 1, cause));
    }
    Ok(found)
}

/// Names and values of a block.
fn rows(block: &Block<'_>) -> Vec<Row> {
    let mut found: Vec<Row> = Vec::new();
    let mut lines = block.lines.iter();
    while let Some(line) = lines.next() {
        let line = line.trim();
        // What stands before a row says something of it.
        if line.is_empty()
            || (line.starts_with('@') && !line.contains(": "))
            || line.starts_with("@description(")
        {
            continue;
        }
        let (enabled, line) = line.strip_prefix('~').map_or((true, line), |line| (false, line));
        let (name, value) = named(line);
        let mut row = Row {
            name,
            value: value.trim().to_owned(),
            enabled,
            content_type: String::new(),
            list: Vec::new(),
        };
        if let Some(begin) = row.value.strip_prefix("'''") {
            let first = Some(begin.trim_start().to_owned()).filter(|first| !first.is_empty());
            let mut parts: Vec<String> = first.into_iter().collect();
            for more in lines.by_ref() {
                if let Some((last, behind)) = end_of_text(more) {
                    behind.clone_into(&mut row.content_type);
                    parts.extend(Some(last.to_owned()).filter(|last| !last.trim().is_empty()));
                    break;
                }
                parts.push(more.strip_prefix("  ").unwrap_or(more).to_owned());
            }
            row.value = parts.join("\n");
        } else if row.value == "[" {
            let inner = lines.by_ref().map(|line| line.trim()).take_while(|line| *line != "]");
            row.list = inner.filter(|line| !line.is_empty()).map(str::to_owned).collect();
        } else if let Some((value, behind)) = typed(&row.value) {
            (row.value, row.content_type) = (value.to_owned(), behind.to_owned());
        }
        found.push(row);
    }
    found
}

/// `value @contentType(image/png)`: both parts.
fn typed(value: &str) -> Option<(&str, &str)> {
    let (value, behind) = value.rsplit_once("@contentType(")?;
    Some((value.trim_end(), behind.strip_suffix(')')?))
}

/// The last line of a text of several, and the type behind it.
fn end_of_text(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end();
    let (line, behind) = typed(line).unwrap_or((line, ""));
    Some((line.strip_suffix("'''")?.trim_end(), behind))
}

/// A name, in quotes where it needs them, and what follows its colon.
fn named(line: &str) -> (String, &str) {
    let Some(quoted) = line.strip_prefix('"') else {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        return (name.trim().to_owned(), value);
    };
    let (mut name, mut chars) = (String::new(), quoted.char_indices());
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '"' => {
                let rest = quoted.split_at(at + 1).1.trim_start();
                return (name, rest.strip_prefix(':').unwrap_or(rest));
            }
            c => name.push(c),
        }
    }
    (name, "")
}

fn map(pairs: Vec<(&str, DataNode)>) -> DataNode {
    DataNode::Map(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn row_node(row: &Row) -> DataNode {
    map(vec![
        ("name", DataNode::from(&*row.name)),
        ("value", DataNode::from(&*row.value)),
        ("enabled", DataNode::Bool(row.enabled)),
        ("contentType", DataNode::from(&*row.content_type)),
    ])
}

/// A value, or the list of those in brackets.
fn value_node(row: Row) -> DataNode {
    match row.list.as_slice() {
        [] => DataNode::Text(row.value.into()),
        list => DataNode::List(list.iter().map(|item| DataNode::from(&**item)).collect()),
    }
}

/// The parts of a request, by the members they become.
#[derive(Default)]
struct Item {
    meta: Vec<(Box<str>, DataNode)>,
    request: Vec<(Box<str>, DataNode)>,
    auth: Vec<(Box<str>, DataNode)>,
    body: Vec<(Box<str>, DataNode)>,
    script: Vec<(Box<str>, DataNode)>,
    params: Vec<DataNode>,
    variables: Vec<DataNode>,
    examples: Vec<DataNode>,
}

impl Item {
    fn take(&mut self, block: &Block<'_>) {
        let (head, tail) = block.name.split_once(':').unwrap_or((block.name, ""));
        let text = || DataNode::from(&*block.lines.join("\n"));
        let list = || DataNode::List(rows(block).iter().map(row_node).collect());
        let object =
            || rows(block).into_iter().map(|row| (row.name.clone().into(), value_node(row)));
        match (head, tail) {
            ("meta", _) => self.meta.extend(object()),
            ("settings", _) => {
                self.meta.push(("settings".into(), DataNode::Map(object().collect())));
            }
            ("http", _) => self.start(block, None),
            (method, "") if METHODS.contains(&method) => self.start(block, Some(method)),
            ("headers", _) => self.request.push(("headers".into(), list())),
            ("params", kind) => {
                self.parameters(block, if kind == "path" { "path" } else { "query" });
            }
            ("query", _) => self.parameters(block, "query"),
            ("auth", "") => self.auth.extend(object()),
            ("auth", kind) => self.auth.push((kind.into(), DataNode::Map(object().collect()))),
            ("body", kind) => self.content(block, kind),
            ("vars", "") => self.variables.extend(rows(block).iter().map(row_node)),
            ("vars", "secret") => self.secrets(block),
            ("vars", "pre-request") => {
                self.request.push(("vars".into(), map(vec![("req", list())])));
            }
            ("vars", _) => self.request.push(("captures".into(), list())),
            ("script", "post-response") => self.script.push(("res".into(), text())),
            ("script", _) => self.script.push(("req".into(), text())),
            ("assert", _) => self.request.push(("assertions".into(), list())),
            ("tests" | "docs", _) => self.request.push((head.into(), text())),
            ("example", _) => self.examples.push(DataNode::Null),
            _ => {}
        }
    }

    fn start(&mut self, block: &Block<'_>, method: Option<&str>) {
        if let Some(method) = method {
            self.request.push(("method".into(), DataNode::Text(method.to_uppercase().into())));
        }
        for Row { name, value, .. } in rows(block) {
            let value = DataNode::Text(value.into());
            match name.as_str() {
                "url" | "method" => self.request.push((name.into(), value)),
                "body" => self.body.push(("mode".into(), value)),
                "auth" => self.auth.push(("mode".into(), value)),
                _ => {}
            }
        }
    }

    fn parameters(&mut self, block: &Block<'_>, kind: &str) {
        for row in rows(block) {
            let mut pairs = row_node(&row).pairs().to_vec();
            pairs.push(("type".into(), kind.into()));
            self.params.push(DataNode::Map(pairs));
        }
    }

    fn content(&mut self, block: &Block<'_>, kind: &str) {
        let list = || DataNode::List(rows(block).iter().map(row_node).collect());
        let name = match kind {
            "form-urlencoded" => "formUrlEncoded",
            "multipart-form" => "multipartForm",
            "" => "json",
            kind => kind,
        };
        let value = match name {
            "formUrlEncoded" | "multipartForm" | "file" => list(),
            _ => DataNode::from(&*block.lines.join("\n")),
        };
        self.body.push((name.into(), value));
    }

    fn secrets(&mut self, block: &Block<'_>) {
        for line in &block.lines {
            let name = line.trim().trim_end_matches(',').trim();
            if !name.is_empty() && !name.starts_with('~') {
                let pairs = [("name", name.into()), ("secret", DataNode::Bool(true))];
                self.variables.push(map(pairs.to_vec()));
            }
        }
    }

    fn finish(mut self) -> DataNode {
        self.request.push(("params".into(), DataNode::List(self.params)));
        self.request.push(("auth".into(), DataNode::Map(self.auth)));
        self.request.push(("body".into(), DataNode::Map(self.body)));
        self.request.push(("script".into(), DataNode::Map(self.script)));
        let mut pairs = self.meta;
        pairs.push(("request".into(), DataNode::Map(self.request)));
        pairs.push(("variables".into(), DataNode::List(self.variables)));
        pairs.push(("examples".into(), DataNode::List(self.examples)));
        DataNode::Map(pairs)
    }
}
