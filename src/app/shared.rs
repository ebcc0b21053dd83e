//! What every pane and overlay may read: the one owner of what more than one of them shows.
//!
//! Only flows change it. Panes and overlays get `&Shared` and answer with intents.

use std::collections::BTreeMap;

use jiff::tz::Offset;

use super::drafts::Drafts;
use super::focus::Pane;
use super::keymap::Keymap;
use super::layout::{self, Areas, Splits};
use super::sessions::Sessions;
use crate::model::preset::Scope;
use crate::model::timing::Stamp;
use crate::store::job::Workspace;
use crate::timeline::Timeline;

/// Which colours `ui` uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    #[default]
    Dark,
    Light,
    /// The terminal's own sixteen colours.
    Sixteen,
    /// No colours at all (`NO_COLOR`).
    Plain,
}

/// State that panes, overlays and the screen read.
#[derive(Debug)]
pub struct Shared {
    /// Time of the message being handled.
    pub now: Stamp,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    pub theme: Theme,
    /// The terminal shows 24-bit colours; otherwise the nearest of 256 are used.
    pub truecolor: bool,
    pub keymap: Keymap,
    pub splits: Splits,
    /// The focused pane has the whole screen.
    pub zoom: bool,
    pub focus: Pane,
    /// A record is looked at closely, so the traffic pane wants half of the screen.
    pub is_record_open: bool,
    pub workspace: Workspace,
    /// Name of the environment in force.
    pub environment: Option<String>,
    pub drafts: Drafts,
    pub sessions: Sessions,
    pub timeline: Timeline,
    /// Offset of local time, for times of day; the shell sets it.
    pub utc_offset: Offset,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
}

impl Shared {
    /// Where the panes are now.
    pub fn areas(&self) -> Areas {
        let mut splits = self.splits;
        // A record is looked at closely: on most screens the list alone fills the pane.
        if splits.traffic == 0 && self.focus == Pane::Traffic && self.is_record_open {
            splits.traffic = self.size.1 / 2;
        }
        layout::areas(self.size, splits, self.focus, self.zoom)
    }

    /// What templates may refer to now.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope { os: self.os.clone(), ..Scope::default() };
        let folder = self.drafts.current().preset.as_ref().map_or("", |path| path.folder());
        scope.variables.extend(self.workspace.inherited(folder));
        let named =
            self.workspace.environments.iter().find(|e| Some(&e.name) == self.environment.as_ref());
        if let Some(environment) = named {
            scope.variables.extend(environment.variables.clone());
            scope.secrets.extend(environment.secrets.clone());
        }
        scope
    }
}
