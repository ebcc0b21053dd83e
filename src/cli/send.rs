//! `wirebench send`: one exchange, from an address and items or from a preset.

mod body_printer;
mod checked;
mod filtered;
mod http;
mod keeping;
mod messages;
mod network;
mod offline;
mod recoding;
mod request;
mod stream;
mod stream_input;
mod transcript;

use super::cookies::CommandCookies;
use super::download::Download;
use std::collections::BTreeMap;

use super::headless::{Headless, Interrupts, SESSION};
use super::name_sources::NameSources;
use super::output::{self, RunOutcome};
use super::runs::{NeedsMet, SentAlone, meet_needs};
use super::stdin::{self, StdinBody};
use super::target::{self, Target};
use super::wanted::{self, ProgramPlace};
use crate::args;
use crate::codec::web_socket::MESSAGE;
use crate::compose;
use crate::compose::address_parts::needs_unmet;
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command};
use crate::interop::{from_traffic, history_spec};
use crate::jq;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::expects_body;
use crate::model::payload::PayloadFormat;
use crate::model::plan::Plan;
use crate::model::preset::{PresetPath, Scope};
use crate::model::protocol::Side;
use crate::model::record::Record;
use crate::model::session_outcome::SessionOutcome;
use crate::model::spec::Spec;
use crate::model::timing::Stamp;
use crate::model::trust::Verify;
use crate::store::job::HistoryEntry;
use crate::store::paths::Paths;
use checked::Checking;
use keeping::AnswerPlace;
use messages::StreamMessages;
use request::{RequestBody, SendWords};
use stream_input::StreamInput;

pub(super) use http::Printing;

/// What is to be sent, read and checked.
struct Prepared {
    plan: Plan,
    input: StreamInput,
    /// What is looked at when all has come.
    checking: Checking,
    /// What was read of standard input: its file is there until the session is over.
    body: Option<StdinBody>,
    /// Bytes wait on standard input that are passed over: worth a word.
    passes_over: bool,
    /// For the history.
    entry: HistoryEntry,
    /// Where the answer is kept.
    place: Option<AnswerPlace>,
}

/// How a command ended.
pub(super) struct SendEnd {
    pub(super) outcome: Result<RunOutcome, Failure>,
    /// What was taken in and not printed.
    pub(super) behind: u64,
    /// What the history keeps of it; `None` = nothing was sent.
    pub(super) entry: Option<HistoryEntry>,
    /// Where its answer is kept; `None` = it is not.
    pub(super) place: Option<AnswerPlace>,
}

impl SendEnd {
    /// Nothing was sent.
    fn of(outcome: Result<RunOutcome, Failure>) -> Self {
        SendEnd { outcome, behind: 0, entry: None, place: None }
    }
}

/// Runs the command, behind what its preset needs. After a signal nothing more is taken in, and what was is printed.
pub(super) async fn run(
    arguments: &args::Send,
    headless: &mut Headless,
    printing: &mut Printing,
    interrupts: &mut Interrupts,
) -> SendEnd {
    match Box::pin(ready(arguments, headless, &mut printing.download, interrupts)).await {
        Ok(Some((prepared, met))) => {
            let end = carry_out(prepared, arguments, headless, printing, interrupts).await;
            met.end(headless).await;
            end
        }
        Ok(None) => {
            output::note("interrupted");
            SendEnd::of(Ok(RunOutcome::Interrupted))
        }
        Err(failure) => SendEnd::of(Err(failure)),
    }
}

/// Composes what is to be sent, lets go first what it needs, and plans it; `None` = a signal came.
async fn ready(
    arguments: &args::Send,
    headless: &mut Headless,
    download: &mut Option<Download>,
    interrupts: &mut Interrupts,
) -> Result<Option<(Prepared, NeedsMet)>, Failure> {
    let mut composed = tokio::select! {
        biased;
        () = interrupts.next() => return Ok(None),
        composed = Box::pin(compose(arguments, headless)) => composed?,
    };
    let mut met = NeedsMet::default();
    let Composed { spec, scope, preset, .. } = &composed;
    if spec.capabilities().exchanges {
        headless.cookies = cookies_of(arguments, spec, scope, headless)?;
    }
    if let Some(path) = preset {
        let alone = SentAlone { arguments, spec, path, scope };
        match Box::pin(meet_needs(alone, headless, interrupts)).await? {
            Some(of_needs) => met = of_needs,
            None => return Ok(None),
        }
    }
    met.give(&mut composed.scope);
    tokio::select! {
        biased;
        () = interrupts.next() => Ok(None),
        prepared = Box::pin(prepare(composed, arguments, headless, download)) => {
            prepared.map(|prepared| Some((prepared, met)))
        }
    }
}

/// Sends it; how that ended.
async fn carry_out(
    prepared: Prepared,
    arguments: &args::Send,
    headless: &mut Headless,
    printing: &mut Printing,
    interrupts: &mut Interrupts,
) -> SendEnd {
    let Prepared { plan, input, checking, body: _body, passes_over, mut entry, place } = prepared;
    let Conversed { ended, behind, outcome } =
        converse(arguments, (plan, checking), input, headless, printing, interrupts).await;
    let is_told = match &ended {
        Ok(RunOutcome::Done(_)) => true,
        Ok(RunOutcome::Interrupted) => false,
        Err(failure) => failure.stage != Stage::Compose,
    };
    if passes_over && is_told && stdin::has_bytes() {
        output::note(
            "standard input was not read: something else was to be sent; -d @- sends it instead",
        );
    }
    entry.outcome = match &ended {
        Err(failure) => SessionOutcome::Failed(headless.told.words(&failure.cause)),
        Ok(_) => outcome,
    };
    let is_kept = !arguments.offline && !arguments.no_history;
    let place = place.filter(|_| is_kept);
    let is_remembered = is_kept && entry.spec.is_remembered();
    SendEnd { outcome: ended, behind, entry: is_remembered.then_some(entry), place }
}

/// A session that was sent and printed.
struct Conversed {
    ended: Result<RunOutcome, Failure>,
    /// What was taken in and not printed.
    behind: u64,
    /// What came of it, where it did not fail.
    outcome: SessionOutcome,
}

impl Conversed {
    fn interrupted(behind: u64) -> Self {
        let outcome = SessionOutcome::Failed("interrupted".to_owned());
        Conversed { ended: Ok(RunOutcome::Interrupted), behind, outcome }
    }
}

/// Sends, and prints what comes.
async fn converse(
    arguments: &args::Send,
    (plan, checking): (Plan, Checking),
    input: StreamInput,
    headless: &mut Headless,
    printing: &mut Printing,
    interrupts: &mut Interrupts,
) -> Conversed {
    let (engine, by_exchange) = (headless.engine.clone(), plan.capabilities().exchanges);
    let mut session = Box::pin(async {
        match plan.as_http().filter(|_| arguments.offline) {
            Some(plan) => offline::print(plan, &headless.told, &mut printing.output)
                .await
                .map(|status| (status, SessionOutcome::Unknown)),
            None if by_exchange => http::run(arguments, plan, &checking, headless, printing).await,
            None => {
                let output = &mut printing.output;
                stream::run(arguments, plan, input, headless, (output, &checking)).await
            }
        }
    });
    tokio::select! {
        biased;
        () = interrupts.next() => {}
        done = &mut session => {
            let (ended, outcome) = match done {
                Ok((status, outcome)) => (Ok(RunOutcome::Done(status)), outcome),
                Err(failure) => (Err(failure), SessionOutcome::Unknown),
            };
            return Conversed { ended, behind: 0, outcome };
        }
    }
    output::note("interrupted");
    // One that has ended meanwhile needs no order.
    let _ = engine.command(Command::Close { id: SESSION, how: CloseMode::Reset });
    let ended = tokio::select! {
        biased;
        () = clock::at(interrupts.printing_ends()) => None,
        ended = &mut session => Some(ended),
    };
    drop(session);
    match ended {
        None => {
            let tells = |record: &Record| !by_exchange && record.is_received();
            return Conversed::interrupted(headless.not_taken(tells).await);
        }
        Some(Err(failure)) if failure.is_cancelled() && failure.stage != Stage::Storage => {
            output::print_failure(&failure);
        }
        Some(_) => {}
    }
    Conversed::interrupted(0)
}

/// What is to be sent, before its names have values.
struct Composed {
    spec: Spec,
    scope: Scope,
    preset: Option<PresetPath>,
    /// The workspace that was read, as it is shown.
    workspace: Option<String>,
    /// What was read of standard input as a body.
    raw: Option<StdinBody>,
    messages: StreamMessages,
    /// Steps of the preset itself.
    own: usize,
    passes_over: bool,
}

/// Composes what is to be sent, with what is to be read of standard input before.
async fn compose(arguments: &args::Send, headless: &mut Headless) -> Result<Composed, Failure> {
    let words = request::split(arguments);
    let Target { mut spec, scope, preset, workspace } =
        target::find(words.target, Side::Client, &arguments.common, &headless.paths, &headless.os)?;
    headless.hide(&scope.hidden(), &arguments.common);
    if let (true, Some((verify, _))) = (arguments.common.insecure, spec.consent_mut()) {
        *verify = Verify::Off;
    }
    network::put(&arguments.network, &mut spec)?;
    refuse_meaningless(arguments, &words, &spec)?;
    let (mut raw, mut messages, mut own) = (None, StreamMessages::default(), 0);
    let mut passes_over = !arguments.ignore_stdin && stdin::is_pipe();
    let format = if arguments.hex { PayloadFormat::Hex } else { PayloadFormat::Text };
    let texts = words.items.iter().chain(&arguments.data);
    match &mut spec {
        Spec::Http(request) => {
            let is_read = request::compose(request, &words, arguments).await? == RequestBody::Input;
            raw = if is_read { input(arguments).await? } else { None };
            passes_over &= !is_read && expects_body(&request.method);
        }
        Spec::Tcp(session) => {
            messages = StreamMessages::of(texts, format, arguments.timeout, None).await?;
            own = session.steps.len();
            session.steps.append(&mut messages.steps);
            let timeout = arguments.timeout.unwrap_or(session.connect_timeout);
            session.connect_timeout = session.connect_timeout.min(timeout);
        }
        Spec::Udp(session) => {
            let (target, patience) = (words.target, arguments.timeout);
            session.steps.extend(messages::datagrams(texts, format, target, patience).await?);
            session.any_peer |= arguments.any_peer;
        }
        Spec::Ws(session) => {
            request::put_handshake(session, &arguments.request).await?;
            messages = StreamMessages::of(texts, format, arguments.timeout, Some(MESSAGE)).await?;
            own = session.steps.len();
            session.steps.append(&mut messages.steps);
            let timeout = arguments.timeout.unwrap_or(session.timeout);
            session.timeout = session.timeout.min(timeout);
        }
        Spec::HttpListener(_)
        | Spec::TcpListener(_)
        | Spec::UdpListener(_)
        | Spec::WsListener(_) => {
            return Err(of_another_side(words.target, "listener", "listen"));
        }
        Spec::HttpRelay(_) | Spec::TcpRelay(_) | Spec::UdpRelay(_) => {
            return Err(of_another_side(words.target, "relay", "relay"));
        }
    }
    Ok(Composed { spec, scope, preset, workspace, raw, messages, own, passes_over })
}

/// Plans what was composed, now that its names can have their values.
async fn prepare(
    composed: Composed,
    arguments: &args::Send,
    headless: &mut Headless,
    download: &mut Option<Download>,
) -> Result<Prepared, Failure> {
    let Composed { mut spec, mut scope, preset, workspace, raw, messages, own, mut passes_over } =
        composed;
    let kept = spec.clone();
    if let (Some(_), Some(request)) = (&download, spec.as_http_mut()) {
        Download::ask_plainly(request);
    }
    let places = (preset.as_ref(), workspace.as_deref());
    let plan = planned(&spec, &mut scope, places, arguments, headless).await?;
    let secrets = compose::hidden(&spec, &scope);
    headless.hide(&secrets, &arguments.common);
    let mut plan = compose::with_cookies(plan, headless.cookies.jar());
    let checking = Checking::of(&spec, &scope, arguments);
    if let Some(raw) = &raw {
        http::set_body(&mut plan, raw).await;
    }
    if let (Some(download), Some(plan)) = (download, plan.as_http_mut()) {
        download.prepare(plan)?;
    }
    let streamed = messages.streamed(&mut plan, own);
    let input = stream_input::input(arguments, &plan, streamed).await?;
    passes_over &= input.is_none();
    let at = headless.now();
    let keeps = headless.keeps && kept.keeps_answers();
    let place = preset.as_ref().zip(workspace).filter(|_| keeps);
    let place = place.map(|(preset, root)| AnswerPlace::new(&root, preset, at, secrets));
    let entry = entry(kept, preset, raw.as_ref(), &plan, &scope, at);
    Ok(Prepared { plan, input, checking, body: raw, passes_over, entry, place })
}

/// Gets what it wants, of programs and of who sends, and plans it.
async fn planned(
    spec: &Spec,
    scope: &mut Scope,
    (preset, workspace): (Option<&PresetPath>, Option<&str>),
    arguments: &args::Send,
    headless: &mut Headless,
) -> Result<Plan, Failure> {
    wanted::supply(spec, scope, &ProgramPlace::new(workspace, &headless.paths)).await?;
    headless.hide(&scope.hidden(), &arguments.common);
    let sources = NameSources::of(&headless.paths, &arguments.common, preset);
    target::planned(spec, scope, &sources).map_err(|failure| {
        let needs = needs_unmet(spec, scope).filter(|_| arguments.offline);
        let Some(needs) = needs else { return failure };
        let or = if failure.hint.is_empty() { "" } else { "; or " };
        let what = format!("--offline sends nothing, what it needs ({needs}) neither");
        let hint = format!("{what}: --var NAME=VALUE gives a value{or}{}", failure.hint);
        failure.hint(hint)
    })
}

/// The cookies that it begins with.
fn cookies_of(
    arguments: &args::Send,
    spec: &Spec,
    scope: &Scope,
    headless: &Headless,
) -> Result<CommandCookies, Failure> {
    let (options, environment) = (&arguments.request.cookies, arguments.common.env.as_deref());
    let url = compose::resolved_address(spec, scope).unwrap_or_default();
    let about = (&*url, headless.wall_seconds());
    CommandCookies::begin(options, environment, about, &headless.paths)
}

fn of_another_side(target: &str, side: &str, command: &str) -> Failure {
    let cause = format!("a {side} cannot be sent");
    Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
        .hint(format!("use: wirebench {command}"))
}

/// The words of a command line as a spec, for a form: nothing is asked for, read or sent.
pub(super) fn composed(
    arguments: &args::Send,
    paths: &Paths,
    os: &BTreeMap<String, String>,
) -> Result<Spec, Failure> {
    let words = request::split(arguments);
    let Target { mut spec, .. } =
        target::find(words.target, Side::Client, &arguments.common, paths, os)?;
    network::put(&arguments.network, &mut spec)?;
    refuse_meaningless(arguments, &words, &spec)?;
    let target = words.target;
    let request = spec.as_http_mut();
    let is_told = words.items.is_empty();
    match request.map(|http| request::put_words(http, &words, arguments)).transpose()? {
        Some(_) => {}
        None if is_told => {}
        None => {
            let cause = "what is to be sent is typed there, or: wirebench send";
            return Err(Failure::new(Stage::Compose, target, FailureKind::Usage, cause));
        }
    }
    Ok(spec)
}

/// What the history keeps of this, before it is known what comes of it. A body that was piped in is
/// part of it as long as it fits into memory.
fn entry(
    mut spec: Spec,
    preset: Option<PresetPath>,
    raw: Option<&StdinBody>,
    plan: &Plan,
    scope: &Scope,
    at: Stamp,
) -> HistoryEntry {
    let summary = history_spec::summary(&spec, scope);
    let mut left_out = raw.map_or(0, StdinBody::len);
    if let (Some(StdinBody::Bytes(bytes)), Some(request)) = (raw, spec.as_http_mut()) {
        let mut headers = plan.as_http().into_iter().flat_map(|plan| &plan.headers);
        let typed = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let content_type = typed.map_or("", |(_, value)| value);
        request.body = from_traffic::http_body(content_type.as_bytes(), bytes);
        left_out = 0;
    }
    let spec = history_spec::forgetting(&spec);
    HistoryEntry { at, summary, outcome: SessionOutcome::Unknown, spec, preset, left_out }
}

/// Options that say nothing to what is sent would be passed over in silence.
fn refuse_meaningless(
    arguments: &args::Send,
    words: &SendWords<'_>,
    spec: &Spec,
) -> Result<(), Failure> {
    let refuse =
        |cause: String| Err(Failure::new(Stage::Compose, words.target, FailureKind::Usage, cause));
    if let Some(cause) = arguments.contradiction() {
        return refuse(cause);
    }
    if let Some(why) = arguments.printing.jq.as_deref().and_then(jq::flaw) {
        return refuse(format!("--jq: {why}"));
    }
    if arguments.any_peer && !spec.capabilities().datagrams {
        let protocol = spec.protocol();
        return refuse(format!(
            "--any-peer means nothing to {protocol}: a connection has one peer"
        ));
    }
    let method = words.method.map(|_| "a method");
    let asked = arguments.http_option(spec.begins_as_request()).or(method);
    let option = asked.filter(|_| !spec.capabilities().exchanges);
    option.map_or(Ok(()), |option| {
        refuse(format!("{option} means nothing to {}: it is for HTTP", spec.protocol()))
    })
}

/// Standard input as a body; none when it is empty.
async fn input(arguments: &args::Send) -> Result<Option<StdinBody>, Failure> {
    if arguments.hex {
        let bytes = stdin::read_hex(stdin::STDIN, arguments.timeout).await?;
        return Ok(Some(StdinBody::Bytes(bytes)).filter(|body| body.len() > 0));
    }
    let body = stdin::read_body(arguments.timeout).await?;
    Ok(Some(body).filter(|body| !matches!(body, StdinBody::Bytes(bytes) if bytes.is_empty())))
}
