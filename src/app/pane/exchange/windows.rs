//! The window onto a body: what is asked of the engine, what came, how the bytes are shown, and what
//! is done with them.

use super::body_fetch::{self, BodyFetch};
use super::body_view::{BodyView, Viewport};
use super::exchange_state::ExchangePane;
use super::shape;
use super::shown_exchange::ShownExchange;
use crate::app::effect::Effect;
use crate::app::intent::Intent;
use crate::app::layout;
use crate::app::outcome::Outcome;
use crate::app::prompt::{self, Prompt, PromptPurpose};
use crate::app::shared::Shared;
use crate::codec::{charset, disposition};
use crate::engine::command::Command;
use crate::model::file_name::safe_file_name;
use crate::model::recipe::RecipeKind;
use crate::model::url_text::UrlText;
use crate::model::view::{SearchDirection, SearchHit, SearchQuery, View, ViewMode, ViewPart};

impl ExchangePane {
    /// The room the content of the tab has.
    pub(super) fn room(&self, shared: &Shared) -> Viewport {
        let content = self.areas(shared, layout::pane_inner(shared.areas().response)).content;
        let gutter = self.view(shared).map_or(0, |view| view.gutter(content.width, self.numbers));
        let width = usize::from(content.width.saturating_sub(gutter));
        Viewport { width, height: content.height.into(), wrap: self.wraps(shared) }
    }

    /// Whether long lines go on in the next row: those of a cell that was opened do, to be read whole.
    pub fn wraps(&self, shared: &Shared) -> bool {
        let kind = self.derived(shared).map(|derived| derived.recipe.kind);
        self.wrap || kind == Some(RecipeKind::Cell)
    }

    /// Asks for what is missing on screen.
    pub(crate) fn settle(&mut self, shared: &Shared) -> Vec<Intent> {
        let Some(subject) = self.subject(shared) else { return Vec::new() };
        let is_table = self.derived(shared).is_some_and(|it| it.recipe.kind == RecipeKind::Table);
        self.views.open(subject.body, subject.part, subject.default).is_table = is_table;
        let room = self.room(shared);
        let query = self.view_mut(shared).and_then(|view| view.settle(room));
        let mut intents = self.recode(shared);
        intents.extend(query.map(|query| Intent::Perform(Effect::View(query))));
        intents
    }

    /// A window of a body arrived.
    pub(crate) fn view_arrived(&mut self, shared: &Shared, mut view: View) -> Vec<Intent> {
        let room = self.room(shared);
        let shown = self.shown(shared);
        let sniffed = self.sniffed(shared, &view);
        let known = self.views.get_mut(view.query.body, view.query.part);
        let first = known.map_or_else(Vec::new, |known| {
            known.first =
                shape::beginning(&view).unwrap_or_else(|| std::mem::take(&mut known.first));
            known.first.clone()
        });
        let encoding = shown.and_then(|it| shape::encoding(it.exchange, &view.query, &first));
        if let Some(encoding) = encoding {
            for line in &mut view.lines {
                line.bytes = charset::to_utf8(&line.bytes, Some(encoding)).into_owned().into();
            }
        }
        if let Some(fetch) = self.fetch.as_mut().filter(|fetch| fetch.is_mine(&view)) {
            return fetch.take(&view).map_or_else(|| self.fetched(shared, &view), |it| vec![it]);
        }
        let mut intents: Vec<Intent> = self.look_at_image(shared, &view).into_iter().collect();
        if let Some(known) = self.views.get_mut(view.query.body, view.query.part) {
            known.arrived(view, room);
            if let Some(mode) = sniffed {
                known.begin_with(mode);
            }
            intents.extend(known.endless_fold().map(|said| Intent::Say(said.into())));
        }
        intents
    }

    /// The whole body is here that is to become a draft.
    fn fetched(&mut self, shared: &Shared, last: &View) -> Vec<Intent> {
        // The screen may look at the same body, whose window this one replaced.
        if let Some(known) = self.views.get_mut(last.query.body, last.query.part) {
            known.ask_again();
        }
        if let Some(facts) = self.fetch.as_ref().and_then(BodyFetch::image) {
            self.image = Some((last.query.body, facts));
        }
        self.fetch.take().map_or_else(Vec::new, |fetch| fetch.finish(shared, last))
    }

    /// The way its first bytes ask for what is looked at to be shown.
    fn sniffed(&self, shared: &Shared, view: &View) -> Option<ViewMode> {
        let subject = self.subject(shared)?;
        let is_shown = (subject.body, subject.part) == (view.query.body, view.query.part);
        if let Some(is_sniffed) = self.derived.is_sniffed(subject.body) {
            let sniffed = shape::sniffed_as(None, subject.default, view);
            return sniffed.filter(|_| is_sniffed && is_shown);
        }
        let message = self.shown(shared)?.message().filter(|_| is_shown)?;
        shape::sniffed(message, subject.default, view)
    }

    /// Opens the search line, where there is something to search in.
    pub(super) fn open_search(&mut self, shared: &Shared) -> Outcome {
        if self.subject(shared).is_none() {
            return Outcome::say("search works in Body, Raw and Request");
        }
        prompt::open_search(&mut self.prompt)
    }

    /// Searches from the last hit, or from what is on screen.
    pub(crate) fn search(
        &mut self,
        shared: &Shared,
        direction: SearchDirection,
        from_hit: bool,
    ) -> Outcome {
        let text = shared.search.text.clone();
        if text.is_empty() {
            return self.open_search(shared);
        }
        let Some(view) = self.view(shared) else { return Outcome::yes() };
        let (body, part, mode) = (view.body, view.part, view.mode);
        // Whoever moved the cursor since goes on from there.
        let is_there = |view: &BodyView| self.search.line == view.cursor();
        let hit = self.search.hit.filter(|(hit, _)| from_hit && *hit == body && is_there(view));
        let from = hit.map_or_else(|| view.cursor_offset(), |(_, offset)| offset);
        self.search.is_running = true;
        let query = SearchQuery { body, part, mode, text, from, direction };
        Intent::Perform(Effect::Engine(Command::Search(query))).into()
    }

    /// A search ended.
    pub(crate) fn found(&mut self, shared: &Shared, found: &SearchHit) -> Option<Intent> {
        if found.query.text != shared.search.text {
            return None;
        }
        self.search.is_running = false;
        let Some((line, offset)) = found.hit else {
            self.copy_due = None;
            let flaw = found.flaw.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            return Some(Intent::Quote(format!("'{}' was not found{flaw}", found.query.text)));
        };
        self.search.hit = Some((found.query.body, offset));
        let room = self.room(shared);
        let view = self.views.get_mut(found.query.body, found.query.part);
        if let Some(view) = view.filter(|view| view.mode == found.query.mode) {
            view.unfold_around(&found.inside);
            view.go_to(line, offset, room);
            self.search.line = line;
        }
        if found.behind_cut {
            let wrapped = if found.wrapped { ", from the other end" } else { "" };
            return Some(Intent::Say(format!(
                "found where this cell is cut{wrapped}: [open] shows it whole"
            )));
        }
        found.wrapped.then(|| Intent::say_wrapped(found.query.direction))
    }

    /// The encoding of the body looked at, when its units are no bytes.
    fn wide(&self, shared: &Shared) -> Option<ViewMode> {
        let subject = self.subject(shared).filter(|subject| subject.part == ViewPart::Decoded)?;
        if matches!(subject.default, ViewMode::Wide(_)) {
            return Some(subject.default);
        }
        self.view(shared)?.wide.map(ViewMode::Wide)
    }

    /// Shows the bytes in the next way there is.
    pub(super) fn next_mode(&mut self, shared: &Shared) {
        let wide = self.wide(shared);
        self.set_mode(shared, |mode, part| match (mode, part) {
            (ViewMode::Pretty, _) | (ViewMode::Hex, ViewPart::Raw) => ViewMode::Text,
            (ViewMode::Text | ViewMode::Wide(_), _) => ViewMode::Hex,
            (ViewMode::Hex, ViewPart::Decoded) => wide.unwrap_or(ViewMode::Pretty),
        });
    }

    /// Shows the bytes as hex, or as before.
    pub(super) fn toggle_hex(&mut self, shared: &Shared) {
        let default = self.wide(shared).or_else(|| Some(self.subject(shared)?.default));
        self.set_mode(shared, |mode, _| match mode {
            ViewMode::Hex => default.filter(|it| *it != ViewMode::Hex).unwrap_or(ViewMode::Text),
            _ => ViewMode::Hex,
        });
    }

    fn set_mode(&mut self, shared: &Shared, next: impl Fn(ViewMode, ViewPart) -> ViewMode) {
        let Some(subject) = self.subject(shared) else { return };
        let Some(view) = self.view_mut(shared) else { return };
        let mode = next(view.mode, view.part);
        view.choose_mode(mode);
        self.views.choose(subject.default, mode);
    }

    /// Asks for the file the body on screen goes to.
    pub(super) fn open_save(&mut self, shared: &Shared) -> Outcome {
        let (Some(shown), Some(subject)) = (self.shown(shared), self.saved(shared)) else {
            return Outcome::say("there is no body to save here");
        };
        let purpose = PromptPurpose::Save(subject.body, subject.part);
        self.prompt = Some(Prompt::new(purpose, &file_name(shown, subject.part)));
        Outcome::yes()
    }

    /// Makes a draft of the exchange shown, at once or when its body is here.
    pub(super) fn make_preset(&mut self, shared: &Shared) -> Outcome {
        match self.shown(shared) {
            Some(shown) => body_fetch::make_preset(shown.exchange, &mut self.fetch),
            None => Outcome::say("nothing was received yet"),
        }
    }
}

/// A name for the file a body is saved to: the one the peer proposes, else the last part of the
/// URL's path.
pub(super) fn file_name(shown: ShownExchange<'_>, part: ViewPart) -> String {
    let proposed = shown.message().and_then(|it| it.head.field("content-disposition"));
    let proposed = proposed.and_then(|value| disposition::file_name(value));
    if let Some(name) = proposed.filter(|name| part == ViewPart::Decoded && !name.is_empty()) {
        return safe_file_name(&name);
    }
    let path = UrlText::literal(&shown.exchange.url).path;
    let name = match path.rsplit('/').next() {
        Some(last) if !last.is_empty() => safe_file_name(last),
        _ => "response".to_owned(),
    };
    match part {
        ViewPart::Raw => format!("{name}.http"),
        ViewPart::Decoded => name,
    }
}
