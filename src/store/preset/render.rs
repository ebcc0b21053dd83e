//! [`Node`] to TOML text, laid out for reading: a table with one key is dotted (`body.json = ..`),
//! lists of more than one element take a line per element, tables of an HTTP listener's rules
//! get headers of their own, long texts are literal multi-line strings.

use std::fmt::Write as _;

use super::node::{Node, Table};
use crate::store::toml_string::{Lines, string};

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
    let is_headed = |key: &str| section == "http-listener" && key == "rule";
    for (key, node) in table.0.iter().filter(|(key, _)| !is_headed(key)) {
        pair(text, key, node);
    }
    for (key, node) in table.0.iter().filter(|(key, _)| is_headed(key)) {
        let Node::List(rules) = node else { continue };
        for rule in rules {
            let _ = writeln!(text, "\n[[{section}.{key}]]");
            if let Node::Table(rule) = rule {
                pairs(text, "rule", rule);
            }
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
