//! Whether the answer to a handshake agrees to it (RFC 6455, section 4.1), in words. Pure.

use crate::codec::printable::printable;
use crate::codec::web_socket::extension::PackedMessages;
use crate::codec::web_socket::handshake::{accept, has_word};
use crate::model::exchange::Head;

/// What both sides agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct AgreedTalk {
    pub(crate) subprotocol: Option<String>,
    pub(crate) packed: Option<PackedMessages>,
}

/// Values of a header of an answer.
pub(crate) fn values(head: &Head, name: &str) -> Vec<String> {
    head.all(name).map(|value| String::from_utf8_lossy(value).trim().to_owned()).collect()
}

/// What an answer of 101 agrees to, of what these headers of the request ask.
///
/// # Errors
/// It is not the answer to it.
pub(crate) fn agreed(asked: &[(String, String)], answer: &Head) -> Result<AgreedTalk, String> {
    let asked = |name: &str| -> Vec<&str> {
        let all = asked.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        all.map(|(_, value)| value.as_str()).collect()
    };
    for (name, word) in [("Upgrade", "websocket"), ("Connection", "upgrade")] {
        if !has_word(answer.all(name), word) {
            let said = told(&values(answer, name));
            return Err(format!("the answer 101 has no '{name}: {word}' but {said}"));
        }
    }
    let expected = asked("sec-websocket-key").first().map(|key| accept(key)).unwrap_or_default();
    let accepts = values(answer, "sec-websocket-accept");
    if accepts != [expected.clone()] {
        let said = told(&accepts);
        return Err(format!(
            "the answer has the wrong Sec-WebSocket-Accept: {said}, and our key asks for '{expected}'"
        ));
    }
    let offered: Vec<&str> = asked("sec-websocket-protocol")
        .iter()
        .flat_map(|it| it.split(','))
        .map(str::trim)
        .collect();
    let chosen = values(answer, "sec-websocket-protocol");
    let subprotocol = match chosen.as_slice() {
        [] => None,
        [one] if offered.contains(&one.as_str()) => Some(one.clone()),
        several => {
            let said = told(several);
            let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
            return Err(format!(
                "the server chose the subprotocol {said}, and {offered} was offered"
            ));
        }
    };
    let offers_packing =
        asked("sec-websocket-extensions").iter().any(|it| it.contains("permessage-deflate"));
    let packed =
        PackedMessages::agreed(&values(answer, "sec-websocket-extensions"), offers_packing)?;
    Ok(AgreedTalk { subprotocol, packed })
}

fn told(values: &[String]) -> String {
    match values {
        [] => "none".to_owned(),
        values => format!("'{}'", printable(values.join(", ").as_bytes())),
    }
}

impl AgreedTalk {
    /// In words: `speaks WebSocket, subprotocol chat, permessage-deflate`.
    pub(crate) fn words(&self) -> String {
        let mut words = "speaks WebSocket from now on".to_owned();
        if let Some(name) = &self.subprotocol {
            words.push_str(", subprotocol ");
            words.push_str(&printable(name.as_bytes()));
        }
        if let Some(packed) = &self.packed {
            words.push_str(", ");
            words.push_str(&packed.words());
        }
        words
    }
}
