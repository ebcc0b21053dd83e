//! Lays values out for reading: a table with one key is dotted (`body.json = ..`), lists of more
//! than one element take a line per element, rules of an HTTP listener get headers of their own,
//! long texts are literal multi-line strings.

use toml_edit::{DocumentMut, InlineTable, Item, Table, Value};

use crate::store::toml_string::{Lines, string};

/// Where a key stands, which decides how its value is laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyPlace {
    /// At the top: tables are sections.
    File,
    /// Where rules have headers.
    HttpListener,
    /// In a table whose keys have lines of their own.
    Section,
    /// In a table or list that stands on one line.
    Inline,
}

impl KeyPlace {
    /// Where the keys of the table with this key stand.
    pub(super) fn inside(self, key: &str) -> KeyPlace {
        match self {
            KeyPlace::File if key == "http-listener" => KeyPlace::HttpListener,
            KeyPlace::Inline => KeyPlace::Inline,
            _ => KeyPlace::Section,
        }
    }
}

/// The whole file.
pub(super) fn document(root: InlineTable) -> String {
    DocumentMut::from(table(KeyPlace::File, root)).to_string()
}

/// A table whose keys have lines of their own.
pub(super) fn table(place: KeyPlace, pairs: InlineTable) -> Table {
    let mut table = Table::new();
    for (key, value) in pairs {
        table.insert(&key, item(place, &key, value));
    }
    table
}

/// What stands at a key.
pub(super) fn item(place: KeyPlace, key: &str, value: Value) -> Item {
    match value {
        Value::InlineTable(section) if place == KeyPlace::File => {
            Item::Table(table(place.inside(key), section))
        }
        Value::Array(rules) if place == KeyPlace::HttpListener && key == "rule" => {
            let rules = rules.into_iter().filter_map(|rule| match rule {
                Value::InlineTable(rule) => Some(table(KeyPlace::Section, rule)),
                _ => None,
            });
            Item::ArrayOfTables(rules.collect())
        }
        value => {
            pair(value, if place == KeyPlace::Inline { Lines::One } else { Lines::Many }).into()
        }
    }
}

/// A value after its key: `tls = { sni = "x" }` becomes `tls.sni = "x"`.
fn pair(value: Value, lines: Lines) -> Value {
    match value {
        Value::InlineTable(table) if table.len() == 1 => {
            let inner = table.into_iter().map(|(key, value)| (key, self::value(value, lines)));
            let mut table: InlineTable = inner.collect();
            table.set_dotted(true);
            table.into()
        }
        value => self::value(value, lines),
    }
}

/// A value by itself, as in a list.
pub(super) fn value(value: Value, lines: Lines) -> Value {
    match value {
        Value::String(text) => {
            let spelled = string(text.value(), lines).parse();
            spelled.unwrap_or(Value::String(text))
        }
        Value::Array(array) => {
            let wide = array.len() > 1 && lines == Lines::Many;
            let mut array: toml_edit::Array =
                array.into_iter().map(|element| self::value(element, Lines::One)).collect();
            if wide {
                for element in array.iter_mut() {
                    element.decor_mut().set_prefix("\n  ");
                }
                array.set_trailing_comma(true);
                array.set_trailing("\n");
            }
            array.into()
        }
        Value::InlineTable(table) => {
            let pairs = table.into_iter().map(|(key, value)| (key, pair(value, Lines::One)));
            pairs.collect::<InlineTable>().into()
        }
        value => value,
    }
}
