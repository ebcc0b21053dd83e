//! Which pane has the focus, and the order in which `Tab` visits them.

/// A region of the screen that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pane {
    #[default]
    Presets,
    History,
    Request,
    Response,
    Traffic,
}

impl Pane {
    /// In the order of `Tab`.
    pub const ALL: [Pane; 5] =
        [Pane::Presets, Pane::History, Pane::Request, Pane::Response, Pane::Traffic];

    /// The pane Tab goes to; the first after the last.
    #[must_use]
    pub fn next(self) -> Pane {
        Pane::ALL[(self as usize + 1) % Pane::ALL.len()]
    }

    /// The pane Shift+Tab goes to; the last before the first.
    #[must_use]
    pub fn previous(self) -> Pane {
        Pane::ALL[(self as usize + Pane::ALL.len() - 1) % Pane::ALL.len()]
    }

    /// Its name in words of the screen.
    pub fn title(self) -> &'static str {
        ["Presets", "History", "Request", "Response", "Traffic"][self as usize]
    }
}
