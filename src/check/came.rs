//! What came back, and what it answers to questions.

use std::cell::OnceCell;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::BODY_LIMIT;
use super::schema::{Fit, SchemaPlace};
use super::served::Served;
use crate::codec::json_messages;
use crate::model::counts::count;
use crate::model::dialled::Dialled;
use crate::model::exchange::{Exchange, StartLine};
use crate::model::timing::{Stamp, Timing};
use crate::model::tls::TlsFacts;
use crate::query::{Answered, FacetOf, FacetQuestion, Helped, TimingPhase, cookie};

/// What came back.
#[derive(Debug)]
pub struct Came<'a> {
    pub from: CameFrom<'a>,
    pub body: CameBody<'a>,
    /// What the wall clock says, for what is still valid.
    pub now: Stamp,
    /// The body as JSON; of what was said that is more than one value all its messages that are.
    json: OnceCell<Result<Vec<serde_json::Value>, String>>,
    /// What was done before for whoever looks.
    help: Helped,
}

/// From what it came.
#[derive(Debug, Clone, Copy)]
pub enum CameFrom<'a> {
    /// The last exchange, behind its redirects.
    Exchange(&'a Exchange),
    Conversation(&'a Talk),
    /// What came to a listener.
    Served(&'a Served),
}

/// The body, all that was received, or what came to a listener last.
#[derive(Debug, Clone, Copy)]
pub struct CameBody<'a> {
    pub bytes: &'a [u8],
    /// How long it is, also where less of it is here.
    pub length: u64,
}

/// What is known of a conversation when it is over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Talk {
    pub sent: u64,
    pub received: u64,
    /// What was sent and has no answer, when each is answered by one; `None` = of a stream, which loses none.
    pub lost: Option<u64>,
    pub took: Duration,
    /// From what was sent last to the first of what came behind it.
    pub first_byte: Option<Duration>,
    /// From the first that came to the last.
    pub transfer: Option<Duration>,
    /// How it came to be connected, where it was.
    pub dialled: Dialled,
}

impl<'a> Came<'a> {
    /// Nothing was looked at yet.
    #[must_use]
    pub fn new(from: CameFrom<'a>, body: CameBody<'a>, now: Stamp) -> Self {
        Came { from, body, now, json: OnceCell::new(), help: Helped::default() }
    }

    /// The same with what [`Checks::help_wanted`](super::Checks::help_wanted) asks for.
    #[must_use]
    pub fn with(mut self, help: Helped) -> Self {
        self.help = help;
        self
    }

    /// Whether a body is as a schema wants it.
    pub(super) fn fit(&self, place: &SchemaPlace, body: &serde_json::Value) -> Fit {
        let file = place.help_wanted();
        place.look(body, file.map_or(Ok(&[]), |file| self.help.of(&file)))
    }

    /// The answer to a question.
    #[must_use]
    pub fn answer(&self, question: &FacetQuestion) -> Answered {
        if let CameFrom::Served(served) = self.from {
            match (question.facet(), served.called()) {
                (FacetOf::Called, called) => return Answered::Number(called),
                (FacetOf::Rule, _) => return Answered::Number(served.answered_by(question.name())),
                (_, 0) => return Answered::Nothing("it was never called".into()),
                _ => {}
            }
        }
        match question.facet() {
            FacetOf::Body => self.with_body(|body| question.cut(body)),
            FacetOf::Size => Answered::Size(self.body.length),
            FacetOf::Sha256 => {
                self.with_body(|body| Answered::text(&format!("{:x}", Sha256::digest(body))))
            }
            FacetOf::Json | FacetOf::Schema => match (question.help_wanted(), self.is_whole()) {
                (_, Err(why)) => Answered::Nothing(why),
                // It may be more than one value.
                (Some(filter), _) => question.of_filter(self.help.of(&filter)),
                (None, _) => match self.json.get_or_init(|| self.parsed()) {
                    Ok(values) => last_of(question, values),
                    Err(why) => Answered::Nothing(why.clone()),
                },
            },
            facet => match self.from {
                CameFrom::Exchange(exchange) => self.of_exchange(exchange, facet, question.name()),
                CameFrom::Conversation(talk) => self.of_talk(talk, facet),
                CameFrom::Served(served) => served.answer(facet, question.name()),
            },
        }
    }

    fn with_body(&self, answer: impl FnOnce(&[u8]) -> Answered) -> Answered {
        match self.bytes() {
            Ok(bytes) => answer(bytes),
            Err(why) => Answered::Nothing(why),
        }
    }

    /// The whole body, or why it is not here.
    fn bytes(&self) -> Result<&[u8], String> {
        if (self.body.bytes.len() as u64) < self.body.length {
            let (length, limit) = (count(self.body.length), count(BODY_LIMIT as u64));
            return Err(format!("of {length} bytes no more than {limit} are looked at"));
        }
        Ok(self.body.bytes)
    }

    /// Why there is nothing that could be JSON.
    fn is_whole(&self) -> Result<(), String> {
        if self.bytes()?.is_empty() { Err("the body is empty".to_owned()) } else { Ok(()) }
    }

    fn parsed(&self) -> Result<Vec<serde_json::Value>, String> {
        let bytes = self.bytes()?;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let whole = serde_json::from_slice(text).map(|value| vec![value]);
        whole.or_else(|error| {
            // How a peer cuts what it says into reads is no business of a message.
            let has_messages = match self.from {
                CameFrom::Conversation(_) => true,
                CameFrom::Served(served) => served.has_messages(),
                CameFrom::Exchange(_) => false,
            };
            let values = if has_messages { json_messages::values(text) } else { Vec::new() };
            let found = Some(values).filter(|values| !values.is_empty());
            found.ok_or_else(|| format!("no JSON: {error}"))
        })
    }

    fn of_exchange(&self, exchange: &Exchange, facet: FacetOf, name: &str) -> Answered {
        if facet == FacetOf::Contract {
            return contract(exchange);
        }
        let Some(response) = &exchange.response else {
            return match facet {
                FacetOf::Phase(phase) => phase_of(exchange.timing, phase),
                FacetOf::Redirects => Answered::Number(exchange.redirects().into()),
                FacetOf::Url => Answered::text(&exchange.url),
                facet => self.of_tls(exchange.tls.as_deref(), facet),
            };
        };
        let head = &response.head;
        match facet {
            FacetOf::Status => {
                head.status().map_or_else(Answered::none, |status| Answered::Number(status.into()))
            }
            FacetOf::Reason => match &head.start {
                StartLine::Response { reason, .. } if !reason.is_empty() => {
                    Answered::Texts(vec![reason.to_vec()])
                }
                _ => Answered::none(),
            },
            FacetOf::Version => match &head.start {
                StartLine::Response { version, .. } => Answered::text(version.name()),
                StartLine::Request { .. } | StartLine::Unknown => Answered::none(),
            },
            FacetOf::Header => Answered::Texts(head.all(name).map(|it| it.to_vec()).collect()),
            FacetOf::Cookie => {
                let cookies = head
                    .all("set-cookie")
                    .filter_map(|line| cookie(line, name))
                    .map(<[u8]>::to_vec);
                // The last of a name is the one that is kept.
                Answered::Texts(cookies.last().into_iter().collect())
            }
            FacetOf::Url => Answered::text(&exchange.url),
            FacetOf::Redirects => Answered::Number(exchange.redirects().into()),
            FacetOf::Phase(phase) => phase_of(exchange.timing, phase),
            facet => self.of_tls(exchange.tls.as_deref(), facet),
        }
    }

    fn of_talk(&self, talk: &Talk, facet: FacetOf) -> Answered {
        match facet {
            FacetOf::Messages => Answered::Number(talk.received),
            FacetOf::Sent => Answered::Number(talk.sent),
            FacetOf::Lost => talk.lost.map_or_else(Answered::none, Answered::Number),
            FacetOf::Phase(phase) => {
                let Dialled { lookup, connect, tunnel, tls } = &talk.dialled;
                let timing = Timing {
                    lookup: *lookup,
                    connect: *connect,
                    tunnel: *tunnel,
                    tls: tls.as_ref().map(|tls| tls.handshake),
                    send: None,
                    first_byte: talk.first_byte,
                    transfer: talk.transfer,
                    total: talk.took,
                };
                phase_of(timing, phase)
            }
            facet => self.of_tls(talk.dialled.tls.as_deref(), facet),
        }
    }

    fn of_tls(&self, tls: Option<&TlsFacts>, facet: FacetOf) -> Answered {
        let Some(tls) = tls else { return Answered::Nothing("there was no TLS".into()) };
        let leaf = tls.chain.first();
        let of_leaf = |text: fn(&crate::model::tls::CertificateFacts) -> &str| {
            leaf.map_or_else(Answered::none, |leaf| Answered::text(text(leaf)))
        };
        match facet {
            FacetOf::TlsVersion => Answered::text(&tls.version),
            FacetOf::TlsCipher => Answered::text(&tls.cipher),
            FacetOf::TlsAlpn => Answered::text(&tls.alpn),
            FacetOf::TlsSubject => of_leaf(|leaf| &leaf.subject),
            FacetOf::TlsIssuer => of_leaf(|leaf| &leaf.issuer),
            FacetOf::TlsSha256 => of_leaf(|leaf| &leaf.sha256),
            FacetOf::TlsName => {
                let names =
                    leaf.map(|leaf| leaf.names.iter().map(|name| name.clone().into_bytes()));
                Answered::Texts(names.into_iter().flatten().collect())
            }
            FacetOf::TlsDaysLeft => leaf
                .and_then(|leaf| leaf.days_left(self.now))
                .map_or_else(Answered::none, Answered::Number),
            FacetOf::TlsVerified => {
                Answered::YesNo(tls.unverified.is_empty() && tls.unproven.is_empty())
            }
            _ => Answered::none(),
        }
    }
}

fn phase_of(timing: Timing, phase: TimingPhase) -> Answered {
    let time = match phase {
        TimingPhase::Lookup => timing.lookup,
        TimingPhase::Connect => timing.connect,
        TimingPhase::Tunnel => timing.tunnel,
        TimingPhase::Handshake => timing.tls,
        TimingPhase::Send => timing.send,
        TimingPhase::FirstByte => timing.first_byte,
        TimingPhase::Transfer => timing.transfer,
        TimingPhase::Total => Some(timing.total),
    };
    time.map_or_else(|| Answered::Nothing("this did not happen".into()), Answered::Time)
}

/// How an exchange stands to its contract.
pub(super) fn contract(exchange: &Exchange) -> Answered {
    let none = || Answered::Nothing("it was held against no contract".into());
    let Some(facts) = exchange.contract.as_deref() else { return none() };
    if facts.is_ok() && !facts.unchecked.is_empty() && facts.operation.is_empty() {
        return Answered::Nothing(facts.unchecked.join("; "));
    }
    Answered::Texts(facts.told().map(|told| told.as_bytes().to_vec()).collect())
}

/// What the last message answers that has it.
fn last_of(question: &FacetQuestion, messages: &[serde_json::Value]) -> Answered {
    let mut answers = messages.iter().rev().map(|message| question.at_path(message));
    let last = answers.next().unwrap_or_else(Answered::none);
    let is_there = |answer: &Answered| match answer {
        Answered::Nothing(_) => false,
        Answered::Json(values) => !values.is_empty(),
        _ => true,
    };
    if is_there(&last) { last } else { answers.find(is_there).unwrap_or(last) }
}
