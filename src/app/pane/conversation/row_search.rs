//! Search in a conversation: from row to row in steps of bounded work, so that no key waits for it.
//!
//! ```text
//!   row:   ..  7   8  [9]  10  11 ..      n from a hit in 9: the rest of 9, 10, 11 ...,
//!              8 and 7 come last, and the beginning of 9: everything is looked at once
//! ```

use std::time::Duration;

use super::conversation_state::ConversationPane;
use super::conversation_view::{ConversationView, SearchCourse};
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::message::Timer;
use crate::app::outcome::Outcome;
use crate::app::prompt::{Prompt, PromptPurpose};
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::codec::search::Pattern;
use crate::model::view::Towards;
use crate::timeline::Timeline;
use crate::timeline::conversation;
use crate::timeline::listing::STEP_WORK;

/// Between two steps: other messages get their turn.
const STEP_PAUSE: Duration = Duration::from_millis(1);
/// What looking at one row costs besides its bytes, in bytes searched.
const ROW_WORK: usize = 64;

/// How a step ended.
enum StepEnd {
    /// Place of the row, byte in it, and whether an end was passed.
    Found(usize, usize, bool),
    Nothing,
    More,
}

impl ConversationPane {
    /// Opens the search line; the last text stays and is gone with one key.
    pub(super) fn open_search(&mut self, shared: &Shared) -> Outcome {
        self.prompt = Some(Prompt::new(PromptPurpose::Search, ""));
        self.settle(shared);
        Outcome::yes()
    }

    /// Searches from the last hit, or from the row under the cursor.
    pub(crate) fn search(&mut self, shared: &Shared, towards: Towards, from_hit: bool) -> Outcome {
        if shared.search.text.is_empty() {
            return self.open_search(shared);
        }
        self.change(shared, |view, session, _| {
            let selected = view.cursor.selected;
            let len = view.len(session);
            let here = view.number(session, selected);
            // A hit counts as the place to go on from while the cursor is on its row.
            let hit = view.search.hit.filter(|(number, _)| from_hit && Some(*number) == here);
            let from = match (hit, towards) {
                (Some((_, byte)), Towards::End) => Some(byte + 1),
                (Some((_, byte)), Towards::Start) => Some(byte),
                (None, _) => None,
            };
            view.search.running = here.map(|next| {
                // The first row once more at the end, for what lies on its other side.
                let left = len + usize::from(from.is_some());
                SearchCourse { towards, next, from, left, wrapped: false }
            });
        });
        self.search_on(shared).map_or_else(Outcome::yes, Outcome::from)
    }

    /// The next step of a search; the rest follows in a moment.
    pub(super) fn search_on(&mut self, shared: &Shared) -> Option<Intent> {
        let session = shared.session()?;
        let view = self.view_mut(shared)?;
        let mut course = view.search.running.take()?;
        let end = match &shared.search.pattern {
            Some(pattern) => step(&mut course, (view, session), (&shared.timeline, pattern)),
            None => StepEnd::Nothing,
        };
        match end {
            StepEnd::More => {
                view.search.running = Some(course);
                let timer = Timer::ConversationSearch;
                Some(Intent::Perform(Effect::After { delay: STEP_PAUSE, timer }))
            }
            StepEnd::Nothing => {
                Some(Intent::Quote(format!("'{}' was not found", shared.search.text)))
            }
            StepEnd::Found(at, byte, wrapped) => {
                self.show(shared, at, byte);
                let edge = if course.towards == Towards::End { "top" } else { "bottom" };
                wrapped.then(|| Intent::Say(format!("the search went on from the {edge}")))
            }
        }
    }

    /// Puts the cursor on the row of a hit; an open row shows the byte.
    fn show(&mut self, shared: &Shared, at: usize, byte: usize) {
        self.change(shared, |view, session, height| {
            let len = view.len(session);
            view.search.hit = view.number(session, at).map(|number| (number, byte));
            view.cursor.selected = at;
            view.is_following = false;
            view.cursor.settle(len, height);
        });
        if self.view(shared).is_some_and(|view| view.detail.is_some()) {
            self.show_detail(shared);
        }
    }
}

fn step(
    course: &mut SearchCourse,
    (view, session): (&ConversationView, &Session),
    (timeline, pattern): (&Timeline, &Pattern),
) -> StepEnd {
    let len = view.len(session);
    let mut work = STEP_WORK;
    while course.left > 0 && len > 0 {
        let at = view.place(session, course.next).min(len - 1);
        if let Some(row) = view.row(session, at) {
            let bytes = conversation::bytes(timeline, row);
            let hit = match course.towards {
                Towards::End => pattern.first(&bytes, course.from.unwrap_or(0)),
                Towards::Start => pattern.last(&bytes, course.from.unwrap_or(bytes.len())),
            };
            if let Some(hit) = hit {
                return StepEnd::Found(at, hit.start, course.wrapped);
            }
            let between = row.last.0.saturating_sub(row.first.0) as usize;
            work = work.saturating_sub(bytes.len() + ROW_WORK * (1 + between));
        }
        course.from = None;
        course.left -= 1;
        let next = match course.towards {
            Towards::End if at + 1 < len => at + 1,
            Towards::Start if at > 0 => at - 1,
            towards => {
                course.wrapped = true;
                if towards == Towards::End { 0 } else { len - 1 }
            }
        };
        course.next = view.number(session, next).unwrap_or(0);
        if work == 0 && course.left > 0 {
            return StepEnd::More;
        }
    }
    StepEnd::Nothing
}
