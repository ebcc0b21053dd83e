//! A terminal screen as SVG: text in runs of one style, frames as lines, in a window.
//!
//! Every run says how long it is, so the picture holds together with any monospaced font, and the
//! lines of frames meet whatever the font's height.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

const CELL: (f64, f64) = (8.4, 18.0);
/// Of the text within its row.
const BASELINE: f64 = 13.5;
const FONT_SIZE: u16 = 14;
const PADDING: f64 = 12.0;
const TITLE_BAR: f64 = 34.0;
/// Used for cells that leave the colour to the terminal.
const DEFAULT: (&str, &str) = ("#d0d4d8", "#1c1c1c");

/// How a run of text looks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Style {
    foreground: String,
    bold: bool,
    italic: bool,
}

/// A run of text in one row.
struct Run {
    row: u16,
    column: u16,
    cells: u16,
    style: Style,
    text: String,
}

/// Lines of one colour and weight.
type Lines = BTreeMap<(String, &'static str), Strokes>;

/// Straight lines in tenths of a unit; those that meet are drawn as one, so a frame is no hundred pieces.
#[derive(Default)]
struct Strokes {
    /// Ends by height.
    level: BTreeMap<i32, Vec<(i32, i32)>>,
    /// Ends by place from the left.
    upright: BTreeMap<i32, Vec<(i32, i32)>>,
    /// What is not straight, as it is drawn.
    bent: String,
}

impl Strokes {
    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(|place| (place * 10.0).round() as i32);
        if y1 == y2 {
            self.level.entry(y1).or_default().push((x1.min(x2), x1.max(x2)));
        } else {
            self.upright.entry(x1).or_default().push((y1.min(y2), y1.max(y2)));
        }
    }

    fn path(&self) -> String {
        let tenths = |place: i32| f64::from(place) / 10.0;
        let mut path = self.bent.clone();
        for (y, spans) in &self.level {
            for (from, to) in joined(spans) {
                let _ = write!(path, "M{} {}H{}", tenths(from), tenths(*y), tenths(to));
            }
        }
        for (x, spans) in &self.upright {
            for (from, to) in joined(spans) {
                let _ = write!(path, "M{} {}V{}", tenths(*x), tenths(from), tenths(to));
            }
        }
        path
    }
}

/// Spans with those that touch made one.
fn joined(spans: &[(i32, i32)]) -> Vec<(i32, i32)> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut joined: Vec<(i32, i32)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Draws the screen.
pub fn draw(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (f64::from(columns) * CELL.0, f64::from(rows) * CELL.1);
    let (outer_width, outer_height) = (width + 2.0 * PADDING, height + TITLE_BAR + PADDING);
    let ground = most_common_background(screen);
    let mut lines = Lines::new();
    let runs = runs(screen, &mut lines);
    let styles: Vec<&Style> =
        runs.iter().map(|run| &run.style).collect::<BTreeSet<_>>().into_iter().collect();
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {outer_width:.0} {outer_height:.0}\" \
         width=\"{outer_width:.0}\" height=\"{outer_height:.0}\" role=\"img\">\n\
         <title>wirebench</title>\n<style>\n\
         text {{ font: {FONT_SIZE}px ui-monospace, \"Cascadia Mono\", \"SF Mono\", Menlo, Consolas, \
         \"DejaVu Sans Mono\", monospace; white-space: pre; }}"
    );
    for (at, style) in styles.iter().enumerate() {
        let _ = writeln!(svg, ".s{at} {{ fill: {};{} }}", style.foreground, decoration(style));
    }
    let _ = writeln!(
        svg,
        "</style>\n<rect x=\"0.5\" y=\"0.5\" width=\"{:.1}\" height=\"{:.1}\" rx=\"10\" \
         fill=\"{ground}\" stroke=\"#4a4f57\"/>",
        outer_width - 1.0,
        outer_height - 1.0
    );
    for (at, colour) in ["#ff5f57", "#febc2e", "#28c840"].iter().enumerate() {
        let x = 20 + 20 * at;
        let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"17\" r=\"6\" fill=\"{colour}\"/>");
    }
    let _ = writeln!(svg, "<g transform=\"translate({PADDING} {TITLE_BAR})\">");
    backgrounds(screen, &ground, &mut svg);
    for ((colour, weight), strokes) in &lines {
        let path = strokes.path();
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{weight}\"/>"
        );
    }
    for run in &runs {
        let class = styles.iter().position(|style| **style == run.style).unwrap_or(0);
        let _ = writeln!(
            svg,
            "<text class=\"s{class}\" x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\">{}</text>",
            f64::from(run.column) * CELL.0,
            f64::from(run.row) * CELL.1 + BASELINE,
            f64::from(run.cells) * CELL.0,
            escaped(&run.text)
        );
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

fn decoration(style: &Style) -> String {
    let mut css = String::new();
    for (on, text) in [(style.bold, " font-weight: bold;"), (style.italic, " font-style: italic;")]
    {
        if on {
            css.push_str(text);
        }
    }
    css
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Colours of a cell, foreground first.
fn colours(cell: &Cell) -> (String, String) {
    let (foreground, background) =
        (colour(cell.fgcolor(), DEFAULT.0), colour(cell.bgcolor(), DEFAULT.1));
    if cell.inverse() { (background, foreground) } else { (foreground, background) }
}

fn colour(colour: Color, default: &str) -> String {
    const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
    const FIRST: [&str; 16] = [
        "#1d1f21", "#cc6666", "#8fbf6a", "#e0b060", "#6a9fd8", "#b48ad8", "#6cc0c0", "#c8ccd0",
        "#6b7078", "#e88080", "#aad98a", "#f2cc80", "#8fbdf0", "#ccaaee", "#90dcdc", "#ffffff",
    ];
    match colour {
        Color::Default => default.to_owned(),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Idx(n @ 0..16) => FIRST[usize::from(n)].to_owned(),
        Color::Idx(n @ 16..232) => {
            let part = |by: u8| CUBE[usize::from((n - 16) / by % 6)];
            format!("#{:02x}{:02x}{:02x}", part(36), part(6), part(1))
        }
        Color::Idx(n) => {
            let grey = 8 + 10 * (n - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

fn cells(screen: &Screen) -> impl Iterator<Item = (u16, u16, &Cell)> {
    let (rows, columns) = screen.size();
    (0..rows)
        .flat_map(move |row| (0..columns).map(move |column| (row, column)))
        .filter_map(|(row, column)| Some((row, column, screen.cell(row, column)?)))
}

fn most_common_background(screen: &Screen) -> String {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (_, _, cell) in cells(screen) {
        *count.entry(colours(cell).1).or_default() += 1;
    }
    count.into_iter().max_by_key(|(_, count)| *count).map_or(DEFAULT.1.into(), |(colour, _)| colour)
}

/// Cells with a ground of their own.
fn backgrounds(screen: &Screen, ground: &str, svg: &mut String) {
    let mut open: Option<(u16, u16, u16, String)> = None;
    let mut close = |rect: Option<(u16, u16, u16, String)>| {
        if let Some((row, column, cells, colour)) = rect.filter(|rect| rect.3 != ground) {
            let _ = writeln!(
                svg,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
                f64::from(column) * CELL.0,
                f64::from(row) * CELL.1,
                f64::from(cells) * CELL.0,
                CELL.1
            );
        }
    };
    for (row, column, cell) in cells(screen) {
        let colour = colours(cell).1;
        match &mut open {
            Some(rect) if rect.0 == row && rect.3 == colour => rect.2 += 1,
            _ => close(open.replace((row, column, 1, colour))),
        }
    }
    close(open);
}

/// The text in runs; frames go to the lines.
fn runs(screen: &Screen, lines: &mut Lines) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut open = false;
    for (row, column, cell) in cells(screen) {
        if cell.is_wide_continuation() {
            continue;
        }
        let foreground = colours(cell).0;
        let text = cell.contents();
        if cell.underline() {
            let path = lines.entry((foreground.clone(), "1")).or_default();
            let (x, y) = (f64::from(column) * CELL.0, f64::from(row) * CELL.1 + BASELINE + 2.5);
            path.line((x, y), (x + CELL.0, y));
        }
        if text.trim().is_empty() {
            open = false;
            continue;
        }
        if frame(text, (row, column), &foreground, lines) {
            open = false;
            continue;
        }
        let style = Style { foreground, bold: cell.bold(), italic: cell.italic() };
        let cells = if cell.is_wide() { 2 } else { 1 };
        // Only letters go together: a symbol may come from another font, as wide as it likes.
        let alone = !text.is_ascii();
        match runs.last_mut() {
            Some(run) if open && !alone && run.row == row && run.style == style => {
                run.text.push_str(text);
                run.cells += cells;
            }
            _ => runs.push(Run { row, column, cells, style, text: text.to_owned() }),
        }
        open = !alone;
    }
    runs
}

/// Draws a piece of a frame; tells whether it is one.
fn frame(text: &str, (row, column): (u16, u16), colour: &str, lines: &mut Lines) -> bool {
    // Arms from the middle: left, right, up, down.
    let (arms, round) = match text {
        "─" | "━" => ("lr", false),
        "│" | "┃" => ("ud", false),
        "┌" | "┏" => ("rd", false),
        "┐" | "┓" => ("ld", false),
        "└" | "┗" => ("ru", false),
        "┘" | "┛" => ("lu", false),
        "├" => ("rud", false),
        "┤" => ("lud", false),
        "╭" => ("rd", true),
        "╮" => ("ld", true),
        "╰" => ("ru", true),
        "╯" => ("lu", true),
        "▐" => ("bar", false),
        _ => return false,
    };
    let heavy = "━┃┏┓┗┛".contains(text);
    let weight = match text {
        "▐" => "4.2",
        _ if heavy => "2",
        _ => "1",
    };
    let (x, y) = (f64::from(column) * CELL.0, f64::from(row) * CELL.1);
    let (middle, centre) = (x + CELL.0 / 2.0, y + CELL.1 / 2.0);
    let path = lines.entry((colour.to_owned(), weight)).or_default();
    if arms == "bar" {
        path.line((x + CELL.0 * 0.75, y), (x + CELL.0 * 0.75, y + CELL.1));
        return true;
    }
    let end = |arm: char| match arm {
        'l' => (x, centre),
        'r' => (x + CELL.0, centre),
        'u' => (middle, y),
        _ => (middle, y + CELL.1),
    };
    if round {
        let ends: Vec<(f64, f64)> = arms.chars().map(end).collect();
        let ((x1, y1), (x2, y2)) = (ends[0], ends[1]);
        let _ = write!(path.bent, "M{x1:.1} {y1:.1}Q{middle:.1} {centre:.1} {x2:.1} {y2:.1}");
        return true;
    }
    for from in arms.chars().map(end) {
        path.line(from, (middle, centre));
    }
    true
}

/// The words of a picture, as they stand in it.
pub fn text(svg: &str) -> String {
    let body = svg.split_once("</style>").map_or("", |(_, body)| body);
    let mut text = String::new();
    let (mut row, mut end) = (String::new(), 0.0);
    for piece in body.split("<text ").skip(1) {
        let attribute = |name: &str| {
            let (_, rest) = piece.split_once(&format!("{name}=\""))?;
            rest.split_once('"').map(|(value, _)| value)
        };
        let number = |name: &str| attribute(name).and_then(|value| value.parse::<f64>().ok());
        let (x, length) = (number(" x").unwrap_or(0.0), number("textLength").unwrap_or(0.0));
        let same_row = attribute(" y") == Some(row.as_str());
        if !same_row || (x - end).abs() > 1.0 {
            text.push(' ');
        }
        attribute(" y").unwrap_or_default().clone_into(&mut row);
        end = x + length;
        let content = piece.split_once('>').and_then(|(_, rest)| rest.split_once('<'));
        text.push_str(content.map_or("", |(content, _)| content));
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// Checks that tags are balanced, attributes quoted, and nothing in it needs another file.
pub fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some((text, after)) = rest.split_once('<') {
        assert!(!text.contains('>') && entities_are_known(text), "{text:?}");
        let (tag, behind) = after.split_once('>').expect("a tag ends");
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed in order");
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        assert_eq!(attributes.matches('"').count() % 2, 0, "{tag}");
        assert!(!["script", "image", "foreignObject"].contains(&name), "{tag}");
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest:?}");
    assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
}

fn entities_are_known(text: &str) -> bool {
    text.split('&').skip(1).all(|rest| ["lt;", "gt;", "amp;"].iter().any(|e| rest.starts_with(e)))
}
