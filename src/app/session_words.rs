//! What a session is doing, in words, for the panes that tell of it.

use crate::app::format;
use crate::app::keymap::Context;
use crate::app::sessions::{Session, SessionState};
use crate::app::shared::Shared;
use crate::codec::printable::printable_str;
use crate::engine::event::Phase;
use crate::model::http::HEAD_TIMEOUT;
use crate::model::timing::show_duration;

/// A phase as part of a sentence: `connecting to 127.0.0.1:80`.
pub fn phase(session: &Session) -> String {
    let Some((phase, _)) = &session.phase else {
        return "starting".into();
    };
    match phase {
        Phase::Resolving { host } => format!("looking up {host}"),
        Phase::Connecting { address } => format!("connecting to {address}"),
        Phase::Handshaking => "TLS handshake".into(),
        Phase::Sending { sent, total: Some(total) } => {
            format!("sending {} of {}", format::size(*sent), format::size(*total))
        }
        Phase::Sending { sent, total: None } => format!("sending, {}", format::size(*sent)),
        Phase::Waiting => match session.plan.head_timeout() {
            Some(timeout) if timeout != HEAD_TIMEOUT => {
                format!("waiting for the response ({} at most)", show_duration(timeout))
            }
            _ => "waiting for the response".into(),
        },
        Phase::Receiving => "receiving".into(),
        Phase::Connected { .. } | Phase::StepsDone => connected(session).into(),
        Phase::Listening { .. } | Phase::Clients { .. } => "listening".into(),
        Phase::Closing => "closing".into(),
    }
}

/// Where a conversation or listener stands, in a word or two.
pub fn state(session: &Session) -> String {
    match &session.state {
        SessionState::Opening => phase(session),
        SessionState::Live => match &session.phase {
            Some((Phase::Connected { .. } | Phase::Listening { .. }, _)) => phase(session),
            _ if session.side().listens() => "listening".into(),
            _ => connected(session).into(),
        },
        SessionState::Closing => "closing".into(),
        SessionState::Over(Ok(summary)) if summary.ended.is_empty() => "closed".into(),
        SessionState::Over(Ok(summary)) => summary.ended.clone(),
        SessionState::Over(Err(failure)) if failure.is_cancelled() => "cancelled".into(),
        SessionState::Over(Err(failure)) => failure.title().into(),
    }
}

/// Where it really listens, or whom it was opened for, whatever the address line says by now.
pub(crate) fn place(session: &Session) -> String {
    let sockets: Vec<String> = session.listens_on().iter().map(ToString::to_string).collect();
    if sockets.is_empty() { session.plan.address() } else { sockets.join(" and ") }
}

/// Its title, with a warning while other machines can reach it, and what a relay does to what it passes on.
pub fn title(session: &Session) -> String {
    let warning = if session.is_public() { " ─ OTHER MACHINES CAN REACH IT" } else { "" };
    let done = done_to_it(session).map_or_else(String::new, |words| format!(" ─ {words}"));
    format!("{}{done}{warning}", name(session))
}

/// The name of it alone, for tables: what it does by now is no part of whose figures they are.
pub(crate) fn name(session: &Session) -> String {
    printable_str(&session.title).into_owned()
}

/// The faults and rules of a relay, and whether they are switched off; `None` = it has none.
fn done_to_it(session: &Session) -> Option<String> {
    let told = |(count, off, what): (usize, bool, &str)| {
        let count_of = |count| format::counted(count as u64, what);
        (count > 0).then(|| if off { format!("{what}s off") } else { count_of(count) })
    };
    let faults = session.plan.faults().map_or((0, false), |faults| (faults.list.len(), faults.off));
    let rules = (session.plan.rewrites().len(), session.rewrites.off);
    let all = [(faults.0, faults.1, "fault"), (rules.0, rules.1, "rule")];
    let words: Vec<String> = all.into_iter().filter_map(told).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// What runs for a draft although its address says something else by now, and how to move it.
pub fn still_there(shared: &Shared) -> Option<String> {
    let session = shared.edited_away(shared.drafts.current())?;
    let (place, keyed) = (place(session), |text| shared.keymap.keyed(&[Context::Global], text));
    Some(if session.side().listens() {
        keyed(&format!("it listens on {place} still; [stop], then [send], moves it"))
    } else {
        keyed(&format!("it is connected to {place} still; [stop], then [send], connects anew"))
    })
}

/// How to overrule a refused certificate.
pub(crate) fn anyway_hint(shared: &Shared) -> String {
    let hint = "[connect-anyway] accepts this certificate, now and whenever this preset is sent";
    shared.keymap.keyed(&[Context::Global], hint)
}

/// A UDP socket has a peer but no connection.
fn connected(session: &Session) -> &'static str {
    if session.capabilities().connections { "connected" } else { "open" }
}
