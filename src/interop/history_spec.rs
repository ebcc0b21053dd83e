//! Specs as the history keeps them, and the line it shows of each: templates stay, credentials that were typed in place become a
//! mark. Whoever sends such a spec again is asked for them: composing stops at the mark.

use std::borrow::Cow;

use crate::compose::template::{FORGOTTEN, Mode, Name, Template};
use crate::compose::{UnknownNames, plan_with};
use crate::model::field::{Options, Spelling, ValueKind};
use crate::model::field_access::{self, each_row, each_value};
use crate::model::field_id::FieldId;
use crate::model::preset::Scope;
use crate::model::secrets::{is_credential, without_userinfo};
use crate::model::spec::Spec;
use crate::model::url_text::UrlText;

/// The spec without credentials of its own.
#[must_use]
pub fn forgetting(spec: &Spec) -> Spec {
    let mut spec = spec.clone();
    each_value(spec.options_mut(), &mut |info, value| match (info.kind, value.text_mut()) {
        (ValueKind::Address, Some(address)) => forget_user(address),
        (ValueKind::Secret, Some(secret)) => forget(secret),
        (ValueKind::List(Spelling::Header), _) => {
            if let Some(rows) = value.rows_mut() {
                each_row(rows, &mut forget_header);
            }
        }
        _ => {}
    });
    spec
}

/// One line for the history. Secrets and the system's environment stay out of it.
#[must_use]
pub fn summary(spec: &Spec, scope: &Scope) -> String {
    let mut masked = scope.clone();
    masked.secrets.values_mut().chain(masked.os.values_mut()).for_each(|v| "***".clone_into(v));
    let address = match plan_with(spec, &masked, UnknownNames::Literal) {
        Ok(plan) => plan.address(),
        Err(_) => spec.address().to_owned(),
    };
    let address = without_userinfo(&address);
    match (spec.as_http(), spec.side().listens()) {
        (Some(http), _) => format!("{} {address}", http.method),
        (None, false) => format!("{} {address}", spec.protocol()),
        (None, true) => format!("listen {} {address}", spec.protocol()),
    }
}

fn mark() -> String {
    format!("{{{{{FORGOTTEN}}}}}")
}

/// Whether a text holds more than names of templates.
fn is_literal(text: &str) -> bool {
    let Ok(template) = Template::parse(text, Mode::Text) else { return true };
    // With nothing in place of every name, what is left was typed; so is what only looks like a name.
    let typed = |name: &Name| if name.is_proper() { "" } else { &*name.source }.into();
    let rest = template.expand_with(&|name| Ok(typed(name))).unwrap_or_default();
    rest.iter().any(|byte| !byte.is_ascii_whitespace())
}

fn forget(secret: &mut String) {
    if is_literal(secret) {
        *secret = mark();
    }
}

/// A row of a list of headers.
fn forget_header(row: &mut dyn Options) {
    let name = field_access::text(row, &FieldId::new("name")).into_owned();
    if !is_credential(&name) {
        return;
    }
    field_access::with_text(row, &FieldId::new("value"), |value| {
        // The scheme of an Authorization is no secret and tells what is meant.
        let has_scheme = name.to_ascii_lowercase().ends_with("authorization");
        let split = value.split_once(' ').filter(|_| has_scheme);
        let (scheme, rest) = split.map_or((Cow::Borrowed(""), &**value), |(scheme, rest)| {
            (Cow::Owned(format!("{scheme} ")), rest)
        });
        if is_literal(rest) {
            *value = format!("{scheme}{}", mark());
        }
        true
    });
}

/// The password of a URL, or its user where that is all there is (RFC 3986, section 3.2.1).
fn forget_user(url: &mut String) {
    let parts = UrlText::of(url);
    let Some(userinfo) = parts.userinfo else { return };
    let end = parts.host_at - 1;
    let (user, secret) =
        userinfo.split_once(':').map_or(("", userinfo), |(user, secret)| (user, secret));
    if !is_literal(secret) {
        return;
    }
    let colon = if userinfo.contains(':') { ":" } else { "" };
    let kept = format!("{user}{colon}{}", mark());
    url.replace_range(end - userinfo.len()..end, &kept);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::{Auth, HttpSpec};
    use crate::model::name_value::NameValue;

    fn url(text: &str) -> String {
        let mut url = text.to_owned();
        forget_user(&mut url);
        url
    }

    #[test]
    fn a_url_keeps_its_user_and_its_templates() {
        assert_eq!(url("http://ann:pw@h/x"), "http://ann:{{forgotten}}@h/x");
        assert_eq!(url("https://token@h"), "https://{{forgotten}}@h");
        assert_eq!(url("http://ann:{{secret.pw}}@h"), "http://ann:{{secret.pw}}@h");
        assert_eq!(url("http://h/a@b:c"), "http://h/a@b:c");
        assert_eq!(url("ann:pw@h/?to=http://x@y"), "ann:{{forgotten}}@h/?to=http://x@y");
    }

    #[test]
    fn typed_credentials_are_forgotten_and_asked_for() {
        let headers = [
            ("Authorization", "Bearer typed", "Bearer {{forgotten}}"),
            ("authorization", "Bearer {{secret.t}}", "Bearer {{secret.t}}"),
            ("Cookie", "sid=typed", "{{forgotten}}"),
            ("X-API-Key", "typed", "{{forgotten}}"),
            ("Proxy-Authorization", "Basic dTpw", "Basic {{forgotten}}"),
            ("Accept", "*/*", "*/*"),
        ];
        let rows = headers.map(|(name, value, _)| NameValue::new(name, value));
        let spec = Spec::Http(HttpSpec {
            url: "http://h/".into(),
            headers: rows.into(),
            auth: Auth::Basic { user: "ann".into(), password: "typed".into() },
            ..HttpSpec::default()
        });
        let kept = forgetting(&spec);
        let Spec::Http(http) = &kept else { unreachable!() };
        for (row, (name, _, expected)) in http.headers.iter().zip(headers) {
            assert_eq!(row.value, expected, "{name}");
        }
        assert!(!format!("{kept:?}").contains("typed"), "{kept:?}");
        assert_eq!(forgetting(&kept), kept);
        for unknown in [UnknownNames::Refused, UnknownNames::Literal] {
            let issues = plan_with(&kept, &Scope::default(), unknown).unwrap_err();
            assert!(
                issues.iter().any(|issue| issue.message.contains("type it again")),
                "{issues:?}"
            );
        }
    }
}
