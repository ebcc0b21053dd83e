//! The end of a preset: tried again, told, its captures handed on, and what waited for it begun.

use super::{Run, RunNews, RunTime, later};
use crate::check::CheckReport;
use crate::model::timing::Stamp;
use crate::runner::live::{Live, LiveWait};
use crate::runner::row::{RunRow, RunVerdict};

impl Run {
    /// A preset did not pass: it is tried again, or over.
    pub(super) fn ended_unmet(
        &mut self,
        mut live: Live,
        verdict: RunVerdict,
        report: CheckReport,
        time: RunTime,
    ) {
        let tries = self.rows.get(live.row).map_or(1, |row| row.tries);
        if tries > self.settings.retries || self.stopped.is_some() {
            return self.ended(&live, verdict, report, time);
        }
        let told = self.told(&live.secrets);
        if let Some(row) = self.rows.get(live.row) {
            let row = RunRow { verdict, report: report.disclosed(&told), ..row.clone() };
            let lines = row.lines().join("; ");
            let of = self.settings.retries + 1;
            let words = format!("{} is tried again ({} of {of}): {lines}", row.name(), tries + 1);
            self.news.push(RunNews::Said(words));
        }
        live.waiting = LiveWait::Retry(later(time.now, self.settings.retry_after));
        live.ends = None;
        // A session of its own, which is never opened.
        let place = self.session();
        self.live.insert(place, live);
    }

    /// A preset is over: what came of it is told and handed on.
    pub(super) fn ended(
        &mut self,
        live: &Live,
        verdict: RunVerdict,
        report: CheckReport,
        time: RunTime,
    ) {
        let has_passed = verdict == RunVerdict::Passed;
        if let Some(round) = self.open.get_mut(&live.round) {
            for captured in &report.captured {
                if let Ok(value) = &captured.value {
                    round.captured.insert(captured.name.clone(), value.clone());
                    if captured.is_veiled() {
                        round.veiled.insert(captured.name.clone());
                    }
                }
            }
            if has_passed {
                round.passed.insert(live.step, time.now);
            }
        }
        let secrets = if report.captured.is_empty() {
            live.secrets.clone()
        } else {
            live.secrets.and(&self.scope(live.round, live.step).hidden())
        };
        let told = self.told(&secrets);
        if report.count() > 0 {
            self.news.push(RunNews::Looked(live.row, report.clone()));
        }
        if let Some(row) = self.rows.get_mut(live.row) {
            row.steps = live.steps.told(&verdict, live.began, time.now);
            row.verdict = verdict;
            row.report = report.disclosed(&told);
            row.took = time.now.since(live.began);
            self.news.push(RunNews::Over(live.row));
        }
        if self.settings.fail_fast && !has_passed && self.stopped.is_none() {
            self.stopped = Some(self.settings.words.fail_fast.to_owned());
        }
        self.next_of(live, has_passed, time);
    }

    /// What waited for a maker that ran again goes on; what waited for a step may begin.
    fn next_of(&mut self, live: &Live, has_passed: bool, time: RunTime) {
        let mut then = live.then.clone();
        let Some(step) = then.pop() else { return self.follow(live.round, live.step) };
        if has_passed && self.stopped.is_none() {
            return self.begin(
                (live.round, step),
                (then, live.renewed.clone()),
                String::new(),
                time,
            );
        }
        let path = self.script.steps.get(live.step).map(|step| step.path.to_string());
        let why = format!("{} did not pass, which it needs", path.unwrap_or_default());
        then.push(step);
        for step in then.into_iter().rev() {
            let row = self.row((live.round, step), String::new(), time);
            let waiting = Live::new(row, (live.round, step), (Vec::new(), Vec::new()), time.now);
            let verdict = RunVerdict::Skipped(why.clone());
            self.ended(&waiting, verdict, CheckReport::default(), time);
        }
    }

    /// A step of a round is over for those that wait for it.
    fn follow(&mut self, round: usize, step: usize) {
        let Some(open) = self.open.get_mut(&round) else { return };
        open.left = open.left.saturating_sub(1);
        let steps = self.script.steps.len();
        let mut over = vec![step];
        while let Some(node) = over.pop() {
            for follower in self.script.graph.followers.get(node).into_iter().flatten() {
                let Some(waits) = open.waits.get_mut(*follower) else { continue };
                *waits = waits.saturating_sub(1);
                if *waits > 0 {
                    continue;
                }
                if *follower < steps {
                    self.ready.insert((round, *follower));
                } else {
                    over.push(*follower);
                }
            }
        }
        if open.left == 0 {
            self.open.remove(&round);
        }
    }

    /// What was never begun is no row of its own, but counted.
    pub(super) fn skip_rest(&mut self) {
        let Some(why) = self.stopped.clone() else { return };
        let begun = self.open.iter();
        let mut rest: Vec<(usize, usize)> = begun
            .flat_map(|(round, open)| open.unbegun.iter().map(|step| (*round, *step)))
            .collect();
        let steps = self.script.steps.len();
        let unopened = self.next_round..self.round_count();
        rest.extend(unopened.flat_map(|round| (0..steps).map(move |step| (round, step))));
        self.open.clear();
        self.ready.clear();
        self.next_round = self.round_count();
        let never = RunTime { now: Stamp(0), wall: Stamp(0) };
        for (round, step) in rest {
            let row = self.row((round, step), String::new(), never);
            if let Some(row) = self.rows.get_mut(row) {
                row.verdict = RunVerdict::Skipped(why.clone());
            }
        }
    }
}
