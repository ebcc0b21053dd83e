//! Texts of PowerShell: `"..."` with the backtick as escape and `$names`. What is read is text of a template;
//! literal braces are quoted there.

use crate::compose::template;
use crate::model::braces::is_name;

/// Longest expression in a text whose end is looked for.
const EXPRESSION: usize = 1_000;
/// Brackets inside each other in it: a text of nothing but beginnings is not looked through from each of them.
const NESTED: usize = 32;

/// What stands for a variable of PowerShell that the script gives no value: `$env:X`, `$token`.
pub(super) fn named(name: &str) -> String {
    match name.split_once(':') {
        Some((scope, name)) if scope.eq_ignore_ascii_case("env") => format!("{{{{env.{name}}}}}"),
        _ if is_name(name) => format!("{{{{{name}}}}}"),
        _ => template::quote(&format!("${name}")),
    }
}

/// A double-quoted text, without its quotes, with values of names. `$(...)` that is more than a name is told
/// and stays.
pub(super) fn filled(
    text: &str,
    value: &dyn Fn(&str) -> Option<String>,
    tell: &dyn Fn(&str),
) -> String {
    let (mut out, mut plain, mut rest) = (String::new(), String::new(), text);
    while let Some(sign) = rest.chars().next() {
        let behind = rest.split_at(sign.len_utf8()).1;
        if sign == '`' {
            let Some(escaped) = behind.chars().next() else { break };
            plain.push(match escaped {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '0' => '\0',
                other => other,
            });
            rest = behind.split_at(escaped.len_utf8()).1;
            continue;
        }
        let found = if sign == '$' { name_at(behind) } else { None };
        let Some((name, after)) = found else {
            if sign == '$'
                && let Some(end) = balanced(behind)
            {
                let (expression, after) = rest.split_at(1 + end);
                tell(expression);
                plain.push_str(expression);
                rest = after;
                continue;
            }
            plain.push(sign);
            rest = behind;
            continue;
        };
        out.push_str(&template::quote(&std::mem::take(&mut plain)));
        out.push_str(&value(name).unwrap_or_else(|| named(name)));
        rest = after;
    }
    out + &template::quote(&plain)
}

/// The name of a variable behind `$`, and what follows: `name`, `{name}`, `($name)`, `($env:X)`.
pub(super) fn name_at(text: &str) -> Option<(&str, &str)> {
    let bounded = |opens: &str, closes: char| {
        let rest = text.strip_prefix(opens)?;
        let is_of_name = |it: char| it.is_alphanumeric() || "_:.".contains(it);
        let (name, behind) = rest.split_at(rest.find(|it| !is_of_name(it))?);
        Some((name, behind.strip_prefix(closes)?))
    };
    if let Some(found) = bounded("{", '}').or_else(|| bounded("($", ')')) {
        return Some(found);
    }
    let is_env = text.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("env:"));
    let start = if is_env { 4 } else { 0 };
    let own = text.split_at(start).1;
    let end = own.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(own.len());
    (end > 0).then(|| text.split_at(start + end))
}

/// How long `(...)` at the beginning of a text is, with what it holds of quotes and brackets.
pub(super) fn balanced(text: &str) -> Option<usize> {
    let (mut open, mut quote, mut is_escaped) = (0_usize, None, false);
    for (at, sign) in text.char_indices().take(EXPRESSION) {
        if at == 0 && sign != '(' {
            return None;
        }
        match (sign, quote) {
            _ if is_escaped => is_escaped = false,
            ('`', _) => is_escaped = true,
            (sign, Some(own)) => quote = Some(own).filter(|own| *own != sign),
            ('\'' | '"', None) => quote = Some(sign),
            ('(', None) if open >= NESTED => return None,
            ('(', None) => open += 1,
            (')', None) if open == 1 => return Some(at + 1),
            (')', None) => open -= 1,
            _ => {}
        }
    }
    None
}

/// Whether this is `$name` or `$name.member` and nothing more.
pub(super) fn of_unknown(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_texts_are_filled_in_or_become_names() {
        let value = |name: &str| (name == "a").then(|| "1".to_owned());
        let told = |text| filled(text, &value, &|_| {});
        assert_eq!(told("x$a.${a}$(ä)"), "x1.1$(ä)");
        assert_eq!(told("$b $env:HOME `$a `\"{{x}}`n$"), "{{b}} {{env.HOME}} $a \"{{!x}}\n$");
        assert_eq!(told("$($a)/$($b.c)"), "1/{{b.c}}");
    }
}
