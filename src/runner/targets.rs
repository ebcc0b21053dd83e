//! What a preset leads to, as a run tells it: with its row once it is its turn, and before for a dry run. Used
//! by the machine and the shell without a screen; secrets are masked in both.

use crate::compose::{self, address_parts};
use crate::model::preset::Scope;
use crate::model::secrets::Disclosure;
use crate::model::spec::Spec;

/// What would be sent where, as far as that is known before, as it may be told.
#[must_use]
pub fn foreseen_target(spec: &Spec, scope: &Scope, tells_secrets: bool) -> String {
    let address = address_parts::resolved_as_far(spec.address(), scope);
    let told = if tells_secrets {
        Disclosure::Everything
    } else {
        Disclosure::Hiding(compose::hidden(spec, scope))
    };
    told_target(spec, &address, &told)
}

/// What is sent where, as it may be told.
pub(super) fn target(spec: &Spec, scope: &Scope, told: &Disclosure) -> String {
    told_target(spec, &compose::resolved_address(spec, scope).unwrap_or_default(), told)
}

fn told_target(spec: &Spec, address: &str, told: &Disclosure) -> String {
    let address = told.words(&String::from_utf8_lossy(&told.value(b"url", address.as_bytes())));
    let kind =
        spec.as_http().map_or_else(|| spec.protocol().to_string(), |http| http.method.clone());
    format!("{kind} {address}")
}
