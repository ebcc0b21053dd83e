//! The request pane: the form of the draft on screen.
//!
//! `form_editor` keeps the state; here is what keys, clicks and the wheel do. The spec is changed
//! by the flow of drafts, which the pane asks with intents.

mod address_line;
mod completing;
mod field_areas;
mod form_editor;
mod live_answers;
mod moves;
mod pasting;
mod pointer;

pub use address_line::send_block;
pub(crate) use address_line::{send_area, send_word, send_words};
pub use field_areas::PlacedField;
pub(crate) use field_areas::tab_strip;
pub use field_areas::text_parts;
pub use form_editor::{FormPlace, RequestPane};
pub use live_answers::{LiveAnswer, LiveAnswers, rewrites_done};

use form_editor::{form, is_text, kind_of};
use moves::{
    begins_details, begins_text, beside, details, in_next_row, is_alone, is_source, next_cell,
};

use crate::app::action::Action;
use crate::app::copying;
use crate::app::cursor::CursorStep;
use crate::app::editor::{Caret, Editor, LineMode};
use crate::app::form::{FieldKind, FormFieldId, FormTab, access, tabs, url_rows};
use crate::app::intent::{EditTarget, Intent, RowChange};
use crate::app::keymap::Context;
use crate::app::layout::{next_tab, pane_inner};
use crate::app::outcome::{Outcome, PaneInput};
use crate::app::shared::Shared;
use crate::model::key::{Key, KeyCode};

impl RequestPane {
    /// Takes an input while the pane has the focus.
    pub fn update(&mut self, shared: &Shared, input: PaneInput<'_>) -> Outcome {
        match input {
            PaneInput::Act(action) => self.act(shared, action),
            PaneInput::Wheel(step) => {
                self.wheel(shared, step);
                Outcome::yes()
            }
            PaneInput::Key(key) => self.key(shared, key),
            PaneInput::Paste(text) => {
                self.completer.close();
                self.paste(shared, text)
            }
            PaneInput::Press(area, mouse) => self.press(shared, area, mouse),
            PaneInput::Drag(area, mouse) => self.drag(shared, area, mouse),
        }
    }

    /// Contexts of the pane.
    pub(crate) fn contexts(&self, shared: &Shared) -> Vec<Context> {
        let at = shared.drafts.current().at;
        let address = (at == FormFieldId::Address).then_some(Context::Address);
        let is_cell = !is_text(shared, at) || at == FormFieldId::key("method");
        let cell = is_cell.then_some(Context::Cell);
        // Never `Plain`: in a form a letter is text, whatever the cursor is on.
        let own = [address, cell, Some(Context::Form), Some(Context::Global)];
        self.completer.contexts().iter().copied().chain(own.into_iter().flatten()).collect()
    }

    /// What is worth doing with the field under the cursor.
    pub fn hints(shared: &Shared) -> Vec<Action> {
        let draft = shared.drafts.current();
        let mut hints = match kind_of(shared, draft.at) {
            Some(FieldKind::Tabs) => vec![Action::NextTab, Action::PreviousTab],
            Some(FieldKind::Button) => vec![Action::NextCell],
            // The check of the row to be added has nothing to switch yet.
            Some(FieldKind::Check) if draft.text(draft.at).is_empty() => Vec::new(),
            Some(FieldKind::Choice | FieldKind::Check) => vec![Action::Toggle],
            Some(FieldKind::Area) => {
                vec![Action::Undo, Action::Redo, Action::LayOut, Action::ExternalEditor]
            }
            _ if draft.at == FormFieldId::key("method") => vec![Action::Toggle],
            _ => Vec::new(),
        };
        let cell = access::cell(&draft.spec, draft.at);
        if let Some((list, at)) = cell {
            // The row to be added has nothing to switch or delete yet.
            let is_real = at < access::len(&draft.spec, list);
            hints.extend(
                [Action::ToggleRow, Action::DeleteRow, Action::AddRow]
                    .into_iter()
                    .filter(|_| is_real),
            );
        } else if draft.at.in_list().is_some() {
            hints.extend([Action::ToggleRow, Action::DuplicateRow]);
            hints.extend([Action::DeleteRow, Action::AddRow]);
        }
        hints.retain(|action| *action != Action::Send);
        let mut all = vec![Action::Send];
        all.extend(hints);
        all.extend([Action::NextTab, Action::Save]);
        let has_tabs = has_several_tabs(shared);
        all.retain(|action| has_tabs || ![Action::NextTab, Action::PreviousTab].contains(action));
        let mut seen = Vec::new();
        all.retain(|action| {
            !seen.contains(action) && {
                seen.push(*action);
                true
            }
        });
        all
    }

    /// Whether the row of the cursor has another cell behind it.
    pub(crate) fn has_next(shared: &Shared) -> bool {
        beside(&form(shared), shared.drafts.current().at, true).is_some()
    }

    /// The wheel over the pane: it scrolls and leaves the cursor where it is.
    fn wheel(&mut self, shared: &Shared, step: CursorStep) {
        let is_down = step == CursorStep::Down;
        let at = shared.drafts.current().at;
        if let Some((id, editor)) = &mut self.editor
            && *id == at
            && editor.lines() == LineMode::Many
        {
            editor.scroll(if is_down { 1 } else { -1 });
        } else {
            self.scroll_by_wheel(shared, is_down);
        }
    }

    fn act(&mut self, shared: &Shared, action: Action) -> Outcome {
        if let Some(outcome) = self.act_on_completions(shared, action) {
            return outcome;
        }
        match action {
            Action::Up => self.vertical(shared, false),
            Action::Down => self.vertical(shared, true),
            Action::Left => self.turn(shared, KeyCode::Left),
            Action::Right => self.turn(shared, KeyCode::Right),
            Action::Toggle => self.toggle(shared),
            Action::PageUp => self.page(shared, false),
            Action::PageDown => self.page(shared, true),
            Action::NextCell => self.enter_pressed(shared),
            // In a text of many lines Tab is an indent.
            Action::NextField | Action::PreviousField if is_area(shared) => {
                self.move_lines(shared, action == Action::PreviousField)
            }
            Action::NextField => sideways_or_on(shared, true),
            Action::PreviousField => sideways_or_on(shared, false),
            Action::NextTab => switch_tab(shared, true),
            Action::PreviousTab => switch_tab(shared, false),
            Action::DeleteRow => self.delete(shared),
            Action::Undo => Intent::TurnRow { is_back: true }.into(),
            Action::Redo => Intent::TurnRow { is_back: false }.into(),
            Action::LayOut => lay_out(shared),
            Action::Cancel => self.copy_selection(shared),
            Action::ToggleRow => toggle_row(shared),
            Action::AddRow => add_row(shared),
            Action::DuplicateRow => Intent::DuplicateRow.into(),
            Action::MoveUp => move_row(false),
            Action::MoveDown => move_row(true),
            Action::ExternalEditor => self.edit_external(shared),
            Action::Copy => copy(shared),
            _ => Outcome::no(),
        }
    }

    /// A key that no action took.
    fn key(&mut self, shared: &Shared, key: Key) -> Outcome {
        let at = shared.drafts.current().at;
        match kind_of(shared, at) {
            Some(FieldKind::Line | FieldKind::Secret) => self.line_key(shared, key),
            Some(FieldKind::Area) => self.edit_key(shared, key),
            kind if key.printable().is_some() => typed(shared, kind, key),
            _ => Outcome::no(),
        }
    }

    /// Cuts what is selected in the text, else deletes the row.
    fn delete(&mut self, shared: &Shared) -> Outcome {
        let selected = self.open_editor(shared).and_then(|editor| editor.selected());
        if self.open_editor(shared).is_some_and(Editor::cut_selection) {
            let copy = selected.map(|text| copying::put("what was cut", text));
            return copy.into_iter().fold(self.written(), Outcome::with);
        }
        self.blur();
        Intent::DeleteRow.into()
    }

    /// Lays the text under the cursor out, as one change.
    pub(crate) fn lay_out_text(&mut self, shared: &Shared) -> Outcome {
        let undo = "laid out; [undo] brings the old text back";
        match self.open_editor(shared).map(Editor::lay_out) {
            Some(Ok(true)) => self.written().with(Intent::Say(undo.into())),
            Some(Ok(false)) => Outcome::say("it is laid out already"),
            Some(Err(why)) => Intent::Warn(format!("not laid out: {why}")).into(),
            None => Outcome::no(),
        }
    }

    /// Tab and Shift+Tab in a text of many lines.
    fn move_lines(&mut self, shared: &Shared, shift: bool) -> Outcome {
        self.edit_key(shared, Key { shift, ..Key::new(KeyCode::Tab) })
    }

    /// Copies what is selected in the text; else the key means something else.
    fn copy_selection(&self, shared: &Shared) -> Outcome {
        let editor = self.editor.as_ref().filter(|(at, _)| *at == shared.drafts.current().at);
        let secret = kind_of(shared, shared.drafts.current().at) == Some(FieldKind::Secret);
        match editor.filter(|_| !secret).and_then(|(_, editor)| editor.selected()) {
            Some(text) => copying::put("what is selected", text).into(),
            None => Outcome::no(),
        }
    }

    /// Left and Right: between cells they move; a choice on a line of its own they turn.
    fn turn(&mut self, shared: &Shared, code: KeyCode) -> Outcome {
        let (at, forward) = (shared.drafts.current().at, code == KeyCode::Right);
        match kind_of(shared, at) {
            Some(FieldKind::Tabs) => switch_tab(shared, forward),
            Some(FieldKind::Choice) if is_alone(&form(shared), at) => cycle(at, forward),
            Some(FieldKind::Choice | FieldKind::Check) => sideways(shared, forward),
            Some(FieldKind::Button) | None => Outcome::no(),
            Some(_) => self.key(shared, Key::new(code)),
        }
    }

    /// The next choice, tab or usual method; a button is pressed.
    fn toggle(&mut self, shared: &Shared) -> Outcome {
        let at = shared.drafts.current().at;
        match kind_of(shared, at) {
            Some(FieldKind::Tabs) => switch_tab(shared, true),
            Some(FieldKind::Button) => add_row(shared),
            Some(_) => {
                self.editor = None;
                cycle(at, true)
            }
            None => Outcome::no(),
        }
    }

    /// In a line, Left at the start and Right at the end go to the neighbouring cell.
    fn line_key(&mut self, shared: &Shared, key: Key) -> Outcome {
        let (start, end) = match self.open_editor(shared) {
            // What is selected is let go of first, unless it is there to be replaced only.
            Some(editor) if editor.selected().is_some() => {
                let is_untouched = shared.is_to_be_replaced(shared.drafts.current().at);
                (is_untouched, is_untouched)
            }
            Some(editor) => (editor.at_start(), editor.at_end()),
            None => (true, true),
        };
        let plain = !key.ctrl && !key.alt && !key.shift;
        match key.code {
            KeyCode::Left if start && plain => sideways(shared, false),
            KeyCode::Right if end && plain => sideways(shared, true),
            _ => self.edit_key(shared, key),
        }
    }

    fn edit_key(&mut self, shared: &Shared, key: Key) -> Outcome {
        let is_changed = self.open_editor(shared).is_some_and(|editor| editor.key(key));
        if !is_changed {
            self.completer.close();
            return Outcome::yes();
        }
        let outcome = self.written_line(shared);
        self.complete(shared, key).into_iter().fold(outcome, Outcome::with)
    }

    /// What the editor changed, unless the value had line breaks, which one line cannot hold.
    fn written_line(&mut self, shared: &Shared) -> Outcome {
        let draft = shared.drafts.current();
        let is_line = kind_of(shared, draft.at) == Some(FieldKind::Line);
        if is_line && access::text(&draft.spec, draft.at).contains(['\n', '\r']) {
            self.editor = None;
            let keyed = |text| shared.keymap.keyed(&[Context::Global, Context::Input], text);
            let why = keyed(
                "the value has line breaks, which one line cannot hold: [external-editor] edits it",
            );
            return Outcome::warn(why);
        }
        self.written()
    }

    /// What the editor changed, to be written into the spec.
    fn written(&self) -> Outcome {
        let change = |(at, editor): &(FormFieldId, Editor)| {
            Some(Intent::EditField(*at, editor.changed()?.clone()))
        };
        self.editor.as_ref().and_then(change).into()
    }

    /// Leaves the focused field; a text that was refused is dropped with a remark.
    fn leave_field(&mut self) -> Outcome {
        self.blur().map(|why| Intent::Warn(format!("not taken: {why}"))).into()
    }

    /// Up and Down: within a text of many lines to its edge, else from row to row.
    fn vertical(&mut self, shared: &Shared, down: bool) -> Outcome {
        let at = shared.drafts.current().at;
        let editor = self.open_editor(shared);
        if let Some(editor) = editor.filter(|editor| editor.lines() == LineMode::Many)
            && editor.step_row(down)
        {
            return Outcome::yes();
        }
        let form = form(shared);
        if !down && begins_details(&form, at) {
            // Up from what belongs to an answer is its row, not the last one of the table.
            return go(Some(shared.drafts.current().chosen.last_cell()), Caret::Keep);
        }
        go(in_next_row(&form, at, down), Caret::Keep)
    }

    fn page(&mut self, shared: &Shared, down: bool) -> Outcome {
        if let Some((_, editor)) = &mut self.editor
            && editor.lines() == LineMode::Many
        {
            editor.key(Key::new(if down { KeyCode::PageDown } else { KeyCode::PageUp }));
            return Outcome::yes();
        }
        let form = form(shared);
        let rows = usize::from(pane_inner(shared.areas().request).height.max(2) / 2);
        let steps = std::iter::successors(Some(shared.drafts.current().at), |at| {
            in_next_row(&form, *at, down)
        });
        go(steps.skip(1).take(rows).last(), Caret::Keep)
    }

    /// Enter: a new line in an area, the next cell in a row, the next row after the last cell.
    fn enter_pressed(&mut self, shared: &Shared) -> Outcome {
        let at = shared.drafts.current().at;
        match kind_of(shared, at) {
            Some(FieldKind::Area) => self.edit_key(shared, Key::new(KeyCode::Enter)),
            Some(FieldKind::Button) => add_row(shared),
            Some(FieldKind::Choice) if is_last_cell(shared, at) => {
                go(details(&form(shared)), Caret::Keep)
            }
            Some(FieldKind::Choice)
                if access::words(&shared.drafts.current().spec, at).len() > 2 =>
            {
                Intent::Rows(RowChange::Pick(at)).into()
            }
            Some(FieldKind::Choice | FieldKind::Check) if !is_source(at) => cycle(at, true),
            Some(FieldKind::Tabs) => go(in_next_row(&form(shared), at, true), Caret::Keep),
            _ => {
                let next = next_cell(&form(shared), at);
                go(next, next.map_or(Caret::Keep, |next| caret_of(shared, next)))
            }
        }
    }

    /// Opens the external editor on the focused text, or on the body from anywhere else.
    fn edit_external(&mut self, shared: &Shared) -> Outcome {
        let draft = shared.drafts.current();
        let has_body =
            tabs(&draft.spec).iter().any(|tab| [FormTab::Body, FormTab::Answers].contains(tab));
        let target = match access::body_text(&draft.spec) {
            _ if is_text(shared, draft.at) && draft.at != FormFieldId::Address => draft.at,
            Some(body) => body,
            None if has_body => {
                let text = "this body is not text; choose body json, text, hex or escaped first";
                return Outcome::say(text);
            }
            None => FormFieldId::Address,
        };
        let is_json =
            matches!(target, FormFieldId::Field(id) if id.to_string().ends_with("body.json"));
        let extension = if is_json { "json" } else { "txt" };
        let text = access::get(&draft.spec, target);
        let target = EditTarget::Field(target);
        self.leave_field().with(Intent::EditExternal { text, extension, target })
    }
}

/// A letter where no text is: it goes to what text begins at there, and is never a command.
fn typed(shared: &Shared, kind: Option<FieldKind>, key: Key) -> Outcome {
    let draft = shared.drafts.current();
    if let Some(field) = begins_text(&form(shared), draft.at, draft.tab) {
        return Intent::TypeInto(field, key).into();
    }
    Outcome::say(match kind {
        Some(FieldKind::Tabs) => "no text here: [right] is the next tab, [down] goes into it",
        _ => "no text here: [toggle] changes it",
    })
}

/// Lays the JSON of the text under the cursor out, else that of the body.
fn lay_out(shared: &Shared) -> Outcome {
    let draft = shared.drafts.current();
    let text = if is_area(shared) { Some(draft.at) } else { access::body_text(&draft.spec) };
    match text {
        Some(text) => Intent::LayOut(text).into(),
        None => Outcome::say("there is no JSON, XML or HTML to lay out here"),
    }
}

fn move_row(is_down: bool) -> Outcome {
    Intent::Rows(RowChange::Move { is_down }).into()
}

/// Whether a text of many lines is written.
fn is_area(shared: &Shared) -> bool {
    let draft = shared.drafts.current();
    access::is_area(&draft.spec, draft.at)
}

/// Whether a field is the end of a row of a table, below which what belongs to it stands.
fn is_last_cell(shared: &Shared, at: FormFieldId) -> bool {
    let draft = shared.drafts.current();
    draft.tab == FormTab::Answers && draft.chosen.last_cell() == at
}

fn cycle(field: FormFieldId, forward: bool) -> Outcome {
    Intent::CycleField { field, forward }.into()
}

/// Moves the cursor, if there is somewhere to go.
fn go(field: Option<FormFieldId>, caret: Caret) -> Outcome {
    field.map(|field| Intent::GoToField(field, caret)).into()
}

fn sideways(shared: &Shared, right: bool) -> Outcome {
    let caret = if right { Caret::Start } else { Caret::Keep };
    go(beside(&form(shared), shared.drafts.current().at, right), caret)
}

/// The next cell of the row, else whatever is behind the form.
fn sideways_or_on(shared: &Shared, right: bool) -> Outcome {
    let next = beside(&form(shared), shared.drafts.current().at, right);
    next.map_or_else(Outcome::no, |next| Intent::GoToField(next, caret_of(shared, next)).into())
}

/// Where the cursor is in a cell that Tab or Enter goes to: all of its text is selected, as in tables
/// elsewhere. An address is gone on with: what is typed by mistake does not replace it.
fn caret_of(shared: &Shared, at: FormFieldId) -> Caret {
    let is_line = matches!(kind_of(shared, at), Some(FieldKind::Line | FieldKind::Secret));
    if is_line && at != FormFieldId::Address { Caret::All } else { Caret::End }
}

/// Whether the form has more than one page.
pub(crate) fn has_several_tabs(shared: &Shared) -> bool {
    tabs(&shared.drafts.current().spec).len() > 1
}

fn switch_tab(shared: &Shared, forward: bool) -> Outcome {
    let draft = shared.drafts.current();
    Intent::ShowTab(next_tab(&tabs(&draft.spec), draft.tab, forward)).into()
}

/// Switches the row of a list or an automatic header on or off.
fn toggle_row(shared: &Shared) -> Outcome {
    let draft = shared.drafts.current();
    let cell = access::cell(&draft.spec, draft.at);
    match (draft.at, access::switch(&draft.spec, draft.at)) {
        (_, Some(switch)) => cycle(switch, true),
        (_, None) if let Some((list, at)) = cell => {
            cycle(FormFieldId::Field(list.row(at).then("off")), true)
        }
        (field @ FormFieldId::Automatic(_), None) => cycle(field, true),
        _ => Outcome::yes(),
    }
}

/// In a list the cursor goes to the row behind its last one; elsewhere a rule or step is added.
fn add_row(shared: &Shared) -> Outcome {
    let draft = shared.drafts.current();
    if let Some((list, _)) = access::cell(&draft.spec, draft.at) {
        let list = if list == url_rows::list() { url_rows::added() } else { list };
        let end = list.row(access::len(&draft.spec, list));
        return go(Some(FormFieldId::Field(end.then("name"))), Caret::Keep);
    }
    Intent::AddRow.into()
}

fn copy(shared: &Shared) -> Outcome {
    let draft = shared.drafts.current();
    let text = access::get(&draft.spec, draft.at);
    let what = match &draft.at {
        FormFieldId::Field(field) => field.to_string(),
        _ => "address".to_owned(),
    };
    copying::put(what, text).into()
}
