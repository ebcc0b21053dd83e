//! What relays hold: a list of what waits, what the chosen one says, and what is done with it.
//!
//! ```text
//! ╭ Held ─ 2 wait ──────────────────────────────────────╮
//! │ hold  in and data contains "login"                  │   what is held; typed after its key
//! │                                                     │
//! │ 12 s  48 s left  tcp:9000 2/1  client →   42  login…│
//! │  3 s  57 s left  tcp:9000 2/3  client →   42  login…│
//! │─────────────────────────────────────────────────────│
//! │ login ann secret                                    │   the chosen one, or what is made of it
//! ╰─────────────────────────────────────────────────────╯
//! ```
//! What waits is in [`Shared`]; here is which of it is chosen and what is typed.

use ratatui::layout::{Position, Rect};

use crate::app::action::Action;
use crate::app::completion::offers::AROUND;
use crate::app::completion::{Completer, PopupAct};
use crate::app::cursor::{Cursor, CursorStep};
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::filter_words;
use crate::app::held::{HeldKey, decide, key};
use crate::app::held_text::{check, from_hex, from_text, hex, text};
use crate::app::intent::{Intent, TrafficWish};
use crate::app::keymap::Context;
use crate::app::layout::cut_top;
use crate::app::message::{Mouse, MouseKind};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::sessions::Session;
use crate::app::shared::Shared;
use crate::compose::check_hold;
use crate::model::hold::{Decision, Held};
use crate::model::id::SessionId;

/// Columns it has at most.
const WIDTH: u16 = 140;
/// Rows of the list at least, where something waits.
const LIST: u16 = 4;

/// What stands before what is to be held.
pub const PROMPT: &str = "hold  ";

/// State of the overlay.
#[derive(Debug)]
pub struct HeldWindow {
    /// Which is chosen, and where it stands in the list.
    selected: Option<HeldKey>,
    cursor: Cursor,
    /// Bytes of the chosen one are shown as hex.
    pub is_hex: bool,
    /// First line of it that is shown.
    pub scroll: usize,
    /// Rows of the list, once the rule below it was dragged, and whether the mouse has that.
    list_rows: Option<u16>,
    is_rule_dragged: bool,
    pub edit: Option<HeldEdit>,
    /// What is to be held, while it is typed.
    pub filter: Option<Editor>,
    /// What can stand there.
    pub completer: Completer,
    /// What is wrong with what is typed.
    pub problem: Option<String>,
}

/// What is made of one that waits.
#[derive(Debug)]
pub struct HeldEdit {
    which: HeldKey,
    pub is_hex: bool,
    pub editor: Editor,
}

/// Where its parts are.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeldAreas {
    pub filter: Rect,
    pub problem: Rect,
    pub list: Rect,
    pub rule: Rect,
    pub content: Rect,
}

impl HeldWindow {
    /// What its keys do, these by the names of their actions.
    pub(crate) fn hint(&self) -> &'static str {
        match (&self.filter, &self.edit) {
            (Some(_), _) => {
                "[choose] hold what fits; empty: nothing · [accept-completion] complete · [back] cancel"
            }
            (None, Some(edit)) if edit.is_hex => {
                "[forward-held] forward this · [edit-held-hex] as text · [back] leave it"
            }
            (None, Some(_)) => {
                "[forward-held] forward this · [edit-held-hex] as hex · [back] leave it"
            }
            (None, None) => {
                "[forward-held] forward · [drop-held] drop · [edit-held] edit · [edit-held-hex] as hex · [release-held] all on · [hold-filter] hold · [back] close"
            }
        }
    }

    /// Looks at what has waited longest.
    pub(crate) fn new(shared: &Shared) -> Self {
        HeldWindow {
            selected: shared.held.at(0).map(key),
            cursor: Cursor::default(),
            is_hex: false,
            scroll: 0,
            list_rows: None,
            is_rule_dragged: false,
            edit: None,
            filter: None,
            completer: Completer::default(),
            problem: None,
        }
    }

    /// Columns and rows it wants.
    pub(super) fn size(screen: (u16, u16)) -> (u16, u16) {
        (WIDTH.min(screen.0), screen.1.saturating_sub(4).max(12))
    }

    /// Contexts of its keys.
    pub(super) fn contexts(&self) -> Vec<Context> {
        let own: &[Context] = match (&self.filter, &self.edit) {
            (Some(_), _) => &[Context::FilterLine, Context::Line],
            (None, Some(_)) => &[Context::HeldText],
            (None, None) => &[Context::Held],
        };
        let offered = self.completer.contexts().iter().copied();
        offered.chain(own.iter().copied()).chain([Context::Global]).collect()
    }

    /// Where its parts are.
    pub fn areas(&self, shared: &Shared, inner: Rect) -> HeldAreas {
        let mut rest = inner;
        let filter = cut_top(&mut rest, 1);
        let problem = cut_top(&mut rest, 1);
        let wanted = u16::try_from(shared.held.len()).unwrap_or(u16::MAX);
        // What is written has the room.
        let most = if self.edit.is_some() { LIST } else { rest.height / 2 };
        let dragged =
            self.list_rows.map(|rows| rows.clamp(1, rest.height.saturating_sub(2).max(1)));
        let list = cut_top(&mut rest, dragged.unwrap_or(wanted.clamp(1, most.max(1))));
        let rule = cut_top(&mut rest, 1);
        HeldAreas { filter, problem, list, rule, content: rest }
    }

    /// The chosen one; where it is gone, or nothing waited before, the one that has its place.
    pub fn chosen<'a>(&self, shared: &'a Shared) -> Option<&'a Held> {
        let last = shared.held.len().checked_sub(1)?;
        let chosen = self.selected.and_then(|selected| shared.held.get(selected));
        chosen.or_else(|| shared.held.at(self.cursor.selected.min(last)))
    }

    /// The chosen row and the first that is shown.
    pub fn cursor(&self, shared: &Shared, height: u16) -> Cursor {
        let place = self.selected.and_then(|selected| shared.held.place(selected));
        let mut cursor = Cursor { selected: place.unwrap_or(self.cursor.selected), ..self.cursor };
        cursor.settle(shared.held.len(), height.into());
        cursor
    }

    /// The relay whose hold is shown and set: that of the chosen one, else that on screen, else the
    /// newest that runs.
    pub fn relay<'a>(&self, shared: &'a Shared) -> Option<&'a Session> {
        let runs = |session: &&Session| !session.is_over() && session.plan.hold().is_some();
        let chosen = self.chosen(shared).map(|held| held.conn.session);
        let chosen = chosen.and_then(|id| shared.sessions.get(id)).filter(runs);
        let shown = || shared.session().filter(runs);
        chosen.or_else(shown).or_else(|| shared.sessions.live().filter(runs).last())
    }

    /// One that waited does so no longer: the next has its place.
    pub(crate) fn settle(&mut self, shared: &Shared, gone: &Held) {
        if self.edit.as_ref().is_some_and(|edit| edit.which == key(gone)) {
            self.problem = Some("it is no longer held; what you wrote goes nowhere".into());
            return;
        }
        if self.selected.is_none_or(|selected| selected == key(gone)) {
            self.choose(shared, self.cursor.selected);
        }
    }

    fn choose(&mut self, shared: &Shared, place: usize) {
        let place = place.min(shared.held.len().saturating_sub(1));
        self.selected = shared.held.at(place).map(key);
        self.cursor.selected = place;
        self.scroll = 0;
    }

    /// Leaves what is typed; `None` = nothing was.
    pub(super) fn step_back(&mut self) -> Option<Outcome> {
        self.completer.close();
        let was_typing = self.filter.take().is_some() || self.edit.take().is_some();
        self.problem = None;
        was_typing.then(Outcome::yes)
    }

    /// Takes an input.
    pub(super) fn update(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        if self.filter.is_some() {
            return self.on_filter(shared, inner, input);
        }
        if let Some(edit) = &mut self.edit {
            if input.point(&mut edit.editor) {
                return Outcome::yes();
            }
            return self.type_edit(shared, input);
        }
        match input {
            PaneInput::Act(action) => self.act(shared, inner, action),
            PaneInput::Wheel(step) => self.step(shared, inner, step),
            PaneInput::Press(_, mouse) => self.press(shared, inner, mouse),
            PaneInput::Drag(_, mouse) => {
                if self.is_rule_dragged {
                    let list = self.areas(shared, inner).list;
                    self.list_rows = Some(mouse.row.saturating_sub(list.y));
                    self.is_rule_dragged = mouse.kind != MouseKind::Release;
                }
                Outcome::yes()
            }
            PaneInput::Key(_) | PaneInput::Paste(_) => Outcome::no(),
        }
    }

    /// A press of the mouse: on one that waits, on the rule below them, on what is held.
    fn press(&mut self, shared: &Shared, inner: Rect, mouse: Mouse) -> Outcome {
        let (areas, at) = (self.areas(shared, inner), (mouse.column, mouse.row).into());
        let is_twice = mouse.kind == MouseKind::SecondPress;
        if areas.filter.contains(at) {
            return self.begin_filter(shared);
        }
        self.is_rule_dragged = areas.rule.contains(at);
        if areas.list.contains(at) {
            let top = self.cursor(shared, areas.list.height).offset;
            self.choose(shared, top + usize::from(mouse.row - areas.list.y));
        }
        // What is looked at twice is looked into, and not passed on by a slip of the hand.
        if is_twice && (areas.list.contains(at) || areas.content.contains(at)) {
            return self.begin_edit(shared, false);
        }
        Outcome::yes()
    }

    fn act(&mut self, shared: &Shared, inner: Rect, action: Action) -> Outcome {
        match action {
            Action::HoldFilter => self.begin_filter(shared),
            Action::ReleaseHeld => match self.relay(shared) {
                Some(relay) => Intent::Traffic(TrafficWish::HoldBy(relay.id, String::new())).into(),
                None => Outcome::say("no relay runs that holds something"),
            },
            Action::ForwardHeld => self.decide(shared, Decision::Forward),
            Action::DropHeld => self.decide(shared, Decision::Drop),
            Action::EditHeld => self.begin_edit(shared, false),
            Action::EditHeldHex => self.begin_edit(shared, true),
            Action::ViewMode => {
                self.is_hex = !self.is_hex;
                self.scroll = 0;
                Outcome::yes()
            }
            _ => match CursorStep::of(action) {
                Some(step) => self.step(shared, inner, step),
                None => Outcome::no(),
            },
        }
    }

    fn step(&mut self, shared: &Shared, inner: Rect, step: CursorStep) -> Outcome {
        let areas = self.areas(shared, inner);
        if matches!(step, CursorStep::PageUp | CursorStep::PageDown) {
            let page = usize::from(areas.content.height.max(2)) - 1;
            self.scroll =
                if step.is_up() { self.scroll.saturating_sub(page) } else { self.scroll + page };
            return Outcome::yes();
        }
        let height = usize::from(areas.list.height);
        let mut cursor = self.cursor(shared, areas.list.height);
        cursor.step(step, shared.held.len(), height);
        self.cursor = cursor;
        self.choose(shared, cursor.selected);
        Outcome::yes()
    }

    fn decide(&mut self, shared: &Shared, decision: Decision) -> Outcome {
        let Some(held) = self.chosen(shared) else { return Outcome::say("nothing is held") };
        self.cursor.selected = shared.held.place(key(held)).unwrap_or_default();
        Intent::Perform(Effect::Engine(decide(key(held), decision))).into()
    }

    fn begin_filter(&mut self, shared: &Shared) -> Outcome {
        let Some(relay) = self.relay(shared) else {
            return Outcome::say("no relay runs that could hold something");
        };
        let now = relay.plan.hold().and_then(|hold| hold.filter.as_deref()).unwrap_or_default();
        let mut editor = Editor::new(now, LineMode::One);
        editor.move_to(Caret::End);
        (self.filter, self.problem) = (Some(editor), None);
        self.offer(shared);
        Outcome::yes()
    }

    /// An input while it is typed what is held: for what is offered first, then for the line.
    fn on_filter(&mut self, shared: &Shared, inner: Rect, input: PaneInput<'_>) -> Outcome {
        let area = self.popup_area(shared, inner);
        let Some(editor) = &mut self.filter else { return Outcome::no() };
        let before = editor.around(AROUND).0.len();
        let act = match &input {
            PaneInput::Act(action) => self.completer.act(*action, before),
            PaneInput::Press(_, mouse) => {
                let at = Position { x: mouse.column, y: mouse.row };
                self.completer.press(area, at).unwrap_or(PopupAct::Passed)
            }
            _ => PopupAct::Passed,
        };
        match act {
            PopupAct::Passed if input.point(editor) => self.completer.close(),
            PopupAct::Passed => return self.type_filter(shared, input),
            PopupAct::Done => {}
            PopupAct::Unmarked => {
                // The first is what the key that takes a completion begins with.
                self.offer(shared);
                self.completer.act(Action::Down, before);
            }
            PopupAct::Taken(taken) => {
                editor.replace_around(taken.typed, taken.behind, &taken.text);
                self.typed(shared);
            }
        }
        Outcome::yes()
    }

    /// The line is another one now.
    fn typed(&mut self, shared: &Shared) {
        let Some(editor) = &self.filter else { return };
        self.problem = check_hold(&editor.text()).err();
        self.offer(shared);
    }

    /// Shows what can stand where its cursor is.
    fn offer(&mut self, shared: &Shared) {
        let Some(editor) = &self.filter else { return };
        let (before, behind) = editor.around(AROUND);
        let offer = filter_words::offer(shared, before, behind);
        self.completer.offer(offer, before.len());
    }

    /// Where the completions are on the screen, if there are any.
    pub(crate) fn popup_area(&self, shared: &Shared, inner: Rect) -> Option<Rect> {
        let popup = self.completer.popup()?;
        let area = self.areas(shared, inner).filter;
        let (_, column) = self.filter.as_ref()?.in_sight(popup.typed())?;
        let x = area.x + PROMPT.len() as u16 + u16::try_from(column).ok()?;
        Some(popup.area(Position { x: x.min(area.right()), y: area.y }, shared.size))
    }

    fn type_filter(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        let Some(editor) = &mut self.filter else { return Outcome::no() };
        match input {
            PaneInput::Act(Action::Choose) => {
                let typed = editor.text().into_owned();
                if let Err(why) = check_hold(&typed) {
                    self.problem = Some(why);
                    return Outcome::yes();
                }
                let relay = self.relay(shared).map(|relay| relay.id);
                self.step_back();
                let hold = |id: SessionId| Intent::Traffic(TrafficWish::HoldBy(id, typed)).into();
                return relay.map_or_else(Outcome::yes, hold);
            }
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                if input.edit(editor) {
                    self.typed(shared);
                } else {
                    self.completer.close();
                }
            }
            PaneInput::Act(_) => return Outcome::no(),
            PaneInput::Wheel(_) | PaneInput::Press(..) | PaneInput::Drag(..) => {}
        }
        Outcome::yes()
    }

    fn begin_edit(&mut self, shared: &Shared, is_hex: bool) -> Outcome {
        let Some(held) = self.chosen(shared) else { return Outcome::say("nothing is held") };
        let written = if is_hex { hex(&held.data) } else { text(held.kind, &held.data) };
        let editor = Editor::new(&written, LineMode::Many);
        (self.edit, self.problem) = (Some(HeldEdit { which: key(held), is_hex, editor }), None);
        Outcome::yes()
    }

    fn type_edit(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(Action::ForwardHeld) => return self.forward_edited(shared),
            PaneInput::Act(Action::DropHeld) => {
                self.edit = None;
                return self.decide(shared, Decision::Drop);
            }
            PaneInput::Act(Action::EditHeldHex) => return self.turn_edit(shared),
            PaneInput::Act(_) => return Outcome::no(),
            PaneInput::Key(_) | PaneInput::Paste(_) => {
                let Some(edit) = &mut self.edit else { return Outcome::no() };
                if input.edit(&mut edit.editor) {
                    self.problem = edit.read(shared).err();
                }
            }
            PaneInput::Wheel(step) => {
                if let Some(edit) = &mut self.edit {
                    edit.editor.scroll(if step.is_up() { -3 } else { 3 });
                }
            }
            PaneInput::Press(..) | PaneInput::Drag(..) => {}
        }
        Outcome::yes()
    }

    /// What is written goes on in the place of what is held.
    fn forward_edited(&mut self, shared: &Shared) -> Outcome {
        let Some(edit) = &self.edit else { return Outcome::yes() };
        let data = match edit.read(shared) {
            Ok(data) => data,
            Err(why) => {
                self.problem = Some(why);
                return Outcome::yes();
            }
        };
        let which = edit.which;
        let is_same = shared.held.get(which).is_some_and(|held| *held.data == *data);
        self.edit = None;
        self.problem = None;
        // What nobody changed is not marked as if somebody had.
        let decision = if is_same { Decision::Forward } else { Decision::Edit(data.into()) };
        Intent::Perform(Effect::Engine(decide(which, decision))).into()
    }

    /// The same as hex, or as text again.
    fn turn_edit(&mut self, shared: &Shared) -> Outcome {
        let Some(edit) = &mut self.edit else { return Outcome::yes() };
        match edit.read(shared) {
            Ok(data) => {
                edit.is_hex = !edit.is_hex;
                let kind = shared.held.get(edit.which).map(|held| held.kind);
                let written = match kind.filter(|_| !edit.is_hex) {
                    Some(kind) => text(kind, &data),
                    None => hex(&data),
                };
                edit.editor = Editor::new(&written, LineMode::Many);
                self.problem = None;
            }
            Err(why) => self.problem = Some(why),
        }
        Outcome::yes()
    }
}

impl HeldEdit {
    /// The bytes it stands for.
    fn read(&self, shared: &Shared) -> Result<Vec<u8>, String> {
        let Some(held) = shared.held.get(self.which) else {
            return Err("it is no longer held".into());
        };
        let text = self.editor.text();
        let data = if self.is_hex { from_hex(&text) } else { from_text(held.kind, &text) }?;
        check(held.kind, &data).map(|()| data)
    }
}
