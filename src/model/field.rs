//! An option as data. Beside each spec stands one table of [`FieldInfo`]s (in `model/fields`), and
//! the form, preset files, their schema, `--set` and the help are loops over it.
//!
//! Every value has one text: what the form shows and takes, and what `--set` takes; the kind says
//! how that text is spelled in a file. Structs and lists inside a spec have tables of their own, so
//! a place in a spec is a path through tables ([`FieldId`](super::field_id::FieldId)).

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use strum::{IntoStaticStr, VariantArray};

/// A page of the form; by name, and in the order of the tab strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(const_into_str)]
pub enum FormTab {
    Params,
    Headers,
    Auth,
    Body,
    /// What an HTTP listener answers, by method and path.
    Answers,
    /// Automatic answers of a TCP or UDP listener.
    #[strum(serialize = "Answers")]
    Rules,
    /// Steps done once the session is up.
    Steps,
    Options,
    /// What a relay does to what it passes on.
    Faults,
    /// What it changes of it.
    Rewrites,
    /// What the answer shall be.
    Expect,
    /// What of the answer becomes a variable.
    Capture,
}

/// Room a field asks for on its line, without its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldWidth {
    Cells(u16),
    /// A share of what is left.
    Fill(u16),
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Where to connect or bind: the line above the tabs.
    Address,
    /// One line, taken exactly.
    Text,
    /// One line without the space around it; some values are offered, any can be typed.
    Word(&'static [&'static str]),
    /// Words on one line with commas between; in a file a list.
    Words,
    /// One line shown as dots.
    Secret,
    /// Many lines.
    Area,
    Duration,
    /// A duration, or two with `..` between them.
    DurationRange,
    Number {
        min: i64,
        max: i64,
    },
    /// Bytes: a number, or one with a unit (`64k`, `1MiB`).
    Size {
        min: i64,
        max: i64,
    },
    /// Bytes a second, the same (`64k`, `8Mbit/s`).
    Rate {
        min: i64,
        max: i64,
    },
    /// So many of a hundred, from 1; `%` may stand behind it.
    Percent,
    Flag,
    /// A flag whose file spells the contrary: `off = true`.
    Off,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Which of the alternatives is meant that the rows with a `when` belong to. Not in files,
    /// where the keys of the alternative say it.
    Variant(&'static [&'static str]),
    /// As `Variant`; in a file the whole table may be `false` or `true` (the first two), and is
    /// the last when it is a table.
    Switch(&'static [&'static str]),
    /// Text with escapes, or `{ hex = ".." }`; the row inside says which.
    Payload,
    /// One text in a file, several fields in the form.
    Phrase,
    /// A struct with a table of its own; without a key its rows stand among these.
    Table,
    /// Rows with a table of their own.
    List(Spelling),
}

/// How the rows of a list are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// `"Name: value"`, or a table where no line can mean it.
    Header,
    /// `"name=value"`, or a table.
    Pair,
    /// `{ .. }`
    Table,
    /// `[[section.key]]`
    Headed,
    /// `name = value`, in a section of its own beside that of the spec: `[key]`.
    Entries,
}

/// When a key stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Written when it differs from the default.
    Optional,
    /// Written always, need not be there.
    Written,
    /// Refused when it is missing.
    Required,
}

/// What is known of a field without a spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// Key in the file, dotted in a table inside; empty for a `Variant`, which goes by the name of
    /// its table.
    pub key: &'static str,
    pub kind: ValueKind,
    pub label: &'static str,
    /// A sentence for the schema and the help; of a duration or number it names the unit.
    pub help: &'static str,
    /// Shown dimmed while the field is empty; of a list, in its first column.
    pub placeholder: &'static str,
    /// Page of the form; `None` = that of the table around it, at the top the address line.
    pub tab: Option<FormTab>,
    /// `None` = a line of its own.
    pub width: Option<FieldWidth>,
    /// Begins a new line in spite of its width.
    pub wraps: bool,
    /// The alternative it belongs to.
    pub when: Option<&'static str>,
    /// The text that need not be written, where an empty spec does not tell.
    pub default: Option<&'static str>,
    pub presence: Presence,
    /// A text that is the path of a file.
    pub is_path: bool,
    /// Letters at the word of its alternative begin its text; they take no other alternative.
    pub takes_letters: bool,
}

/// The methods of [`Options`] that tell of a table: rows of `key, kind, lens, what else is known;`.
/// The lens is a field of the struct, `(Pattern(value) => value)` for a value of one alternative,
/// `[get, get_mut]`, or `-` for a row without a value.
macro_rules! fields {
    ($($key:literal, $kind:expr, $lens:tt $(, $name:ident: $value:expr)*;)*) => {
        fn fields(&self) -> &'static [crate::model::field::FieldInfo] {
            &[$(crate::model::field::FieldInfo {
                key: $key,
                kind: $kind,
                $($name: $value,)*
                ..crate::model::field::FieldInfo::PLAIN
            }),*]
        }

        fn value(&self, at: usize) -> Option<&dyn crate::model::field::FieldValue> {
            let values: &[fn(&Self) -> Option<&dyn crate::model::field::FieldValue>] =
                &[$(crate::model::field::fields!(@get $lens)),*];
            values[at](self)
        }

        fn value_mut(&mut self, at: usize) -> Option<&mut dyn crate::model::field::FieldValue> {
            let values: &[fn(&mut Self) -> Option<&mut dyn crate::model::field::FieldValue>] =
                &[$(crate::model::field::fields!(@get_mut $lens)),*];
            values[at](self)
        }

        fn fresh(&self) -> Box<dyn crate::model::field::Options> {
            Box::new(Self::default())
        }
    };
    (@get -) => { |_| None };
    (@get_mut -) => { |_| None };
    (@get $field:ident) => { |s| Some(&s.$field) };
    (@get_mut $field:ident) => { |s| Some(&mut s.$field) };
    (@get [$get:expr, $get_mut:expr]) => { $get };
    (@get_mut [$get:expr, $get_mut:expr]) => { $get_mut };
    (@ $method:ident ($pattern:pat => $value:ident)) => {
        |s| if let $pattern = s { Some($value) } else { None }
    };
}
pub(super) use fields;

/// A value as text. Structs with a table have it from [`Options`].
pub trait FieldValue {
    fn show(&self) -> Cow<'_, str>;

    /// Takes a text, or says in a sentence why it is no value of this kind.
    fn set(&mut self, text: &str) -> Result<(), String>;

    /// The text itself, when the value is nothing else.
    fn text_mut(&mut self) -> Option<&mut String> {
        None
    }

    fn rows(&self) -> Option<&dyn Rows> {
        None
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        None
    }

    fn options(&self) -> Option<&dyn Options> {
        None
    }

    fn options_mut(&mut self) -> Option<&mut dyn Options> {
        None
    }
}

/// A struct or enum whose options stand in a table; `fields!` writes what tells of it. Rows are
/// counted from 0.
pub trait Options: 'static {
    fn fields(&self) -> &'static [FieldInfo];
    fn value(&self, at: usize) -> Option<&dyn FieldValue>;
    fn value_mut(&mut self, at: usize) -> Option<&mut dyn FieldValue>;
    /// One with the defaults.
    fn fresh(&self) -> Box<dyn Options>;

    /// The alternative it is, for tables with a `Variant` or `Switch`.
    fn variant(&self) -> &'static str {
        ""
    }

    /// Becomes another alternative, with what can be kept.
    fn switch(&mut self, _word: &str) {}

    /// Becomes this alternative, unless it is.
    fn choose(&mut self, word: &str) {
        if self.variant() != word {
            self.switch(word);
        }
    }

    /// The text of a `Phrase` or `Payload`.
    fn phrase(&self) -> Cow<'_, str> {
        self.variant().into()
    }

    fn set_phrase(&mut self, text: &str) -> Result<(), String> {
        self.choose(text);
        Ok(())
    }

    /// As a line of a list; `None` when no line means exactly this.
    fn line(&self, _spelling: Spelling) -> Option<String> {
        None
    }

    fn from_line(_line: &str, _spelling: Spelling) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// What a new row of a list is.
    fn example() -> Self
    where
        Self: Sized + Default,
    {
        Self::default()
    }
}

/// A list of rows with a table.
pub trait Rows {
    fn count(&self) -> usize;
    fn row(&self, at: usize) -> Option<&dyn Options>;
    fn row_mut(&mut self, at: usize) -> Option<&mut dyn Options>;
    /// A row with the defaults that belongs to no list.
    fn fresh(&self) -> Box<dyn Options>;
    /// A row as the user wants a new one, that belongs to no list.
    fn sample(&self) -> Box<dyn Options>;
    /// Adds a row with the defaults.
    fn push(&mut self);
    /// Adds a row as the user wants a new one.
    fn add(&mut self);
    fn remove(&mut self, at: usize);
    /// A row, to be put back later.
    fn kept(&self, at: usize) -> Option<Arc<dyn Any + Send + Sync>>;
    /// Puts a row that was kept of such a list at a place; tells whether it is one.
    fn insert(&mut self, at: usize, row: &dyn Any) -> bool;
    /// Adds the row that a line means; tells whether it means one.
    fn push_line(&mut self, line: &str, spelling: Spelling) -> bool;
}

impl FieldInfo {
    /// Nothing but a key and a kind is known.
    pub(super) const PLAIN: FieldInfo = FieldInfo {
        key: "",
        kind: ValueKind::Text,
        label: "",
        help: "",
        placeholder: "",
        tab: None,
        width: None,
        wraps: false,
        when: None,
        default: None,
        presence: Presence::Optional,
        is_path: false,
        takes_letters: false,
    };

    /// Whether it stands for the alternative of its table.
    #[must_use]
    pub(crate) fn is_variant(&self) -> bool {
        matches!(self.kind, ValueKind::Variant(_) | ValueKind::Switch(_))
    }

    /// Whether its rows stand among those of the table around it.
    #[must_use]
    pub(crate) fn is_inline(&self) -> bool {
        self.key.is_empty() && self.kind == ValueKind::Table
    }
}

impl<T: Options + Default> FieldValue for T {
    fn show(&self) -> Cow<'_, str> {
        self.phrase()
    }

    fn set(&mut self, text: &str) -> Result<(), String> {
        self.set_phrase(text)
    }

    fn options(&self) -> Option<&dyn Options> {
        Some(self)
    }

    fn options_mut(&mut self) -> Option<&mut dyn Options> {
        Some(self)
    }
}

impl<T: Options + Default + Clone + Send + Sync> Rows for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn row(&self, at: usize) -> Option<&dyn Options> {
        self.get(at).map(|row| row as &dyn Options)
    }

    fn row_mut(&mut self, at: usize) -> Option<&mut dyn Options> {
        self.get_mut(at).map(|row| row as &mut dyn Options)
    }

    fn fresh(&self) -> Box<dyn Options> {
        Box::new(T::default())
    }

    fn sample(&self) -> Box<dyn Options> {
        Box::new(T::example())
    }

    fn push(&mut self) {
        self.push(T::default());
    }

    fn add(&mut self) {
        self.push(T::example());
    }

    fn remove(&mut self, at: usize) {
        self.remove(at);
    }

    fn kept(&self, at: usize) -> Option<Arc<dyn Any + Send + Sync>> {
        let row = self.get(at)?.clone();
        Some(Arc::new(row))
    }

    fn insert(&mut self, at: usize, row: &dyn Any) -> bool {
        let row = row.downcast_ref::<T>().filter(|_| at <= self.len());
        row.map(|row| self.insert(at, row.clone())).is_some()
    }

    fn push_line(&mut self, line: &str, spelling: Spelling) -> bool {
        let row = T::from_line(line, spelling);
        row.map(|row| self.push(row)).is_some()
    }
}

impl<T: Options + Default + Clone + Send + Sync> FieldValue for Vec<T> {
    fn show(&self) -> Cow<'_, str> {
        self.len().to_string().into()
    }

    fn set(&mut self, _text: &str) -> Result<(), String> {
        Err("this is a list; name a row and a field of it, such as step.1.send".into())
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(self)
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(self)
    }
}
