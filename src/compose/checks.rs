//! What is expected of what comes back, or of what came to a listener, and what is taken of it, names filled in.

use super::text::Composer;
use crate::check::{self, CaptureOrder, Checks, Expectation};
use crate::model::contract_facts::CONTRACT_OK;
use crate::model::field_id::FieldId;
use crate::model::name_value::NameValue;
use crate::model::spec::Spec;

/// Every issue goes to the composer.
pub(super) fn checks(spec: &Spec, composer: &mut Composer<'_>) -> Checks {
    let mut checks = Checks::default();
    let Some(expected) = spec.expected() else { return checks };
    let used = |rows: &'_ [NameValue]| {
        rows.iter().cloned().enumerate().filter(|(_, row)| row.is_used()).collect::<Vec<_>>()
    };
    for (at, mut row) in used(expected) {
        let place = FieldId::new("expect").row(at);
        let count = composer.issues.len();
        row.value = composer.text(place.then("value"), &row.value);
        let is_whole = composer.issues.len() == count;
        match check::flaw(&row, spec).map_or_else(|| Expectation::parse(&row.name, &row.value), Err)
        {
            Ok(mut expectation) => {
                expectation.locate(|written| super::sockets::beside(written, composer));
                checks.expectations.push(expectation);
            }
            Err(why) if is_whole => composer.issue(place.then("value"), why),
            Err(_) => {}
        }
        twice(expected, at, place, composer);
    }
    checks.expectations.extend(of_contract(spec, expected));
    let Some((_, capture)) = spec.checks() else { return checks };
    for (at, row) in used(&capture.rows) {
        let place = FieldId::new("capture").row(at);
        let order = CaptureOrder::parse(&row.name, &row.value);
        match check::capture_flaw(&row, spec).map_or(order, Err) {
            Ok(order) => checks.captures.push(order),
            Err(why) => composer.issue(place.then("value"), why),
        }
        twice(&capture.rows, at, place, composer);
    }
    checks
}

/// What is sent with a contract shall be as that says, unless it is said otherwise.
fn of_contract(spec: &Spec, expected: &[NameValue]) -> Option<Expectation> {
    let names_one = spec.as_http().is_some_and(|http| !http.contract.trim().is_empty());
    let is_said = expected.iter().any(|row| row.is_used() && row.name.trim() == "contract");
    let wanted = Expectation::parse("contract", CONTRACT_OK).ok();
    wanted.filter(|_| names_one && !is_said)
}

/// A file has one line of a name.
fn twice(rows: &[NameValue], at: usize, place: FieldId, composer: &mut Composer<'_>) {
    let is_same =
        |row: &&NameValue| row.enabled && rows.get(at).is_some_and(|it| it.name == row.name);
    if rows.iter().take(at).any(|row| is_same(&row)) {
        composer
            .issue(place.then("name"), "there is such a row above; join them with 'and' in one");
    }
}
