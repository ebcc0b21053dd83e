//! What was called of contracts, in reports.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::words::escaped;
use crate::model::covered_operations::CoveredOperations;

/// For programs; nothing where there is no contract.
pub(super) fn value(covered: &CoveredOperations) -> Option<Value> {
    let documents = covered.documents().iter().map(|document| {
        let never: Vec<&str> = document.never().collect();
        let called = document.called().count();
        json!({ "file": document.file(), "all": document.all(), "called": called, "never": never })
    });
    let documents: Vec<Value> = documents.collect();
    (!documents.is_empty()).then(|| documents.into())
}

/// For a page.
pub(super) fn html(covered: &CoveredOperations) -> String {
    let mut out = String::new();
    for document in covered.documents() {
        let line = document.line();
        let first = line.split("; never").next().unwrap_or(&line);
        let _ = writeln!(out, "<h2>{}</h2>", escaped(first));
        let never: Vec<String> = document
            .never()
            .map(|name| format!("<li><code>{}</code></li>", escaped(name)))
            .collect();
        if !never.is_empty() {
            let _ = writeln!(out, "<p>Never called:</p>\n<ul>{}</ul>", never.join("\n"));
        }
    }
    out
}
