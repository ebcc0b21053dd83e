//! What is to be said of an expression while it is typed in the form, as of one in the prompt of the filter.

use crate::app::completion::places::{WordKind, WordPlace};
use crate::app::form::FormFieldId;
use crate::compose::{check_fault, check_hold, check_rule};
use crate::model::field_id::FieldId;
use crate::model::spec::Spec;

/// Longest expression that is read while it is typed.
const LONGEST: usize = 4096;

/// Whether a text is an expression, and where it is not; `None` = it is to be none, it is empty, or names
/// stand in it, whose values are known when it is sent.
#[must_use]
pub fn expression_verdict(spec: &Spec, id: FormFieldId, text: &str) -> Option<Result<(), String>> {
    let is_asked = !text.trim().is_empty() && text.len() <= LONGEST && !text.contains("{{");
    let place = WordPlace::of_field(spec, id).filter(|_| is_asked)?;
    let is_in =
        |name: &'static str| id.in_list().is_some_and(|(list, _)| list == FieldId::new(name));
    let check = match () {
        () if is_in("fault") => check_fault,
        () if is_in("rule") => check_rule,
        () => check_hold,
    };
    (place.word == WordKind::Filter).then(|| check(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultSpec;
    use crate::model::protocol::{Protocol, Side};

    #[test]
    fn what_a_relay_holds_is_judged_while_it_is_typed_and_names_are_left_alone() {
        let spec = Spec::empty(Protocol::Tcp, Side::Relay);
        let hold = FormFieldId::Field(FieldId::new("hold"));
        let verdict = |text| expression_verdict(&spec, hold, text);
        assert_eq!(verdict("in and data contains x"), Some(Ok(())));
        let wrong = verdict("port ==").unwrap().unwrap_err();
        assert!(wrong.contains("column"), "{wrong}");
        assert_eq!([verdict(""), verdict("port == {{port}}")], [None, None]);
        let when = FormFieldId::Field(FieldId::new("fault").row(0).then("when"));
        let mut faulty = spec.clone();
        faulty.faults_mut().unwrap().push(FaultSpec::default());
        let of_fault = |text| expression_verdict(&faulty, when, text);
        assert_eq!(of_fault("path contains /api"), Some(Ok(())));
        assert_eq!(of_fault("contains 'x'"), Some(Ok(())), "of its bytes");
        assert!(of_fault("pth == /api").unwrap().unwrap_err().contains("path"));
        let bind = FormFieldId::Field(FieldId::new("bind"));
        assert_eq!(expression_verdict(&spec, bind, "port =="), None);
    }
}
