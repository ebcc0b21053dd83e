//! A spec as [`Node`]s: only what differs from the defaults, in the order of its table.

use super::node::{Node, Table};
use crate::model::field::{FieldInfo, FieldValue, Options, Presence, Rows, ValueKind};
use crate::model::spec::Spec;

/// The whole file.
pub(super) fn preset(about: &str, spec: &Spec) -> Table {
    let mut root = Table::default();
    if !about.is_empty() {
        root.set("about", Node::Text(about.into()));
    }
    root.set(spec.section(), Node::Table(table(spec.options())));
    root
}

fn table(options: &dyn Options) -> Table {
    let mut table = Table::default();
    collect(options, &mut table);
    table
}

fn collect(options: &dyn Options, table: &mut Table) {
    let fresh = options.fresh();
    for (at, info) in options.fields().iter().enumerate() {
        let Some(value) = options.value(at) else { continue };
        if let Some(inner) = value.options().filter(|_| info.is_inline()) {
            collect(inner, table);
            continue;
        }
        let default = info.default.map_or_else(
            || fresh.value(at).and_then(|value| node(value, info)),
            |text| scalar(text, info),
        );
        let written = node(value, info);
        if info.presence != Presence::Optional || written != default {
            table.set_path(info.key, written);
        }
    }
}

/// What a file says of a value; `None` = nothing.
fn node(value: &dyn FieldValue, info: &FieldInfo) -> Option<Node> {
    match info.kind {
        ValueKind::Table => switch(value.options()?),
        ValueKind::List(_) => {
            let rows = value.rows()?;
            let nodes: Vec<Node> = (0..rows.count()).filter_map(|at| row(rows, at, info)).collect();
            // An empty list is the default, unless it says which alternative is meant.
            (!nodes.is_empty() || info.when.is_some()).then_some(Node::List(nodes))
        }
        ValueKind::Payload => {
            let text = Node::Text(value.show().into_owned());
            let format = value.options().and_then(|inner| inner.value(0));
            let is_hex = format.is_some_and(|format| format.show() == "hex");
            Some(if is_hex { Node::Table(Table(vec![("hex", text)])) } else { text })
        }
        _ => scalar(&value.show(), info),
    }
}

fn scalar(text: &str, info: &FieldInfo) -> Option<Node> {
    Some(match info.kind {
        ValueKind::Flag => Node::Flag(text == "on"),
        ValueKind::Off => Node::Flag(text == "off"),
        ValueKind::Number { .. } => Node::Number(text.parse().ok()?),
        _ => Node::Text(text.into()),
    })
}

fn row(rows: &dyn Rows, at: usize, info: &FieldInfo) -> Option<Node> {
    let ValueKind::List(spelling) = info.kind else { return None };
    let row = rows.row(at)?;
    Some(row.line(spelling).map_or_else(|| Node::Table(table(row)), Node::Text))
}

/// A table, or `true` where it is only switched on. Switched off it is not written.
fn switch(options: &dyn Options) -> Option<Node> {
    let inside = table(options);
    let switched = options.fields().iter().find_map(|info| match info.kind {
        ValueKind::Switch([off, ..]) => Some(options.variant() != *off),
        _ => None,
    });
    match switched {
        Some(true) if inside.0.is_empty() => Some(Node::Flag(true)),
        Some(true) => Some(Node::Table(inside)),
        Some(false) => None,
        None => (!inside.0.is_empty()).then_some(Node::Table(inside)),
    }
}
