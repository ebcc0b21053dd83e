//! Orders to look at an answer, and what comes of them: the bodies lie with the engine, so a shell looks.

use crate::check::{CheckReport, Checks, Heard, Served};
use crate::model::exchange::Exchange;
use crate::model::id::SessionId;
use crate::model::secrets::Disclosure;
use crate::model::timing::Stamp;
use crate::runner::FoundAnswer;

/// An answer to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOrder {
    pub session: SessionId,
    pub came: WhatCame,
    pub checks: Checks,
    /// The wall clock, for what is still valid.
    pub now: Stamp,
    /// What came is kept to be compared with, as far as it may be told.
    pub keeps: Option<Disclosure>,
}

/// Where the answer is.
#[derive(Debug, Clone, PartialEq)]
pub enum WhatCame {
    /// Its body lies with the engine.
    Exchange(Box<Exchange>),
    Conversation(Box<Heard>),
    /// What came to a listener; the body of its last request lies with the engine.
    Served(Box<Served>),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub session: SessionId,
    pub report: Result<CheckReport, String>,
    /// What came, where that is kept.
    pub found: Option<FoundAnswer>,
}

impl CheckOrder {
    /// What came, where it is kept; `bytes` are the body of an exchange as far as it was read.
    #[must_use]
    pub fn found(&self, bytes: &[u8]) -> Option<FoundAnswer> {
        let told = self.keeps.as_ref()?;
        match &self.came {
            WhatCame::Exchange(exchange) => FoundAnswer::of_exchange(exchange, bytes, told),
            WhatCame::Conversation(heard) => Some(FoundAnswer::of_conversation(heard, told)),
            WhatCame::Served(_) => None,
        }
    }
}

/// What is to be captured or expected from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckWish {
    /// This of the answer, under a name like this.
    Capture {
        name: String,
        of: String,
    },
    Expect {
        about: String,
        value: String,
    },
}
