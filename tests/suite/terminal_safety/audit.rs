//! Reads what the program wrote to a terminal: only what it uses itself may be in it.

use tempfile::TempDir;
use wirebench::codec::printable::is_visible;

/// Modes set on entering and unset on leaving, and never in between.
const MODES: [&str; 6] = ["?1049", "?1000", "?1002", "?1006", "?2004", "?2031"];

/// The question for the colour of the background, asked on entering.
const QUESTION: &[u8] = b"\x1b]11;?\x1b\\";

/// Modes that are unset on leaving to be sure.
const NEVER_SET: [&str; 2] = ["?1003", "?1015"];

/// Checks the bytes of a whole run of the workbench, the last one included.
pub fn assert_screen_bytes(raw: &[u8]) {
    for mode in MODES {
        for way in ["h", "l"] {
            let sequence = format!("\x1b[{mode}{way}");
            assert_eq!(crate::harness::terminal::count(raw, sequence.as_bytes()), 1, "{mode}{way}");
        }
    }
    assert_eq!(crate::harness::terminal::count(raw, QUESTION), 1);
    if let Err((at, why)) = audit(raw) {
        let around = &raw[at.saturating_sub(60)..raw.len().min(at + 60)];
        panic!("{why} at byte {at}: {:?}", String::from_utf8_lossy(around));
    }
}

/// Checks what the headless shell wrote: visible characters and ends of lines.
pub fn assert_plain_lines(raw: &[u8], whose: &str) {
    let text = std::str::from_utf8(raw).expect("UTF-8");
    let bad = invisible(text, &['\n', '\r']);
    assert_eq!(bad, None, "{whose}: {text:?}");
}

/// The colours `send` has for heads, and their end.
const COLOURS: [&str; 7] = ["0", "2", "34", "1;31", "1;32", "1;33", "1;36"];

/// The same, with the colours of heads.
pub fn assert_coloured_lines(raw: &[u8], whose: &str) {
    let mut text = String::from_utf8(raw.to_vec()).expect("UTF-8");
    for colour in COLOURS {
        text = text.replace(&format!("\x1b[{colour}m"), "");
    }
    assert_plain_lines(text.as_bytes(), whose);
}

/// Checks the log of a run that opened sessions; returns it.
pub fn assert_log(home: &TempDir) -> String {
    let log = std::fs::read(home.path().join("home/state/wirebench.log")).expect("a log");
    assert_plain_lines(&log, "log");
    let log = String::from_utf8(log).expect("checked before");
    assert!(log.contains("session 1 opens"), "{log}");
    log
}

/// The first character nobody sees, but for those that join it with what is before.
fn invisible(text: &str, others: &[char]) -> Option<(usize, char)> {
    let mut before = None;
    text.char_indices().find(|(_, c)| {
        let is_keycap = matches!(before, Some('0'..='9' | '#' | '*'));
        let joins =
            |before: char| before == '\u{fe0f}' || (before as u32 > 0x7f && is_visible(before));
        let is_fine = match c {
            '\u{200c}' | '\u{200d}' => before.is_some_and(joins),
            '\u{fe0f}' => is_keycap || before.is_some_and(joins),
            c => is_visible(*c) || others.contains(c),
        };
        before = Some(*c);
        !is_fine
    })
}

fn audit(raw: &[u8]) -> Result<(), (usize, String)> {
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        if rest[0] == 0x1b {
            at += sequence(rest).map_err(|why| (at, why))?;
            continue;
        }
        let end = memchr::memchr(0x1b, rest).unwrap_or(rest.len());
        let text = std::str::from_utf8(&rest[..end])
            .map_err(|error| (at + error.valid_up_to(), "not UTF-8".to_owned()))?;
        if let Some((offset, c)) = invisible(text, &[]) {
            return Err((at + offset, format!("U+{:04X}", u32::from(c))));
        }
        at += end;
    }
    Ok(())
}

/// The length of one control sequence that is allowed.
fn sequence(bytes: &[u8]) -> Result<usize, String> {
    if bytes.starts_with(QUESTION) {
        return Ok(QUESTION.len());
    }
    if bytes.get(1) != Some(&b'[') {
        return Err("an escape sequence that is no CSI".into());
    }
    let body = bytes[2..].iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
    let last = bytes.get(2 + body).copied().ok_or("a sequence that does not end")?;
    let parameters = String::from_utf8_lossy(&bytes[2..2 + body]).into_owned();
    let is_ours = match last {
        b'm' => is_colour(&parameters),
        b'H' | b'G' => parameters.split(';').all(|n| n.parse::<u16>().is_ok_and(|n| n <= 500)),
        b'J' => parameters == "2",
        b'l' if NEVER_SET.contains(&parameters.as_str()) => true,
        b'h' | b'l' => {
            matches!(parameters.as_str(), "?25" | "?2026") || MODES.contains(&parameters.as_str())
        }
        b'u' => parameters == "?",
        _ => false,
    };
    if is_ours { Ok(body + 3) } else { Err(format!("CSI {parameters} {}", char::from(last))) }
}

/// Whether a list of SGR parameters is one of ours: no blinking, no concealing.
fn is_colour(parameters: &str) -> bool {
    let mut numbers = parameters.split(';').map(|n| n.parse::<u16>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        match number {
            38 | 48 | 58 => {
                let skip = if numbers.next() == Some(2) { 3 } else { 1 };
                let _ = numbers.by_ref().take(skip).count();
            }
            0..=4 | 7 | 9 | 22..=24 | 27 | 29..=37 | 39..=47 | 49 | 59 | 90..=97 | 100..=107 => {}
            _ => return false,
        }
    }
    true
}

#[test]
fn the_audit_finds_what_must_not_be_there() {
    for bad in [
        "\x1b]0;x\x07",
        "\x1bPx",
        "\x1b[5m",
        "\x1b[?1003h",
        "\x07",
        "\u{9b}31m",
        "\u{202e}",
        "a\u{200d}",
    ] {
        assert!(audit(bad.as_bytes()).is_err(), "{bad:?}");
    }
    assert_eq!(audit("\x1b[?2026h\x1b[3;4H\x1b[38;5;8;1mé\x1b[0m".as_bytes()), Ok(()));
    assert!(audit(b"\xff").is_err());
}
