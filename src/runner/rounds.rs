//! The rounds of a run: once for each row of data and each repetition, with names to tell them by.

use std::collections::BTreeMap;

/// Rounds of a run at most.
pub(crate) const ROUNDS: usize = 100_000;

/// One way through the script, with values of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunRound {
    /// `row 2: ann`, `repetition 3`; empty when it is the only one.
    pub name: String,
    pub variables: BTreeMap<String, String>,
}

/// Rounds of these rows of data (one without values where there are none), each so often.
///
/// # Errors
/// More than a run has.
pub fn rounds(data: Vec<RunRound>, repeat: usize) -> Result<Vec<RunRound>, String> {
    let data = if data.is_empty() { vec![RunRound::default()] } else { data };
    let all = data.len().saturating_mul(repeat);
    if all > ROUNDS {
        return Err(format!("{all} rounds are more than the {ROUNDS} that a run has"));
    }
    let again = |number: usize| {
        data.iter().map(move |round| {
            let repetition = (repeat > 1).then(|| format!("repetition {}", number + 1));
            let name = [Some(round.name.clone()).filter(|name| !name.is_empty()), repetition];
            let name: Vec<String> = name.into_iter().flatten().collect();
            RunRound { name: name.join(", "), ..round.clone() }
        })
    };
    Ok((0..repeat).flat_map(again).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_told_by_row_and_repetition() {
        let names = |data: &[&str], repeat| {
            let round = |name: &&str| RunRound { name: name.to_string(), ..RunRound::default() };
            let rounds = rounds(data.iter().map(round).collect(), repeat).unwrap();
            rounds.into_iter().map(|round| round.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[], 1), [""]);
        assert_eq!(names(&[], 2), ["repetition 1", "repetition 2"]);
        assert_eq!(names(&["row 1", "row 2"], 1), ["row 1", "row 2"]);
        assert_eq!(names(&["row 1"], 2), ["row 1, repetition 1", "row 1, repetition 2"]);
        assert!(rounds(Vec::new(), ROUNDS + 1).is_err());
    }
}
