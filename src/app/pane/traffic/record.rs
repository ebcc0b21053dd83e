//! The record of the traffic pane that is looked at closely: opened, shown as hex, searched in.
//!
//! The bytes of one record are bounded, so a search is over before the next frame.

use ratatui::layout::Rect;

use super::TrafficPane;
use crate::app::action::Action;
use crate::app::copying::{CopyAs, copy, put};
use crate::app::decoded_view;
use crate::app::intent::Intent;
use crate::app::message::Mouse;
use crate::app::outcome::Outcome;
use crate::app::record_view::{self, Detail};
use crate::app::seen_request::curl_of;
use crate::app::shared::{Shared, TextSearch};
use crate::codec::search::Pattern;
use crate::model::view::SearchDirection;

impl TrafficPane {
    /// Enter: opens the record, then gives it the keys, then closes it.
    pub(super) fn toggle_record(&mut self, shared: &Shared) -> Outcome {
        if !record_view::enter(&mut self.detail) {
            self.open_record(shared);
        }
        Intent::RecordOpen(self.detail.is_some()).into()
    }

    /// Esc: takes the keys back from the record, then closes it.
    pub(super) fn close_record(&mut self) -> Outcome {
        if record_view::leave(&mut self.detail) {
            Intent::RecordOpen(self.detail.is_some()).into()
        } else {
            Outcome::no()
        }
    }

    fn open_record(&mut self, shared: &Shared) {
        let Some(id) = self.selected(shared) else { return };
        let Some(record) = shared.timeline.get(id) else { return };
        let hints = decoded_view::hints(&shared.timeline, &record);
        record_view::show(&mut self.detail, (id, record.kind), record.data.clone(), &hints);
        self.resized(shared);
    }

    /// An open record goes with the cursor.
    pub(super) fn show_record(&mut self, shared: &Shared) {
        if self.detail.is_some() {
            self.open_record(shared);
        }
    }

    /// What an action does to the cursor on its bytes.
    pub(super) fn act_on_bytes(&mut self, shared: &Shared, action: Action) -> Option<Outcome> {
        let area = self.areas_now(shared).detail;
        let detail = self.detail.as_mut()?;
        detail.act(action, area).then(Outcome::yes)
    }

    /// The mouse on its bytes.
    pub(super) fn point(&mut self, area: Rect, mouse: Mouse) -> Outcome {
        let Some(detail) = &mut self.detail else { return Outcome::no() };
        detail.mouse(mouse, area);
        Outcome::yes()
    }

    /// Copies what is selected in it, else the row under the cursor.
    pub(super) fn copy(&self, shared: &Shared, how: CopyAs) -> Outcome {
        if let Some(intents) = decoded_view::copied(self.detail.as_ref(), how) {
            return intents.into();
        }
        let record = self.selected(shared).and_then(|id| shared.timeline.get(id));
        record.map_or_else(Outcome::yes, |record| copy("message", &record.data, how).into())
    }

    /// Copies the request of the row under the cursor as a curl command, as it was said.
    pub(super) fn copy_curl(&self, shared: &Shared) -> Outcome {
        let Some(id) = self.selected(shared) else { return Outcome::yes() };
        match curl_of(shared, id) {
            Ok(command) => put("request as a curl command", command).into(),
            Err(why) => Outcome::say(why),
        }
    }

    /// Shows it as hex, and back.
    pub(super) fn toggle_hex(&mut self, shared: &Shared) -> Outcome {
        self.show_as(shared, Detail::toggle_hex)
    }

    /// Shows it as text, as hex and taken apart, in turn.
    pub(super) fn next_form(&mut self, shared: &Shared) -> Outcome {
        self.show_as(shared, Detail::next_form)
    }

    fn show_as(&mut self, shared: &Shared, turn: fn(&mut Detail, Rect)) -> Outcome {
        let area = self.areas_now(shared).detail;
        let Some(detail) = &mut self.detail else {
            let how = "[detail] shows the record; then [view-hex] switches to hex, and \
                       [view-mode] takes it apart";
            return Outcome::say(how);
        };
        turn(detail, area);
        Outcome::yes()
    }

    /// Searches for what was typed.
    pub(super) fn look_for(&mut self, shared: &Shared, text: String) -> Outcome {
        if !text.is_empty() && text != self.search.text {
            self.search = TextSearch { pattern: Pattern::parse(&text), text };
            if let Some(detail) = &mut self.detail {
                detail.here = None;
            }
        }
        self.go(shared, SearchDirection::Forward)
    }

    /// Goes to the next hit or the one before, round the ends.
    pub(super) fn go(&mut self, shared: &Shared, direction: SearchDirection) -> Outcome {
        let area = self.areas_now(shared).detail;
        let is_inside = self.detail.as_ref().is_some_and(|detail| detail.inside);
        if self.found.is_some() && !is_inside {
            return self.go_to_hit(shared, direction, false);
        }
        let Some(pattern) = self.pattern() else {
            return Outcome::say("nothing is searched for: [find-text] begins");
        };
        let Some(detail) = &self.detail else {
            let how = "[detail] opens the record; then [find-next] goes from hit to hit";
            return Outcome::say(how);
        };
        let Some((hit, wrapped)) = find(detail, pattern, direction) else {
            return Outcome::say("not found in this record");
        };
        if let Some(detail) = &mut self.detail {
            detail.reveal(hit, area);
        }
        wrapped.then(|| Intent::say_wrapped(direction)).into()
    }
}

/// The next hit in a record or the one before, from where the search or the screen stands; and
/// whether it went on round the end.
fn find(detail: &Detail, pattern: &Pattern, direction: SearchDirection) -> Option<(usize, bool)> {
    let bytes = &detail.bytes;
    let first = detail.row(detail.top).map_or(0, |(at, _)| at);
    let (ahead, round) = match direction {
        SearchDirection::Forward => {
            let from = detail.here.map_or(first, |at| at + 1);
            (pattern.first(bytes, from), pattern.first(bytes, 0))
        }
        SearchDirection::Backward => {
            let before = detail.here.unwrap_or(first);
            (pattern.last(bytes, before), pattern.last(bytes, bytes.len()))
        }
    };
    ahead.map(|hit| (hit.start, false)).or(round.map(|hit| (hit.start, true)))
}
