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
        field_access::assign(spec.options_mut(), field, value).map_err(|why| {
            if spec.capabilities().exchanges {
                let target = format!("{option} {value}");
                return Failure::new(Stage::Compose, target, FailureKind::Usage, why);
            }
            let protocol = spec.protocol();
            let of_tls = field.starts_with("tls.");
            let whom = match field {
                "range" | "limit-rate" | "netrc" | "retry" | "retry-delay" | "retry-max-time" => {
                    "HTTP"
                }
                _ if of_tls => "HTTP and TLS",
                _ => "HTTP and TCP",
            };
            let is_plain = of_tls && spec.capabilities().tls;
            let protocol =
                if is_plain { "TCP without TLS".to_owned() } else { protocol.to_string() };
            let cause = format!("{option} means nothing to {protocol}: it is for {whom}");
            Failure::new(Stage::Compose, spec.address(), FailureKind::Usage, cause)
        })?;
    }
    Ok(())
}
