//! How `send` prints: in which style, coloured, laid out. From options, terminal and environment.

use std::collections::BTreeMap;

use super::output::Style;
use crate::args::{self, ColorWhen, Pretty};

/// How answers look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) style: Style,
    pub(super) is_coloured: bool,
    pub(super) is_laid_out: bool,
}

impl Look {
    /// What the options ask for; whoever wants colours or a layout of a pipe wants text in it.
    pub(super) fn of(
        arguments: &args::Send,
        is_terminal: bool,
        os: &BTreeMap<String, String>,
    ) -> Look {
        let (pretty, color) = (arguments.printing.pretty, arguments.printing.color);
        let is_wanted = pretty.is_some_and(|pretty| pretty != Pretty::None);
        let named = Style::asked_for(&arguments.common);
        let style = match named {
            Some(style) => style,
            None if is_terminal || is_wanted || color == ColorWhen::Always => Style::Text,
            None => Style::Raw,
        };
        let is_text = style == Style::Text;
        let coloured = match (color, pretty) {
            (ColorWhen::Never, _) | (_, Some(Pretty::Format | Pretty::None)) => false,
            (ColorWhen::Always, _) | (_, Some(Pretty::All | Pretty::Colors)) => true,
            (ColorWhen::Auto, None) => is_terminal && shows_colours(os),
        };
        let laid_out = matches!(pretty, None | Some(Pretty::All | Pretty::Format));
        Look { style, is_coloured: is_text && coloured, is_laid_out: is_text && laid_out }
    }
}

/// Whether the environment lets a terminal have colours (<https://no-color.org>).
pub(super) fn shows_colours(os: &BTreeMap<String, String>) -> bool {
    let value = |name| os.get(name).map_or("", String::as_str);
    value("NO_COLOR").is_empty() && value("TERM") != "dumb"
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Task};

    fn look(words: &[&str], is_terminal: bool, os: &[(&str, &str)]) -> (Style, bool, bool) {
        let words = [&["wirebench", "send", ":1"], words].concat();
        let Some(Task::Send(send)) = Arguments::try_parse_from(words).unwrap().command else {
            panic!()
        };
        let os = os.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let Look { style, is_coloured, is_laid_out } = Look::of(&send, is_terminal, &os);
        (style, is_coloured, is_laid_out)
    }

    #[test]
    fn a_terminal_gets_colours_and_a_pipe_the_bytes() {
        let (text, raw) = (Style::Text, Style::Raw);
        assert_eq!(look(&[], true, &[]), (text, true, true));
        assert_eq!(look(&[], true, &[("NO_COLOR", "1")]), (text, false, true));
        assert_eq!(look(&[], true, &[("NO_COLOR", "")]), (text, true, true));
        assert_eq!(look(&[], true, &[("TERM", "dumb")]), (text, false, true));
        assert_eq!(look(&[], false, &[]), (raw, false, false));
        assert_eq!(look(&["--text"], false, &[]), (text, false, true));
        assert_eq!(look(&["--raw"], true, &[]), (raw, false, false));
        assert_eq!(look(&["--json"], true, &[]), (Style::Json, false, false));
    }

    #[test]
    fn what_is_asked_for_goes_before_terminal_and_environment() {
        let (text, raw) = (Style::Text, Style::Raw);
        let no = [("NO_COLOR", "1")];
        assert_eq!(look(&["--color", "always"], false, &no), (text, true, true));
        assert_eq!(look(&["--color=never"], true, &[]), (text, false, true));
        assert_eq!(look(&["--pretty=all"], false, &no), (text, true, true));
        assert_eq!(look(&["--pretty=colors"], true, &[]), (text, true, false));
        assert_eq!(look(&["--pretty=format"], false, &[]), (text, false, true));
        assert_eq!(look(&["--pretty=none"], true, &[]), (text, false, false));
        assert_eq!(look(&["--pretty=none"], false, &[]), (raw, false, false));
        assert_eq!(look(&["--pretty=all", "--color=never"], true, &[]), (text, false, true));
    }
}
