//! What the rules of a listener say of the running listener: whether it answers so
//! already, and how often each of them did.

use crate::app::form::rows::ChosenAnswer;
use crate::app::rule_tags;
use crate::app::shared::Shared;

/// What is known of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveAnswer {
    /// The running listener answers otherwise, or not at all.
    pub is_changed: bool,
    /// Requests it answered.
    pub hits: u64,
}

/// What is known of the rows of a listener that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveAnswers {
    rows: Vec<LiveAnswer>,
    otherwise: Option<LiveAnswer>,
    /// Rules that are deleted here and answer still.
    gone: usize,
    /// The rules are asked in another order than they stand in.
    pub is_moved: bool,
}

/// How often each rule of the tab Rewrites changed something, by its row; `None` = nothing was started, or
/// the rules were edited since.
#[must_use]
pub fn rewrites_done(shared: &Shared) -> Option<Vec<u64>> {
    let (draft, session) = (shared.drafts.current(), shared.session()?);
    let (rules, sent) = (draft.spec.rewrites()?, draft.sent.as_ref()?.rewrites()?);
    (rules == sent).then(|| (0..rules.len()).map(|at| session.rewrites.times(at)).collect())
}

impl LiveAnswers {
    /// Of what is composed; `None` = nothing was started.
    #[must_use]
    pub fn of(shared: &Shared) -> Option<Self> {
        let (draft, session) = (shared.drafts.current(), shared.session()?);
        let sent = draft.sent.as_ref()?;
        let is_running = !session.is_over();
        let answer = |is_same: bool, id: u32| {
            let hits = session.hits.get(&id).copied().unwrap_or_default();
            LiveAnswer { is_changed: is_running && !is_same, hits }
        };
        let live = rule_tags::live(&draft.spec, Some(sent));
        let hits_of = |rule: &rule_tags::LiveRule| match rule.tag {
            0 => LiveAnswer { is_changed: is_running, hits: 0 },
            tag => answer(rule.is_same, tag),
        };
        let places: Vec<usize> = live.iter().filter_map(|rule| rule.place).collect();
        let gone = rule_tags::count(sent).saturating_sub(places.len());
        let both = draft.spec.as_http_listener().zip(sent.as_http_listener());
        Some(LiveAnswers {
            rows: live.iter().map(hits_of).collect(),
            otherwise: both.map(|(now, sent)| answer(now.answer == sent.answer, 0)),
            gone: if is_running { gone } else { 0 },
            is_moved: is_running && !places.is_sorted(),
        })
    }

    /// Of a row of the table.
    #[must_use]
    pub fn row(&self, row: ChosenAnswer) -> Option<LiveAnswer> {
        match row {
            ChosenAnswer::Rule(at) => self.rows.get(at).copied(),
            ChosenAnswer::Otherwise => self.otherwise,
        }
    }

    /// How many answers the running listener does not know yet, or knows still.
    #[must_use]
    pub fn changed(&self) -> usize {
        let rows = self.rows.iter().chain(&self.otherwise);
        rows.filter(|row| row.is_changed).count() + self.gone
    }
}
