//! The bracket that belongs to the one at the cursor, in JSON.
//!
//! Used by `text_view` for every frame, so it looks no further than [`REACH`].

use super::text_model::{TextModel, TextPlace};

/// Bytes that are looked through.
const REACH: usize = 64 * 1024;

/// A bracket outside of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bracket {
    byte: usize,
    opens: bool,
}

/// The bracket at the cursor, else the one before it, and its partner, if that is near.
pub(super) fn pair(model: &dyn TextModel) -> Option<[TextPlace; 2]> {
    let at = model.cursor();
    let here = brackets(model.line(at.line))?;
    let is_at = |byte: usize| here.iter().position(|bracket| bracket.byte == byte);
    let found = is_at(at.byte).or_else(|| is_at(at.byte.checked_sub(1)?))?;
    let from = TextPlace { byte: here[found].byte, ..at };
    let other = if here[found].opens {
        forward(model, at.line, &here[found..])
    } else {
        backward(model, at.line, &here[..=found])
    };
    Some([from, other?])
}

fn forward(model: &dyn TextModel, line: usize, first: &[Bracket]) -> Option<TextPlace> {
    let (mut depth, mut seen) = (0usize, 0);
    let mut of_line = first.to_vec();
    for line in line..model.count() {
        for bracket in &of_line {
            depth = if bracket.opens { depth + 1 } else { depth.saturating_sub(1) };
            if depth == 0 {
                return Some(TextPlace { line, byte: bracket.byte });
            }
        }
        seen += model.line(line).len() + 1;
        of_line = brackets(model.line(line + 1)).filter(|_| seen < REACH)?;
    }
    None
}

fn backward(model: &dyn TextModel, line: usize, last: &[Bracket]) -> Option<TextPlace> {
    let (mut depth, mut seen) = (0usize, 0);
    let mut of_line = last.to_vec();
    for line in (0..=line).rev() {
        for bracket in of_line.iter().rev() {
            depth = if bracket.opens { depth.saturating_sub(1) } else { depth + 1 };
            if depth == 0 {
                return Some(TextPlace { line, byte: bracket.byte });
            }
        }
        seen += model.line(line).len() + 1;
        of_line = brackets(model.line(line.checked_sub(1)?)).filter(|_| seen < REACH)?;
    }
    None
}

/// Those of a line, which ends every string; `None` = it is too long.
fn brackets(line: &str) -> Option<Vec<Bracket>> {
    if line.len() > REACH {
        return None;
    }
    let (mut found, mut is_string, mut is_escape) = (Vec::new(), false, false);
    for (byte, sign) in line.bytes().enumerate() {
        match sign {
            _ if is_escape => is_escape = false,
            b'\\' if is_string => is_escape = true,
            b'"' => is_string = !is_string,
            b'{' | b'[' if !is_string => found.push(Bracket { byte, opens: true }),
            b'}' | b']' if !is_string => found.push(Bracket { byte, opens: false }),
            _ => {}
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::editor::large_text::LargeText;

    fn pair_at(text: &str, line: usize, byte: usize) -> Option<[TextPlace; 2]> {
        let mut model = LargeText::new(text.to_owned());
        model.jump(TextPlace { line, byte });
        pair(&model)
    }

    #[test]
    fn a_bracket_has_its_partner_over_lines_and_strings() {
        let text = "{\n  \"}\": [1,\n 2]\n}";
        let place = |line, byte| TextPlace { line, byte };
        assert_eq!(pair_at(text, 0, 0), Some([place(0, 0), place(3, 0)]));
        assert_eq!(pair_at(text, 3, 1), Some([place(3, 0), place(0, 0)]), "behind it, too");
        assert_eq!(pair_at(text, 2, 2), Some([place(2, 2), place(1, 7)]));
        assert_eq!(pair_at(text, 1, 3), None, "in a string it is a letter");
        assert_eq!(pair_at("[1", 0, 0), None);
        assert_eq!(pair_at(&format!("[{}\n]", "\n1,".repeat(REACH)), 0, 0), None, "too far");
    }
}
