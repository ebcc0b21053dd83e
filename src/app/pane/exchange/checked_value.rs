//! What of the value under the cursor can be captured or expected: its path in JSON, the header it is, a line of the
//! body or of a tab. Of a request that a listener got what can be expected of the last one.

use super::body_value::{self, ValueFound};
use super::body_view::BodyView;
use super::checked_tabs::{self, ValueAsked};
use super::exchange_state::ExchangePane;
use super::json_value::ValueForm;
use super::shown_exchange::ExchangeTab;
use super::tab_lines::{TextLine, Tone};
use crate::app::action::Action;
use crate::app::as_expected;
use crate::app::checking::CheckWish;
use crate::app::intent::{Intent, RowChange};
use crate::app::outcome::Outcome;
use crate::app::shared::Shared;
use crate::model::exchange::StartLine;
use crate::model::protocol::Side;
use crate::model::url_text::UrlText;

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
        let Some(ValueAsked { of, value, captured }) = self.asked_about(shared) else {
            let can = "go to a value or line of Body, a header, a cookie, a time, a fact of TLS, or what was not met";
            return Some(Outcome::say(can));
        };
        let wish = if is_capture {
            let (of, name) = captured.unwrap_or_else(|| (of.clone(), as_expected::variable(&of)));
            CheckWish::Capture { name, of }
        } else {
            CheckWish::Expect { about: of, value }
        };
        Some(Intent::Rows(RowChange::Check(wish)).into())
    }

    /// What is under the cursor as a field of expectations, and what it shall be to be as it is.
    fn asked_about(&self, shared: &Shared) -> Option<ValueAsked> {
        let tab = self.tab(shared);
        match tab {
            ExchangeTab::Body => {
                let view = self.view(shared)?;
                let Some(path) = BodyView::path(view) else { return checked_tabs::of_body(view) };
                let value = match body_value::under(view, ValueForm::Json) {
                    ValueFound::Text(_, text) => as_expected::json(&text),
                    ValueFound::Nothing | ValueFound::Line | ValueFound::Beyond(..) => {
                        "exists".to_owned()
                    }
                };
                Some(ValueAsked::new(format!("json {path}"), value))
            }
            ExchangeTab::Headers => {
                let line = self.line_under(shared)?;
                if line.tone == Tone::Heading {
                    let shown = self.shown(shared)?;
                    if let StartLine::Request { .. } = shown.message()?.head.start {
                        let path = UrlText::literal(&shown.exchange.url).path;
                        return Some(ValueAsked::new("path", as_expected::text(path)));
                    }
                    let status = shown.message()?.head.status()?;
                    return Some(ValueAsked::new("status", status.to_string()));
                }
                let name = line.label.to_ascii_lowercase();
                (!name.is_empty()).then(|| {
                    ValueAsked::new(format!("header.{name}"), as_expected::text(&line.value.text))
                })
            }
            ExchangeTab::Timing | ExchangeTab::Cookies | ExchangeTab::Tls | ExchangeTab::Checks => {
                let shown = self.shown(shared)?;
                let at = self.place(shared).map_or(0, |place| place.cursor.selected);
                let lines = self.lines(shared)?.some(0, usize::MAX, usize::MAX);
                checked_tabs::of_line(tab, &lines, at, shown.exchange, shown.report)
            }
            ExchangeTab::Raw | ExchangeTab::Other | ExchangeTab::Events => None,
        }
    }

    fn line_under(&self, shared: &Shared) -> Option<TextLine> {
        let at = self.place(shared).map_or(0, |place| place.cursor.selected);
        self.lines(shared)?.some(at, 1, usize::MAX).into_iter().find(TextLine::is_filled)
    }
}
