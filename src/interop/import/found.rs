//! What a file is: by what is in it, then by its name.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::data::{DataNode, read_json, read_yaml};
use super::tree::{ImportFault, ImportKind};
use super::{bruno, command, http_file, hurl, packet_sender};
use crate::interop::curl;

/// A file and what it is.
pub(super) struct FoundSource {
    pub(super) kind: ImportKind,
    /// What is in it, if it is of JSON or YAML.
    pub(super) data: DataNode,
    /// Why references lead nowhere, by what they begin with.
    pub(super) lost: BTreeMap<String, String>,
}

impl FoundSource {
    fn new(kind: ImportKind, data: DataNode) -> Self {
        FoundSource { kind, data, lost: BTreeMap::new() }
    }
}

/// The text of a file, in whatever units of Unicode.
///
/// # Errors
/// Where it is no text.
pub(super) fn text(bytes: &[u8]) -> Result<Cow<'_, str>, ImportFault> {
    let (encoding, mark) = encoding_rs::Encoding::for_bom(bytes).unwrap_or((encoding_rs::UTF_8, 0));
    let bytes = bytes.split_at(mark).1;
    if encoding != encoding_rs::UTF_8 {
        let (text, _, is_broken) = encoding.decode(bytes);
        let fault = || ImportFault::new("", format!("it is no {}", encoding.name()));
        return if is_broken { Err(fault()) } else { Ok(text) };
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let before = bytes.split_at(error.valid_up_to()).0;
            let line = memchr::memchr_iter(b'\n', before).count() + 1;
            let begins = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let column = String::from_utf8_lossy(before.split_at(begins).1).chars().count() + 1;
            Err(ImportFault::at_line(line, column, "it is no UTF-8"))
        }
    }
}

/// What a text is.
///
/// # Errors
/// Where it is broken, or that it is nothing known.
pub(super) fn source(
    text: &str,
    name: &str,
    said: Option<ImportKind>,
) -> Result<FoundSource, ImportFault> {
    let begin = text.trim_start();
    if begin.is_empty() {
        return Err(ImportFault::new("", "it is empty"));
    }
    if said.is_none_or(|said| said == ImportKind::PacketSenderIni) && packet_sender::is_ini(text) {
        return Ok(FoundSource::new(ImportKind::PacketSenderIni, DataNode::Null));
    }
    if begin.starts_with(['{', '[']) && !said.is_some_and(ImportKind::is_text) {
        let data = read_json(text)?;
        let by_name = http_file::is_of_environments(name, &data);
        let by_name = by_name.then_some(ImportKind::HttpEnvironment);
        let kind = said.or(by_name).or_else(|| kind_of(&data)).ok_or_else(unknown)?;
        return Ok(FoundSource::new(kind, data));
    }
    let is_requests = [".http", ".rest", ".hurl", ".bru"].iter().any(|end| name.ends_with(end));
    let is_other = is_requests || [".yaml", ".yml"].iter().any(|end| name.ends_with(end));
    if said.map_or(!is_other, |said| said == ImportKind::Command)
        && (curl::is_command(text) || command::is_other(text))
    {
        return Ok(FoundSource::new(ImportKind::Command, DataNode::Null));
    }
    let ends = |end: &str| name.ends_with(end);
    let is_yaml = ends(".yaml") || ends(".yml");
    let of_text = || {
        Some(match () {
            () if is_yaml => return None,
            () if ends(".bru") || bruno::is_bru(text) => ImportKind::BrunoFile,
            () if ends(".hurl") => ImportKind::Hurl,
            // Answers can be kept there, too.
            () if ends(".http") || ends(".rest") => ImportKind::Http,
            () if hurl::is_hurl(text) => ImportKind::Hurl,
            () if !has_key(begin) && http_file::is_requests(text) => ImportKind::Http,
            () => return None,
        })
    };
    if let Some(kind) = said.filter(|said| said.is_text()).or_else(of_text) {
        return Ok(FoundSource::new(kind, DataNode::Null));
    }
    let looks_yaml = is_yaml || has_key(begin);
    if looks_yaml {
        let data = read_yaml(text)?;
        let kind = said.or_else(|| kind_of(&data)).ok_or_else(unknown)?;
        return Ok(FoundSource::new(kind, data));
    }
    let kind = said.ok_or_else(unknown)?;
    Ok(FoundSource::new(kind, DataNode::Null))
}

/// Whether the first line that says something is a name with a value, as in YAML.
fn has_key(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim_end);
    let first =
        lines.find(|line| !(line.is_empty() || line.starts_with(['#', '%']) || *line == "---"));
    let name = first
        .and_then(|line| line.split_once(':'))
        .filter(|(_, rest)| rest.is_empty() || rest.starts_with(' '));
    name.is_some_and(|(name, _)| {
        let name = name.trim_matches(['"', '\'']);
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
    })
}

fn unknown() -> ImportFault {
    ImportFault::new("", "it is none of the formats that can be imported")
}

/// What a tree is, by the names in it.
fn kind_of(data: &DataNode) -> Option<ImportKind> {
    let has = |name: &str| data.has(name);
    if has("openapi") || has("swagger") {
        return Some(ImportKind::Openapi);
    }
    let is_export = data.at("_type").str() == "export" || has("__export_format");
    if is_export || data.at("type").str().contains("insomnia.rest/") {
        return Some(ImportKind::Insomnia);
    }
    if has("collection") && data.at("collection").has("item") {
        return Some(ImportKind::Postman);
    }
    let is_postman = has("item") || data.path(&["info", "schema"]).str().contains("postman");
    let is_first_postman = has("requests") && (has("order") || has("folders"));
    if is_postman || is_first_postman {
        return Some(ImportKind::Postman);
    }
    if data.path(&["log", "entries"]).text().is_none() && data.at("log").has("entries") {
        return Some(ImportKind::Har);
    }
    let first = data.items().first();
    if first.is_some_and(|packet| packet.has("hexstring") || packet.has("tcporudp")) {
        return Some(ImportKind::PacketSender);
    }
    let request = data.at("requests").items().first();
    if has("last_position") || request.is_some_and(|it| it.has("protocol") || it.has("params")) {
        return Some(ImportKind::Atac);
    }
    if matches!(data.at("requests"), DataNode::Map(_)) || has("profiles") || has("chains") {
        return Some(ImportKind::Slumber);
    }
    if has("url") && (has("method") || has("name")) && !has("http") {
        return Some(ImportKind::Posting);
    }
    if has("brunoConfig") || (has("items") && has("version") && has("name")) {
        return Some(ImportKind::Bruno);
    }
    let is_bruno_root = data.at("type").str() == "collection" && has("version") && has("name");
    let is_bruno_item = has("info")
        && (["http", "graphql", "websocket", "grpc", "runtime"].into_iter().any(has)
            || data.path(&["info", "type"]).str() == "folder");
    let is_bruno_environment =
        has("name") && data.at("variables").items().first().is_some_and(|row| row.has("name"));
    if is_bruno_root || has("opencollection") || is_bruno_item || is_bruno_environment {
        return Some(ImportKind::BrunoFile);
    }
    if has("_postman_variable_scope") || (has("values") && has("name")) {
        return Some(ImportKind::PostmanEnvironment);
    }
    None
}
