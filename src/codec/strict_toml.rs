//! Reading TOML tables strictly: every key is asked for by name, and what nobody asked for is an
//! error with its line and the nearest known word. All such keys of a file are told at once where its
//! reader asks for that ([`Fields::collecting`]), so that one look at the file mends it.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use toml_edit::{ArrayOfTables, Document, Item, TableLike, Value};

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http_answer::DelayRange;
use crate::model::suggest::suggest;
use crate::model::timing::parse_duration;

/// Something wrong at a place of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    offset: usize,
    cause: String,
    hint: String,
    /// Whether it is a key that nobody asked for: what is missing may come of it.
    is_unknown: bool,
    /// What is wrong besides, further down.
    more: Vec<Trouble>,
}

/// Mistakes that are told of one file; the rest is counted.
const TOLD: usize = 20;

impl Trouble {
    /// `span` counts bytes of the file; without one the first line is meant.
    pub(crate) fn at(span: Option<Range<usize>>, cause: impl Into<String>) -> Self {
        let offset = span.map_or(0, |span| span.start);
        Trouble {
            offset,
            cause: cause.into(),
            hint: String::new(),
            is_unknown: false,
            more: Vec::new(),
        }
    }

    /// The same trouble with what to write instead.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Several as one, in the order of the file; `None` = there is none.
    pub(crate) fn all(found: Vec<Trouble>) -> Option<Trouble> {
        let mut found: Vec<Trouble> = found.into_iter().flat_map(Trouble::apart).collect();
        found.sort_by_key(|trouble| trouble.offset);
        found.dedup();
        let mut found = found.into_iter();
        let first = found.next()?;
        Some(Trouble { more: found.collect(), ..first })
    }

    /// It and what is wrong besides, each for itself.
    fn apart(mut self) -> Vec<Trouble> {
        let more = std::mem::take(&mut self.more);
        std::iter::once(self).chain(more).collect()
    }

    /// `users/create.toml:7:1`, line and column as editors count them.
    fn place(&self, file: &str, text: &str) -> String {
        let before = text.get(..self.offset).unwrap_or(text);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
        format!("{file}:{line}:{column}")
    }

    /// What is wrong with what to write instead, where other things are told beside it.
    fn in_words(&self) -> String {
        if self.hint.is_empty() {
            self.cause.clone()
        } else {
            format!("{} ({})", self.cause, self.hint)
        }
    }

    /// The trouble as the user sees it, all of it with its place.
    pub(crate) fn into_failure(self, file: &str, text: &str) -> Failure {
        let target = self.place(file, text);
        let failed = |cause| Failure::new(Stage::Storage, target, FailureKind::Malformed, cause);
        if self.more.is_empty() {
            return failed(self.cause).hint(self.hint);
        }
        let told = self.more.iter().take(TOLD - 1);
        let told = told.map(|more| format!("{}: {}", more.place(file, text), more.in_words()));
        let mut parts: Vec<String> = std::iter::once(self.in_words()).chain(told).collect();
        let rest = self.more.len().saturating_sub(TOLD - 1);
        parts.extend((rest > 0).then(|| format!("and {rest} more")));
        failed(parts.join("; "))
    }
}

/// Parses TOML, with spans.
pub(crate) fn parse_document(text: &str) -> Result<Document<&str>, Trouble> {
    #[cfg(test)]
    PARSED.with(|parsed| parsed.set(parsed.get() + 1));
    Document::parse(text).map_err(|error| {
        let message = error.message().trim().replace('\n', ", ");
        Trouble::at(error.span(), format!("not TOML: {message}"))
    })
}

#[cfg(test)]
thread_local! {
    static PARSED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Texts parsed by this thread so far.
#[cfg(test)]
pub(crate) fn parsed_so_far() -> usize {
    PARSED.with(std::cell::Cell::get)
}

/// A value in either notation of tables and lists.
#[derive(Clone, Copy)]
pub(crate) enum Notation<'a> {
    Value(&'a Value),
    Table(&'a dyn TableLike),
    Tables(&'a ArrayOfTables),
}

impl<'a> From<&'a Value> for Notation<'a> {
    fn from(value: &'a Value) -> Self {
        value.as_inline_table().map_or(Notation::Value(value), |table| Notation::Table(table))
    }
}

/// A value of the file with the name it goes by in messages: its key, or list and number from 1.
#[derive(Clone)]
pub(crate) struct NamedItem<'a> {
    pub(crate) name: String,
    notation: Notation<'a>,
    span: Option<Range<usize>>,
    is_element: bool,
    unknown: Unknown,
}

/// Where unknown keys and wrong values are kept until the file is read to its end; `None` = the first is refused.
type Unknown = Option<Rc<RefCell<Vec<Trouble>>>>;

impl<'a> NamedItem<'a> {
    fn of(
        name: &str,
        item: &'a Item,
        span: Option<Range<usize>>,
        unknown: &Unknown,
    ) -> Option<Self> {
        let notation = match item {
            Item::Value(value) => value.into(),
            Item::ArrayOfTables(tables) => Notation::Tables(tables),
            Item::Table(table) => Notation::Table(table),
            Item::None => return None,
        };
        let unknown = unknown.clone();
        Some(NamedItem { name: name.into(), notation, span, is_element: false, unknown })
    }

    /// A message about this value: its name, then `what`.
    pub(crate) fn wrong(&self, what: &str) -> Trouble {
        Trouble::at(self.span.clone(), format!("'{}' {what}", self.name))
    }

    /// Reads it and notes what is wrong with it, so that reading goes on and all is told at once; an error where nothing
    /// is kept. What may come of unknown keys in it is left out beside them.
    pub(crate) fn noted(&self, read: impl FnOnce() -> Result<(), Trouble>) -> Result<(), Trouble> {
        let Some(kept) = &self.unknown else { return read() };
        let before = kept.borrow().len();
        let wrong = read().err();
        let mut kept = kept.borrow_mut();
        let has_unknown = kept.iter().skip(before).any(|found| found.is_unknown);
        kept.extend(wrong.filter(|_| !has_unknown));
        Ok(())
    }

    /// Where it begins, in bytes of the file.
    pub(crate) fn offset(&self) -> usize {
        self.span.as_ref().map_or(0, |span| span.start)
    }

    /// `None` when it is a table, or a list of tables with headers.
    pub(crate) fn value(&self) -> Option<&'a Value> {
        if let Notation::Value(value) = self.notation { Some(value) } else { None }
    }

    /// `None` when it is no string.
    pub(crate) fn as_text(&self) -> Option<&'a str> {
        self.value()?.as_str()
    }

    /// `None` when it is no boolean.
    pub(crate) fn as_flag(&self) -> Option<bool> {
        self.value()?.as_bool()
    }

    /// Its string; anything else is an error.
    pub(crate) fn text(&self) -> Result<&'a str, Trouble> {
        let message = || format!("must be a text in quotes, not {}", self.article());
        self.as_text().ok_or_else(|| self.wrong(&message()))
    }

    /// Its boolean; anything else is an error.
    pub(crate) fn flag(&self) -> Result<bool, Trouble> {
        self.as_flag().ok_or_else(|| self.wrong("must be true or false"))
    }

    /// An integer from `min` to `max`, both included; `range` says in the error what they are.
    pub(crate) fn number(&self, min: i64, max: i64, range: &str) -> Result<i64, Trouble> {
        let number = self.value().and_then(Value::as_integer);
        let number = number.filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| self.wrong(&format!("must be a number {range}")))
    }

    /// The text of a duration.
    pub(crate) fn duration(&self) -> Result<&'a str, Trouble> {
        self.as_text().filter(|text| parse_duration(text).is_ok()).ok_or_else(|| {
            self.wrong("is not a duration")
                .hint("write a number and a unit in quotes: \"500ms\", \"30s\"")
        })
    }

    /// The same, or two of them with `..` between.
    pub(crate) fn duration_range(&self) -> Result<&'a str, Trouble> {
        let text = self.as_text();
        let why = match text.map(str::parse::<DelayRange>) {
            Some(Ok(_)) => return text.ok_or_else(|| self.wrong("is not a duration")),
            Some(Err(why)) if why.contains("longer") => {
                return Err(self.wrong(&format!("cannot be this: {why}")));
            }
            Some(Err(_)) | None => "is not a duration",
        };
        let hint = "write a number and a unit in quotes, or two of them: \"500ms\", \"100ms..2s\"";
        Err(self.wrong(why).hint(hint))
    }

    /// Its keys for reading; an error when it is no table of either notation.
    pub(crate) fn table(&self) -> Result<Fields<'a>, Trouble> {
        let (name, span) = (self.name.clone(), self.span.clone());
        let unknown = self.unknown.clone();
        match self.notation {
            Notation::Table(table) => Ok(Fields { table, name, span, asked: Vec::new(), unknown }),
            _ if self.is_element => Err(self.wrong("must be a table in { }")),
            _ => Err(self.wrong(&format!("must be a table, not {}", self.article()))),
        }
    }

    /// The elements of a list, or of `[[name]]` tables.
    pub(crate) fn list(&self) -> Result<Vec<NamedItem<'a>>, Trouble> {
        let elements: Vec<(Notation<'a>, _)> = match self.notation {
            Notation::Value(Value::Array(array)) => {
                array.iter().map(|value| (value.into(), value.span())).collect()
            }
            Notation::Tables(tables) => {
                tables.iter().map(|table| (Notation::Table(table), table.span())).collect()
            }
            _ => return Err(self.wrong("must be a list in [ ]")),
        };
        let named = |(index, (notation, span))| {
            let name = format!("{} {}", self.name, index + 1);
            NamedItem { name, notation, span, is_element: true, unknown: self.unknown.clone() }
        };
        Ok(elements.into_iter().enumerate().map(named).collect())
    }

    fn article(&self) -> &'static str {
        match self.notation {
            Notation::Value(Value::Integer(_) | Value::Float(_)) => "a number",
            Notation::Value(Value::Boolean(_)) => "true or false",
            Notation::Value(Value::Array(_)) | Notation::Tables(_) => "a list",
            Notation::Value(Value::String(_)) => "a string",
            Notation::Value(Value::Datetime(_)) => "a datetime",
            Notation::Value(Value::InlineTable(_)) | Notation::Table(_) => "a table",
        }
    }
}

/// A table whose keys are being read.
pub(crate) struct Fields<'a> {
    table: &'a dyn TableLike,
    name: String,
    span: Option<Range<usize>>,
    asked: Vec<&'static str>,
    unknown: Unknown,
}

impl<'a> Fields<'a> {
    /// The root of a file.
    pub(crate) fn root(document: &'a Document<&str>) -> Self {
        let (name, asked) = (String::new(), Vec::new());
        Fields { table: document.as_table(), name, span: None, asked, unknown: None }
    }

    /// The root of a file whose unknown keys are told all at once: where it ends, so it has to be ended, or by
    /// [`Fields::or_unknown`] where something else is wrong before.
    pub(crate) fn collecting(document: &'a Document<&str>) -> Self {
        Fields { unknown: Some(Rc::default()), ..Fields::root(document) }
    }

    /// Something that is wrong, with what was found before; without it where keys are unknown, as it may come of
    /// them.
    pub(crate) fn or_unknown(&self, trouble: Trouble) -> Trouble {
        let mut found = self.unknown.as_ref().map(|found| found.take()).unwrap_or_default();
        if !found.iter().any(|found| found.is_unknown) {
            found.push(trouble.clone());
        }
        Trouble::all(found).unwrap_or(trouble)
    }

    /// A message about the table itself.
    pub(crate) fn wrong(&self, what: &str) -> Trouble {
        let name = if self.name.is_empty() { "" } else { &format!("'{}' ", self.name) };
        Trouble::at(self.span.clone(), format!("{name}{what}"))
    }

    /// Whether the key was asked for.
    pub(crate) fn knows(&self, key: &str) -> bool {
        self.asked.contains(&key)
    }

    /// The value of a key; remembers that the key is known.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<NamedItem<'a>> {
        self.asked.push(key);
        let (_, item) = self.table.get_key_value(key)?;
        NamedItem::of(key, item, self.span_of(key, item), &self.unknown)
    }

    /// The string of a key; `None` when it is not there, an error when it is no string.
    pub(crate) fn text(&mut self, key: &'static str) -> Result<Option<String>, Trouble> {
        self.get(key).map(|entry| entry.text().map(str::to_owned)).transpose()
    }

    /// The elements of a key; none when it is not there, an error when it is no list.
    pub(crate) fn list(&mut self, key: &'static str) -> Result<Vec<NamedItem<'a>>, Trouble> {
        self.get(key).map_or_else(|| Ok(Vec::new()), |entry| entry.list())
    }

    /// Every key with its value, in file order, for tables whose keys are free.
    pub(crate) fn free(self) -> impl Iterator<Item = NamedItem<'a>> {
        let keys = self.table.iter();
        keys.filter_map(move |(key, item)| {
            NamedItem::of(key, item, self.span_of(key, item), &self.unknown)
        })
    }

    fn span_of(&self, key: &str, item: &Item) -> Option<Range<usize>> {
        self.table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span())
    }

    /// Ends reading.
    ///
    /// # Errors
    /// When the table has keys that were never asked for; of a root that collects them, when any table has.
    pub(crate) fn done(self) -> Result<(), Trouble> {
        let table = format!("in '{}'", self.name);
        let place = if self.name.is_empty() { "at the top of the file" } else { &table };
        let unknown = self.table.iter().filter(|(key, _)| !self.asked.contains(key));
        let unknown = unknown.map(|(key, item)| {
            let cause = format!("unknown key '{key}' {place}");
            let trouble = Trouble::at(self.span_of(key, item), cause);
            Trouble { is_unknown: true, ..trouble.hint(suggest(key, &self.asked)) }
        });
        let mut found: Vec<Trouble> = unknown.collect();
        if let Some(kept) = &self.unknown {
            kept.borrow_mut().append(&mut found);
            if self.name.is_empty() {
                found = kept.take();
            }
        }
        Trouble::all(found).map_or(Ok(()), Err)
    }
}
