//! When to draw: at once after a key, seldom under traffic, never without a change.
//!
//! Called by the loop with the time it is; knows no clock. Two kinds of change:
//!
//! - **input**: drawn at once, but not within [`INPUT_GAP`] of the last such frame. When the update
//!   asked for a window of a body, the frame waits up to [`VIEW_HOLD`] for it, so that a key costs
//!   one frame and not two.
//! - **traffic**: a bucket of [`TRAFFIC_BURST`] frames that fills by one every [`TRAFFIC_GAP`], and
//!   a debt of bytes that is paid at [`BYTES_PER_SECOND`], so that a slow line is never flooded.

use std::time::Duration;

use tokio::time::Instant;

/// Frames for input are at least this far apart: half the time a 60 Hz terminal shows one, so that
/// a key that follows another at once is still seen within the next picture.
const INPUT_GAP: Duration = Duration::from_millis(8);
/// Frames for traffic come this far apart on average; 30 a second is the promise.
const TRAFFIC_GAP: Duration = Duration::from_millis(35);
/// After a quiet time so many frames may come at once: a response's head, then its first lines.
const TRAFFIC_BURST: u32 = 2;
/// What traffic may cost the terminal's line; 150 KB/s is the promise.
const BYTES_PER_SECOND: f64 = 140_000.0;
/// How long a frame waits for the window of a body it wants to show.
const VIEW_HOLD: Duration = Duration::from_millis(4);

/// Why the screen is out of date. The greater wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Traffic,
    Input,
}

/// The time table of frames.
#[derive(Debug, Default)]
pub(super) struct Pace {
    change: Option<Cause>,
    last_frame: Option<Instant>,
    last_input_frame: Option<Instant>,
    /// When the traffic bucket will be full again.
    full_at: Option<Instant>,
    /// When the bytes of traffic written so far are paid for.
    paid_at: Option<Instant>,
    /// A window is awaited: for which kind of change, and until when a frame waits for it.
    awaited: Option<(Cause, Instant)>,
}

impl Pace {
    /// Something to draw has changed.
    pub(super) fn changed(&mut self, cause: Cause) {
        self.change = self.change.max(Some(cause));
    }

    /// A window of a body was asked for because of `cause`.
    pub(super) fn asked_for_view(&mut self, cause: Cause, now: Instant) {
        let (earlier, until) = self.awaited.unwrap_or((cause, now));
        // Keys that follow each other must not hold the frame for ever.
        let until = if until > now { until } else { now + VIEW_HOLD };
        self.awaited = Some((earlier.max(cause), until));
    }

    /// A window came; it is drawn like what asked for it.
    pub(super) fn view_arrived(&mut self) -> Cause {
        self.awaited.take().map_or(Cause::Traffic, |(cause, _)| cause)
    }

    /// When the next frame may be drawn; `None` when nothing changed.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let after = |moment: Option<Instant>, gap| moment.map_or(now, |moment| moment + gap);
        let due = match self.change? {
            Cause::Input => after(self.last_input_frame, INPUT_GAP),
            Cause::Traffic => after(self.last_frame, INPUT_GAP)
                .max(self.bucket_ready(now))
                .max(self.paid_at.unwrap_or(now)),
        };
        let held = self.awaited.map_or(due, |(_, until)| due.max(until));
        Some(held.max(now))
    }

    /// A frame of so many bytes was drawn.
    pub(super) fn drawn(&mut self, bytes: usize, now: Instant) {
        match self.change.take() {
            Some(Cause::Input) => self.last_input_frame = Some(now),
            Some(Cause::Traffic) => {
                self.full_at = Some(self.full_at.unwrap_or(now).max(now) + TRAFFIC_GAP);
                let cost = Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
                self.paid_at = Some(self.paid_at.unwrap_or(now).max(now) + cost);
            }
            None => {}
        }
        self.last_frame = Some(now);
        // A window that is late keeps its kind but holds no more frames.
        if let Some((_, until)) = &mut self.awaited {
            *until = now;
        }
    }

    /// When the bucket holds a frame.
    fn bucket_ready(&self, now: Instant) -> Instant {
        let allowed = TRAFFIC_GAP * (TRAFFIC_BURST - 1);
        self.full_at.and_then(|full| full.checked_sub(allowed)).unwrap_or(now)
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
            pace.changed(Cause::Traffic);
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
        pace.changed(Cause::Input);
        pace.drawn(10, now);
        assert_eq!(pace.due(now + ms(500)), None);
    }

    #[test]
    fn a_key_is_drawn_at_once_even_right_after_traffic() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(Cause::Traffic);
        pace.drawn(50_000, now);
        pace.changed(Cause::Traffic);
        pace.changed(Cause::Input);
        assert_eq!(pace.due(now + ms(1)), Some(now + ms(1)));
    }

    #[test]
    fn frames_for_keys_are_a_frame_apart() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(Cause::Input);
        pace.drawn(10, now);
        pace.changed(Cause::Input);
        assert_eq!(pace.due(now + ms(3)), Some(now + INPUT_GAP));
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
        assert!(frames * bytes <= 150_000 * 5, "{frames}");
        assert!(frames > 25, "{frames}");
    }

    #[test]
    fn two_frames_may_come_at_once_after_a_quiet_time() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(Cause::Traffic);
        pace.drawn(500, now);
        pace.changed(Cause::Traffic);
        assert_eq!(pace.due(now + ms(2)), Some(now + INPUT_GAP));
    }

    #[test]
    fn a_frame_waits_a_moment_for_the_window_it_shows() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(Cause::Input);
        pace.asked_for_view(Cause::Input, now);
        assert_eq!(pace.due(now), Some(now + VIEW_HOLD));
        assert_eq!(pace.view_arrived(), Cause::Input);
        assert_eq!(pace.due(now + ms(1)), Some(now + ms(1)));
    }

    #[test]
    fn a_late_window_holds_no_frame_twice_and_is_drawn_like_the_key() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.changed(Cause::Input);
        pace.asked_for_view(Cause::Input, now);
        pace.drawn(10, now + VIEW_HOLD);
        assert_eq!(pace.view_arrived(), Cause::Input);
        assert_eq!(pace.view_arrived(), Cause::Traffic);
    }
}
