//! Credentials of a Postman request: what we have a field for, and keys as headers or parameters.

use super::DIALECT;
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::{Gathered, api_key, aws, basic, digest};
use crate::model::http::{ApiKeyPlace, Auth, HttpSpec};
use crate::model::spec::NameValue;

/// Puts credentials into the request; other kinds are named.
pub(super) fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let kind = written.at("type").str();
    let params = written.at(kind);
    let mut of = |name: &str| ours(&param(params, name), DIALECT, out, place);
    match kind {
        "" | "noauth" => {}
        "basic" => spec.auth = basic(of("username"), of("password")),
        "digest" => spec.auth = digest(of("username"), of("password")),
        "awsv4" => spec.auth = aws(of, ["accessKey", "secretKey"]),
        // Without a token it says nothing.
        "bearer" if param(params, "token").is_empty() => {}
        "bearer" => spec.auth = Auth::Bearer(of("token")),
        "apikey" => {
            let (name, value) = (of("key"), of("value"));
            if name.is_empty() {
                out.left_out("keys without a name, which are not sent", place);
            } else if param(params, "in") == "query" {
                spec.auth = api_key(name, value, ApiKeyPlace::Query);
            } else {
                instead(&name, spec, out, place);
                spec.auth = api_key(name, value, ApiKeyPlace::Header);
            }
        }
        "oauth2" if !param(params, "accessToken").is_empty() => {
            let token = of("accessToken");
            if of("addTokenTo") == "queryParams" {
                spec.query.push(NameValue::new("access_token", token));
            } else {
                let prefix = Some(of("headerPrefix")).filter(|prefix| !prefix.trim().is_empty());
                match prefix.as_deref().map(str::trim) {
                    None | Some("Bearer") => spec.auth = Auth::Bearer(token),
                    Some(prefix) => {
                        instead("authorization", spec, out, place);
                        let value = format!("{prefix} {token}");
                        spec.headers.push(NameValue::new("Authorization", value));
                    }
                }
            }
            out.left_out("ways to get a token (OAuth 2.0); the token itself came", place);
        }
        kind => out.changed("credentials of a kind that is not there yet", place, kind),
    }
    if !matches!(spec.auth, Auth::None | Auth::ApiKey(_)) {
        instead("authorization", spec, out, place);
    }
}

/// Credentials take the place of a header of that name.
fn instead(name: &str, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let is_it = |row: &NameValue| row.enabled && row.name.trim().eq_ignore_ascii_case(name);
    if spec.headers.iter().any(is_it) {
        out.changed("headers that credentials take the place of", place, name);
        for row in spec.headers.iter_mut().filter(|row| is_it(row)) {
            row.enabled = false;
        }
    }
}

/// A parameter, of a list (2.1) or an object (2.0).
fn param(params: &DataNode, name: &str) -> String {
    let row = params.items().iter().find(|row| row.at("key").str() == name);
    row.map_or_else(|| params.at(name), |row| row.at("value")).plain()
}
