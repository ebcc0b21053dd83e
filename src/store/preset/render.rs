//! [`Node`] to TOML text, laid out for reading: a table with one key is dotted (`body.json = ..`),
//! lists of more than one element take a line per element, tables of an HTTP listener's rules
//! get headers of their own, long texts are literal multi-line strings.

use std::fmt::Write as _;

use super::node::{Node, Table};

/// The whole file.
pub(super) fn document(root: &Table) -> String {
    let mut text = String::new();
    for (key, node) in &root.0 {
        match node {
            Node::Table(section) => {
                if !text.is_empty() {
                    text.push('\n');
                }
                let _ = writeln!(text, "[{key}]");
                pairs(&mut text, key, section);
            }
            node => pair(&mut text, key, node),
        }
    }
    text
}

fn pairs(text: &mut String, section: &str, table: &Table) {
    for (key, node) in &table.0 {
        match (section, *key, node) {
            ("http-listener", "rule", Node::List(rules)) => {
                for rule in rules {
                    let _ = writeln!(text, "\n[[{section}.{key}]]");
                    if let Node::Table(rule) = rule {
                        pairs(text, "rule", rule);
                    }
                }
            }
            _ => pair(text, key, node),
        }
    }
}

fn pair(text: &mut String, key: &str, node: &Node) {
    let (key, node) = dotted(key.to_owned(), node);
    let _ = writeln!(text, "{key} = {}", value(node, Lines::Many));
}

/// `tls = { sni = "x" }` becomes `tls.sni = "x"`.
fn dotted(key: String, node: &Node) -> (String, &Node) {
    match node {
        Node::Table(Table(pairs)) => match pairs.as_slice() {
            [(inner, node)] => (format!("{key}.{inner}"), node),
            _ => (key, node),
        },
        _ => (key, node),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

fn value(node: &Node, lines: Lines) -> String {
    match node {
        Node::Flag(flag) => flag.to_string(),
        Node::Number(number) => number.to_string(),
        Node::Text(text) => string(text, lines),
        Node::List(nodes) => list(nodes, lines),
        Node::Table(Table(pairs)) if pairs.is_empty() => "{}".into(),
        Node::Table(Table(pairs)) => {
            let pair = |(key, node): &(&str, Node)| {
                let (key, node) = dotted((*key).to_owned(), node);
                format!("{key} = {}", value(node, Lines::One))
            };
            format!("{{ {} }}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

fn list(nodes: &[Node], lines: Lines) -> String {
    let values = nodes.iter().map(|node| value(node, Lines::One));
    if nodes.len() > 1 && lines == Lines::Many {
        let mut text = String::from("[\n");
        for value in values {
            let _ = writeln!(text, "  {value},");
        }
        text.push(']');
        return text;
    }
    format!("[{}]", values.collect::<Vec<_>>().join(", "))
}

/// A text as a TOML value of its own line.
pub(in crate::store) fn long_string(text: &str) -> String {
    string(text, Lines::Many)
}

/// A TOML string in the most readable of the four spellings that can hold the text.
fn string(text: &str, lines: Lines) -> String {
    let plain = !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    if lines == Lines::Many && text.contains('\n') {
        if plain && !text.contains("'''") && !text.ends_with('\'') {
            return format!("'''\n{text}'''");
        }
        return multi_line_basic(text);
    }
    let quotes = text.contains(['\\', '"']);
    if plain && quotes && !text.contains(['\n', '\'']) {
        return format!("'{text}'");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        escape(&mut out, c);
    }
    out.push('"');
    out
}

fn escape(out: &mut String, c: char) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() => {
            let _ = write!(out, "\\u{:04X}", u32::from(c));
        }
        c => out.push(c),
    }
}

fn multi_line_basic(text: &str) -> String {
    let mut out = String::from("\"\"\"\n");
    let mut run = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        run = if c == '"' { run + 1 } else { 0 };
        let must_escape = run == 3 || chars.peek().is_none();
        match c {
            '\n' | '\t' => out.push(c),
            '"' if !must_escape => out.push('"'),
            c => escape(&mut out, c),
        }
        if run == 3 {
            run = 0;
        }
    }
    out.push_str("\"\"\"");
    out
}
