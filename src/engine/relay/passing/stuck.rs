//! Halves that are not read because of what waits: when they are looked at, and what is done about one that
//! is gone.

use super::unread::UnreadStep;
use super::{Half, Live, Way};
use crate::model::failure::Stage;

impl Way {
    /// Nothing is read because of what waits.
    pub(super) fn is_stuck(&self) -> bool {
        !(self.is_read || self.is_cut || self.is_shut || self.has_room())
    }
}

impl Live {
    /// Has somebody look at halves that are not read for a while.
    pub(super) fn looking(mut self) -> Self {
        match self.to_look_at.take() {
            Some(Half::Client) => {
                let client = self.up.read.unsplit(self.down.write);
                self.unread[0].look_at(&client);
                (self.up.read, self.down.write) = tokio::io::split(client);
            }
            Some(Half::Target) => {
                let target = self.down.read.unsplit(self.up.write);
                self.unread[1].look_at(&target);
                (self.down.read, self.up.write) = tokio::io::split(target);
            }
            None => {}
        }
        self
    }

    /// A half that is not read shall be looked at, or is gone.
    pub(super) fn unread(&mut self, half: Half, step: UnreadStep) {
        match step {
            UnreadStep::Look => self.to_look_at = Some(half),
            UnreadStep::Gone(error) => self.broke(half, Stage::Session, &error),
        }
    }
}
