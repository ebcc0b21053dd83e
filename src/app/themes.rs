//! Which theme is in force: what the user chose, what a picker tries, what the terminal shows.
//!
//! ```text
//! tried, else chosen, else auto ─► auto: dark or light, as the terminal is ─► the user's file of that
//! name, else the built-in one ─► what the terminal has no colours for becomes what it can show
//! ```
//! Changed by `flow::themes` alone; `ui::theme` makes styles of the sheet.

use crate::codec::theme_file::{self, BUILT_IN, DARK, LIGHT, TERMINAL};
use crate::model::theme::{ColorDepth, StoredTheme, ThemeColor, ThemeSheet};

/// What the user can choose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThemeChoice {
    /// Dark or light, as the terminal is.
    Auto,
    /// The theme of this name.
    Named(String),
}

/// The word for it, in lists and where it is kept.
const AUTO: &str = "auto";
/// Names that were kept by earlier versions.
const FORMER: [(&str, &str); 2] = [("sixteen", TERMINAL), ("plain", TERMINAL)];

impl From<&str> for ThemeChoice {
    fn from(name: &str) -> Self {
        let former = FORMER.iter().find(|(former, _)| *former == name);
        match former.map_or(name, |(_, name)| *name) {
            AUTO => ThemeChoice::Auto,
            name => ThemeChoice::Named(name.to_owned()),
        }
    }
}

impl ThemeChoice {
    /// `auto`, or the name of the theme.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            ThemeChoice::Auto => AUTO,
            ThemeChoice::Named(name) => name,
        }
    }
}

/// What the list of themes asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThemeWish {
    Take(ThemeChoice),
    /// Show it until another one is tried or taken; `None` = go back.
    Try(Option<ThemeChoice>),
}

/// A theme in the list to choose from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ThemeOffer {
    pub(crate) choice: ThemeChoice,
    pub(crate) about: String,
    pub(crate) note: &'static str,
}

/// See the module.
#[derive(Debug)]
pub struct Themes {
    depth: ColorDepth,
    /// In this run or an earlier one; `None` = never.
    chosen: Option<ThemeChoice>,
    tried: Option<ThemeChoice>,
    /// Whether the terminal said that it is dark.
    told_dark: Option<bool>,
    /// The same in an earlier run.
    kept_dark: bool,
    /// The user's files, once they were read.
    own: Option<Vec<StoredTheme>>,
    sheet: ThemeSheet,
    /// Counts the sheets that were in force.
    edition: u32,
}

impl Default for Themes {
    /// Those of a terminal that shows every colour, which most do; see `Themes::set_depth`.
    fn default() -> Self {
        Themes::new(ColorDepth::Direct)
    }
}

impl Themes {
    /// What follows the terminal, which is taken for a dark one until it says otherwise.
    #[must_use]
    pub fn new(depth: ColorDepth) -> Self {
        let mut themes = Themes {
            depth,
            chosen: None,
            tried: None,
            told_dark: None,
            kept_dark: true,
            own: None,
            sheet: ThemeSheet::default(),
            edition: 0,
        };
        themes.apply();
        themes
    }

    /// The terminal has this many colours.
    pub(crate) fn set_depth(&mut self, depth: ColorDepth) {
        if self.depth != depth {
            self.depth = depth;
            self.apply();
        }
    }

    /// The colours in force, as this terminal shows them.
    #[must_use]
    pub fn sheet(&self) -> &ThemeSheet {
        &self.sheet
    }

    /// Differs from what it was when another sheet, or another depth, is in force.
    #[must_use]
    pub fn edition(&self) -> u32 {
        self.edition
    }

    /// How many colours the terminal has.
    #[must_use]
    pub fn depth(&self) -> ColorDepth {
        self.depth
    }

    /// What a word for a colour means in the theme in force, as this terminal shows it.
    pub(crate) fn named(&self, word: &str) -> Option<ThemeColor> {
        let color = self.sheet.named(word)?;
        match self.depth {
            ColorDepth::None => None,
            ColorDepth::Sixteen => Some(color).filter(|color| color.is_of_terminal()),
            ColorDepth::Indexed => Some(color.in_256()),
            ColorDepth::Direct => Some(color),
        }
    }

    /// Whether the background of the terminal matters.
    pub(crate) fn follows_terminal(&self) -> bool {
        self.depth >= ColorDepth::Indexed
    }

    /// What was chosen, to be kept.
    #[must_use]
    pub fn chosen(&self) -> Option<&ThemeChoice> {
        self.chosen.as_ref()
    }

    /// Whether the terminal is dark, as far as it is known, to be kept.
    pub(crate) fn is_dark(&self) -> bool {
        self.told_dark.unwrap_or(self.kept_dark)
    }

    /// Takes a theme for good.
    pub fn choose(&mut self, choice: ThemeChoice) {
        (self.chosen, self.tried) = (Some(choice), None);
        self.apply();
    }

    /// Shows a theme until another one is tried or chosen; `None` goes back.
    pub(crate) fn try_out(&mut self, choice: Option<ThemeChoice>) {
        self.tried = choice;
        self.apply();
    }

    /// The terminal says whether it is dark; tells whether that is news.
    pub(crate) fn follow(&mut self, is_dark: bool) -> bool {
        let was_dark = self.is_dark();
        self.told_dark = Some(is_dark);
        if was_dark != is_dark {
            self.apply();
        }
        was_dark != is_dark
    }

    /// What was chosen, and what the terminal was like, in an earlier run; what is known by now is
    /// newer. A start that brings no news reads no theme again.
    pub(crate) fn restore(&mut self, chosen: Option<&str>, is_dark: Option<bool>) {
        let before = (self.chosen.clone(), self.is_dark());
        self.chosen = self.chosen.take().or_else(|| chosen.map(ThemeChoice::from));
        self.kept_dark = is_dark.unwrap_or(self.kept_dark);
        if before != (self.chosen.clone(), self.is_dark()) {
            self.apply();
        }
    }

    /// Whether it is known which files the user has.
    pub(crate) fn are_read(&self) -> bool {
        self.own.is_some()
    }

    /// These are the user's files now.
    pub(crate) fn set_own(&mut self, own: Vec<StoredTheme>) {
        self.own = Some(own);
        self.apply();
    }

    /// What keeps the chosen theme, or else another one of the user's, from being shown.
    pub(crate) fn trouble(&self) -> Option<String> {
        let own = self.own.as_ref()?;
        let broken = |theme: &&StoredTheme| theme.content.is_err();
        let name = self.chosen.as_ref().map_or(AUTO, ThemeChoice::as_str);
        let mine = own.iter().find(|theme| theme.name == name).filter(broken);
        if let Some(failure) = mine.or_else(|| own.iter().find(broken))?.content.as_ref().err() {
            return Some(failure.to_string());
        }
        None
    }

    /// The chosen theme, if there is no such theme any more.
    pub(crate) fn missing(&self) -> Option<&str> {
        let own = self.own.as_ref()?;
        let Some(ThemeChoice::Named(name)) = &self.chosen else { return None };
        let is_known = own.iter().any(|theme| theme.name == *name)
            || BUILT_IN.iter().any(|(known, _)| known == name);
        (!is_known).then_some(name)
    }

    /// All there is to choose from: what follows the terminal, what is built in, the user's.
    pub(crate) fn offers(&self) -> Vec<ThemeOffer> {
        let auto = ThemeOffer {
            choice: ThemeChoice::Auto,
            about: format!("{DARK} or {LIGHT}, as the terminal is"),
            note: "",
        };
        let built_in = BUILT_IN.iter().map(|(name, _)| *name);
        let own = self.own.iter().flatten().map(|theme| theme.name.as_str());
        let own = own.filter(|name| BUILT_IN.iter().all(|(known, _)| known != name));
        let named = built_in.chain(own).map(|name| self.offer(name));
        std::iter::once(auto).chain(named).collect()
    }

    fn offer(&self, name: &str) -> ThemeOffer {
        let choice = ThemeChoice::Named(name.to_owned());
        let file = self.file(name);
        let (about, note) = match file.map(|theme| &theme.content) {
            Some(Err(failure)) => (failure.to_string(), "cannot be read"),
            Some(Ok(sheet)) => (sheet.about.clone(), "yours"),
            None => (theme_file::built_in(name).map(|it| it.about).unwrap_or_default(), ""),
        };
        ThemeOffer { choice, about, note }
    }

    fn file(&self, name: &str) -> Option<&StoredTheme> {
        self.own.as_ref()?.iter().find(|theme| theme.name == name)
    }

    fn find(&self, name: &str) -> Option<ThemeSheet> {
        let own = self.file(name).and_then(|theme| theme.content.as_ref().ok());
        own.cloned().or_else(|| theme_file::built_in(name))
    }

    fn apply(&mut self) {
        self.edition = self.edition.wrapping_add(1);
        let wanted = match self.tried.as_ref().or(self.chosen.as_ref()) {
            Some(ThemeChoice::Named(name)) => self.find(name),
            Some(ThemeChoice::Auto) | None => None,
        };
        let auto = if self.is_dark() { DARK } else { LIGHT };
        let sheet = wanted.or_else(|| self.find(auto)).unwrap_or_default();
        self.sheet = match self.depth {
            ColorDepth::None | ColorDepth::Direct => sheet,
            ColorDepth::Indexed => sheet.in_256(),
            ColorDepth::Sixteen if sheet.is_of_sixteen() => sheet,
            ColorDepth::Sixteen => self.find(TERMINAL).unwrap_or_default(),
        };
    }
}

/// Whether a background is a dark one: white stands out from it better than black.
#[must_use]
pub fn is_dark(background: [u8; 3]) -> bool {
    const MIDDLE: f64 = 0.179;
    ThemeColor::Direct(background).luminance().is_none_or(|it| it < MIDDLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::{Failure, FailureKind, Stage};
    use crate::model::theme::ThemeRole;

    fn ground(themes: &Themes) -> ThemeColor {
        themes.sheet().color(ThemeRole::Ground)
    }

    fn built_in(name: &str) -> ThemeColor {
        theme_file::built_in(name).unwrap().color(ThemeRole::Ground)
    }

    #[test]
    fn auto_follows_the_terminal_and_a_choice_does_not() {
        let mut themes = Themes::new(ColorDepth::Direct);
        assert_eq!(ground(&themes), built_in(DARK));
        assert!(themes.follow(false) && !themes.follow(false));
        assert_eq!(ground(&themes), built_in(LIGHT));
        themes.choose("forest".into());
        assert!(themes.follow(true));
        assert_eq!(ground(&themes), built_in("forest"));
        themes.choose("auto".into());
        assert_eq!(ground(&themes), built_in(DARK));
    }

    #[test]
    fn what_is_tried_goes_back() {
        let mut themes = Themes::new(ColorDepth::Direct);
        themes.choose("paper".into());
        themes.try_out(Some("light".into()));
        assert_eq!(ground(&themes), built_in("light"));
        themes.try_out(None);
        assert_eq!(ground(&themes), built_in("paper"));
    }

    #[test]
    fn what_was_kept_is_older_than_what_is_known() {
        let mut themes = Themes::new(ColorDepth::Direct);
        themes.restore(None, Some(false));
        assert_eq!(ground(&themes), built_in(LIGHT), "the first frame is right");
        themes.follow(true);
        themes.choose("paper".into());
        themes.restore(Some("forest"), Some(false));
        assert_eq!((ground(&themes), themes.is_dark()), (built_in("paper"), true));
        assert_eq!(ThemeChoice::from("sixteen").as_str(), TERMINAL);
    }

    #[test]
    fn a_terminal_of_sixteen_colours_gets_its_own_and_the_choice_is_kept() {
        let mut themes = Themes::new(ColorDepth::Sixteen);
        assert_eq!(ground(&themes), ThemeColor::Own);
        themes.choose("forest".into());
        assert_eq!(ground(&themes), ThemeColor::Own);
        assert_eq!(themes.chosen().unwrap().as_str(), "forest");
        let own = theme_file::read("base = \"terminal\"\n[roles]\nground = 4\n", "x").unwrap();
        themes.set_own(vec![StoredTheme { name: "mine".into(), content: Ok(own) }]);
        themes.choose("mine".into());
        assert_eq!(ground(&themes), ThemeColor::Index(4));
    }

    #[test]
    fn files_of_the_user_come_first_and_a_broken_one_leaves_the_built_in() {
        let mut themes = Themes::new(ColorDepth::Direct);
        let own = theme_file::read("[roles]\nground = 20\n", "x").unwrap();
        let stored = |content| vec![StoredTheme { name: DARK.into(), content }];
        themes.set_own(stored(Ok(own)));
        assert_eq!(ground(&themes), ThemeColor::Index(20));
        let failure = Failure::new(Stage::Storage, "dark.toml:3", FailureKind::Malformed, "no");
        themes.set_own(stored(Err(failure)));
        assert_eq!(ground(&themes), built_in(DARK));
        assert!(themes.trouble().unwrap().contains("dark.toml:3"));
        themes.choose("gone".into());
        assert_eq!((themes.missing(), ground(&themes)), (Some("gone"), built_in(DARK)));
        themes.set_own(Vec::new());
        assert_eq!((themes.trouble(), themes.missing()), (None, Some("gone")));
    }

    #[test]
    fn grounds_are_dark_or_light() {
        for dark in [[0; 3], [0x00, 0x2b, 0x36], [0x60, 0x60, 0x60], [0, 0, 255]] {
            assert!(is_dark(dark), "{dark:?}");
        }
        for light in [[255; 3], [0xfd, 0xf6, 0xe3], [0x90, 0x90, 0x90], [0, 255, 0]] {
            assert!(!is_dark(light), "{light:?}");
        }
    }
}
