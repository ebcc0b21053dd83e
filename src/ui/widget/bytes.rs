//! Rows of bytes as text or hex: printable, coloured, with hits marked, scrolled sideways.

use std::ops::Range;

use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;

use crate::app::record_view::HexRow;
use crate::app::wrap_bytes;
use crate::codec::joiners::joins_at;
use crate::codec::printable::{Marked, marked};
use crate::codec::search::Pattern;
use crate::model::secrets::MASK;
use crate::ui::painter::Painter;
use crate::ui::theme::ThemeStyles;

/// Bytes of lines before a record that tell whether its first line goes on a credential.
pub(crate) const LINES: usize = 1024;
/// A hex row where there is room.
pub(crate) const HEX_ROW: HexRow = HexRow { bytes: 16, digits: 8 };

/// What is searched for, ready to be marked.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marks<'a> {
    pub(crate) pattern: Option<&'a Pattern>,
    /// Place of the hit the search stands on.
    pub(crate) here: Option<u64>,
}

/// A marked stretch of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarkedRange {
    range: Range<usize>,
    mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Hit,
    /// The hit the search stands on.
    Here,
    Selected,
    /// The byte the cursor is on.
    Cursor,
}

/// What is selected, as what goes over everything else.
pub(crate) fn selected(range: Range<usize>) -> Vec<MarkedRange> {
    vec![MarkedRange { range, mark: Mark::Selected }]
}

/// Hits with what is selected around them, where both are in order.
pub(crate) fn selected_around(hits: Vec<MarkedRange>, range: Range<usize>) -> Vec<MarkedRange> {
    let (mut marks, mut at) = (Vec::new(), range.start);
    for hit in hits {
        let gap = at..hit.range.start.min(range.end);
        if gap.start < gap.end {
            marks.extend(selected(gap));
        }
        at = at.max(hit.range.end);
        marks.push(hit);
    }
    if at < range.end {
        marks.extend(selected(at..range.end));
    }
    marks
}

/// The cursor on a byte and what is selected around it, of the row that begins at `row`; goes over
/// everything else.
pub(crate) fn pointed(
    row: usize,
    cursor: usize,
    selected: Option<Range<usize>>,
) -> Vec<MarkedRange> {
    let here = |range: Range<usize>| range.start.saturating_sub(row)..range.end.saturating_sub(row);
    let cursor = (cursor >= row)
        .then(|| MarkedRange { range: here(cursor..cursor + 1), mark: Mark::Cursor });
    let selected = selected.map(|range| MarkedRange { range: here(range), mark: Mark::Selected });
    cursor.into_iter().chain(selected).collect()
}

/// The same of text, in its order: what is selected before the cursor, the cursor, what is behind it.
pub(crate) fn pointed_text(
    row: Range<usize>,
    cursor: Range<usize>,
    selected: Range<usize>,
) -> Vec<MarkedRange> {
    let pieces = [
        (selected.start..cursor.start, Mark::Selected),
        (cursor.clone(), Mark::Cursor),
        (cursor.end..selected.end, Mark::Selected),
    ];
    let here = |(range, mark): (Range<usize>, Mark)| {
        let range = range.start.max(row.start)..range.end.min(row.end);
        let range =
            (range.start < range.end).then(|| range.start - row.start..range.end - row.start);
        range.map(|range| MarkedRange { range, mark })
    };
    pieces.into_iter().filter_map(here).collect()
}

impl Marks<'_> {
    /// The hits that reach into a part of bytes of which the first stands at `offset`; their
    /// places count from the start of the part. Costs what the part is long.
    pub(crate) fn hits(&self, offset: u64, bytes: &[u8], part: &Range<usize>) -> Vec<MarkedRange> {
        let Some(pattern) = self.pattern else { return Vec::new() };
        let near = pattern.hits_in(bytes, part.clone()).into_iter();
        near.map(|hit| MarkedRange {
            mark: match self.here {
                Some(here) if here == offset + hit.start as u64 => Mark::Here,
                _ => Mark::Hit,
            },
            range: hit.start.saturating_sub(part.start)
                ..hit.end.min(part.end).saturating_sub(part.start),
        })
        .collect()
    }
}

impl MarkedRange {
    fn style(&self, palette: &ThemeStyles) -> Style {
        match self.mark {
            Mark::Hit => palette.hit,
            Mark::Here => palette.hit_here,
            Mark::Selected => palette.base.add_modifier(Modifier::REVERSED | Modifier::UNDERLINED),
            Mark::Cursor => palette.selection(true).add_modifier(Modifier::BOLD),
        }
    }
}

/// Writes bytes in one style; what stands for a control or a broken byte in another.
pub(crate) fn plain(painter: &mut Painter<'_>, bytes: &[u8], style: Style) {
    shown(painter, &marked(bytes), style, &mut 0);
}

/// Writes visible text from the cell `left` on.
pub(crate) fn shown(painter: &mut Painter<'_>, text: &Marked, style: Style, left: &mut usize) {
    for (piece, is_substitute) in text.pieces() {
        let style = if is_substitute { painter.palette.control(style) } else { style };
        put_from(painter, piece, left, style);
        if painter.area.width == 0 {
            return;
        }
    }
}

/// Writes a row of text from the cell `left` on. `spans` colour parts of it, in order; the rest
/// has the style `base`; hits go over both.
pub(crate) fn text(
    painter: &mut Painter<'_>,
    bytes: &[u8],
    base: Style,
    mut spans: &[(Range<usize>, Style)],
    mut hits: &[MarkedRange],
    mut left: usize,
) {
    let mut at = 0;
    while at < bytes.len() && painter.area.width > 0 {
        // What ends before here is done with.
        while let [(range, _), rest @ ..] = spans
            && range.end <= at
        {
            spans = rest;
        }
        while let [hit, rest @ ..] = hits
            && hit.range.end <= at
        {
            hits = rest;
        }
        let (span, hit) = (spans.first(), hits.first());
        let ranges = [span.map(|(range, _)| range), hit.map(|hit| &hit.range)];
        let edge = |range: &Range<usize>| if range.start > at { range.start } else { range.end };
        let mut end = ranges.into_iter().flatten().map(edge).fold(bytes.len(), usize::min);
        // What is joined is drawn as one.
        while end < bytes.len() && joins_at(bytes, end) {
            let more = bytes[end + 1..].iter().position(|byte| byte & 0xc0 != 0x80);
            end = more.map_or(bytes.len(), |more| end + 1 + more);
        }
        let piece = marked(&bytes[at..end]);
        if let Some(hit) = hit.filter(|hit| hit.range.start <= at) {
            put_from(painter, &piece.text, &mut left, hit.style(painter.palette));
        } else {
            let span = span.filter(|(range, _)| range.start <= at);
            shown(painter, &piece, span.map_or(base, |(_, style)| *style), &mut left);
        }
        at = end;
    }
}

/// Writes what lies right of the first `left` cells; counts them down.
fn put_from(painter: &mut Painter<'_>, text: &str, left: &mut usize, style: Style) {
    if *left == 0 {
        painter.put_data(text, style);
        return;
    }
    let mut graphemes = text.graphemes(true);
    while *left > 0
        && let Some(grapheme) = graphemes.next()
    {
        *left = left.saturating_sub(wrap_bytes::cells(grapheme));
    }
    painter.put_data(graphemes.as_str(), style);
}

/// Writes bytes as hex digits, as many as fit; of those that are hidden, in order, eight stars.
pub(crate) fn digits(
    painter: &mut Painter<'_>,
    bytes: &[u8],
    base: Style,
    hits: &[MarkedRange],
    mut hidden: &[Range<usize>],
) {
    for (at, byte) in bytes.iter().enumerate() {
        while let [part, rest @ ..] = hidden
            && part.end <= at
        {
            hidden = rest;
        }
        if let Some(part) = hidden.first().filter(|part| part.start <= at) {
            if part.start == at {
                let stars = ["**"; MASK.len()].join(" ");
                painter.put_data(
                    &if at > 0 { format!(" {stars}") } else { stars },
                    painter.palette.dim,
                );
            }
            continue;
        }
        let hit = hits.iter().find(|hit| hit.range.contains(&at));
        let style = hit.map_or(base, |hit| hit.style(painter.palette));
        if at > 0 {
            let joined = hit.is_some_and(|hit| hit.range.start < at);
            painter.put_data(" ", if joined { style } else { base });
        }
        painter.put_data(&format!("{byte:02x}"), style);
        if painter.area.width == 0 {
            return;
        }
    }
}

/// Writes a hex row, but for so many cells on its left: where it begins, its bytes, and what they are
/// as text.
pub(crate) fn hex_row(
    painter: &mut Painter<'_>,
    offset: u64,
    bytes: &[u8],
    layout: HexRow,
    hits: &[MarkedRange],
    left: usize,
) {
    let palette = painter.palette;
    let hit_at = |at: usize| hits.iter().find(|hit| hit.range.contains(&at));
    let style_at = |at, base| hit_at(at).map_or(base, |hit| hit.style(palette));
    // All of it is ASCII, a cell each.
    let mut hidden = left;
    let mut put = |text: &str, style: Style| {
        let cut = hidden.min(text.len());
        hidden -= cut;
        painter.put_data(text.split_at(cut).1, style);
    };
    put(&format!("{offset:0digits$x}", digits = layout.digits), palette.dim);
    let row = bytes.get(..layout.bytes).unwrap_or(bytes);
    for at in 0..layout.bytes {
        let joined = hit_at(at).filter(|hit| hit.range.start < at);
        let gap = joined.map_or(palette.base, |hit| hit.style(palette));
        put(if at % 8 == 0 { "  " } else { " " }, gap);
        match row.get(at) {
            Some(byte) => put(&format!("{byte:02x}"), style_at(at, palette.base)),
            None => put("  ", palette.base),
        }
    }
    put("  ", palette.base);
    put("|", palette.dim);
    for (at, byte) in row.iter().enumerate() {
        let (letter, style) = match byte {
            0x20..=0x7e => (char::from(*byte), palette.base),
            _ => ('.', palette.dim),
        };
        put(letter.encode_utf8(&mut [0; 4]), style_at(at, style));
    }
    put("|", palette.dim);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::themes::Themes;
    use crate::app::{App, Startup};
    use crate::model::theme::ColorDepth;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Color;

    fn palette() -> ThemeStyles {
        ThemeStyles::of(&Themes::new(ColorDepth::Direct))
    }

    fn row(bytes: &[u8], spans: &[(Range<usize>, Style)], search: &str, left: usize) -> Buffer {
        let area = Rect::new(0, 0, 10, 1);
        let mut buffer = Buffer::empty(area);
        let (app, palette) = (App::new(Startup::default()), palette());
        let pattern = Pattern::parse(search);
        let marks = Marks { pattern: pattern.as_ref(), here: None };
        let hits = marks.hits(0, bytes, &(0..bytes.len()));
        let mut painter = Painter::new(&app, &palette, &mut buffer);
        text(&mut painter, bytes, Style::new(), spans, &hits, left);
        buffer
    }

    fn screen(buffer: &Buffer) -> String {
        (0..10).filter_map(|x| buffer.cell((x, 0))).map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn control_bytes_are_escapes_and_long_rows_are_cut() {
        assert_eq!(screen(&row(b"a\x1b[31mbcdefghij", &[], "", 0)), r"a\e[31mbcd");
    }

    #[test]
    fn an_escape_does_not_look_like_a_backslash_of_the_data() {
        let buffer = row(b"\\n\n\xff", &[], "", 0);
        assert_eq!(screen(&buffer).trim_end(), r"\n\n\xff");
        let control = palette().control(Style::new()).fg.unwrap();
        let marked: Vec<bool> =
            (0..8).map(|x| buffer.cell((x, 0)).unwrap().fg == control).collect();
        assert_eq!(marked, [false, false, true, true, true, true, true, true]);
    }

    #[test]
    fn hits_in_hex_are_marked_in_both_columns_and_across_rows() {
        let bytes: Vec<u8> = (0..32).collect();
        let pattern = Pattern::parse("0x0e0f10");
        let marks = Marks { pattern: pattern.as_ref(), here: Some(0x10e) };
        let area = Rect::new(0, 0, 80, 2);
        let mut buffer = Buffer::empty(area);
        let (app, palette) = (App::new(Startup::default()), palette());
        let mut painter = Painter::new(&app, &palette, &mut buffer);
        for y in 0..2 {
            let part = y * 16..(y + 1) * 16;
            let hits = marks.hits(0x100, &bytes, &part);
            let row = Rect { y: y as u16, height: 1, ..area };
            hex_row(&mut painter.at(row), 0x100 + y as u64 * 16, &bytes[part], HEX_ROW, &hits, 0);
        }
        let line = |y: u16| -> String {
            (0..80).map(|x| buffer.cell((x, y)).unwrap().symbol().to_owned()).collect()
        };
        assert_eq!(line(0).trim_end(), crate::codec::hex::dump_line(0x100, &bytes[..16]));
        assert_eq!(line(1).trim_end(), crate::codec::hex::dump_line(0x110, &bytes[16..]));
        let here = palette.hit_here.bg.unwrap();
        let marked = |y: u16| -> Vec<u16> {
            (0..80).filter(|x| buffer.cell((*x, y)).unwrap().bg == here).collect()
        };
        let (digits, letters) = (53..58, 75..77);
        assert_eq!(marked(0), digits.chain(letters).collect::<Vec<u16>>());
        assert_eq!(marked(1), [10, 11, 61]);
    }

    #[test]
    fn scrolling_sideways_drops_cells_across_spans() {
        let spans = [(1..3, Style::new().fg(Color::Red))];
        let buffer = row(b"abcdef", &spans, "", 2);
        assert_eq!(screen(&buffer).trim_end(), "cdef");
        assert_eq!(buffer.cell((0, 0)).unwrap().fg, Color::Red);
        assert_eq!(buffer.cell((1, 0)).unwrap().fg, Color::Reset);
    }

    #[test]
    fn hits_are_marked_over_colours_and_across_them() {
        let spans = [(0..2, Style::new().fg(Color::Red))];
        let hit = palette().hit.bg.unwrap();
        let buffer = row(b"xABCx", &spans, "abc", 0);
        let marked: Vec<bool> = (0..5).map(|x| buffer.cell((x, 0)).unwrap().bg == hit).collect();
        assert_eq!(marked, [false, true, true, true, false]);
        let exact = row(b"xABCx", &spans, "Abc", 0);
        assert!((0..5).all(|x| exact.cell((x, 0)).unwrap().bg != hit));
    }
}
