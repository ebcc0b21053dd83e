//! Choosing a theme, following the terminal, taking in the user's theme files.

use crate::app::color_rules::ColorRules;
use crate::app::state::App;
use crate::app::themes::{ThemeChoice, ThemeWish};
use crate::model::color_rule::ColorRule;
use crate::model::failure::Failure;
use crate::model::theme::{ColorDepth, StoredTheme};

/// Does what was wished.
pub(crate) fn show(app: &mut App, wish: ThemeWish) {
    match wish {
        ThemeWish::Take(choice) => choose(app, choice),
        ThemeWish::Try(choice) => app.shared.themes.try_out(choice),
    }
}

fn choose(app: &mut App, choice: ThemeChoice) {
    let name = choice.as_str().to_owned();
    app.shared.themes.choose(choice);
    let limit = match app.shared.themes.depth() {
        ColorDepth::None => {
            " (no colours are shown here: NO_COLOR is set, or the terminal has none)"
        }
        ColorDepth::Sixteen => " (this terminal shows its own 16 colours)",
        ColorDepth::Indexed | ColorDepth::Direct => "",
    };
    app.say(format!("theme: {name}{limit}"));
    app.touched();
}

/// The terminal is dark or light, or became so.
pub(crate) fn follow(app: &mut App, is_dark: bool) {
    if app.shared.themes.follow(is_dark) {
        app.touched();
    } else {
        app.dirty = false;
    }
}

/// The user's theme files as they are now.
pub(crate) fn arrived(app: &mut App, own: Vec<StoredTheme>) {
    app.shared.themes.set_own(own);
    say_trouble(app);
}

/// The user's rules for the colours of rows as they are now; with one that cannot be read there are none.
pub(crate) fn colors_arrived(app: &mut App, rules: Result<Vec<ColorRule>, Failure>) {
    let (rules, trouble) = match rules {
        Ok(rules) => (rules, None),
        Err(failure) => (Vec::new(), Some(failure.to_string())),
    };
    let (rules, wrong) = ColorRules::new(rules, app.shared.clock_ahead());
    app.shared.color_rules = rules;
    if let Some(wrong) = trouble.or(wrong) {
        app.warn(wrong);
    }
}

/// The workspace was read, and themes before it: where none was told, there is none.
pub(crate) fn workspace_read(app: &mut App) {
    if !app.shared.themes.are_read() {
        arrived(app, Vec::new());
    }
}

/// What was chosen in an earlier run, and whether the terminal was dark then.
pub(crate) fn restored(app: &mut App, chosen: Option<&str>, is_dark: Option<bool>) {
    app.shared.themes.restore(chosen, is_dark);
    say_trouble(app);
}

fn say_trouble(app: &mut App) {
    let themes = &app.shared.themes;
    let missing = || themes.missing().map(|name| format!("there is no theme '{name}' any more"));
    if let Some(why) = themes.trouble().or_else(missing) {
        app.warn(format!("{why}; the built-in theme is shown"));
    }
}
