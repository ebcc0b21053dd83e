//! One conversation of a recording: what its client said and when, and what came back.

use bytes::Bytes;

use crate::compose;
use crate::compose::address::{self, Detected, UrlParts, normalise_url};
use crate::interop::from_traffic;
use crate::interop::pcapng::is_stand_in;
use crate::model::plan::Plan;
use crate::model::preset::Scope;
use crate::model::protocol::Side;
use crate::model::record::ConnInfo;
use crate::model::timing::Stamp;
use crate::model::tls::{ClientTls, TlsChoices};
use crate::model::trust::{TrustedCertificates, Verify};

/// One conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayTalk {
    /// The connection it was.
    pub conn: ConnInfo,
    pub steps: Vec<ReplayStep>,
    pub old: ReplayAnswers,
    /// Its first record, and its last that counts.
    pub began: Stamp,
    pub ended: Stamp,
    /// The name its client asked TLS for, as far as what it said tells.
    pub named: Option<String>,
}

/// One thing its client did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayStep {
    pub at: Stamp,
    pub act: ReplayAct,
    /// How much had come back before: bytes, of datagrams how many.
    pub heard: u64,
}

/// What a client does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayAct {
    Send(Bytes),
    /// It finished sending and went on receiving.
    Finish,
}

/// What came back: of a stream pieces of it, of datagrams each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReplayAnswers {
    pub messages: Vec<Bytes>,
    /// Bytes that came, those not kept included.
    pub len: u64,
    /// Secrets in it are masked in the file it was read from.
    pub is_masked: bool,
}

/// Where it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayTarget {
    /// `host:port`; `None` = where it went then.
    pub address: Option<String>,
    /// `None` = as it was then.
    pub tls: Option<bool>,
    /// It is for datagrams, or for streams; `None` = for what there is.
    pub datagrams: Option<bool>,
    pub verify: Verify,
}

impl Default for ReplayTarget {
    fn default() -> Self {
        ReplayTarget { address: None, tls: None, datagrams: None, verify: Verify::On }
    }
}

impl ReplayTarget {
    /// The target that is written so: `host:port`, with a scheme or without, or a URL.
    ///
    /// # Errors
    /// A sentence that says why it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Some(cause) = address::wrong_scheme(text) {
            return Err(cause);
        }
        let Some(Detected { tls, mut address, explicit, protocol, .. }) = address::detect(text)
        else {
            return Err(
                "write host:port, tcp://host:port, tls://host:port, udp://host:port or a URL"
                    .into(),
            );
        };
        let can = protocol.capabilities(Side::Client);
        if explicit && can.exchanges {
            address = UrlParts::parse(&normalise_url(text)?)?.endpoint.to_string();
        }
        let said = |value: bool| explicit.then_some(value);
        Ok(ReplayTarget {
            address: Some(address),
            tls: said(tls).filter(|_| !can.datagrams),
            datagrams: said(can.datagrams),
            verify: Verify::On,
        })
    }
}

impl ReplayAnswers {
    /// How much it is, as steps count it.
    pub(super) fn count(&self, is_datagrams: bool) -> u64 {
        if is_datagrams { self.messages.len() as u64 } else { self.len }
    }

    /// The bytes that are kept, one behind the other.
    #[must_use]
    pub fn joined(&self) -> Vec<u8> {
        self.messages.concat()
    }

    /// One more piece or datagram.
    pub(super) fn push(&mut self, data: &Bytes, len: u64) {
        self.messages.push(data.clone());
        self.len += len;
    }
}

impl ReplayTalk {
    /// Whether it is datagrams.
    #[must_use]
    pub fn is_datagrams(&self) -> bool {
        self.conn.capabilities().datagrams
    }

    /// Bytes its client sent.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let len = |step: &ReplayStep| match &step.act {
            ReplayAct::Send(data) => data.len() as u64,
            ReplayAct::Finish => 0,
        };
        self.steps.iter().map(len).sum()
    }

    /// Messages its client sent.
    #[must_use]
    pub fn sends(&self) -> usize {
        self.steps.iter().filter(|step| step.act != ReplayAct::Finish).count()
    }

    /// Messages that have left whole when so many bytes have.
    pub(super) fn sends_in(&self, mut bytes: u64) -> usize {
        let sent = self.steps.iter().filter_map(|step| match &step.act {
            ReplayAct::Send(data) => Some(data.len() as u64),
            ReplayAct::Finish => None,
        });
        let whole = sent.take_while(|len| {
            let is_whole = bytes >= *len;
            bytes = bytes.saturating_sub(*len);
            is_whole
        });
        whole.count()
    }

    /// Where it went, `host:port`; empty = nobody knows.
    #[must_use]
    pub fn address(&self) -> String {
        from_traffic::client_of(&self.conn).address().to_owned()
    }

    /// The session that says it: a client of its kind, at this target.
    ///
    /// # Errors
    /// Why there cannot be one.
    pub fn plan(&self, target: &ReplayTarget) -> Result<Plan, String> {
        let mut spec = from_traffic::client_of(&self.conn);
        if let Some(address) = &target.address {
            spec.address_mut().clone_from(address);
        }
        if spec.address().is_empty() {
            return Err("nobody knows where it went: name a target".into());
        }
        if target.address.is_none() && spec.address().parse().is_ok_and(is_stand_in) {
            return Err(
                "it went to a Unix socket, for which the capture has an address that leads \
                        nowhere: name the target, such as unix:/path"
                    .into(),
            );
        }
        if target.datagrams.is_some_and(|datagrams| datagrams != self.is_datagrams()) {
            return Err(
                "a target of datagrams takes no streams, nor one of streams datagrams".into()
            );
        }
        // Another host has another name.
        let named = self.named.clone().filter(|_| target.address.is_none());
        let (verify, trust) = (target.verify, TrustedCertificates::default());
        let is_tls = target.tls.unwrap_or(self.conn.is_under_tls());
        let tls = ClientTls::On {
            verify,
            trust,
            sni: named.unwrap_or_default(),
            choices: TlsChoices::default(),
        };
        spec.set_client_tls(if is_tls { tls } else { ClientTls::Off });
        compose::plan(&spec, &Scope::default())
            .map_err(|issues| issues.first().map_or_else(String::new, ToString::to_string))
    }
}
