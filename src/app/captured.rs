//! What was captured in this run: values of answers, for each environment apart, with their age.
//!
//! Kept in memory alone, so that no token of a peer gets into files. Names in what is sent stand for them
//! before they stand for what files say; what they hold is never looked into for further names.

use std::collections::BTreeMap;

use crate::check::CheckReport;
use crate::model::preset::PresetPath;
use crate::model::timing::Stamp;

/// Values that are kept of one environment, and presets that went; the oldest goes.
const KEPT: usize = 1_000;
/// Bytes of a value that is kept.
const LONGEST: usize = 1 << 20;

/// A value and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedValue {
    pub value: String,
    pub at: Stamp,
    /// What of the answer it is, as written.
    pub of: String,
    /// The preset that captured it.
    pub by: Option<PresetPath>,
}

/// All values of this run.
#[derive(Debug, Default)]
pub struct CapturedValues {
    /// By the environment that was in force; an empty name = none.
    of: BTreeMap<String, BTreeMap<String, CapturedValue>>,
    /// When a preset went last, by environment, and whether it passed.
    outcomes: BTreeMap<String, BTreeMap<PresetPath, (Stamp, bool)>>,
}

impl CapturedValues {
    /// Takes in what was captured; names of what was too long to be kept.
    pub(super) fn take(
        &mut self,
        environment: Option<&str>,
        report: &CheckReport,
        by: Option<&PresetPath>,
        at: Stamp,
    ) -> Vec<String> {
        let values = self.of.entry(environment.unwrap_or_default().to_owned()).or_default();
        let mut too_long = Vec::new();
        for captured in &report.captured {
            let Ok(value) = &captured.value else { continue };
            if value.len() > LONGEST {
                too_long.push(captured.name.clone());
                continue;
            }
            let of = captured.of.clone();
            let captured_value = CapturedValue { value: value.clone(), at, of, by: by.cloned() };
            values.insert(captured.name.clone(), captured_value);
        }
        while values.len() > KEPT {
            let oldest =
                values.iter().min_by_key(|(_, value)| value.at).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            values.remove(&oldest);
        }
        too_long
    }

    /// A preset went, and passed or not; of those that are known the oldest is let go.
    pub(super) fn went(
        &mut self,
        environment: Option<&str>,
        path: &PresetPath,
        at: Stamp,
        has_passed: bool,
    ) {
        let all = self.outcomes.entry(environment.unwrap_or_default().to_owned()).or_default();
        all.insert(path.clone(), (at, has_passed));
        if all.len() > KEPT
            && let Some((oldest, _)) = all.iter().min_by_key(|(_, (at, _))| *at)
        {
            let oldest = oldest.clone();
            all.remove(&oldest);
        }
    }

    /// When a preset went last, and whether it passed.
    pub(super) fn outcome(
        &self,
        environment: Option<&str>,
        path: &PresetPath,
    ) -> Option<(Stamp, bool)> {
        self.outcomes.get(environment.unwrap_or_default())?.get(path).copied()
    }

    /// The values of an environment, by name.
    pub fn of(&self, environment: Option<&str>) -> impl Iterator<Item = (&str, &CapturedValue)> {
        let values = self.of.get(environment.unwrap_or_default());
        values.into_iter().flatten().map(|(name, value)| (&**name, value))
    }

    /// The value of this name.
    pub fn get(&self, environment: Option<&str>, name: &str) -> Option<&CapturedValue> {
        self.of.get(environment.unwrap_or_default())?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Captured;

    fn report(name: &str, value: &str) -> CheckReport {
        let (name, of) = (name.to_owned(), "json .x".to_owned());
        let captured = vec![Captured { name, of, value: Ok(value.to_owned()) }];
        CheckReport { results: Vec::new(), captured }
    }

    #[test]
    fn environments_do_not_see_what_others_captured() {
        let mut values = CapturedValues::default();
        values.take(Some("dev"), &report("token", "d"), None, Stamp(1));
        values.take(None, &report("token", "n"), None, Stamp(2));
        let of = |environment| values.get(environment, "token").map(|it| it.value.as_str());
        assert_eq!((of(Some("dev")), of(None), of(Some("prod"))), (Some("d"), Some("n"), None));
    }

    #[test]
    fn what_became_of_a_preset_is_known_for_each_environment() {
        let mut values = CapturedValues::default();
        let path = |at: usize| PresetPath::parse(&format!("p{at}")).unwrap();
        values.went(Some("dev"), &path(1), Stamp(1), true);
        assert_eq!(values.outcome(None, &path(1)), None);
        values.went(Some("dev"), &path(1), Stamp(2), false);
        assert_eq!(values.outcome(Some("dev"), &path(1)), Some((Stamp(2), false)));
        for at in 0..=KEPT {
            values.went(None, &path(at), Stamp(at as u64), true);
        }
        assert_eq!((values.outcome(None, &path(0)), values.outcomes[""].len()), (None, KEPT));
    }

    #[test]
    fn the_oldest_go_and_what_is_too_long_is_not_kept() {
        let mut values = CapturedValues::default();
        for at in 0..=KEPT as u64 {
            values.take(None, &report(&format!("v{at}"), "x"), None, Stamp(at));
        }
        assert_eq!(values.of(None).count(), KEPT);
        assert!(values.get(None, "v0").is_none() && values.get(None, "v1").is_some());
        let long = values.take(None, &report("long", &"x".repeat(LONGEST + 1)), None, Stamp(0));
        assert_eq!(long, ["long"]);
        assert!(values.get(None, "long").is_none());
    }
}
