//! The word that was meant, for a word that is not known. Told by preset files and `--set`.

/// `did you mean ...?`, or all the words there are.
#[must_use]
pub(crate) fn suggest(word: &str, known: &[&str]) -> String {
    let word: String = word.to_lowercase().chars().take(64).collect();
    let distance = |candidate: &str| strsim::osa_distance(&word, &candidate.to_lowercase());
    match known.iter().map(|candidate| (distance(candidate), candidate)).min() {
        Some((steps, candidate)) if steps <= 1 + word.chars().count() / 4 => {
            format!("did you mean '{candidate}'?")
        }
        _ => format!("known here: {}", known.join(", ")),
    }
}
