//! Rows of bytes as text or hex: printable, coloured, with hits marked, scrolled sideways.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use regex::bytes::{Regex, RegexBuilder};
use unicode_segmentation::UnicodeSegmentation;

use super::run::Run;
use crate::app::breaks;
use crate::codec::hex;
use crate::codec::printable::printable;
use crate::ui::theme::Palette;

/// What is searched for, ready to be marked.
pub(in crate::ui) struct Marks(Option<Regex>);

impl Marks {
    /// Literal text; without upper-case letters, case does not matter.
    pub(in crate::ui) fn new(text: &str) -> Self {
        if text.is_empty() {
            return Marks(None);
        }
        let any_case = !text.chars().any(char::is_uppercase);
        Marks(RegexBuilder::new(&regex::escape(text)).case_insensitive(any_case).build().ok())
    }

    fn of(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        self.0.iter().flat_map(|regex| regex.find_iter(bytes)).map(|hit| hit.range()).collect()
    }
}

/// Writes a row of text from the cell `left` on. `spans` colour parts of it, in order; the rest
/// has the style `base`.
pub(in crate::ui) fn text(
    run: &mut Run<'_>,
    bytes: &[u8],
    spans: &[(Range<usize>, Style)],
    (base, hit): (Style, Style),
    (marks, left): (&Marks, usize),
) {
    let mut left = left;
    let hits = marks.of(bytes);
    let mut at = 0;
    for (range, style) in styled(bytes.len(), spans, base) {
        at = at.max(range.start);
        while at < range.end {
            let over = hits.iter().find(|h| h.end > at);
            let (end, style) = match over {
                Some(h) if h.start <= at => (h.end.min(range.end), hit),
                Some(h) => (h.start.min(range.end), style),
                None => (range.end, style),
            };
            let piece = printable(bytes.get(at..end).unwrap_or_default());
            put_from(run, &piece, &mut left, style);
            if run.area.width == 0 {
                return;
            }
            at = end;
        }
    }
}

/// Fills the gaps between spans.
fn styled(len: usize, spans: &[(Range<usize>, Style)], base: Style) -> Vec<(Range<usize>, Style)> {
    let mut all = Vec::with_capacity(spans.len() * 2 + 1);
    let mut at = 0;
    for (range, style) in spans {
        let (start, end) = (range.start.max(at), range.end.min(len));
        if start > at {
            all.push((at..start, base));
        }
        if end > start {
            all.push((start..end, *style));
            at = end;
        }
    }
    if at < len {
        all.push((at..len, base));
    }
    all
}

/// Writes what lies right of the first `left` cells; counts them down.
fn put_from(run: &mut Run<'_>, text: &str, left: &mut usize, style: Style) {
    if *left == 0 {
        run.put(text, style);
        return;
    }
    let mut skipped = 0;
    for grapheme in text.graphemes(true) {
        if *left == 0 {
            break;
        }
        *left = left.saturating_sub(breaks::cells(grapheme));
        skipped += grapheme.len();
    }
    run.put(text.get(skipped..).unwrap_or_default(), style);
}

/// Writes a hex row: where it begins, sixteen bytes, and what they are as text.
pub(in crate::ui) fn hex_row(
    palette: &Palette,
    area: Rect,
    (offset, bytes): (u64, &[u8]),
    buffer: &mut Buffer,
) {
    let line = hex::dump_line(offset, bytes);
    let (place, rest) = line.split_once("  ").unwrap_or(("", &line));
    let (digits, text) = rest.split_once('|').unwrap_or((rest, ""));
    let mut run = Run::new(area, buffer);
    run.put(place, palette.dim);
    run.put("  ", palette.base);
    run.put(digits, palette.base);
    run.put("|", palette.dim);
    run.put(text.strip_suffix('|').unwrap_or(text), palette.string);
    run.put("|", palette.dim);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;

    fn row(bytes: &[u8], spans: &[(Range<usize>, Style)], search: &str, left: usize) -> Buffer {
        let area = Rect::new(0, 0, 10, 1);
        let mut buffer = Buffer::empty(area);
        let mut run = Run::new(area, &mut buffer);
        let styles = (Style::new(), Style::new().bg(Color::Yellow));
        text(&mut run, bytes, spans, styles, (&Marks::new(search), left));
        buffer
    }

    fn shown(buffer: &Buffer) -> String {
        (0..10).filter_map(|x| buffer.cell((x, 0))).map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn control_bytes_are_pictures_and_long_rows_are_cut() {
        assert_eq!(shown(&row(b"a\x1b[31mbcdefghij", &[], "", 0)), "a␛[31mbcde");
    }

    #[test]
    fn scrolling_sideways_drops_cells_across_spans() {
        let spans = [(1..3, Style::new().fg(Color::Red))];
        let buffer = row(b"abcdef", &spans, "", 2);
        assert_eq!(shown(&buffer).trim_end(), "cdef");
        assert_eq!(buffer.cell((0, 0)).unwrap().fg, Color::Red);
        assert_eq!(buffer.cell((1, 0)).unwrap().fg, Color::Reset);
    }

    #[test]
    fn hits_are_marked_over_colours_and_across_them() {
        let spans = [(0..2, Style::new().fg(Color::Red))];
        let buffer = row(b"xABCx", &spans, "abc", 0);
        let marked: Vec<bool> =
            (0..5).map(|x| buffer.cell((x, 0)).unwrap().bg == Color::Yellow).collect();
        assert_eq!(marked, [false, true, true, true, false]);
        let exact = row(b"xABCx", &spans, "Abc", 0);
        assert!((0..5).all(|x| exact.cell((x, 0)).unwrap().bg != Color::Yellow));
    }
}
