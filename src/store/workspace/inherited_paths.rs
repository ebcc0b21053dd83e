//! Paths that a `_defaults.toml` gives to the presets below it: a relative one is of the folder of that file, wherever
//! the program was started and however deep the preset lies.

use crate::compose::template;
use crate::model::field_access;
use crate::model::field_id::FieldId;
use crate::model::spec::Spec;

/// The key whose path is meant so.
const CONTRACT: &str = "contract";

/// Makes relative paths those of `folder`, but for what came of a folder around it.
pub(super) fn anchor(given: &mut [Spec], outer: &[Spec], folder: &str) {
    let id = FieldId::new(CONTRACT);
    for spec in given {
        if field_access::find(spec.options(), &id).is_none() {
            continue;
        }
        let written = field_access::text(spec.options(), &id).into_owned();
        let around = outer.iter().find(|around| around.section() == spec.section());
        let is_inherited =
            around.is_some_and(|around| field_access::text(around.options(), &id) == written);
        let is_whole = ["/", "~/", "{{"].iter().any(|begins| written.starts_with(begins));
        if written.trim().is_empty() || is_inherited || is_whole || folder.is_empty() {
            continue;
        }
        let path = format!("{}/{written}", template::quote(folder.trim_end_matches('/')));
        // It is a text, as the one before.
        let _ = field_access::set(spec.options_mut(), &id, &path);
    }
}
