//! What a row about losses says, in words that can be read again.

use super::counts::count;

/// What begins them.
const LOST: &str = "lost: ";

/// What a row says of so many; `None` = nothing was lost.
pub(crate) fn loss_words(by_app: u64, by_kernel: u64) -> Option<String> {
    let (us, kernel) = (count(by_app), count(by_kernel));
    match (by_app, by_kernel) {
        (0, 0) => None,
        (_, 0) => Some(format!("{LOST}{us} by us")),
        (0, _) => Some(format!("{LOST}{kernel} by the kernel")),
        _ => Some(format!("{LOST}{us} by us, {kernel} by the kernel")),
    }
}

/// How many by us and by the kernel such words tell of; `None` = they are others.
pub(crate) fn losses_in(words: &[u8]) -> Option<(u64, u64)> {
    let words = std::str::from_utf8(words).ok()?.strip_prefix(LOST)?;
    let mut lost = (0, 0);
    for part in words.split(", ") {
        let (number, by) = part.split_once(" by ")?;
        let number = number.replace(',', "").parse().ok()?;
        match by {
            "us" => lost.0 = number,
            "the kernel" => lost.1 = number,
            _ => return None,
        }
    }
    Some(lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_words_say_is_read_of_them() {
        for lost in [(1, 0), (0, 2), (1_234_567, 89), (u64::MAX, u64::MAX)] {
            let words = loss_words(lost.0, lost.1).unwrap();
            assert_eq!(losses_in(words.as_bytes()), Some(lost), "{words}");
        }
        assert_eq!(loss_words(0, 0), None);
        for other in ["", "lost: ", "lost: many by us", "lost: 1 by others", "1 by us"] {
            assert_eq!(losses_in(other.as_bytes()), None, "{other}");
        }
    }
}
