//! Overlays: layers above the panes. The topmost takes every key, click and paste.
//!
//! ```text
//! flow::windows opens ──► pushed ──► update(&Shared, input) ──► intents, CloseOverlay among them
//! ```
//! An overlay never sees the application or another overlay. The actions that leave a place, a
//! click outside, and the action that opened it close the topmost; leaving, suspending and
//! redrawing work from every overlay (`flow::windows`).

pub mod about;
pub mod code;
pub mod confirm;
pub mod conflict;
pub mod environments;
pub mod framing;
pub mod help;
pub mod jump;
pub mod naming;
pub mod palette;

use ratatui::layout::Rect;

use super::action::Action;
use super::keymap::Context;
use super::outcome::{Outcome, OverlayInput};
use super::shared::Shared;

/// A layer above the screen.
#[derive(Debug)]
pub enum Overlay {
    Palette(palette::Palette),
    Help(help::Help),
    Naming(naming::Naming),
    About(about::About),
    Confirm(confirm::Confirm),
    Conflict(conflict::Conflict),
    Environments(environments::Environments),
    Framing(framing::FramingPicker),
    Jump(jump::Jump),
    Code(code::Code),
}

impl Overlay {
    /// Takes an input while it is the topmost.
    pub fn update(&mut self, shared: &Shared, input: OverlayInput<'_>) -> Outcome {
        match self {
            Overlay::Palette(it) => it.update(shared, input),
            Overlay::Help(it) => it.update(shared, input),
            Overlay::Naming(it) => it.update(shared, input),
            Overlay::About(it) => it.update(shared, input),
            Overlay::Confirm(it) => it.update(shared, input),
            Overlay::Conflict(it) => it.update(shared, input),
            Overlay::Environments(it) => it.update(shared, input),
            Overlay::Framing(it) => it.update(shared, input),
            Overlay::Jump(it) => it.update(input),
            Overlay::Code(it) => it.update(shared, input),
        }
    }

    /// Where it is on the screen, border included.
    pub fn area(&self, shared: &Shared) -> Rect {
        match self {
            Overlay::Palette(_) => palette::Palette::area(shared),
            Overlay::Help(_) => help::Help::area(shared),
            Overlay::Naming(_) => naming::Naming::area(shared),
            Overlay::About(_) => about::About::area(shared),
            Overlay::Confirm(it) => it.area(shared),
            Overlay::Conflict(_) => conflict::Conflict::area(shared),
            Overlay::Environments(_) => environments::Environments::area(shared),
            Overlay::Framing(_) => framing::FramingPicker::area(shared),
            Overlay::Jump(_) => Rect::new(0, 0, shared.size.0, shared.size.1),
            Overlay::Code(_) => code::Code::area(shared),
        }
    }

    /// Contexts in which its keys are looked up, the most specific first.
    pub fn contexts(&self) -> [Context; 2] {
        let own = match self {
            Overlay::Palette(_) | Overlay::Environments(_) | Overlay::Framing(_) => {
                Context::Choices
            }
            Overlay::Help(_) => Context::Help,
            Overlay::Naming(_) => Context::Name,
            Overlay::About(_) => Context::About,
            Overlay::Confirm(_) => Context::Question,
            Overlay::Conflict(_) => Context::Conflict,
            Overlay::Code(_) => Context::Code,
            // Letters are what it shows; it has no keys of its own.
            Overlay::Jump(_) => Context::Global,
        };
        [own, Context::Global]
    }

    /// The action that opened it closes it again.
    pub(super) fn opened_by(&self) -> Option<Action> {
        match self {
            Overlay::Palette(_) => Some(Action::Palette),
            Overlay::Help(_) => Some(Action::Help),
            Overlay::Jump(_) => Some(Action::Jump),
            _ => None,
        }
    }
}
