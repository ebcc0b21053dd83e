//! Drafts: everything composed, saved or not. One is on screen.
//!
//! A draft of a preset remembers what the file holds, so "modified" is a comparison and never a
//! flag. Drafts that differ from their file, or were never saved, are kept across a restart
//! (`last_run`).

mod last_run;

use std::borrow::Cow;

use super::form::row_steps::RowSteps;
use super::form::rows::ChosenAnswer;
use super::form::url_rows::{self, UrlRows};
use super::form::{FormFieldId, FormTab, access, tabs};
use super::rule_tags;
use crate::compose::adopt::tls_off;
use crate::compose::template::UnknownName;
use crate::model::field_access;
use crate::model::field_id::FieldId;
use crate::model::id::SessionId;
use crate::model::payload::PayloadFormat;
use crate::model::preset::{Preset, PresetPath, StoredPreset};
use crate::model::protocol::{Protocol, Side};
use crate::model::secrets::without_userinfo;
use crate::model::shared_spec::SharedSpec;
use crate::model::spec::Spec;
use crate::store::job;
use crate::timeline::framing::StreamFraming;

/// Names a draft for the length of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DraftId(pub u64);

/// Something composed.
#[derive(Debug, Clone)]
pub struct Draft {
    pub id: DraftId,
    pub preset: Option<PresetPath>,
    /// Comment of the preset file, kept when it is saved again.
    pub about: String,
    /// Fingerprint of the file it started from.
    pub based_on: Option<u64>,
    /// What the file holds.
    pub saved: Option<Spec>,
    pub spec: SharedSpec,
    /// What was carried over into it from another one, which is nothing the user made of it.
    begun_with: Option<Spec>,
    /// What the program was started with, which whoever started it has elsewhere.
    named: Option<Spec>,
    /// Its TLS came with an address, its own or that of another draft; nobody switched it on.
    tls_came_along: bool,
    /// The session it last opened.
    pub session: Option<SessionId>,
    /// The session it was sent with last; another one is on screen while older answers are looked at.
    pub latest: Option<SessionId>,
    /// What its answers are kept under while it was never saved; `None` = none are.
    pub(crate) answers: Option<String>,
    /// What was sent then.
    pub(crate) sent: Option<SharedSpec>,
    /// Something else is expected or captured since.
    pub(crate) has_other_checks: bool,
    /// Tags its rules were given so far.
    tags_given: u32,
    pub tab: FormTab,
    /// The field the cursor was on.
    pub at: FormFieldId,
    /// The answer of a listener that is looked at.
    pub(crate) chosen: ChosenAnswer,
    /// What the last attempt to send complained about.
    pub issues: Vec<FieldIssue>,
    /// How the input line is read instead of as the spec says, and what that was when the user
    /// switched: a way of typing, no change of the preset.
    pub input_format: Option<(PayloadFormat, PayloadFormat)>,
    /// How what is received is cut into messages: a way of looking, no part of the preset.
    pub framing: StreamFraming,
    /// What was done to its rows and can be taken back.
    pub(crate) steps: RowSteps,
    /// Handed to the store and not answered yet.
    pub saving: Option<Preset>,
    /// Asked to be saved again while a save was under way.
    pub save_again: bool,
    /// The rows of its URL, as drawing needs them.
    url_rows: UrlRows,
}

/// A complaint about a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldIssue {
    pub field: FormFieldId,
    pub tab: Option<FormTab>,
    pub message: String,
    /// Unknown template name, which one key can send literally.
    pub unknown: Option<UnknownName>,
}

/// All drafts; never empty.
#[derive(Debug, Clone)]
pub struct Drafts {
    list: Vec<Draft>,
    current: usize,
    next: u64,
}

impl Draft {
    fn new(id: DraftId, spec: Spec) -> Self {
        let tab = first_tab(&spec);
        Draft {
            id,
            preset: None,
            about: String::new(),
            based_on: None,
            saved: None,
            spec: spec.into(),
            begun_with: None,
            named: None,
            tls_came_along: false,
            session: None,
            latest: None,
            answers: None,
            sent: None,
            has_other_checks: false,
            tags_given: 0,
            tab,
            at: FormFieldId::Address,
            chosen: ChosenAnswer::default(),
            issues: Vec::new(),
            input_format: None,
            framing: StreamFraming::default(),
            steps: RowSteps::default(),
            saving: None,
            save_again: false,
            url_rows: UrlRows::default(),
        }
    }

    /// The sessions it may still show.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> + use<> {
        [self.session, self.latest].into_iter().flatten()
    }

    /// Name in lists: the preset's path, the address, or what it is (`new TCP listener`).
    pub fn title(&self) -> String {
        match &self.preset {
            Some(path) => path.to_string(),
            None if !self.spec.address().is_empty() => {
                without_userinfo(self.spec.address()).into_owned()
            }
            None => format!("new {} {}", self.spec.protocol().title(), self.spec.side().into_str()),
        }
    }

    /// Differs from its file, or holds something that was never saved.
    pub fn is_modified(&self) -> bool {
        match &self.saved {
            Some(saved) => *saved != self.spec,
            None => self.preset.is_some() || !(self.is_blank() || self.is_as_named()),
        }
    }

    /// The program was started with it, and it was not edited since.
    fn is_as_named(&self) -> bool {
        self.preset.is_none() && self.named.as_ref().is_some_and(|named| self.spec == *named)
    }

    /// Whether there is something to throw away: what nobody made goes by itself.
    pub(crate) fn can_be_discarded(&self) -> bool {
        self.is_modified() || self.is_as_named()
    }

    /// The program was started with what it holds.
    pub(crate) fn was_named(&mut self) {
        self.named = Some(self.spec.to_spec());
    }

    /// Holds nothing the user made.
    pub(crate) fn is_blank(&self) -> bool {
        let is_begun = self.begun_with.as_ref().is_some_and(|begun| self.spec == *begun);
        let empty = || Spec::empty(self.spec.protocol(), self.spec.side());
        self.preset.is_none() && (is_begun || self.spec == empty())
    }

    /// Whether it was changed since it was sent, so that what came back is of another request.
    pub(crate) fn is_edited_since(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| *sent != self.spec)
    }

    /// What is expected and captured makes no other request of it: what came back is still of this one.
    pub(super) fn settle_checks(&mut self) {
        let Some(sent) = &mut self.sent else { return };
        let (Some(now), Some(then)) = (self.spec.checks(), sent.checks()) else { return };
        if now == then {
            return;
        }
        let (expect, capture) = (now.0.clone(), now.1.clone());
        if let Some((expected, captured)) = sent.checks_mut() {
            (*expected, *captured) = (expect, capture);
        }
        self.has_other_checks = true;
    }

    /// Its rules are told apart from now on.
    pub(crate) fn tag_rules(&mut self) {
        rule_tags::give(&mut self.spec, self.sent.as_deref(), &mut self.tags_given);
    }

    /// Asked for as something new, and nothing was done to it yet.
    pub(crate) fn is_new(&self) -> bool {
        self.begun_with.is_some() && self.is_blank() && self.session.is_none()
    }

    /// An address brought its TLS.
    pub(crate) fn tls_comes_along(&mut self) {
        self.tls_came_along = self.spec.has_tls();
    }

    /// The user has set an option of TLS, so it is no address's any more.
    pub(crate) fn tls_is_chosen(&mut self) {
        self.tls_came_along = false;
    }

    /// Its address is typed anew: what came with the old one goes with it.
    pub(crate) fn address_begins_anew(&mut self) {
        if std::mem::take(&mut self.tls_came_along) {
            tls_off(&mut self.spec);
        }
    }

    /// Becomes what its address stands for, which can be taken back.
    pub(crate) fn adopt(&mut self, spec: Spec) {
        let (before, mut steps) = (self.spec.clone(), std::mem::take(&mut self.steps));
        self.replace(spec);
        steps.adopted(before);
        self.steps = steps;
    }

    /// Another spec is in it: the tab stays when that has it.
    pub(crate) fn settle_tab(&mut self) {
        if !tabs(&self.spec).contains(&self.tab) {
            self.tab = first_tab(&self.spec);
        }
    }

    /// Replaces what is composed; the tab stays when the new spec has it.
    pub fn replace(&mut self, spec: Spec) {
        self.spec = spec.into();
        self.settle_tab();
        self.at = FormFieldId::Address;
        self.steps = RowSteps::default();
        self.issues.clear();
    }

    /// It was sent as it is, as this session.
    pub(crate) fn opened(&mut self, id: SessionId) {
        self.session = Some(id);
        self.latest = Some(id);
        self.sent = Some(self.spec.clone());
        self.has_other_checks = false;
        self.issues.clear();
    }

    /// The store wrote what was handed to it.
    pub(crate) fn was_saved(&mut self, fingerprint: u64) {
        if let Some(preset) = self.saving.take() {
            self.preset = Some(preset.path);
            self.saved = Some(preset.spec);
            self.based_on = Some(fingerprint);
        }
    }

    /// Something was done: what is drawn of its URL is read anew if that is another one now.
    pub(crate) fn settle(&mut self) {
        self.url_rows.follow(&self.spec);
    }

    /// The rows of its URL.
    pub(crate) fn url_rows(&self) -> Cow<'_, UrlRows> {
        self.url_rows.now(&self.spec)
    }

    /// The text of a field where it lies.
    pub(crate) fn text(&self, id: FormFieldId) -> Cow<'_, str> {
        match (id, self.url_rows()) {
            (FormFieldId::Field(id), Cow::Borrowed(rows)) if url_rows::has(id) => {
                rows.text(id).into()
            }
            _ => access::text(&self.spec, id),
        }
    }

    /// How a cell of the query goes out, where that is not what it shows.
    pub(crate) fn sent_as(&self, id: FormFieldId) -> Option<String> {
        let FormFieldId::Field(field) = id else { return None };
        self.url_rows().sent_as(&self.spec, field).filter(|_| !access::is_off(&self.spec, id))
    }

    /// Takes over what a file holds; tells whether it could be read.
    pub(crate) fn follow(&mut self, stored: &StoredPreset) -> bool {
        let Ok(preset) = &stored.content else { return false };
        self.replace(preset.spec.clone());
        self.preset = Some(stored.path.clone());
        self.about.clone_from(&preset.about);
        self.saved = Some(preset.spec.clone());
        self.based_on = Some(stored.fingerprint);
        true
    }

    fn to_restore(&self) -> job::StoredDraft {
        // On its way to a file, it is that file's draft already: should the program end before
        // the answer, it is not also there as something never saved.
        let path = self.saving.as_ref().map(|preset| &preset.path).or(self.preset.as_ref());
        job::StoredDraft {
            preset: path.cloned(),
            based_on: self.based_on.filter(|_| path == self.preset.as_ref()),
            unsaved: self.is_modified(),
            answers: self.answers.clone(),
            spec: self.spec.clone(),
        }
    }

    /// The draft as a preset under this path.
    pub(crate) fn as_preset(&self, path: PresetPath) -> Preset {
        Preset { path, about: self.about.clone(), spec: self.spec.to_spec(), unused: Vec::new() }
    }
}

/// The tab shown first: the body for a request that has one, else the first.
fn first_tab(spec: &Spec) -> FormTab {
    let body = FieldId::new("body");
    let has_body = || *field_access::text(spec.options(), &body) != *"none";
    let mut tabs = tabs(spec).into_iter();
    let first = tabs.next().unwrap_or(FormTab::Options);
    if tabs.any(|tab| tab == FormTab::Body) && has_body() { FormTab::Body } else { first }
}

impl Default for Drafts {
    fn default() -> Self {
        let mut drafts = Drafts { list: Vec::new(), current: 0, next: 1 };
        drafts.push(Spec::empty(Protocol::Http, Side::Client));
        drafts
    }
}

impl Drafts {
    /// The one shown in the request pane; there always is one.
    pub fn current(&self) -> &Draft {
        &self.list[self.current]
    }

    /// The one shown in the request pane; there always is one.
    pub fn current_mut(&mut self) -> &mut Draft {
        &mut self.list[self.current]
    }

    /// In the order they were opened.
    pub fn iter(&self) -> impl Iterator<Item = &Draft> {
        self.list.iter()
    }

    /// In the order they were opened.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Draft> {
        self.list.iter_mut()
    }

    /// `None` when it was closed.
    pub fn get(&self, id: DraftId) -> Option<&Draft> {
        self.list.iter().find(|draft| draft.id == id)
    }

    /// `None` when it was closed.
    pub fn get_mut(&mut self, id: DraftId) -> Option<&mut Draft> {
        self.list.iter_mut().find(|draft| draft.id == id)
    }

    /// The draft of a preset, if it is open.
    pub(crate) fn of_preset(&self, path: &PresetPath) -> Option<&Draft> {
        self.list.iter().find(|draft| draft.preset.as_ref() == Some(path))
    }

    /// The draft that opened this session.
    pub(crate) fn of_session(&self, id: SessionId) -> Option<&Draft> {
        self.list.iter().find(|draft| draft.session == Some(id))
    }

    /// Puts a new draft on screen.
    pub fn open(&mut self, spec: Spec) -> &mut Draft {
        self.push(spec);
        self.show(self.list.len() - 1);
        self.current_mut()
    }

    fn push(&mut self, spec: Spec) {
        self.list.push(Draft::new(DraftId(self.next), spec));
        self.next += 1;
    }

    /// Puts a preset on screen: its draft if it is open, else a new one.
    pub(crate) fn open_preset(&mut self, stored: &StoredPreset) {
        if let Some(at) = self.list.iter().position(|d| d.preset.as_ref() == Some(&stored.path)) {
            self.show(at);
            return;
        }
        let Ok(preset) = &stored.content else { return };
        self.open(preset.spec.clone()).follow(stored);
    }

    /// The draft of a preset, which is not put on screen; `None` = its file cannot be read.
    pub(crate) fn beside(&mut self, stored: &StoredPreset) -> Option<&mut Draft> {
        if self.of_preset(&stored.path).is_none() {
            let preset = stored.content.as_ref().ok()?;
            self.push(preset.spec.clone());
            self.list.last_mut()?.follow(stored);
        }
        self.list.iter_mut().find(|draft| draft.preset.as_ref() == Some(&stored.path))
    }

    /// Puts an existing draft on screen.
    pub fn select(&mut self, id: DraftId) {
        if let Some(at) = self.list.iter().position(|draft| draft.id == id) {
            self.show(at);
        }
    }

    /// A draft that was only looked at makes room for the next one; what the program was started with is
    /// there until it ends.
    fn show(&mut self, at: usize) {
        let before = std::mem::replace(&mut self.current, at);
        let draft = &self.list[before];
        let is_idle = draft.session.is_none() && !draft.is_as_named();
        if before != at && is_idle && !draft.is_modified() {
            self.list.remove(before);
            self.current -= usize::from(before < at);
        }
    }

    /// Puts something new on screen. Nothing composed is lost: only a draft nobody did anything to
    /// makes room for it.
    pub(crate) fn compose(&mut self, spec: Spec) {
        let draft = self.current_mut();
        let is_that = draft.is_blank() && draft.session.is_none() && draft.spec == spec;
        let draft = if is_that { draft } else { self.open(spec) };
        draft.begun_with = Some(draft.spec.to_spec());
        draft.tls_comes_along();
    }

    /// Puts a draft that was removed on screen again.
    pub(crate) fn put_back(&mut self, draft: Draft) {
        let is_same = |known: &Draft| known.id == draft.id;
        let of_preset = |known: &Draft| draft.preset.is_some() && known.preset == draft.preset;
        let place = self.list.iter().position(|known| is_same(known) || of_preset(known));
        let draft = Draft { session: None, sent: None, saving: None, ..draft };
        let at = if let Some(at) = place {
            self.list[at] = draft;
            at
        } else {
            self.list.push(draft);
            self.list.len() - 1
        };
        self.show(at);
    }

    /// Removes all drafts but these.
    pub fn retain(&mut self, keep: impl Fn(&Draft) -> bool) {
        let (current, at) = (self.current().id, self.current);
        self.list.retain(keep);
        if self.list.is_empty() {
            self.push(Spec::empty(Protocol::Http, Side::Client));
        }
        let still = self.list.iter().position(|draft| draft.id == current);
        self.current = still.unwrap_or(at.min(self.list.len() - 1));
    }

    /// What has to survive leaving or a crash.
    pub(crate) fn to_restore(&self) -> (Vec<job::StoredDraft>, usize) {
        let is_kept = |at: &usize| *at == self.current || self.list[*at].is_modified();
        let kept = (0..self.list.len()).filter(is_kept);
        let drafts = kept.clone().map(|at| self.list[at].to_restore()).collect();
        (drafts, kept.take_while(|at| *at < self.current).count())
    }

    /// Whether nothing was opened or composed in this run, not even of another kind.
    pub(crate) fn is_pristine(&self) -> bool {
        let first = &self.list[0];
        self.list.len() == 1
            && first.preset.is_none()
            && first.session.is_none()
            && first.saving.is_none()
            && first.spec == Spec::empty(Protocol::Http, Side::Client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::app::message::{Input, Message};
    use crate::model::timing::Stamp;

    /// A preset as the workspace has it.
    pub(super) fn stored(path: &str) -> StoredPreset {
        let path = PresetPath::parse(path).unwrap();
        let spec = Spec::empty(Protocol::Tcp, Side::Client);
        let preset = Preset { path: path.clone(), about: String::new(), spec, unused: Vec::new() };
        StoredPreset { path, content: Ok(preset), fingerprint: 7 }
    }

    #[test]
    fn a_preset_only_looked_at_makes_room_and_an_edited_one_stays() {
        let mut drafts = Drafts::default();
        drafts.open_preset(&stored("a"));
        drafts.open_preset(&stored("b"));
        assert!(drafts.of_preset(&PresetPath::parse("a").unwrap()).is_none());
        "h:1".clone_into(drafts.current_mut().spec.address_mut());
        drafts.open_preset(&stored("c"));
        assert!(drafts.of_preset(&PresetPath::parse("b").unwrap()).unwrap().is_modified());
        drafts.open_preset(&stored("b"));
        assert_eq!(drafts.current().spec.address(), "h:1");
    }

    #[test]
    fn the_rows_of_a_url_are_read_when_it_changes_and_not_when_they_are_drawn() {
        let mut app = App::default();
        "h/?a=1%202&b".clone_into(app.shared.drafts.current_mut().spec.address_mut());
        app.update(Message::Input(Input::Paste(String::new())), Stamp::default());
        let draft = app.shared.drafts.current();
        assert!(matches!(draft.url_rows(), Cow::Borrowed(rows) if rows.count() == 2));
        let cell = |at: usize, key| FormFieldId::Field(url_rows::list().row(at).then(key));
        assert!(matches!(draft.text(cell(0, "value")), Cow::Borrowed("1 2")));
        assert_eq!(draft.sent_as(cell(0, "value")).as_deref(), Some("1%202"));
        assert_eq!((&*draft.text(cell(1, "off")), &*draft.text(cell(2, "off"))), ("on", ""));
        // Between a change and the end of the message it was made by, the rows are those of now.
        let mut draft = draft.clone();
        "h/?c".clone_into(draft.spec.address_mut());
        assert_eq!(&*draft.text(cell(0, "name")), "c");
    }

    #[test]
    fn what_is_to_be_kept_is_handed_on_without_a_copy() {
        let mut drafts = Drafts::default();
        drafts.open_preset(&stored("a"));
        "h:1".clone_into(drafts.current_mut().spec.address_mut());
        let (kept, at) = drafts.to_restore();
        assert!(kept[at].spec.is_one_with(&drafts.current().spec));
    }

    #[test]
    fn composing_something_new_loses_nothing() {
        let mut drafts = Drafts::default();
        ":8080".clone_into(drafts.current_mut().spec.address_mut());
        drafts.compose(Spec::empty(Protocol::Udp, Side::Listener));
        assert_eq!(drafts.current().spec.side(), Side::Listener);
        drafts.compose(Spec::empty(Protocol::Http, Side::Client));
        assert_eq!(drafts.current().spec.address(), "", "something new, always");
        let kept: Vec<_> = drafts.iter().map(|draft| draft.spec.address()).collect();
        assert_eq!(kept, [":8080", ""], "the blank one in between made room");
    }

    #[test]
    fn what_was_only_carried_over_is_no_work_of_the_user() {
        let mut drafts = Drafts::default();
        let mut begun = Spec::empty(Protocol::Tcp, Side::Listener);
        ":7".clone_into(begun.address_mut());
        drafts.compose(begun.clone());
        assert!(!drafts.current().is_modified());
        let (kept, at) = drafts.to_restore();
        let mut again = Drafts::default();
        again.restore(&kept, at, Some(&[]), true);
        assert_eq!(again.current().spec, begun);
        assert!(!again.current().is_modified(), "not after a restart either");
        "x:7".clone_into(drafts.current_mut().spec.address_mut());
        assert!(drafts.current().is_modified());
    }

    #[test]
    fn forgetting_the_last_draft_leaves_a_blank_one() {
        let mut drafts = Drafts::default();
        drafts.open_preset(&stored("a"));
        drafts.retain(|_| false);
        assert!(drafts.current().preset.is_none());
    }
}
