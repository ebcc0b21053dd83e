//! The options that say how a request or conversation gets to its target: each is a field of presets.

use crate::args::{NetworkArgs, NetworkOption};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::field_access;
use crate::model::spec::Spec;

/// Puts the options into the spec.
pub(super) fn put(options: &NetworkArgs, spec: &mut Spec) -> Result<(), Failure> {
    for NetworkOption { option, field, value } in options.given() {
        // curl says with nothing that there is none.
        let value = if field == "proxy" && value.is_empty() { "none" } else { &value };
        let is_request = spec.capabilities().exchanges;
        // It would be switched on by that.
        if field.starts_with("tls.") && !is_request && !spec.has_tls() {
            let plain = format!("{} without TLS", spec.protocol());
            return Err(meaningless(option, &plain, "HTTP and TLS", spec));
        }
        field_access::assign(spec.options_mut(), field, value).map_err(|why| {
            if is_request {
                let target = format!("{option} {value}");
                return Failure::new(Stage::Compose, target, FailureKind::Usage, why);
            }
            let whom = match field {
                "range" | "limit-rate" | "netrc" | "retry" | "retry-delay" | "retry-max-time" => {
                    "HTTP"
                }
                _ => "HTTP and TCP",
            };
            meaningless(option, &spec.protocol().to_string(), whom, spec)
        })?;
    }
    Ok(())
}

fn meaningless(option: &str, protocol: &str, whom: &str, spec: &Spec) -> Failure {
    let cause = format!("{option} means nothing to {protocol}: it is for {whom}");
    Failure::new(Stage::Compose, spec.address(), FailureKind::Usage, cause)
}
