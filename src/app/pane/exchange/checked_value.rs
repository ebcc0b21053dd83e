//! What of the value under the cursor can be captured or expected: its path in JSON, the header it is,
//! or the text that is marked. Of a request that a listener got what can be expected of the last one.

use super::body_value::{self, ValueFound};
use super::body_view::BodyView;
use super::exchange_state::ExchangePane;
use super::json_value::ValueForm;
use super::shown_exchange::ExchangeTab;
use super::tab_lines::{TextLine, Tone};
use crate::app::action::Action;
use crate::app::checking::CheckWish;
use crate::app::intent::{Intent, RowChange};
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::exchange::StartLine;
use crate::model::protocol::Side;
use crate::model::url_text::UrlText;

/// Characters of a value that is expected as it is; a longer one is only expected to be there.
const LONGEST: usize = 200;

impl ExchangePane {
    /// Captures or expects what is under the cursor; `None` = it is about something else.
    pub(super) fn check_by(&mut self, shared: &Shared, action: Action) -> Option<Outcome> {
        let is_capture = match action {
            Action::CaptureValue => true,
            Action::ExpectValue => false,
            _ => return None,
        };
        let refused = self.shown(shared).and_then(|shown| match shown.side {
            Side::Listener if is_capture => {
                Some("only answers to what we send are captured; [expect-value] expects this")
            }
            Side::Client | Side::Listener => None,
            Side::Relay => Some("of a relay nothing is captured or expected"),
        });
        if let Some(why) = refused {
            return Some(Outcome::say(why));
        }
        let Some((of, value)) = self.asked_about(shared) else {
            let can = "go to a value of JSON in Body, to a header or a cookie";
            return Some(Outcome::say(can));
        };
        let wish = if is_capture {
            CheckWish::Capture { name: name_of(&of), of }
        } else {
            CheckWish::Expect { about: of, value }
        };
        Some(Intent::Rows(RowChange::Check(wish)).into())
    }

    /// What is under the cursor as a field of expectations, and what it shall be to be as it is.
    fn asked_about(&self, shared: &Shared) -> Option<(String, String)> {
        let tab = self.tab(shared);
        match tab {
            ExchangeTab::Body => {
                let view = self.view(shared)?;
                let path = BodyView::path(view)?;
                let value = match body_value::under(view, ValueForm::Json) {
                    ValueFound::Text(_, text) => expected_json(&text),
                    ValueFound::Nothing | ValueFound::Line | ValueFound::Beyond(..) => {
                        "exists".to_owned()
                    }
                };
                Some((format!("json {path}"), value))
            }
            ExchangeTab::Headers => {
                let line = self.line_under(shared)?;
                if line.tone == Tone::Heading {
                    let shown = self.shown(shared)?;
                    if let StartLine::Request { .. } = shown.message()?.head.start {
                        let path = UrlText::literal(&shown.exchange.url).path;
                        return Some(("path".to_owned(), expected(path)));
                    }
                    let status = shown.message()?.head.status()?;
                    return Some(("status".to_owned(), status.to_string()));
                }
                let name = line.label.to_ascii_lowercase();
                (!name.is_empty()).then(|| (format!("header.{name}"), expected(&line.value.text)))
            }
            ExchangeTab::Timing
            | ExchangeTab::Cookies
            | ExchangeTab::Tls
            | ExchangeTab::Checks
            | ExchangeTab::Raw
            | ExchangeTab::Other => None,
        }
    }

    fn line_under(&self, shared: &Shared) -> Option<TextLine> {
        let at = self.place(shared).map_or(0, |place| place.cursor.selected);
        self.lines(shared)?.some(at, 1, usize::MAX).into_iter().find(TextLine::is_filled)
    }
}

/// What a value of JSON shall be to be as it is now, in the words of the expression language.
fn expected_json(text: &str) -> String {
    let flat: Option<serde_json::Value> = serde_json::from_str(text).ok();
    match flat {
        Some(serde_json::Value::String(text)) => expected(&text),
        Some(value) if value.to_string().len() <= LONGEST => value.to_string(),
        _ => "exists".to_owned(),
    }
}

/// A text as it is, in quotes where it would mean something else.
fn expected(text: &str) -> String {
    if text.chars().count() > LONGEST || text.contains(['\n', '\r']) {
        return "exists".to_owned();
    }
    let is_plain = text.chars().next().is_some_and(char::is_alphabetic)
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '/' | '-' | '.' | ';' | '=' | ' '))
        && !["contains", "matches", "in", "exists", "absent", "not", "true", "false", "null"]
            .iter()
            .any(|word| text.split(' ').next() == Some(word));
    if is_plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

/// A name for a variable: the last of the path or header.
fn name_of(of: &str) -> String {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words: Vec<&str> = of.split(|c| !is_of_name(c)).filter(|word| !word.is_empty()).collect();
    let named = words.iter().rev().find(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    match (of.strip_prefix("header."), named) {
        (Some(header), _) => header.replace('-', "_"),
        (None, Some(name)) if *name != "json" => (*name).to_owned(),
        _ => "value".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_named_after_what_it_is() {
        for (of, name) in [
            ("json .user.id", "id"),
            ("json .items[0]", "items"),
            ("json .access_token", "access_token"),
            ("json .[\"a b\"]", "b"),
            ("json .[0]", "value"),
            ("header.x-request-id", "x_request_id"),
        ] {
            assert_eq!(name_of(of), name, "{of}");
        }
    }

    #[test]
    fn what_is_expected_is_what_is_there() {
        use crate::check::Expectation;
        for (text, value) in [
            ("42", "42"),
            ("true", "true"),
            ("null", "null"),
            ("\"Ann\"", "Ann"),
            ("\"42\"", "'42'"),
            ("\"it's\"", "'it\\'s'"),
            ("\"in stock\"", "'in stock'"),
            ("\"a\\nb\"", "exists"),
            ("[1, 2]", "[1,2]"),
            ("{\n  \"a\": 1\n}", "{\"a\":1}"),
        ] {
            assert_eq!(expected_json(text), value);
            assert!(Expectation::parse("json .x", value).is_ok(), "{value}");
        }
    }
}
