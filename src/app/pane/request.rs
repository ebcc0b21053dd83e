//! The request pane: the form of the draft on screen.
//!
//! The cursor is a [`FormFieldId`] kept in the draft. A focused text field borrows an [`Editor`] whose
//! text is written into the spec at every change, so what is sent is always what is seen.

mod address;
mod moves;
mod place;

pub use crate::app::layout::inner;
pub use address::{adopt_address, cookies_read};
pub use place::{Placed, label_width, place, tab_strip};

use ratatui::layout::Rect;

use address::paste_curl;
use moves::{FormStep, find, page, sideways, step_row, vertical};
use place::tab_at;

use crate::app::action::Action;
use crate::app::drafts::FieldIssue;
use crate::app::editor::{Editor, LineMode, PASTE_LIMIT};
use crate::app::effect::Effect;
use crate::app::flow::input;
use crate::app::form::rows::rows;
use crate::app::form::{
    BodySlot, FieldKind, FormFieldId, FormLine, FormTab, RowPart, access, tabs,
};
use crate::app::keymap::Context;
use crate::app::message::{External, Mouse};
use crate::app::outcome::Handled;
use crate::app::state::App;
use crate::model::http::HttpBody;
use crate::model::key::{Key, KeyCode};
use crate::model::spec::Spec;

/// State of the pane beyond the draft itself.
#[derive(Debug, Default)]
pub struct RequestPane {
    /// Editor of the focused text field.
    pub editor: Option<(FormFieldId, Editor)>,
    /// Text of the focused field that is no value of it, and why.
    pub refused: Option<(FormFieldId, String)>,
    /// First form row shown below the tab strip.
    pub scroll: usize,
    /// A curl command that waits for its files of cookies.
    pasted: Option<String>,
    /// What the external editor was opened for.
    editing: Option<EditTarget>,
}

/// Where edited text goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditTarget {
    Field(FormFieldId),
    /// The input line of the conversation.
    InputLine,
    /// Nowhere: it was opened to be read.
    Nowhere,
}

/// Contexts of the pane.
pub fn contexts(app: &App) -> Vec<Context> {
    let mut contexts = Vec::new();
    if app.shared.drafts.current().at == FormFieldId::Address {
        contexts.push(Context::Address);
    }
    contexts.push(Context::Form);
    if !is_text(app, app.shared.drafts.current().at) {
        contexts.push(Context::Plain);
    }
    contexts.push(Context::Global);
    contexts
}

/// The rows of the form on screen.
pub fn form(app: &App) -> Vec<FormLine> {
    let draft = app.shared.drafts.current();
    rows(&draft.spec, draft.tab)
}

fn kind_of(app: &App, id: FormFieldId) -> Option<FieldKind> {
    form(app).iter().flat_map(|row| &row.fields).find(|field| field.id == id).map(|f| f.kind)
}

fn is_text(app: &App, id: FormFieldId) -> bool {
    matches!(kind_of(app, id), Some(FieldKind::Line | FieldKind::Area | FieldKind::Secret))
}

/// Handles an action.
pub fn act(app: &mut App, action: Action) -> Handled {
    match action {
        Action::Up => vertical(app, FormStep::Previous),
        Action::Down => vertical(app, FormStep::Next),
        Action::PageUp => page(app, FormStep::Previous),
        Action::PageDown => page(app, FormStep::Next),
        Action::NextCell => enter(app),
        Action::NextTab => switch_tab(app, 1),
        Action::PreviousTab => switch_tab(app, tabs(&app.shared.drafts.current().spec).len() - 1),
        Action::DeleteRow => delete_row(app),
        Action::ToggleRow => toggle_row(app),
        Action::AddRow => add_row(app),
        Action::EditExternal => edit_external(app),
        Action::Copy => copy(app),
        _ => return Handled::No,
    }
    Handled::Yes
}

/// Takes a key that no action took.
pub fn key(app: &mut App, key: Key) {
    let at = app.shared.drafts.current().at;
    if input::is_escape(key) {
        blur(app);
        return;
    }
    match kind_of(app, at) {
        Some(FieldKind::Choice | FieldKind::Check | FieldKind::Tabs) => choose(app, at, key),
        Some(FieldKind::Button) if key.code == KeyCode::Char(' ') => enter(app),
        Some(FieldKind::Line | FieldKind::Secret) => line_key(app, at, key),
        Some(FieldKind::Area) => edit_key(app, at, key),
        _ => {}
    }
}

fn choose(app: &mut App, at: FormFieldId, key: Key) {
    let forward = match key.code {
        KeyCode::Left => false,
        KeyCode::Right | KeyCode::Char(' ') => true,
        _ => return,
    };
    if at == FormFieldId::Tabs {
        let len = tabs(&app.shared.drafts.current().spec).len();
        switch_tab(app, if forward { 1 } else { len - 1 });
        return;
    }
    // Between cells the arrows move; a choice on a line of its own they turn.
    let moves = kind_of(app, at) == Some(FieldKind::Check) || is_source(at);
    if moves && key.code != KeyCode::Char(' ') {
        sideways(app, if forward { FormStep::Next } else { FormStep::Previous });
        return;
    }
    access::cycle(&mut app.shared.drafts.current_mut().spec, at, forward);
    changed(app);
}

/// In a line, Left at the start and Right at the end go to the neighbouring cell. The method
/// field also offers the usual methods with Ctrl+Space and, being short, with Up from the address.
fn line_key(app: &mut App, at: FormFieldId, key: Key) {
    open_editor(app);
    let (start, end) = match &app.request.editor {
        Some((_, editor)) => (editor.at_start(), editor.at_end()),
        None => (true, true),
    };
    let plain = !key.ctrl && !key.alt && !key.shift;
    match key.code {
        KeyCode::Left if start && plain => sideways(app, FormStep::Previous),
        KeyCode::Right if end && plain => sideways(app, FormStep::Next),
        KeyCode::Char(' ') if at == FormFieldId::Method => {
            app.request.editor = None;
            access::cycle(&mut app.shared.drafts.current_mut().spec, at, !key.ctrl);
            changed(app);
        }
        _ => edit_key(app, at, key),
    }
}

fn edit_key(app: &mut App, at: FormFieldId, key: Key) {
    open_editor(app);
    let Some((_, editor)) = &mut app.request.editor else { return };
    if editor.key(key) {
        write_back(app, at);
    }
}

/// The editor's text into the spec.
fn write_back(app: &mut App, at: FormFieldId) {
    let Some((_, editor)) = &app.request.editor else { return };
    let text = editor.text();
    match access::set(&mut app.shared.drafts.current_mut().spec, at, &text) {
        Ok(()) => app.request.refused = None,
        Err(why) => app.request.refused = Some((at, why)),
    }
    changed(app);
}

fn changed(app: &mut App) {
    app.shared.drafts.current_mut().issues.clear();
    app.touched();
    settle(app);
}

/// Takes pasted text. A curl command in the address line fills the whole form.
pub fn paste(app: &mut App, text: &str) {
    let at = app.shared.drafts.current().at;
    if at == FormFieldId::Address && crate::interop::curl::is_command(text) {
        paste_curl(app, text);
        return;
    }
    if !is_text(app, at) {
        app.say("paste goes into a text field; move to one first");
        return;
    }
    open_editor(app);
    let cut = floor(text, PASTE_LIMIT);
    let Some((_, editor)) = &mut app.request.editor else { return };
    let rewritten = editor.insert(cut);
    write_back(app, at);
    if cut.len() < text.len() {
        app.warn(format!("the paste was cut after {PASTE_LIMIT} bytes; use a file body instead"));
    } else if rewritten > 0 {
        app.say(format!("{rewritten} control characters were pasted as \\xNN"));
    }
}

fn floor(text: &str, limit: usize) -> &str {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Opens an editor for the focused field unless it is open.
fn open_editor(app: &mut App) {
    let at = app.shared.drafts.current().at;
    if app.request.editor.as_ref().is_some_and(|(id, _)| *id == at) {
        return;
    }
    let text = access::get(&app.shared.drafts.current().spec, at);
    app.request.editor = match kind_of(app, at) {
        Some(FieldKind::Area) => Some((at, Editor::new(&text, LineMode::Many))),
        Some(FieldKind::Line) => Some((at, Editor::new(&text, LineMode::One))),
        Some(FieldKind::Secret) => Some((at, Editor::new(&text, LineMode::One).masked())),
        _ => None,
    };
}

/// Leaves the focused field; a text that was refused is dropped with a remark.
pub fn blur(app: &mut App) {
    app.request.editor = None;
    if let Some((_, why)) = app.request.refused.take() {
        app.warn(format!("not taken: {why}"));
    }
}

/// Puts the cursor into the address line.
pub fn focus_address(app: &mut App) {
    go(app, FormFieldId::Address);
    // As in a browser: typing replaces the address, an arrow key goes on editing it.
    if let Some((_, editor)) = &mut app.request.editor {
        editor.select_all();
    }
}

/// The cursor leaves its field: an address may name another protocol.
pub fn leave_address(app: &mut App) {
    if app.shared.drafts.current().at == FormFieldId::Address {
        adopt_address(app);
    }
}

/// Moves the cursor to a field.
pub fn go(app: &mut App, id: FormFieldId) {
    if app.shared.drafts.current().at != id {
        blur(app);
        leave_address(app);
        app.shared.drafts.current_mut().at = id;
    }
    settle(app);
    open_editor(app);
}

/// Moves to the field of an issue, on its tab.
pub fn go_to_issue(app: &mut App, issue: &FieldIssue) {
    if let Some(tab) = issue.tab {
        app.shared.drafts.current_mut().tab = tab;
    }
    app.request.scroll = 0;
    go(app, issue.field);
}

/// Another draft or spec is on screen.
pub fn draft_changed(app: &mut App) {
    app.request.editor = None;
    app.request.refused = None;
    app.request.scroll = 0;
    settle(app);
}

/// Keeps the cursor on a field that exists and in view.
fn settle(app: &mut App) {
    let form = form(app);
    let at = app.shared.drafts.current().at;
    let Some(row) = form.iter().position(|row| row.fields.iter().any(|field| field.id == at))
    else {
        app.shared.drafts.current_mut().at = FormFieldId::Tabs;
        app.request.editor = None;
        return;
    };
    let inner = inner(app.areas().request);
    if row < 2 {
        return;
    }
    if row < 2 + app.request.scroll {
        app.request.scroll = row - 2;
    }
    while app.request.scroll + 2 < row && !is_visible(app, inner, at) {
        app.request.scroll += 1;
    }
}

fn is_visible(app: &App, inner: Rect, id: FormFieldId) -> bool {
    place(app, inner).iter().any(|placed| placed.field.id == id && !placed.area.is_empty())
}

/// Enter: a new line in an area, the next cell in a row, the next row after the last cell.
fn enter(app: &mut App) {
    let at = app.shared.drafts.current().at;
    match kind_of(app, at) {
        Some(FieldKind::Area) => edit_key(app, at, Key::new(KeyCode::Enter)),
        Some(FieldKind::Button) => add_row(app),
        Some(FieldKind::Choice | FieldKind::Check) if !is_source(at) => {
            access::cycle(&mut app.shared.drafts.current_mut().spec, at, true);
            changed(app);
        }
        Some(FieldKind::Tabs) => step_row(app, FormStep::Next),
        _ => next_cell(app),
    }
}

/// Whether a field says what the value of a form part is.
fn is_source(id: FormFieldId) -> bool {
    matches!(id, FormFieldId::Cell(_, _, RowPart::Source))
}

fn next_cell(app: &mut App) {
    let form = form(app);
    let Some((row, column)) = find(&form, app.shared.drafts.current().at) else { return };
    // Text or file is seldom changed; Left from the value leads there.
    let mut rest = form[row].fields.iter().skip(column + 1);
    if let Some(field) = rest.find(|field| !is_source(field.id)) {
        go(app, field.id);
        return;
    }
    let below = form.get(row + 1).map(|next| &next.fields);
    let first = below.and_then(|fields| {
        fields.iter().find(|field| field.kind != FieldKind::Check || fields.len() == 1)
    });
    if let Some(field) = first {
        go(app, field.id);
    }
}

fn switch_tab(app: &mut App, step: usize) {
    blur(app);
    let draft = app.shared.drafts.current_mut();
    let all = tabs(&draft.spec);
    let at = all.iter().position(|tab| *tab == draft.tab).unwrap_or(0);
    show_tab(app, all[(at + step) % all.len()]);
}

/// Shows a tab; the cursor goes to the tab strip unless it is above.
pub fn show_tab(app: &mut App, tab: FormTab) {
    blur(app);
    let draft = app.shared.drafts.current_mut();
    draft.tab = tab;
    if !matches!(draft.at, FormFieldId::Address | FormFieldId::Method) {
        draft.at = FormFieldId::Tabs;
    }
    app.request.scroll = 0;
}

fn delete_row(app: &mut App) {
    let at = app.shared.drafts.current().at;
    app.request.editor = None;
    app.request.refused = None;
    if access::remove(&mut app.shared.drafts.current_mut().spec, at) {
        changed(app);
        open_editor(app);
    } else {
        app.say("this row cannot be deleted");
    }
}

fn toggle_row(app: &mut App) {
    let id = match app.shared.drafts.current().at {
        FormFieldId::Cell(list, at, _) => FormFieldId::Cell(list, at, RowPart::On),
        id @ FormFieldId::Automatic(_) => id,
        _ => return,
    };
    access::cycle(&mut app.shared.drafts.current_mut().spec, id, true);
    changed(app);
}

fn add_row(app: &mut App) {
    let draft = app.shared.drafts.current_mut();
    if let FormFieldId::Cell(list, ..) = draft.at {
        let end = access::len(&draft.spec, list);
        go(app, FormFieldId::Cell(list, end, RowPart::Name));
        return;
    }
    access::add(&mut draft.spec);
    let target = match &draft.spec {
        Spec::HttpListener(http) => FormFieldId::RulePath(http.rules.len().saturating_sub(1)),
        spec @ (Spec::TcpListener(_) | Spec::UdpListener(_)) => {
            FormFieldId::When(access::rules(spec).map_or(0, |rules| rules.len().saturating_sub(1)))
        }
        spec => FormFieldId::StepText(
            access::steps(spec).map_or(0, |steps| steps.len().saturating_sub(1)),
        ),
    };
    changed(app);
    go(app, target);
}

fn copy(app: &mut App) {
    let draft = app.shared.drafts.current();
    let text = access::get(&draft.spec, draft.at);
    app.say(format!("{} bytes copied", text.len()));
    app.effects.push(Effect::Copy(text));
}

/// Opens the external editor on the focused text, or on the body from anywhere else.
fn edit_external(app: &mut App) {
    let at = app.shared.drafts.current().at;
    let spec = &app.shared.drafts.current().spec;
    let target = match spec {
        _ if is_text(app, at) && at != FormFieldId::Address => at,
        Spec::Http(_) => FormFieldId::Body(BodySlot::Request),
        Spec::HttpListener(_) => FormFieldId::Body(BodySlot::Default),
        _ => FormFieldId::Address,
    };
    let extension = match target {
        FormFieldId::Body(slot) => match access::body(spec, slot) {
            Some(HttpBody::Json(_)) => "json",
            Some(HttpBody::Text(_) | HttpBody::Payload(_)) => "txt",
            _ => {
                app.say("this body is not text; choose body json, text, hex or escaped first");
                return;
            }
        },
        _ => "txt",
    };
    let text = access::get(spec, target);
    blur(app);
    app.request.editing = Some(EditTarget::Field(target));
    app.effects.push(Effect::Edit { text, extension });
}

/// Remembers where the text of an external editor goes.
pub fn editing(app: &mut App, target: EditTarget) {
    app.request.editing = Some(target);
}

/// The external editor came back.
pub fn edited(app: &mut App, result: External) {
    let target = app.request.editing.take();
    match result {
        External::Failed(failure) => app.warn(failure.to_string()),
        External::Edited { text: None } => app.say("not changed"),
        External::Edited { text: Some(text) } => match target {
            Some(EditTarget::Field(id)) => {
                if let Err(why) = access::set(&mut app.shared.drafts.current_mut().spec, id, &text)
                {
                    app.warn(why);
                }
                changed(app);
                open_editor(app);
            }
            Some(EditTarget::InputLine) => crate::app::flow::response::set_input(app, &text),
            Some(EditTarget::Nowhere) | None => {}
        },
    }
}

/// A click: the cursor goes to the field under the mouse.
pub fn click(app: &mut App, area: Rect, mouse: Mouse) {
    let inner = inner(area);
    let hit = place(app, inner)
        .into_iter()
        .find(|placed| placed.area.contains((mouse.column, mouse.row).into()));
    let Some(Placed { field, area }) = hit else { return };
    if field.kind == FieldKind::Tabs {
        if let Some(tab) = tab_at(app, mouse.column.saturating_sub(area.x)) {
            show_tab(app, tab);
        }
        return;
    }
    let again = app.shared.drafts.current().at == field.id;
    go(app, field.id);
    match field.kind {
        FieldKind::Check | FieldKind::Choice if again || field.kind == FieldKind::Check => {
            access::cycle(&mut app.shared.drafts.current_mut().spec, field.id, true);
            changed(app);
        }
        FieldKind::Button => add_row(app),
        FieldKind::Line | FieldKind::Area => {
            let label = label_width(&field);
            if let Some((_, editor)) = &mut app.request.editor {
                let column = mouse.column.saturating_sub(area.x + label);
                editor.place(usize::from(mouse.row - area.y), usize::from(column));
            }
        }
        _ => {}
    }
}

/// The wheel over the pane.
pub fn wheel(app: &mut App, action: Action) -> Handled {
    let down = action == Action::Down;
    let at = app.shared.drafts.current().at;
    if let Some((id, editor)) = &mut app.request.editor
        && *id == at
        && editor.lines() == LineMode::Many
    {
        editor.scroll(if down { 1 } else { -1 });
    } else if down {
        let last = form(app).len().saturating_sub(3);
        app.request.scroll = (app.request.scroll + 1).min(last);
    } else {
        app.request.scroll = app.request.scroll.saturating_sub(1);
    }
    Handled::Yes
}
