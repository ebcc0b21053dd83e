//! What a shell makes something else of outside quotes: names, `~`, `{a,b}`, `<(...)`.
//!
//! Called by `shell`, which reads the words, and by `script`.

/// Longest name of a variable behind whose `=` a `~` is looked for.
const NAME: usize = 255;
/// How far the end of what is expanded is looked for: a text of nothing but beginnings would be read again at each.
const LOOKED_AT: usize = 4096;

/// What stands before a sign that closes something, if that is near and neither a bracket nor the end of the line
/// comes before it, and what behind it.
pub(super) fn closed(text: &str, closing: char) -> Option<(&str, &str)> {
    let end = (0..=LOOKED_AT.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?;
    let is_end = |c: char| c == closing || c == '(' || c == '\n';
    let (inside, rest) = text.split_at(text.split_at(end).0.find(is_end)?);
    Some((inside, rest.strip_prefix(closing)?))
}

/// Whether a word has got to the query of a URL.
pub(super) fn has_query(word: &[u8]) -> bool {
    let begin = word.get(..LOOKED_AT).unwrap_or(word);
    begin.contains(&b'?') && begin.contains(&b'=')
}

/// Whether a shell takes it for the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(is_name_char)
}

/// Whether it can stand in the name of a variable.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether it names one of the parameters a shell has itself (`$1`, `$?`).
pub(super) fn is_parameter(c: char) -> bool {
    c.is_ascii_digit() || "?@$*#!-".contains(c)
}

/// Whether a `~` between this beginning of a word and what follows is the home of the user, also
/// behind `name=`.
pub(super) fn is_home(word: Option<&[u8]>, rest: &str) -> bool {
    let ends = |c: char| c == '/' || c.is_whitespace() || ";&|".contains(c);
    let begins = |word: &[u8]| {
        let name = word.strip_suffix(b"=").filter(|name| name.len() <= NAME);
        let name = name.and_then(|name| str::from_utf8(name).ok());
        name.is_some_and(is_name)
    };
    word.is_none_or(begins) && (rest.is_empty() || rest.starts_with(ends))
}

/// Whether what follows a `{` makes it `{a,b}` or `{1..3}`, of which a shell makes several words.
pub(super) fn is_several(rest: &str) -> bool {
    // Of those inside each other the inner one is looked at, too.
    let end = rest.find(['{', '}', ' ', '\n']).filter(|end| rest.split_at(*end).1.starts_with('}'));
    let inside = rest.split_at(end.unwrap_or(0)).0;
    !inside.contains(char::is_whitespace) && (inside.contains(',') || inside.contains(".."))
}

/// Bytes of what stands in brackets, the brackets included; all when they are not closed.
pub(super) fn bracketed(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + c.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_expands_is_found() {
        for (word, rest, home) in [
            (None, "/x", true),
            (None, "", true),
            (None, "user/x", false),
            (Some("a="), "/x", true),
            (Some("@"), "/x", false),
            (Some("http://h/?a="), " x", false),
        ] {
            assert_eq!(is_home(word.map(str::as_bytes), rest), home, "{word:?} {rest}");
        }
        for (rest, several) in
            [("a,b}", true), ("1..3}x", true), ("a}", false), ("a ,b}", false), ("a,b", false)]
        {
            assert_eq!(is_several(rest), several, "{rest}");
        }
        assert_eq!(closed("a}b}", '}'), Some(("a", "b}")));
        assert_eq!(closed(&format!("{}}}", "ä".repeat(LOOKED_AT)), '}'), None);
        assert_eq!(["(a (b)) c", "(a", ""].map(bracketed), [7, 2, 0]);
    }
}
