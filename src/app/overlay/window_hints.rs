//! What the lower border of a window says of its keys, and where: drawn by `ui`, and pressed by the mouse.

use std::borrow::Cow;

use super::Overlay;
use super::code::Code;
use super::environments::edit_cells::EnvironmentEdit;
use super::environments::{Environments, EnvironmentsSide};
use super::export::{ExportWindow, ROWS};
use super::held::HeldWindow;
use super::replay::{REPLAY_ROWS, ReplayWindow};
use crate::app::action::Action;
use crate::app::shared::Shared;

/// What stands between two of them.
const BETWEEN: &str = " · ";

impl Overlay {
    /// What its keys do, these by the names of their actions; empty where nothing is said.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Overlay::Choices(it) => it.hint.into(),
            Overlay::Help(_) => "type to search · [up] [down] scroll · [back] close".into(),
            Overlay::Code(it) => code(it).into(),
            Overlay::Compare(_) => {
                "[find-next] next · [copy] copy · [copy-whole] copy all · [back] close".into()
            }
            Overlay::Environments(it) => environments(it).into(),
            Overlay::Export(it) => export(it).into(),
            Overlay::Replay(it) => replay(it).into(),
            Overlay::Columns(_) => {
                "[toggle] show · [move-up] [move-down] move · [left] [right] width · \
                                    [choose] sort · [back] close"
                    .into()
            }
            Overlay::Held(it) => held(it).into(),
            Overlay::Statistics(_) => {
                "[next-tab] kind · [right] sort · [toggle] turn · [count-filtered] \
                                       all · [open] filter · [back] close"
                    .into()
            }
            Overlay::Naming(_) => "[choose] take · [complete] complete · [back] cancel".into(),
            Overlay::About(_) => "[choose] keep · [new-line] new line · [back] cancel".into(),
            Overlay::Confirm(_) | Overlay::Conflict(_) | Overlay::Jump(_) => "".into(),
        }
    }

    /// The action of the hint on a cell of the lower border, if there is one.
    pub(crate) fn hint_at(&self, shared: &Shared, column: u16, row: u16) -> Option<Action> {
        let area = self.area(shared);
        if row + 1 != area.bottom() {
            return None;
        }
        let (hint, contexts) = (self.hint(), self.contexts());
        let cells = |text: &str| text.chars().count() as u16;
        let whole = cells(&shared.keymap.keyed(&contexts, &hint));
        // A border without room for it says nothing.
        let mut at = area.right().checked_sub(whole + 2).filter(|_| whole + 4 < area.width)?;
        let mut is_hit = |width: u16| {
            let is_hit = (at..at + width).contains(&column);
            at += width;
            is_hit
        };
        for piece in hint.split(BETWEEN) {
            let (mut action, mut rest) = (None, piece);
            while let Some((before, after)) = rest.split_once('[')
                && let Some((name, after)) = after.split_once(']')
            {
                if is_hit(cells(before)) {
                    return action;
                }
                action = Action::named(name);
                if is_hit(cells(&shared.keymap.keyed(&contexts, &format!("[{name}]")))) {
                    return action;
                }
                rest = after;
            }
            if is_hit(cells(rest)) {
                return action;
            }
            is_hit(cells(BETWEEN));
        }
        None
    }
}

fn code(it: &Code) -> String {
    let secrets = if it.shows_secrets { "hide" } else { "show" };
    let others = format!("[next-tab] language · [show-secrets] {secrets} secrets · ");
    let others = if it.is_remarks() { "" } else { &others };
    format!("[copy] copy · {others}[back] close")
}

fn export(it: &ExportWindow) -> &'static str {
    if it.row + 1 < ROWS {
        "[choose] export · [left] [right] change · [down] next · [back] close"
    } else {
        "[choose] export · [complete] complete · [up] before · [back] close"
    }
}

fn replay(it: &ReplayWindow) -> &'static str {
    if it.progress.is_some() {
        "[choose] next step · [stop] stop · [back] close, it goes on"
    } else if it.row + 1 < REPLAY_ROWS {
        "[choose] replay · [left] [right] change · [down] next · [back] close"
    } else {
        "[choose] replay · [up] before · [back] close"
    }
}

fn held(it: &HeldWindow) -> &'static str {
    match (&it.filter, &it.edit) {
        (Some(_), _) => {
            "[choose] hold what fits; empty: nothing · [accept-completion] complete · [back] cancel"
        }
        (None, Some(edit)) if edit.is_hex => {
            "[forward-held] forward this · [edit-held-hex] as text · [back] leave it"
        }
        (None, Some(_)) => "[forward-held] forward this · [edit-held-hex] as hex · [back] leave it",
        (None, None) => {
            "[forward-held] forward · [drop-held] drop · [edit-held] edit · [edit-held-hex] as hex · [release-held] all on · [hold-filter] hold · [back] close"
        }
    }
}

fn environments(it: &Environments) -> &'static str {
    match (&it.edit, it.half, &it.against) {
        (Some(EnvironmentEdit::Name(_)), ..) => "[choose] take · [back] cancel",
        (Some(EnvironmentEdit::Variable(edit)), ..) if edit.is_choice() => {
            "[choose] write · [toggle] another · [next-field] next · [back] cancel"
        }
        (Some(EnvironmentEdit::Variable(edit)), ..) if edit.can_show() => {
            "[choose] write · [next-field] next · [show-secrets] show · [back] cancel"
        }
        (Some(EnvironmentEdit::Variable(_)), ..) => {
            "[choose] write · [next-field] next · [new-line] new line · [back] cancel"
        }
        (None, ..) if it.search.as_ref().is_some_and(|search| search.typing) => {
            "[choose] to what is found · [back] all again"
        }
        (None, EnvironmentsSide::List, _) => {
            "[choose] use · [new] new · [duplicate] copy · [rename] name · [delete] delete · [compare] diff"
        }
        (None, _, Some(_)) => {
            "[compare] the next · [find] find · [show-secrets] show · [back] back"
        }
        (None, ..) => {
            "[add-row] add · [choose] edit · [delete] delete · [toggle-secret] secret · [show-secrets] show · [find] find"
        }
    }
}
