//! The clipboard: through the terminal (OSC 52), and through what stands between us and it.
//!
//! ```text
//! a terminal            OSC 52
//! tmux ($TMUX)          tmux load-buffer -w, asked whether it hands on; else OSC 52 passed through
//! screen ($STY)         OSC 52 passed through, in pieces
//! ```
//! Called by `perform`. Text is base64, so none of its bytes acts on the terminal. What did not reach
//! the terminal is not called copied: it is said where it is and which setting lets it through.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::mpsc;

use super::terminal;
use crate::app::effect::COPY_LIMIT;
use crate::app::message::Copied;
use crate::model::byte_size::size;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Longest time tmux may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Pause between two looks at it.
const LOOK: Duration = Duration::from_millis(10);
/// Bytes of a piece that screen hands on; a longer one it drops.
const SCREEN_PIECE: usize = 250;
/// Bytes of an answer of tmux that are read: 7 KiB for each terminal it has.
const ANSWER: u64 = 256 * 1024;

/// What stands between us and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    Tmux,
    Screen,
}

impl Between {
    fn of(tmux: bool, screen: bool) -> Between {
        match (tmux, screen) {
            (true, _) => Between::Tmux,
            (_, true) => Between::Screen,
            _ => Between::Nothing,
        }
    }

    fn now() -> Between {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Between::of(is_set("TMUX"), is_set("STY"))
    }
}

/// What tmux answered, from a thread that must not write to the terminal itself.
#[derive(Debug)]
pub(super) struct TmuxAnswer {
    named: String,
    text: String,
    /// What it said, or why it did not.
    said: Result<String, String>,
}

/// Puts a text on the clipboard. The answer comes at once, or later through `later`.
pub(super) fn copy(what: &str, text: String, later: &mpsc::Sender<TmuxAnswer>) -> Option<Copied> {
    let named = format!("{what}, {}", size(text.len() as u64));
    if text.len() > COPY_LIMIT {
        let cause = format!("a terminal's clipboard takes {} at most", size(COPY_LIMIT as u64));
        return Some(Err(Failure::new(Stage::Compose, named, FailureKind::TooLarge, cause)
            .hint("save it to a file instead")));
    }
    let handed = |bytes: Vec<u8>| terminal::write(&bytes).map_err(|error| terminal::failed(&error));
    match Between::now() {
        Between::Nothing => Some(handed(sequence(&text)).map(|()| format!("copied {named}"))),
        Between::Screen => Some(handed(through_screen(&sequence(&text))).map(|()| {
            format!(
                "handed to the terminal through screen: {named}; whether it is taken is not told"
            )
        })),
        Between::Tmux => {
            let later = later.clone();
            let work = move || {
                // Sending only fails when the program is ending.
                let said = asked(&text);
                let _ = later.blocking_send(TmuxAnswer { named, text, said });
            };
            let spawned = thread::Builder::new().name("clipboard".into()).spawn(work);
            spawned.err().map(|error| Err(terminal::failed(&error)))
        }
    }
}

/// OSC 52.
fn sequence(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x1b\\", STANDARD.encode(text)).into_bytes()
}

/// In strings that screen hands on (DCS), none of which may hold the end of one.
fn through_screen(sequence: &[u8]) -> Vec<u8> {
    let body = sequence.strip_suffix(b"\x1b\\").unwrap_or(sequence);
    let whole = [body, b"\x07"].concat();
    let pieces = whole.chunks(SCREEN_PIECE);
    pieces.flat_map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat()).collect()
}

/// In a string that tmux hands on, with every ESC twice.
fn through_tmux(sequence: &[u8]) -> Vec<u8> {
    let doubled = sequence.iter().flat_map(|byte| match byte {
        0x1b => vec![0x1b, 0x1b],
        byte => vec![*byte],
    });
    b"\x1bPtmux;".iter().copied().chain(doubled).chain(*b"\x1b\\").collect()
}

/// Says where the text is that tmux was given; one it did not take is passed through it.
pub(super) fn settled(answer: &TmuxAnswer) -> Copied {
    let TmuxAnswer { named, text, said } = answer;
    let why = match said {
        Ok(said) => return told(named, said),
        Err(why) => why,
    };
    terminal::write(&through_tmux(&sequence(text))).map_err(|error| terminal::failed(&error))?;
    let cause = format!("tmux did not take it ({why}); it was passed on to the terminal");
    Err(Failure::new(Stage::Program, named, FailureKind::Refused, cause)
        .hint("it arrives with 'set -g allow-passthrough on' in tmux.conf"))
}

/// What tmux says of its client's terminal: its name, then the terminals with what each can. One with
/// `Ms` is given a buffer, whatever `set-clipboard` says of programs that ask by themselves.
fn told(named: &str, answer: &str) -> Copied {
    let client = answer.lines().next().unwrap_or("").trim();
    let ours = format!(" for {client},");
    let mut lines = answer.lines().skip_while(|line| !line.contains(&ours)).skip(1);
    let ms = lines.find_map(|line| line.split_once(" Ms: ")).map(|(_, ms)| ms);
    if ms.is_some_and(|ms| !ms.contains("[missing]")) {
        return Ok(format!("copied {named}"));
    }
    let cause = "it is in tmux's buffer, which does not hand it on to the terminal";
    Err(Failure::new(Stage::Program, named, FailureKind::Refused, cause).hint(
        "'set -as terminal-features ',*:clipboard'' in tmux.conf lets it reach the clipboard",
    ))
}

/// Gives the text to tmux, and asks whether it hands it on.
fn asked(text: &str) -> Result<String, String> {
    let mut command = Command::new("tmux");
    command.args(["load-buffer", "-w", "-", ";"]);
    command.args(["display-message", "-p", "#{client_tty}", ";", "show-messages", "-T"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let words = |error: io::Error| error.to_string();
    let mut child = command.spawn().map_err(words)?;
    let input = child.stdin.take();
    let text = text.to_owned();
    // Beside us: one that does not read is ended below.
    let writing =
        thread::spawn(move || input.map_or(Ok(()), |mut it| it.write_all(text.as_bytes())));
    // Its answer may be longer than a pipe holds.
    let reading = child.stdout.take().map(|out| thread::spawn(move || text_of(out)));
    let ended = wait(&mut child).map_err(words)?;
    let written = writing.join().unwrap_or(Ok(()));
    let answer = reading.and_then(|reading| reading.join().ok()).unwrap_or_default();
    let said = child.stderr.take().map_or_else(String::new, text_of);
    match (ended, written) {
        (None, _) => Err("it does not answer".into()),
        (Some(true), Ok(())) => Ok(answer),
        (_, Err(error)) if said.trim().is_empty() => Err(error.to_string()),
        _ => Err(said.trim().to_owned()),
    }
}

fn text_of(from: impl io::Read) -> String {
    let mut bytes = Vec::new();
    // What came until an error is all there is.
    let _ = from.take(ANSWER).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether it ended well; `None` = it did not end in time, and was ended.
fn wait(child: &mut Child) -> io::Result<Option<bool>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::park_timeout(LOOK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_copy_is_refused_with_its_length() {
        let (later, _) = mpsc::channel(1);
        let refused = copy("body", "a".repeat(COPY_LIMIT + 1), &later).unwrap().unwrap_err();
        assert!(refused.to_string().contains("body, 73.2 KiB"), "{refused}");
    }

    #[test]
    fn tmux_and_screen_get_what_they_hand_on() {
        assert_eq!(sequence("ab"), b"\x1b]52;c;YWI=\x1b\\");
        assert_eq!(through_tmux(&sequence("ab")), b"\x1bPtmux;\x1b\x1b]52;c;YWI=\x1b\x1b\\\x1b\\");
        assert_eq!(through_screen(&sequence("ab")), b"\x1bP\x1b]52;c;YWI=\x07\x1b\\");
        let long = through_screen(&sequence(&"x".repeat(1000)));
        let pieces: Vec<&[u8]> = long.split(|byte| *byte == 0x1b).collect();
        assert!(pieces.iter().all(|piece| piece.len() <= SCREEN_PIECE + 2));
        assert_eq!(Between::of(true, true), Between::Tmux);
    }

    #[test]
    fn a_text_that_stays_in_tmux_is_not_called_copied() {
        let of = |ms: &str| {
            let other = "Terminal 0: vt100 for /dev/pts/1, flags=0x20:\n 192: Ms: [missing]\n";
            let ours = "Terminal 1: xterm for /dev/pts/12, flags=0x20:\n   1: am: (flag) true\n";
            format!("/dev/pts/12\n{other}{ours} 192: Ms: {ms}\n")
        };
        let taken = told("body, 2 B", &of("(string) \\033]52;%p1%s;%p2%s\\a"));
        assert_eq!(taken, Ok("copied body, 2 B".to_owned()));
        for answer in [of("[missing]"), "\n".into(), String::new()] {
            let said = told("body, 2 B", &answer).unwrap_err().to_string();
            assert!(said.contains("terminal-features") && !said.contains("copied"), "{said}");
        }
    }
}
