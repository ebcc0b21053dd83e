//! `wirebench listen`: opens a listener and prints what arrives until it is told to stop.

mod exchanges;
mod expected;
mod input;
mod last_words;
mod mocked;
mod owners;
mod told;
mod upgraded;
mod watch_order;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use expected::ListenExpected;
use input::ListenInput;
use last_words::LastWords;
use owners::Owners;
use tokio::time::{Instant, timeout_at};
use upgraded::Upgraded;
pub(super) use watch_order::{ListenEnd, WatchOrder};

use super::exec::{self, Program};
use super::exit;
use super::headless::{CLOSING, Headless, Interrupts};
use super::items;
use super::let_through::LetThrough;
use super::name_sources::NameSources;
use super::output::{self, Output, Style};
use super::stdin;
use super::target::{self, Target};
use super::wanted::{self, ProgramPlace};
use crate::args;
use crate::check::Checks;
use crate::codec::decoded::DecodeHints;
use crate::codec::http1::status::has_no_content;
use crate::codec::printable::printable_str;
use crate::compose::{self, UnknownNames};
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command};
use crate::engine::event::{Batch, Event, Phase};
use crate::interop::ndjson;
use crate::interop::told_streams::ToldStreams;
use crate::model::answer_clock::AnswerClocks;
use crate::model::end_address::EndAddress;
use crate::model::endpoint::HEARS_BROADCASTS;
use crate::model::exchange::ExchangeState;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::{HttpBody, HttpListenerSpec};
use crate::model::id::{BodyId, ConnId};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec};
use crate::model::payload::Payload;
use crate::model::plan::Plan;
use crate::model::protocol::Side;
use crate::model::record::{ConnInfo, Record, RecordKind};
use crate::model::spec::{NameValue, Spec};
use crate::model::timing::Lapse;
use crate::model::tls::ListenerTls;
use crate::model::web_socket::WsListenerSpec;

/// Bytes of a body or message printed as text; the rest is counted.
const SHOWN: usize = 64 * 1024;

/// How long what is on its way may take to end by itself; then it is cut off, and printed as far as it
/// came.
const ENDING: Duration = Duration::from_millis(400);

/// What the listener prints, and when it stops.
struct ListenWatch<'a> {
    output: &'a mut Output,
    /// Told by exchange, not by what crosses the sockets.
    by_exchange: bool,
    /// But for these connections.
    upgraded: Upgraded,
    /// Where a relay connects its clients on to, in words.
    target: Option<String>,
    /// Those that are not over.
    conns: BTreeMap<ConnId, ConnInfo>,
    streams: ToldStreams,
    answers: AnswerClocks,
    /// Bodies to be let go of.
    printed: Vec<BodyId>,
    /// Messages or requests still wanted.
    left: Option<u64>,
    /// A body whose bytes are being printed, and how many are.
    body: Option<(BodyId, u64)>,
    input: ListenInput,
    /// What of it is printed.
    let_through: LetThrough,
    owners: Owners,
    /// Whose peers are is told, too.
    tells_peers: bool,
    program: Option<Program>,
    is_brief: bool,
    expected: ListenExpected,
    last_words: LastWords,
}

/// Runs the command.
pub(super) async fn run(
    arguments: &args::Listen,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> ListenEnd {
    let (plan, checks) = match plan(arguments, headless).map_err(Failure::of_listener) {
        Ok(plan) => plan,
        Err(failure) => return ListenEnd::of(Err(failure)),
    };
    let watched = WatchOrder::new(plan, &arguments.watch, !arguments.ignore_stdin);
    let watched = WatchOrder { checks, ..watched };
    watch(watched, headless, output, interrupts).await
}

/// Opens what is to be watched and prints what happens there.
pub(super) async fn watch(
    watched: WatchOrder,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> ListenEnd {
    let WatchOrder { plan, filter, count, lasts, reads_stdin, program, is_brief, .. } = watched;
    let WatchOrder { tells_peers, checks, .. } = watched;
    let let_through = match LetThrough::read(filter.as_deref(), headless.now()) {
        Ok(let_through) => let_through,
        Err(failure) => return ListenEnd::of(Err(failure)),
    };
    let tells_owners = match output.style {
        Style::Json => let_through.is_everything(),
        Style::Text => tells_peers,
        Style::Raw => false,
    };
    let mut watch = ListenWatch {
        output,
        by_exchange: plan.capabilities().exchanges,
        upgraded: Upgraded::new(plan.capabilities().exchanges),
        target: plan.onward(),
        conns: BTreeMap::new(),
        streams: ToldStreams::new(headless.told.clone()),
        answers: AnswerClocks::default(),
        printed: Vec::new(),
        left: count,
        body: None,
        input: ListenInput::none(),
        owners: Owners::new(let_through.reads_owners()).awaited(count.is_some() && tells_owners),
        let_through,
        tells_peers,
        program,
        is_brief,
        expected: ListenExpected::new(checks, &plan),
        last_words: LastWords::default(),
    };
    if watch.output.style == Style::Raw && reads_stdin && stdin::can_talk() {
        watch.input = input_of(&plan);
    }
    if let Err(failure) = headless.open(plan) {
        return ListenEnd::of(Err(failure));
    }
    let deadline = lasts.map(|lasts| Instant::now() + lasts);
    let ListenEnd { outcome, behind } = watch.until_the_end(deadline, headless, interrupts).await;
    let outcome = watch.input.outcome(outcome);
    if watch.program.as_ref().is_some_and(|program| !program.has_run()) {
        headless.captures.seen = None;
    }
    if let Some(program) = &watch.program {
        program.tell_end(headless.captures.is_asked_for());
        headless.captures.program_ended(program.signal());
    }
    let status = watch.program.as_ref().and_then(Program::status);
    let outcome = outcome.and_then(|own| match status.unwrap_or(own) {
        exit::OK => watch.expected.status(headless),
        status => Ok(status),
    });
    ListenEnd { outcome, behind }
}

/// Standard input for the peers, unless the listener has its own words.
fn input_of(plan: &Plan) -> ListenInput {
    let can = plan.capabilities();
    if !can.conversation {
        return ListenInput::none();
    }
    if plan.answers_by_itself() {
        return if stdin::is_piped() { ListenInput::left_alone() } else { ListenInput::none() };
    }
    ListenInput::read(can)
}

/// What is to be run: the target or preset with the options of the command line; and what it expects.
fn plan(arguments: &args::Listen, headless: &mut Headless) -> Result<(Plan, Checks), Failure> {
    let named = mocked::of_file(arguments);
    let arguments = named.as_ref().unwrap_or(arguments);
    let (listen, paths, os) = (&arguments.target, &headless.paths, &headless.os);
    let Target { mut spec, mut scope, preset, workspace } =
        target::find(listen, Side::Listener, &arguments.common, paths, os)?;
    headless.hide(&scope.hidden(), &arguments.common);
    configure(&mut spec, arguments)?;
    mocked::set(&mut spec, arguments)?;
    let programs = ProgramPlace::new(workspace.as_deref(), &headless.paths);
    wanted::supply_unasked(&spec, &mut scope, &programs)?;
    headless.hide(&scope.hidden(), &arguments.common);
    let sources = NameSources::of(&headless.paths, &arguments.common, preset.as_ref());
    let plan = target::planned(&spec, &scope, &sources)?;
    Ok((plan, compose::checks(&spec, &scope, UnknownNames::Refused)))
}

/// Puts the options into the spec; one that means nothing to the protocol is refused.
fn configure(spec: &mut Spec, arguments: &args::Listen) -> Result<(), Failure> {
    let usage =
        |cause: String| Failure::new(Stage::Compose, &*arguments.target, FailureKind::Usage, cause);
    let refuse = |option: &str, protocol: &str| {
        Err(usage(format!("{option} means nothing to {protocol} listener")))
    };
    if arguments.common.insecure {
        return refuse("--insecure", "a");
    }
    let http_only = !arguments.headers.is_empty() || arguments.status.is_some();
    let tls = match spec {
        Spec::HttpListener(_) if arguments.echo => return refuse("--echo", "an HTTP"),
        Spec::TcpListener(_) | Spec::UdpListener(_) | Spec::WsListener(_) if http_only => {
            return refuse("--status or --header", "a TCP, UDP or WebSocket");
        }
        Spec::UdpListener(_) if arguments.tls || arguments.cert.is_some() => {
            return refuse("--tls or --cert", "a UDP");
        }
        Spec::HttpListener(HttpListenerSpec { answer, tls, .. }) => {
            answer.status = arguments.status.unwrap_or(answer.status);
            if let Some(body) = &arguments.body {
                answer.body = HttpBody::Text(body.clone());
            }
            if arguments.body.as_ref().is_some_and(|body| !body.is_empty())
                && has_no_content("", answer.status)
            {
                let status = answer.status;
                let cause = format!("--body means nothing: a {status} has no content");
                return Err(usage(cause));
            }
            for line in &arguments.headers {
                // Nothing would be sent by itself that an empty value could take away.
                answer.headers.push(NameValue { enabled: true, ..items::header(line)? });
            }
            Some(tls)
        }
        Spec::TcpListener(TcpListenerSpec { rules, tls, .. })
        | Spec::WsListener(WsListenerSpec { rules, tls, .. }) => {
            rules.extend(rule(arguments));
            Some(tls)
        }
        Spec::UdpListener(UdpListenerSpec { rules, .. }) => {
            rules.extend(rule(arguments));
            None
        }
        Spec::Http(_)
        | Spec::HttpRelay(_)
        | Spec::Tcp(_)
        | Spec::TcpRelay(_)
        | Spec::Udp(_)
        | Spec::UdpRelay(_)
        | Spec::Ws(_) => None,
    };
    if let Some(tls) = tls {
        put_tls(tls, arguments);
    }
    Ok(())
}

/// What a listener without HTTP answers to every message.
fn rule(arguments: &args::Listen) -> Option<Rule> {
    if arguments.echo {
        return Some(Rule::default());
    }
    let body = arguments.body.as_ref()?;
    Some(Rule { send: Payload::text(body), ..Rule::default() })
}

/// Puts a certificate of the user's own into it, or one that is made.
fn put_tls(tls: &mut ListenerTls, arguments: &args::Listen) {
    match (&arguments.cert, &arguments.key) {
        (Some(certificate), Some(key)) => {
            *tls = ListenerTls::Files { certificate: certificate.clone(), key: key.clone() };
        }
        _ if arguments.tls && *tls == ListenerTls::Off => *tls = ListenerTls::Generated,
        _ => {}
    }
}

impl ListenWatch<'_> {
    /// Takes in, prints and sends until somebody or something ends it; then prints the rest.
    async fn until_the_end(
        &mut self,
        deadline: Option<Instant>,
        headless: &mut Headless,
        interrupts: &mut Interrupts,
    ) -> ListenEnd {
        loop {
            tokio::select! {
                biased;
                () = interrupts.next(), if self.program.is_none() => break,
                () = clock::at(deadline) => break,
                ended = self.step(headless) => if let Some(outcome) = ended.transpose() {
                    return ListenEnd::of(outcome);
                },
            }
            if self.program.as_ref().is_some_and(|program| program.status().is_some()) {
                break;
            }
            if self.left == Some(0) && self.body.is_none() {
                let told = tokio::select! {
                    () = interrupts.next() => Ok(()),
                    told = self.tell_owners(headless) => told,
                };
                if let Err(failure) = told {
                    return ListenEnd::of(Err(failure));
                }
                self.close(headless).await;
                return ListenEnd::of(Ok(exit::OK));
            }
        }
        self.last_words.begin();
        headless.order_close(CloseMode::Close);
        self.drain(headless, interrupts).await
    }

    /// Takes in and prints the next fact once there is room for it; the exit status at the end of
    /// the session. Safe to drop: a body goes on where it was.
    async fn step(&mut self, headless: &mut Headless) -> Result<Option<u8>, Failure> {
        if self.body.is_some() {
            return self.print_body(headless).await.map(|()| None);
        }
        let (output, input, program) = (&*self.output, &mut self.input, &mut self.program);
        if input.waits_for_peers() {
            headless.engine.hurry();
        }
        let taken = output.taking(headless.next_event());
        // In no order, so that neither way waits for the other.
        tokio::select! {
            event = taken => self.on_event(event?, headless),
            step = input.next() => input.step(step, headless).map(|()| None),
            () = exec::over(program) => Ok(None),
        }
    }

    /// Prints what was taken in before the end; after a signal for a second at most. Returns the
    /// exit status and how much is not printed.
    async fn drain(&mut self, headless: &mut Headless, interrupts: &mut Interrupts) -> ListenEnd {
        let (until, mut patience) = (Instant::now() + CLOSING, Instant::now() + ENDING);
        loop {
            let step = async {
                self.print_body(headless).await?;
                self.output.ready().await?;
                match timeout_at(patience, headless.next_event()).await {
                    Ok(event) => self.on_event(event, headless),
                    Err(_) if patience < until => {
                        patience = until;
                        headless.order_close(CloseMode::Reset);
                        Ok(None)
                    }
                    // The session does not end in time; it ends with the program.
                    Err(_) => Ok(Some(exit::OK)),
                }
            };
            tokio::select! {
                biased;
                () = clock::at(interrupts.printing_ends()) => {
                    let behind = self.not_taken(headless).await;
                    return ListenEnd { outcome: Ok(exit::OK), behind };
                }
                () = interrupts.next() => {}
                ended = step => if let Some(outcome) = ended.transpose() {
                    return ListenEnd::of(outcome);
                },
            }
        }
    }

    fn on_told(&mut self, event: Event, headless: &Headless) -> Result<Option<u8>, Failure> {
        self.expected.on_event(&event);
        self.upgraded.on_event(&event);
        match event {
            Event::Done { outcome, .. } => return outcome.map(|_| Some(exit::OK)),
            Event::Phase { phase: Phase::Listening { addresses, .. }, .. } => {
                if let Some(program) = &mut self.program {
                    program.start(&addresses);
                    return Ok(None);
                }
                let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                let onward = self.target.as_ref().map(|target| format!(", {target}"));
                let (list, onward) = (list.join(", "), onward.unwrap_or_default());
                output::note(&format!("listening on {list}{onward}; Ctrl+C stops"));
                if addresses.iter().any(EndAddress::is_public) {
                    output::note("warning: other machines can reach this listener");
                }
                if addresses.iter().any(|address| address.ip() == Some(Ipv4Addr::BROADCAST.into()))
                {
                    output::note(HEARS_BROADCASTS);
                }
                if let Some(remark) = self.input.remark() {
                    output::note(remark);
                }
            }
            Event::Traffic(batch) => self.on_traffic(batch, headless),
            Event::Exchange(exchange) if exchange.state != ExchangeState::Active => {
                if self.left != Some(0) && self.lets_through(&exchange, headless) {
                    self.count();
                    self.print_exchange(&exchange, headless);
                }
                self.printed.extend(self.expected.let_go(exchange.bodies()));
                self.release(headless);
            }
            Event::PeerFound { conn, info, owner, .. } => {
                self.on_peer((conn, info.as_deref()), &owner, headless.now());
            }
            // Of a peer that has just left its end tells more.
            Event::Refused { failure, .. } if failure.kind == FailureKind::NotFound => {}
            Event::Refused { failure, .. } => output::print_failure(&failure),
            _ => {}
        }
        Ok(None)
    }

    /// Lets go of bodies that nobody looks at again; later when one is still being printed, or the
    /// engine has too much to do.
    fn release(&mut self, headless: &Headless) {
        if self.body.is_some() {
            return;
        }
        // They are looked at when the program has ended; the engine has bounds for them.
        if headless.captures.seen.is_some() {
            return self.printed.clear();
        }
        if headless.engine.command(Command::Release(self.printed.clone())).is_ok() {
            self.printed.clear();
        }
    }

    fn count(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
    }

    fn on_traffic(&mut self, batch: Batch, headless: &Headless) {
        let now = headless.now();
        if let Some(program) = &mut self.program {
            program.meets(&batch.conns);
        }
        self.conns.extend(batch.conns.into_iter().map(|conn| (conn.id, conn)));
        for record in &batch.records {
            let after = self.answers.next(record);
            self.input.on_record(record, self.conns.get(&record.conn));
            let (conn, owner) = (self.conns.get(&record.conn), self.owners.of(record.conn));
            let is_wanted = self.let_through.record(record, conn, owner);
            if is_wanted && self.tells(record) && self.left != Some(0) {
                self.print_record(record, after);
                let conn = self.conns.get(&record.conn);
                let is_chosen =
                    record.kind == RecordKind::Data && !self.let_through.is_everything();
                if !self.by_exchange && (told::is_message(record, conn) || is_chosen) {
                    self.count();
                }
            }
            self.upgraded.on_record(record);
        }
        for conn in &batch.over {
            let info = self.conns.remove(conn);
            self.input.over(*conn, info.as_ref());
            self.streams.over(*conn);
            self.answers.over(*conn);
            self.let_through.over(*conn);
            self.owners.over(*conn);
        }
        for lost in batch.lost {
            told::lost(self.output, lost, now);
        }
    }

    /// Where exchanges are told, programs still want to know where it listens, and everybody what a fault
    /// does to a connection: there may be no exchange that says it.
    fn tells(&self, record: &Record) -> bool {
        let fact = matches!(record.kind, RecordKind::Bound | RecordKind::Failed | RecordKind::Note);
        let by_fault = record.kind == RecordKind::Note && record.faults.has_fault();
        let is_fact = self.output.style == Style::Json && fact;
        let is_upgraded = self.output.style != Style::Raw && self.upgraded.tells(record);
        let is_told = by_fault || self.last_words.has(record);
        !self.by_exchange || is_upgraded || is_fact || self.output.style == Style::Text && is_told
    }

    fn print_record(&mut self, record: &Record, after: Lapse) {
        let conn = self.conns.get(&record.conn);
        match self.output.style {
            Style::Json => {
                let told = self.streams.tell(record);
                return self.output.json(&ndjson::record(record, conn, &told, after));
            }
            Style::Raw if told::is_message(record, conn) && record.is_received() => {
                return self.output.raw(&record.data);
            }
            Style::Raw => return,
            Style::Text => {}
        }
        let told = self.streams.tell(record);
        if self.by_exchange && self.last_words.has(record) {
            return self.output.line(&printable_str(&String::from_utf8_lossy(&told)));
        }
        let shown = told.get(..SHOWN).unwrap_or(&told);
        let known = conn.filter(|_| *record.data == *told).and_then(|conn| {
            let target = conn.pair.and_then(|pair| self.conns.get(&pair.target));
            let hints = self.upgraded.hints(record.conn, DecodeHints::of(conn, target));
            Some(hints)
                .filter(|it| self.tells_peers || it.is_upgraded)
                .and_then(|it| told::known(record, &it))
        });
        let (shown, has_more) = match &known {
            Some(words) => (words.as_bytes(), false),
            None => (shown, shown.len() < told.len()),
        };
        self.output.line(&told::record(record, conn, shown, has_more));
    }

    /// All bytes of the body that is being printed. Safe to drop.
    async fn print_body(&mut self, headless: &Headless) -> Result<(), Failure> {
        while let Some((body, printed)) = self.body {
            self.output.ready().await?;
            let bytes = headless.read_body(body, printed, SHOWN)?;
            self.output.raw(&bytes);
            let printed = printed + bytes.len() as u64;
            self.body = (!bytes.is_empty()).then_some((body, printed));
            self.release(headless);
        }
        Ok(())
    }
}
