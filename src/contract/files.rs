//! Documents of several files: those that lie beside the first, or below its folder, become members of it, and the
//! references to them lead there. Who calls reads them; addresses are never asked, and nothing outside of the folder
//! is read.

use std::collections::{BTreeMap, HashSet};

use percent_encoding::percent_decode_str;

use super::tree_of;
use crate::codec::data_tree::DataNode;
use crate::model::url_text::UrlText;

/// Member of the document that the others are put into.
const FILES: &str = "x-wirebench-files";
/// Files of one document, their bytes, and values of all.
const MOST: usize = 500;
const BYTES: usize = 32 * 1024 * 1024;
const VALUES: usize = 2_000_000;

/// Reads a file by its name below the folder of the document.
pub(crate) type FileReader<'r> = dyn FnMut(&str) -> Result<Vec<u8>, String> + 'r;

/// A document with what its references lead to, and why some lead nowhere.
pub(crate) struct Bundle {
    pub(crate) root: DataNode,
    /// By references, or what those begin with.
    pub(crate) lost: BTreeMap<String, String>,
}

/// Puts the files into a document that its references name; `own` is how others call it, from the folder that nothing
/// leads out of.
pub(crate) fn bundled(mut root: DataNode, own: &str, read: &mut FileReader<'_>) -> Bundle {
    let mut bundler =
        Bundler { own, wanted: Vec::new(), known: HashSet::new(), lost: BTreeMap::new() };
    bundler.rewrite(&mut root, None);
    let (mut files, mut bytes_left, mut values_left) = (Vec::new(), BYTES, VALUES);
    while let Some(name) = bundler.wanted.pop() {
        let mut take = || {
            if files.len() >= MOST {
                return Err(format!("there are more than {MOST} files"));
            }
            let bytes = read(&name)?;
            bytes_left = bytes_left.checked_sub(bytes.len()).ok_or("its files are too large")?;
            let tree = tree_of(&bytes)?;
            values_left =
                values_left.checked_sub(size(&tree)).ok_or("its files hold too many values")?;
            Ok(tree)
        };
        match take() {
            Ok(mut tree) => {
                bundler.rewrite(&mut tree, Some(&name));
                files.push((name.into(), tree));
            }
            Err(why) => {
                bundler.lost.insert(place(&name), format!("in {name}: {why}"));
            }
        }
    }
    if let DataNode::Map(pairs) = &mut root
        && !files.is_empty()
    {
        pairs.push((FILES.into(), DataNode::Map(files)));
    }
    Bundle { root, lost: bundler.lost }
}

struct Bundler<'o> {
    own: &'o str,
    /// Files that are still to be read.
    wanted: Vec<String>,
    known: HashSet<String>,
    lost: BTreeMap<String, String>,
}

impl Bundler<'_> {
    /// References of a tree as those of the whole; `file` is where it stands, where that is not the first.
    fn rewrite(&mut self, node: &mut DataNode, file: Option<&str>) {
        match node {
            DataNode::List(items) => items.iter_mut().for_each(|item| self.rewrite(item, file)),
            DataNode::Map(pairs) => {
                for (name, value) in pairs {
                    match (&**name, value) {
                        ("$ref", DataNode::Text(text)) => self.lead(text, file),
                        ("mapping", DataNode::Map(targets)) => {
                            for (_, target) in targets {
                                match target {
                                    DataNode::Text(text) if is_reference(text) => {
                                        self.lead(text, file);
                                    }
                                    other => self.rewrite(other, file),
                                }
                            }
                        }
                        (_, value) => self.rewrite(value, file),
                    }
                }
            }
            _ => {}
        }
    }

    fn lead(&mut self, text: &mut Box<str>, file: Option<&str>) {
        let url = UrlText::literal(text);
        let named = text.split_at(url.fragment_at).0;
        let inner = url.fragment.unwrap_or_default();
        if named.is_empty() {
            if let Some(file) = file {
                *text = format!("{}{inner}", place(file)).into();
            }
            return;
        }
        let is_address = named.contains("://") || named.starts_with("//");
        if is_address {
            let why = format!("at an address, which is never asked ({named})");
            self.lost.insert(text.to_string(), why);
            return;
        }
        let Some(name) = below(file.unwrap_or(self.own), named) else {
            let why = format!("in a file outside of the folder of the document ({named})");
            self.lost.insert(text.to_string(), why);
            return;
        };
        if name == self.own {
            *text = format!("#{inner}").into();
            return;
        }
        *text = format!("{}{inner}", place(&name)).into();
        if self.known.insert(name.clone()) {
            self.wanted.push(name);
        }
    }
}

/// Whether the target of a discriminator is no name.
fn is_reference(target: &str) -> bool {
    let ends = [".yaml", ".yml", ".json"];
    target.contains(['#', '/']) || ends.iter().any(|end| target.ends_with(end))
}

/// Where a file stands in the whole.
fn place(file: &str) -> String {
    let name = file.replace('~', "~0").replace('/', "~1").replace('%', "%25");
    format!("#/{FILES}/{name}")
}

/// The name of a file that another one names, from the folder of the document; `None` = it is outside of that.
fn below(from: &str, named: &str) -> Option<String> {
    let named = percent_decode_str(named).decode_utf8().ok()?;
    if named.starts_with(['/', '~']) || named.contains(['\\', '\0']) {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in named.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Values in a tree.
fn size(node: &DataNode) -> usize {
    match node {
        DataNode::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        DataNode::Map(pairs) => 1 + pairs.iter().map(|(_, value)| size(value)).sum::<usize>(),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_folder_of_the_document() {
        for (from, named, expected) in [
            ("a.yaml", "./schemas/user.yaml", Some("schemas/user.yaml")),
            ("schemas/user.yaml", "../a.yaml", Some("a.yaml")),
            ("schemas/user.yaml", "address.yaml", Some("schemas/address.yaml")),
            ("schemas/user.yaml", "with%20space.yaml", Some("schemas/with space.yaml")),
            ("a.yaml", "../b.yaml", None),
            ("a.yaml", "x/../../b.yaml", None),
            ("a.yaml", "%2e%2e/b.yaml", None),
            ("a.yaml", "/etc/passwd", None),
            ("a.yaml", "~/b.yaml", None),
            ("a.yaml", "..\\b.yaml", None),
            ("a.yaml", ".", None),
        ] {
            assert_eq!(below(from, named).as_deref(), expected, "{from} {named}");
        }
    }
}
