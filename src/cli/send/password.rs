//! A password that is asked for on the terminal, without an echo. Called by `send` where `--auth`
//! names a user alone.

use rustix::stdio::stdin;
use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcgetattr, tcsetattr};

use crate::codec::printable::printable_str;
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
pub(super) async fn ask(user: &str) -> Result<String, Failure> {
    let refuse = |cause: String| {
        let target = format!("--auth {user}");
        Failure::new(Stage::Compose, target, FailureKind::Usage, cause)
            .hint("write USER:PASSWORD, USER: without one, or @FILE")
    };
    if !isatty(stdin()) {
        return Err(refuse("the password is missing, and there is no terminal to ask on".into()));
    }
    let unseen = Unseen::begin().map_err(|error| refuse(error.to_string()))?;
    console::quote(&format!("Password for {}: ", printable_str(user)));
    let line = tokio::task::spawn_blocking(|| {
        let mut line = vec![0; LONGEST];
        let read = rustix::io::retry_on_intr(|| rustix::io::read(stdin(), &mut line))?;
        line.truncate(read);
        Ok::<_, rustix::io::Errno>(line)
    });
    let line = line.await.map_err(|_| refuse("it could not be read".into()))?;
    drop(unseen);
    let line = line.map_err(|error| refuse(error.to_string()))?;
    let text = String::from_utf8(line).map_err(|_| refuse("it is not UTF-8".into()))?;
    match text.strip_suffix('\n') {
        Some(password) => Ok(password.to_owned()),
        None => Err(refuse("no password was typed".into())),
    }
}
