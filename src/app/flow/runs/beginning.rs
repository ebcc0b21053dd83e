//! What comes before a run: what is meant, its rows of data, and the values that are got or asked for once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::{go_on, live, show, time};
use crate::app::action::Action;
use crate::app::drafts::Draft;
use crate::app::effect::Effect;
use crate::app::flow::{restore, wanted};
use crate::app::focus::Pane;
use crate::app::format::{self, count};
use crate::app::overlay::Overlay;
use crate::app::overlay::run_options::RunOptions;
use crate::app::places_compared::{PlacesCompared, ShownPlace};
use crate::app::preset_runs::{PreparedRun, RUN_ROWS, RunScope, RunWish, ShownRun};
use crate::app::preset_tree::TreeItem;
use crate::app::sessions::Session;
use crate::app::state::App;
use crate::app::waiting_send::WaitsFor;
use crate::compose::template::WantedValue;
use crate::compose::{self, UnknownNames};
use crate::model::environment_layers::LayerFault;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::preset::{PresetPath, Scope};
use crate::model::secrets::{Secrets, secret_values};
use crate::model::spec::Spec;
use crate::runner::{
    self, ComparedPlace, PlaceKind, PreparedPlace, Run, RunRound, RunScript, RunSettings,
    RunVerdict, RunWords, TagTest,
};
use crate::store::job::{Job, VariableKind};

/// The name under which a file of rows is read.
pub(crate) const DATA: &str = "rows of a run";

/// Time between a try and the next one.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The keys of runs: the window of one that is there, or what can be run.
pub(crate) fn act(app: &mut App, action: Action) {
    let shows = match action {
        Action::ShowRun => app.shared.runs.current.is_some(),
        _ => live(app).is_some(),
    };
    if shows {
        return show(app);
    }
    if app.shared.workspace.presets.is_empty() {
        return app.say(app.keyed("there is no preset to run yet: [save] keeps what is composed"));
    }
    if app.shared.workspace.is_partial {
        return app.say("the presets are still being read: try it again in a moment");
    }
    let scopes = scopes_of_cursor(app);
    let mut window = RunOptions::new(scopes, environments(app));
    if action == Action::ComparePlaces {
        window = window.choosing(&[]);
    }
    app.overlays.push(Overlay::RunOptions(Box::new(window)));
}

/// The names of the environments, in their order.
fn environments(app: &App) -> Vec<String> {
    app.shared.workspace.environments.iter().map(|it| it.name.clone()).collect()
}

/// Asks where what the window of runs shows goes to beside each other.
pub(super) fn choose_places(app: &mut App) {
    let Some(shown) = &app.shared.runs.current else { return };
    if shown.is_live() {
        return app.say(app.keyed("a run is under way: [stop] in its window ends it"));
    }
    let RunWish { names, title, places, .. } = shown.wish.clone();
    let scope = RunScope { name: "what ran", names, title };
    let window = RunOptions::new(vec![scope], environments(app)).choosing(&places);
    app.overlays.push(Overlay::RunOptions(Box::new(window)));
}

/// What can be run of where the cursor is.
fn scopes_of_cursor(app: &App) -> Vec<RunScope> {
    let shared = &app.shared;
    let item = match shared.focus {
        Pane::Presets => app.presets.selected(shared),
        _ => Some(TreeItem::of(shared, shared.drafts.current())),
    };
    let mut scopes = Vec::new();
    let marked: Vec<String> = app.presets.marked().map(ToString::to_string).collect();
    if !marked.is_empty() {
        let title = match marked.as_slice() {
            [one] => one.clone(),
            all => format!("{} marked presets", all.len()),
        };
        scopes.push(RunScope { name: "the marked presets", names: marked, title });
    }
    let folder = |folder: &str| RunScope {
        name: "the folder",
        names: vec![folder.to_owned()],
        title: format!("{folder}/"),
    };
    match item {
        Some(TreeItem::Folder(path)) => scopes.push(folder(&path)),
        Some(TreeItem::Preset(path)) => {
            let names = vec![path.to_string()];
            let stored = shared.stored(&path).and_then(|stored| stored.content.as_ref().ok());
            // What waits for others is started by what needs it.
            let is_client = stored.is_none_or(|preset| preset.spec.run().is_some());
            let preset = RunScope { name: "the preset", names, title: path.to_string() };
            scopes.extend(is_client.then_some(preset));
            scopes.extend((!path.folder().is_empty()).then(|| folder(path.folder())));
        }
        Some(TreeItem::Draft(_)) | None => {}
    }
    let (names, title) = (vec![".".to_owned()], "all presets".to_owned());
    scopes.push(RunScope { name: "all", names, title });
    scopes
}

/// Once more, all of it or those that did not pass.
pub(super) fn again(app: &mut App, failed_only: bool) {
    let Some(shown) = &app.shared.runs.current else { return };
    let mut wish = shown.wish.clone();
    if failed_only {
        let has_failed = |verdict: &RunVerdict| {
            matches!(
                verdict,
                RunVerdict::NotMet(_) | RunVerdict::Failed(_) | RunVerdict::Skipped(_)
            )
        };
        let failed = shown.run.rows().iter().filter(|row| has_failed(&row.verdict));
        // What came to a listener comes of those that need it.
        let failed = failed.flat_map(|row| shown.run.users_of(&row.path).chain([&row.path]));
        let is_client = |path: &&PresetPath| {
            let stored = app.shared.stored(path).and_then(|stored| stored.content.as_ref().ok());
            stored.is_none_or(|preset| preset.spec.run().is_some())
        };
        let mut known = BTreeSet::new();
        let paths = failed.filter(is_client);
        wish.names = paths.map(ToString::to_string).filter(|it| known.insert(it.clone())).collect();
        if wish.names.is_empty() {
            return app.say("all of it passed");
        }
        if !wish.title.starts_with(FAILED) {
            wish.title = format!("{FAILED}{}", wish.title);
        }
    }
    begin(app, wish);
}

/// Before the name of what ran, where only what did not pass runs again.
const FAILED: &str = "what did not pass of ";

/// Begins a run, or says why it cannot.
pub(super) fn begin(app: &mut App, wish: RunWish) {
    if live(app).is_some() {
        return app.say(app.keyed("a run is under way: [stop] in its window ends it"));
    }
    let in_force = app.shared.environment_fault().into_iter();
    let fault = wish.places.iter().filter_map(|place| app.shared.fault_of(place));
    if let Some(LayerFault { environment, cause }) = in_force.chain(fault).next() {
        return app.warn(format!("not run: {}: {cause}", VariableKind::Plain.file(&environment)));
    }
    if !restore::is_begun(app) {
        return app.say("the workspace is being read: in a moment");
    }
    let script = match script(app, &wish) {
        Ok(script) => script,
        Err(why) => return app.warn(format!("not run: {why}")),
    };
    prepare(app, PreparedRun { wish, script, rounds: None, then: None });
}

/// Gets what a run waits for; then it begins.
pub(super) fn prepare(app: &mut App, prepared: PreparedRun) {
    app.waiting.take_if(|waiting| waiting.of == WaitsFor::Run);
    let RunWish { data, repeat, .. } = &prepared.wish;
    if data.is_empty() {
        match runner::rounds(Vec::new(), *repeat) {
            Ok(rounds) => {
                app.shared.runs.prepared = Some(PreparedRun { rounds: Some(rounds), ..prepared });
                go_on_beginning(app);
            }
            Err(why) => app.warn(format!("not run: {why}")),
        }
        return;
    }
    let path = app.shared.typed_path(data);
    app.shared.runs.prepared = Some(prepared);
    app.effects.push(Effect::Store(Job::ReadTexts { files: vec![(DATA.to_owned(), path)] }));
}

fn script(app: &App, wish: &RunWish) -> Result<RunScript, Failure> {
    let workspace = &app.shared.workspace;
    let tags = wish.tags.trim();
    let wrong =
        |why: String| Failure::new(Stage::Compose, format!("tags {tags}"), FailureKind::Usage, why);
    let tests = if tags.is_empty() { None } else { Some(TagTest::parse(tags).map_err(wrong)?) };
    let selection = runner::select(workspace, &wish.names)?;
    let tests: Vec<TagTest> = tests.into_iter().collect();
    let script = runner::script(workspace, &selection, &tests, wish.parallel > 1)?;
    if script.steps.is_empty() {
        let why = script.left_out.first();
        let why = why.map(|(path, why)| format!("; {path} is left out: {why}")).unwrap_or_default();
        let cause = format!("there is nothing to run{why}");
        return Err(Failure::new(Stage::Compose, &*wish.title, FailureKind::Usage, cause));
    }
    Ok(script)
}

/// The rows of data are here, or why they are not.
pub(crate) fn data_read(app: &mut App, text: Result<String, String>) {
    let Some(prepared) = &mut app.shared.runs.prepared else { return };
    let file = prepared.wish.data.clone();
    let rounds = text.map_err(|why| format!("{file}: {why}")).and_then(|text| {
        let rows = runner::data_rows(&text);
        let rows = rows.map_err(|flaw| format!("{file}:{}: {}", flaw.line, flaw.why))?;
        runner::rounds(rows, prepared.wish.repeat)
    });
    match rounds {
        Ok(rounds) => {
            let variables = rounds.iter().flat_map(|round| secret_values(&round.variables));
            let secrets = Secrets::new(variables);
            prepared.rounds = Some(rounds);
            app.shared.hide(&secrets);
            go_on_beginning(app);
        }
        Err(why) => give_up(app, &why),
    }
}

/// What waits to begin does not.
pub(super) fn give_up(app: &mut App, why: &str) {
    let prepared = app.shared.runs.prepared.take();
    let is_sent_then = prepared.is_some_and(|prepared| prepared.then.is_some());
    let not_done = if is_sent_then { "not sent" } else { "not run" };
    app.warn(format!("{not_done}: {why}"));
}

/// Gets the values that are missing, each once; then it begins.
pub(super) fn go_on_beginning(app: &mut App) {
    let Some(PreparedRun { wish, script, rounds: Some(rounds), .. }) = &app.shared.runs.prepared
    else {
        return;
    };
    let goes_to = places(app, wish, script);
    let mut wanted: Vec<WantedValue> = Vec::new();
    for place in &goes_to {
        let of_place = wants(script, place, rounds.first());
        wanted.extend(of_place.into_iter().filter(|one| !wanted.contains(one)).collect::<Vec<_>>());
    }
    if wanted.is_empty() {
        return start(app, goes_to);
    }
    let wanted: Vec<&WantedValue> = wanted.iter().collect();
    if !wanted::get(app, &wanted, WaitsFor::Run, UnknownNames::Refused) {
        give_up(app, "the values it needs are not to be had");
    }
}

/// What the presets want to be got before: programs, and what is asked for.
fn wants(script: &RunScript, place: &PreparedPlace, round: Option<&RunRound>) -> Vec<WantedValue> {
    let steps = script.steps.iter().map(|step| step.content.as_ref().ok().map(|it| &it.spec));
    let specs = steps.chain(script.listeners.iter().map(|listener| Some(&listener.spec)));
    // Scopes of a folder are one, so what a row of data adds to them is put in once.
    let mut with_row: HashMap<*const Scope, Scope> = HashMap::new();
    let mut wanted: Vec<WantedValue> = Vec::new();
    for (spec, scope) in specs.zip(&place.scopes) {
        let Some(spec) = spec else { continue };
        let scope = with_row.entry(Arc::as_ptr(scope)).or_insert_with(|| {
            let mut scope = (**scope).clone();
            scope.captured.extend(round.into_iter().flat_map(|it| it.variables.clone()));
            scope.captured.extend(place.variables.clone());
            scope
        });
        for one in wants_of(spec, scope) {
            if !wanted.contains(&one) {
                wanted.push(one);
            }
        }
    }
    wanted
}

fn wants_of(spec: &Spec, scope: &Scope) -> Vec<WantedValue> {
    let issues = compose::plan(spec, scope).err().unwrap_or_default();
    issues.into_iter().filter_map(|issue| issue.wants.map(|wanted| *wanted)).collect()
}

/// Where it goes: as it is, or to each of the places that are wished for; one alone goes beside what is in force.
fn places(app: &App, wish: &RunWish, script: &RunScript) -> Vec<PreparedPlace> {
    let in_force = app.shared.environment.as_deref();
    let in_scope = |name: &str, environment: Option<&str>| {
        PreparedPlace::new(name, scopes(app, script, environment))
    };
    let as_it_is = |name: &str| in_scope(name, in_force);
    let to = |word: &String| {
        let mut place = as_it_is(word);
        match ComparedPlace::parse(word).kind {
            PlaceKind::Environment => return in_scope(word, Some(word)),
            PlaceKind::Value(name, value) => place.variables = BTreeMap::from([(name, value)]),
            PlaceKind::Address => place.address = Some(word.clone()),
        }
        place
    };
    match wish.places.as_slice() {
        [] => vec![as_it_is("")],
        [one] => vec![as_it_is(in_force.unwrap_or(AS_IT_IS)), to(one)],
        all => all.iter().map(to).collect(),
    }
}

/// The environment in force at each of the places; none where there is one alone.
fn shown_places(app: &App, places: &[PreparedPlace]) -> Vec<ShownPlace> {
    let in_force = app.shared.environment.as_ref();
    let known = |name: &String| app.shared.environment_named(name).map(|_| name.clone());
    let shown = |place: &PreparedPlace| ShownPlace {
        name: place.name.clone(),
        environment: known(&place.name).or_else(|| in_force.cloned()),
    };
    if places.len() > 1 { places.iter().map(shown).collect() } else { Vec::new() }
}

/// What a run without an environment is called beside others.
const AS_IT_IS: &str = "as it is";

/// What templates may refer to, for the steps and behind them for the listeners: one for each folder.
fn scopes(app: &App, script: &RunScript, environment: Option<&str>) -> Vec<Arc<Scope>> {
    let steps = script.steps.iter().map(|step| &step.path);
    let paths = steps.chain(script.listeners.iter().map(|listener| &listener.path));
    let mut of_folders: BTreeMap<&str, Arc<Scope>> = BTreeMap::new();
    let scope_of = |path: &PresetPath| {
        let mut scope = app.shared.scope_with(path.folder(), environment);
        wanted::answered(app, WaitsFor::Run, &mut scope);
        Arc::new(scope)
    };
    paths
        .map(|path| Arc::clone(of_folders.entry(path.folder()).or_insert_with(|| scope_of(path))))
        .collect()
}

fn start(app: &mut App, places: Vec<PreparedPlace>) {
    let Some(prepared) = app.shared.runs.prepared.take() else { return };
    let PreparedRun { wish, script, rounds, then } = prepared;
    app.waiting.take_if(|waiting| waiting.of == WaitsFor::Run);
    let is_unsaved =
        |path: &PresetPath| app.shared.drafts.of_preset(path).is_some_and(Draft::is_modified);
    let unsaved = script.steps.iter().filter(|step| is_unsaved(&step.path)).count();
    // What is sent first is what stands in the forms.
    let unsaved = if then.is_some() { 0 } else { unsaved };
    let settings = RunSettings {
        parallel: wish.parallel,
        fail_fast: wish.fail_fast,
        retries: wish.retries,
        retry_after: RETRY_AFTER,
        timeout: wish.timeout,
        variables: BTreeMap::new(),
        tells_secrets: false,
        first_session: 1,
        keeps_bodies: true,
        keeps_answers: true,
        words: RunWords::WINDOW,
    };
    let shown_places = shown_places(app, &places);
    let mut run = Run::to_places(script, places, rounds.unwrap_or_default(), settings);
    let total = run.total();
    if total > RUN_ROWS {
        let (total, most) = (count(total as u64), count(RUN_ROWS as u64));
        return app.warn(format!(
            "not run: {total} rows are more than the {most} of the screen; wirebench run has no such bound"
        ));
    }
    lend(app, &mut run);
    if then.is_some() {
        run.keep_listeners();
        // What it needs logs in what is sent then.
        run.begin_with_cookies(app.shared.cookies.jar(app.shared.environment.as_deref()));
    }
    let began = app.shared.runs.current.as_ref().map(|before| before.began.wall);
    let began = format::local(began.unwrap_or_default(), app.shared.utc_offset);
    app.shared.runs.make_room(&format!("the run of {}", began.strftime("%H:%M:%S")));
    let mut shown = ShownRun::new(run, wish, time(app));
    if shown_places.is_empty() {
        shown.environment.clone_from(&app.shared.environment);
    }
    shown.places = PlacesCompared::new(shown_places);
    shown.unsaved = unsaved;
    (shown.was_first, shown.then) = (then.is_some(), then);
    app.overlays.retain(|overlay| !matches!(overlay, Overlay::Run(_)));
    let first = shown.then.as_ref().map(|then| then.first.clone());
    app.shared.runs.current = Some(shown);
    match first {
        Some(first) => {
            app.say(app.keyed(&format!("{first} first, then this goes; [stop] stops it")));
            go_on(app);
        }
        None => show(app),
    }
}

/// Listeners that run on the screen already are used as they are.
fn lend(app: &App, run: &mut Run) {
    let needed: Vec<PresetPath> = run.needed_listeners().cloned().collect();
    for path in needed {
        if let Some(session) = running(app, &path) {
            run.lend(&path, session.id, session.listens_on().to_vec());
        }
    }
}

/// The session of a listener's preset that is up.
pub(super) fn running<'a>(app: &'a App, path: &PresetPath) -> Option<&'a Session> {
    let draft = app.shared.drafts.of_preset(path)?;
    let session = app.shared.sessions.get(draft.session?)?;
    (!session.is_over() && !session.listens_on().is_empty()).then_some(session)
}
