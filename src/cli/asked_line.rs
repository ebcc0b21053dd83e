//! What is asked for on the terminal: a password, without an echo, where `--auth` names a user alone, and values that
//! `{{prompt "..."}}` wants.

use rustix::stdio::stdin;
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

use crate::codec::printable::printable_lines;
use crate::console;
use crate::model::failure::{Failure, FailureKind, Stage};

/// Longest line that is taken for a password, in bytes.
const LONGEST: usize = 4096;

/// The terminal does not show what is typed as long as this lives, whoever drops it.
struct Unseen(Termios);

impl Unseen {
    fn begin() -> rustix::io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        quiet.local_modes.insert(LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Unseen(before))
    }
}

impl Drop for Unseen {
    fn drop(&mut self) {
        // There is nobody to tell.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
        console::quote("\n");
    }
}

/// Asks for the password of a user. Dropped (by a signal) it gives the terminal back.
pub(super) async fn ask_password(user: &str) -> Result<String, Failure> {
    let refuse = |cause: String| {
        let target = format!("--auth {user}");
        Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
            .hint("write USER:PASSWORD, USER: without one, or @FILE")
    };
    match ask_line(&format!("Password for {user}: "), false).await {
        Some(asked) => asked.map_err(refuse),
        None => Err(refuse("the password is missing, and there is no terminal to ask on".into())),
    }
}

/// Asks for a line on the terminal, which is shown while it is typed if it is to be seen; `None` = there is no
/// terminal. Dropped (by a signal) it gives the terminal back.
pub(super) async fn ask_line(question: &str, is_seen: bool) -> Option<Result<String, String>> {
    if !isatty(stdin()) {
        return None;
    }
    Some(read_line(question, is_seen).await)
}

async fn read_line(question: &str, is_seen: bool) -> Result<String, String> {
    let unseen = if is_seen { None } else { Some(Unseen::begin()) };
    let unseen = unseen.transpose().map_err(|error| error.to_string())?;
    console::quote(&printable_lines(question.as_bytes()));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = vec![0; LONGEST];
        let read = rustix::io::retry_on_intr(|| rustix::io::read(stdin(), &mut line))?;
        line.truncate(read);
        Ok::<_, rustix::io::Errno>(line)
    });
    let line = line.await.map_err(|_| "it could not be read".to_owned())?;
    drop(unseen);
    let line = line.map_err(|error| error.to_string())?;
    let text = String::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    match text.strip_suffix('\n') {
        Some(line) => Ok(line.to_owned()),
        None => Err("nothing was typed".to_owned()),
    }
}
