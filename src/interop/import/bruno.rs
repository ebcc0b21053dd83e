//! Bruno collections: a folder of `.bru` files, one such file, the JSON export, and YAML (`OpenCollection`).
//!
//! ```text
//!   .bru ─text─┐
//!   YAML ─open─┴─> a tree as the JSON export has it ──> requests
//! ```

mod answer;
mod open;
mod request;
mod text;

use super::braces::Dialect;
use super::data::DataNode;
use super::gathered::Gathered;
use super::tree::{ImportFault, ImportedVariable};
use request::request;

/// How Bruno writes placeholders.
const DIALECT: Dialect = Dialect::Bruno;

/// A file of a collection, its folders from the collection's own.
pub(super) struct BrunoFile {
    pub(super) folder: Vec<String>,
    /// Without its ending.
    pub(super) stem: String,
    /// As it is named in messages.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) is_yaml: bool,
}

/// What requests have of the folders around them.
#[derive(Clone, Default)]
pub(super) struct BrunoLevel {
    auth: Option<DataNode>,
    headers: Vec<DataNode>,
}

impl BrunoLevel {
    fn inside(&self, written: &DataNode) -> BrunoLevel {
        let auth = written.at("auth");
        let mode = auth.at("mode").str();
        let is_own = !["", "inherit"].contains(&mode);
        let mut headers = self.headers.clone();
        headers.extend(written.at("headers").items().iter().cloned());
        BrunoLevel { auth: if is_own { Some(auth.clone()) } else { self.auth.clone() }, headers }
    }
}

/// Whether a text looks like a file of a collection in the text format.
pub(super) fn is_bru(text: &str) -> bool {
    text::looks_so(text)
}

/// Reads the JSON export.
pub(super) fn export(data: &DataNode, out: &mut Gathered) -> Result<(), ImportFault> {
    out.title(data.at("name").str());
    let DataNode::List(items) = data.at("items") else {
        return Err(ImportFault::new("items", "it is no list of requests"));
    };
    let root = data.path(&["root", "request"]);
    of_folder(root, &[], out);
    for environment in data.at("environments").items() {
        self::environment(environment.at("name").str(), environment, out);
    }
    walk(items, &BrunoLevel::default().inside(root), &mut Vec::new(), out)
}

fn walk(
    items: &[DataNode],
    level: &BrunoLevel,
    folder: &mut Vec<String>,
    out: &mut Gathered,
) -> Result<(), ImportFault> {
    for item in items {
        if item.at("type").str() == "folder" || item.has("items") {
            folder.push(item.at("name").str().to_owned());
            let root = item.path(&["root", "request"]);
            of_folder(root, folder, out);
            walk(item.at("items").items(), &level.inside(root), folder, out)?;
            folder.pop();
        } else {
            request(item, level, folder, out)?;
        }
    }
    Ok(())
}

/// Reads a folder of files, or one of them.
pub(super) fn files(files: &[BrunoFile], out: &mut Gathered) -> Result<(), ImportFault> {
    let mut read: Vec<(&BrunoFile, DataNode)> = Vec::new();
    for file in files {
        let data = if file.is_yaml { open::item(&file.text) } else { text::item(&file.text) };
        let data = data.map_err(|fault| match files {
            [_] => fault,
            _ => ImportFault::new(format!("{}, {}", file.name, fault.place), fault.cause),
        })?;
        read.push((file, data));
    }
    // Requests stand in the order they say, folders by their names.
    let seq = |data: &DataNode| data.at("seq").number().unwrap_or(u64::MAX);
    read.sort_by(|(one, data), (other, next)| {
        (&one.folder, seq(data), &one.stem).cmp(&(&other.folder, seq(next), &other.stem))
    });
    let settings = |folder: &[String]| {
        let is_it = |file: &BrunoFile| {
            let name =
                if folder.is_empty() { ["collection", "opencollection"] } else { ["folder"; 2] };
            file.folder == folder && name.contains(&file.stem.as_str())
        };
        read.iter().find(|(file, _)| is_it(file)).map(|(_, data)| data.at("request"))
    };
    for (file, data) in &read {
        let is_settings = ["collection", "folder", "opencollection"].contains(&file.stem.as_str());
        let has_url = !data.path(&["request", "url"]).is_null();
        let is_environment = file.folder.last().is_some_and(|last| last == "environments");
        if is_environment || (!has_url && !data.at("variables").items().is_empty()) {
            let said = Some(data.at("name").str().trim()).filter(|name| !name.is_empty());
            environment(said.unwrap_or(&file.stem), data, out);
        } else if !has_url || (is_settings && files.len() > 1) {
            if file.folder.is_empty() {
                out.title(data.at("name").str());
            }
            of_folder(data.at("request"), &file.folder, out);
        } else {
            let mut level = BrunoLevel::default();
            for end in 0..=file.folder.len() {
                let around = settings(&file.folder[..end]);
                level = around.map_or_else(|| level.clone(), |around| level.inside(around));
            }
            request(data, &level, &file.folder, out)?;
        }
    }
    Ok(())
}

/// What a collection or folder says besides what is in it; credentials and headers go into its requests.
fn of_folder(written: &DataNode, folder: &[String], out: &mut Gathered) {
    let place = folder.join("/");
    let mut variables = Vec::new();
    for row in written.path(&["vars", "req"]).items() {
        variables.extend(variable(row, &place, out));
    }
    let mut notes = request::scripts(written);
    if !notes.is_empty() {
        out.left_out("scripts of folders, kept as comments and not run", place);
    }
    notes.extend(Some(written.at("docs").str().trim().to_owned()).filter(|it| !it.is_empty()));
    out.folder(folder, variables, notes);
}

fn environment(name: &str, written: &DataNode, out: &mut Gathered) {
    let mut variables = Vec::new();
    for row in written.at("variables").items() {
        variables.extend(variable(row, name, out));
    }
    out.environment(name, variables);
}

fn variable(row: &DataNode, place: &str, out: &mut Gathered) -> Option<ImportedVariable> {
    let name = row.at("name").str();
    if *row.at("enabled") == DataNode::Bool(false) || row.at("disabled").is_true() {
        out.changed("variables that are switched off", place, name);
        return None;
    }
    let value = row.at("value").plain();
    let is_secret = row.at("secret").is_true();
    if is_secret && value.is_empty() {
        out.changed("secrets without a value; their file takes one", place, name);
        return None;
    }
    Some(out.variable(name, &value, DIALECT, is_secret, place))
}
