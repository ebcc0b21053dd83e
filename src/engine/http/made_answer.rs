//! From the answer of a rule to the one that goes out: what it sets is set, what it takes of the request is filled in,
//! and of a folder the file is found.
//!
//! Called by listeners and relays when a request is there whole. What cannot be is an answer of our own, and said.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::asked_rules::{ASKED_BODY, AskedFor, AskedMessage, ChosenRule, RuleMemory};
use super::exchange_recorder::ExchangeRecorder;
use super::filled_answer::{Remarks, RequestValues, answer_asks_body, asks_body, filled};
use super::folder_file::{FolderFile, asked_file};
use crate::codec::multipart;
use crate::codec::path_pattern::PathTaken;
use crate::engine::session::SessionHandle;
use crate::model::counts::counted;
use crate::model::exchange::{BodyFacts, Exchange, StartLine};
use crate::model::exchange_facts::ExchangeFacts;
use crate::model::http_answer::AnswerMore;
use crate::model::plan::{AnswerPlan, PlanBody};
use crate::model::record::{ConnInfo, Direction, RecordKind};
use crate::model::url_text::UrlText;
use crate::model::view::ViewPart;

/// Letters of a value that was set, as it is told.
const TOLD: usize = 200;

/// Who makes answers, for one request.
pub(crate) struct AnswerMaker<'a> {
    pub(crate) session: &'a SessionHandle,
    pub(crate) memory: &'a RuleMemory,
    pub(crate) recorder: &'a ExchangeRecorder,
}

impl AnswerMaker<'_> {
    /// The request, which is here whole, as conditions see it as far as they ask.
    pub(crate) async fn message(&self, conn: ConnInfo, asked: AskedFor) -> AskedMessage {
        let exchange = self.recorder.edit(|exchange| exchange.clone());
        let body = &exchange.request.body;
        let mut data = exchange.request.head.raw.to_vec();
        let mut has_body = asked == AskedFor::Body;
        if has_body {
            match self.body(body).await {
                Ok(body) => data.extend_from_slice(&body),
                Err(why) => {
                    has_body = false;
                    self.recorder
                        .warn(format!("rules that ask about the body were left out: {why}"));
                }
            }
        }
        AskedMessage { conn, exchange: ExchangeFacts::of(&exchange), data: data.into(), has_body }
    }

    /// The body of the request without its codings.
    async fn body(&self, facts: &BodyFacts) -> Result<Vec<u8>, String> {
        let (id, len) = (facts.id, facts.decoded_len);
        if len > ASKED_BODY {
            let len = counted(len, "byte");
            return Err(format!("the body has {len}, and 1 MiB is looked into"));
        }
        let bodies = self.session.bodies.clone();
        let read = spawn_blocking(move || bodies.read(id, ViewPart::Decoded, 0, len as usize));
        let read = read.await.unwrap_or_else(|_| Err(io::Error::other("reading it stopped")));
        read.map_err(|error| format!("the body cannot be read: {error}"))
    }

    /// The answer that goes out for this one.
    pub(crate) async fn made<'b>(
        &self,
        answer: &'b AnswerPlan,
        rule: Option<&ChosenRule>,
    ) -> Cow<'b, AnswerPlan> {
        let set = rule.map_or(&[][..], |rule| &rule.plan.terms.set);
        if set.is_empty() && answer.more.open.is_none() && answer.more.folder.is_none() {
            return Cow::Borrowed(answer);
        }
        let exchange = self.recorder.edit(|exchange| exchange.clone());
        let asks = answer_asks_body(answer) || set.iter().any(|(_, pieces)| asks_body(pieces));
        let body = if asks { self.body(&exchange.request.body).await } else { Ok(Vec::new()) };
        let body = match body {
            Ok(body) => body,
            Err(why) => return Cow::Owned(self.own(413, &why, None)),
        };
        let nothing = PathTaken::default();
        let (taken, times) = rule.map_or((&nothing, 0), |rule| (&rule.taken, rule.times));
        let (exchange, body) = (&exchange, &*body);
        let mut remarks = Remarks::new();
        let set_before = self.memory.states();
        let (mut states, json) = (set_before.clone(), OnceCell::new());
        let before = RequestValues { exchange, taken, times, states: &set_before, body, json };
        let made: Vec<_> = set
            .iter()
            .map(|(name, pieces)| (name, before.together(pieces, &mut remarks)))
            .collect();
        for (name, value) in made {
            self.set(&mut states, name, value);
        }
        let after = RequestValues { states: &states, ..before };
        let made = filled(answer, &after, &mut remarks);
        self.recorder.warn_all(remarks);
        let made = match made {
            Ok(made) => made,
            Err(why) => return Cow::Owned(self.own(500, &why, None)),
        };
        match &answer.more.folder {
            None => made,
            Some(_) => Cow::Owned(self.of_folder(made.into_owned(), exchange, rule).await),
        }
    }

    /// Keeps what a rule sets, and tells it where it is news.
    fn set(
        &self,
        states: &mut BTreeMap<String, String>,
        name: &str,
        value: Result<Vec<u8>, String>,
    ) {
        let value = value.map(|value| String::from_utf8_lossy(&value).into_owned());
        let kept = value.and_then(|value| Ok((self.memory.set(name, &value)?, value)));
        match kept {
            Ok((is_news, value)) => {
                if is_news {
                    let told: String = value.chars().take(TOLD).collect();
                    let cut = if told.len() < value.len() { "…" } else { "" };
                    let conn = self.recorder.edit(|exchange| exchange.conn);
                    let text = format!("a rule set {name} = {told}{cut}");
                    self.session.events.note(conn, Direction::Local, RecordKind::Note, text);
                }
                states.insert(name.to_owned(), value);
            }
            Err(why) => self.recorder.warn(why),
        }
    }

    /// A file of the folder of an answer, by what its path took of that of the request.
    async fn of_folder(
        &self,
        mut answer: AnswerPlan,
        exchange: &Exchange,
        rule: Option<&ChosenRule>,
    ) -> AnswerPlan {
        let method = match &exchange.request.head.start {
            StartLine::Request { method, .. } => method.as_str(),
            StartLine::Response { .. } | StartLine::Unknown => "",
        };
        if !["GET", "HEAD"].contains(&method) {
            let why = format!("{method} is not for files of a folder");
            return self.own(405, &why, Some(("Allow", "GET, HEAD".to_owned())));
        }
        let url = UrlText::literal(&exchange.url);
        let path = rule.map_or(url.path, |rule| &rule.taken.taken).to_owned();
        let root = answer.more.folder.clone().unwrap_or_default();
        let found = spawn_blocking(move || asked_file(&root, &path)).await;
        let found = found.unwrap_or_else(|_| Err((500, "it could not be looked for".to_owned())));
        match found {
            Ok(FolderFile::File { path, tag }) => {
                let has =
                    |name: &str| answer.headers.iter().any(|(it, _)| it.eq_ignore_ascii_case(name));
                let kind =
                    multipart::type_of(&path.to_string_lossy()).unwrap_or(multipart::ANY_TYPE);
                let kind =
                    (!has("content-type")).then(|| ("Content-Type".to_owned(), kind.to_owned()));
                let tagged = (!has("etag")).then(|| ("ETag".to_owned(), tag.clone()));
                answer.headers.extend(kind.into_iter().chain(tagged));
                let mut known = exchange.request.head.all("if-none-match");
                let is_known = known.any(|known| {
                    known.split(|it| *it == b',').any(|it| it.trim_ascii() == tag.as_bytes())
                });
                if is_known {
                    answer.status = 304;
                } else {
                    answer.body = PlanBody::File(path.into());
                }
                answer
            }
            Ok(FolderFile::Moved) => {
                // More slashes at its beginning would name a host.
                let place = format!("/{}/", url.path.trim_start_matches('/'));
                let query = url.query.map_or_else(String::new, |query| format!("?{query}"));
                self.own(
                    301,
                    "a folder is asked for with a slash",
                    Some(("Location", place + &query)),
                )
            }
            Err((status, why)) => self.own(status, &why, None),
        }
    }

    /// A plain text answer of our own, and the warning that it is one.
    pub(crate) fn own(&self, status: u16, why: &str, header: Option<(&str, String)>) -> AnswerPlan {
        self.recorder.warn(format!("{why}; answered {status}"));
        let kind = ("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned());
        let more = header.map(|(name, value)| (name.to_owned(), value));
        AnswerPlan {
            status,
            headers: std::iter::once(kind).chain(more).collect(),
            body: PlanBody::Bytes(format!("{why}\n").into()),
            delay: Duration::ZERO,
            more: AnswerMore::default(),
        }
    }
}

/// How long an answer waits, this time.
pub(crate) fn waited(answer: &AnswerPlan) -> Duration {
    if answer.more.jitter.is_zero() {
        return answer.delay;
    }
    let chance = RandomState::new().hash_one(0) >> 32;
    answer.delay + answer.more.jitter.mul_f64(chance as f64 / f64::from(u32::MAX))
}
