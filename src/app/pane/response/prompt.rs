//! The line at the bottom of the pane: what to search for, or where to save a body.

use std::path::PathBuf;

use bytes::Bytes;

use super::talk;
use crate::app::action::Action;
use crate::app::editor::{Editor, LineMode};
use crate::app::effect::Effect;
use crate::app::outcome::Handled;
use crate::app::state::App;
use crate::codec::search::Pattern;
use crate::engine::command::Command;
use crate::model::id::BodyId;
use crate::model::key::{Key, KeyCode};
use crate::model::view::{SearchHit, SearchQuery, Towards, ViewPart};
use crate::store::job::{Job, Overwrite};

/// What is asked.
#[derive(Debug)]
pub struct Prompt {
    pub purpose: PromptPurpose,
    pub editor: Editor,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptPurpose {
    Search,
    /// The path of the file these bytes go to.
    Save(BodyId, ViewPart),
    /// The same for bytes that are here.
    SaveBytes(Bytes),
}

/// What is searched for in bodies and conversations.
#[derive(Debug, Default)]
pub struct TextSearch {
    pub text: String,
    /// What finds it, and marks it on the screen.
    pub pattern: Option<Pattern>,
    /// Byte of the last hit and the body it is in.
    pub hit: Option<(BodyId, u64)>,
    /// The answer is not here yet.
    pub is_running: bool,
}

/// Opens the search line; the last text stays and is gone with one key.
pub(super) fn open_search(app: &mut App) {
    let is_conversation = super::kind(app) == super::ResponseKind::Conversation;
    if !is_conversation && super::exchange::subject(app).is_none() {
        app.say("search works in Body, Raw and Request");
        return;
    }
    let editor = Editor::new("", LineMode::One);
    app.response.prompt = Some(Prompt { purpose: PromptPurpose::Search, editor });
    talk::resized(app);
}

/// Asks for the file the body on screen goes to.
pub(super) fn open_save(app: &mut App) {
    let Some(subject) = super::exchange::subject(app) else {
        app.say("there is no body to save here");
        return;
    };
    let name = super::exchange::file_name(app, subject.part);
    app.response.prompt = Some(Prompt {
        purpose: PromptPurpose::Save(subject.body, subject.part),
        editor: Editor::new(&name, LineMode::One),
    });
}

/// Asks for the file these bytes go to.
pub(super) fn open_save_bytes(app: &mut App, name: &str, bytes: Bytes) {
    let editor = Editor::new(name, LineMode::One);
    app.response.prompt = Some(Prompt { purpose: PromptPurpose::SaveBytes(bytes), editor });
    talk::resized(app);
}

pub(super) fn act(app: &mut App, action: Action) -> Handled {
    match action {
        Action::Back => {
            app.response.prompt = None;
            super::resized(app);
            Handled::Yes
        }
        _ => Handled::No,
    }
}

pub(super) fn key(app: &mut App, key: Key) {
    let Some(prompt) = &mut app.response.prompt else { return };
    if key.code != KeyCode::Enter {
        prompt.editor.key(key);
        return;
    }
    let (purpose, text) = (prompt.purpose.clone(), prompt.editor.text());
    app.response.prompt = None;
    talk::resized(app);
    match purpose {
        PromptPurpose::Search => begin(app, text),
        PromptPurpose::Save(body, part) => {
            if let Some(path) = path(app, text.trim()) {
                app.effects.push(Effect::Engine(Command::SaveBody { body, part, path }));
            }
        }
        PromptPurpose::SaveBytes(bytes) => {
            if let Some(path) = path(app, text.trim()) {
                let overwrite = Overwrite::Refuse;
                app.effects.push(Effect::Store(Job::WriteFile { path, bytes, overwrite }));
            }
        }
    }
}

/// The file that was typed.
fn path(app: &mut App, text: &str) -> Option<PathBuf> {
    if text.is_empty() {
        app.say("not saved: no file name");
        return None;
    }
    Some(match (text.strip_prefix("~/"), app.shared.os.get("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(text),
    })
}

fn begin(app: &mut App, text: String) {
    let repeated = text.is_empty() || text == app.response.search.text;
    if !text.is_empty() {
        let pattern = Pattern::parse(&text);
        app.response.search = TextSearch { text, pattern, ..TextSearch::default() };
    }
    search(app, Towards::End, repeated);
}

/// Searches from the last hit, or from what is on screen.
pub(super) fn search(app: &mut App, towards: Towards, from_hit: bool) {
    if app.response.search.text.is_empty() {
        open_search(app);
        return;
    }
    if super::kind(app) == super::ResponseKind::Conversation {
        talk::search::begin(app, towards, from_hit);
        return;
    }
    let Some(subject) = super::exchange::subject(app) else { return };
    let Some(view) = app.response.views.get(subject.body, subject.part) else { return };
    let hit = app.response.search.hit.filter(|(body, _)| from_hit && *body == subject.body);
    let query = SearchQuery {
        body: view.body,
        part: view.part,
        mode: view.mode,
        text: app.response.search.text.clone(),
        from: hit.map_or_else(|| view.first_offset(), |(_, offset)| offset),
        towards,
    };
    app.response.search.is_running = true;
    app.effects.push(Effect::Engine(Command::Search(query)));
}

/// The engine answered.
pub(super) fn found(app: &mut App, hit: &SearchHit) {
    let search = &mut app.response.search;
    if hit.query.text != search.text {
        return;
    }
    search.is_running = false;
    let Some((line, offset)) = hit.hit else {
        let text = search.text.clone();
        app.say(format!("'{text}' was not found"));
        return;
    };
    search.hit = Some((hit.query.body, offset));
    let room = super::exchange::room(app);
    let view = app.response.views.get_mut(hit.query.body, hit.query.part);
    if let Some(view) = view.filter(|view| view.mode == hit.query.mode) {
        view.go_to(line, offset, room);
    }
    if hit.wrapped {
        let edge = if hit.query.towards == Towards::End { "top" } else { "bottom" };
        app.say(format!("the search went on from the {edge}"));
    }
}
