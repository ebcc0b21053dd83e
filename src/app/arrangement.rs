//! How the user arranged the screen: sizes of panes, what is hidden, whether the traffic is folded.
//!
//! Kept with the drafts as pairs of texts (`saved`, `restore`). Where the panes are then is said by
//! `app/layout.rs`.

use super::focus::Pane;

/// What the user changed; the default is automatic in everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrangement {
    /// Width of the side bar in cells; 0 = automatic, as in the others.
    pub side: u16,
    /// Height of the request above the response.
    pub request: u16,
    /// Width of the request beside the response.
    pub beside: u16,
    /// Height of the traffic.
    pub traffic: u16,
    /// Presets and history.
    pub hides_side: bool,
    pub hides_history: bool,
    pub hides_traffic: bool,
    pub fold: Fold,
}

/// Whether the traffic is a strip of one line while it does not have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fold {
    /// Unless something is watched live.
    #[default]
    Automatic,
    Always,
    Never,
}

const SIDE: &str = "side";
const REQUEST: &str = "request";
const BESIDE: &str = "beside";
const TRAFFIC: &str = "traffic";
const HIDDEN: &str = "hidden";
const FOLD: &str = "fold";
const HISTORY: &str = "history";

/// What stands between the hidden parts in a saved text.
const AND: char = ' ';

impl Arrangement {
    /// Whether this pane is on the screen only while it has the focus.
    pub(crate) fn hides(&self, pane: Pane) -> bool {
        match pane {
            Pane::Presets => self.hides_side,
            Pane::History => self.hides_side || self.hides_history,
            Pane::Request | Pane::Response => false,
            Pane::Traffic => self.hides_traffic,
        }
    }

    /// Whether the traffic is folded, of which it is known what it is by itself.
    pub(crate) fn folds(&self, automatic: bool) -> bool {
        match self.fold {
            Fold::Automatic => automatic,
            Fold::Always => true,
            Fold::Never => false,
        }
    }

    /// Folds the traffic, or unfolds it; what it would be by itself stays automatic.
    pub(crate) fn fold_traffic(&mut self, is_folded: bool, automatic: bool) {
        self.fold = match is_folded {
            _ if is_folded == automatic => Fold::Automatic,
            true => Fold::Always,
            false => Fold::Never,
        };
    }

    /// Name and value of everything that is not automatic.
    pub(crate) fn saved(&self) -> Vec<(String, String)> {
        let cells = [
            (SIDE, self.side),
            (REQUEST, self.request),
            (BESIDE, self.beside),
            (TRAFFIC, self.traffic),
        ];
        let cells = cells.into_iter().filter(|(_, cells)| *cells > 0);
        let mut saved: Vec<_> = cells.map(|(name, cells)| (name, cells.to_string())).collect();
        let flags =
            [(SIDE, self.hides_side), (HISTORY, self.hides_history), (TRAFFIC, self.hides_traffic)];
        let hidden = flags.into_iter().filter(|(_, is_hidden)| *is_hidden).map(|(name, _)| name);
        let hidden = hidden.collect::<Vec<_>>().join(&AND.to_string());
        if !hidden.is_empty() {
            saved.push((HIDDEN, hidden));
        }
        match self.fold {
            Fold::Automatic => {}
            Fold::Always => saved.push((FOLD, "always".to_owned())),
            Fold::Never => saved.push((FOLD, "never".to_owned())),
        }
        saved.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Takes one of the saved pairs; what is not known is left out.
    pub(crate) fn restore(&mut self, name: &str, value: &str) {
        let cells = || value.parse().unwrap_or(0);
        match name {
            SIDE => self.side = cells(),
            REQUEST => self.request = cells(),
            BESIDE => self.beside = cells(),
            TRAFFIC => self.traffic = cells(),
            HIDDEN => {
                for part in value.split(AND) {
                    match part {
                        SIDE => self.hides_side = true,
                        HISTORY => self.hides_history = true,
                        TRAFFIC => self.hides_traffic = true,
                        _ => {}
                    }
                }
            }
            FOLD if value == "always" => self.fold = Fold::Always,
            FOLD if value == "never" => self.fold = Fold::Never,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_comes_back() {
        let folds = [Fold::Automatic, Fold::Always, Fold::Never];
        for bits in 0u16..128 {
            let cells = |bit: u16, cells| if bits >> bit & 1 == 1 { cells } else { 0 };
            let arrangement = Arrangement {
                side: cells(0, 30),
                request: cells(1, 12),
                beside: cells(2, 70),
                traffic: cells(3, 9),
                hides_side: bits & 16 > 0,
                hides_history: bits & 32 > 0,
                hides_traffic: bits & 64 > 0,
                fold: folds[usize::from(bits) % folds.len()],
            };
            let mut back = Arrangement::default();
            for (name, value) in arrangement.saved() {
                back.restore(&name, &value);
            }
            assert_eq!(back, arrangement);
        }
        assert_eq!(Arrangement::default().saved(), []);
    }

    #[test]
    fn folding_what_is_folded_by_itself_stays_automatic() {
        let mut arrangement = Arrangement::default();
        arrangement.fold_traffic(false, true);
        assert!(!arrangement.folds(true) && arrangement.fold == Fold::Never);
        arrangement.fold_traffic(true, true);
        assert_eq!(arrangement.fold, Fold::Automatic);
        arrangement.fold_traffic(true, false);
        assert!(arrangement.folds(false) && arrangement.fold == Fold::Always);
    }
}
