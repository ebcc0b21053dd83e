//! Any preset is written and read back the same, over any other one too.

use proptest::prelude::*;

use super::*;
use crate::spec_property_tests::{spec, text};

fn path() -> PresetPath {
    PresetPath::parse("users/create").unwrap()
}

/// What a text means, whether or not all that is expected in it can be.
fn read_back(text: &str) -> Result<Preset, Failure> {
    let (about, spec) = parse(text, &[]).map_err(|trouble| trouble.into_failure("it", text))?;
    Ok(Preset { path: path(), about, spec, unused: Vec::new() })
}

/// Puts a comment on every line that can carry one.
fn commented(text: &str) -> String {
    if text.contains("'''") || text.contains("\"\"\"") {
        return format!("# first\n{text}# last\n");
    }
    text.replace('\n', " # kept\n")
}

proptest! {
    #![proptest_config(crate::property_tests::cases(2000))]

    #[test]
    fn every_preset_reads_back_as_written(about in text(), spec in spec()) {
        let preset = Preset { path: path(), about, spec, unused: Vec::new() };
        let text = write(&preset, None);
        prop_assert_eq!(read_back(&text).map_err(|f| format!("{f}\n{text}")), Ok(preset));
    }

    #[test]
    fn a_save_over_any_other_preset_means_the_new_one(
        old in (text(), spec()), new in (text(), spec()), is_windows: bool,
    ) {
        let old = Preset { path: path(), about: old.0, spec: old.1, unused: Vec::new() };
        let new = Preset { path: path(), about: new.0, spec: new.1, unused: Vec::new() };
        let before = commented(&write(&old, None));
        let before = if is_windows { before.replace('\n', "\r\n") } else { before };
        let found = read_back(&before).map_err(|f| format!("{f}\n{before}")).unwrap();
        prop_assert!(is_windows || found == old);
        let old = found;
        let base = tree::preset(&old.about, &old.spec);
        let mine = tree::preset(&new.about, &new.spec);
        let merged = merge::update(&before, before.parse().unwrap(), &base, &mine).unwrap();
        prop_assert_eq!(read_back(&merged).map_err(|f| format!("{f}\n{merged}")), Ok(new));
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,200}") {
        let _ = read(&text, &path());
    }
}
