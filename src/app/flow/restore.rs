//! What has to survive leaving or a crash.

use super::edited;
use crate::app::effect::Effect;
use crate::app::state::App;
use crate::store::job::{Job, Restore};

/// Writes what has to survive leaving or a crash.
pub(crate) fn save_restore(app: &mut App) {
    app.restore_due = false;
    if !app.loaded {
        // Nothing was read yet, so writing would replace the last run's drafts by nothing.
        return;
    }
    edited::saving(app);
    let (drafts, current) = app.shared.drafts.to_restore();
    let splits = app.shared.splits;
    let cells = [("side", splits.side), ("request", splits.request), ("traffic", splits.traffic)];
    let theme = app.shared.chosen_theme.map(|theme| ("theme".into(), theme.into_str().into()));
    let layout = cells.iter().map(|(name, cells)| ((*name).into(), cells.to_string()));
    let restore = Restore {
        drafts,
        current,
        environment: app.shared.environment.clone(),
        layout: layout.chain(theme).collect(),
    };
    app.effects.push(Effect::Store(Job::SaveRestore(Box::new(restore))));
}
