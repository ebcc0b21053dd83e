//! Credentials of a Postman request: what we have a field for, and keys as headers or parameters.

use super::DIALECT;
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::model::http::{Auth, HttpSpec};
use crate::model::spec::NameValue;

/// Puts credentials into the request; other kinds are named.
pub(super) fn auth(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let kind = written.at("type").str();
    let params = written.at(kind);
    let mut of = |name: &str| ours(&param(params, name), DIALECT, out, place);
    match kind {
        "" | "noauth" => {}
        "basic" => {
            spec.auth = Auth::Basic { user: of("username"), password: of("password") };
        }
        "bearer" => spec.auth = Auth::Bearer(of("token")),
        "apikey" => {
            let (name, value, place) = (of("key"), of("value"), of("in"));
            let row = NameValue::new(if name.is_empty() { "X-API-Key" } else { &name }, value);
            if place == "query" { spec.query.push(row) } else { spec.headers.push(row) }
        }
        "oauth2" if !param(params, "accessToken").is_empty() => {
            let token = of("accessToken");
            if of("addTokenTo") == "queryParams" {
                spec.query.push(NameValue::new("access_token", token));
            } else {
                spec.auth = Auth::Bearer(token);
            }
            out.left_out("ways to get a token (OAuth 2.0); the token itself came", place);
        }
        kind => out.changed("credentials of a kind that is not there yet", place, kind),
    }
}

/// A parameter, of a list (2.1) or an object (2.0).
fn param(params: &DataNode, name: &str) -> String {
    let row = params.items().iter().find(|row| row.at("key").str() == name);
    row.map_or_else(|| params.at(name), |row| row.at("value")).plain()
}
