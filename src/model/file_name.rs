//! File names out of names that a peer chose: one safe part of a path, never more.

/// Longest name most file systems take, in bytes.
const LONGEST: usize = 255;
/// Stands in when nothing of the name is left.
const NAMELESS: &str = "download";

/// A name for a new file: no separator, control or invisible character, no leading dot, dash or
/// tilde, no name that some system reserves, at most 255 bytes with the extension kept.
#[must_use]
pub fn safe_file_name(name: &str) -> String {
    let visible: String = name
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { '_' } else { c })
        .collect();
    let start = visible.trim_start_matches(|c: char| c.is_whitespace() || ".-~".contains(c));
    let trimmed = start.trim_end_matches(|c: char| c.is_whitespace() || c == '.');
    if trimmed.is_empty() {
        return NAMELESS.into();
    }
    let stem = trimmed.split('.').next().unwrap_or_default();
    let name = if is_reserved(stem) { format!("_{trimmed}") } else { trimmed.to_owned() };
    shortened(&name)
}

/// Characters that change how a name reads without being seen.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// Device names of Windows; a file of that name cannot be copied there.
fn is_reserved(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    let numbered = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || numbered.is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
}

fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension.filter(|extension| extension.len() <= 16);
    let tail = extension.map_or_else(String::new, |extension| format!(".{extension}"));
    let most = LONGEST - tail.len();
    let stem = name.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= most);
    let (stem, _) = name.split_at(stem.last().unwrap_or(0));
    format!("{stem}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_one_part_of_a_path() {
        for (name, safe) in [
            ("report.txt", "report.txt"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..\\x", "_x"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("~", "download"),
            ("..", "download"),
            ("", "download"),
            ("file.txt.", "file.txt"),
            ("a\u{202e}txt.exe", "atxt.exe"),
            ("con.txt", "_con.txt"),
            ("COM1", "_COM1"),
            ("Zo\u{eb} 1.json", "Zo\u{eb} 1.json"),
        ] {
            assert_eq!(safe_file_name(name), safe);
        }
        assert!(!safe_file_name("\u{1b}]0;t\u{7}.txt").contains('\u{1b}'));
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = safe_file_name(&format!("{}.json", "\u{e9}".repeat(300)));
        assert!(name.len() <= 255 && name.ends_with("\u{e9}.json"));
    }
}
