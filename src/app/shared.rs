//! What every pane and overlay may read: the one owner of what more than one of them shows.
//!
//! Only flows change it. Panes and overlays get `&Shared` and answer with intents. What the response
//! region shows follows from the session of the draft on screen, and is decided here alone:
//! [`Shared::shown`].

use std::collections::BTreeMap;

use jiff::tz::Offset;

use super::drafts::Drafts;
use super::focus::Pane;
use super::keymap::Keymap;
use super::layout::{self, Areas, Splits};
use super::sessions::{Session, Sessions};
use crate::codec::search::Pattern;
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

/// What the response region shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Nothing was opened yet.
    Nothing,
    /// Requests and responses of an HTTP client or listener.
    Exchange,
    /// What is said on connections or in datagrams.
    Conversation,
}

/// What is searched for in bodies and conversations.
#[derive(Debug, Default)]
pub struct TextSearch {
    pub text: String,
    /// What finds it, and marks it on the screen.
    pub pattern: Option<Pattern>,
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
    pub search: TextSearch,
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

    /// The session of the draft on screen.
    pub fn session(&self) -> Option<&Session> {
        self.sessions.get(self.drafts.current().session?)
    }

    /// What the response region shows.
    pub fn shown(&self) -> Shown {
        match self.session().map(|session| session.protocol().capabilities().conversation) {
            None => Shown::Nothing,
            Some(false) => Shown::Exchange,
            Some(true) => Shown::Conversation,
        }
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
