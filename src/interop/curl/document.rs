//! Here-documents (`<<END`): the lines behind a line of a script, up to one of their own.

use super::command::behind;

/// A here-document.
pub(super) struct HereDocument {
    pub(super) content: String,
    /// Byte behind the line that ends it.
    pub(super) end: usize,
    /// Whether there is such a line.
    pub(super) is_ended: bool,
}

/// Reads the document that begins at a byte and ends with the line `end`. Each line may begin with
/// a prompt; tabs at the start of lines may go (`<<-`).
pub(super) fn read(
    text: &str,
    start: usize,
    end: &str,
    prompt: &str,
    tabs_go: bool,
) -> HereDocument {
    let mut found = HereDocument { content: String::new(), end: start, is_ended: false };
    for line in behind(text, start).split_inclusive('\n') {
        found.end += line.len();
        let line = line.strip_prefix(prompt).unwrap_or(line);
        let line = if tabs_go { line.trim_start_matches('\t') } else { line };
        let line = line.trim_end_matches(['\n', '\r']);
        found.is_ended = line == end;
        if found.is_ended {
            break;
        }
        found.content.push_str(line);
        found.content.push('\n');
    }
    found
}

/// Where the line ends that a byte stands in, and that no backslash continues.
pub(super) fn line_end(text: &str, from: usize) -> usize {
    let rest = behind(text, from);
    let goes_on = |end: usize| rest.get(..end).is_some_and(|line| line.trim_end().ends_with('\\'));
    let end = rest.match_indices('\n').map(|(at, _)| at).find(|at| !goes_on(*at));
    from + end.unwrap_or(rest.len())
}
