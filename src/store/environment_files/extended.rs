//! Environments that extend one which has another name now: they name that.

use std::path::Path;

use toml_edit::{Item, Value};

use super::{VariableFile, environments};
use crate::model::failure::Failure;
use crate::model::name_order::by_name;
use crate::store::environment::EXTENDS;
use crate::store::job::VariableKind;

/// Writes the new name into the files of those that extend it; which these are, and why others were left as they are.
pub(super) fn follow(root: &Path, from: &str, to: &str) -> (Vec<String>, Vec<Failure>) {
    let (mut followed, mut behind) = (Vec::new(), Vec::new());
    let mut names = environments(root);
    names.sort_by(|one, other| by_name(one, other));
    names.dedup();
    for name in names {
        // One that cannot be read is told when the workspace is read.
        let Ok(mut file) = VariableFile::read(root, &name, VariableKind::Plain) else { continue };
        if file.extends.as_deref() != Some(from) {
            continue;
        }
        if let Some(value) = file.document.get_mut(EXTENDS).and_then(Item::as_value_mut) {
            let mut new = Value::from(to);
            new.decor_mut().clone_from(value.decor());
            *value = new;
        }
        match file.write(root) {
            Ok(_) => followed.push(name),
            Err(failure) => behind.push(failure),
        }
    }
    (followed, behind)
}
