//! What stands before the request line: comments with directives, variables of the file, scripts.

use super::piece::{DIALECT, RequestPiece, place_at};
use super::script::{begins_braces, script};
use crate::interop::import::gathered::Gathered;
use crate::interop::import::tree::ImportedVariable;
use crate::model::http::HttpSpec;
use crate::model::timing::parse_duration;
use crate::model::trust::Verify;

/// What was found there.
pub(super) struct BeforeRequest {
    pub(super) name: String,
    pub(super) notes: Vec<String>,
    /// The line behind it.
    pub(super) at: usize,
    /// A request as directives want it.
    pub(super) set: HttpSpec,
}

/// Reads the lines of a piece up to its request.
pub(super) fn before(
    piece: &RequestPiece<'_>,
    variables: &mut Vec<ImportedVariable>,
    out: &mut Gathered,
) -> BeforeRequest {
    let (name, set) = (piece.name.clone(), HttpSpec::default());
    let mut found = BeforeRequest { name, notes: Vec::new(), at: 0, set };
    while let Some(line) = piece.lines.get(found.at) {
        let (bare, place) = (line.trim(), place_at(piece, found.at));
        let comment = bare.strip_prefix("//").or_else(|| bare.strip_prefix('#')).map(str::trim);
        if let Some(comment) = comment {
            found.directive(comment, out, &place);
        } else if let Some((name, value)) = bare.strip_prefix('@').and_then(|it| it.split_once('='))
        {
            variables.push(out.variable(name.trim(), value.trim(), DIALECT, false, &place));
        } else if bare.starts_with("< {%") || bare.starts_with("<{%") || begins_braces(bare) {
            let script = script(&piece.lines, &mut found.at);
            out.left_out("scripts, kept as comments and not run", place);
            found.notes.push(format!("script (before the request), not run:\n{script}"));
        } else if bare.starts_with("< ") {
            out.changed("files for answers and of scripts", &place, bare);
            found.notes.push(bare.to_owned());
        } else if ["import ", "run "].iter().any(|word| bare.starts_with(word)) {
            out.changed("requests of other files, which are not read", &place, bare);
            found.notes.push(bare.to_owned());
        } else if !bare.is_empty() {
            break;
        }
        found.at += 1;
    }
    found
}

impl BeforeRequest {
    /// What a comment says, if it begins with `@`.
    fn directive(&mut self, comment: &str, out: &mut Gathered, place: &str) {
        let Some(directive) = comment.strip_prefix('@') else { return };
        let end = directive.find(|c: char| c == '=' || c.is_whitespace());
        let (word, said) = directive.split_at(end.unwrap_or(directive.len()));
        let said = said.trim_matches(|c: char| c == '=' || c.is_whitespace());
        match word {
            "name" => said.clone_into(&mut self.name),
            "no-redirect" | "noRedirect" => self.set.redirects = 0,
            "no-reject-unauthorized" | "noRejectUnauthorized" => {
                self.set.verify = Verify::Off;
                let what = "certificates that are not verified, as it was (verify = false)";
                out.left_out(what, place);
            }
            "timeout" if parse_duration(said).is_ok() => {
                self.set.timeout = parse_duration(said).unwrap_or(self.set.timeout);
            }
            _ => {
                out.changed("directives of single requests", place, comment);
                self.notes.push(comment.to_owned());
            }
        }
    }
}
