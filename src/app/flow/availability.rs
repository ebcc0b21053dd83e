//! Whether an action can be done now, and if not, why: what the palette says of it, and what no hint
//! promises.
//!
//! Asked are only facts that lie ready: nothing is searched for. An action this says nothing of may
//! still refuse, in words.

use crate::app::action::{Action as A, Action};
use crate::app::drafts::Draft;
use crate::app::editor::Editor;
use crate::app::focus::Pane;
use crate::app::form::{FormFieldId, access};
use crate::app::keymap::Context;
use crate::app::pane::conversation::{has_several, is_of_input, no_input};
use crate::app::pane::request::has_several_tabs;
use crate::app::preset_tree::TreeItem;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::{Shared, Shown};
use crate::app::state::App;
use crate::codec::syntax::TextLanguage;

/// Why an action can do nothing with the keys in this pane; `None` = it can.
pub(crate) fn why_not(app: &App, action: Action, pane: Pane) -> Option<&'static str> {
    let of_pane = match pane {
        Pane::Presets | Pane::Request => of_draft(app, action, pane),
        Pane::History => of_history(app, action),
        Pane::Response => of_response(app, action),
        Pane::Traffic => of_traffic(app, action),
    };
    of_pane.or_else(|| of_program(app, action, pane)).or_else(|| of_lists(action, pane))
}

fn of_program(app: &App, action: Action, pane: Pane) -> Option<&'static str> {
    let shared = &app.shared;
    let is_list = matches!(pane, Pane::Presets | Pane::History);
    match action {
        A::Stop if !is_list && !runs(shared) => Some("nothing runs here"),
        A::ToggleFaults | A::ToggleRewrites
            if shared.session().is_none_or(|it| it.plan.hold().is_none()) =>
        {
            Some("no relay runs here")
        }
        A::ConnectAnyway if !shared.session().is_some_and(was_refused) => {
            Some("no certificate was refused here")
        }
        A::Grow | A::Shrink if shared.zoom => Some("this pane has the whole screen"),
        A::Undo if pane == Pane::Presets && app.thrown.is_empty() => {
            Some("nothing was deleted lately")
        }
        A::ShowRun if shared.runs.current.is_none() => Some("nothing was run yet"),
        A::RunPresets | A::ComparePlaces | A::Readdress if shared.workspace.presets.is_empty() => {
            Some("there is no preset yet")
        }
        A::UndoClear if app.forgettings == 0 => Some("nothing was forgotten lately"),
        A::Clear | A::Export | A::Replay | A::MakeMock | A::MakeRule
            if shared.timeline.is_empty() =>
        {
            Some("there is no record yet")
        }
        _ => None,
    }
}

fn runs(shared: &Shared) -> bool {
    shared.session().is_some_and(|session| !session.is_over())
        || shared.runs.goes_before(shared.drafts.current().id)
}

fn was_refused(session: &Session) -> bool {
    matches!(&session.state, SessionState::Over(Err(failure)) if failure.distrusted().is_some())
}

/// What is done to a preset: the selected row of the list, else what is on screen; and to its form.
fn of_draft(app: &App, action: Action, pane: Pane) -> Option<&'static str> {
    let shared = &app.shared;
    let item = match pane {
        Pane::Presets => app.presets.selected(shared),
        _ => Some(TreeItem::of(shared, shared.drafts.current())),
    };
    let draft = item.as_ref().and_then(|item| item.draft(shared));
    let is_folder = matches!(item, Some(TreeItem::Folder(_)));
    let form = pane == Pane::Request;
    match action {
        A::Rename | A::Move | A::Duplicate | A::Delete | A::Describe if item.is_none() => {
            Some("there is no preset here")
        }
        A::Open | A::Toggle | A::Find | A::Copy if !form && item.is_none() => {
            Some("there is no preset yet")
        }
        A::Duplicate | A::Describe if is_folder => Some("this is a folder, not a preset"),
        A::Revert if !draft.is_some_and(Draft::can_be_discarded) => {
            Some("there are no unsaved changes")
        }
        A::Save if form && is_kept(shared) => Some("there are no unsaved changes"),
        A::Undo if form && !can_undo(app) => Some("nothing was typed or deleted here"),
        A::Redo if !shared.drafts.current().steps.can_redo() => Some("nothing was taken back"),
        A::LayOut if written(app).is_some_and(|it| !has_layout(it.language())) => {
            Some("only JSON, XML and HTML are laid out")
        }
        A::NextTab | A::PreviousTab if form && !has_several_tabs(shared) => {
            Some("there is only one")
        }
        A::AddRow if form && !can_add(shared) => Some("there is no list here"),
        A::DeleteRow | A::MoveUp | A::MoveDown | A::ToggleRow | A::DuplicateRow | A::NextCell
            if form && !in_row(shared, action) =>
        {
            Some("this is no row of a list")
        }
        _ => None,
    }
}

/// The text under the cursor of the form.
fn written(app: &App) -> Option<&Editor> {
    app.request.editor.as_ref().map(|(_, editor)| editor)
}

fn can_undo(app: &App) -> bool {
    app.shared.drafts.current().steps.can_undo() || app.request.refused.is_some()
}

fn has_layout(language: TextLanguage) -> bool {
    matches!(language, TextLanguage::Json | TextLanguage::Markup)
}

/// Whether what is on screen is on the disk as it is.
fn is_kept(shared: &Shared) -> bool {
    let draft = shared.drafts.current();
    let is_there = draft.preset.as_ref().is_some_and(|path| shared.stored(path).is_some());
    is_there && !draft.is_modified()
}

/// Whether a row, rule or step can be added where the cursor of the form is.
fn can_add(shared: &Shared) -> bool {
    let draft = shared.drafts.current();
    access::cell(&draft.spec, draft.at).is_some() || access::has_blocks(&draft.spec)
}

fn in_row(shared: &Shared, action: Action) -> bool {
    let draft = shared.drafts.current();
    match (action, draft.at) {
        (A::NextCell, _) | (A::ToggleRow, FormFieldId::Automatic(_)) => true,
        (A::ToggleRow, at) => {
            access::cell(&draft.spec, at).is_some() || access::switch(&draft.spec, at).is_some()
        }
        (_, at) => at.in_list().is_some_and(|(list, row)| row < access::len(&draft.spec, list)),
    }
}

fn of_history(app: &App, action: Action) -> Option<&'static str> {
    let is_of_entry = matches!(
        action,
        A::ForgetEntry
            | A::ForgetHistory
            | A::Open
            | A::OpenPreset
            | A::Copy
            | A::Find
            | A::Compare
            | A::Mark
    );
    (is_of_entry && app.history.entries.is_empty() && app.history.search.is_none())
        .then_some("nothing was sent yet")
}

fn of_response(app: &App, action: Action) -> Option<&'static str> {
    let shared = &app.shared;
    let session = shared.session();
    let is_of = |context: Context| action.row().keys.iter().any(|(of, _)| *of == context);
    let is_talk = is_of(Context::Conversation) || is_of(Context::Input);
    match shared.shown() {
        Shown::Nothing if is_of(Context::List) || is_of(Context::Response) || is_talk => {
            Some("nothing is shown here yet")
        }
        Shown::Nothing if matches!(action, A::NextTab | A::PreviousTab) => {
            Some("nothing is shown here yet")
        }
        Shown::Exchange if is_talk => Some("this is no conversation"),
        Shown::Exchange => of_exchange(app, action),
        Shown::Conversation => {
            let has_conns = session.is_some_and(|it| it.capabilities().connections);
            let is_over = session.is_none_or(Session::is_over);
            let ends = matches!(action, A::FinishSending | A::CloseConnection | A::ResetConnection);
            let sends = matches!(action, A::SendLine | A::SendWithoutEnding | A::SendToAll);
            let moves = matches!(action, A::NextItem | A::PreviousItem);
            let has_input = session.is_none_or(|it| it.capabilities().input);
            match () {
                () if is_of_input(action) && !has_input => session.map(no_input),
                () if (ends || sends || action == A::Resend) && is_over => Some("it is over"),
                () if ends && !has_conns => Some("datagrams have no connection"),
                () if moves && !session.is_some_and(has_several) => Some("there is only one"),
                () => None,
            }
        }
        Shown::Nothing => None,
    }
}

fn of_exchange(app: &App, action: Action) -> Option<&'static str> {
    let shared = &app.shared;
    let count = shared.session().map_or(0, |session| session.exchanges.len());
    let is_bytes = app.exchange.subject(shared).is_some();
    match action {
        A::NextItem | A::PreviousItem if count < 2 && !has_kept(shared) => {
            Some("there is only one")
        }
        A::NextTab
        | A::PreviousTab
        | A::Copy
        | A::SaveToFile
        | A::MakePreset
        | A::Find
        | A::Compare
        | A::MarkAnswer
        | A::CaptureValue
        | A::ExpectValue
            if count == 0 =>
        {
            Some("nothing is shown here yet")
        }
        A::Find
        | A::FindNext
        | A::FindPrevious
        | A::ViewMode
        | A::ViewHex
        | A::Select
        | A::LineNumbers
        | A::SaveToFile
        | A::Recipes
        | A::Jq
        | A::SortKeys
        | A::Unescape
        | A::LayOut
        | A::Tabulate
        | A::Pipe
        | A::OpenOutside
        | A::Pager
            if !is_bytes =>
        {
            Some("only where bytes are shown: Body, Raw and Request")
        }
        A::Toggle | A::FoldAll | A::FoldLevel | A::UnfoldLevel | A::CopyPath if !is_json(app) => {
            Some("only where JSON is laid out")
        }
        A::CaptureValue if shared.session().is_some_and(|it| it.side().listens()) => {
            Some("only answers to what we send")
        }
        A::ExternalEditor => Some("not in what was received"),
        _ => None,
    }
}

/// Whether answers may be kept of what is on screen.
fn has_kept(shared: &Shared) -> bool {
    let draft = shared.drafts.current();
    draft.spec.keeps_answers() || shared.sessions.answered(draft.id).count() > 1
}

/// Whether the cursor is on JSON that is laid out.
fn is_json(app: &App) -> bool {
    app.exchange.view(&app.shared).is_some_and(|view| view.path().is_some())
}

fn of_traffic(app: &App, action: Action) -> Option<&'static str> {
    let is_of_record = matches!(
        action,
        A::Mark
            | A::Detail
            | A::Open
            | A::Copy
            | A::CopyHex
            | A::CopyEscaped
            | A::CopyC
            | A::CopyPython
            | A::CopyCurl
            | A::Select
            | A::MakePreset
            | A::NextItem
            | A::PreviousItem
            | A::Compare
            | A::Comment
            | A::OpenConversation
            | A::GoToTime
            | A::NextError
            | A::PreviousError
            | A::NextSlow
            | A::PreviousSlow
            | A::NextMarked
            | A::PreviousMarked
    );
    let is_empty = is_of_record && app.traffic.is_empty();
    is_empty.then_some("there is no record yet")
}

/// Actions of lists and views that not every one of them has.
fn of_lists(action: Action, pane: Pane) -> Option<&'static str> {
    let keys = action.row().keys;
    let is_of_list = keys.iter().any(|(context, _)| *context == Context::List);
    let is_elsewhere = keys.iter().any(|(context, _)| {
        matches!(context, Context::Global | Context::Plain | Context::Form | Context::Cell)
    });
    let is_of_bytes = matches!(
        action,
        A::ViewMode
            | A::ViewHex
            | A::Wrap
            | A::FindNext
            | A::FindPrevious
            | A::NextItem
            | A::PreviousItem
            | A::MakePreset
            | A::ExternalEditor
    );
    match pane {
        Pane::Request if is_of_list && !is_elsewhere && action != A::Copy => {
            Some("only in lists and views")
        }
        Pane::Presets | Pane::History if is_of_bytes => Some("not in this list"),
        Pane::Traffic if matches!(action, A::Wrap | A::ExternalEditor) => Some("not in this list"),
        Pane::Presets | Pane::History | Pane::Request | Pane::Response | Pane::Traffic => None,
    }
}
