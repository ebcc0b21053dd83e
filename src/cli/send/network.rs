//! The options that say how a request or conversation gets to its target: each is a field of presets.

use crate::args::NetworkOptions;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::field_access;
use crate::model::spec::Spec;

/// Puts the options into the spec.
pub(super) fn put(options: &NetworkOptions, spec: &mut Spec) -> Result<(), Failure> {
    for (field, value) in options.fields() {
        // curl says with nothing that there is none.
        let value = if field == "proxy" && value.is_empty() { "none" } else { value };
        field_access::assign(spec.options_mut(), field, value).map_err(|_| {
            let option = field.replace("no-proxy", "noproxy");
            let protocol = spec.protocol();
            let cause = format!("--{option} means nothing to {protocol}: it is for HTTP and TCP");
            Failure::new(Stage::Compose, spec.address(), FailureKind::Usage, cause)
        })?;
    }
    Ok(())
}
