//! `--rewrite`: rules of the command line for a relay, behind those of its preset.

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::rewrite::RewriteSpec;
use crate::model::spec::Spec;

/// Adds these rules, in order.
pub(super) fn add(lines: &[String], spec: &mut Spec) -> Result<(), Failure> {
    for (at, line) in lines.iter().enumerate() {
        // The line itself may hold a credential.
        let wrong = |cause: String| {
            let target = format!("--rewrite (rule {})", at + 1);
            Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
        };
        let rule = RewriteSpec::parse(line).map_err(wrong)?;
        spec.rewrites_mut().into_iter().for_each(|rules| rules.push(rule.clone()));
    }
    Ok(())
}
