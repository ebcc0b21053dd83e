//! Splits what crosses a connection of HTTP/2 into frames, in whatever pieces it comes.
//!
//! Of a frame only so many bytes are kept as its taker asks for when its head is known; it is told whole.

use super::PREFACE;
use super::frame::{FRAME_HEAD, FrameHead};

/// What crossed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitFrame {
    /// `None` = the preface, or bytes that were none when the connection ended.
    pub(crate) head: Option<FrameHead>,
    /// The beginning of its bytes, with its head.
    pub(crate) bytes: Vec<u8>,
    /// Bytes of it that crossed.
    pub(crate) length: u64,
    /// All of it is there.
    pub(crate) is_whole: bool,
}

/// One direction of a connection.
#[derive(Debug)]
pub(crate) struct FrameSplitter {
    /// The preface is still to come.
    expects_preface: bool,
    begun: Vec<u8>,
    head: Option<FrameHead>,
    /// Bytes of the frame that crossed, and that are kept at most.
    crossed: u64,
    keeps: usize,
}

impl FrameSplitter {
    /// Of what a client sends, which begins with a preface, or of what a server sends.
    pub(crate) fn new(expects_preface: bool) -> Self {
        FrameSplitter {
            expects_preface,
            begun: Vec::new(),
            head: None,
            crossed: 0,
            keeps: FRAME_HEAD,
        }
    }

    /// Takes bytes that crossed. Of each frame `keeps` says how many bytes are kept, and `found` is given the whole.
    pub(crate) fn push(
        &mut self,
        mut bytes: &[u8],
        keeps: &mut dyn FnMut(FrameHead) -> usize,
        found: &mut dyn FnMut(SplitFrame),
    ) {
        while !bytes.is_empty() {
            let wanted = match (self.expects_preface, self.head) {
                (true, _) => PREFACE.len() as u64 - self.crossed,
                (false, None) => FRAME_HEAD as u64 - self.crossed,
                (false, Some(head)) => (FRAME_HEAD + head.length) as u64 - self.crossed,
            };
            let count =
                usize::try_from(wanted).map_or(bytes.len(), |wanted| wanted.min(bytes.len()));
            let (taken, rest) = bytes.split_at(count);
            bytes = rest;
            self.take(taken);
            if (count as u64) < wanted {
                return;
            }
            if self.expects_preface {
                self.expects_preface = false;
                found(self.over(true));
            } else if let Some(head) = self.head.or_else(|| FrameHead::read(&self.begun)) {
                if self.head.is_none() {
                    self.head = Some(head);
                    self.keeps = keeps(head).max(FRAME_HEAD);
                }
                if self.crossed == (FRAME_HEAD + head.length) as u64 {
                    found(self.over(true));
                }
            }
        }
    }

    /// Nothing more crosses: what is there of a frame.
    pub(crate) fn finish(&mut self) -> Option<SplitFrame> {
        (self.crossed > 0).then(|| self.over(false))
    }

    fn take(&mut self, bytes: &[u8]) {
        let keeps = if self.expects_preface { PREFACE.len() } else { self.keeps };
        let room = keeps.saturating_sub(self.begun.len()).min(bytes.len());
        self.begun.extend(bytes.iter().take(room));
        self.crossed += bytes.len() as u64;
    }

    fn over(&mut self, is_whole: bool) -> SplitFrame {
        let (head, bytes) = (self.head.take(), std::mem::take(&mut self.begun));
        self.keeps = FRAME_HEAD;
        SplitFrame { head, bytes, length: std::mem::take(&mut self.crossed), is_whole }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::http2::frame::{DATA, SETTINGS};

    fn split(
        pieces: &[&[u8]],
        keeps: usize,
        preface: bool,
    ) -> (Vec<SplitFrame>, Option<SplitFrame>) {
        let (mut splitter, mut found) = (FrameSplitter::new(preface), Vec::new());
        for piece in pieces {
            splitter.push(piece, &mut |_| keeps, &mut |frame| found.push(frame));
        }
        let rest = splitter.finish();
        (found, rest)
    }

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, 0], &1u32.to_be_bytes(), payload].concat()
    }

    #[test]
    fn frames_are_whole_however_they_come() {
        let all =
            [PREFACE, &frame(SETTINGS, b""), &frame(DATA, b"hello"), &frame(DATA, b"")].concat();
        let (whole, none) = split(&[&all], 1000, true);
        assert_eq!((whole.len(), none), (4, None));
        assert_eq!(whole[0].head, None);
        assert_eq!(whole[2].bytes, frame(DATA, b"hello"));
        let bytes: Vec<&[u8]> = all.chunks(1).collect();
        assert_eq!(split(&bytes, 1000, true).0, whole);
    }

    #[test]
    fn what_is_not_kept_is_counted_and_a_cut_frame_is_told() {
        let long = frame(DATA, &[7; 500]);
        let (found, _) = split(&[&long], 20, false);
        assert_eq!((found[0].bytes.len(), found[0].length, found[0].is_whole), (20, 509, true));
        let (found, rest) = split(&[&long[..100]], 20, false);
        assert!(found.is_empty());
        let rest = rest.unwrap();
        assert_eq!((rest.bytes.len(), rest.length, rest.is_whole), (20, 100, false));
        assert_eq!(rest.head.unwrap().length, 500);
        let (_, rest) = split(&[b"HTTP"], 20, false);
        assert_eq!(rest.unwrap().bytes, b"HTTP");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn no_byte_is_lost_or_made_up(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1usize..50, preface: bool) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let (found, rest) = split(&pieces, usize::MAX, preface);
            let all: Vec<u8> = found.into_iter().chain(rest).flat_map(|frame| frame.bytes).collect();
            prop_assert_eq!(all, bytes);
        }
    }
}
