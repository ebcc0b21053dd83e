//! Twelve daily jobs and the keys each takes: every job is done here by its keys, and the table in
//! `assets/daily-jobs.md` is what this file says.
//!
//! `UPDATE_JOBS=1 cargo test daily_jobs` writes the table anew. Counted is every key but the text
//! itself: an address, a token, a name, a body. A paste is one key.

use std::fmt::Write as _;
use std::time::Duration;

use wirebench::app::effect::Effect;
use wirebench::app::message::{Input, Message};
use wirebench::engine::command::Command;
use wirebench::engine::event::Event;
use wirebench::model::exchange::Exchange;
use wirebench::model::id::SessionId;
use wirebench::model::key::Key;
use wirebench::model::plan::{Plan, PlanBody};

use crate::harness::app::Driver;
use crate::harness::samples::{answer, exchange};
use crate::harness::store::workspace;

const SIZE: (u16, u16) = (120, 40);
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/daily-jobs.md");

/// One thing the user does.
enum Step {
    /// Presses these keys.
    Keys(&'static str),
    /// Writes this text.
    Text(&'static str),
    /// Pastes this text.
    Paste(&'static str),
}

use Step::{Keys, Paste, Text};

/// What other programs ask for the same job.
enum Other {
    /// So many keys, and which.
    Takes(usize, &'static str),
    /// It cannot do it.
    Cannot(&'static str),
}

struct Job {
    name: &'static str,
    steps: &'static [Step],
    /// Where the job begins.
    begin: fn() -> Driver,
    /// Whether it is done, after the effects of the steps.
    check: fn(&mut Driver, &[Effect]),
    posting: Other,
}

fn http(effects: &[Effect]) -> wirebench::model::plan::HttpPlan {
    match Driver::opened(effects).1 {
        Plan::Http(plan) => *plan,
        plan => panic!("{plan:?}"),
    }
}

fn bytes(body: &PlanBody) -> String {
    let PlanBody::Bytes(bytes) = body else { panic!("{body:?}") };
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn empty() -> Driver {
    Driver::bare(SIZE)
}

/// A request that was answered, as it is on screen.
fn answered() -> Driver {
    let mut driver = empty();
    let (id, _) = Driver::opened(&driver.keys("<C-n>http://127.0.0.1:9/x<F5>"));
    told(&mut driver, id, 1);
    driver
}

fn told(driver: &mut Driver, id: SessionId, body: u64) {
    let started = driver.app.shared.now;
    let told = Exchange { started, ..exchange(id, 0, Some(answer(200, body, 5))) };
    let effects = driver.event(Event::Exchange(Box::new(told)));
    driver.serve(&effects, 3);
    driver.done(id);
}
