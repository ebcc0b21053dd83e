//! How texts and times are written in reports. A leaf of them.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::codec::printable::{is_visible, printable_str};

/// Text in XML and HTML, between tags and in attributes; what XML cannot hold, or nobody would see, is spelled out.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(['\n', '\r', '\t']) {
        let bare = piece.trim_end_matches(['\n', '\r', '\t']);
        for c in printable_str(bare).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
                c => out.push(c),
            }
        }
        for c in piece.split_at(bare.len()).1.chars() {
            let _ = write!(out, "&#{};", u32::from(c));
        }
    }
    out
}

/// A value in JSON on one line, as readers of lines and of YAML have them: nothing in it ends a line or is unseen.
pub(super) fn json_line(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii_graphic() || c == ' ' || is_visible(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// A time in seconds with three places.
pub(super) fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// `480 ms`, `1.2 s`
#[must_use]
pub fn took(time: Duration) -> String {
    if time < Duration::from_millis(10) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else if time < Duration::from_secs(1) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
