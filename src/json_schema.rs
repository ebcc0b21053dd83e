//! JSON Schema: whether a value is as a schema says, and in words where it is not.
//!
//! Called by contracts. Nothing is fetched: a schema brings with it what it refers to. Patterns are matched by
//! an engine without backtracking first, so a hostile one costs no more than its length.

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
pub(crate) struct Schema(Validator);

/// One place of a value that is not as its schema says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Where in the value (RFC 6901); empty = the whole.
    pub(crate) pointer: String,
    /// The word of the schema that is not met.
    pub(crate) keyword: String,
    /// What was expected and what is there.
    pub(crate) words: String,
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.words),
            pointer => write!(f, "{pointer}: {}", self.words),
        }
    }
}

impl Schema {
    /// Makes a schema ready; `draft` is what it is of where it does not say so itself.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn compile(schema: &Value, draft: Draft) -> Result<Self, String> {
        let quick = PatternOptions::regex().size_limit(PATTERN).dfa_size_limit(PATTERN);
        let slow = PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS).size_limit(PATTERN);
        let options = || jsonschema::options().with_draft(draft).should_validate_formats(true);
        let built = options().with_pattern_options(quick).build(schema);
        // What looks around in a pattern is for the other engine.
        let built = built.or_else(|_| options().with_pattern_options(slow).build(schema));
        built.map(Schema).map_err(|error| cut(&error.to_string(), 4 * SHOWN))
    }

    /// Whether a value is as the schema says.
    pub(crate) fn is_met(&self, value: &Value) -> bool {
        self.0.is_valid(value)
    }

    /// Where it is not, at most so many places.
    pub(crate) fn violations(&self, value: &Value, most: usize) -> Vec<Violation> {
        self.0.iter_errors(value).take(most).map(|error| violation(&error)).collect()
    }
}

fn violation(error: &ValidationError<'_>) -> Violation {
    Violation {
        pointer: error.instance_path().as_str().to_owned(),
        keyword: error.kind().keyword().to_owned(),
        words: words(error),
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
        _ => cut(&error.to_string(), 4 * SHOWN),
    }
}

/// None fits: the one that comes nearest is told.
fn alternatives(context: &[Vec<ValidationError<'static>>]) -> String {
    let depth = |error: &ValidationError<'_>| error.instance_path().as_str().matches('/').count();
    let near = |errors: &&Vec<ValidationError<'static>>| {
        let deepest = errors.iter().map(depth).max().unwrap_or_default();
        (usize::MAX - deepest, errors.len())
    };
    let count = context.len();
    let nearest = context.iter().min_by_key(near).and_then(|errors| errors.first());
    match nearest.map(violation) {
        Some(violation) => format!("fits none of {count} alternatives (nearest: {violation})"),
        None => format!("fits none of {count} alternatives"),
    }
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
        let schema = Schema::compile(schema, Draft::Draft202012).unwrap();
        let found = schema.violations(value, 5);
        assert_eq!(schema.is_met(value), found.is_empty());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_violation_says_where_what_was_expected_and_what_came() {
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
        assert!(Schema::compile(&json!({"type": 5}), Draft::Draft202012).is_err());
        assert!(Schema::compile(&json!({"$ref": "http://h/x"}), Draft::Draft202012).is_err());
    }
}
