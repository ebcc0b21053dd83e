//! Reads captures that others made, pcap and pcapng, as connections and records.
//!
//! ```text
//! bytes in pieces ─► frames ─► dissect (Ethernet, Linux cooked, loopback, raw IP) ─► streams ─► CaptureBatch
//! ```
//! Called by the shells. A file that is cut off or broken gives what comes before that place, and says
//! the place. What is neither TCP nor UDP is counted.

mod dissect;
mod drops;
mod fragments;
mod frames;
mod streams;
mod told_bytes;

use std::sync::Arc;

use bytes::Bytes;

use super::ndjson_exchange::ToldExchange;
use super::pcapng::{MASKED, OURS};
use crate::model::capture_origin::CaptureSecrets;
use crate::model::exchange::Exchange;
use crate::model::id::{ConnId, SessionId};
use crate::model::loss_words::loss_words;
use crate::model::peer_owner::PeerOwner;
use crate::model::record::{
    ConnInfo, Direction, LossTotals, Record, RecordKind, RecordOrigin, RecordRemark,
};
use crate::model::timing::Stamp;
pub use frames::Frame;
use frames::FrameReader;
pub(crate) use streams::MISSING;
use streams::{Streams, TakenFrame};

/// What a piece of a capture is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaptureBatch {
    /// Connections that records of this batch name first.
    pub conns: Vec<ConnInfo>,
    pub records: Vec<Record>,
    /// What the file says of some of them.
    pub remarks: Vec<RecordRemark>,
    /// Exchanges that the records of this batch begin or go on with, as they are known then.
    pub exchanges: Vec<Exchange>,
    /// Whose peers were, as the file tells.
    pub owners: Vec<ToldOwner>,
    /// Bodies of exchanges that are over in this batch, as far as the file has them.
    pub bodies: Vec<FoundBodies>,
    /// What else it tells between its records.
    pub told: Vec<ToldLine>,
    /// Secrets that the file has for what is encrypted in it.
    pub secrets: Vec<CaptureSecrets>,
    /// Records that are no lines of the file but were made of what it tells of exchanges.
    pub made: Vec<usize>,
}

impl CaptureBatch {
    /// What was lost up to the end of it, if it tells of that.
    #[must_use]
    pub fn lost(&self) -> Option<LossTotals> {
        self.told.iter().rev().find_map(|line| match line.what {
            ToldThing::Lost(totals, _) => Some(totals),
            ToldThing::Exchange(_) => None,
        })
    }
}

/// The bodies of an exchange of a file, after their content codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBodies {
    pub conn: ConnId,
    /// Which exchange of those of this batch.
    pub number: u32,
    /// The number that the file itself has for it.
    pub called: u32,
    pub request: Bytes,
    pub response: Bytes,
}

/// What stood between two records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldLine {
    /// How many records of its batch came before it.
    pub before: usize,
    pub what: ToldThing,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldThing {
    /// An exchange that was over then, as it was told.
    Exchange(Box<ToldExchange>),
    /// What was lost up to then.
    Lost(LossTotals, Stamp),
}

/// Whose the peer of a connection was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldOwner {
    pub conn: ConnId,
    /// When the connection was met.
    pub since: Stamp,
    /// When it was told.
    pub at: Stamp,
    pub owner: Arc<PeerOwner>,
}

/// Where a file stops being a capture, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause} (at byte {at})")]
pub struct CaptureFault {
    pub at: u64,
    pub cause: String,
}

/// What was in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaptureCounts {
    pub frames: u64,
    /// Those that are neither TCP nor UDP, or cut off before that can be told.
    pub others: u64,
    /// Parts of datagrams that are not all in the file, so that nobody knows what they say.
    pub unfinished: u64,
    /// Parts that overlap others of their datagram.
    pub overlaps: u64,
    /// Retransmissions that say other bytes than what came before.
    pub differing: u64,
    /// Those behind a link layer that is not read, and what the first of them was (its `LINKTYPE`).
    pub unread: u64,
    pub unread_link: Option<u32>,
}

/// What is said of a datagram whose parts do not agree.
const DIFFER: &str = "its IP fragments overlap and differ; shown is what came first";

/// Reads one file.
#[derive(Debug)]
pub struct CaptureReader {
    frames: FrameReader,
    held: Vec<u8>,
    streams: Streams,
    counts: CaptureCounts,
    /// When the last frame was seen.
    last: Stamp,
}

impl CaptureReader {
    /// At the first byte of a file; its connections are of this session.
    #[must_use]
    pub fn new(session: SessionId) -> Self {
        CaptureReader {
            frames: FrameReader::new(),
            held: Vec::new(),
            streams: Streams::new(session),
            counts: CaptureCounts::default(),
            last: Stamp::default(),
        }
    }

    /// Takes the next bytes; `each` gets every frame.
    ///
    /// # Errors
    /// Where it is no capture any more.
    pub fn push(
        &mut self,
        bytes: &[u8],
        out: &mut CaptureBatch,
        each: &mut dyn FnMut(&Frame<'_>),
    ) -> Result<(), CaptureFault> {
        let CaptureReader { frames, held, streams, counts, last } = self;
        held.extend_from_slice(bytes);
        let taken = frames.take(held, &mut |frame| {
            counts.frames += 1;
            *last = frame.at.map_or(*last, Stamp);
            if let Some(words) = loss_words(frame.dropped[0], frame.dropped[1]) {
                let (conn, way) = (streams.session().itself(), Direction::Local);
                out.records.push(Record::new(*last, conn, way, RecordKind::Lost, words.into()));
            }
            if dissect::reads(frame.link) {
                let before = out.records.len();
                let taken = streams.frame(&frame, out);
                if let TakenFrame::Others(frames) = taken {
                    counts.others += frames;
                }
                counts.unfinished = streams.fragments.unfinished();
                counts.overlaps = streams.fragments.overlaps;
                counts.differing = streams.differing;
                let differ = taken == TakenFrame::Carried { differ: true };
                let remark = remark(&frame, differ, &out.records, before);
                out.remarks.extend(remark);
            } else {
                counts.unread += 1;
                counts.unread_link.get_or_insert(frame.link);
            }
            each(&frame);
        });
        out.secrets.append(&mut frames.secrets);
        if !frames.drops.are_beside_packets() {
            self.tell_lost(out);
        }
        self.held.drain(..taken?);
        Ok(())
    }

    /// What was lost up to here, if that is news.
    fn tell_lost(&mut self, out: &mut CaptureBatch) {
        if let Some((by_app, by_kernel)) = self.frames.drops.news() {
            let lost = LossTotals { session: self.streams.session(), by_app, by_kernel };
            let what = ToldThing::Lost(lost, self.last);
            out.told.push(ToldLine { before: out.records.len(), what });
        }
    }

    /// There are no more bytes.
    ///
    /// # Errors
    /// When the last of them are no whole frame.
    pub fn finish(&mut self, out: &mut CaptureBatch) -> Result<CaptureCounts, CaptureFault> {
        self.streams.finish(out);
        self.tell_lost(out);
        match self.held.len() {
            0 => Ok(self.counts),
            // There is not even the beginning of one.
            _ if self.frames.taken == 0
                && self.counts.frames == 0
                && !frames::may_begin(&self.held) =>
            {
                Err(CaptureFault { at: 0, cause: "it is neither pcap nor pcapng".into() })
            }
            left => {
                let cause =
                    format!("the file is cut off: its last {left} bytes are no whole frame");
                Err(CaptureFault { at: self.frames.taken, cause })
            }
        }
    }

    /// What was in it so far.
    #[must_use]
    pub fn counts(&self) -> CaptureCounts {
        self.counts
    }
}

/// What the comments of a packet say of the record that was made of it, among those from `before` on.
fn remark(
    frame: &Frame<'_>,
    differ: bool,
    records: &[Record],
    before: usize,
) -> Option<RecordRemark> {
    let made = records.iter().skip(before).rposition(|record| record.kind == RecordKind::Data)?;
    let (mut written, mut is_masked) = (Vec::new(), false);
    for comment in frame.comments() {
        let text = String::from_utf8_lossy(comment);
        match text.strip_prefix(OURS) {
            Some(words) => is_masked |= words.ends_with(MASKED),
            None => written.push(text.into_owned()),
        }
    }
    written.extend(differ.then(|| DIFFER.to_owned()));
    let comment = (!written.is_empty()).then(|| written.join("; "));
    let of = before + made;
    let origin = RecordOrigin { is_masked, ..RecordOrigin::default() };
    (comment.is_some() || is_masked).then_some(RecordRemark { of, comment, origin })
}

#[cfg(test)]
mod link_tests;
#[cfg(test)]
mod pcap_tests;
