//! The block that says where a session stands: what is done to open it, connected or listening,
//! how it ended.

use crate::app::session_words;
use crate::app::sessions::{Session, SessionState};
use crate::model::theme::ThemeRole;
use crate::ui::painter::Painter;

/// Writes the block of a session.
pub(crate) fn put(painter: &mut Painter<'_>, session: &Session) {
    let (mark, role) = match &session.state {
        SessionState::Opening => ("◌", ThemeRole::Running),
        SessionState::Live => ("●", ThemeRole::Status2xx),
        SessionState::Over(Err(failure)) if !failure.is_cancelled() => ("✗", ThemeRole::Failed),
        SessionState::Closing | SessionState::Over(_) => ("○", ThemeRole::Ended),
    };
    painter.block(role, &format!("{mark} {}", session_words::state(session)));
}
