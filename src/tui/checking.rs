//! Looks at answers on a thread: a body may be long, and no key waits for it.

use tokio::sync::mpsc;

use crate::app::checking::{CheckOrder, Checked, WhatCame};
use crate::app::message::Message;
use crate::check::{BODY_LIMIT, Came, CameBody, CameFrom, CheckReport, Checks};
use crate::engine::EngineHandle;
use crate::model::view::ViewPart;
use crate::runner::FoundAnswer;

/// Looks at an answer; what came of it comes later.
pub(super) fn check(engine: EngineHandle, order: CheckOrder, outcome: mpsc::Sender<Message>) {
    let work = move || {
        let session = order.session;
        let (report, found) = match report(&engine, &order) {
            Ok((report, found)) => (Ok(report), found),
            Err(why) => (Err(why), None),
        };
        let checked = Checked { session, report, found };
        let _ = outcome.blocking_send(Message::Checked(Box::new(checked)));
    };
    let spawned = std::thread::Builder::new().name("checks".into()).spawn(work);
    debug_assert!(spawned.is_ok(), "a thread for what is expected");
}

fn report(
    engine: &EngineHandle,
    order: &CheckOrder,
) -> Result<(CheckReport, Option<FoundAnswer>), String> {
    let exchange = match &order.came {
        WhatCame::Exchange(exchange) => exchange,
        WhatCame::Conversation(heard) => {
            let report = looked(engine, &order.checks, heard.came(order.now));
            return Ok((report, order.found(&[])));
        }
        WhatCame::Served(served) => {
            let read = |body| engine.read_body(body, ViewPart::Decoded, 0, BODY_LIMIT);
            let bytes = served.body().map(read).transpose().map_err(|error| error.to_string())?;
            let bytes = bytes.unwrap_or_default();
            return Ok((looked(engine, &order.checks, served.came(&bytes, order.now)), None));
        }
    };
    let body = exchange.response.as_ref().map(|response| &response.body);
    let read = body.map(|body| engine.read_body(body.id, ViewPart::Decoded, 0, BODY_LIMIT));
    let bytes = read.transpose().map_err(|error| error.to_string())?.unwrap_or_default();
    let body = CameBody { bytes: &bytes, length: body.map_or(0, |body| body.decoded_len) };
    let came = Came::new(CameFrom::Exchange(exchange), body, order.now);
    Ok((looked(engine, &order.checks, came), order.found(&bytes)))
}

/// Looks, with what that needs done before.
fn looked(engine: &EngineHandle, checks: &Checks, came: Came<'_>) -> CheckReport {
    let help = engine.help(&checks.help_wanted(), came.body.bytes);
    checks.report(&came.with(help))
}
