//! The document: which version, where its servers are, and what its references lead to.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::codec::data_tree::DataNode;
use crate::model::url_text::UrlText;

/// Methods a path can have; `query` came with 3.2.
const METHODS: [&str; 9] =
    ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
/// URLs of one server.
const URLS: usize = 64;
/// References that lead to references.
const CHAIN: usize = 32;

/// Stands for what is not there.
static NOTHING: DataNode = DataNode::Null;

/// Which of the shapes a document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Swagger.
    Second,
    /// 3.0, whose schemas are a dialect of their own.
    Third,
    /// From 3.1 on, whose schemas are JSON Schema.
    Newer,
}

/// A document as it was read.
#[derive(Debug)]
pub(super) struct Document {
    root: DataNode,
    pub(super) version: Version,
    servers: Vec<Server>,
    /// Why references lead nowhere, by what they begin with.
    lost: BTreeMap<String, String>,
}

/// Where operations are.
#[derive(Debug, PartialEq, Eq)]
struct Server {
    /// In lower case with its port, if one is said; empty = any.
    host: String,
    /// Without a slash at its end.
    path: String,
}

/// An operation of a path.
#[derive(Debug, Clone, Copy)]
pub(super) struct ContractOperation<'d> {
    pub(super) item: &'d DataNode,
    pub(super) written: &'d DataNode,
}

impl Document {
    /// A document of a version that is known.
    pub(super) fn new(root: DataNode, lost: BTreeMap<String, String>) -> Result<Self, String> {
        let said = ["swagger", "openapi"].into_iter().find(|name| root.has(name));
        let said =
            said.ok_or("it is no OpenAPI document: neither 'openapi' nor 'swagger' stands in it")?;
        let word = root.at(said).plain();
        let version = match (said, word.as_str()) {
            ("swagger", word) if word.starts_with('2') => Version::Second,
            ("openapi", word) if word.starts_with("3.0") => Version::Third,
            ("openapi", word) if word.starts_with("3.") => Version::Newer,
            _ => {
                return Err(format!(
                    "{said}: version '{word}' is not known; 2.0 and 3.0 to 3.2 are"
                ));
            }
        };
        if !matches!(root.at("paths"), DataNode::Map(_) | DataNode::Null) {
            return Err("paths: it is no object of paths".to_owned());
        }
        let mut document = Document { root, version, servers: Vec::new(), lost };
        document.servers = document.found_servers();
        Ok(document)
    }

    /// Paths with what stands below them.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.root.at("paths").pairs().iter().map(|(path, _)| &**path)
    }

    /// The path of this number, and what stands below it unless that leads nowhere.
    pub(super) fn path(&self, at: usize) -> Option<(&str, Option<&DataNode>)> {
        let (path, item) = self.root.at("paths").pairs().get(at)?;
        Some((path, self.resolved(item)))
    }

    /// The operations of all paths, as they are called, in their order.
    pub(super) fn operation_names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (path, item) in self.root.at("paths").pairs() {
            if path.starts_with('/')
                && let Some(item) = self.resolved(item)
            {
                names.extend(operations(item).map(|(method, _)| format!("{method} {path}")));
            }
        }
        names
    }

    /// The root of the document.
    pub(super) fn root(&self) -> &DataNode {
        &self.root
    }

    /// What a value is, references followed; `None` = it leads nowhere, or round.
    pub(super) fn resolved<'d>(&'d self, node: &'d DataNode) -> Option<&'d DataNode> {
        let mut node = node;
        for _ in 0..CHAIN {
            match node.at("$ref").text() {
                None => return Some(node),
                Some(reference) => node = self.find(reference)?,
            }
        }
        None
    }

    /// The same, where nothing stands for what is not there.
    pub(super) fn led<'d>(&'d self, node: &'d DataNode) -> &'d DataNode {
        self.resolved(node).unwrap_or(&NOTHING)
    }

    /// What a reference within the document leads to.
    pub(super) fn find(&self, reference: &str) -> Option<&DataNode> {
        let mut node = &self.root;
        for part in reference.strip_prefix('#')?.split('/').skip(1) {
            let part = percent_decode_str(part).decode_utf8().ok()?;
            let part = part.replace("~1", "/").replace("~0", "~");
            node = match node {
                DataNode::List(items) => items.get(part.parse::<usize>().ok()?)?,
                node => Some(node.at(&part)).filter(|found| !found.is_null())?,
            };
        }
        Some(node)
    }

    /// Schemas that have a name.
    pub(super) fn schemas(&self) -> &[(Box<str>, DataNode)] {
        match self.version {
            Version::Second => self.root.at("definitions").pairs(),
            Version::Third | Version::Newer => self.root.path(&["components", "schemas"]).pairs(),
        }
    }

    /// What references to them begin with.
    pub(super) fn schemas_at(&self) -> &'static str {
        match self.version {
            Version::Second => "#/definitions",
            Version::Third | Version::Newer => "#/components/schemas",
        }
    }

    /// Why a reference leads nowhere.
    pub(super) fn why_lost(&self, reference: &str) -> String {
        let why = self.lost.iter().find(|(begins, _)| reference.starts_with(begins.as_str()));
        why.map_or_else(|| format!("that is not there ({reference})"), |(_, why)| why.clone())
    }

    /// Whether a URL leads to a server of the document.
    pub(super) fn is_about(&self, url: &str) -> bool {
        let host = UrlText::literal(url).host_port.to_ascii_lowercase();
        let mut named = self.servers.iter().filter(|server| !server.host.is_empty()).peekable();
        named.peek().is_none() || named.any(|server| without_usual_port(&host) == server.host)
    }

    /// What a path can be below the servers: without what their URLs begin with, and as it is.
    pub(super) fn below<'p>(&self, path: &'p str) -> impl Iterator<Item = &'p str> {
        let rest = |server: &Server| path.strip_prefix(&*server.path);
        let below: Vec<&str> = self.servers.iter().filter_map(rest).collect();
        let below = below.into_iter().filter(|rest| rest.is_empty() || rest.starts_with('/'));
        below.map(|rest| if rest.is_empty() { "/" } else { rest }).chain([path])
    }

    fn found_servers(&self) -> Vec<Server> {
        let mut found = Vec::new();
        if self.version == Version::Second {
            let host =
                without_usual_port(&self.root.at("host").str().to_ascii_lowercase()).to_owned();
            let path = self.root.at("basePath").str().trim_end_matches('/').to_owned();
            found.push(Server { host, path });
            return found;
        }
        let items = self.root.at("paths").pairs().iter().map(|(_, item)| item);
        let operations = items.clone().flat_map(|item| item.pairs().iter().map(|(_, it)| it));
        for place in [&self.root].into_iter().chain(items).chain(operations) {
            for server in place.at("servers").items() {
                for server in servers_of(server) {
                    if !found.contains(&server) {
                        found.push(server);
                    }
                }
            }
        }
        // What is said more exactly first.
        found.sort_by_key(|server| std::cmp::Reverse(server.path.len()));
        found
    }
}

/// The methods of a path with their operations.
pub(super) fn operations(item: &DataNode) -> impl Iterator<Item = (String, &DataNode)> {
    let usual = item.pairs().iter().filter(|(name, written)| {
        METHODS.contains(&&**name) && matches!(written, DataNode::Map(_))
    });
    let usual = usual.map(|(name, written)| (name.to_uppercase(), written));
    let more = item.at("additionalOperations").pairs().iter();
    usual.chain(more.map(|(name, written)| (name.to_string(), written)))
}

/// A server with each of the values that its variables can have.
fn servers_of(server: &DataNode) -> Vec<Server> {
    let mut urls = vec![server.at("url").str().trim().to_owned()];
    for (name, variable) in server.at("variables").pairs() {
        let mark = format!("{{{name}}}");
        let default = variable.at("default").plain();
        let others = variable.at("enum").items().iter().map(DataNode::plain);
        let mut values = vec![default.clone()];
        values.extend(others.filter(|value| *value != default));
        urls = urls
            .iter()
            .flat_map(|url| values.iter().map(|value| url.replace(&mark, value)))
            .take(URLS)
            .collect();
    }
    urls.into_iter().map(server_of).collect()
}

fn server_of(mut url: String) -> Server {
    let is_relative = !url.contains("://") && !url.starts_with("//");
    if is_relative {
        url = format!("http://host/{}", url.trim_start_matches('/'));
    } else if url.starts_with("//") {
        url = format!("https:{url}");
    }
    let parts = UrlText::literal(&url);
    let host = without_usual_port(&parts.host_port.to_ascii_lowercase()).to_owned();
    let host = if is_relative { String::new() } else { host };
    Server { host, path: parts.path.trim_end_matches('/').to_owned() }
}

fn without_usual_port(host: &str) -> &str {
    let bare = host.strip_suffix(":443").or_else(|| host.strip_suffix(":80"));
    bare.unwrap_or(host)
}
