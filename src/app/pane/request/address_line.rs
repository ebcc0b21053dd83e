//! The address line as an object: what it speaks, the address, what it stands for, and the block that
//! sends it or tells how long it runs already.
//!
//! ```text
//!  GET  http://{{host}}/users?page=2                          F5 send
//! → http://localhost:8080/users?page=2
//! ```
//! Pure geometry and words, for drawing and clicking.

use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::format;
use crate::app::keymap::Context;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shared;
use crate::compose::resolved_address;
use crate::model::protocol::Side;

/// Below so many cells the address has the line for itself.
const ROOMY: u16 = 46;
/// Rows of the form from which one is spent on what the address stands for.
const TALL: u16 = 6;
/// Longest address, with its query, that is resolved while it is typed, in bytes.
const RESOLVED: usize = 16 * 1024;

/// Where the parts of the line are; empty where there is no room or nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddressAreas {
    /// The protocol, where the line has no method.
    pub badge: Rect,
    /// The fields of the form.
    pub(super) fields: Rect,
    pub send: Rect,
    /// The row below, for what the address stands for.
    pub resolved: Rect,
}

/// The block at the end of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendBlock {
    pub text: String,
    /// What pressing it does.
    pub action: Action,
    /// Something runs that it ends.
    pub is_running: bool,
}

/// Puts the line into the pane's inner area, and below it what the address stands for if that is to
/// be told (see [`resolved`]).
#[must_use]
pub(super) fn address_areas(shared: &Shared, inner: Rect, is_resolved: bool) -> AddressAreas {
    let line = Rect { height: inner.height.min(1), ..inner };
    let mut areas = AddressAreas { fields: line, ..AddressAreas::default() };
    let send = send_area(shared, inner);
    if !send.is_empty() {
        let spec = &shared.drafts.current().spec;
        // A method brings its own block; only the cell before it is missing.
        let badge = if spec.method().is_some() { 1 } else { width(spec.badge()) };
        areas.badge = Rect { width: badge, ..line };
        areas.send = send;
        let start = line.x + badge + u16::from(badge > 1);
        areas.fields = Rect { x: start, width: areas.send.x.saturating_sub(start + 1), ..line };
    }
    if inner.height >= TALL && is_resolved {
        areas.resolved = Rect { y: inner.y + 1, ..line };
    }
    areas
}

/// Where the block that sends is in the pane's inner area; empty where there is no room.
#[must_use]
pub(crate) fn send_area(shared: &Shared, inner: Rect) -> Rect {
    if inner.width < ROOMY {
        return Rect::default();
    }
    let send = width(&send_block(shared).text);
    let x = inner.right().saturating_sub(send);
    Rect { x, y: inner.y, width: send, height: inner.height.min(1) }
}

/// Cells of a block with this text.
fn width(text: &str) -> u16 {
    text.chars().count() as u16 + 2
}

/// What sending will do, or what runs and what ends it.
#[must_use]
pub fn send_block(shared: &Shared) -> SendBlock {
    let (runs, (action, word)) = (running(shared), main_word(shared));
    let text = keyed_word(shared, action, word);
    let is_timed = action == Action::Cancel;
    let time = runs.filter(|_| is_timed).map(|session| elapsed(shared, session));
    SendBlock { text: time.unwrap_or_default() + &text, action, is_running: runs.is_some() }
}

/// What can be done to send, or to what runs, in the words of buttons: what the block of the address
/// line does comes last.
pub(crate) fn send_words(shared: &Shared) -> Vec<(Action, String)> {
    words(shared).map(|(action, word)| (action, keyed_word(shared, action, word))).collect()
}

/// The word for what sending does; `None` = it does nothing to what runs.
pub(crate) fn send_word(shared: &Shared) -> Option<&'static str> {
    words(shared).find(|(action, _)| *action == Action::Send).map(|(_, word)| word)
}

fn words(shared: &Shared) -> impl Iterator<Item = (Action, &'static str)> {
    let spec = &shared.drafts.current().spec;
    let other = running(shared).and_then(|_| match (spec.side(), spec.capabilities().lasting) {
        (Side::Listener, _) => Some((Action::Send, "update answers")),
        (Side::Relay, _) => Some((Action::Send, "update relay")),
        (Side::Client, false) => Some((Action::Send, "send again")),
        (Side::Client, true) => None,
    });
    other.into_iter().chain([main_word(shared)])
}

/// What the block does, and the word for it.
fn main_word(shared: &Shared) -> (Action, &'static str) {
    let spec = &shared.drafts.current().spec;
    let can = spec.capabilities();
    match (spec.side(), running(shared)) {
        (Side::Listener | Side::Relay, Some(_)) => (Action::Stop, "stop"),
        (Side::Listener, None) => (Action::Send, "listen"),
        (Side::Relay, None) => (Action::Send, "relay"),
        (Side::Client, Some(session)) if session.state == SessionState::Live && can.lasting => {
            (Action::Stop, "close")
        }
        (Side::Client, Some(_)) => (Action::Cancel, "cancel"),
        (Side::Client, None) if can.exchanges => (Action::Send, "send"),
        (Side::Client, None) if can.connections => (Action::Send, "connect"),
        (Side::Client, None) => (Action::Send, "open"),
    }
}

fn keyed_word(shared: &Shared, action: Action, word: &str) -> String {
    shared.keymap.keyed(&[Context::Global], &format!("[{}] {word}", action.row().name))
}

/// The session of the draft on screen, unless it is over.
fn running(shared: &Shared) -> Option<&Session> {
    shared.session().filter(|session| !session.is_over())
}

/// How long it runs, as wide as it may become.
fn elapsed(shared: &Shared, session: &Session) -> String {
    format!("{:>7}  ", format::duration(session.elapsed(shared.now)))
}

/// What the address stands for, if that is not what is written; values of secrets are hidden.
#[must_use]
pub fn resolved(shared: &Shared) -> Option<String> {
    let spec = &shared.drafts.current().spec;
    let query = spec.as_http().map_or(&[][..], |http| &http.query);
    let length: usize = query.iter().map(|row| row.name.len() + row.value.len()).sum();
    let written = spec.address();
    if written.is_empty() || written.len() + length > RESOLVED {
        return None;
    }
    let disclosure = shared.disclosure();
    let whole = disclosure.words(&resolved_address(spec, shared)?);
    // What is only masked differs in nothing that is shown.
    let written = disclosure.words(written);
    let bare = |text: &str| text.trim().trim_end_matches('/').to_owned();
    (bare(&whole) != bare(&written)).then_some(whole)
}
