//! What was lost and never came here: counted, and told in rows where it happened.
//!
//! Under lasting overload every batch tells of some: a session has one row for the first loss, and then
//! one for each second in which something was lost, which stands at its end.

use std::time::Duration;

use bytes::Bytes;

use super::store::Timeline;
use crate::model::id::{RecordId, SessionId};
use crate::model::loss_words::loss_words;
use crate::model::record::{Direction, LossTotals, Record, RecordKind};
use crate::model::timing::Stamp;

/// What is lost within this time is told in one row.
const STRETCH: Duration = Duration::from_secs(1);

/// What a session lost and no row tells yet.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct UntoldLoss {
    by_app: u64,
    by_kernel: u64,
    /// When the last row told of some.
    told: Option<Stamp>,
}

impl Timeline {
    /// Notes loss totals of a session; older totals that arrive late change nothing.
    pub(crate) fn lost(&mut self, lost: LossTotals) {
        let known = self.losses.entry(lost.session).or_insert(lost);
        known.by_app = known.by_app.max(lost.by_app);
        known.by_kernel = known.by_kernel.max(lost.by_kernel);
    }

    /// The same with a row where it happened: before what comes next, or at the end of the stretch of
    /// time whose beginning has one.
    pub(crate) fn lost_here(&mut self, lost: LossTotals, at: Stamp) {
        if self.has_rows_of_a_file(lost.session) {
            return self.lost(lost);
        }
        let none = LossTotals { by_app: 0, by_kernel: None, ..lost };
        let before = self.losses.get(&lost.session).copied().unwrap_or(none);
        self.lost(lost);
        let kernel = |lost: LossTotals| lost.by_kernel.unwrap_or(0);
        let untold = self.untold_losses.entry(lost.session).or_default();
        untold.by_app += lost.by_app.saturating_sub(before.by_app);
        untold.by_kernel += kernel(lost).saturating_sub(kernel(before));
        self.tell_losses(at);
    }

    /// A file that was written from the screen has the rows about losses in their places, and the totals behind them.
    fn has_rows_of_a_file(&self, session: SessionId) -> bool {
        let ours = self.untold_losses.get(&session).is_some_and(|untold| untold.told.is_some());
        let is_of = |id: &RecordId| self.head(*id).is_some_and(|it| it.conn.session == session);
        !ours && self.loss_rows.iter().any(is_of)
    }

    /// Puts the rows of stretches that are over by now; returns whether there were some.
    pub(crate) fn tell_losses(&mut self, at: Stamp) -> bool {
        let is_over =
            |untold: &UntoldLoss| untold.told.is_none_or(|told| at.since(told) >= STRETCH);
        let due = self.untold_losses.iter().filter(|(_, untold)| is_over(untold));
        let due: Vec<_> = due.map(|(session, _)| *session).collect();
        due.into_iter().filter(|session| self.tell_loss(*session, at)).count() > 0
    }

    /// Puts the row of what a session lost since the last one; returns whether there was something.
    pub(crate) fn tell_loss(&mut self, session: SessionId, at: Stamp) -> bool {
        let Some(untold) = self.untold_losses.get_mut(&session) else { return false };
        let Some(words) = loss_words(untold.by_app, untold.by_kernel) else { return false };
        *untold = UntoldLoss { told: Some(at), ..UntoldLoss::default() };
        let (conn, data) = (session.itself(), Bytes::from(words));
        self.push(Record::new(at, conn, Direction::Local, RecordKind::Lost, data));
        true
    }

    /// Records kept now that are no rows about what was lost.
    pub(crate) fn crossed(&self) -> usize {
        let told = self.loss_rows.partition_point(|id| *id < self.first());
        self.len() - (self.loss_rows.len() - told)
    }

    /// Loss totals of every session that lost something or reported that it did not, and of those
    /// that were forgotten.
    pub(crate) fn losses(&self) -> impl Iterator<Item = LossTotals> + '_ {
        let past = Some(self.past_losses).filter(|past| past.by_kernel.is_some());
        self.losses.values().copied().chain(past)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{conn_id, received};
    use super::*;

    const SESSION: SessionId = SessionId(1);

    fn words(timeline: &Timeline) -> Vec<String> {
        let all = timeline.range(timeline.first(), timeline.next_id());
        let rows = all.filter(|(_, record)| record.kind == RecordKind::Lost);
        rows.map(|(_, record)| String::from_utf8_lossy(&record.data).into_owned()).collect()
    }

    fn at(millis: u64) -> Stamp {
        Stamp(millis * 1_000_000)
    }

    #[test]
    fn lasting_overload_has_a_row_a_second_and_they_add_up() {
        let mut timeline = Timeline::default();
        // Ten seconds of thirty batches each, every one of which lost some.
        for batch in 1..=300 {
            let by_kernel = Some(batch / 10);
            let lost = LossTotals { session: SESSION, by_app: batch * 1_000, by_kernel };
            timeline.lost_here(lost, at(batch * 33));
            timeline.push(received(conn_id(1, 1), batch * 33, b"x"));
        }
        assert!(timeline.tell_loss(SESSION, at(9_990)));
        assert!(!timeline.tell_loss(SESSION, at(9_991)), "all is told");
        let words = words(&timeline);
        assert!((10..=12).contains(&words.len()), "{words:?}");
        assert_eq!(words[0], "lost: 1,000 by us");
        let numbers = words.iter().flat_map(|words| words.split(' '));
        let sum: u64 = numbers.filter_map(|word| word.replace(',', "").parse::<u64>().ok()).sum();
        assert_eq!(sum, 300_000 + 30, "{words:?}");
        assert_eq!(timeline.crossed(), 300);
    }

    #[test]
    fn rows_about_losses_that_a_file_brought_are_not_told_again_by_its_totals() {
        let mut timeline = Timeline::default();
        let words = Bytes::from_static(b"lost: 3 by us");
        timeline.push(Record::new(
            at(0),
            SESSION.itself(),
            Direction::Local,
            RecordKind::Lost,
            words,
        ));
        let lost = |by_app| LossTotals { session: SESSION, by_app, by_kernel: None };
        timeline.lost_here(lost(3), at(10));
        timeline.lost_here(lost(5), at(20));
        assert_eq!(self::words(&timeline), ["lost: 3 by us"]);
        assert_eq!(timeline.losses().next(), Some(lost(5)));
        timeline.lost_here(LossTotals { session: SessionId(2), ..lost(1) }, at(30));
        assert_eq!(self::words(&timeline).len(), 2, "of another session there was none");
    }

    #[test]
    fn what_was_lost_last_is_told_when_its_second_is_over() {
        let mut timeline = Timeline::default();
        let lost = |by_app| LossTotals { session: SESSION, by_app, by_kernel: None };
        timeline.lost_here(lost(1), at(0));
        timeline.lost_here(lost(3), at(10));
        assert!(!timeline.tell_losses(at(999)));
        assert!(timeline.tell_losses(at(1_000)));
        assert!(!timeline.tell_losses(at(3_000)));
        assert_eq!(words(&timeline), ["lost: 1 by us", "lost: 2 by us"]);
    }
}
