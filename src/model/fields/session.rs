//! The options of TCP and UDP: clients, listeners, scripted steps and automatic answers.

use std::borrow::Cow;

use super::check::{CAPTURE, EXPECT};
use crate::model::awaited::Awaited;
use crate::model::client::{
    ClientSpec, DatagramSpec, EXPECT_WITHIN, InputSpec, ScriptStep, SocketSpec, TcpSpec, UdpSpec,
};
use crate::model::field::FieldWidth::{Cells, Fill};
use crate::model::field::{FormTab, Options, Presence, Spelling, ValueKind, fields};
use crate::model::listener::{Rule, TcpListenerSpec, UdpListenerSpec, UnixSpec, When, WhenKind};
use crate::model::payload::Payload;
use crate::model::suggest::suggest;

pub(super) const BIND: &str =
    "127.0.0.1:port, :port (loopback, IPv4 and IPv6), *:port (all interfaces), unix:/path";
pub(super) const BIND_HELP: &str = "Where to listen: address:port, :port for this machine only, \
                                    *:port for everybody, unix:/path for a socket of the file system.";
const DATAGRAM_BIND_HELP: &str = "Where to listen: address:port, :port for this machine only, *:port for \
                                  everybody.";
const ADDRESS_HELP: &str = "Where to send: host:port.";
const STREAM_HELP: &str =
    "Where to connect: host:port, or unix:/path for a socket of the file system.";
const FORMATS: ValueKind = ValueKind::Choice(&["text", "hex"]);
const AWAITED: ValueKind = ValueKind::Choice(&["text", "hex", "matches", "length", "json"]);
pub(super) const LIST: ValueKind = ValueKind::List(Spelling::Table);
pub(super) const RULES: &str = "Automatic answers; the first that applies is sent. {{message}} is what was \
                     received, {{match}} the part that matched.";
pub(super) const STEP: &str = "+ step (done once the session is up)";
pub(super) const STEP_HELP: &str = "Done once the session is up, in order.";

pub(super) const HISTORY: &str = "Keep in the history";
pub(super) const HISTORY_HELP: &str = "Whether what is sent or started stands in the history.";

const OPTIONS: Option<FormTab> = Some(FormTab::Options);

/// The rows of all four kinds that have TCP connections.
impl Options for SocketSpec {
    fields! {
        "keep-alive", ValueKind::Duration, keep_alive, label: "TCP keep-alive (empty = off)",
            help: "Time without traffic before the peer is probed, and between probes: 1s to 32767s; \
                   off when absent.";
    }
}

/// The rows of all that accept connections.
impl Options for UnixSpec {
    fields! {
        "socket-mode", ValueKind::Word(&[]), mode, label: "Mode of a Unix socket (octal)",
            help: "Permissions of the socket in the file system, where bind is unix:/path: who may write to \
                   it may connect.";
    }
}

/// The rows of both kinds that have sockets of datagrams.
impl Options for DatagramSpec {
    fields! {
        "ttl", ValueKind::Number { min: 1, max: 255 }, ttl,
            label: "TTL in hops (empty = the system's)",
            help: "Hops a datagram may take, also to a multicast group: 1 to 255.";
    }
}

/// The rows of all four kinds that are conversations.
impl Options for InputSpec {
    fields! {
        "line-ending", ValueKind::Choice(&["none", "lf", "crlf", "cr"]), line_ending,
            label: "Line ending of the input line",
            help: "What the input line ends with when it is sent.";
        "format", FORMATS, format, label: "Input line", help: "How the input line is written.";
    }
}

/// The rows of all clients.
impl Options for ClientSpec {
    fields! {
        "source", ValueKind::Word(&[]), source, label: "Source (address, :port, interface)",
            help: "Where it comes from: an address of this machine, address:port, :port or a \
                   network interface; the system chooses when empty.";
        "history", ValueKind::Flag, history, label: HISTORY, help: HISTORY_HELP;
    }
}

impl Options for TcpSpec {
    fields! {
        "address", ValueKind::Address, address, placeholder: "host:port or unix:/path",
            presence: Presence::Written, help: STREAM_HELP;
        "tls", ValueKind::Table, tls, tab: OPTIONS, label: "TLS";
        "connect-timeout", ValueKind::Duration, connect_timeout, tab: OPTIONS,
            label: "Connect timeout",
            help: "Longest wait for the connection and the TLS handshake.";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, client, tab: OPTIONS;
        "", ValueKind::Table, network, tab: OPTIONS;
        "", ValueKind::Table, input, tab: OPTIONS;
        "", ValueKind::Table, run, tab: OPTIONS;
        "step", LIST, steps, tab: Some(FormTab::Steps), label: STEP, help: STEP_HELP;
        "", ValueKind::Table, expect, tab: EXPECT;
        "", ValueKind::Table, capture, tab: CAPTURE;
    }
}

impl Options for UdpSpec {
    fields! {
        "address", ValueKind::Address, address, placeholder: "host:port",
            presence: Presence::Written, help: ADDRESS_HELP;
        "", ValueKind::Table, client, tab: OPTIONS;
        "", ValueKind::Table, socket, tab: OPTIONS;
        "any-peer", ValueKind::Flag, any_peer, tab: OPTIONS, label: "Replies may come from anybody",
            help: "Take what anybody sends for a reply, not only what the address sends.";
        "", ValueKind::Table, input, tab: OPTIONS;
        "", ValueKind::Table, run, tab: OPTIONS;
        "step", LIST, steps, tab: Some(FormTab::Steps), label: STEP, help: STEP_HELP;
        "", ValueKind::Table, expect, tab: EXPECT;
        "", ValueKind::Table, capture, tab: CAPTURE;
    }
}

impl Options for TcpListenerSpec {
    fields! {
        "bind", ValueKind::Address, bind, placeholder: BIND, presence: Presence::Written,
            help: BIND_HELP;
        "tls", ValueKind::Table, tls, tab: OPTIONS, label: "TLS";
        "", ValueKind::Table, socket, tab: OPTIONS;
        "", ValueKind::Table, unix, tab: OPTIONS;
        "greeting", ValueKind::Payload, greeting, tab: OPTIONS, width: Some(Fill(1)),
            label: "Greeting sent to each client", help: "Sent to every client when it connects.";
        "", ValueKind::Table, input, tab: OPTIONS;
        "history", ValueKind::Flag, history, tab: OPTIONS, label: HISTORY, help: HISTORY_HELP;
        "rule", LIST, rules, tab: Some(FormTab::Rules),
            label: "+ automatic answer (a new one echoes)", help: RULES;
        "", ValueKind::Table, expect, tab: EXPECT;
    }
}

impl Options for UdpListenerSpec {
    fields! {
        "bind", ValueKind::Address, bind, placeholder: BIND, presence: Presence::Written,
            help: DATAGRAM_BIND_HELP;
        "", ValueKind::Table, socket, tab: OPTIONS;
        "answer-rate", ValueKind::Number { min: 1, max: 1_000_000 }, answer_rate, tab: OPTIONS,
            label: "Automatic answers to a peer, a second",
            help: "Automatic answers that one peer gets in a second: 1 to 1000000.";
        "", ValueKind::Table, input, tab: OPTIONS;
        "history", ValueKind::Flag, history, tab: OPTIONS, label: HISTORY, help: HISTORY_HELP;
        "rule", LIST, rules, tab: Some(FormTab::Rules),
            label: "+ automatic answer (a new one echoes)", help: RULES;
        "", ValueKind::Table, expect, tab: EXPECT;
    }
}

impl Options for Payload {
    fields! {
        "format", FORMATS, format, width: Some(Cells(6)),
            help: "How the bytes are written: text with escapes, or hex digits.";
    }

    fn phrase(&self) -> Cow<'_, str> {
        self.text.as_str().into()
    }

    fn set_phrase(&mut self, text: &str) -> Result<(), String> {
        text.clone_into(&mut self.text);
        Ok(())
    }
}

impl Options for Awaited {
    fields! {
        "format", AWAITED, format, width: Some(Cells(9)),
            help: "How it is written: text with escapes, hex digits with ?? for any byte, a regular expression, a number of bytes, or JSON.";
    }

    fn phrase(&self) -> Cow<'_, str> {
        self.text.as_str().into()
    }

    fn set_phrase(&mut self, text: &str) -> Result<(), String> {
        text.clone_into(&mut self.text);
        Ok(())
    }
}

impl Options for ScriptStep {
    fields! {
        "", ValueKind::Variant(&["send", "expect"]), -, width: Some(Cells(9)),
            help: "What the step does.";
        "send", ValueKind::Payload, (ScriptStep::Send(payload) => payload), when: Some("send"),
            width: Some(Fill(1)), placeholder: "text with \\r\\n escapes",
            presence: Presence::Required,
            help: "Bytes to send.";
        "expect", ValueKind::Payload, (ScriptStep::Expect { awaited, .. } => awaited),
            when: Some("expect"), width: Some(Fill(1)), placeholder: "text with \\r\\n escapes",
            presence: Presence::Required,
            help: "Wait until this was received: a text, hex with ?? for any byte, what matches, so many bytes, or JSON that has this.";
        "within", ValueKind::Duration, (ScriptStep::Expect { within, .. } => within),
            when: Some("expect"), default: Some("5s"), width: Some(Cells(6)), label: "within",
            help: "Longest wait.";
    }

    fn variant(&self) -> &'static str {
        self.into_str()
    }

    fn switch(&mut self, word: &str) {
        *self = match (word, std::mem::take(self)) {
            ("expect", ScriptStep::Send(payload)) => {
                ScriptStep::Expect { awaited: payload.into(), within: EXPECT_WITHIN }
            }
            ("send", ScriptStep::Expect { awaited, .. }) => {
                ScriptStep::Send(awaited.into_payload())
            }
            (_, same) => same,
        };
    }
}

impl Options for Rule {
    fields! {
        "off", ValueKind::Off, enabled, width: Some(Cells(3)),
            help: "A rule that is kept and does not answer.";
        "when", ValueKind::Phrase, when, label: "when",
            help: "When it answers: always, or contains, equals, starts-with or matches and a text in quotes.";
        "send", ValueKind::Payload, send, width: Some(Fill(1)), wraps: true, label: "  send",
            placeholder: "{{message}} is what arrived, {{match}} what matched",
            presence: Presence::Required, help: "The answer.";
        "delay", ValueKind::Duration, delay, width: Some(Cells(6)), label: "delay",
            help: "Waited before the answer.";
    }
}

impl Options for When {
    fields! {
        "", ValueKind::Variant(&["always", "contains", "equals", "starts with", "matches"]), -,
            width: Some(Cells(13)), help: "How what arrives is compared.";
        "text", ValueKind::Text, [
            |when| if when.kind == WhenKind::Always { None } else { Some(&when.text) },
            |when| if when.kind == WhenKind::Always { None } else { Some(&mut when.text) }
        ], width: Some(Fill(1)), placeholder: "what arrives",
            help: "What it is compared with.";
    }

    fn variant(&self) -> &'static str {
        self.kind.into_str()
    }

    fn switch(&mut self, word: &str) {
        self.kind = word.parse().unwrap_or_default();
        if self.kind == WhenKind::Always {
            self.text.clear();
        }
    }

    /// `contains 'PING'`
    fn phrase(&self) -> Cow<'_, str> {
        let word = self.variant().replace(' ', "-");
        let is_bare = self.kind == WhenKind::Always;
        if is_bare { word } else { format!("{word} '{}'", self.text) }.into()
    }

    /// `always`, or a word and a text in quotes.
    fn set_phrase(&mut self, phrase: &str) -> Result<(), String> {
        const WORDS: [&str; 5] = ["always", "contains", "equals", "starts-with", "matches"];
        let phrase = phrase.trim();
        let (word, rest) = phrase.split_once(char::is_whitespace).unwrap_or((phrase, ""));
        let rest = rest.trim();
        if !WORDS.contains(&word) || word == "always" && !rest.is_empty() {
            return Err(format!("'{phrase}' is no condition; {}", suggest(word, &WORDS)));
        }
        let inside = ['\'', '"']
            .into_iter()
            .find_map(|quote| rest.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)));
        if inside.is_none() && word != "always" {
            return Err(format!("'{word}' needs a text in quotes: {word} 'PING'"));
        }
        self.choose(&word.replace('-', " "));
        inside.unwrap_or_default().clone_into(&mut self.text);
        Ok(())
    }
}
