//! Reading TOML tables strictly: every key is asked for by name, and what nobody asked for is an
//! error with its line and the nearest known word.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::suggest::suggest;
use crate::model::timing::parse_duration;

/// Something wrong at a place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    offset: usize,
    cause: String,
    hint: String,
}

impl Trouble {
    /// `span` counts bytes of the file; without one the first line is meant.
    pub(super) fn at(span: Option<Range<usize>>, cause: impl Into<String>) -> Self {
        let offset = span.map_or(0, |span| span.start);
        Trouble { offset, cause: cause.into(), hint: String::new() }
    }

    /// The same trouble with what to write instead.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The trouble as the user sees it: `users/create.toml:7`.
    pub(super) fn into_failure(self, file: &str, text: &str) -> Failure {
        let before = text.as_bytes().iter().take(self.offset);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        let target = format!("{file}:{line}");
        Failure::new(Stage::Storage, target, FailureKind::Malformed, self.cause).hint(self.hint)
    }
}

/// Parses TOML, with spans.
pub(super) fn parse_document(text: &str) -> Result<Document<&str>, Trouble> {
    Document::parse(text).map_err(|error| {
        let message = error.message().trim().replace('\n', ", ");
        Trouble::at(error.span(), format!("not TOML: {message}"))
    })
}

/// An item of the file with the name it goes by in messages.
#[derive(Clone)]
pub(super) struct NamedItem<'a> {
    pub(super) item: &'a Item,
    pub(super) name: String,
    span: Option<Range<usize>>,
}

impl<'a> NamedItem<'a> {
    /// A message about this entry: its name, then `what`.
    pub(super) fn wrong(&self, what: &str) -> Trouble {
        Trouble::at(self.span.clone(), format!("'{}' {what}", self.name))
    }

    /// Its string; anything else is an error.
    pub(super) fn text(&self) -> Result<&'a str, Trouble> {
        let message = || format!("must be a text in quotes, not {}", article(self.item));
        self.item.as_str().ok_or_else(|| self.wrong(&message()))
    }

    /// Its boolean; anything else is an error.
    pub(super) fn flag(&self) -> Result<bool, Trouble> {
        self.item.as_bool().ok_or_else(|| self.wrong("must be true or false"))
    }

    /// An integer from `min` to `max`, both included, in decimal digits.
    pub(super) fn number_text(&self, min: i64, max: i64) -> Result<String, Trouble> {
        let number = self.item.as_integer().filter(|number| (min..=max).contains(number));
        let number =
            number.ok_or_else(|| self.wrong(&format!("must be a number from {min} to {max}")));
        number.map(|number| number.to_string())
    }

    /// An integer that fits `T`; `range` says in the error what does.
    pub(super) fn number<T: TryFrom<i64>>(&self, range: &str) -> Result<T, Trouble> {
        let number = self.item.as_integer().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| self.wrong(&format!("must be a number {range}")))
    }

    /// The text of a duration.
    pub(super) fn duration(&self) -> Result<&'a str, Trouble> {
        let text = self.item.as_str().filter(|text| parse_duration(text).is_ok());
        text.ok_or_else(|| {
            self.wrong("is not a duration")
                .hint("write a number and a unit in quotes: \"500ms\", \"30s\"")
        })
    }

    /// Its keys for reading; an error when it is no table of either notation.
    pub(super) fn table(&self) -> Result<Fields<'a>, Trouble> {
        let message = || format!("must be a table, not {}", article(self.item));
        let table = self.item.as_table_like().ok_or_else(|| self.wrong(&message()))?;
        Ok(Fields { table, name: self.name.clone(), span: self.span.clone(), asked: Vec::new() })
    }

    /// The elements of a list, or of `[[name]]` tables.
    pub(super) fn list(&self) -> Result<Vec<Element<'a>>, Trouble> {
        let name = |index: usize| format!("{} {}", self.name, index + 1);
        if let Some(array) = self.item.as_array() {
            let elements = array.iter().enumerate();
            return Ok(elements.map(|(i, v)| Element::Value(v, name(i))).collect());
        }
        if let Some(tables) = self.item.as_array_of_tables() {
            let elements = tables.iter().enumerate();
            return Ok(elements.map(|(i, t)| Element::Table(t, name(i))).collect());
        }
        Err(self.wrong("must be a list in [ ]"))
    }
}

/// One element of a list.
pub(super) enum Element<'a> {
    Value(&'a Value, String),
    Table(&'a toml_edit::Table, String),
}

impl<'a> Element<'a> {
    /// `None` when it is no string.
    pub(super) fn as_text(&self) -> Option<&'a str> {
        match self {
            Element::Value(value, _) => value.as_str(),
            Element::Table(..) => None,
        }
    }

    /// A message about this element: list and number from 1, then `what`.
    pub(super) fn wrong(&self, what: &str) -> Trouble {
        let (span, name) = match self {
            Element::Value(value, name) => (value.span(), name),
            Element::Table(table, name) => (table.span(), name),
        };
        Trouble::at(span, format!("'{name}' {what}"))
    }

    /// Its keys for reading; an error when it is no table of either notation.
    pub(super) fn table(&self) -> Result<Fields<'a>, Trouble> {
        let (table, name, span): (&dyn TableLike, _, _) = match self {
            Element::Value(value, name) => {
                let table = value.as_inline_table();
                (table.ok_or_else(|| self.wrong("must be a table in { }"))?, name, value.span())
            }
            Element::Table(table, name) => (*table, name, table.span()),
        };
        Ok(Fields { table, name: name.clone(), span, asked: Vec::new() })
    }
}

/// A table whose keys are being read.
pub(super) struct Fields<'a> {
    table: &'a dyn TableLike,
    name: String,
    span: Option<Range<usize>>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The root of a file.
    pub(super) fn root(item: &'a Item) -> Result<Self, Trouble> {
        NamedItem { item, name: String::new(), span: None }.table()
    }

    /// A message about the table itself.
    pub(super) fn wrong(&self, what: &str) -> Trouble {
        if self.name.is_empty() {
            return Trouble::at(self.span.clone(), what);
        }
        Trouble::at(self.span.clone(), format!("'{}' {what}", self.name))
    }

    /// Whether the key was asked for.
    pub(super) fn knows(&self, key: &str) -> bool {
        self.asked.contains(&key)
    }

    /// The value of a key; remembers that the key is known.
    pub(super) fn get(&mut self, key: &'static str) -> Option<NamedItem<'a>> {
        self.asked.push(key);
        let (found, item) = self.table.get_key_value(key)?;
        let span = found.span().or_else(|| item.span());
        Some(NamedItem { item, name: key.into(), span })
    }

    /// The string of a key; `None` when it is not there, an error when it is no string.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<String>, Trouble> {
        self.get(key).map(|entry| entry.text().map(str::to_owned)).transpose()
    }

    /// The boolean of a key; `None` when it is not there, an error when it is none.
    pub(super) fn flag(&mut self, key: &'static str) -> Result<Option<bool>, Trouble> {
        self.get(key).map(|entry| entry.flag()).transpose()
    }

    /// The elements of a key; none when it is not there, an error when it is no list.
    pub(super) fn list(&mut self, key: &'static str) -> Result<Vec<Element<'a>>, Trouble> {
        self.get(key).map_or_else(|| Ok(Vec::new()), |entry| entry.list())
    }

    /// Every key with its value, in file order, for tables whose keys are free.
    pub(super) fn free(self) -> impl Iterator<Item = NamedItem<'a>> {
        let table = self.table;
        table.iter().map(move |(key, item)| {
            let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
            NamedItem { item, name: key.into(), span }
        })
    }

    /// Ends reading.
    ///
    /// # Errors
    /// When the table has a key that was never asked for.
    pub(super) fn done(self) -> Result<(), Trouble> {
        let unknown = self.table.iter().find(|(key, _)| !self.asked.contains(key));
        let Some((key, item)) = unknown else { return Ok(()) };
        let place = if self.name.is_empty() {
            "at the top of the file".to_owned()
        } else {
            format!("in '{}'", self.name)
        };
        let span = self.table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
        Err(Trouble::at(span, format!("unknown key '{key}' {place}"))
            .hint(suggest(key, &self.asked)))
    }
}

fn article(item: &Item) -> String {
    match item.type_name() {
        "integer" | "float" => "a number".into(),
        "boolean" => "true or false".into(),
        "array" => "a list".into(),
        other => format!("a {other}"),
    }
}
