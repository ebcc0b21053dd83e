//! What a shell makes something else of outside quotes: names, `~`, `{a,b}`, `<(...)`.
//!
//! Called by `shell`, which reads the words, and by `script`.

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
        let name = word.strip_suffix(b"=").and_then(|name| str::from_utf8(name).ok());
        name.is_some_and(is_name)
    };
    word.is_none_or(begins) && (rest.is_empty() || rest.starts_with(ends))
}

/// Whether what follows a `{` makes it `{a,b}` or `{1..3}`, of which a shell makes several words.
pub(super) fn is_several(rest: &str) -> bool {
    let inside = rest.split_once('}').map_or("", |(inside, _)| inside);
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
        assert_eq!(["(a (b)) c", "(a", ""].map(bracketed), [7, 2, 0]);
    }
}
