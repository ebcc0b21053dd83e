//! What was said on a `WebSocket`, read of the bytes of their connections as they cross (RFC 6455): messages put
//! together from frames, without masks, and unpacked (RFC 7692), for the entry of HAR that their upgrade is.
//!
//! ```text
//! record ─► GET … Upgrade: websocket ─► 101 ─► frames of either side ─► messages
//! ```
//! Called by the writers of HAR with every record of a connection, in order. Connections that are upgraded to
//! nothing cost nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::codec::message_deflate::MessageInflater;
use crate::codec::web_socket::MESSAGE;
use crate::codec::web_socket::frame::{FrameHeader, Opcode, mask};
use crate::model::counts::counted;
use crate::model::exchange::Exchange;
use crate::model::id::ConnId;
use crate::model::record::{ConnInfo, Direction, Record, RecordKind};
use crate::model::secrets::{Disclosure, masked};
use crate::model::timing::Stamp;

/// Longest head that is looked at.
const HEAD: usize = 64 * 1024;
/// Bytes of messages that are kept at once.
const KEPT: usize = 128 * 1024 * 1024;

/// Answer that lets frames begin (section 4.2.2).
const SWITCHED: u16 = 101;
const TEXT: u8 = 1;

/// One message.
#[derive(Debug)]
struct TalkMessage {
    /// When the last of it crossed.
    at: Stamp,
    is_of_client: bool,
    said: WholeMessage,
    is_told: bool,
}

/// A message that is whole.
#[derive(Debug)]
struct WholeMessage {
    opcode: u8,
    data: Vec<u8>,
    /// It could not be unpacked.
    is_packed: bool,
}

/// What became of the first bytes of a side.
#[derive(Debug)]
enum TakenBytes {
    /// They are no whole frame.
    Short,
    /// A frame, of whose message others are still to come.
    Frame,
    Message(WholeMessage),
}

/// A message of which frames are still to come.
#[derive(Debug)]
struct OpenMessage {
    opcode: u8,
    is_packed: bool,
    data: Vec<u8>,
}

/// How far a side is.
#[derive(Debug, Default)]
enum SideStage {
    /// Its head has not ended.
    #[default]
    Head,
    Frames,
    /// What follows cannot be read, for this reason.
    Broken(&'static str),
}

/// What one of the two says.
#[derive(Debug, Default)]
struct TalkSide {
    stage: SideStage,
    bytes: Vec<u8>,
    open: Option<OpenMessage>,
    inflater: Option<MessageInflater>,
}

/// What was said on one of them.
#[derive(Debug, Default)]
pub struct WebSocketTalk {
    /// The client's, and the server's.
    sides: [TalkSide; 2],
    messages: Vec<TalkMessage>,
    /// Bytes of the messages.
    bytes: usize,
    /// Messages for which there was no room.
    left_out: u64,
}

/// All of them that go on.
#[derive(Debug, Default)]
pub(crate) struct WebSocketTalks {
    talks: HashMap<ConnId, WebSocketTalk>,
    kept: usize,
}

impl WebSocketTalks {
    /// The next record of a connection; `is_told` = what ends with it is to be told.
    pub(crate) fn record(&mut self, record: &Record, conn: Option<&ConnInfo>, is_told: bool) {
        let Some(conn) = conn.filter(|_| record.crossed().is_some()) else { return };
        let asks = if conn.is_accepted() { Direction::Received } else { Direction::Sent };
        let is_of_client = record.direction == asks;
        let talk = match self.talks.entry(record.conn) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) if is_of_client && record.data.starts_with(b"GET ") => {
                new.insert(WebSocketTalk::default())
            }
            Entry::Vacant(_) => return,
        };
        let before = talk.kept();
        let goes_on = talk.take(record, is_of_client, (is_told, KEPT.saturating_sub(self.kept)));
        self.kept = (self.kept + talk.kept()).saturating_sub(before);
        if !goes_on {
            self.remove(record.conn);
        }
    }

    /// What was said on the connection of an exchange that opened one.
    pub(crate) fn of(&mut self, exchange: &Exchange) -> Option<WebSocketTalk> {
        let status = exchange.response.as_ref().and_then(|response| response.head.status());
        self.remove(exchange.conn).filter(|_| status == Some(SWITCHED))
    }

    /// Whether one goes on that this exchange opened.
    pub(crate) fn has(&self, exchange: &Exchange) -> bool {
        let status = exchange.response.as_ref().and_then(|response| response.head.status());
        status == Some(SWITCHED) && self.talks.contains_key(&exchange.conn)
    }

    /// A connection has no further records. What was said on it may still be asked for.
    pub(crate) fn over(&mut self, conn: ConnId) {
        if self.talks.get(&conn).is_some_and(|talk| !talk.is_open()) {
            self.remove(conn);
        }
    }

    fn remove(&mut self, conn: ConnId) -> Option<WebSocketTalk> {
        let talk = self.talks.remove(&conn)?;
        self.kept = self.kept.saturating_sub(talk.kept());
        Some(talk)
    }
}

impl WebSocketTalk {
    /// The messages as browsers tell them in HAR, each as it may be told.
    pub(super) fn told(&self, told: &Disclosure) -> Vec<Value> {
        let message = |message: &TalkMessage| {
            let WholeMessage { opcode, data, is_packed } = &message.said;
            let data = masked(data, &told.hidden_parts(b"", data));
            let is_text = *opcode == TEXT && !is_packed;
            let data = match String::from_utf8(data) {
                Ok(text) if is_text => text,
                Ok(text) => STANDARD.encode(text),
                Err(bytes) if is_text => String::from_utf8_lossy(bytes.as_bytes()).into_owned(),
                Err(bytes) => STANDARD.encode(bytes.as_bytes()),
            };
            let mut value = json!({
                "type": if message.is_of_client { "send" } else { "receive" },
                // A float has no room for more than microseconds.
                "time": (message.at.0 / 1_000) as f64 / 1e6,
                "opcode": opcode,
                "data": data,
            });
            if *is_packed {
                value["_packed"] = true.into();
            }
            value
        };
        self.messages.iter().filter(|message| message.is_told).map(message).collect()
    }

    /// What there is to say of what is not among them.
    pub(super) fn remarks(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.left_out > 0 {
            let left_out = counted(self.left_out, "message");
            said.push(format!("{left_out} of its WebSocket left out, for which there was no room"));
        }
        let packed = self.messages.iter().filter(|message| message.said.is_packed).count();
        if packed > 0 {
            let packed = counted(packed as u64, "message");
            said.push(format!("{packed} of its WebSocket could not be unpacked"));
        }
        for (side, whose) in self.sides.iter().zip(["the client", "the server"]) {
            if let SideStage::Broken(why) = side.stage {
                said.push(format!("what {whose} said further on its WebSocket is left out: {why}"));
            }
        }
        said
    }

    /// Whether frames have begun.
    fn is_open(&self) -> bool {
        matches!(self.sides[1].stage, SideStage::Frames | SideStage::Broken(_))
    }

    fn kept(&self) -> usize {
        let waiting = |side: &TalkSide| {
            side.bytes.len() + side.open.as_ref().map_or(0, |message| message.data.len())
        };
        self.bytes + self.sides.iter().map(waiting).sum::<usize>()
    }

    /// Takes bytes in; false = it is no WebSocket.
    fn take(&mut self, record: &Record, of_client: bool, (is_told, room): (bool, usize)) -> bool {
        let side = &mut self.sides[usize::from(!of_client)];
        side.bytes.extend_from_slice(record.crossed().map_or(&[], |bytes| &bytes[..]));
        if matches!(side.stage, SideStage::Head) && !self.head(of_client) {
            return false;
        }
        let is_switched = self.is_open();
        let side = &mut self.sides[usize::from(!of_client)];
        // Nobody says a frame before the other has agreed.
        while is_switched && matches!(side.stage, SideStage::Frames) {
            match side.frame() {
                Ok(TakenBytes::Short) => break,
                Ok(TakenBytes::Frame) => {}
                Ok(TakenBytes::Message(said)) if said.data.len() > room => self.left_out += 1,
                Ok(TakenBytes::Message(said)) => {
                    self.bytes += said.data.len() + size_of::<TalkMessage>();
                    let (at, is_of_client) = (record.at, of_client);
                    self.messages.push(TalkMessage { at, is_of_client, said, is_told });
                }
                Err(why) => side.stage = SideStage::Broken(why),
            }
        }
        let is_cut =
            record.kind == RecordKind::Data && record.original_len > record.data.len() as u64;
        if is_cut && !matches!(side.stage, SideStage::Broken(_)) {
            side.stage = SideStage::Broken("bytes before it are not kept");
        }
        if matches!(side.stage, SideStage::Broken(_)) {
            side.bytes = Vec::new();
        }
        true
    }

    /// Looks for the end of a head, behind which frames begin; false = it opens no WebSocket.
    fn head(&mut self, of_client: bool) -> bool {
        let side = &mut self.sides[usize::from(!of_client)];
        loop {
            let Some(end) = memchr::memmem::find(&side.bytes, b"\r\n\r\n") else {
                return side.bytes.len() <= HEAD;
            };
            let rest = side.bytes.split_off(end + 4);
            let head = String::from_utf8_lossy(&std::mem::replace(&mut side.bytes, rest))
                .to_ascii_lowercase();
            if of_client {
                side.stage = SideStage::Frames;
                return value_of(&head, "upgrade").is_some_and(|value| value.contains("websocket"));
            }
            let status: Option<u16> = head.split(' ').nth(1).and_then(|it| it.parse().ok());
            match status {
                Some(SWITCHED) => {
                    side.stage = SideStage::Frames;
                    self.agree(&head);
                    return true;
                }
                // More of them may stand before the answer.
                Some(100..=199) => {}
                _ => return false,
            }
        }
    }

    /// What the server's answer says of packed messages.
    fn agree(&mut self, head: &str) {
        let lines = head.lines().filter_map(|line| line.strip_prefix("sec-websocket-extensions:"));
        let Some(agreed) = lines.flat_map(|line| line.split(',')).find(|it| it.contains(PACKED))
        else {
            return;
        };
        for (side, anew) in
            self.sides.iter_mut().zip(["client_no_context_takeover", "server_no_context_takeover"])
        {
            side.inflater = Some(MessageInflater::new(agreed.contains(anew)));
        }
    }
}

/// The extension that packs messages.
const PACKED: &str = "permessage-deflate";

/// The value of a header of a head in lower case.
fn value_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    head.lines().find_map(value)
}

impl TalkSide {
    /// Takes the next frame.
    fn frame(&mut self) -> Result<TakenBytes, &'static str> {
        let Some(header) = FrameHeader::read(&self.bytes) else { return Ok(TakenBytes::Short) };
        let opcode = Opcode::of(header.opcode).filter(|_| !header.has_unknown_bits());
        let Some(opcode) = opcode else { return Err("it is no frame") };
        let (begins, len) = (header.size(), usize::try_from(header.len).unwrap_or(usize::MAX));
        if len > MESSAGE {
            return Err("a message is longer than 16 MiB");
        }
        if self.bytes.len() < begins + len {
            return Ok(TakenBytes::Short);
        }
        let rest = self.bytes.split_off(begins + len);
        let frame = std::mem::replace(&mut self.bytes, rest);
        let mut bytes = frame[begins..].to_vec();
        if let Some(key) = header.mask {
            mask(&mut bytes, key);
        }
        if opcode.is_control() {
            let (opcode, is_packed) = (opcode as u8, false);
            return Ok(TakenBytes::Message(WholeMessage { opcode, data: bytes, is_packed }));
        }
        if opcode == Opcode::Continuation {
            let Some(open) = &mut self.open else { return Err("a frame goes on with nothing") };
            open.data.extend(bytes);
        } else {
            let (opcode, is_packed) = (opcode as u8, header.is_packed());
            self.open = Some(OpenMessage { opcode, is_packed, data: bytes });
        }
        if self.open.as_ref().is_some_and(|open| open.data.len() > MESSAGE) {
            return Err("a message is longer than 16 MiB");
        }
        let whole = self.open.take_if(|_| header.is_last).map(|open| self.unpacked(open));
        Ok(whole.map_or(TakenBytes::Frame, TakenBytes::Message))
    }

    fn unpacked(&mut self, message: OpenMessage) -> WholeMessage {
        let OpenMessage { opcode, is_packed, data } = message;
        let inflater = self.inflater.as_mut().filter(|_| is_packed);
        let unpacked = inflater.and_then(|inflater| inflater.message(&data, MESSAGE));
        if is_packed && unpacked.is_none() {
            // What follows may refer to it.
            self.inflater = None;
        }
        let is_packed = is_packed && unpacked.is_none();
        WholeMessage { opcode, data: unpacked.unwrap_or(data), is_packed }
    }
}

#[cfg(test)]
mod web_socket_talk_tests;
