//! Search in a conversation: from row to row in steps of bounded work, so that no key waits for it.
//!
//! ```text
//!   row:   ..  7   8  [9]  10  11 ..      n from a hit in 9: the rest of 9, 10, 11 ...,
//!              8 and 7 come last, and the beginning of 9: everything is looked at once
//! ```
//! What is searched for stands in the pane's `Search`, shared with bodies; here is where a
//! conversation's search stands.

use std::time::Duration;

use super::{ConversationView, conversation_areas, inner, show_detail, with_talk};
use crate::app::effect::Effect;
use crate::app::message::Timer;
use crate::app::pane::response::{place, place_mut, session};
use crate::app::sessions::Session;
use crate::app::state::App;
use crate::codec::search::Pattern;
use crate::model::view::Towards;
use crate::timeline::Timeline;
use crate::timeline::conversation;
use crate::timeline::listing::STEP_WORK;

/// Between two steps: other messages get their turn.
const STEP_PAUSE: Duration = Duration::from_millis(1);
/// What looking at one row costs besides its bytes, in bytes searched.
const ROW_WORK: usize = 64;

/// Where the search stands.
#[derive(Debug, Default)]
pub struct RowSearch {
    /// Number of the row with the last hit, and the byte of it.
    pub hit: Option<(u64, usize)>,
    /// What is still to be looked at.
    running: Option<Course>,
}

/// A search on its way.
#[derive(Debug, Clone, Copy)]
struct Course {
    towards: Towards,
    /// Number of the row to look at next.
    next: u64,
    /// Byte from which (or before which) hits count in that row.
    from: Option<usize>,
    /// Rows still to be looked at.
    left: usize,
    wrapped: bool,
}

/// How a step ended.
enum Outcome {
    /// Place of the row, byte in it, and whether an end was passed.
    Found(usize, usize, bool),
    Nothing,
    More,
}

impl RowSearch {
    /// Whether it is still looking.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }
}

/// Searches from the last hit, or from the row under the cursor.
pub(in crate::app::pane::response) fn begin(app: &mut App, towards: Towards, from_hit: bool) {
    with_talk(app, |talk, session, _| {
        let selected = talk.cursor.selected;
        let len = talk.len(session);
        let here = talk.number(session, selected);
        // A hit counts as the place to go on from while the cursor is on its row.
        let hit = talk.search.hit.filter(|(number, _)| from_hit && Some(*number) == here);
        let from = match (hit, towards) {
            (Some((_, byte)), Towards::End) => Some(byte + 1),
            (Some((_, byte)), Towards::Start) => Some(byte),
            (None, _) => None,
        };
        talk.search.running = here.map(|next| {
            // The first row once more at the end, for what lies on its other side.
            let left = len + usize::from(from.is_some());
            Course { towards, next, from, left, wrapped: false }
        });
    });
    advance(app);
}

/// The next step of a search; the rest follows in a moment.
pub(in crate::app::pane::response) fn advance(app: &mut App) {
    let Some(mut course) = place(app).and_then(|place| place.talk.search.running) else { return };
    let outcome = match (session(app), place(app), &app.response.search.pattern) {
        (Some(session), Some(place), Some(pattern)) => {
            step(&mut course, (&place.talk, session), (&app.shared.timeline, pattern))
        }
        _ => Outcome::Nothing,
    };
    let Some(place) = place_mut(app) else { return };
    place.talk.search.running = matches!(outcome, Outcome::More).then_some(course);
    match outcome {
        Outcome::More => {
            app.effects.push(Effect::After { delay: STEP_PAUSE, timer: Timer::ConversationSearch });
        }
        Outcome::Nothing => {
            let text = app.response.search.text.clone();
            app.say(format!("'{text}' was not found"));
        }
        Outcome::Found(at, byte, wrapped) => {
            show(app, at, byte);
            if wrapped {
                let edge = if course.towards == Towards::End { "top" } else { "bottom" };
                app.say(format!("the search went on from the {edge}"));
            }
        }
    }
}

fn step(
    course: &mut Course,
    (talk, session): (&ConversationView, &Session),
    (timeline, pattern): (&Timeline, &Pattern),
) -> Outcome {
    let len = talk.len(session);
    let mut work = STEP_WORK;
    while course.left > 0 && len > 0 {
        let at = talk.place(session, course.next).min(len - 1);
        if let Some(row) = talk.row(session, at) {
            let bytes = conversation::bytes(timeline, row);
            let hit = match course.towards {
                Towards::End => pattern.first(&bytes, course.from.unwrap_or(0)),
                Towards::Start => pattern.last(&bytes, course.from.unwrap_or(bytes.len())),
            };
            if let Some(hit) = hit {
                return Outcome::Found(at, hit.start, course.wrapped);
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
        course.next = talk.number(session, next).unwrap_or(0);
        if work == 0 && course.left > 0 {
            return Outcome::More;
        }
    }
    Outcome::Nothing
}

/// Puts the cursor on the row of a hit; an open row shows the byte.
fn show(app: &mut App, at: usize, byte: usize) {
    with_talk(app, |talk, session, height| {
        let len = talk.len(session);
        talk.search.hit = talk.number(session, at).map(|number| (number, byte));
        talk.cursor.selected = at;
        talk.is_following = false;
        talk.cursor.settle(len, height);
    });
    if place(app).is_some_and(|place| place.talk.detail.is_some()) {
        show_detail(app);
    }
}

/// The open row shows the hit, if it is the one with it.
pub(super) fn show_hit(app: &mut App) {
    let height = usize::from(conversation_areas(app, inner(app)).detail.height);
    with_talk(app, |talk, session, _| {
        let number = talk.number(session, talk.cursor.selected);
        let hit = talk.search.hit.filter(|(row, _)| Some(*row) == number);
        if let (Some(detail), Some((_, byte))) = (talk.detail.as_mut(), hit) {
            detail.reveal(byte, height);
        }
    });
}
