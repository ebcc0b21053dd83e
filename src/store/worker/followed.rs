//! Presets that got another name while this program did not run: what the history says they sent last is what another one
//! says that it sends.
//!
//! Nobody knows how the files were before; the history knows what was sent. Where one preset alone would send the very
//! same, it is the one. Asked for by the application once it has read a workspace.

use std::collections::HashMap;

use crate::interop::history_spec::forgetting;
use crate::model::preset::PresetPath;
use crate::model::spec::Spec;
use crate::store::job::Workspace;

/// Which preset has which name now, of those that sent something last and are not in the workspace any more.
pub(super) fn renamed(
    workspace: &Workspace,
    lost: Vec<(PresetPath, Spec)>,
) -> Vec<(PresetPath, PresetPath)> {
    if lost.is_empty() {
        return Vec::new();
    }
    let mut senders: HashMap<(String, String), Vec<(&PresetPath, Spec)>> = HashMap::new();
    for stored in &workspace.presets {
        if let Ok(preset) = &stored.content {
            let spec = forgetting(&preset.spec);
            senders.entry(key(&spec)).or_default().push((&stored.path, spec));
        }
    }
    let mut found: HashMap<&PresetPath, Vec<PresetPath>> = HashMap::new();
    for (from, sent) in lost {
        let like = senders.get(&key(&sent)).map(Vec::as_slice).unwrap_or_default();
        let mut same = like.iter().filter(|(_, spec)| *spec == sent).map(|(path, _)| *path);
        // Of several that send the same nobody knows which it is.
        if let (Some(to), None) = (same.next(), same.next()) {
            found.entry(to).or_default().push(from);
        }
    }
    // The same the other way round.
    let of_one = found.into_iter().filter_map(|(to, mut from)| {
        let one = from.pop().filter(|_| from.is_empty())?;
        Some((one, to.clone()))
    });
    let mut pairs: Vec<(PresetPath, PresetPath)> = of_one.collect();
    pairs.sort();
    pairs
}

/// What presets that send the same have in common, and most others not.
fn key(spec: &Spec) -> (String, String) {
    (spec.badge().to_owned(), spec.address().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::HttpSpec;
    use crate::model::preset::{Preset, StoredPreset};

    fn spec(url: &str) -> Spec {
        Spec::Http(HttpSpec { url: url.into(), ..HttpSpec::default() })
    }

    fn told(presets: &[(&str, &str)], lost: &[(&str, &str)]) -> String {
        let path = |name: &str| PresetPath::parse(name).unwrap();
        let stored = |(name, url): &(&str, &str)| {
            let (about, unused) = (String::new(), Vec::new());
            let preset = Preset { path: path(name), about, spec: spec(url), unused };
            StoredPreset { path: path(name), content: Ok(preset), fingerprint: 0 }
        };
        let presets = presets.iter().map(stored).collect();
        let workspace = Workspace { presets, ..Workspace::default() };
        let lost = lost.iter().map(|(name, url)| (path(name), forgetting(&spec(url))));
        let found = renamed(&workspace, lost.collect());
        let words = found.iter().map(|(from, to)| format!("{from}>{to}"));
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_alone_that_sends_the_same_is_the_one() {
        let presets = [("new/get", "http://h/1"), ("x", "http://h/2"), ("y", "http://h/2")];
        assert_eq!(told(&presets, &[("get", "http://h/1")]), "get>new/get");
        assert_eq!(told(&presets, &[("get", "http://h/3")]), "", "another request");
        assert_eq!(told(&presets, &[("get", "http://h/2")]), "", "to which of the two?");
        assert_eq!(
            told(&presets, &[("a", "http://h/1"), ("b", "http://h/1")]),
            "",
            "which of the two?"
        );
        let typed = "http://ann:canary@h/1";
        assert_eq!(told(&[("new", typed)], &[("old", typed)]), "old>new", "with a credential");
    }
}
