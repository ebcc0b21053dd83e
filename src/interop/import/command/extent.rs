//! How far a command reaches that begins in a line: over quotes that are open at its end, lines that are continued
//! and here-documents, whatever stands in them. Called by the import of command lines. Pure.

/// What continues a line, in bash, cmd and PowerShell.
pub(super) const CONTINUED: [char; 3] = ['\\', '^', '`'];

/// An open quote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Single,
    Double,
    /// `$'...'`, in which a backslash keeps a quote.
    Escaped,
}

/// Bytes of the command at the beginning of a text, to the end of its last line; `None` = what is open does not
/// close within so many.
pub(super) fn of_command(text: &str, most: usize) -> Option<usize> {
    let (mut at, mut quote, mut documents) = (0, None, Vec::new());
    for line in text.split_inclusive('\n') {
        at += line.len();
        if at > most {
            return None;
        }
        if let Some((end, tabs_go)) = documents.first() {
            let bare = line.trim_end_matches(['\n', '\r']);
            let bare = if *tabs_go { bare.trim_start_matches('\t') } else { bare };
            if bare == *end {
                documents.remove(0);
                if documents.is_empty() {
                    return Some(at);
                }
            }
            continue;
        }
        quote = behind_line(line, quote, &mut documents);
        let goes_on = quote.is_some() || line.trim_end().ends_with(CONTINUED);
        if !goes_on && documents.is_empty() {
            return Some(at);
        }
        if quote.is_some() {
            // What looks like a here-document before it belongs to a command that is not over.
            documents.clear();
        }
    }
    (quote.is_none() && documents.is_empty()).then_some(at)
}

/// The quote that is open behind a line; here-documents that begin in it are noted.
fn behind_line(
    line: &str,
    quote: Option<Quote>,
    documents: &mut Vec<(String, bool)>,
) -> Option<Quote> {
    let (mut quote, mut before) = (quote, ' ');
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (None | Some(Quote::Double | Quote::Escaped), '\\') => {
                chars.next();
            }
            (None, '\'') if before == '$' => quote = Some(Quote::Escaped),
            (None, '\'') => quote = Some(Quote::Single),
            (None, '"') => quote = Some(Quote::Double),
            (Some(Quote::Single | Quote::Escaped), '\'') | (Some(Quote::Double), '"') => {
                quote = None;
            }
            (None, '#') if before.is_whitespace() => return None,
            (None, '<') if before != '<' => {
                documents.extend(document(line.split_at(at).1));
            }
            _ => {}
        }
        before = c;
    }
    quote
}

/// The line that ends a here-document, and whether tabs before it go, if a text begins with the sign of one.
fn document(text: &str) -> Option<(String, bool)> {
    let rest = text.strip_prefix("<<").filter(|rest| !rest.starts_with('<'))?;
    let (rest, tabs_go) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
    let rest = rest.trim_start_matches([' ', '\t']);
    let end = rest.find(|c: char| c.is_whitespace() || ";|&<>()".contains(c));
    let word = rest.split_at(end.unwrap_or(rest.len())).0.replace(['\'', '"', '\\'], "");
    (!word.is_empty()).then_some((word, tabs_go))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reaches_over_its_quotes_documents_and_continued_lines() {
        for (command, behind) in [
            ("curl a\n", "curl b\n"),
            ("curl a \\\n -d x\n", "curl b\n"),
            ("curl a -d '\ncurl no\n'\n", "curl b\n"),
            ("curl a -d \"it's\ncurl no \\\"\n\"\n", "curl b\n"),
            ("curl a -d $'it\\'s\ncurl no'\n", "curl b\n"),
            ("curl -d @- a <<'END' | jq .\ncurl no\nEND\n", "curl b\n"),
            ("cat <<-A; cat <<B\n\tcurl no\n\tA\ncurl no\nB\n", "curl b\n"),
            ("nc h 1 <<< 'x'\n", "curl b\n"),
            ("curl a # don't\n", "curl b\n"),
            ("curl \"a\" ^\n -d ^\"it's^\"\n", "curl b\n"),
        ] {
            let whole = format!("{command}{behind}");
            assert_eq!(of_command(&whole, 1000), Some(command.len()), "{command}");
        }
        assert_eq!(of_command("curl 'a\ncurl b\n", 1000), None);
        assert_eq!(of_command("curl a <<X\ncurl b\n", 1000), None);
        assert_eq!(of_command(&format!("curl '{}'\n", "x".repeat(1000)), 1000), None);
    }
}
