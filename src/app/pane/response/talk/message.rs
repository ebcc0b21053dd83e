//! What can be done with one row of a conversation: copied, saved, sent again, taken into the
//! input line, turned around.

use bytes::Bytes;

use super::conns::{self, InputTarget};
use super::{bytes_of, selected};
use crate::app::copying::{self, CopyAs};
use crate::app::effect::Effect;
use crate::app::format;
use crate::app::pane::response::{input, place, prompt, session};
use crate::app::state::App;
use crate::engine::command::{Command, Recipient};
use crate::model::record::{Record, RecordKind};
use crate::timeline::conversation::MessageRow;

/// Longest message put into the input line; a longer one is no line.
const LINE_MAX: usize = 64 * 1024;

/// The row under the cursor and its bytes.
fn message(app: &App) -> Option<(MessageRow, Bytes)> {
    let row = selected(app)?;
    Some((row, bytes_of(&app.shared.timeline, &row)))
}

/// The same when it is data; otherwise says that there is nothing to `what`.
fn data(app: &mut App, what: &str) -> Option<(MessageRow, Bytes)> {
    let found = message(app).filter(|(row, _)| row.kind == RecordKind::Data);
    if found.is_none() {
        app.say(format!("choose a row with data to {what} it"));
    }
    found
}

/// All bytes of a data row; otherwise says why it cannot be done.
fn whole(app: &mut App, what: &str) -> Option<(MessageRow, Bytes)> {
    let (row, bytes) = data(app, what)?;
    if (bytes.len() as u64) < row.len {
        let (kept, len) = (format::size(bytes.len() as u64), format::size(row.len));
        app.warn(format!("only {kept} of {len} were kept: not enough to {what} it"));
        return None;
    }
    Some((row, bytes))
}

pub(super) fn copy(app: &mut App) {
    if let Some((_, bytes)) = message(app) {
        app.intents.extend(copying::copy(&bytes, CopyAs::Seen));
    }
}

pub(super) fn copy_hex(app: &mut App) {
    if let Some((_, bytes)) = message(app) {
        app.intents.extend(copying::copy(&bytes, CopyAs::Hex));
    }
}

pub(super) fn copy_escaped(app: &mut App) {
    if let Some((_, bytes)) = message(app) {
        app.intents.extend(copying::copy(&bytes, CopyAs::Escaped));
    }
}

/// Sends the bytes of the row again: to its connection while that is open, else as a line goes.
pub(super) fn resend(app: &mut App) {
    let Some((row, data)) = whole(app, "send") else { return };
    let is_open = session(app).and_then(|session| session.conns.get(&row.conn));
    let own =
        is_open.filter(|conn| conn.open && row.conn.index > 0).map(|_| Recipient::Conn(row.conn));
    let over = session(app).is_none_or(crate::app::sessions::Session::is_over);
    let to = match own.filter(|_| !over) {
        Some(to) => Ok(to),
        None => conns::target(app, InputTarget::Chosen),
    };
    match to {
        Ok(to) => {
            app.say(format!("sent again: {}", format::size(data.len() as u64)));
            app.effects.push(Effect::Engine(Command::Send { to, data }));
        }
        Err(why) => app.warn(why),
    }
}

/// Puts the bytes into the input line, as they would be typed there; what stood there is one key
/// up.
pub(super) fn take_up(app: &mut App) {
    let Some((_, bytes)) = whole(app, "edit") else { return };
    if bytes.len() > LINE_MAX {
        let size = format::size(bytes.len() as u64);
        app.warn(format!("{size} are no line: r sends them again, s saves them to a file"));
        return;
    }
    input::take_up(app, &bytes);
}

/// Asks for the file the bytes go to.
pub(super) fn save(app: &mut App) {
    let Some((row, bytes)) = data(app, "save") else { return };
    if (bytes.len() as u64) < row.len {
        app.warn(format!("only the first {} were kept", format::size(bytes.len() as u64)));
    }
    let number = place(app).map_or(0, |place| place.talk.cursor.selected + 1);
    prompt::open_save_bytes(app, &format!("message-{number}.bin"), bytes);
}

/// Makes a draft that sends the bytes.
pub(super) fn turn_around(app: &mut App) {
    let Some((row, bytes)) = data(app, "make a preset of") else { return };
    let Some(record) = app.shared.timeline.get(row.first) else { return };
    let whole = Record { original_len: row.len, data: bytes, ..record };
    let intents = crate::app::to_preset::record(&app.shared, &whole);
    app.intents.extend(intents);
}
