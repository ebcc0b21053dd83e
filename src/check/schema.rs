//! A body as a JSON Schema wants it, drafts 4 to 2020-12: a file, or written where it is expected. References
//! lead within the schema; nothing is fetched for it.

use std::cell::OnceCell;

use serde_json::Value;

use crate::json_schema::Schema;
use crate::model::counts::counted;
use crate::query::HelpWanted;

/// Places that do not fit and are named; how many more there are is said, up to a point.
const NAMED: usize = 10;
const COUNTED: usize = 1_000;

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
        Schema::compile(&schema, None)?;
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
        match schema.and_then(|schema| Schema::compile(schema, None)) {
            Ok(schema) => fit(&schema, body),
            Err(why) => Fit::Unknown(why),
        }
    }
}

fn fit(schema: &Schema, body: &Value) -> Fit {
    let mut misfits = schema.misfits(body, COUNTED);
    let mut places: Vec<String> = misfits.by_ref().take(NAMED).map(|it| it.to_string()).collect();
    if places.is_empty() {
        return Fit::Fits;
    }
    let more = misfits.count();
    let all = places.len() + more;
    if more > 0 {
        places.push(format!("and {more} more"));
    }
    let got = counted(all as u64, "place");
    Fit::Misfits {
        got: format!("{got} that {} not fit", if all == 1 { "does" } else { "do" }),
        places,
    }
}
