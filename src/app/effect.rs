//! What `App::update` asks the shell to do. Plain data, so a test compares it.

use std::path::PathBuf;
use std::time::Duration;

use super::checking::CheckOrder;
use super::exporting::{ExportId, ExportStep};
use super::message::Timer;
use super::wanted_values::ProgramOrder;
use crate::engine::command::Command;
use crate::model::id::BodyId;
use crate::model::view::{ViewMode, ViewPart, ViewQuery};
use crate::store::job::Job;

/// Longest text copied: 100,000 bytes of base64, which common terminals accept; what is longer they
/// drop.
pub const COPY_LIMIT: usize = 74_994;

/// One thing for the shell to do; performing never waits.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Look at an answer: what is expected of it, what is captured; `Message::Checked` says what came of it.
    Check(Box<CheckOrder>),
    Engine(Command),
    /// Run programs that give values; answered by `Message::Programs`.
    RunPrograms(ProgramOrder),
    /// Ask for a window of a body; the answer is drawn with the key that caused it.
    View(ViewQuery),
    Store(Job),
    /// Put text on the terminal's clipboard; answered by `Message::Copied`, which names `what` it was.
    Copy {
        what: String,
        text: String,
    },
    /// Let the user edit text in `$VISUAL`/`$EDITOR`; answered by `Message::External`.
    Edit {
        /// Name of the field the text is of.
        field: String,
        text: String,
        extension: &'static str,
    },
    /// Open a body with the program for files of its kind; answered by `Message::Opened`.
    OpenOutside {
        body: BodyId,
        part: ViewPart,
        /// Of the file, with an ending that tells its kind.
        name: String,
    },
    /// Show a body in `$PAGER`; answered by `Message::External`.
    Page {
        body: BodyId,
        part: ViewPart,
        mode: ViewMode,
    },
    /// Write a piece of an export; answered by `Message::Export`.
    Export(ExportId, ExportStep),
    /// Remove the file of an editor whose text is in a draft on disk.
    RemoveEdited(PathBuf),
    /// Send `Message::Timer(timer)` after `delay`.
    After {
        delay: Duration,
        timer: Timer,
    },
    /// Stop the program until it is continued (Ctrl+Z).
    Suspend,
    /// Clear the terminal and draw everything anew.
    Redraw,
    /// Leave. Sessions are closed, drafts were saved before.
    Quit,
}
