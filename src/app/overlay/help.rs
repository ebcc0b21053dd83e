//! Help for where you are: what this pane alone does, every other action that has a key here by
//! category, then the rest.
//!
//! Typing narrows; arrows and pages scroll. The lines come from the action table and the keymap,
//! so help never differs from what keys do.

use ratatui::layout::Rect;

use super::choices::Choices;
use super::{Flow, Overlay};
use crate::app::action::{Action, Category, TABLE};
use crate::app::cursor::CursorStep;
use crate::app::editor::{Editor, LineMode};
use crate::app::fuzzy;
use crate::app::keymap::Context;
use crate::app::message::{Mouse, MouseKind};
use crate::app::state::App;
use crate::model::key::{Key, KeyCode};

/// A line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    Heading(String),
    /// Keys and what they do.
    Entry(String, Action),
}

/// State of the help.
#[derive(Debug)]
pub struct Help {
    pub editor: Editor,
    /// Where the focus was, for the title.
    pub place: &'static str,
    here: Vec<Context>,
    pub lines: Vec<HelpLine>,
    pub scroll: usize,
}

pub(super) fn open(app: &mut App) {
    let mut help = Help {
        editor: Editor::new("", LineMode::One),
        place: app.shared.focus.title(),
        here: app.contexts(),
        lines: Vec::new(),
        scroll: 0,
    };
    fill(app, &mut help);
    app.overlays.push(Overlay::Help(help));
}

fn fill(app: &App, help: &mut Help) {
    let mut finder = fuzzy::Finder::of_words(&help.editor.text());
    let own: Vec<Context> = help.here.iter().copied().filter(|c| is_of_a_place(*c)).collect();
    let mut lines = Vec::new();
    let mut here = vec![HelpLine::Heading(format!("Here, in {}", help.place))];
    let mut elsewhere = vec![HelpLine::Heading("In other places".into())];
    for category in Category::ALL {
        let heading = lines.len();
        lines.push(HelpLine::Heading(category.title().into()));
        for row in TABLE.iter().filter(|row| row.category == category) {
            let keys = app.shared.keymap.keys_of(&help.here, row.action);
            let (keys, list) = if keys.is_empty() {
                (places(app, row.action), &mut elsewhere)
            } else if !app.shared.keymap.keys_of(&own, row.action).is_empty() {
                (keys.join(", "), &mut here)
            } else {
                (keys.join(", "), &mut lines)
            };
            let text = format!("{} {} {} {keys}", row.title, row.help, row.name);
            if finder.score(&text).is_some() {
                list.push(HelpLine::Entry(keys, row.action));
            }
        }
        if lines.len() == heading + 1 {
            lines.pop();
        }
    }
    if here.len() == 1 {
        here.clear();
    }
    if elsewhere.len() > 1 {
        lines.append(&mut elsewhere);
    }
    here.append(&mut lines);
    help.lines = here;
    help.scroll = 0;
}

/// Whether a context belongs to some place on the screen, not to all or many of them.
fn is_of_a_place(context: Context) -> bool {
    !matches!(context, Context::Global | Context::Plain | Context::List)
}

/// Keys of an action that has none here, with the places where they hold.
fn places(app: &App, action: Action) -> String {
    let mut places: Vec<String> = Vec::new();
    for context in Context::ALL {
        let keys = app.shared.keymap.keys_of(&[context], action);
        if let Some(key) = keys.first() {
            places.push(format!("{key} ({})", context.name()));
        }
    }
    if places.is_empty() { "palette".into() } else { places.join(", ") }
}

/// Rows the overlay wants: most of a large screen, all of a small one.
pub(super) fn height(size: (u16, u16)) -> u16 {
    if size.1 < 20 { size.1 } else { size.1 - 4 }
}

pub(super) fn key(app: &mut App, help: &mut Help, key: Key) -> Flow {
    let area =
        super::inner(super::placed(app.shared.size, super::HELP_WIDTH, height(app.shared.size)));
    let height = usize::from(Choices::<()>::parts(area).1.height);
    let step = match key.code {
        KeyCode::Up => CursorStep::Up,
        KeyCode::Down => CursorStep::Down,
        KeyCode::PageUp => CursorStep::PageUp,
        KeyCode::PageDown => CursorStep::PageDown,
        KeyCode::Home => CursorStep::Top,
        KeyCode::End => CursorStep::Bottom,
        KeyCode::Enter => return Flow::Close,
        _ => {
            if help.editor.key(key) {
                fill(app, help);
            }
            return Flow::Stay;
        }
    };
    scroll(help, step, height);
    Flow::Stay
}

fn scroll(help: &mut Help, step: CursorStep, height: usize) {
    let last = help.lines.len().saturating_sub(height);
    help.scroll = match step {
        CursorStep::Up | CursorStep::HalfUp => help.scroll.saturating_sub(1),
        CursorStep::Down | CursorStep::HalfDown => help.scroll + 1,
        CursorStep::PageUp => help.scroll.saturating_sub(height.max(1)),
        CursorStep::PageDown => help.scroll + height.max(1),
        CursorStep::Top => 0,
        CursorStep::Bottom => last,
    }
    .min(last);
}

pub(super) fn paste(app: &App, help: &mut Help, text: &str) {
    help.editor.insert(text);
    fill(app, help);
}

pub(super) fn mouse(_app: &mut App, help: &mut Help, inner: Rect, mouse: Mouse) -> Flow {
    let height = usize::from(Choices::<()>::parts(inner).1.height);
    match mouse.kind {
        MouseKind::ScrollUp => scroll(help, CursorStep::Up, height),
        MouseKind::ScrollDown => scroll(help, CursorStep::Down, height),
        _ => {}
    }
    Flow::Stay
}
