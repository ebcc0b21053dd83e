//! A list to choose from by typing: the palette, the pickers of environments and framings.
//!
//! ```text
//! ▸ echo▏             what is typed
//! TCP  tutorial/…     what fits, the best first
//! ```

use std::cmp::Reverse;
use std::ops::Range;

use ratatui::layout::Rect;

use super::action::Action;
use super::cursor::{Cursor, CursorStep};
use super::editor::{Editor, LineMode};
use super::fuzzy::Finder;
use super::intent::Intent;
use super::outcome::{Outcome, PaneInput};
use super::themes::{ThemeChoice, ThemeWish};
use crate::model::color_rule::RowColor;

/// One thing to choose.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    pub title: String,
    /// Shown dimmed behind the title, and searched.
    pub detail: String,
    /// Shown at the right edge: a key or a kind.
    pub note: String,
    /// Searched, never shown.
    pub words: String,
    /// What is done when it is chosen.
    pub intents: Vec<Intent>,
    /// Why it cannot be chosen now; shown in place of the detail.
    pub why_not: Option<&'static str>,
    /// Shown as long as the cursor is on it.
    pub trial: Option<ThemeChoice>,
    /// In its colour before the title: a method or protocol.
    pub badge: String,
    /// A colour of rows, shown before the title.
    pub swatch: Option<RowColor>,
    /// Its title is a name the user gave: whoever types its beginning means it, not what is typed.
    pub is_named: bool,
}

impl Choice {
    /// What is matched letter by letter.
    fn name(&self) -> String {
        format!("{} {}", self.title, self.words)
    }

    fn sentence(&self) -> String {
        format!("{} {} {}", self.title, self.detail, self.words)
    }
}

/// Makes a choice of a typed text, if it is none of the list already; else says what is wrong.
pub type ChoiceParser = fn(&str) -> Result<Option<Choice>, String>;

/// Choices, what is typed, and what fits.
#[derive(Debug)]
pub struct Choices {
    pub title: &'static str,
    /// What can be done, for the bottom border; keys by the names of their actions.
    pub hint: &'static str,
    /// Columns and rows it wants.
    pub(super) size: (u16, u16),
    /// The action that opened it and closes it again.
    pub(super) opened_by: Option<Action>,
    /// For a list that what is typed can be added to.
    pub(super) parser: Option<ChoiceParser>,
    pub editor: Editor,
    pub(super) all: Vec<Choice>,
    /// The last of all was made of what is typed.
    pub(super) is_offered: bool,
    pub(super) fitting: Vec<usize>,
    pub(super) cursor: Cursor,
    /// What the screen shows because the cursor is on it.
    pub(super) tried: Option<ThemeChoice>,
}

/// How well a choice fits what is typed; the best is the greatest. What can be chosen comes before
/// what fits as well and cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    kind: RankKind,
    can: bool,
    score: Option<u32>,
    /// Short titles before long ones.
    length: Reverse<usize>,
}

/// What of a choice was found, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RankKind {
    /// What is said about it.
    Sentence,
    /// Its title or other words for it, with letters between.
    Words,
    /// Its title, with letters between.
    Letters,
    /// The words at the beginnings of words of its title or of others for it.
    OtherStart,
    /// The words somewhere in its title.
    Part,
    /// The words at the beginnings of words of its title.
    WordStart,
    Title,
}

impl Rank {
    fn of(choice: &Choice, text: &str, names: &mut Finder, sentences: &mut Finder) -> Option<Rank> {
        let (title, text) = (choice.title.to_lowercase(), text.trim().to_lowercase());
        let words = || text.split_whitespace();
        let begins = |word: &str| begins_in(&title, word);
        let score = names.score(&choice.title);
        let found = if title == text {
            Some((RankKind::Title, score))
        } else if words().all(begins) {
            Some((RankKind::WordStart, score))
        } else if words().all(|word| title.contains(word)) {
            Some((RankKind::Part, score))
        } else if words().all(|word| begins_in(&choice.name().to_lowercase(), word)) {
            Some((RankKind::OtherStart, score))
        } else if score.is_some() {
            Some((RankKind::Letters, score))
        } else if let Some(score) = names.score(&choice.name()) {
            Some((RankKind::Words, Some(score)))
        } else {
            sentences.score(&choice.sentence()).map(|_| (RankKind::Sentence, None))
        };
        let (kind, score) = found?;
        let (can, length) = (choice.why_not.is_none(), Reverse(choice.title.chars().count()));
        // Nothing typed: as they came.
        let is_empty = text.is_empty();
        let score = if is_empty { None } else { score };
        let length = if is_empty { Reverse(0) } else { length };
        Some(Rank { kind, can: can || is_empty, score, length })
    }
}

/// Whether a word of a text begins like this.
fn begins_in(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| is_word_start(text, at))
}

/// Whether a word begins at a byte of a text.
fn is_word_start(text: &str, at: usize) -> bool {
    let before = text.get(..at).and_then(|before| before.chars().next_back());
    before.is_none_or(|c| !c.is_alphanumeric())
}

/// Line of a text field and area of the list below it.
pub(crate) fn field_and_list(inner: Rect) -> (Rect, Rect) {
    let field = Rect { height: inner.height.min(1), ..inner };
    (field, Rect { y: field.bottom(), height: inner.height - field.height, ..inner })
}

impl Choices {
    /// All of them fit until something is typed; the cursor is on one of them.
    pub(super) fn new(all: Vec<Choice>, selected: usize) -> Self {
        Choices {
            title: "",
            hint: "",
            size: (60, 12),
            opened_by: None,
            parser: None,
            editor: Editor::new("", LineMode::One),
            fitting: (0..all.len()).collect(),
            all,
            is_offered: false,
            cursor: Cursor { selected, offset: 0 },
            tried: None,
        }
    }

    /// The choice under the cursor.
    fn selected(&self) -> Option<&Choice> {
        self.all.get(*self.fitting.get(self.cursor.selected)?)
    }

    /// The choices shown in `height` rows, and whether each is under the cursor.
    pub fn shown(&self, height: u16) -> impl Iterator<Item = (&Choice, bool)> {
        let rows = self.rows(height);
        let selected = self.cursor.selected;
        rows.filter_map(move |row| Some((self.all.get(*self.fitting.get(row)?)?, row == selected)))
    }

    /// Where the cursor is among the choices that fit, in a list of `height` rows.
    pub fn cursor(&self, height: u16) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(self.len(), height.into());
        cursor
    }

    /// How many choices fit what is typed.
    pub fn len(&self) -> usize {
        self.fitting.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.fitting.is_empty()
    }

    /// Whether the screen below is what is chosen by.
    pub(super) fn shows_colors(&self) -> bool {
        self.opened_by == Some(Action::Theme) || self.tried.is_some()
    }

    /// Why there is nothing to choose.
    pub fn nothing(&self) -> String {
        let wrong = self.parser.and_then(|parse| parse(&self.editor.text()).err());
        wrong.map_or_else(|| "nothing matches".into(), |why| format!("nothing matches; {why}"))
    }

    fn rows(&self, height: u16) -> Range<usize> {
        let Cursor { offset, .. } = self.cursor(height);
        offset..(offset + usize::from(height)).min(self.len())
    }

    /// Takes an input; `inner` is the window without its border.
    pub fn update(&mut self, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let (_, list) = field_and_list(inner);
        if input.point(&mut self.editor) {
            return Outcome::yes();
        }
        match input {
            PaneInput::Act(Action::Choose) => return self.choose(),
            PaneInput::Act(Action::Send) if self.opened_by == Some(Action::Palette) => {
                return self.send();
            }
            PaneInput::Act(action) => match CursorStep::of(action) {
                Some(step) => self.step(step, list.height),
                None => return Outcome::no(),
            },
            PaneInput::Wheel(step) => self.step(step, list.height),
            PaneInput::Press(_, mouse) => {
                if list.contains((mouse.column, mouse.row).into())
                    && self.click(mouse.row - list.y, list.height)
                {
                    return self.choose();
                }
            }
            PaneInput::Drag(..) => {}
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                if input.edit(&mut self.editor) {
                    self.refit();
                }
            }
        }
        self.try_out()
    }

    /// Shows what the cursor is on, or goes back to what was before.
    fn try_out(&mut self) -> Outcome {
        let trial = self.selected().and_then(|choice| choice.trial.clone());
        if trial == self.tried {
            return Outcome::yes();
        }
        self.tried.clone_from(&trial);
        Intent::ShowTheme(ThemeWish::Try(trial)).into()
    }

    /// What has to be done when nothing is chosen.
    pub(super) fn given_up(self) -> Option<Intent> {
        self.tried.map(|_| Intent::ShowTheme(ThemeWish::Try(None)))
    }

    fn step(&mut self, step: CursorStep, height: u16) {
        self.cursor.step(step, self.fitting.len(), usize::from(height));
    }

    /// Does what is under the cursor.
    fn choose(&self) -> Outcome {
        match (self.selected(), self.parser) {
            (Some(Choice { title, why_not: Some(why), .. }), _) => {
                Intent::Quote(format!("{title}: {why}")).into()
            }
            (Some(choice), _) => {
                [vec![Intent::CloseOverlay], choice.intents.clone()].concat().into()
            }
            (None, Some(parse)) => parse(&self.editor.text()).err().map(Intent::Say).into(),
            (None, None) => Outcome::yes(),
        }
    }

    /// What was found is opened and sent, or just run if it is nothing to send.
    fn send(&self) -> Outcome {
        match self.selected().and_then(|choice| choice.intents.first()) {
            Some(Intent::FindPreset(path)) => {
                Outcome::from([Intent::CloseOverlay, Intent::SendPreset(path.clone())])
            }
            Some(Intent::ShowDraft(_)) => self.choose().with(Intent::Act(Action::Send)),
            _ => self.choose(),
        }
    }

    /// Puts the cursor on the choice in a row of the list; tells whether there is one.
    fn click(&mut self, row: u16, height: u16) -> bool {
        let at = self.rows(height).start + usize::from(row);
        if at < self.fitting.len() {
            self.cursor.selected = at;
        }
        at < self.fitting.len()
    }

    /// Another text is typed. A choice made of it stands before all others but those with a name of the
    /// user's that it begins.
    fn refit(&mut self) {
        let text = &self.editor.text();
        if std::mem::take(&mut self.is_offered) {
            self.all.pop();
        }
        let (mut names, mut sentences) = (Finder::new(text), Finder::of_words(text));
        let all = self.all.iter().enumerate();
        let mut rank = |it: &Choice| Rank::of(it, text, &mut names, &mut sentences);
        let mut fitting: Vec<_> = all.filter_map(|(at, it)| Some((at, rank(it)?))).collect();
        fitting.sort_by_key(|(_, score)| Reverse(*score));
        let is_new = |it: &Choice| self.all.iter().all(|known| known.title != it.title);
        let offered = self.parser.and_then(|parse| parse(text).ok().flatten()).filter(is_new);
        self.is_offered = offered.is_some();
        let is_called = |(at, rank): &(usize, Rank)| {
            rank.kind >= RankKind::WordStart && self.all.get(*at).is_some_and(|it| it.is_named)
        };
        let (called, others): (Vec<_>, Vec<_>) = fitting.into_iter().partition(is_called);
        let offered_at = offered.iter().map(|_| self.all.len());
        let at = |(at, _)| at;
        self.fitting = called
            .into_iter()
            .map(at)
            .chain(offered_at)
            .chain(others.into_iter().map(at))
            .collect();
        self.all.extend(offered);
        self.cursor = Cursor::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::key::{Key, KeyCode};

    fn choices() -> Choices {
        let choice = |title: &str| Choice { title: title.into(), ..Choice::default() };
        Choices::new(["save", "send", "quit"].map(choice).into(), 0)
    }

    fn selected(choices: &Choices) -> Option<&str> {
        choices.selected().map(|choice| choice.title.as_str())
    }

    #[test]
    fn typing_narrows_and_deleting_widens() {
        let inner = Rect::new(0, 0, 20, 3);
        let mut choices = choices();
        choices.update(inner, PaneInput::Key(Key::char('q')));
        assert_eq!(selected(&choices), Some("quit"));
        choices.update(inner, PaneInput::Key(Key::new(KeyCode::Backspace)));
        assert_eq!(choices.fitting.len(), 3);
        choices.update(inner, PaneInput::Paste("zzz"));
        assert!(choices.selected().is_none());
    }

    #[test]
    fn titles_come_before_other_words_and_the_shorter_title_first() {
        let choice = |title: &str, words: &str| Choice {
            title: title.into(),
            words: words.into(),
            ..Choice::default()
        };
        let all = [
            choice("Save to file", "save-to-file s"),
            choice("Describe", "save"),
            choice("Save", "save Ctrl+S"),
        ];
        let mut choices = Choices::new(all.into(), 0);
        for text in ["sav", "save"] {
            choices.editor = Editor::new(text, LineMode::One);
            choices.refit();
            let titles: Vec<_> = choices.shown(9).map(|(it, _)| it.title.as_str()).collect();
            assert_eq!(titles, ["Save", "Save to file", "Describe"], "{text}");
        }
    }

    #[test]
    fn a_title_comes_before_beginnings_of_words_parts_and_letters_of_titles() {
        let choice = |title: &str, why_not| Choice {
            title: title.into(),
            detail: "all about zoom".into(),
            why_not,
            ..Choice::default()
        };
        let all = [
            choice("Sunday end", None),
            choice("Resend", None),
            choice("Send literal", Some("nothing to send")),
            choice("Finish sending", None),
            choice("Send", None),
        ];
        let mut choices = Choices::new(all.into(), 0);
        choices.editor = Editor::new("send", LineMode::One);
        choices.refit();
        let titles: Vec<_> = choices.shown(9).map(|(it, _)| it.title.as_str()).collect();
        assert_eq!(titles, ["Send", "Finish sending", "Send literal", "Resend", "Sunday end"]);
        choices.editor = Editor::new("literal", LineMode::One);
        choices.refit();
        let outcome = choices.update(Rect::new(0, 0, 20, 5), PaneInput::Act(Action::Choose));
        let told = Intent::Quote("Send literal: nothing to send".into());
        assert_eq!(outcome.intents, [told], "it stays open and says why");
    }

    #[test]
    fn a_click_below_the_last_row_hits_nothing() {
        let mut choices = choices();
        let mut click = |row| choices.click(row, 9);
        assert!(click(2) && !click(3));
        assert_eq!(selected(&choices), Some("quit"));
    }
}
