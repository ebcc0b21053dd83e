//! What the lower border of a window says of its keys, and where: drawn by `ui`, and pressed by the mouse.

use std::borrow::Cow;

use super::Overlay;
use crate::app::action::Action;
use crate::app::shared::Shared;

/// What stands between two of them.
const BETWEEN: &str = " · ";
/// Cells of the border beside it: two corners, a blank at either end and one more of the line.
const AROUND: u16 = 5;

impl Overlay {
    /// What its keys do, these by the names of their actions; empty where nothing is said.
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Overlay::Choices(it) => it.hint.into(),
            Overlay::Help(_) => "type to search · [up] [down] scroll · [back] close".into(),
            Overlay::Code(it) => it.hint().into(),
            Overlay::Compare(_) => {
                "[find-next] next · [copy] copy · [copy-whole] copy all · [back] close".into()
            }
            Overlay::Environments(it) => it.hint().into(),
            Overlay::Export(it) => it.hint().into(),
            Overlay::Import(it) => it.hint().into(),
            Overlay::Readdress(_) => {
                "[choose] change · [complete] other line · [down] scroll · [back] cancel".into()
            }
            Overlay::Replay(it) => it.hint().into(),
            Overlay::Run(it) => it.hint().into(),
            Overlay::RunOptions(it) => it.hint().into(),
            Overlay::Columns(_) => {
                "[toggle] show · [move-up] [move-down] move · [left] [right] width · \
                                    [choose] sort · [undo] default · [back] close"
                    .into()
            }
            Overlay::Held(it) => it.hint().into(),
            Overlay::Cookies(it) => it.hint().into(),
            Overlay::Statistics(_) => {
                "[next-tab] kind · [right] sort · [toggle] turn · [count-filtered] \
                                       all · [open] filter · [back] close"
                    .into()
            }
            Overlay::Naming(_) => "[choose] take · [complete] complete · [back] cancel".into(),
            Overlay::About(_) => "[choose] keep · [new-line] new line · [back] cancel".into(),
            Overlay::Ask(it) => it.hint().into(),
            Overlay::Confirm(_) | Overlay::Conflict(_) | Overlay::Jump(_) => "".into(),
        }
    }

    /// What its lower border says of its keys: all there is room for. Where not all of it fits, what stands
    /// before the last is left out first, so that how to leave is always told.
    pub fn hint_shown(&self, shared: &Shared) -> String {
        let contexts = self.contexts();
        let pieces = self.pieces(shared, &self.hint());
        let keyed = |piece: &String| shared.keymap.keyed(&contexts, piece);
        pieces.iter().map(keyed).collect::<Vec<_>>().join(BETWEEN)
    }

    /// The pieces of the hint that fit, with the names of actions in them.
    fn pieces(&self, shared: &Shared, hint: &str) -> Vec<String> {
        let contexts = self.contexts();
        let width = |piece: &str| cells(&shared.keymap.keyed(&contexts, piece));
        let room = self.area(shared).width.saturating_sub(AROUND);
        let mut pieces: Vec<_> = hint.split(BETWEEN).map(str::to_owned).collect();
        let wanted = |pieces: &[String]| {
            let between = cells(BETWEEN) * (pieces.len().saturating_sub(1) as u16);
            pieces.iter().map(|piece| width(piece)).sum::<u16>() + between
        };
        while pieces.len() > 1 && wanted(&pieces) > room {
            pieces.remove(pieces.len() - 2);
        }
        pieces.retain(|piece| width(piece) <= room);
        pieces
    }

    /// The action of the hint on a cell of the lower border, if there is one.
    pub(crate) fn hint_at(&self, shared: &Shared, column: u16, row: u16) -> Option<Action> {
        let area = self.area(shared);
        if row + 1 != area.bottom() {
            return None;
        }
        let (hint, contexts) = (self.hint(), self.contexts());
        let pieces = self.pieces(shared, &hint);
        let whole = cells(&self.hint_shown(shared));
        let mut at = area.right().checked_sub(whole + 2)?;
        let mut is_hit = |width: u16| {
            let is_hit = (at..at + width).contains(&column);
            at += width;
            is_hit
        };
        for piece in &pieces {
            let (mut action, mut rest) = (None, piece.as_str());
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

fn cells(text: &str) -> u16 {
    text.chars().count() as u16
}
