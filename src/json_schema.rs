//! JSON Schema: whether a value is as a schema says, and in words where it is not.
//!
//! Called by contracts and by expectations. Nothing is fetched: a schema brings with it what it refers to. Patterns
//! are matched by an engine without backtracking first, so a hostile one costs no more than its length.

use std::fmt;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, JsonType, PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// Longest piece of a value in words.
const SHOWN: usize = 60;
/// Bytes a compiled pattern may take.
const PATTERN: usize = 1024 * 1024;
/// Steps back that a pattern may take which the quick engine cannot match.
const BACKTRACKS: usize = 100_000;

/// A schema ready to be asked.
pub(crate) struct Schema {
    validator: Validator,
    /// As it is written, to tell what it wants.
    written: Value,
}

/// One place of a value that is not as its schema says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Where in the value (RFC 6901); empty = the whole.
    pub(crate) pointer: String,
    /// The word of the schema that is not met.
    pub(crate) keyword: String,
    /// What the schema wants there, and what is there.
    pub(crate) expected: String,
    pub(crate) got: String,
    /// The same in a few words, without the place.
    pub(crate) words: String,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

impl fmt::Display for Misfit {
    /// Place, keyword, what is wanted and what is there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the whole" } else { &self.pointer };
        write!(f, "{place}: {}: expected {}, got {}", self.keyword, self.expected, self.got)
    }
}

impl Schema {
    /// Makes a schema ready; `draft` is what it is of, `None` = what it says, else the newest.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn compile(schema: &Value, draft: Option<Draft>) -> Result<Self, String> {
        let quick = PatternOptions::regex().size_limit(PATTERN).dfa_size_limit(PATTERN);
        let slow = PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS).size_limit(PATTERN);
        let options = || {
            let options = jsonschema::options().should_validate_formats(true);
            match draft {
                Some(draft) => options.with_draft(draft),
                None => options,
            }
        };
        let built = options().with_pattern_options(quick).offline().build(schema);
        // What looks around in a pattern is for the other engine.
        let built = built.or_else(|_| options().with_pattern_options(slow).offline().build(schema));
        let written = schema.clone();
        built.map(|validator| Schema { validator, written }).map_err(|error| flaw(&error))
    }

    /// Whether a value is as the schema says.
    pub(crate) fn is_met(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// Where it is not, at most so many places.
    pub(crate) fn misfits<'s>(
        &'s self,
        value: &'s Value,
        most: usize,
    ) -> impl Iterator<Item = Misfit> + 's {
        let errors = self.validator.iter_errors(value).take(most);
        errors.map(|error| misfit(&error, &self.written))
    }
}

/// What is wrong with a schema.
fn flaw(error: &ValidationError<'_>) -> String {
    let why = cut(&error.to_string(), 4 * SHOWN);
    if matches!(error.kind(), ValidationErrorKind::Referencing(_)) {
        return format!("the schema refers to what is not in it, and nothing is fetched: {why}");
    }
    let at = error.instance_path().as_str();
    let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
    format!("this is no schema{at}: {why}")
}

fn misfit(error: &ValidationError<'_>, schema: &Value) -> Misfit {
    let (expected, got) = sides(error, schema);
    Misfit {
        pointer: error.instance_path().as_str().to_owned(),
        keyword: error.kind().keyword().to_owned(),
        words: words(error),
        expected,
        got,
    }
}

/// What is wanted, as the schema has it, and what is there.
fn sides(error: &ValidationError<'_>, schema: &Value) -> (String, String) {
    let got = || cut(&error.instance().to_string(), SHOWN);
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            (cut(&property.to_string(), SHOWN), "no such member".to_owned())
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let names: Vec<String> = unexpected.iter().map(|name| format!("\"{name}\"")).collect();
            ("no other members".to_owned(), cut(&names.join(", "), SHOWN))
        }
        ValidationErrorKind::FalseSchema => ("nothing".to_owned(), got()),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let expected = format!("what one of {} schemas wants", context.len());
            let near = nearest(context).map(|error| format!("; nearest: {}", told(error)));
            (expected, got() + &near.unwrap_or_default())
        }
        ValidationErrorKind::UniqueItems => ("no element twice".to_owned(), got()),
        _ => match schema.pointer(error.schema_path().as_str()) {
            Some(wanted) => (cut(&wanted.to_string(), SHOWN), got()),
            // It stands behind a reference.
            None => (behind(error), got()),
        },
    }
}

/// What is wanted where the place in the schema does not lead to it.
fn behind(error: &ValidationError<'_>) -> String {
    let words = words(error);
    let wanted = words.strip_prefix("expected ").unwrap_or(&words);
    wanted.rsplit_once(", got ").map_or(wanted, |(wanted, _)| wanted).to_owned()
}

/// Where and in a few words.
fn told(error: &ValidationError<'_>) -> String {
    match error.instance_path().as_str() {
        "" => words(error),
        pointer => format!("{pointer}: {}", words(error)),
    }
}

fn words(error: &ValidationError<'_>) -> String {
    let got = error.instance();
    let shown = || cut(&got.to_string(), SHOWN);
    match error.kind() {
        ValidationErrorKind::Type { kind } => {
            format!("expected {}, got {}", types(kind), type_of(got))
        }
        ValidationErrorKind::Required { property } => {
            format!("'{}' is missing", property.as_str().unwrap_or_default())
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let names: Vec<String> = unexpected.iter().map(|name| format!("'{name}'")).collect();
            format!("{} not named in the schema", cut(&names.join(", "), SHOWN))
        }
        ValidationErrorKind::Enum { options } => {
            format!("expected one of {}, got {}", cut(&options.to_string(), SHOWN), shown())
        }
        ValidationErrorKind::Constant { expected_value } => {
            format!("expected {}, got {}", cut(&expected_value.to_string(), SHOWN), shown())
        }
        ValidationErrorKind::Format { format } => format!("expected {format}, got {}", shown()),
        ValidationErrorKind::Pattern { pattern } => {
            format!("expected text as {}, got {}", cut(pattern, SHOWN), shown())
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            alternatives(context)
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            "more than one alternative fits, one shall".to_owned()
        }
        ValidationErrorKind::FalseSchema => "nothing is allowed here".to_owned(),
        ValidationErrorKind::Not { schema } if schema["title"].is_string() => {
            let title = schema["title"].as_str().unwrap_or_default();
            format!("it shall not be {}", cut(title, SHOWN))
        }
        _ => cut(&error.to_string(), 4 * SHOWN),
    }
}

/// None fits: the one that comes nearest is told.
fn alternatives(context: &[Vec<ValidationError<'static>>]) -> String {
    let count = context.len();
    match nearest(context).map(told) {
        Some(near) => format!("fits none of {count} alternatives (nearest: {near})"),
        None => format!("fits none of {count} alternatives"),
    }
}

/// What is wrong with the alternative that comes nearest: something deep in it, and little.
fn nearest<'e>(
    context: &'e [Vec<ValidationError<'static>>],
) -> Option<&'e ValidationError<'static>> {
    let depth = |error: &ValidationError<'_>| error.instance_path().as_str().matches('/').count();
    let near = |errors: &&Vec<ValidationError<'static>>| {
        let deepest = errors.iter().map(depth).max().unwrap_or_default();
        (usize::MAX - deepest, errors.len())
    };
    let failed = context.iter().filter(|errors| !errors.is_empty());
    failed.min_by_key(near).and_then(|errors| errors.first())
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            kinds.iter().map(|kind: JsonType| kind.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}

/// What a value is, as schemas call it.
fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn cut(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().take(most).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(schema: &Value, value: &Value) -> Vec<String> {
        let schema = Schema::compile(schema, Some(Draft::Draft202012)).unwrap();
        let found: Vec<Misfit> = schema.misfits(value, 5).collect();
        assert_eq!(schema.is_met(value), found.is_empty());
        let told = |it: &Misfit| match it.pointer.as_str() {
            "" => it.words.clone(),
            pointer => format!("{pointer}: {}", it.words),
        };
        found.iter().map(told).collect()
    }

    #[test]
    fn a_misfit_says_where_what_was_expected_and_what_came() {
        let schema = json!({
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "integer"},
                "items": {"type": "array", "items": {"properties": {"price": {"type": "number"}}}},
                "color": {"enum": ["red", "blue"]},
                "at": {"type": "string", "format": "date-time"},
                "one": {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "string"}]},
            }
        });
        for (value, expected) in [
            (json!({"id": 1}), vec![]),
            (json!([]), vec!["expected object, got array"]),
            (json!({}), vec!["'id' is missing"]),
            (json!({"id": 1, "x": 2}), vec!["'x' not named in the schema"]),
            (
                json!({"id": 1, "items": [{"price": "1"}]}),
                vec!["/items/0/price: expected number, got string"],
            ),
            (
                json!({"id": 1, "color": "green"}),
                vec!["/color: expected one of [\"red\",\"blue\"], got \"green\""],
            ),
            (json!({"id": 1, "at": "now"}), vec!["/at: expected date-time, got \"now\""]),
        ] {
            assert_eq!(told(&schema, &value), expected, "{value}");
        }
        let none = told(&schema, &json!({"id": 1, "one": 5}));
        assert!(none[0].starts_with("/one: fits none of 2 alternatives (nearest: "), "{none:?}");
    }

    #[test]
    fn a_pattern_with_a_look_around_works_and_a_hostile_one_ends() {
        let around = json!({"pattern": "^(?=.*[0-9]).+$"});
        assert_eq!(told(&around, &json!("a1")), Vec::<String>::new());
        assert_eq!(told(&around, &json!("a")).len(), 1);
        let hostile = json!({"pattern": "^(a+)+(?=b)$"});
        assert_eq!(told(&hostile, &json!("a".repeat(5000))).len(), 1);
        assert!(Schema::compile(&json!({"type": 5}), None).is_err());
        assert!(Schema::compile(&json!({"$ref": "http://h/x"}), None).is_err());
    }

    #[test]
    fn a_misfit_names_the_keyword_and_both_sides_behind_references_too() {
        let schema = json!({
            "properties": {"a": {"$ref": "#/$defs/n"}, "b": {"maximum": 5}},
            "required": ["c"],
            "$defs": {"n": {"type": "integer"}}
        });
        let schema = Schema::compile(&schema, None).unwrap();
        let value = json!({"a": "x", "b": 6});
        let mut told: Vec<String> = schema.misfits(&value, 5).map(|it| it.to_string()).collect();
        told.sort();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("/a: type: expected "), "{told:?}");
        assert!(told[0].contains("integer") && told[0].ends_with("got \"x\""), "{told:?}");
        assert_eq!(told[1], "/b: maximum: expected 5, got 6");
        assert_eq!(told[2], "the whole: required: expected \"c\", got no such member");
    }
}
