//! What every pane and overlay may read: the one owner of what more than one of them shows.
//!
//! Only flows change it. Panes and overlays get `&Shared` and answer with intents. What the response
//! region shows follows from the session of the draft on screen, and is decided here alone:
//! [`Shared::shown`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::Offset;

use super::arrangement::Arrangement;
use super::captured::{CapturedValue, CapturedValues};
use super::color_rules::ColorRules;
use super::column_set::ColumnSet;
use super::cookie_jars::CookieJars;
use super::drafts::Drafts;
use super::focus::Pane;
use super::form::{FormFieldId, FormTab, access};
use super::format;
use super::held::HeldThings;
use super::inherited::Inheritance;
use super::kept_answers::KeptAnswers;
use super::kept_filters::KeptFilters;
use super::keymap::Keymap;
use super::layout::{self, Areas, LayoutFacts};
use super::opened_log::OpenedLog;
use super::preset_runs::PresetRuns;
use super::sessions::{Session, Sessions};
use super::themes::Themes;
use crate::check::CheckReport;
use crate::codec::search::Pattern;
use crate::compose::template::{VariableName, Variables};
use crate::model::environment_layers::{LayerFault, LayeredValues, layer_fault};
use crate::model::failure::Failure;
use crate::model::file_problems::{defaults_of, problem_in};
use crate::model::id::SessionId;
use crate::model::name_order::{by_name, in_order};
use crate::model::preset::{Environment, PresetPath, Scope, StoredPreset, ValueCommand};
use crate::model::secrets::{Disclosure, Secrets, is_secret_field, secret_values};
use crate::model::timing::Stamp;
use crate::model::value_source::ValueSource;
use crate::model::wall_clock::WallClock;
use crate::query::AskersClock;
use crate::store::job::Workspace;
use crate::timeline::Timeline;

/// What takes packets as they come, unless the user names something else: Wireshark, which begins at
/// once.
const LIVE_COMMAND: &str = "wireshark -k -i -";

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
#[derive(Debug, Default)]
pub struct Shared {
    /// Time of the message being handled.
    pub now: Stamp,
    /// What stamps are on the wall.
    pub(crate) wall_clock: WallClock,
    /// Exchanges of files that were opened.
    pub(crate) opened: OpenedLog,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// The colours in force, and those there are to choose from.
    pub themes: Themes,
    pub keymap: Keymap,
    pub arrangement: Arrangement,
    /// The focused pane has the whole screen.
    pub zoom: bool,
    /// Rows that the remark on screen needs.
    pub(super) remark_rows: u16,
    pub focus: Pane,
    /// A record is looked at closely, so the traffic pane wants half of the screen.
    pub is_record_open: bool,
    pub workspace: Workspace,
    /// Secrets of every environment there was in this run, and what of their other values, of those of
    /// folders and of the operating system is one by its name: lists show none of them.
    pub(super) secrets: Secrets,
    /// Name of the environment in force.
    pub environment: Option<String>,
    /// What was captured in this run.
    pub captured: CapturedValues,
    /// The cookies of environments.
    pub cookies: CookieJars,
    pub drafts: Drafts,
    pub sessions: Sessions,
    /// A conversation without a draft that is looked at instead of that of the draft on screen.
    pub(super) looked_at: Option<SessionId>,
    pub kept: KeptAnswers,
    pub timeline: Timeline,
    /// What relays hold.
    pub held: HeldThings,
    /// Runs of presets.
    pub runs: PresetRuns,
    pub search: TextSearch,
    /// Filters of Traffic the user may want again.
    pub filters: KeptFilters,
    /// The colours of rows in Traffic.
    pub color_rules: ColorRules,
    /// The columns of Traffic, and how its times are written.
    pub columns: ColumnSet,
    /// The command that traffic was piped into last; empty = Wireshark's.
    pub(super) live_command: String,
    /// Traffic goes into a program as it comes.
    pub(crate) is_piping: bool,
    /// Offset of local time, for times of day; the shell sets it.
    pub utc_offset: Option<Offset>,
    /// Operating system environment, for `{{env.NAME}}`.
    pub os: BTreeMap<String, String>,
    /// What programs and the keyring gave in this run.
    pub(super) given: BTreeMap<ValueSource, String>,
    /// What was asked for and typed for the line that is sent at this moment, by label.
    pub(super) line_values: BTreeMap<String, String>,
}

impl Shared {
    /// What lists on the screen may tell; what is looked at closely is shown as it is.
    pub fn disclosure(&self) -> Disclosure {
        Disclosure::Hiding(self.secrets.clone())
    }

    /// Nobody shall read these from now on.
    pub(super) fn hide(&mut self, values: &Secrets) {
        self.secrets = self.secrets.and(values);
    }

    /// The workspace as it is on the disk now.
    pub(super) fn set_workspace(&mut self, workspace: Workspace) {
        let environments = workspace.environments.iter().flat_map(hidden_of);
        let folders = workspace.defaults.iter().flat_map(|it| secret_values(&it.variables));
        self.secrets = self.secrets.and(&Secrets::new(environments.chain(folders)));
        self.workspace = workspace;
    }

    /// What was captured of an answer that was sent with this environment, and by which preset; names
    /// of what is too long to be kept.
    pub(super) fn take_captured(
        &mut self,
        environment: Option<&str>,
        report: &CheckReport,
        by: Option<&PresetPath>,
        now: Stamp,
    ) -> Vec<String> {
        self.hide(&report.captured_secrets());
        self.captured.take(environment, report, by, now)
    }

    /// How long a captured value is good for, as the preset says that captured it.
    pub(crate) fn captured_for(&self, captured: &CapturedValue) -> Option<Duration> {
        let stored = self.stored(captured.by.as_ref()?)?;
        stored.content.as_ref().ok()?.spec.run()?.max_age
    }

    /// The command that traffic is piped into.
    pub(crate) fn live_command(&self) -> &str {
        if self.live_command.is_empty() { LIVE_COMMAND } else { &self.live_command }
    }

    /// What the operating system tells, which does not change.
    pub(super) fn set_os(&mut self, os: BTreeMap<String, String>) {
        self.secrets = self.secrets.and(&Secrets::new(secret_values(&os)));
        self.os = os;
    }

    /// An environment is as told now, and none has the name `gone` any more.
    pub(super) fn set_environment(&mut self, gone: Option<&str>, now: Option<Environment>) {
        let known = &mut self.workspace.environments;
        known.retain(|it| {
            Some(&*it.name) != gone && now.as_ref().is_none_or(|now| now.name != it.name)
        });
        if let Some(now) = now {
            self.secrets = self.secrets.and(&Secrets::new(hidden_of(&now)));
            let at = known.partition_point(|it| by_name(&it.name, &now.name).is_lt());
            known.insert(at, now);
        }
    }

    /// Where the panes are now.
    pub fn areas(&self) -> Areas {
        let mut arrangement = self.arrangement;
        // A record is looked at closely: on most screens the list alone fills the pane.
        if arrangement.traffic == 0 && self.focus == Pane::Traffic && self.is_record_open {
            arrangement.traffic = self.size.1 / 2;
        }
        let is_folded = arrangement.folds(self.is_quiet());
        let draft = self.drafts.current();
        let is_large = draft.tab == FormTab::Answers || access::is_area(&draft.spec, draft.at);
        let is_written = self.focus == Pane::Request && is_large;
        let (focus, is_zoomed) = (self.focus, self.zoom);
        let remark = self.remark_rows;
        let facts = LayoutFacts { arrangement, focus, is_zoomed, is_folded, is_written, remark };
        layout::areas(self.size, facts)
    }

    /// Whether nothing is open whose traffic is watched live: no listener and no conversation.
    pub(crate) fn is_quiet(&self) -> bool {
        !self.sessions.live().any(Session::lasts)
    }

    /// Time of day of a stamp.
    pub fn time_of_day(&self, at: Stamp) -> String {
        format::clock(self.wall_clock.at(at), self.utc_offset)
    }

    /// Seconds by the wall clock, as cookies count.
    pub(crate) fn wall_seconds(&self) -> i64 {
        i64::try_from(self.wall_clock.at(self.now).0 / 1_000_000_000).unwrap_or(i64::MAX)
    }

    /// Date and time of day here.
    pub(crate) fn local_time(&self, at: Stamp) -> jiff::civil::DateTime {
        format::local(self.wall_clock.at(at), self.utc_offset)
    }

    /// Nanoseconds that local time is ahead of stamps now.
    pub(crate) fn clock_ahead(&self) -> i64 {
        let offset = self.utc_offset.map_or(0, |offset| i64::from(offset.seconds()));
        let wall = self.wall_clock.at(self.now).0.cast_signed() - self.now.0.cast_signed();
        wall.saturating_add(offset * 1_000_000_000)
    }

    /// The wall clock, for what is asked of times in the zone of the user.
    pub(crate) fn askers_clock(&self) -> AskersClock {
        let offset = self.utc_offset.unwrap_or(Offset::UTC);
        AskersClock { now: self.wall_clock.at(self.now), offset }
    }

    /// The file of a preset as last read.
    pub fn stored(&self, path: &PresetPath) -> Option<&StoredPreset> {
        let presets = &self.workspace.presets;
        let at = presets.binary_search_by(|stored| stored.path.cmp(path)).ok()?;
        presets.get(at)
    }

    /// What the draft on screen has from its folders; `None` = nothing.
    pub(crate) fn inheritance(&self) -> Option<Inheritance<'_>> {
        Inheritance::of(&self.workspace, self.drafts.current())
    }

    /// The file a field of the draft on screen has its value from; `None` = it is its own.
    pub(crate) fn giver(&self, id: FormFieldId) -> Option<String> {
        self.inheritance()?.giver(id)
    }

    /// Whether what stands in a field is there to be replaced by what is typed: nobody wrote it here.
    pub(crate) fn is_to_be_replaced(&self, id: FormFieldId) -> bool {
        let spec = &self.drafts.current().spec;
        let is_cell = id.in_list().is_some() || access::is_area(spec, id);
        let is_given = || !is_cell && self.giver(id).is_some();
        access::is_untouched(spec, id) || is_given()
    }

    /// The session on screen: that of the draft, unless another is looked at for a while.
    pub fn session(&self) -> Option<&Session> {
        let looked_at = self.looked_at.and_then(|id| self.sessions.get(id));
        looked_at.or_else(|| self.sessions.get(self.drafts.current().session?))
    }

    /// Whether the file of a draft is gone.
    pub(crate) fn has_lost_file(&self, draft: &super::drafts::Draft) -> bool {
        draft.preset.as_ref().is_some_and(|path| self.stored(path).is_none())
    }

    /// The session of a draft that goes on although the address of the draft is another by now.
    pub(crate) fn edited_away(&self, draft: &super::drafts::Draft) -> Option<&Session> {
        let session = self.sessions.get(draft.session?).filter(|session| !session.is_over())?;
        (session.lasts() && session.written != draft.spec.address()).then_some(session)
    }

    /// Whether a session is not the one its draft was sent with last.
    pub fn is_earlier(&self, session: &Session) -> bool {
        let draft = self.drafts.current();
        let is_shown = draft.session == Some(session.id);
        session.is_kept || (is_shown && draft.latest.is_some_and(|id| id != session.id))
    }

    /// What the response region shows.
    pub fn shown(&self) -> Shown {
        match self.session().map(|session| session.capabilities().conversation) {
            None => Shown::Nothing,
            Some(false) => Shown::Exchange,
            Some(true) => Shown::Conversation,
        }
    }

    /// Whether what is shown came back for a request that is another one by now.
    pub(crate) fn is_response_stale(&self) -> bool {
        let is_response = self.shown() == Shown::Exchange
            && self.session().is_some_and(|session| !session.side().listens());
        is_response && self.drafts.current().is_edited_since()
    }

    /// What templates may refer to now, as a copy: for what is sent, never for a frame.
    pub fn scope(&self) -> Scope {
        self.scope_in(self.folder())
    }

    /// The same for presets of a folder.
    pub(super) fn scope_in(&self, folder: &str) -> Scope {
        self.scope_with(folder, self.environment.as_deref())
    }

    /// The same with another environment in force.
    pub(super) fn scope_with(&self, folder: &str, environment: Option<&str>) -> Scope {
        #[cfg(test)]
        COPIES.with(|copies| copies.set(copies.get() + 1));
        let of = self.workspace.folder(folder);
        let mut scope = Scope { os: self.os.clone(), folder: of, ..Scope::default() };
        for defaults in self.workspace.applying(folder) {
            scope.variables.extend(defaults.variables.clone());
        }
        let layers = environment.map(|name| self.workspace.layers(name)).unwrap_or_default();
        for layer in layers.into_iter().rev() {
            scope.take_layer(layer);
        }
        scope.outputs.clone_from(&self.given);
        let listening = self.sessions.listening_names();
        scope.captured.extend(listening.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for (name, captured) in self.captured.of(environment) {
            scope.captured.insert(name.to_owned(), captured.value.clone());
            if is_secret_field(&captured.of) {
                scope.veiled.insert(name.to_owned());
            }
        }
        scope
    }

    /// Names that have a value here, in the order in which they are offered: variables, secrets as
    /// `secret.NAME`, and what the operating system tells as `env.NAME`.
    pub(crate) fn known_names(&self) -> Vec<(String, &str)> {
        let mut plain: BTreeMap<&str, &str> = BTreeMap::new();
        for defaults in self.workspace.applying(self.folder()) {
            plain.extend(defaults.variables.iter().map(|(name, value)| (&**name, &**value)));
        }
        let LayeredValues { variables, secrets } = LayeredValues::of(&self.environment());
        plain.extend(variables);
        plain.extend(self.sessions.listening_names());
        let captured = self.captured.of(self.environment.as_deref());
        plain.extend(captured.map(|(name, it)| (name, &*it.value)));
        let plain = in_order(plain).map(|(name, value)| (name.to_owned(), value));
        let secrets = in_order(secrets).map(|(name, value)| (format!("secret.{name}"), value));
        let os = in_order(&self.os).map(|(name, value)| (format!("env.{name}"), &**value));
        plain.chain(secrets).chain(os).collect()
    }

    /// A path as the user typed it, `~/` being the home folder.
    pub(super) fn typed_path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.os.get("HOME")) {
            (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
            _ => PathBuf::from(text),
        }
    }

    /// Folder of the preset on screen.
    pub(crate) fn folder(&self) -> &str {
        self.drafts.current().preset.as_ref().map_or("", |path| path.folder())
    }

    /// What keeps the shown draft from having what the folders of its preset give.
    pub(crate) fn folder_fault(&self) -> Option<&Failure> {
        let Workspace { root, problems, .. } = &self.workspace;
        problem_in(root, problems, &defaults_of(self.folder()))
    }

    /// What is wrong with what a folder itself gives.
    pub(crate) fn fault_of_folder(&self, folder: &str) -> Option<&Failure> {
        let Workspace { root, problems, .. } = &self.workspace;
        problem_in(root, problems, &[format!("{folder}/_defaults.toml")])
    }

    /// The word for the colour of the environment in force.
    pub(crate) fn environment_color(&self) -> Option<&str> {
        self.color_of(self.environment.as_ref()?)
    }

    /// The word for the colour of this environment, be it one of its own or inherited.
    pub(crate) fn color_of(&self, environment: &str) -> Option<&str> {
        self.workspace.layers(environment).into_iter().find_map(|it| it.color.as_deref())
    }

    /// What keeps the environment in force from having the values it names.
    pub(crate) fn environment_fault(&self) -> Option<LayerFault> {
        self.fault_of(self.environment.as_ref()?)
    }

    /// What keeps this environment from having the values it names.
    pub(crate) fn fault_of(&self, environment: &str) -> Option<LayerFault> {
        layer_fault(&self.workspace.environments, environment)
    }

    /// The environment in force and those it extends, the nearest first.
    fn environment(&self) -> Vec<&Environment> {
        self.environment.as_ref().map(|name| self.workspace.layers(name)).unwrap_or_default()
    }

    /// The environment of this name.
    pub(crate) fn environment_named(&self, name: &str) -> Option<&Environment> {
        self.workspace.environments.iter().find(|known| known.name == name)
    }
}

/// What of an environment nobody shall read.
fn hidden_of(environment: &Environment) -> impl Iterator<Item = &str> {
    let secrets = environment.secrets.values().map(String::as_str);
    secrets.chain(secret_values(&environment.variables))
}

/// The same as in [`Shared::scope`], looked up where it lies: nothing is copied for a frame.
impl Variables for Shared {
    fn value_of(&self, name: VariableName<'_>) -> Option<&str> {
        value_in(self, self.environment.as_deref(), name)
    }

    fn is_verbatim(&self, name: &str) -> bool {
        is_verbatim(self, self.environment.as_deref(), name)
    }

    fn command_of(&self, name: VariableName<'_>) -> Option<&ValueCommand> {
        command_in(self, self.environment.as_deref(), name)
    }
}

/// What names stand for with another environment in force, looked up where it lies.
pub(super) struct InEnvironment<'a> {
    pub shared: &'a Shared,
    pub environment: Option<&'a str>,
}

impl Variables for InEnvironment<'_> {
    fn value_of(&self, name: VariableName<'_>) -> Option<&str> {
        value_in(self.shared, self.environment, name)
    }

    fn is_verbatim(&self, name: &str) -> bool {
        is_verbatim(self.shared, self.environment, name)
    }

    fn command_of(&self, name: VariableName<'_>) -> Option<&ValueCommand> {
        command_in(self.shared, self.environment, name)
    }
}

/// The nearest of an environment's layers that says something of a name: a value, or a program that gives it.
fn nearest<'a>(
    shared: &'a Shared,
    environment: Option<&str>,
    name: VariableName<'_>,
) -> Option<(Option<&'a String>, Option<&'a ValueCommand>)> {
    let layers = environment.map(|it| shared.workspace.layers(it)).unwrap_or_default();
    layers.into_iter().find_map(|layer| {
        let (value, command) = match name {
            VariableName::Plain(name) => (layer.variables.get(name), layer.commands.get(name)),
            VariableName::Secret(name) if layer.commands.is_empty() => {
                (layer.secrets.get(name), None)
            }
            VariableName::Secret(name) => {
                (layer.secrets.get(name), layer.commands.get(&format!("secret.{name}")))
            }
            VariableName::Os(_) | VariableName::Asked(_) => (None, None),
        };
        (value.is_some() || command.is_some()).then_some((value, command))
    })
}

fn command_in<'a>(
    shared: &'a Shared,
    environment: Option<&str>,
    name: VariableName<'_>,
) -> Option<&'a ValueCommand> {
    nearest(shared, environment, name)?.1
}

fn is_verbatim(shared: &Shared, environment: Option<&str>, name: &str) -> bool {
    shared.captured.get(environment, name).is_some()
        || shared.sessions.listening_name(name).is_some()
        || command_in(shared, environment, VariableName::Plain(name)).is_some()
}

fn value_in<'a>(
    shared: &'a Shared,
    environment: Option<&str>,
    name: VariableName<'_>,
) -> Option<&'a str> {
    let of_files = || match nearest(shared, environment, name)? {
        (Some(value), _) => Some(Some(value)),
        (None, command) => Some(command.and_then(|command| shared.given.get(&command.source))),
    };
    match name {
        VariableName::Plain(plain) => {
            let mut folders = shared.workspace.applying(shared.folder()).rev();
            let inherited = || folders.find_map(|it| it.variables.get(plain));
            let captured = shared.captured.get(environment, plain).map(|it| &it.value);
            let listening = || shared.sessions.listening_name(plain);
            let of_others = || of_files().unwrap_or_else(inherited);
            captured.or_else(listening).or_else(of_others)
        }
        VariableName::Secret(_) => of_files().flatten(),
        VariableName::Os(name) => shared.os.get(name),
        VariableName::Asked(label) => shared.line_values.get(label),
    }
    .map(String::as_str)
}

#[cfg(test)]
thread_local! {
    static COPIES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Copies of the environment made by this thread so far.
#[cfg(test)]
pub(crate) fn scopes_made() -> usize {
    COPIES.with(std::cell::Cell::get)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{App, Startup};
    use crate::store::job::FolderDefaults;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    /// Folders, an environment and the system's variables, each hiding something of the one before.
    fn app() -> App {
        let mut app = App::new(Startup {
            os: variables(&[("HOME", "/home/ann"), ("host", "os")]),
            ..Startup::default()
        });
        let defaults = |folder: &str, pairs| FolderDefaults {
            folder: folder.into(),
            variables: variables(pairs),
            ..FolderDefaults::default()
        };
        app.shared.workspace.defaults = vec![
            defaults("", &[("host", "outer"), ("port", "80"), ("only", "outer")]),
            defaults("api", &[("host", "inner"), ("port", "81")]),
            defaults("other", &[("only", "never")]),
        ];
        app.shared.workspace.environments = vec![Environment {
            name: "lab".into(),
            variables: variables(&[("host", "lab")]),
            secrets: variables(&[("token", "s3cr3t")]),
            ..Environment::default()
        }];
        app.shared.drafts.current_mut().preset = Some(PresetPath::parse("api/users").unwrap());
        app
    }

    #[test]
    fn names_looked_up_where_they_lie_have_the_values_of_a_scope() {
        let mut app = app();
        for environment in [None, Some("lab"), Some("gone")] {
            app.shared.environment = environment.map(str::to_owned);
            let scope = app.shared.scope();
            for name in ["host", "port", "only", "token", "HOME", "nope"] {
                for name in
                    [VariableName::Plain(name), VariableName::Secret(name), VariableName::Os(name)]
                {
                    let found = app.shared.value_of(name);
                    assert_eq!(found, scope.value_of(name), "{name:?} in {environment:?}");
                }
            }
        }
    }

    #[test]
    fn a_look_at_a_name_copies_nothing() {
        let mut app = app();
        app.shared.environment = Some("lab".into());
        let host = app.shared.value_of(VariableName::Plain("host")).unwrap();
        let kept = &app.shared.workspace.environments[0].variables["host"];
        assert!(std::ptr::eq(host, kept.as_str()));
        let home = app.shared.value_of(VariableName::Os("HOME")).unwrap();
        assert!(std::ptr::eq(home, app.shared.os["HOME"].as_str()));
    }
}
