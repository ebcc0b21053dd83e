//! Help for where you are: what this pane alone does, every other action that has a key here by
//! category, then the rest.
//!
//! Typing narrows; arrows and pages scroll. The lines come from the action table and the keymap,
//! so help never differs from what keys do.

use ratatui::layout::Rect;
use strum::VariantArray;

use crate::app::action::{Action, Category, TABLE};
use crate::app::choices::field_and_list;
use crate::app::cursor::{CursorStep, scroll};
use crate::app::editor::{Editor, LineMode};
use crate::app::filter_page::{self, LanguageLine};
use crate::app::fuzzy;
use crate::app::help_jobs;
use crate::app::keymap::{Context, Keymap};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::codec::wrap_words::wrap;

/// Cells of the keys; more of them go below.
pub(crate) const KEYS: u16 = 21;
/// Columns of the window at most.
pub(super) const WIDTH: u16 = 84;
/// Columns of the window beside the words of an entry: the frame, the keys and the air around them.
const BESIDE_WORDS: u16 = 3 + 2 + KEYS + 1;

/// A line of the help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HelpLine {
    Heading(String),
    /// Keys and what they do, as much of it as one row has room for.
    Entry(String, String),
    /// Further keys and words of the entry above.
    More(String, String),
    /// Of the language of filters.
    Language(LanguageLine),
}

/// What is typed where help is asked for, if that has a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelpLanguage {
    /// Filters of Traffic.
    Filters,
    /// Searches of the history.
    History,
}

/// State of the help.
#[derive(Debug)]
pub struct Help {
    pub editor: Editor,
    /// Where the focus was, for the title.
    pub place: &'static str,
    here: Vec<Context>,
    language: Option<HelpLanguage>,
    pub lines: Vec<HelpLine>,
    pub scroll: usize,
}

impl Help {
    /// Help for where the focus is, in these contexts.
    pub(crate) fn new(shared: &Shared, here: Vec<Context>) -> Self {
        let editor = Editor::new("", LineMode::One);
        let place = shared.focus.title();
        let mut help = Help { editor, place, here, language: None, lines: Vec::new(), scroll: 0 };
        help.fill(shared);
        help
    }

    /// The page of what is typed in a prompt.
    pub(crate) fn of_language(shared: &Shared, language: HelpLanguage) -> Self {
        let editor = Editor::new("", LineMode::One);
        let place = match language {
            HelpLanguage::Filters => "filters",
            HelpLanguage::History => "searches of the history",
        };
        let (here, lines) = (Vec::new(), Vec::new());
        let mut help = Help { editor, place, here, language: Some(language), lines, scroll: 0 };
        help.fill(shared);
        help
    }

    /// Takes an input.
    pub fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let height = usize::from(field_and_list(inner).1.height);
        if input.point(&mut self.editor) {
            return Outcome::yes();
        }
        match input {
            PaneInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.step(step, height),
                None => return Outcome::no(),
            },
            PaneInput::Wheel(step) => self.step(step, height),
            PaneInput::Press(..) | PaneInput::Drag(..) => {}
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                if input.edit(&mut self.editor) {
                    self.fill(shared);
                }
            }
        }
        Outcome::yes()
    }

    /// The screen has another size: its words are wrapped for that.
    pub(crate) fn resized(&mut self, shared: &Shared) {
        let scroll = self.scroll;
        self.fill(shared);
        self.scroll = scroll.min(self.lines.len().saturating_sub(1));
    }

    fn step(&mut self, step: CursorStep, height: usize) {
        self.scroll = scroll(self.scroll, step, self.lines.len(), height);
    }

    fn fill(&mut self, shared: &Shared) {
        let keymap = &shared.keymap;
        let room = shared.size.0.min(WIDTH).saturating_sub(BESIDE_WORDS).max(1);
        if let Some(language) = self.language {
            self.lines = page(language, &self.editor.text(), room);
            self.scroll = 0;
            return;
        }
        let mut finder = fuzzy::Finder::of_words(&self.editor.text());
        let own: Vec<Context> = self.here.iter().copied().filter(|c| is_of_a_place(*c)).collect();
        let mut lines = Vec::new();
        let mut here = vec![HelpLine::Heading(format!("Here, in {}", self.place))];
        let is_traffic = self.here.contains(&Context::Traffic);
        let jobs = if is_traffic { help_jobs::TRAFFIC } else { &[] };
        let job = |(job, _): &(&str, _)| vec![HelpLine::Heading(format!("Traffic: {job}"))];
        let mut of_jobs: Vec<Vec<HelpLine>> = jobs.iter().map(job).collect();
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
                let at = jobs.iter().position(|(_, actions)| actions.contains(&row.action));
                let list = match at.and_then(|at| of_jobs.get_mut(at)) {
                    Some(of_job) if !keymap.keys_of(&self.here, row.action).is_empty() => of_job,
                    _ => list,
                };
                let text = format!("{} {} {} {keys}", row.title, row.help, row.name);
                if finder.score(&text).is_some() {
                    list.extend(entry(&keys, row.help, room));
                }
            }
            if lines.len() == heading + 1 {
                lines.pop();
            }
        }
        // A heading alone has nothing below it.
        let parts = std::iter::once(here).chain(of_jobs).chain([lines, elsewhere]);
        self.lines = parts.filter(|part| part.len() > 1).flatten().collect();
        self.scroll = 0;
    }
}

/// The rows of an entry: its keys, and beside them what they do.
fn entry(keys: &str, help: &str, room: u16) -> Vec<HelpLine> {
    let (mut keys, mut words) = (wrap(keys, KEYS).into_iter(), wrap(help, room).into_iter());
    let first = HelpLine::Entry(keys.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut rows = vec![first];
    loop {
        match (keys.next(), words.next()) {
            (None, None) => return rows,
            (keys, words) => {
                rows.push(HelpLine::More(keys.unwrap_or_default(), words.unwrap_or_default()));
            }
        }
    }
}

/// The page of a language, as far as these words occur in it.
fn page(language: HelpLanguage, text: &str, room: u16) -> Vec<HelpLine> {
    let lines = match language {
        HelpLanguage::Filters => filter_page::lines(text, room),
        HelpLanguage::History => filter_page::history_lines(text, room),
    };
    lines.into_iter().map(HelpLine::Language).collect()
}

/// Whether a context belongs to some place on the screen, not to all or many of them.
fn is_of_a_place(context: Context) -> bool {
    !matches!(context, Context::Global | Context::Plain | Context::List)
}

/// Keys of an action that has none here, with the places where they hold.
fn places(keymap: &Keymap, action: Action) -> String {
    let place = |context: &Context| {
        let keys = keymap.keys_of(&[*context], action);
        keys.first().map(|key| format!("{key} ({})", context.into_str()))
    };
    let places: Vec<String> = Context::VARIANTS.iter().filter_map(place).collect();
    if places.is_empty() { "palette".into() } else { places.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_traffic_stands_below_its_job_once() {
        let shared = Shared::default();
        let of_jobs: Vec<Action> =
            help_jobs::TRAFFIC.iter().flat_map(|(_, actions)| actions.iter().copied()).collect();
        for row in TABLE {
            let is_own = !shared.keymap.keys_of(&[Context::Traffic], row.action).is_empty();
            let times = of_jobs.iter().filter(|action| **action == row.action).count();
            assert!(times == 1 || times == 0 && !is_own, "{} stands {times} times", row.name);
        }
        let help = Help::new(&shared, vec![Context::Traffic, Context::Plain, Context::Global]);
        let is =
            |line: &HelpLine, wanted: &str| matches!(line, HelpLine::Heading(it) if it == wanted);
        let job = help.lines.iter().position(|line| is(line, "Traffic: act on them")).unwrap();
        let next = help.lines.iter().position(|line| is(line, "Traffic: copy")).unwrap();
        let mark = shared.keymap.keys_of(&[Context::Traffic], Action::Mark).join(", ");
        let entry = |line: &HelpLine| matches!(line, HelpLine::Entry(keys, _) if *keys == mark);
        assert!(help.lines[job..next].iter().any(entry), "{:?}", &help.lines[job..next]);
    }

    #[test]
    fn every_key_is_shown_whole() {
        let shared = Shared::default();
        for here in [vec![Context::Traffic, Context::List, Context::Global], vec![Context::Form]] {
            let help = Help::new(&shared, here.clone());
            let mut shown = String::new();
            for line in &help.lines {
                if let HelpLine::Entry(keys, _) | HelpLine::More(keys, _) = line {
                    assert!(keys.chars().count() <= usize::from(KEYS), "{keys}");
                    shown.extend([keys, " "]);
                }
            }
            for row in TABLE {
                for key in shared.keymap.keys_of(&here, row.action) {
                    assert!(shown.contains(&key), "{key} of {}", row.name);
                }
            }
        }
    }

    #[test]
    fn what_a_key_does_is_told_to_the_end_on_a_small_screen() {
        let shared = Shared { size: (80, 24), ..Shared::default() };
        let help = Help::new(&shared, vec![Context::Traffic, Context::List, Context::Global]);
        let mut told = Vec::new();
        for line in &help.lines {
            match line {
                HelpLine::Entry(_, words) => told.push(words.clone()),
                HelpLine::More(_, words) if !words.is_empty() => {
                    told.last_mut().unwrap().extend([" ", words]);
                    assert!(words.chars().count() <= 80 - usize::from(BESIDE_WORDS), "{words}");
                }
                _ => {}
            }
        }
        for row in TABLE {
            assert!(told.iter().any(|told| told == row.help), "{}", row.name);
        }
    }

    #[test]
    fn the_pages_of_what_is_typed_are_told_to_the_end_on_a_small_screen() {
        let mut shared = Shared::default();
        let room = |help: &Help| {
            let said = help.lines.iter().filter_map(|line| match line {
                HelpLine::Language(LanguageLine::Word { said, .. }) => Some(said.chars().count()),
                _ => None,
            });
            said.max().unwrap_or(0)
        };
        for language in [HelpLanguage::Filters, HelpLanguage::History] {
            shared.size = (80, 24);
            let mut help = Help::of_language(&shared, language);
            assert!(room(&help) <= 80 - usize::from(BESIDE_WORDS), "{}", room(&help));
            let lines = help.lines.len();
            shared.size = (200, 60);
            help.resized(&shared);
            assert!(help.lines.len() < lines, "what is wider needs fewer");
        }
    }
}
