//! How a request says who is asking: what of it is a header, a parameter or a cookie, and what is
//! worked out when it is sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text::Composer;
use crate::codec::aws_signature::{is_time, of_host};
use crate::model::field_id::FieldId;
use crate::model::http::{ApiKey, ApiKeyPlace, Auth, AwsKeys};
use crate::model::plan::PlanAuth;

/// Credentials whose texts are filled in.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    /// The value of an `Authorization`.
    pub(super) authorization: Option<String>,
    pub(super) key: Option<ApiKey>,
    pub(super) worked_out: PlanAuth,
}

fn field(key: &'static str) -> FieldId {
    FieldId::new("auth").then(key)
}

/// Fills the texts in; what cannot be sent is an issue.
pub(super) fn credentials(auth: &Auth, composer: &mut Composer<'_>) -> Credentials {
    match auth {
        Auth::None => Credentials::default(),
        Auth::Basic { user, password } => {
            let user = composer.line(field("basic.user"), user);
            let password = composer.line(field("basic.password"), password);
            if user.contains(':') {
                let message = "a user for Basic cannot hold ':' (RFC 7617)";
                composer.issue(field("basic.user"), message);
            }
            Credentials { authorization: Some(basic(&user, &password)), ..Credentials::default() }
        }
        Auth::Bearer(token) => {
            let token = composer.line(field("bearer"), token);
            Credentials { authorization: Some(format!("Bearer {token}")), ..Credentials::default() }
        }
        Auth::Digest { user, password } => {
            let user = composer.line(field("digest.user"), user);
            let password = composer.line(field("digest.password"), password);
            if user.contains(':') {
                let message = "a user for Digest cannot hold ':' (RFC 7616)";
                composer.issue(field("digest.user"), message);
            }
            let worked_out = PlanAuth::Digest { user, password };
            Credentials { worked_out, ..Credentials::default() }
        }
        Auth::ApiKey(key) => {
            Credentials { key: Some(api_key(key, composer)), ..Credentials::default() }
        }
        Auth::Aws(keys) => {
            let worked_out = PlanAuth::Aws(Box::new(aws(keys, composer)));
            Credentials { worked_out, ..Credentials::default() }
        }
    }
}

/// The value of an `Authorization` of Basic (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn api_key(key: &ApiKey, composer: &mut Composer<'_>) -> ApiKey {
    let place = key.place;
    let name = match place {
        ApiKeyPlace::Header => composer.token(field("api-key.name"), &key.name),
        ApiKeyPlace::Query | ApiKeyPlace::Cookie => composer.line(field("api-key.name"), &key.name),
    };
    let value = composer.line(field("api-key.value"), &key.value);
    let cannot = |text: &str| place == ApiKeyPlace::Cookie && text.contains([';', ',']);
    if name.is_empty() && place != ApiKeyPlace::Header {
        composer.issue(field("api-key.name"), "a key is sent under a name; name it");
    }
    for (key, text) in [("api-key.name", &name), ("api-key.value", &value)] {
        if cannot(text) {
            composer.issue(field(key), "a cookie cannot hold ';' or ',' (RFC 6265)");
        }
    }
    if place == ApiKeyPlace::Cookie && name.contains('=') {
        composer.issue(field("api-key.name"), "the name of a cookie cannot hold '=' (RFC 6265)");
    }
    ApiKey { name, value, place }
}

fn aws(keys: &AwsKeys, composer: &mut Composer<'_>) -> AwsKeys {
    let mut filled = |key: &'static str, text: &str, needed: Option<&str>| {
        let before = composer.issues.len();
        let text = composer.line(field(key), text).trim().to_owned();
        let is_missing = text.is_empty() && composer.issues.len() == before;
        if let Some(message) = needed.filter(|_| is_missing) {
            composer.issue(field(key), message);
        }
        text
    };
    AwsKeys {
        access_key: filled(
            "aws.access-key",
            &keys.access_key,
            Some("a signature names a key; name it"),
        ),
        secret_key: filled(
            "aws.secret-key",
            &keys.secret_key,
            Some("nothing is signed without a key"),
        ),
        session_token: filled("aws.session-token", &keys.session_token, None),
        region: filled("aws.region", &keys.region, None),
        service: filled("aws.service", &keys.service, None),
    }
}

/// Region and service of a signature, from the host where they are not written; and whether a time that the user
/// wrote is one.
pub(super) fn complete(
    worked_out: &mut PlanAuth,
    (host, written): (&str, Option<&str>),
    composer: &mut Composer<'_>,
) {
    let PlanAuth::Aws(keys) = worked_out else { return };
    if let Some(time) = written.filter(|time| !is_time(time.trim())) {
        let message = format!("'{time}' in X-Amz-Date is no time; write it as 20260131T120000Z");
        composer.issue(FieldId::new("headers"), message);
    }
    let of_host = of_host(host);
    for (key, value, of_host) in [
        ("aws.region", &mut keys.region, of_host.map(|(region, _)| region)),
        ("aws.service", &mut keys.service, of_host.map(|(_, service)| service)),
    ] {
        match of_host {
            Some(found) if value.is_empty() => found.clone_into(value),
            None if value.is_empty() => {
                let (_, what) = key.split_once('.').unwrap_or(("", key));
                let message = format!("the host does not say the {what} of AWS; name it");
                composer.issue(field(key), message);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::plan;
    use crate::model::http::HttpSpec;
    use crate::model::name_value::NameValue;
    use crate::model::plan::HttpPlan;
    use crate::model::preset::Scope;
    use crate::model::spec::Spec;

    #[test]
    fn a_key_stands_in_its_place_and_a_header_of_the_users_own_goes_before() {
        let of = |place, headers: &[(&str, &str)]| {
            let key = ApiKey { name: "k y".into(), value: "a&b".into(), place };
            let key = ApiKey {
                name: if place == ApiKeyPlace::Header { "X-Key".into() } else { key.name },
                ..key
            };
            let headers =
                headers.iter().map(|(name, value)| NameValue::new(*name, *value)).collect();
            let spec = HttpSpec {
                url: "h/x?a=1".into(),
                auth: Auth::ApiKey(key),
                headers,
                ..HttpSpec::default()
            };
            let plan = plan(&Spec::Http(spec), &Scope::default()).unwrap();
            let plan = plan.as_http().unwrap().clone();
            let found = |name: &str| {
                let values = plan.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
                values.map(|(_, value)| value.clone()).collect::<Vec<_>>()
            };
            (plan.url.clone(), found("x-key"), found("cookie"))
        };
        let url = "http://h/x?a=1".to_owned();
        assert_eq!(of(ApiKeyPlace::Header, &[]), (url.clone(), vec!["a&b".into()], vec![]));
        assert_eq!(
            of(ApiKeyPlace::Header, &[("x-key", "own")]),
            (url.clone(), vec!["own".into()], vec![])
        );
        assert_eq!(of(ApiKeyPlace::Query, &[]), (format!("{url}&k%20y=a%26b"), vec![], vec![]));
        assert_eq!(of(ApiKeyPlace::Cookie, &[]), (url.clone(), vec![], vec!["k y=a&b".into()]));
        let beside = of(ApiKeyPlace::Cookie, &[("Cookie", "s=1")]);
        assert_eq!(beside, (url, vec![], vec!["s=1; k y=a&b".into()]));
    }

    #[test]
    fn what_is_worked_out_gives_way_to_a_header_and_knows_the_hosts_of_aws() {
        let of = |url: &str, auth: Auth, headers: &[&str]| {
            let headers = headers.iter().map(|name| NameValue::new(*name, "x")).collect();
            let spec = HttpSpec { url: url.into(), auth, headers, ..HttpSpec::default() };
            plan(&Spec::Http(spec), &Scope::default()).map(|plan| plan.as_http().unwrap().clone())
        };
        let digest = || Auth::Digest { user: "ann".into(), password: "p".into() };
        let sent = of("http://other:word@h/", digest(), &[]).unwrap();
        let is_named =
            |plan: &HttpPlan| plan.headers.iter().any(|(name, _)| name == "Authorization");
        assert_eq!(sent.auth, PlanAuth::Digest { user: "ann".into(), password: "p".into() });
        assert!(!is_named(&sent));
        let sent = of("http://h/", digest(), &["authorization"]).unwrap();
        assert_eq!(sent.auth, PlanAuth::None);
        let aws = |region: &str| {
            let (access_key, secret_key) = ("k".to_owned(), "s".to_owned());
            Auth::Aws(AwsKeys {
                access_key,
                secret_key,
                region: region.into(),
                ..AwsKeys::default()
            })
        };
        let PlanAuth::Aws(keys) =
            of("https://b.s3.eu-west-1.amazonaws.com/", aws(""), &[]).unwrap().auth
        else {
            panic!("it is signed");
        };
        assert_eq!((&*keys.region, &*keys.service), ("eu-west-1", "s3"));
        let issues = of("https://h/", aws("eu-west-1"), &["X-Amz-Date"]).unwrap_err();
        let issues: Vec<_> =
            issues.iter().map(|issue| (issue.field.to_string(), issue.message.clone())).collect();
        assert_eq!(
            issues,
            [
                (
                    "headers".into(),
                    "'x' in X-Amz-Date is no time; write it as 20260131T120000Z".into()
                ),
                (
                    "auth.aws.service".into(),
                    "the host does not say the service of AWS; name it".to_owned()
                ),
            ]
        );
        let empty = of("https://sqs.eu-west-1.amazonaws.com/", Auth::Aws(AwsKeys::default()), &[]);
        assert_eq!(empty.unwrap_err().len(), 2);
    }
}
