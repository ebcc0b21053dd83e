//! Comparing two bodies, on a thread of its own: by what they hold when they are not too long, else
//! byte by byte, block by block. A newer comparison cancels the one that runs.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::message::Body;
use super::thread::on_thread;
use super::viewer::GONE;
use crate::codec::charset::Recoder;
use crate::codec::compare::{self, COMPARED, Comparison};
use crate::engine::event::Event;
use crate::model::byte_size::size;
use crate::model::view::{CompareQuery, ViewPart};

/// Bytes compared between two looks whether somebody still wants to know.
const BLOCK: usize = 1024 * 1024;
/// What differs is lined up for so long; what is left then is told as removed and added.
const TIME: Duration = Duration::from_secs(2);
/// Bytes shown from the first difference on.
const SHOWN: usize = 16;

/// Starts a comparison and cancels the one that runs.
pub(super) fn start(
    newest: &Arc<AtomicU64>,
    query: CompareQuery,
    bodies: [Option<Arc<Body>>; 2],
    urgent: mpsc::Sender<Event>,
) {
    let number = newest.fetch_add(1, Ordering::AcqRel) + 1;
    let newest = Arc::clone(newest);
    on_thread("body-compare", move || {
        let is_current = || newest.load(Ordering::Acquire) == number;
        let found = match &bodies {
            [Some(old), Some(new)] => compare([old, new], &is_current),
            _ => Err(GONE.to_owned()),
        };
        if is_current() {
            let _ = urgent.blocking_send(Event::Compared { query, found: found.map(Box::new) });
        }
    });
}

fn compare(bodies: [&Body; 2], is_current: &dyn Fn() -> bool) -> Result<Comparison, String> {
    let unread = |error: io::Error| format!("the body cannot be read: {error}");
    let lens = bodies.map(|body| body.len(ViewPart::Decoded));
    let mut found = if lens.iter().all(|len| *len <= COMPARED as u64) {
        let [old, new] = bodies.map(|body| body.read(ViewPart::Decoded, 0, COMPARED));
        of_texts(&[old.map_err(unread)?, new.map_err(unread)?])
    } else {
        let first = first_difference(bodies, is_current).map_err(unread)?;
        let at = first.unwrap_or_default();
        let [old, new] = bodies.map(|body| body.read(ViewPart::Decoded, at, SHOWN));
        let (old, new) = (old.map_err(unread)?, new.map_err(unread)?);
        let mut found = compare::bytes(lens, first, [&old, &new]);
        let most = size(COMPARED as u64);
        add(&mut found, &format!("longer than {most}, so only the bytes were compared"));
        found
    };
    for (body, which) in bodies.into_iter().zip(["first", "second"]) {
        if let Some(flaw) = body.spool(ViewPart::Decoded).flaw() {
            add(&mut found, &format!("of the {which}: {flaw}"));
        } else if !body.is_complete(ViewPart::Decoded) {
            add(&mut found, &format!("the {which} is still arriving"));
        }
    }
    Ok(found)
}

/// Compares as text what is UTF-16 or UTF-32 by its first bytes, or names its charset itself.
fn of_texts(bodies: &[Vec<u8>; 2]) -> Comparison {
    let recoded = bodies.each_ref().map(|body| {
        let mut recoder = Recoder::of(None, body)?;
        let text = recoder.push(body, true);
        (!recoder.is_damaged()).then(|| text.into_bytes())
    });
    let texts: [&[u8]; 2] = [0, 1].map(|at| recoded[at].as_deref().unwrap_or(&bodies[at]));
    let mut found = compare::bodies(texts[0], texts[1], Some(Instant::now() + TIME));
    if found.count() == 0 && bodies[0] != bodies[1] && texts[0] == texts[1] {
        add(&mut found, "the same text in another encoding");
    }
    found
}

fn add(found: &mut Comparison, words: &str) {
    let before = found.note.take().map_or(String::new(), |note| note + "; ");
    found.note = Some(before + words);
}

fn first_difference(bodies: [&Body; 2], is_current: &dyn Fn() -> bool) -> io::Result<Option<u64>> {
    let mut at = 0;
    while is_current() {
        let [old, new] = bodies.map(|body| body.read(ViewPart::Decoded, at, BLOCK));
        let (old, new) = (old?, new?);
        if let Some(found) = compare::first_difference(&old, &new) {
            return Ok(Some(at + found));
        }
        if old.is_empty() {
            break;
        }
        at += old.len() as u64;
    }
    Ok(None)
}
