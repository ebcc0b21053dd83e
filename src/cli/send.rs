//! `wirebench send`: one exchange, from an address and items or from a preset.

mod http;
mod messages;
mod stream;

use super::headless::{Headless, Interrupts, SESSION};
use super::items;
use super::output::{self, Output, RunOutcome};
use super::stdin::{self, StdinBody};
use super::target;
use crate::args;
use crate::engine::clock;
use crate::engine::command::{CloseMode, Command};
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::http::{HttpBody, HttpSpec, expects_body};
use crate::model::payload::{Payload, PayloadFormat};
use crate::model::plan::Plan;
use crate::model::protocol::Side;
use crate::model::record::Record;
use crate::model::spec::Spec;
use crate::model::trust::Verify;
use messages::{STDIN, StreamMessages};
use stream::StreamInput;

/// Words of the command line, told apart.
#[derive(Debug, PartialEq, Eq)]
struct SendWords<'a> {
    method: Option<&'a str>,
    target: &'a str,
    items: &'a [String],
}

/// What is to be sent, read and checked.
struct Prepared {
    plan: Plan,
    input: StreamInput,
    /// What was read of standard input: its file is there until the session is over.
    body: Option<StdinBody>,
    /// Bytes wait on standard input that are passed over: worth a word.
    passes_over: bool,
}

/// Runs the command; returns how it ended, and how much was taken in but not printed. After a signal
/// nothing more is taken in, and what was is printed.
pub(super) async fn run(
    arguments: &args::Send,
    headless: &mut Headless,
    output: &mut Output,
    interrupts: &mut Interrupts,
) -> (Result<RunOutcome, Failure>, u64) {
    let prepared = tokio::select! {
        biased;
        () = interrupts.next() => None,
        prepared = Box::pin(prepare(arguments, headless)) => Some(prepared),
    };
    let Prepared { plan, input, body: _body, passes_over } = match prepared {
        None => {
            output::note("interrupted");
            return (Ok(RunOutcome::Interrupted), 0);
        }
        Some(Err(failure)) => return (Err(failure), 0),
        Some(Ok(prepared)) => prepared,
    };
    let (engine, by_exchange) = (headless.engine.clone(), plan.as_http().is_some());
    let mut session = Box::pin(async {
        if by_exchange {
            http::run(arguments, plan, headless, output).await
        } else {
            stream::run(arguments, (plan, input), headless, output).await
        }
    });
    tokio::select! {
        biased;
        () = interrupts.next() => {}
        status = &mut session => {
            if passes_over && stdin::has_bytes() {
                output::note(
                    "standard input was not read: something else was to be sent; -d @- sends it instead",
                );
            }
            return (status.map(RunOutcome::Done), 0);
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
            return (Ok(RunOutcome::Interrupted), headless.not_taken(tells).await);
        }
        Some(Err(failure)) if failure.is_cancelled() && failure.stage != Stage::Storage => {
            output::print_failure(&failure);
        }
        Some(_) => {}
    }
    (Ok(RunOutcome::Interrupted), 0)
}

/// Composes what is to be sent, with what is to be read of standard input before.
async fn prepare(arguments: &args::Send, headless: &mut Headless) -> Result<Prepared, Failure> {
    let words = split(arguments);
    let (mut spec, scope) = target::find(words.target, Side::Client, &arguments.common, headless)?;
    headless.hide(&scope, &arguments.common);
    if let (true, Some((verify, _))) = (arguments.common.insecure, spec.consent_mut()) {
        *verify = Verify::Off;
    }
    if arguments.any_peer && !spec.capabilities().datagrams {
        let cause =
            format!("--any-peer means nothing to {}: a connection has one peer", spec.protocol());
        return Err(Failure::new(Stage::Compose, words.target, FailureKind::Usage, cause));
    }
    let (mut raw, mut messages, mut own) = (None, StreamMessages::default(), 0);
    let mut passes_over = !arguments.ignore_stdin && stdin::is_pipe();
    let format = if arguments.hex { PayloadFormat::Hex } else { PayloadFormat::Text };
    let texts = words.items.iter().chain(&arguments.data);
    match &mut spec {
        Spec::Http(request) => {
            let is_read = compose(request, &words, arguments)? == Body::Input;
            if is_read {
                raw = input(arguments).await?;
            }
            passes_over &= !is_read && expects_body(&request.method);
        }
        Spec::Tcp(session) => {
            messages = StreamMessages::of(texts, format)?;
            own = session.steps.len();
            session.steps.append(&mut messages.steps);
            let timeout = arguments.timeout.unwrap_or(session.connect_timeout);
            session.connect_timeout = session.connect_timeout.min(timeout);
        }
        Spec::Udp(session) => {
            let target = (words.target, arguments.timeout);
            session.steps.extend(messages::datagrams(texts, format, target).await?);
            session.any_peer |= arguments.any_peer;
        }
        Spec::HttpListener(_) | Spec::TcpListener(_) | Spec::UdpListener(_) => {
            let cause = "a listener cannot be sent";
            return Err(Failure::new(Stage::Compose, words.target, FailureKind::Usage, cause)
                .hint("use: wirebench listen"));
        }
    }
    let mut plan = target::planned(&spec, &scope)?;
    if let Some(raw) = &raw {
        http::set_body(&mut plan, raw).await;
    }
    let streamed = messages.streamed(&mut plan, own);
    let input = stream::input(arguments, &plan, streamed).await?;
    passes_over &= input.is_none();
    Ok(Prepared { plan, input, body: raw, passes_over })
}

/// A first word of capital letters is a method when a target follows it.
fn split(arguments: &args::Send) -> SendWords<'_> {
    let is_method = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
    match arguments.words.as_slice() {
        [method, target, items @ ..] if arguments.method.is_none() && is_method(method) => {
            SendWords { method: Some(method), target, items }
        }
        [target, items @ ..] => SendWords { method: arguments.method.as_deref(), target, items },
        [] => SendWords { method: None, target: "", items: &[] },
    }
}

/// Where the body comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body {
    Composed,
    /// Standard input, which is still to be read.
    Input,
}

/// Puts options and items into the request.
fn compose(
    request: &mut HttpSpec,
    words: &SendWords<'_>,
    arguments: &args::Send,
) -> Result<Body, Failure> {
    let before = request.body.clone();
    items::apply(words.items, arguments.form, request)?;
    let is_file = |data: &&String| data.len() > 1 && data.starts_with('@');
    let alone = match (arguments.data.as_slice(), arguments.data.iter().find(is_file)) {
        ([first, ..], _) if request.body != before => Some((first, "the items make")),
        ([_, _, ..], Some(file)) => Some((file, "the other data is")),
        _ => None,
    };
    if let Some((data, other)) = alone {
        let cause = format!("it is the whole body, and {other} one, too");
        let target = format!("--data {data}");
        return Err(Failure::new(Stage::Compose, target, FailureKind::Usage, cause));
    }
    match arguments.data.as_slice() {
        [] => {}
        data if arguments.hex => {
            let (text, format) = (data.join("\n"), PayloadFormat::Hex);
            request.body = HttpBody::Payload(Payload { text, format });
        }
        data => request.body = text_body(&data.join("&")),
    }
    let is_given = request.body != before || before != HttpBody::None;
    // A bare address must not eat the input of the script it stands in.
    let sends = expects_body(words.method.unwrap_or(&request.method));
    let is_asked_for = request.body == HttpBody::File(STDIN.into());
    let is_read =
        is_asked_for || (!is_given && sends && !arguments.ignore_stdin && stdin::is_piped());
    match words.method {
        Some(method) => request.method = method.into(),
        None if request.body != before && request.method == "GET" => {
            request.method = "POST".into();
        }
        None => {}
    }
    if is_asked_for {
        request.body = HttpBody::None;
    }
    if let Some(timeout) = arguments.timeout {
        request.timeout = timeout;
    }
    Ok(if is_read { Body::Input } else { Body::Composed })
}

/// Standard input as a body; none when it is empty.
async fn input(arguments: &args::Send) -> Result<Option<StdinBody>, Failure> {
    let body = stdin::read_body(arguments.timeout).await?;
    Ok(Some(body).filter(|body| !matches!(body, StdinBody::Bytes(bytes) if bytes.is_empty())))
}

fn text_body(data: &str) -> HttpBody {
    match data.strip_prefix('@') {
        Some(path) if !path.is_empty() => HttpBody::File(path.into()),
        _ if data.trim_start().starts_with(['{', '[']) => HttpBody::Json(data.into()),
        _ => HttpBody::Text(data.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(words: &[&str]) -> args::Send {
        args::Send {
            words: words.iter().map(ToString::to_string).collect(),
            ignore_stdin: true,
            ..args::Send::default()
        }
    }

    fn composed(arguments: &args::Send) -> (HttpSpec, Body) {
        let mut request = HttpSpec::default();
        let raw = compose(&mut request, &split(arguments), arguments).unwrap();
        (request, raw)
    }

    #[test]
    fn a_first_word_in_capitals_is_the_method() {
        let arguments = send(&["PUT", ":1", "a=b"]);
        let words = split(&arguments);
        assert_eq!((words.method, words.target, words.items.len()), (Some("PUT"), ":1", 1));
        let arguments = send(&["PING"]);
        assert_eq!(split(&arguments).target, "PING");
    }

    #[test]
    fn a_body_makes_a_post_unless_a_method_is_given() {
        assert_eq!(composed(&send(&[":1"])).0.method, "GET");
        assert_eq!(composed(&send(&[":1", "a=b"])).0.method, "POST");
        assert_eq!(composed(&send(&["GET", ":1", "a=b"])).0.method, "GET");
        assert_eq!(composed(&send(&[":1", "q==b"])).0.method, "GET");
    }

    #[test]
    fn data_that_looks_like_json_is_sent_as_json() {
        let body = |data: &str| {
            let mut arguments = send(&[":1"]);
            arguments.data = vec![data.into()];
            composed(&arguments).0.body
        };
        assert_eq!(body("[1]"), HttpBody::Json("[1]".into()));
        assert_eq!(body("a=1"), HttpBody::Text("a=1".into()));
        assert_eq!(body("@f"), HttpBody::File("f".into()));
    }

    #[test]
    fn hex_data_is_sent_as_bytes() {
        let mut arguments = send(&[":1"]);
        (arguments.data, arguments.hex) = (vec!["de ad".into()], true);
        let (request, raw) = composed(&arguments);
        let payload = Payload { text: "de ad".into(), format: PayloadFormat::Hex };
        assert_eq!((request.body, raw), (HttpBody::Payload(payload), Body::Composed));
        assert_eq!(request.method, "POST");
    }

    #[test]
    fn standard_input_is_read_when_it_is_asked_for_by_name() {
        for words in [&["POST", ":1", "@-"][..], &[":1", "@-"]] {
            let (request, body) = composed(&send(words));
            assert_eq!((&*request.method, body), ("POST", Body::Input), "{words:?}");
            assert_eq!(request.body, HttpBody::None);
        }
        assert_eq!(composed(&send(&[":1"])).1, Body::Composed);
        let mut arguments = send(&["PUT", ":1"]);
        arguments.data = vec!["@-".into()];
        assert_eq!(composed(&arguments).1, Body::Input);
    }
}
