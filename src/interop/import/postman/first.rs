//! Postman collections of format 1: requests in a list, folders that name them by their ids.

use std::collections::HashMap;

use super::{DIALECT, auth, body, header_lines, pair, settings, variable};
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::{FoundPreset, Gathered, basic, first_line};
use crate::interop::import::path_values::{as_browsers_send, with_path_values};
use crate::interop::import::tree::ImportFault;
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::spec::{NameValue, Spec};

/// Folders within each other.
const DEEPEST: usize = 50;
/// Folders of one collection; those that name each other would be without end.
const FOLDERS: usize = 20_000;

/// A collection, and which of its requests have a place.
struct FirstFormat<'d> {
    root: &'d DataNode,
    /// Credentials of the folders around, the outermost first.
    auths: Vec<&'d DataNode>,
    placed: Vec<bool>,
    /// Requests and folders by their ids.
    requests: HashMap<&'d str, usize>,
    folders: HashMap<&'d str, usize>,
    /// Folders that were met.
    met: usize,
}

/// Reads a collection.
pub(super) fn collection<'d>(root: &'d DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    let DataNode::List(requests) = root.at("requests") else {
        return Err(ImportFault::new("requests", "it is no list of requests"));
    };
    out.title(root.at("name").str());
    let mut variables = Vec::new();
    for written in root.at("variables").items() {
        variables.extend(variable(written, "", out));
    }
    out.folder(&[], variables, Vec::new());
    let by_id = |list: &'d [DataNode]| -> HashMap<&'d str, usize> {
        list.iter().enumerate().rev().map(|(at, it)| (it.at("id").str(), at)).collect()
    };
    let mut read = FirstFormat {
        root,
        auths: vec![root.at("auth")],
        placed: vec![false; requests.len()],
        requests: by_id(requests),
        folders: by_id(root.at("folders").items()),
        met: 0,
    };
    read.requests(root, &[], out)?;
    let top = root.at("folders_order").items();
    if top.is_empty() {
        // Before there were folders in folders, their list was their order.
        for folder in root.at("folders").items() {
            read.folder(folder, &mut Vec::new(), out)?;
        }
    }
    for id in top {
        read.named(id, &mut Vec::new(), out)?;
    }
    for (at, request) in requests.iter().enumerate() {
        if !read.placed[at] {
            read.request(request, &[], out)?;
        }
    }
    Ok(())
}

impl<'d> FirstFormat<'d> {
    fn named(
        &mut self,
        id: &DataNode,
        folder: &mut Vec<String>,
        out: &mut Gathered,
    ) -> Result<(), ImportFault> {
        let at = self.folders.get(id.str()).filter(|_| !id.str().is_empty());
        let root: &'d DataNode = self.root;
        let found = at.and_then(|at| root.at("folders").items().get(*at));
        found.map_or(Ok(()), |found| self.folder(found, folder, out))
    }

    fn folder(
        &mut self,
        written: &'d DataNode,
        folder: &mut Vec<String>,
        out: &mut Gathered,
    ) -> Result<(), ImportFault> {
        let name = written.at("name").str().to_owned();
        self.met += 1;
        if folder.len() >= DEEPEST || self.met > FOLDERS {
            let cause = "folders that lie in each other without end";
            return Err(ImportFault::new(folder.join("/"), cause));
        }
        folder.push(name);
        self.auths.push(written.at("auth"));
        self.requests(written, folder, out)?;
        for id in written.at("folders_order").items() {
            self.named(id, folder, out)?;
        }
        self.auths.pop();
        folder.pop();
        Ok(())
    }

    /// The requests a folder names, each once.
    fn requests(
        &mut self,
        around: &DataNode,
        folder: &[String],
        out: &mut Gathered,
    ) -> Result<(), ImportFault> {
        let root: &'d DataNode = self.root;
        let requests = root.at("requests").items();
        for id in around.at("order").items() {
            let at = self.requests.get(id.str()).copied();
            if let Some(at) = at.filter(|at| !std::mem::replace(&mut self.placed[*at], true)) {
                self.request(&requests[at], folder, out)?;
            }
        }
        Ok(())
    }

    fn request(
        &self,
        written: &DataNode,
        folder: &[String],
        out: &mut Gathered,
    ) -> Result<(), ImportFault> {
        let name = written.at("name").str();
        let place = folder.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("/");
        let mut spec = HttpSpec { url: url(written, out, &place), ..HttpSpec::default() };
        for row in written.at("queryParams").items().iter().filter(|row| is_off(row)) {
            let off = |row| NameValue { enabled: false, ..row };
            spec.query.extend(pair(row, out, &place).map(off));
        }
        let method = written.at("method").str().trim();
        if !method.is_empty() {
            spec.method = method.to_uppercase();
        }
        header_lines(written.at("headers").str(), &mut spec, out, &place);
        let mut notes = Vec::new();
        content(written, &mut spec, out, &place);
        let behaviour = written.at("protocolProfileBehavior");
        settings(behaviour, &mut spec, out, &place);
        if !body::is_sent(&spec.method, behaviour) && spec.body != HttpBody::None {
            spec.body = HttpBody::None;
            let mode = written.at("dataMode").str();
            let [raw, data] = ["rawModeData", "data"].map(|member| written.at(member).plain());
            notes.push(body::unsent_note(mode, if raw.is_empty() { &data } else { &raw }));
            out.left_out(body::UNSENT, place.as_str());
        }
        let own = Some(written.at("auth")).filter(|own| !own.is_null());
        let around = self.auths.iter().rev().find(|auth| !auth.is_null());
        let around = around.copied().unwrap_or(&DataNode::Null);
        auth::auth(own.unwrap_or(around), &mut spec, out, &place);
        if own.is_none() {
            helper(written, &mut spec, out, &place);
        }
        for (member, when) in [("preRequestScript", "prerequest"), ("tests", "test")] {
            let text = written.at(member).str();
            if !text.trim().is_empty() {
                out.left_out("scripts, kept as comments and not run", place.as_str());
                notes.push(format!("Postman script ({when}), not run:\n{text}"));
            }
        }
        let about = first_line(written.at("description").str(), &mut notes);
        let (folder, name) = (folder.to_vec(), name.to_owned());
        out.preset(FoundPreset { folder, name, about, notes, place }, Spec::Http(spec))
    }
}

/// Whether a row is switched off.
fn is_off(row: &DataNode) -> bool {
    *row.at("enabled") == DataNode::Bool(false) || row.at("disabled").is_true()
}

/// The URL with the values that are kept beside it.
fn url(written: &DataNode, out: &mut Gathered, place: &str) -> String {
    let listed = written.at("pathVariableData").items().iter();
    let listed = listed.map(|row| (row.at("key").str().to_owned(), row.at("value").plain()));
    let named = written.at("pathVariables").pairs().iter();
    let named = named.map(|(name, value)| (name.to_string(), value.plain()));
    let url = with_path_values(written.at("url").str().trim(), listed.chain(named));
    as_browsers_send(&ours(&url, DIALECT, out, place))
}

fn content(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let mut rows = Vec::new();
    for row in written.at("data").items() {
        let is_on = !is_off(row);
        let file = row.at("type").str() == "file";
        rows.extend(pair(row, out, place).map(|it| (NameValue { enabled: is_on, ..it }, file)));
    }
    let raw = written.at("rawModeData").text().or_else(|| written.at("data").text());
    match written.at("dataMode").str() {
        "urlencoded" if rows.is_empty() => {}
        "urlencoded" => spec.body = HttpBody::Form(rows.into_iter().map(|(row, _)| row).collect()),
        "params" if !rows.is_empty() => {
            let part = |(NameValue { enabled, name, value }, file)| FormPart {
                enabled,
                name,
                value,
                source: if file { PartSource::File } else { PartSource::Text },
                ..FormPart::default()
            };
            spec.body = HttpBody::Multipart(rows.into_iter().map(part).collect());
        }
        "binary" => out.left_out("files that nobody chose", place),
        "raw" => {
            let text = ours(raw.unwrap_or_default(), DIALECT, out, place);
            body::raw_text(text, written.path(&["dataOptions", "raw", "language"]).str(), spec);
        }
        "graphql" => {
            spec.body = HttpBody::Json(body::graphql(written.at("graphqlModeData"), out, place));
        }
        _ => {}
    }
}

/// Credentials as early versions wrote them.
fn helper(written: &DataNode, spec: &mut HttpSpec, out: &mut Gathered, place: &str) {
    let kind = written.at("currentHelper").str();
    let params = written.at("helperAttributes");
    let of = |name: &str, out: &mut Gathered| ours(params.at(name).str(), DIALECT, out, place);
    match kind {
        "" | "normal" => {}
        "basicAuth" => {
            spec.auth = basic(of("username", out), of("password", out));
        }
        "bearerAuth" => spec.auth = crate::model::http::Auth::Bearer(of("token", out)),
        kind => out.changed("credentials of a kind that is not there yet", place, kind),
    }
}
