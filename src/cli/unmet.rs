//! Says what was not as expected, on standard error: of what was sent, and of what came to a listener.

use super::exit;
use super::output;
use crate::check::CheckReport;
use crate::model::secrets::Disclosure;

/// Prints what is not met; the exit status.
pub(super) fn tell(report: &CheckReport, told: &Disclosure) -> u8 {
    if report.is_met() {
        return exit::OK;
    }
    let (unmet, all) = (report.unmet(), report.count());
    output::note(&format!("not as expected: {unmet} of {all}"));
    for line in report.clone().disclosed(told).unmet_lines() {
        output::note(&line);
    }
    exit::NOT_MET
}
