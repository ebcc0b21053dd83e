//! What is done to drafts: which one is on screen, what is in it, and where its cursor is.
//!
//! The request pane asks for edits; here the spec is changed, and the pane is told what became of
//! its text and of the form.

use super::{kept, response};
use crate::app::action::Action;
use crate::app::drafts::{Draft, DraftId, FieldIssue};
use crate::app::editor::{Caret, TextChange};
use crate::app::form::row_steps::{self, RowPlace, StepName, StepPlace};
use crate::app::form::rows::ChosenAnswer;
use crate::app::form::{FormFieldId, FormTab, access};
use crate::app::inherited;
use crate::app::intent::{EditTarget, Intent};
use crate::app::message::Timer;
use crate::app::outcome::PaneInput;
use crate::app::pane::request::RequestPane;
use crate::app::state::App;
use crate::compose::adopt::adopt;
use crate::model::failure::Failure;
use crate::model::field_access;
use crate::model::key::Key;
use crate::model::preset::PresetPath;
use crate::model::spec::Spec;

/// Another draft is on screen, or another spec in it: the panes follow.
pub(crate) fn draft_changed(app: &mut App) {
    form_changed(app);
    app.shared.looked_at = None;
    response::session_changed(app);
    kept::settle(app);
    app.touched();
}

/// The form shows something else than before, from its top.
pub(crate) fn form_changed(app: &mut App) {
    app.request = RequestPane::default();
    settle(app);
}

/// Puts another draft on screen.
pub(crate) fn show_draft(app: &mut App, id: DraftId) {
    blur(app);
    app.shared.drafts.select(id);
    draft_changed(app);
}

/// Puts a preset on screen; tells whether it could be read.
pub(crate) fn open_preset(app: &mut App, path: &PresetPath) -> bool {
    let Some(stored) = app.shared.stored(path).cloned() else { return false };
    if let Err(failure) = &stored.content {
        app.warn(failure.to_string());
        return false;
    }
    blur(app);
    app.shared.drafts.open_preset(&stored);
    draft_changed(app);
    tell_undone(app);
    true
}

/// Says what the file of the preset on screen asks for and is not done.
pub(crate) fn tell_undone(app: &mut App) {
    if let Some(told) = undone(app) {
        app.warn(told);
    }
}

fn undone(app: &App) -> Option<String> {
    let draft = app.shared.drafts.current();
    let preset = app.shared.stored(draft.preset.as_ref()?)?.content.as_ref().ok()?;
    let sections: Vec<String> = preset.unused.iter().map(|name| format!("[{name}]")).collect();
    let does = if draft.spec.side().listens() { "listens" } else { "is sent" };
    let (path, sections) = (&preset.path, sections.join(" and "));
    let told =
        format!("{path}: {sections} in its file cannot be carried out yet; it {does} without");
    (!preset.unused.is_empty()).then_some(told)
}

/// Shows a spec in a draft of its own, or the unsaved draft that is equal to it.
pub(crate) fn open_spec(app: &mut App, spec: Spec) {
    let is_open = |draft: &&Draft| draft.preset.is_none() && draft.spec == spec;
    let open = app.shared.drafts.iter().find(is_open).map(|draft| draft.id);
    match open {
        Some(id) => show_draft(app, id),
        None => open_draft(app, spec),
    }
}

/// Shows what the program was started with. An equal draft of the user's own stays what it is.
pub(crate) fn open_named(app: &mut App, spec: Spec) {
    let drafts = app.shared.drafts.iter();
    let is_known = |draft: &Draft| draft.preset.is_none() && draft.spec == spec;
    let is_work = drafts.filter(|draft| is_known(draft)).any(Draft::is_modified);
    open_spec(app, spec);
    if !is_work {
        app.shared.drafts.current_mut().was_named();
        draft_changed(app);
    }
}

/// Says which draft was put on screen, and that the key of this action sends it.
pub(crate) fn say_opened(app: &mut App, action: Action) {
    let draft = app.shared.drafts.current();
    let does = if draft.spec.side().listens() { "starts" } else { "sends" };
    let title = draft.title();
    let key = app.keyed(&format!("[{}] {does} it", action.row().name));
    match undone(app) {
        Some(told) => app.warn(format!("{title} is open: {key}; {told}")),
        None => app.say(format!("{title} is open: {key}")),
    }
}

/// Composes a spec in a new draft.
pub(crate) fn open_draft(app: &mut App, spec: Spec) {
    blur(app);
    app.shared.drafts.open(spec);
    draft_changed(app);
}

/// An address that names another protocol turns the draft into one of that kind. Whatever else was
/// composed stays in a draft of its own.
pub(crate) fn adopt_address(app: &mut App) {
    let typed = app.request.editor.as_ref().filter(|(at, _)| *at == FormFieldId::Address);
    let behind = typed.map(|(_, editor)| editor.around(usize::MAX).1.len());
    let draft = app.shared.drafts.current_mut();
    let Some(adopted) = adopt(&draft.spec) else { return };
    let brings_tls = adopted.spec.has_tls() && !draft.spec.has_tls();
    if adopted.is_whole {
        draft.adopt(adopted.spec);
    } else {
        let saved = draft.saved.as_ref().map_or("", |saved| saved.address()).to_owned();
        *draft.spec.address_mut() = saved;
        app.shared.drafts.open(adopted.spec);
    }
    if brings_tls {
        app.shared.drafts.current_mut().tls_comes_along();
    }
    draft_changed(app);
    if let Some(behind) = behind {
        // What was typed is typed on, in front of the same end.
        app.request.enter(&app.shared, Caret::End);
        let length = app.shared.drafts.current().spec.address().len();
        if let Some((_, editor)) = app.request.editor.as_mut() {
            editor.go_to_byte(length.saturating_sub(behind));
        }
    }
}

/// The same right after a paste; the cursor stays in the address line.
pub(crate) fn adopt_pasted(app: &mut App) {
    adopt_address(app);
    app.request.enter(&app.shared, Caret::End);
}

/// The cursor leaves its field: an address may name another protocol.
pub(crate) fn leave_address(app: &mut App) {
    if app.shared.drafts.current().at == FormFieldId::Address {
        adopt_address(app);
    }
}

/// Leaves the focused field; a text that was refused is dropped with a remark.
pub(crate) fn blur(app: &mut App) {
    if let Some(why) = app.request.blur() {
        app.warn(format!("not taken: {why}"));
    }
}

/// Moves the cursor to a field. What a cell began with is selected, so that what is typed replaces it.
pub(crate) fn go(app: &mut App, id: FormFieldId, caret: Caret) {
    let mut caret = caret;
    if app.shared.drafts.current().at != id {
        blur(app);
        leave_address(app);
        app.shared.drafts.current_mut().at = id;
        if !matches!(caret, Caret::At { .. }) && app.shared.is_to_be_replaced(id) {
            caret = Caret::All;
        }
    }
    settle(app);
    app.request.enter(&app.shared, caret);
    look_at_text(app);
}

/// The text that is written is looked at to its end, a step now and then.
fn look_at_text(app: &mut App) {
    if !app.request.is_checking && app.request.check_on() {
        app.request.is_checking = true;
        app.intents.push_back(Intent::soon(Timer::TextCheck));
    }
}

/// The next step.
pub(crate) fn check_on(app: &mut App) {
    app.request.is_checking = false;
    look_at_text(app);
}

/// Moves to the field of an issue, on its tab.
pub(crate) fn go_to_issue(app: &mut App, issue: &FieldIssue) {
    if let Some(tab) = issue.tab {
        app.shared.drafts.current_mut().tab = tab;
    }
    app.request.scroll = 0;
    go(app, issue.field, Caret::Keep);
    // In a long text the name would not be in sight.
    if let Some((unknown, (_, editor))) = issue.unknown.as_ref().zip(app.request.editor.as_mut())
        && let Some(at) = editor.text().find(&unknown.source)
    {
        editor.go_to_byte(at + 2);
    }
}

/// Shows a tab; the cursor goes to the tab strip unless it is above.
pub(crate) fn show_tab(app: &mut App, tab: FormTab) {
    blur(app);
    let draft = app.shared.drafts.current_mut();
    draft.tab = tab;
    if ![FormFieldId::Address, FormFieldId::key("method")].contains(&draft.at) {
        draft.at = FormFieldId::Tabs;
    }
    app.request.scroll = 0;
}

/// Shows a text of many lines, on its tab, and lays its JSON out.
pub(crate) fn lay_out(app: &mut App, field: FormFieldId) {
    let draft = app.shared.drafts.current_mut();
    if let FormFieldId::Field(id) = field
        && let Some(tab) = field_access::tab(draft.spec.options(), &id)
    {
        draft.tab = tab;
    }
    go(app, field, Caret::Keep);
    let outcome = app.request.lay_out_text(&app.shared);
    app.take(outcome);
}

/// Takes over what the editor of a field changed, as far as its text is a value of the field. A
/// text that is the value itself is changed where it lies.
pub(crate) fn edit_field(app: &mut App, id: FormFieldId, change: &TextChange) {
    let Some((_, editor)) = app.request.editor.as_ref().filter(|(at, _)| *at == id) else { return };
    let text = editor.text();
    if let Some(taken) = inherited::edit(&mut app.shared, id, &text) {
        app.request.refused = taken.err().map(|why| (id, why));
        return spec_changed(app);
    }
    let draft = app.shared.drafts.current_mut();
    let is_first = text.chars().nth(1).is_none();
    if id == FormFieldId::Address && is_first && draft.spec.address().len() > text.len() {
        draft.address_begins_anew();
    }
    if is_of_tls(id) {
        draft.tls_is_chosen();
    }
    let taken = draft.steps.edit(&mut draft.spec, id, change, &text);
    app.request.refused = taken.err().map(|why| (id, why));
    spec_changed(app);
    look_at_text(app);
}

/// Next (or previous) value of a choice or check.
pub(crate) fn cycle_field(app: &mut App, id: FormFieldId, forward: bool) {
    let draft = app.shared.drafts.current_mut();
    if is_of_tls(id) {
        draft.tls_is_chosen();
    }
    if is_switch(id) {
        let check = draft.steps.switch(&mut draft.spec, id);
        let here = draft.at;
        spec_changed(app);
        follow_row(app, here, id, check);
    } else {
        draft.steps.choose(&mut draft.spec, id, |spec| access::cycle(spec, id, forward));
        spec_changed(app);
    }
}

/// Whether a field switches a row, or a header that is sent by itself.
fn is_switch(id: FormFieldId) -> bool {
    match id {
        FormFieldId::Field(field) => field.last_key() == "off" && field.in_list().is_some(),
        FormFieldId::Automatic(_) => true,
        _ => false,
    }
}

/// The row the cursor was in is in another list now: the cursor goes along.
fn follow_row(app: &mut App, here: FormFieldId, from: FormFieldId, to: FormFieldId) {
    let is_in_it = here.in_list() == from.in_list();
    if let (FormFieldId::Field(here), FormFieldId::Field(to)) = (here, to)
        && is_in_it
        && from != FormFieldId::Field(to)
        && let Some((list, at)) = to.in_list()
    {
        app.request.blur();
        go(app, FormFieldId::Field(list.row(at).then(here.last_key())), Caret::Keep);
    }
}

fn is_of_tls(id: FormFieldId) -> bool {
    matches!(id, FormFieldId::Field(id) if id.split_first().is_some_and(|(key, ..)| key == "tls"))
}

/// Adds a rule or step and moves the cursor to it.
pub(crate) fn add_row(app: &mut App) {
    let draft = app.shared.drafts.current_mut();
    let Some(added) = draft.steps.add(&mut draft.spec, draft.at) else {
        return app.say("there is no list here to add a row to");
    };
    spec_changed(app);
    go(app, added, Caret::Keep);
}

/// Deletes the row, rule or step the cursor is in.
pub(crate) fn delete_row(app: &mut App) {
    let at = app.shared.drafts.current().at;
    if let Some(file) = app.shared.giver(at).filter(|_| at.in_list().is_some()) {
        let why = format!("the row is from {file}: [toggle-row] switches it off in this preset");
        return app.say(app.keyed(&why));
    }
    if inherited::give_row_back(&mut app.shared, at) {
        spec_changed(app);
        app.request.enter(&app.shared, Caret::Keep);
        let file = app.shared.giver(at).unwrap_or_default();
        return app.done(
            app.keyed(&format!("the row is that of {file} again; [undo] brings yours back")),
        );
    }
    let draft = app.shared.drafts.current_mut();
    if draft.steps.delete(&mut draft.spec, draft.at) {
        spec_changed(app);
        app.request.enter(&app.shared, Caret::Keep);
        app.done(app.keyed("row deleted; [undo] brings it back"));
    } else {
        app.say("this row cannot be deleted");
    }
}

/// Puts a copy of the row, rule or step of the cursor behind it, with the cursor in it.
pub(crate) fn duplicate_row(app: &mut App) {
    let draft = app.shared.drafts.current_mut();
    let Some(copy) = draft.steps.duplicate(&mut draft.spec, draft.at) else {
        return app.say("this is no row of a list");
    };
    app.request.blur();
    spec_changed(app);
    go(app, copy, Caret::Keep);
    app.done("a copy stands behind it");
}

/// Takes the last step in the form back, or makes it again, with the cursor where it was. A text that
/// was not taken is the last one.
pub(crate) fn turn_row(app: &mut App, is_back: bool) {
    if is_back && app.request.refused.take().is_some() {
        return show_text(app);
    }
    let draft = app.shared.drafts.current_mut();
    let turned = if is_back {
        draft.steps.take_back(&mut draft.spec)
    } else {
        draft.steps.make_again(&mut draft.spec)
    };
    let Some((what, place)) = turned else {
        return app.say(if is_back {
            "nothing to undo here"
        } else {
            "nothing to make again here"
        });
    };
    app.shared.drafts.current_mut().settle_tab();
    go_to_step(app, place);
    if what == StepName::Adoption {
        response::session_changed(app);
        kept::settle(app);
    }
    app.say(match what {
        StepName::Typing => return,
        StepName::Deletion if is_back => "the row is back".to_owned(),
        what if is_back => {
            app.keyed(&format!("the {} is taken back; [redo] makes it again", what.words()))
        }
        what => app.keyed(&format!("the {} is made again; [undo] takes it back", what.words())),
    });
}

/// The cursor goes where a step was taken back or made again, and the text there follows.
fn go_to_step(app: &mut App, place: Option<StepPlace>) {
    let draft = app.shared.drafts.current_mut();
    let list = match place {
        Some(StepPlace::Row(place)) => Some(place.list),
        Some(StepPlace::Field(FormFieldId::Field(id), _)) => Some(id),
        Some(StepPlace::Field(..)) | None => None,
    };
    if let Some(tab) = list.and_then(|list| row_steps::tab_of(&draft.spec, list)) {
        draft.tab = tab;
    }
    if let Some(StepPlace::Field(field, byte)) = place {
        if draft.at != field {
            app.request.blur();
            app.shared.drafts.current_mut().at = field;
        }
        spec_changed(app);
        show_text(app);
        if let Some(((_, editor), byte)) = app.request.editor.as_mut().zip(byte) {
            editor.go_to_byte(byte);
        }
        return;
    }
    app.request.blur();
    spec_changed(app);
    let draft = app.shared.drafts.current();
    let field = place.and_then(|place| {
        let StepPlace::Row(RowPlace { list, at }) = place else { return None };
        let there = access::first_field(&draft.spec, list, at);
        there.or_else(|| access::first_field(&draft.spec, list, at.checked_sub(1)?))
    });
    if let Some(field) = field {
        go(app, field, Caret::Keep);
    }
}

/// The editor under the cursor shows the text of its field, whatever was typed into it.
fn show_text(app: &mut App) {
    let draft = app.shared.drafts.current();
    let text = access::text(&draft.spec, draft.at);
    if let Some((_, editor)) = app.request.editor.as_mut().filter(|(at, _)| *at == draft.at) {
        editor.become_text(&text);
    }
    let at = draft.at;
    go(app, at, Caret::Keep);
}

/// Types a letter where no text is: it goes into this field, or begins the row a button adds. At a
/// choice it takes the next value that begins with it, else it begins the body.
pub(crate) fn type_into(app: &mut App, id: FormFieldId, key: Key) {
    let Some(letter) = key.printable() else { return };
    let draft = app.shared.drafts.current_mut();
    let before = access::get(&draft.spec, id);
    if draft.steps.choose(&mut draft.spec, id, |spec| access::choose(spec, id, letter)) {
        spec_changed(app);
        go(app, id, Caret::Keep);
        let spec = &app.shared.drafts.current().spec;
        let now = access::get(spec, id);
        if now != before && access::words(spec, id).first() != Some(&&*before) {
            app.say(app.keyed(&format!("{before} became {now}; [undo] takes it back")));
        }
        return;
    }
    if !begin_text(app, id, letter) {
        return app.say(app.keyed("no text here: [toggle] changes it"));
    }
    let draft = app.shared.drafts.current();
    let begins = access::text(&draft.spec, draft.at);
    let is_there = *begins == *letter.encode_utf8(&mut [0; 4]);
    // A row may begin with it by itself.
    if !(is_there && matches!(id, FormFieldId::Add(_))) {
        give_text(app, PaneInput::Key(key));
    }
}

/// Pastes where no text is: what a letter would begin begins with the text.
pub(crate) fn paste_into(app: &mut App, id: FormFieldId, text: &str) {
    let Some(first) = text.trim_start().chars().next() else { return };
    if begin_text(app, id, first) {
        give_text(app, PaneInput::Paste(text));
    } else {
        app.say("paste goes into a text field; move to one first");
    }
}

/// Puts the cursor into the text that begins at a field; tells whether there is one.
fn begin_text(app: &mut App, id: FormFieldId, first: char) -> bool {
    let draft = app.shared.drafts.current_mut();
    if let FormFieldId::Add(_) = id {
        app.shared.drafts.current_mut().at = id;
        add_row(app);
        app.request.enter(&app.shared, Caret::End);
    } else if let Some(text) =
        draft.steps.choose(&mut draft.spec, id, |spec| access::begin_body(spec, id, first))
    {
        spec_changed(app);
        go(app, text, Caret::End);
    } else {
        // What is selected in a text is replaced.
        let is_there = app.shared.drafts.current().at == id;
        go(app, id, if is_there { Caret::Keep } else { Caret::End });
    }
    let at = app.shared.drafts.current().at;
    app.request.editor.as_ref().is_some_and(|(id, _)| *id == at)
}

/// Gives the request pane what is for the text under the cursor.
fn give_text(app: &mut App, input: PaneInput<'_>) {
    let outcome = app.request.update(&app.shared, input);
    app.take(outcome);
}

/// The external editor came back.
pub(crate) fn edited(app: &mut App, result: Result<Option<String>, Failure>) {
    let target = app.editing.take();
    match result {
        Err(failure) => app.warn(failure.to_string()),
        // A pager changes nothing.
        Ok(None) if target.is_none() => {}
        Ok(None) => app.say("not changed"),
        Ok(Some(text)) => match target {
            Some(EditTarget::Field(id)) => {
                let draft = app.shared.drafts.current_mut();
                if let Err(why) = draft.steps.write(&mut draft.spec, id, &text) {
                    app.warn(why);
                }
                spec_changed(app);
                app.request.enter(&app.shared, Caret::Keep);
            }
            Some(EditTarget::InputLine) => app.conversation.set_input(&app.shared, &text),
            None => {}
        },
    }
}

/// What is composed changed: complaints about it are over, and it is kept.
pub(crate) fn spec_changed(app: &mut App) {
    app.shared.drafts.current_mut().issues.clear();
    app.touched();
    settle(app);
}

/// Keeps the cursor on a field that exists and in view.
pub(crate) fn settle(app: &mut App) {
    let draft = app.shared.drafts.current_mut();
    draft.chosen = ChosenAnswer::of(&draft.spec, draft.at).unwrap_or(draft.chosen);
    if !app.request.settle(&app.shared) {
        app.shared.drafts.current_mut().at = FormFieldId::Tabs;
    }
}
