//! Specs as the history keeps them, and the line it shows of each: templates stay, credentials that were typed in place become a
//! mark. Whoever sends such a spec again is asked for them: composing stops at the mark.

use super::typed_credentials::each_typed;
use crate::compose::template::FORGOTTEN;
use crate::compose::{UnknownNames, plan_with};
use crate::model::preset::Scope;
use crate::model::protocol::Side;
use crate::model::secrets::{is_secret_value, without_userinfo};
use crate::model::spec::Spec;

/// The spec without credentials of its own.
#[must_use]
pub fn forgetting(spec: &Spec) -> Spec {
    let mut spec = spec.clone();
    each_typed(&mut spec, &mut |_| Some(mark()));
    spec
}

/// One line for the history. Secrets and the system's environment stay out of it.
#[must_use]
pub fn summary(spec: &Spec, scope: &Scope) -> String {
    let mut masked = scope.clone();
    masked.secrets.values_mut().chain(masked.os.values_mut()).for_each(|v| "***".clone_into(v));
    masked.cover_programs(|_| "***".to_owned());
    let veiled = masked.typed.iter_mut().chain(&mut masked.captured);
    let veiled = veiled.filter(|(name, _)| scope.veiled.contains(*name));
    veiled.for_each(|(_, value)| "***".clone_into(value));
    let variables = masked.variables.iter_mut().chain(&mut masked.captured);
    let variables = variables.chain(&mut masked.typed);
    let secrets = variables.filter(|(name, value)| is_secret_value(name, value));
    secrets.for_each(|(_, value)| "***".clone_into(value));
    let mut spec = spec.clone();
    each_typed(&mut spec, &mut |_| Some("***".to_owned()));
    let address = match plan_with(&spec, &masked, UnknownNames::Literal) {
        Ok(plan) => plan.address(),
        Err(_) => spec.address().to_owned(),
    };
    let address = without_userinfo(&address);
    if let Some(method) = spec.method() {
        return format!("{method} {address}");
    }
    match spec.side() {
        Side::Client => format!("{} {address}", spec.protocol()),
        Side::Listener => format!("listen {} {address}", spec.protocol()),
        Side::Relay => format!("relay {} {address}", spec.protocol()),
    }
}

fn mark() -> String {
    format!("{{{{{FORGOTTEN}}}}}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::{Auth, HttpBody, HttpSpec};
    use crate::model::name_value::NameValue;
    use crate::model::preset::ValueCommand;

    fn url(text: &str) -> String {
        let spec = Spec::Http(HttpSpec { url: text.into(), ..HttpSpec::default() });
        forgetting(&spec).address().to_owned()
    }

    #[test]
    fn what_programs_give_and_what_is_typed_unseen_stays_out_of_the_line() {
        let mut scope = Scope::default();
        let given = |word: &str, is_secret| ValueCommand::of(vec![word.to_owned()], is_secret);
        for name in ["auth", "secret.key"] {
            scope.commands.insert(name.into(), given("gh", true));
        }
        scope.outputs.insert(given("gh", true).source, "canary-gh".into());
        scope.commands.insert("host".into(), given("hostname", false));
        scope.outputs.insert(given("hostname", false).source, "h".into());
        for (label, value) in [("Code", "canary-5"), ("Region", "eu"), ("api_token", "canary-6")] {
            scope.typed.insert(label.into(), value.into());
        }
        scope.veiled.insert("Code".into());
        scope.captured.insert("session_token".into(), "canary-7".into());
        let url = r#"http://{{host}}/{{auth}}/{{secret.key}}/{{prompt "Code"}}/{{prompt "Region"}}/{{prompt api_token}}/{{session_token}}"#;
        let spec = Spec::Http(HttpSpec { url: url.into(), ..HttpSpec::default() });
        assert_eq!(summary(&spec, &scope), "GET http://h/***/***/***/eu/***/***");
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
    fn what_is_one_by_its_name_is_forgotten_in_query_form_and_json() {
        let json = r#"{"user": "ann", "password": "ty\"ped", "n": {"client_secret": "typed"}}"#;
        let spec = Spec::Http(HttpSpec {
            url: "http://h/?api_key=typed&a=b&access_token=typed#f".into(),
            query: vec![NameValue::new("token", "typed"), NameValue::new("page_token", "kept")],
            body: HttpBody::Json(json.into()),
            ..HttpSpec::default()
        });
        let kept = forgetting(&spec);
        assert_eq!(
            kept.address(),
            "http://h/?api_key={{forgotten}}&a=b&access_token={{forgotten}}#f"
        );
        let Spec::Http(http) = &kept else { unreachable!() };
        assert_eq!((&*http.query[0].value, &*http.query[1].value), ("{{forgotten}}", "kept"));
        let HttpBody::Json(body) = &http.body else { unreachable!() };
        let expected = r#"{"user": "ann", "password": "{{forgotten}}", "n": {"client_secret": "{{forgotten}}"}}"#;
        assert_eq!(body, expected);
        let line = summary(&spec, &Scope::default());
        assert!(line.starts_with("GET http://h/?") && line.contains("kept"), "{line}");
        assert!(!line.contains("typed"), "{line}");
        let rows = vec![NameValue::new("client_secret", "typed"), NameValue::new("grant", "kept")];
        let form = HttpSpec { body: HttpBody::Form(rows), ..HttpSpec::default() };
        let kept = format!("{:?}", forgetting(&Spec::Http(form)));
        assert!(!kept.contains("typed") && kept.contains("kept"), "{kept}");
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
