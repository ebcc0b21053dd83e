//! Signs that a word processor makes of plain ones, where plain ones mean something to a shell.

/// What a shell takes in place of a typographic sign; `None` where it is a letter like others.
/// `begins_word`: nothing of the word came before; `before_letter`: a letter follows.
pub(super) fn plain(c: char, begins_word: bool, before_letter: bool) -> Option<&'static str> {
    match c {
        '“' | '”' | '„' | '‟' => Some("\" or '"),
        '‘' | '’' | '‚' | '‛' if begins_word => Some("' or \""),
        '–' | '—' | '‒' | '−' if begins_word && before_letter => Some("- or --"),
        _ => None,
    }
}

/// The first sign of a text that looks like the end of this quote.
pub(super) fn alike(quote: char, text: &str) -> Option<char> {
    let alike = if quote == '"' { ['“', '”', '„'] } else { ['‘', '’', '‚'] };
    text.chars().find(|c| alike.contains(c))
}
