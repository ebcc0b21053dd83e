//! Servers of a document: the first as `base` of all requests, several as environments.

use super::Api;
use crate::compose::template;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::tree::ImportedVariable;
use crate::model::url_text::UrlText;

/// The variable that URLs begin with.
pub(super) const BASE: &str = "base";
/// Stands in where a document names no server.
const NOWHERE: &str = "http://localhost";

/// Puts the servers into variables and environments.
pub(super) fn servers(api: &Api<'_>, out: &mut Gathered) {
    let mut found = if api.is_second { of_second(api.root) } else { of_third(api.root, out) };
    if found.is_empty() {
        found.push((String::new(), NOWHERE.to_owned()));
        out.changed("servers that are not named", "", "base is http://localhost");
    }
    let base = |url: &str| {
        let value = template::quote(url.trim_end_matches('/'));
        ImportedVariable { name: BASE.into(), value, is_secret: false }
    };
    out.folder(&[], vec![base(&found[0].1)], Vec::new());
    if found.len() < 2 {
        return;
    }
    let mut names = Vec::new();
    for (said, url) in &found {
        let host = UrlText::literal(url).host_port;
        let name = if said.is_empty() || said.len() > 40 { host } else { said };
        let name = if names.contains(&name) { url.as_str() } else { name };
        names.push(name);
        out.environment(name, vec![base(url)]);
    }
}

fn of_second(root: &DataNode) -> Vec<(String, String)> {
    let host = root.at("host").str();
    if host.is_empty() {
        let path = root.at("basePath").str();
        return if path.is_empty() { Vec::new() } else { vec![(String::new(), absolute(path))] };
    }
    let schemes = root.at("schemes").items();
    let mut schemes: Vec<&str> =
        schemes.iter().map(DataNode::str).filter(|it| it.starts_with("http")).collect();
    if schemes.is_empty() {
        schemes.push("https");
    }
    // The safe one first.
    schemes.sort_unstable_by_key(|scheme| *scheme != "https");
    let url = |scheme| format!("{scheme}://{host}{}", root.at("basePath").str());
    schemes.into_iter().map(|scheme| (String::new(), url(scheme))).collect()
}

fn of_third(root: &DataNode, out: &mut Gathered) -> Vec<(String, String)> {
    let servers = root.at("servers").items();
    let servers = servers.iter().filter(|server| !server.at("url").str().is_empty());
    let one = |server| {
        let said = ["name", "description"].map(|name| server_text(server, name));
        let said = said.into_iter().find(|said| !said.is_empty()).unwrap_or_default();
        (said, url(server, out))
    };
    servers.map(one).collect()
}

fn server_text(server: &DataNode, name: &str) -> String {
    server.at(name).str().lines().next().unwrap_or_default().trim().to_owned()
}

/// The URL of a server with its variables as they are by default.
pub(super) fn url(server: &DataNode, out: &mut Gathered) -> String {
    let mut url = server.at("url").str().trim().to_owned();
    for (name, variable) in server.at("variables").pairs() {
        let value = variable.at("default").plain();
        out.changed(
            "variables of servers, in with their defaults",
            &url,
            &format!("{name}={value}"),
        );
        url = url.replace(&format!("{{{name}}}"), &value);
    }
    absolute(&url)
}

/// A URL that may be relative to where the document was found.
fn absolute(url: &str) -> String {
    if url.starts_with("//") {
        format!("https:{url}")
    } else if url.contains("://") {
        url.to_owned()
    } else {
        format!("{NOWHERE}/{}", url.trim_start_matches('/'))
    }
}
