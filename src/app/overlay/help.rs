//! Help for where you are: what this pane alone does, every other action that has a key here by
//! category, then the rest.
//!
//! Typing narrows; arrows and pages scroll. The lines come from the action table and the keymap,
//! so help never differs from what keys do.

use ratatui::layout::Rect;
use strum::VariantArray;

use crate::app::action::{Action, Category, TABLE};
use crate::app::choices::Choices;
use crate::app::cursor::{CursorStep, scroll};
use crate::app::editor::{Editor, LineMode};
use crate::app::fuzzy;
use crate::app::keymap::{Context, Keymap};
use crate::app::layout::{inner, window};
use crate::app::message::MouseKind;
use crate::app::outcome::{Outcome, OverlayInput};
use crate::app::shared::Shared;

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

impl Help {
    /// Help for where the focus is, in these contexts.
    pub(crate) fn new(shared: &Shared, here: Vec<Context>) -> Self {
        let editor = Editor::new("", LineMode::One);
        let place = shared.focus.title();
        let mut help = Help { editor, place, here, lines: Vec::new(), scroll: 0 };
        help.fill(&shared.keymap);
        help
    }

    /// Where it is on the screen: most of a large one, all of a small one.
    pub fn area(shared: &Shared) -> Rect {
        let rows = shared.size.1;
        window(shared.size, 84, if rows < 20 { rows } else { rows - 4 })
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, input: OverlayInput<'_>) -> Outcome {
        let height = usize::from(Choices::<()>::parts(inner(Self::area(shared))).1.height);
        match input {
            OverlayInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.step(step, height),
                None => return Outcome::no(),
            },
            OverlayInput::Key(key) => {
                if self.editor.key(key) {
                    self.fill(&shared.keymap);
                }
            }
            OverlayInput::Paste(text) => {
                self.editor.insert(text);
                self.fill(&shared.keymap);
            }
            OverlayInput::Mouse(mouse) => match mouse.kind {
                MouseKind::ScrollUp => self.step(CursorStep::Up, height),
                MouseKind::ScrollDown => self.step(CursorStep::Down, height),
                _ => {}
            },
        }
        Outcome::yes()
    }

    fn step(&mut self, step: CursorStep, height: usize) {
        self.scroll = scroll(self.scroll, step, self.lines.len(), height);
    }

    fn fill(&mut self, keymap: &Keymap) {
        let mut finder = fuzzy::Finder::of_words(&self.editor.text());
        let own: Vec<Context> = self.here.iter().copied().filter(|c| is_of_a_place(*c)).collect();
        let mut lines = Vec::new();
        let mut here = vec![HelpLine::Heading(format!("Here, in {}", self.place))];
        let mut elsewhere = vec![HelpLine::Heading("In other places".into())];
        for category in Category::VARIANTS {
            let heading = lines.len();
            lines.push(HelpLine::Heading(category.into_str().into()));
            for row in TABLE.iter().filter(|row| row.category == *category) {
                let keys = keymap.keys_of(&self.here, row.action);
                let (keys, list) = if keys.is_empty() {
                    (places(keymap, row.action), &mut elsewhere)
                } else if !keymap.keys_of(&own, row.action).is_empty() {
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
        if elsewhere.len() == 1 {
            elsewhere.clear();
        }
        self.lines = [here, lines, elsewhere].concat();
        self.scroll = 0;
    }
}

/// Whether a context belongs to some place on the screen, not to all or many of them.
fn is_of_a_place(context: Context) -> bool {
    !matches!(context, Context::Global | Context::Plain | Context::List)
}

/// Keys of an action that has none here, with the places where they hold.
fn places(keymap: &Keymap, action: Action) -> String {
    let mut places: Vec<String> = Vec::new();
    for context in Context::VARIANTS {
        let keys = keymap.keys_of(&[*context], action);
        if let Some(key) = keys.first() {
            places.push(format!("{key} ({})", context.into_str()));
        }
    }
    if places.is_empty() { "palette".into() } else { places.join(", ") }
}
