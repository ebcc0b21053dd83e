//! Presets that were written anew together: what is on the screen follows, and it can be taken back.
//!
//! A draft with unsaved changes keeps them; its address follows as long as it is the one its file had.

use std::borrow::Cow;

use super::draft;
use crate::app::drafts::Draft;
use crate::app::state::App;
use crate::app::thrown_away::ThrownAway;
use crate::model::counts::counted_were;
use crate::model::preset::StoredPreset;
use crate::model::readdress::{goes_to, goes_to_mut};
use crate::store::job::{Job, JobKind, PresetsChanged};

/// The store wrote them, as far as it could.
pub(super) fn changed(app: &mut App, done: PresetsChanged) {
    let PresetsChanged { changed, back, left } = done;
    let is_back =
        |gone: &mut ThrownAway| matches!(gone, ThrownAway::Moved(Job::ChangePresets { .. }));
    let is_undone = app.thrown.returning.take_if(is_back).is_some();
    let count = changed.len() as u64;
    for stored in changed {
        let before = app.shared.stored(&stored.path).map(|known| known.fingerprint);
        let drafts = app.shared.drafts.iter_mut();
        for draft in drafts.filter(|draft| draft.preset.as_ref() == Some(&stored.path)) {
            follow(draft, before, &stored);
        }
        app.shared.workspace.enter(stored);
    }
    app.presets.rebuild(&app.shared);
    draft::draft_changed(app);
    let way = if count > 0 && !is_undone {
        app.thrown.push(ThrownAway::Moved(Job::ChangePresets { edits: back }));
        app.keyed("; [undo] in Presets takes it back")
    } else {
        String::new()
    };
    let what = if is_undone { "changed back" } else { "changed" };
    let words = format!("{} {what}", counted_were(count, "preset"));
    match left.first() {
        Some(first) => {
            let more = match left.len() {
                1 => String::new(),
                all => format!(", and {} more", all - 1),
            };
            app.warn_of(JobKind::ChangePresets, format!("{words}{way}; not {first}{more}"));
        }
        None => app.done(format!("{words}{way}")),
    }
    app.touched();
}

/// A draft of a preset whose file was `before` and holds something else now.
fn follow(draft: &mut Draft, before: Option<u64>, stored: &StoredPreset) {
    let Ok(preset) = &stored.content else { return };
    if !draft.is_modified() {
        draft.follow(stored);
        return;
    }
    if draft.based_on != before {
        return;
    }
    let had = draft.saved.as_ref().and_then(goes_to).map(Cow::into_owned);
    let has = goes_to(&draft.spec).map(Cow::into_owned);
    let wanted = goes_to(&preset.spec).map(Cow::into_owned);
    if had == has
        && let (Some(wanted), Some(address)) = (wanted, goes_to_mut(&mut draft.spec))
    {
        *address = wanted;
    }
    draft.saved = Some(preset.spec.clone());
    draft.based_on = Some(stored.fingerprint);
}
