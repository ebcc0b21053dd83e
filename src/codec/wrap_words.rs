//! Breaking a sentence into lines of a given width, for hints, questions and failures.
//!
//! The text is made printable first, so its width is the width on screen.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::codec::printable::printable_str;

/// Lines of at most `width` cells, broken at spaces where there are any.
pub(crate) fn wrap(text: &str, width: u16) -> Vec<String> {
    let width = usize::from(width);
    if width == 0 {
        return Vec::new();
    }
    text.split('\n').flat_map(|line| wrap_line(&printable_str(line), width)).collect()
}

fn wrap_line(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let gap = usize::from(!line.is_empty());
        if line.width() + gap + word.width() <= width {
            line.push_str(if gap == 1 { " " } else { "" });
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for piece in word.graphemes(true) {
            if line.width() + piece.width() > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(piece);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("press F5 to listen", 10), ["press F5", "to listen"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("", 5), [""]);
        assert!(wrap("anything", 0).is_empty());
    }

    #[test]
    fn control_characters_are_visible_before_they_are_counted() {
        assert_eq!(wrap("a\u{1b}[2J", 20), [r"a\e[2J"]);
    }
}
