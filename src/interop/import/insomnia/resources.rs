//! Formats 2 to 4: resources in a list, each with the id of its parent.

use std::collections::HashMap;

use super::{COOKIES, InsomniaLevel, of_folder, request::request, variables};
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::interop::import::tree::ImportFault;

/// Folders within each other.
const DEEPEST: usize = 50;
/// Kinds that are told when they are left out.
const OTHERS: [(&str, &str); 9] = [
    ("websocket_request", "requests that are not HTTP"),
    ("socketio_request", "requests that are not HTTP"),
    ("grpc_request", "requests that are not HTTP"),
    ("mcp_request", "requests that are not HTTP"),
    ("api_spec", "documents of APIs"),
    ("unit_test", "unit tests"),
    ("mock_route", "routes of mock servers"),
    ("client_certificate", "client certificates"),
    ("proto_file", "files of Protocol Buffers"),
];

/// The resources, by what they lie in.
struct Resources<'d> {
    items: &'d [DataNode],
    inside: HashMap<&'d str, Vec<usize>>,
    placed: Vec<bool>,
}

/// Reads them.
pub(super) fn resources(items: &[DataNode], out: &mut Gathered) -> Result<(), ImportFault> {
    let mut inside: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, item) in items.iter().enumerate() {
        inside.entry(item.at("parentId").str()).or_default().push(at);
    }
    for list in inside.values_mut() {
        list.sort_by(|one, other| key(&items[*one]).total_cmp(&key(&items[*other])));
    }
    let mut read = Resources { items, inside, placed: vec![false; items.len()] };
    let of_kind = |kind: &str| {
        let all = items.iter().enumerate();
        let found = all.filter(|(_, item)| item.at("_type").str() == kind);
        found.map(|(at, _)| at).collect::<Vec<_>>()
    };
    let workspaces = of_kind("workspace");
    if let [only] = workspaces.as_slice() {
        out.title(items[*only].at("name").str());
    }
    for at in &workspaces {
        let name = items[*at].at("name").str().to_owned();
        let mut folder = if workspaces.len() > 1 { vec![name] } else { Vec::new() };
        read.environments(items[*at].at("_id").str(), &folder, out);
        read.within(items[*at].at("_id").str(), &InsomniaLevel::default(), &mut folder, out)?;
    }
    // What belongs to nothing that is there.
    for at in of_kind("request_group").into_iter().chain(of_kind("request")) {
        if !read.placed[at] {
            read.one(at, &InsomniaLevel::default(), &mut Vec::new(), out)?;
        }
    }
    for at in of_kind("cookie_jar") {
        if !items[at].at("cookies").items().is_empty() {
            out.left_out(COOKIES, items[at].at("name").str());
        }
    }
    for (kind, what) in OTHERS {
        for at in of_kind(kind) {
            out.left_out(what, items[at].at("name").str());
        }
    }
    Ok(())
}

/// What puts a resource before others; without one it stays where it stands.
fn key(item: &DataNode) -> f64 {
    item.at("metaSortKey").plain().parse().unwrap_or(0.0)
}

impl<'d> Resources<'d> {
    fn within(
        &mut self,
        parent: &str,
        level: &InsomniaLevel<'d>,
        folder: &mut Vec<String>,
        out: &mut Gathered,
    ) -> Result<(), ImportFault> {
        if parent.is_empty() || folder.len() > DEEPEST {
            return Ok(());
        }
        for at in self.inside.get(parent).cloned().unwrap_or_default() {
            self.one(at, level, folder, out)?;
        }
        Ok(())
    }

    fn one(
        &mut self,
        at: usize,
        level: &InsomniaLevel<'d>,
        folder: &mut Vec<String>,
        out: &mut Gathered,
    ) -> Result<(), ImportFault> {
        let items: &'d [DataNode] = self.items;
        let item = &items[at];
        let kind = item.at("_type").str();
        if !["request", "request_group"].contains(&kind)
            || std::mem::replace(&mut self.placed[at], true)
        {
            return Ok(());
        }
        if kind == "request" {
            return request(item, level, folder, out);
        }
        folder.push(item.at("name").str().to_owned());
        of_folder(item, folder, out);
        self.within(item.at("_id").str(), &level.inside(item), folder, out)?;
        folder.pop();
        Ok(())
    }

    /// The base environment belongs to the collection, those in it are environments.
    fn environments(&self, workspace: &str, folder: &[String], out: &mut Gathered) {
        let of = |parent: &str| {
            let all = self.inside.get(parent).into_iter().flatten().map(|at| &self.items[*at]);
            all.filter(|item| item.at("_type").str() == "environment").collect::<Vec<_>>()
        };
        for base in of(workspace) {
            let own = variables(base.at("data"), "", out);
            out.folder(folder, own, Vec::new());
            for environment in of(base.at("_id").str()) {
                let name = environment.at("name").str();
                let own = variables(environment.at("data"), name, out);
                out.environment(name, own);
            }
        }
    }
}
