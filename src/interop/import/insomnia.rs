//! Insomnia exports: formats 1 to 4 (a list of resources that name their parents) and 5 (a tree), in JSON or
//! YAML.

mod request;
mod resources;

use super::braces::Dialect;
use super::data::DataNode;
use super::gathered::Gathered;
use super::tree::{ImportFault, ImportedVariable};
use request::request;

/// How Insomnia writes placeholders.
const DIALECT: Dialect = Dialect::Insomnia;
/// Objects within each other that become one name.
const DEEPEST: usize = 8;
/// What is said of cookies that are kept beside the requests.
const COOKIES: &str = "cookies of the jar, which are not sent";

/// Headers that a request has once: the one nearest to it counts.
const SINGLE: [&str; 7] =
    ["authorization", "content-type", "content-length", "host", "origin", "referer", "user-agent"];

/// What requests have of the folders around them.
#[derive(Clone, Default)]
struct InsomniaLevel<'d> {
    auth: Option<&'d DataNode>,
    headers: Vec<&'d DataNode>,
}

impl<'d> InsomniaLevel<'d> {
    /// That of what is in a folder: credentials of the nearest, headers of all.
    fn inside(&self, folder: &'d DataNode) -> Self {
        let own = folder.at("authentication");
        let mut headers = self.headers.clone();
        headers.extend(folder.at("headers").items());
        InsomniaLevel { auth: said(own).or(self.auth), headers }
    }
}

/// Credentials, if they say something; `none` says that there are none.
fn said(written: &DataNode) -> Option<&DataNode> {
    let is_said = !written.pairs().is_empty() && !written.at("disabled").is_true();
    is_said.then_some(written)
}

/// Reads an export of any format.
pub(super) fn export(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    if data.at("type").str().contains("insomnia.rest/") {
        return tree(data, out);
    }
    if let DataNode::List(items) = data.at("resources") {
        return resources::resources(items, out);
    }
    let DataNode::List(items) = data.at("items") else {
        return Err(ImportFault::new("resources", "it is no list of resources"));
    };
    walk(items, &InsomniaLevel::default(), &mut Vec::new(), out)
}

/// Format 5.
fn tree(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    out.title(data.at("name").str());
    let base = data.at("environments");
    let variables = variables(base.at("data"), "", out);
    if data.at("type").str().starts_with("environment.") {
        out.environment(data.at("name").str(), variables);
    } else {
        out.folder(&[], variables, Vec::new());
    }
    for environment in base.at("subEnvironments").items() {
        let name = environment.at("name").str();
        let variables = self::variables(environment.at("data"), name, out);
        out.environment(name, variables);
    }
    for (member, what) in
        [("spec", "documents of APIs"), ("testSuites", "unit tests"), ("server", "mock servers")]
    {
        if !data.at(member).is_null() {
            out.left_out(what, data.at("name").str());
        }
    }
    let collection = data.at("collection");
    if !matches!(collection, DataNode::List(_) | DataNode::Null) {
        return Err(ImportFault::new("collection", "it is no list of requests"));
    }
    if !data.path(&["cookieJar", "cookies"]).items().is_empty() {
        out.left_out(COOKIES, data.at("name").str());
    }
    walk(collection.items(), &InsomniaLevel::default(), &mut Vec::new(), out)
}

/// Requests and folders that hold what is in them, as format 5 and the first one write them.
fn walk(
    items: &[DataNode],
    level: &InsomniaLevel<'_>,
    folder: &mut Vec<String>,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    for item in items {
        let name = item.at("name").str();
        let inner = ["children", "requests"].map(|member| item.at(member));
        let inner = inner.into_iter().find(|inner| matches!(inner, DataNode::List(_)));
        if let Some(inner) = inner {
            folder.push(name.to_owned());
            of_folder(item, folder, out);
            walk(inner.items(), &level.inside(item), folder, out)?;
            folder.pop();
        } else {
            let id = item.path(&["meta", "id"]).str();
            let is_other =
                ["ws-", "ws_", "greq", "grpc", "socketio"].iter().any(|it| id.starts_with(it));
            if is_other {
                out.left_out("requests that are not HTTP", folder.join("/") + "/" + name);
                continue;
            }
            request(item, level, folder, out)?;
        }
    }
    Ok(())
}

/// What a folder says besides what is in it; credentials and headers go into its requests.
fn of_folder(item: &DataNode, folder: &[String], out: &mut Gathered) {
    let place = folder.join("/");
    let environment = [item.at("environment"), item.path(&["environments", "base"])];
    let environment = environment.into_iter().find(|it| !it.pairs().is_empty());
    let variables = environment.map_or_else(Vec::new, |it| variables(it, &place, out));
    let notes = request::scripts(item);
    if !notes.is_empty() {
        out.left_out("scripts of folders, kept as comments and not run", place);
    }
    out.folder(folder, variables, notes);
}

/// The values of an environment; those of objects under names with dots.
fn variables(data: &DataNode, place: &str, out: &mut Gathered) -> Vec<ImportedVariable> {
    let mut found = Vec::new();
    flat(data, "", 0, &mut |name, value| {
        found.push((name.to_owned(), value.plain()));
    });
    let made = found.into_iter();
    made.map(|(name, value)| out.variable(&name, &value, DIALECT, false, place)).collect()
}

fn flat(data: &DataNode, before: &str, depth: usize, put: &mut dyn FnMut(&str, &DataNode)) {
    for (name, value) in data.pairs() {
        let name = if before.is_empty() { name.to_string() } else { format!("{before}.{name}") };
        match value {
            DataNode::Map(pairs) if !pairs.is_empty() && depth < DEEPEST => {
                flat(value, &name, depth + 1, put);
            }
            value => put(&name, value),
        }
    }
}
