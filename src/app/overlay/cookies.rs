//! The window of cookies: those of the environment in force by domain, with their values masked; looked at, changed, deleted, and
//! brought back.
//!
//! ```text
//! ╭ Cookies ─ local ───────────────────────────────────────╮
//! │ .example.org   /        sid      ********   2027-01-01 │
//! │                /api     lang     **         session    │
//! │ Secure, HttpOnly, SameSite=Lax                         │
//! ╰────────────────────────────────────────────────────────╯
//! ```

use bytes::Bytes;
use ratatui::layout::Rect;

use crate::app::action::Action;
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::intent::Intent;
use crate::app::keymap::Context;
use crate::app::layout::cut_bottom;
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::model::cookie::{Cookie, CookieChange, CookieKey};
use crate::model::cookie_jar::CookieJar;
use crate::model::counts::counted;

/// Rows below the list: what is known of the cookie under the cursor, and the line its value is typed in.
const DETAIL: u16 = 2;
/// Changes that can be taken back.
const UNDONE: usize = 100;
/// Bytes of name and value together, at most.
const LONGEST: usize = 4096;

/// State of the overlay.
#[derive(Debug)]
pub struct CookieWindow {
    /// Whose they are; `None` = of what is sent without an environment.
    pub environment: Option<String>,
    /// Those there are, by domain, path and name.
    pub keys: Vec<CookieKey>,
    /// The value that is typed, of the cookie under the cursor.
    pub editor: Option<Editor>,
    /// The value of this one is shown.
    shown: Option<CookieKey>,
    cursor: Cursor,
    /// What takes back what was done, the last one last.
    undo: Vec<Vec<CookieChange>>,
}

impl CookieWindow {
    /// With those of the environment in force.
    pub(crate) fn new(shared: &Shared) -> Self {
        let mut window = CookieWindow {
            environment: shared.environment.clone(),
            keys: Vec::new(),
            editor: None,
            shown: None,
            cursor: Cursor::default(),
            undo: Vec::new(),
        };
        window.refresh(shared);
        window
    }

    /// There are others now; the cursor stays on its cookie.
    pub(crate) fn refresh(&mut self, shared: &Shared) {
        let was = self.keys.get(self.cursor.selected).cloned();
        let jar = self.jar(shared);
        self.keys = jar.iter().map(|cookie| cookie.key.clone()).collect();
        self.keys.sort();
        let at = was.as_ref().and_then(|was| self.keys.iter().position(|key| key == was));
        if at.is_none() && was.is_some() {
            self.editor = None;
        }
        let last = self.keys.len().saturating_sub(1);
        self.cursor.selected = at.unwrap_or(self.cursor.selected.min(last));
    }

    fn jar(&self, shared: &Shared) -> std::sync::Arc<CookieJar> {
        shared.cookies.jar(self.environment.as_deref())
    }

    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        if self.editor.is_some() {
            "[choose] take · [back] cancel"
        } else {
            "[choose] edit · [show-secrets] show · [delete] delete · [delete-domain] domain · [clear-cookies] all · [undo] undo · [back] close"
        }
    }

    /// Contexts of its keys.
    pub(crate) fn contexts(&self) -> Vec<Context> {
        let own = if self.editor.is_some() { Context::Line } else { Context::Cookies };
        vec![own, Context::Global]
    }

    /// List, what is known of the cookie under the cursor, and the line below.
    pub fn parts(inner: Rect) -> (Rect, Rect, Rect) {
        let mut list = inner;
        let mut below = cut_bottom(&mut list, DETAIL.min(inner.height.saturating_sub(1)));
        let rows = below.height.min(1);
        let line = cut_bottom(&mut below, rows);
        (list, below, line)
    }

    /// Where the cursor is in a list of `height` rows.
    pub fn cursor(&self, height: u16) -> Cursor {
        let mut cursor = self.cursor;
        cursor.settle(self.keys.len(), height.into());
        cursor
    }

    /// The cookie of a row.
    pub fn row(&self, shared: &Shared, at: usize) -> Option<Cookie> {
        self.jar(shared).get(self.keys.get(at)?).cloned()
    }

    /// Whether the value of a cookie may be read.
    pub fn is_shown(&self, key: &CookieKey) -> bool {
        self.shown.as_ref() == Some(key)
    }

    /// Leaves the line; `None` = there was none, and it is closed.
    pub(super) fn step_back(&mut self) -> Option<Outcome> {
        self.editor.take().map(|_| Outcome::yes())
    }

    /// Takes an input; `inner` is the window without its border.
    pub(super) fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let (list, _, _) = Self::parts(inner);
        if let Some(editor) = &mut self.editor {
            return match input {
                PaneInput::Act(Action::Choose) => self.typed(shared),
                PaneInput::Act(_) => Outcome::no(),
                input => {
                    if !input.point(editor) {
                        input.edit(editor);
                    }
                    Outcome::yes()
                }
            };
        }
        let (len, height) = (self.keys.len(), usize::from(list.height));
        match input {
            PaneInput::Act(action) => {
                let Some(step) = CursorStep::of(action) else { return self.act(shared, action) };
                self.cursor.step(step, len, height);
                self.shown = None;
                Outcome::yes()
            }
            PaneInput::Wheel(step) => {
                self.cursor.step(step, len, height);
                Outcome::yes()
            }
            PaneInput::Press(_, mouse) if list.contains((mouse.column, mouse.row).into()) => {
                let at = self.cursor(list.height).offset + usize::from(mouse.row - list.y);
                self.cursor.selected = at.min(len.saturating_sub(1));
                Outcome::yes()
            }
            PaneInput::Press(..) => Outcome::yes(),
            PaneInput::Key(_) | PaneInput::Paste(_) | PaneInput::Drag(..) => Outcome::no(),
        }
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        match action {
            Action::Undo => return self.take_back(),
            Action::ClearCookies => return self.remove(shared, |_| true),
            Action::Choose | Action::ShowSecrets | Action::Delete | Action::DeleteDomain => {}
            _ => return Outcome::no(),
        }
        let Some(cookie) = self.row(shared, self.cursor.selected) else {
            return Outcome::say("there is no cookie here yet: answers set them");
        };
        match action {
            Action::Choose => self.edit(&cookie),
            Action::ShowSecrets => {
                self.shown = (!self.is_shown(&cookie.key)).then(|| cookie.key.clone());
                Outcome::yes()
            }
            Action::Delete => self.remove(shared, |key| *key == cookie.key),
            _ => self.remove(shared, |key| key.domain == cookie.key.domain),
        }
    }

    /// Begins to type its value.
    fn edit(&mut self, cookie: &Cookie) -> Outcome {
        let Ok(text) = std::str::from_utf8(&cookie.value) else {
            return Outcome::say("its value holds bytes that are no text; [delete] deletes it");
        };
        let mut editor = Editor::new(text, LineMode::One);
        editor.move_to(Caret::End);
        self.editor = Some(editor);
        Outcome::yes()
    }

    /// The value that was typed is that of the cookie from now on.
    fn typed(&mut self, shared: &Shared) -> Outcome {
        let Some(cookie) = self.row(shared, self.cursor.selected) else { return Outcome::yes() };
        let text =
            self.editor.as_ref().map(|editor| editor.text().into_owned()).unwrap_or_default();
        let value = Bytes::from(text.trim_matches([' ', '\t']).to_owned());
        let is_sign = |byte: &u8| *byte == b';' || (byte.is_ascii_control() && *byte != b'\t');
        if value.iter().any(is_sign) {
            return Outcome::warn("a value of a cookie cannot hold ';' or control characters");
        }
        if value.len() + cookie.key.name.len() > LONGEST {
            return Outcome::warn("name and value of a cookie have 4,096 bytes at most");
        }
        if value.is_empty() && cookie.key.name.is_empty() {
            return Outcome::warn("a cookie without a name needs a value");
        }
        self.editor = None;
        if value == cookie.value {
            return Outcome::yes();
        }
        let set_at = shared.wall_seconds();
        let now = Cookie { value, set_at, ..cookie.clone() };
        self.change(
            vec![CookieChange::Put(Box::new(now))],
            vec![CookieChange::Put(Box::new(cookie))],
        )
    }

    /// Deletes those of these keys.
    fn remove(&mut self, shared: &Shared, is_meant: impl Fn(&CookieKey) -> bool) -> Outcome {
        let jar = self.jar(shared);
        let gone: Vec<&Cookie> = jar.iter().filter(|cookie| is_meant(&cookie.key)).collect();
        if gone.is_empty() {
            return Outcome::say("there is no cookie here yet: answers set them");
        }
        let said = format!("{} deleted; [undo] brings back", counted(gone.len() as u64, "cookie"));
        let back =
            gone.iter().map(|cookie| CookieChange::Put(Box::new((*cookie).clone()))).collect();
        let changes = gone.iter().map(|cookie| CookieChange::Removed(cookie.key.clone())).collect();
        let said = shared.keymap.keyed(&self.contexts(), &said);
        self.change(changes, back).with(Intent::Say(said))
    }

    fn change(&mut self, changes: Vec<CookieChange>, back: Vec<CookieChange>) -> Outcome {
        if self.undo.len() >= UNDONE {
            self.undo.remove(0);
        }
        self.undo.push(back);
        self.intent(changes)
    }

    fn take_back(&mut self) -> Outcome {
        match self.undo.pop() {
            Some(changes) => self.intent(changes),
            None => Outcome::say("nothing was done here that could be taken back"),
        }
    }

    fn intent(&self, changes: Vec<CookieChange>) -> Outcome {
        Intent::ChangeCookies(self.environment.clone(), changes).into()
    }
}
