//! What credentials look like in a text that is shown, copied or exported: never themselves.
//!
//! Snippets are written from a [`Plan`]. A caller that only shows one plans with
//! [`masked_scope`], so values of `{{secret.NAME}}` never get that far, and passes the plan
//! through [`masked`], which also hides credentials that were typed in place.

use crate::model::plan::{HttpPlan, Plan};
use crate::model::preset::Scope;

/// Stands for a credential.
pub const MASK: &str = "********";

/// Headers whose values are credentials.
const SECRET_HEADERS: [&str; 6] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "x-auth-token"];

/// The same scope with every secret replaced by its name.
#[must_use]
pub fn masked_scope(scope: &Scope) -> Scope {
    let secrets = scope.secrets.keys().map(|name| (name.clone(), format!("<secret.{name}>")));
    Scope { secrets: secrets.collect(), ..scope.clone() }
}

/// The same plan without credentials in its headers.
#[must_use]
pub fn masked(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    match &mut plan {
        Plan::Http(HttpPlan { headers, .. }) => mask_headers(headers),
        Plan::HttpListener(listener) => {
            mask_headers(&mut listener.answer.headers);
            for rule in &mut listener.rules {
                mask_headers(&mut rule.answer.headers);
            }
        }
        Plan::Tcp(_) | Plan::TcpListener(_) | Plan::Udp(_) | Plan::UdpListener(_) => {}
    }
    plan
}

fn mask_headers(headers: &mut [(String, String)]) {
    for (name, value) in headers {
        if SECRET_HEADERS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
            // The scheme of an Authorization is no secret and tells what is meant.
            let scheme = value.split_once(' ').map(|(scheme, _)| scheme);
            let scheme = scheme.filter(|_| name.to_ascii_lowercase().ends_with("authorization"));
            *value = scheme.map_or(MASK.into(), |scheme| format!("{scheme} {MASK}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{AnswerPlan, PlanBody};

    #[test]
    fn secrets_and_typed_credentials_do_not_survive_masking() {
        let mut scope = Scope::default();
        scope.secrets.insert("token".into(), "hunter2".into());
        assert_eq!(masked_scope(&scope).secrets["token"], "<secret.token>");

        let mut headers = vec![
            ("AUTHORIZATION".to_string(), "Bearer hunter2".to_string()),
            ("Cookie".to_string(), "sid=hunter2; a=b".to_string()),
            ("Accept".to_string(), "*/*".to_string()),
        ];
        mask_headers(&mut headers);
        assert_eq!(headers[0].1, "Bearer ********");
        assert_eq!(headers[1].1, "********");
        assert_eq!(headers[2].1, "*/*");
    }

    #[test]
    fn the_answers_of_a_listener_are_masked_too() {
        let answer = AnswerPlan {
            status: 200,
            headers: vec![("Set-Cookie".into(), "sid=hunter2".into())],
            body: PlanBody::Bytes(bytes::Bytes::new()),
            delay: std::time::Duration::ZERO,
        };
        let plan = Plan::HttpListener(crate::model::plan::HttpListenerPlan {
            bind: crate::model::endpoint::Bind::Loopback { port: 1 },
            tls: crate::model::tls::ListenerTls::Off,
            rules: Vec::new(),
            answer,
        });
        assert!(!format!("{:?}", masked(&plan)).contains("hunter2"));
    }
}
