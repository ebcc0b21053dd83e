//! What rules change of the messages that an HTTP relay passes on: before anything is held.
//!
//! ```text
//! head ─► which rules fit ─► body read ahead, where one is about it ─► changed, in order ─► hold
//!                               └ longer, or slow: it is passed on as it comes, and that is said
//! ```
//! A rule is asked by the message as it came, and changes what the rules before it made of it. What came
//! and what went on are both told: one of them on the half of the client, one on that of the server.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::holding::{AheadBody, HeldMessage, HttpHold, judged};
use super::received::AskedRequest;
use super::visitor::Visitor;
use crate::codec::http1::edited::{EditedMessage, edited};
use crate::codec::http1::{BodyFraming, Expected, Refusal, content_codings};
use crate::codec::multipart;
use crate::engine::http::asked_rules::ChosenRule;
use crate::engine::http::exchange_recorder::ExchangeRecorder;
use crate::engine::http::folder_file::{found_below, names_below};
use crate::engine::http::message_writer::shown;
use crate::engine::rewrites::message;
use crate::engine::rewrites::{Rewrite, Rewrites, RewrittenBytes, named, replaced};
use crate::engine::sink::Sink;
use crate::model::counts::counted;
use crate::model::exchange::Head;
use crate::model::fault::FaultMarks;
use crate::model::hold::HeldKind;
use crate::model::http_answer::AnswerMore;
use crate::model::http_relay::HostHeader;
use crate::model::plan::{AnswerPlan, HttpRulePlan, OriginPlan, PlanBody, RuleTerms};
use crate::model::rewrite::RewriteEdit;
use crate::model::tls::ClientTls;
use crate::model::url_text::UrlText;

/// A message that rules are about.
pub(super) struct Rewriting<'a> {
    pub(super) hold: &'a HttpHold,
    pub(super) message: HeldMessage<'a>,
    /// Of the request; of an answer that which it answers.
    pub(super) method: &'a str,
    pub(super) framing: &'a BodyFraming,
}

/// What rules made of a message.
pub(super) struct Rewritten {
    pub(super) head: Head,
    /// In place of its body.
    pub(super) body: Option<Bytes>,
}

/// What becomes of a request besides.
pub(super) enum Redirected {
    /// It is passed on.
    No,
    /// It is answered by this.
    Answered(ChosenRule),
    Refused(Refusal),
}

impl Rewriting<'_> {
    fn is_request(&self) -> bool {
        self.message.kind == HeldKind::Request
    }

    /// The rules that are about the message, if its body holds this.
    fn fitting<'r>(&self, rules: &'r Rewrites, content: &[u8]) -> Vec<&'r Rewrite> {
        let conn = self.hold.conn();
        judged(conn, &self.message, content, |facts| rules.fitting(self.is_request(), conn, facts))
    }

    /// Whether its body has to be read before it is known what becomes of it.
    pub(super) fn needs_body(&self, rules: &Rewrites) -> bool {
        if self.framing.framing.is_empty() || rules.is_none() {
            return false;
        }
        let is_asked = rules.of(self.is_request()).any(Rewrite::reads_data)
            || self.fitting(rules, &[]).iter().any(|rule| rule.is_of_bytes());
        if is_asked && self.is_stream_of_events() {
            self.warn("events are passed on as they come; no rule looks into them".into());
            return false;
        }
        is_asked
    }

    fn is_stream_of_events(&self) -> bool {
        let kind = self.message.head.field("content-type");
        kind.is_some_and(|kind| kind.to_ascii_lowercase().starts_with(b"text/event-stream"))
    }

    fn warn(&self, text: String) {
        self.message.recorder.warn(text);
    }

    fn expected(&self) -> Expected {
        if self.is_request() { Expected::Request } else { Expected::Response }
    }

    /// What the rules make of head and body; `None` = nothing. `body`: as it was read ahead.
    pub(super) async fn message(
        &self,
        rules: &Rewrites,
        body: Option<&AheadBody>,
    ) -> Option<Rewritten> {
        let content = body.map(|body| &body.content[..]).unwrap_or_default();
        let fitting = self.fitting(rules, content);
        let mut head = self.message.head.clone();
        let mut is_changed = false;
        for rule in &fitting {
            let Some((made, words)) = message::head(&head.raw, &rule.plan.edit) else { continue };
            self.warn(format!("{}: {words}", named(&[rule.plan.number])));
            rule.count(self.hold.events());
            head = shown(self.expected(), made.into());
            is_changed = true;
        }
        let of_bytes: Vec<&Rewrite> =
            fitting.into_iter().filter(|rule| rule.is_of_bytes()).collect();
        let made = match body.filter(|_| !of_bytes.is_empty()) {
            Some(body) => self.body(&of_bytes, body, &head).await,
            None => None,
        };
        match made {
            Some(EditedMessage { parsed, body, changes }) => {
                self.message.recorder.warn_all(changes);
                Some(Rewritten { head: parsed.head, body: Some(body) })
            }
            None => is_changed.then_some(Rewritten { head, body: None }),
        }
    }

    /// The message with this head, and the body that rules make.
    async fn body(
        &self,
        rules: &[&Rewrite],
        body: &AheadBody,
        head: &Head,
    ) -> Option<EditedMessage> {
        let noun = self.message.kind.noun();
        if !body.is_done {
            let why = body.why_not_whole();
            self.warn(format!(
                "the body of the {noun} was passed on as it came: it {why}, and no rule looked into it"
            ));
            return None;
        }
        let mut codings = self.framing.transfer_codings.clone();
        codings.extend(content_codings(self.message.head));
        let content = Bytes::copy_from_slice(&body.content);
        let plain = match codings.as_slice() {
            [] => content,
            _ => match unpacked(codings.clone(), content).await {
                Ok(plain) => plain,
                Err(why) => {
                    self.warn(format!("no rule looked into the body of the {noun}: {why}"));
                    return None;
                }
            },
        };
        let (RewrittenBytes { data, by, .. }, times) = replaced(rules, plain);
        if by.is_empty() {
            return None;
        }
        let changing = rules.iter().filter(|rule| by.contains(&rule.plan.number));
        changing.for_each(|rule| rule.count(self.hold.events()));
        let places = counted(times as u64, "place");
        self.warn(format!("{}: {places} in the body of the {noun}", named(&by)));
        let mut raw = head.raw.to_vec();
        if !codings.is_empty() {
            self.warn(format!("the body was {} and went on without", codings.join(", ")));
            let name = "Content-Encoding".to_owned();
            if let Some((made, _)) = message::head(&raw, &RewriteEdit::RemoveHeader { name }) {
                raw = made;
            }
        }
        raw.extend_from_slice(&data);
        let made = edited(self.expected(), self.method, &raw);
        made.map_err(|why| self.warn(format!("the {noun} was passed on as it came: {why}"))).ok()
    }

    /// A row of the client that says it, with the mark.
    pub(super) fn tell(&self) {
        let noun = self.message.kind.noun();
        self.message.touch(marks());
        self.hold.note(&format!("the {noun} was changed by rules of this relay"), marks());
    }
}

/// A body without its codings, on a thread that may take its time.
async fn unpacked(codings: Vec<String>, content: Bytes) -> Result<Bytes, String> {
    let unpacked = spawn_blocking(move || message::decoded(&codings, content)).await;
    unpacked.unwrap_or_else(|_| Err("it could not be unpacked".into()))
}

/// Those of what a rule changed.
pub(super) fn marks() -> FaultMarks {
    FaultMarks::default().rewritten()
}

impl Visitor {
    /// Changes a request as the rules say.
    pub(super) async fn rewrite_request(
        &mut self,
        asked: &mut AskedRequest,
        recorder: &ExchangeRecorder,
    ) -> Redirected {
        let rules = self.relay.rewrites.now();
        if rules.of(true).next().is_none() {
            return Redirected::No;
        }
        let hold = HttpHold::new(&self.relay.session, &self.met, self.control.stop());
        let head = asked.head.clone();
        let message = HeldMessage { kind: HeldKind::Request, head: &head, recorder };
        let method = asked.method.clone();
        let framing = asked.framing.clone();
        let it = Rewriting { hold: &hold, message, method: &method, framing: &framing };
        let body =
            if it.needs_body(&rules) { Some(self.read_ahead(asked, recorder).await) } else { None };
        let made = it.message(&rules, body.as_ref()).await;
        let mut is_changed = made.is_some();
        if let Some(Rewritten { head, body }) = made {
            match body {
                Some(body) => asked.instead = Some((head, body)),
                None => asked.rewritten = Some(head),
            }
        }
        let content = body.as_ref().map(|body| &body.content[..]).unwrap_or_default();
        for rule in it.fitting(&rules, content) {
            let number = rule.plan.number;
            match &rule.plan.edit {
                RewriteEdit::SetHeader { name, .. } if name.eq_ignore_ascii_case("host") => {
                    asked.route.way.host = None;
                }
                RewriteEdit::ReplacePath { .. } => {
                    is_changed |= replace_path(rule, asked, (recorder, hold.events()));
                }
                RewriteEdit::MapHost { host, to, told }
                    if asked.mapped.is_none() && is_asked_for(host, asked) =>
                {
                    let words = format!("{}: it goes to {}", named(&[number]), to.url());
                    recorder.warn(words);
                    rule.count(hold.events());
                    asked.mapped = Some((to.clone(), *told));
                    asked.lead_on();
                    is_changed = true;
                }
                RewriteEdit::LocalFile { file, under } => {
                    let path = UrlText::literal(&asked.route.url).path.to_owned();
                    let Some(names) = names_below(under, &path) else { continue };
                    rule.count(hold.events());
                    return local_file(file, names, number, recorder).await;
                }
                _ => {}
            }
        }
        if is_changed {
            asked.marks = marks();
            let passed_on = Box::new(asked.said().clone());
            recorder.edit(|exchange| exchange.passed_on = Some(passed_on));
            it.tell();
        }
        Redirected::No
    }

    /// Where a tunnel to this place goes; `None` = there.
    pub(super) fn mapped_tunnel(
        &self,
        asked: &AskedRequest,
        recorder: &ExchangeRecorder,
    ) -> Option<OriginPlan> {
        let rules = self.relay.rewrites.now();
        let hold = HttpHold::new(&self.relay.session, &self.met, self.control.stop());
        let message = HeldMessage { kind: HeldKind::Request, head: &asked.head, recorder };
        let fitting =
            judged(hold.conn(), &message, &[], |facts| rules.fitting(true, hold.conn(), facts));
        let endpoint = &asked.route.origin.endpoint;
        for rule in fitting {
            let RewriteEdit::MapHost { host, to, .. } = &rule.plan.edit else { continue };
            if !message::is_for(host, &endpoint.to_string()) {
                continue;
            }
            let number = rule.plan.number;
            if to.tls == ClientTls::Off && endpoint.port == 443 {
                recorder.warn(format!(
                    "not changed by rule {number}: its TLS is not opened, and {} has none",
                    to.url()
                ));
                return None;
            }
            recorder.warn(format!("{}: it goes to {}", named(&[number]), to.endpoint));
            rule.count(hold.events());
            hold.note("the tunnel leads elsewhere by a rule of this relay", marks());
            return Some(OriginPlan { endpoint: to.endpoint.clone(), tls: ClientTls::Off });
        }
        None
    }
}

impl AskedRequest {
    /// What is passed on as its head.
    pub(super) fn said(&self) -> &Head {
        let instead = self.instead.as_ref().map(|(head, _)| head);
        instead.or(self.rewritten.as_ref()).unwrap_or(&self.head)
    }

    /// Leads it to the server that a rule says.
    pub(super) fn lead_on(&mut self) {
        let Some((to, told)) = &self.mapped else { return };
        let is_told = match told {
            HostHeader::Auto => to.endpoint.has_name(),
            HostHeader::Keep => false,
            HostHeader::Target => true,
        };
        if is_told {
            let url = to.url();
            self.route.way.host = Some(UrlText::literal(&url).host_port.to_owned());
        }
        self.route.origin = to.clone();
    }
}

/// Whether a pattern is of the host that a request is for: by its URL, or by what it says.
fn is_asked_for(pattern: &str, asked: &AskedRequest) -> bool {
    let url = UrlText::literal(&asked.route.url);
    let usual = if url.scheme == "https" { 443 } else { 80 };
    let with_port = |host: &str, has_port: bool| {
        if has_port { host.to_owned() } else { format!("{host}:{usual}") }
    };
    let has_port = url.port.is_some_and(|port| !port.is_empty());
    if message::is_for(pattern, &with_port(url.host_port, has_port)) {
        return true;
    }
    let said = asked.head.field("host").map(|host| String::from_utf8_lossy(host).into_owned());
    said.is_some_and(|host| {
        let has_port = UrlText::literal(&host).port.is_some();
        message::is_for(pattern, &with_port(&host, has_port))
    })
}

/// Whether the path became another one.
fn replace_path(
    rule: &Rewrite,
    asked: &mut AskedRequest,
    (recorder, events): (&ExchangeRecorder, &Sink),
) -> bool {
    let url = UrlText::literal(&asked.route.url);
    let path = if url.target.is_empty() { "/" } else { url.target };
    let number = rule.plan.number;
    let made = match message::path(rule, path) {
        None => return false,
        Some(Ok(made)) => made,
        Some(Err(why)) => {
            recorder.warn(format!("not changed by rule {number}: {why}"));
            return false;
        }
    };
    recorder.warn(format!("{}: its path", named(&[number])));
    rule.count(events);
    asked.route.url = format!("{}://{}{made}", url.scheme, url.authority);
    asked.route.way.target = Some(made);
    true
}

/// Answers with a file; what leads nowhere is refused in words.
async fn local_file(
    file: &str,
    names: Result<Vec<String>, &'static str>,
    number: usize,
    recorder: &ExchangeRecorder,
) -> Redirected {
    let refused = |status, why: &str| {
        let why = format!("rule {number} answers with a file: {why}");
        Redirected::Refused(Refusal { status, why })
    };
    let names = match names {
        Ok(names) => names,
        Err(why) => return refused(403, why),
    };
    let root = PathBuf::from(file);
    let found = spawn_blocking(move || found_below(&root, &names)).await;
    let path = match found {
        Ok(Ok(path)) => path,
        Ok(Err((status, why))) => return refused(status, &why),
        Err(_) => return refused(500, "it could not be looked for"),
    };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    recorder.warn(format!("answered by rule {number} with {name}"));
    let kind = multipart::type_of(&name).unwrap_or(multipart::ANY_TYPE);
    let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
    let (body, delay) = (PlanBody::File(path.into()), Duration::ZERO);
    let answer = AnswerPlan { status: 200, headers, body, delay, more: AnswerMore::default() };
    let (method, path) = ("rewrite".to_owned(), format!("rule {number}"));
    let terms = RuleTerms::default();
    let plan = HttpRulePlan { id: 0, row: None, method, path, terms, answer };
    Redirected::Answered(ChosenRule::of(plan))
}
