//! What kinds, flags, errors and settings of HTTP/2 are called (RFC 9113, sections 6 and 7).

use super::frame::{FrameHead, PING, SETTINGS};

const KINDS: &[&str] = &[
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
];

const ERRORS: &[(&str, &str)] = &[
    ("NO_ERROR", "nothing is wrong"),
    ("PROTOCOL_ERROR", "the other side broke the protocol"),
    ("INTERNAL_ERROR", "something failed inside of it"),
    ("FLOW_CONTROL_ERROR", "more was sent than it allowed"),
    ("SETTINGS_TIMEOUT", "its settings were not confirmed in time"),
    ("STREAM_CLOSED", "a frame came for a stream that was over"),
    ("FRAME_SIZE_ERROR", "a frame has a length that is not allowed"),
    ("REFUSED_STREAM", "nothing was done with the request, which may be sent again"),
    ("CANCEL", "it is not wanted any more"),
    ("COMPRESSION_ERROR", "a header block could not be read"),
    ("CONNECT_ERROR", "the connection behind CONNECT broke"),
    ("ENHANCE_YOUR_CALM", "too much was asked of it"),
    ("INADEQUATE_SECURITY", "the TLS of the connection is too weak"),
    ("HTTP_1_1_REQUIRED", "it wants HTTP/1.1 for this"),
];

const SETTING_NAMES: &[&str] = &[
    "HEADER_TABLE_SIZE",
    "ENABLE_PUSH",
    "MAX_CONCURRENT_STREAMS",
    "INITIAL_WINDOW_SIZE",
    "MAX_FRAME_SIZE",
    "MAX_HEADER_LIST_SIZE",
];

/// What a kind of frame is called.
pub(crate) fn kind(number: u8) -> String {
    let known = KINDS.get(usize::from(number)).map(|name| (*name).to_owned());
    let known = known.or_else(|| match number {
        0x0a => Some("ALTSVC".to_owned()),
        0x0c => Some("ORIGIN".to_owned()),
        0x10 => Some("PRIORITY_UPDATE".to_owned()),
        _ => None,
    });
    known.unwrap_or_else(|| format!("frame type {number:#04x}"))
}

/// What the flags of a frame are called, those of no name as one number.
pub(crate) fn flags(head: FrameHead) -> String {
    let is_answer = matches!(head.kind, SETTINGS | PING);
    let named = [
        (
            0x1,
            if is_answer { "ACK" } else { "END_STREAM" },
            is_answer || matches!(head.kind, 0 | 1),
        ),
        (0x4, "END_HEADERS", head.has_block()),
        (0x8, "PADDED", matches!(head.kind, 0 | 1 | 5)),
        (0x20, "PRIORITY", head.kind == 1),
    ];
    let mut words = Vec::new();
    let mut left = head.flags;
    for (bit, name, applies) in named {
        if applies && left & bit != 0 {
            words.push(name.to_owned());
            left &= !bit;
        }
    }
    if left != 0 {
        words.push(format!("{left:#04x}"));
    }
    words.join(", ")
}

/// What the code of an error is called.
pub(crate) fn error(code: u32) -> String {
    named_error(code).map_or_else(|| format!("error code {code:#x}"), |(name, _)| name.to_owned())
}

/// The code of an error with what it means: `CANCEL (it is not wanted any more)`.
pub(crate) fn error_and_meaning(code: u32) -> String {
    match named_error(code) {
        Some((name, meaning)) => format!("{name} ({meaning})"),
        None => format!("error code {code:#x}"),
    }
}

/// What a setting is called.
pub(crate) fn setting(number: u16) -> String {
    let at = usize::from(number).wrapping_sub(1);
    let known = SETTING_NAMES.get(at).map(|name| (*name).to_owned());
    let known = known.or_else(|| match number {
        8 => Some("ENABLE_CONNECT_PROTOCOL".to_owned()),
        9 => Some("NO_RFC7540_PRIORITIES".to_owned()),
        _ => None,
    });
    known.unwrap_or_else(|| format!("setting {number:#06x}"))
}

fn named_error(code: u32) -> Option<(&'static str, &'static str)> {
    ERRORS.get(usize::try_from(code).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_name_is_called_by_it_and_all_else_by_its_number() {
        assert_eq!(
            (kind(7), kind(0x10), kind(0x42)),
            ("GOAWAY".into(), "PRIORITY_UPDATE".into(), "frame type 0x42".into())
        );
        assert_eq!(error(11), "ENHANCE_YOUR_CALM");
        assert_eq!(error_and_meaning(8), "CANCEL (it is not wanted any more)");
        assert_eq!(
            (error(14), error_and_meaning(u32::MAX)),
            ("error code 0xe".into(), "error code 0xffffffff".into())
        );
        assert_eq!(
            (setting(1), setting(6)),
            ("HEADER_TABLE_SIZE".into(), "MAX_HEADER_LIST_SIZE".into())
        );
        assert_eq!((setting(0), setting(7)), ("setting 0x0000".into(), "setting 0x0007".into()));
    }

    #[test]
    fn flags_have_the_names_of_their_kind() {
        let named =
            |kind, flags_of| flags(FrameHead { length: 0, kind, flags: flags_of, stream: 1 });
        assert_eq!(named(0, 0x9), "END_STREAM, PADDED");
        assert_eq!(named(1, 0x25), "END_STREAM, END_HEADERS, PRIORITY");
        assert_eq!(named(4, 0x1), "ACK");
        assert_eq!(named(8, 0x1), "0x01");
        assert_eq!(named(9, 0x44), "END_HEADERS, 0x40");
        assert_eq!(named(6, 0), "");
    }
}
