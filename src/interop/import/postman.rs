//! Postman collections of the formats 2.0 and 2.1, and environments; format 1 stands in a file of its own.

mod auth;
mod body;
mod first;
mod url;

use super::braces::{Dialect, ours};
use super::data::DataNode;
use super::gathered::{FoundPreset, Gathered, first_line};
use super::tree::{ImportFault, ImportedVariable};
use crate::model::http::HttpSpec;
use crate::model::spec::{NameValue, Spec};
use crate::model::trust::Verify;

/// How Postman writes placeholders.
const DIALECT: Dialect = Dialect::Braces;
/// What is left out of a request, by its member.
const UNUSED: [(&str, &str); 2] =
    [("proxy", "proxies of single requests"), ("certificate", "client certificates")];

/// Reads a collection, with the envelope of the API or without.
pub(super) fn collection(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let (root, path) =
        if data.has("collection") { (data.at("collection"), "collection.") } else { (data, "") };
    if root.has("requests") && !root.has("item") {
        return first::collection(root, out);
    }
    let info = root.at("info");
    let schema = info.at("schema").str();
    let version = schema.rsplit_once("/v").map(|(_, rest)| rest.split('.').next().unwrap_or(rest));
    if let Some(version) = version.filter(|version| !["1", "2"].contains(version)) {
        let cause = format!("version {version} of the format is not known; 1, 2.0 and 2.1 are");
        return Err(ImportFault::new(format!("{path}info.schema"), cause));
    }
    let title = info.at("name").text().or_else(|| root.at("name").text());
    let Some(title) = title else {
        let cause = "it has no info with a name, which every Postman collection has";
        return Err(ImportFault::new(format!("{path}info"), cause));
    };
    out.title(title);
    let DataNode::List(items) = root.at("item") else {
        return Err(ImportFault::new(format!("{path}item"), "it is no list of requests"));
    };
    let level = Level { auth: root.at("auth"), settings: root.at("protocolProfileBehavior") };
    of_folder(root, &[], out);
    walk(items, &level, &mut Vec::new(), out)
}

/// What requests have of the folders around them.
#[derive(Clone, Copy)]
struct Level<'d> {
    auth: &'d DataNode,
    settings: &'d DataNode,
}

impl<'d> Level<'d> {
    /// That of what is in it: what says nothing by itself has what is around it.
    fn inside(self, item: &'d DataNode) -> Self {
        let own =
            |name: &str, outer| Some(item.at(name)).filter(|own| !own.is_null()).unwrap_or(outer);
        Level {
            auth: own("auth", self.auth),
            settings: own("protocolProfileBehavior", self.settings),
        }
    }
}

fn walk(
    items: &[DataNode],
    level: &Level<'_>,
    folder: &mut Vec<String>,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    for item in items {
        let name = item.at("name").str();
        let place =
            || folder.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
        let level = level.inside(item);
        if let DataNode::List(inner) = item.at("item") {
            folder.push(name.to_owned());
            of_folder(item, folder, out);
            walk(inner, &level, folder, out)?;
            folder.pop();
        } else if item.has("request") {
            request(item, &level, folder, place(), out)?;
        } else {
            out.left_out("items that are neither a request nor a folder", place());
        }
    }
    Ok(())
}

/// What a collection or folder says besides what is in it.
fn of_folder(item: &DataNode, folder: &[String], out: &mut Gathered) {
    let place = folder.join("/");
    let mut variables = Vec::new();
    for variable in item.at("variable").items() {
        variables.extend(self::variable(variable, &place, out));
    }
    let mut notes = scripts(item.at("event"));
    if !notes.is_empty() {
        out.left_out("scripts of folders, kept as comments and not run", place);
    }
    notes.extend(Some(described(item)).filter(|text| !text.is_empty()));
    if folder.is_empty() {
        notes.extend(Some(described(item.at("info"))).filter(|text| !text.is_empty()));
    }
    out.folder(folder, variables, notes);
}

/// A variable, unless it is switched off.
fn variable(written: &DataNode, place: &str, out: &mut Gathered) -> Option<ImportedVariable> {
    let name = written.at("key").text().or_else(|| written.at("id").text())?;
    if written.at("disabled").is_true() || *written.at("enabled") == DataNode::Bool(false) {
        out.changed("variables that are switched off", place, name);
        return None;
    }
    let value = written.at("value").plain();
    let is_secret = written.at("type").str() == "secret" && !value.is_empty();
    Some(out.variable(name, &value, DIALECT, is_secret, place))
}

/// A description, whichever way it is written.
fn described(item: &DataNode) -> String {
    let description = item.at("description");
    description.text().unwrap_or_else(|| description.at("content").str()).trim().to_owned()
}

/// Scripts as texts, each behind a line that says what it was for.
fn scripts(events: &DataNode) -> Vec<String> {
    let mut found = Vec::new();
    for event in events.items() {
        let exec = event.path(&["script", "exec"]);
        let lines = exec.items().iter().map(DataNode::str).collect::<Vec<_>>().join("\n");
        let text = exec.text().map_or(lines, str::to_owned);
        if !text.trim().is_empty() {
            let when = event.at("listen").str();
            found.push(format!("Postman script ({when}), not run:\n{text}"));
        }
    }
    found
}

fn request(
    item: &DataNode,
    level: &Level<'_>,
    folder: &[String],
    place: String,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    let written = item.at("request");
    // A request can be nothing but its URL.
    let address = if written.text().is_some() { written } else { written.at("url") };
    let mut spec = HttpSpec::default();
    let method = written.at("method").str().trim();
    if !method.is_empty() {
        spec.method = method.to_uppercase();
    }
    url::address(address, &mut spec, out, &place);
    headers(written.at("header"), &mut spec, out, &place);
    let mut notes = Vec::new();
    if body::is_sent(&spec.method, level.settings) {
        body::body(written.at("body"), &mut spec, out, &place);
    } else {
        notes.extend(body::unsent(written.at("body"), out, &place));
    }
    let auth = Some(written.at("auth")).filter(|own| !own.is_null()).unwrap_or(level.auth);
    auth::auth(auth, &mut spec, out, &place);
    settings(level.settings, &mut spec, out, &place);
    for (name, what) in UNUSED {
        if !written.at(name).is_null() {
            out.left_out(what, place.as_str());
        }
    }
    if !item.at("response").items().is_empty() {
        out.left_out("examples of answers", place.as_str());
    }
    let scripts = scripts(item.at("event"));
    if !scripts.is_empty() {
        out.left_out("scripts, kept as comments and not run", place.as_str());
    }
    notes.extend(scripts);
    let description = [described(written), described(item)];
    let description = description.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let about = first_line(&description, &mut notes);
    let (folder, name) = (folder.to_vec(), item.at("name").str().to_owned());
    out.preset(FoundPreset { folder, name, about, notes, place }, Spec::Http(spec))
}

/// Headers as rows, or as the lines of a text.
fn headers(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    for row in written.items() {
        let row = pair(row, out, place);
        spec.headers.extend(row.filter(|row| !row.name.is_empty()));
    }
    if let Some(text) = written.text() {
        header_lines(text, spec, out, place);
    }
}

fn header_lines(text: &str, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (enabled, line) = line.strip_prefix("//").map_or((true, line), |line| (false, line));
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let text = |text: &str, out: &mut Gathered| ours(text.trim(), DIALECT, out, place);
        let (name, value) = (text(name, out), text(value, out));
        spec.headers.push(NameValue { enabled, name, value });
    }
}

/// A row of a list, with its switch.
fn pair(row: &DataNode, out: &mut Gathered, place: &str) -> Option<NameValue> {
    if let Some(line) = row.text() {
        let (name, value) = line.split_once(':')?;
        return Some(NameValue::new(name.trim(), ours(value.trim(), DIALECT, out, place)));
    }
    if !described(row).is_empty() {
        out.left_out("descriptions of single headers and parameters", place);
    }
    let name = ours(&row.at("key").plain(), DIALECT, out, place);
    let value = ours(&row.at("value").plain(), DIALECT, out, place);
    Some(NameValue { enabled: !row.at("disabled").is_true(), name, value })
}

fn settings(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    for (name, value) in written.pairs() {
        match (&**name, value) {
            ("followRedirects", DataNode::Bool(false)) => spec.redirects = 0,
            ("maxRedirects", value) => {
                let most = value.number().map(|most| u8::try_from(most).unwrap_or(u8::MAX));
                spec.redirects = most.unwrap_or(spec.redirects);
            }
            ("strictSSL", DataNode::Bool(false)) => {
                spec.verify = Verify::Off;
                out.left_out(
                    "certificates that are not verified, as it was (verify = false)",
                    place,
                );
            }
            ("followRedirects" | "strictSSL" | "disableBodyPruning", _) => {}
            (name, _) => out.changed("settings of single requests", place, name),
        }
    }
}

/// Reads an environment or the globals.
pub(super) fn environment(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let DataNode::List(values) = data.at("values") else {
        return Err(ImportFault::new("values", "it is no list of variables"));
    };
    let is_global = data.at("_postman_variable_scope").str() == "globals";
    let name = data.at("name").text().unwrap_or(if is_global { "globals" } else { "" });
    out.title(name);
    let mut variables = Vec::new();
    for written in values {
        variables.extend(variable(written, name, out));
    }
    let name = if name.is_empty() { out.called() } else { name.to_owned() };
    out.environment(&name, variables);
    Ok(())
}
