//! A body as a JSON Schema wants it, drafts 4 to 2020-12: a file, or written where it is expected. References
//! lead within the schema; nothing is fetched for it.

use std::cell::OnceCell;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::model::counts::counted;
use crate::query::{HelpWanted, shown_short};

/// Places that do not fit and are named; how many more there are is said, up to a point.
const NAMED: usize = 10;
const COUNTED: usize = 1_000;
/// Memory of a compiled pattern.
const PATTERN_MEMORY: usize = 1024 * 1024;

/// Where a schema is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SchemaPlace {
    File(String),
    Here(Value),
}

/// What came of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    Fits,
    /// How many places do not, and the first of them.
    Misfits {
        got: String,
        places: Vec<String>,
    },
    /// Why it was not looked at.
    Unknown(String),
}

impl Fit {
    /// Whether it fits, what came, and what differs.
    pub(super) fn told(self) -> (bool, String, Vec<String>) {
        match self {
            Fit::Fits => (true, "what it wants".to_owned(), Vec::new()),
            Fit::Misfits { got, places } => (false, got, places),
            Fit::Unknown(why) => (false, format!("nothing that was looked at: {why}"), Vec::new()),
        }
    }
}

impl SchemaPlace {
    /// Reads what is expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("name a file with a JSON Schema, or write the schema itself".into());
        }
        if !text.starts_with('{') && !["true", "false"].contains(&text) {
            return Ok(SchemaPlace::File(text.to_owned()));
        }
        let schema: Value = serde_json::from_str(text)
            .map_err(|error| format!("this schema is no JSON: {error}"))?;
        compiled(&schema)?;
        Ok(SchemaPlace::Here(schema))
    }

    /// The file that is to be read before.
    pub(super) fn help_wanted(&self) -> Option<HelpWanted> {
        match self {
            SchemaPlace::File(path) => Some(HelpWanted::File(path.clone())),
            SchemaPlace::Here(_) => None,
        }
    }

    /// Looks at a body; `file` is what its file holds.
    pub(super) fn look(&self, body: &Value, file: Result<&[u8], String>) -> Fit {
        let read = OnceCell::new();
        let schema = match self {
            SchemaPlace::Here(schema) => Ok(schema),
            SchemaPlace::File(_) => file.and_then(|bytes| {
                let whole = serde_json::from_slice::<Value>(bytes);
                let whole = whole.map_err(|error| format!("the schema is no JSON: {error}"))?;
                Ok(read.get_or_init(|| whole))
            }),
        };
        match schema.and_then(|schema| Ok((compiled(schema)?, schema))) {
            Ok((validator, schema)) => fit(&validator, schema, body),
            Err(why) => Fit::Unknown(why),
        }
    }
}

fn compiled(schema: &Value) -> Result<Validator, String> {
    // Patterns that go back and forth could take any time.
    let patterns =
        PatternOptions::regex().size_limit(PATTERN_MEMORY).dfa_size_limit(PATTERN_MEMORY);
    let options =
        jsonschema::options().should_validate_formats(true).with_pattern_options(patterns);
    options.offline().build(schema).map_err(|error| {
        let why = shown_short(&error.to_string());
        if matches!(error.kind(), ValidationErrorKind::Referencing(_)) {
            return format!(
                "the schema refers to what is not in it, and nothing is fetched: {why}"
            );
        }
        let at = error.instance_path().as_str();
        let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
        format!("this is no schema{at}: {why}")
    })
}

fn fit(validator: &Validator, schema: &Value, body: &Value) -> Fit {
    let mut places = Vec::new();
    let mut all = 0;
    for error in validator.iter_errors(body).take(COUNTED) {
        all += 1;
        if places.len() < NAMED {
            places.push(place(&error, schema));
        }
    }
    if all == 0 {
        return Fit::Fits;
    }
    let more = all - places.len();
    if more > 0 {
        places.push(format!("and {more} more"));
    }
    let got = counted(all as u64, "place");
    Fit::Misfits {
        got: format!("{got} that {} not fit", if all == 1 { "does" } else { "do" }),
        places,
    }
}

/// Where in the body something does not fit, the keyword that says so, what it wants and what is there.
fn place(error: &ValidationError<'_>, schema: &Value) -> String {
    let at = error.instance_path().as_str();
    let at = if at.is_empty() { "the whole" } else { at };
    let (kind, keyword) = (error.kind(), error.kind().keyword());
    let got = shown_short(&error.instance().to_string());
    let told = match kind {
        ValidationErrorKind::Required { property } => {
            format!("expected {}, got no such member", shown_short(&property.to_string()))
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let names: Vec<String> = unexpected.iter().map(|name| format!("\"{name}\"")).collect();
            format!("expected no other members, got {}", shown_short(&names.join(", ")))
        }
        ValidationErrorKind::FalseSchema => format!("expected nothing, got {got}"),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let nearest = context.iter().filter(|errors| !errors.is_empty());
            let nearest = nearest.min_by_key(|errors| errors.len()).and_then(|it| it.first());
            let nearest = nearest.map(|error| format!("; nearest: {error}")).unwrap_or_default();
            format!(
                "expected what one of {} schemas wants, got {got}{}",
                context.len(),
                shown_short(&nearest)
            )
        }
        ValidationErrorKind::UniqueItems => format!("expected no element twice, got {got}"),
        _ => match schema.pointer(error.schema_path().as_str()) {
            Some(wanted) => format!("expected {}, got {got}", shown_short(&wanted.to_string())),
            None => shown_short(&error.to_string()),
        },
    };
    format!("{at}: {keyword}: {told}")
}
