//! Bruno's YAML (`OpenCollection`) as a tree like that of its JSON export.

use crate::interop::import::data::DataNode;
use crate::interop::import::data::read_yaml;
use crate::interop::import::tree::ImportFault;

/// Reads a file: a request, what a folder says, or an environment.
///
/// # Errors
/// With line and column.
pub(super) fn item(text: &str) -> Result<DataNode, ImportFault> {
    Ok(of(&read_yaml(text)?))
}

/// The same of a tree.
pub(super) fn of(data: &DataNode) -> DataNode {
    let info = data.at("info");
    // Folders say theirs under `request`.
    let kinds = ["http", "graphql", "websocket", "grpc", "request"].map(|kind| data.at(kind));
    let about = kinds.into_iter().find(|kind| !kind.is_null()).unwrap_or(&DataNode::Null);
    let mut request: Vec<(Box<str>, DataNode)> = Vec::new();
    for name in ["method", "url", "params", "headers"] {
        request.push((name.into(), about.at(name).clone()));
    }
    request.push(("auth".into(), auth(about.at("auth"), data.at("auth"))));
    request.push(("body".into(), body(about.at("body"))));
    let runtime = data.at("runtime");
    let variables = [about.at("variables"), runtime.at("variables")];
    let variables = variables.into_iter().find(|it| !it.items().is_empty()).cloned();
    request.push(("vars".into(), map(vec![("req", variables.unwrap_or(DataNode::Null))])));
    let scripts = [about.at("scripts"), runtime.at("scripts")];
    let mut script = Vec::new();
    for one in scripts.iter().flat_map(|scripts| scripts.items()) {
        let name = match one.at("type").str() {
            "before-request" => "req",
            "after-response" => "res",
            _ => {
                request.push(("tests".into(), one.at("code").clone()));
                continue;
            }
        };
        script.push((name, one.at("code").clone()));
    }
    request.push(("script".into(), map(script)));
    let assertion = |row: &DataNode| {
        let value = format!("{} {}", row.at("operator").str(), row.at("value").plain());
        map(vec![
            ("name", row.at("expression").clone()),
            ("value", DataNode::from(value.trim())),
            ("disabled", row.at("disabled").clone()),
        ])
    };
    let assertions = runtime.at("assertions").items().iter().map(assertion).collect();
    request.push(("assertions".into(), DataNode::List(assertions)));
    request.push(("captures".into(), captures(runtime.at("actions"))));
    let docs = data.at("docs");
    let docs = docs.text().unwrap_or_else(|| docs.at("content").str());
    request.push(("docs".into(), docs.into()));
    let name = [info.at("name"), data.at("name")].into_iter().find(|name| !name.is_null());
    map(vec![
        ("name", name.cloned().unwrap_or(DataNode::Null)),
        ("type", info.at("type").clone()),
        ("seq", info.at("seq").clone()),
        ("tags", info.at("tags").clone()),
        ("settings", data.at("settings").clone()),
        ("request", DataNode::Map(request)),
        ("variables", data.at("variables").clone()),
        ("examples", data.at("examples").clone()),
    ])
}

/// Variables that are set of an answer, as rows of their names and where they come from.
fn captures(actions: &DataNode) -> DataNode {
    let is_capture = |action: &&DataNode| {
        action.at("type").str() == "set-variable" && action.at("phase").str() == "after-response"
    };
    let row = |action: &DataNode| {
        map(vec![
            ("name", action.path(&["variable", "name"]).clone()),
            ("value", action.path(&["selector", "expression"]).clone()),
            ("disabled", action.at("disabled").clone()),
        ])
    };
    DataNode::List(actions.items().iter().filter(is_capture).map(row).collect())
}

fn map(pairs: Vec<(&str, DataNode)>) -> DataNode {
    DataNode::Map(pairs.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// `type: bearer` beside its values, as a mode with an object of its own.
fn auth(own: &DataNode, outer: &DataNode) -> DataNode {
    let written = if own.is_null() { outer } else { own };
    let mode = written.text().unwrap_or_else(|| written.at("type").str());
    map(vec![("mode", mode.into()), (mode, written.clone())])
}

fn body(written: &DataNode) -> DataNode {
    let kind = written.at("type").str();
    let (mode, member) = match kind {
        "form-urlencoded" => ("formUrlEncoded", "formUrlEncoded"),
        "multipart-form" => ("multipartForm", "multipartForm"),
        "" if written.has("query") => ("graphql", "graphql"),
        kind => (kind, kind),
    };
    let data = if mode == "graphql" { written } else { written.at("data") };
    map(vec![("mode", mode.into()), (member, data.clone())])
}
