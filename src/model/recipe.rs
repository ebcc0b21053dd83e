//! Recipes: what a body is made of another by, and what is known of one that is being made.
//!
//! The one table of them is [`RecipeKind::row`]; keys are in the action table, when each is worth
//! offering in `app/pane/exchange/recipes.rs`, who makes them in `engine/body/derive.rs`.

use strum::VariantArray;

use super::id::BodyId;
use super::view::{ViewMode, ViewPart};

/// The word on the command line that makes this program a filter of JSON; the filter follows.
pub const JQ_ROLE: &str = "__jq";

/// How one body is made of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    pub kind: RecipeKind,
    /// What was typed: a filter, a command. Empty for recipes that ask for nothing.
    pub text: String,
}

/// The kinds of recipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub enum RecipeKind {
    /// A jq filter, in a child process.
    Jq,
    SortKeys,
    Unescape,
    /// What one string of JSON holds; the text is its path.
    Value,
    /// XML or HTML laid out.
    Markup,
    Table,
    /// What a cell of a table holds, whole; the text tells which.
    Cell,
    /// JSON in units of two or four bytes as UTF-8. No key asks for it.
    Recode,
    /// A command of the user's, given the body on its standard input.
    Pipe,
}

/// A row of the table of recipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecipeRow {
    /// What stands in the frame of what was made, before what was typed.
    pub name: &'static str,
    /// What the line that asks is called; `None` = nothing is asked for.
    pub asks: Option<&'static str>,
    /// What may be typed there, shown while nothing is.
    pub example: &'static str,
    /// What it makes, in a sentence.
    pub makes: &'static str,
}

impl RecipeKind {
    /// The table.
    #[must_use]
    pub const fn row(self) -> RecipeRow {
        let example = match self {
            RecipeKind::Jq => "a filter, as .items[] | .name",
            RecipeKind::Pipe => "a command, as wc -l; it gets the bytes as received",
            _ => "",
        };
        let (name, asks, makes) = match self {
            RecipeKind::Jq => ("jq", Some("jq: "), "what a jq filter picks of JSON"),
            RecipeKind::SortKeys => ("sorted keys", None, "JSON with the keys of objects in order"),
            RecipeKind::Unescape => {
                ("unescaped", None, "text and JSON inside strings as what they are")
            }
            RecipeKind::Value => ("inside", None, "what the string under the cursor holds"),
            RecipeKind::Markup => ("laid out", None, "XML and HTML with one element a line"),
            RecipeKind::Table => ("table", None, "CSV, TSV, JSON Lines and lists in columns"),
            RecipeKind::Cell => ("cell", None, "what the cell under the cursor holds"),
            RecipeKind::Recode => ("as UTF-8", None, "JSON in UTF-16 or UTF-32 as any other"),
            RecipeKind::Pipe => {
                ("|", Some("pipe to: "), "what a command prints when it reads this")
            }
        };
        RecipeRow { name, asks, example, makes }
    }
}

impl Recipe {
    /// What stands in the frame of what it made.
    #[must_use]
    pub fn title(&self) -> String {
        let name = self.kind.row().name;
        if self.text.is_empty() { name.to_owned() } else { format!("{name} {}", self.text) }
    }
}

/// An order to make a body of another. There is one at a time: a newer one ends the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivation {
    /// Names it in what is reported; grows.
    pub number: u64,
    pub body: BodyId,
    pub part: ViewPart,
    /// First byte of what is made of it.
    pub from: u64,
    /// The `Content-Type` of the message whose body it is: text of another charset is read by it.
    pub content_type: Option<String>,
    pub recipe: Recipe,
}

/// How far a derivation is; a later report replaces the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivationReport {
    pub number: u64,
    /// What is made, once there is something of it.
    pub body: Option<BodyId>,
    /// How that is best shown; `None` = its first bytes tell.
    pub mode: Option<ViewMode>,
    /// The names of the columns, for above the lines.
    pub header: String,
    /// A line of it is shown in more than one: their numbers are not those of its rows.
    pub has_long_lines: bool,
    /// What is to be said of it: `exit status 1`, `laid out`.
    pub remark: String,
    /// It was cut, which the remark says.
    pub is_cut: bool,
    /// The remark is of something that is not as it should be: it was cut, a command failed.
    pub warns: bool,
    /// It is over; an error says in words why there is nothing, or no more.
    pub outcome: Option<Result<(), String>>,
}
