//! The user's rules for the colours of rows: `colors.toml`.
//!
//! ```text
//! [[rules]]                       the first that lets a row through decides
//! filter = "status >= 500"
//! color = "error"                 a role of themes, red orange yellow …, "#8fd0ff"
//! ```
//! The same may be written as `rules = [{ filter = "…", color = "…" }]`. What a filter means is not known here.

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::strict_toml::{Fields, Trouble, parse_document};
use crate::model::color_rule::{ColorRule, RowColor};
use crate::model::failure::Failure;
use crate::model::suggest::suggest;

/// Rules that are read; nobody has so many.
const MOST: usize = 100;

/// Reads the rules; `file` is what messages call it.
///
/// # Errors
/// Names the line, and what was meant.
pub fn read(text: &str, file: &str) -> Result<Vec<ColorRule>, Failure> {
    rules(text).map_err(|trouble| trouble.into_failure(file, text))
}

fn rules(text: &str) -> Result<Vec<ColorRule>, Trouble> {
    let document = parse_document(text)?;
    let mut root = Fields::root(&document);
    let mut rules = Vec::new();
    for item in root.list("rules")? {
        let mut fields = item.table()?;
        let line =
            text.as_bytes().iter().take(item.offset()).filter(|byte| **byte == b'\n').count();
        let filter = fields.text("filter")?;
        let color = fields.get("color").ok_or_else(|| item.wrong("has no color"))?;
        let word = color.text()?;
        let color = RowColor::read(word).ok_or_else(|| {
            let known: Vec<&str> = RowColor::words().collect();
            color.wrong("is no colour").hint(format!(
                "write a role of themes, \"#rrggbb\" or a name; {}",
                suggest(word, &known)
            ))
        })?;
        let filter = filter.ok_or_else(|| item.wrong("has no filter"))?;
        fields.done()?;
        if rules.len() == MOST {
            return Err(item.wrong(&format!("is one too many: {MOST} rules are read")));
        }
        rules.push(ColorRule { filter, color, line: line + 1 });
    }
    root.done()?;
    Ok(rules)
}

/// The file with one more rule, before all others because the first decides; everything else stays as it
/// is.
///
/// # Errors
/// The file cannot be read as it is.
pub(crate) fn with_rule(
    text: &str,
    file: &str,
    filter: &str,
    color: &str,
) -> Result<String, Failure> {
    read(text, file)?;
    let wrong = |error: toml_edit::TomlError| {
        Trouble::at(error.span(), format!("not TOML: {}", error.message())).into_failure(file, text)
    };
    let mut document: DocumentMut = text.parse().map_err(wrong)?;
    let entries = [("filter", filter), ("color", color)];
    match document.get_mut("rules") {
        Some(Item::Value(Value::Array(list))) => {
            let mut rule = InlineTable::new();
            for (key, word) in entries {
                rule.insert(key, word.into());
            }
            list.insert(0, rule);
        }
        known => {
            let mut rule = Table::new();
            for (key, word) in entries {
                rule.insert(key, Item::Value(word.into()));
            }
            let mut rules = ArrayOfTables::new();
            rules.push(rule);
            if let Some(Item::ArrayOfTables(before)) = known {
                before.iter().for_each(|table| rules.push(table.clone()));
                // The first of before had no empty line above it.
                if let Some(second) = rules.get_mut(1) {
                    let above = second.decor().prefix().and_then(|it| it.as_str()).unwrap_or("");
                    let above = format!("\n{}", above.trim_start_matches('\n'));
                    second.decor_mut().set_prefix(above);
                }
                for (at, table) in (0..).zip(rules.iter_mut()) {
                    table.set_position(Some(at));
                }
            }
            document.insert("rules", Item::ArrayOfTables(rules));
        }
    }
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::theme::ThemeRole;

    const FILE: &str = "# mine\n\n[[rules]]\n# late ones\nfilter = \"latency > 1s\"\ncolor = \"yellow\"\n\n[[rules]]\nfilter = \"error\"\ncolor = \"error\"\n";

    #[test]
    fn rules_are_read_with_their_lines_in_either_notation() {
        let rules = read(FILE, "colors.toml").unwrap();
        let lines: Vec<usize> = rules.iter().map(|rule| rule.line).collect();
        assert_eq!(lines, [3, 8]);
        assert_eq!(rules[0].color, RowColor::Hue("yellow"));
        assert_eq!(rules[1].color, RowColor::Role(ThemeRole::Error));
        let inline = "rules = [{ filter = \"udp\", color = \"#102030\" }]";
        assert_eq!(read(inline, "colors.toml").unwrap()[0].filter, "udp");
        assert_eq!(read("", "colors.toml").unwrap(), []);
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_what_was_meant() {
        for (text, told) in [
            ("[[rules]]\nfilter = \"udp\"\ncolor = \"eror\"\n", ["colors.toml:3", "error"]),
            ("[[rules]]\nfilter = \"udp\"\n", ["colors.toml:1", "has no color"]),
            (
                "[[rules]]\nfilter = \"udp\"\ncolour = \"red\"\ncolor = \"red\"",
                ["colors.toml:3", "colour"],
            ),
            ("[[rule]]\n", ["colors.toml:1", "rules"]),
            ("[[rules", ["colors.toml:1", "not TOML"]),
        ] {
            let failure = read(text, "colors.toml").unwrap_err().to_string();
            assert!(told.iter().all(|word| failure.contains(word)), "{failure}");
        }
    }

    #[test]
    fn a_rule_more_stands_first_and_leaves_the_rest_as_it_was() {
        for text in ["", FILE, "rules = [{ filter = \"udp\", color = \"red\" }]\n"] {
            let before = read(text, "f").unwrap();
            let after = with_rule(text, "f", "data contains \"a\"", "teal").unwrap();
            let found = read(&after, "f").unwrap();
            assert_eq!(found[0].filter, "data contains \"a\"", "{after}");
            assert_eq!(found.len(), before.len() + 1, "{after}");
            let filters =
                |rules: &[ColorRule]| rules.iter().map(|it| it.filter.clone()).collect::<Vec<_>>();
            assert_eq!(filters(&found[1..]), filters(&before));
            assert!(!text.contains("# late ones") || after.contains("# late ones"), "{after}");
        }
        assert!(with_rule("[[rules]]\n", "f", "udp", "red").is_err());
    }
}
