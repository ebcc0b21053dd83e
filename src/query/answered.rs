//! What a question was answered with: the value that an expectation is compared with and that a
//! capture takes.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    /// There is no such thing; why, where that is not plain.
    Nothing(String),
    Number(u64),
    /// Bytes, as a number of them.
    Size(u64),
    Time(Duration),
    /// Texts of which any may be meant: headers of one name, names of a certificate.
    Texts(Vec<Vec<u8>>),
    Bytes(Vec<u8>),
    /// What stands at a path; several where it leads to several.
    Json(Vec<Value>),
    YesNo(bool),
}

impl Answered {
    /// One text, or nothing.
    #[must_use]
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Answered::none() } else { Answered::Texts(vec![text.into()]) }
    }

    /// There is none, for no reason that is worth a word.
    #[must_use]
    pub fn none() -> Self {
        Answered::Nothing(String::new())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match self {
            Answered::Nothing(_) => true,
            Answered::Texts(texts) => texts.is_empty(),
            Answered::Json(values) => values.is_empty(),
            _ => false,
        }
    }

    /// It as the text that a variable can hold.
    ///
    /// # Errors
    /// A sentence that says why it is none.
    pub fn as_variable(&self) -> Result<String, String> {
        let text = |bytes: &[u8]| {
            String::from_utf8(bytes.to_vec()).map_err(|_| {
                "these bytes are no text; take a part of them, or body[0:4]".to_owned()
            })
        };
        match self {
            Answered::Nothing(why) if why.is_empty() => Err("there is none in what came".into()),
            Answered::Nothing(why) => Err(why.clone()),
            Answered::Number(number) | Answered::Size(number) => Ok(number.to_string()),
            Answered::Time(time) => Ok(crate::model::timing::show_duration(*time)),
            Answered::Texts(texts) => match texts.first() {
                Some(first) => text(first),
                None => Err("there is none in what came".into()),
            },
            Answered::Bytes(bytes) => text(bytes),
            Answered::Json(values) => match values.as_slice() {
                [] => Err("there is nothing at this path".into()),
                [one] => Ok(plain(one)),
                several => Ok(Value::from(several.to_vec()).to_string()),
            },
            Answered::YesNo(yes) => Ok(yes.to_string()),
        }
    }
}

/// A value of JSON as text: a string without its quotes.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What stands at a path as one value: several are a list.
pub(super) fn whole(values: &[Value]) -> Cow<'_, Value> {
    match values {
        [one] => Cow::Borrowed(one),
        several => Cow::Owned(Value::from(several.to_vec())),
    }
}
