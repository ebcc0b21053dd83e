//! Merging what the last run left into the drafts of this one.
//!
//! The store may answer late: by then something was opened, composed or switched to. Nothing of
//! either is refused or lost. What is on screen stays there, unless nothing was done at all.

use super::{Draft, DraftId, Drafts};
use crate::model::preset::StoredPreset;
use crate::store::job::StoredDraft;

/// What became of the drafts of the last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Merged {
    /// Another draft is on screen, or another text in it.
    pub is_shown: bool,
    /// Drafts that came back beside what is on screen.
    pub beside: u64,
}

impl Drafts {
    /// Takes the drafts of the last run. `presets` is `None` when the workspace was not read yet;
    /// `untouched`: nothing was done in this run, so what was on screen then is shown.
    pub fn restore(
        &mut self,
        kept: &[StoredDraft],
        current: usize,
        presets: Option<&[StoredPreset]>,
        untouched: bool,
    ) -> Merged {
        let mut merged = Merged::default();
        if kept.is_empty() {
            return merged;
        }
        if untouched {
            self.list.clear();
        }
        let shown = self.list.get(self.current).map(|draft| draft.id);
        let mut ids = Vec::with_capacity(kept.len());
        for kept in kept {
            let (id, is_new) = self.take_back(kept, presets);
            merged.beside += u64::from(is_new);
            merged.is_shown |= !is_new && Some(id) == shown;
            ids.push(id);
        }
        let wanted = if untouched { ids.get(current).or(ids.last()).copied() } else { shown };
        self.current = self.list.iter().position(|draft| Some(draft.id) == wanted).unwrap_or(0);
        merged.is_shown |= untouched;
        merged
    }

    /// Takes back one draft; tells which it is now, and whether it is one more.
    fn take_back(
        &mut self,
        kept: &StoredDraft,
        presets: Option<&[StoredPreset]>,
    ) -> (DraftId, bool) {
        let is_of = |draft: &&mut Draft| match &kept.preset {
            Some(path) => draft.preset.as_ref() == Some(path),
            None => draft.preset.is_none() && draft.spec == kept.spec,
        };
        let mut kept = kept.clone();
        if let Some(open) = self.list.iter_mut().find(is_of) {
            open.answers = open.answers.take().or_else(|| kept.answers.take());
            if !kept.unsaved || open.spec == kept.spec {
                return (open.id, false);
            }
            if !open.is_modified() && open.saving.is_none() {
                open.replace(kept.spec.to_spec());
                open.based_on = kept.based_on;
                return (open.id, false);
            }
            // Two pieces of work on one preset: this one goes on without it.
            (kept.preset, kept.based_on) = (None, None);
        }
        self.push(kept.spec.to_spec());
        let at = self.list.len() - 1;
        let draft = &mut self.list[at];
        draft.preset.clone_from(&kept.preset);
        draft.based_on = kept.based_on;
        draft.answers.clone_from(&kept.answers);
        if kept.preset.is_none() && !kept.unsaved && !draft.is_blank() {
            draft.begun_with = Some(kept.spec.to_spec());
        }
        settle(draft, &kept, presets);
        (draft.id, true)
    }
}

/// Compares a draft with its file, as far as that is known.
fn settle(draft: &mut Draft, kept: &StoredDraft, presets: Option<&[StoredPreset]>) {
    let Some(presets) = presets else {
        if !kept.unsaved {
            // It was only looked at, and follows its file when that is read.
            draft.saved = Some(kept.spec.to_spec());
        }
        return;
    };
    let stored = presets.iter().find(|stored| Some(&stored.path) == kept.preset.as_ref());
    match stored.map(|stored| (stored, &stored.content)) {
        Some((_, Ok(preset))) if kept.unsaved && kept.spec != preset.spec => {
            draft.saved = Some(preset.spec.clone());
            draft.about.clone_from(&preset.about);
        }
        // Only looked at, or saved in the moment the program was killed.
        Some((stored, _)) => drop(draft.follow(stored)),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::drafts::tests::stored;
    use crate::model::preset::PresetPath;
    use crate::model::protocol::{Protocol, Side};
    use crate::model::spec::Spec;

    fn kept(preset: Option<&str>, address: &str) -> StoredDraft {
        let mut spec = Spec::empty(Protocol::Tcp, Side::Client);
        address.clone_into(spec.address_mut());
        let preset = preset.map(|path| PresetPath::parse(path).unwrap());
        StoredDraft { preset, based_on: Some(7), unsaved: true, answers: None, spec: spec.into() }
    }

    fn addresses(drafts: &Drafts) -> Vec<&str> {
        drafts.iter().map(|draft| draft.spec.address()).collect()
    }

    #[test]
    fn what_was_typed_before_the_last_run_was_read_stays_on_screen_and_nothing_is_refused() {
        let mut drafts = Drafts::default();
        ":8080".clone_into(drafts.current_mut().spec.address_mut());
        let last = [kept(None, "h:1"), kept(Some("a"), "h:2")];
        let merged = drafts.restore(&last, 1, Some(&[stored("a")]), false);
        assert_eq!(addresses(&drafts), [":8080", "h:1", "h:2"]);
        assert_eq!(drafts.current().spec.address(), ":8080");
        assert_eq!(merged, Merged { is_shown: false, beside: 2 });
        assert_eq!(drafts.restore(&last, 1, Some(&[stored("a")]), false).beside, 0, "only once");
    }

    #[test]
    fn a_blank_draft_of_another_kind_is_what_the_user_wanted_to_see() {
        let mut drafts = Drafts::default();
        assert!(drafts.is_pristine());
        drafts.compose(Spec::empty(Protocol::Udp, Side::Listener));
        assert!(!drafts.is_pristine());
        drafts.restore(&[kept(None, "h:1")], 0, None, drafts.is_pristine());
        assert_eq!(drafts.current().spec.protocol(), Protocol::Udp);
        assert_eq!(addresses(&drafts)[1..], ["h:1"]);
    }

    #[test]
    fn two_pieces_of_work_on_one_preset_are_both_there() {
        let mut drafts = Drafts::default();
        let two = [kept(Some("a"), "h:1"), kept(Some("a"), "h:2"), kept(Some("a"), "h:1")];
        drafts.restore(&two, 0, Some(&[stored("a")]), true);
        assert_eq!(addresses(&drafts), ["h:1", "h:2"]);
        assert!(drafts.iter().all(Draft::is_modified));
        let of_the_preset = drafts.iter().filter(|draft| draft.preset.is_some()).count();
        assert_eq!(of_the_preset, 1);
    }

    #[test]
    fn a_preset_opened_meanwhile_shows_its_unsaved_changes_of_the_last_run() {
        let mut drafts = Drafts::default();
        drafts.open_preset(&stored("a"));
        let merged = drafts.restore(&[kept(Some("a"), "h:1")], 0, Some(&[stored("a")]), false);
        assert!(merged.is_shown && drafts.current().is_modified());
        assert_eq!(addresses(&drafts), ["h:1"]);
    }

    #[test]
    fn unsaved_work_comes_back_and_is_still_unsaved() {
        let mut drafts = Drafts::default();
        drafts.open_preset(&stored("a"));
        "h:1".clone_into(drafts.current_mut().spec.address_mut());
        let (kept, at) = drafts.to_restore();
        let mut next = Drafts::default();
        next.restore(&kept, at, Some(&[stored("a")]), true);
        assert_eq!(next.current().spec.address(), "h:1");
        assert!(next.current().is_modified());
        assert_eq!(next.current().based_on, Some(7));
    }

    #[test]
    fn a_preset_only_looked_at_comes_back_as_its_file_is_now() {
        let mut drafts = Drafts::default();
        drafts.open_preset(&stored("a"));
        let (kept, at) = drafts.to_restore();
        let mut changed = stored("a");
        changed.fingerprint = 8;
        "h:2".clone_into(changed.content.as_mut().unwrap().spec.address_mut());
        let mut next = Drafts::default();
        next.restore(&kept, at, Some(&[changed]), true);
        assert_eq!(next.current().spec.address(), "h:2");
        assert_eq!(next.current().based_on, Some(8));
        assert!(!next.current().is_modified());
    }

    #[test]
    fn a_draft_saved_in_the_last_moment_of_a_run_starts_from_the_file_it_became() {
        let mut drafts = Drafts::default();
        drafts.open_preset(&stored("a"));
        "h:1".clone_into(drafts.current_mut().spec.address_mut());
        let (kept, at) = drafts.to_restore();
        let mut written = stored("a");
        written.fingerprint = 8;
        "h:1".clone_into(written.content.as_mut().unwrap().spec.address_mut());
        let mut next = Drafts::default();
        next.restore(&kept, at, Some(&[written]), true);
        assert!(!next.current().is_modified());
        assert_eq!(next.current().based_on, Some(8), "the next save is no conflict");
    }
}
