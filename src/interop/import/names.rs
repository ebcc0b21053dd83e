//! Names that others gave to collections, folders, requests and variables, made into parts of paths and
//! names of variables that are safe on any disk.

use crate::model::braces::is_name;
use crate::model::preset::PresetPath;
use crate::model::protocol::Side;
use crate::model::spec::Spec;
use crate::model::url_text::UrlText;

/// Bytes of one name; a path has 200 in all, and more than one part.
const LONGEST: usize = 80;
/// Stands in where nothing of a name is left.
const NAMELESS: &str = "unnamed";

/// One part of a path: no separator, control or invisible character, no dot, dash, tilde or underline at
/// its beginning, no name that some system reserves, 80 bytes at most.
pub(super) fn part(name: &str) -> String {
    let mut made = String::new();
    for c in name.chars().take(4 * LONGEST) {
        match c {
            c if is_invisible(c) => {}
            c if c.is_control() || c.is_whitespace() => made.push(' '),
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => made.push('-'),
            '{' | '}' | '$' | '`' => {}
            c => made.push(c),
        }
    }
    let mut tidy = String::new();
    for c in made.chars() {
        let is_twice = (c == ' ' || c == '-') && tidy.ends_with([' ', '-']);
        if !is_twice {
            tidy.push(c);
        }
    }
    let short = shortened(trimmed(&tidy), LONGEST);
    let stem = short.split('.').next().unwrap_or_default();
    match stem {
        "" => NAMELESS.to_owned(),
        stem if is_reserved(stem) => format!("{stem}-{}", short.split_at(stem.len()).1),
        _ => short.to_owned(),
    }
}

/// What a preset is called that nobody gave a name: whom it speaks to, and of HTTP about what. What it is, its method
/// or protocol, stands beside its name wherever it is listed.
pub(super) fn of_spec(spec: &Spec) -> String {
    let address = spec.address();
    let UrlText { host_port, path, bare, .. } = UrlText::of(address);
    match (spec.method(), spec.side()) {
        (Some(_), Side::Client) => format!("{host_port}{}", path.trim_end_matches('/')),
        (None, Side::Client) => bare.to_owned(),
        (_, Side::Listener) => format!("server {bare}"),
        (_, Side::Relay) => format!("relay {bare}"),
    }
}

fn trimmed(text: &str) -> &str {
    let at_start = |c: char| c.is_whitespace() || ".-~_".contains(c);
    let at_end = |c: char| c.is_whitespace() || ".-".contains(c);
    text.trim_start_matches(at_start).trim_end_matches(at_end)
}

/// The beginning of a text that has at most so many bytes.
pub(super) fn shortened(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    trimmed(text.split_at(end.unwrap_or(0)).0)
}

/// Characters that change how a name reads without being seen.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e007f}')
}

/// Device names of Windows, and folders that mean something here.
fn is_reserved(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    let numbered = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "env")
        || numbered.is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Folders that are not too many: what lies deeper goes into the last with the names of its folders.
pub(super) fn folders(names: &[String], most: usize) -> Vec<String> {
    let most = most.min(PresetPath::FOLDERS);
    let Some((kept, rest)) = names.split_at_checked(most.saturating_sub(1)) else {
        return names.to_vec();
    };
    let mut made = kept.to_vec();
    if !rest.is_empty() {
        made.push(part(&rest.join("-")));
    }
    made
}

/// The name of a variable: what a template can hold, as near to what others called it as it can be.
pub(super) fn variable(name: &str) -> String {
    let name = name.trim();
    if is_name(name) {
        return name.to_owned();
    }
    let is_part = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    let made: String = name.chars().map(|c| if is_part(c) { c } else { '-' }).collect();
    let words = made.split('.').map(|word| word.trim_matches('-'));
    let made = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(".");
    if is_name(&made) { made } else { NAMELESS.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_others_becomes_one_safe_part_of_a_path() {
        for (name, safe) in [
            ("Get Users", "Get Users"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\0b\u{1b}[2J", "a b [2J"),
            ("GET /pets/{petId}", "GET pets-petId"),
            ("https://h/x?y=1", "https-h-x-y=1"),
            ("", "unnamed"),
            ("...", "unnamed"),
            ("_defaults", "defaults"),
            ("con", "con-"),
            ("NUL.txt", "NUL-.txt"),
            ("env", "env-"),
            ("a\u{202e}b", "ab"),
            ("$(reboot) `x`", "(reboot) x"),
            ("x\r\ny", "x y"),
        ] {
            assert_eq!(part(name), safe, "{name:?}");
            assert!(PresetPath::parse(&format!("{}/x", part(name))).is_ok(), "{name:?}");
        }
        let long = part(&"é".repeat(300));
        assert!(long.len() <= LONGEST && PresetPath::parse(&long).is_ok(), "{long}");
    }

    #[test]
    fn folders_that_are_too_deep_become_one() {
        let names: Vec<String> = (0..12).map(|at| format!("f{at}")).collect();
        let made = folders(&names, 8);
        assert_eq!((made.len(), made[7].as_str()), (8, "f7-f8-f9-f10-f11"));
        assert_eq!(folders(&names[..3], 8), names[..3]);
        assert_eq!(folders(&[], 8), [""; 0]);
    }

    #[test]
    fn variables_keep_their_names_as_far_as_templates_can_have_them() {
        for (name, ours) in [
            ("base_url", "base_url"),
            ("fo/o", "fo-o"),
            (" my key ", "my-key"),
            ("a..b", "a.b"),
            ("$guid", "guid"),
            ("{}", "unnamed"),
        ] {
            assert_eq!(variable(name), ours);
            assert!(is_name(ours));
        }
    }
}
