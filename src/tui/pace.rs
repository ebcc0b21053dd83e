//! When to draw: at once after a key, seldom under traffic, never without a change.
//!
//! Called by the loop with the time it is; knows no clock. Two kinds of change:
//!
//! - **input**: drawn at once, but on average not more often than every [`INPUT_GAP`]. When the
//!   update asked for a window of a body, the frame waits up to [`VIEW_HOLD`] for it, so that a key
//!   costs one frame and not two.
//! - **traffic**: on average every [`TRAFFIC_GAP`], and a debt of bytes is paid off at
//!   [`BYTES_PER_SECOND`], so that a slow line is never flooded.
//!
//! "On average" is a bucket that holds a few frames and fills by one per gap.

use std::time::Duration;

use tokio::time::Instant;

/// Frames for input come this far apart on average: a key behind many others is answered within
/// the time a 60 Hz terminal shows a frame.
const INPUT_GAP: Duration = Duration::from_millis(10);
/// Keys that follow each other quickly are all answered at once; a wheel that spins is not.
const INPUT_BURST: u32 = 4;
/// Traffic leaves a frame on the screen for at least half of what a 60 Hz terminal shows it.
const FRAME_GAP: Duration = Duration::from_millis(8);
/// Frames for traffic come this far apart on average; 30 a second is the promise.
const TRAFFIC_GAP: Duration = Duration::from_millis(36);
/// After a quiet time so many frames may come at once: a response's head, then its first lines.
const TRAFFIC_BURST: u32 = 2;
/// What traffic may cost the terminal's line; 120 KB/s is the promise.
const BYTES_PER_SECOND: f64 = 110_000.0;
/// How long a frame waits for the window of a body it wants to show.
const VIEW_HOLD: Duration = Duration::from_millis(4);

/// Why the screen is out of date. The greater wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RedrawCause {
    Traffic,
    Input,
}

/// The time table of frames.
#[derive(Debug, Default)]
pub(super) struct Pace {
    change: Option<RedrawCause>,
    last_frame: Option<Instant>,
    input: Bucket,
    traffic: Bucket,
    /// When the bytes of traffic written so far are paid for.
    paid_at: Option<Instant>,
    /// A window is awaited: for which kind of change, and until when a frame waits for it.
    awaited: Option<(RedrawCause, Instant)>,
    /// What is shown has just become whole: its frame is taken from the ones to come.
    is_whole: bool,
}

impl Pace {
    /// Something to draw has changed.
    pub(super) fn changed(&mut self, cause: RedrawCause) {
        self.change = self.change.max(Some(cause));
    }

    /// A window of a body was asked for because of `cause`.
    pub(super) fn asked_for_view(&mut self, cause: RedrawCause, now: Instant) {
        let (earlier, until) = self.awaited.unwrap_or((cause, now));
        // Keys that follow each other must not hold the frame for ever.
        let until = if until > now { until } else { now + VIEW_HOLD };
        self.awaited = Some((earlier.max(cause), until));
    }

    /// A window came; it is drawn like what asked for it.
    pub(super) fn view_arrived(&mut self) -> RedrawCause {
        self.awaited.take().map_or(RedrawCause::Traffic, |(cause, _)| cause)
    }

    /// The body on the screen has arrived and is indexed to its last line: somebody waits for that.
    pub(super) fn became_whole(&mut self) {
        self.is_whole = true;
    }

    /// When the next frame may be drawn; `None` when nothing changed.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let due = match self.change? {
            RedrawCause::Input => self.input.ready(INPUT_GAP, INPUT_BURST, now),
            RedrawCause::Traffic => {
                let burst = TRAFFIC_BURST + u32::from(self.is_whole);
                self.last_frame
                    .map_or(now, |last| last + FRAME_GAP)
                    .max(self.traffic.ready(TRAFFIC_GAP, burst, now))
                    .max(self.paid_at.unwrap_or(now))
            }
        };
        let held = self.awaited.map_or(due, |(_, until)| due.max(until));
        Some(held.max(now))
    }

    /// A frame of so many bytes was drawn.
    pub(super) fn drawn(&mut self, bytes: usize, now: Instant) {
        match self.change.take() {
            Some(RedrawCause::Input) => self.input.take(INPUT_GAP, now),
            Some(RedrawCause::Traffic) => {
                self.traffic.take(TRAFFIC_GAP, now);
                let cost = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
                self.paid_at = Some(self.paid_at.unwrap_or(now).max(now) + cost);
            }
            None => {}
        }
        self.last_frame = Some(now);
        self.is_whole = false;
        // A window that is late keeps its kind but holds no more frames.
        if let Some((_, until)) = &mut self.awaited {
            *until = now;
        }
    }
}

/// Frames that may be drawn, filling up by one per gap.
#[derive(Debug, Default)]
struct Bucket {
    /// When it is full again.
    full_at: Option<Instant>,
}

impl Bucket {
    /// When it holds a frame, if it can hold `burst` of them.
    fn ready(&self, gap: Duration, burst: u32, now: Instant) -> Instant {
        self.full_at.and_then(|full| full.checked_sub(gap * (burst - 1))).unwrap_or(now)
    }

    /// One is drawn.
    fn take(&mut self, gap: Duration, now: Instant) {
        self.full_at = Some(self.full_at.unwrap_or(now).max(now) + gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Draws whenever due during `length`, traffic changing the screen all the time.
    fn frames_under_traffic(bytes: usize, length: Duration) -> usize {
        let (start, mut pace, mut frames) = (Instant::now(), Pace::default(), 0);
        let mut now = start;
        while now - start < length {
            pace.changed(RedrawCause::Traffic);
            if pace.due(now).is_some_and(|due| due <= now) {
                pace.drawn(bytes, now);
                frames += 1;
            }
            now += ms(1);
        }
        frames
    }

    #[test]
    fn nothing_is_due_when_nothing_changed() {
        let mut pace = Pace::default();
        let now = Instant::now();
        assert_eq!(pace.due(now), None);
        pace.changed(RedrawCause::Input);
        pace.drawn(10, now);
        assert_eq!(pace.due(now + ms(500)), None);
    }

    #[test]
    fn a_key_is_drawn_at_once_even_right_after_traffic() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(RedrawCause::Traffic);
        pace.drawn(50_000, now);
        pace.changed(RedrawCause::Traffic);
        pace.changed(RedrawCause::Input);
        assert_eq!(pace.due(now + ms(1)), Some(now + ms(1)));
    }

    #[test]
    fn a_few_quick_keys_are_answered_at_once_and_many_at_a_hundred_a_second() {
        let (start, mut pace, mut frames) = (Instant::now(), Pace::default(), Vec::new());
        let mut now = start;
        while now - start < ms(1000) {
            pace.changed(RedrawCause::Input);
            if pace.due(now).is_some_and(|due| due <= now) {
                pace.drawn(10, now);
                frames.push(now - start);
            }
            now += ms(1);
        }
        assert_eq!(frames[..4], [ms(0), ms(1), ms(2), ms(3)]);
        assert!((95..110).contains(&frames.len()), "{}", frames.len());
    }

    #[test]
    fn traffic_draws_at_most_thirty_frames_a_second() {
        let frames = frames_under_traffic(100, Duration::from_secs(5));
        assert!((100..=150).contains(&frames), "{frames}");
    }

    #[test]
    fn traffic_writes_at_most_the_promised_bytes() {
        let bytes = 20_000;
        let frames = frames_under_traffic(bytes, Duration::from_secs(5));
        assert!(frames * bytes <= 120_000 * 5, "{frames}");
        assert!(frames > 20, "{frames}");
    }

    #[test]
    fn two_frames_may_come_at_once_after_a_quiet_time() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(RedrawCause::Traffic);
        pace.drawn(500, now);
        pace.changed(RedrawCause::Traffic);
        assert_eq!(pace.due(now + ms(2)), Some(now + FRAME_GAP));
    }

    #[test]
    fn what_became_whole_is_drawn_before_its_turn_and_the_average_stays() {
        let (start, mut pace, mut frames) = (Instant::now(), Pace::default(), 0);
        let mut now = start;
        while now - start < ms(5000) {
            pace.changed(RedrawCause::Traffic);
            pace.became_whole();
            if pace.due(now).is_some_and(|due| due <= now) {
                pace.drawn(100, now);
                frames += 1;
            }
            now += ms(1);
        }
        assert!((130..=150).contains(&frames), "{frames}");

        let mut pace = Pace::default();
        for _ in 0..TRAFFIC_BURST {
            pace.changed(RedrawCause::Traffic);
            pace.drawn(100, now);
        }
        pace.changed(RedrawCause::Traffic);
        let in_turn = pace.due(now);
        pace.became_whole();
        assert!(pace.due(now) < in_turn && pace.due(now) == Some(now + FRAME_GAP));
    }

    #[test]
    fn a_frame_waits_a_moment_for_the_window_it_shows() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(RedrawCause::Input);
        pace.asked_for_view(RedrawCause::Input, now);
        assert_eq!(pace.due(now), Some(now + VIEW_HOLD));
        assert_eq!(pace.view_arrived(), RedrawCause::Input);
        assert_eq!(pace.due(now + ms(1)), Some(now + ms(1)));
    }

    #[test]
    fn a_late_window_holds_no_frame_twice_and_is_drawn_like_the_key() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(RedrawCause::Input);
        pace.asked_for_view(RedrawCause::Input, now);
        pace.drawn(10, now + VIEW_HOLD);
        assert_eq!(pace.view_arrived(), RedrawCause::Input);
        assert_eq!(pace.view_arrived(), RedrawCause::Traffic);
    }
}
