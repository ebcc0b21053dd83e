//! Scripts in a file of requests, and lines that say something of an answer. They are kept as texts.

/// A script with what is around it taken away, up to the line of its end, which is where `at` is then.
pub(super) fn script(lines: &[&str], at: &mut usize) -> String {
    let mut found = Vec::new();
    let is_braces = lines.get(*at).is_some_and(|line| begins_braces(line));
    while let Some(line) = lines.get(*at) {
        found.push(*line);
        let is_end = if is_braces { line.trim() == "}}" } else { line.contains("%}") };
        if is_end {
            break;
        }
        *at += 1;
    }
    if is_braces {
        let inner = found.get(1..found.len().saturating_sub(1));
        return inner.map_or_else(String::new, |lines| lines.join("\n").trim().to_owned());
    }
    let text = found.join("\n");
    let text = text.trim_start().trim_start_matches(['<', '>']).trim_start();
    text.trim_start_matches("{%").replace("%}", "").trim().to_owned()
}

/// Whether a script of httpYac begins in a line: braces that close in a line of their own.
pub(super) fn begins_braces(line: &str) -> bool {
    line.trim().strip_prefix("{{").is_some_and(|when| {
        let when = when.trim_start_matches(['+', '@']);
        when.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// Whether a line says something of the answer, or is a script: no header or body begins so.
pub(super) fn is_of_answer(line: &str) -> bool {
    let bare = line.trim_start();
    bare.starts_with("> ")
        || ["> {%", ">{%", ">> ", ">>! ", "<> ", "?? "].iter().any(|it| bare.starts_with(it))
        || begins_braces(line)
}

/// Whether an answer that was kept begins in a line.
pub(super) fn is_answer(line: &str) -> bool {
    let status = line.strip_prefix("HTTP/").and_then(|rest| rest.split_once(' '));
    status.is_some_and(|(version, status)| {
        version.starts_with(|c: char| c.is_ascii_digit())
            && status.len() >= 3
            && status.bytes().take(3).all(|byte| byte.is_ascii_digit())
    })
}
