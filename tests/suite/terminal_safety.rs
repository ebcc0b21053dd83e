//! Terminal safety: every payload of the shared matrix through every road to the terminal, with
//! the real program. What the program writes is audited byte by byte; the emulator shows whether
//! the text stays visible and the borders whole.

#[path = "terminal_safety/audit.rs"]
mod audit;
#[path = "terminal_safety/exact.rs"]
mod exact;
#[path = "terminal_safety/handshakes.rs"]
mod handshakes;
#[path = "terminal_safety/headless.rs"]
mod headless;
#[path = "terminal_safety/redirects.rs"]
mod redirects;
#[path = "terminal_safety/roads.rs"]
mod roads;
#[path = "terminal_safety/stored.rs"]
mod stored;

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wirebench::codec::printable::printable;

use crate::harness::terminal::Tui;

/// What a payload says besides its control sequences.
const MARKER: &str = "NWBMARK";

/// One payload of the matrix.
pub struct Case {
    id: String,
    bytes: Vec<u8>,
    /// Emulators do not agree on the width of these.
    is_about_width: bool,
}

impl Case {
    /// The payload as a line of text, when it is text.
    fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    fn has_marker(&self) -> bool {
        self.text().unwrap_or_default().contains(MARKER)
    }

    /// Whether a head that holds it is not to be believed (RFC 9110, section 5.5).
    fn has_nul(&self) -> bool {
        self.bytes.contains(&0)
    }

    /// Whether it fills more than a row of any screen.
    fn is_long(&self) -> bool {
        self.bytes.len() > 200
    }

    /// How the screen shows the payload behind a label.
    fn wanted(&self, label: &str) -> String {
        format!("{label}{}", printable(&self.bytes).chars().take(60).collect::<String>())
    }

    fn is_shown(&self, screen: &str, label: &str) -> bool {
        if self.is_about_width {
            return screen.contains(label) && screen.contains(MARKER);
        }
        screen.contains(&self.wanted(label)) || screen.contains(&self.wanted_hex(label))
    }

    /// The first row of the hex view, which binary bodies get by themselves: byte-exact.
    fn wanted_hex(&self, label: &str) -> String {
        let bytes = [label.as_bytes(), &self.bytes].concat();
        let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("00000000  {}  ", digits[..digits.len().min(8)].join(" "))
    }
}

/// The matrix; `None`, said aloud, where the corpora are not.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub fn cases() -> Option<Vec<Case>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/own/terminal-payloads.json");
    let text = match std::fs::read(Path::new(path)) {
        Ok(text) => text,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            println!("skipped: the payload matrix is not here ({error})");
            return None;
        }
    };
    let corpus: Value = serde_json::from_slice(&text).expect("valid JSON");
    let cases = corpus["cases"].as_array().expect("cases").iter().map(|case| Case {
        id: case["id"].as_str().expect("a name").into(),
        bytes: STANDARD.decode(case["bytes_b64"].as_str().expect("bytes")).expect("base64"),
        is_about_width: case["category"] == "width",
    });
    Some(cases.collect())
}

/// Where the borders of the panes run down the screen.
pub struct Borders(BTreeSet<(u16, u16)>);

impl Borders {
    pub fn of(tui: &Tui) -> Borders {
        let at = tui.look(|screen| {
            let (rows, columns) = screen.size();
            let all = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
            all.filter(|(row, column)| is_border(screen, *row, *column)).collect()
        });
        Borders(at)
    }

    pub fn assert_whole(&self, tui: &Tui, case: &Case) {
        let broken = tui.look(|screen| {
            self.0.iter().find(|(row, column)| !is_border(screen, *row, *column)).copied()
        });
        assert_eq!(broken, None, "{}: a border is gone on:\n{}", case.id, tui.screen());
    }
}

/// Vertical borders.
fn is_border(screen: &vt100::Screen, row: u16, column: u16) -> bool {
    screen.cell(row, column).is_some_and(|cell| matches!(cell.contents(), "│" | "┃"))
}
