//! What an operation asks for to know who is there: names of secrets, which the user gives values.

use super::operation::Operation;
use crate::compose::template;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::names;
use crate::model::http::{Auth, HttpSpec};
use crate::model::spec::NameValue;

/// Puts the first way that a document knows into the request.
pub(super) fn security(
    operation: &Operation<'_, '_>,
    spec: &mut HttpSpec,
    out: &mut Gathered,
    place: &str,
) {
    let own = operation.written.at("security");
    let ways = if own.is_null() { operation.api.root.at("security") } else { own };
    let Some(way) = ways.items().first() else { return };
    let root = operation.api.root;
    let schemes = [root.path(&["components", "securitySchemes"]), root.at("securityDefinitions")];
    for (name, _) in way.pairs() {
        let known = schemes.iter().find(|known| known.has(name)).map(|known| known.at(name));
        let known = known.and_then(|known| operation.api.refs.resolved(known, place, out));
        match known {
            Some(scheme) => one(name, scheme, spec, out, place),
            None => out.changed("credentials that the document does not describe", place, name),
        }
    }
}

fn secret(name: &str) -> String {
    "{{secret.".to_owned() + &names::variable(name) + "}}"
}

fn one(name: &str, scheme: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let way = scheme.at("scheme").str().to_ascii_lowercase();
    match (scheme.at("type").str(), way.as_str()) {
        ("basic", _) | ("http", "basic") => {
            spec.auth = Auth::Basic { user: "{{user}}".into(), password: secret("password") };
        }
        ("http", "bearer") => spec.auth = Auth::Bearer(secret("token")),
        ("oauth2" | "openIdConnect", _) => {
            spec.auth = Auth::Bearer(secret("token"));
            out.changed("ways to get a token; {{secret.token}} stands for it", place, name);
        }
        ("apiKey", _) => {
            let field = template::quote(scheme.at("name").str());
            match scheme.at("in").str() {
                "query" => spec.query.push(NameValue::new(field, secret(name))),
                "cookie" => {
                    let value = format!("{field}={}", secret(name));
                    // All cookies are one header.
                    match spec.headers.iter_mut().find(|row| row.enabled && row.name == "Cookie") {
                        Some(row) => row.value = format!("{}; {value}", row.value),
                        None => spec.headers.push(NameValue::new("Cookie", value)),
                    }
                }
                _ => spec.headers.push(NameValue::new(field, secret(name))),
            }
        }
        (kind, way) => {
            let kind = format!("{kind} {way}");
            out.changed("credentials of a kind that is not there yet", place, kind.trim());
        }
    }
}
