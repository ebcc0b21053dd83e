//! What closes say: codes in words (RFC 6455, section 7.4, and the registry of IANA), and which may be sent.

use super::frame::CONTROL;

/// It ends as it should.
pub(crate) const NORMAL: u16 = 1000;
/// Whoever serves goes away.
pub(crate) const GOING_AWAY: u16 = 1001;
/// The other side breaks the protocol.
pub(crate) const PROTOCOL: u16 = 1002;
/// What is said to be text is none.
pub(crate) const INVALID: u16 = 1007;
/// It is longer than is taken.
pub(crate) const TOO_BIG: u16 = 1009;

const CODES: &[(u16, &str)] = &[
    (NORMAL, "normal closure"),
    (GOING_AWAY, "going away"),
    (PROTOCOL, "protocol error"),
    (1003, "unsupported data"),
    (1005, "no code"),
    (1006, "closed without a close frame"),
    (INVALID, "invalid data"),
    (1008, "policy violated"),
    (TOO_BIG, "message too big"),
    (1010, "an extension is missing"),
    (1011, "internal error"),
    (1012, "service restarts"),
    (1013, "try again later"),
    (1014, "bad gateway"),
    (1015, "TLS handshake failed"),
    (3000, "unauthorized"),
    (3003, "forbidden"),
    (3008, "timed out"),
];

/// What a close frame says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CloseReason {
    /// `None` = it says none.
    pub(crate) code: Option<u16>,
    pub(crate) reason: String,
}

/// A code in words: `1000 normal closure`.
pub(crate) fn words(code: u16) -> String {
    let known = CODES.iter().find(|(number, _)| *number == code);
    let class = match code {
        3000..=3999 => "of a library or framework",
        4000..=4999 => "of the application",
        _ => return known.map_or_else(|| code.to_string(), |(_, words)| format!("{code} {words}")),
    };
    format!("{code} {}", known.map_or(class, |(_, words)| words))
}

/// Whether a close may be sent with this code: some only say locally how it ended (section 7.4.1), some have no
/// meaning.
pub(crate) fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

impl CloseReason {
    /// Reads the payload of a close.
    ///
    /// # Errors
    /// What is wrong with it, and the code that answers it.
    pub(crate) fn read(payload: &[u8]) -> Result<Self, (u16, String)> {
        let (code, reason) = match payload {
            [] => return Ok(CloseReason::default()),
            [_] => return Err((PROTOCOL, "the close has 1 byte, which is no code".to_owned())),
            [first, second, reason @ ..] => (u16::from_be_bytes([*first, *second]), reason),
        };
        if !may_be_sent(code) {
            let why = match code {
                1005 | 1006 | 1015 => "which is never sent",
                _ => "which has no meaning",
            };
            return Err((PROTOCOL, format!("the close has the code {code}, {why}")));
        }
        match std::str::from_utf8(reason) {
            Ok(reason) => Ok(CloseReason { code: Some(code), reason: reason.to_owned() }),
            Err(_) => Err((INVALID, "the reason of the close is not UTF-8".to_owned())),
        }
    }

    /// The payload that says it; what no frame has room for is left out.
    pub(crate) fn payload(&self) -> Vec<u8> {
        let Some(code) = self.code else { return Vec::new() };
        let mut payload = code.to_be_bytes().to_vec();
        let room = CONTROL as usize - payload.len();
        let end =
            (0..=room.min(self.reason.len())).rev().find(|at| self.reason.is_char_boundary(*at));
        payload.extend_from_slice(&self.reason.as_bytes()[..end.unwrap_or(0)]);
        payload
    }

    /// `1000 normal closure: bye`
    pub(crate) fn words(&self) -> String {
        match (self.code, self.reason.as_str()) {
            (None, _) => "no code".to_owned(),
            (Some(code), "") => words(code),
            (Some(code), reason) => format!("{}: {reason}", words(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_says_its_code_and_reason_in_words() {
        for (payload, told) in [
            (&b""[..], "no code"),
            (b"\x03\xe8", "1000 normal closure"),
            (b"\x03\xe9bye", "1001 going away: bye"),
            (b"\x0b\xb8", "3000 unauthorized"),
            (b"\x0f\x9f", "3999 of a library or framework"),
            (b"\x0f\xa0x", "4000 of the application: x"),
        ] {
            let close = CloseReason::read(payload).unwrap();
            assert_eq!(close.words(), told);
            assert_eq!(close.payload(), payload);
        }
        for (payload, code, told) in [
            (&b"\x03"[..], PROTOCOL, "1 byte"),
            (b"\x03\xed", PROTOCOL, "1005, which is never sent"),
            (b"\x07\xd0", PROTOCOL, "2000, which has no meaning"),
            (b"\x03\xe8\xff", INVALID, "not UTF-8"),
        ] {
            let (with, why) = CloseReason::read(payload).unwrap_err();
            assert!(with == code && why.contains(told), "{why}");
        }
    }

    #[test]
    fn a_reason_that_is_too_long_is_cut_between_letters() {
        let close = CloseReason { code: Some(1000), reason: "ä".repeat(100) };
        let payload = close.payload();
        assert_eq!(payload.len(), 124);
        assert!(CloseReason::read(&payload).is_ok());
    }
}
