//! What stands behind the headers of a request in a file of requests: its body, then scripts for the answer.

use super::piece::DIALECT;
use super::script::{begins_braces, is_answer, is_of_answer, script};
use crate::interop::import::braces::ours;
use crate::interop::import::data::DataNode;
use crate::interop::import::gathered::Gathered;
use crate::model::http::{FormPart, HttpBody, HttpSpec, PartSource};
use crate::model::url_text::{QueryPiece, form_pieces};

/// Puts the body into the request; scripts become notes.
pub(super) fn body(
    lines: &[&str],
    spec: &mut HttpSpec,
    notes: &mut Vec<String>,
    out: &mut Gathered,
    place: &str,
) {
    let kept = without_scripts(lines, notes, out, place);
    let start = kept.iter().take_while(|line| line.trim().is_empty()).count();
    let kept = &kept[start..];
    if kept.is_empty() {
        return;
    }
    let value = |name: &str| {
        spec.headers
            .iter()
            .find(|row| row.name.eq_ignore_ascii_case(name))
            .map(|row| row.value.clone())
    };
    let kind = value("content-type").unwrap_or_default();
    let graphql = spec.method == "GRAPHQL"
        || value("x-request-type").is_some_and(|kind| kind.eq_ignore_ascii_case("graphql"));
    if graphql {
        spec.headers.retain(|row| !row.name.eq_ignore_ascii_case("x-request-type"));
        spec.body = HttpBody::Json(graphql_of(kept, out, place));
        return;
    }
    if let [only] = kept
        && let Some(file) = file_of(only)
    {
        out.changed("files that bodies name, read when they are sent", place, file);
        spec.body = HttpBody::File(ours(file, DIALECT, out, place));
        return;
    }
    let boundary = Some(param(&kind, "boundary")).filter(|it| !it.is_empty());
    if let Some(boundary) = boundary.filter(|_| kind.starts_with("multipart/form-data")) {
        spec.body = HttpBody::Multipart(parts(kept, &boundary, out, place));
        return;
    }
    if kept.iter().any(|line| file_of(line).is_some()) {
        out.left_out("files among the lines of a body, kept as text", place);
    }
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    let written = if is_form { fields(kept) } else { kept.join("\n") };
    let text = ours(&written, DIALECT, out, place);
    spec.body = if kind.contains("json") { HttpBody::Json(text) } else { HttpBody::Text(text) };
}

/// Fields of a form, which may stand in lines of their own, each with its `&` before or behind it.
fn fields(lines: &[&str]) -> String {
    if lines.iter().skip(1).all(|line| line.trim_start().starts_with('&')) {
        return lines.iter().map(|line| line.trim()).collect();
    }
    let before = lines.split_last().map_or(lines, |(_, before)| before);
    if !before.iter().all(|line| line.trim_end().ends_with('&')) {
        return lines.join("\n");
    }
    let whole: String = lines.iter().map(|line| line.trim()).collect();
    let field = |field: QueryPiece<'_>| match field.value {
        Some(value) => format!("{}={}", field.name.trim(), value.trim()),
        None => field.name.trim().to_owned(),
    };
    form_pieces(&whole).into_iter().map(field).collect::<Vec<_>>().join("&")
}

/// The lines of the body; scripts and files for the answer become notes.
fn without_scripts<'t>(
    lines: &[&'t str],
    notes: &mut Vec<String>,
    out: &mut Gathered,
    place: &str,
) -> Vec<&'t str> {
    let (mut kept, mut at) = (Vec::new(), 0);
    while let Some(line) = lines.get(at) {
        let bare = line.trim_start();
        let is_behind = at > 0 && lines.get(at - 1).is_some_and(|before| before.trim().is_empty());
        if bare.starts_with("> {%") || bare.starts_with(">{%") || begins_braces(line) {
            let script = script(lines, &mut at);
            out.left_out("scripts, kept as comments and not run", place);
            notes.push(format!("script (after the answer), not run:\n{script}"));
        } else if bare.starts_with("?? ") {
            out.left_out(
                "expectations and captures that have no counterpart, kept as comments",
                place,
            );
            notes.push(format!("expected of the answer:\n{bare}"));
        } else if is_of_answer(line) {
            out.changed("files for answers and of scripts", place, bare);
            notes.push(bare.to_owned());
        } else if (is_behind || at == 0) && is_answer(line) {
            out.left_out("examples of answers", place);
            break;
        } else {
            kept.push(*line);
        }
        at += 1;
    }
    while kept.last().is_some_and(|line| line.trim().is_empty()) {
        kept.pop();
    }
    kept
}

/// The file that a line names: `< x`, `<@ x`, `<@latin1 x`.
fn file_of(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix('<')?;
    let named = match rest.strip_prefix('@') {
        Some(rest) => rest.split_once(char::is_whitespace)?.1,
        None => rest.strip_prefix([' ', '\t'])?,
    };
    Some(named.trim()).filter(|name| !name.is_empty() && !name.contains('>'))
}

fn graphql_of(lines: &[&str], out: &mut Gathered, place: &str) -> String {
    let blank = lines.iter().rposition(|line| line.trim().is_empty());
    let split =
        blank.filter(|at| lines.get(at + 1).is_some_and(|line| line.trim_start().starts_with('{')));
    let (query, variables) = match split {
        Some(at) => (lines[..at].join("\n"), lines[at + 1..].join("\n")),
        None => (lines.join("\n"), "{}".to_owned()),
    };
    let query = DataNode::from(query.trim_end()).json(false);
    let text = format!("{{\"query\":{query},\"variables\":{}}}", variables.trim());
    ours(&text, DIALECT, out, place)
}

fn parts(lines: &[&str], boundary: &str, out: &mut Gathered, place: &str) -> Vec<FormPart> {
    let (delimiter, mut found) = (format!("--{boundary}"), Vec::new());
    let mut pieces: Vec<Vec<&str>> = Vec::new();
    for line in lines {
        if line.trim_end().starts_with(&delimiter) {
            pieces.push(Vec::new());
        } else if let Some(piece) = pieces.last_mut() {
            piece.push(line);
        }
    }
    for piece in pieces {
        let blank = piece.iter().position(|line| line.trim().is_empty()).unwrap_or(piece.len());
        let (head, content) = piece.split_at(blank);
        let mut part = FormPart::default();
        for line in head {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if name.eq_ignore_ascii_case("content-disposition") {
                part.name = param(value, "name");
                part.file_name = param(value, "filename");
            } else if name.eq_ignore_ascii_case("content-type") {
                value.trim().clone_into(&mut part.content_type);
            }
        }
        // The blank line between, if there is one.
        let content = content.split_first().map_or(content, |(_, content)| content);
        if part.name.is_empty() && content.is_empty() {
            continue;
        }
        match content {
            [only] if file_of(only).is_some() => {
                let file = file_of(only).unwrap_or_default();
                out.changed("files that bodies name, read when they are sent", place, file);
                part.source = PartSource::File;
                part.value = ours(file, DIALECT, out, place);
            }
            content => part.value = ours(&content.join("\n"), DIALECT, out, place),
        }
        part.name = ours(&part.name, DIALECT, out, place);
        found.push(part);
    }
    found
}

/// A parameter of a header, in quotes or not.
fn param(value: &str, name: &str) -> String {
    let mut params = value.split(';').map(str::trim).filter_map(|param| param.split_once('='));
    let found = params.find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map_or_else(String::new, |(_, value)| value.trim_matches('"').to_owned())
}
