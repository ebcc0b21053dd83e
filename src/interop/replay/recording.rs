//! Makes conversations of records: which end is the client, what of it is said again, what came back.
//!
//! Called with the records of every connection that something is chosen of, in order: those that are
//! not chosen tell where answers belong. What cannot be said as it was is left out, with a word.

use std::collections::{BTreeMap, BTreeSet};

use super::proxied;
use super::talk::{ReplayAct, ReplayAnswers, ReplayStep, ReplayTalk};
use crate::interop::pcap::MISSING;
use crate::model::asked_target::AskedTarget;
use crate::model::counts::{count, counted};
use crate::model::end_address::EndAddress;
use crate::model::endpoint::Endpoint;
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::timing::Stamp;

/// Conversations, steps and bytes that are said again at most.
const TALKS: usize = 1_000;
const STEPS: usize = 100_000;
const BYTES: u64 = 64 * 1024 * 1024;
/// Bytes of answers that are kept to be compared with.
const ANSWERS: usize = 64 * 1024 * 1024;
/// Words that tell the same reason are said once.
const REASONS: usize = 8;

/// What is to be said again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayScript {
    /// In the order of their beginnings.
    pub talks: Vec<ReplayTalk>,
    /// What cannot be said, and why.
    pub left_out: Vec<String>,
}

/// The client's end, as far as it is known, and where it gets to.
type Reached = (Option<EndAddress>, Endpoint);

/// Takes records in.
#[derive(Debug, Default)]
pub struct Recording {
    talks: BTreeMap<ConnId, Heard>,
    steps: usize,
    bytes: u64,
    answers: usize,
    /// There was more than is said at once.
    is_full: bool,
}

/// One connection so far.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Heard {
    talk: ReplayTalk,
    /// What its client said last is chosen, or it has said nothing: what comes counts as answer.
    listens: bool,
    /// Client bytes that nobody chose came before the first that somebody did.
    is_answered_only: bool,
    /// Why it cannot be said.
    wrong: Option<String>,
    /// Its client's bytes, as far as TLS may begin in them.
    is_tls_inside: bool,
    /// What it says next begins something: nothing was said, or it was let through by a proxy.
    begins: bool,
    /// Where its client asked a proxy to be let through to, and whether it was.
    way: Option<Endpoint>,
    is_through: bool,
    /// It speaks TLS there, which the relay opened.
    is_opened: bool,
    /// Nothing of what it said there is chosen, but that it asked for the way.
    only_asked: bool,
}

impl Recording {
    /// The next record of a connection; `is_chosen` = of what its client said this is said again.
    /// `is_masked`: what was said is not all in the file it was read from.
    pub fn take(&mut self, record: &Record, conn: &ConnInfo, is_chosen: bool, is_masked: bool) {
        // Each byte stands on the client's half of a relay.
        if conn.is_onward() {
            return;
        }
        let known = self.talks.len();
        let heard = self.talks.entry(record.conn).or_insert_with(|| Heard::begin(conn, record.at));
        // That a relay has it, and where it is led to, is known later than that it is there.
        if heard.talk.conn.asked != conn.asked {
            heard.talk.conn.asked.clone_from(&conn.asked);
        }
        heard.talk.conn.side = conn.side;
        let from_client = record.direction == client_direction(conn);
        if heard.asks_a_proxy(record, from_client) {
            return;
        }
        match record.kind {
            RecordKind::Data if from_client && is_chosen => {
                let is_more = known >= TALKS && heard.talk.steps.is_empty();
                self.steps += 1;
                self.bytes += record.data.len() as u64;
                if is_more || self.steps > STEPS || self.bytes > BYTES {
                    self.is_full = true;
                    return;
                }
                heard.says(record, is_masked);
            }
            RecordKind::Data if from_client => {
                heard.is_answered_only |= heard.talk.steps.is_empty();
                heard.listens = false;
            }
            RecordKind::Data => {
                let room = ANSWERS.saturating_sub(self.answers);
                self.answers += heard.hears(record, room, is_masked);
            }
            RecordKind::Finished if from_client && heard.listens => heard.finishes(record.at),
            RecordKind::Note if from_client && heard.listens && is_hole(record) => {
                heard.wrong.get_or_insert("bytes its client said are missing".into());
            }
            _ => {}
        }
    }

    /// All that can be said.
    ///
    /// # Errors
    /// Why nothing is.
    pub fn finish(self) -> Result<ReplayScript, String> {
        if self.is_full {
            return Err(format!(
                "that is more than is replayed at once ({} conversations, {} messages, {} MiB): choose less",
                count(TALKS as u64),
                count(STEPS as u64),
                BYTES / (1024 * 1024),
            ));
        }
        let mut script = ReplayScript::default();
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        let mut all: Vec<Heard> = self.talks.into_values().collect();
        all.iter_mut().for_each(Heard::is_for_its_server);
        // In packets, and in HAR, what is said through a CONNECT is a conversation of its own.
        let reached: BTreeSet<Reached> = all.iter().flat_map(Heard::reaches).collect();
        for heard in all {
            if heard.only_asked && heard.asked_way().is_some_and(|way| reached.contains(&way)) {
                continue;
            }
            match heard.why_not() {
                Some(why) => *reasons.entry(why).or_default() += 1,
                None if heard.talk.sends() > 0 => script.talks.push(heard.talk),
                None => {}
            }
        }
        let told =
            |(why, of): (String, u64)| format!("{} left out: {why}", counted(of, "conversation"));
        script.left_out = reasons.into_iter().take(REASONS).map(told).collect();
        script.talks.sort_by_key(|talk| talk.began);
        if !script.talks.is_empty() {
            return Ok(script);
        }
        let nothing = "nothing in it was said by a client: choose a row that one sent";
        Err(if script.left_out.is_empty() { nothing.into() } else { script.left_out.join("; ") })
    }
}

impl Heard {
    fn begin(conn: &ConnInfo, at: Stamp) -> Self {
        let talk = ReplayTalk {
            conn: conn.clone(),
            steps: Vec::new(),
            old: ReplayAnswers::default(),
            began: at,
            ended: at,
            named: None,
        };
        Heard {
            talk,
            listens: true,
            is_answered_only: false,
            wrong: None,
            is_tls_inside: false,
            begins: true,
            way: None,
            is_through: false,
            is_opened: false,
            only_asked: false,
        }
    }

    /// Looks for a `CONNECT` and its answer; `true` = the record is that answer, and no more.
    fn asks_a_proxy(&mut self, record: &Record, from_client: bool) -> bool {
        match record.kind {
            RecordKind::Data if self.is_through => false,
            RecordKind::Data if from_client => {
                let way = proxied::way_asked_for(&record.data);
                self.way = way.or(self.way.take());
                false
            }
            RecordKind::Data => {
                self.is_through = self.way.is_some() && proxied::lets_through(&record.data);
                self.begins |= self.is_through;
                self.only_asked = self.is_through && !self.talk.steps.is_empty();
                if self.is_through && self.is_our_proxy() {
                    self.forgets();
                    return true;
                }
                false
            }
            RecordKind::Secured => {
                self.is_opened |= self.is_through;
                false
            }
            _ => false,
        }
    }

    /// What was said so far was for the relay alone, and so was what is wrong with it.
    fn forgets(&mut self) {
        self.talk.steps.clear();
        self.wrong = None;
        self.is_answered_only = true;
    }

    /// Leads it where its client had the relay lead it, as far as what it said has to do with that.
    fn is_for_its_server(&mut self) {
        if !self.is_our_proxy() || self.talk.conn.chosen_target().is_some() {
            return;
        }
        let server = match self.way.clone().filter(|_| self.is_through) {
            Some(way) => Ok(Some((way, self.is_opened))),
            None => proxied::for_the_server(&mut self.talk.steps),
        };
        match server {
            Ok(server) => {
                let asked = server.map(|(to, tls)| AskedTarget::by_client(&to, None, tls));
                self.talk.conn.asked = asked.or(self.talk.conn.asked.take());
            }
            Err(why) => {
                self.wrong.get_or_insert(why);
            }
        }
    }

    /// Why it is not said; `None` = it is, if it says anything.
    fn why_not(&self) -> Option<String> {
        let connect = "a CONNECT only asks a proxy for a way, and nothing is chosen of what was said through it";
        let tls = "it is TLS that nobody decrypted, which cannot be said twice";
        let other = self.only_asked.then_some(connect);
        let other = other.or_else(|| (self.talk.sends() > 0 && self.is_tls_inside).then_some(tls));
        self.wrong.clone().or_else(|| other.map(str::to_owned))
    }

    /// Whose conversation it is, and the places it is said at, under either name.
    fn reaches(&self) -> Vec<Reached> {
        let is_said = self.talk.sends() > 0 && self.why_not().is_none();
        let Some(at) = self.talk.address().parse::<Endpoint>().ok().filter(|_| is_said) else {
            return Vec::new();
        };
        let named = self.talk.named.as_ref().map(|host| Endpoint::new(host.as_str(), at.port));
        named.into_iter().chain([at]).map(|at| self.reached(&at)).collect()
    }

    /// Whose it is, and where it was let through to.
    fn asked_way(&self) -> Option<Reached> {
        self.way.as_ref().filter(|_| self.is_through).map(|way| self.reached(way))
    }

    fn reached(&self, to: &Endpoint) -> Reached {
        let conn = &self.talk.conn;
        let client = if conn.is_accepted() { &conn.peer } else { &conn.local };
        let to = Endpoint { host: to.host.to_ascii_lowercase(), ..to.clone() };
        (client.clone(), to)
    }

    /// Whether a relay has it that leads clients where they ask, not to a target of its own.
    fn is_our_proxy(&self) -> bool {
        let conn = &self.talk.conn;
        conn.is_of_relay() && conn.asked.as_ref().is_none_or(|asked| asked.by_client)
    }

    fn says(&mut self, record: &Record, is_masked: bool) {
        let talk = &mut self.talk;
        if talk.steps.is_empty() && self.is_answered_only {
            // What came before was no answer to this, and nobody waits for it.
            talk.old = ReplayAnswers::default();
            talk.began = record.at;
        }
        self.only_asked = false;
        if std::mem::take(&mut self.begins) {
            let is_plain = !talk.is_datagrams() && !talk.conn.is_under_tls();
            self.is_tls_inside = is_plain && is_client_hello(&record.data);
            talk.named = host(&record.data);
        }
        let missing = record.original_len.saturating_sub(record.data.len() as u64);
        if missing > 0 {
            let why = format!("{} its client said were not kept", counted(missing, "byte"));
            self.wrong.get_or_insert(why);
        } else if is_masked {
            let why =
                "secrets its client said are masked in the file; write it with --with-secrets";
            self.wrong.get_or_insert(why.into());
        }
        self.listens = true;
        if record.data.is_empty() && !talk.is_datagrams() {
            return;
        }
        let heard = talk.old.count(talk.is_datagrams());
        talk.steps.push(ReplayStep {
            at: record.at,
            act: ReplayAct::Send(record.data.clone()),
            heard,
        });
        talk.ended = record.at;
    }

    /// Returns how many bytes are kept of it.
    fn hears(&mut self, record: &Record, room: usize, is_masked: bool) -> usize {
        if !self.listens {
            return 0;
        }
        let kept = record.data.slice(..record.data.len().min(room));
        self.talk.old.push(&kept, record.original_len);
        self.talk.old.is_masked |= is_masked;
        self.talk.ended = record.at;
        kept.len()
    }

    fn finishes(&mut self, at: Stamp) {
        let talk = &mut self.talk;
        let heard = talk.old.count(talk.is_datagrams());
        if talk.sends() > 0 && talk.steps.iter().all(|step| step.act != ReplayAct::Finish) {
            talk.steps.push(ReplayStep { at, act: ReplayAct::Finish, heard });
        }
    }
}

/// In which direction its client spoke.
fn client_direction(conn: &ConnInfo) -> Direction {
    if conn.is_accepted() { Direction::Received } else { Direction::Sent }
}

fn is_hole(record: &Record) -> bool {
    record.data.ends_with(MISSING.as_bytes())
}

/// Whether a stream begins with the hello of a client of TLS (RFC 8446, section 5.1).
fn is_client_hello(data: &[u8]) -> bool {
    matches!(data, [22, 3, 0..=4, _, _, 1, ..])
}

/// The host that a request names.
fn host(data: &[u8]) -> Option<String> {
    let head = data.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let named = head.skip(1).find_map(|line| {
        let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':')?);
        name.eq_ignore_ascii_case(b"host").then(|| &value[1..])
    })?;
    let named = std::str::from_utf8(named).ok()?.trim();
    let host = named.rsplit_once(':').map_or(named, |(host, _)| host);
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !host.contains(['[', ':']);
    is_name.then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_request_is_its_name() {
        let of = |text: &str| host(text.as_bytes());
        assert_eq!(of("GET / HTTP/1.1\r\nHost: a.example:8443\r\n\r\n"), Some("a.example".into()));
        assert_eq!(of("GET / HTTP/1.1\r\nhost:b.example\r\n\r\n"), Some("b.example".into()));
        assert_eq!(of("GET / HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n"), None);
        assert_eq!(of("GET / HTTP/1.1\r\nHost: [::1]:1\r\n\r\nHost: c.example"), None);
        assert_eq!(of("PING"), None);
    }
}
