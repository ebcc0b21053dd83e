//! Presets that get another name in an editor or by git: what is kept of them follows.
//!
//! Nobody says that a file was renamed; one is gone and another is there that holds the very same. Where that is plain, one and
//! one, drafts, the entries of the history and the answers that are kept are of the new name. What happened while this program did not
//! run the store finds out, by what was sent.

use super::history;
use super::kept::{self, PresetFate};
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::state::App;
use crate::model::preset::{PresetPath, StoredPreset};
use crate::store::job::{Job, Workspace};

/// Drafts of presets that have another name in `found` are of that one from now on.
pub(super) fn drafts(app: &mut App, found: &Workspace) {
    for (from, to) in renamed(&app.shared.workspace, found) {
        let open = app.shared.drafts.current().id;
        let mut is_open = false;
        let of_it = |draft: &&mut Draft| draft.preset.as_ref() == Some(&from);
        for draft in app.shared.drafts.iter_mut().filter(of_it) {
            draft.preset = Some(to.clone());
            is_open |= draft.id == open;
        }
        if is_open {
            app.say(format!("{from} is {to} now: its file was renamed"));
        }
    }
}

/// Takes along what is kept; `found` is the workspace that takes the place of the one on the screen.
pub(super) fn follow(app: &mut App, found: &Workspace) {
    for (from, to) in renamed(&app.shared.workspace, found) {
        take_along(app, &from, &to);
    }
}

/// A workspace is on the screen that was not before: what was renamed meanwhile is looked for.
pub(super) fn look(app: &mut App) {
    if !app.shared.workspace.is_starter {
        app.effects.push(Effect::Store(Job::FollowPresets));
    }
}

/// The store found what was renamed while nobody watched.
pub(super) fn found(app: &mut App, pairs: &[(PresetPath, PresetPath)]) {
    for (from, to) in pairs {
        take_along(app, from, to);
    }
    if !pairs.is_empty() {
        history::changed(app);
    }
}

fn take_along(app: &mut App, from: &PresetPath, to: &PresetPath) {
    kept::follow(app, from, PresetFate::Renamed(to));
    let (from, to) = (from.to_string(), to.to_string());
    app.effects.push(Effect::Store(Job::MoveHistory { from, to }));
}

/// The presets that have another name now, by what their files hold.
fn renamed(before: &Workspace, now: &Workspace) -> Vec<(PresetPath, PresetPath)> {
    if before.is_starter || now.is_starter || before.root != now.root {
        return Vec::new();
    }
    let gone = without(&before.presets, &now.presets);
    let new = without(&now.presets, &before.presets);
    let only = |among: &[&StoredPreset], it: &StoredPreset| {
        let same = among.iter().filter(|other| other.fingerprint == it.fingerprint);
        same.count() == 1
    };
    let pair = |from: &&StoredPreset| {
        let to = new.iter().find(|to| to.fingerprint == from.fingerprint)?;
        let is_plain = from.content.is_ok() && only(&gone, from) && only(&new, to);
        is_plain.then(|| (from.path.clone(), to.path.clone()))
    };
    gone.iter().filter_map(pair).collect()
}

/// Those of some presets whose paths are not among others; both are in order.
fn without<'a>(some: &'a [StoredPreset], others: &[StoredPreset]) -> Vec<&'a StoredPreset> {
    let is_there =
        |it: &StoredPreset| others.binary_search_by(|other| other.path.cmp(&it.path)).is_ok();
    some.iter().filter(|it| !is_there(it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::preset::Preset;
    use crate::model::spec::Spec;

    fn workspace(presets: &[(&str, u64)]) -> Workspace {
        let stored = |(name, fingerprint): &(&str, u64)| {
            let path = PresetPath::parse(name).unwrap();
            let spec = Spec::kinds().next().unwrap();
            let preset =
                Preset { path: path.clone(), about: String::new(), spec, unused: Vec::new() };
            StoredPreset { path, content: Ok(preset), fingerprint: *fingerprint }
        };
        let presets = presets.iter().map(stored).collect();
        Workspace { root: "/w".into(), presets, ..Workspace::default() }
    }

    #[test]
    fn one_that_is_gone_and_one_that_holds_the_same_are_one() {
        let told = |before: &[(&str, u64)], now: &[(&str, u64)]| {
            let found = renamed(&workspace(before), &workspace(now));
            let words = found.iter().map(|(from, to)| format!("{from}>{to}"));
            words.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(&[("a", 1), ("b", 2)], &[("b", 2), ("c/a", 1)]), "a>c/a");
        assert_eq!(told(&[("a", 1), ("b", 2)], &[("c", 2), ("d", 1)]), "a>d b>c");
        assert_eq!(told(&[("a", 1)], &[("a", 1), ("b", 1)]), "", "a copy");
        assert_eq!(told(&[("a", 1)], &[("b", 2)]), "", "another one");
        assert_eq!(told(&[("a", 1), ("b", 1)], &[("c", 1)]), "", "which of the two?");
        assert_eq!(told(&[("a", 1)], &[("b", 1), ("c", 1)]), "", "to which of the two?");
        assert_eq!(told(&[], &[("b", 1)]), "");
    }
}
