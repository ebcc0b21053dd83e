//! What can be done with one row of a conversation: copied, saved, sent again, taken into the
//! input line, turned around.

use bytes::Bytes;

use super::conversation_view::ConversationPane;
use crate::app::action::Action;
use crate::app::as_expected;
use crate::app::checking::CheckWish;
use crate::app::copying::{self, CopyAs};
use crate::app::decoded_view;
use crate::app::effect::Effect;
use crate::app::intent::{Intent, RowChange};
use crate::app::outcome::Outcome;
use crate::app::prompt::{Prompt, PromptPurpose};
use crate::app::shared::Shared;
use crate::app::{format, to_preset};
use crate::engine::command::{Command, Recipient};
use crate::model::record::{Direction, Record, RecordKind};
use crate::timeline::conversation::{self, MessageRow};

/// Longest message put into the input line; a longer one is no line.
const LINE_MAX: usize = 64 * 1024;

impl ConversationPane {
    /// The row under the cursor and its bytes.
    fn message(&self, shared: &Shared) -> Option<(MessageRow, Bytes)> {
        let row = self.selected(shared)?;
        Some((row, conversation::bytes(&shared.timeline, &row)))
    }

    /// The same when it is data; otherwise says that there is nothing to `what`.
    fn data(&self, shared: &Shared, what: &str) -> Result<(MessageRow, Bytes), Outcome> {
        let found = self.message(shared).filter(|(row, _)| row.kind == RecordKind::Data);
        found.ok_or_else(|| Outcome::say(format!("choose a row with data to {what} it")))
    }

    /// All bytes of a data row; otherwise says why it cannot be done.
    fn whole(&self, shared: &Shared, what: &str) -> Result<(MessageRow, Bytes), Outcome> {
        let (row, bytes) = self.data(shared, what)?;
        if (bytes.len() as u64) < row.len {
            let (kept, len) = (format::size(bytes.len() as u64), format::size(row.len));
            let why = format!("only {kept} of {len} were kept: not enough to {what} it");
            return Err(Outcome::warn(why));
        }
        Ok((row, bytes))
    }

    /// Puts the bytes onto the clipboard, or those of them that are selected.
    pub(super) fn copy(&self, shared: &Shared, how: CopyAs) -> Outcome {
        let detail = self.view(shared).and_then(|view| view.detail.as_ref());
        if let Some(intents) = decoded_view::copied(detail, how) {
            return intents.into();
        }
        match self.message(shared) {
            Some((_, bytes)) => copying::copy("message", &bytes, how).into(),
            None => Outcome::yes(),
        }
    }

    /// Sends the bytes again: to their connection while that is open, else as a line goes.
    pub(super) fn resend(&self, shared: &Shared) -> Result<Outcome, Outcome> {
        let (row, data) = self.whole(shared, "send")?;
        let session = shared.session().filter(|session| !session.is_over());
        let conn = session.and_then(|session| session.conns.get(&row.conn));
        let to = match conn.filter(|conn| conn.open && row.conn.index > 0) {
            Some(_) => Recipient::Conn(row.conn),
            None => self.target(shared, false).map_err(Outcome::warn)?,
        };
        let size = format::size(data.len() as u64);
        Ok(Outcome::say(format!("sent again: {size}"))
            .with(Intent::Perform(Effect::Engine(Command::Send { to, data }))))
    }

    /// Puts the bytes into the input line, as they would be typed there; what stood there is one
    /// key up.
    pub(super) fn take_up(&mut self, shared: &Shared) -> Result<Outcome, Outcome> {
        let (_, bytes) = self.whole(shared, "edit")?;
        if bytes.len() > LINE_MAX {
            let size = format::size(bytes.len() as u64);
            let why =
                format!("{size} are no line: [resend] sends them again, [save-to-file] saves them");
            return Err(Outcome::warn(why));
        }
        self.take_up_bytes(shared, &bytes);
        Ok(Outcome::yes())
    }

    /// Asks for the file the bytes go to.
    pub(super) fn save(&mut self, shared: &Shared) -> Result<Outcome, Outcome> {
        let (row, bytes) = self.data(shared, "save")?;
        let kept = bytes.len() as u64;
        let number = self.view(shared).map_or(0, |view| view.cursor.selected + 1);
        let purpose = PromptPurpose::SaveBytes(bytes);
        self.prompt = Some(Prompt::new(purpose, &format!("message-{number}.bin")));
        if kept < row.len {
            return Err(Outcome::warn(format!("only the first {} were kept", format::size(kept))));
        }
        Ok(Outcome::yes())
    }

    /// The value of JSON under the cursor in the opened message: as a field of expectations, and its text.
    fn json_under(&self, shared: &Shared) -> Option<(String, String)> {
        let detail = self.view(shared)?.detail.as_ref().filter(|detail| detail.inside)?;
        let (path, value) = detail.fields()?.json_value(&detail.bytes)?;
        Some((format!("json {path}"), value.to_string()))
    }

    /// Expects the bytes to come, or captures the value on their first line, whenever the preset is sent.
    pub(super) fn check_by(&self, shared: &Shared, action: Action) -> Result<Outcome, Outcome> {
        let (row, bytes) = self.data(shared, "expect or capture")?;
        if row.direction != Direction::Received {
            return Err(Outcome::say(
                "what comes is expected and captured: choose a row that was received",
            ));
        }
        let listens = shared.session().is_some_and(|session| session.side().listens());
        let wish = if action == Action::CaptureValue {
            if listens {
                return Err(Outcome::say(
                    "only answers to what we send are captured; [expect-value] expects this",
                ));
            }
            let (of, name) = match self.json_under(shared) {
                Some((of, _)) => (of.clone(), as_expected::variable(&of)),
                None => as_expected::captured_line(&bytes),
            };
            CheckWish::Capture { name, of }
        } else if let Some((about, value)) = self.json_under(shared) {
            CheckWish::Expect { about, value: as_expected::json(&value) }
        } else {
            let value = as_expected::contained(&bytes);
            let value = value.ok_or_else(|| Outcome::say("there is nothing on it to expect"))?;
            CheckWish::Expect { about: "body".to_owned(), value }
        };
        Ok(Intent::Rows(RowChange::Check(wish)).into())
    }

    /// Makes a draft that sends the bytes.
    pub(super) fn make_preset(&self, shared: &Shared) -> Result<Outcome, Outcome> {
        let (row, bytes) = self.data(shared, "make a preset of")?;
        let Some(record) = shared.timeline.get(row.first) else { return Ok(Outcome::yes()) };
        let whole = Record { original_len: row.len, data: bytes, ..record };
        Ok(to_preset::record(shared, &whole).into())
    }
}
