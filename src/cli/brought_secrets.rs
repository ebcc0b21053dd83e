//! Secrets that are known only while a run goes on: a token that was captured, a password of a row of data. Called
//! by `headless` for what is written beside the reports, which tell of one preset each and know its secrets.

use std::collections::VecDeque;

use crate::model::secrets::Secrets;

/// Sets of secrets that are hidden at a time: each is looked for in all bytes.
const SETS: usize = 16;

/// The newest of them, beside what was hidden from the start.
#[derive(Debug, Default)]
pub struct BroughtSecrets {
    begun: Option<Secrets>,
    sets: VecDeque<Secrets>,
}

impl BroughtSecrets {
    /// Hides these, too; whether that is something new.
    pub(super) fn take(&mut self, hidden: &mut Secrets, brought: &Secrets) -> bool {
        if hidden.holds(brought) {
            return false;
        }
        let begun = self.begun.get_or_insert_with(|| hidden.clone());
        self.sets.push_back(brought.clone());
        if self.sets.len() > SETS {
            self.sets.pop_front();
        }
        *hidden = self.sets.iter().fold(begun.clone(), |all, set| all.and(set));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_hidden_beside_those_of_the_start() {
        let mut brought = BroughtSecrets::default();
        let mut hidden = Secrets::new(["from-the-start"]);
        assert!(!brought.take(&mut hidden, &Secrets::default()));
        let token = |number: usize| format!("token-{number:04}");
        for number in 0..SETS + 4 {
            let one = Secrets::new([&*token(number)]);
            assert!(brought.take(&mut hidden, &one) && !brought.take(&mut hidden, &one));
        }
        let told = |text: &str| hidden.hide_words(text);
        assert_eq!(told("from-the-start"), "********");
        for number in 4..SETS + 4 {
            assert_eq!(told(&token(number)), "********");
        }
        assert_eq!(told(&token(3)), token(3));
    }
}
