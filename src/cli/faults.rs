//! `--fault`: faults of the command line for a relay, behind those of its preset.

use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::fault::FaultSpec;
use crate::model::spec::Spec;

/// Adds these faults, in order.
pub(super) fn add(lines: &[String], spec: &mut Spec) -> Result<(), Failure> {
    for line in lines {
        let wrong = |cause: String| {
            Failure::new(Stage::Compose, format!("--fault {line}"), FailureKind::Usage, cause)
        };
        let fault = FaultSpec::parse(line).map_err(wrong)?;
        spec.faults_mut().into_iter().for_each(|faults| faults.push(fault.clone()));
    }
    Ok(())
}
