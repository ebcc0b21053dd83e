//! Documents of others: each is read, and each of its operations answered with what it allows.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::contract_tests::{asked, head};
use super::*;
use crate::model::exchange::{HttpVersion, StartLine};

/// Documents of the shared corpora; none where those are absent.
fn documents(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            documents(&path, found);
        } else if [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) {
            found.push(path);
        }
    }
}

/// What differs in what the document answers by itself to each of its operations, and how many there are.
fn answered(contract: &Contract) -> (usize, Vec<String>) {
    let (mut count, mut wrong) = (0, Vec::new());
    for (at, path) in contract.document.paths().enumerate() {
        let Some((_, Some(item))) = contract.document.path(at).filter(|_| path.starts_with('/'))
        else {
            continue;
        };
        for (method, _) in document::operations(item) {
            // What a parameter is does not matter here.
            let url = format!("http://h{}", path.replace(['{', '}'], ""));
            let request = asked(&method, &[]);
            let nothing = SeenBody::Whole(Vec::new());
            let Some((operation, name)) = found(contract, &method, &url) else { continue };
            let answer = contract.shown(&operation, name, &request);
            let fields: Vec<(&str, &str)> = answer
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let status = answer.status;
            let start =
                StartLine::Response { version: HttpVersion::Http11, status, reason: Bytes::new() };
            let (response, body) = (head(start, &fields), SeenBody::Whole(answer.body));
            let request = SeenMessage { head: &request, body: &nothing };
            let response = SeenMessage { head: &response, body: &body };
            let facts = contract.check(&url, request, Some(response)).unwrap();
            count += 1;
            wrong.extend(facts.findings.into_iter().filter(|it| it.starts_with("response: ")));
        }
    }
    (count, wrong)
}

fn found<'c>(
    contract: &'c Contract,
    method: &str,
    url: &str,
) -> Option<(document::ContractOperation<'c>, String)> {
    let path = crate::model::url_text::UrlText::literal(url).path;
    match contract.sought(method, path) {
        checking::Sought::Found(operation, name, _) => Some((operation, name)),
        _ => None,
    }
}

#[test]
fn documents_of_others_are_read_and_answered_with_what_they_allow() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let mut files = Vec::new();
    for name in ["openapi-oai", "openapi-readme", "openapi-twilio", "openapi-bruno"] {
        documents(&corpora.join(name), &mut files);
    }
    let (mut operations, mut wrong) = (0, Vec::new());
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        // Lists of the corpus and parts of documents stand beside them.
        let Ok(contract) = Contract::read("", &bytes, &mut |_| Err(String::new())) else {
            continue;
        };
        let (count, found) = answered(&contract);
        operations += count;
        wrong.extend(found.into_iter().map(|it| format!("{}: {it}", file.display())));
    }
    println!(
        "{operations} operations of {} files; {}:\n{}",
        files.len(),
        wrong.len(),
        wrong.join("\n")
    );
    assert!(files.is_empty() || operations > 300, "{operations}");
    assert!(wrong.len() * 20 <= operations, "{} of {operations}", wrong.len());
}
