//! Filters of Traffic that were used, and those that have a name: kept with the drafts of the
//! workspace, as pairs of texts.

/// Filters remembered; the oldest go.
const USED_KEPT: usize = 100;
/// Filters with names; nobody has so many.
const NAMED_KEPT: usize = 100;
/// Longest filter that is remembered, in bytes.
const LONGEST: usize = 4096;

const USED: &str = "filters-used";
const NAMED: &str = "filter ";

/// Filters the user may want again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptFilters {
    /// Newest last.
    used: Vec<String>,
    /// Name and filter, by name.
    named: Vec<(String, String)>,
}

impl KeptFilters {
    /// Those used, the newest first.
    pub(crate) fn used(&self) -> impl Iterator<Item = &str> {
        self.used.iter().rev().map(String::as_str)
    }

    /// Those with names: name and filter.
    pub(crate) fn named(&self) -> &[(String, String)] {
        &self.named
    }

    /// A filter was taken.
    pub(super) fn remember(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || text.len() > LONGEST || text.contains(['\n', '\r']) {
            return;
        }
        self.used.retain(|known| known != text);
        self.used.push(text.to_owned());
        let gone = self.used.len().saturating_sub(USED_KEPT);
        self.used.drain(..gone);
    }

    /// Gives a filter a name; an empty one takes the name away. Tells whether that was done.
    pub(super) fn name(&mut self, name: &str, text: &str) -> bool {
        let known = self.named.iter().position(|(known, _)| known == name);
        match (known, text.is_empty()) {
            (Some(at), true) => drop(self.named.remove(at)),
            (Some(at), false) => text.clone_into(&mut self.named[at].1),
            (None, true) => return false,
            (None, false) if self.named.len() >= NAMED_KEPT || text.len() > LONGEST => {
                return false;
            }
            (None, false) => {
                self.named.push((name.to_owned(), text.to_owned()));
                self.named.sort();
            }
        }
        true
    }

    /// Name and value of everything that is kept.
    pub fn saved(&self) -> Vec<(String, String)> {
        let used = (!self.used.is_empty()).then(|| (USED.to_owned(), self.used.join("\n")));
        let named = self.named.iter().map(|(name, text)| (format!("{NAMED}{name}"), text.clone()));
        used.into_iter().chain(named).collect()
    }

    /// Takes one of the saved pairs; what is not known is left out.
    pub(crate) fn restore(&mut self, name: &str, value: &str) {
        if name == USED {
            value.lines().for_each(|text| self.remember(text));
        } else if let Some(name) = name.strip_prefix(NAMED) {
            self.name(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_and_named_comes_back_in_its_order() {
        let mut kept = KeptFilters::default();
        for text in ["port == 1", " udp ", "port == 1", "", "a\nb"] {
            kept.remember(text);
        }
        assert!(kept.name("slow ones", "latency > 1s") && kept.name("errors", "error"));
        assert!(kept.name("errors", "error or reset") && !kept.name("none", ""));
        let mut back = KeptFilters::default();
        kept.saved().iter().for_each(|(name, value)| back.restore(name, value));
        assert_eq!(back, kept);
        assert_eq!(back.used().collect::<Vec<_>>(), ["port == 1", "udp"]);
        assert_eq!(back.named()[0], ("errors".into(), "error or reset".into()));
        assert!(back.name("errors", "") && back.named().len() == 1);
    }

    #[test]
    fn of_many_the_newest_are_kept() {
        let mut kept = KeptFilters::default();
        (0..USED_KEPT + 5).for_each(|port| kept.remember(&format!("port == {port}")));
        assert_eq!(kept.used().count(), USED_KEPT);
        assert_eq!(kept.used().last(), Some("port == 5"));
    }
}
