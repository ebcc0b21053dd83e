//! What a preset needs goes before it when `send` sends it: the makers of its values, and the listeners it talks to,
//! which stay until it is over. Told on standard error, so that what is printed is the preset's own.
//!
//! ```text
//! SentAlone ─► runner::script_before ─► Run ─► all passed: NeedsMet ─► send
//!                                           └─► not: the failure of what did not pass
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::compared::RunAnswers;
use super::turns::{RunWatcher, play};
use super::{asked, prepare};
use crate::args;
use crate::cli::exit;
use crate::cli::headless::{CLOSING, Headless, Interrupts, SESSION};
use crate::cli::name_sources::NameSources;
use crate::cli::output;
use crate::cli::target;
use crate::cli::wanted::{self, ProgramPlace};
use crate::compose::listening_names::listening_variables;
use crate::compose::spec_names::names_in;
use crate::compose::{UnknownNames, plan_with};
use crate::engine::command::{CloseMode, Command};
use crate::engine::event::Event;
use crate::interop::run_report::row_text;
use crate::model::end_address::EndAddress;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::id::SessionId;
use crate::model::preset::{Preset, PresetPath, Scope};
use crate::model::spec::Spec;
use crate::model::timing::Stamp;
use crate::model::trust::Verify;
use crate::runner::{
    self, Run, RunNews, RunRow, RunScript, RunSettings, RunStep, RunVerdict, RunWords, SentAfter,
};
use crate::store;

/// A preset that is to be sent, with the options it is sent with.
#[derive(Clone, Copy)]
pub(crate) struct SentAlone<'a> {
    pub(crate) arguments: &'a args::Send,
    pub(crate) spec: &'a Spec,
    pub(crate) path: &'a PresetPath,
    pub(crate) scope: &'a Scope,
}

/// What a preset that is sent gets of what went before it.
#[derive(Debug, Default)]
pub(crate) struct NeedsMet {
    /// What was captured, and where the listeners are.
    captured: BTreeMap<String, String>,
    /// With what was asked for, and what programs gave.
    got: Option<Arc<Scope>>,
    /// Listeners that are up for it.
    listeners: Vec<SessionId>,
}

impl NeedsMet {
    /// Gives the preset its values; what the command line says stays before them.
    pub(crate) fn give(&mut self, scope: &mut Scope) {
        scope.captured.append(&mut self.captured);
        let Some(got) = self.got.take() else { return };
        for (name, value) in &got.typed {
            scope.typed.entry(name.clone()).or_insert_with(|| value.clone());
        }
        scope.outputs.extend(got.outputs.clone());
    }

    /// Ends the listeners, and waits a moment for what they still have to tell.
    pub(crate) async fn end(mut self, headless: &mut Headless) {
        headless.is_beside = false;
        for id in &self.listeners {
            // One that has ended meanwhile needs no order.
            let _ = headless.engine.command(Command::Close { id: *id, how: CloseMode::Close });
        }
        let until = Instant::now() + CLOSING;
        while !self.listeners.is_empty() {
            let Ok(Some(event)) = timeout_at(until, headless.next_event()).await else { return };
            if let Event::Done { id, .. } = event {
                self.listeners.retain(|listener| *listener != id);
            }
        }
    }
}

/// Sends and starts what a preset needs; `None` = a signal came. A maker whose values the command line gives is left
/// out.
///
/// # Errors
/// A need that is not there, a circle with its path, or that something did not pass: then the preset is not sent.
pub(crate) async fn meet_needs(
    alone: SentAlone<'_>,
    headless: &mut Headless,
    interrupts: &mut Interrupts,
) -> Result<Option<NeedsMet>, Failure> {
    let SentAlone { arguments, spec, path, scope } = alone;
    let needs = spec.run().map(|run| run.needs.0.as_slice()).unwrap_or_default();
    if needs.is_empty() || arguments.offline {
        return Ok(Some(NeedsMet::default()));
    }
    let workspace = store::read_workspace(headless.paths.workspace_unasked()?);
    let after = SentAfter { path: Some(path), name: path.as_str(), needs };
    let used = names_in(spec);
    let is_given = |maker: &Preset| is_given(&maker.spec, &used, scope);
    let mut script = runner::script_before(&workspace, after, &|_| None, &is_given)?;
    if script.steps.is_empty() && script.listeners.is_empty() {
        return Ok(Some(NeedsMet::default()));
    }
    refuse_wrong(alone, &script, headless)?;
    accept_any(&mut script, arguments);
    let environment = arguments.common.env.as_deref();
    let mut scopes = prepare::scopes(&script, &workspace, environment, headless)?;
    let variables = wanted::variables(&arguments.common.vars)?;
    let place = ProgramPlace::new(Some(&workspace.root), &headless.paths);
    tokio::select! {
        biased;
        () = interrupts.next() => return Ok(None),
        supplied = asked::supply(&script, &mut scopes, None, &variables, &place) => supplied?,
    }
    for scope in &scopes {
        headless.hide(&scope.hidden(), &arguments.common);
    }
    headless.begin_captures()?;
    let settings = RunSettings {
        parallel: 1,
        fail_fast: true,
        retries: 0,
        retry_after: CLOSING,
        timeout: arguments.timeout,
        variables,
        tells_secrets: arguments.common.with_secrets,
        first_session: SESSION.0 + 1,
        keeps_bodies: false,
        keeps_answers: false,
        words: RunWords::OPTIONS,
    };
    let got = scopes.first().cloned();
    let met = go(script, scopes, settings, (path, headless), interrupts).await?;
    Ok(met.map(|met| NeedsMet { got, ..met }))
}

/// Whether the command line gives all that a maker captures of what is used.
fn is_given(maker: &Spec, used: &BTreeSet<String>, scope: &Scope) -> bool {
    let rows = maker.checks().map(|(_, capture)| &capture.rows);
    let rows = rows.into_iter().flatten().filter(|row| row.is_used());
    let mut names =
        rows.map(|row| row.name.as_str()).filter(|name| used.contains(*name)).peekable();
    names.peek().is_some() && names.all(|name| scope.typed.contains_key(name))
}

/// Refuses what no value mends before anything is sent for it.
fn refuse_wrong(
    alone: SentAlone<'_>,
    script: &RunScript,
    headless: &Headless,
) -> Result<(), Failure> {
    let SentAlone { spec, scope, .. } = alone;
    let Err(issues) = plan_with(spec, scope, UnknownNames::Refused) else { return Ok(()) };
    let any = EndAddress::Inet(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
    let mut filled = scope.clone();
    for listener in &script.listeners {
        let places = listening_variables(listener.path.as_str(), std::slice::from_ref(&any));
        filled.captured.extend(places);
    }
    for name in script.steps.iter().flat_map(RunStep::captures) {
        filled.captured.entry(name.to_owned()).or_insert_with(|| "1".to_owned());
    }
    let still = plan_with(spec, &filled, UnknownNames::Refused).err().unwrap_or_default();
    if issues.iter().any(|issue| issue.wants.is_none() && still.contains(issue)) {
        let sources = NameSources::of(&headless.paths, &alone.arguments.common, Some(alone.path));
        return target::planned(spec, &filled, &sources).map(|_| ());
    }
    Ok(())
}

/// `--insecure` is for what is sent first, too.
fn accept_any(script: &mut RunScript, arguments: &args::Send) {
    let makers = script.steps.iter_mut().filter_map(|step| step.content.as_mut().ok());
    for preset in makers.filter(|_| arguments.common.insecure) {
        if let Some((verify, _)) = preset.spec.consent_mut() {
            *verify = Verify::Off;
        }
    }
}

/// A listener that somebody else runs already, and where.
type TakenPlace = (PresetPath, EndAddress);

/// Runs it; once more without the listeners that somebody else runs already.
async fn go(
    script: RunScript,
    scopes: Vec<Arc<Scope>>,
    mut settings: RunSettings,
    (path, headless): (&PresetPath, &mut Headless),
    interrupts: &mut Interrupts,
) -> Result<Option<NeedsMet>, Failure> {
    let mut taken: Vec<TakenPlace> = Vec::new();
    loop {
        let rounds = runner::rounds(Vec::new(), 1).unwrap_or_default();
        let mut run = Run::new(script.clone(), scopes.clone(), rounds, settings.clone());
        run.keep_listeners();
        run.begin_with_cookies(std::sync::Arc::clone(headless.cookies.jar()));
        for (listener, address) in &taken {
            run.lend(listener, SessionId(0), vec![address.clone()]);
        }
        let (mut before, mut answers) = (SentBefore::default(), RunAnswers::new(false));
        if play(&mut run, &mut answers, &mut before, headless, interrupts).await? {
            return Ok(None);
        }
        let more: Vec<TakenPlace> =
            run.rows().iter().filter_map(|row| taken_by_another(&script, row)).collect();
        if more.iter().any(|(listener, _)| taken.iter().all(|(known, _)| known != listener)) {
            taken.extend(more);
            settings.first_session = run.last_id() + 1;
            continue;
        }
        return met(&run, before.captured, path, headless).map(Some);
    }
}

/// The listener of a row that is not up since its place is taken.
fn taken_by_another(script: &RunScript, row: &RunRow) -> Option<TakenPlace> {
    let is_listener = script.listeners.iter().any(|listener| listener.path == row.path);
    let failure = row.failure().filter(|it| it.kind == FailureKind::AddressInUse && is_listener)?;
    let address: SocketAddr = failure.target.parse().ok()?;
    Some((row.path.clone(), EndAddress::Inet(address)))
}

/// What is told of it and taken from it.
#[derive(Default)]
struct SentBefore {
    captured: BTreeMap<String, String>,
}

impl RunWatcher for SentBefore {
    fn take(&mut self, news: Vec<RunNews>, run: &Run, _: Stamp) {
        for news in news {
            match news {
                RunNews::Said(words) => output::note(&words),
                RunNews::Over(at) => tell(run.rows().get(at)),
                RunNews::Looked(_, report) => {
                    let found = report.captured.into_iter();
                    self.captured.extend(found.filter_map(|it| Some((it.name, it.value.ok()?))));
                }
                RunNews::Began(_) => {}
            }
        }
    }
}

/// Says what was sent first, and what came of it; what did not pass is told at the end.
fn tell(row: Option<&RunRow>) {
    let Some(row) = row.filter(|row| row.verdict == RunVerdict::Passed) else { return };
    let line = row_text(row).into_iter().next().unwrap_or_default();
    output::note(&format!("sent first: {line}"));
}

/// What the preset gets, or why it is not sent.
fn met(
    run: &Run,
    mut captured: BTreeMap<String, String>,
    path: &PresetPath,
    headless: &mut Headless,
) -> Result<NeedsMet, Failure> {
    let bad = |row: &&RunRow| matches!(row.verdict, RunVerdict::NotMet(_) | RunVerdict::Failed(_));
    if let Some(row) = run.rows().iter().find(bad) {
        for line in row_text(row) {
            output::note(&line);
        }
        return Err(not_sent(path, row));
    }
    headless.is_beside = true;
    captured.extend(run.listening_places());
    let listeners = run.left().map(|(_, id)| id).collect();
    Ok(NeedsMet { captured, got: None, listeners })
}

/// The preset is not sent, with the status of what it needs.
fn not_sent(path: &PresetPath, row: &RunRow) -> Failure {
    let kind = match row.failure() {
        None => FailureKind::NotMet,
        Some(failure) => match exit::status(failure) {
            exit::USAGE => FailureKind::Usage,
            exit::TLS => FailureKind::TlsAlert,
            _ => failure.kind,
        },
    };
    let cause = format!("{} did not pass, which it needs: this is not sent", row.path);
    Failure::new(Stage::Send, path.as_str(), kind, cause)
}
